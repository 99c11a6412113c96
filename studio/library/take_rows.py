"""The rows of takes as the cache writes them: many at once, by whichever process comes first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.orm import Session

from studio.library import search
from studio.library.database import insert_new
from studio.library.listing import parts
from studio.library.tables import ProductionRow, ProductionTakeRow, TakeRow
from studio.library.takes import entries, searchable, take_labels

_TABLE = cast(Table, TakeRow.__table__)


def store(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows (see `take_facts.columns`). One that is there keeps its star and note, and is shown again."""
    for at in range(0, len(rows), 200):
        part = rows[at : at + 200]
        insert = insert_new(session, _TABLE).returning(_TABLE.c.number, _TABLE.c.digest)
        made = {digest: number for number, digest in session.execute(insert, list(part))}
        new = [row for row in part if row["digest"] in made]
        search.add(session, "takes", [search.Entry(made[r["digest"]], r["search"], r["labels"]) for r in new])
        _refresh(session, {row["digest"]: row for row in part if row["digest"] not in made})


def _refresh(session: Session, rows: Mapping[str, Mapping[str, Any]]) -> None:
    if not rows:
        return
    columns = TakeRow.number, TakeRow.digest, TakeRow.note, TakeRow.starred, TakeRow.emotion
    found = session.execute(select(*columns).where(TakeRow.digest.in_(rows))).all()
    if not found:
        return  # removed in the same moment by another process; the file can be taken in later
    same = TakeRow.number.in_([row.number for row in found])
    search.remove(session, "takes", entries(session, same, TakeRow.deleted.is_(None)))
    new = [_kept(rows[r.digest], r.note, r.starred, r.emotion) | {"n": r.number} for r in found]
    fields: dict[str, Any] = {name: bindparam(name) for name in new[0] if name != "n"}
    session.connection().execute(update(_TABLE).where(_TABLE.c.number == bindparam("n")).values(fields), new)
    search.add(session, "takes", entries(session, same))


def _kept(row: Mapping[str, Any], note: str, starred: bool, emotion: str) -> dict[str, Any]:
    """The new values of a row that is there already: all but its star, its note, what was heard, when it was made."""
    values = {name: value for name, value in row.items() if name not in ("digest", "created")}
    values |= {"note": note, "starred": starred, "deleted": None}
    values |= {
        "search": searchable(row["text"], row["voice_label"], note),
        "labels": take_labels(values | {"emotion": emotion}),
    }
    return values


def touch(session: Session, used: Mapping[str, datetime]) -> None:
    """These takes (digests) were used then."""
    set_moment = update(_TABLE).where(_TABLE.c.digest == bindparam("d")).values(last_used=bindparam("moment"))
    moments = [
        {"d": digest, "moment": used[digest]} for digest in sorted(used)
    ]  # all processes in one order: no deadlock
    if moments:
        session.connection().execute(set_moment, moments)


def link(session: Session, production: str, digests: Sequence[str]) -> int:
    """The production uses these takes; how many of them there are. An unknown production uses none."""
    number = session.scalar(select(ProductionRow.number).where(ProductionRow.id == production))
    found = 0
    for part in parts(digests) if number is not None else ():
        takes = list(session.scalars(select(TakeRow.number).where(TakeRow.digest.in_(part)).order_by(TakeRow.number)))
        links = [{"production": number, "take": take} for take in takes]
        if links:
            session.execute(insert_new(session, ProductionTakeRow), links)
        found += len(takes)
    return found
