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
from collections.abc import Callable, Generator
from dataclasses import dataclass

import torch

from studio.engines.chattts.generation import Batch, Order, Row
from studio.engines.chattts.model import Gpt

Errand = Generator[Order | None, Row | None, None]

log = logging.getLogger(__name__)


@dataclass(eq=False)
class Task:
    """An errand, and whom to tell."""

    errand: Errand
    failed: Callable[[Exception], None]
    unwanted: Callable[[], bool]  # nobody waits for it any more
    order: Order | None = None  # waits for a place
    row: Row | None = None


class Worker:
    """Runs errands until it is closed."""

    def __init__(self, gpt: Gpt, slots: int) -> None:
        self._batch = Batch(gpt, slots)
        self._inbox: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._tasks: deque[Task] = deque()  # the one that has waited longest first
        self._open = True
        self._thread = threading.Thread(target=self._run, name="chattts", daemon=True)
        self._thread.start()

    def submit(self, task: Task) -> None:
        """Have an errand run; may be called from any thread."""
        self._inbox.put(task)

    def close(self) -> None:
        """Drop what is under way and end the thread."""
        self._open = False
        self._inbox.put(None)
        self._thread.join()

    @torch.inference_mode()
    def _run(self) -> None:
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
            log.warning("a step of chattts failed", exc_info=True)
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
