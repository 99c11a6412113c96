"""Recipes in, sound out: from the render cache where it is known, from the engine where it is not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from studio.audio.clip import Clip, Samples
from studio.engines.contract import AudioChunk, Recipe, Stop, WordTime
from studio.engines.registry import Registry
from studio.errors import EngineFailed
from studio.library import RenderCache

BATCH = 16  # recipes handed to an engine at once; between batches other callers get their turn


@dataclass(frozen=True, eq=False)
class LinePiece:
    """A piece of one line's sound; lines come in order, and so do the pieces of each."""

    index: int
    samples: Samples
    words: tuple[WordTime, ...] = ()  # seconds from the start of the line
    last: bool = False
    cached: bool = False  # nothing was rendered for it


class Renderer:
    """The one way from a recipe to its audio."""

    def __init__(self, engines: Registry, cache: RenderCache) -> None:
        self._engines = engines
        self._cache = cache

    def lines(self, recipes: Sequence[Recipe], stop: Stop) -> Iterator[LinePiece]:
        """The sound of each recipe. What is rendered is in the cache before the line's last piece is given out."""
        at = 0
        while at < len(recipes):
            stop.check()
            if (piece := self._known(recipes[at], at)) is not None:
                yield piece
                at += 1
                continue
            end = self._unknown_until(recipes, at)
            yield from self._render(recipes[at:end], at, stop)
            at = end

    def _known(self, recipe: Recipe, index: int) -> LinePiece | None:
        take = self._cache.get(recipe.digest)
        if take is None:
            return None
        words = tuple(WordTime(*word) for word in take.words)
        return LinePiece(index, self._cache.load(take.digest).samples, words, last=True, cached=True)

    def _unknown_until(self, recipes: Sequence[Recipe], start: int) -> int:
        """The end of the run from `start` that has one engine, no known line and no line twice."""
        seen = {recipes[start].digest}
        for at in range(start + 1, min(start + BATCH, len(recipes))):
            recipe = recipes[at]
            if recipe.engine != recipes[start].engine or recipe.digest in seen or self._cache.has(recipe.digest):
                return at
            seen.add(recipe.digest)
        return min(start + BATCH, len(recipes))

    def _render(self, recipes: Sequence[Recipe], offset: int, stop: Stop) -> Iterator[LinePiece]:
        with self._engines.lease(recipes[0].engine, stop) as engine, self._cache.batch():
            rate = engine.spec.rate
            whole: list[list[AudioChunk]] = [[] for _ in recipes]
            given = 0  # the line whose pieces go out as they come; later ones wait
            sent = 0  # pieces of it
            for chunk in engine.speak(recipes, stop):
                whole[chunk.index].append(chunk)
                if chunk.last:
                    self._keep(recipes[chunk.index], whole[chunk.index], rate)
                while given < len(recipes) and sent < len(whole[given]):
                    piece = whole[given][sent]
                    yield LinePiece(offset + given, piece.samples, piece.words, piece.last)
                    sent += 1
                    if piece.last:
                        whole[given], given, sent = [], given + 1, 0
            if given < len(recipes):
                raise EngineFailed(
                    f"{recipes[0].engine} ended before it had spoken everything; try again",
                    f"{recipes[0].engine} 没有读完就结束了，请重试",
                )

    def _keep(self, recipe: Recipe, chunks: Sequence[AudioChunk], rate: int) -> None:
        samples = np.concatenate([chunk.samples for chunk in chunks])
        words = [(w.text, w.start, w.end) for chunk in chunks for w in chunk.words]
        self._cache.put(recipe.digest, Clip(samples, rate), recipe.to_json(), words=words)
