"""The small checkpoints of the parity tests behind the real engines. Their voice is noise; everything else is real."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.engines.contract import AudioChunk, Recipe, Stop, VoiceContent, VoiceKind
from studio.engines.cosyvoice.declaration import VARIANTS
from studio.engines.cosyvoice.engine import CosyVoice
from studio.weights import WeightStore
from tests.parity.cosyvoice_published import write_checkpoint

PARITY = Path(__file__).parents[2] / "parity" / "cosyvoice"
CLIP = PARITY / "common" / "prompt_3s_24k.wav"
SOURCE = PARITY / "common" / "source_1s2_22k.wav"
TRANSCRIPT = "请问多少钱？"
CALM = {"retries": 6, "endless": "keep", "max_ratio": 12.0, "length_guard": 0.0}  # a random model seldom ends by itself

Hear = Callable[..., list[Any]]
Make = Callable[..., Recipe]
Engines = Callable[..., CosyVoice]
TEXTS = (
    "今天的天气真不错，我们一起去公园散步吧。",
    "hello world, this is a small test of the speech.",
    "请你说话[laughter]声音有点小",
)
CAUSAL = ("cosyvoice2", "cosyvoice3")


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sub-folder for every model."""
    root = tmp_path_factory.mktemp("models")
    for id, variant in VARIANTS.items():
        write_checkpoint(f"v{variant.generation}", root / id)
    return root


@pytest.fixture(scope="session")
def store(models: Path, tmp_path_factory: pytest.TempPathFactory) -> WeightStore:
    folder = tmp_path_factory.mktemp("weights")
    return WeightStore(lambda: folder, models)


@pytest.fixture(scope="session")
def made(store: WeightStore) -> Iterator[Callable[..., CosyVoice]]:
    """Engines by id and settings, made once."""
    known: dict[Any, CosyVoice] = {}

    def make(id: str, **settings: Any) -> CosyVoice:
        key = (id, tuple(sorted(settings.items())))
        if key not in known:
            known[key] = CosyVoice(store, VARIANTS[id])
            known[key].configure({"precision": "fp32", **settings})
        return known[key]

    yield make
    for engine in known.values():
        engine.unload()


def clip(transcript: str = TRANSCRIPT, path: Path = CLIP) -> VoiceContent:
    return VoiceContent(VoiceKind.CLIP, clip=path.read_bytes(), transcript=transcript)


def preset(name: str) -> VoiceContent:
    return VoiceContent(VoiceKind.BUILTIN, name=name)


def voice_for(engine: CosyVoice) -> VoiceContent:
    return clip() if engine.variant.clips else preset("中文女")


@pytest.fixture(scope="session")
def recipe_for() -> Callable[..., Recipe]:
    def make(
        engine: CosyVoice, text: str, voice: VoiceContent | None = None, seed: int = 0, mode: str = "speak",
        language: str = "zh", **controls: Any,
    ) -> Recipe:  # fmt: skip
        spec = engine.spec
        settled = spec.settle({**CALM, **controls})
        voice = voice or voice_for(engine)
        return Recipe(spec.id, spec.version, text, voice, language, tuple(sorted(settled.items())), seed, mode)

    return make


@pytest.fixture(scope="session")
def hear() -> Callable[..., list[np.ndarray[Any, Any]]]:
    """The sound of each recipe, whole."""

    def listen(engine: CosyVoice, *recipes: Recipe, stream: bool = False) -> list[np.ndarray[Any, Any]]:
        found: list[list[AudioChunk]] = [[] for _ in recipes]
        for chunk in engine.speak(recipes, Stop(), stream):
            found[chunk.index].append(chunk)
        assert all(chunks[-1].last and not any(chunk.last for chunk in chunks[:-1]) for chunks in found)
        return [np.concatenate([chunk.samples for chunk in chunks]) for chunks in found]

    return listen
