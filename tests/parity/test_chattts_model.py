"""The language model of ChatTTS, its sampling and whole inference, against the reference."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from studio.engines.chattts import strings
from studio.engines.chattts.checkpoint import Checkpoint
from studio.engines.chattts.generation import Batch, Order, Row
from studio.engines.chattts.prompts import DEFAULT, code_prompt, refine_prompt
from studio.nn.sampling import Draws, OwnDraws, RepeatedDraws, Sampling, penalised, top_k, top_p

from .fixtures import Case, beginning, case, folder


@pytest.fixture(scope="module")
def tiny() -> Checkpoint:
    if not (folder("chattts") / "tiny" / "asset").is_dir():
        pytest.skip("no small checkpoint in the parity folder")
    return Checkpoint(folder("chattts") / "tiny")


def speaker(tiny: Checkpoint, code: str | None) -> Tensor | None:
    return None if code is None else torch.from_numpy(strings.speaker_vector(code, tiny.sizes.gpt.dim).copy())


def code_ids(tiny: Checkpoint, params: dict[str, Any], text: str) -> Tensor:
    prompt = params.get("prompt", DEFAULT) or ""
    sample = params.get("txt_smp") or ""
    return tiny.tokenizer.encode(
        code_prompt(text, speaker=params.get("spk_emb") is not None, prompt=prompt, sample_text=sample)
    )


def code_order(tiny: Checkpoint, params: dict[str, Any], text: str, draws: Draws) -> Order:
    sample = params.get("spk_smp")
    frames = None if sample is None else torch.from_numpy(strings.sample_codes(sample, 4, 626))
    at = 1  # the speaker's token is always the second
    embedded = tiny.gpt.prompt(code_ids(tiny, params, text), speaker(tiny, params.get("spk_emb")), at, frames)
    return Order(
        embedded, "code", sampling(params, 1.05), draws, params["max_new_token"], tiny.sizes.embed.end,
        params.get("min_new_token", 0),
    )  # fmt: skip


def text_order(tiny: Checkpoint, params: dict[str, Any], text: str, draws: Draws) -> Order:
    embedded = tiny.gpt.prompt(tiny.tokenizer.encode(refine_prompt(text, params.get("prompt", ""))))
    end = tiny.tokenizer.id("[Ebreak]")
    least = params.get("min_new_token", 0)
    return Order(embedded, "text", sampling(params, 1.0), draws, params["max_new_token"], end, least)


def sampling(params: dict[str, Any], penalty: float) -> Sampling:
    heat = params["temperature"]
    return Sampling(
        tuple(heat) if isinstance(heat, list) else (heat,),
        params.get("top_P", 0.7), params.get("top_K", 20), params.get("repetition_penalty", penalty),
    )  # fmt: skip


def drawn(tiny: Checkpoint, orders: list[Order]) -> list[Row]:
    batch = Batch(tiny.gpt, len(orders))
    rows = [batch.enter(order) for order in orders]
    while batch.rows:
        batch.step()
    return rows


@pytest.mark.parametrize("id", beginning("chattts", "b_embed"))
def test_chattts_embeddings(tiny: Checkpoint, id: str) -> None:
    one = case("chattts", id)
    for ids, is_text, wanted in zip(one.tensor("input_ids"), one.tensor("text_mask"), one.tensor("emb"), strict=True):
        ours = torch.where(is_text[:, None], tiny.gpt.embed.text(ids[:, 0]), tiny.gpt.embed.frames(ids % 626))
        torch.testing.assert_close(ours, wanted, atol=1e-5, rtol=1e-5)


def test_chattts_a_speaker_takes_the_place_of_its_token(tiny: Checkpoint) -> None:
    one = case("chattts", "b_speaker")
    ids, after = one.tensor("input_ids")[0, :, 0], one.tensor("emb_after")[0]
    at = ids.tolist().index(tiny.tokenizer.id("[spk_emb]"))
    start = at - 1  # before it the reference pads
    ours = tiny.gpt.prompt(ids[start:], one.tensor("spk_vector_fp16"), at - start)
    torch.testing.assert_close(ours, after[start:], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("id", beginning("chattts", "c_"))
def test_chattts_hidden_states_and_logits(tiny: Checkpoint, id: str) -> None:
    one = case("chattts", id)
    embedded, heard, forced = one.tensor("emb"), one.tensor("attention_mask").bool(), one.tensor("forced")
    gpt, code = tiny.gpt, one.params["mode"] == "code"
    cache, rows = gpt.decoder.cache(len(embedded)), range(len(embedded))
    prompts = []
    for row in rows:
        cache.open(row, embedded.shape[1] + forced.shape[1])
        prompts.append(gpt.decoder(embedded[row][heard[row]][None], cache, [row])[0])
        wanted = one.tensor("prompt_hiddens")[row][heard[row]]
        torch.testing.assert_close(prompts[-1], wanted, atol=1e-4, rtol=1e-4)
    hidden, hiddens, logits = torch.stack([prompt[-1] for prompt in prompts]), [], []
    for step in range(forced.shape[1]):
        hiddens.append(hidden)
        logits.append(gpt.code_logits(hidden) if code else gpt.text_logits(hidden)[:, 0])
        token = forced[:, step]
        x = gpt.embed.frames(token) if code else gpt.embed.text(token.view(len(token), -1)[:, 0])
        hidden = gpt.decoder(x[:, None], cache, list(rows))[:, 0]
    one.compare("step_hiddens", torch.stack(hiddens, 1))
    one.compare("step_logits", torch.stack(logits, 1).view_as(one.tensor("step_logits")))


def test_chattts_repetition_penalty() -> None:
    one = case("chattts", "d_rep_penalty")
    scores, settings = one.tensor("scores"), Sampling(penalty=one.outputs["penalty"], window=one.outputs["past_window"])
    for name in one.names:
        if name.startswith("ids_L"):
            history = [one.tensor(name).T]
            one.compare(name.replace("ids", "out"), penalised(scores[None], [settings], history)[0])


def test_chattts_top_p_and_top_k() -> None:
    one = case("chattts", "d_warpers")
    for at, config in enumerate(one.outputs["configs"]):
        x = one.tensor("scores")[None]
        x = top_p(x, torch.tensor([[[config["top_P"] or 1.0]]]))
        x = top_k(x, [config["top_K"] or 0])
        one.compare(f"keep_{at}", x[0].isfinite())


def watched(tiny: Checkpoint, order: Order) -> tuple[Row, list[Tensor]]:
    """A row, with the state before each of its draws."""
    batch = Batch(tiny.gpt, 1)
    row, states = batch.enter(order), []
    while not row.ending:
        states.append(row.hidden)
        batch.step()
    return row, states


def test_chattts_every_stage_of_sampling_code_frames(tiny: Checkpoint) -> None:
    one = case("chattts", "d_code_steps")
    order = code_order(tiny, one.params, one.inputs["texts"][0], RepeatedDraws(one.params["manual_seed"]))
    row, states = watched(tiny, order)
    one.compare("ids", row.drawn)
    for at, step in enumerate(one.tensor("steps").tolist()):
        x = tiny.gpt.code_logits(states[step][None]) / one.params["temperature"]
        torch.testing.assert_close(x[0], one.tensor("after_temp")[at], atol=3e-4, rtol=3e-4)
        x = penalised(x, [order.sampling], [row.drawn[:step]])
        torch.testing.assert_close(x[0], one.tensor("after_rep")[at], atol=3e-4, rtol=3e-4)
        x = top_p(x, torch.tensor([[[order.sampling.top_p]]]))
        torch.testing.assert_close(x[0], one.tensor("after_top_p")[at], atol=3e-4, rtol=3e-4)
        x = top_k(x, [order.sampling.top_k])
        torch.testing.assert_close(x[0], one.tensor("after_top_k")[at], atol=3e-4, rtol=3e-4)
        if step < order.least:
            x[..., order.end] = -torch.inf
        torch.testing.assert_close(x.softmax(-1)[0], one.tensor("probs")[at], atol=2e-5, rtol=2e-5)


def test_chattts_sampling_text_tokens(tiny: Checkpoint) -> None:
    one = case("chattts", "d_text_steps")
    texts = one.inputs["texts"]
    seed = one.params["manual_seed"]
    rows = drawn(tiny, [text_order(tiny, one.params, text, RepeatedDraws(seed, at)) for at, text in enumerate(texts)])
    for at, row in enumerate(rows):
        one.compare(f"ids_{at}", row.drawn[:, 0])


class SharedDraws:
    """One generator for a whole batch, as ChatTTS draws without a seed: every row takes its part of each filling."""

    def __init__(self, seed: int, rows: int) -> None:
        self.generator, self.rows, self.taken = torch.Generator().manual_seed(seed), rows, 0

    def row(self, at: int) -> Draws:
        shared = self

        class Part:
            step = 0

            def noise(self, shape: tuple[int, int]) -> Tensor:
                if self.step == shared.taken:
                    shared.whole = torch.empty(shape[0] * shared.rows, shape[1]).exponential_(
                        1, generator=shared.generator
                    )
                    shared.taken += 1
                self.step = shared.taken
                return shared.whole[shape[0] * at : shape[0] * (at + 1)]

        return Part()


def test_chattts_draws_are_those_of_multinomial() -> None:
    one = case("chattts", "f_draws")
    generator = torch.Generator().manual_seed(777)
    noise = torch.empty_like(one.tensor("p")).exponential_(1, generator=generator)
    one.compare("sampled", (one.tensor("p") / noise).argmax(-1).view_as(one.tensor("sampled")))


def test_chattts_a_shared_generator_draws_as_the_reference(tiny: Checkpoint) -> None:
    one = case("chattts", "f_global_rng_b2")
    texts = one.inputs["texts"]
    shared = SharedDraws(one.params["torch_manual_seed"], len(texts))
    rows = drawn(tiny, [code_order(tiny, one.params, text, shared.row(at)) for at, text in enumerate(texts)])
    for at, row in enumerate(rows):
        one.compare(f"ids_{at}", row.drawn)


def test_chattts_an_utterance_that_ends_at_once_is_begun_again_on_the_same_stream(tiny: Checkpoint) -> None:
    one = case("chattts", "d_ensure_non_empty")
    shared = SharedDraws(one.params["torch_manual_seed"], 1)
    order = code_order(tiny, one.params, one.inputs["texts"][0], shared.row(0))
    first = drawn(tiny, [order])[0]
    assert first.length == 0
    again = drawn(tiny, [order])[0]
    one.compare("ids", again.drawn)


@pytest.mark.parametrize("id", beginning("chattts", "e_code") + beginning("chattts", "f_manual_seed"))
def test_chattts_code_frames_are_generated(tiny: Checkpoint, id: str) -> None:
    one = case("chattts", id)
    texts = one.inputs["texts"]
    rows = drawn(tiny, [code_order(tiny, one.params, text, draws_of(one, at)) for at, text in enumerate(texts)])
    check(one, rows)


@pytest.mark.parametrize("id", beginning("chattts", "e_refine") + beginning("chattts", "f_refine"))
def test_chattts_text_is_refined(tiny: Checkpoint, id: str) -> None:
    one = case("chattts", id)
    texts = one.inputs["texts"]
    rows = drawn(tiny, [text_order(tiny, one.params, text, draws_of(one, at)) for at, text in enumerate(texts)])
    first = tiny.tokenizer.id("[break_0]")
    for at, row in enumerate(rows):
        one.compare(f"ids_{at}", row.drawn[:, 0])
        if "decoded" in one.outputs:
            kept = row.drawn[:, 0][row.drawn[:, 0] < first]
            assert tiny.tokenizer.decode(kept.tolist()) == one.outputs["decoded"][at]


def draws_of(one: Case, row: int) -> Draws:
    seed = one.params.get("manual_seed")
    return OwnDraws(row) if seed is None else RepeatedDraws(seed, row)


def check(one: Case, rows: list[Row]) -> None:
    for at, row in enumerate(rows):
        one.compare(f"ids_{at}", row.drawn)
        if f"hiddens_{at}" in one.names:
            one.compare(f"hiddens_{at}", row.hiddens)


def padded(rows: list[Tensor]) -> Tensor:
    return nn.utils.rnn.pad_sequence(rows, batch_first=True).transpose(1, 2)


@pytest.mark.parametrize("id", ["j_batch3", "j_single", "j_batch2_dvae"])
def test_chattts_whole_inference(tiny: Checkpoint, id: str) -> None:
    one = case("chattts", id)
    rows = drawn(tiny, [code_order(tiny, one.params, text, OwnDraws(0)) for text in one.inputs["normalised"]])
    check(one, rows)
    if one.params["use_decoder"]:
        mel = tiny.hidden_decoder(padded([row.hiddens for row in rows]))
    else:
        mel = tiny.dvae(padded([row.drawn for row in rows]))
    one.compare("raw_wavs", tiny.vocoder(mel))


def test_chattts_whole_inference_of_refined_text(tiny: Checkpoint) -> None:
    one = case("chattts", "j_refine_then_code")
    params = one.params
    ask = {"temperature": params["temperature"], "prompt": params["refine_prompt"], "max_new_token": 120}
    refined = drawn(tiny, [text_order(tiny, ask, one.inputs["texts"][0], OwnDraws(0))])[0].drawn[:, 0]
    text = tiny.tokenizer.decode(refined[refined < tiny.tokenizer.id("[break_0]")].tolist())
    row = drawn(tiny, [code_order(tiny, params, text, OwnDraws(0))])[0]
    check(one, [row])
    one.compare("raw_wavs", tiny.vocoder(tiny.hidden_decoder(padded([row.hiddens]))))


def test_chattts_whole_inference_with_the_first_piece_as_audio_prompt(tiny: Checkpoint) -> None:
    one = case("chattts", "j_split")
    texts = [text + "。" for text in one.inputs["text"].split("。") if text]
    first = drawn(tiny, [code_order(tiny, one.params, texts[0], OwnDraws(0))])[0]
    one.compare("ref_ids", first.drawn)
    sound = tiny.vocoder(tiny.hidden_decoder(padded([first.hiddens])))[0]
    sample = strings.sample_string(tiny.dvae.encode(sound).numpy())
    params = {**one.params, "spk_smp": sample, "txt_smp": texts[0]}
    codes = torch.from_numpy(strings.sample_codes(sample, 4, 626))
    assert (codes == one.tensor("ref_prompt_codes")).float().mean() >= 0.99
    params["spk_smp"] = strings.sample_string(one.tensor("ref_prompt_codes").numpy())
    rows = drawn(tiny, [code_order(tiny, params, text, OwnDraws(0)) for text in texts])
    check(one, rows)
    one.compare("raw_wavs", tiny.vocoder(tiny.hidden_decoder(padded([row.hiddens for row in rows]))))


def test_chattts_streamed_inference(tiny: Checkpoint) -> None:
    one = case("chattts", "j_stream")
    row = drawn(tiny, [code_order(tiny, one.params, one.inputs["texts"][0], OwnDraws(0))])[0]
    one.compare("ids", row.drawn)
    wave = tiny.vocoder(tiny.hidden_decoder(padded([row.hiddens])))
    if "rawfull" in one.names:
        one.compare("rawfull", wave)
    sent = one.outputs["chunk_lengths"][:-1]
    for at in range(sum(sent), 0, -sent[0]):  # what the reference sends in pieces is the whole, but for its end
        torch.testing.assert_close(
            wave[0, at - sent[0] : at], one.tensor("chunks")[at - sent[0] : at], atol=5e-5, rtol=0
        )
