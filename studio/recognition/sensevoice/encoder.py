"""The encoder: self-attention with a memory over time (SAN-M), and the head that scores every piece of text.

After Gao, Zhang, McLoughlin and Yan, “SAN-M: Memory Equipped Self-Attention for End-to-End Speech Recognition” (2020),
and An et al., “FunAudioLLM” (2024). Keys are those of the published checkpoint.
"""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.nn.attention import attend
from studio.nn.dense import Dense
from studio.nn.linear import Precision
from studio.nn.processor import float32_is_quicker
from studio.recognition.sensevoice.config import Sizes

EPSILON = 1e-5


class Attention(nn.Module):
    """Attention, plus a depthwise convolution over the values."""

    window: Tensor

    def __init__(self, inputs: int, sizes: Sizes) -> None:
        super().__init__()
        width, kernel = sizes.width, sizes.kernel
        self.heads = sizes.heads
        self.linear_q_k_v: nn.Module = nn.Linear(inputs, 3 * width)
        self.linear_out: nn.Module = nn.Linear(width, width)
        self.fsmn_block = nn.Conv1d(width, width, kernel, groups=width, bias=False)
        left = (kernel - 1) // 2 + sizes.shift
        self.padding = left, kernel - 1 - left
        self.attends_in: torch.dtype | None = None  # None: in what the projection gives

    def pack(self, precision: Precision) -> None:
        """The step itself becomes a part of its window, whose layout is that of the steps: no copy turns them."""
        window = self.fsmn_block.weight.detach().float().clone()
        window[:, 0, self.padding[0]] += 1
        self.register_buffer("window", window[:, :, None].contiguous(memory_format=torch.channels_last))
        del self.fsmn_block
        if precision == "int8" and not float32_is_quicker():
            self.attends_in = torch.bfloat16

    def forward(self, x: Tensor, real: Tensor | None) -> Tensor:
        batch, steps, _ = x.shape
        mixed = self.linear_q_k_v(x)
        told = mixed.chunk(3, dim=-1)[2].float()
        mixed = mixed.to(self.attends_in or mixed.dtype)
        query, key, value = mixed.view(batch, steps, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        heard = attend(query, key, value, None if real is None else real[:, None, None, :], alone=True)
        return self.linear_out(heard.transpose(1, 2).reshape(batch, steps, -1), onto=self.memory(told, real))

    def memory(self, value: Tensor, real: Tensor | None) -> Tensor:
        """Each step and what stands around it, by one learned window per channel."""
        if real is not None:
            value = value * real[..., None]
        wide = functional.pad(value, (0, 0, *self.padding)).transpose(1, 2)[:, :, None]  # channels stay the last ones
        memory = functional.conv2d(wide, self.window, groups=wide.shape[1])[:, :, 0].transpose(1, 2)
        return memory if real is None else memory * real[..., None]


class FeedForward(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.w_1: nn.Module = nn.Linear(sizes.width, sizes.hidden)
        self.w_2: nn.Module = nn.Linear(sizes.hidden, sizes.width)

    def forward(self, x: Tensor, onto: Tensor) -> Tensor:
        return self.w_2(self.w_1(x, rectified=True), onto=onto)


class Block(nn.Module):
    """Where the input has another width (the entry), nothing goes around the attention."""

    def __init__(self, inputs: int, sizes: Sizes) -> None:
        super().__init__()
        self.around = inputs == sizes.width
        self.norm1 = nn.LayerNorm(inputs, EPSILON)
        self.self_attn = Attention(inputs, sizes)
        self.norm2 = nn.LayerNorm(sizes.width, EPSILON)
        self.feed_forward = FeedForward(sizes)

    def forward(self, x: Tensor, real: Tensor | None) -> Tensor:
        heard = self.self_attn(self.norm1(x), real)
        x = x + heard if self.around else heard
        return self.feed_forward(self.norm2(x), onto=x)


class Encoder(nn.Module):
    """(batch, steps, features) -> (batch, steps, width)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.scale = math.sqrt(sizes.width)
        self.encoders0 = nn.ModuleList([Block(sizes.features, sizes)])
        self.encoders = nn.ModuleList([Block(sizes.width, sizes) for _ in range(sizes.blocks - 1)])
        self.after_norm = nn.LayerNorm(sizes.width, EPSILON)
        self.tp_encoders = nn.ModuleList([Block(sizes.width, sizes) for _ in range(sizes.tp_blocks)])
        self.tp_norm = nn.LayerNorm(sizes.width, EPSILON)

    def forward(self, x: Tensor, real: Tensor | None = None) -> Tensor:
        """`real` (batch, steps) bool tells the steps that are not padding; None: all are."""
        x = self.placed(x)
        for block in (*self.encoders0, *self.encoders):
            x = block(x, real)
        x = self.after_norm(x)
        for block in self.tp_encoders:
            x = block(x, real)
        return self.tp_norm(x)

    def placed(self, x: Tensor) -> Tensor:
        """The input scaled, with its positions added."""
        return x * self.scale + positions(x.shape[1], x.shape[2]).to(x.device)


class SenseVoice(nn.Module):
    """The published module: query rows, encoder, head."""

    def __init__(self, sizes: Sizes, vocabulary: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(16, sizes.features)
        self.encoder = Encoder(sizes)
        self.ctc = nn.ModuleDict({"ctc_lo": nn.Linear(sizes.width, vocabulary)})

    def forward(self, features: Tensor, queries: Tensor, real: Tensor | None = None) -> Tensor:
        """(batch, steps, features) and (batch, 4) -> scores (batch, 4 + steps, vocabulary), not normalised."""
        return self.score(self.encode(features, queries, real))

    def encode(self, features: Tensor, queries: Tensor, real: Tensor | None = None) -> Tensor:
        """(batch, 4 + steps, width); `real` (batch, steps)."""
        x = torch.cat([self.embed(queries), features], dim=1)
        if real is not None:
            real = functional.pad(real, (queries.shape[1], 0), value=True)
        return self.encoder(x, real)

    def score(self, encoded: Tensor) -> Tensor:
        return self.ctc["ctc_lo"](encoded)

    def pack(self, precision: Precision, packed: Callable[[Tensor], None] = lambda weight: None) -> "SenseVoice":
        """Put every linear map into this precision; norms, memories and sums stay float32.

        `packed` is told every weight that is not needed any more.
        """

        def pack(place: tuple[nn.Module, str, nn.Linear]) -> None:
            parent, name, linear = place
            setattr(parent, name, Dense(linear, precision))
            if precision != "fp32":
                packed(linear.weight)

        with ThreadPoolExecutor(torch.get_num_threads()) as pool:  # PyTorch packs a weight on one core
            list(pool.map(pack, list(_linears(self))))
        for attention in (module for module in self.modules() if isinstance(module, Attention)):
            attention.pack(precision)
        return self


def positions(steps: int, width: int) -> Tensor:
    """Sines, then cosines, of positions that count from 1. (steps, width) float32."""
    half = width // 2
    pace = torch.exp(torch.arange(half, dtype=torch.float32) * -(math.log(10_000) / (half - 1)))
    angle = torch.arange(1, steps + 1, dtype=torch.float32)[:, None] * pace
    return torch.cat([angle.sin(), angle.cos()], dim=1)


def _linears(module: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Linear]]:
    for parent in module.modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.Linear):
                yield parent, name, child
