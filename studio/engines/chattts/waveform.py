"""From frames that are still being drawn to sound: every sample is given out once, as soon as it is final.

The decoder and the vocoder look to both sides. What they can reach at all is 52 frames; how far it matters was
measured, with the small checkpoint and with random ones of the published size: with 24 frames to each side the samples
differ from the whole wave by less than a millionth, so a window of them is decoded and its middle kept. The cost grows
with the length, not with its square, and the first sound needs 28 frames, 0.6 seconds of speech.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from studio.engines.chattts.config import FRAME, HOP

CONTEXT = 24  # frames to each side of what is kept
FIRST, THEN = 4, 48  # frames kept of the first window, and at most of later ones
WHOLE = 512  # frames that are decoded at once when nobody waits for the first


def length(frames: int) -> int:
    """Samples of an utterance of so many frames: (2T - 1) * 256."""
    return max(0, 2 * frames - 1) * HOP


class WaveStream:
    """The sound of one utterance whose frames grow."""

    def __init__(self, decode: Callable[[Tensor], Tensor], stream: bool = True) -> None:
        """`decode` makes sound (samples,) of frames (n, channels). Without `stream`, windows are as large as may be."""
        self._decode = decode
        self._kept = 0  # frames whose sound was given out
        self._step, self._most = (FIRST, THEN) if stream else (WHOLE, WHOLE)

    def ready(self, frames: int) -> bool:
        """Whether `frames` are enough for another piece before the end."""
        return frames >= self._kept + self._step + CONTEXT

    def piece(self, frames: Tensor, *, last: bool = False) -> Tensor:
        """The next piece of sound, given all frames so far (n, channels); with `last`, up to the end or as far as a
        window goes (call again until `done`)."""
        end = min(self._kept + self._step, len(frames))
        if last and len(frames) - end <= CONTEXT:
            end = len(frames)
        start, stop = max(0, self._kept - CONTEXT), min(len(frames), end + CONTEXT)
        sound = self._decode(frames[start:stop])
        begin, finish = self._kept * FRAME, length(end) if end == len(frames) and last else end * FRAME
        self._kept, self._step = end, min(6 * self._step, self._most)
        return sound[begin - start * FRAME : finish - start * FRAME]

    def done(self, frames: int) -> bool:
        """Whether the sound of `frames` has been given out to the end."""
        return self._kept >= frames


def whole(decode: Callable[[Tensor], Tensor], frames: Tensor) -> Tensor:
    """The sound of all frames at once, in windows where they are many."""
    stream = WaveStream(decode, stream=False)
    pieces = []
    while not stream.done(len(frames)):
        pieces.append(stream.piece(frames, last=True))
    return torch.cat(pieces) if pieces else frames.new_zeros(0)
