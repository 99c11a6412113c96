"""Dense maps: near enough in every precision; whole numbers on x86."""

import platform

import pytest
import torch
from torch import nn

from studio.nn.attention import attend, attend_alone
from studio.nn.dense import Dense, _digits
from studio.nn.linear import PRECISIONS, WHOLE, Precision

TOLERANCE = {"fp32": 1e-6, "bf16": 8e-3, "fp16": 1e-3, "int8": 2.5e-2}  # of the largest output


@pytest.mark.parametrize("precision", PRECISIONS)
def test_every_precision_is_near_enough(precision: Precision) -> None:
    if precision == "int8" and platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip("int8 computes on x86 only")
    torch.manual_seed(0)
    layer, x = nn.Linear(160, 96).requires_grad_(False), torch.randn(2, 20, 160)
    exact = layer(x)
    assert (Dense(layer, precision)(x).float() - exact).abs().max() < TOLERANCE[precision] * exact.abs().max()


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_attention_is_near_enough_and_looks_where_it_may(kind: torch.dtype) -> None:
    torch.manual_seed(0)
    query, key, value = (torch.randn(1, 2, 12, 16) for _ in range(3))
    seen = torch.ones(12, 12, dtype=torch.bool).tril()
    for mask in (None, seen):
        scores = query @ key.transpose(-1, -2) / 4
        exact = (scores if mask is None else scores.masked_fill(~mask, -torch.inf)).softmax(-1) @ value
        found = attend(query.to(kind), key.to(kind), value.to(kind), mask)
        assert found.dtype == kind
        assert (found.float() - exact).abs().max() < 2e-2 * exact.abs().max()


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_attention_of_one_sequence_is_that_of_any(kind: torch.dtype) -> None:
    torch.manual_seed(0)
    mixed = torch.randn(37, 3 * 64).to(kind)
    query, key, value = (part.view(1, 37, 4, 16).transpose(1, 2) for part in mixed.chunk(3, -1))
    wanted = attend(query, key, value)[0].transpose(0, 1).reshape(37, 64)
    found = attend_alone(mixed, 4)
    assert found.dtype == kind
    assert (found.float() - wanted.float()).abs().max() < 2e-2 * wanted.abs().max()


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("precision", PRECISIONS)
def test_what_comes_after_a_product(precision: Precision, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing below 0, and added to what is there; of int8 on processors of either kind."""
    if precision == "int8" and (platform.machine().lower() not in ("x86_64", "amd64") or (whole and not WHOLE)):
        pytest.skip("this processor has no such product; the other kind is tested")
    monkeypatch.setattr("studio.nn.dense.WHOLE", whole)
    torch.manual_seed(0)
    layer, x = nn.Linear(160, 96).requires_grad_(False), torch.randn(2, 20, 160) + 1
    dense, onto = Dense(layer, precision), torch.randn(2, 20, 96)
    near = TOLERANCE[precision] * layer(x).abs().max()
    assert (dense(x).float() - layer(x)).abs().max() < near
    assert (dense(x, rectified=True).float() - layer(x).relu()).abs().max() < near
    wanted = onto + layer(x)
    assert (dense(x, onto=onto) - wanted).abs().max() < near
    assert (onto - wanted).abs().max() < near, "it was added where it is"


@pytest.mark.skipif(not WHOLE, reason="this processor has no such product; the other kind is tested above")
@pytest.mark.parametrize("shift", [-9.0, 0.0, 9.0])
def test_digits_are_within_half_a_step(shift: float) -> None:
    torch.manual_seed(0)
    x = torch.randn(5, 33) + shift
    digits, step, zero = _digits(x)
    assert ((digits.float() - zero) * step - x).abs().max() <= 0.5001 * step
    assert _digits(torch.zeros(2, 3))[0].unique().tolist() == [0]
