"""The rows of takes as the cache writes them: many at once, by whichever process comes first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from studio.library import search
from studio.library.listing import parts
from studio.library.tables import ProductionRow, ProductionTakeRow, TakeRow
from studio.library.takes import searchable

_TABLE = cast(Table, TakeRow.__table__)
_KEPT = ("digest", "starred", "created", "note", "search", "deleted")  # of a row that was there already


def store(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows (see `take_facts.columns`). One that is there keeps its star and note, and is shown again."""
    for at in range(0, len(rows), 200):
        part = rows[at : at + 200]
        insert = _upsert(session)(_TABLE).on_conflict_do_nothing().returning(_TABLE.c.number, _TABLE.c.digest)
        made = {digest: number for number, digest in session.execute(insert, list(part))}
        search.add(session, "takes", [(made[r["digest"]], r["search"]) for r in part if r["digest"] in made])
        _refresh(session, {row["digest"]: row for row in part if row["digest"] not in made})


def _refresh(session: Session, rows: Mapping[str, Mapping[str, Any]]) -> None:
    if not rows:
        return
    columns = TakeRow.number, TakeRow.digest, TakeRow.search, TakeRow.note, TakeRow.deleted
    found = session.execute(select(*columns).where(TakeRow.digest.in_(rows))).all()
    if not found:
        return  # removed in the same moment by another process; the file can be taken in later
    search.remove(session, "takes", [(row.number, row.search) for row in found if row.deleted is None])
    new = [
        {name: value for name, value in rows[row.digest].items() if name not in _KEPT}
        | {"n": row.number, "search": _search(rows[row.digest], row.note), "deleted": None}
        for row in found
    ]
    fields: dict[str, Any] = {name: bindparam(name) for name in new[0] if name != "n"}
    session.connection().execute(update(_TABLE).where(_TABLE.c.number == bindparam("n")).values(fields), new)
    search.add(session, "takes", [(row["n"], row["search"]) for row in new])


def _search(row: Mapping[str, Any], note: str) -> str:
    return searchable(row["text"], row["voice_label"], note) if note else row["search"]


def touch(session: Session, digests: Sequence[str], now: datetime) -> None:
    """These takes were used now."""
    for part in parts(sorted(digests)):  # sorted: two processes on PostgreSQL lock the rows in the same order
        session.execute(update(TakeRow).where(TakeRow.digest.in_(part)).values(last_used=now))


def link(session: Session, production: str, digests: Sequence[str]) -> int:
    """The production uses these takes; how many of them there are. An unknown production uses none."""
    number = session.scalar(select(ProductionRow.number).where(ProductionRow.id == production))
    found = 0
    for part in parts(digests) if number is not None else ():
        takes = list(session.scalars(select(TakeRow.number).where(TakeRow.digest.in_(part)).order_by(TakeRow.number)))
        links = [{"production": number, "take": take} for take in takes]
        if links:
            session.execute(_upsert(session)(ProductionTakeRow).on_conflict_do_nothing(), links)
        found += len(takes)
    return found


def _upsert(session: Session) -> Any:
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
