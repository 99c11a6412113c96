"""The excitation of the vocoder: a sine and its harmonics where there is a pitch, noise where there is none.

Wang, Takaki and Yamagishi, "Neural source-filter waveform models" (2019). Chance is handed in (`Chance`), so that a
line sounds the same whatever was spoken before it, in one piece or in many.
"""

import math
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.engines.cosyvoice.sizes import MELS, Sizes, VocoderSizes


class Chance(Protocol):
    """Where the vocoder's noise comes from."""

    def phases(self, harmonics: int) -> Tensor:
        """(harmonics,) in [0, 1). Asked once, before any noise."""

    def noise(self, samples: int, harmonics: int) -> Tensor:
        """The next (samples, harmonics)."""


class OwnChance:
    """Normal noise from a generator of the line's own, the same however it is cut into pieces."""

    BLOCK = 4800  # samples drawn at once

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)
        self._left = torch.zeros(0, 0)

    def phases(self, harmonics: int) -> Tensor:
        return torch.rand(harmonics, generator=self._generator)

    def noise(self, samples: int, harmonics: int) -> Tensor:
        parts = [self._left] if len(self._left) else []
        while sum(len(part) for part in parts) < samples:
            parts.append(torch.randn((self.BLOCK, harmonics), generator=self._generator))
        whole = torch.cat(parts) if parts else torch.zeros(0, harmonics)
        self._left = whole[samples:]
        return whole[:samples]


class FixedChance:
    """The third generation's: even noise in [0, 1), the same for every line."""

    def __init__(self, generator: torch.Generator) -> None:
        self._state = generator.get_state()
        self._generator = torch.Generator()
        self._begun = False

    def phases(self, harmonics: int) -> Tensor:
        self._generator.set_state(self._state)
        return torch.rand(harmonics, generator=self._generator)

    def noise(self, samples: int, harmonics: int) -> Tensor:
        return torch.rand((samples, harmonics), generator=self._generator)


def published_generator(sizes: Sizes) -> torch.Generator:
    """A generator in the state from which the third generation's vocoder drew its noise when it was made.

    The published code seeds PyTorch once and then builds flow and vocoder; what their layers draw for weights that are
    then overwritten comes before the noise. `published_noise.json` of the parity folder has the numbers.
    """
    generator = torch.Generator().manual_seed(0)
    torch.randn((1, MELS, 15_000), generator=generator)
    vocoder, uniform = sizes.vocoder, torch.empty
    torch.empty(sizes.ids.sounds, sizes.flow.width).normal_(generator=generator)
    shapes: list[tuple[int, ...]] = [(MELS, sizes.speaker), (MELS,)]
    channels = vocoder.pitch_channels
    for inputs, kernel in ((MELS, 4), *((channels, 3),) * 4):
        shapes += [(channels, inputs, kernel), (channels,)]
    shapes += [(1, channels), (1,)]
    for shape in shapes:
        uniform(shape).uniform_(generator=generator)
    return generator


class Source(nn.Module):
    """Pitch of mel frames -> excitation, one value a sample."""

    def __init__(self, sizes: VocoderSizes, generation: int) -> None:
        super().__init__()
        self.sizes, self.generation = sizes, generation
        self.l_linear = nn.Linear(sizes.harmonics, 1)

    def forward(
        self, pitch: Tensor, chance: Chance, phases: Tensor | None = None, start: int = 0, end: int | None = None
    ) -> Tensor:
        """Pitch (frames,) in hertz of all frames so far -> (samples,) of the frames from `start` to `end`.

        `phases` are those that `chance` gave at the beginning; noise is drawn for these frames only, so frames have to
        be asked for in order.
        """
        sizes = self.sizes
        phases = chance.phases(sizes.harmonics) if phases is None else phases
        sines = self.sines(pitch, phases.to(pitch), start, end)
        pitch = pitch[start:end]
        voiced = (pitch.repeat_interleave(sizes.scale) > sizes.voiced).to(sines)[:, None]
        amount = voiced * sizes.noise + (1 - voiced) * sizes.amplitude / 3
        noise = chance.noise(len(sines), sizes.harmonics).to(sines)
        mixed = sizes.amplitude * sines * voiced + amount * noise
        return self.l_linear(mixed)[:, 0].tanh()

    def sines(self, pitch: Tensor, phases: Tensor, start: int = 0, end: int | None = None) -> Tensor:
        """(frames,) -> (samples, harmonics) of the frames from `start` to `end`, by the way of each generation."""
        sizes = self.sizes
        harmonics = torch.arange(1, sizes.harmonics + 1, device=pitch.device)
        if self.generation == 1:  # phases add up sample by sample, and each harmonic begins somewhere
            wide = pitch.repeat_interleave(sizes.scale)[:, None]
            turns = (wide * harmonics / sizes.rate).cumsum(0)[start * sizes.scale : _times(end, sizes.scale)] % 1
            begin = (2 * phases - 1) * math.pi
            begin[0] = 0
            return (2 * math.pi * turns + begin).sin()
        # phases add up frame by frame; where a harmonic begins is lost on the way, in the published code too
        turns = ((pitch[:, None] * harmonics) / sizes.rate) % 1
        angle = turns.cumsum(0) * 2 * math.pi * sizes.scale
        if self.generation == 3:
            return angle[start:end].repeat_interleave(sizes.scale, 0).sin()
        before = min(start, 1)  # between two frames one needs both
        around = angle[start - before : None if end is None else end + 1]
        wide = functional.interpolate(around.T[None], scale_factor=sizes.scale, mode="linear")[0].T
        count = (len(pitch) if end is None else min(end, len(pitch))) - start
        return wide[before * sizes.scale :][: count * sizes.scale].sin()


def _times(frames: int | None, scale: int) -> int | None:
    return None if frames is None else frames * scale
