"""A decoder in the manner of Llama and Qwen2, with a static cache of keys and values.

Sequences live in the slots of a `Cache`. A call appends to some of them: a whole prompt to one, or one step to each of
several, however far each has come. Nothing is padded, so a sequence never sees another one's length. On a CPU
`compiled` computes fp32 and int8; what is written out here is for other devices and precisions.

References: Touvron et al., "LLaMA" (2023); Su et al., "RoFormer" (2021, rotary positions); Zhang and Sennrich, "Root
Mean Square Layer Normalization" (2019). Attribute names are the published checkpoints' keys.
"""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.nn.cache import Cache, DecoderConfig, Place, RowCache, SharedCache, turns
from studio.nn.compiled import CompiledDecoder
from studio.nn.linear import Precision, Projection


class RMSNorm(nn.Module):
    """(…, dim) -> (…, dim), in float32."""

    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.least = torch.tensor(eps**0.5, device="cpu")  # with its sum of squares, nothing is divided by zero
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu":
            return functional.rms_norm(x, self.weight.shape, self.weight, self.eps)
        # The same in fewer operations, of which PyTorch makes seven on a CPU: the square root of a sum of squares.
        mean = torch.linalg.vector_norm(x, 2, -1, keepdim=True).mul_(x.shape[-1] ** -0.5)
        return x.div(mean.hypot_(self.least)).mul_(self.weight)


Packed = Callable[[Tensor], None]


def tell(packed: Packed, precision: Precision, *linears: nn.Linear) -> None:
    """Tell `packed` the weights of linear maps that were brought into a precision."""
    if precision != "fp32":  # which goes on with the tensors as they are
        for linear in linears:
            packed(linear.weight)


class Attention(nn.Module):
    """Causal attention with rotary positions and, where there are fewer of them, shared heads of keys and values."""

    packed: nn.ModuleList

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        keys = config.groups * config.head_dim
        self.q_proj = nn.Linear(config.dim, config.dim, bias=config.bias)
        self.k_proj = nn.Linear(config.dim, keys, bias=config.bias)
        self.v_proj = nn.Linear(config.dim, keys, bias=config.bias)
        self.o_proj = nn.Linear(config.dim, config.dim, bias=False)

    def pack(self, precision: Precision, packed: Packed) -> None:
        """Weights into the form of a precision; what was loaded is let go."""
        self.inward = Projection([self.q_proj, self.k_proj, self.v_proj], precision)
        self.outward = Projection([self.o_proj], precision)
        tell(packed, precision, self.q_proj, self.k_proj, self.v_proj, self.o_proj)
        del self.q_proj, self.k_proj, self.v_proj, self.o_proj

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], places: Sequence[Place]) -> Tensor:
        """(rows, steps, dim) -> the same; appends to the cache, at the place of each row."""
        rows, steps, dim = x.shape
        heads, groups, size = self.config.heads, self.config.groups, self.config.head_dim
        mixed = self.inward(x.flatten(0, 1)).view(rows, steps, heads + 2 * groups, size)
        turning = mixed[:, :, : heads + groups]
        rotated(turning, *turn, out=turning)
        queries, new = mixed.transpose(1, 2).to(places[0][0].dtype).split((heads, 2 * groups), 1)
        seen = [_attend(*row) for row in zip(queries.split(1), new.unbind(), places, strict=True)]
        joined = (seen[0] if rows == 1 else torch.cat(seen)).transpose(1, 2).reshape(rows * steps, dim)
        return self.outward(joined.float()).view(rows, steps, dim)


class FeedForward(nn.Module):
    """SiLU-gated: (…, dim) -> (…, dim)."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.dim, config.hidden, bias=False)
        self.up_proj = nn.Linear(config.dim, config.hidden, bias=False)
        self.down_proj = nn.Linear(config.hidden, config.dim, bias=False)

    def pack(self, precision: Precision, packed: Packed) -> None:
        self.inward = Projection([self.gate_proj, self.up_proj], precision)
        self.outward = Projection([self.down_proj], precision)
        tell(packed, precision, self.gate_proj, self.up_proj, self.down_proj)
        del self.gate_proj, self.up_proj, self.down_proj

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.inward(x.flatten(0, -2)).chunk(2, -1)
        return self.outward(functional.silu(gate).mul_(up)).view(x.shape)


class Layer(nn.Module):
    """Attention and feed-forward, each behind a norm and added to what came in."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.input_layernorm = RMSNorm(config.dim, config.eps)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RMSNorm(config.dim, config.eps)
        self.mlp = FeedForward(config)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], places: Sequence[Place]) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), turn, places)
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    """Embeddings in, hidden states after the last norm out. `pack` it once after loading."""

    def __init__(self, config: DecoderConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.dim, config.eps)
        self._turns: tuple[Tensor, Tensor] | None = None
        self._compiled: CompiledDecoder | None = None

    def pack(self, precision: Precision, packed: Packed = lambda weight: None) -> None:
        """Bring the loaded weights into a precision, layer by layer; `packed` is told those not needed any more.

        They are where it will compute; on a CPU that is ONNX Runtime's work where it can do it.
        """
        if self.norm.weight.device.type == "cpu" and CompiledDecoder.takes(self.config, precision):
            layers = [layer.state_dict() for layer in self._blocks()]
            self._compiled = CompiledDecoder(self.config, layers, self.norm.weight, precision, packed)
            del self.layers, self.norm
            return
        for layer in self._blocks():
            layer.self_attn.pack(precision, packed)
            layer.mlp.pack(precision, packed)
        for norm in (module for module in self.modules() if isinstance(module, RMSNorm)):
            kept = norm.weight.detach().float()
            if precision != "fp32":  # as long as one tensor of a file is mapped, all of it is
                kept = kept.clone()
            norm.weight = nn.Parameter(kept, requires_grad=False)

    def forward(self, x: Tensor, cache: Cache, slots: Sequence[int]) -> Tensor:
        """Append `x` (rows, steps, dim) float32 to the sequences in `slots`; gives (rows, steps, dim).

        Raises `IndexError` where a sequence would grow past its limit.
        """
        steps = x.shape[1]
        for slot in slots:
            if cache.lengths[slot] + steps > min(cache.limits[slot], self.config.positions):
                raise IndexError(f"{cache.lengths[slot] + steps} steps in a slot of {cache.limits[slot]}")
        if self._compiled and isinstance(cache, SharedCache):
            x = self._compiled(x, cache, slots)
        else:
            assert isinstance(cache, RowCache), "a cache of another decoder"
            x = self._plainly(x, cache, slots)
        for slot in slots:
            cache.lengths[slot] += steps
        return x

    def _plainly(self, x: Tensor, cache: RowCache, slots: Sequence[int]) -> Tensor:
        steps = x.shape[1]
        turn = self._turn([cache.lengths[slot] for slot in slots], steps, x)
        rows = [cache.places(slot, steps) for slot in slots]
        for layer, places in zip(self._blocks(), zip(*rows, strict=True), strict=True):
            x = layer(x, turn, places)
        return self.norm(x)

    def cache(self, slots: int, like: Tensor | None = None) -> Cache:
        """Memory for `slots` sequences, on the device of `like`. A packed decoder takes no other."""
        return SharedCache(self.config, slots) if self._compiled else RowCache(self.config, slots, like)

    def _blocks(self) -> Iterable[Layer]:
        return self.layers  # type: ignore[return-value]  # nn.ModuleList does not know its kind

    def _turn(self, starts: Sequence[int], steps: int, like: Tensor) -> tuple[Tensor, Tensor]:
        """Cosine and signed sine (rows, steps, 1, head_dim) of the positions that come next."""
        if self._turns is None or self._turns[0].device != like.device:
            self._turns = rotation(self.config, like.device)
        at = torch.tensor(starts, device=like.device)[:, None] + torch.arange(steps, device=like.device)
        cosine, sine = self._turns
        return cosine[at][:, :, None], sine[at][:, :, None]


def rotation(config: DecoderConfig, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosine and sine (positions, head_dim) of the rotary positions; the sine of the first half is negative."""
    cosine, sine = turns(config, device)
    return torch.cat([cosine, cosine], -1), torch.cat([-sine, sine], -1)


def rotated(x: Tensor, cosine: Tensor, sine: Tensor, out: Tensor | None = None) -> Tensor:
    """`x` (…, head_dim) turned by its position; halves are exchanged, as published weights expect."""
    return torch.addcmul(x * cosine, x.roll(x.shape[-1] // 2, -1), sine, out=out)


def _attend(queries: Tensor, new: Tensor, place: Place) -> Tensor:
    """(1, heads, steps, size) over all that a sequence has seen, the new steps (2 groups, steps, size) included."""
    to, keys, values = place
    to.copy_(new)
    steps, end = queries.shape[2], keys.shape[2]
    start, mask = end - steps, None
    if steps > 1 and start:  # PyTorch's own causal mask begins at the first key
        mask = torch.ones(steps, end, dtype=torch.bool, device=queries.device).tril(start)
    return functional.scaled_dot_product_attention(
        queries, keys, values, mask, is_causal=steps > 1 and not start, enable_gqa=keys.shape[1] != queries.shape[1]
    )
