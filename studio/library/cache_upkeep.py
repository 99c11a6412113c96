"""Keeping the render cache within its size, and rows and files in step."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

from sqlalchemy import ColumnElement, delete, func, select

from studio.library import aside, search
from studio.library.aside import Aside
from studio.library.database import Database
from studio.library.held import held_take, kept_for_lines
from studio.library.listing import parts
from studio.library.previews import is_preview
from studio.library.tables import ProductionRow, ProductionTakeRow, TakeRow
from studio.library.take import CacheReport, Cleaned
from studio.library.take_facts import is_digest
from studio.library.takes import entries, hide, is_used

if TYPE_CHECKING:
    from studio.library.cache import Cache

_SPARE = 0.9  # of the limit is kept, so that not every take cleans up
_RECENT = timedelta(minutes=1)  # used since: stays, somebody is about to read it
_LET_GO = timedelta(days=1)  # not used since by a script whose lines do not keep it: the script uses it no more
_STALE = 3600.0  # seconds after which a temporary file has no writer any more
_PORTION = 500  # takes removed in one transaction
_PathOf = Callable[[str], Path]


def size(database: Database) -> int:
    """Bytes of all takes."""
    with database.read() as session:
        return int(session.scalar(select(func.coalesce(func.sum(TakeRow.bytes), 0))) or 0)


def clean(database: Database, path_of: _PathOf, limit: int) -> Cleaned:
    """Remove takes, deleted ones first, then by last use, until at most `limit` bytes remain."""
    excess = size(database) - limit
    removed, freed, failed = 0, 0, list[str]()
    goal = excess + limit * (1 - _SPARE) if excess > 0 else 0
    if goal:
        _let_go(database)
    removable = (~TakeRow.starred, TakeRow.last_used < datetime.now(UTC) - _RECENT, ~is_used(), ~is_preview())
    while freed < goal:
        portion = _remove(database, path_of, removable, goal - freed)
        if not portion.takes:
            break
        removed, freed = removed + portion.takes, freed + portion.bytes
        failed += portion.failed
    return Cleaned(removed, freed, tuple(failed))


def _let_go(database: Database) -> None:
    """Scripts go on using only the takes that their lines keep, not all that they ever tried."""
    scripts = select(ProductionRow.number).where(ProductionRow.kind != "conversion")
    old = select(TakeRow.number).where(TakeRow.last_used < datetime.now(UTC) - _LET_GO, ~kept_for_lines())
    mine = ProductionTakeRow.production.in_(scripts), ProductionTakeRow.take.in_(old)
    with database.write() as session:
        session.execute(delete(ProductionTakeRow).where(*mine))


def purge(database: Database, path_of: _PathOf, before: datetime) -> Cleaned:
    """Remove the takes deleted before that moment, but for those that something kept still uses."""
    removed, freed, failed = 0, 0, list[str]()
    while (portion := _remove(database, path_of, (TakeRow.deleted <= before, ~held_take()), None)).takes:
        removed, freed = removed + portion.takes, freed + portion.bytes
        failed += portion.failed
    return Cleaned(removed, freed, tuple(failed))


def _remove(
    database: Database, path_of: _PathOf, which: Sequence[ColumnElement[bool]], bytes_wanted: float | None
) -> Cleaned:
    """One transaction of removals, of rows and files together."""
    columns = TakeRow.number, TakeRow.digest, TakeRow.bytes
    oldest = TakeRow.deleted.is_(None), TakeRow.last_used, TakeRow.number
    numbers, freed = list[int](), 0
    with Aside() as files, database.write() as session:
        for row in session.execute(select(*columns).where(*which).order_by(*oldest).limit(_PORTION)).all():
            if bytes_wanted is not None and freed >= bytes_wanted:
                break
            if files.put(path_of(row.digest)):
                numbers.append(row.number)
                freed += row.bytes
        gone = TakeRow.number.in_(numbers)
        search.remove(session, "takes", entries(session, gone, TakeRow.deleted.is_(None)))
        session.execute(delete(TakeRow).where(gone))
    return Cleaned(len(numbers), freed, tuple(files.failed))


def settle(database: Database, folder: Path) -> None:
    """Finish the removals that a killed process left half done."""

    def known(digest: str) -> bool:
        with database.write() as session:
            row = select(TakeRow.number).where(TakeRow.digest == digest)
            return session.scalar(row.with_for_update()) is not None

    aside.settle(folder, known)


def verify(cache: "Cache", *, mend: bool, deep: bool) -> CacheReport:
    """Compare all rows with all files."""
    if mend:
        settle(cache.database, cache.folder)
    files = {path.name: path for path in cache.folder.iterdir()}
    missing, damaged, seen, total = list[str](), list[str](), set[str](), 0
    for digest, length, checksum, shown in _all_rows(cache.database):
        name = f"{digest}.flac"
        seen.add(name)
        total += length
        if name not in files:
            missing += [digest] if shown else []
        elif not _matches(files[name], length, checksum, deep):
            damaged.append(digest)
    others = [path for name, path in files.items() if name not in seen]
    orphans = [path for path in others if path.suffix == ".flac" and is_digest(path.stem)]
    leftovers = [path for path in others if path.suffix == ".part"]
    stale = [path for path in leftovers if _is_stale(path)]
    strangers = tuple(sorted(p.name for p in others if p not in orphans and p not in leftovers))
    adopted = [path.stem for path in orphans if _is_whole(cache, path, mend)]
    damaged += [path.stem for path in orphans if path.stem not in adopted]
    if mend:
        damaged = [digest for digest in damaged if cache.adopt(digest) is None]
        _mend(cache, missing, damaged, stale)
    names = tuple(sorted(path.name for path in stale))
    lists = (tuple(missing), tuple(damaged), tuple(adopted), names, strangers)
    return CacheReport(len(seen), total, *lists, mended=mend)


def _all_rows(database: Database) -> Iterator[tuple[str, int, int, bool]]:
    columns = TakeRow.number, TakeRow.digest, TakeRow.bytes, TakeRow.checksum, TakeRow.deleted
    last = 0
    while True:
        with database.read() as session:
            query = select(*columns).where(TakeRow.number > last).order_by(TakeRow.number).limit(5000)
            rows = session.execute(query).all()
        if not rows:
            return
        last = rows[-1].number
        yield from ((row.digest, row.bytes, row.checksum, row.deleted is None) for row in rows)


def _matches(path: Path, length: int, checksum: int, deep: bool) -> bool:
    try:
        if not deep:
            return path.stat().st_size == length
        data = path.read_bytes()
    except OSError:
        return False
    return len(data) == length and crc32(data) == checksum


def _is_stale(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _STALE
    except OSError:
        return False


def _is_whole(cache: "Cache", path: Path, mend: bool) -> bool:
    """Whether a file without a row is a take; with `mend` it has its row then."""
    return (cache.adopt if mend else cache.recognise)(path.stem) is not None


def _mend(cache: "Cache", missing: Sequence[str], damaged: Sequence[str], stale: Sequence[Path]) -> None:
    for path in (*stale, *(cache.path(digest) for digest in damaged)):
        with suppress(OSError):
            path.unlink(missing_ok=True)
    with cache.database.write() as session:
        for part in parts([*missing, *damaged]):
            hide(session, part, True)
