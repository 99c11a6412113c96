"""A batch at work: a few files at the same time, each on a hand of its own, until none waits or someone says stop.

The engines take turns as ever; while one file is spoken, another is read or encoded. So two hands serve an engine that
speaks one text at a time, and four one that draws several in a batch of its own.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from studio.batch.making import Maker, tidy
from studio.batch.order import Item, Order, Trouble
from studio.batch.paces import Paces
from studio.batch.records import BatchState, Outcome, Record, Tally
from studio.engines.registry import Registry
from studio.errors import Cancelled, StorageError, StudioError
from studio.production.jobs import Job

ALONE, TOGETHER = 2, 4  # hands for an engine that speaks one text at a time, and for one that speaks several
MOST_HANDS = 16
SMALLEST = 200  # bytes that a file counts for at least: opening and closing it is work as well


def hands_for(order: Order, engines: Registry) -> int:
    """How many files are worked on at the same time."""
    if order.hands:
        return min(order.hands, MOST_HANDS)
    names = {order.request(item).engine for item in order.items[:1000]}
    together = False
    for name in names:
        with suppress(StudioError):  # an engine that is not there serves nobody
            together = together or engines.get(name).spec.concurrent
    return TOGETHER if together else ALONE


class BatchJob(Job[Tally]):
    """A batch being worked on. `done` and `total` count bytes of manuscripts."""

    def __init__(self, record: Record, maker: Maker, paces: Paces, hands: int) -> None:
        super().__init__(lambda job: self._work_on(), id=record.id, title=record.title)
        self.record = record
        self.ending: BatchState = "paused"  # what it is when it was stopped
        self.trouble: Trouble | None = None  # what stopped it by itself
        self._maker, self._paces, self._hands = maker, paces, hands
        self._guard = threading.Lock()
        self._waiting: deque[Item] = deque()
        self._steps: dict[int, tuple[Job[Any], int]] = {}  # number -> a file at work, and its bytes

    def end(self, as_what: BatchState) -> None:
        """Stop within a step; the files that were not finished wait, or count as cancelled."""
        self.ending = as_what
        self.stop()

    def working(self) -> dict[int, float]:
        """The files at work, each with how far it is (0..1)."""
        with self._guard:
            return {number: step.progress for number, (step, _) in self._steps.items()}

    @property
    def progress(self) -> float:
        """0..1, with what the files at work have of theirs."""
        with self._guard:
            inside = sum(step.progress * size for step, size in self._steps.values())
        return min(1.0, (self.done + inside) / self.total) if self.total else 0.0

    def _work_on(self) -> Tally:
        with self.record.alone():
            self.record.set_state("running")
            try:
                self._all()
            except Cancelled:
                if self.ending == "cancelled":
                    self.record.add(*(Outcome(item.number, "cancelled") for item in self.record.pending()))
                self._leave(self.ending)
                raise
            except StudioError as error:
                self.trouble = Trouble.of(error)
                self._leave("paused", self.trouble)
                raise
            self._leave("done")
        return self.record.tally

    def _leave(self, state: BatchState, trouble: Trouble | None = None) -> None:
        self._paces.keep()
        with suppress(StorageError):  # of a full disk: then it counts as interrupted, and goes on like a paused one
            self.record.set_state(state, trouble)

    def _all(self) -> None:
        """Every file that waits; raises what ended it before."""
        pending = self.record.pending()
        tidy(self.record.out)
        self._waiting.extend(pending)
        self.total = float(sum(_size(item) for item in pending))
        errors: list[StudioError] = []
        hands = [
            threading.Thread(target=self._hand, args=(errors,), name=f"batch-{self.id[-4:]}-{n}", daemon=True)
            for n in range(max(1, min(self._hands, len(pending))))
        ]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        if errors:
            raise errors[0]
        self.stopping.check()

    def _hand(self, errors: list[StudioError]) -> None:
        """One file after another."""
        try:
            for item in self._taken():
                self._one(item)
        except Cancelled:
            pass
        except StudioError as error:  # the disk is full: nothing more can be made
            errors.append(error)
            self.stopping.set()

    def _taken(self) -> Iterator[Item]:
        while not self.stopping:
            with self._guard:
                if not self._waiting:
                    return
                item = self._waiting.popleft()
            yield item

    def _one(self, item: Item) -> None:
        step: Job[Any] = Job(lambda _: None)
        step.stopping, step.id = self.stopping, ""  # its takes are used by no production
        size = _size(item)
        with self._guard:
            self._steps[item.number] = step, size
        try:
            outcome = self._maker.make(item, step)
            self.record.add(outcome)
        finally:
            with self._guard:
                del self._steps[item.number]
                self.done += size
        if outcome.state == "done" and not outcome.cached:
            engines = self._maker.direction(self._maker.order.request(item)).engines
            self._paces.note(engines, outcome.letters, outcome.seconds, outcome.wall_s)


def _size(item: Item) -> int:
    """What a file counts for, before it was read."""
    try:
        return max(SMALLEST, Path(item.input).stat().st_size) if item.input else SMALLEST
    except (OSError, ValueError):
        return SMALLEST
