"""The estimator of the first and second generation: a U-Net of residual and transformer blocks over mel frames.

After Matcha-TTS (Mehta et al., 2024). Computed with time before channels. The second generation's is causal but for its
attention, and has one level; the first halves the time once. Attribute names are the published checkpoints' keys.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.nn.attention import attend
from studio.nn.causal import Past, Taps
from studio.nn.dense import Dense
from studio.nn.linear import Precision
from studio.nn.processor import heads_computed_in
from studio.nn.relative import joined

GROUPS = 8  # of the first generation's norms


class Estimator(nn.Module):
    """Velocity of a noisy mel spectrogram. What both kinds (here and in `dit`) have in common."""

    def pack(self, precision: Precision) -> None:
        """Bring what was loaded into a precision. Once."""
        raise NotImplementedError

    def forward(
        self,
        x: Tensor,
        mu: Tensor,
        time: Tensor,
        speaker: Tensor,
        cond: Tensor,
        seen: Tensor | None = None,
        real: Tensor | None = None,
        past: Past | None = None,
    ) -> Tensor:
        """`x`, `mu` and `cond` (rows, frames, 80), `time` (rows,), `speaker` (rows, 80) -> (rows, frames, 80).

        `seen` (frames, frames before and now) tells what may be looked at, `real` (rows, frames) what is no padding;
        `past` is the stream's, where these frames continue earlier ones.
        """
        raise NotImplementedError


class Waves(nn.Module):
    """A moment (rows,) -> (rows, width): sines, then cosines, of a thousand times it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, time: Tensor) -> Tensor:
        half = self.width // 2
        speed = torch.exp(torch.arange(half, device=time.device).float() * -(math.log(10_000) / (half - 1)))
        angle = 1000 * time[:, None] * speed
        return torch.cat([angle.sin(), angle.cos()], -1)


class TimeMlp(nn.Module):
    """Two layers with SiLU between."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(inputs, outputs), nn.Linear(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear_2(functional.silu(self.linear_1(x)))


class Grouped(nn.GroupNorm):
    """Norm over groups of channels and all steps (rows, steps, channels) that are no padding.

    The published code counts padding in, and never pads: so a row would sound another way in longer company.
    """

    def forward(self, x: Tensor, real: Tensor | None = None) -> Tensor:
        if real is None:
            return super().forward(x.transpose(1, 2)).transpose(1, 2)
        grouped = x.unflatten(-1, (self.num_groups, -1)).transpose(1, 2)  # (rows, groups, steps, channels of one)
        kept = real[:, None, :, None]
        count = kept.sum(2, keepdim=True) * grouped.shape[-1]

        def mean(y: Tensor) -> Tensor:
            return (y * kept).sum(3, keepdim=True).sum(2, keepdim=True) / count

        apart = grouped - mean(grouped)
        grouped = apart * (mean(apart.square()) + self.eps).rsqrt()
        return grouped.transpose(1, 2).flatten(2) * self.weight + self.bias


class Convolved(nn.Module):
    """Convolution of three frames, norm, Mish; masked before and after."""

    def __init__(self, inputs: int, outputs: int, causal: bool) -> None:
        super().__init__()
        self.causal = causal
        norm: nn.Module = nn.LayerNorm(outputs) if causal else Grouped(GROUPS, outputs)
        self.block = nn.ModuleDict({"0": Taps(inputs, outputs, 3, causal=causal), "2" if causal else "1": norm})

    def forward(self, x: Tensor, real: Tensor | None, past: Past | None) -> Tensor:
        y = self.block["0"](_masked(x, real), past)
        y = self.block["2"](y) if self.causal else self.block["1"](y, real)
        return _masked(functional.mish(y), real)


class Residual(nn.Module):
    """Two convolutions with the moment added between them, and a way around."""

    def __init__(self, inputs: int, outputs: int, time: int, causal: bool) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Mish(), nn.Linear(time, outputs))
        self.block1 = Convolved(inputs, outputs, causal)
        self.block2 = Convolved(outputs, outputs, causal)
        self.res_conv = Taps(inputs, outputs, 1, causal=causal)

    def forward(self, x: Tensor, time: Tensor, real: Tensor | None, past: Past | None) -> Tensor:
        y = self.block1(x, real, past) + self.mlp(time)[:, None]
        return self.block2(y, real, past) + self.res_conv(_masked(x, real))


class SelfAttention(nn.Module):
    """Queries, keys and values without bias."""

    def __init__(self, dim: int, heads: int, size: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(dim, heads * size, bias=False) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(heads * size, dim)])

    def pack(self, precision: Precision) -> None:
        self.inward = Dense(joined([self.to_q, self.to_k, self.to_v]), precision)
        self.outward = Dense(self.to_out[0], precision)  # type: ignore[arg-type]
        self.alone = precision != "fp32"  # only that is rendered beside others on a CPU
        del self.to_q, self.to_k, self.to_v, self.to_out

    def forward(self, x: Tensor, seen: Tensor | None, past: Past | None) -> Tensor:
        rows, steps, _ = x.shape
        kind = heads_computed_in(x.device) if self.alone else torch.float32
        mixed = self.inward(x).to(kind).view(rows, steps, 3, self.heads, -1)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)
        if past is not None:
            key, value = past.joined(self, key, value)
        heard = attend(query, key, value, seen, self.alone)
        return self.outward(heard.transpose(1, 2).reshape(rows, steps, -1)).float()


class FeedForward(nn.Module):
    """Four times as wide inside, with the exact GELU."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        entry = nn.Module()
        entry.proj = nn.Linear(dim, 4 * dim)
        self.net = nn.ModuleDict({"0": entry, "2": nn.Linear(4 * dim, dim)})

    def pack(self, precision: Precision) -> None:
        self.inward = Dense(self.net["0"].proj, precision)  # type: ignore[arg-type]
        self.outward = Dense(self.net["2"], precision)  # type: ignore[arg-type]
        del self.net

    def forward(self, x: Tensor) -> Tensor:
        return self.outward(functional.gelu(self.inward(x))).float()


class Transformer(nn.Module):
    """Attention and feed-forward, each behind a norm and added to what came in."""

    def __init__(self, dim: int, heads: int, size: int) -> None:
        super().__init__()
        self.norm1, self.attn1 = nn.LayerNorm(dim), SelfAttention(dim, heads, size)
        self.norm3, self.ff = nn.LayerNorm(dim), FeedForward(dim)

    def forward(self, x: Tensor, seen: Tensor | None, past: Past | None) -> Tensor:
        x = x + self.attn1(self.norm1(x), seen, past)
        return x + self.ff(self.norm3(x))


class Halved(nn.Module):
    """Every second frame."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, 3, 2, 1)

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:
        return self.conv(x.transpose(1, 2)).transpose(1, 2)


class Doubled(nn.Module):
    """Twice as many frames."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose1d(channels, channels, 4, 2, 1)

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:
        return self.conv(x.transpose(1, 2)).transpose(1, 2)


class UNet(Estimator):
    """Down, through the middle, and up, where what went down is seen again."""

    def __init__(self, given: Mapping[str, Any], *, causal: bool) -> None:
        super().__init__()
        inputs, mels = int(given["in_channels"]), int(given["out_channels"])
        channels = [int(one) for one in given["channels"]]
        if given["act_fn"] != "gelu":
            raise ValueError(f"act_fn {given['act_fn']}")
        heads, size, count = (int(given[name]) for name in ("num_heads", "attention_head_dim", "n_blocks"))
        time = 4 * channels[0]

        def stage(start: int, end: int, last: nn.Module | None) -> nn.ModuleList:
            blocks = nn.ModuleList(Transformer(end, heads, size) for _ in range(count))
            parts: list[nn.Module] = [Residual(start, end, time, causal), blocks]
            return nn.ModuleList(parts if last is None else [*parts, last])

        self.time_embeddings = Waves(inputs)
        self.time_mlp = TimeMlp(inputs, time)
        self.down_blocks, self.mid_blocks, self.up_blocks = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        start = inputs
        for at, end in enumerate(channels):
            last: nn.Module = Taps(end, end, 3, causal=causal) if at == len(channels) - 1 else Halved(end)
            self.down_blocks.append(stage(start, end, last))
            start = end
        for _ in range(int(given["num_mid_blocks"])):
            self.mid_blocks.append(stage(channels[-1], channels[-1], None))
        back = [*channels[::-1], channels[0]]
        for at in range(len(channels)):
            end = back[at + 1]
            last = Taps(end, end, 3, causal=causal) if at == len(channels) - 1 else Doubled(end)
            self.up_blocks.append(stage(2 * back[at], end, last))
        self.final_block = Convolved(back[-1], back[-1], causal)
        self.final_proj = Taps(back[-1], mels, 1, causal=causal)

    def pack(self, precision: Precision) -> None:
        for module in self.modules():
            if isinstance(module, (Taps, SelfAttention, FeedForward)):
                module.pack(precision)
        self.float()

    def forward(
        self,
        x: Tensor,
        mu: Tensor,
        time: Tensor,
        speaker: Tensor,
        cond: Tensor,
        seen: Tensor | None = None,
        real: Tensor | None = None,
        past: Past | None = None,
    ) -> Tensor:
        when = self.time_mlp(self.time_embeddings(time))
        x = torch.cat([x, mu, speaker[:, None].expand(-1, x.shape[1], -1), cond], -1)
        reals, skips = [real], []
        for residual, blocks, last in _stages(self.down_blocks):
            x = self._through(residual, blocks, x, when, seen, reals[-1], past)
            skips.append(x)
            x = last(_masked(x, reals[-1]), past)
            reals.append(None if reals[-1] is None else reals[-1][:, ::2])
        reals.pop()
        for residual, blocks in _stages(self.mid_blocks):
            x = self._through(residual, blocks, x, when, seen, reals[-1], past)
        for residual, blocks, last in _stages(self.up_blocks):
            now, skip = reals.pop(), skips.pop()
            x = torch.cat([x[:, : skip.shape[1]], skip], -1)
            x = last(_masked(self._through(residual, blocks, x, when, seen, now, past), now), past)
        x = self.final_block(x, now, past)
        return _masked(self.final_proj(_masked(x, now)), real)

    def _through(
        self,
        residual: nn.Module,
        blocks: nn.Module,
        x: Tensor,
        when: Tensor,
        seen: Tensor | None,
        real: Tensor | None,
        past: Past | None,
    ) -> Tensor:
        x = residual(x, when, real, past)
        heard = seen if real is None else _both(seen, real)
        for block in blocks:  # type: ignore[attr-defined]  # a list of modules
            x = block(x, heard, past)
        return x


def _stages(blocks: nn.ModuleList) -> Iterable[Any]:
    return blocks


def _masked(x: Tensor, real: Tensor | None) -> Tensor:
    return x if real is None else x * real[..., None]


def _both(seen: Tensor | None, real: Tensor) -> Tensor:
    """(rows, 1, steps, keys): no padding is looked at, and a step that would see nothing sees all."""
    both = real[:, None, None, :] if seen is None else real[:, None, None, :] & seen
    return both | ~both.any(-1, keepdim=True)
