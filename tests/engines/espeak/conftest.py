"""The embedded engine alone, and ears for it."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from studio.engines.contract import Recipe
from studio.engines.espeak import Espeak

RATE = 22_050


@pytest.fixture(scope="session")
def espeak() -> Iterator[Espeak]:
    engine = Espeak()
    yield engine
    engine.unload()


@pytest.fixture(scope="session")
def heard(espeak: Espeak, hear: Callable[..., list[Any]], recipe_for: Callable[..., Recipe]) -> Callable[..., Any]:
    """`heard("text", voice, control=value)`: one utterance of the embedded engine."""

    def one(text: str, voice: Any = "", **others: Any) -> Any:
        return hear(espeak, recipe_for(espeak, text, voice, **others))[0]

    return one


def level(samples: Any) -> float:
    """dB of the louder half of the sound, so that pauses do not count."""
    windows = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), 4410)[::1102]
    power = np.sort((windows**2).mean(axis=1))
    return float(10 * np.log10(power[len(power) // 2 :].mean()))


def pitches(samples: Any) -> Any:
    """Fundamental frequency in Hz of each voiced stretch of 93 ms, every 23 ms, by autocorrelation."""
    found = []
    for at in range(0, len(samples) - 2048, 512):
        window = samples[at : at + 2048].astype(np.float64)
        window -= window.mean()
        if window.std() < 0.02:
            continue
        likeness = np.fft.irfft(np.abs(np.fft.rfft(window, 8192)) ** 2)[:600]
        lag = 45 + int(likeness[45:].argmax())
        if likeness[lag] > 0.5 * likeness[0]:
            found.append(RATE / lag)
    return np.array(found)


@pytest.fixture(scope="session")
def loudness() -> Callable[[Any], float]:
    return level


@pytest.fixture(scope="session")
def melody() -> Callable[[Any], Any]:
    return pitches
