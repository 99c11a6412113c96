"""Working ahead: a producer on a thread of its own, a short queue, a consumer that never notices."""

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

Item = TypeVar("Item")
POLL_S = 0.1  # how soon a producer that waits for room sees that nobody listens any more


def ahead(items: Iterable[Item], depth: int) -> Generator[Item, None, None]:
    """`items`, up to `depth` of them made before they are asked for.

    An exception of the producer is raised here, after the items before it. Closing this generator stops the producer
    and waits for it, so whatever it holds (an engine, a file) is free again.
    """
    room: queue.Queue[tuple[str, Item | BaseException | None]] = queue.Queue(depth)
    closed = threading.Event()

    def put(kind: str, value: Item | BaseException | None) -> None:
        while not closed.is_set():
            try:
                return room.put((kind, value), timeout=POLL_S)
            except queue.Full:
                continue

    def produce() -> None:
        source = iter(items)
        try:
            while not closed.is_set():
                try:
                    item = next(source)
                except StopIteration:
                    return put("end", None)
                put("item", item)
        except BaseException as error:  # handed to the consumer, whatever it is
            put("error", error)
        finally:
            if hasattr(source, "close"):
                source.close()

    worker = threading.Thread(target=produce, name="ahead", daemon=True)
    worker.start()
    try:
        while True:
            kind, value = room.get()
            if kind == "end":
                return
            if kind == "error":
                raise value  # type: ignore[misc]  # an exception by its kind
            yield value  # type: ignore[misc]  # an item by its kind
    finally:
        closed.set()
        worker.join()
