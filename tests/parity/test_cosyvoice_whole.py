"""CosyVoice from text and clip to sound, whole and streamed, against the reference; the published keys; precisions.

Where the reference streams in its own way (cross-fades, full attention in the last chunk), the parts are put together
here as it puts them. How the studio streams is tested in `tests/engines/cosyvoice`.
"""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from studio.engines.cosyvoice.checkpoint import Checkpoint
from studio.engines.cosyvoice.features import flow_mel, resampled
from studio.engines.cosyvoice.flow import CausalFlow, FirstFlow, Flow, Prompt
from studio.engines.cosyvoice.flow import build as build_flow
from studio.engines.cosyvoice.generation import Batch, Order
from studio.engines.cosyvoice.interleaving import Interleaving
from studio.engines.cosyvoice.language import TIED, FirstModel, QwenModel
from studio.engines.cosyvoice.reference import Reference, listen
from studio.engines.cosyvoice.sizes import Sizes, read_sizes
from studio.engines.cosyvoice.source import Chance
from studio.engines.cosyvoice.speakers import read_speakers
from studio.engines.cosyvoice.vocoder import Vocoder
from studio.engines.cosyvoice.waveform import Faster
from studio.nn.loading import check_fit, unnormed

from . import cosyvoice_front_end as front_end
from .cosyvoice_cases import GENERATIONS, ROOT, Case, case, known, of_stage, tiny
from .cosyvoice_published import write_configuration
from .test_cosyvoice_features import wave
from .test_cosyvoice_language import Recorded, moved
from .test_cosyvoice_vocoder import Drawn, fixed

EMPTY = torch.zeros(0, dtype=torch.long)
MEL_OVERLAP, MEL_KEPT = 34, {"v1": 20, "v2": 8}


def reference(part: str, one: Case, name: str = "wav", even: bool = True) -> Reference:
    """What is in the case's clip; the first generation's mel at the rate that the case says."""
    checkpoint = tiny(part)
    samples, rate = wave(one.params[name])
    found = listen(checkpoint, samples, rate, even=even)
    if part == "v1" and (wanted := one.params.get("prompt_feat_rate", 22_050)) != 22_050:
        mel = flow_mel(resampled(samples, rate, wanted), checkpoint.sizes.mel)
        found = replace(found, mel=mel)
    return found


# what the models are given


@pytest.mark.parametrize(("part", "id"), of_stage("frontend.model_input"))
def test_cosyvoice_what_the_models_are_given(part: str, id: str) -> None:
    one, checkpoint = case(part, id), tiny(part)
    params, ids = one.params, checkpoint.tokenizer.encode
    given: dict[str, Tensor] = {}
    if "text" in params:
        given["text"] = ids(params["text"])
    if "spk_id" in params:
        given["llm_embedding"] = given["flow_embedding"] = read_speakers(checkpoint.root)[params["spk_id"]].speaker
    if before := params.get("prompt_text", params.get("instruct_text")):
        given["prompt_text"] = ids(before)
    if "source_wav" in params:
        given["source_speech_token"] = reference(part, one, "source_wav").sounds
    if "wav" in params:
        heard = reference(part, one)
        given |= {"prompt_speech_feat": heard.mel, "llm_embedding": heard.speaker, "flow_embedding": heard.speaker}
        given["flow_prompt_speech_token"] = given["llm_prompt_speech_token"] = heard.sounds
    for name in one.names("out."):
        short = name.removeprefix("out.")
        if short.endswith("_len"):
            assert int(one.tensor(name)) == len(given[short.removesuffix("_len")])
        else:
            one.compare(name, given[short])


# to sound


def order(part: str, one: Case, text: Tensor, heard: Reference | None, speaker: Tensor | None) -> Order:
    """What the language model is asked in the case's mode."""
    checkpoint, params = tiny(part), one.params
    model, ids = checkpoint.language, checkpoint.tokenizer.encode
    before, prompt, who = EMPTY, EMPTY, speaker if part == "v1" else None
    match params["mode"]:
        case "zero_shot" | "model.tts":
            assert heard is not None
            before, prompt = ids(params.get("prompt_text") or "请问多少钱？"), heard.sounds
        case "instruct" | "instruct2":
            before, who = ids(params["instruct_text"]), None
        case _:
            pass
    if params.get("zero_shot_spk_id") and params["mode"] == "instruct2":
        before = ids("请问多少钱？")  # the reference ignores the instruction of a saved speaker
    least, most = len(text) * 2, len(text) * 20
    return Order(model.prompt(before, text, prompt, who), chooser(part, one), most, least, (model.ids.sounds,))


def chooser(part: str, one: Case) -> Any:
    return Recorded(one.params, tiny(part).language.ids.end)


def spoken(part: str, one: Case, asked: Order) -> Tensor:
    batch = Batch(tiny(part).language, 1)
    row = batch.enter(asked)
    while batch.rows:
        batch.step()
    return torch.tensor(row.drawn, dtype=torch.long)


def chance_of(part: str, one: Case, generator: torch.Generator) -> Chance:
    return fixed(one.params["hift_noise_seed"]) if part == "v3" else Drawn(generator, part)


def sounds_and_prompt(part: str, one: Case) -> tuple[list[Tensor], Prompt]:
    """The sounds of every piece of the case's text, and what the flow knows of the voice."""
    params, checkpoint = one.params, tiny(part)
    if "spk_id" in params:
        speaker = read_speakers(checkpoint.root)[params["spk_id"]].speaker
        heard, prompt = None, Prompt.of(speaker)
    else:
        saved = params.get("add_zero_shot_spk")
        found = Case(one.root, {**one.facts, "params": {**params, **(saved or {})}})
        if "wav" not in found.params:
            found = Case(one.root, {**one.facts, "params": {**params, "wav": "../common/prompt_3s_24k.wav"}})
        heard = reference(part, found, even=params["mode"] != "vc")
        speaker, prompt = heard.speaker, Prompt(heard.sounds, heard.mel, heard.speaker)
        if saved:
            one.facts["params"] = {**params, "prompt_text": saved["prompt_text"]}
    if "flow_prompt_tokens" in params:
        prompt = Prompt(
            prompt.sounds[: params["flow_prompt_tokens"]], prompt.mel[: params["flow_prompt_frames"]], prompt.speaker
        )
    if params["mode"] == "vc":
        return [reference(part, one, "source_wav", even=False).sounds], prompt
    if "text_chunks" in params:
        assert heard is not None
        return [interleaved(part, one, heard)], prompt
    pieces = front_end.segments(params["text"], lambda text: len(checkpoint.tokenizer.encode(text)))
    if "segments" in params:
        assert pieces == params["segments"]
    texts = [checkpoint.tokenizer.encode(piece) for piece in pieces]
    return [spoken(part, one, order(part, one, text, heard, speaker)) for text in texts], prompt


def interleaved(part: str, one: Case, heard: Reference) -> Tensor:
    checkpoint = tiny(part)
    model, ids = checkpoint.language, checkpoint.tokenizer.encode
    text = Interleaving(model, checkpoint.sizes.mix, ids(one.params["prompt_text"]), heard.sounds)
    batch, row, choice = Batch(model, 1), None, chooser(part, one)
    for piece in one.params["text_chunks"]:
        for id in ids(piece):
            text.feed(id[None])
            row = moved(batch, row, text, choice)
    text.finish()
    row = moved(batch, row, text, choice)
    assert row is not None
    return torch.tensor(row.drawn, dtype=torch.long)


@pytest.mark.parametrize(("part", "id"), of_stage("e2e"))
def test_cosyvoice_from_text_and_clip_to_sound(part: str, id: str) -> None:
    one = case(part, id)
    one = Case(one.root, {**one.facts})
    lines, prompt = sounds_and_prompt(part, one)
    drawn = torch.cat(lines) if one.params["mode"] != "vc" else EMPTY
    assert drawn.tolist() == one.tensor("out.tokens").tolist()
    generator = torch.Generator().manual_seed(one.params["seed"])
    render = {"v1": first, "v2": second, "v3": third}[part]
    mels: list[Tensor] = []
    chunks: list[Tensor] = []
    for line in lines:
        chunks += render(part, one, line, prompt, generator, mels)
    assert [len(chunk) for chunk in chunks] == one.params["chunk_samples"]
    sound = torch.cat(chunks)
    assert len(sound) == one.params["wav_samples"]
    for name in one.names("out."):
        if name == "out.wav":
            one.compare(name, sound)
        elif name.startswith("out.wav_"):
            start, end = (int(n) for n in name.removeprefix("out.wav_").split("_"))
            one.compare(name, sound[start:end])
        elif name.startswith("out.mel_"):
            one.compare(name, mels[int(name.removeprefix("out.mel_"))].T)


def first(
    part: str, one: Case, line: Tensor, prompt: Prompt, generator: torch.Generator, mels: list[Tensor]
) -> list[Tensor]:
    """Windows of 100 sounds and 20 more; mel and sound cross-faded."""
    checkpoint, params = tiny(part), one.params
    flow, vocoder, chance = checkpoint.flow, checkpoint.vocoder, chance_of(part, one, generator)
    assert isinstance(flow, FirstFlow)
    if not params["stream"]:
        mel, _ = flow.window(line, prompt, generator)
        mels.append(mel)
        return [vocoder(Faster(params.get("speed", 1.0)).piece(mel, last=True), chance)]
    kept, chunks, tail, at, over = Kept(MEL_KEPT[part], vocoder), [], None, 0, None
    while len(line) - at >= 120:
        mel, tail = flow.window(line[at : at + 120], prompt, generator, tail)
        mels.append(mel)
        mel = mel if over is None else faded(mel, over, MEL_OVERLAP)
        over = mel[-MEL_OVERLAP:]
        chunks.append(kept.piece(mel[:-MEL_OVERLAP], chance, last=False))
        at += 100
    mel, _ = flow.window(line[at:], prompt, generator, tail)
    mels.append(mel)
    chunks.append(kept.piece(mel if over is None else faded(mel, over, MEL_OVERLAP), chance, last=True))
    return chunks


def hops(line: Tensor, prompt: Prompt, first_hop: int) -> list[tuple[int, int]]:
    """(start, end) of the pieces that the second and third generation send before the last one."""
    at, hop, found = 0, first_hop, []
    pad = -len(prompt.sounds) % hop
    while len(line) - at >= (this := hop + pad if at == 0 else hop) + 3:
        found.append((at, at + this))
        at += this
        hop = min(100, 2 * hop)
    return [*found, (at, len(line))]


def second(
    part: str, one: Case, line: Tensor, prompt: Prompt, generator: torch.Generator, mels: list[Tensor]
) -> list[Tensor]:
    """Everything so far once more for each piece; sound cross-faded."""
    checkpoint, params = tiny(part), one.params
    flow, vocoder, chance = checkpoint.flow, checkpoint.vocoder, chance_of(part, one, generator)
    assert isinstance(flow, CausalFlow)
    if not params["stream"]:
        mels.append(flow.whole(line, prompt))
        return [vocoder(Faster(params.get("speed", 1.0)).piece(mels[-1], last=True), chance)]
    kept, chunks = Kept(MEL_KEPT[part], vocoder), []
    pieces = hops(line, prompt, params["token_hop_len_before"])
    for start, end in pieces:
        last = end == pieces[-1][1] and start == pieces[-1][0]
        mels.append(flow.whole(line[: end + 3], prompt, chunked=not last, more=not last))
        chunks.append(kept.piece(mels[-1][2 * start :], chance, last))
    return chunks


def third(
    part: str, one: Case, line: Tensor, prompt: Prompt, generator: torch.Generator, mels: list[Tensor]
) -> list[Tensor]:
    """Everything so far once more for each piece, its sound too."""
    checkpoint, params = tiny(part), one.params
    flow, vocoder = checkpoint.flow, checkpoint.vocoder
    assert isinstance(flow, CausalFlow)
    if not params["stream"]:
        mels.append(flow.whole(line, prompt))
        mel = Faster(params.get("speed", 1.0)).piece(mels[-1], last=True)
        return [vocoder(mel, chance_of(part, one, generator))]
    chunks, given, so_far = [], 0, torch.zeros(0, 80)
    pieces = hops(line, prompt, params["token_hop_len_before"])
    for start, end in pieces:
        last = (start, end) == pieces[-1]
        mels.append(flow.whole(line[: end + 3], prompt, chunked=not last, more=not last))
        so_far = torch.cat([so_far, mels[-1][2 * start :]])
        pitch = vocoder.pitch(so_far)
        cut = None if last else -3
        source = vocoder.m_source(pitch[:cut], chance_of(part, one, generator))
        sound = vocoder.decode(so_far[:cut], source, 0 if last else vocoder.sizes.ahead)
        sound = sound if last else sound[: -vocoder.sizes.scale]
        chunks.append(sound[given:])
        given = len(sound)
    return chunks


class Kept:
    """How the first two generations pass from one piece to the next: some mel, its source, and a cross-fade."""

    def __init__(self, frames: int, vocoder: Vocoder) -> None:
        self.frames, self.vocoder = frames, vocoder
        self.mel: Tensor | None = None
        self.source, self.sound = torch.zeros(0), torch.zeros(0)

    def piece(self, mel: Tensor, chance: Chance, last: bool) -> Tensor:
        mel = mel if self.mel is None else torch.cat([self.mel, mel])
        size = self.frames * self.vocoder.sizes.scale
        source = self.vocoder.m_source(self.vocoder.pitch(mel), chance)
        source = torch.cat([self.source, source[len(self.source) :]])
        sound = self.vocoder.decode(mel, source)
        if self.mel is not None:
            sound = faded(sound, self.sound, size)
        if last:
            return sound
        self.mel, self.source, self.sound = mel[-self.frames :], source[-size:], sound[-size:]
        return sound[:-size]


def faded(new: Tensor, old: Tensor, size: int) -> Tensor:
    """By a Hamming window, whose halves do not add up to one."""
    window = torch.from_numpy(np.hamming(2 * size)).to(torch.float64)
    window = window.view(-1, *(1,) * (new.ndim - 1))
    mixed = new[:size].double() * window[:size] + old[-size:].double() * window[size:]
    return torch.cat([mixed.to(new.dtype), new[size:]])


def test_cosyvoice_cross_fade() -> None:
    one = case("common", "fade_in_out")
    one.compare("out.mixed", faded(one.row("in.new").T, one.row("in.old").T, MEL_OVERLAP).T)


# checkpoints


@pytest.mark.parametrize("part", GENERATIONS)
def test_cosyvoice_published_keys_fit(part: str) -> None:
    path = ROOT / part / "full_size_keys.json"
    if not path.is_file():
        pytest.skip(f"{ROOT} has no {path}")
    modules = json.loads(path.read_text("utf-8"))["modules"]
    sizes = published(part)
    with torch.device("meta"):
        built: dict[str, nn.Module] = {
            "llm": FirstModel(sizes) if part == "v1" else QwenModel(sizes),
            "flow": build_flow(sizes),
            "hift": Vocoder(sizes.vocoder, sizes.generation),
        }
    for name, module in built.items():
        keys = {
            key: torch.empty(shape, device="meta")
            for key, (shape, _) in modules[name]["state_dict"].items()
            if key != TIED
        }
        rename = getattr(type(module), "our_key", str)
        found = unnormed(Path(name), {rename(key): value for key, value in keys.items()})
        check_fit(Path(name), {key: value.shape for key, value in module.state_dict().items()}, found)


def published(part: str) -> Sizes:
    """The sizes of the published model."""
    with tempfile.TemporaryDirectory() as folder:
        write_configuration(part, tiny(part).root, Path(folder))
        return read_sizes(Path(folder))


@pytest.mark.parametrize("part", GENERATIONS)
def test_cosyvoice_files_as_published_are_read(part: str, tmp_path: Path) -> None:
    """`.pt` with weights only, mapped; weight norms under the names of either release of PyTorch; a prefix."""
    from safetensors.torch import load_file

    root = tiny(part).root
    for path in root.rglob("*"):
        if path.is_file() and path.name not in {"llm.safetensors", "flow.safetensors", "hift.safetensors"}:
            target = tmp_path / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    old = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    for name in ("llm", "flow", "hift"):
        tensors = {key: value.float() for key, value in load_file(root / f"{name}.safetensors").items()}
        if name == "hift":
            for new, before in old.items():
                tensors = {key.replace(new, before): value for key, value in tensors.items()}
            tensors = {f"generator.{key}": value for key, value in tensors.items()}
        if name == "llm" and part != "v1":
            tensors[TIED] = tensors["llm.model.model.embed_tokens.weight"]
        torch.save(tensors, tmp_path / f"{name}.pt")
    ours = Checkpoint(tmp_path)
    mel = torch.randn(12, 80, generator=torch.Generator().manual_seed(1))
    again = ours.vocoder(mel, fixed(4))
    torch.testing.assert_close(again, tiny(part).vocoder(mel, fixed(4)), atol=1e-5, rtol=0)
    assert isinstance(ours.flow, Flow)


def test_cosyvoice_at_least_one_case_ran() -> None:
    assert any(known(part) for part in GENERATIONS), f"{ROOT} has no cases at all"
