"""Recipes in, sound out: from the render cache where it is known, from the engine where it is not.

A recipe with a source is rendered in two steps: its source like any other line, kept under its own digest, and from
what the cache holds of that the conversion. So a reading is rendered once, however many timbres it is heard in.
"""

import time
from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from studio.audio.clip import Clip, Samples
from studio.engines.contract import AudioChunk, Converts, Recipe, Stop, Value, Versioned, WordTime
from studio.engines.registry import Registry, unchanged
from studio.errors import EngineFailed
from studio.library import StoredTake, TakeFacts
from studio.plugins import translated
from studio.production.casting import CastVoice
from studio.production.piecewise import resaid, retold
from studio.production.pipeline import ahead

if TYPE_CHECKING:  # SQLAlchemy comes with the library, when one is opened
    from studio.library.cache import Cache

BATCH = 16  # recipes handed to an engine at once, at least; between batches other callers get their turn
TURN_S = 1.0  # a quick engine gets as many as it speaks in this time
WINDOW = 256  # lines that are looked up in the cache together, and whose rows are written together
AHEAD = 12  # pieces that the engine may be ahead of the cache
ENDLESS = 1 << 30


class Spoken(Protocol):
    """What the renderer needs to know of a line."""

    @property
    def recipe(self) -> Recipe: ...
    @property
    def voice(self) -> CastVoice: ...
    @property
    def source(self) -> "Spoken | None":
        """What it is said after, where its recipe has a source."""


@dataclass(frozen=True, eq=False)
class LinePiece:
    """A piece of one line's sound; lines come in order, and so do the pieces of each."""

    index: int
    samples: Samples
    words: tuple[WordTime, ...] = ()  # seconds from the start of the line
    last: bool = False
    cached: bool = False  # nothing was rendered for it


@dataclass(frozen=True, eq=False)
class Window:
    """Lines that are looked up together."""

    passage: int
    start: int  # of the first one, in its passage
    lines: Sequence[Spoken]


# A line of a window, and a piece of it, or its take in the cache; None: a take that was kept just now.
Sound = tuple[int, AudioChunk | StoredTake | None]


class Renderer:
    """The one way from a recipe to its audio."""

    def __init__(self, engines: Registry, cache: "Cache") -> None:
        self._engines = engines
        self.cache = cache
        self._batches: dict[str, int] = {}  # engine -> recipes that it speaks in a turn

    def rate(self, line: Spoken) -> int:
        """Samples a second of a line's sound."""
        return self._engines.get(line.recipe.engine).spec.rate

    def versioned(self, recipe: Recipe) -> dict[str, Value]:
        """The settings that the version of a recipe names; `EngineFailed` where its engine was changed since."""
        engine = self._engines.get(recipe.engine)
        unchanged(engine, [recipe])
        return dict(engine.versioned()) if isinstance(engine, Versioned) else {}

    def lines(self, lines: Sequence[Spoken], stop: Stop, stream: bool = False) -> Generator[LinePiece, None, None]:
        """The sound of each line of one passage; see `passages`."""
        with closing(self.passages([lines], stop, stream=stream)) as pieces:
            yield from (piece for _, piece in pieces)

    def passages(
        self,
        passages: Iterable[Sequence[Spoken]],
        stop: Stop,
        production: str = "",
        stream: bool = False,
        depth: int = AHEAD,
    ) -> Generator[tuple[int, LinePiece], None, None]:
        """The sound of each line, with the number of its passage. What is rendered is in the cache before the last
        piece of its line is given out.

        With the id of a production, its takes count as used by it. With `stream`, someone listens already. The engine
        works on a thread of its own, `depth` pieces ahead of the cache and of whoever takes them, into the next passage
        too.
        """
        with closing(ahead(self._sounds(passages, stop, production, stream), depth)) as sounds:
            for window in sounds:
                stop.check()
                assert isinstance(window, Window)  # its sounds follow it, and `_kept` takes them all
                with self.cache.batch(production):
                    for piece in self._kept(window, sounds):
                        yield window.passage, piece

    def _sounds(
        self, passages: Iterable[Sequence[Spoken]], stop: Stop, production: str, stream: bool
    ) -> Generator["Window | Sound", None, None]:
        """Windows, and after each what becomes of its lines: found in the cache, or spoken."""
        seen: set[str] = set()  # what comes again is in the cache by the time that it is wanted
        for number, lines in enumerate(passages):
            for start in range(0, len(lines), WINDOW):
                window = Window(number, start, lines[start : start + WINDOW])
                yield window
                yield from self._of_window(window.lines, seen, stop, production, stream)

    def _of_window(
        self, lines: Sequence[Spoken], seen: set[str], stop: Stop, production: str, stream: bool
    ) -> Generator["Sound", None, None]:
        known = self.cache.get_many([line.recipe.digest for line in lines])
        at = 0
        while at < len(lines):
            stop.check()
            digest = lines[at].recipe.digest
            if digest in known or digest in seen:
                yield at, known.get(digest)
                at += 1
                continue
            size = self._batches.get(lines[at].recipe.engine, BATCH)
            until = _unknown(lines, at, min(at + size, len(lines)), seen | known.keys())
            seen |= {line.recipe.digest for line in lines[at:until]}
            turn = self._again if lines[at].source else self._turn
            with closing(turn(lines[at:until], stop, production, stream)) as chunks:
                for chunk in chunks:
                    yield at + chunk.index, chunk
            at = until

    def _turn(
        self, lines: Sequence[Spoken], stop: Stop, production: str, stream: bool
    ) -> Generator[AudioChunk, None, None]:
        """One turn of the engine of these lines."""
        engine, began = lines[0].recipe.engine, time.monotonic()
        yield from self._engines.speak(engine, [line.recipe for line in lines], stop, stream)
        took = time.monotonic() - began
        self._batches[engine] = max(BATCH, min(WINDOW, round(len(lines) * TURN_S / max(took, 1e-3))))

    def _again(
        self, lines: Sequence[Spoken], stop: Stop, production: str, stream: bool
    ) -> Generator[AudioChunk, None, None]:
        """Lines that are said again in another voice, each as soon as its source is in the cache.

        The sources come on a belt without end: an engine that reads never waits for one that converts, whom somebody
        else may have who waits for this one.
        """
        sources = [line.source for line in lines if line.source]
        index = 0
        with closing(self.passages([sources], stop, production, depth=ENDLESS)) as pieces:
            for _, piece in pieces:
                if piece.last:
                    for chunk in self.converted(lines[index].recipe, sources[index].recipe.digest, stop):
                        yield replace(chunk, index=index)
                    index += 1

    def converted(self, recipe: Recipe, source: str, stop: Stop) -> Iterator[AudioChunk]:
        """The sound of a recipe with a source, whose take is in the cache under the digest `source`."""
        stored, clip = self.cache.get(source), self.cache.load(source)
        words = tuple(WordTime(*word) for word in stored.words) if stored else ()
        with self._engines.lease(recipe.engine, stop) as engine, translated(recipe.engine):
            if not isinstance(engine, Converts):
                raise _broken_off(recipe.engine)
            unchanged(engine, [recipe])
            frames = 0
            for chunk in resaid(engine, [clip.samples], clip.rate, recipe, stop):
                frames += len(chunk.samples)
                told = retold(words, clip.seconds, frames / engine.spec.rate) if chunk.last else ()
                yield replace(chunk, words=told)

    def _kept(self, window: "Window", sounds: Iterator["Window | Sound"]) -> Iterator[LinePiece]:
        """The pieces of these lines in order, their takes kept; lines that are spoken before their turn wait."""
        lines = window.lines
        waiting: list[list[AudioChunk]] = [[] for _ in lines]
        given = sent = 0  # the line whose pieces go out as they come, and how many did
        while given < len(lines):
            event = next(sounds, None)
            if event is None or isinstance(event, Window):  # a line before it has no end
                raise _broken_off(lines[given].recipe.engine)
            at, sound = event
            if not isinstance(sound, AudioChunk):
                if at != given:
                    raise _broken_off(lines[given].recipe.engine)
                yield self._replay(lines[at], window.start + at, sound)
                given += 1
                continue
            waiting[at].append(sound)
            if sound.last:
                self.keep(lines[at], waiting[at])
            while given < len(lines) and sent < len(waiting[given]):
                piece = waiting[given][sent]
                yield LinePiece(window.start + given, piece.samples, piece.words, piece.last)
                sent += 1
                if piece.last:
                    waiting[given], given, sent = [], given + 1, 0

    def _replay(self, line: Spoken, index: int, take: StoredTake | None) -> LinePiece:
        digest = line.recipe.digest
        take = take or self.cache.get(digest)
        words = tuple(WordTime(*word) for word in take.words) if take else ()
        return LinePiece(index, self.cache.load(digest).samples, words, last=True, cached=True)

    def keep(self, line: Spoken, chunks: Sequence[AudioChunk]) -> None:
        """A line's sound, rendered just now, into the cache."""
        rate = self.rate(line)
        facts = TakeFacts(
            recipe=line.recipe.to_json(),
            engine=line.recipe.engine,
            text=chunks[-1].said or line.recipe.text,
            language=line.recipe.language,
            voice_id=line.voice.id,
            voice_label=line.voice.label,
            words=[(w.text, round(w.start, 4), round(w.end, 4)) for chunk in chunks for w in chunk.words],
        )
        samples = chunks[0].samples if len(chunks) == 1 else np.concatenate([chunk.samples for chunk in chunks])
        self.cache.put(line.recipe.digest, Clip(samples, rate), facts)


def _unknown(lines: Sequence[Spoken], start: int, end: int, known: Collection[str]) -> int:
    """The end of the run from `start` of one engine with no known line and no line twice."""
    seen: set[str] = set()
    for at in range(start, end):
        recipe = lines[at].recipe
        if recipe.digest in known or recipe.digest in seen or _engines(recipe) != _engines(lines[start].recipe):
            return at
        seen.add(recipe.digest)
    return end


def _engines(recipe: Recipe) -> tuple[str, str]:
    """Who speaks it, and after whom."""
    return recipe.engine, recipe.source.engine if recipe.source else ""


def _broken_off(engine: str) -> EngineFailed:
    return EngineFailed(
        f"{engine} ended before it had spoken everything; try again", f"{engine} 没有读完就结束了，请重试"
    )
