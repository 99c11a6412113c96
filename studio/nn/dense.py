"""`Dense`: a linear map of many rows at once, packed for a precision.

An encoder multiplies hundreds of rows by every weight, so arithmetic is its speed, where a decoder's is the bytes of
its weights (`linear.Projection`). Measured on two cores, 504 rows of 512 times 2048 (see `benchmarks/`): PyTorch's
default 8.5 ms, oneDNN fp32 2.3 ms, bf16 1.1 ms, int8 0.7 ms.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.nn.linear import DTYPES, Precision, linear, quantised


class Dense(nn.Module):
    """(…, in) -> (…, out), of the precision's own type; float32 for int8, which adds its bias there.

    int8 holds weights as whole numbers with one scale per output, and quantises its input anew for every call
    (symmetric weights, FBGEMM): it exists on x86 processors only.
    """

    def __init__(self, source: nn.Linear, precision: Precision) -> None:
        super().__init__()
        self.precision, self.outputs = precision, source.out_features
        weight, bias = source.weight.detach(), source.bias
        own = torch.float32 if precision == "int8" else DTYPES[precision]
        self.bias = None if bias is None else bias.detach().to(own)
        self.packed: Any = None
        self.weight: Tensor | None = None
        if precision == "int8":
            whole, scale = quantised(weight)  # a third of the time of PyTorch's own, which comes to the same
            zero = torch.zeros(len(weight), dtype=torch.long)
            known = torch._make_per_channel_quantized_tensor(whole, scale.double(), zero, 0)
            self.packed = torch.ops.quantized.linear_prepack(known, self.bias)
        else:
            self.weight = weight.to(own)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.reshape(-1, x.shape[-1])
        if self.weight is None:
            y = torch.ops.quantized.linear_dynamic(rows.float(), self.packed, True)
        elif self.weight.dtype == torch.float32:
            y = linear(rows, self.weight, self.bias)
        else:
            y = functional.linear(rows.to(self.weight.dtype), self.weight, self.bias)
        return y.view(*x.shape[:-1], self.outputs)
