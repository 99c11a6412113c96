"""A voice's picture: drawn from its data alone, so the same voice always has the same one."""

import hashlib
import json
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

SIDE = 40  # of the picture; it is scaled by the page
SPOKES = 24
INNER = 6.0
OUTER = 18.0


def glyph_of(engine: str, content: Mapping[str, Any]) -> str:
    """SVG for a voice's content. Drawn in the colour of the text around it; the card carries its name."""
    plain = json.dumps({"engine": engine, **content}, sort_keys=True, ensure_ascii=False, default=str)
    return glyph(hashlib.sha256(plain.encode()).hexdigest())


@lru_cache(maxsize=4096)
def glyph(digest: str) -> str:
    """SVG for 64 hex digits: a ring of strokes like a sound around a point, in one of four symmetries."""
    numbers = bytes.fromhex(digest)
    folds = (1, 2, 3, 4)[numbers[0] % 4]
    lengths = smooth([numbers[1 + place % (SPOKES // folds)] / 255 for place in range(SPOKES)], numbers[30] % 2)
    strokes = "".join(spoke(place, length) for place, length in enumerate(lengths))
    core = 1.6 + numbers[31] / 255 * 2.4
    return (
        f'<svg viewBox="0 0 {SIDE} {SIDE}" aria-hidden="true"><path d="{strokes}" fill="none" stroke="currentColor" '
        f'stroke-width="1.7" stroke-linecap="round"/>'
        f'<circle cx="20" cy="20" r="{core:.1f}" fill="currentColor"/></svg>'
    )


def smooth(values: list[float], rounds: int) -> list[float]:
    """Neighbours drawn towards each other, round the circle."""
    for _ in range(rounds):
        values = [(values[n - 1] + 2 * v + values[(n + 1) % len(values)]) / 4 for n, v in enumerate(values)]
    return values


def spoke(place: int, length: float) -> str:
    """One stroke from the inner ring outwards."""
    angle = 2 * math.pi * place / SPOKES - math.pi / 2
    across, down = math.cos(angle), math.sin(angle)
    end = INNER + 1.2 + (OUTER - INNER - 1.2) * length
    return f"M{20 + across * INNER:.1f} {20 + down * INNER:.1f}L{20 + across * end:.1f} {20 + down * end:.1f}"
