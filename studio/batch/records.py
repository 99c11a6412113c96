"""What is kept of a batch: a folder `batches/<id>/` with the order, the state, and a journal of its files.

    order.json      how files are read, and where they are written
    items.jsonl     a line a file
    journal.jsonl   a line for each file that was made, failed, or shall be tried again; it only ever grows
    state.json      running, paused, cancelled or done
    lock            held by the process that works on it

No database: a journal takes 500 files without a table of its own, a killed process leaves at worst half a line, which
counts for nothing, and a file that was finished just before is known by the recipe in its tags.
"""

import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from studio.batch.order import Item, Order, Trouble
from studio.errors import InUse, NotFound
from studio.library.folder import storage_error
from studio.library.locks import FileLock
from studio.production.converting import ConvertRequest
from studio.words import Words

FileState = Literal["waiting", "done", "kept", "failed", "cancelled"]
BatchState = Literal["running", "paused", "cancelled", "done", "interrupted"]
STATES: tuple[FileState, ...] = ("waiting", "done", "kept", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    number: int
    state: FileState  # kept: it was there already, made from the same recipe
    seconds: float = 0.0  # of audio
    wall_s: float = 0.0  # of work
    bytes: int = 0
    loudness_lufs: float | None = None
    peak_db: float | None = None
    lines: int = 0
    cached: int = 0  # lines that were not rendered again
    characters: int = 0
    letters: float = 0.0  # the same by what they take to say
    voice: str = ""
    recipe: str = ""
    trouble: Trouble | None = None

    def to_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return plain | {"trouble": self.trouble.to_json() if self.trouble else None}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Outcome":
        """The inverse of `to_json`."""
        return cls(**{**plain, "trouble": Trouble.from_json(plain["trouble"])})


WAITING = Outcome(0, "waiting")


@dataclass(frozen=True)
class Tally:
    """How far a batch is."""

    files: int
    done: int = 0  # made or kept
    failed: int = 0
    cancelled: int = 0
    seconds: float = 0.0  # of audio
    bytes: int = 0

    @property
    def waiting(self) -> int:
        return self.files - self.done - self.failed - self.cancelled

    def plus(self, outcome: Outcome, sign: int = 1) -> "Tally":
        """With an outcome more, or less."""
        good = outcome.state in ("done", "kept")
        return replace(
            self,
            done=self.done + sign * good,
            failed=self.failed + sign * (outcome.state == "failed"),
            cancelled=self.cancelled + sign * (outcome.state == "cancelled"),
            seconds=self.seconds + sign * outcome.seconds * good,
            bytes=self.bytes + sign * outcome.bytes * good,
        )


class Record:
    """One batch on the disk. For any number of threads; several processes may look, one at a time works."""

    def __init__(self, folder: Path) -> None:
        """`NotFound` where no batch is kept in `folder`."""
        self.folder = folder
        self.id = folder.name
        try:
            self._head = json.loads((folder / "order.json").read_text("utf-8"))
            self.created = datetime.fromisoformat(self._head["created"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotFound(f"batch “{folder.name}”: no such batch", f"没有批次“{folder.name}”", where="id") from error
        self._outcomes: dict[int, Outcome] = {}
        self._tally = Tally(int(self._head["files"]))
        self._read_to = 0
        self._lock = threading.RLock()

    @classmethod
    def create(cls, folder: Path, order: Order) -> "Record":
        """Keep an order; the folder's name is its id. `DiskFull`, `NotWritable`."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write(folder / "items.jsonl", "".join(_line(item.to_json()) for item in order.items))
            _write(folder / "journal.jsonl", "")
            _write(folder / "state.json", _line({"state": "paused"}))
            head = {"created": datetime.now(UTC).isoformat(timespec="seconds"), **order.to_json()}
            _write(folder / "order.json", json.dumps(head, ensure_ascii=False, indent=1))  # last: now it is one
        except OSError as error:
            raise storage_error(error, folder) from error
        return cls(folder)

    @property
    def title(self) -> str:
        return str(self._head["title"])

    @property
    def out(self) -> Path:
        return Path(self._head["out"])

    @cached_property
    def common(self) -> ConvertRequest:
        """How every file is read that does not say otherwise."""
        return ConvertRequest.from_json(self._head["common"])

    @property
    def notes(self) -> tuple[Words, ...]:
        """What was left out."""
        return tuple(Words(**note) for note in self._head["notes"])

    @property
    def unattended(self) -> bool:
        return bool(self._head["unattended"])

    @cached_property
    def order(self) -> Order:
        """The whole order."""
        return Order.from_json(self._head, self._items)

    @cached_property
    def _items(self) -> tuple[Item, ...]:
        lines = (self.folder / "items.jsonl").read_text("utf-8").split("\n")  # not `splitlines`: names may hold U+2028
        return tuple(Item.from_json(json.loads(line)) for line in lines if line)

    # state

    @property
    def state(self) -> BatchState:
        """As the last process that worked on it left it; `running` is `interrupted` where none does any more."""
        said = str(self._said().get("state", "paused"))
        if said == "running" and not self.busy:
            return "interrupted"
        return said  # type: ignore[return-value]  # it is written here alone

    @property
    def trouble(self) -> Trouble | None:
        """What stopped the whole of it."""
        return Trouble.from_json(self._said().get("trouble"))

    def set_state(self, state: BatchState, trouble: Trouble | None = None) -> None:
        plain = {"state": state, "trouble": trouble.to_json() if trouble else None}
        try:
            _write(self.folder / "state.json", _line(plain))
        except OSError as error:
            raise storage_error(error, self.folder) from error

    def _said(self) -> dict[str, Any]:
        try:
            plain = json.loads((self.folder / "state.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return plain if isinstance(plain, dict) else {}

    @property
    def busy(self) -> bool:
        """Whether a process works on it."""
        lock = FileLock(self.folder / "lock")
        try:
            return not lock.acquire()
        except OSError:
            return False
        finally:
            lock.release()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one who works on it. `InUse` while another process does."""
        lock = FileLock(self.folder / "lock")
        try:
            if not lock.acquire(patience=1.0):
                raise InUse(
                    f"{self.title}: another process is working on this batch; wait for it or pause it there",
                    f"“{self.title}”正在被另一个进程处理；请等它完成，或在那里暂停",
                    where="id",
                )
        except OSError as error:
            raise storage_error(error, self.folder) from error
        try:
            yield
        finally:
            lock.release()

    # what became of the files

    def outcomes(self) -> Mapping[int, Outcome]:
        """By number; files that wait have none."""
        with self._lock:
            self._catch_up()
            return dict(self._outcomes)

    def outcome(self, number: int) -> Outcome:
        with self._lock:
            self._catch_up()
            return self._outcomes.get(number, WAITING)

    @property
    def tally(self) -> Tally:
        with self._lock:
            self._catch_up()
            return self._tally

    def add(self, *outcomes: Outcome) -> None:
        """Note what became of files. `DiskFull` where the journal cannot grow."""
        with self._lock:
            self._catch_up()
            text = "".join(_line(outcome.to_json()) for outcome in outcomes)
            try:
                with (self.folder / "journal.jsonl").open("ab") as journal:
                    if journal.tell() != self._read_to:  # half a line of a process that was killed
                        text = "\n" + text
                    journal.write(text.encode())
            except OSError as error:
                raise storage_error(error, self.folder) from error
            self._catch_up()

    def pending(self) -> list[Item]:
        """The files that wait, in order."""
        known = self.outcomes()
        return [item for item in self._items if known.get(item.number, WAITING).state == "waiting"]

    def rows(self, state: str = "", page: int = 1, size: int = 50) -> tuple[Sequence[tuple[Item, Outcome]], int]:
        """A page of files with what became of them, and how many there are in all; of one state where it is named."""
        known = self.outcomes()
        if state:
            fits = [item for item in self._items if known.get(item.number, WAITING).state == state]
        else:
            fits = self._items  # type: ignore[assignment]
        part = fits[(page - 1) * size : page * size]
        return [(item, known.get(item.number, replace(WAITING, number=item.number))) for item in part], len(fits)

    def _catch_up(self) -> None:
        """Take in the whole lines that the journal has more than when it was last read."""
        try:
            with (self.folder / "journal.jsonl").open("rb") as journal:
                journal.seek(self._read_to)
                fresh = journal.read()
        except OSError:
            return
        whole = fresh[: fresh.rfind(b"\n") + 1]
        self._read_to += len(whole)
        for line in whole.splitlines():
            try:
                outcome = Outcome.from_json(json.loads(line))
            except (ValueError, TypeError, KeyError, AttributeError):
                continue  # a line that a killed process broke off
            if (before := self._outcomes.get(outcome.number)) is not None:
                self._tally = self._tally.plus(before, -1)
            self._tally = self._tally.plus(outcome)
            self._outcomes[outcome.number] = outcome


def _line(plain: Any) -> str:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")) + "\n"


def _write(path: Path, text: str) -> None:
    """A small file, whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
