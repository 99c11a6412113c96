"""The sound of one utterance, joined from the passages the worker says, and the times of its words.

Where one language follows another in mid-sentence, the library's little silences at the edges are taken out and the
rest is faded over a few milliseconds, so that it sounds like one breath and never clicks. Everything is done as the
sound arrives: only what might still be cut, or belongs to a word whose end is not known yet, is held back.
"""

import re
import sys
from collections.abc import Iterator, Sequence

import numpy as np

from studio.audio.clip import Samples, from_int16
from studio.engines.contract import AudioChunk, WordTime
from studio.engines.espeak.plan import Passage

RATE = 22_050
LOUD = 0.006  # below this an edge counts as silence
LEAD, TAIL, FADE = (
    110,
    330,
    110,
)  # samples kept before and after the sound of an inner edge, and faded there (5, 15, 5 ms)
KNEE, CEILING = 0.85, 0.98  # of the limiter
SIGNS = "%&+=$€£¥°@#"  # that are spoken
_EDGES = re.compile(rf"^[^\w{SIGNS}]+|[^\w{SIGNS}]+$")


class Joiner:
    """Takes the worker's pieces of one utterance in order and gives its chunks."""

    def __init__(self, index: int, passages: Sequence[Passage], gain: float, stream: bool = True) -> None:
        """`index` is that of the recipe; `gain` a factor for every sample. Without `stream`, parts come out whole."""
        self._index, self._passages, self._gain, self._stream = index, passages, gain, stream
        self._position = 0  # samples given out
        self._held = np.zeros(0, np.float32)
        self._speaking = -1  # number of the worker's part
        self._spoken = [passage for passage in passages if not passage.pause_ms]
        self._next_passage = 0
        self._current: _Edges | None = None

    def feed(self, part: int, sound: bytes, events: Sequence[Sequence[object]]) -> Iterator[AudioChunk]:
        """A piece of the worker's part number `part`."""
        while part > self._speaking:
            yield from self._advance()
        edges = self._current
        assert edges is not None
        edges.note(events)
        samples = edges.lead(from_int16(np.frombuffer(sound, "<i2")))
        self._held = np.concatenate([self._held, samples]) if len(self._held) else samples
        if self._stream:
            yield from self._release(edges)

    def finish(self) -> Iterator[AudioChunk]:
        """What is left; the last chunk of the utterance ends it."""
        while self._speaking < len(self._spoken) - 1:
            yield from self._advance()
        yield from self._end_part()
        yield from self._silences()
        yield AudioChunk(self._index, self._held, last=True)

    def _advance(self) -> Iterator[AudioChunk]:
        """On to the worker's next part, through the exact silences before it."""
        yield from self._end_part()
        yield from self._silences()
        at = self._next_passage
        before = self._passages[at - 1] if at else None
        after = self._passages[at + 1] if at + 1 < len(self._passages) else None
        self._current = _Edges(
            self._passages[at],
            self._position,
            trim_lead=before is not None,
            trim_tail=after is not None and (after.pause_ms > 0 or not self._passages[at].ends_clause),
        )
        self._next_passage += 1
        self._speaking += 1

    def _silences(self) -> Iterator[AudioChunk]:
        while self._next_passage < len(self._passages) and (ms := self._passages[self._next_passage].pause_ms):
            yield from self._give(np.zeros(round(ms * RATE / 1000), np.float32), ())
            self._next_passage += 1

    def _end_part(self) -> Iterator[AudioChunk]:
        if self._current is None:
            return
        self._held = self._current.tail(self._held)
        end = self._position + len(self._held)
        yield from self._give(self._held, self._current.words(end))
        self._held, self._current = self._held[:0], None

    def _release(self, edges: "_Edges") -> Iterator[AudioChunk]:
        safe = edges.safe(self._held)
        if edges.open_from is not None:
            safe = min(safe, edges.open_from - self._position)
        if safe > 0:
            samples, self._held = self._held[:safe], self._held[safe:]
            yield from self._give(samples, edges.words())

    def _give(self, samples: Samples, words: Sequence[WordTime]) -> Iterator[AudioChunk]:
        if len(samples) or words:
            self._position += len(samples)
            louder = samples if self._gain == 1 else samples * np.float32(self._gain)
            yield AudioChunk(self._index, limited(louder), tuple(words))


class _Edges:
    """One part: what of its edges is cut, and where its words lie."""

    def __init__(self, passage: Passage, begin: int, *, trim_lead: bool, trim_tail: bool) -> None:
        self._passage, self._begin = passage, begin
        self._waiting_for_sound, self._trim_tail = trim_lead, trim_tail
        self._cut = 0  # samples taken off the front
        self._starts: list[tuple[int, int]] = []  # (sample of the part, index in the visible text), not given out yet
        self._rests: list[int] = []
        self._last_place = -1
        self._unsure = np.zeros(0, np.float32)  # quiet so far, may be the last moment before the sound
        self._faded = 0 if trim_lead else FADE  # samples that went through the fade

    def note(self, events: Sequence[Sequence[object]]) -> None:
        """Remember when words and pauses begin."""
        places, text = self._passage.places, self._passage.text
        for kind, sample, character in events:
            assert isinstance(sample, int)
            assert isinstance(character, int)
            if kind == "rest":
                self._rests.append(sample)
            elif kind == "word":
                place = places[min(max(character, 0), len(places) - 1)]
                while place < len(text) and not (text[place].isalnum() or text[place] in SIGNS):
                    place += 1
                if self._last_place < place < len(text):
                    self._starts.append((sample, place))
                    self._last_place = place

    def lead(self, samples: Samples) -> Samples:
        """`samples` less the silence at the front of the part, faded in."""
        if self._waiting_for_sound:
            samples = np.concatenate([self._unsure, samples])
            loud = np.flatnonzero(np.abs(samples) > LOUD)
            drop = max(0, (int(loud[0]) if len(loud) else len(samples)) - LEAD)
            self._cut += drop
            self._unsure = samples[drop:]
            if not len(loud):
                return samples[:0]
            self._waiting_for_sound = False
            samples = self._unsure
        if self._faded < FADE and len(samples):
            reach = min(FADE - self._faded, len(samples))
            samples = samples.copy()
            samples[:reach] *= np.arange(self._faded, self._faded + reach, dtype=np.float32) / FADE
            self._faded += reach
        return samples

    def safe(self, held: Samples) -> int:
        """How much of `held` will not be cut or faded."""
        if not self._trim_tail:
            return len(held)
        loud = np.flatnonzero(np.abs(held) > LOUD)
        return max(0, int(loud[-1]) - FADE) if len(loud) else 0

    def tail(self, held: Samples) -> Samples:
        """`held` less the silence at the end of the part."""
        if not self._trim_tail:
            return held
        loud = np.flatnonzero(np.abs(held) > LOUD)
        held = held[: int(loud[-1]) + TAIL if len(loud) else 0].copy()
        reach = min(FADE, len(held))
        if reach:
            held[-reach:] *= np.linspace(1, 0, reach, dtype=np.float32)
        return held

    @property
    def open_from(self) -> int | None:
        """Where the last word begins, in samples of the utterance: only the next one tells where it ends."""
        return self._at(self._starts[-1][0]) if self._starts else None

    def words(self, end: int | None = None) -> list[WordTime]:
        """The words that are complete: all but the last, or all of them once the part ended at sample `end`."""
        complete = len(self._starts) - (end is None)
        found = []
        for number, (sample, place) in enumerate(self._starts[: max(0, complete)]):
            following = self._starts[number + 1] if number + 1 < len(self._starts) else None
            upto = following[1] if following else len(self._passage.text)
            start = min(self._at(sample), end or sys.maxsize)
            stop = min(self._ending(sample, following[0] if following else None), end or sys.maxsize)
            found.append(WordTime(_word(self._passage.text[place:upto]), start / RATE, max(start, stop) / RATE))
        del self._starts[: max(0, complete)]
        return found

    def _ending(self, sample: int, following: int | None) -> int:
        """Where the word that begins at `sample` ends: at the next word, or at a pause before it."""
        ends = [rest for rest in self._rests if rest > sample][:1] + ([following] if following is not None else [])
        return self._at(min(ends)) if ends else sys.maxsize

    def _at(self, sample: int) -> int:
        return self._begin + max(0, sample - self._cut)


def _word(text: str) -> str:
    return _EDGES.sub("", text) or text.strip()


def limited(samples: Samples) -> Samples:
    """Peaks above KNEE bent below CEILING, sample by sample, so that a loud voice never clips."""
    if not len(samples) or max(samples.max(), -samples.min()) <= KNEE:
        return samples
    over = np.abs(samples) > KNEE
    room = np.float32(CEILING - KNEE)
    bent = KNEE + room * np.tanh((np.abs(samples) - KNEE) / room)
    return np.where(over, np.copysign(bent, samples), samples).astype(np.float32)
