"""The gate of SenseVoice's reduced precisions: on every cut they must hear what fp32 hears, as certainly."""

import json
import platform

import pytest
import soundfile

from studio.nn.linear import Precision
from studio.recognition.contract import Listening
from studio.recognition.sensevoice.checkpoint import Checkpoint
from studio.recognition.sensevoice.decoding import decode
from studio.recognition.sensevoice.recogniser import EVENT_QUERIES, QUERIES, SPOKEN, WRITTEN

from .fixtures import folder

ROOT = folder("sensevoice")
CERTAIN = {"bf16": 0.02, "fp16": 0.01, "int8": 0.1}  # how far the probability of a tag or word may move


@pytest.mark.parametrize("precision", CERTAIN)
def test_sensevoice_reduced_precision_hears_the_same(precision: Precision) -> None:
    if not (ROOT / "tiny" / "model.pt").is_file():
        pytest.skip("no small checkpoint in the parity folder")
    if precision == "int8" and platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip("int8 computes on x86 only; bf16 and fp16 are tested here")
    exact, reduced = Checkpoint(ROOT / "tiny", "fp32"), Checkpoint(ROOT / "tiny", precision)
    cases = json.loads((ROOT / "expected" / "cases.json").read_text("utf-8"))["settings"]
    for row in cases:
        if row["language"] not in QUERIES or row["min_top2_margin"] < 1:
            continue  # a language that is never asked for; labels that are as good as equal
        samples, _ = soundfile.read(ROOT / "audio" / f"{row['cut']}.wav", dtype="float32")
        query = (QUERIES[row["language"]], *EVENT_QUERIES, WRITTEN if row["use_itn"] else SPOKEN)
        one, other = (
            decode(model.scores([samples], query)[0], model.vocabulary, Listening(), 1.0) for model in (exact, reduced)
        )
        assert (other.text, other.language, other.emotion, other.event) == (
            one.text,
            one.language,
            one.emotion,
            one.event,
        )
        far = [abs(dict(other.emotions)[label] - chance) for label, chance in one.emotions]
        far += [abs(a.confidence - b.confidence) for a, b in zip(one.words, other.words, strict=True)]
        assert max(far) < CERTAIN[precision], (row["cut"], max(far))
