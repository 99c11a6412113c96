"""The sound of a dub: each take cut, squeezed and stretched as its fit says, at its cue's absolute time.

A cue's first sound is placed by rounding its time once, so nothing adds up over hours. What overlaps is mixed, and a
limiter keeps the mixture under full scale, two channels by one gain. Takes are loaded when they are played; memory does
not grow.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from studio.audio.clip import Clip, Samples
from studio.audio.edit import ramp, resample, speed
from studio.audio.filters import shaped
from studio.audio.limiter import Limiter
from studio.audio.timeline import Timeline
from studio.dubbing.fitting import LEAD_S, TAIL_S, Fit
from studio.dubbing.shapes import Shape

CEILING_DB = -1.0
MELT_S = 0.004  # over which the two sides of a squeezed pause melt into each other
CUT_FADE_S = 0.03
ATTACK_S, RELEASE_S = 0.25, 0.6  # of a background giving way and coming back


@dataclass(frozen=True)
class Placed:
    """A cue as it sounds."""

    take: str
    shape: Shape
    fit: Fit
    keep_s: float  # of each pause, as the rules have it
    gain_db: float = 0.0
    pan: float = 0.0  # -1 left … 1 right, where there are two channels


@dataclass(frozen=True)
class Background:
    """What goes on under the speech."""

    blocks: Callable[[], Iterator[Samples]]  # at the rate and in the channels of the whole, of any sizes
    level_db: float = 0.0
    duck_db: float = -12.0  # less while somebody speaks


def voiced(placed: Placed, clip: Clip, rate: int) -> Samples:
    """A take as it is heard: from `LEAD_S` before its first sound, exactly `frames_of` long."""
    shape, fit = placed.shape, placed.fit
    clip = resample(clip, rate)
    first, last = max(0.0, shape.first - LEAD_S), min(clip.seconds, shape.last + TAIL_S)
    pieces = _without_pauses(clip, first, last, _spared(shape, fit, placed.keep_s))
    sound = _melted(pieces, round(MELT_S * rate))
    if fit.stretch > 1:
        sound = speed(Clip(sound, rate), fit.stretch).samples
    length = frames_of(placed, rate)
    whole = np.zeros(length, np.float32)
    whole[: min(length, len(sound))] = sound[:length] * np.float32(10 ** (placed.gain_db / 20))
    rise = min(round(LEAD_S * rate), length)
    fall = min(round((CUT_FADE_S if fit.cut else TAIL_S) * rate), length)
    whole[:rise] *= ramp(rise)
    whole[length - fall :] *= ramp(fall)[::-1]
    return whole


def frames_of(placed: Placed, rate: int) -> int:
    """How long a cue sounds, its soft edges included."""
    tail = 0.0 if placed.fit.cut else TAIL_S / placed.fit.stretch
    return round((lead_of(placed) + placed.fit.length + tail) * rate)


def lead_of(placed: Placed) -> float:
    """Seconds of the sound before its first audible sample."""
    return min(LEAD_S, placed.shape.first) / placed.fit.stretch


def heard_at(placed: Placed) -> Callable[[float], float]:
    """From a time in a take to the time in the whole at which it is heard: edges, pauses and stretch counted."""
    shape, fit = placed.shape, placed.fit
    spared = list(_spared(shape, fit, placed.keep_s))

    def at(time: float) -> float:
        inside = min(max(time, shape.first), shape.last)
        lost = sum(min(inside, end) - start for start, end in spared if inside > start)
        return fit.slot.start + min(fit.length, (inside - shape.first - lost) / fit.stretch)

    return at


def timeline(
    cues: Sequence[Placed], load: Callable[[str], Clip], rate: int, seconds: float = 0.0, channels: int = 1
) -> Timeline:
    """All cues where they belong, in time and between the sides, at least `seconds` long."""
    found = Timeline(rate, channels)
    for placed in cues:
        start = max(0, found.frame(placed.fit.slot.start) - round(lead_of(placed) * rate))
        found.place_lazy(start, frames_of(placed, rate), partial(_sound, placed, load, rate), placed.pan)
    found.extend(seconds)
    return found


def mixed(line: Timeline, background: Background | None = None) -> Iterator[Samples]:
    """The whole in blocks, with the background under it, no peak over `CEILING_DB`."""
    limiter = Limiter(line.rate, CEILING_DB)
    sound = line.blocks() if background is None else _under(line, background)
    for block in sound:
        yield limiter.push(block)
    yield limiter.finish()


def _sound(placed: Placed, load: Callable[[str], Clip], rate: int) -> Clip:
    return Clip(voiced(placed, load(placed.take), rate), rate)


def _spared(shape: Shape, fit: Fit, keep_s: float) -> Iterator[tuple[float, float]]:
    """What is taken out of each pause: (from, to) in seconds of the take, in the middle of it."""
    excess = sum(max(0.0, length - keep_s) for _, length in shape.pauses)
    share = min(1.0, fit.squeezed / excess) if excess else 0.0
    for start, length in shape.pauses:
        less = max(0.0, length - keep_s) * share
        if less > 0:
            middle = start + length / 2
            yield middle - less / 2, middle + less / 2


def _without_pauses(clip: Clip, first: float, last: float, spared: Iterator[tuple[float, float]]) -> list[Samples]:
    pieces, at = [], first
    for start, end in spared:
        pieces.append(clip.samples[round(at * clip.rate) : round(start * clip.rate)])
        at = end
    return [*pieces, clip.samples[round(at * clip.rate) : round(last * clip.rate)]]


def _melted(pieces: Sequence[Samples], most: int) -> Samples:
    """Pieces joined end to end; the joint is softened, no time is lost by it."""
    if len(pieces) == 1:
        return pieces[0].copy()
    soft = []
    for n, piece in enumerate(pieces):
        piece = piece.copy()
        fade = min(most, len(piece) // 2)
        if n:
            piece[:fade] *= ramp(fade)
        if n + 1 < len(pieces):
            piece[len(piece) - fade :] *= ramp(fade)[::-1]
        soft.append(piece)
    return np.concatenate(soft)


def _under(line: Timeline, background: Background) -> Iterator[Samples]:
    """Speech over a background that gives way to it. As long as the longer of the two."""
    speech, under = line.blocks(), _Belt(background.blocks(), line.silent(0))
    spans = [(piece.start, piece.end) for piece in line.pieces]
    at, first = 0, 0
    level = 10 ** (background.level_db / 20)
    size = 1 << 16
    while True:
        block = next(speech, None)
        low = under.take(size if block is None else len(block))
        if block is None and not len(low):
            return
        count = len(low) if block is None else len(block)
        while first < len(spans) and spans[first][1] + RELEASE_S * line.rate < at - size:
            first += 1
        gain = level * 10 ** (background.duck_db / 20 * _speaking(spans, first, at, count, line.rate))
        whole = line.silent(count) if block is None else block.copy()
        whole[: len(low)] += shaped(low, gain[: len(low)])
        at += count
        yield whole


def _speaking(spans: Sequence[tuple[int, int]], first: int, at: int, count: int, rate: int) -> Samples:
    """For each frame, how much somebody speaks: 0 to 1, with soft edges."""
    frames = np.arange(at, at + count, dtype=np.float64)
    attack, release = ATTACK_S * rate, RELEASE_S * rate
    found = np.zeros(count)
    for start, end in spans[first:]:
        if start - attack >= at + count:
            break
        if end + release > at:
            np.maximum(found, np.interp(frames, [start - attack, start, end, end + release], [0, 1, 1, 0]), out=found)
    return found.astype(np.float32)


class _Belt:
    """Blocks of any sizes, taken in others."""

    def __init__(self, blocks: Iterator[Samples], none: Samples) -> None:
        """`none`: no frames, of as many channels as the blocks."""
        self._blocks, self._held = blocks, none

    def take(self, count: int) -> Samples:
        """The next `count` frames; fewer at the end."""
        pieces, have = [self._held], len(self._held)
        while have < count and (block := next(self._blocks, None)) is not None:
            pieces.append(block)
            have += len(block)
        whole = np.concatenate(pieces) if len(pieces) > 1 else pieces[0]
        self._held = whole[count:]
        return whole[:count]
