"""Engines and the recogniser on a second device: nothing is left on the CPU, and what is heard is the same."""

from collections.abc import Callable, Sequence
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
Store = Callable[[Path], WeightStore]
TEXT = "今天的天气真不错。"
CLIP, SAID = PARITY / "cosyvoice" / "common" / "prompt_3s_24k.wav", "请问多少钱？"
SOURCE = PARITY / "cosyvoice" / "common" / "source_1s2_22k.wav"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Models in a folder that is only read; what the store notes of them is kept elsewhere."""
    return lambda root: WeightStore(lambda: tmp_path / "weights", root)


def recipe(engine: ChatTTS | CosyVoice, text: str, voice: VoiceContent, **controls: Any) -> Recipe:
    spec = engine.spec
    return Recipe(spec.id, spec.version, text, voice, "zh", tuple(sorted(spec.settle(controls).items())), 1)


def heard(engine: ChatTTS | CosyVoice, recipes: Sequence[Recipe], stream: bool = False) -> list[Any]:
    """The sound of each recipe, of all of them spoken together."""
    found: list[list[Any]] = [[] for _ in recipes]
    for chunk in engine.speak(recipes, Stop(), stream):
        found[chunk.index].append(chunk.samples)
    return [np.concatenate(chunks) for chunks in found]


def near(here: Sequence[Any], there: Sequence[Any], most: float) -> None:
    assert [len(one) for one in here] == [len(one) for one in there]
    assert max(np.abs(one - other).max() for one, other in zip(here, there, strict=True)) < most


def test_the_device_refuses_what_a_real_one_refuses() -> None:
    with pretended(doubles=False):
        there = torch.zeros(3, device="cuda")
        assert isinstance(there + 1, There)
        with pytest.raises(RuntimeError, match="on the same device"):
            there + torch.zeros(3)
        with pytest.raises(TypeError, match="float64"):
            there.double()
    assert isinstance(torch.zeros(3) + 1, torch.Tensor)


def test_chattts_speaks_there(store: Store) -> None:
    """By a seed and by a clip, refined, through both decoders, together and streamed."""
    engine = ChatTTS(store(PARITY / "chattts" / "tiny"))
    seed = VoiceContent(VoiceKind.SEED, seed=7)
    clip = VoiceContent(VoiceKind.CLIP, clip=CLIP.read_bytes(), transcript=SAID)
    plain = {"min_tokens": 30, "max_tokens": 300, "retries": 3, "temperature": 0.7}

    def sounds(device: str) -> list[Any]:
        engine.configure({"precision": "fp32", "device": device})
        recipes = [
            recipe(engine, TEXT, seed, **plain),
            recipe(engine, TEXT, clip, **plain),
            recipe(engine, TEXT, seed, **plain, refine=True, refine_guard="allow"),
            recipe(engine, TEXT, seed, **plain, decoder="dvae"),
        ]
        found = heard(engine, recipes) + heard(engine, recipes[:1], stream=True)
        engine.unload()
        return found

    here = sounds("cpu")
    with pretended(doubles=False):
        near(here, sounds("cuda"), NEAR)


@pytest.mark.parametrize(
    ("id", "doubles"), [("cosyvoice1", False), ("cosyvoice2", False), ("cosyvoice3", True), ("cosyvoice3", False)]
)
def test_cosyvoice_speaks_there(
    id: str, doubles: bool, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Together, streamed and converted; also where float64 is unknown, as to Apple's GPUs: that stays on the CPU."""
    if not doubles:
        monkeypatch.setattr("studio.engines.cosyvoice.vocoder.doubles_on", lambda device: torch.device("cpu"))
    write_checkpoint(f"v{VARIANTS[id].generation}", tmp_path / "models" / id)
    engine = CosyVoice(store(tmp_path / "models"), VARIANTS[id])
    voice = VoiceContent(VoiceKind.CLIP, clip=CLIP.read_bytes(), transcript=SAID)
    said = {"retries": 6, "endless": "keep", "max_ratio": 12.0, "length_guard": 0.0}

    def sounds(device: str) -> list[Any]:
        engine.configure({"precision": "fp32", "device": device})
        recipes = [recipe(engine, text, voice, **said) for text in (TEXT, "你好。")]
        found = heard(engine, recipes) + heard(engine, recipes[1:], stream=True)
        converted = [chunk.samples for chunk in engine.convert(SOURCE.read_bytes(), recipes[0], Stop())]
        engine.unload()
        return [*found, np.concatenate(converted)]

    here = sounds("cpu")
    with pretended(doubles):
        near(here, sounds("cuda"), VOCODED)
        engine.configure({"precision": "auto", "device": "cuda"})
        (half,) = heard(engine, [recipe(engine, "你好。", voice, **said)])
        assert "bf16" in engine.spec.version
        engine.unload()
    assert len(half) > 0
    assert np.isfinite(half).all()


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


def test_whole_numbers_are_refused_there(store: Store) -> None:
    chattts = ChatTTS(store(PARITY / "chattts" / "tiny"))
    sensevoice = SenseVoiceRecogniser(store(PARITY / "sensevoice" / "tiny"))
    with pretended():
        for one in (chattts, sensevoice):
            one.configure({"precision": "int8", "device": "cuda"})
        with pytest.raises(BadRequest, match="chattts: int8 is for CPUs"):
            chattts.load()
        with pytest.raises(BadRequest, match="sensevoice: int8 is for CPUs"):
            sensevoice.listen([np.zeros(16_000, np.float32)], Listening(), Stop())
