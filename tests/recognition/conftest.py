"""What the tests of listening share: the small checkpoint, and recordings with real speech in them."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr

from studio.engines.contract import Recipe, VoiceContent, VoiceKind
from studio.engines.registry import Registry
from studio.recognition.sensevoice.recogniser import SenseVoiceRecogniser
from studio.weights import WeightStore

PARITY = Path(__file__).parents[1] / "parity" / "sensevoice"
TINY = PARITY / "tiny"
RATE = 16_000


def store(root: Path, models: Path | None = TINY) -> WeightStore:
    return WeightStore(lambda: root / "weights", models)


@pytest.fixture(scope="session")
def recogniser(tmp_path_factory: pytest.TempPathFactory) -> SenseVoiceRecogniser:
    return SenseVoiceRecogniser(store(tmp_path_factory.mktemp("models")))


def cut(name: str) -> np.ndarray[Any, Any]:
    samples, _ = soundfile.read(PARITY / "audio" / f"{name}.wav", dtype="float32")
    return samples  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def spoken() -> Callable[[str], np.ndarray[Any, Any]]:
    """A sentence as eSpeak NG says it, at 16 kHz."""
    registry = Registry(third_parties=False)
    spec = registry.get("espeak").spec
    controls = tuple(sorted(spec.settle({}).items()))

    def say(text: str, language: str = "en") -> np.ndarray[Any, Any]:
        recipe = Recipe("espeak", spec.version, text, VoiceContent(VoiceKind.BUILTIN, name="f2"), language, controls)
        chunks = [chunk.samples for chunk in registry.speak("espeak", [recipe])]
        return soxr.resample(np.concatenate(chunks), spec.rate, RATE).astype(np.float32)  # type: ignore[no-any-return]

    return say


def silence(seconds: float) -> np.ndarray[Any, Any]:
    return np.zeros(round(seconds * RATE), np.float32)


def imports(code: str) -> set[str]:
    """The heavy modules that are there after running `code` in a process of its own."""
    names = {"torch", "torchaudio", "onnxruntime", "sentencepiece", "silero_vad"}
    tail = f"\nimport sys; print(*({names} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code + tail], capture_output=True, text=True, check=True)
    return set(done.stdout.split())
