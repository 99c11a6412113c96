"""New voices out of known ones, where voices are vectors: mixed, between two, changed a little, bred from the best.

Chance is seeded: the same parents, strength and seed give the same children, one by one, however many are asked for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from studio.engines.contract import Bounds, Engine, VoiceContent, VoiceKind
from studio.errors import BadRequest
from studio.production.casting import SEEDS, CastVoice, blend

MOST = 24  # children of one family
STRONGEST = 3.0  # of a mutation, in spreads
SAMPLED = 64  # seeds whose voices say how far the voices of an engine lie apart
BELL = 12  # even numbers whose sum less 6 is near to a normal number, and the same on every machine

Vector = NDArray[np.float64]
Resolve = Callable[[str], CastVoice]  # a voice as people name it


@dataclass(frozen=True)
class Child:
    """A voice that comes from others."""

    content: VoiceContent
    name: str
    parents: tuple[dict[str, Any], ...]  # {"voice": id or name, "name", "weight"}


@dataclass(frozen=True)
class Mix:
    """One voice: the mean of 2 to 8 by weight."""

    kind: ClassVar[str] = "mix"
    weights: Mapping[str, float]

    def children(self, engine: Engine, resolve: Resolve) -> Iterator[Child]:
        mixed = [(resolve(ref), weight) for ref, weight in self.weights.items()]
        content = blend(engine, mixed)
        whole = sum(weight for _, weight in mixed)
        yield Child(content, " + ".join(voice.label for voice, _ in mixed), _parents((v, w / whole) for v, w in mixed))


@dataclass(frozen=True)
class Between:
    """A walk from one voice to another, both ends included."""

    kind: ClassVar[str] = "between"
    first: str
    second: str
    steps: int = 7

    def children(self, engine: Engine, resolve: Resolve) -> Iterator[Child]:
        _whole("steps", "步数", self.steps, 3, MOST)
        first, second = resolve(self.first), resolve(self.second)
        for step in range(self.steps):
            share = step / (self.steps - 1)
            content = blend(engine, [(first, 1 - share), (second, share)])
            yield Child(content, f"{1 - share:.0%} / {share:.0%}", _parents([(first, 1 - share), (second, share)]))


@dataclass(frozen=True)
class Mutation:
    """Voices around one; `keep` stand before them, from an earlier family."""

    kind: ClassVar[str] = "mutate"
    around: str
    strength: float = 0.3  # 1 is as far as the engine's voices lie apart
    count: int = 12
    seed: int = 0
    keep: tuple[str, ...] = ()

    def children(self, engine: Engine, resolve: Resolve) -> Iterator[Child]:
        _check(self.strength, self.count, self.seed)
        parent = resolve(self.around)
        vector = vector_of(engine, parent.content)
        yield from _again(self.keep, resolve)
        for number in range(self.count - len(self.keep)):
            dice = Dice(self.seed, number)
            values = vector + self.strength * spread(engine) * dice.normal(len(vector))
            yield Child(held(engine, values), f"{parent.label} ~ {number + 1}", _parents([(parent, 1.0)]))


@dataclass(frozen=True)
class Brood:
    """Children of two parents each, chosen by rating, and changed a little; `keep` stand before them."""

    kind: ClassVar[str] = "breed"
    rated: Mapping[str, float]  # a voice as people name it -> rating
    strength: float = 0.2
    count: int = 12
    seed: int = 0
    keep: tuple[str, ...] = ()

    def children(self, engine: Engine, resolve: Resolve) -> Iterator[Child]:
        _check(self.strength, self.count, self.seed)
        ratings = np.array(list(self.rated.values()), np.float64)
        if not 2 <= len(ratings) <= MOST or not np.all(np.isfinite(ratings)) or (ratings <= 0).any():
            raise BadRequest(
                f"breed: takes 2 to {MOST} voices rated above 0, as in f2=5 m3=3",
                f"繁育：需要 2 到 {MOST} 个评分大于 0 的音色，例如 f2=5 m3=3",
                where="rated",
            )
        voices = [resolve(ref) for ref in self.rated]
        vectors = [vector_of(engine, voice.content) for voice in voices]
        yield from _again(self.keep, resolve)
        for number in range(self.count - len(self.keep)):
            dice = Dice(self.seed, number)
            one = dice.one_of(ratings)
            other = dice.one_of(np.where(np.arange(len(ratings)) == one, 0.0, ratings))
            share = 0.25 + 0.5 * dice.fraction()
            middle = share * vectors[one] + (1 - share) * vectors[other]
            values = middle + self.strength * spread(engine) * dice.normal(len(middle))
            parents = _parents([(voices[one], share), (voices[other], 1 - share)])
            yield Child(held(engine, values), f"{voices[one].label} × {voices[other].label}", parents)


Family = Mix | Between | Mutation | Brood


class Dice:
    """Reproducible numbers for child `number` of a family with `seed`, the same on every system."""

    def __init__(self, seed: int, number: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence([seed, number]))

    def fraction(self) -> float:
        """The next number, 0 up to but without 1."""
        return float(self._even(1)[0])

    def one_of(self, weights: Vector) -> int:
        """An index, drawn by weight."""
        sums = np.cumsum(weights)
        return int(np.searchsorted(sums, self.fraction() * sums[-1], side="right"))

    def normal(self, size: int) -> Vector:
        """(size,) numbers around 0 that spread by 1."""
        sums: Vector = self._even(size * BELL).reshape(size, BELL).sum(axis=1)
        return sums - BELL / 2

    def _even(self, size: int) -> Vector:
        raw = np.asarray(self._bits.random_raw(size), np.uint64)
        return (raw >> np.uint64(11)).astype(np.float64) / 2**53


def vector_of(engine: Engine, content: VoiceContent) -> Vector:
    """A voice as numbers. `BadRequest` says why an engine has none."""
    return np.frombuffer(engine.embed(content), "<f4").astype(np.float64)


def held(engine: Engine, values: Vector) -> VoiceContent:
    """A vector as a voice that the engine can speak with."""
    packed = values.astype("<f4").tobytes()
    return VoiceContent(VoiceKind.EMBEDDING, values=engine.within(packed) if isinstance(engine, Bounds) else packed)


def spread(engine: Engine) -> Vector:
    """How far the voices of an engine lie apart in each number: the deviation over its first seeds."""
    key = engine.spec.id, engine.spec.version
    if key not in _SPREADS:
        seeds = [VoiceContent(VoiceKind.SEED, seed=seed) for seed in range(SAMPLED)]
        _SPREADS[key] = np.stack([vector_of(engine, seed) for seed in seeds]).std(axis=0)
    return _SPREADS[key]


_SPREADS: dict[tuple[str, str], Vector] = {}


def _again(refs: Sequence[str], resolve: Resolve) -> Iterator[Child]:
    for ref in refs:
        voice = resolve(ref)
        yield Child(voice.content, voice.label, _parents([(voice, 1.0)]) if voice.id else ())


def _parents(voices: Any) -> tuple[dict[str, Any], ...]:
    """Who and how much; the share is 0..1."""
    return tuple(
        {"voice": voice.id or voice.label, "name": voice.label, "weight": round(float(weight), 6)}
        for voice, weight in voices
        if weight > 0
    )


def _check(strength: float, count: int, seed: int) -> None:
    _whole("count", "数量", count, 1, MOST)
    _whole("seed", "种子", seed, 0, SEEDS - 1)
    if isinstance(strength, bool) or not isinstance(strength, (int, float)) or not 0 < strength <= STRONGEST:
        raise BadRequest(
            f"strength {strength}: takes more than 0, up to {STRONGEST:g}; 1 is as far as the voices are apart",
            f"强度 {strength}：应大于 0 且不超过 {STRONGEST:g}；1 相当于该引擎音色之间的差异",
            where="strength",
        )


def _whole(name: str, zh: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise BadRequest(
            f"{name} {value}: takes a whole number, {low} to {high}",
            f"{zh} {value}：应为 {low} 到 {high} 的整数",
            where=name,
        )
