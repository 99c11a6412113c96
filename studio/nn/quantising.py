"""Weights as whole numbers of eight bits, with a scale for each row."""

import torch
from torch import Tensor

DIGIT = 127  # the largest whole number, of both signs
PORTION = (
    1 << 19
)  # numbers at a time, in memory that is used again: a large layer in float32 is what loading would take


def whole_numbers(rows: Tensor, smallest: float, kind: torch.dtype, zero: int = 0) -> tuple[Tensor, Tensor]:
    """(n, size) -> whole numbers (n, size), int8 or, with a `zero`, uint8; and scales (n,) of `kind`.

    A number is about `(whole - zero) * scale`. Scales are rounded to their kind before they divide, so that costs
    nothing; none is below `smallest / DIGIT`.
    """
    n, size = rows.shape
    whole = torch.empty(n, size, dtype=torch.uint8 if zero else torch.int8, device=rows.device)
    scale = torch.empty(n, dtype=kind, device=rows.device)
    some = max(1, PORTION // size)
    memory = torch.empty(some, size, device=rows.device)
    for at in range(0, n, some):
        part, own = rows[at : at + some].float(), scale[at : at + some]
        spread = torch.abs(part, out=memory[: len(part)])
        own.copy_(spread.amax(1).clamp_(min=smallest).div_(DIGIT))
        torch.div(part, own.float()[:, None], out=spread).round_()  # within a DIGIT: rounding a scale adds 0.3 at most
        whole[at : at + some] = spread.add_(zero) if zero else spread
    return whole, scale
