"""`Projection`: linear maps of one input, packed for a precision.

A speech model's decoder reads all its weights for every step, so the bytes of the weights are its speed. Measured on
two cores (20 layers of ChatTTS, one row, see `benchmarks/`): fp32 20 ms, bf16 18 ms, int8 6 ms a step. Where a CPU
computes a `decoder.Decoder` in fp32 or int8, `compiled` does it sooner still.

On the CPU every precision gives one row the same bits whatever rows stand beside it, for up to `ROWS` rows: a recipe
sounds the same alone and in a batch. Products of floats are given more rows for that, where so few take another kernel.
int8 sums whole numbers, which is exact in any order, so there it holds for any number of rows.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from threading import Thread
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from studio.nn.loading import give_back
from studio.nn.processor import ONEDNN, WHOLE, computed_in, missing_rows
from studio.nn.quantising import DIGIT, whole_numbers

Precision = Literal["fp32", "bf16", "fp16", "int8"]
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16", "fp16", "int8")
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16, "int8": torch.bfloat16}
ROWS = 8  # up to which a row's bits do not depend on its neighbours (a test checks it on this machine)
MANY = 32  # rows from which on the kernel for half inputs is slower than weights that are spread out: a prompt
BLOCK = 32  # it reads its input in blocks of so many values
SMALLEST = 1e-8  # of a row's largest value: nothing is divided by zero
FINER = 2 * DIGIT  # by which the second digit of an input is smaller than its first: it tells what rounding left
ZERO = 128  # FBGEMM's inputs are unsigned


class Projection(nn.Module):
    """One or several `nn.Linear` of the same input: (rows, in) float32 -> (rows, sum of outs) float32.

    int8 holds weights as whole numbers with one scale per output (symmetric, absolute maximum). Its inputs become two
    whole numbers each, with one scale per row: together they are finer than bf16, and the processor multiplies whole
    numbers at many times the speed. Where it cannot, inputs are bf16. Biases stay float32 in every precision. Half
    precision is what weights are held in; where a CPU has no arithmetic for it, they are spread out on the way.
    """

    weights: list[Tensor]  # none once they are laid out

    def __init__(self, linears: Sequence[nn.Linear], precision: Precision) -> None:
        super().__init__()
        self.precision = precision
        self.inputs = linears[0].in_features
        self.whole = precision == "int8" and WHOLE and linears[0].weight.device.type == "cpu"
        self.padding = -self.inputs % BLOCK if precision == "int8" and not self.whole else 0
        self.weights, self.scale = _packed([linear.weight.detach() for linear in linears], precision, self.padding)
        self.laid_out: Any = None  # what takes the place of int8 weights
        biases = [linear.bias.detach().float() for linear in linears if linear.bias is not None]
        self.bias = torch.cat(biases) if biases else None

    def lay_out(self) -> None:
        """Bring whole numbers into the order in which FBGEMM reads them: the same bits, and of few rows sooner."""
        if self.whole and self.laid_out is None and self.scale is not None and _fbgemm():
            self.laid_out = _laid_out(self.weights[0], self.scale)
            self.weights = []

    def forward(self, x: Tensor) -> Tensor:
        y = self._product(x)
        return y if self.bias is None else y + self.bias

    def _product(self, x: Tensor) -> Tensor:
        if self.scale is not None:
            if not self.whole:
                return self._half_product(x, self.scale)
            weights = self.weights  # another thread may be laying them out
            return whole_product(x, weights[0] if weights else self.laid_out, self.scale)
        rows = len(x)
        if x.device.type == "cpu" and rows <= ROWS and (more := missing_rows(rows)):
            x = functional.pad(x, (0, 0, 0, more))
        parts = [_float_product(x, weight) for weight in self.weights]
        return (parts[0] if len(parts) == 1 else torch.cat(parts, -1))[:rows]

    def _half_product(self, x: Tensor, scale: Tensor) -> Tensor:
        """int8 weights where whole numbers are not multiplied: inputs are bf16."""
        x = functional.pad(x, (0, self.padding)) if self.padding else x
        if len(x) > MANY:  # the kernel reads a weight anew for every row; here they are spread out once for all
            return _float_product(x, self.weights[0].to(computed_in(torch.bfloat16, x.device))) * scale
        return torch.ops.aten._weight_int8pack_mm(
            x.to(torch.bfloat16), self.weights[0], scale.to(torch.bfloat16)
        ).float()


def _float_product(x: Tensor, weight: Tensor) -> Tensor:
    """(rows, in) float32 times weights of any kind of float -> (rows, out) float32."""
    kind = computed_in(weight.dtype, x.device)
    multiply = linear if kind == torch.float32 or weight.is_mkldnn else functional.linear
    return multiply(x.to(kind), weight.to(kind)).float()


def whole_product(x: Tensor, weight: Any, scale: Tensor) -> Tensor:
    """(rows, in) float32 times int8 (out, in), whose outputs have scales (out,) float32 -> (rows, out) float32.

    Both digits of all rows go through one product, so weights are read once. Beside it every operation counts: between
    two products of one row, whose weights have emptied the caches, the smallest takes some microseconds.
    """
    step = torch.add(_SMALLEST, x.abs().amax(1, keepdim=True), alpha=1 / DIGIT)
    left = x / step
    coarse = left.round()
    digits = torch.cat([coarse, left.sub_(coarse).mul_(FINER).round_()])  # FBGEMM rounds after it has added ZERO
    if isinstance(weight, Tensor):
        sums = torch._int_mm(digits.to(torch.int8), weight.T).float().mul_(scale)
    else:
        sums = _laid_out_product(digits, weight)
    coarse, fine = sums.chunk(2)
    return coarse.add_(fine, alpha=1 / FINER).mul_(step)


def _laid_out_product(digits: Tensor, laid_out: Any) -> Tensor:
    multiply: Callable[..., Tensor] = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32
    return multiply(digits, 1.0, ZERO, laid_out)


def _laid_out(weight: Tensor, scale: Tensor) -> Any:
    zero = torch.zeros(len(weight), dtype=torch.long)
    known = torch._make_per_channel_quantized_tensor(weight, scale.double(), zero, 0)
    return torch.ops.quantized.linear_prepack(known, None)


@cache
def _fbgemm() -> bool:
    """Whether this build has FBGEMM's product, and its sums are the same."""
    weight = torch.arange(-DIGIT, DIGIT + 1, dtype=torch.int8).repeat(64, 4)
    scale = torch.arange(1, 65) / FINER
    x = torch.arange(-DIGIT, DIGIT + 1).repeat(2, 4) / FINER
    try:
        return torch.equal(whole_product(x, _laid_out(weight, scale), scale), whole_product(x, weight, scale))
    except (RuntimeError, AttributeError):
        return False


def lay_out(projections: Iterable[Projection]) -> Thread | None:
    """Lay out the weights of those that are int8, beside what else is done; until then they give the same bits."""
    waiting = [part for part in projections if part.whole]
    if not waiting:
        return None

    def work() -> None:
        for part in waiting:
            part.lay_out()
            give_back()

    thread = Thread(target=work, name="lay out weights")  # a program that ends waits for it
    thread.start()
    return thread


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None, gelu: bool = False) -> Tensor:
    """(rows, in) times (out, in), through oneDNN on the CPU; with `gelu`, the exact one is applied to the result.

    PyTorch takes MKL by default, which on AMD processors reads weights at half the speed of oneDNN and gives a row
    other bits for every number of rows.
    """
    if x.device.type == "cpu" and ONEDNN:
        return torch.ops.mkldnn._linear_pointwise(
            x, weight, bias, *(("gelu", [], "none") if gelu else ("none", [], ""))
        )
    y = functional.linear(x, weight, bias)
    return functional.gelu(y) if gelu else y


def quantised(weight: Tensor) -> tuple[Tensor, Tensor]:
    """(out, in) -> int8 of the same shape, and its scale (out,) bfloat16; weight is about `whole * scale`."""
    return whole_numbers(weight, SMALLEST, torch.bfloat16)


def _packed(weights: list[Tensor], precision: Precision, padding: int) -> tuple[list[Tensor], Tensor | None]:
    if precision == "fp32":  # joining them would copy what is mapped from the file
        return [weight.float() for weight in weights], None
    if precision != "int8":
        joined = torch.cat([weight.to(DTYPES[precision]) for weight in weights])
        reordered = precision == "bf16" and joined.device.type == "cpu" and ONEDNN
        if reordered and computed_in(joined.dtype, joined.device) == joined.dtype:  # else oneDNN does it for every call
            joined = torch.ops.mkldnn._reorder_linear_weight(joined, ROWS)
        return [joined], None
    parts = [quantised(weight) for weight in weights]
    whole = torch.cat([part for part, _ in parts])
    whole = functional.pad(whole, (0, padding)) if padding else whole
    return [whole.contiguous()], torch.cat([scale for _, scale in parts]).float()


_SMALLEST = torch.tensor(SMALLEST / DIGIT, device="cpu")
