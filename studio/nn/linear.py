"""`Projection`: linear maps of one input, packed for a precision.

A speech model's decoder reads all its weights for every step, so the bytes of the weights are its speed. Measured on
two cores (20 layers of ChatTTS, one row, see `benchmarks/`): fp32 20 ms, bf16 18 ms, int8 6 ms a step.

On the CPU every precision gives one row the same bits whatever rows stand beside it, for up to `ROWS` rows: a recipe
sounds the same alone and in a batch. fp32 and bf16 need at least two rows for that: one alone takes another kernel.
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Precision = Literal["fp32", "bf16", "fp16", "int8"]
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16", "fp16", "int8")
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16, "int8": torch.bfloat16}
ROWS = 8  # up to which a row's bits do not depend on its neighbours (a test checks it on this machine)
QUANTISED = 512  # rows at a time: a large layer's float32 copy would be most of the memory that loading takes
MANY = 32  # rows from which on int8 weights are spread out: a prompt
BLOCK = 32  # the int8 kernel reads its input in blocks of so many values


class Projection(nn.Module):
    """One or several `nn.Linear` of the same input: (rows, in) float32 -> (rows, sum of outs) float32.

    int8 holds weights as whole numbers with one scale per output (symmetric, absolute maximum) and computes with bf16
    inputs and float32 sums; biases stay float32 in every precision.
    """

    weights: list[Tensor]

    def __init__(self, linears: Sequence[nn.Linear], precision: Precision) -> None:
        super().__init__()
        self.precision = precision
        self.inputs = linears[0].in_features
        self.padding = -self.inputs % BLOCK if precision == "int8" else 0
        self.weights, self.scale = _packed([linear.weight.detach() for linear in linears], precision, self.padding)
        biases = [linear.bias.detach().float() for linear in linears if linear.bias is not None]
        self.bias = torch.cat(biases) if biases else None

    def forward(self, x: Tensor) -> Tensor:
        y = self._product(x)
        return y if self.bias is None else y + self.bias

    def _product(self, x: Tensor) -> Tensor:
        if self.scale is not None:
            x = functional.pad(x, (0, self.padding)) if self.padding else x
            half = x.to(torch.bfloat16)
            if len(x) > MANY:  # the kernel reads a weight anew for every row; here they are spread out once for all
                return functional.linear(half, self.weights[0].to(torch.bfloat16)).float() * self.scale.float()
            return torch.ops.aten._weight_int8pack_mm(half, self.weights[0], self.scale).float()
        alone = x.shape[0] == 1 and x.device.type == "cpu"
        x = x.expand(2, -1) if alone else x
        if self.precision == "fp32":
            parts = [linear(x, weight) for weight in self.weights]
            y = parts[0] if len(parts) == 1 else torch.cat(parts, -1)
        else:
            y = functional.linear(x.to(self.weights[0].dtype), self.weights[0]).float()
        return y[:1] if alone else y


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None, gelu: bool = False) -> Tensor:
    """(rows, in) times (out, in), through oneDNN on the CPU; with `gelu`, the exact one is applied to the result.

    PyTorch takes MKL by default, which on AMD processors reads weights at half the speed of oneDNN and gives a row
    other bits for every number of rows.
    """
    if x.device.type == "cpu" and _ONEDNN:
        return torch.ops.mkldnn._linear_pointwise(
            x, weight, bias, *(("gelu", [], "none") if gelu else ("none", [], ""))
        )
    y = functional.linear(x, weight, bias)
    return functional.gelu(y) if gelu else y


def quantised(weight: Tensor) -> tuple[Tensor, Tensor]:
    """(out, in) -> int8 of the same shape, and its scale (out,) bfloat16; weight is about `whole * scale`.

    The scale is rounded to bfloat16 before it divides, so that its rounding costs nothing.
    """
    whole = torch.empty(weight.shape, dtype=torch.int8, device=weight.device)
    scale = torch.empty(len(weight), dtype=torch.bfloat16, device=weight.device)
    for at in range(0, len(weight), QUANTISED):
        rows = weight[at : at + QUANTISED].float()
        scale[at : at + QUANTISED] = rows.abs().amax(dim=1).clamp(min=1e-8) / 127
        whole[at : at + QUANTISED] = (rows / scale[at : at + QUANTISED].float()[:, None]).round_().clamp_(-127, 127)
    return whole, scale


def _packed(weights: list[Tensor], precision: Precision, padding: int) -> tuple[list[Tensor], Tensor | None]:
    if precision == "fp32":  # joining them would copy what is mapped from the file
        return [weight.float() for weight in weights], None
    if precision != "int8":
        return [torch.cat([weight.to(DTYPES[precision]) for weight in weights])], None
    parts = [quantised(weight) for weight in weights]
    whole = torch.cat([part for part, _ in parts])
    whole = functional.pad(whole, (0, padding)) if padding else whole
    return [whole.contiguous()], torch.cat([scale for _, scale in parts])


_ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
