"""Manifests: tables that say for each file how it is read. CSV, TSV or JSON, written by people and by programs.

A manifest as a whole is right or refused; a row that cannot be done keeps its reason, and the others go on.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from studio.audio.formats import format_named
from studio.audio.polish import preset
from studio.batch.order import MOST_FILES
from studio.errors import BadFile, BadRequest, StudioError
from studio.text.encoding import read_text
from studio.text.literals import literal
from studio.text.subtitles import FORMATS as SUBTITLES

LIMIT_BYTES = 64 << 20
KINDS = (".csv", ".tsv", ".json")
COLUMNS: dict[str, tuple[str, ...]] = {  # column -> other names for it
    "input": ("file", "source", "输入", "文件", "文稿"),
    "output": ("输出",),
    "engine": ("引擎",),
    "voice": ("音色",),
    "style": ("风格",),
    "into": ("换成", "目标音色"),
    "converter": ("转换引擎",),
    "controls": ("控制项",),
    "language": ("语言",),
    "seed": ("种子",),
    "polish": ("润色",),
    "format": ("格式",),
    "bitrate": ("码率",),
    "title": ("标题", "书名"),
    "author": ("作者",),
    "split": ("每句长度",),
    "subtitles": ("字幕",),
}
BY_NAME = {name: column for column, others in COLUMNS.items() for name in (column, *others)}
INPUTS = {"input", *COLUMNS["input"]}
NONE = ("none", "off", "no", "无")  # of subtitles


@dataclass(frozen=True)
class Row:
    """What a manifest says of one file."""

    number: int  # of the row, as an editor counts it
    input: str
    output: str = ""
    own: Mapping[str, Any] = field(default_factory=dict)
    subtitles: tuple[str, ...] | None = None
    wrong: StudioError | None = None


def is_manifest(path: Path) -> bool:
    """Whether a file is a table of files: every JSON, and tables with a column for the input."""
    if path.suffix.lower() == ".json":
        return True
    if path.suffix.lower() not in KINDS:
        return False
    try:
        first = read_text(path, LIMIT_BYTES).text.split("\n", 1)[0]
    except StudioError:
        return False
    cells = {cell.strip().strip('"').casefold() for cell in first.replace("\t", ",").replace(";", ",").split(",")}
    return bool(cells & INPUTS)


def read_manifest(path: Path, name: str = "") -> list[Row]:
    """The rows of a manifest. `BadFile` names what is wrong with the table as a whole."""
    name = name or path.name
    text = read_text(path, LIMIT_BYTES).text
    if path.suffix.lower() == ".json":
        rows = _of_json(text, name)
    else:
        rows = _of_table(text, name, path.suffix.lower() == ".tsv")
    found = list(_bounded(rows, name))
    if not found:
        raise BadFile(f"{name}: names no file", f"{name}：没有列出任何文件", where=name)
    return found


def _bounded(rows: Iterable[Row], name: str) -> Iterator[Row]:
    for count, row in enumerate(rows, 1):
        if count > MOST_FILES:
            raise BadFile(
                f"{name} has more than {MOST_FILES:,} rows; split it",
                f"{name} 超过 {MOST_FILES:,} 行；请拆分",
                where=name,
            )
        yield row


def _of_table(text: str, name: str, tabs: bool) -> Iterator[Row]:
    head = text.split("\n", 1)[0]
    delimiter = "\t" if tabs else max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        columns = _columns([cell.strip() for cell in next(reader, [])], name)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield _row(reader.line_num, columns, cells)
    except csv.Error as error:
        raise BadFile(
            f"{name}, row {reader.line_num}: is no table that can be read ({error}); save it as CSV in UTF-8",
            f"{name} 第 {reader.line_num} 行：不是可读的表格（{error}）；请另存为 UTF-8 的 CSV",
            where=name,
        ) from error


def _columns(heads: list[str], name: str) -> list[str]:
    """The columns by their places. `BadFile` for one that is not known, comes twice, or for no input."""
    columns = [_column(head, name) for head in heads]
    if twice := [head for n, head in enumerate(columns) if head in columns[:n]]:
        raise BadFile(f"{name}: column {twice[0]} comes twice", f"{name}：{twice[0]} 列重复", where=name)
    if "input" not in columns:
        raise BadFile(
            f"{name}: its first row names no column input; write input,output,voice,style,format …",
            f"{name}：首行没有 input 列；请写成 input,output,voice,style,format 等",
            where=name,
        )
    return columns


def _column(head: str, name: str) -> str:
    known = BY_NAME.get(head.casefold())
    if known is None:
        from difflib import get_close_matches

        near = get_close_matches(head.casefold(), BY_NAME, n=1, cutoff=0.6)
        hint = (f"did you mean {near[0]}? ", f"是不是 {near[0]}？") if near else ("", "")
        raise BadFile(
            f"{name}: no column is called “{head[:40]}”; {hint[0]}There is {', '.join(COLUMNS)}",
            f"{name}：没有名为“{head[:40]}”的列；{hint[1]}可用的列：{'、'.join(COLUMNS)}",
            where=name,
        )
    return known


def _row(number: int, columns: list[str], cells: list[str]) -> Row:
    values = {column: cell.strip() for column, cell in zip(columns, cells, strict=False) if cell.strip()}
    if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
        wrong = BadRequest(
            f"row {number} has {len(cells)} cells for {len(columns)} columns; put cells with commas into quotes",
            f"第 {number} 行有 {len(cells)} 格，但只有 {len(columns)} 列；含逗号的内容请加引号",
            where="row",
        )
        return Row(number, values.get("input", ""), wrong=wrong)
    return _settled(number, values)


def _of_json(text: str, name: str) -> Iterator[Row]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        why = str(error)[:80]
        raise BadFile(f"{name} is not JSON: {why}", f"{name} 不是 JSON：{why}", where=name) from error
    defaults: Mapping[str, Any] = {}
    if isinstance(whole, dict):
        defaults, whole = whole.get("defaults") or {}, whole.get("files")
    if not isinstance(whole, list) or not isinstance(defaults, dict):
        raise BadFile(
            f'{name}: should be a list of files, or {{"defaults": {{…}}, "files": […]}}',
            f'{name}：应为文件列表，或 {{"defaults": {{…}}, "files": […]}}',
            where=name,
        )
    shared = {_column(str(key), name): value for key, value in defaults.items()}
    for number, entry in enumerate(whole, 1):
        if not isinstance(entry, dict):
            entry = {"input": entry}
        values = shared | {_column(str(key), name): value for key, value in entry.items()}
        yield _settled(number, {key: value for key, value in values.items() if value not in ("", None)})


def _settled(number: int, values: Mapping[str, Any]) -> Row:
    """The row with each value as its field takes it."""
    source = values.get("input", "")
    try:
        if not isinstance(source, str) or not source:
            raise _bad("input", source, "the name of a file", "文件名")
        own = {key: TAKES[key](key, value) for key, value in values.items() if key in TAKES}
        subtitles = subtitle_formats(values["subtitles"]) if "subtitles" in values else None
        return Row(number, source, _text("output", values.get("output", "")), own, subtitles)
    except StudioError as error:
        return Row(number, str(source), wrong=error)


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or len(value) > 1000:
        raise _bad(key, value, "a text", "文字")
    return value


def _whole(key: str, value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise _bad(key, value, "a whole number from 0", "不小于 0 的整数")
    return int(text)


def _format(key: str, value: Any) -> str:
    return format_named(_text(key, value).lstrip(".")).id


def _polish(key: str, value: Any) -> str:
    preset(_text(key, value))
    return str(value)


def _controls(key: str, value: Any) -> dict[str, Any]:
    """`speed=1.2;pitch=3`, or an object; the engine's declaration checks names and values."""
    if isinstance(value, dict) and all(isinstance(one, (str, int, float, bool)) for one in value.values()):
        return value
    found: dict[str, Any] = {}
    for pair in filter(str.strip, _text(key, value).split(";")):
        name, equals, said = pair.partition("=")
        if not equals:
            raise _bad(key, pair, "name=value;name=value", "名称=数值;名称=数值")
        found[name.strip()] = literal(said.strip())
    return found


def subtitle_formats(value: Any) -> tuple[str, ...]:
    """`srt vtt`, `srt,vtt` or a list; `none` for no subtitles. `BadRequest` for a format that is not written."""
    if isinstance(value, str):
        value = value.replace(",", " ").replace(";", " ").replace("、", " ").lower().split()
    if not isinstance(value, (list, tuple)):
        raise _bad("subtitles", value, ", ".join(SUBTITLES), "、".join(SUBTITLES))
    if list(value) and all(one in NONE for one in value):
        return ()
    for one in value:
        if one not in SUBTITLES:
            raise _bad("subtitles", one, ", ".join(SUBTITLES), "、".join(SUBTITLES))
    return tuple(dict.fromkeys(value))


def _bad(key: str, value: Any, en: str, zh: str) -> BadRequest:
    shown = str(value)[:40]
    return BadRequest(f"{key} “{shown}”: takes {en}", f"{key}“{shown}”：应为{zh}", where=key)


TAKES: dict[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(("engine", "voice", "style", "into", "converter", "language", "title", "author"), _text),
    **dict.fromkeys(("seed", "split"), _whole),
    "bitrate": lambda key, value: _whole(key, value) * 1000,
    "controls": _controls,
    "polish": _polish,
    "format": _format,
}
