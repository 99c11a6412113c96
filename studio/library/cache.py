"""The render cache: the sound of a take in `takes/<digest>.flac`, what is known of it in the database.

The file comes first, under a temporary name, then the row. So every row has its file, and a process killed in between
leaves a file that says itself what it is: it is taken in when somebody asks for that digest. A file that does not match
its row counts as absent, and is rendered again.
"""

import os
import secrets
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from sqlalchemy import select
from sqlalchemy.orm import undefer

from studio.audio.clip import Clip
from studio.errors import NotFound
from studio.library import cache_upkeep, flac, take_rows
from studio.library.database import Database
from studio.library.folder import storage_error
from studio.library.listing import parts
from studio.library.tables import TakeRow
from studio.library.take import CacheReport, Cleaned, StoredTake, Take, TakeFacts
from studio.library.take_facts import columns, comment, from_comment, is_digest, names_digest
from studio.library.takes import KIND, hide, take_of, used_among

_BATCH = 100  # rows of one transaction
_BATCH_SECONDS = 0.5  # and the longest that one waits while others follow
_MOST_TOUCHED = 500  # uses that are remembered before they are written


class Cache:
    """The sound of takes by recipe digest. Thread-safe; several processes may share the folder."""

    def __init__(self, folder: Path, database: Database, *, limit: int | None = None) -> None:
        """`limit`: bytes to keep; beyond it the least recently used takes go, never a starred or used one."""
        self.folder = folder
        self.database = database
        self.limit = limit
        self._lock = threading.RLock()
        self._pending: dict[str, tuple[dict[str, Any], StoredTake]] = {}  # written files, rows to come
        self._touched: dict[str, datetime] = {}
        self._uses: dict[str, set[str]] = {}  # production -> digests that it put or got
        self._batches: list[str] = []  # the productions ("" for none) of the open batches
        self._flushed = time.monotonic()
        self._written = 0  # bytes since the size was looked at

    def path(self, digest: str) -> Path:
        """Where the sound of a take is, or would be."""
        if not is_digest(digest):
            raise ValueError(f"digest {digest[:80]!r}: 64 hex digits")
        return self.folder / f"{digest}.flac"

    def get(self, digest: str) -> StoredTake | None:
        """The take, if its sound is there, whole and as it was written; else None, to be rendered."""
        return self.get_many([digest]).get(digest)

    def get_many(self, digests: Sequence[str]) -> dict[str, StoredTake]:
        """`get` for many: those that are there. Every file is read and compared with its checksum."""
        asked = [digest for digest in dict.fromkeys(digests) if is_digest(digest)]
        rows = self._rows(asked)
        found: dict[str, StoredTake] = {}
        for digest in asked:
            stored = self._pending_one(digest) or self._checked(digest, rows.get(digest))
            if stored is not None:
                found[digest] = stored
        self._forget([digest for digest, row in rows.items() if digest not in found and row[0].deleted is None])
        self._use(found)
        return found

    def load(self, digest: str) -> Clip:
        """The sound of a take. `NotFound` if it is not there, or damaged: render it again.

        The file is enough: it proves its samples and says whose they are, so the database is not asked.
        """
        try:
            clip, said = flac.decode(self.path(digest).read_bytes())
        except (OSError, ValueError, flac.Damaged):
            clip, said = None, ""
        if clip is not None and names_digest(said, digest):
            self._use([digest])
            return clip
        fetched = self.fetch(digest)  # clears a damaged file away
        if fetched is None:
            raise NotFound.among(KIND, digest, (), where="take")
        return fetched[1]

    def fetch(self, digest: str) -> tuple[StoredTake, Clip] | None:
        """The take and its sound, or None."""
        stored = self.get(digest)
        if stored is None:
            return None
        try:
            clip, _ = flac.decode(stored.path.read_bytes())
        except (OSError, flac.Damaged):  # since it was looked at a moment ago
            return None
        return stored, clip

    def put(self, digest: str, clip: Clip, facts: TakeFacts) -> StoredTake:
        """Keep the sound of a recipe; what was kept under the digest is replaced, its star and note stay.

        The take is as known here: inside a batch an older star or note shows at the next `get`. `DiskFull`,
        `NotWritable`; nothing half-written remains.
        """
        path = self.path(digest)
        clip = flac.storable(clip)
        data = flac.encode(clip, comment(digest, facts))
        self._write(path, data)
        values = columns(digest, facts, clip, data, datetime.now(UTC))
        stored = StoredTake(_take(values), path, tuple(facts.words))
        with self._lock:
            self._pending[digest] = values, stored
            self._note_use([digest])
            self._written += len(data)
            late = time.monotonic() - self._flushed > _BATCH_SECONDS
            if not self._batches or late or len(self._pending) >= _BATCH:
                self.flush()
            if self._batches:
                return stored
        row = self._rows([digest]).get(digest)
        return stored if row is None else StoredTake(take_of(*row), path, stored.words)

    @staticmethod
    def as_stored(clip: Clip) -> Clip:
        """The clip as `load` gives it back (16 bits): what is heard first should be what is heard later."""
        return flac.as_stored(clip)

    @contextmanager
    def batch(self, production: str = "") -> Iterator[None]:
        """Write rows together while many takes are put; up to 0.5 s or 100 takes at a time, the rest at the end.

        With the id of a production, all that is put and got inside counts as used by it. A process killed here loses
        no take: the files carry what the rows would say.
        """
        with self._lock:
            self._batches.append(production)
        try:
            yield
        finally:
            with self._lock:
                self._batches.remove(production)
                self.flush()

    def flush(self) -> None:
        """Write what is pending: rows, uses."""
        with self._lock:
            self._flushed = time.monotonic()
            if not (self._pending or self._touched or self._uses):
                return
            with self.database.write() as session:
                take_rows.store(session, [values for values, _ in self._pending.values()])
                take_rows.touch(session, self._touched)
                for production, digests in self._uses.items():
                    take_rows.link(session, production, list(digests))
            self._pending.clear()
            self._touched.clear()
            self._uses.clear()
            if self.limit is not None and self._written > self.limit // 50:
                self._written = 0
                self.clean()

    def size(self) -> int:
        """Bytes of all takes."""
        return cache_upkeep.size(self.database)

    def clean(self, limit: int | None = None) -> Cleaned:
        """Remove the least recently used takes until `limit` bytes (default: the cache's own; None: do nothing).

        Deleted ones go first. Starred ones, those a production uses, previews of voices and those used in the last
        minute stay.
        """
        keep = self.limit if limit is None else limit
        if keep is None:
            return Cleaned(0, 0, ())
        with self._lock:
            return cache_upkeep.clean(self.database, self.path, keep)

    def purge(self, before: datetime | None = None) -> Cleaned:
        """Remove for good the takes deleted before that moment (default: now), unless a production uses them."""
        return cache_upkeep.purge(self.database, self.path, before or datetime.now(UTC))

    def verify(self, *, mend: bool = True, deep: bool = False) -> CacheReport:
        """Compare rows and files; with `mend`, take in or clear away what does not match.

        `deep` reads every file; otherwise presence and size are looked at.
        """
        self.flush()
        return cache_upkeep.verify(self, mend=mend, deep=deep)

    def adopt(self, digest: str) -> StoredTake | None:
        """Take in a file without a (fitting) row, by what it says of itself; None if it is not a whole take."""
        values = self.recognise(digest)
        if values is None:
            return None
        with self.database.write() as session:
            take_rows.store(session, [values])
        row = self._rows([digest]).get(digest)
        return None if row is None else StoredTake(take_of(*row), self.path(digest), _words(row[0]))

    def recognise(self, digest: str) -> dict[str, Any] | None:
        """The row that a file would have, by what it says of itself; None if it is not a whole take."""
        path = self.path(digest)
        try:
            data = path.read_bytes()
            made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            clip, said = flac.decode(data)
        except (OSError, flac.Damaged):
            return None
        facts = from_comment(said, digest)
        return None if facts is None else columns(digest, facts, clip, data, made)

    def _rows(self, digests: Sequence[str]) -> dict[str, tuple[TakeRow, bool]]:
        """The rows by digest, each with whether a production uses it."""
        found: dict[str, tuple[TakeRow, bool]] = {}
        with self.database.read() as session:
            for part in parts(digests):
                query = select(TakeRow).where(TakeRow.digest.in_(part)).options(undefer(TakeRow.words))
                rows = list(session.scalars(query))
                used = used_among(session, [row.number for row in rows])
                found |= {row.digest: (row, row.number in used) for row in rows}
        return found

    def _pending_one(self, digest: str) -> StoredTake | None:
        with self._lock:
            pending = self._pending.get(digest)
        return pending[1] if pending else None

    def _checked(self, digest: str, row: tuple[TakeRow, bool] | None) -> StoredTake | None:
        path = self.path(digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_error(error, path) from error
        if row is not None and (len(data), crc32(data)) == (row[0].bytes, row[0].checksum):
            if row[0].deleted is not None:
                self._show(digest)
            return StoredTake(take_of(*row), path, _words(row[0]))
        adopted = self.adopt(digest)
        if adopted is None:
            with suppress(OSError):
                path.unlink()
        return adopted

    def _show(self, digest: str) -> None:
        with self.database.write() as session:
            hide(session, [digest], False)

    def _forget(self, digests: Sequence[str]) -> None:
        """Their sound is gone: out of the history until they are rendered again, with star and note as before."""
        if digests:
            with self.database.write() as session:
                for part in parts(digests):
                    hide(session, part, True)

    def _use(self, found: Collection[str]) -> None:
        with self._lock:
            self._touched |= dict.fromkeys(found, datetime.now(UTC))
            self._note_use(found)
            if len(self._touched) > _MOST_TOUCHED:
                self.flush()

    def _note_use(self, digests: Collection[str]) -> None:
        for production in filter(None, self._batches):
            self._uses.setdefault(production, set()).update(digests)

    def _write(self, path: Path, data: bytes) -> None:
        unfinished = path.with_name(f"{path.stem}.{os.getpid()}-{secrets.token_hex(4)}.part")
        try:
            with unfinished.open("xb") as file:
                file.write(data)
            unfinished.replace(path)
        except OSError as error:
            raise storage_error(error, path.parent) from error
        finally:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)


def _take(values: dict[str, Any]) -> Take:
    known = {"emotion": "", "error_rate": None} | values  # nobody can have listened to it yet
    return Take(**{name: known[name] for name in Take.__dataclass_fields__ if name != "used"}, used=False)


def _words(row: TakeRow) -> tuple[tuple[str, float, float], ...]:
    return tuple((str(word), float(start), float(end)) for word, start, end in row.words)
