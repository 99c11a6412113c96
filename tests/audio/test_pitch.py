"""Pitch of known tones to a few parts in a thousand; of silence and noise none."""

import time
from collections.abc import Callable

import numpy as np
import pytest

from studio.audio.clip import Clip
from studio.audio.pitch import HOP_S, melody

WAVES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sine": np.sin,
    "saw": lambda phase: sum((np.sin(n * phase) / n for n in range(1, 10)), np.zeros_like(phase)),
    "no fundamental": lambda phase: sum((np.sin(n * phase) for n in range(3, 9)), np.zeros_like(phase)),
}  # fmt: skip


def tone(hertz: float | np.ndarray, rate: int = 24_000, seconds: float = 0.6, wave: str = "saw") -> Clip:
    """A tone; an array of frequencies glides through them."""
    course = np.interp(
        np.linspace(0, 1, round(rate * seconds)), np.linspace(0, 1, np.size(hertz)), np.atleast_1d(hertz)
    )
    return Clip((0.2 * WAVES[wave](2 * np.pi * np.cumsum(course) / rate)).astype(np.float32), rate)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 48_000])
@pytest.mark.parametrize("wave", WAVES)
@pytest.mark.parametrize("hertz", [60.0, 98.0, 147.0, 220.0, 310.0, 440.0])
def test_known_tones(hertz: float, wave: str, rate: int) -> None:
    found = melody(tone(hertz, rate, wave=wave))
    assert found.median_hz == pytest.approx(hertz, rel=0.005)
    assert len(found.voiced) > 0.9 * len(found.hertz)
    assert found.span_semitones == pytest.approx(0, abs=0.1)


def test_a_glide_is_followed_frame_by_frame() -> None:
    found = melody(tone(np.array([120.0, 240.0]), seconds=1.0))
    at = np.arange(10, 90)
    # a frame looks ahead by a window and a period, some 17 ms in the middle
    assert found.hertz[at] == pytest.approx(120 + 120 * (at * HOP_S + 0.017), rel=0.02)
    assert found.span_semitones == pytest.approx(12 * np.log2(228 / 132), abs=0.4)


def test_what_has_no_pitch() -> None:
    noise = np.random.default_rng(1).standard_normal(24_000).astype(np.float32)
    assert len(melody(Clip(0.1 * noise, 24_000)).voiced) <= 1
    for frames in (0, 1, 100, 24_000):
        silent = melody(Clip(np.zeros(frames, np.float32), 24_000))
        assert (silent.median_hz, silent.span_semitones) == (None, None)


def test_pauses_have_none_and_noise_does_not_hide_it() -> None:
    clip = tone(180.0, seconds=0.5)
    gap = np.zeros(12_000, np.float32)
    hiss = 0.004 * np.random.default_rng(2).standard_normal(36_000).astype(np.float32)
    found = melody(Clip(np.concatenate([clip.samples, gap, clip.samples]) + hiss, 24_000))
    assert found.median_hz == pytest.approx(180, rel=0.01)
    assert not found.hertz[55:95].any()


def test_level_does_not_matter_and_a_minute_is_quick() -> None:
    clip = tone(131.0, rate=16_000, seconds=60.0)
    begun = time.process_time()
    loud = melody(clip)
    assert time.process_time() - begun < 5
    quiet = melody(Clip(clip.samples * np.float32(0.01), clip.rate))
    assert quiet.median_hz == pytest.approx(loud.median_hz, rel=1e-3)
