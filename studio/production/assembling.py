"""Lines become one sound: takes placed to the sample and between the sides, edges trimmed and softened, pauses by rule,
music that gives way.

Everything streams. A take is loaded once, when it is placed; what can no longer change is given out at once. So a book
of ten hours needs the memory of a few seconds.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.audio.clip import Clip, Samples
from studio.audio.edit import ramp, resample
from studio.audio.panning import EVEN, filling, spread
from studio.library.script import Line, Member

AUDIBLE = 10 ** (-50 / 20)
KEPT_MS = 20  # of near silence that stays at an edge
OVERLAP_S = 0.5  # that the next speaker may fall in early, at most
ATTACK_S, RELEASE_S = 0.25, 0.7  # of the music giving way and coming back
MUSIC_FADE_S = 2.0
_PAUSE_AT_END = re.compile(r"\[pause [^\[\]]+\]\s*$")
_PAUSE_AT_START = re.compile(r"^\s*\[pause [^\[\]]+\]")
_SENTENCE_END = re.compile(r"[.!?。！？…~～][\"'”’」』）)\]]*\s*$")
_TRAILING = re.compile(r"(?:…|\.\.\.|——|—)[\"'”’」』）)]*\s*$")


@dataclass(frozen=True)
class Placed:
    """Where a line stands in the whole, in frames."""

    line: Line
    chapter: int
    start: int
    end: int
    shift: int  # frame at which the take itself would begin, before its edge was cut


@dataclass(frozen=True)
class Scene:
    """Everything that decides how lines are joined."""

    rate: int
    sound: Mapping[str, Any]  # settled settings of `sound.SOUND`
    members: Mapping[str, Member]
    music: Samples | None = None  # at that rate; (frames, 2) only where there are two channels
    channels: int = 1

    @cached_property
    def bed(self) -> Samples | None:
        """The music as it is laid under, made once however many files it lies under."""
        if self.music is None:
            return None
        return _looped(self.music if self.channels == 1 else filling(self.music), self.rate)


def pause_after(line: Line, following: Line | None, sound: Mapping[str, Any]) -> int:
    """Milliseconds between a line and the next one of its chapter."""
    if line.pause_ms is not None:
        return line.pause_ms
    if line.kind == "heading" and (following is None or following.kind != "heading"):
        return int(sound["heading_ms"])
    if line.ends == "scene":
        return int(sound["scene_ms"])
    if following is not None and sound["turns"] and following.speaker != line.speaker:
        return int(sound["turn_ms"])
    if line.ends == "paragraph":
        return int(sound["paragraph_ms"])
    if _TRAILING.search(line.text):
        return round(float(sound["sentence_ms"]) * 1.5)
    return int(sound["sentence_ms"] if _SENTENCE_END.search(line.text) else sound["clause_ms"])


class Assembler:
    """Places lines one after another and gives out what is settled. `placed` grows by one entry a line."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.rate = scene.rate
        self.placed: list[Placed] = []
        self._room = _Room(scene)
        self._frame = () if scene.channels == 1 else (scene.channels,)  # shape of one
        self._base = 0  # frame of the first sample that was not given out
        self._open = self._silent(0)  # from there on
        self._end = round(float(scene.sound["intro_s"]) * self.rate) if scene.music is not None else 0
        self._spans: list[tuple[int, int]] = []  # of speech, that may still matter for the music
        self._begun = False

    @property
    def frame(self) -> int:
        """Where the last line ends."""
        return self._end

    def place(self, line: Line, clip: Clip, chapter: int, gap_ms: float) -> Iterator[Samples]:
        """Put a line behind the others; what can be given out comes back."""
        samples, cut = self._trimmed(line, clip)
        gap = round(gap_ms * self.rate / 1000) if self._begun else 0
        earliest = 0 if self._begun else self._end  # nothing melts into an intro
        start = max(earliest, self._base, self._end + max(gap, -round(OVERLAP_S * self.rate)))
        self._begun = True
        self._mix(start, samples if self.scene.channels == 1 else spread(samples, self._pan(line)))
        self.placed.append(Placed(line, chapter, start, start + len(samples), start - cut))
        self._end = max(self._end, start + len(samples))
        self._spans.append((start, start + len(samples)))
        yield from self._settled(self._end - round((OVERLAP_S + ATTACK_S) * self.rate))

    def cut(self, line: Line, clip: Clip) -> Clip:
        """A take as it is placed: without its silent edges, softened, at its level."""
        return Clip(self._trimmed(line, clip)[0], self.rate)

    def silence(self, ms: float) -> None:
        """Time that passes after the last line."""
        self._end += round(ms * self.rate / 1000)

    def finish(self, tail_ms: float = 0.0) -> Iterator[Samples]:
        """The rest: what is still open, the tail, the outro."""
        outro = round(float(self.scene.sound["outro_s"]) * self.rate) if self.scene.music is not None else 0
        end = self._end + round(tail_ms * self.rate / 1000) + outro
        self._room.ends_at = end
        yield from self._settled(end, last=True)

    def _silent(self, frames: int) -> Samples:
        return np.zeros((frames, *self._frame), np.float32)

    def _pan(self, line: Line) -> float:
        member = self.scene.members.get(line.speaker)
        return member.pan if member else 0.0

    def _mix(self, start: int, samples: Samples) -> None:
        need = start + len(samples) - self._base - len(self._open)
        if need > 0:
            self._open = np.concatenate([self._open, self._silent(need)])
        at = start - self._base
        self._open[at : at + len(samples)] += samples

    def _settled(self, until: int, last: bool = False) -> Iterator[Samples]:
        """Everything before a frame, in blocks of about a second."""
        until = max(until, self._base)
        while self._base < until:
            end = min(until, self._base + self.rate)
            if end - self._base < self.rate and not last and end - self._base < self.rate // 4:
                break  # small pieces cost more than they are worth
            size = end - self._base
            speech, self._open = self._open[:size], self._open[size:]
            if len(speech) < size:
                speech = np.concatenate([speech, self._silent(size - len(speech))])
            yield self._room.under(speech, self._base, self._spans)
            self._base = end
            keep = self._base - round((RELEASE_S + 1) * self.rate)
            self._spans = [span for span in self._spans if span[1] >= keep]

    def _trimmed(self, line: Line, clip: Clip) -> tuple[Samples, int]:
        """A take at this rate, without the silence at its edges, softened, at its level; and what was cut in front."""
        clip = resample(clip, self.rate) if clip.rate != self.rate else clip
        sound, samples = self.scene.sound, clip.samples
        most, keep = round(sound["trim_ms"] * self.rate / 1000), round(KEPT_MS * self.rate / 1000)
        first = last = 0
        loud = np.flatnonzero(np.abs(samples) > AUDIBLE)
        if len(loud):
            first = 0 if _PAUSE_AT_START.search(line.text) else min(most, max(0, int(loud[0]) - keep))
            last = 0 if _PAUSE_AT_END.search(line.text) else min(most, max(0, len(samples) - 1 - int(loud[-1]) - keep))
        member = self.scene.members.get(line.speaker)
        gain = 10 ** (member.gain_db / 20) if member else 1.0
        cut = (samples[first : len(samples) - last] * np.float32(gain)).astype(np.float32)
        fade = min(round(sound["fade_ms"] * self.rate / 1000), len(cut) // 2)
        if fade:
            cut[:fade] *= ramp(fade)
            cut[len(cut) - fade :] *= ramp(fade)[::-1]
        return cut, first


class _Room:
    """What lies under the speech: quiet noise, music."""

    def __init__(self, scene: Scene) -> None:
        sound = scene.sound
        self._rate = scene.rate
        self._tone = 10 ** (float(sound["room_tone_db"]) / 20) if sound["room_tone"] else 0.0
        self._tones = [
            _Tone(scene.rate, self._tone, 20_240_501 + side) for side in range(scene.channels if self._tone else 0)
        ]
        self._music = scene.bed
        self._level = 10 ** (float(sound["music_db"]) / 20)
        self._duck_db = float(sound["duck_db"])
        self.ends_at: int | None = None  # frame, once it is known

    def under(self, speech: Samples, start: int, spans: Iterable[tuple[int, int]]) -> Samples:
        """A block of speech with what lies under it."""
        if not self._tone and self._music is None:
            return speech
        block = speech.copy()
        if self._tone:
            noises = [tone.next(len(block)) for tone in self._tones]
            block += noises[0] if block.ndim == 1 else np.stack(noises, 1) * EVEN
        if self._music is not None:
            places = (np.arange(start, start + len(block)) % len(self._music)).astype(np.int64)
            gain = self._gain(start, len(block), spans)
            block += (self._music[places] * (gain if block.ndim == 1 else gain[:, None])).astype(np.float32)
        return block

    def _gain(self, start: int, count: int, spans: Iterable[tuple[int, int]]) -> NDArray[np.float64]:
        """The music's gain of every frame: its level, less where somebody speaks, faded at both ends."""
        frames = np.arange(start, start + count, dtype=np.float64)
        attack, release = ATTACK_S * self._rate, RELEASE_S * self._rate
        duck = np.zeros(count)
        for first, last in spans:
            if first - attack < start + count and last + release > start:
                shape = np.interp(frames, [first - attack, first, last, last + release], [0, 1, 1, 0])
                np.maximum(duck, shape, out=duck)
        gain = self._level * 10 ** (duck * self._duck_db / 20)
        fade = MUSIC_FADE_S * self._rate
        gain *= np.clip(frames / (fade / 2), 0, 1)
        if self.ends_at is not None:
            gain *= np.clip((self.ends_at - frames) / fade, 0, 1)
        return gain


class _Tone:
    """White noise through one pole at about 400 Hz, at `level`: a room, not a hiss."""

    def __init__(self, rate: int, level: float, seed: int) -> None:
        self._level = level
        self._pole = np.exp(-2 * np.pi * 400 / rate)
        self._dice = np.random.default_rng(seed)
        self._last = 0.0

    def next(self, count: int) -> Samples:
        white = self._dice.standard_normal(count).astype(np.float64)
        pole = self._pole
        brown = np.empty(count)
        steps = 64  # the recursion in blocks: powers of the pole do it for several samples at once
        powers = pole ** np.arange(1, steps + 1)
        kernel = np.tril(pole ** np.subtract.outer(np.arange(steps), np.arange(steps)).clip(0))
        last = self._last
        for at in range(0, count, steps):
            part = white[at : at + steps]
            size = len(part)
            brown[at : at + size] = kernel[:size, :size] @ part + powers[:size] * last
            last = float(brown[at + size - 1])
        self._last = last
        noise: Samples = (brown * (self._level * np.sqrt(1 - pole**2))).astype(np.float32)
        return noise


def _looped(music: Samples, rate: int) -> Samples:
    """Music whose end melts into its beginning."""
    fade = min(rate, len(music) // 4)
    if fade < 2:
        return music
    rise = np.sqrt(np.linspace(0, 1, fade, dtype=np.float32)).reshape(-1, *(1,) * (music.ndim - 1))
    loop = music[: len(music) - fade].copy()
    loop[:fade] = loop[:fade] * rise + music[len(music) - fade :] * rise[::-1]
    return loop


def assembled(
    lines: Iterable[tuple[int, Line]],
    scene: Scene,
    load: Callable[[Line], Clip],
    assembler: Assembler,
    tail_ms: float = 0.0,
) -> Iterator[Samples]:
    """The sound of lines in order, each given with the place of its chapter. A line without a take only pauses."""
    before: tuple[int, Line] | None = None
    owed = 0.0
    for chapter, line in lines:
        if before is not None:
            new = chapter != before[0]
            owed += float(scene.sound["chapter_ms"]) if new else pause_after(before[1], line, scene.sound)
        before = chapter, line
        if line.take:
            yield from assembler.place(line, load(line), chapter, owed)
            owed = 0.0
    if before is not None:
        yield from assembler.finish(tail_ms)
