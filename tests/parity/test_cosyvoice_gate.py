"""The gate of the reduced precisions of CosyVoice: how far they may be from fp32, on the reference's own prompts.

The small random checkpoint is a hard judge: its scores are nearly flat and its layers narrow, where a trained model's
are peaked and wide.
"""

import pytest
import torch

from studio.engines.cosyvoice.checkpoint import Checkpoint
from studio.engines.cosyvoice.flow import CausalFlow, FirstFlow

from .cosyvoice_cases import GENERATIONS, ROOT, case, tiny
from .test_cosyvoice_flow import prompt
from .test_cosyvoice_language import order

AGREE = {"int8": 0.85, "bf16": 0.9, "fp16": 0.95}  # share of steps at which the likeliest id is the same
CLOSE = {"int8": 0.2, "bf16": 0.1, "fp16": 0.02}  # greatest mean distance between two distributions (total variation)
MEL_DB = {"int8": 25.0, "bf16": 35.0, "fp16": 50.0}  # least distance of the error below the mel itself


def reduced(part: str, precision: str) -> Checkpoint:
    tiny(part)  # skips where there is none
    return Checkpoint(ROOT / part / "model", precision)  # type: ignore[arg-type]


@pytest.mark.parametrize("precision", AGREE)
@pytest.mark.parametrize("part", GENERATIONS)
def test_cosyvoice_reduced_precision_says_the_same(part: str, precision: str) -> None:
    one = case(part, "llm_zero_shot")
    exact, other = (scores(checkpoint, one) for checkpoint in (tiny(part), reduced(part, precision)))
    same = (exact.argmax(-1) == other.argmax(-1)).float().mean()
    apart = (exact.exp() - other.exp()).abs().sum(-1).mean() / 2
    assert same >= AGREE[precision]
    assert apart <= CLOSE[precision]


def scores(checkpoint, one):  # type: ignore[no-untyped-def]
    """Over the reference's own ids."""
    model = checkpoint.language
    start, tokens = order(model, one).prompt, one.tensor("out.tokens").long()
    whole = torch.cat([start, model.sound(tokens[:-1])])
    cache = model.cache(1)
    cache.open(0, len(whole))
    hidden = model.decoder(whole[None, : len(start)], cache, [0])[0, -1:]
    states = [hidden]
    for token in tokens[:-1, None]:
        states += [model.decoder(model.sound(token)[None], cache, [0])[0]]
    return model.scores(torch.cat(states))


@pytest.mark.parametrize("precision", MEL_DB)
@pytest.mark.parametrize("part", GENERATIONS)
def test_cosyvoice_reduced_precision_sounds_the_same(part: str, precision: str) -> None:
    one = case(part, "flow_chunk_first" if part == "v1" else "flow_full")
    exact, other = (mel(checkpoint.flow, one) for checkpoint in (tiny(part), reduced(part, precision)))
    noise = (exact**2).mean() / ((other - exact) ** 2).mean()
    assert float(10 * torch.log10(noise)) >= MEL_DB[precision]


def mel(flow, one):  # type: ignore[no-untyped-def]
    if isinstance(flow, FirstFlow):
        return flow.window(one.row("in.token"), prompt(one), torch.Generator().manual_seed(1))[0]
    assert isinstance(flow, CausalFlow)
    return flow.whole(one.row("in.token"), prompt(one))
