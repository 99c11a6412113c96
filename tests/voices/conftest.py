"""Recordings with known faults, made of espeak's speech."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from studio.audio.clip import Samples
from studio.studio import SpeakRequest, Studio
from studio.voices.sentences import TEXTS as SENTENCES

TEXTS = {
    "en": "The old clock in the hall struck nine. Nobody had wound it for years, and yet it went on. "
    "She put down her book and listened to the rain. Then somebody knocked at the door.",
    "zh": "今天的天气真不错，我们一起去公园散步吧。"
    "路边的花都开了，孩子们在草地上奔跑。远处传来了歌声，大家都停下来听。",
}
RATE = 22_050  # espeak's


@pytest.fixture(scope="session")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Samples]:
    """What espeak says in a language and a voice, at `RATE`."""
    said: dict[tuple[str, str], Samples] = {}
    with Studio(tmp_path_factory.mktemp("speech")) as studio:
        for language, voice in (("en", "f3"), ("en", "m1"), ("zh", "f2"), ("zh", "m3")):
            take = studio.speak(SpeakRequest(TEXTS[language], voice=voice)).wait(60)
            said[language, voice] = studio.cache.load(take.digest).samples
    return lambda language, voice: said[language, voice]


@pytest.fixture(scope="session")
def studio_speech(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, int], Samples]]:
    """What a voice of the embedded engine says as its n-th English sentence, at `RATE`."""
    with Studio(tmp_path_factory.mktemp("sentences")) as studio:

        def said(voice: str, number: int) -> Samples:
            take = studio.speak(SpeakRequest(SENTENCES["en"].sentences[number], voice=voice, language="en")).wait(60)
            return studio.cache.load(take.digest).samples

        yield said


@pytest.fixture
def wav(tmp_path: Path) -> Callable[..., Path]:
    """A file of samples."""

    def write(samples: Samples, rate: int = RATE, name: str = "clip.wav", **how: str) -> Path:
        soundfile.write(tmp_path / name, samples, rate, **how)
        return tmp_path / name

    return write


def loudness(samples: Samples) -> float:
    """RMS of the speech alone, as a number."""
    frames = samples[: len(samples) // 512 * 512].reshape(-1, 512)
    power = (frames * frames).mean(axis=1)
    return float(np.sqrt(power[power > power.max() * 1e-3].mean()))


def noisy(samples: Samples, snr_db: float) -> Samples:
    """With white noise so many dB below the speech."""
    noise = np.random.default_rng(1).normal(0, loudness(samples) * 10 ** (-snr_db / 20), len(samples))
    return (samples + noise).astype(np.float32)
