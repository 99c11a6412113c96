"""Pieces of sound on one absolute grid of samples, with exact silence between; a day of it in flat memory.

In two channels each piece stands at its place between the sides.

A place in time becomes a frame by rounding the absolute time, never by adding up rounded lengths, so that nothing
drifts however many pieces there are.
"""

from bisect import insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from studio.audio.clip import Clip, Samples, silence
from studio.audio.edit import ramp
from studio.audio.panning import spread
from studio.errors import BadRequest

Load = Callable[[], Clip]


@dataclass(frozen=True, order=True)
class Piece:
    """Sound at a place. Its samples are loaded when they are played and forgotten after."""

    start: int  # frame of its first sample
    number: int  # order in which it was placed
    length: int = field(compare=False)  # frames
    load: Load = field(compare=False, repr=False)
    rise: int = field(default=0, compare=False)  # frames over which it fades in, and out
    fall: int = field(default=0, compare=False)
    pan: float = field(default=0.0, compare=False)  # -1 left … 1 right; in one channel it does not matter

    @property
    def end(self) -> int:
        return self.start + self.length


class Timeline:
    """Pieces in time, of one channel or two. What overlaps is mixed; where nothing lies there is digital silence."""

    def __init__(self, rate: int, channels: int = 1) -> None:
        self.rate, self.channels = rate, channels
        self._pieces: list[Piece] = []
        self._placed = 0
        self._end = 0

    def frame(self, seconds: float) -> int:
        """The frame nearest to a time."""
        return round(seconds * self.rate)

    @property
    def length(self) -> int:
        """Frames up to the end of the last piece, or as far as `extend` reached."""
        return self._end

    @property
    def seconds(self) -> float:
        return self._end / self.rate

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """In order of their starts."""
        return tuple(self._pieces)

    def place(self, start: int, clip: Clip) -> Piece:
        """Put `clip` where its first sample is frame `start`. `BadRequest` for another rate or a place before 0."""
        self._check(clip.rate)
        return self.place_lazy(start, len(clip), lambda: clip)

    def place_lazy(self, start: int, length: int, load: Load, pan: float = 0.0) -> Piece:
        """The same for sound that is loaded only when it is played; `load` has to give `length` frames."""
        if start < 0:
            raise BadRequest(
                f"start at frame {start}: must not lie before 0", f"起点在第 {start} 帧：不能早于 0", where="start"
            )
        piece = Piece(start, self._placed, length, load, pan=pan)
        self._placed += 1
        insort(self._pieces, piece)
        self._end = max(self._end, piece.end)
        return piece

    def append(self, clip: Clip, gap_s: float = 0.0, crossfade_s: float = 0.0) -> Piece:
        """Put `clip` after everything else: after a gap, or melting into what comes last for `crossfade_s`."""
        self._check(clip.rate)
        if not crossfade_s or not self._pieces:
            return self.place(self._end + self.frame(gap_s), clip)
        last = max(self._pieces, key=lambda piece: piece.end)
        overlap = min(self.frame(crossfade_s), last.length, len(clip))
        self._swap(last, replace(last, fall=overlap))
        return self._swap(piece := self.place(last.end - overlap, clip), replace(piece, rise=overlap))

    def extend(self, seconds: float) -> None:
        """Silence at the end, up to that time from the start of all."""
        self._end = max(self._end, self.frame(seconds))

    def silent(self, frames: int) -> Samples:
        """Exactly so many frames of nothing: (frames,), or (frames, 2) in two channels."""
        return silence(frames) if self.channels == 1 else np.zeros((frames, self.channels), np.float32)

    def blocks(self, size: int = 1 << 16) -> Iterator[Samples]:
        """All of it, `length` frames in blocks of `size` of which only the last is shorter."""
        waiting = iter(self._pieces)
        following = next(waiting, None)
        sounding: list[tuple[Piece, Samples]] = []
        for start in range(0, self._end, size):
            end = min(start + size, self._end)
            while following is not None and following.start < end:
                sounding.append((following, self._loaded(following)))
                following = next(waiting, None)
            yield _mixed(self.silent(end - start), start, sounding)
            sounding = [(piece, samples) for piece, samples in sounding if piece.end > end]

    def clip(self) -> Clip:
        """All of it in memory, where it has one channel."""
        blocks = list(self.blocks())
        return Clip(np.concatenate(blocks) if blocks else silence(0), self.rate)

    def _loaded(self, piece: Piece) -> Samples:
        """The samples of a piece at its place, faded where it melts into its neighbours."""
        clip = piece.load()
        self._check(clip.rate)
        if len(clip) != piece.length:
            raise ValueError(f"a piece of {piece.length} frames was loaded with {len(clip)}")
        samples = clip.samples
        if piece.rise or piece.fall:
            samples = samples.copy()
            samples[: piece.rise] *= ramp(piece.rise)
            samples[piece.length - piece.fall :] *= ramp(piece.fall)[::-1]
        return samples if self.channels == 1 else spread(samples, piece.pan)

    def _swap(self, old: Piece, new: Piece) -> Piece:
        self._pieces[self._pieces.index(old)] = new
        return new

    def _check(self, rate: int) -> None:
        if rate != self.rate:
            raise BadRequest(
                f"a clip of {rate} samples per second on a timeline of {self.rate}; resample it first",
                f"音频采样率是 {rate} Hz，时间线是 {self.rate} Hz；请先重采样",
                where="clip",
            )


def _mixed(block: Samples, start: int, sounding: list[tuple[Piece, Samples]]) -> Samples:
    """A silent block that begins at frame `start`, with what sounds there."""
    end = start + len(block)
    for piece, samples in sounding:
        low, high = max(start, piece.start), min(end, piece.end)
        block[low - start : high - start] += samples[low - piece.start : high - piece.start]
    return block
