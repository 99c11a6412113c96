"""Sorted, filtered, searched pages out of a table, and how many rows there are, in time for 100,000 of them.

Only the numbers of a page's rows are looked for here. On SQLite the total comes from the search index alone, and the
query for the page is told which index to walk: without statistics its planner would rather sort 99,000 rows of the
common engine than walk the list that is sorted already.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from studio.library import search
from studio.library.ranges import Ranges
from studio.library.tables import TakeRow, VoiceRow

Value = TypeVar("Value")
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

    def by(self) -> tuple[Any, ...]:
        """What ORDER BY says; the number makes the order of equals certain."""
        columns = self.column, self.column.class_.number
        return tuple(column.desc() for column in columns) if self.descending else columns


@dataclass(frozen=True)
class Wanted:
    """Which rows of the ones that are not deleted, said twice: for PostgreSQL and for SQLite's index."""

    row: type[VoiceRow] | type[TakeRow]
    words: Sequence[str] = ()  # folded terms, all to be found in the row
    columns: Sequence[ColumnElement[bool]] = ()  # conditions on columns that every sorted index has
    links: Sequence[ColumnElement[bool]] = ()  # other conditions
    labels: Sequence[str] = ()  # the labels of a row for which `columns` and `links` hold
    ranges: Ranges | None = None  # what no label can say, for both

    @property
    def everything(self) -> bool:
        return not (self.words or self.labels or self.ranges)

    def where(self, session: Session, few: bool = False) -> list[ColumnElement[bool]]:
        """The conditions of the rows; with `few` in the form that is quick where there are few."""
        live: list[ColumnElement[bool]] = [self.row.deleted.is_(None)]
        if self.ranges:
            alone = few and not (self.words or self.labels)  # else the index says which few to look up
            live.append((self.ranges.among if alone else self.ranges.holds)(self.row.number))
        if not (self.words or self.labels):
            return live
        if search.on_sqlite(session):
            return [*live, search.holding(self.row, self.words, self.labels)]
        found = search.holding_words(self.row, self.words) if self.words else []
        return [*live, *self.columns, *self.links, *found]


def numbers(session: Session, wanted: Wanted, order: Order, page: int, size: int) -> tuple[list[int], int]:
    """The numbers of the rows on one page, in order, and the total of all pages."""
    total = count(session, wanted)
    begin, length = (page - 1) * size, min(size, total - (page - 1) * size)
    if length <= 0:
        return [], total
    backwards = begin > total // 2  # the last page is the first from the other end
    if backwards:
        order, begin = order.reversed(), total - begin - length
    query = _page(session, wanted, order, total).order_by(*order.by()).limit(length).offset(begin)
    found = list(session.scalars(query))
    return found[::-1] if backwards else found, total


def count(session: Session, wanted: Wanted) -> int:
    """How many rows there are."""
    name = wanted.row.__tablename__
    labelled = bool(wanted.words or wanted.labels)
    if wanted.ranges and not labelled:
        return wanted.ranges.count(session)
    if search.on_sqlite(session) and labelled:
        return search.count(session, name, wanted.words, wanted.labels, wanted.ranges)
    query = select(func.count()).select_from(wanted.row).where(*wanted.where(session))
    return session.scalar(_hinted(query, wanted, f"INDEXED BY {name}_by_created")) or 0


def _page(session: Session, wanted: Wanted, order: Order, total: int) -> Select[int]:
    """The numbers of all rows, sorted as told later, by the shortest way."""
    where, hint = wanted.where(session), f"INDEXED BY {order.index}"
    if search.on_sqlite(session) and not wanted.everything:
        if total <= _FEW:
            where = wanted.where(session, few=True)
            hint = "NOT INDEXED"  # leads through the search index, or the measures, to the rows
        elif not (wanted.words or wanted.links or wanted.ranges):
            where = [
                wanted.row.deleted.is_(None),
                *wanted.columns,
            ]  # frequent: the walk along the index meets them soon
    return _hinted(select(wanted.row.number).where(*where), wanted, hint)


def _hinted(query: Select[int], wanted: Wanted, hint: str) -> Select[int]:
    return query.with_hint(wanted.row, hint, "sqlite")


def within(column: InstrumentedAttribute[str], language: str) -> ColumnElement[bool]:
    """The language or one of its regions and scripts (`zh-…`: “.” follows “-” in the order of code points)."""
    return or_(column == language, and_(column >= f"{language}-", column < f"{language}."))


def holding(column: InstrumentedAttribute[str], words: str) -> ColumnElement[bool]:
    """Texts in which these words stand, large or small; SQLite knows that of a-z only, so usual spellings are named."""
    usual = set() if words.isascii() else {words.lower(), words.upper(), words.capitalize(), words.title()}
    return or_(
        column.icontains(words, autoescape=True), *(column.contains(one, autoescape=True) for one in sorted(usual))
    )


def parts(values: Sequence[Value]) -> list[Sequence[Value]]:
    """The values, each once, in portions that one statement can name."""
    unique = list(dict.fromkeys(values))
    return [unique[at : at + _CHUNK] for at in range(0, len(unique), _CHUNK)]
