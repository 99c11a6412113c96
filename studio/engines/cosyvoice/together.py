"""Whole lines that go through the flow at once, for a GPU that one short line leaves idle.

A matrix of another shape is multiplied in another order, and the last bits of a line would depend on how many others
were there. So the shape is always the same: as many rows as the setting says, filled with lines that are there twice,
and a length from a short list. Then a line's sound is the same to the last bit alone and in any company (a test holds
it to that in float32 on a CPU); the number of rows is part of the engine's version. Lines that are rendered in pieces
are not among them: each of their pieces has its own past. Nor is the vocoder: padding would be heard at a line's end.
"""

from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass

from torch import Tensor

from studio.engines.cosyvoice.flow import CausalFlow, Prompt, Quality

STRIDE = 128  # mel frames between two lengths
PATIENCE = 100  # steps of the worker that a line waits for company


@dataclass(eq=False)
class _Line:
    sounds: Tensor
    prompt: Prompt
    mel: Tensor | None = None


class Together:
    """The lines of one model that wait for the flow."""

    def __init__(self, flow: CausalFlow, rows: int) -> None:
        self._flow, self._rows = flow, rows
        self._waiting: dict[tuple[int, Quality], list[_Line]] = defaultdict(list)
        self._coming: set[object] = set()

    def expect(self, who: object) -> None:
        """A line is being drawn that will be rendered here."""
        self._coming.add(who)

    def forget(self, who: object) -> None:
        """It will not, or it is here."""
        self._coming.discard(who)

    def mel(self, sounds: Tensor, prompt: Prompt, quality: Quality) -> Generator[None, None, Tensor]:
        """Sounds (n,) -> mel (frames, 80), without the prompt's; yields while others may still join."""
        frames = (len(prompt.sounds) + len(sounds)) * self._flow.sizes.frames
        waiting = self._waiting[-(-frames // STRIDE) * STRIDE, quality]
        line = _Line(sounds, prompt)
        waiting.append(line)
        try:
            patience = PATIENCE
            while line.mel is None:
                if len(waiting) >= self._rows or not patience or not self._coming:
                    self._render(waiting, -(-frames // STRIDE) * STRIDE, quality)
                else:
                    patience -= 1
                    yield None
        finally:
            if line in waiting:
                waiting.remove(line)
        return line.mel

    def _render(self, waiting: list[_Line], frames: int, quality: Quality) -> None:
        lines = waiting[: self._rows]
        filled = [*lines, *[lines[0]] * (self._rows - len(lines))]
        found = self._flow.several(
            [one.sounds for one in filled], [one.prompt for one in filled], quality=quality, frames=frames
        )
        for line, mel in zip(lines, found, strict=False):
            line.mel = mel
        del waiting[: len(lines)]
