"""Weights as whole numbers: what the formula gives, however many are done at a time."""

import pytest
import torch

from studio.nn import quantising
from studio.nn.quantising import DIGIT, whole_numbers


@pytest.mark.parametrize("portion", [1, 100, 1 << 18])
@pytest.mark.parametrize("zero", [0, 128])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("of", [torch.float32, torch.bfloat16, torch.float16])
def test_it_is_the_formula_in_portions(
    of: torch.dtype, kind: torch.dtype, zero: int, portion: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantising, "PORTION", portion)
    torch.manual_seed(0)
    rows = (torch.randn(37, 24) * torch.logspace(-3, 3, 37)[:, None]).to(of)
    rows[5] = 0
    before = rows.clone()
    whole, scale = whole_numbers(rows, 1e-8, kind, zero)
    assert torch.equal(rows, before), "weights are mapped from a file"
    assert scale.dtype == kind
    wanted = (rows.float().abs().amax(1).clamp(min=1e-8) / DIGIT).to(kind)
    assert torch.equal(scale, wanted)
    digits = (rows.float() / wanted.float()[:, None]).round().clamp(-DIGIT, DIGIT)
    assert torch.equal(whole.float() - zero, digits)
    assert ((whole.float() - zero) * scale.float()[:, None] - rows.float()).abs().amax(1).le(0.6 * wanted.float()).all()
