"""Working ahead: a producer on a thread of its own, a short belt, a consumer that never notices."""

import threading
from collections.abc import Generator, Iterable
from typing import Generic, TypeVar

Item = TypeVar("Item")


def ahead(items: Iterable[Item], depth: int) -> Generator[Item, None, None]:
    """`items`, up to `depth` of them made before they are asked for.

    An exception of the producer is raised here, after the items before it. Closing this generator stops the producer
    and waits for it, so whatever it holds (an engine, a file) is free again.
    """
    belt: _Belt[Item] = _Belt(depth)

    def produce() -> None:
        source = iter(items)
        trouble: BaseException | None = None
        try:
            for item in source:
                if not belt.put(item):
                    break
        except BaseException as error:  # handed to the consumer, whatever it is
            trouble = error
        finally:
            try:
                if hasattr(source, "close"):
                    source.close()
            finally:
                belt.end(trouble)

    worker = threading.Thread(target=produce, name="ahead", daemon=True)
    worker.start()
    try:
        while (taken := belt.take()) is not None:
            for item in taken:
                belt.held -= 1
                yield item
    finally:
        belt.close()
        worker.join()


class _Belt(Generic[Item]):
    """Items between two threads. The taker takes several at a time, so that busy threads seldom wake each other."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self.held = 0  # items that were taken and wait for their turn at the taker's
        self._changed = threading.Condition()
        self._items: list[Item] = []
        self._ended = self._closed = False
        self._trouble: BaseException | None = None

    def put(self, item: Item) -> bool:
        """Lay an item down, waiting for room; False when nobody will take it any more."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._items) + self.held < self._depth or self._closed)
            self._items.append(item)
            if len(self._items) == 1:
                self._changed.notify()
            return not self._closed

    def end(self, trouble: BaseException | None) -> None:
        with self._changed:
            self._ended, self._trouble = True, trouble
            self._changed.notify()

    def take(self) -> list[Item] | None:
        """What lies there, at most half a belt, waiting for it; None after the last. Raises what ended the producer."""
        most = max(1, self._depth // 2)
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._ended)
            taken, self._items = self._items[:most], self._items[most:]
            if taken:
                self.held = len(taken)
                self._changed.notify()
                return taken
            if self._trouble is not None:
                raise self._trouble
            return None

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
