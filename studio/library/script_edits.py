"""Edits of scripts: columns of rows written together with what they held before, so that any of them can be taken back.

Lines and chapters are sorted by `position`, numbers with room between them; where the room is used up, a chapter is
numbered anew.
"""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from studio.library.plain import check_text
from studio.library.script import LONGEST_NAME, LONGEST_TEXT, Member, NewLine
from studio.library.tables import CastRow, ChapterRow, EditRow, LineRow, ProductionRow
from studio.library.voice import new_id
from studio.words import Words

STEP = 1 << 20  # between two positions
CAST = "cast"  # in an edit: a part of the cast, its row named by the speaker
EDITS = 200  # that can be taken back
TABLES: dict[str, type[LineRow] | type[ChapterRow]] = {"line": LineRow, "chapter": ChapterRow}
ASKS_ANEW = {"text", "speaker", "emotion", "style", "language", "seed", "speed"}  # columns that a recipe is made of
CASTING = [column.name for column in fields(Member) if column.name != "speaker"]
UNSAID = {"pan"}  # columns of the cast that no recipe is made of
Part = Mapping[str, Any] | None  # columns of a part that is cast -> value; None where it is not cast
Changes = dict[int, dict[str, Any]]  # row number -> column -> new value


def room(
    session: Session,
    chapter: int,
    low: int,
    count: int,
    moving: set[int] = frozenset(),  # type: ignore[assignment]
) -> tuple[Changes, list[int]]:
    """Positions for `count` lines behind `low`, and what has to be numbered anew for them."""
    here = LineRow.chapter == chapter, LineRow.gone.is_(False)
    high = session.scalar(
        select(func.min(LineRow.position)).where(*here, LineRow.position > low, LineRow.number.not_in(moving))
    )
    high = low + STEP * (count + 1) if high is None else high
    if high - low > count:
        return {}, [low + (high - low) * (n + 1) // (count + 1) for n in range(count)]
    ordered = session.execute(select(LineRow.number, LineRow.position).where(*here).order_by(LineRow.position))
    rows = [(number, position) for number, position in ordered if number not in moving]
    before = sum(position <= low for _, position in rows)
    changes: Changes = {
        number: {"position": (n + 1 + (count if n >= before else 0)) * STEP} for n, (number, _) in enumerate(rows)
    }
    return changes, [(before + 1 + n) * STEP for n in range(count)]


def row_of(owner: int, chapter: int, position: int, line: NewLine) -> dict[str, Any]:
    return {
        **asdict(line),
        "text": checked_text(line.text),
        "speaker": checked_name(line.speaker),
        "id": new_id(),
        "production": owner,
        "chapter": chapter,
        "position": position,
        "gone": False,
        "state": "planned",
        "locked": False,
        "seed": 0,
        "basis": "",
        "take": "",
        "take_basis": "",
        "problem": "",
        "error": {},
    }


def added(session: Session, owner: int, chapter: int, position: int, line: NewLine) -> LineRow:
    """A new row, not shown yet: the edit shows it."""
    row = LineRow(**{**row_of(owner, chapter, position, line), "gone": True})
    session.add(row)
    session.flush()
    return row


def edit(
    session: Session,
    owner: int,
    what: Words,
    lines: Changes,
    chapters: Changes | None = None,
    cast: Mapping[str, Part] = MappingProxyType({}),
) -> None:
    """Write changes, and what was there before, so that they can be taken back."""
    written = []
    for table, changes in (("line", lines), ("chapter", chapters or {})):
        model = TABLES[table]
        columns = sorted({column for change in changes.values() for column in change})
        before: dict[int, dict[str, Any]] = {}
        numbers = list(changes)
        for at in range(0, len(numbers), 500):
            wanted = select(model.number, *(getattr(model, column) for column in columns))
            for row in session.execute(wanted.where(model.number.in_(numbers[at : at + 500]))):
                before[row.number] = {column: getattr(row, column) for column in columns}
        put(session, model, changes)
        written += [[table, n, {c: before[n][c] for c in change}, change] for n, change in changes.items()]
    written += (parts := _cast_changes(session, owner, cast))
    put_cast(session, owner, {speaker: after for _, speaker, _, after in parts})
    if written:
        remember(session, owner, what, written)


def remember(session: Session, owner: int, what: Words, written: list[list[Any]]) -> None:
    """Keep changes that were written: [table, row, columns before, columns now] each. What was undone goes."""
    session.execute(delete(EditRow).where(EditRow.production == owner, EditRow.undone.is_(True)))
    session.add(EditRow(production=owner, undone=False, what=what._asdict(), changes=written))
    _forget(session, owner)
    touch(session, owner)


def put(session: Session, model: type[LineRow] | type[ChapterRow], changes: Changes) -> None:
    """Write columns; a line whose recipe may have changed is to be planned again."""
    kinds: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for number, change in changes.items():
        values = dict(change)
        if model is LineRow and ASKS_ANEW & values.keys():
            values |= {"basis": "", "error": {}}
        kinds.setdefault(tuple(sorted(values)), []).append({**{f"to_{c}": v for c, v in values.items()}, "n": number})
    table = model.__table__
    for columns, rows in kinds.items():
        put = {column: bindparam(f"to_{column}", type_=table.c[column].type) for column in columns}
        session.connection().execute(update(table).where(table.c.number == bindparam("n")).values(put), rows)  # type: ignore[arg-type]
    session.expire_all()


def put_cast(session: Session, owner: int, changes: Mapping[str, Part]) -> None:
    """Write columns of the cast; lines whose recipe may have changed by it are to be planned again."""
    for speaker, values in changes.items():
        mine = CastRow.production == owner, CastRow.speaker == speaker
        if values is None:
            session.execute(delete(CastRow).where(*mine))
        elif session.scalar(select(func.count()).select_from(CastRow).where(*mine)):
            session.execute(update(CastRow).where(*mine).values(dict(values)))
        else:
            session.add(CastRow(production=owner, **{**asdict(Member(speaker)), **values}))
            session.flush()
    session.expire_all()
    if moved := [speaker for speaker, values in changes.items() if values is None or values.keys() - UNSAID]:
        plan_anew(session, LineRow.production == owner, *([] if "" in moved else [LineRow.speaker.in_(moved)]))


def _cast_changes(session: Session, owner: int, cast: Mapping[str, Part]) -> list[list[Any]]:
    """What of these parts is not so already: [CAST, speaker, columns before, columns now] each."""
    wanted = select(CastRow).where(CastRow.production == owner, CastRow.speaker.in_(list(cast)))
    rows = {row.speaker: {column: getattr(row, column) for column in CASTING} for row in session.scalars(wanted)}
    written: list[list[Any]] = []
    for speaker, values in cast.items():
        known = rows.get(speaker)
        before = known or {column: getattr(Member(speaker), column) for column in CASTING}
        if values is None:
            written += [[CAST, speaker, known, None]] if known else []
        elif after := {column: value for column, value in values.items() if value != before[column]}:
            written.append([CAST, speaker, known and {column: before[column] for column in after}, after])
    return written


def plan_anew(session: Session, *where: ColumnElement[bool]) -> None:
    """What these lines are rendered from has to be looked at again; those that failed may be tried."""
    again = {"basis": "", "error": {}, "state": "planned"}
    session.execute(update(LineRow).where(*where, LineRow.state == "failed").values(again))
    session.execute(update(LineRow).where(*where).values(basis=""))


def _forget(session: Session, owner: int) -> None:
    """Old edits go, and with them for good what was taken out before."""
    mine = EditRow.production == owner
    oldest = session.scalar(select(EditRow.number).where(mine).order_by(EditRow.number.desc()).offset(EDITS).limit(1))
    if oldest is not None:
        session.execute(delete(EditRow).where(mine, EditRow.number <= oldest))


def touch(session: Session, owner: int) -> None:
    session.execute(update(ProductionRow).where(ProductionRow.number == owner).values(updated=datetime.now(UTC)))


def checked_text(text: str) -> str:
    return check_text(text.strip(), "text", LONGEST_TEXT)


def checked_name(name: str) -> str:
    return check_text(" ".join(name.split()), "name", LONGEST_NAME)
