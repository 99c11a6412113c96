"""Dense maps: near enough in every precision; whole numbers on x86."""

import platform

import pytest
import torch
from torch import nn

from studio.nn.attention import attend
from studio.nn.dense import Dense, _digits
from studio.nn.linear import PRECISIONS, Precision
from studio.nn.processor import WHOLE

TOLERANCE = {"fp32": 1e-6, "bf16": 8e-3, "fp16": 1e-3, "int8": 2.5e-2}  # of the largest output


@pytest.mark.parametrize("precision", PRECISIONS)
def test_every_precision_is_near_enough(precision: Precision) -> None:
    if precision == "int8" and platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip("int8 computes on x86 only")
    torch.manual_seed(0)
    layer, x = nn.Linear(160, 96).requires_grad_(False), torch.randn(2, 20, 160)
    exact = layer(x)
    assert (Dense(layer, precision)(x).float() - exact).abs().max() < TOLERANCE[precision] * exact.abs().max()


@pytest.mark.parametrize("intel", [False, True])
@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_attention_is_near_enough_and_looks_where_it_may(
    kind: torch.dtype, intel: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By every way that a processor takes."""
    monkeypatch.setattr("studio.nn.attention.float32_is_quicker", lambda: intel)
    monkeypatch.setattr("studio.nn.attention.products_are_quicker", lambda: intel)
    torch.manual_seed(0)
    query, key, value = torch.randn(2, 12, 3, 2, 16).permute(2, 0, 3, 1, 4)  # side by side, as a projection gives them
    some = torch.ones(2, 1, 1, 12, dtype=torch.bool)
    some[1, ..., 7:] = False
    for mask in (None, torch.ones(12, 12, dtype=torch.bool).tril(), some):
        scores = query @ key.transpose(-1, -2) / 4
        exact = (scores if mask is None else scores.masked_fill(~mask, -torch.inf)).softmax(-1) @ value
        for alone in (False, True):
            found = attend(query.to(kind), key.to(kind), value.to(kind), mask, alone)
            assert found.dtype == kind
            assert (found.float() - exact).abs().max() < 2e-2 * exact.abs().max()


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
