"""What became of the lines of a script: planned, rendered, chosen. A render goes by these rows and goes on from them.

A line's `basis` is the digest of everything that determines its sound but the seed. A take is right for a line when it
was made for the same basis; so a change that is taken back finds its old take again, and nothing is rendered twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from studio.errors import NotFound, StudioError
from studio.library.database import Database, insert_new
from studio.library.listing import holding, parts
from studio.library.script import Line, LineTake
from studio.library.script_edits import plan_anew
from studio.library.script_rows import chapter_ids, line_of, line_row, production_number
from studio.library.tables import ChapterRow, LineRow, LineTakeRow, ProductionRow, TakeRow

KEPT = 8  # takes of a line; the oldest goes first, never the chosen one
SILENT = "silent"  # the basis of a line in which nothing is said: it needs no take
REFUSED = "refused"  # of one that cannot be rendered as it is
NAMED = 100  # words of one statement, in up to five spellings: SQLite takes a thousand conditions
OPEN = ("planned", "stale")  # states that ask to be rendered


@dataclass(frozen=True)
class NewTake:
    """What was rendered for a line."""

    line: int  # number
    take: str  # digest
    basis: str
    seed: int
    seconds: float
    score: float = 0.0
    problems: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True)
class Progress:
    """How far a script is."""

    lines: int
    states: Mapping[str, int]
    seconds: float  # of the chosen takes
    characters: int  # of all lines
    open_characters: int  # of those that ask to be rendered


class Outcomes:
    """The states of lines."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unplanned(self, production: str, limit: int = 500) -> tuple[Line, ...]:
        """Lines of which it is not known what they would be rendered from."""
        with self._database.read() as session:
            owner = production_number(session, production)
            where = LineRow.production == owner, LineRow.basis == "", LineRow.gone.is_(False)
            rows = session.scalars(select(LineRow).where(*where).limit(limit))
            names = chapter_ids(session, owner)
            return tuple(line_of(row, names) for row in rows)

    def plan(self, production: str, bases: Mapping[int, str], refused: Mapping[int, StudioError] | None = None) -> None:
        """Say what lines (by number) would be rendered from, and which cannot be. Their states follow."""
        with self._database.write() as session:
            owner = production_number(session, production)
            rows = {row.number: row for part in _numbers(bases) for row in session.execute(_STATE.where(part))}
            moved = [n for n, row in rows.items() if row.take_basis != bases[n]]
            again = _made_before(session, {n: bases[n] for n in moved})
            values = [_planned(n, bases[n], rows[n].take, rows[n].take_basis, again.get(n)) for n in bases if n in rows]
            _write(session, values)
            for number, error in (refused or {}).items():
                _fail(session, owner, number, error)

    def forget_plans(self, production: str, *, speakers: Sequence[str] | None = None) -> None:
        """What lines are rendered from has to be looked at again: of some speakers, of all."""
        with self._database.write() as session:
            where: list[ColumnElement[bool]] = [LineRow.production == production_number(session, production)]
            if speakers is not None:
                where.append(LineRow.speaker.in_(speakers))
            plan_anew(session, *where)

    def forget_words(self, words: Sequence[str], production: str = "") -> tuple[str, ...]:
        """The same for lines with one of these words, of one production or of all; the ids of those that have some.

        Productions that were deleted are not named: should one come back, it is looked at when it is rendered.
        """
        touched: set[str] = set()
        with self._database.write() as session:
            mine = [LineRow.production == production_number(session, production)] if production else []
            for at in range(0, len(words), NAMED):
                where = [*mine, or_(*(holding(LineRow.text, word) for word in words[at : at + NAMED]))]
                place = ProductionRow.number == LineRow.production
                named = select(ProductionRow.id).join(LineRow, place).where(*where, ProductionRow.deleted.is_(None))
                touched.update(session.scalars(named.distinct()))
                plan_anew(session, *where)
        return tuple(sorted(touched))

    def open(
        self, production: str, *, chapter: str = "", start: str = "", lines: Sequence[str] = (), limit: int = 256
    ) -> tuple[Line, ...]:
        """The next lines that ask to be rendered, in order: of a chapter, from a line on, or among these ids."""
        with self._database.read() as session:
            owner = production_number(session, production)
            where: list[ColumnElement[bool]] = [
                LineRow.production == owner,
                LineRow.gone.is_(False),
                LineRow.state.in_(OPEN),
                LineRow.basis != "",
                or_(LineRow.locked.is_(False), LineRow.take == ""),
            ]
            if lines:
                where.append(or_(*(LineRow.id.in_(part) for part in parts(lines))))
            if chapter:
                where.append(ChapterRow.id == chapter)
            if start:
                row = line_row(session, owner, start)
                here = session.scalar(select(ChapterRow.position).where(ChapterRow.number == row.chapter)) or 0
                where.append(tuple_(ChapterRow.position, LineRow.position) >= (here, row.position))
            place = ChapterRow.number == LineRow.chapter
            query = select(LineRow).join(ChapterRow, place).where(*where)
            rows = session.scalars(query.order_by(ChapterRow.position, LineRow.position).limit(limit))
            names = chapter_ids(session, owner)
            return tuple(line_of(row, names) for row in rows)

    def take(self, production: str, takes: Sequence[NewTake], *, choose: bool = True) -> None:
        """Keep what was rendered; the take of a line becomes the chosen one, unless the line changed meanwhile."""
        if not takes:
            return
        now = datetime.now(UTC)
        with self._database.write() as session:
            production_number(session, production)
            numbers = {one.line for one in takes}
            rows = {row.number: row for part in _numbers(numbers) for row in session.execute(_STATE.where(part))}
            kept = [one for one in takes if one.line in rows]
            new = [
                {
                    "line": one.line, "take": one.take, "basis": one.basis, "seed": one.seed, "score": one.score,
                    "seconds": one.seconds, "created": now, "problems": [dict(p) for p in one.problems],
                }
                for one in kept
            ]  # fmt: skip
            for part in _numbers(numbers, LineTakeRow.line):
                pairs = [(one.line, one.take) for one in kept]
                session.execute(delete(LineTakeRow).where(part, tuple_(LineTakeRow.line, LineTakeRow.take).in_(pairs)))
            if new:
                session.execute(insert_new(session, LineTakeRow), new)
            if choose:
                _write(session, [_chosen(one, rows[one.line].basis) for one in kept])
            _trim(session, numbers)

    def fail(self, production: str, line: int, error: StudioError) -> None:
        """A line could not be rendered."""
        with self._database.write() as session:
            _fail(session, production_number(session, production), line, error)

    def retry(self, production: str) -> int:
        """Lines that failed ask to be rendered again; how many."""
        with self._database.write() as session:
            failed = LineRow.production == production_number(session, production), LineRow.state == "failed"
            again = {"state": "planned", "basis": "", "error": {}}
            return int(session.execute(update(LineRow).where(*failed).values(again)).rowcount)  # type: ignore[attr-defined]

    def takes(self, production: str, line: str) -> tuple[LineTake, ...]:
        """The takes of a line, the newest first."""
        with self._database.read() as session:
            row = line_row(session, production_number(session, production), line)
            mine = select(LineTakeRow).where(LineTakeRow.line == row.number)
            return tuple(
                LineTake(
                    one.take, one.basis, one.seed, one.score, one.seconds, tuple(one.problems), one.created,
                    chosen=one.take == row.take, current=one.basis == row.basis,
                )
                for one in session.scalars(mine.order_by(LineTakeRow.created.desc(), LineTakeRow.seed.desc()))
            )  # fmt: skip

    def chosen(self, production: str) -> tuple[str, ...]:
        """The digests of all takes that were chosen."""
        with self._database.read() as session:
            here = LineRow.production == production_number(session, production), LineRow.gone.is_(False)
            return tuple(session.scalars(select(LineRow.take).where(*here, LineRow.take != "").distinct()))

    def voices(self, production: str) -> tuple[str, ...]:
        """Of the chosen takes, one digest for every voice that they were spoken with."""
        with self._database.read() as session:
            here = LineRow.production == production_number(session, production), LineRow.gone.is_(False)
            spoken = select(func.min(TakeRow.digest)).join(LineRow, LineRow.take == TakeRow.digest).where(*here)
            by_voice = spoken.group_by(TakeRow.engine, TakeRow.voice_id, TakeRow.voice_label)
            return tuple(session.scalars(by_voice))

    def lost(self, production: str, takes: Sequence[str]) -> int:
        """The sound of these takes is gone: their lines ask to be rendered again. How many do."""
        count = 0
        with self._database.write() as session:
            owner = production_number(session, production)
            again = {"take": "", "take_basis": "", "seconds": None, "problem": "", "state": "planned"}
            for part in parts(takes):
                session.execute(delete(LineTakeRow).where(LineTakeRow.take.in_(part)))
                hit = update(LineRow).where(LineRow.production == owner, LineRow.take.in_(part)).values(again)
                count += int(session.execute(hit).rowcount)  # type: ignore[attr-defined]
        return count

    def choose(self, production: str, line: str, take: str) -> None:
        """Make one of its takes the line's. `NotFound`."""
        with self._database.write() as session:
            row = line_row(session, production_number(session, production), line)
            mine = LineTakeRow.line == row.number, LineTakeRow.take == take
            found = session.scalar(select(LineTakeRow).where(*mine))
            if found is None:
                raise NotFound(f"this line has no take {take[:16]}", f"这条台词没有版本 {take[:16]}", where="take")
            one = NewTake(row.number, take, found.basis, found.seed, found.seconds, found.score, found.problems)
            _write(session, [_chosen(one, row.basis)])

    def progress(self, production: str, *, chapter: str = "") -> Progress:
        """How far the script, or a chapter of it, is."""
        with self._database.read() as session:
            owner = production_number(session, production)
            where: list[ColumnElement[bool]] = [LineRow.production == owner, LineRow.gone.is_(False)]
            if chapter:
                place = and_(ChapterRow.production == owner, ChapterRow.id == chapter)
                where.append(LineRow.chapter == select(ChapterRow.number).where(place).scalar_subquery())
            length = func.sum(func.length(LineRow.text))
            locked = and_(LineRow.locked, LineRow.take != "")
            counted = select(LineRow.state, locked, func.count(), func.sum(LineRow.seconds), length).where(*where)
            rows = session.execute(counted.group_by(LineRow.state, locked)).all()
        states: dict[str, int] = {}
        for state, kept, count, _, _ in rows:
            name = "locked" if kept else state
            states[name] = states.get(name, 0) + count
        asking = sum(row[4] or 0 for row in rows if row[0] in OPEN and not row[1])
        return Progress(
            sum(states.values()), states, sum(row[3] or 0.0 for row in rows), sum(row[4] or 0 for row in rows), asking
        )


_STATE = select(LineRow.number, LineRow.basis, LineRow.take, LineRow.take_basis)


def _numbers(numbers: Any, column: Any = LineRow.number) -> list[Any]:
    return [column.in_(part) for part in parts(list(numbers))]


def _made_before(session: Session, bases: Mapping[int, str]) -> dict[int, LineTakeRow]:
    """The best take that each of these lines already has for this basis."""
    found: dict[int, LineTakeRow] = {}
    for part in _numbers(bases, LineTakeRow.line):
        for row in session.scalars(select(LineTakeRow).where(part)):
            if row.basis == bases[row.line] and (row.line not in found or row.score < found[row.line].score):
                found[row.line] = row
    return found


def _planned(number: int, basis: str, take: str, take_basis: str, again: LineTakeRow | None) -> dict[str, Any]:
    if again is not None:
        one = NewTake(number, again.take, basis, again.seed, again.seconds, again.score, again.problems)
        return _chosen(one, basis) | {"to_basis": basis}
    if basis == SILENT:
        return _chosen(NewTake(number, "", SILENT, 0, 0.0), basis) | {"to_basis": basis}
    state = "planned" if not take else "done" if take_basis == basis else "stale"
    return {"n": number, "to_basis": basis, "to_state": state}


def _chosen(one: NewTake, basis: str) -> dict[str, Any]:
    return {
        "n": one.line,
        "to_take": one.take,
        "to_take_basis": one.basis,
        "to_seconds": one.seconds,
        "to_state": "done" if one.basis == basis else "stale",
        "to_problem": one.problems[0]["code"] if one.problems else "",
        "to_error": {},
    }


def _write(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Columns of lines, given as `to_…`, by number `n`."""
    table = LineRow.__table__
    kinds: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        kinds.setdefault(tuple(sorted(row)), []).append(row)
    for names, same in kinds.items():
        put = {name[3:]: bindparam(name, type_=table.c[name[3:]].type) for name in names if name != "n"}
        session.connection().execute(update(table).where(table.c.number == bindparam("n")).values(put), same)  # type: ignore[arg-type]


def _fail(session: Session, owner: int, number: int, error: StudioError) -> None:
    told = {"code": error.code, **error.words._asdict()}
    here = LineRow.production == owner, LineRow.number == number
    session.execute(update(LineRow).where(*here).values(state="failed", basis=REFUSED, error=told))


def _trim(session: Session, numbers: set[int]) -> None:
    """No more than so many takes of a line."""
    for part in _numbers(numbers, LineTakeRow.line):
        counted = select(LineTakeRow.line).where(part).group_by(LineTakeRow.line).having(func.count() > KEPT)
        for number in session.scalars(counted).all():
            chosen = select(LineRow.take).where(LineRow.number == number).scalar_subquery()
            mine = LineTakeRow.line == number
            old = session.scalars(
                select(LineTakeRow.take)
                .where(mine, LineTakeRow.take != chosen)
                .order_by(LineTakeRow.created.desc())
                .offset(KEPT - 1)
            ).all()
            session.execute(delete(LineTakeRow).where(mine, LineTakeRow.take.in_(old)))
