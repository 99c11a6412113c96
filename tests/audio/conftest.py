"""Sounds that the tests of the room share: made by rule, the same every time."""

import io
from collections.abc import Callable

import numpy as np
import pytest

from studio.audio.clip import Clip, Samples

RATE = 24_000


def speak(seconds: float, rate: int = RATE, level: float = 0.25, seed: int = 0) -> Samples:
    """Something like speech: syllables of a buzzing voice with formants, hissing sibilants, silent pauses."""
    random = np.random.default_rng(seed)
    count = round(seconds * rate)
    t = np.arange(count) / rate
    pitch = 120 + 20 * np.sin(2 * np.pi * 0.7 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / rate
    turns = random.uniform(0, 2 * np.pi, 20)  # a pulse train in phase would be all peak and no loudness
    buzz = sum(np.sin(k * phase + turns[k]) / (1 + ((k * 120 - 600) / 500) ** 2) for k in range(1, 20))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * t), 0, 1) ** 0.5
    words = (np.sin(2 * np.pi * 0.31 * t + 0.6) > -0.6).astype(float)
    spectrum = np.fft.rfft(random.standard_normal(count))
    spectrum[np.fft.rfftfreq(count, 1 / rate) < 5500] = 0
    hiss = np.fft.irfft(spectrum, count) * np.clip(np.sin(2 * np.pi * 3.1 * t + 3.4), 0, 1) ** 2
    sound = words * (syllables * buzz / 3 + 0.3 * hiss)
    return (sound * (level / np.abs(sound).max())).astype(np.float32)


@pytest.fixture(scope="session")
def speech() -> Clip:
    """Twelve seconds of the voice at -12 dBFS."""
    return Clip(speak(12), RATE)


@pytest.fixture
def tone() -> Callable[..., Samples]:
    def make(frequency: float, seconds: float, rate: int = RATE, level: float = 0.5) -> Samples:
        return (level * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.float32)

    return make


@pytest.fixture(scope="session")
def cover() -> bytes:
    from PIL import Image

    picture = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").save(picture, "JPEG")
    return picture.getvalue()


def band_energy_db(samples: Samples, rate: int, low: float, high: float) -> float:
    """Energy between two frequencies."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / rate)
    return float(10 * np.log10(power[(frequencies >= low) & (frequencies < high)].sum() + 1e-30))


@pytest.fixture(scope="session")
def voice() -> Callable[..., Samples]:
    """`voice(seconds, rate=24000, level=0.25, seed=0)`."""
    return speak


@pytest.fixture(scope="session")
def band_db() -> Callable[[Samples, int, float, float], float]:
    return band_energy_db
