"""SenseVoice against the reference: features, encoder, scores, tags, texts, times, long audio, the published keys."""

import json
from functools import cache
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from studio.audio.clip import Samples
from studio.recognition.alignment import best_path, runs
from studio.recognition.contract import RATE, Listening, Segment
from studio.recognition.sensevoice.checkpoint import Checkpoint
from studio.recognition.sensevoice.config import Sizes
from studio.recognition.sensevoice.decoding import TAGS, decode
from studio.recognition.sensevoice.encoder import SenseVoice
from studio.recognition.sensevoice.features import log_mel, stack
from studio.recognition.sensevoice.tagged import parts, rich
from studio.recognition.sensevoice.vocabulary import EMOTIONS, LANGUAGES, Vocabulary

from .fixtures import folder

ROOT = folder("sensevoice")
QUERIES = {"auto": 0, "zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12, "nospeech": 13}
CLOSE = {"atol": 1e-4, "rtol": 0.0}
MEL_CLOSE = {"atol": 2e-3, "rtol": 0.0}  # log-mel: float32 against float64 is off by 1.5e-3 where there is no sound


def facts(name: str) -> Any:
    """A JSON file of the folder; the test is skipped where it is absent."""
    path = ROOT / name
    if not path.is_file():
        pytest.skip(f"{ROOT} has no {name}")
    return json.loads(path.read_text("utf-8"))


@cache
def tensors(name: str) -> dict[str, Tensor]:
    path = ROOT / "expected" / f"{name}.safetensors"
    if not path.is_file():
        pytest.skip(f"{ROOT} has no {path.name}")
    return load_file(path)


def rows(name: str, key: str | None = None) -> list[Any]:
    """The rows of a JSON file, for parametrisation; one that will be skipped where it is absent."""
    path = ROOT / name
    if not path.is_file():
        return [None]
    found = json.loads(path.read_text("utf-8"))
    return list(found[key]) if key else list(found)


def there(row: Any) -> Any:
    if row is None:
        pytest.skip(f"{ROOT} lacks these cases")
    return row


STAGES = sorted(path.stem[-1] for path in ROOT.glob("expected/stages_?.safetensors")) or ["?"]
CUTS = sorted(path.stem for path in ROOT.glob("audio/*.wav")) or ["none"]
SETTINGS = pytest.mark.parametrize(
    "row",
    rows("expected/cases.json", "settings"),
    ids=lambda row: row and f"{row['cut']}-{row['language']}-{row['use_itn']}",
)


@pytest.fixture(scope="module")
def tiny() -> Checkpoint:
    if not (ROOT / "tiny" / "model.pt").is_file():
        pytest.skip("no small checkpoint in the parity folder")
    return Checkpoint(ROOT / "tiny", "fp32")


@cache
def cut(name: str) -> Samples:
    path = ROOT / "audio" / f"{name}.wav"
    if not path.is_file():
        pytest.skip(f"{ROOT} has no {path.name}")
    samples, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE
    return samples  # type: ignore[no-any-return]


def query(language: str | None, written: bool) -> tuple[int, ...]:
    return QUERIES.get(language or "auto", 0), 1, 2, 14 if written else 15


def greedy(scores: Tensor, banned: int | None = None) -> list[int]:
    """As the reference decodes: the likeliest label of every step, tags too."""
    if banned is not None:
        scores = scores.clone()
        scores[:, banned] = -torch.inf
    return [run.label for run in runs(scores.argmax(-1).numpy())]


def close(ours: Tensor, theirs: Tensor, **how: float) -> None:
    torch.testing.assert_close(ours, theirs, **(how or CLOSE))


# features


@pytest.mark.parametrize("name", CUTS)
def test_sensevoice_features(tiny: Checkpoint, name: str) -> None:
    expected = tensors("frontend")
    if f"{name}.fbank" not in expected:
        pytest.skip(f"no cut {name}")
    samples = torch.from_numpy(cut(name))
    mel = log_mel(samples, RATE, tiny.sizes.mels)
    close(mel, expected[f"{name}.fbank"], **MEL_CLOSE)
    close(tiny.features(samples), expected[f"{name}.features"], atol=1e-3, rtol=0.0)
    if f"{name}.lfr" in expected:
        close(stack(mel, tiny.sizes.stacked, tiny.sizes.stride), expected[f"{name}.lfr"], **MEL_CLOSE)


def test_sensevoice_features_of_very_short_audio(tiny: Checkpoint) -> None:
    short, expected = facts("expected/cases.json")["short_audio"], tensors("frontend_edges")
    source = torch.from_numpy(cut(short["source"]))[short["offset_samples"] :]
    for row in short["rows"]:
        if "error" not in row:
            wanted = expected[f"n{row['samples']}"]
            close(tiny.features(source[: row["samples"]]), wanted.reshape(row["frames"], -1), atol=1e-3, rtol=0.0)


@pytest.mark.parametrize("row", rows("expected/cases.json", "lfr_edges"), ids=str)
def test_sensevoice_stacks_frames_at_every_length(row: Any) -> None:
    key = "lfr_{m}_{n}_T{T}".format_map(there(row))
    expected = tensors("frontend_edges")
    ours = stack(expected[f"{key}.in"], row["m"], row["n"])
    assert len(ours) == row["out_frames"]
    assert torch.equal(ours, expected[f"{key}.out"])


# the model


@pytest.mark.parametrize(
    "letter", [path.stem[-1] for path in sorted(ROOT.glob("expected/stages_?.safetensors"))] or ["?"]
)
def test_sensevoice_stages(tiny: Checkpoint, letter: str) -> None:
    """Every intermediate tensor of one run, on the cut whose name begins with the letter."""
    expected, found = tensors(f"stages_{letter}"), {}
    encoder = tiny.model.encoder

    def keep(key: str) -> Any:
        return lambda module, given, out: found.__setitem__(key, out.clone())  # some is added to later

    blocks = {"encoders0.0": encoder.encoders0[0]}
    blocks |= {f"encoders.{at}": block for at, block in enumerate(encoder.encoders)}
    blocks |= {f"tp_encoders.{at}": block for at, block in enumerate(encoder.tp_encoders)}
    watched: dict[str, nn.Module] = {"after_norm": encoder.after_norm, "tp_norm": encoder.tp_norm}
    for key, block in blocks.items():
        watched |= {f"{key}.out": block, f"{key}.norm1": block.norm1, f"{key}.self_attn": block.self_attn}
        watched |= {f"{key}.qkv": block.self_attn.linear_q_k_v, f"{key}.norm2": block.norm2}
    hooks = [module.register_forward_hook(keep(key)) for key, module in watched.items()]
    try:
        features = expected["encoder_input"][:, TAGS:]  # the reference's own: their rounding is tested above
        asked = tiny.model.embed(torch.tensor([query("auto", False)]))
        found["query"], found["encoder_input"] = asked, torch.cat([asked, features], 1)
        found["scaled_plus_position"] = encoder.placed(found["encoder_input"])
        scores = tiny.model(features, torch.tensor([query("auto", False)]))
    finally:
        for hook in hooks:
            hook.remove()
    for key, block in blocks.items():
        found[f"{key}.fsmn_memory"] = block.self_attn.memory(found[f"{key}.qkv"].chunk(3, -1)[2], None)
        normed = found.pop(f"{key}.norm2")  # ours adds to what goes around it at once
        found[f"{key}.feed_forward"] = block.feed_forward(normed, onto=torch.zeros_like(normed))
    found["logits"], found["log_probs"] = scores, scores.log_softmax(-1)
    compared = [key for key in expected if key in found]
    assert set(expected) - set(compared) <= {"encoder_out_lens", "speech", "speech_lengths", "features"}
    for key in compared:
        close(found[key].reshape(expected[key].shape), expected[key])


@SETTINGS
def test_sensevoice_hears_what_the_reference_hears(tiny: Checkpoint, row: Any) -> None:
    there(row)
    asked = query(row["language"], row["use_itn"])
    assert list(asked) == row["query_ids"]
    key = f"{row['cut']}.{row['language']}.{'withitn' if row['use_itn'] else 'woitn'}"
    features = tiny.features(torch.from_numpy(cut(row["cut"])))[None]
    encoded = tiny.model.encode(features, torch.tensor([asked]))[0]
    close(encoded, tensors("settings")[f"{key}.encoder_out"])
    scores = tiny.model.score(encoded)
    close(scores.log_softmax(-1)[:TAGS], tensors("settings")[f"{key}.tag_log_probs"])
    assert scores.argmax(-1).tolist() == row["argmax"]
    assert greedy(scores) == row["ids"]
    assert [tiny.vocabulary.piece(id) for id in row["ids"]] == row["pieces"]
    assert tiny.vocabulary.text(row["ids"]) == row["text"]
    unknown = facts("expected/cases.json")["meta"]["special_ids"]["<|EMO_UNKNOWN|>"]
    assert tiny.vocabulary.text(greedy(scores, banned=unknown)) == row["text_ban_emo_unk"]


@SETTINGS
def test_sensevoice_tags_and_text_are_those_of_the_reference(tiny: Checkpoint, row: Any) -> None:
    """Our own decoding: with a good model the tag of each family and the text agree with the first four tokens."""
    there(row)
    (scores,) = tiny.scores([cut(row["cut"])], query(row["language"], row["use_itn"]))
    segment = decode(scores, tiny.vocabulary, Listening(written=row["use_itn"]), len(cut(row["cut"])) / RATE)
    raw = tiny.vocabulary.text([row["argmax"][0], row["argmax"][1]])
    tagged = parts(row["text"])[0]
    if row["pieces"][:2] == [tiny.vocabulary.piece(id) for id in row["argmax"][:2]] and tagged.language:
        languages = {tag.piece: tag.name for tag in LANGUAGES}
        emotions = {tag.piece: tag.name for tag in EMOTIONS}
        assert segment.language == languages[tagged.language], raw
        assert segment.emotion == emotions[tagged.emotion or "EMO_UNKNOWN"], raw
    assert segment.text == tagged.text
    ranked = dict(segment.emotions)
    assert sum(ranked.values()) == pytest.approx(1.0, abs=1e-5)
    logs = row["emotion_log_probs_frame1"]
    whole = sum(np.exp(value) for value in logs.values())
    for tag in EMOTIONS:
        assert ranked[tag.name] == pytest.approx(np.exp(logs[f"<|{tag.piece}|>"]) / whole, abs=1e-4)
    certain = decode(scores, tiny.vocabulary, Listening(certain=True), 1.0)
    assert certain.emotion in {tag.name for tag in EMOTIONS} - {"unknown"}


@pytest.mark.parametrize("name", CUTS)
def test_sensevoice_all_scores(tiny: Checkpoint, name: str) -> None:
    (scores,) = tiny.scores([cut(name)], query("auto", False))
    close(scores.log_softmax(-1), tensors("ctc")[f"{name}.log_probs"])


@pytest.mark.parametrize("row", rows("expected/cases.json", "options"), ids=lambda row: row and str(row["kwargs"]))
def test_sensevoice_options(tiny: Checkpoint, row: Any) -> None:
    """What the reference makes of its options; the errors it raises for wrong ones, ours raises too (see its tests)."""
    options = there(row)["kwargs"]
    written = {"withitn": True, "woitn": False}.get(options.get("text_norm", ""), options.get("use_itn", False))
    if "error" not in row:
        (scores,) = tiny.scores([cut("a_zero_shot")], query(options.get("language"), written))
        assert tiny.vocabulary.text(greedy(scores)) == row["text"]


# batches


@pytest.mark.parametrize("row", rows("expected/cases.json", "batch"), ids=lambda row: row and "+".join(row["cuts"]))
def test_sensevoice_batch(tiny: Checkpoint, row: Any) -> None:
    pieces, asked = [cut(name) for name in there(row)["cuts"]], query(row["language"], row["use_itn"])
    together = tiny.scores(pieces, asked)
    assert [len(scores) for scores in together] == row["encoder_out_lens"]
    assert [tiny.vocabulary.text(greedy(scores)) for scores in together] == row["texts"]
    for piece, scores in zip(pieces, together, strict=True):
        close(scores.log_softmax(-1), tiny.scores([piece], asked)[0].log_softmax(-1))


def test_sensevoice_padded_tensors(tiny: Checkpoint) -> None:
    expected = tensors("batch2")
    lengths = expected["feature_lengths"]
    features = expected["features"]
    real = torch.arange(features.shape[1]) < lengths[:, None]
    encoded = tiny.model.encode(features, torch.tensor([query("auto", False)] * 2), real)
    for at, steps in enumerate(expected["encoder_out_lens"].tolist()):
        close(encoded[at, :steps], expected["encoder_out"][at, :steps])
        close(tiny.model.score(encoded[at, :steps]).log_softmax(-1), expected["log_probs"][at, :steps])


# times


@pytest.mark.parametrize(
    "row", rows("expected/cases.json", "ctc_align_unit"), ids=lambda row: row and str(row["targets"])
)
def test_sensevoice_alignment_of_small_cases(row: Any) -> None:
    steps = tensors("ctc_align_unit")[f"{there(row)['case']}.log_probs"].numpy()
    path = best_path(steps, row["targets"])
    assert path is not None
    assert path.tolist() == row["path"]


@pytest.mark.parametrize(
    "row", rows("expected/timestamps.json"), ids=lambda row: row and f"{row['cut']}-{row['language']}-{row['use_itn']}"
)
def test_sensevoice_times(tiny: Checkpoint, row: Any) -> None:
    (scores,) = tiny.scores([cut(there(row)["cut"])], query(row["language"], row["use_itn"]))
    steps = scores[TAGS:].log_softmax(-1).numpy()
    if not row.get("plain_spans"):
        assert not runs(steps.argmax(-1))
        return
    path = best_path(steps, [span["id"] for span in row["plain_spans"]])
    assert path is not None
    assert path.tolist() == row["plain_alignment"]
    spans = [(run.label, run.first, run.end) for run in runs(path)]
    assert spans == [(span["id"], span["first_frame"], span["end_frame"]) for span in row["plain_spans"]]
    boosted = steps.copy()
    boosted[boosted.argmax(-1) == 0, 0] = 0.0
    again = best_path(boosted, [span["id"] for span in row["plain_spans"]])
    assert again is not None
    assert again.tolist() == row["blank_boosted_alignment"]


@pytest.mark.parametrize("row", rows("expected/crafted_decode.json", "rows"), ids=lambda row: row and row["name"])
def test_sensevoice_crafted_paths(tiny: Checkpoint, row: Any) -> None:
    """The reference's text from paths made by hand, and our words at the times where it gets them right."""
    frames = there(row)["frames"]
    assert tiny.vocabulary.text([run.label for run in runs(frames)]) == row["text"]
    scores = 9.0 * nn.functional.one_hot(torch.tensor(frames), len(tiny.vocabulary)).float()
    if len(frames) < TAGS:
        return
    segment = decode(scores, tiny.vocabulary, Listening(), len(frames) * 0.06)
    assert "<|" not in segment.text
    if row["name"] not in LOSES and row["funasr"]["words"]:
        pieces = [run for run in runs(frames[TAGS:]) if tiny.vocabulary.is_text(run.label)]
        assert "".join(word.text for word in segment.words) == "".join(row["funasr"]["words"]).replace("▁", "")
        assert segment.words[-1].end <= max(0.03, pieces[-1].end * 0.06 - 0.03) + 1e-9


LOSES = {  # cases in which the reference's own times run out of step with its text
    "missing_tag_blank_emotion",
    "repeated_tag_collapses",
    "tag_inside_text",
}


# long audio


@pytest.mark.parametrize(
    "row",
    rows("expected/long_audio.json", "rows"),
    ids=lambda row: row and str((row["options"], row["effective_segments_ms"])),
)
def test_sensevoice_segments_of_long_audio(tiny: Checkpoint, row: Any) -> None:
    built = facts("expected/long_audio.json")["audio"]
    sound = np.concatenate([cut(p["cut"]) if "cut" in p else np.zeros(p["zeros"], np.float32) for p in built["build"]])
    assert len(sound) == built["samples"]
    options = there(row)["options"]
    asked = query(options.get("language"), options.get("use_itn", False))
    pieces = [sound[start * 16 : end * 16] for start, end in row["effective_segments_ms"]]
    unknown = facts("expected/cases.json")["meta"]["special_ids"]["<|EMO_UNKNOWN|>"]
    banned = unknown if options.get("ban_emo_unk") else None
    texts = [tiny.vocabulary.text(greedy(tiny.scores([piece], asked)[0], banned)) for piece in pieces]
    assert " ".join(texts) == (row["result"][0]["text"] if row["result"] else "")


# tagged texts


@pytest.mark.parametrize("row", rows("postprocess.json", "rows"), ids=lambda row: row and (row["raw"][:60] or "empty"))
def test_sensevoice_tagged_text(row: Any) -> None:
    wanted = there(row)["structured"]
    ours = parts(row["raw"])
    keys = ("language", "emotion", "events", "itn", "text")
    assert [(p.language, p.emotion, list(p.events), p.written, p.text) for p in ours] == [
        tuple(one[key] for key in keys) for one in wanted["segments"]
    ]
    assert [name for part in ours for name in part.unknown] == wanted["unknown_tags"]


# the published checkpoint


def test_sensevoice_has_every_published_key_and_shape() -> None:
    published = facts("full_size_keys.json")
    sizes = published["sizes"]
    with torch.device("meta"):
        model = SenseVoice(
            Sizes(
                sizes["output_size"], sizes["attention_heads"], sizes["linear_units"], sizes["num_blocks"],
                sizes["tp_blocks"], sizes["kernel_size"], sizes["sanm_shfit"], 80, 7, 6, RATE,
            ),
            sizes["vocab_size"],
        )  # fmt: skip
    ours = {name: list(value.shape) for name, value in model.state_dict().items()}
    assert ours == {name: facts["shape"] for name, facts in published["keys"].items()}
    assert sum(value.numel() for value in model.state_dict().values()) == published["parameters"]


def test_sensevoice_vocabulary_knows_its_tags(tiny: Checkpoint) -> None:
    special = facts("expected/cases.json")["meta"]["special_ids"]
    vocabulary: Vocabulary = tiny.vocabulary
    for family in (vocabulary.languages, vocabulary.emotions, vocabulary.events, vocabulary.formats):
        for tag, id in zip(family.tags, family.ids, strict=True):
            assert special[f"<|{tag.piece}|>"] == id
            assert not vocabulary.is_text(id)


def test_sensevoice_rich_text_has_none_of_the_quirks() -> None:
    def said(text: str, emotion: str = "happy", event: str = "speech", language: str = "en") -> Segment:
        return Segment(0.0, 1.0, text, language, emotion=emotion, event=event)

    assert rich([said("One here."), said("Two here.")]) == "One here. Two here. 😊"
    assert rich([said("The. end")]) == "The. end 😊"
    assert rich([said("雨声", "neutral", language="zh"), said("热面包", "neutral", language="zh")]) == "雨声热面包"
    assert rich([said("one", "happy", "music"), said("two", "sad", "music")]) == "🎼 one 😊 two 😔"
    assert rich([said("", "unknown", "unknown", "")]) == "❓"
    assert rich([said("a", event="cough")]) != rich([said("a", event="sneeze")])
