"""The rows of scripts found and read: what `scripts`, `outcomes` and `casts` look up."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from studio.errors import BadRequest, NotFound
from studio.library.listing import holding, parts
from studio.library.script import Chapter, Line, LineQuery
from studio.library.tables import ChapterRow, LineRow, ProductionRow
from studio.words import Words

CHAPTER = Words("chapter", "章节")


def production_number(session: Session, id: str) -> int:
    number = session.scalar(select(ProductionRow.number).where(ProductionRow.id == id))
    if number is None:
        raise NotFound.among(Words("production", "作品"), id, (), where="production")
    return number


def chapters_of(owner: int) -> Any:
    here = ChapterRow.production == owner, ChapterRow.gone.is_(False)
    return select(ChapterRow).where(*here).order_by(ChapterRow.position)


def chapter_ids(session: Session, owner: int) -> dict[int, str]:
    rows = session.execute(select(ChapterRow.number, ChapterRow.id).where(ChapterRow.production == owner))
    return dict(rows.all())


def chapter_row(session: Session, owner: int, id: str) -> ChapterRow:
    here = ChapterRow.production == owner, ChapterRow.id == id, ChapterRow.gone.is_(False)
    row = session.scalar(select(ChapterRow).where(*here))
    if row is None:
        raise NotFound.among(CHAPTER, id, [one.id for one in session.scalars(chapters_of(owner))], where="chapter")
    return row


def line_row(session: Session, owner: int, id: str) -> LineRow:
    return line_rows(session, owner, [id])[0]


def line_rows(session: Session, owner: int, ids: Sequence[str]) -> list[LineRow]:
    """The rows of these ids; `NotFound` for the first that is not there."""
    found: dict[str, LineRow] = {}
    for part in parts(ids):
        here = LineRow.production == owner, LineRow.gone.is_(False), LineRow.id.in_(part)
        found |= {row.id: row for row in session.scalars(select(LineRow).where(*here))}
    for id in ids:
        if id not in found:
            raise NotFound(f"no line {id[:40]} in this script any more", f"剧本里已没有台词 {id[:40]}", where="line")
    if not found:
        raise BadRequest("choose at least one line", "请至少选择一条台词", where="lines")
    return [found[id] for id in dict.fromkeys(ids)]


def in_order(session: Session, rows: Sequence[LineRow]) -> list[LineRow]:
    wanted = ChapterRow.number.in_({row.chapter for row in rows})
    places = dict(session.execute(select(ChapterRow.number, ChapterRow.position).where(wanted)).all())
    return sorted(rows, key=lambda row: (places[row.chapter], row.position))


def between(session: Session, rows: Sequence[LineRow]) -> bool:
    """Whether other lines stand between these."""
    span = LineRow.position.between(rows[0].position, rows[-1].position)
    here = LineRow.chapter == rows[0].chapter, LineRow.gone.is_(False), span
    return (session.scalar(select(func.count()).select_from(LineRow).where(*here)) or 0) != len(rows)


def wanted_lines(session: Session, owner: int, query: LineQuery) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [LineRow.production == owner, LineRow.gone.is_(False)]
    if query.chapter:
        where.append(LineRow.chapter == chapter_row(session, owner, query.chapter).number)
    if query.speaker is not None:
        where.append(LineRow.speaker == query.speaker)
    if query.state == "locked":
        where += [LineRow.locked.is_(True), LineRow.take != ""]
    elif query.state:
        where += [LineRow.state == query.state, or_(LineRow.locked.is_(False), LineRow.take == "")]
    if query.problem == "any":
        where.append(or_(LineRow.problem != "", LineRow.state == "failed"))
    elif query.problem == "unsure":
        where.append(LineRow.sure < 0.5)
    elif query.problem:
        where.append(LineRow.problem == query.problem)
    if query.text:
        where.append(holding(LineRow.text, query.text))
    return where


def chapter_of(row: ChapterRow, counted: Sequence[Any]) -> Chapter:
    return Chapter(
        id=row.id,
        title=row.title,
        lines=sum(one[2] for one in counted),
        states={one[1]: one[2] for one in counted},
        seconds=sum(one[3] or 0.0 for one in counted),
        problems=sum(one[4] or 0 for one in counted),
    )


def line_of(row: LineRow, chapters: Mapping[int, str]) -> Line:
    """The record of a row."""
    return Line(
        id=row.id,
        number=row.number,
        chapter=chapters[row.chapter],
        position=row.position,
        text=row.text,
        speaker=row.speaker,
        sure=row.sure,
        emotion=row.emotion,
        style=row.style,
        ends=row.ends,  # type: ignore[arg-type]
        pause_ms=row.pause_ms,
        kind=row.kind,
        language=row.language,
        source=row.source,
        seed=row.seed,
        state="locked" if row.locked and row.take else row.state,  # type: ignore[arg-type]
        locked=row.locked,
        basis=row.basis,
        take=row.take,
        take_basis=row.take_basis,
        seconds=row.seconds,
        problem=row.problem,
        error=Words(row.error["en"], row.error["zh"]) if row.error else None,
        start=row.start,
        finish=row.finish,
        speed=row.speed,
    )
