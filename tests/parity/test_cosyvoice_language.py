"""The language models of CosyVoice, their sampling and their stops, against the reference."""

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from studio.engines.cosyvoice.drawing import RepetitionAware
from studio.engines.cosyvoice.generation import Batch, Order, Row
from studio.engines.cosyvoice.interleaving import Interleaving
from studio.engines.cosyvoice.language import FirstModel, LanguageModel

from .cosyvoice_cases import Case, case, known, of_stage, tiny

NONE = torch.zeros(0, dtype=torch.long)


class Recorded:
    """The samplers of the reference's cases."""

    def __init__(self, params: dict[str, Any], end: int) -> None:
        given = params["sampler"]
        self.name, self.end = given["name"], given.get("eos_id", end)
        self.after, self.window = given.get("eos_after"), given.get("win", 10)
        self.wanted = given.get("ids", [])
        self.seen: list[Tensor] = []

    def __call__(self, scores: Tensor, drawn: Sequence[int]) -> int:
        self.seen.append(scores.clone())
        if self.name == "prefer":
            return next((id for id in self.wanted if scores[id].isfinite()), int(scores.argmax()))
        if self.name == "norep":
            if self.after is not None and len(drawn) >= self.after and scores[self.end].isfinite():
                return int(self.end)
            scores = scores.clone()
            scores[list(drawn[-self.window :])] = -torch.inf
        return int(scores.argmax())


def chooser(params: dict[str, Any], end: int) -> Any:
    if params["sampler"]["name"] != "ras":
        return Recorded(params, end)
    given = params["sampler"]
    generator = torch.Generator().manual_seed(params["torch_manual_seed"])
    return RepetitionAware(generator, given["top_p"], given["top_k"], given["win_size"], given["tau_r"])


def withheld(model: LanguageModel) -> tuple[int, ...]:
    """What the reference masks before the least length: its end, but in the third generation its start."""
    return (model.ids.sounds,)


def speaker(one: Case) -> Tensor | None:
    name = "in.embedding"
    return one.tensor(name)[0] if name in one.facts["tensors"] and len(one.tensor(name)) else None


def order(model: LanguageModel, one: Case) -> Order:
    params, text = one.params, one.row("in.text")
    prompt = model.prompt(one.row("in.prompt_text"), text, one.row("in.prompt_speech_token"), speaker(one))
    least = int(len(text) * params.get("min_token_text_ratio", 2))
    most = int(len(text) * params.get("max_token_text_ratio", 20))
    assert params.get("min_len", least) == least
    assert params.get("max_len", most) == most
    return Order(prompt, chooser(params, model.ids.end), most, least, withheld(model))


def run(model: LanguageModel, orders: list[Order]) -> list[Row]:
    batch = Batch(model, len(orders))
    rows = [batch.enter(one) for one in orders]
    while batch.rows:
        batch.step()
    return rows


@pytest.mark.parametrize(("part", "id"), of_stage("llm"))
def test_cosyvoice_language_model(part: str, id: str) -> None:
    one, model = case(part, id), tiny(part).language
    wanted = order(model, one)
    row = run(model, [wanted])[0]
    if "out.lm_input" in one.facts["tensors"]:
        one.compare("out.lm_input", wanted.prompt)
    assert row.drawn == one.tensor("out.tokens").tolist()
    if "out.scores_first" in one.facts["tensors"]:
        first = one.tensor("out.scores_first")
        ours = torch.stack(wanted.choice.seen[: len(first)])  # type: ignore[attr-defined]
        assert torch.equal(ours.isfinite(), first.isfinite())
        torch.testing.assert_close(ours, first, atol=one.facts["atol"], rtol=0)
        forced(model, wanted.prompt, one)


def forced(model: LanguageModel, prompt: Tensor, one: Case) -> None:
    """The scores over the reference's own ids, read at once."""
    wanted, tokens = one.tensor("out.teacher_logp_first"), one.tensor("out.tokens").long()
    whole = torch.cat([prompt, model.sound(tokens[: len(wanted) - 1])])
    cache = model.cache(1)
    cache.open(0, len(whole))
    hidden = model.decoder(whole[None], cache, [0])[0, len(prompt) - 1 :]
    torch.testing.assert_close(model.scores(hidden), wanted, atol=one.facts["atol"], rtol=0)


@pytest.mark.parametrize("part", ["v1", "v2", "v3"])
def test_cosyvoice_rows_of_a_batch_are_as_alone(part: str) -> None:
    model = tiny(part).language
    cases = [one for id, one in known(part).items() if one.facts["stage"] == "llm" and one.facts.get("tensors")]
    if not cases:
        pytest.skip(f"no cases of {part}")
    together = run(model, [order(model, one) for one in cases])
    for row, one in zip(together, cases, strict=True):
        assert row.drawn == one.tensor("out.tokens").tolist(), one.facts["id"]


def test_cosyvoice_first_text_encoder() -> None:
    one, model = case("v1", "llm_text_encoder"), tiny("v1").language
    assert isinstance(model, FirstModel)
    one.compare("out.encoded", model.encoded(one.row("in.text")))


def test_cosyvoice_first_speaker() -> None:
    one, model = case("v1", "llm_speaker_projection"), tiny("v1").language
    assert isinstance(model, FirstModel)
    one.compare("out.projected", model.projected(one.row("in.embedding")))


class Asked(Recorded):
    """`norep`, whose end may be allowed only once all text was read."""

    text: Interleaving
    late = False

    def __call__(self, scores: Tensor, drawn: Sequence[int]) -> int:
        if self.late and not self.text.closed:
            after, self.after = self.after, None
            found = super().__call__(scores, drawn)
            self.after = after
            return found
        return super().__call__(scores, drawn)


@pytest.mark.parametrize(("part", "id"), of_stage("llm.bistream"))
def test_cosyvoice_text_that_arrives_late(part: str, id: str) -> None:
    one, model, checkpoint = case(part, id), tiny(part).language, tiny(part)
    calls: list[list[int]] = []
    hook = model.decoder.register_forward_pre_hook(
        lambda module, given: calls.append([given[0].shape[1], given[1].lengths[given[2][0]]])
    )
    before, heard = one.row("in.prompt_text"), one.row("in.prompt_speech_token")
    config = checkpoint.sizes
    opening = checkpoint.tokenizer.opening if part == "v3" else -1
    text = Interleaving(model, config.mix, before, heard, opening)
    choice = Asked(one.params, model.ids.end)
    choice.text, choice.late = text, one.params["sampler"].get("eos_only_after_text_exhausted", False)
    pieces = [one.row(f"in.text_{at}") for at in range(one.params["n_text_chunks"])]
    batch, row = Batch(model, 1), None
    for ids in pieces:
        text.feed(ids)
        row = moved(batch, row, text, choice)
    text.finish()
    row = moved(batch, row, text, choice)
    hook.remove()
    assert calls == one.tensor("out.steps").tolist()
    assert row is not None
    assert row.drawn == one.tensor("out.tokens").tolist()


def moved(batch: Batch, row: Row | None, text: Interleaving, choice: Any) -> Row | None:
    """As far as the text that is there allows."""
    if row is None:
        if (first := text.more()) is None:
            return None
        row = batch.enter(Order(first, choice, 10_000, text=text))
    while batch.rows and batch.step():
        pass
    return row


def test_cosyvoice_nucleus() -> None:
    one = case("common", "sampling_single")
    for row in one.values:
        scores = one.tensor(f"in.{row['scores']}")
        generator = torch.Generator().manual_seed(row["torch_manual_seed"])
        ras = RepetitionAware(generator, one.params["top_p"], one.params["top_k"])
        assert ras.nucleus(scores.clone()) == row["nucleus"], row
        chances = scores.softmax(0)
        generator.manual_seed(row["torch_manual_seed"])
        assert ras._drawn(chances) == row["random"], row


def test_cosyvoice_repetition_aware_sampling() -> None:
    one = case("common", "sampling_ras")
    params = one.params
    for row in one.values:
        generator = torch.Generator().manual_seed(row["torch_manual_seed"])
        ras = RepetitionAware(generator, params["top_p"], params["top_k"], params["win_size"], params["tau_r"])
        scores = one.tensor(f"in.{row['scores']}").clone()
        assert ras(scores, row["history"]) == row["token"], row
        masked = scores.isneginf() & ~one.tensor(f"in.{row['scores']}").isneginf()
        assert masked.nonzero().flatten().tolist() == ([] if row["masked_id"] is None else [row["masked_id"]])
