"""What a person decides about a dub. Declared as controls, like those of an engine."""

from collections.abc import Mapping
from typing import Any

from studio.dubbing.fitting import FASTEST, Rules
from studio.engines.contract import Control, Value
from studio.errors import BadControl
from studio.production.sound import CHANNELS
from studio.words import Words

DUBBING: tuple[Control, ...] = (
    Control(
        "engine_speed", "number", 1.25, Words("Speak faster", "加快语速"),
        Words(
            "how much faster the engine may speak so that a cue fits; 1 is never",
            "为放进字幕时间，引擎最多可以加快到多少倍；1 表示不加快",
        ),
        1.0, FASTEST, 0.05, "×",
    ),
    Control(
        "stretch", "number", 1.2, Words("Stretch", "变速拉伸"),
        Words(
            "how much the sound may be quickened afterwards, at the same pitch; more than 1.2 is heard",
            "合成后最多再加快多少倍，音高不变；超过 1.2 能听出来",
        ),
        1.0, FASTEST, 0.05, "×",
    ),
    Control(
        "borrow_ms", "integer", 1500, Words("Use the gap", "借用间隙"),
        Words(
            "how far a cue may run into the pause before the next one", "一条字幕最多可以占用下一条之前的多少空隙"
        ),
        0, 5000, 100, "ms",
    ),
    Control(
        "overrun", "choice", "flag", Words("What still does not fit", "仍放不下时"),
        Words(
            "runs over and is mixed with the next cue, or is cut at its end; both are told",
            "说完并与下一条重叠，或在结束处截断；两种情况都会列出",
        ),
        choices=(("flag", Words("runs over", "继续说完")), ("cut", Words("is cut", "截断"))),
    ),
    CHANNELS,
    Control(
        "guard_ms", "integer", 83, Words("Keep free", "保留间隔"),
        Words("silence that stays before the next cue: two frames", "下一条之前始终保留的静音：两帧"),
        0, 500, 1, "ms", group="expert",
    ),
    Control(
        "pause_ms", "integer", 150, Words("Shortest pause", "最短停顿"),
        Words("what stays of a pause inside a cue that is squeezed", "压缩停顿时至少保留多长"),
        50, 1000, 10, "ms", group="expert",
    ),
    Control(
        "background_db", "number", 0.0, Words("Background", "背景音量"),
        Words("level of the background track", "背景音轨的音量"),
        -60, 6, 1, "dB", group="expert",
    ),
    Control(
        "duck_db", "number", -14.0, Words("Background under speech", "人声下压低"),
        Words("how much the background gives way to speech", "有人说话时背景降低多少"),
        -60, 0, 1, "dB", group="expert",
    ),
)  # fmt: skip
_BY_NAME = {control.name: control for control in DUBBING}


def settle_dubbing(given: Mapping[str, Any]) -> dict[str, Value]:
    """Every setting with its checked value, defaults filled in. `BadControl` names the range."""
    for name in given:
        if name not in _BY_NAME:
            raise BadControl(
                f"{name}: no such setting of a dub; it has {', '.join(_BY_NAME)}",
                f"{name}：没有这个配音设置；可用 {'、'.join(_BY_NAME)}",
                where=f"dubbing.{name}",
            )
    return {c.name: c.check(given[c.name]) if c.name in given else c.default for c in DUBBING}


def rules_of(settings: Mapping[str, Any]) -> Rules:
    """Settled settings as fitting takes them."""
    return Rules(
        guard_s=float(settings["guard_ms"]) / 1000,
        borrow_s=float(settings["borrow_ms"]) / 1000,
        pause_s=float(settings["pause_ms"]) / 1000,
        engine=float(settings["engine_speed"]),
        stretch=float(settings["stretch"]),
        cut=settings["overrun"] == "cut",
    )
