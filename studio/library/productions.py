"""Productions: the long things being made, how far they are, and which takes they use."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from studio.errors import NotFound
from studio.library import take_rows
from studio.library.database import Database
from studio.library.listing import parts
from studio.library.paging import Page, check_page
from studio.library.plain import check_text
from studio.library.production import Kind, NewProduction, Production, ProductionChange, State
from studio.library.tables import ProductionRow, ProductionTakeRow, TakeRow
from studio.library.voice import check_choice, check_name, new_id
from studio.words import Words

KIND = Words("production", "作品")


class Productions:
    """The productions of a library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, production: NewProduction) -> Production:
        """Begin one. `BadRequest`."""
        now = datetime.now(UTC)
        row = ProductionRow(
            id=production.id or new_id(),
            title=check_name(production.title, "title"),
            author=check_text(production.author, "author", 500),
            language=production.language,
            manuscript=production.manuscript,
            settings=dict(production.settings),
            state="new",
            progress={},
            error={},
            output="",
            kind=check_choice(production.kind, Kind, "kind"),
            priority=0,
            created=now,
            updated=now,
        )
        with self._database.write() as session:
            session.add(row)
            session.flush()
            return _productions(session, [row])[0]

    def get(self, id: str) -> Production:
        """`NotFound` if there is none of that id."""
        with self._database.read() as session:
            return _productions(session, [_row(session, id)])[0]

    def find(
        self,
        *,
        state: State | Literal[""] = "",
        kind: Kind | Literal[""] = "",
        but: Kind | Literal[""] = "",
        page: int = 1,
        size: int = 24,
    ) -> Page[Production]:
        """One page of this kind, or of any `but` one; the one worked on last first."""
        check_page(page, size)
        where: list[ColumnElement[bool]] = [ProductionRow.deleted.is_(None)]
        if state:
            where.append(ProductionRow.state == check_choice(state, State, "state"))
        if kind:
            where.append(ProductionRow.kind == check_choice(kind, Kind, "kind"))
        if but:
            where.append(ProductionRow.kind != check_choice(but, Kind, "but"))
        order = ProductionRow.updated.desc(), ProductionRow.number.desc()
        with self._database.read() as session:
            total = session.scalar(select(func.count()).select_from(ProductionRow).where(*where)) or 0
            query = select(ProductionRow).where(*where).order_by(*order).limit(size).offset((page - 1) * size)
            found = _productions(session, list(session.scalars(query)))
        return Page(tuple(found), total, page, size)

    def update(self, id: str, change: ProductionChange) -> Production:
        """Change a production; cheap enough for every line. `NotFound`, `BadRequest`."""
        with self._database.write() as session:
            row = _row(session, id)
            _change(row, change)
            session.flush()
            return _productions(session, [row])[0]

    def use(self, id: str, digests: Sequence[str]) -> int:
        """Say that the production uses these takes, beside those it uses already; how many of them there are."""
        with self._database.write() as session:
            _row(session, id)
            return take_rows.link(session, id, digests)

    def release(self, id: str) -> int:
        """The production uses no takes any more; how many it used. `NotFound`."""
        with self._database.write() as session:
            number = _row(session, id).number
            gone = session.execute(delete(ProductionTakeRow).where(ProductionTakeRow.production == number))
            return int(gone.rowcount)  # type: ignore[attr-defined]

    def used_takes(self, id: str) -> tuple[str, ...]:
        """The digests of the takes it uses. `NotFound`."""
        query = select(TakeRow.digest).join(ProductionTakeRow, ProductionTakeRow.take == TakeRow.number)
        with self._database.read() as session:
            number = _row(session, id).number
            return tuple(session.scalars(query.where(ProductionTakeRow.production == number)))

    def delete(self, ids: Sequence[str]) -> int:
        """Take productions out of the list; `restore` brings them back, until the `Bin` is emptied. How many."""
        return self._hide(ids, datetime.now(UTC))

    def restore(self, ids: Sequence[str]) -> int:
        """Undo `delete`; how many came back."""
        return self._hide(ids, None)

    def remove(self, id: str) -> None:
        """Take one out for good, at once and alone, as if it had never been added."""
        with self._database.write() as session:
            session.execute(delete(ProductionRow).where(ProductionRow.id == id))

    def _hide(self, ids: Sequence[str], moment: datetime | None) -> int:
        shown = ProductionRow.deleted.is_not(None) if moment is None else ProductionRow.deleted.is_(None)
        changed = 0
        with self._database.write() as session:
            for part in parts(ids):
                hidden = update(ProductionRow).where(ProductionRow.id.in_(part), shown).values(deleted=moment)
                changed += session.execute(hidden).rowcount  # type: ignore[attr-defined]
        return changed


def _row(session: Session, id: str) -> ProductionRow:
    row = session.scalar(select(ProductionRow).where(ProductionRow.id == id))
    if row is None:
        recent = select(ProductionRow.id).where(ProductionRow.deleted.is_(None)).order_by(ProductionRow.updated.desc())
        raise NotFound.among(KIND, id, session.scalars(recent.limit(100)), where="production")
    return row


def _change(row: ProductionRow, change: ProductionChange) -> None:
    if change.title is not None:
        row.title = check_name(change.title, "title")
    if change.author is not None:
        row.author = check_text(change.author, "author", 500)
    if change.state is not None:
        row.state = check_choice(change.state, State, "state")
        row.error = {} if change.state != "failed" else row.error
    for name in ("language", "manuscript", "output", "priority"):
        if (value := getattr(change, name)) is not None:
            setattr(row, name, value)
    if change.settings is not None:
        row.settings = dict(change.settings)
    if change.progress is not None:
        row.progress = dict(change.progress)
    if change.error is not None:
        row.error = {"code": change.error.code, **change.error.words._asdict()}
    row.updated = datetime.now(UTC)


def _productions(session: Session, rows: Sequence[ProductionRow]) -> list[Production]:
    use = ProductionTakeRow.production
    counted = select(use, func.count()).where(use.in_([row.number for row in rows])).group_by(use)
    takes = dict(session.execute(counted).all())
    return [_production(row, takes.get(row.number, 0)) for row in rows]


def _production(row: ProductionRow, takes: int) -> Production:
    return Production(
        id=row.id,
        title=row.title,
        author=row.author,
        language=row.language,
        manuscript=row.manuscript,
        settings=row.settings,
        state=row.state,  # type: ignore[arg-type]
        progress=row.progress,
        error=Words(row.error["en"], row.error["zh"]) if row.error else None,
        output=row.output,
        takes=takes,
        created=row.created,
        updated=row.updated,
        deleted=row.deleted,
        kind=row.kind,  # type: ignore[arg-type]
        priority=row.priority,
    )
