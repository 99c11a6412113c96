"""A map of voices: two coordinates out of many, so that near voices lie near, and groups of voices that are alike.

Principal components (the two directions in which the voices differ most) and k-means, both exact enough with NumPy for
a few thousand points, and the same each time for the same voices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from studio.errors import BadRequest
from studio.library import Measured, Voice
from studio.voices.encoders import Vector

Array = NDArray[np.float64]

LEAST = 3  # voices of a map
MOST = 2000  # that are drawn
MOST_GROUPS = 7  # that an eye tells apart
ROUNDS = 30  # of k-means at most
TRIES = 4  # from other beginnings, of which the best is kept


@dataclass(frozen=True)
class Point:
    """A voice on the map."""

    voice: Voice
    x: float  # -1..1
    y: float
    group: int
    measured: Measured | None


@dataclass(frozen=True)
class Group:
    """Voices that lie together."""

    count: int
    pitch_hz: float | None  # median of its voices
    nearest: str  # name of the voice in its middle


@dataclass(frozen=True)
class VoiceMap:
    """All of it."""

    points: tuple[Point, ...]
    groups: tuple[Group, ...]
    shown: float  # 0..1: how much of the differences between the voices the map can show
    total: int  # voices that could be on it; more than `points` where there are too many


def check_enough(count: int) -> None:
    """`BadRequest` where there are too few voices for a map."""
    if count < LEAST:
        raise BadRequest(
            f"{count} measured voices: a map needs at least {LEAST}; measure more first",
            f"已测量的音色有 {count} 个：地图至少需要 {LEAST} 个，请先测量更多音色",
            where="voices",
        )


def flat(vectors: Vector) -> tuple[Array, float]:
    """(n, dimension) -> (n, 2) within -1..1, and the share of the differences that is kept."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    _, strengths, directions = np.linalg.svd(centred, full_matrices=False)
    directions = directions[:2] * np.sign(directions[:2].sum(axis=1, keepdims=True) + 1e-12)  # else it flips by chance
    places = centred @ directions.T
    power = np.square(strengths)
    share = float(power[:2].sum() / power.sum()) if power.sum() > 0 else 1.0
    return places / max(float(np.abs(places).max()), 1e-12), share


def groups(vectors: Vector, count: int | None = None) -> NDArray[np.int64]:
    """(n, dimension) -> the group of each, by k-means; the largest group is 0."""
    wanted = count or int(np.clip(round(np.sqrt(len(vectors) / 2)), 1, MOST_GROUPS))
    _, chosen = min((_grouped(vectors, _spread_out(vectors, wanted, seed)) for seed in range(TRIES)), key=itemgetter(0))
    sizes = np.bincount(chosen, minlength=wanted)
    rank = np.argsort(np.argsort(-sizes, kind="stable"))
    found: NDArray[np.int64] = rank[chosen]
    return found


def _grouped(vectors: Vector, centres: Vector) -> tuple[float, NDArray[np.int64]]:
    """The group of each vector, and how far from the middles of their groups they are in all."""
    for _ in range(ROUNDS):
        chosen = (vectors @ centres.T - np.square(centres).sum(axis=1) / 2).argmax(axis=1)
        moved = np.stack(
            [vectors[chosen == n].mean(axis=0) if (chosen == n).any() else old for n, old in enumerate(centres)]
        )
        if np.allclose(moved, centres):
            break
        centres = moved
    return float(np.square(vectors - centres[chosen]).sum()), chosen


def _spread_out(vectors: Vector, count: int, seed: int) -> Vector:
    """Centres to begin with (k-means++, with a generator of its own: the same each time)."""
    chance = np.random.default_rng(seed)
    chosen = [int(chance.integers(len(vectors)))]
    distance = np.full(len(vectors), np.inf)
    while len(chosen) < count:
        distance = np.minimum(distance, np.square(vectors - vectors[chosen[-1]]).sum(axis=1))
        if distance.sum() <= 0:  # fewer different voices than groups
            break
        chosen.append(int(chance.choice(len(vectors), p=distance / distance.sum())))
    return vectors[chosen]


def described(points: Sequence[Point], vectors: Vector) -> tuple[Group, ...]:
    """The groups in words: how many, how high, and who stands in the middle."""
    found = []
    belongs = np.array([point.group for point in points])
    for number in range(int(belongs.max()) + 1):
        rows = np.nonzero(belongs == number)[0].tolist()
        middle = rows[int((vectors[rows] @ vectors[rows].mean(axis=0)).argmax())]
        known = (points[row].measured for row in rows)
        heights = [one.pitch_hz for one in known if one is not None and one.pitch_hz is not None]
        pitch = float(np.median(heights)) if heights else None
        found.append(Group(len(rows), pitch, points[middle].voice.name))
    return tuple(found)
