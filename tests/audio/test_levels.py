"""Levels against the standard's own signals, against pyloudnorm, and against a resampler."""

import json
import resource
from collections.abc import Callable

import numpy as np
import pyloudnorm
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.audio.clip import Clip, Samples
from studio.audio.levels import Meter, measure

RATES = [8000, 16_000, 22_050, 24_000, 44_100, 48_000]
Voice = Callable[..., Samples]
Tone = Callable[..., Samples]


@pytest.mark.parametrize("rate", [16_000, *RATES[2:]])
def test_a_kilohertz_reads_as_the_standard_says(rate: int, tone: Tone) -> None:
    """BS.1770-4: a sine of 997 Hz at 0 dBFS in one channel reads -3.01 LUFS."""
    found = measure(Clip(tone(997, 5, rate, 1.0), rate))
    assert found.loudness_lufs == pytest.approx(-3.01, abs=0.05)
    assert found.rms_db == pytest.approx(-3.01, abs=0.01)
    assert found.peak_db == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("level", [0.9, 0.1, 0.003])
def test_loudness_agrees_with_pyloudnorm(rate: int, level: float, voice: Voice) -> None:
    sound = voice(9.37, rate, level)
    found = measure(Clip(sound, rate)).loudness_lufs
    exact = pyloudnorm.Meter(rate, filter_class="DeMan").integrated_loudness(sound.astype(np.float64))
    assert found == pytest.approx(exact, abs=0.02)
    if rate >= 22_050:  # its ordinary filter is only roughly the standard's below
        rough = pyloudnorm.Meter(rate).integrated_loudness(sound.astype(np.float64))
        assert found == pytest.approx(rough, abs=0.1)


def test_pauses_do_not_count(voice: Voice) -> None:
    """The gates: as much silence again changes nothing, where the plain level falls by 3 dB."""
    sound = voice(10)
    alone = measure(Clip(sound, 24_000))
    paused = measure(Clip(np.concatenate([sound, np.zeros_like(sound)]), 24_000))
    assert paused.loudness_lufs == pytest.approx(alone.loudness_lufs, abs=0.2)
    assert paused.rms_db == pytest.approx((alone.rms_db or 0) - 3.01, abs=0.01)


@pytest.mark.parametrize("rate", RATES)
def test_the_peak_between_samples_is_found(rate: int) -> None:
    """A quarter of the sample rate, an eighth of a turn off: every sample is at 0.707 of the true peak."""
    n = np.arange(rate)
    sound = (0.8 * np.sin(np.pi / 2 * n + np.pi / 4)).astype(np.float32)
    sound *= np.hanning(rate).astype(np.float32)
    found = measure(Clip(sound, rate))
    assert found.peak_db == pytest.approx(20 * np.log10(0.8 * np.sqrt(0.5)), abs=0.01)
    assert found.true_peak_db == pytest.approx(20 * np.log10(0.8), abs=0.02)


@pytest.mark.parametrize("seed", range(4))
def test_the_true_peak_agrees_with_a_resampler(seed: int) -> None:
    random = np.random.default_rng(seed)
    spectrum = np.fft.rfft(random.standard_normal(48_000))
    spectrum[20_000:] = 0  # a real signal ends before half the rate
    sound = np.fft.irfft(spectrum).astype(np.float32)
    sound *= (0.9 / np.abs(sound).max()) * np.hanning(48_000).astype(np.float32)
    oracle = np.abs(soxr.resample(sound, 24_000, 24_000 * 16, "VHQ")).max()
    assert measure(Clip(sound, 24_000)).true_peak_db == pytest.approx(20 * np.log10(oracle), abs=0.15)


def test_silence_has_no_levels_and_no_infinities() -> None:
    found = measure(Clip(np.zeros(24_000, np.float32), 24_000))
    assert (found.loudness_lufs, found.true_peak_db, found.peak_db, found.rms_db, found.noise_db) == (None,) * 5
    assert (found.lead_s, found.tail_s) == (1.0, 1.0)
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["loudness_lufs"] is None


def test_nothing_at_all_is_measured_too() -> None:
    found = measure(Clip(np.zeros(0, np.float32), 24_000))
    assert found.seconds == 0
    assert found.loudness_lufs is None


@pytest.mark.parametrize("seconds", [0.001, 0.05, 0.2, 0.399])
def test_a_short_sound_has_its_plain_loudness(seconds: float, tone: Tone) -> None:
    found = measure(Clip(tone(997, seconds, 24_000, 1.0), 24_000))
    assert found.loudness_lufs is not None
    if seconds >= 0.05:
        assert found.loudness_lufs == pytest.approx(-3.01, abs=0.2)


def test_the_noise_floor_is_that_of_the_pauses(tone: Tone) -> None:
    random = np.random.default_rng(0)
    noise = (10 ** (-55 / 20) * random.standard_normal(240_000)).astype(np.float32)
    sound = noise + tone(300, 10) * (np.arange(240_000) % 48_000 < 36_000)
    assert measure(Clip(sound.astype(np.float32), 24_000)).noise_db == pytest.approx(-55, abs=0.5)


def test_the_silence_at_the_ends_is_told_to_the_frame() -> None:
    sound = np.zeros(24_000, np.float32)
    sound[2400:19_000] = 0.5
    sound[19_000:20_000] = 0.001  # 10 dB under what is heard
    found = measure(Clip(sound, 24_000))
    assert found.lead_s == pytest.approx(0.1, abs=1e-9)
    assert found.tail_s == pytest.approx(5000 / 24_000, abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(1, 40_000), max_size=12), rate=st.sampled_from([8000, 11_025, 24_000]))
def test_a_stream_reads_as_the_whole_to_the_bit(cuts: list[int], rate: int) -> None:
    sound = (0.2 * np.random.default_rng(3).standard_normal(90_000)).astype(np.float32)
    meter = Meter(rate)
    at = 0
    for cut in [*cuts, 90_000]:
        meter.push(sound[at : at + cut])
        at += cut
    assert meter.finish() == measure(Clip(sound, rate))


def test_an_hour_is_measured_in_flat_memory(voice: Voice) -> None:
    minute = np.tile(voice(1.0, 8000), 60)
    meter = Meter(8000)
    meter.push(minute)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(59):
        meter.push(minute)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2000  # kilobytes
    assert meter.finish().seconds == 3600
