"""From rendered lines to one continuous sound: edges trimmed, pauses exact, and a timeline that says who spoke when.

Engines leave silence of any length around an utterance; joined as they come, the pauses of a book wander. Here each
line is cut to its speech and the gap after it is set by rule, to the sample.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from studio.audio.clip import Samples
from studio.engines.contract import WordTime

AUDIBLE = 10 ** (-50 / 20)  # peak of a sample that counts as speech
LOOKED_AT = 2048  # samples looked at together
KEPT_MS = 20  # of near silence left around the speech, so that soft consonants survive the cut


@dataclass(frozen=True)
class Gaps:
    """Natural pauses, in milliseconds, where the text demands none."""

    sentence_ms: int = 300
    paragraph_ms: int = 700
    chapter_ms: int = 1500


@dataclass(frozen=True)
class Placed:
    """Where a line stands in the whole."""

    index: int  # of the line
    start: int  # frame of its first sample
    end: int  # frame after its last
    words: tuple[WordTime, ...] = ()  # seconds from the start of the whole


class EdgeTrimmer:
    """Cuts the silence before and after one utterance while it streams through."""

    def __init__(self, rate: int) -> None:
        self._keep = rate * KEPT_MS // 1000
        self._pending: list[Samples] = []  # near silence that may yet be followed by speech
        self._heard = False
        self.cut = 0  # frames removed at the start

    def push(self, samples: Samples) -> Samples:
        """What is certainly speech or silence between speech."""
        end = _loud_until(samples)
        if not end:
            self._pending.append(samples)
            return samples[:0]
        whole = np.concatenate([*self._pending, samples[:end]]) if self._pending else samples[:end]
        self._pending = [samples[end:]] if end < len(samples) else []
        if self._heard:
            return whole
        self._heard = True
        first = len(whole) - _loud_until(whole[::-1])
        self.cut = max(0, first - self._keep)
        return whole[self.cut :]

    def finish(self) -> Samples:
        """The last bit of decay; empty for an utterance that was silent throughout."""
        tail = np.concatenate(self._pending) if self._pending else np.zeros(0, np.float32)
        self._pending = []
        return tail[: self._keep] if self._heard else tail[:0]


def _loud_until(samples: Samples) -> int:
    """The frame after the last audible one, 0 for none. Looked for from the end, where it nearly always is."""
    for end in range(len(samples), 0, -LOOKED_AT):
        loud = np.flatnonzero(np.abs(samples[max(0, end - LOOKED_AT) : end]) > AUDIBLE)
        if len(loud):
            return max(0, end - LOOKED_AT) + int(loud[-1]) + 1
    return 0


class Joiner:
    """Lines in, one sound out. `placed` grows by one entry per finished line."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.at = 0  # frames given out so far
        self.placed: list[Placed] = []
        self._pause = 0  # frames of silence owed before the next sound
        self._line: EdgeTrimmer | None = None
        self.start: int | None = None  # frame of the first sample of the line that sounds or sounded last
        self._words: list[WordTime] = []

    def pause(self, ms: float) -> None:
        """Silence before the next sound, exactly `ms` of it; pauses with no sound between them add up."""
        self._pause += round(ms * self.rate / 1000)

    def silence(self) -> Iterator[Samples]:
        """The silence that is owed, in pieces of at most a second."""
        while self._pause:
            piece = np.zeros(min(self._pause, self.rate), np.float32)
            self._pause -= len(piece)
            self.at += len(piece)
            yield piece

    def push(self, samples: Samples, words: tuple[WordTime, ...] = ()) -> Iterator[Samples]:
        """A piece of the current line; word times are seconds from the start of the untrimmed line."""
        if self._line is None:
            self._line, self.start, self._words = EdgeTrimmer(self.rate), None, []
        self._words += words
        yield from self._give(self._line.push(samples))

    def end_line(self, index: int) -> Iterator[Samples]:
        """The current line is over; it enters `placed`."""
        line, self._line = self._line or EdgeTrimmer(self.rate), None
        yield from self._give(line.finish())
        start = self.at if self.start is None else self.start
        shift, low, high = (start - line.cut) / self.rate, start / self.rate, self.at / self.rate
        words = tuple(
            replace(w, start=min(max(w.start + shift, low), high), end=min(max(w.end + shift, low), high))
            for w in self._words
        )
        self.placed.append(Placed(index, start, self.at, words))
        self._words = []

    def _give(self, samples: Samples) -> Iterator[Samples]:
        if len(samples):
            if self.start is None:
                yield from self.silence()
                self.start = self.at
            self.at += len(samples)
            yield samples
