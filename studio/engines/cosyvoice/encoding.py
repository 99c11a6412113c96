"""Sounds to `mu`, the frames that the flow is led by: a look ahead and twice as many frames (second generation), a look
ahead alone (third), or a stretch to the length of the mel (first).

Attribute names are the published checkpoints' keys.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.engines.cosyvoice.sizes import MELS
from studio.nn.causal import Past, chunks, continued
from studio.nn.relative import Block, Entry, RelativeConfig

OVERLAP = 20  # sounds at each end of a window that are stretched on their own (first generation)


class Ahead(nn.Module):
    """Looks a few sounds ahead: two convolutions and a way around. (1, n, dim) -> the same."""

    def __init__(self, dim: int, channels: int, ahead: int) -> None:
        super().__init__()
        self.ahead = ahead
        self.conv1 = nn.Conv1d(dim, channels, ahead + 1)
        self.conv2 = nn.Conv1d(channels, dim, 3)

    def forward(self, x: Tensor, beyond: Tensor, past: Past | None = None) -> Tensor:
        """`beyond` (1, up to `ahead`, dim) comes after `x`; what is missing is zero."""
        y = torch.cat([x, functional.pad(beyond, (0, 0, 0, self.ahead - beyond.shape[1]))], 1)
        y = functional.leaky_relu(self.conv1(y.transpose(1, 2))).transpose(1, 2)
        y = self.conv2(continued(self, y, 2, past).transpose(1, 2)).transpose(1, 2)
        return x + y


class Doubled(nn.Module):
    """Every frame twice, then a causal convolution."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(dim, dim, 5)

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:
        x = continued(self, x.repeat_interleave(2, 1), 4, past)
        return self.conv(x.transpose(1, 2)).transpose(1, 2)


class UpEncoder(nn.Module):
    """The second generation's: a look ahead, blocks on sounds, twice as many frames, blocks on frames."""

    def __init__(self, config: RelativeConfig, ahead: int, chunk: int, up_blocks: int) -> None:
        super().__init__()
        self.chunk = chunk
        self.embed = Entry(config)
        self.pre_lookahead_layer = Ahead(config.dim, config.dim, ahead)
        self.encoders = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.up_layer = Doubled(config.dim)
        self.up_embed = Entry(config)
        self.up_encoders = nn.ModuleList(Block(config) for _ in range(up_blocks))
        self.after_norm = nn.LayerNorm(config.dim, 1e-5)

    def forward(self, x: Tensor, beyond: Tensor, chunked: bool, past: Past | None = None) -> Tensor:
        """(1, n, inputs) -> (1, 2 n, dim)."""
        x = self.pre_lookahead_layer(self.embed(x), self.embed(beyond), past)
        x = self._through(self.encoders, x, self.chunk if chunked else 0, past)
        x = self.up_embed(self.up_layer(x, past))
        x = self._through(self.up_encoders, x, 2 * self.chunk if chunked else 0, past)
        return self.after_norm(x)

    def _through(self, blocks: nn.ModuleList, x: Tensor, chunk: int, past: Past | None) -> Tensor:
        before = None if past is None else past.get(blocks[0])
        start = 0 if before is None else before[0].shape[2]
        seen = chunks(start, x.shape[1], chunk, x.device) if chunk else None
        for block in blocks:
            x, keys = block(x, seen, None if past is None else past.get(block))
            if past is not None:
                past.keep(block, keys)
        return x


class LengthRegulator(nn.Module):
    """Stretches sounds to mel frames, prompt and speech on their own so that one knows where they meet."""

    def __init__(self, ratios: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(ratios):
            layers += [nn.Conv1d(MELS, MELS, 3, 1, 1), nn.GroupNorm(1, MELS), nn.Mish()]
        self.model = nn.Sequential(*layers, nn.Conv1d(MELS, MELS, 1, 1))

    def forward(self, before: Tensor, after: Tensor, first: int, frames: int, overlap: int) -> Tensor:
        """(n, 80) of the prompt and (m, 80) of the speech -> (first + frames, 80)."""
        if len(after) > 2 * OVERLAP:
            parts = [
                _stretched(after[:OVERLAP], overlap),
                _stretched(after[OVERLAP:-OVERLAP], frames - 2 * overlap),
                _stretched(after[-OVERLAP:], overlap),
            ]
        else:
            parts = [_stretched(after, frames)]
        if len(before):
            parts.insert(0, _stretched(before, first))
        return self.model(torch.cat(parts).T[None])[0].T


def _stretched(x: Tensor, frames: int) -> Tensor:
    return functional.interpolate(x.T[None], size=frames, mode="linear")[0].T
