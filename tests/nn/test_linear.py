"""Projections: near enough in every precision, and on the CPU the same bits whatever rows stand beside one."""

import pytest
import torch
from torch import nn

from studio.nn.linear import PRECISIONS, ROWS, Precision, Projection, _fbgemm, lay_out, linear, quantised
from studio.nn.processor import WHOLE

SHAPES = [(64, 192), (160, 64), (768, 2304), (3072, 768), (40, 48)]  # 40 is no multiple of the int8 kernel's block
MANY = 2000
TOLERANCE = {"fp32": 1e-6, "bf16": 8e-3, "fp16": 1e-3, "int8": 1.5e-2}  # of the largest output


def made(inputs: int, outputs: int, bias: bool = False) -> nn.Linear:
    torch.manual_seed(inputs + outputs)
    return nn.Linear(inputs, outputs, bias=bias).requires_grad_(False)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(("inputs", "outputs"), SHAPES)
def test_every_precision_is_near_enough(inputs: int, outputs: int, precision: Precision) -> None:
    layer = made(inputs, outputs, bias=True)
    x = torch.randn(5, inputs)
    exact = (x.double() @ layer.weight.double().T + layer.bias.double()).float()
    error = (Projection([layer], precision)(x) - exact).abs().max() / exact.abs().max()
    assert error < TOLERANCE[precision]


@pytest.mark.parametrize("precision", ["fp32", "bf16", "int8"])
@pytest.mark.parametrize(("inputs", "outputs"), SHAPES)
def test_a_row_has_the_same_bits_alone_and_among_others(inputs: int, outputs: int, precision: Precision) -> None:
    projection = Projection([made(inputs, outputs)], precision)
    x = torch.randn(ROWS, inputs)
    together = projection(x)
    for row in range(ROWS):
        assert torch.equal(projection(x[row : row + 1])[0], together[row])
    assert torch.equal(projection(x[:3]), together[:3])


@pytest.mark.parametrize("precision", PRECISIONS)
def test_several_maps_of_one_input_are_their_joined_outputs(precision: Precision) -> None:
    one, other = made(64, 32), made(64, 96)
    x = torch.randn(4, 64)
    joined = Projection([one, other], precision)(x)
    apart = torch.cat([Projection([one], precision)(x), Projection([other], precision)(x)], -1)
    torch.testing.assert_close(joined, apart)


def test_the_activation_is_fused_exactly() -> None:
    layer = made(64, 96, bias=True)
    x = torch.randn(9, 64)
    torch.testing.assert_close(linear(x, layer.weight, layer.bias, gelu=True), nn.functional.gelu(layer(x)))


def test_quantised_weights_are_within_half_a_step() -> None:
    weight = torch.randn(48, 64)
    whole, scale = quantised(weight)
    assert ((whole.float() * scale.float()[:, None] - weight).abs() <= 0.51 * scale.float()[:, None]).all()


@pytest.mark.skipif(not WHOLE, reason="its kernel is not used here; the test below is for that")
def test_int8_inputs_cost_less_than_bf16_would_and_many_rows_keep_their_bits() -> None:
    layer = made(768, 192)
    projection, x = Projection([layer], "int8"), torch.randn(70, 768) * torch.logspace(-6, 6, 70)[:, None]
    x[3] = 0
    held = projection.weights[0].double() * projection.scale.double()[:, None]  # type: ignore[union-attr]
    y, exact = projection(x), x.double() @ held.T
    spread = exact.abs().amax(1, keepdim=True).clamp(min=1e-30)
    assert ((y - exact).abs() / spread).max() < 2e-4  # bf16 inputs: 2e-3
    assert torch.equal(y[3], torch.zeros(192))
    assert torch.equal(projection(x[20:21]), y[20:21])


@pytest.mark.parametrize("rows", [1, ROWS, 40])
@pytest.mark.parametrize(("inputs", "outputs"), SHAPES)
def test_int8_is_near_enough_on_a_processor_that_cannot_add_products_of_whole_numbers(
    inputs: int, outputs: int, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.nn.linear.WHOLE", False)
    layer, x = made(inputs, outputs), torch.randn(rows, inputs)
    exact = (x.double() @ layer.weight.double().T).float()
    assert (Projection([layer], "int8")(x) - exact).abs().max() / exact.abs().max() < TOLERANCE["int8"]


@pytest.mark.skipif(not WHOLE or not _fbgemm(), reason="its kernel is not used here; every other test is for the rest")
@pytest.mark.parametrize(("inputs", "outputs"), SHAPES)
def test_weights_that_are_laid_out_give_the_same_bits(inputs: int, outputs: int) -> None:
    plain, quick = (Projection([made(inputs, outputs, bias=True)], "int8") for _ in range(2))
    x = torch.randn(MANY, inputs) * torch.logspace(-3, 3, MANY)[:, None]  # some digits lie by half of one
    before = {rows: plain(x[:rows]) for rows in (1, 2, ROWS, ROWS + 1, 70, MANY)}
    thread = lay_out([quick])
    assert thread is not None
    thread.join()
    assert not quick.weights, "they are not held twice"
    for rows, y in before.items():
        assert torch.equal(quick(x[:rows]), y)


def test_only_whole_numbers_are_laid_out() -> None:
    assert lay_out([Projection([made(64, 32)], "fp32")]) is None
