"""Takes: everything that was ever rendered and is still there, newest first, findable by its words."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import Session

from studio.errors import BadRequest, NotFound
from studio.library import listing, search
from studio.library.database import Database
from studio.library.listing import Order, Wanted, parts
from studio.library.paging import LARGEST_PAGE, Page, check_page
from studio.library.plain import check_text
from studio.library.search import label
from studio.library.tables import ProductionTakeRow, TakeRow
from studio.library.take import Take, TakeDetails, TakeQuery
from studio.words import Words

KIND = Words("take", "录音")
_LABELS = {"e": "engine", "v": "voice_id", "k": "kind"}  # columns that are labels of the search index
_ORDERS = {
    "created": Order("takes_by_created", TakeRow.created, True),
    "last_used": Order("takes_by_last_used", TakeRow.last_used, True),
    "seconds": Order("takes_by_seconds", TakeRow.seconds, True),
}


class Takes:
    """The takes of a library. Their sound is with the `Cache`, which also adds and removes them for good."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, digest: str) -> Take:
        """The take, deleted or not; a beginning of its digest (6 digits or more) is enough. `NotFound`."""
        with self._database.read() as session:
            row = _row(session, digest)
            return _takes(session, [row])[0]

    def details(self, digest: str) -> TakeDetails:
        """The take with text, recipe and word times. `NotFound`."""
        with self._database.read() as session:
            row = _row(session, digest)
            words = tuple((str(word), float(start), float(end)) for word, start, end in row.words)
            return TakeDetails(_takes(session, [row])[0], row.text, row.recipe, words, row.heard)

    def find(self, query: TakeQuery | None = None) -> Page[Take]:
        """One page of the takes that fit, and how many there are. `BadRequest` for a bad page or sort."""
        asked = query or TakeQuery()
        check_page(asked.page, asked.size)
        order = _order(asked)
        with self._database.read() as session:
            numbers, total = listing.numbers(session, _wanted(asked), order, asked.page, asked.size)
            rows = {r.number: r for r in session.scalars(select(TakeRow).where(TakeRow.number.in_(numbers)))}
            takes = _takes(session, [rows[number] for number in numbers])
        return Page(tuple(takes), total, asked.page, asked.size)

    def star(self, digests: Sequence[str], starred: bool = True) -> int:
        """Star takes, or take their stars away; how many there were."""
        with self._database.write() as session:
            return sum(_star(session, part, starred) for part in parts(digests))

    def note(self, digest: str, note: str) -> Take:
        """Write a note on a take (at most 2,000 characters); it is found by its words."""
        check_text(note, "note", 2000)
        with self._database.write() as session:
            row = _row(session, digest)
            same = TakeRow.number == row.number, TakeRow.deleted.is_(None)
            search.remove(session, "takes", entries(session, *same))
            row.note, row.search = note, searchable(row.text, row.voice_label, note)
            session.flush()
            search.add(session, "takes", entries(session, *same))
            return _takes(session, [row])[0]

    def heard(self, digest: str, emotion: str, error_rate: float | None, heard: Mapping[str, Any]) -> Take:
        """Keep what a recogniser says of a take, in place of what was heard before."""
        with self._database.write() as session:
            row = _row(session, digest)
            same = TakeRow.number == row.number, TakeRow.deleted.is_(None)
            search.remove(session, "takes", entries(session, *same))
            row.emotion, row.error_rate, row.heard = emotion, error_rate, dict(heard)
            row.labels = take_labels(_labelled(row))
            session.flush()
            search.add(session, "takes", entries(session, *same))
            return _takes(session, [row])[0]

    def delete(self, digests: Sequence[str]) -> int:
        """Take them out of the history; `restore` brings them back until the `Bin` is emptied. How many there were."""
        return self._hide(digests, True)

    def restore(self, digests: Sequence[str]) -> int:
        """Undo `delete`; how many came back."""
        return self._hide(digests, False)

    def engines(self) -> dict[str, int]:
        """Engine -> how many takes it made, most first."""
        count = func.count()
        query = select(TakeRow.engine, count).where(TakeRow.deleted.is_(None)).group_by(TakeRow.engine)
        with self._database.read() as session:
            if search.on_sqlite(session):
                return search.label_counts(session, "takes", "e", LARGEST_PAGE)
            return dict(session.execute(query.order_by(count.desc(), TakeRow.engine)).all())

    def reindex(self) -> int:
        """Build the search index anew; how many takes are in it."""
        with self._database.write() as session:
            search.clear(session, "takes")
            found = entries(session, TakeRow.deleted.is_(None))
            search.add(session, "takes", found)
            return len(found)

    def _hide(self, digests: Sequence[str], hidden: bool) -> int:
        with self._database.write() as session:
            return sum(hide(session, part, hidden) for part in parts(digests))


def searchable(text: str, voice_label: str, note: str) -> str:
    """What a take is found by; the note and label first, so that a long text does not push them out."""
    return search.fold(note, voice_label, text)


def take_of(row: TakeRow, used: bool) -> Take:
    """The record of a row."""
    same = {name: getattr(row, name) for name in Take.__dataclass_fields__ if name != "used"}
    return Take(**same, used=used)


def used_among(session: Session, numbers: Sequence[int]) -> set[int]:
    """Those of the takes that a production uses."""
    taken = select(ProductionTakeRow.take).where(ProductionTakeRow.take.in_(numbers)).distinct()
    return set(session.scalars(taken))


def is_used() -> ColumnElement[bool]:
    """The condition that a production uses the take."""
    return exists().where(ProductionTakeRow.take == TakeRow.number)


def hide(session: Session, digests: Sequence[str], hidden: bool) -> int:
    """Take takes out of the history and its search, or put them back; how many changed."""
    shown = TakeRow.deleted.is_(None) if hidden else TakeRow.deleted.is_not(None)
    found = entries(session, TakeRow.digest.in_(digests), shown)
    moment = datetime.now(UTC) if hidden else None
    session.execute(update(TakeRow).where(TakeRow.number.in_([e.number for e in found])).values(deleted=moment))
    (search.remove if hidden else search.add)(session, "takes", found)
    return len(found)


def entries(session: Session, *which: ColumnElement[bool]) -> list[search.Entry]:
    """What the search index holds of these takes."""
    columns = TakeRow.number, TakeRow.search, TakeRow.labels
    return [search.Entry(*row) for row in session.execute(select(*columns).where(*which))]


def _star(session: Session, digests: Sequence[str], starred: bool) -> int:
    rows = list(session.scalars(select(TakeRow).where(TakeRow.digest.in_(digests))))
    live = TakeRow.number.in_([row.number for row in rows if row.deleted is None])
    search.remove(session, "takes", entries(session, live))
    for row in rows:
        row.starred = starred
        row.labels = take_labels(_labelled(row))
    session.flush()
    search.add(session, "takes", entries(session, live))
    return len(rows)


def _takes(session: Session, rows: Sequence[TakeRow]) -> list[Take]:
    used = used_among(session, [row.number for row in rows])
    return [take_of(row, row.number in used) for row in rows]


def _row(session: Session, digest: str) -> TakeRow:
    begins = TakeRow.digest >= digest, TakeRow.digest < digest + "g"
    exact = len(digest) == 64
    if exact or (len(digest) >= 6 and digest.isalnum()):
        query = select(TakeRow).where(TakeRow.digest == digest) if exact else select(TakeRow).where(*begins).limit(2)
        rows = list(session.scalars(query))
        if len(rows) == 1:
            return rows[0]
        if rows:
            raise BadRequest(
                f"take “{digest}”: several begin with this; give more digits",
                f"录音“{digest}”：有多条以此开头，请多写几位",
                where="take",
            )
    raise NotFound.among(KIND, digest, (), where="take")


def _order(asked: TakeQuery) -> Order:
    order = _ORDERS.get(asked.sort)
    if order is None:
        raise BadRequest(
            f"sort “{asked.sort}”: takes one of {', '.join(_ORDERS)}",
            f"排序“{asked.sort}”：可选 {'、'.join(_ORDERS)}",
            where="sort",
        )
    return order.reversed() if asked.reverse else order


def take_labels(take: Mapping[str, Any]) -> str:
    """All labels of a take, from the columns of its row."""
    plain = [label(kind, take[name]) for kind, name in _LABELS.items()]
    if take.get("emotion"):
        plain.append(label("m", take["emotion"]))
    return " ".join([*plain, label("s", take["starred"]), *search.language_labels([take["language"]])])


def _labelled(row: TakeRow) -> dict[str, Any]:
    """The columns of a row that are labels of it."""
    return {name: getattr(row, name) for name in ("starred", "language", "emotion", *_LABELS.values())}


def _wanted(asked: TakeQuery) -> Wanted:
    equal = {kind: (getattr(TakeRow, name), getattr(asked, name)) for kind, name in _LABELS.items()}
    columns: list[ColumnElement[bool]] = [column == value for column, value in equal.values() if value]
    marks = [label(kind, value) for kind, (_, value) in equal.items() if value]
    if asked.language:
        columns.append(listing.within(TakeRow.language, asked.language))
        marks.append(label("l", asked.language))
    if asked.starred is not None:
        columns.append(TakeRow.starred.is_(asked.starred))
        marks.append(label("s", asked.starred))
    if asked.emotion:
        marks.append(label("m", asked.emotion))
    links = [TakeRow.emotion == asked.emotion] if asked.emotion else []
    return Wanted(TakeRow, search.terms(asked.text), columns, links, marks)
