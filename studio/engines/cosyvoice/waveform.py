"""Mel in pieces to sound in pieces, the same to the sample as if it had come at once.

A network of convolutions looks a bounded number of frames back and forth (`reach`). So of what has come, the end is
held until the frames that it looks at are there, and before each piece the frames that it looks back at are computed
once more. The excitation goes on where it was: pitch is remembered, noise is drawn once for each sample.
"""

import torch
from torch import Tensor

from studio.engines.cosyvoice.sizes import MELS, VocoderSizes
from studio.engines.cosyvoice.source import Chance
from studio.engines.cosyvoice.vocoder import PITCH_AHEAD, Vocoder

MARGIN = 2  # frames for what the Fourier transforms look around


def reach(sizes: VocoderSizes, causal: bool) -> tuple[int, int]:
    """Frames that a frame's sound depends on, before it and after it; the pitch's own reach is not in it."""
    rate, frames = 1, 0.0
    for up, kernel, blocks, source in zip(
        sizes.rates, sizes.kernels, (sizes.block_dilations,) * len(sizes.rates), sizes.source_kernels, strict=True
    ):
        frames += kernel / (up * rate)
        rate *= up
        widest = max(max(sizes.block_kernels), source)
        spans = [sum(dilations) + len(dilations) for dilations in blocks]
        frames += max(spans) * (widest - 1) / (1 if causal else 2) / rate
    whole = int(frames) + 1 + MARGIN
    return (whole, sizes.ahead + MARGIN) if causal else (whole + 3, whole + 3)


def pitch_reach(causal: bool) -> tuple[int, int]:
    """Frames that a frame's pitch depends on, before it and after it."""
    return (8, PITCH_AHEAD) if causal else (5, 5)


class Faster:
    """Mel frames of another number, by straight lines between them; the same whole and in pieces."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._frames = torch.zeros(0, MELS)
        self._first = 0  # frames that went before those kept
        self._given = 0

    def piece(self, mel: Tensor, last: bool = False) -> Tensor:
        """The next frames (n, 80) -> as many of the new ones as are certain."""
        self._frames = torch.cat([self._frames.to(mel), mel])
        known = self._first + len(self._frames)
        total = int(known / self._speed)
        scale = known / total if last and not self._given and total else self._speed  # at once: as is published
        count = total if last else max(0, int((known - 1.5) / self._speed))
        at = ((torch.arange(self._given, max(count, self._given)) + 0.5) * scale - 0.5).clamp(min=0)
        low = at.floor().clamp(max=known - 1).long()
        share = (at - low).clamp(max=1)[:, None].to(mel)
        high = (low + 1).clamp(max=known - 1)
        made = self._frames[low - self._first] * (1 - share) + self._frames[high - self._first] * share
        self._given += len(made)
        if not last and len(low):
            keep = max(0, int(low[-1]) - self._first)
            self._first, self._frames = self._first + keep, self._frames[keep:]
        return made


class WaveStream:
    """One line's way through the vocoder."""

    def __init__(self, vocoder: Vocoder, chance: Chance) -> None:
        self._vocoder, self._chance = vocoder, chance
        self._phases = chance.phases(vocoder.sizes.harmonics)
        self._left, self._right = reach(vocoder.sizes, vocoder.causal)
        self._pitch_left, self._pitch_right = pitch_reach(vocoder.causal)
        self._mel = torch.zeros(0, MELS, device=vocoder.window.device)
        self._first = 0  # frames that went before those kept
        self._pitch = torch.zeros(0, device=vocoder.window.device)  # of all frames so far, in hertz
        self._source = torch.zeros(0, device=vocoder.window.device)  # from frame `_first` on
        self._excited = 0  # frames whose source is there
        self._given = 0  # frames whose sound was given

    def piece(self, mel: Tensor, last: bool = False) -> Tensor:
        """The next frames (n, 80) -> the sound (samples,) that is certain now; with `last`, all that is left."""
        self._mel = torch.cat([self._mel, mel.to(self._mel)])
        known = self._first + len(self._mel)
        if last and not known:
            return torch.zeros(0)
        self._follow(known, last)
        self._excite(known, last)
        end = known if last else min(known, self._excited) - self._right
        if end <= self._given:
            return torch.zeros(0)
        sound = self._decode(known, end, last)
        self._given = end
        self._forget()
        return sound.cpu()

    def excited(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        """All frames (n, 80) of a line at once -> them and their excitation (samples,), for `Vocoder.several`."""
        self._mel = mel.to(self._mel)
        self._follow(len(mel), last=True)
        self._excite(len(mel), last=True)
        return self._mel, self._source

    def _follow(self, known: int, last: bool) -> None:
        """Pitch of the frames that nothing more can change."""
        end, done = (known if last else known - self._pitch_right), len(self._pitch)
        if end <= done:
            return
        start = max(self._first, done - self._pitch_left)
        found = self._vocoder.pitch(self._mel[start - self._first :])
        self._pitch = torch.cat([self._pitch, found[done - start : end - start]])

    def _excite(self, known: int, last: bool) -> None:
        """Their excitation; between two frames it depends on both, so it waits for one more."""
        end = known if last else len(self._pitch) - 1
        if end <= self._excited:
            return
        made = self._vocoder.m_source(self._pitch, self._chance, self._phases, self._excited, end)
        self._source = torch.cat([self._source, made])
        self._excited = end

    def _decode(self, known: int, end: int, last: bool) -> Tensor:
        scale = self._vocoder.sizes.scale
        start = max(self._first, self._given - self._left)
        stop = known if last else end + self._right
        at, to = start - self._first, stop - self._first
        wave = self._vocoder.decode(self._mel[at:to], self._source[at * scale : to * scale])
        return wave[(self._given - start) * scale : (end - start) * scale]

    def _forget(self) -> None:
        """Frames that are behind the reach of what comes."""
        keep = max(0, self._given - max(self._left, self._pitch_left + self._right + 2))
        if (gone := keep - self._first) > 0:
            self._mel = self._mel[gone:]
            self._source = self._source[gone * self._vocoder.sizes.scale :]
            self._first = keep
