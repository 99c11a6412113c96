"""The marks declared once: the buttons above the text box, the error messages and the documents come from here."""

from dataclasses import dataclass

from studio.words import Words

SPEED = (0.25, 4.0)  # [speed]: factors of the normal pace

EMOTIONS: dict[str, Words] = {
    "happy": Words("happy", "高兴"),
    "sad": Words("sad", "悲伤"),
    "angry": Words("angry", "生气"),
    "calm": Words("calm", "平静"),
    "fearful": Words("fearful", "恐惧"),
    "surprised": Words("surprised", "惊讶"),
    "disgusted": Words("disgusted", "厌恶"),
    "excited": Words("excited", "激动"),
    "neutral": Words("neutral", "中性"),
    "gentle": Words("gentle", "温柔"),
    "serious": Words("serious", "严肃"),
    "whisper": Words("whisper", "低语"),
}
_ALSO = {  # other Chinese words for the same
    "开心": "happy", "快乐": "happy", "喜悦": "happy", "伤心": "sad", "难过": "sad", "愤怒": "angry", "冷静": "calm",
    "害怕": "fearful", "惊恐": "fearful", "吃惊": "surprised", "惊喜": "surprised", "反感": "disgusted",
    "兴奋": "excited", "自然": "neutral", "柔和": "gentle", "认真": "serious", "耳语": "whisper", "悄悄话": "whisper",
}  # fmt: skip


def emotion_of(written: str) -> str:
    """The name of an emotion given in English or Chinese; "" when it is none."""
    if written.lower() in EMOTIONS:
        return written.lower()
    return next((name for name, words in EMOTIONS.items() if words.zh == written), _ALSO.get(written, ""))


@dataclass(frozen=True)
class MarkSpec:
    """One mark, as it is shown to people."""

    name: str
    syntax: str
    label: Words
    help: Words  # what one hears
    before: str  # what a button puts at the caret, or before the selection
    after: str = ""  # what it puts behind the selection

    @property
    def wraps(self) -> bool:
        """Whether it encloses text."""
        return bool(self.after)

    @property
    def example(self) -> str:
        return f"{self.before}…{self.after}" if self.wraps else self.before


MARKS: tuple[MarkSpec, ...] = (
    MarkSpec(
        "pause",
        "[pause 300ms] · [pause 1.5s]",
        Words("Pause", "停顿"),
        Words(
            "Exactly that much silence, up to 60 s. Every engine keeps it.",
            "精确的静音时长，最长 60 秒，所有引擎都遵守。",
        ),
        "[pause 500ms]",
    ),
    MarkSpec(
        "break",
        "[break]",
        Words("Short break", "短停"),
        Words("A small break, as a speaker makes it between two thoughts.", "说话中自然的小停顿。"),
        "[break]",
    ),
    MarkSpec("laugh", "[laugh]", Words("Laugh", "笑声"), Words("A laugh at this place.", "在这里笑一声。"), "[laugh]"),
    MarkSpec(
        "breath", "[breath]", Words("Breath", "换气"), Words("An audible breath.", "听得见的换气声。"), "[breath]"
    ),
    MarkSpec(
        "emotion",
        "[emotion happy]…[/emotion]",
        Words("Emotion", "情绪"),
        Words(
            f"The words inside are spoken with that emotion: {', '.join(EMOTIONS)}.",
            f"其中的文字带着这种情绪说出：{'、'.join(words.zh for words in EMOTIONS.values())}。",
        ),
        "[emotion happy]",
        "[/emotion]",
    ),
    MarkSpec(
        "strong",
        "[strong]…[/strong]",
        Words("Emphasis", "重读"),
        Words("The words inside are stressed.", "重读其中的文字。"),
        "[strong]",
        "[/strong]",
    ),
    MarkSpec(
        "speed",
        "[speed 0.9]…[/speed]",
        Words("Speed", "语速"),
        Words(
            "The words inside are spoken slower or faster: 0.25 to 4, 1 is normal.",
            "改变其中文字的语速：0.25 到 4，1 为正常。",
        ),
        "[speed 0.9]",
        "[/speed]",
    ),
    MarkSpec(
        "say",
        "[say 重庆 as chong2 qing4]",
        Words("Say as", "读作"),
        Words(
            "One word pronounced as given: pinyin with tone numbers, or a respelling.",
            "按给定的读法念一个词：带声调数字的拼音，或另写一个读音相同的词。",
        ),
        "[say 重庆 as chong2 qing4]",
    ),
)
EXAMPLES = {spec.name: spec.example for spec in MARKS}
