"""CSV and TSV scripts: a line a row, with who speaks, what, how, and the pause after it."""

import csv
import re
from collections.abc import Sequence

from studio.errors import BadFile
from studio.manuscripts.document import Document, Passage, Section
from studio.text.declarations import emotion_of
from studio.text.language import detect
from studio.words import Words, counted

MOST_ROWS = 200_000
COLUMNS: dict[str, tuple[str, ...]] = {
    "speaker": ("speaker", "role", "character", "voice", "name", "角色", "说话人", "人物", "音色"),
    "text": ("text", "line", "content", "sentence", "台词", "文本", "内容", "正文", "文字"),
    "emotion": ("emotion", "mood", "feeling", "情感", "情绪"),
    "style": ("style", "preset", "风格"),
    "pause": ("pause", "pause_ms", "gap", "停顿", "间隔"),
    "chapter": ("chapter", "scene", "section", "章节", "章", "场景"),
}
IN_ORDER = ("speaker", "text", "emotion", "style", "pause")  # where no first row names them
_PAUSE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)\s*(ms|毫秒|s|秒)?", re.IGNORECASE)


def read_table(text: str, name: str, delimiter: str = "") -> Document:
    """The script in a table. `BadFile` names the row that cannot be read."""
    rows = _rows(text, delimiter or _delimiter(text), name)
    if len(rows) > MOST_ROWS:
        raise BadFile(
            f"{name} has {len(rows):,} rows, at most {MOST_ROWS:,} are read; split it",
            f"{name} 有 {len(rows):,} 行，最多 {MOST_ROWS:,} 行，请拆分",
            where=name,
        )
    columns, headed = _columns(rows)
    chapters: list[tuple[str, list[Passage]]] = []
    notes: list[Words] = []
    empty = 0
    for number, row in enumerate(rows[headed:], 1 + headed):
        cell = {column: row[at].strip() for column, at in columns.items() if at < len(row)}
        if not cell.get("text"):
            empty += 1
            continue
        title = cell.get("chapter", "")
        if not chapters or (title and title != chapters[-1][0]):
            chapters.append((title, []))
        chapters[-1][1].append(_passage(cell, number, notes))
    if empty:
        notes.append(Words(f"left out: {counted(empty, 'row')} without a text", f"{empty} 行没有文字，已略去"))
    if not chapters:
        raise BadFile(
            f"{name}: no row has a text; name the columns speaker, text, emotion, style, pause",
            f"{name}：没有一行含有文字；请用 speaker、text、emotion、style、pause 命名各列",
            where=name,
        )
    title = name.rpartition(".")[0]
    sections = tuple(Section(label or title, tuple(passages)) for label, passages in chapters)
    words = " ".join(p.text for _, passages in chapters for p in passages[:200])
    return Document(name, "csv", title, "", detect(words), sections, tuple(notes), scripted=True)


def _rows(text: str, delimiter: str, name: str) -> list[list[str]]:
    try:
        return list(csv.reader(text.splitlines(), delimiter=delimiter))
    except csv.Error as error:
        raise BadFile(
            f"{name} is no table that can be read ({error}); save it as CSV in UTF-8",
            f"{name} 不是可读的表格（{error}）；请另存为 UTF-8 的 CSV",
            where=name,
        ) from error


def _delimiter(text: str) -> str:
    head = text[:4000]
    return max("\t,;|", key=head.count)


def _columns(rows: Sequence[Sequence[str]]) -> tuple[dict[str, int], int]:
    """Column -> its place, and whether the first row (1) says so."""
    first = [cell.strip().lower() for cell in rows[0]] if rows else []
    named = {column: first.index(word) for column, words in COLUMNS.items() for word in words if word in first}
    if "text" in named:
        return named, 1
    width = max(map(len, rows[:50]), default=0)
    return ({"text": 0} if width < 2 else {column: at for at, column in enumerate(IN_ORDER)}), 0


def _passage(cell: dict[str, str], number: int, notes: list[Words]) -> Passage:
    emotion = emotion_of(cell.get("emotion", ""))
    if cell.get("emotion") and not emotion:
        told = cell["emotion"][:40]
        notes.append(Words(f"row {number}: no emotion is called “{told}”", f"第 {number} 行：没有名为“{told}”的情绪"))
    pause = None
    if told := cell.get("pause", ""):
        if match := _PAUSE.fullmatch(told):
            seconds = (match[2] or "ms").lower() in ("s", "秒")
            pause = min(60_000, round(float(match[1]) * (1000 if seconds else 1)))
        else:
            notes.append(
                Words(
                    f"row {number}: pause “{told[:20]}” is no time; write 300 or 1.5s",
                    f"第 {number} 行：停顿“{told[:20]}”不是时间；请写 300 或 1.5s",
                )
            )
    return Passage(
        cell["text"], speaker=cell.get("speaker", ""), emotion=emotion, style=cell.get("style", ""), pause_ms=pause
    )
