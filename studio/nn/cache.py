"""Keys and values of the sequences that a decoder has read, and the sizes of a decoder."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol

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


class Cache(ABC):
    """Keys and values of sequences, each in a slot; how they lie in memory is the kind's own. One owner at a time."""

    def __init__(self, config: Shape, slots: int) -> None:
        self._config = config
        self.lengths = [0] * slots  # steps so far
        self.limits = [0] * slots  # steps at most

    def open(self, slot: int, limit: int) -> None:
        """Begin a new sequence of at most `limit` steps; the memory of the last one serves again where it is enough."""
        self.close(slot)
        self.widen(slot, limit)

    def close(self, slot: int) -> None:
        """Forget a sequence; its memory is kept for the next one."""
        self.lengths[slot] = 0

    @abstractmethod
    def widen(self, slot: int, limit: int) -> None:
        """Let a sequence take up to `limit` steps; what it has taken stays."""


class RowCache(Cache):
    """Memory for each slot on its own, as much as its sequence may take.

    On the CPU, steps that a sequence has not reached are reserved, not used.
    """

    def __init__(self, config: Shape, slots: int, like: Tensor | None = None) -> None:
        """`like` gives the device; on the CPU keys are float32, whose kernel is the quickest there."""
        super().__init__(config, slots)
        self._device = torch.device("cpu") if like is None else like.device
        self.dtype = torch.float32 if like is None or self._device.type == "cpu" else like.dtype
        self.rows = [self._reserved(0)] * slots  # keys and values (layers, 2, groups, steps, head_dim)

    def widen(self, slot: int, limit: int) -> None:
        self.limits[slot] = limit
        before, length = self.rows[slot], self.lengths[slot]
        if before.shape[3] < limit:
            self.rows[slot] = self._reserved(limit)
            self.rows[slot][:, :, :, :length] = before[:, :, :, :length]

    def _reserved(self, steps: int) -> Tensor:
        config = self._config
        shape = (config.layers, 2, config.groups, steps, config.head_dim)
        return torch.empty(shape, dtype=self.dtype, device=self._device)

    def places(self, slot: int, steps: int) -> list[Place]:
        """For each layer, where a sequence's next steps go and what it has seen with them.

        Views of all layers are made at once: eight sequences would make thousands of them in a step.
        """
        row, start = self.rows[slot], self.lengths[slot]
        new = row.flatten(1, 2).narrow(2, start, steps).unbind()
        past = row.flatten(0, 1).unsqueeze(1).narrow(3, 0, start + steps).unbind()
        return list(zip(new, past[::2], past[1::2], strict=True))


class SharedCache(Cache):
    """All slots in one tensor on the CPU, for steps that read those of neighbouring slots at once.

    It keeps a slot and a step more than it is asked for. Where a row is computed only because it lies between others or
    makes their number even, what it writes there is written over or never read.
    """

    def __init__(self, config: Shape, slots: int) -> None:
        super().__init__(config, slots + 1)
        self.memory = self._reserved(0, 0)  # (layers, 2, slots, groups, steps, head_dim)
        self.bindings: dict[object, Any] = {}  # of the last steps, for each part of the decoder that made them

    def widen(self, slot: int, limit: int) -> None:
        self.limits[slot] = limit
        before = self.memory
        slots, steps = max(before.shape[2], slot + 2), max(before.shape[4], limit + 1)
        if (slots, steps) == (before.shape[2], before.shape[4]):
            return
        if slots > before.shape[2]:  # one by one would copy all of them for each
            slots = min(max(slots, 2 * before.shape[2]), len(self.lengths))
        self.memory = self._reserved(slots, steps)
        for place, length in enumerate(self.lengths[: before.shape[2]]):
            self.memory[:, :, place, :, :length] = before[:, :, place, :, :length]

    def _reserved(self, slots: int, steps: int) -> Tensor:
        config = self._config
        return torch.empty((config.layers, 2, slots, config.groups, steps, config.head_dim))


def turns(config: DecoderConfig, device: torch.device | None = None) -> tuple[Tensor, Tensor]:
    """Cosine and sine (positions, head_dim / 2) of the angles by which rotary positions turn pairs of values."""
    half = torch.arange(0, config.head_dim, 2, dtype=torch.float32, device=device) / config.head_dim
    angle = torch.arange(config.positions, dtype=torch.float32, device=device)[:, None] / config.rope_base**half
    return angle.cos(), angle.sin()
