"""The estimator of the third generation: a diffusion transformer over mel frames.

Peebles and Xie, "Scalable Diffusion Models with Transformers" (2023), as F5-TTS has it; causal but for its attention.
As in the published model, positions turn the first head only. Attribute names are the published checkpoints' keys.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.engines.cosyvoice.unet import Estimator, Waves
from studio.nn.attention import attend
from studio.nn.causal import Past, continued
from studio.nn.dense import Dense
from studio.nn.linear import Precision
from studio.nn.processor import heads_computed_in
from studio.nn.relative import joined

EPSILON = 1e-6
WAVES = 256  # numbers in which a moment is told
KERNEL, GROUPS = 31, 16  # of the convolutions that tell positions


class TimeEmbedding(nn.Module):
    """A moment (rows,) -> (rows, dim)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.time_embed = Waves(WAVES)
        self.time_mlp = nn.Sequential(nn.Linear(WAVES, dim), nn.SiLU(), nn.Linear(dim, dim))

    def forward(self, time: Tensor) -> Tensor:
        return self.time_mlp(self.time_embed(time))


class Grouped(nn.Module):
    """A causal convolution in groups, then Mish: (rows, steps, dim) -> the same."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.add_module("0", nn.Conv1d(dim, dim, KERNEL, groups=GROUPS))

    def forward(self, x: Tensor, past: Past | None) -> Tensor:
        x = continued(self, x, KERNEL - 1, past).transpose(1, 2)
        return functional.mish(self.get_submodule("0")(x)).transpose(1, 2)


class Positions(nn.Module):
    """Two of them, one after the other."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = Grouped(dim), Grouped(dim)

    def forward(self, x: Tensor, past: Past | None) -> Tensor:
        return self.conv2(self.conv1(x, past), past)


class Entry(nn.Module):
    """All inputs of a frame side by side, mapped, and where they stand."""

    def __init__(self, inputs: int, dim: int) -> None:
        super().__init__()
        self.proj = nn.Linear(inputs, dim)
        self.conv_pos_embed = Positions(dim)

    def forward(self, x: Tensor, past: Past | None) -> Tensor:
        x = self.proj(x)
        return x + self.conv_pos_embed(x, past)


class Modulated(nn.Module):
    """The numbers (rows, count, dim) by which a moment shifts, scales and opens a block."""

    def __init__(self, dim: int, count: int) -> None:
        super().__init__()
        self.count = count
        self.linear = nn.Linear(dim, count * dim)

    def forward(self, when: Tensor) -> Tensor:
        return self.linear(functional.silu(when)).view(len(when), self.count, 1, -1)


class SelfAttention(nn.Module):
    """All heads; the first one turned by positions."""

    def __init__(self, dim: int, heads: int, size: int) -> None:
        super().__init__()
        self.heads, self.size = heads, size
        self.to_q, self.to_k, self.to_v = (nn.Linear(dim, heads * size) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(heads * size, dim)])

    def pack(self, precision: Precision) -> None:
        self.inward = Dense(joined([self.to_q, self.to_k, self.to_v]), precision)
        self.outward = Dense(self.to_out[0], precision)  # type: ignore[arg-type]
        self.alone = precision != "fp32"  # only that is rendered beside others on a CPU
        del self.to_q, self.to_k, self.to_v, self.to_out

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], seen: Tensor | None, past: Past | None) -> Tensor:
        rows, steps, _ = x.shape
        mixed = self.inward(x).float().view(rows, steps, 3, self.heads, self.size)
        mixed[:, :, :2, 0] = turned(mixed[:, :, :2, 0], *turn)
        mixed = mixed.to(heads_computed_in(x.device)) if self.alone else mixed
        query, key, value = mixed.permute(2, 0, 3, 1, 4)
        if past is not None:
            key, value = past.joined(self, key, value)
        heard = attend(query, key, value, seen, self.alone)
        return self.outward(heard.transpose(1, 2).reshape(rows, steps, -1)).float()


def turned(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """`x` (…, steps, 2, size) turned by its position, each number with its neighbour."""
    pairs = x.unflatten(-1, (-1, 2))
    across = torch.stack([-pairs[..., 1], pairs[..., 0]], -1).flatten(-2)
    return x * cosine + across * sine


class FeedForward(nn.Module):
    """With the GELU that is approximated by a hyperbolic tangent."""

    def __init__(self, dim: int, times: int) -> None:
        super().__init__()
        entry = nn.ModuleDict({"0": nn.Linear(dim, times * dim)})
        self.ff = nn.ModuleDict({"0": entry, "2": nn.Linear(times * dim, dim)})

    def pack(self, precision: Precision) -> None:
        self.inward = Dense(self.ff["0"]["0"], precision)  # type: ignore[index]
        self.outward = Dense(self.ff["2"], precision)  # type: ignore[arg-type]
        del self.ff

    def forward(self, x: Tensor) -> Tensor:
        return self.outward(functional.gelu(self.inward(x), approximate="tanh")).float()


class Block(nn.Module):
    """Attention and feed-forward, each normed, shifted, scaled, and opened as far as the moment says."""

    def __init__(self, dim: int, heads: int, size: int, times: int) -> None:
        super().__init__()
        self.attn_norm = Modulated(dim, 6)
        self.attn = SelfAttention(dim, heads, size)
        self.ff = FeedForward(dim, times)

    def forward(
        self, x: Tensor, when: Tensor, turn: tuple[Tensor, Tensor], seen: Tensor | None, past: Past | None
    ) -> Tensor:
        shift, scale, open_, shift_ff, scale_ff, open_ff = self.attn_norm(when).unbind(1)
        x = x + open_ * self.attn(modulated(x, scale, shift), turn, seen, past)
        return x + open_ff * self.ff(modulated(x, scale_ff, shift_ff))


def modulated(x: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """The norm of `x`, scaled and shifted."""
    return torch.addcmul(shift, functional.layer_norm(x, x.shape[-1:], eps=EPSILON), 1 + scale)


class DiT(Estimator):
    """Entry, blocks, norm, mel."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        super().__init__()
        dim, depth, heads, size, times, mels, mu, speaker = (
            int(given[name])
            for name in ("dim", "depth", "heads", "dim_head", "ff_mult", "mel_dim", "mu_dim", "spk_dim")
        )
        self.time_embed = TimeEmbedding(dim)
        self.input_embed = Entry(2 * mels + mu + speaker, dim)
        self.rotary_embed = nn.Module()
        self.rotary_embed.register_buffer("inv_freq", torch.zeros(size // 2))
        self.transformer_blocks = nn.ModuleList(Block(dim, heads, size, times) for _ in range(depth))
        self.norm_out = Modulated(dim, 2)
        self.proj_out = nn.Linear(dim, mels)

    def pack(self, precision: Precision) -> None:
        for module in self.modules():
            if isinstance(module, (SelfAttention, FeedForward)):
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
        when = self.time_embed(time)
        steps = x.shape[1]
        start = 0 if past is None else past.get(self) or 0
        if past is not None:
            past.keep(self, start + steps)
        x = self.input_embed(torch.cat([x, cond, mu, speaker[:, None].expand(-1, steps, -1)], -1), past)
        turn = self._turn(start, steps, x.device)
        heard = seen if real is None else (real[:, None, None, :] if seen is None else real[:, None, None, :] & seen)
        for block in self._blocks():
            x = block(x, when, turn, heard, past)
        scale, shift = self.norm_out(when).unbind(1)
        return self.proj_out(modulated(x, scale, shift))

    def _turn(self, start: int, steps: int, device: torch.device) -> tuple[Tensor, Tensor]:
        """Cosine and sine (steps, 1, size) of the positions that come next."""
        speeds = self.rotary_embed.inv_freq
        assert isinstance(speeds, Tensor)
        angle = torch.arange(start, start + steps, device=device).float()[:, None] * speeds
        angle = angle.repeat_interleave(2, -1)[:, None]
        return angle.cos(), angle.sin()

    def _blocks(self) -> Iterable[Block]:
        return self.transformer_blocks  # type: ignore[return-value]  # nn.ModuleList does not know its kind
