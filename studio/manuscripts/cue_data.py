"""Cues as data: the studio's own JSON (and what recognisers write), and tables of times and texts."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from studio.errors import BadFile
from studio.manuscripts.oddities import Oddities, shown
from studio.text.cues import Cue, CueWord, Span, Subtitles
from studio.text.looks import colour, tidied
from studio.text.subtitles import JSON_FORMAT, JSON_VERSION

LONGEST_S = 1e6  # of any time: eleven days
COLUMNS: dict[str, tuple[str, ...]] = {
    "start": ("start", "begin", "from", "in", "开始", "起"),
    "end": ("end", "stop", "to", "out", "结束", "止"),
    "speaker": ("speaker", "role", "name", "voice", "说话人", "角色"),
    "text": ("text", "line", "caption", "文字", "文本", "字幕", "台词"),
}
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2}(?:[.,]\d{1,6})?)")


def read_json(text: str, name: str, odd: Oddities) -> Subtitles:
    """The studio's format, a list of cues, or `segments` as recognisers write them. `BadFile` for other JSON."""
    try:
        plain = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise BadFile(
            f"{name} is not JSON that can be read ({shown(str(error), 80)})",
            f"{name} 不是可以读取的 JSON（{shown(str(error), 80)}）",
            where=name,
        ) from error
    whole = plain if isinstance(plain, dict) else {"cues": plain}
    rows = whole.get("cues", whole.get("segments"))
    if not isinstance(rows, list) or (whole.get("format", JSON_FORMAT) != JSON_FORMAT and "segments" not in whole):
        raise BadFile(
            f"{name}: this JSON has no list “cues” or “segments”; docs/formats.md has an example",
            f"{name}：这个 JSON 里没有 cues 或 segments 列表；示例见 docs/formats.md",
            where=name,
        )
    if isinstance(version := whole.get("version"), int) and version > JSON_VERSION and "cues" in whole:
        raise BadFile(
            f"{name} was written by a later version of the studio (format {version}); update to read it",
            f"{name} 由更新版本的工坊写成（格式 {version}）；请升级后再读",
            where=name,
        )
    cues = []
    for number, row in enumerate(rows, 1):
        if (cue := _cue(row)) is not None:
            cues.append(cue)
        else:
            told = shown(json.dumps(row, ensure_ascii=False), 60)
            odd.tell(
                "row", f"cue {number} has no start or no text: {told}", f"第 {number} 条没有开始时间或文字：{told}"
            )
    styles = {
        _text(k): {_text(f): _text(v) for f, v in style.items()}
        for k, style in _map(whole, "styles").items()
        if isinstance(style, dict)
    }
    info = {_text(key): _text(value) for key, value in _map(whole, "info").items()}
    blocks = tuple(block for block in whole.get("blocks", ()) if isinstance(block, str))
    title, author = _text(whole.get("title")), _text(whole.get("author"))
    return Subtitles(tuple(cues), title=title, author=author, styles=styles, info=info, blocks=blocks)


def read_tsv(text: str, name: str, odd: Oddities) -> Subtitles:
    """A table with start and end (milliseconds as whole numbers, seconds with a point, or clocks) and a text."""
    rows = [line.split("\t") for line in text.split("\n")]
    head = [cell.strip().lower().lstrip("\ufeff") for cell in rows[0]] if rows else []
    places = {column: at for at, cell in enumerate(head) for column, names in COLUMNS.items() if cell in names}
    if not {"start", "text"} <= places.keys():
        raise BadFile(
            f"{name}: the first row has to name the columns start, end, speaker, text",
            f"{name}：第一行应写明各列名称：start、end、speaker、text",
            where=name,
        )
    cues = []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        cell = {column: row[at] if at < len(row) else "" for column, at in places.items()}
        start, end = _time(cell["start"]), _time(cell.get("end", ""))
        if start is None:
            told = shown(" ".join(row), 60)
            odd.tell(
                "row", f"row {number} has no time that can be read: {told}", f"第 {number} 行没有可读的时间：{told}"
            )
            continue
        words, _ = tidied(cell["text"], ())
        cues.append(Cue(start, start if end is None else end, words, " ".join(cell.get("speaker", "").split())))
    return Subtitles(tuple(cues))


def _refused(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _time(cell: str) -> float | None:
    cell = cell.strip()
    if re.fullmatch(r"-?\d{1,12}", cell):
        return int(cell) / 1000
    if re.fullmatch(r"-?\d{1,9}[.,]\d{1,9}", cell):
        return float(cell.replace(",", "."))
    if match := _CLOCK.fullmatch(cell):
        return int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3].replace(",", "."))
    return None


def _cue(row: Any) -> Cue | None:
    """A cue, or None where its beginning or its text is missing; what else is not as it should be is empty."""
    if (
        not isinstance(row, dict)
        or not isinstance(row.get("text"), str)
        or (start := _number(row.get("start"))) is None
    ):
        return None
    end = _number(row.get("end"))
    spans = [span for one in _list(row, "spans") if (span := _span(one))]
    text, spans_found = tidied(row["text"], [s for s in spans if s.end <= len(row["text"])])
    margins = [n for n in _list(row, "margins") if isinstance(n, int)]
    return Cue(
        start, start if end is None else end, text, " ".join(_text(row.get("speaker")).split()), spans_found,
        tuple(word for one in _list(row, "words") if (word := _word(one))),
        style=_text(row.get("style")), align=_whole(row.get("align"), 9), layer=_whole(row.get("layer"), 10**6),
        margins=(margins[0], margins[1], margins[2]) if len(margins) == 3 else (0, 0, 0),
        effect=_text(row.get("effect")), codes=_text(row.get("codes")), settings=_text(row.get("settings")),
        id=_text(row.get("id")) if isinstance(row.get("id"), str) else "", note=_text(row.get("note")),
    )  # fmt: skip


def _span(row: Any) -> Span | None:
    if not isinstance(row, list) or len(row) < 3 or not all(isinstance(n, int) and n >= 0 for n in row[:2]):
        return None
    value = colour(row[3]) if len(row) > 3 and isinstance(row[3], str) else ""
    return Span(row[0], row[1], row[2], value) if row[2] in ("b", "i", "u", "s", "color") else None


def _word(row: Any) -> CueWord | None:
    """A word as the studio or a recogniser writes it."""
    if not isinstance(row, dict):
        return None
    said = row.get("text", row.get("word"))
    start, end = _number(row.get("start")), _number(row.get("end"))
    if not isinstance(said, str) or not said.strip() or start is None or end is None:
        return None
    return CueWord(" ".join(said.split()), start, max(start, end), row.get("glued") is True)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if abs(value) < LONGEST_S and math.isfinite(value) else None


def _whole(value: Any, most: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _map(whole: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return value if isinstance(value := whole.get(key), dict) else {}


def _list(row: Mapping[str, Any], key: str) -> Sequence[Any]:
    return value if isinstance(value := row.get(key), list) else ()
