"""A voice's picture, on the page and on a card: drawn from its data alone, so the same voice always has the same."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

SIDE = 40  # of the picture; whoever draws it scales it
POINTS = 60  # of one line
LINES = 4  # one inside the other

Line = tuple[tuple[float, float], ...]  # closed; 0..SIDE across and down


def glyph_of(engine: str, content: Mapping[str, Any]) -> tuple[Line, ...]:
    """The lines for a voice's content."""
    plain = json.dumps({"engine": engine, **content}, sort_keys=True, ensure_ascii=False, default=str)
    return lines(hashlib.sha256(plain.encode()).hexdigest())


@lru_cache(maxsize=4096)
def lines(digest: str) -> tuple[Line, ...]:
    """Closed lines for 64 hex digits, one inside the other, like the height lines of a hill.

    The outline is a circle bent by three waves; how many bows each has, how strong it is and where it begins come from
    the digest, and so do the twist from line to line and the place of the summit.
    """
    numbers = [value / 255 for value in bytes.fromhex(digest)]
    waves = [
        (2 + n + int(numbers[n] * 2.99), (0.05 + 0.13 * numbers[3 + n]) / (1 + 0.6 * n), math.tau * numbers[6 + n])
        for n in range(3)
    ]
    twist = (numbers[9] - 0.5) * 0.4
    lean = (numbers[10] - 0.5) * 6, (numbers[11] - 0.5) * 6  # of the summit from the middle
    return tuple(_line(waves, 1 - n / LINES, n * twist, lean) for n in range(LINES))


def _line(waves: Sequence[tuple[int, float, float]], scale: float, turn: float, lean: tuple[float, float]) -> Line:
    """One closed line; `scale` 1 is the outermost."""
    path = []
    for point in range(POINTS):
        angle = math.tau * point / POINTS
        bent = 1 + sum(strength * math.cos(bows * angle + start) for bows, strength, start in waves)
        radius = 14.0 * scale * bent
        across = 20 + lean[0] * (1 - scale) + radius * math.cos(angle + turn)
        path.append((across, 20 + lean[1] * (1 - scale) + radius * math.sin(angle + turn)))
    return tuple(path)
