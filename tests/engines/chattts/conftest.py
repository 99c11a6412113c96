"""The small checkpoint of the parity tests behind the real engine. Its voice is noise; everything else is real."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.engines.chattts.engine import ChatTTS
from studio.engines.contract import AudioChunk, Recipe, Stop, VoiceContent, VoiceKind
from studio.weights import WeightStore

TINY = Path(__file__).parents[2] / "parity" / "chattts" / "tiny"
CALM = {"temperature": 0.7, "max_tokens": 1200, "min_tokens": 30, "retries": 3}


@pytest.fixture(scope="session")
def tiny() -> Path:
    return TINY


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> WeightStore:
    folder = tmp_path_factory.mktemp("weights")
    return WeightStore(lambda: folder, TINY)


def made(store: WeightStore, **settings: Any) -> ChatTTS:
    engine = ChatTTS(store)
    engine.configure(settings)
    return engine


@pytest.fixture(scope="session")
def engine(store: WeightStore) -> Iterator[ChatTTS]:
    engine = made(store)
    yield engine
    engine.unload()


@pytest.fixture(scope="session")
def recipe_for() -> Callable[..., Recipe]:
    def make(engine: ChatTTS, text: str, voice: VoiceContent | int = 7, seed: int = 0, **controls: Any) -> Recipe:
        spec = engine.spec
        if isinstance(voice, int):
            voice = VoiceContent(VoiceKind.SEED, seed=voice)
        settled = spec.settle({**CALM, **controls})
        return Recipe(spec.id, spec.version, text, voice, "zh", tuple(sorted(settled.items())), seed)

    return make


@pytest.fixture(scope="session")
def hear() -> Callable[..., list[np.ndarray[Any, Any]]]:
    """The sound of each recipe, whole."""

    def listen(engine: ChatTTS, *recipes: Recipe, stream: bool = False) -> list[np.ndarray[Any, Any]]:
        found: list[list[AudioChunk]] = [[] for _ in recipes]
        for chunk in engine.speak(recipes, Stop(), stream):
            found[chunk.index].append(chunk)
        assert all(chunks[-1].last and not any(chunk.last for chunk in chunks[:-1]) for chunks in found)
        return [np.concatenate([chunk.samples for chunk in chunks]) for chunks in found]

    return listen


def texts(recipes: Sequence[Recipe]) -> list[str]:
    return [recipe.text for recipe in recipes]
