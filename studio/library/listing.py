"""Sorted, filtered, searched pages out of a table, and how many rows there are, in time for 100,000 of them.

Only the numbers of a page's rows are looked for here. On SQLite the query is told which index to walk: without
statistics its planner would rather sort 99,000 rows of the common engine than walk the list that is sorted already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from studio.library import search
from studio.library.tables import TakeRow, VoiceRow

_FEW = 2000  # rows that are faster looked up and sorted than found along the sorted index
_CHUNK = 500  # values of one IN (…)


@dataclass(frozen=True)
class Order:
    """How a list is sorted, and the index that is sorted so."""

    index: str
    column: InstrumentedAttribute[Any]
    descending: bool

    def reversed(self) -> "Order":
        return Order(self.index, self.column, not self.descending)


@dataclass(frozen=True)
class Wanted:
    """Which rows of the ones that are not deleted."""

    row: type[VoiceRow] | type[TakeRow]
    conditions: Sequence[ColumnElement[bool]]
    words: Sequence[str] = ()  # folded terms, all to be found in the row

    def where(self, session: Session) -> list[ColumnElement[bool]]:
        found = search.holding(session, self.row, self.words) if self.words else []
        return [self.row.deleted.is_(None), *self.conditions, *found]


def numbers(session: Session, wanted: Wanted, order: Order, page: int, size: int) -> tuple[list[int], int]:
    """The numbers of the rows on one page, in order, and the total of all pages."""
    row = wanted.row
    conditions = wanted.where(session)
    hint = f"INDEXED BY {order.index}"
    matched = _matched(session, wanted)
    if matched is not None and matched <= _FEW:
        hint = "NOT INDEXED"  # leads through the search index to the rows
    total = matched
    if total is None or wanted.conditions:
        total = session.scalar(_hinted(select(func.count()).select_from(row).where(*conditions), row, hint)) or 0
    if (page - 1) * size >= total:
        return [], total
    by = (order.column.desc(), row.number.desc()) if order.descending else (order.column, row.number)
    query = select(row.number).where(*conditions).order_by(*by).limit(size).offset((page - 1) * size)
    return list(session.scalars(_hinted(query, row, hint))), total


def _matched(session: Session, wanted: Wanted) -> int | None:
    """How many rows hold the words, where the index can tell by itself."""
    if wanted.words and session.get_bind().dialect.name == "sqlite":
        return search.count(session, wanted.row.__tablename__, wanted.words)
    return None


def _hinted(query: Select[int], row: type[VoiceRow] | type[TakeRow], hint: str) -> Select[int]:
    return query.with_hint(row, hint, "sqlite")


def parts(values: Sequence[str]) -> list[Sequence[str]]:
    """The values, each once, in portions that one statement can name."""
    unique = list(dict.fromkeys(values))
    return [unique[at : at + _CHUNK] for at in range(0, len(unique), _CHUNK)]
