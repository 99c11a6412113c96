"""HiFT: a mel spectrogram to sound, by a source-filter network that ends in an inverse Fourier transform.

Li, Han and Mesgarani, "HiFTNet" (2023); Kaneko et al., "iSTFTNet" (2022). The third generation's is causal but for a
few frames that it looks ahead. Attribute names are the published checkpoints' keys, weight norms folded (`nn.loading`).

Several lines go through its convolutions at once (`Vocoder.several`), the shorter ones padded. A padded row is the row
alone because what stands beyond its end is put back to zero before a convolution sees it (`Ends`), and because what
treats an end in its own way is done for each row by itself: pitch and excitation, whose last digits would add up in the
phase, and the two Fourier transforms, which mirror the sound or add windows up there.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.engines.cosyvoice.sizes import MELS, VocoderSizes
from studio.engines.cosyvoice.source import Chance, Source
from studio.nn.linear import Precision
from studio.nn.processor import computed_in, doubles_on

LOUDEST = 100.0  # magnitude at which the exponential is cut, as the model was trained
LAST_SLOPE = 0.01  # of the leak before the last convolution
PITCH_AHEAD = 3  # frames that the third generation's pitch looks ahead


class Ends:
    """Where the rows of a padded batch end."""

    def __init__(self, counts: Tensor, longest: int) -> None:
        """`counts` (rows,) of `longest` steps are no padding."""
        self.first = int(counts.min())  # before it, nobody has padding: a pass over the rest is short
        self._beyond = (torch.arange(self.first, longest, device=counts.device) >= counts[:, None])[:, None]

    def clear(self, x: Tensor) -> Tensor:
        """`x` (rows, channels, longest), in place: zero beyond each row's end."""
        x[..., self.first :].masked_fill_(self._beyond, 0)
        return x


class Left(nn.Conv1d):
    """A convolution that sees the present and the past, or (`right`) the present and what comes."""

    def __init__(self, inputs: int, outputs: int, kernel: int, dilation: int = 1, *, right: bool = False) -> None:
        super().__init__(inputs, outputs, kernel, dilation=dilation)
        reach = (kernel - 1) * dilation
        self.reach = (0, reach) if right else (reach, 0)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(functional.pad(x, self.reach))


class LeftStrided(nn.Conv1d):
    """A convolution in steps that ends with the present."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(functional.pad(x, (self.stride[0] - 1, 0)))


class LeftUp(nn.Conv1d):
    """Every frame several times, then a convolution that sees the present and the past."""

    def __init__(self, inputs: int, outputs: int, kernel: int, times: int) -> None:
        super().__init__(inputs, outputs, kernel)
        self.times = times

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(functional.pad(x.repeat_interleave(self.times, -1), (self.kernel_size[0] - 1, 0)))


def _centred(inputs: int, outputs: int, kernel: int, dilation: int = 1) -> nn.Conv1d:
    return nn.Conv1d(inputs, outputs, kernel, dilation=dilation, padding=(kernel - 1) * dilation // 2)


class Snake(nn.Module):
    """x + sin(αx)²/α (Liu, Hartwig and Ueda, 2020)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        alpha = self.alpha[:, None]
        return torch.addcdiv(x, (x * alpha).sin().square(), alpha + 1e-9)


class ResBlock(nn.Module):
    """Pairs of convolutions, each with a Snake before it, added to what came in; in the precision of its weights."""

    def __init__(self, channels: int, kernel: int, dilations: Sequence[int], causal: bool) -> None:
        super().__init__()
        conv = Left if causal else _centred
        self.convs1 = nn.ModuleList(conv(channels, channels, kernel, dilation) for dilation in dilations)
        self.convs2 = nn.ModuleList(conv(channels, channels, kernel, 1) for _ in dilations)
        self.activations1 = nn.ModuleList(Snake(channels) for _ in dilations)
        self.activations2 = nn.ModuleList(Snake(channels) for _ in dilations)

    def forward(self, x: Tensor, ends: Ends | None = None) -> Tensor:
        """With `ends`, what comes in is zero beyond them, and what goes out too: a Snake leaves zeros as they are."""
        kind = next(self.parameters()).dtype
        y = x.to(kind)
        for first, one, second, two in zip(self.activations1, self.convs1, self.activations2, self.convs2, strict=True):
            y = y + _cleared(two(second(_cleared(one(first(y)), ends))), ends)
        return y.to(x.dtype)


def _cleared(x: Tensor, ends: Ends | None) -> Tensor:
    return x if ends is None else ends.clear(x)


class Pitch(nn.Module):
    """Mel (1, 80, frames) -> fundamental frequency (frames,) in hertz."""

    def __init__(self, channels: int, causal: bool) -> None:
        super().__init__()
        self.causal = causal
        layers: list[nn.Module] = []
        for at in range(5):
            inputs = channels if at else MELS
            if causal:
                layers.append(Left(inputs, channels, 3) if at else Left(inputs, channels, PITCH_AHEAD + 1, right=True))
            else:
                layers.append(_centred(inputs, channels, 3))
            layers.append(nn.ELU())
        self.condnet = nn.Sequential(*layers)
        self.classifier = nn.Linear(channels, 1)

    def forward(self, mel: Tensor) -> Tensor:
        return self.classifier(self.condnet(mel).transpose(1, 2))[0, :, 0].abs()


class Vocoder(nn.Module):
    """Mel frames and their excitation to sound."""

    def __init__(self, sizes: VocoderSizes, generation: int) -> None:
        super().__init__()
        self.sizes, self.causal = sizes, generation == 3
        causal, channels, outputs = self.causal, sizes.channels, sizes.fft + 2
        self.m_source = Source(sizes, generation)
        self.f0_predictor = Pitch(sizes.pitch_channels, causal)
        self.conv_pre = Left(MELS, channels, sizes.ahead + 1, right=True) if causal else _centred(MELS, channels, 7)
        self.ups, self.source_downs = nn.ModuleList(), nn.ModuleList()
        self.source_resblocks, self.resblocks = nn.ModuleList(), nn.ModuleList()
        strides = [1]  # by which the source is thinned for each stage, last stage first
        for rate in sizes.rates[:0:-1]:
            strides.append(strides[-1] * rate)
        for at, (rate, kernel) in enumerate(zip(sizes.rates, sizes.kernels, strict=True)):
            width, stride = channels // 2 ** (at + 1), strides[-1 - at]
            self.ups.append(
                LeftUp(2 * width, width, kernel, rate)
                if causal
                else nn.ConvTranspose1d(2 * width, width, kernel, rate, padding=(kernel - rate) // 2)
            )
            self.source_downs.append(self._down(outputs, width, stride))
            self.source_resblocks.append(ResBlock(width, sizes.source_kernels[at], sizes.source_dilations[at], causal))
            for size, dilations in zip(sizes.block_kernels, sizes.block_dilations, strict=True):
                self.resblocks.append(ResBlock(width, size, dilations, causal))
        self.conv_post = Left(width, outputs, 7) if causal else _centred(width, outputs, 7)
        self.register_buffer("window", torch.hann_window(sizes.fft), persistent=False)

    def _down(self, inputs: int, outputs: int, stride: int) -> nn.Conv1d:
        if stride == 1:
            return nn.Conv1d(inputs, outputs, 1)
        if self.causal:
            return LeftStrided(inputs, outputs, 2 * stride, stride)
        return nn.Conv1d(inputs, outputs, 2 * stride, stride, padding=stride // 2)

    def pack(self, precision: Precision = "fp32", device: str = "cpu") -> None:
        """After loading, onto a device. Pitch and what makes the waves stay in float32, the causal pitch in double
        precision: an error would add up in the phase."""
        self.window = torch.hann_window(self.sizes.fft)
        self.float().to(device)
        where = self.window.device
        kind = torch.float32 if precision == "fp32" else computed_in(torch.bfloat16, where)  # float16 is slow on a CPU
        for block in (*self.resblocks, *self.source_resblocks):
            block.to(kind)
        if self.causal:
            self.f0_predictor.to(doubles_on(where)).double()

    def pitch(self, mel: Tensor) -> Tensor:
        """Mel (frames, 80) -> (frames,) in hertz."""
        return self.f0_predictor(mel.T[None].to(self.f0_predictor.classifier.weight)).float().to(mel.device)

    def forward(self, mel: Tensor, chance: Chance) -> Tensor:
        """Mel (frames, 80) -> (samples,)."""
        mel = mel.to(self.window)
        return self.decode(mel, self.m_source(self.pitch(mel), chance))

    def several(self, mels: Sequence[Tensor], sources: Sequence[Tensor], frames: int = 0) -> list[Tensor]:
        """`decode` for lines of any lengths at once; each is what it is alone.

        With `frames`, all are padded to so many, so that what is computed has a shape that does not depend on them.
        """
        counts = [len(mel) for mel in mels]
        longest = max(frames, *counts)
        x = torch.stack([functional.pad(mel.to(self.window).T, (0, longest - len(mel))) for mel in mels])
        heard = [self._spectrum(source, len(mel)) for mel, source in zip(mels, sources, strict=True)]
        steps = longest * self._times + 1
        padded = torch.stack([functional.pad(one, (0, steps - one.shape[-1])) for one in heard])
        known = None if min(counts) == longest else torch.tensor(counts, device=x.device)
        found = self._network(self.conv_pre(x), padded, known)
        return [self._wave(one[:, : n * self._times + 1]) for one, n in zip(found, counts, strict=True)]

    def decode(self, mel: Tensor, source: Tensor, ahead: int = 0) -> Tensor:
        """Mel (frames, 80) and its excitation (samples,) -> sound (samples,).

        The last `ahead` frames are only looked at: their sound is not given.
        """
        frames = len(mel) - ahead
        x = self.conv_pre(mel.T[None])[..., :frames]
        return self._wave(self._network(x, self._spectrum(source, frames)[None])[0])

    @property
    def _times(self) -> int:
        """Steps of the Fourier transforms for one mel frame."""
        return self.sizes.scale // self.sizes.hop

    def _spectrum(self, source: Tensor, frames: int) -> Tensor:
        """Excitation (samples,) -> (fft + 2, steps + 1) of the first frames."""
        sizes = self.sizes
        spectrum = torch.stft(source, sizes.fft, sizes.hop, window=self.window, return_complex=True)
        return torch.cat([spectrum.real, spectrum.imag])[:, : frames * self._times + 1]

    def _network(self, x: Tensor, heard: Tensor, counts: Tensor | None = None) -> Tensor:
        """What `conv_pre` gave (rows, channels, frames) and the excitation's spectra -> (rows, fft + 2, steps + 1).

        `counts` (rows,) are the frames of padded rows. Once `conv_pre` has looked ahead, the causal network only looks
        back: what stands beyond an end cannot be heard before it, and nothing needs to be cleared.
        """
        sizes, padded = self.sizes, None if self.causal else counts
        ends, rate, each = None, 1, len(sizes.block_kernels)
        if padded is not None:
            x = Ends(padded, x.shape[-1]).clear(x)
        for at, (up, down) in enumerate(zip(self.ups, self.source_downs, strict=True)):
            x, rate = up(functional.leaky_relu(x, sizes.slope)), rate * sizes.rates[at]
            last = int(at == len(self.ups) - 1)
            if last:
                x = functional.pad(x, (1, 0), mode="reflect")
            source = down(heard)
            if padded is not None:
                ends = Ends(padded * rate + last, x.shape[-1])
                x, source = ends.clear(x), ends.clear(source)
            x = x + self.source_resblocks[at](source, ends)
            blocks = self.resblocks[at * each : (at + 1) * each]
            y = blocks[0](x, ends)
            for block in list(blocks)[1:]:
                y = y + block(x, ends)
            x = y / each
        return self.conv_post(functional.leaky_relu(x, LAST_SLOPE))

    def _wave(self, x: Tensor) -> Tensor:
        """Logarithms of magnitudes, then phases (fft + 2, steps + 1) -> sound (samples,)."""
        sizes, bins = self.sizes, self.sizes.fft // 2 + 1
        loudness, phase = x[:bins].exp().clamp(max=LOUDEST), x[bins:].sin()
        wave = torch.istft(torch.polar(loudness, phase), sizes.fft, sizes.hop, window=self.window)
        return wave.clamp(-sizes.limit, sizes.limit)
