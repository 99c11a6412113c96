"""What the CosyVoice engines declare: one for each published model, with the modes and controls that it really has."""

from collections.abc import Mapping
from dataclasses import dataclass

from studio.engines.contract import ClipUse, Control, EngineSpec, How, MarkSupport, VoiceKind
from studio.engines.cosyvoice.instructions import MENU
from studio.engines.cosyvoice.tokens import AROUND, CMU, HEARD, PINYIN
from studio.text.sentences import Even
from studio.words import Words

REVISION = 4  # of our code; raise it when the same recipe would sound different
LONGEST_PROMPT_S = 10  # of a clip, for the flow
LOWEST_RATE = 16_000  # of a clip; below it, what makes a voice is gone
LONGEST_INSTRUCTION = 500  # characters
TARGET, EVEN = 80, Even(60, 20, "：、；:;")  # of a line: characters of Chinese, else tokens, as is published
ZERO_SHOT = ("speak", Words("As in the clip", "按参考音频"))
CROSS = ("cross_lingual", Words("Voice only (another language)", "仅音色（跨语种）"))
PRESET = ("speak", Words("Preset speaker", "预置音色"))


SPEAKER_SIZE = 192  # numbers of a speaker


@dataclass(frozen=True)
class Variant:
    """One published model."""

    id: str  # of the engine, and of its weights in the catalogue
    generation: int
    title: str
    about: Words
    clips: bool = True  # takes a voice from a clip
    presets: bool = False  # brings speakers along
    instructs: bool = False  # takes an instruction


VARIANTS = {
    variant.id: variant
    for variant in (
        Variant(
            "cosyvoice3",
            3,
            "CosyVoice 3",
            Words(
                "Clones a voice from a clip; takes instructions, dialects, phonemes; Chinese, English and seven more.",
                "用一段音频克隆音色；支持指令、方言与音素标注；中英等九种语言。",
            ),
            instructs=True,
        ),
        Variant(
            "cosyvoice2",
            2,
            "CosyVoice 2",
            Words(
                "Clones a voice from a clip, takes instructions and laughter; Chinese, English, Japanese, Korean.",
                "用一段音频克隆音色，支持流式、指令与笑声；中英日韩。",
            ),
            instructs=True,
        ),
        Variant(
            "cosyvoice1",
            1,
            "CosyVoice 300M",
            Words("The first generation: clones a voice from a clip.", "第一代模型：用一段音频克隆音色。"),
        ),
        Variant(
            "cosyvoice1-sft",
            1,
            "CosyVoice 300M SFT",
            Words("The first generation with seven speakers of its own.", "第一代模型，自带七个预置音色。"),
            clips=False,
            presets=True,
        ),
        Variant(
            "cosyvoice1-instruct",
            1,
            "CosyVoice 300M Instruct",
            Words(
                "The first generation's speakers, directed by a description.", "第一代预置音色，可用文字描述来引导。"
            ),
            clips=False,
            presets=True,
            instructs=True,
        ),
    )
}
LANGUAGES = {
    1: ("zh", "en", "ja", "yue", "ko"),
    2: ("zh", "en", "ja", "ko"),
    3: ("zh", "en", "ja", "ko", "de", "es", "fr", "it", "ru"),
}


def _number(
    name: str, default: float, low: float, high: float, step: float, label: Words, help: Words, group: str = "sampling"
) -> Control:
    return Control(name, "number", default, label, help, low=low, high=high, step=step, group=group)  # type: ignore[arg-type]


def _whole(name: str, default: int, low: int, high: int, label: Words, help: Words, group: str = "sampling") -> Control:
    return Control(name, "integer", default, label, help, low=low, high=high, step=1, group=group)  # type: ignore[arg-type]


SPEED = Control(
    "speed",
    "number",
    1.0,
    Words("Speed", "语速"),
    Words("Times as fast; the pitch stays. It is also honoured while streaming.", "倍速；音高不变，流式时同样有效。"),
    low=0.5,
    high=2.0,
    step=0.05,
    unit="×",
)
DIRECTED = (
    Control(
        "direction",
        "choice",
        "none",
        Words("Direction", "表达方式"),
        Words(
            "An instruction that the model was trained on: a dialect, an emotion, a pace, a character.",
            "模型训练过的指令：方言、情感、语速、角色等。",
        ),
        choices=(("none", Words("none", "无")), *((one.id, one.label) for one in MENU)),
    ),
    Control(
        "instruction",
        "text",
        "",
        Words("Instruction", "指令"),
        Words(
            "In your own words, how it should be said. Takes the place of the direction.",
            "用自己的话说明该怎么读；填写后代替“表达方式”。",
        ),
        high=LONGEST_INSTRUCTION,
    ),
)
SAMPLING = (
    _number("temperature", 1.0, 0.1, 2.0, 0.05, Words("Temperature", "温度"),
            Words("Higher is livelier and less steady.", "越高越生动也越不稳定。")),
    _number("top_p", 0.8, 0.1, 1.0, 0.01, Words("Top p", "Top-p"),
            Words("The likeliest sounds whose chances reach this share are drawn from.",
                  "只在累计概率达到该值的候选声音中抽取。")),
    _whole("top_k", 25, 1, 200, Words("Top k", "Top-k"),
           Words("At most so many sounds are drawn from.", "最多在这么多个候选声音中抽取。")),
    _whole("window", 10, 0, 100, Words("Repetition window", "重复窗口"),
           Words("A sound that came in so many before is drawn anew; 0 lets it repeat.",
                 "最近这么多个声音里出现过的会重新抽取；0 表示允许重复。")),
    _number("min_ratio", 2.0, 0.0, 20.0, 0.5, Words("Fewest sounds per token", "每个词元最少声音数"),
            Words("The end may not come before so many sounds for each token of the text.",
                  "每个文本词元至少这么多个声音之后才允许结束。"), "expert"),
    _number("max_ratio", 20.0, 2.0, 60.0, 0.5, Words("Most sounds per token", "每个词元最多声音数"),
            Words("A line that has not ended by then is tried again.", "到此仍未结束的句子会重试。"), "expert"),
    _number("length_guard", 2.5, 0.0, 10.0, 0.5, Words("Length guard", "时长保护"),
            Words("A line that lasts so many times as long as its text does at the pace of the clip, or so many times "
                  "shorter, is tried again; 0 is off.",
                  "与按参考音频语速估计的时长相差超过这个倍数（过长或过短）的句子会重试；0 表示关闭。"), "expert"),
    _whole("retries", 2, 0, 10, Words("Retries", "重试次数"),
           Words("How often a line that went wrong is tried again.", "出错的句子最多重试几次。"), "expert"),
)  # fmt: skip
ENDLESS = Control(
    "endless",
    "choice",
    "retry",
    Words("A line without an end", "没有结束的句子"),
    Words(
        "What becomes of a line that reaches its most sounds, or is far too long: it is tried again, or kept as far as "
        "it came.",
        "达到最多声音数仍未结束，或时长远超文本时：重试，或保留已生成的部分。",
    ),
    choices=(("retry", Words("try again", "重试")), ("keep", Words("keep it", "保留"))),
    group="expert",
)
QUALITY = (
    _whole("steps", 10, 1, 50, Words("Steps", "步数"),
           Words("More steps make the sound more carefully, and take longer.",
                 "步数越多声音越精细，耗时也越长。"), "expert"),
    _number("guidance", 0.7, 0.0, 3.0, 0.05, Words("Guidance", "引导强度"),
            Words("Higher keeps nearer to the voice and text, lower is freer.",
                  "越高越贴近音色和文本，越低越自由。"), "expert"),
)  # fmt: skip
WHOLE = Control(
    "whole",
    "switch",
    False,
    Words("Look at the whole line", "通读整句"),
    Words(
        "Every moment of a line knows the rest of it: a little better, but nothing is heard before the line is whole.",
        "合成时能看到整句内容：质量略好，但要等整句完成才能听到。",
    ),
    group="expert",
)


def controls(variant: Variant) -> tuple[Control, ...]:
    """What a model can be told."""
    directed = DIRECTED if variant.instructs and variant.generation > 1 else DIRECTED[1:] if variant.instructs else ()
    return (SPEED, *directed, *SAMPLING, ENDLESS, *QUALITY, WHOLE)


def marks(variant: Variant) -> dict[str, MarkSupport]:
    """What a model makes of our marks."""
    none = Words("", "")
    honoured = {"pause": MarkSupport(How.HONOURED, none)}
    first = MarkSupport(How.IGNORED, Words("only CosyVoice 2 and 3 know it", "只有 CosyVoice 2 和 3 支持"))
    if variant.generation == 1:
        sounds = dict.fromkeys(("laugh", "breath", "strong"), first)
        say = MarkSupport(How.APPROXIMATED, Words("as it is spelled", "按所写的拼写朗读"))
    else:
        sounds = {
            "laugh": MarkSupport(How.HONOURED, Words("a laugh, [laughter]", "笑声 [laughter]")),
            "breath": MarkSupport(How.HONOURED, Words("a breath, [breath]", "呼吸声 [breath]")),
            "strong": MarkSupport(How.HONOURED, Words("emphasis, <strong>", "重读 <strong>")),
        }
        say = MarkSupport(How.APPROXIMATED, Words("as it is spelled", "按所写的拼写朗读"))
        if variant.generation == 3:
            say = MarkSupport(How.HONOURED, Words("by pinyin or ARPAbet tokens", "用拼音或 ARPAbet 音素标注"))
    return {
        **honoured,
        **sounds,
        "say": say,
        "break": MarkSupport(How.APPROXIMATED, Words("a comma", "逗号")),
        "emotion": MarkSupport(How.IGNORED, Words("choose a direction for the text", "请为整段文本选择“表达方式”")),
        "speed": MarkSupport(How.IGNORED, Words("set the control Speed for the text", "请用“语速”控制整段文本")),
    }


def native(variant: Variant) -> tuple[str, ...]:
    """Tokens that a text may contain."""
    if variant.generation == 1:
        return ()
    around = tuple(token for pair in AROUND for token in pair)
    phonemes = tuple(f"[{one}]" for one in (*CMU, *PINYIN)) if variant.generation == 3 else ()
    return (*HEARD, *around, *phonemes)


def _setting(name: str, choices: Mapping[str, str], label: Words, help: Words) -> Control:
    named = [(one, Words(shown, shown)) for one, shown in choices.items()]
    return Control(name, "choice", "auto", label, help, choices=(("auto", Words("automatic", "自动")), *named))


SETTINGS = (
    _setting(
        "precision", {one: one for one in ("fp32", "bf16", "fp16", "int8")}, Words("Precision", "精度"),
        Words("int8 is quickest on a CPU, bf16 on a GPU, fp32 is exact.",
              "CPU 上 int8 最快，GPU 上 bf16 最快，fp32 最精确。"),
    ),
    _setting(
        "device", {"cpu": "CPU", "cuda": "CUDA", "mps": "MPS"}, Words("Device", "设备"),
        Words("Where it computes.", "在哪里计算。"),
    ),
    Control(
        "rows", "integer", 8, Words("Lines at once", "同时处理句数"),
        Words("More lines at once are quicker together, and each of them comes later.",
              "同时处理的句数越多总体越快，但每句出声更晚。"),
        low=1, high=8, step=1,
    ),
    Control(
        "together", "integer", 1, Words("Whole lines rendered at once", "同时合成的整句数"),
        Words("For a GPU and many short lines with the control “Look at the whole line”: so many of like length are "
              "rendered at once, and one alone takes as long as all. On a CPU only in fp32, with AVX-512.",
              "适合 GPU 与大量短句，并开启“通读整句”：长度相近的句子一起合成，单独一句也同样耗时。"
              "CPU 上仅限 fp32，且需要 AVX-512。"),
        low=1, high=8, step=1,
    ),
)  # fmt: skip


def declare(variant: Variant, version: str = "", rate: int = 0) -> EngineSpec:
    """The declaration; `version` names its weights and precision."""
    generation = variant.generation
    kinds = {VoiceKind.BUILTIN} | ({VoiceKind.CLIP} if variant.clips else set())
    kinds |= {VoiceKind.EMBEDDING} if variant.presets else set()
    return EngineSpec(
        id=variant.id,
        title=Words(variant.title, variant.title),
        about=variant.about,
        version=f"{REVISION}" + (f"+{version}" if version else ""),
        languages=LANGUAGES[generation],
        rate=rate or (22_050 if generation == 1 else 24_000),
        voice_kinds=frozenset(kinds),
        controls=controls(variant),
        marks=marks(variant),
        native_tokens=native(variant),
        modes=(ZERO_SHOT, CROSS) if variant.clips else (PRESET,),
        streams=True,
        concurrent=True,
        settings=SETTINGS,
        clips=ClipUse(used=LONGEST_PROMPT_S, lowest_rate=LOWEST_RATE, rate=22_050 if generation == 1 else 24_000),
        longest=160 if generation > 1 else 120,
        target=TARGET,
        even=EVEN,
        pace=14.0,
        embedding_size=SPEAKER_SIZE if variant.presets else 0,
        code_licence="Apache-2.0",
        weights_licence="Apache-2.0",
        weights=(variant.id,),
        homepage="https://github.com/FunAudioLLM/CosyVoice",
    )
