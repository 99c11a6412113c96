"""`Dense`: a linear map of many rows at once, packed for a precision.

An encoder multiplies hundreds of rows by every weight, so arithmetic is its speed, where a decoder's is the bytes of
its weights (`linear.Projection`). Measured on two cores, 504 rows of 512 times 2048 (see `benchmarks/`): PyTorch's
default 8.5 ms, oneDNN fp32 2.3 ms, bf16 1.1 ms, int8 0.7 ms.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.nn.linear import DTYPES, Precision, linear, quantised
from studio.nn.processor import WHOLE, computed_in

Product = Callable[[Tensor, bool, Tensor | None], Tensor]  # (rows, in) float32, rectified, onto (rows, out) float32
LARGEST = 255  # of eight bits without a sign


class Dense(nn.Module):
    """(…, in) -> (…, out), of the type that it is computed in: the precision's own, or float32 where a CPU has no
    arithmetic for that, and for int8, which adds its bias there.

    int8 holds weights as whole numbers with one scale per output, and quantises its input anew for every call, all rows
    alike: it exists on x86 processors only.
    """

    def __init__(self, source: nn.Linear, precision: Precision) -> None:
        super().__init__()
        self.precision, self.outputs = precision, source.out_features
        weight, bias = source.weight.detach(), source.bias
        own = torch.float32 if precision == "int8" else DTYPES[precision]
        self.bias = None if bias is None else bias.detach().to(own)
        self.weight: Tensor | None = None
        if precision == "int8":
            self.whole = (_by_onednn if WHOLE else _by_fbgemm)(*quantised(weight), self.bias)
        else:
            self.weight = weight.to(own)

    def forward(self, x: Tensor, rectified: bool = False, onto: Tensor | None = None) -> Tensor:
        """With `rectified`, nothing below 0; `onto` (…, out) float32 takes the result on top of what it holds."""
        rows = x.reshape(-1, x.shape[-1])
        if self.weight is None:
            y = self.whole(rows.float(), rectified, None if onto is None else onto.reshape(-1, self.outputs))
            return y.view(*x.shape[:-1], self.outputs)
        kind = computed_in(self.weight.dtype, x.device)
        multiply = linear if kind == torch.float32 else functional.linear
        y = multiply(rows.to(kind), self.weight.to(kind), None if self.bias is None else self.bias.to(kind))
        y = (y.relu_() if rectified else y).view(*x.shape[:-1], self.outputs)
        return y if onto is None else onto.add_(y)


def _by_onednn(weight: Tensor, scale: Tensor, bias: Tensor | None) -> Product:
    """What follows a product is done with it. 1.2 to 1.5 times as quick as FBGEMM (171 and 504 rows, on Intel)."""
    packed, scale = torch.ops.onednn.qlinear_prepack(weight, None), scale.float()
    zeros = torch.zeros(len(scale), dtype=torch.long)
    multiply = torch.ops.onednn.qlinear_pointwise

    def product(x: Tensor, rectified: bool, onto: Tensor | None) -> Tensor:
        digits, step, zero = _digits(x)
        then, known = "relu" if rectified else "none", (digits, step, zero, packed, scale, zeros)
        if onto is None:
            return multiply(*known, bias, 1.0, 0, torch.float32, then, [], "")
        return multiply.binary(*known, onto, bias, 1.0, 0, torch.float32, 1.0, 0, "sum", 1.0, then, [], "")

    return product


def _digits(x: Tensor) -> tuple[Tensor, float, int]:
    """Whole numbers (rows, in) uint8, what one of them is worth, and which of them is 0."""
    low, high = (float(bound) for bound in x.aminmax())
    low, high = min(low, 0.0), max(high, 0.0)  # 0 is a whole number, exactly
    step = (high - low) / LARGEST or 1.0
    zero = round(-low / step)
    known = torch.quantize_per_tensor(x, step, zero, torch.quint8)
    bare = torch.empty(0, dtype=torch.uint8).set_(known.untyped_storage(), 0, known.shape, known.stride())
    return bare, step, zero  # `known.int_repr()` would copy it, in more time than it was made in


def _by_fbgemm(weight: Tensor, scale: Tensor, bias: Tensor | None) -> Product:
    """For processors that add pairs of products in 16 bits: inputs have seven, so that none overflows."""
    zeros = torch.zeros(len(scale), dtype=torch.long)
    known = torch._make_per_channel_quantized_tensor(weight, scale.double(), zeros, 0)
    packed = torch.ops.quantized.linear_prepack(known, bias)

    def product(x: Tensor, rectified: bool, onto: Tensor | None) -> Tensor:
        multiply = torch.ops.quantized
        y = (multiply.linear_relu_dynamic if rectified else multiply.linear_dynamic)(x, packed, True)
        return y if onto is None else onto.add_(y)

    return product
