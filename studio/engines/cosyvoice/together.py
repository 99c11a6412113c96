"""Whole lines that go through the flow and then the vocoder at once, for a GPU that one short line leaves idle.

A matrix of another shape is multiplied in another order, and the last bits of a line would depend on how many others
were there. So the shape is always the same: as many rows as the setting says, filled with lines that are there twice,
and a length from a short list. Then a line's sound is the same to the last bit alone and in any company (tests hold
it to that in float32 on a CPU); the number of rows is part of the engine's version. Lines that are rendered in pieces
are not among them: each of their pieces has its own past.
"""

from collections import defaultdict
from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from studio.engines.cosyvoice.flow import Flow, Laid, Quality
from studio.engines.cosyvoice.vocoder import Vocoder
from studio.engines.cosyvoice.waveform import WaveStream

STRIDE = 128  # mel frames between two lengths
PATIENCE = 100  # steps of the worker that a line waits for company
MOST_FRAMES = 4096  # of all rows of the vocoder: what its memory is bounded by


def vocoder_rows(rows: int, frames: int, device: str) -> int:
    """Lines of so many (padded) frames that go through the vocoder at once; asked by a line's own length only.

    On a CPU each goes alone: one line keeps its cores busy, and rows that fill a batch up would cost as much as lines.
    """
    return 1 if device == "cpu" else max(1, min(rows, MOST_FRAMES // frames))


@dataclass(eq=False)
class _Line:
    asked: tuple[Any, ...]
    made: Tensor | None = None


Work = Callable[[list[Any]], list[Tensor]]


class _Company:
    """Lines that wait for one part of the model, by what they must have in common."""

    def __init__(self) -> None:
        self._waiting: dict[Hashable, list[_Line]] = defaultdict(list)
        self.coming: set[object] = set()

    def join(self, key: Hashable, asked: tuple[Any, ...], rows: int, work: Work) -> Generator[None, None, Tensor]:
        """What `work` makes of this line; yields while others may still join. `work` always gets `rows` lines."""
        waiting, line, patience = self._waiting[key], _Line(asked), PATIENCE
        waiting.append(line)
        try:
            while line.made is None:
                if len(waiting) >= rows or not patience or not self.coming:
                    _render(waiting, rows, work)
                else:
                    patience -= 1
                    yield None
        finally:
            if line in waiting:
                waiting.remove(line)
        return line.made


def _render(waiting: list[_Line], rows: int, work: Work) -> None:
    lines = waiting[:rows]
    filled = [*lines, *[lines[0]] * (rows - len(lines))]
    for line, made in zip(lines, work([one.asked for one in filled]), strict=False):
        line.made = made
    del waiting[: len(lines)]


class Together:
    """The lines of one model that wait for the flow, and those that wait for the vocoder."""

    def __init__(self, flow: Flow, vocoder: Vocoder, rows: int) -> None:
        self._flow, self._vocoder, self._rows = flow, vocoder, rows
        self._mels, self._waves = _Company(), _Company()

    def expect(self, who: object) -> None:
        """A line is being drawn that will be rendered here."""
        self._mels.coming.add(who)
        self._waves.coming.add(who)

    def forget(self, who: object) -> None:
        """It will not."""
        self._mels.coming.discard(who)
        self._waves.coming.discard(who)

    def mel(self, who: object, line: Laid, quality: Quality) -> Generator[None, None, Tensor]:
        """A line as its flow laid it out -> mel (frames, 80), without the prompt's."""
        self._mels.coming.discard(who)
        frames = _rounded(len(line.mu))

        def work(lines: list[Any]) -> list[Tensor]:
            return self._flow.rendered([one for (one,) in lines], quality, frames=frames)

        return (yield from self._mels.join((frames, quality), (line,), self._rows, work))

    def wave(self, who: object, mel: Tensor, stream: WaveStream) -> Generator[None, None, Tensor]:
        """All mel (frames, 80) of a line -> its sound (samples,); pitch, excitation and noise are its `stream`'s."""
        self._waves.coming.discard(who)
        frames = _rounded(len(mel))
        rows = vocoder_rows(self._rows, frames, self._flow.device.type) if frames else 1
        if rows == 1:
            return stream.piece(mel, last=True)

        def work(lines: list[Any]) -> list[Tensor]:
            return self._vocoder.several([own for own, _ in lines], [source for _, source in lines], frames)

        found = yield from self._waves.join(frames, stream.excited(mel), rows, work)
        return found.cpu()


def _rounded(frames: int) -> int:
    """The next of the lengths that are computed."""
    return -(-frames // STRIDE) * STRIDE
