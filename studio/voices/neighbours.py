"""The vectors of all voices of one encoder, in memory: who is near whom, exactly.

One product of a vector and an array answers a question about 100,000 voices in a few milliseconds. The array holds
deleted voices too: who is deleted is asked when an answer is given, so a voice that is restored is there at once. What
this process measures is noticed at once, what others do within a second, by the state of the table.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple

import numpy as np

from studio.library.voice_measures import Numbers, State, Stored, Vectors, VoiceMeasures

OVERLAP = timedelta(minutes=1)  # vectors are read again that may have been written meanwhile by another process
BLOCK = 128  # voices that are compared with all others at once
LOOK_S = 1.0  # how often it is asked what other processes did
SLACK = 64  # more than is asked for, in case some are deleted


class Near(NamedTuple):
    """A voice and how near it is."""

    id: str
    similarity: float  # -1..1


@dataclass(frozen=True, eq=False)
class _Kept:
    state: State
    version: int  # of the measures of this process
    looked: float
    numbers: Numbers  # ascending
    values: Vectors  # (n, dimension)


class Neighbours:
    """Exact nearest neighbours over what is stored. For any number of threads."""

    def __init__(self, measures: VoiceMeasures, encoder: str, dimension: int) -> None:
        self.encoder, self.dimension = encoder, dimension
        self._measures = measures
        self._kept: _Kept | None = None
        self._lock = threading.Lock()

    def stored(self) -> Stored:
        """All vectors as they are now, by ascending number."""
        with self._lock:
            kept, version, now = self._kept, self._measures.version, time.monotonic()
            if kept is None or kept.version != version or now - kept.looked > LOOK_S:
                state = self._measures.state(self.encoder)
                found = self._read(kept, state) if kept is None or kept.state != state else kept
                kept = self._kept = replace(found, version=version, looked=now)
            return Stored(kept.numbers, kept.values)

    def nearest(
        self, vector: Vectors, count: int, without: frozenset[int] = frozenset(), among: Numbers | None = None
    ) -> list[Near]:
        """The voices nearest to a vector, the nearest first; `without` some, or only `among` some (numbers)."""
        numbers, values = self.stored()
        likeness = values @ vector
        if among is not None:
            likeness[~np.isin(numbers, among)] = -np.inf
        wanted = count + len(without) + SLACK
        found: list[Near] = []
        while True:
            best = _highest(likeness, wanted)
            live = self._measures.ids(numbers[best].tolist())
            found = [
                Near(live[number], float(near))
                for number, near in zip(numbers[best].tolist(), likeness[best], strict=True)
                if number in live and number not in without and near > -np.inf
            ]
            if len(found) >= count or wanted >= len(numbers):
                return found[:count]
            wanted *= 4  # many of them are deleted

    def pairs(self, least: float) -> Iterator[tuple[float, list[tuple[int, int, float]]]]:
        """Pairs of numbers at least so similar, block by block, each with the share (0..1) that is done by then."""
        numbers, values = self.stored()
        for at in range(0, len(numbers), BLOCK):
            block = values[at : at + BLOCK] @ values[at:].T
            rows, columns = np.nonzero(block >= least)
            ahead = columns > rows
            rows, columns = rows[ahead], columns[ahead]
            first, second = numbers[at + rows].tolist(), numbers[at + columns].tolist()
            left = 1 - min(1.0, (at + BLOCK) / len(numbers))
            yield 1 - left * left, list(zip(first, second, block[rows, columns].tolist(), strict=True))

    def _read(self, before: _Kept | None, state: State) -> _Kept:
        """What is new put to what is known; everything, where that does not add up."""
        if before is not None and before.state.last is not None and state.total >= len(before.numbers):
            new = self._measures.vectors(self.encoder, self.dimension, before.state.last - OVERLAP)
            old = ~np.isin(before.numbers, new.numbers)
            numbers = np.concatenate([before.numbers[old], new.numbers])
            if len(numbers) == state.total:
                order = np.argsort(numbers)
                values = np.concatenate([before.values[old], new.values])[order]
                return _Kept(state, 0, 0.0, numbers[order], np.ascontiguousarray(values))
        return _Kept(state, 0, 0.0, *self._measures.vectors(self.encoder, self.dimension))


def _highest(likeness: Vectors, count: int) -> Numbers:
    """Where the highest values are, the highest first."""
    if count < len(likeness):
        some = np.argpartition(-likeness, count)[:count]
        return some[np.argsort(-likeness[some], kind="stable")]
    return np.argsort(-likeness, kind="stable")
