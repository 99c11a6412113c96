"""Convolutions over time with time before channels, and the past that a streamed stack remembers.

A convolution of few taps is a matrix product of neighbouring frames side by side (`Taps`), so it runs in every
precision that `Dense` knows. Where a stack is causal it can be streamed: each layer keeps the end of what it saw in a
`Past`, and the next piece goes on as if there had been no seam.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.nn.dense import Dense
from studio.nn.linear import Precision


class Past:
    """What the layers of one stack remember of one stream. Layers are told apart by themselves.

    Attention may look at the `first` steps and at the last `left` before the present ones; None: at all of them.
    """

    def __init__(self, first: int = 0, left: int | None = None) -> None:
        self._kept: dict[int, Any] = {}
        self._first, self._left = first, left

    def copy(self) -> "Past":
        """The same past, to go on from differently. Nothing that is kept is changed in place."""
        other = Past(self._first, self._left)
        other._kept = dict(self._kept)
        return other

    def get(self, layer: nn.Module) -> Any:
        """What this layer kept, or None at the beginning."""
        return self._kept.get(id(layer))

    def keep(self, layer: nn.Module, what: Any) -> None:
        self._kept[id(layer)] = what

    def joined(self, layer: nn.Module, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values (…, steps, size) behind those of the steps before, which are remembered as far as they may be
        looked at later."""
        if (before := self.get(layer)) is not None:
            key, value = torch.cat([before[0], key], -2), torch.cat([before[1], value], -2)
        self.keep(layer, (self._looked_at(key), self._looked_at(value)))
        return key, value

    def kept(self, steps: int) -> int:
        """How many of so many steps are remembered."""
        return steps if self._left is None else min(steps, self._first + self._left)

    def _looked_at(self, x: Tensor) -> Tensor:
        steps = x.shape[-2]
        if self.kept(steps) == steps:
            return x
        assert self._left is not None
        return torch.cat([x[..., : self._first, :], x[..., steps - self._left :, :]], -2)


def continued(layer: nn.Module, x: Tensor, frames: int, past: Past | None) -> Tensor:
    """`x` (rows, steps, channels) behind the `frames` frames that came before it; zeros at the beginning."""
    before = None if past is None else past.get(layer)
    x = functional.pad(x, (0, 0, frames, 0)) if before is None else torch.cat([before, x], 1)
    if past is not None:
        past.keep(layer, x[:, x.shape[1] - frames :].clone())
    return x


class Taps(nn.Conv1d):
    """A convolution (rows, steps, in) -> (rows, steps, out), causal or centred. `pack` it once after loading."""

    def __init__(self, inputs: int, outputs: int, kernel: int, *, causal: bool) -> None:
        super().__init__(inputs, outputs, kernel)
        self.causal = causal
        self.product: nn.Module | None = None

    def pack(self, precision: Precision) -> None:
        size = self.kernel_size[0]
        with torch.device("meta"):
            flat = nn.Linear(self.in_channels * size, self.out_channels)
        weight = self.weight.detach().permute(0, 2, 1).reshape(self.out_channels, -1)
        flat.weight = nn.Parameter(weight, requires_grad=False)
        assert self.bias is not None
        flat.bias = nn.Parameter(self.bias.detach(), requires_grad=False)
        self.product = Dense(flat, precision)
        del self.weight, self.bias

    def forward(self, x: Tensor, past: Past | None = None) -> Tensor:
        assert self.product is not None
        size, steps = self.kernel_size[0], x.shape[1]
        if size > 1:
            x = continued(self, x, size - 1, past) if self.causal else functional.pad(x, (0, 0, size // 2, size // 2))
            x = torch.cat([x[:, at : at + steps] for at in range(size)], -1)
        return self.product(x).float()


def chunks(start: int, steps: int, size: int, device: torch.device) -> Tensor:
    """(steps, start + steps): which steps may be looked at, where each sees its own chunk of `size` and all before."""
    at = torch.arange(start, start + steps, device=device)
    return torch.arange(start + steps, device=device) < ((at // size + 1) * size)[:, None]
