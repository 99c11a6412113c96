"""What the page asks, taken apart with care: anyone who may open the page may send anything."""

import math
from collections.abc import Mapping
from typing import Any

from studio.errors import BadRequest
from studio.studio import SpeakRequest

LONGEST = 2_000_000  # characters of any text; the facade has its own, smaller limits


def wrong(name: str, kind: type) -> BadRequest:
    words = {
        str: ("a text", "文字"),
        int: ("a whole number", "整数"),
        float: ("a number", "数值"),
        bool: ("true or false", "true 或 false"),
    }
    en, zh = words.get(kind, (kind.__name__, kind.__name__))
    return BadRequest(f"{name}: takes {en}", f"{name}：应为{zh}", where=name)


def text(asked: Mapping[str, Any], name: str, default: str | None = "") -> str:
    """The text called `name`; `BadRequest` if it is something else, or absent where there is no default."""
    value = asked.get(name, default)
    if not isinstance(value, str) or len(value) > LONGEST:
        raise wrong(name, str)
    return value


def whole(asked: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """The whole number called `name`; digits in a text count as well."""
    value = asked.get(name, default)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 12:
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise wrong(name, int)
    return value


def number(asked: Mapping[str, Any], name: str, default: float | None = None) -> float:
    """The finite number called `name`."""
    value = asked.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise wrong(name, float)
    return float(value)


def switch(asked: Mapping[str, Any], name: str, default: bool | None = None) -> bool:
    value = asked.get(name, default)
    if not isinstance(value, bool):
        raise wrong(name, bool)
    return value


def table(asked: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = asked.get(name) or {}
    if not isinstance(value, Mapping):
        raise wrong(name, dict)
    return dict(value)


def texts(asked: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts."""
    value = asked.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise wrong(name, list)
    return value


def speak_request(words: str, desk: Mapping[str, Any]) -> SpeakRequest:
    """What the text box and the desk say together."""
    return SpeakRequest(
        words,
        engine=text(desk, "engine", "espeak"),
        voice=text(desk, "voice"),
        style=text(desk, "style"),
        controls=table(desk, "controls"),
        seed=whole(desk, "seed", 0),
        language=text(desk, "language", "auto") or "auto",
        steps=table(desk, "steps") or None,
        mode=text(desk, "mode", "speak") or "speak",
        polish=text(desk, "polish", "off") or "off",
        stream=switch(desk, "stream", True),
        split=whole(desk, "split", 0),
        into=text(desk, "into"),
        converter=text(desk, "converter"),
    )
