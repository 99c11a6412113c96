"""The bin: what was deleted and can still be brought back, how much room it takes, and how it goes for good.

What something that is kept still uses stays (see `held`). A row and its files go together or not at all (see `aside`).
Styles, words of lexicons and further clips of voices are not here: they go for good when they are deleted.
"""

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Text, cast, delete, func, select
from sqlalchemy.orm import Session

from studio.errors import BadRequest
from studio.library import aside, cache_upkeep
from studio.library.aside import Aside
from studio.library.held import held_take, held_voices
from studio.library.library import Library
from studio.library.listing import parts
from studio.library.locks import FileLock
from studio.library.lying import Emptied, Lying
from studio.library.strays import lost_lines, remove_lines, remove_stray, size_of, strays
from studio.library.tables import LexiconRow, ProductionRow, TakeRow, VoiceReferenceRow, VoiceRow
from studio.library.voices import remove_voices

LONGEST = 36_500  # days


class Bin:
    """What lies deleted in a library. For any number of threads and processes."""

    def __init__(self, library: Library, named: Callable[[], Collection[str]] = tuple) -> None:
        """`named`: what work that is not in the library calls its voices, by id or name."""
        self._folder, self._database, self._cache = library.folder, library.database, library.cache
        self._named = named

    def look(self) -> tuple[Lying, ...]:
        """What lies there, by kind; a kind with nothing is left out."""
        with self._database.read() as session:
            found = [self._productions(session), self._voices(session), self._takes(session)]
            lines, chapters, characters = lost_lines(session)
        found.append(Lying("lines", len(lines) + len(chapters), characters))
        files = strays(self._folder, self._database)
        found.append(Lying("strays", len(files), sum(map(size_of, files))))
        return tuple(one for one in found if one.count)

    def empty(self, older_than: float = 0.0, *, stray_files: bool = False) -> Emptied:
        """Remove for good what was deleted more than so many days ago, and on request files that belong to nothing.

        Lines beyond the reach of undo go whenever they are deleted. `BadRequest` for what is no number of days.
        """
        before = datetime.now(UTC) - timedelta(days=_days(older_than))
        self.settle()
        failed: list[str] = []
        steps: list[Callable[[], Lying]] = [
            lambda: self._empty_productions(before, failed),
            lambda: self._empty_takes(before, failed),
            lambda: self._empty_voices(before),
            self._empty_lines,
            *([lambda: self._empty_strays(failed)] if stray_files else []),
        ]
        removed = [step() for step in steps]
        if any(one.count for one in removed):
            self._database.pack()
        return Emptied(tuple(one for one in removed if one.count or one.held), tuple(failed))

    def settle(self) -> None:
        """Finish the removals that a killed process left half done."""
        cache_upkeep.settle(self._database, self._folder.takes)

        def known(id: str) -> bool:
            with self._database.write() as session:
                row = select(ProductionRow.number).where(ProductionRow.id == id)
                return session.scalar(row.with_for_update()) is not None

        aside.settle(self._folder.productions, known)

    # what there is

    def _productions(self, session: Session) -> Lying:
        gone = session.execute(
            select(ProductionRow.id, ProductionRow.deleted).where(ProductionRow.deleted.is_not(None))
        )
        rows = gone.all()
        size = sum(size_of(self._folder.productions / row.id) for row in rows)
        return Lying("productions", len(rows), size, min((row.deleted for row in rows), default=None))

    def _voices(self, session: Session) -> Lying:
        columns = VoiceRow.id, VoiceRow.deleted
        rows = session.execute(select(*columns).where(VoiceRow.deleted.is_not(None))).all()
        size = _voice_bytes(session, [row.id for row in rows])
        since = min((row.deleted for row in rows), default=None)
        return Lying("voices", len(rows), size, since, len(held_voices(session, self._named)))

    def _takes(self, session: Session) -> Lying:
        gone = TakeRow.deleted.is_not(None)
        columns = func.count(), func.sum(TakeRow.bytes), func.min(TakeRow.deleted)
        count, size, since = session.execute(select(*columns).where(gone)).one()
        held = session.scalar(select(func.count()).select_from(TakeRow).where(gone, held_take())) if count else 0
        return Lying("takes", count, size or 0, since, held or 0)

    # how it goes

    def _empty_productions(self, before: datetime, failed: list[str]) -> Lying:
        with self._database.read() as session:
            ids = session.scalars(select(ProductionRow.id).where(ProductionRow.deleted <= before)).all()
        found = Lying("productions", 0, 0)
        for id in ids:
            size = self._remove_production(id, before, failed)
            held = found.held + (size is None)
            found = replace(found, count=found.count + (size is not None), bytes=found.bytes + (size or 0), held=held)
        return found

    def _remove_production(self, id: str, before: datetime, failed: list[str]) -> int | None:
        """The bytes of its folder; None where it is at work, was brought back, or its folder cannot be moved."""
        folder = self._folder.productions / id
        size, lock = size_of(folder), FileLock(folder / "lock")
        try:
            if folder.is_dir() and not lock.acquire():
                return None
            if os.name == "nt":  # where a folder with an open file in it cannot be renamed
                lock.release()
            with Aside() as files, self._database.write() as session:
                mine = ProductionRow.id == id, ProductionRow.deleted <= before
                there = session.scalar(select(ProductionRow.number).where(*mine).with_for_update()) is not None
                gone = there and files.put(folder)
                if gone:
                    session.execute(delete(ProductionRow).where(*mine))
                    session.execute(delete(LexiconRow).where(LexiconRow.scope == id))
        except OSError:
            failed.append(id)
            return None
        finally:
            lock.release()
        failed += files.failed
        return size if gone else None

    def _empty_takes(self, before: datetime, failed: list[str]) -> Lying:
        cleaned = self._cache.purge(before)
        failed += cleaned.failed
        with self._database.read() as session:
            rest = select(func.count()).select_from(TakeRow).where(TakeRow.deleted <= before, held_take())
            return Lying("takes", cleaned.takes, cleaned.bytes, held=session.scalar(rest) or 0)

    def _empty_voices(self, before: datetime) -> Lying:
        with self._database.write() as session:
            rows = session.execute(select(VoiceRow.id, VoiceRow.kind).where(VoiceRow.deleted <= before)).all()
            held = held_voices(session, self._named)
            ids = [row.id for row in rows if row.id not in held]
            size = _voice_bytes(session, ids)
            remove_voices(session, ids)
        if any(row.kind == "clip" for row in rows if row.id not in held):
            size += self._forget_derived()
        return Lying("voices", len(ids), size, held=len(rows) - len(ids))

    def _forget_derived(self) -> int:
        """Nobody knows which files were computed from which clip, and all of them can be computed anew."""
        sizes = [(path, size_of(path)) for path in self._folder.derived.glob("*.safetensors")]
        return sum(size for path, size in sizes if remove_stray(path))

    def _empty_lines(self) -> Lying:
        with self._database.write() as session:
            lines, chapters, characters = lost_lines(session)
            remove_lines(session, lines, chapters)
        return Lying("lines", len(lines) + len(chapters), characters)

    def _empty_strays(self, failed: list[str]) -> Lying:
        count, size = 0, 0
        for path in strays(self._folder, self._database):
            before = size_of(path)
            if remove_stray(path):
                count, size = count + 1, size + before
            else:
                failed.append(path.name)
        return Lying("strays", count, size)


def _voice_bytes(session: Session, ids: Sequence[str]) -> int:
    """Bytes of their clips, and of the numbers that others are made of."""
    total = 0
    for part in parts(ids):
        mine = VoiceRow.id.in_(part)
        own = func.coalesce(func.length(VoiceRow.media), 0) + func.length(cast(VoiceRow.content, Text))
        total += session.scalar(select(func.sum(own)).where(mine)) or 0
        more = select(func.sum(func.length(VoiceReferenceRow.media))).join(
            VoiceRow, VoiceReferenceRow.voice == VoiceRow.number
        )
        total += session.scalar(more.where(mine)) or 0
    return int(total)


def _days(given: float) -> float:
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given <= LONGEST:
        raise BadRequest(
            f"days {given}: takes 0 (all that is deleted) to {LONGEST:,}",
            f"天数 {given}：应为 0（全部已删除的内容）到 {LONGEST:,}",
            where="days",
        )
    return float(given)
