"""Vocos (Siuzdak, "Vocos", 2023): mel spectrogram to sound, as magnitudes and phases of a Fourier transform.

The checkpoint is that of the package `vocos`; the network is written here because ours, with the fused linear layers of
`nn.convnext`, takes a third of the package's time on two cores and spares the import of what the package stands on
(SciPy, EnCodec: half a second). A test compares the two sample by sample.
"""

import torch
from torch import Tensor, nn

from studio.engines.chattts.config import FFT, HOP, MELS, Stack
from studio.engines.chattts.dvae import Mel
from studio.nn.convnext import ConvNeXtBlock
from studio.nn.linear import linear

LOUDEST = 100.0  # magnitude at which the exponential is cut, as the model was trained


class Backbone(nn.Module):
    """(batch, 100, steps) -> (batch, steps, dim)."""

    def __init__(self, sizes: Stack) -> None:
        super().__init__()
        dim = sizes["dim"]
        self.embed = nn.Conv1d(MELS, dim, 7, padding=3)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.convnext = nn.ModuleList(ConvNeXtBlock(dim, sizes["intermediate_dim"]) for _ in range(sizes["num_layers"]))
        self.final_layer_norm = nn.LayerNorm(dim, eps=1e-6)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.norm(self.embed(mel).transpose(1, 2)).transpose(1, 2)
        for block in self.convnext:
            x = block(x)
        return self.final_layer_norm(x.transpose(1, 2))


class Head(nn.Module):
    """(batch, steps, dim) -> (batch, (steps - 1) * 256) samples."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.out = nn.Linear(dim, FFT + 2)
        self.istft = nn.Module()
        self.istft.register_buffer("window", torch.empty(FFT))

    def forward(self, x: Tensor) -> Tensor:
        batch, steps, dim = x.shape
        both = linear(x.reshape(batch * steps, dim), self.out.weight, self.out.bias)
        loudness, phase = both.view(batch, steps, -1).transpose(1, 2).chunk(2, 1)
        spectrum = torch.polar(loudness.exp().clip(max=LOUDEST), phase)
        window = self.istft.window
        assert isinstance(window, Tensor)
        return torch.istft(spectrum, FFT, HOP, window=window, center=True)


class Vocoder(nn.Module):
    """(batch, 100, steps) -> (batch, (steps - 1) * 256) samples at 24 kHz."""

    def __init__(self, sizes: Stack) -> None:
        super().__init__()
        self.feature_extractor = Mel()  # part of the checkpoint, not used for decoding
        self.backbone = Backbone(sizes)
        self.head = Head(sizes["dim"])

    @staticmethod
    def our_key(published: str) -> str:
        """The name of a published tensor in this module."""
        return published.replace(".gamma", ".weight")

    def forward(self, mel: Tensor) -> Tensor:
        return self.head(self.backbone(mel))
