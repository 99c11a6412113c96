"""What both sides of the CosyVoice benchmark do: 5 seconds in a voice from a clip of 3 seconds."""

import time
from collections.abc import Callable

TEXT = 40  # ids of text
NEW = 100  # ids drawn
PROMPT_SOUNDS, PROMPT_FRAMES = 75, 150  # 3 s
SOUNDS = 125  # 5 s


def best(work: Callable[[], object], runs: int) -> float:
    """Seconds of the quickest of some runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
