"""The gate of the reduced precisions of ChatTTS: how far they may be from fp32, on the reference's own prompts.

The small random checkpoint is a hard judge: its logits are nearly flat, where a trained model's are peaked.
"""

import pytest
import torch

from studio.engines.chattts.checkpoint import Checkpoint

from .fixtures import beginning, case, folder

AGREE = {"int8": 0.85, "bf16": 0.9, "fp16": 0.95}  # share of steps at which the likeliest code is the same
COSINE = {"int8": 0.985, "bf16": 0.995, "fp16": 0.9995}  # least similarity of hidden states


@pytest.mark.parametrize("precision", AGREE)
@pytest.mark.parametrize("id", beginning("chattts", "c_code"))
def test_chattts_reduced_precision_says_the_same(id: str, precision: str) -> None:
    if not (folder("chattts") / "tiny" / "asset").is_dir():
        pytest.skip("no small checkpoint in the parity folder")
    one = case("chattts", id)
    exact, reduced = (teacher_forced(one, kind) for kind in ("fp32", precision))
    similarity = torch.cosine_similarity(exact[0], reduced[0], dim=-1)
    same = (exact[1].argmax(-1) == reduced[1].argmax(-1)).float().mean()
    assert similarity.min() > COSINE[precision]
    assert same >= AGREE[precision]


def teacher_forced(one, precision):  # type: ignore[no-untyped-def]
    """Hidden states and logits over the reference's own tokens."""
    gpt = Checkpoint(folder("chattts") / "tiny", precision).gpt
    embedded, heard, forced = one.tensor("emb"), one.tensor("attention_mask").bool(), one.tensor("forced")
    cache, rows = gpt.decoder.cache(len(embedded)), range(len(embedded))
    hidden = []
    for row in rows:
        cache.open(row, embedded.shape[1] + forced.shape[1])
        hidden.append(gpt.decoder(embedded[row][heard[row]][None], cache, [row])[0, -1])
    state, states = torch.stack(hidden), []
    for step in range(forced.shape[1]):
        states.append(state)
        state = gpt.decoder(gpt.embed.frames(forced[:, step])[:, None], cache, list(rows))[:, 0]
    states = torch.stack(states, 1)
    return states, gpt.code_logits(states.flatten(0, 1))
