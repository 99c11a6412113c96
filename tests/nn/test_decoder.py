"""The decoder with its cache beside a plain one without: whole prompts, steps, sequences of different lengths."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from studio.nn.decoder import Cache, Decoder, DecoderConfig

CONFIGS = [
    DecoderConfig(dim=64, layers=2, heads=4, hidden=96),
    DecoderConfig(dim=64, layers=2, heads=4, hidden=96, kv_heads=2, bias=True, rope_base=1e6),  # as Qwen2
]


def plain(decoder: Decoder, weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """(steps, dim) through every layer by the book, without a cache."""
    config, steps = decoder.config, len(x)
    size, half = config.head_dim, config.head_dim // 2
    angle = torch.arange(steps)[:, None] / config.rope_base ** (torch.arange(0, size, 2) / size)

    def turned(y: Tensor) -> Tensor:
        first, second = y[..., :half], y[..., half:]
        cos, sin = angle.cos()[:, None], angle.sin()[:, None]
        return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)

    def norm(y: Tensor, name: str) -> Tensor:
        return y / (y.square().mean(-1, keepdim=True) + config.eps).sqrt() * weights[name]

    def linear(y: Tensor, name: str) -> Tensor:
        return functional.linear(y, weights[f"{name}.weight"], weights.get(f"{name}.bias"))

    for at in range(config.layers):
        start = f"layers.{at}."
        y = norm(x, start + "input_layernorm.weight")
        queries = turned(linear(y, start + "self_attn.q_proj").view(steps, config.heads, size))
        keys = turned(linear(y, start + "self_attn.k_proj").view(steps, config.groups, size))
        values = linear(y, start + "self_attn.v_proj").view(steps, config.groups, size)
        share = config.heads // config.groups
        keys, values = keys.repeat_interleave(share, 1), values.repeat_interleave(share, 1)
        scores = torch.einsum("qhd,khd->hqk", queries, keys) / math.sqrt(size)
        scores = scores.masked_fill(torch.ones(steps, steps).triu(1).bool(), -torch.inf)
        mixed = torch.einsum("hqk,khd->qhd", scores.softmax(-1), values).reshape(steps, config.dim)
        x = x + linear(mixed, start + "self_attn.o_proj")
        y = norm(x, start + "post_attention_layernorm.weight")
        gated = functional.silu(linear(y, start + "mlp.gate_proj")) * linear(y, start + "mlp.up_proj")
        x = x + linear(gated, start + "mlp.down_proj")
    return norm(x, "norm.weight")


@pytest.fixture(params=CONFIGS, ids=["Llama", "Qwen2"])
def built(request: pytest.FixtureRequest) -> tuple[Decoder, dict[str, Tensor]]:
    torch.manual_seed(0)
    decoder = Decoder(request.param).eval().requires_grad_(False)
    weights = {name: value.clone() for name, value in decoder.state_dict().items()}
    decoder.pack("fp32")
    return decoder, weights


def test_a_prompt_and_steps_are_what_a_plain_decoder_gives(built: tuple[Decoder, dict[str, Tensor]]) -> None:
    decoder, weights = built
    x = torch.randn(12, 64)
    cache = Cache(decoder.config, 1)
    cache.open(0, 12)
    parts = [decoder(x[None, :5], cache, [0]), decoder(x[None, 5:8], cache, [0])]  # a prompt, and more of it
    parts += [decoder(x[None, at : at + 1], cache, [0]) for at in range(8, 12)]
    torch.testing.assert_close(torch.cat(parts, 1)[0], plain(decoder, weights, x), atol=1e-5, rtol=1e-5)


def test_sequences_of_different_lengths_share_steps(built: tuple[Decoder, dict[str, Tensor]]) -> None:
    decoder, weights = built
    one, other = torch.randn(9, 64), torch.randn(6, 64)
    cache = Cache(decoder.config, 3)
    for slot, x in ((2, one), (0, other)):
        cache.open(slot, 20)
        decoder(x[None, :-2], cache, [slot])
    for back in (2, 1):
        x = torch.stack([one[-back], other[-back]])[:, None]
        last = decoder(x, cache, [2, 0])
    torch.testing.assert_close(last[0, 0], plain(decoder, weights, one)[-1], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(last[1, 0], plain(decoder, weights, other)[-1], atol=1e-5, rtol=1e-5)


def test_a_slot_forgets_its_last_sequence(built: tuple[Decoder, dict[str, Tensor]]) -> None:
    decoder, _ = built
    x, cache = torch.randn(1, 4, 64), Cache(decoder.config, 1)
    cache.open(0, 8)
    fresh = decoder(x, cache, [0])
    decoder(torch.randn(1, 4, 64), cache, [0])
    memory = cache.rows[0][0][0].data_ptr()
    cache.open(0, 6)
    assert cache.rows[0][0][0].data_ptr() == memory  # what is large enough serves again
    assert torch.equal(decoder(x, cache, [0]), fresh)


def test_a_sequence_does_not_outgrow_its_slot(built: tuple[Decoder, dict[str, Tensor]]) -> None:
    decoder, _ = built
    cache = Cache(decoder.config, 1)
    cache.open(0, 4)
    with pytest.raises(IndexError, match="5 steps in a slot of 4"):
        decoder(torch.randn(1, 5, 64), cache, [0])


@pytest.mark.parametrize(("dim", "heads", "kv"), [(65, 4, 0), (64, 4, 3)])
def test_sizes_that_do_not_divide_are_refused(dim: int, heads: int, kv: int) -> None:
    with pytest.raises(ValueError, match="heads"):
        DecoderConfig(dim=dim, layers=1, heads=heads, hidden=8, kv_heads=kv)
