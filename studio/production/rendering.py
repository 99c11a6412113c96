"""Recipes in, sound out: from the render cache where it is known, from the engine where it is not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from studio.audio.clip import Clip, Samples
from studio.engines.contract import AudioChunk, Recipe, Stop, WordTime
from studio.engines.registry import Registry
from studio.errors import EngineFailed
from studio.library import StoredTake, TakeFacts
from studio.production.casting import CastVoice

if TYPE_CHECKING:  # SQLAlchemy comes with the library, when one is opened
    from studio.library.cache import Cache

BATCH = 16  # recipes handed to an engine at once; between batches other callers get their turn
WINDOW = 64  # lines that are looked up in the cache together


class Spoken(Protocol):
    """What the renderer needs to know of a line."""

    @property
    def recipe(self) -> Recipe: ...
    @property
    def voice(self) -> CastVoice: ...


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

    def __init__(self, engines: Registry, cache: "Cache") -> None:
        self._engines = engines
        self._cache = cache

    def lines(
        self, lines: Sequence[Spoken], stop: Stop, production: str = "", stream: bool = False
    ) -> Iterator[LinePiece]:
        """The sound of each line. What is rendered is in the cache before the line's last piece is given out.

        With the id of a production, its takes count as used by it. With `stream`, someone listens already.
        """
        at = 0
        while at < len(lines):
            stop.check()
            with self._cache.batch(production):
                end = self._same_engine(lines, at)
                known = self._cache.get_many([line.recipe.digest for line in lines[at:end]])
                while at < end:
                    if (take := known.get(lines[at].recipe.digest)) is not None:
                        yield self._replay(take, at)
                        at += 1
                        continue
                    until = _unknown(lines, at, end, known)
                    yield from self._render(lines[at:until], at, stop, stream)
                    at = until
                    break  # a line may come again: look anew

    def _same_engine(self, lines: Sequence[Spoken], start: int) -> int:
        end = min(start + WINDOW, len(lines))
        engine = lines[start].recipe.engine
        return next((at for at in range(start, end) if lines[at].recipe.engine != engine), end)

    def _replay(self, take: StoredTake, index: int) -> LinePiece:
        words = tuple(WordTime(*word) for word in take.words)
        return LinePiece(index, self._cache.load(take.take.digest).samples, words, last=True, cached=True)

    def _render(self, lines: Sequence[Spoken], offset: int, stop: Stop, stream: bool) -> Iterator[LinePiece]:
        id = lines[0].recipe.engine
        rate = self._engines.get(id).spec.rate
        whole: list[list[AudioChunk]] = [[] for _ in lines]
        given = sent = 0  # the line whose pieces go out as they come, and how many did; later lines wait
        for chunk in self._engines.speak(id, [line.recipe for line in lines], stop, stream):
            whole[chunk.index].append(chunk)
            if chunk.last:
                self._keep(lines[chunk.index], whole[chunk.index], rate)
            while given < len(lines) and sent < len(whole[given]):
                piece = whole[given][sent]
                yield LinePiece(offset + given, piece.samples, piece.words, piece.last)
                sent += 1
                if piece.last:
                    whole[given], given, sent = [], given + 1, 0
        if given < len(lines):
            raise EngineFailed(
                f"{id} ended before it had spoken everything; try again", f"{id} 没有读完就结束了，请重试"
            )

    def _keep(self, line: Spoken, chunks: Sequence[AudioChunk], rate: int) -> None:
        samples = np.concatenate([chunk.samples for chunk in chunks])
        facts = TakeFacts(
            recipe=line.recipe.to_json(),
            engine=line.recipe.engine,
            text=chunks[-1].said or line.recipe.text,
            language=line.recipe.language,
            voice_id=line.voice.id,
            voice_label=line.voice.label,
            words=[(w.text, round(w.start, 4), round(w.end, 4)) for chunk in chunks for w in chunk.words],
        )
        self._cache.put(line.recipe.digest, Clip(samples, rate), facts)


def _unknown(lines: Sequence[Spoken], start: int, end: int, known: Mapping[str, StoredTake]) -> int:
    """The end of the run from `start` with no known line and no line twice, at most a batch."""
    seen: set[str] = set()
    for at in range(start, min(start + BATCH, end)):
        digest = lines[at].recipe.digest
        if digest in known or digest in seen:
            return at
        seen.add(digest)
    return min(start + BATCH, end)
