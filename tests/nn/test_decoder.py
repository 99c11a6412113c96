"""The decoder with its cache beside a plain one without: whole prompts, steps, sequences of different lengths."""

import math
from collections.abc import Sequence
from contextlib import nullcontext
from unittest.mock import patch

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from studio.nn.cache import Cache, DecoderConfig, RowCache, SharedCache
from studio.nn.compiled import CompiledDecoder, block_of, blockwise
from studio.nn.decoder import Decoder
from studio.nn.linear import Precision

LLAMA = DecoderConfig(dim=64, layers=9, heads=4, hidden=96)
QWEN2 = DecoderConfig(dim=64, layers=2, heads=4, hidden=96, kv_heads=2, bias=True, rope_base=1e6)
WAYS = {"Llama": (LLAMA, True), "Qwen2": (QWEN2, True), "Llama, plain": (LLAMA, False), "Qwen2, plain": (QWEN2, False)}
PUBLISHED = {  # the sizes of ChatTTS and of CosyVoice 2 and 3, with fewer layers
    "ChatTTS": DecoderConfig(dim=768, layers=2, heads=12, hidden=3072),
    "CosyVoice": DecoderConfig(dim=896, layers=2, heads=14, hidden=4864, kv_heads=2, bias=True, rope_base=1e6),
}
SMALL = DecoderConfig(dim=32, layers=2, heads=4, hidden=48)  # heads too small for ONNX Runtime's attention


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


@pytest.fixture(params=WAYS)
def built(request: pytest.FixtureRequest) -> tuple[Decoder, dict[str, Tensor]]:
    config, compiled = WAYS[request.param]
    return made(config, "fp32", compiled)


def made(config: DecoderConfig, precision: Precision, compiled: bool = True) -> tuple[Decoder, dict[str, Tensor]]:
    """A packed decoder, and the weights it was made of."""
    torch.manual_seed(0)
    decoder = Decoder(config).eval().requires_grad_(False)
    for name, value in decoder.named_parameters():
        if "norm" in name or name.endswith("bias"):
            value.normal_(1.0, 0.2)
    weights = {name: value.clone() for name, value in decoder.state_dict().items()}
    with nullcontext() if compiled else patch.object(CompiledDecoder, "takes", lambda *_: False):
        decoder.pack(precision)
    assert isinstance(decoder.cache(1), SharedCache) == (compiled and config is not SMALL)
    return decoder, weights


def place(cache: Cache) -> int:
    """Where keys lie in memory."""
    if isinstance(cache, SharedCache):
        return cache.memory.data_ptr()
    assert isinstance(cache, RowCache)
    return cache.rows[0].data_ptr()


def test_a_prompt_and_steps_are_what_a_plain_decoder_gives(built: tuple[Decoder, dict[str, Tensor]]) -> None:
    decoder, weights = built
    x = torch.randn(12, 64)
    cache = decoder.cache(1)
    cache.open(0, 12)
    parts = [decoder(x[None, :5], cache, [0]), decoder(x[None, 5:8], cache, [0])]  # a prompt, and more of it
    parts += [decoder(x[None, at : at + 1], cache, [0]) for at in range(8, 12)]
    torch.testing.assert_close(torch.cat(parts, 1)[0], plain(decoder, weights, x), atol=1e-5, rtol=1e-5)


def test_sequences_of_different_lengths_share_steps(built: tuple[Decoder, dict[str, Tensor]]) -> None:
    decoder, weights = built
    one, other = torch.randn(9, 64), torch.randn(6, 64)
    cache = decoder.cache(3)
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
    x, cache = torch.randn(1, 4, 64), decoder.cache(1)
    cache.open(0, 8)
    fresh = decoder(x, cache, [0])
    decoder(torch.randn(1, 4, 64), cache, [0])
    memory = place(cache)
    cache.open(0, 6)
    assert place(cache) == memory  # what is large enough serves again
    assert torch.equal(decoder(x, cache, [0]), fresh)


def test_a_sequence_does_not_outgrow_its_slot(built: tuple[Decoder, dict[str, Tensor]]) -> None:
    decoder, _ = built
    cache = decoder.cache(1)
    cache.open(0, 4)
    with pytest.raises(IndexError, match="5 steps in a slot of 4"):
        decoder(torch.randn(1, 5, 64), cache, [0])


@pytest.mark.parametrize(("dim", "heads", "kv"), [(65, 4, 0), (64, 4, 3)])
def test_sizes_that_do_not_divide_are_refused(dim: int, heads: int, kv: int) -> None:
    with pytest.raises(ValueError, match="heads"):
        DecoderConfig(dim=dim, layers=1, heads=heads, hidden=8, kv_heads=kv)


def test_heads_too_small_for_onnx_runtime_are_computed_all_the_same() -> None:
    decoder, weights = made(SMALL, "fp32")
    x, cache = torch.randn(7, 32), decoder.cache(1)
    cache.open(0, 7)
    torch.testing.assert_close(decoder(x[None], cache, [0])[0], plain(decoder, weights, x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("precision", ["fp32", "int8"])
@pytest.mark.parametrize("config", [LLAMA, *PUBLISHED.values()], ids=["small", *PUBLISHED])
def test_a_sequence_has_the_same_bits_alone_and_beside_others(config: DecoderConfig, precision: Precision) -> None:
    decoder, _ = made(config, precision)
    texts = torch.randn(7, 164, config.dim)

    def last(slots: Sequence[int], count: int) -> Tensor:
        """The states of the last four steps (4, rows, dim), each row in a slot of its own."""
        cache = decoder.cache(count)
        for row, slot in enumerate(slots):
            cache.open(slot, 164 + row)
            decoder(texts[row, None, : 150 - 20 * (row % 3)], cache, [slot])
        found = [decoder(texts[: len(slots), 160 + at, None], cache, slots)[:, 0] for at in range(4)]
        return torch.stack(found)

    alone = last([0], 1)
    for slots, count in (([0, 1], 2), ([4, 2, 0], 5), ([3, 0, 6, 2, 4, 1, 5], 7)):
        assert torch.equal(last(slots, count)[:, :1], alone)


def test_a_sequence_that_rests_between_others_is_left_alone() -> None:
    decoder, _ = made(LLAMA, "int8")
    texts, results = torch.randn(3, 9, 64), []
    for resting in (False, True):
        cache = decoder.cache(3)
        for slot in range(3):
            cache.open(slot, 9 if slot != 1 else 5)  # full: what is computed for it has to go elsewhere
            decoder(texts[slot, None, :5], cache, [slot])
        for at in range(5, 9 if resting else 5):
            decoder(texts[[0, 2], at, None], cache, [0, 2])
        assert cache.lengths[1] == 5
        cache.widen(1, 40)  # moves all of them
        results.append(decoder(texts[1, None, 5:6], cache, [1]))
    assert torch.equal(*results)


@pytest.mark.parametrize("config", PUBLISHED.values(), ids=PUBLISHED)
def test_int8_is_near_fp32_at_the_sizes_of_published_models(config: DecoderConfig) -> None:
    x = torch.randn(1, 24, config.dim)

    def states(precision: Precision) -> Tensor:
        decoder, _ = made(config, precision)
        cache = decoder.cache(1)
        cache.open(0, 24)
        first = decoder(x[:, :20], cache, [0])
        return torch.cat([first, *(decoder(x[:, at : at + 1], cache, [0]) for at in range(20, 24))], 1)

    assert torch.cosine_similarity(states("fp32"), states("int8"), dim=-1).min() > 0.999


@pytest.mark.parametrize("inputs", [768, 896, 160, 40])
def test_quantised_blocks_are_within_half_a_step(inputs: int) -> None:
    weight, block = torch.randn(48, inputs), block_of(inputs)
    whole, scale = blockwise(weight, block)
    again = ((whole.float() - 128) * scale[..., None]).flatten(1)[:, :inputs]
    step = scale.repeat_interleave(block, 1)[:, :inputs]
    assert ((again - weight).abs() <= 0.51 * step).all()
    assert block == {768: 256, 896: 128, 160: 32, 40: 16}[inputs]
