"""How lines are put together: pauses, edges, music, loudness. Declared as controls, like those of an engine."""

from collections.abc import Iterable, Mapping
from typing import Any

from studio.audio.presets import PRESETS
from studio.engines.contract import Control, Value
from studio.errors import BadControl
from studio.library.script import Member
from studio.words import Words


def _ms(name: str, default: int, label: Words, help: Words, low: int = 0, high: int = 10_000) -> Control:
    return Control(name, "integer", default, label, help, low, high, 50, "ms")


def _db(name: str, default: float, label: Words, help: Words, low: float, high: float) -> Control:
    return Control(name, "number", default, label, help, low, high, 1, "dB", group="expert")


CHANNELS = Control(
    "channels",
    "choice",
    "auto",
    Words("Channels", "声道"),
    Words(
        "automatic: stereo as soon as somebody in the cast stands left or right",
        "自动：配音表里有人偏左或偏右时输出立体声",
    ),
    choices=(
        ("auto", Words("automatic", "自动")),
        ("mono", Words("mono", "单声道")),
        ("stereo", Words("stereo", "立体声")),
    ),
)
SOUND: tuple[Control, ...] = (
    _ms(
        "sentence_ms", 350, Words("After a line", "台词之间"), Words("silence between two lines", "两条台词之间的静音")
    ),
    _ms(
        "clause_ms",
        150,
        Words("Inside a sentence", "句中"),
        Words("silence after a line that ends in the middle of a sentence", "句子中途断开处的静音"),
    ),
    _ms(
        "paragraph_ms",
        700,
        Words("After a paragraph", "段落之间"),
        Words("silence between paragraphs", "段落之间的静音"),
    ),
    _ms("scene_ms", 1800, Words("After a scene", "场景之间"), Words("silence between scenes", "场景之间的静音")),
    _ms(
        "heading_ms",
        1000,
        Words("After a heading", "标题之后"),
        Words("silence after a chapter's title", "章节标题后的静音"),
    ),
    _ms("chapter_ms", 2500, Words("After a chapter", "章节之间"), Words("silence between chapters", "章节之间的静音")),
    Control(
        "turns",
        "switch",
        False,
        Words("Conversation", "对谈"),
        Words("on: when the speaker changes, the pause below counts", "开：换人时使用下面的间隔"),
    ),
    _ms(
        "turn_ms",
        250,
        Words("Between speakers", "换人间隔"),
        Words(
            "below 0 the next speaker falls in before the other has ended", "小于 0 时，后一人会抢在前一人说完之前开口"
        ),
        -500,
        2000,
    ),
    Control(
        "trim_ms",
        "integer",
        150,
        Words("Trim edges", "修剪首尾"),
        Words("how much silence of a take's ends is cut off at most", "每个版本首尾最多剪去多少静音"),
        0,
        150,
        10,
        "ms",
        group="expert",
    ),
    Control(
        "fade_ms",
        "integer",
        12,
        Words("Soften edges", "首尾淡入淡出"),
        Words("fade of each take's ends; more is softer", "每个版本首尾的淡入淡出；越大越柔和"),
        0,
        20,
        1,
        "ms",
        group="expert",
    ),
    Control(
        "room_tone",
        "switch",
        False,
        Words("Room tone", "房间底噪"),
        Words("on: quiet noise instead of digital silence between lines", "开：台词之间用轻微底噪代替绝对静音"),
        group="expert",
    ),
    _db(
        "room_tone_db",
        -66,
        Words("Level of room tone", "底噪电平"),
        Words("higher is easier to hear", "越高越明显"),
        -90,
        -50,
    ),
    Control(
        "polish",
        "choice",
        "off",
        Words("Polish", "润色"),
        Words("loudness and tone of the whole", "整体的响度与音色"),
        choices=tuple((preset.id, preset.label) for preset in PRESETS),
    ),
    CHANNELS,
    _db(
        "music_db",
        -20,
        Words("Music", "音乐音量"),
        Words("level of the music under speech-free parts", "无人说话时的音乐电平"),
        -60,
        6,
    ),
    _db(
        "duck_db",
        -10,
        Words("Music under speech", "人声下压低"),
        Words("how much the music gives way to speech", "有人说话时音乐降低多少"),
        -40,
        0,
    ),
    Control(
        "intro_s",
        "number",
        0.0,
        Words("Intro", "片头"),
        Words("music alone before the first line", "第一句之前的纯音乐"),
        0,
        120,
        0.5,
        "s",
    ),
    Control(
        "outro_s",
        "number",
        0.0,
        Words("Outro", "片尾"),
        Words("music alone after the last line", "最后一句之后的纯音乐"),
        0,
        120,
        0.5,
        "s",
    ),
)
_BY_NAME = {control.name: control for control in SOUND}


def settle_sound(given: Mapping[str, Any]) -> dict[str, Value]:
    """Every setting with its checked value, defaults filled in. `BadControl` names the range."""
    for name in given:
        if name not in _BY_NAME:
            raise BadControl(
                f"{name}: no such setting of the sound; it has {', '.join(_BY_NAME)}",
                f"{name}：没有这个声音设置；可用 {'、'.join(_BY_NAME)}",
                where=f"sound.{name}",
            )
    return {c.name: c.check(given[c.name]) if c.name in given else c.default for c in SOUND}


def channels_of(sound: Mapping[str, Any], pans: Iterable[float]) -> int:
    """How many channels the whole has: as the setting says, or two where somebody is not in the middle."""
    wanted = sound["channels"]
    return 2 if wanted == "stereo" or (wanted == "auto" and any(pans)) else 1


def stood(members: Mapping[str, Member]) -> dict[str, Any]:
    """What a recipe of two channels tells of who stands where."""
    return {"channels": 2, "pans": {name: one.pan for name, one in sorted(members.items()) if one.pan}}


# What a production of a kind begins with.
KINDS: dict[str, tuple[Words, dict[str, Value]]] = {
    "audiobook": (Words("Audiobook", "有声书"), {}),
    "podcast": (
        Words("Podcast", "播客"),
        {"turns": True, "turn_ms": 200, "paragraph_ms": 500, "polish": "podcast", "intro_s": 4.0, "outro_s": 5.0},
    ),
    "drama": (Words("Audio drama", "广播剧"), {"turns": True, "turn_ms": 150, "paragraph_ms": 600}),
}
