"""From hidden states or codes to a mel spectrogram, and from sound to codes.

Two networks of one kind lead to the mel spectrogram: the decoder reads the language model's hidden states, the DVAE
(a discrete variational autoencoder) reads codes; only the DVAE can also write codes, which is how an audio prompt comes
to be. Attribute names are the published checkpoint's keys.
"""

import torch
from torch import Tensor, nn

from studio.engines.chattts.config import FFT, HOP, MELS, Sizes, Stack
from studio.engines.chattts.fsq import GroupedResidualFsq, Version
from studio.nn.convnext import ConvNeXtBlock

QUIETEST = 1e-5  # magnitude below which the logarithm is cut


class ConvStack(nn.Module):
    """(batch, idim, time) -> (batch, odim, time): two convolutions, ConvNeXt blocks, a projection."""

    def __init__(self, sizes: Stack) -> None:
        super().__init__()
        inner, hidden = sizes["bn_dim"], sizes["hidden"]
        self.conv_in = nn.Sequential(
            nn.Conv1d(sizes["idim"], inner, 3, padding=1), nn.GELU(), nn.Conv1d(inner, hidden, 3, padding=1)
        )
        self.decoder_block = nn.ModuleList(
            ConvNeXtBlock(hidden, 4 * hidden, dilation=2) for _ in range(sizes["n_layer"])
        )
        self.conv_out = nn.Conv1d(hidden, sizes["odim"], 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_in(x)
        for block in self.decoder_block:
            x = block(x)
        return self.conv_out(x)


class Unfolding(nn.Module):
    """Frames (batch, dim, T) -> log-mel spectrogram (batch, 100, 2T); each frame is two steps of the spectrogram."""

    coef: Tensor

    def __init__(self, sizes: Stack) -> None:
        super().__init__()
        self.register_buffer("coef", torch.empty(1, MELS, 1))
        self.decoder = ConvStack(sizes)
        self.out_conv = nn.Conv1d(sizes["odim"], MELS, 3, padding=1, bias=False)

    def unfold(self, frames: Tensor, coef: Tensor | None = None) -> Tensor:
        """`coef` (1, 100, 1) takes the place of the checkpoint's."""
        batch, dim, steps = frames.shape
        halves = frames.view(batch, 2, dim // 2, steps).permute(0, 2, 3, 1).reshape(batch, dim // 2, 2 * steps)
        return self.out_conv(self.decoder(halves)) * (self.coef if coef is None else coef)


class HiddenDecoder(Unfolding):
    """Hidden states to mel spectrogram."""

    def forward(self, hidden: Tensor, coef: Tensor | None = None) -> Tensor:
        """(batch, dim, T) -> (batch, 100, 2T)."""
        return self.unfold(hidden, coef)


class Mel(nn.Module):
    """Sound (samples,) at 24 kHz -> magnitudes in mel bands (100, frames); centred, reflected at the ends.

    The window and the filter bank are the checkpoint's own.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mel_spec = nn.ModuleDict(
            {"spectrogram": _Held(window=(FFT,)), "mel_scale": _Held(fb=(FFT // 2 + 1, MELS))}
        )

    def forward(self, sound: Tensor) -> Tensor:
        window, bank = self.mel_spec["spectrogram"].window, self.mel_spec["mel_scale"].fb
        assert isinstance(window, Tensor)
        assert isinstance(bank, Tensor)
        spectrum = torch.stft(sound, FFT, HOP, window=window, center=True, pad_mode="reflect", return_complex=True)
        return (spectrum.abs().T @ bank).T


class _Held(nn.Module):
    """Tensors of a checkpoint under their names."""

    def __init__(self, **shapes: tuple[int, ...]) -> None:
        super().__init__()
        for name, shape in shapes.items():
            self.register_buffer(name, torch.empty(shape))


class Dvae(Unfolding):
    """Codes to mel spectrogram, and sound to codes."""

    def __init__(self, sizes: Sizes, version: Version = "1.12.5") -> None:
        super().__init__(sizes.dvae_decoder)
        channels = sizes.dvae_encoder["idim"]
        self.downsample_conv = nn.Sequential(
            nn.Conv1d(MELS, channels, 3, padding=1), nn.GELU(), nn.Conv1d(channels, channels, 4, 2, 1), nn.GELU()
        )
        self.preprocessor_mel = Mel()
        self.encoder = ConvStack(sizes.dvae_encoder)
        quantizer = GroupedResidualFsq(sizes.features, sizes.groups, sizes.residuals, sizes.levels, version)
        self.vq_layer = nn.ModuleDict({"quantizer": quantizer})

    @property
    def quantizer(self) -> GroupedResidualFsq:
        found = self.vq_layer["quantizer"]
        assert isinstance(found, GroupedResidualFsq)
        return found

    def forward(self, codes: Tensor, coef: Tensor | None = None) -> Tensor:
        """(batch, books, T) -> (batch, 100, 2T)."""
        return self.unfold(self.quantizer.decode(codes), coef)

    def log_mel(self, sound: Tensor) -> Tensor:
        """(samples,) -> (100, frames)"""
        return self.preprocessor_mel(sound).clip(min=QUIETEST).log()

    def encode(self, sound: Tensor, coef: Tensor | None = None) -> Tensor:
        """Sound (samples,) at 24 kHz -> codes (books, T) int64, T half the frames of the spectrogram."""
        mel = self.log_mel(sound)[None] / (self.coef if coef is None else coef)
        return self.quantizer.encode(self.encoder(self.downsample_conv(mel)))[0]
