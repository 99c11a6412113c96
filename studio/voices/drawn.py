"""A draw as text: what *Recipe* shows and `sheet.json` holds is read again, and gives the same grid.

Whatever somebody pastes is checked field by field; the message names the field. Ranges of seeds, controls and sweeps
are checked where every draw is.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from studio.errors import BadRequest
from studio.voices.drawing import DrawRequest, Sentence, Sweep

LONGEST = 200_000  # characters: a contact sheet with its candidates
FIELDS = {"kind", "engine", "seeds", "voice", "sweep", "sentence"}
SENTENCE = {"text", "style", "controls", "language", "seed"}


def read_draw(text: str) -> DrawRequest:
    """The draw that a recipe or a contact sheet holds. `BadRequest` says what is wrong with it."""
    plain = _json(text)
    if isinstance(plain.get("recipe"), Mapping):  # a contact sheet, which says its kind beside the recipe
        plain = {"kind": plain.get("kind", "draw"), **plain["recipe"]}
    if (kind := plain.get("kind", "draw")) != "draw":
        raise _wrong(
            "kind",
            f"this is the recipe of “{str(kind)[:20]}”; a draw is wanted",
            f"这是“{str(kind)[:20]}”的配方，不是抽卡",
        )
    _known(plain, FIELDS, "")
    voice, seeds = _of(plain, "voice", str, ""), _seeds(plain)
    if bool(voice) == bool(seeds):
        raise _wrong("seeds", "give seeds, or one voice: not both, not none", "应给出 seeds 或 voice，且只给一个")
    return DrawRequest(_sentence(plain), _of(plain, "engine", str), seeds, sweep=_sweep(plain), voice=voice)


def _json(text: str) -> dict[str, Any]:
    if len(text) > LONGEST:
        raise _wrong("recipe", f"longer than {LONGEST:,} characters", f"超过 {LONGEST:,} 个字符")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _wrong(
            "recipe",
            f"no readable JSON ({str(error)[:80]}); copy the whole text, from {{ to }}",
            f"不是可读的 JSON（{str(error)[:80]}）；请复制从 {{ 到 }} 的全部文字",
        ) from error
    if not isinstance(found, dict):
        raise _wrong("recipe", "should be an object, from { to }", "应为从 { 到 } 的对象")
    return found


def _seeds(plain: Mapping[str, Any]) -> tuple[int, ...]:
    seeds = _of(plain, "seeds", list, [])
    if not all(isinstance(seed, int) and not isinstance(seed, bool) for seed in seeds):
        raise _wrong("seeds", "should be a list of whole numbers", "应为整数列表")
    return tuple(dict.fromkeys(seeds))


def _sweep(plain: Mapping[str, Any]) -> Sweep | None:
    if plain.get("sweep") is None:
        return None
    sweep = _of(plain, "sweep", dict)
    _known(sweep, {"control", "values"}, "sweep.")
    values = _of(sweep, "values", list, where="sweep.")
    if not values or not all(_number(value) for value in values):
        raise _wrong("sweep.values", "should be a list of numbers", "应为数值列表")
    return Sweep(_of(sweep, "control", str, where="sweep."), tuple(float(value) for value in values))


def _sentence(plain: Mapping[str, Any]) -> Sentence:
    said = _of(plain, "sentence", dict)
    _known(said, SENTENCE, "sentence.")
    return Sentence(
        _of(said, "text", str, where="sentence."),
        _of(said, "style", str, "", "sentence."),
        _of(said, "controls", dict, {}, "sentence."),
        _of(said, "language", str, "auto", "sentence."),
        _of(said, "seed", int, 0, "sentence."),
    )


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _of(plain: Mapping[str, Any], name: str, kind: type, default: Any = None, where: str = "") -> Any:
    value = plain.get(name, default)
    if not isinstance(value, kind) or isinstance(value, bool):
        words = {str: ("a text", "文字"), int: ("a whole number", "整数"), list: ("a list", "列表")}
        en, zh = words.get(kind, ("an object", "对象"))
        missing = name not in plain
        raise _wrong(where + name, "is missing" if missing else f"should be {en}", "缺少" if missing else f"应为{zh}")
    return value


def _known(plain: Mapping[str, Any], fields: set[str], where: str) -> None:
    for name in plain:
        if name not in fields:
            raise _wrong(
                where + str(name)[:40],
                f"no such field; there is {', '.join(sorted(fields))}",
                f"没有这个字段；可选 {'、'.join(sorted(fields))}",
            )


def _wrong(where: str, en: str, zh: str) -> BadRequest:
    return BadRequest(f"recipe of a draw, {where}: {en}", f"抽卡配方，{where}：{zh}", where=where)
