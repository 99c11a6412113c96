"""Transformer blocks that see how far apart two steps are (Dai et al., "Transformer-XL", 2019), with a cache.

Score of query i and key j: (q_i + u)·k_j + (q_i + v)·(W r_(i-j)), where r is a table of sines and cosines and u, v are
learned. Text and token encoders of speech models are made of these, and so is the language model of CosyVoice 1.

References: appendix B of the paper; the parametrisation is that of ESPnet and WeNet. Attribute names are the published
checkpoints' keys.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.nn.cache import RowCache
from studio.nn.decoder import Packed, tell
from studio.nn.dense import Dense
from studio.nn.linear import Precision, Projection

INSIDE = 1e-12  # of the norms inside a block
AROUND = 1e-5  # of those at its ends
GROWS = 512  # steps by which the table of distances grows


@dataclass(frozen=True)
class RelativeConfig:
    """Sizes of a stack of blocks."""

    dim: int
    layers: int
    heads: int
    hidden: int  # of the feed-forward
    inputs: int = 0  # of the layer before the blocks
    relu: bool = False  # activation of the feed-forward, and one more after the first norm; else SiLU
    positions: int = 5000  # the longest sequence

    def __post_init__(self) -> None:
        if self.dim % self.heads or self.dim % 2:
            raise ValueError(f"dim {self.dim} does not divide into {self.heads} heads")

    @property
    def head_dim(self) -> int:
        return self.dim // self.heads

    @property
    def groups(self) -> int:
        """Heads of keys and values, as a `Cache` asks."""
        return self.heads


Maps = Callable[[Sequence[nn.Linear]], nn.Module]  # several linear maps of one input as one, packed


def many_rows(precision: Precision) -> Maps:
    """Packed for hundreds of rows at a time: an encoder."""
    return lambda linears: Dense(joined(linears), precision)


def few_rows(precision: Precision, packed: Packed) -> Maps:
    """Packed for a row at a time: a decoder. `packed` is told the weights that are not needed any more."""

    def maps(linears: Sequence[nn.Linear]) -> Projection:
        whole = Projection(linears, precision)
        tell(packed, precision, *linears)
        return whole

    return maps


def joined(linears: Sequence[nn.Linear]) -> nn.Linear:
    """Linear maps of one input side by side, as one."""
    if len(linears) == 1:
        return linears[0]
    with torch.device("meta"):
        whole = nn.Linear(linears[0].in_features, sum(one.out_features for one in linears), linears[0].bias is not None)
    whole.weight = nn.Parameter(torch.cat([one.weight.detach() for one in linears]), requires_grad=False)
    if linears[0].bias is not None:
        whole.bias = nn.Parameter(torch.cat([one.bias.detach() for one in linears]), requires_grad=False)
    return whole


class RelativeAttention(nn.Module):
    """Attention of (rows, steps, dim) over keys that may be more than the steps."""

    def __init__(self, config: RelativeConfig) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.linear_q = nn.Linear(dim, dim)
        self.linear_k = nn.Linear(dim, dim)
        self.linear_v = nn.Linear(dim, dim)
        self.linear_out = nn.Linear(dim, dim)
        self.linear_pos = nn.Linear(dim, dim, bias=False)
        self.pos_bias_u = nn.Parameter(torch.zeros(config.heads, config.head_dim))
        self.pos_bias_v = nn.Parameter(torch.zeros(config.heads, config.head_dim))
        self._far: tuple[int, Tensor] | None = None  # distances up to it, projected: (heads, 2 * n - 1, head_dim)

    def pack(self, maps: Maps) -> None:
        self.inward = maps([self.linear_q, self.linear_k, self.linear_v])
        self.outward = maps([self.linear_out])
        self.pos_bias_u.data = self.pos_bias_u.detach().float().clone()
        self.pos_bias_v.data = self.pos_bias_v.detach().float().clone()
        self.distances = self.linear_pos.weight.detach().float().clone()
        del self.linear_q, self.linear_k, self.linear_v, self.linear_out, self.linear_pos

    def parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values, each (rows, heads, steps, head_dim) float32."""
        rows, steps, _ = x.shape
        mixed = self.inward(x.flatten(0, 1)).float().view(rows, steps, 3, self.config.heads, -1)
        query, key, value = mixed.permute(2, 0, 3, 1, 4)
        return query, key, value

    def look(self, query: Tensor, key: Tensor, value: Tensor, seen: Tensor | None, causal: bool = False) -> Tensor:
        """What is found, (rows, steps, dim). The last steps of `key` are those of `query`; `seen` (…, steps, keys)
        tells what may be looked at."""
        rows, heads, steps, size = query.shape
        keys = key.shape[2]
        bias = self._bias(query + self.pos_bias_v[:, None], steps, keys)
        if causal and steps > 1:
            later = torch.ones(steps, keys, dtype=torch.bool, device=key.device).triu(keys - steps + 1)
            bias.masked_fill_(later, -torch.inf)
        if seen is not None:
            bias = bias.masked_fill(~seen, -torch.inf)
        heard = functional.scaled_dot_product_attention(query + self.pos_bias_u[:, None], key, value, attn_mask=bias)
        return heard.transpose(1, 2).reshape(rows, steps, heads * size)

    def out(self, found: Tensor) -> Tensor:
        """(rows, steps, dim) of what was found -> the same, as it is added."""
        return self.outward(found.flatten(0, 1)).float().view(found.shape)

    def _bias(self, query: Tensor, steps: int, keys: int) -> Tensor:
        """(rows, heads, steps, keys): what the distances add to the scores, scaled as they are."""
        half, table = self._distances(keys, query.device)
        first = half - keys  # of the table's row for the first key seen from the last step
        wide = table[:, first : first + keys + steps - 1]  # distances keys - 1 … 1 - steps
        scores = query @ wide.transpose(1, 2)  # row i wants the columns from steps - 1 - i on
        scores = scores.contiguous()
        strides = scores.stride()
        shifted = scores.as_strided(
            (*scores.shape[:3], keys), (*strides[:2], strides[2] - 1, 1), scores.storage_offset() + steps - 1
        )
        return shifted * query.shape[-1] ** -0.5

    def _distances(self, keys: int, device: torch.device) -> tuple[int, Tensor]:
        if self._far is None or self._far[0] < keys or self._far[1].device != device:
            half = -(-keys // GROWS) * GROWS
            waves = sinusoids(torch.arange(half - 1, -half, -1, dtype=torch.float32, device=device), self.config.dim)
            projected = functional.linear(waves, self.distances)
            self._far = half, projected.view(2 * half - 1, self.config.heads, -1).transpose(0, 1).contiguous()
        return self._far


def sinusoids(positions: Tensor, dim: int) -> Tensor:
    """(n,) -> (n, dim): sines and cosines in turn, as in "Attention Is All You Need"."""
    steps = torch.arange(0, dim, 2, dtype=torch.float32, device=positions.device)
    angle = positions[:, None] * torch.exp(steps * -(math.log(10_000.0) / dim))
    return torch.stack([angle.sin(), angle.cos()], -1).flatten(1)


class FeedForward(nn.Module):
    """(…, dim) -> (…, dim)."""

    def __init__(self, config: RelativeConfig) -> None:
        super().__init__()
        self.relu = config.relu
        self.w_1 = nn.Linear(config.dim, config.hidden)
        self.w_2 = nn.Linear(config.hidden, config.dim)

    def pack(self, maps: Maps) -> None:
        self.inward, self.outward = maps([self.w_1]), maps([self.w_2])
        del self.w_1, self.w_2

    def forward(self, x: Tensor) -> Tensor:
        y = self.inward(x.flatten(0, -2))
        y = functional.relu(y) if self.relu else functional.silu(y)
        return self.outward(y).float().view(x.shape)


Keys = tuple[Tensor, Tensor]  # of a block: keys and values (rows, heads, steps, head_dim) of the steps before


class Block(nn.Module):
    """Attention and feed-forward, each behind a norm and added to what came in."""

    def __init__(self, config: RelativeConfig) -> None:
        super().__init__()
        self.norm_mha = nn.LayerNorm(config.dim, INSIDE)
        self.self_attn = RelativeAttention(config)
        self.norm_ff = nn.LayerNorm(config.dim, INSIDE)
        self.feed_forward = FeedForward(config)

    def pack(self, maps: Maps) -> None:
        self.self_attn.pack(maps)
        self.feed_forward.pack(maps)

    def forward(
        self, x: Tensor, seen: Tensor | None = None, before: Keys | None = None, causal: bool = False
    ) -> tuple[Tensor, Keys]:
        """Gives the steps, and the keys and values of all steps so far."""
        query, key, value = self.self_attn.parts(self.norm_mha(x))
        if before is not None:
            key, value = torch.cat([before[0], key], 2), torch.cat([before[1], value], 2)
        x = x + self.self_attn.out(self.self_attn.look(query, key, value, seen, causal))
        return x + self.feed_forward(self.norm_ff(x)), (key, value)


class Entry(nn.Module):
    """(rows, steps, inputs) -> (rows, steps, dim), scaled by the root of dim."""

    def __init__(self, config: RelativeConfig) -> None:
        super().__init__()
        self.scale, self.relu = math.sqrt(config.dim), config.relu
        self.out = nn.Sequential(nn.Linear(config.inputs, config.dim), nn.LayerNorm(config.dim, AROUND))

    def forward(self, x: Tensor) -> Tensor:
        y = self.out(x)
        return (functional.relu(y) if self.relu else y) * self.scale


class RelativeEncoder(nn.Module):
    """Entry, blocks, norm. `pack` it once after loading."""

    def __init__(self, config: RelativeConfig) -> None:
        super().__init__()
        self.config = config
        self.embed = Entry(config)
        self.encoders = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.after_norm = nn.LayerNorm(config.dim, AROUND)

    def pack(self, maps: Maps) -> None:
        for block in self._blocks():
            block.pack(maps)

    def forward(self, x: Tensor, causal: bool = False) -> Tensor:
        """(rows, steps, inputs) -> (rows, steps, dim)."""
        x = self.embed(x)
        for block in self._blocks():
            x, _ = block(x, causal=causal)
        return self.after_norm(x)

    def _blocks(self) -> Iterable[Block]:
        return self.encoders  # type: ignore[return-value]  # nn.ModuleList does not know its kind


class RelativeDecoder(RelativeEncoder):
    """The same stack as a language model: causal, its sequences in the slots of a `Cache`, as `nn.decoder.Decoder`."""

    config: RelativeConfig

    def cache(self, slots: int, like: Tensor) -> RowCache:
        """Memory for `slots` sequences, on the device of `like`."""
        return RowCache(self.config, slots, like)

    def forward(self, x: Tensor, cache: RowCache, slots: Sequence[int]) -> Tensor:  # type: ignore[override]
        """Append `x` (rows, steps, inputs) to the sequences in `slots`; gives (rows, steps, dim).

        Raises `IndexError` where a sequence would grow past its limit.
        """
        steps = x.shape[1]
        for slot in slots:
            if cache.lengths[slot] + steps > min(cache.limits[slot], self.config.positions):
                raise IndexError(f"{cache.lengths[slot] + steps} steps in a slot of {cache.limits[slot]}")
        x = self.embed(x)
        for layer, block in enumerate(self._blocks()):
            attention = block.self_attn
            query, key, value = attention.parts(block.norm_mha(x))
            heard = []
            for row, slot in enumerate(slots):
                start, (keys, values) = cache.lengths[slot], cache.rows[slot][layer]
                end = start + steps
                keys[:, start:end], values[:, start:end] = key[row], value[row]
                past = keys[None, :, :end].float(), values[None, :, :end].float()
                heard.append(attention.look(query[row : row + 1], *past, None, causal=True))
            x = x + attention.out(torch.cat(heard))
            x = x + block.feed_forward(block.norm_ff(x))
        for slot in slots:
            cache.lengths[slot] += steps
        return self.after_norm(x)
