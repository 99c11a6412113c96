"""Voices that can hardly be told apart: pairs of near ones, joined into groups."""

from collections.abc import Sequence
from dataclasses import dataclass

from studio.errors import BadRequest
from studio.library import Voice

DUPLICATE = 0.97  # similarity from which two voices can hardly be told apart
MOST_PAIRS = 20_000  # more of them say that the limit is too low


@dataclass(frozen=True)
class Twins:
    """Voices that can hardly be told apart."""

    voices: tuple[Voice, ...]
    similarity: float  # of the two that are least alike among those compared; 1 where they are one and the same
    same: bool  # engine and content agree


class Groups:
    """Pairs joined into groups: whoever is like one of a group belongs to it."""

    def __init__(self) -> None:
        self._first: dict[int, int] = {}
        self._least: dict[int, float] = {}
        self._count = 0

    def join(self, pairs: Sequence[tuple[int, int, float]]) -> None:
        self._count += len(pairs)
        if self._count > MOST_PAIRS:
            raise BadRequest(
                f"more than {MOST_PAIRS:,} pairs are so much alike; ask for a higher similarity",
                f"这样相似的音色超过 {MOST_PAIRS} 对；请提高相似度",
                where="least",
            )
        for a, b, similarity in pairs:
            first, second = self._root(a), self._root(b)
            self._first[max(first, second)] = min(first, second)
            lowest = min(self._least.get(first, 1.0), self._least.get(second, 1.0), similarity)
            self._least[min(first, second)] = lowest

    def members(self) -> list[list[int]]:
        found: dict[int, list[int]] = {}
        for number in sorted(self._first):
            found.setdefault(self._root(number), []).append(number)
        return list(found.values())

    def least(self, members: Sequence[int]) -> float:
        return self._least[self._root(members[0])]

    def _root(self, number: int) -> int:
        self._first.setdefault(number, number)
        while self._first[number] != number:
            number = self._first[number]
        return number
