"""Keys and values of the sequences that a decoder has read, and the sizes of a decoder."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


@dataclass(frozen=True)
class DecoderConfig:
    """Sizes of a decoder."""

    dim: int
    layers: int
    heads: int
    hidden: int  # of the gated feed-forward
    kv_heads: int = 0  # 0: as many as heads
    rope_base: float = 10_000.0
    eps: float = 1e-6
    bias: bool = False  # of queries, keys and values
    positions: int = 4096  # the longest sequence

    def __post_init__(self) -> None:
        if self.dim % self.heads or self.head_dim % 2:
            raise ValueError(f"dim {self.dim} does not divide into {self.heads} heads of even size")
        if self.heads % self.groups:
            raise ValueError(f"{self.heads} heads do not share {self.groups} of keys and values evenly")

    @property
    def head_dim(self) -> int:
        return self.dim // self.heads

    @property
    def groups(self) -> int:
        """Heads of keys and values."""
        return self.kv_heads or self.heads


class Shape(Protocol):
    """What a cache has to know of a model."""

    @property
    def layers(self) -> int: ...
    @property
    def groups(self) -> int: ...
    @property
    def head_dim(self) -> int: ...


Place = tuple[Tensor, Tensor, Tensor]  # (2 groups, steps, size) to be written; keys and values (1, groups, seen, size)


class Cache:
    """Keys and values of `slots` sequences; each slot has memory for as many steps as its sequence may take.

    On the CPU, steps that a sequence has not reached are reserved, not used. One owner at a time.
    """

    def __init__(self, config: Shape, slots: int, like: Tensor | None = None) -> None:
        """`like` gives the device; on the CPU keys are float32, whose kernel is the quickest there."""
        self._config = config
        self._device = torch.device("cpu") if like is None else like.device
        self.dtype = torch.float32 if like is None or self._device.type == "cpu" else like.dtype
        self.lengths = [0] * slots  # steps so far
        self.limits = [0] * slots  # steps at most
        self.rows = [torch.empty(0)] * slots  # keys and values (layers, 2, groups, limit, head_dim)

    def open(self, slot: int, limit: int) -> None:
        """Begin a new sequence of at most `limit` steps; the memory of the last one serves again where it is enough."""
        self.lengths[slot] = 0
        if self.limits[slot] < limit:
            config, self.limits[slot] = self._config, limit
            shape = (config.layers, 2, config.groups, limit, config.head_dim)
            self.rows[slot] = torch.empty(shape, dtype=self.dtype, device=self._device)

    def close(self, slot: int) -> None:
        """Forget a sequence; its memory is kept for the next one."""
        self.lengths[slot] = 0

    def widen(self, slot: int, limit: int) -> None:
        """Let a sequence that goes on take up to `limit` steps."""
        before, length = self.rows[slot], self.lengths[slot]
        self.limits[slot] = 0
        self.open(slot, limit)
        self.rows[slot][:, :, :, :length] = before[:, :, :, :length]
        self.lengths[slot] = length

    def places(self, slot: int, steps: int) -> list[Place]:
        """For each layer, where a sequence's next steps go and what it has seen with them.

        Views of all layers are made at once: eight sequences would make thousands of them in a step.
        """
        row, start = self.rows[slot], self.lengths[slot]
        new = row.flatten(1, 2).narrow(2, start, steps).unbind()
        past = row.flatten(0, 1).unsqueeze(1).narrow(3, 0, start + steps).unbind()
        return list(zip(new, past[::2], past[1::2], strict=True))


def turns(config: DecoderConfig, device: torch.device | None = None) -> tuple[Tensor, Tensor]:
    """Cosine and sine (positions, head_dim / 2) of the angles by which rotary positions turn pairs of values."""
    half = torch.arange(0, config.head_dim, 2, dtype=torch.float32, device=device) / config.head_dim
    angle = torch.arange(config.positions, dtype=torch.float32, device=device)[:, None] / config.rope_base**half
    return angle.cos(), angle.sin()
