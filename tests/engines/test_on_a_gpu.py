"""Engines and the recogniser on a second device: nothing is left on the CPU, and what is heard is the same."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from studio.engines.chattts.engine import ChatTTS
from studio.engines.contract import Recipe, Stop, VoiceContent, VoiceKind
from studio.engines.cosyvoice.declaration import VARIANTS
from studio.engines.cosyvoice.engine import CosyVoice
from studio.errors import BadRequest
from studio.nn.linear import Precision
from studio.recognition.contract import Listening
from studio.recognition.sensevoice.checkpoint import Checkpoint
from studio.recognition.sensevoice.recogniser import SenseVoiceRecogniser
from studio.weights import WeightStore
from tests.parity.cosyvoice_published import write_checkpoint
from tests.pretended import There, pretended

PARITY = Path(__file__).parents[1] / "parity"
NEAR = 1e-4
VOCODED = 2e-3  # the waves of an excitation add up what rounding differs in
HALF: dict[Precision, float] = {"bf16": 1e-2, "fp16": 1e-3}  # of the largest score
TEXT = "今天的天气真不错。"


def store(root: Path) -> WeightStore:
    return WeightStore(lambda: root / "none", root)


def heard(engine: ChatTTS | CosyVoice, voice: VoiceContent, stream: bool, **controls: Any) -> Any:
    spec = engine.spec
    settled = tuple(sorted(spec.settle(controls).items()))
    recipe = Recipe(spec.id, spec.version, TEXT, voice, "zh", settled, 1)
    found = np.concatenate([chunk.samples for chunk in engine.speak([recipe], Stop(), stream)])
    engine.unload()
    return found


def test_the_device_refuses_what_a_real_one_refuses() -> None:
    with pretended(doubles=False):
        there = torch.zeros(3, device="cuda")
        assert isinstance(there + 1, There)
        with pytest.raises(RuntimeError, match="on the same device"):
            there + torch.zeros(3)
        with pytest.raises(TypeError, match="float64"):
            there.double()
    assert isinstance(torch.zeros(3) + 1, torch.Tensor)


@pytest.mark.parametrize("stream", [False, True])
def test_chattts_speaks_there(stream: bool) -> None:
    engine = ChatTTS(store(PARITY / "chattts" / "tiny"))
    voice = VoiceContent(VoiceKind.SEED, seed=7)
    said = {"min_tokens": 30, "max_tokens": 300, "retries": 3, "temperature": 0.7}
    engine.configure({"precision": "fp32"})
    here = heard(engine, voice, stream, **said)
    with pretended(doubles=False):
        engine.configure({"precision": "fp32", "device": "cuda"})
        there = heard(engine, voice, stream, **said)
    assert np.abs(here - there).max() < NEAR


@pytest.mark.parametrize(
    ("id", "doubles"), [("cosyvoice1", False), ("cosyvoice2", False), ("cosyvoice3", True), ("cosyvoice3", False)]
)
def test_cosyvoice_speaks_there(id: str, doubles: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where float64 is unknown, as to Apple's GPUs: what needs it stays on the CPU."""
    if not doubles:
        monkeypatch.setattr("studio.engines.cosyvoice.vocoder.doubles_on", lambda device: torch.device("cpu"))
    generation = VARIANTS[id].generation
    write_checkpoint(f"v{generation}", tmp_path / id)
    engine = CosyVoice(store(tmp_path), VARIANTS[id])
    clip = (PARITY / "cosyvoice" / "common" / "prompt_3s_24k.wav").read_bytes()
    voice = VoiceContent(VoiceKind.CLIP, clip=clip, transcript="请问多少钱？")
    said = {"retries": 6, "endless": "keep", "max_ratio": 12.0, "length_guard": 0.0}
    engine.configure({"precision": "fp32"})
    here = heard(engine, voice, False, **said)
    with pretended(doubles):
        engine.configure({"precision": "fp32", "device": "cuda"})
        there, streamed = (heard(engine, voice, stream, **said) for stream in (False, True))
    assert len(here) == len(there)
    assert np.abs(here - there).max() < VOCODED
    assert len(streamed) > 0


@pytest.mark.parametrize("precision", HALF)
def test_half_precision_is_computed_there(precision: Precision) -> None:
    from studio.engines.chattts.checkpoint import Checkpoint as Spoken

    root, ids = PARITY / "chattts" / "tiny", torch.arange(100, 120)

    def scores(device: str) -> torch.Tensor:
        checkpoint = Spoken(root, precision, device)
        cache = checkpoint.gpt.decoder.cache(1, checkpoint.gpt.prompt(ids))
        cache.open(0, 40)
        seen = checkpoint.gpt.decoder(checkpoint.gpt.prompt(ids)[None], cache, [0])[0]
        return checkpoint.gpt.embed.to_code(seen).cpu()

    here = scores("cpu")
    with pretended():
        assert (scores("cuda") - here).abs().max() < 3 * HALF[precision] * here.abs().max()


@pytest.mark.parametrize("precision", ["fp32", *HALF])
def test_sensevoice_listens_there(precision: Precision) -> None:
    root = PARITY / "sensevoice" / "tiny"
    pieces = [np.random.default_rng(n).normal(0, 0.1, 16_000 * n).astype(np.float32) for n in (1, 2)]
    here = Checkpoint(root, precision).scores(pieces, [0, 1, 2, 3])
    with pretended():
        there = [scores.cpu() for scores in Checkpoint(root, precision, "cuda").scores(pieces, [0, 1, 2, 3])]
    for one, other in zip(here, there, strict=True):
        assert (one - other).abs().max() < HALF.get(precision, 1e-6) * one.abs().max()


def test_whole_numbers_are_refused_there() -> None:
    chattts = ChatTTS(store(PARITY / "chattts" / "tiny"))
    sensevoice = SenseVoiceRecogniser(store(PARITY / "sensevoice" / "tiny"))
    with pretended():
        for one in (chattts, sensevoice):
            one.configure({"precision": "int8", "device": "cuda"})
        with pytest.raises(BadRequest, match="chattts: int8 is for CPUs"):
            chattts.load()
        with pytest.raises(BadRequest, match="sensevoice: int8 is for CPUs"):
            sensevoice.listen([np.zeros(16_000, np.float32)], Listening(), Stop())
