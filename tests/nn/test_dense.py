"""Dense maps: near enough in every precision; whole numbers on x86."""

import platform

import pytest
import torch
from torch import nn

from studio.nn.attention import attend
from studio.nn.dense import Dense
from studio.nn.linear import PRECISIONS, Precision

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
