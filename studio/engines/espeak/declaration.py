"""What eSpeak NG declares: its controls, marks, languages and what they do to the sound."""

from studio.engines.contract import Control, EngineSpec, How, MarkSupport, VoiceKind
from studio.engines.espeak.languages import languages
from studio.engines.espeak.process import Installed
from studio.engines.espeak.timbre import SIZE
from studio.words import Words

REVISION = 1  # of our code; raise it when the same recipe would sound different
RELEASES = {"0.2.4": "1.52.0"}  # of espeakng-loader -> eSpeak NG in it

CONTROLS = (
    Control(
        "speed",
        "number",
        1.0,
        Words("Speed", "语速"),
        Words("How fast it speaks: 2 takes half the time.", "说话快慢：2 表示用时减半。"),
        low=0.5,
        high=2.5,
        step=0.05,
        unit="×",
    ),
    Control(
        "pitch",
        "number",
        0.0,
        Words("Pitch", "音高"),
        Words(
            "Raises or lowers the voice; the person stays the same. 12 is an octave.",
            "整体升高或降低嗓音，听起来仍是同一个人；12 为一个八度。",
        ),
        low=-12,
        high=12,
        step=0.5,
        unit="semitones",
    ),
    Control(
        "intonation",
        "number",
        1.0,
        Words("Intonation", "语调起伏"),
        Words(
            "How far the melody rises and falls: 0 is a monotone (Mandarin loses its tones), 2 is lively.",
            "语调的起伏：0 为平直（普通话会失去声调），2 为生动。",
        ),
        low=0,
        high=2,
        step=0.05,
        unit="×",
    ),
    Control(
        "volume",
        "number",
        0.0,
        Words("Volume", "音量"),
        Words(
            "Softer or louder; loud peaks are rounded off rather than clipped.",
            "更轻或更响；过高的峰值会被柔和压低，不会破音。",
        ),
        low=-30,
        high=6,
        step=0.5,
        unit="dB",
    ),
    Control(
        "word_gap",
        "number",
        0.0,
        Words("Gap between words", "词间停顿"),
        Words("A pause after every word, for learners and dictation.", "每个词之后加一小段停顿，适合学习和听写。"),
        low=0,
        high=500,
        step=10,
        unit="ms",
    ),
    Control(
        "size",
        "number",
        1.0,
        Words("Size of the speaker", "体型"),
        Words(
            "Length of the throat at the same pitch: below 1 a child, above 1 a giant.",
            "音高不变时的声道长短：小于 1 像孩子，大于 1 像巨人。",
        ),
        low=0.75,
        high=1.35,
        step=0.01,
        unit="×",
        group="timbre",
    ),
    Control(
        "breath",
        "number",
        0.0,
        Words("Breath", "气声"),
        Words("Air in the voice: 100 is a whisper.", "嗓音中的气声：100 为耳语。"),
        low=0,
        high=100,
        step=1,
        unit="%",
        group="timbre",
    ),
    Control(
        "brightness",
        "number",
        0.0,
        Words("Brightness", "明亮度"),
        Words("Below 0 dull and warm, above 0 clear and sharp.", "小于 0 温暖低沉，大于 0 清亮锐利。"),
        low=-10,
        high=10,
        step=0.5,
        group="timbre",
    ),
    Control(
        "roughness",
        "integer",
        0,
        Words("Roughness", "沙哑"),
        Words("A creak in the voice, as of someone old or tired.", "嗓音中的沙哑感，像年老或疲惫的人。"),
        low=0,
        high=5,
        step=1,
        group="timbre",
    ),
)

PLAIN = Words("", "")
MARKS = {
    "pause": MarkSupport(How.HONOURED, Words("exact silence", "精确的静音")),
    "break": MarkSupport(How.HONOURED, Words("a short pause of a quarter of a second", "约四分之一秒的短停")),
    "laugh": MarkSupport(How.IGNORED, Words("eSpeak NG cannot laugh", "eSpeak NG 不会笑")),
    "breath": MarkSupport(How.IGNORED, Words("eSpeak NG does not breathe", "eSpeak NG 没有换气声")),
    "emotion": MarkSupport(
        How.APPROXIMATED,
        Words(
            "by pitch, melody, pace and loudness; “whisper” really whispers",
            "通过音高、起伏、语速和音量近似；“低语”为真正的耳语",
        ),
    ),
    "strong": MarkSupport(How.HONOURED, Words("louder and stressed", "更响、重读")),
    "speed": MarkSupport(
        How.HONOURED,
        Words("together with the speed control 0.46 to 2.7", "与“语速”控制相乘后限于 0.46 到 2.7"),
    ),
    "say": MarkSupport(
        How.HONOURED,
        Words(
            "pinyin with tones, English IPA between slashes, or a respelling",
            "带声调的拼音、斜杠之间的英语国际音标，或谐音拼写",
        ),
    ),
}


def declare(installed: Installed | None) -> EngineSpec:
    """The declaration; its version names the copy of eSpeak NG that is installed."""
    release = installed.release if installed else "none"
    return EngineSpec(
        id="espeak",
        title=Words("eSpeak NG", "eSpeak NG"),
        about=Words(
            "Always there and instant: 137 languages and accents, exact and plainly synthetic; it cannot read Japanese "
            "kanji.",
            "随时可用、即刻出声：137 种语言和口音，小巧而精确，机器音明显；不会读日语汉字。",
        ),
        version=f"{RELEASES.get(release, f'loader-{release}')}+{REVISION}",
        languages=("en", "zh", "yue", "ja", "ko", *_other_languages()),
        rate=22_050,
        voice_kinds=frozenset({VoiceKind.BUILTIN, VoiceKind.SEED, VoiceKind.EMBEDDING}),
        controls=CONTROLS,
        marks=MARKS,
        streams=True,
        longest=500,
        pace=13.0,
        embedding_size=SIZE,
        code_licence="GPL-3.0-or-later",
        weights_licence="GPL-3.0-or-later",
        homepage="https://github.com/espeak-ng/espeak-ng",
    )


def _other_languages() -> tuple[str, ...]:
    """Every tag of the table that the five above do not already say."""
    return tuple(tag for language in languages().values() if (tag := language.tag) not in ("zh", "yue", "ja", "ko"))
