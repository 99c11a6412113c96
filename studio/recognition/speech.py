"""Where speech is in a recording of any length: pieces that a recogniser can take, found while the sound comes in.

Silero VAD (Silero Team, 2021) gives the probability of speech every 32 ms. A piece begins where it rises above one
half, ends after half a second below a third, and is cut at its quietest moment before it grows longer than a recogniser
takes. At most one piece is in memory.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.audio.clip import Samples
from studio.recognition.contract import RATE

FRAME = 512  # samples between two probabilities
CONTEXT = 64  # samples of the frame before that the model wants to see
FRAMES_AT_ONCE = 512  # 16 s; more is no quicker
BEGINS, ENDS = 0.5, 0.35  # probabilities of speech
QUIET = round(0.5 * RATE / FRAME)  # frames without speech that end a piece
AROUND = 4  # frames (128 ms) of the surroundings that stay at both ends: consonants begin before the voice
LEAST = round(0.2 * RATE / FRAME)  # frames of speech in a piece; less is a click
MODEL = "silero_vad_16k_sequence.onnx"


@dataclass(frozen=True, eq=False)
class Piece:
    """Speech, and where it begins."""

    start: float  # seconds
    samples: Samples  # at RATE


class VoiceActivity:
    """Probabilities of speech, frame after frame, of one recording."""

    def __init__(self) -> None:
        self._session = _session()
        self._hidden = np.zeros((1, 1, 128), np.float32)
        self._cell = np.zeros((1, 1, 128), np.float32)
        self._before = np.zeros(CONTEXT, np.float32)

    def __call__(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """(frames, FRAME) -> (frames,), going on from the frames before."""
        found = [self._some(frames[at : at + FRAMES_AT_ONCE]) for at in range(0, len(frames), FRAMES_AT_ONCE)]
        return np.concatenate(found) if found else np.zeros(0, np.float32)

    def _some(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        before = np.concatenate([self._before[None], frames[:-1, -CONTEXT:]])
        self._before = frames[-1, -CONTEXT:].copy()
        chances, self._hidden, self._cell = self._session.run(
            ["speech_probs", "hn", "cn"],
            {"input": np.concatenate([before, frames], axis=1), "h": self._hidden, "c": self._cell},
        )
        return np.asarray(chances).reshape(-1)


def pieces(blocks: Iterable[Samples], longest_s: float) -> Iterator[Piece | float]:
    """The speech in a recording (blocks of samples at RATE), in order, each piece at most `longest_s` long.

    Between the pieces comes after every block how many seconds of the recording have been looked at.
    """
    cutter, listened, rest = _Cutter(int(longest_s * RATE / FRAME)), 0, np.zeros(0, np.float32)
    activity = VoiceActivity()
    for block in blocks:
        listened += len(block)
        rest = np.concatenate([rest, block])
        whole = len(rest) - len(rest) % FRAME
        frames, rest = rest[:whole].reshape(-1, FRAME), rest[whole:]
        yield from cutter.take(frames, activity(frames))
        yield listened / RATE
    if len(rest):
        frames = np.pad(rest, (0, FRAME - len(rest)))[None]
        yield from cutter.take(frames, activity(frames))
    yield from cutter.end(listened)


class _Cutter:
    """Frames with probabilities into pieces."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._frames: list[Samples] = []  # of the piece at hand, its surroundings before it
        self._chances: list[float] = []
        self._before: deque[Samples] = deque(maxlen=AROUND)
        self._speaking, self._quiet, self._seen = False, 0, 0

    def take(self, frames: NDArray[np.float32], chances: NDArray[np.float32]) -> Iterator[Piece]:
        for frame, chance in zip(frames, chances.tolist(), strict=True):
            self._seen += 1
            if not self._speaking:
                if chance < BEGINS:
                    self._before.append(frame)
                    continue
                self._speaking, self._frames = True, list(self._before)
                self._chances = [0.0] * len(self._frames)
                self._before.clear()
            self._frames.append(frame)
            self._chances.append(chance)
            self._quiet = self._quiet + 1 if chance < ENDS else 0
            if self._quiet >= QUIET:
                yield from self._finish()
            elif len(self._frames) >= self._longest:
                yield self._cut()

    def end(self, samples: int) -> Iterator[Piece]:
        """What is left at the end of a recording of so many samples."""
        if self._speaking:
            beyond = self._seen * FRAME - samples
            if beyond:
                self._frames[-1] = self._frames[-1][:-beyond]
            yield from self._finish()

    def _finish(self) -> Iterator[Piece]:
        """The piece at hand without the quiet after it, but for its surroundings."""
        keep = len(self._frames) - max(0, self._quiet - AROUND)
        if sum(chance >= ENDS for chance in self._chances) >= LEAST:
            yield self._piece(keep)
        self._before.extend(self._frames[keep:])
        self._frames, self._chances, self._speaking, self._quiet = [], [], False, 0

    def _cut(self) -> Piece:
        """The piece at hand up to its quietest moment in the second half; the rest goes on."""
        half = len(self._frames) // 2
        at = half + int(np.argmin(self._chances[half:]))
        piece = self._piece(at)
        self._frames, self._chances = self._frames[at:], self._chances[at:]
        return piece

    def _piece(self, count: int) -> Piece:
        """Its first frames."""
        start = self._seen - len(self._frames)
        return Piece(start * FRAME / RATE, np.concatenate(self._frames[:count]))


def _session() -> Any:
    """The model inside the package. The package itself is not imported: it would set PyTorch to one thread."""
    import onnxruntime

    spec = find_spec("silero_vad")
    assert spec is not None
    assert spec.origin is not None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # the recogniser needs the others
    path = Path(spec.origin).parent / "data" / MODEL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
