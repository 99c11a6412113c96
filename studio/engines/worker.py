"""The one thread that owns a loaded model, and the errands it runs for everybody at once.

An errand is a coroutine: it yields an `Order` when it wants tokens drawn, gets the row in which they are drawn, and
then yields None once for every step that it waits. All rows advance together, and a place that becomes free goes to the
errand that has waited longest, whoever sent it. So nothing of the model needs a lock, and an errand reads from top to
bottom.
"""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from studio.engines.contract import AudioChunk
from studio.stop import Stop

Errand = Generator[Any, Any, None]  # yields orders and None, is sent rows
LISTENING_S = 0.05  # how often one who waits for sound looks whether to stop


class Batch(Protocol):
    """The rows that are being drawn now."""

    @property
    def rows(self) -> Sequence[Any]: ...
    @property
    def room(self) -> int:
        """Rows that could still enter."""

    def enter(self, order: Any) -> Any:
        """Read what the row begins with and take a place."""

    def leave(self, row: Any) -> None:
        """Give the place back."""

    def step(self) -> Sequence[Any]:
        """One token for every row; gives the rows that took one. What has ended has left."""


log = logging.getLogger(__name__)


@dataclass(eq=False)
class Task:
    """An errand, and whom to tell."""

    errand: Errand
    failed: Callable[[Exception], None]
    unwanted: Callable[[], bool]  # nobody waits for it any more
    order: Any = None  # waits for a place
    row: Any = None


class Worker:
    """Runs errands until it is closed."""

    def __init__(self, batch: Batch, name: str) -> None:
        """`name` is that of the thread, for whoever looks at the running program."""
        self._batch, self._name = batch, name
        self._inbox: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._tasks: deque[Task] = deque()  # the one that has waited longest first
        self._open = True
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, task: Task) -> None:
        """Have an errand run; may be called from any thread."""
        self._inbox.put(task)

    def close(self) -> None:
        """Drop what is under way and end the thread."""
        self._open = False
        self._inbox.put(None)
        self._thread.join()

    def _run(self) -> None:
        import torch

        with torch.inference_mode():
            while self._open:
                self._collect()
                for task in list(self._tasks):
                    self._resume(task)
                if self._batch.rows:
                    self._step()
            for task in list(self._tasks):
                self._end(task)

    def _step(self) -> None:
        try:
            self._batch.step()
        except Exception as error:  # no memory left, say: it is everybody's who has a row, and nobody else's
            log.warning("a step of %s failed", self._name, exc_info=True)
            for task in [task for task in self._tasks if task.row is not None]:
                self._end(task)
                task.failed(error)

    def _collect(self) -> None:
        """Take what has arrived; wait for something where there is nothing else to do."""
        while self._open and (not self._tasks or not self._inbox.empty()):
            task = self._inbox.get()
            if task is not None:
                self._tasks.append(task)

    def _resume(self, task: Task) -> None:
        """One step of an errand."""
        if task.unwanted():
            return self._end(task)
        try:
            if task.order is not None:
                if not self._batch.room:
                    return None
                task.row, task.order = self._batch.enter(task.order), None
            wanted = task.errand.send(task.row)
        except StopIteration:
            return self._end(task)
        except Exception as error:  # whatever it is, it belongs to this errand alone
            self._end(task)
            return task.failed(error)
        if wanted is not None:
            self._leave(task)
            task.order, task.row = wanted, None
        return None

    def _end(self, task: Task) -> None:
        self._leave(task)
        self._tasks.remove(task)
        task.errand.close()

    def _leave(self, task: Task) -> None:
        if task.row is not None:
            self._batch.leave(task.row)


class Mailbox:
    """Between the worker and the one who waits for what it makes."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._items: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.closed = False
        self.put = self._items.put

    def open(self, expected: int) -> Iterator[Any]:
        """What comes, until `expected` things are whole. Raises what comes as an exception."""
        try:
            while expected:
                self._stop.check()
                try:
                    item = self._items.get(timeout=LISTENING_S)
                except queue.Empty:
                    continue
                if isinstance(item, Exception):
                    raise item
                expected -= item.last if isinstance(item, AudioChunk) else 1
                yield item
        finally:
            self.closed = True  # what is still being drawn for this box is dropped at the next step
