"""How work grows. A limit in seconds says as much about the machine as about the code; work compared with less of the
same work does not."""

import gc
import time
from collections.abc import Callable
from typing import TypeVar

# Ten times as much takes ten times as long where work grows with its size, a hundred where it grows with the square.
IN_PROPORTION = 30

T = TypeVar("T")


def times_longer(work: Callable[[T], object], much: T, little: T) -> float:
    """How many times as long `work` takes for `much` as for `little`, in processor time, the least of a few tries."""
    few = min(processor_time(work, little) for _ in range(3))
    return min(processor_time(work, much) for _ in range(2 if few < 0.1 else 1)) / max(few, 1e-4)


def processor_time(work: Callable[[T], object], what: T) -> float:
    """Seconds, without collecting what other tests left behind."""
    gc.disable()
    try:
        started = time.thread_time()
        work(what)
        return time.thread_time() - started
    finally:
        gc.enable()
