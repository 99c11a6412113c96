"""Edits do what they say, to the frame where a frame is promised, and never touch what they were given."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.audio import edit
from studio.audio.clip import Clip, Samples, from_int16, to_int16
from studio.audio.levels import measure
from studio.audio.mixing import overlay, underlay
from studio.errors import BadRequest

RATE = 24_000
Tone = Callable[..., Samples]


def frequency(samples: Samples, rate: int = RATE) -> float:
    """The strongest frequency."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 4 * len(samples)))
    return float(power.argmax()) * rate / (4 * len(samples))


def test_sixteen_bits_are_rounded_and_clipped_and_come_back() -> None:
    every = np.arange(-32768, 32768).astype(np.int16)
    assert np.array_equal(to_int16(from_int16(every)), every)
    loud = np.array([1.0, 1.5, 9e9, -1.0, -1.5, -9e9, 0.6 / 32768, -0.4 / 32768], np.float32)
    assert to_int16(loud).tolist() == [32767, 32767, 32767, -32768, -32768, -32768, 1, 0]


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_has_no_sixteen_bits(wrong: float) -> None:
    with pytest.raises(ValueError, match="not a finite number"):
        to_int16(np.array([0.1, wrong, -0.1], np.float32))
    assert to_int16(np.zeros(0, np.float32)).tolist() == []


@pytest.mark.parametrize("db", [-20.0, -6.0, 0.0, 6.0])
def test_gain_moves_every_level_by_as_much(db: float, speech: Clip) -> None:
    before, after = measure(speech), measure(edit.gain(speech, db))
    assert after.rms_db == pytest.approx((before.rms_db or 0) + db, abs=0.01)
    assert after.peak_db == pytest.approx((before.peak_db or 0) + db, abs=0.01)


@pytest.mark.parametrize("target", [-30.0, -23.0, -16.0, -14.0])
@pytest.mark.parametrize("before", [-30.0, 0.0, 20.0])
def test_normalising_reaches_the_target_under_the_ceiling(target: float, before: float, speech: Clip) -> None:
    found = measure(edit.normalise(edit.gain(speech, before), target, -1.0))
    assert found.loudness_lufs == pytest.approx(target, abs=0.3)
    assert found.true_peak_db is not None
    assert found.true_peak_db <= -0.95


def test_silence_is_not_blown_up(speech: Clip) -> None:
    quiet = Clip(np.zeros(RATE, np.float32), RATE)
    assert not edit.normalise(quiet).samples.any()


def test_trimming_keeps_what_is_asked_for() -> None:
    sound = np.zeros(RATE, np.float32)
    sound[5000:9000] = 0.5
    assert len(edit.trim(Clip(sound, RATE), keep_ms=0)) == 4000
    assert len(edit.trim(Clip(sound, RATE), keep_ms=20)) == 4000 + 2 * 480
    assert len(edit.trim(Clip(sound, RATE), keep_ms=9999)) == RATE
    assert len(edit.trim(Clip(np.zeros(99, np.float32), RATE))) == 0
    assert len(edit.trim(Clip(sound / 1000, RATE), threshold_db=-80, keep_ms=0)) == 4000


@pytest.mark.parametrize(("ms", "rate", "expected"), [(300, 22_050, 6615), (333, 24_000, 7992), (0.03, 24_000, 1)])
def test_a_pause_is_exact_to_the_frame(ms: float, rate: int, expected: int) -> None:
    clip = edit.pause(ms, rate)
    assert len(clip) == expected
    assert not clip.samples.any()


def test_a_fade_begins_and_ends_in_silence() -> None:
    faded = edit.fade(Clip(np.ones(RATE, np.float32), RATE), in_ms=100, out_ms=200).samples
    assert faded[0] < 0.01
    assert faded[-1] < 0.01
    assert (np.diff(faded[:2400]) > 0).all()
    assert (np.diff(faded[-4800:]) < 0).all()
    assert (faded[2400:-4800] == 1).all()
    assert len(edit.fade(Clip(np.ones(10, np.float32), RATE), 500, 500)) == 10


def test_a_crossfade_keeps_the_level_of_different_sounds() -> None:
    random = np.random.default_rng(0)
    one, two = ((0.1 * random.standard_normal(RATE)).astype(np.float32) for _ in range(2))
    joined = edit.crossfade(Clip(one, RATE), Clip(two, RATE), 500)
    assert len(joined) == 2 * RATE - 12_000
    assert np.array_equal(joined.samples[:12_000], one[:12_000])
    assert np.array_equal(joined.samples[-12_000:], two[-12_000:])
    levels = [joined.samples[at : at + 2000].std() for at in range(12_000, 24_000, 2000)]
    assert levels == pytest.approx([0.1] * 6, rel=0.1)


def test_joining_adds_exact_gaps_and_refuses_two_rates(speech: Clip) -> None:
    one = Clip(np.ones(100, np.float32), RATE)
    joined = edit.concat([one, one, one], gap_ms=10)
    assert len(joined) == 300 + 2 * 240
    assert not joined.samples[100:340].any()
    with pytest.raises(BadRequest, match="clips of 8000, 24000 samples per second") as caught:
        edit.concat([one, Clip(one.samples, 8000)])
    assert "采样率不同" in caught.value.words.zh
    with pytest.raises(BadRequest, match="no clips to join"):
        edit.concat([])


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 48_000])
def test_resampling_keeps_length_and_pitch(rate: int, tone: Tone) -> None:
    found = edit.resample(Clip(tone(440, 2), RATE), rate)
    assert len(found) == 2 * rate
    assert frequency(found.samples, rate) == pytest.approx(440, abs=0.3)


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(0, 9000), max_size=6))
def test_a_stream_is_resampled_like_the_whole(cuts: list[int]) -> None:
    sound = (0.2 * np.random.default_rng(3).standard_normal(30_000)).astype(np.float32)
    stream = edit.Resampler(24_000, 22_050)
    at, out = 0, []
    for cut in [*cuts, 30_000]:
        out.append(stream.push(sound[at : at + cut]))
        at += cut
    found = np.concatenate([*out, stream.finish()])
    whole = edit.resample(Clip(sound, 24_000), 22_050).samples
    assert abs(len(found) - len(whole)) <= 1
    n = min(len(found), len(whole))
    assert np.abs(found[:n] - whole[:n]).max() < 1e-3


@pytest.mark.parametrize("factor", [0.25, 0.4, 0.5, 0.8, 1.0, 1.25, 2.0, 3.3, 4.0])
def test_speed_changes_the_time_and_not_the_pitch(factor: float, tone: Tone) -> None:
    found = edit.speed(Clip(tone(440, 4), RATE), factor)
    assert len(found) == round(4 * RATE / factor)
    assert frequency(found.samples) == pytest.approx(440, rel=0.01)
    assert found.samples[-RATE // 5 : -RATE // 25].std() > 0.2, "the end is missing"


@pytest.mark.parametrize("semitones", [-12, -5, -0.5, 0, 3, 12, 19])
def test_pitch_changes_the_pitch_and_not_the_time(semitones: float, tone: Tone) -> None:
    found = edit.pitch(Clip(tone(440, 2), RATE), semitones)
    assert len(found) == 2 * RATE
    assert frequency(found.samples) == pytest.approx(440 * 2 ** (semitones / 12), rel=0.01)


@pytest.mark.parametrize(("call", "value", "span"), [(edit.speed, 5, "0.25 to 4"), (edit.pitch, -30, "-24 to 24")])
def test_a_change_out_of_range_is_refused_with_the_range(
    call: Callable[[Clip, float], Clip], value: float, span: str, speech: Clip
) -> None:
    with pytest.raises(BadRequest, match=span) as caught:
        call(speech, value)
    assert "应为" in caught.value.words.zh
    with pytest.raises(BadRequest):
        call(speech, float("nan"))


@pytest.mark.parametrize(
    "change", [lambda c: edit.speed(c, 1.3), lambda c: edit.pitch(c, 2), edit.trim, edit.normalise]
)
def test_an_empty_clip_stays_empty(change: Callable[[Clip], Clip]) -> None:
    assert len(change(Clip(np.zeros(0, np.float32), RATE))) == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda c: edit.gain(c, 3),
        edit.normalise,
        edit.trim,
        lambda c: edit.fade(c, 100, 100),
        lambda c: edit.crossfade(c, c, 100),
        lambda c: edit.concat([c, c]),
        lambda c: edit.resample(c, 8000),
        lambda c: edit.speed(c, 1.2),
        lambda c: edit.pitch(c, 2),
        lambda c: underlay(c, c),
        lambda c: overlay(c, c, 100),
    ],
)
def test_the_given_clip_is_untouched_and_the_result_is_the_same_twice(
    change: Callable[[Clip], Clip], speech: Clip
) -> None:
    before = speech.samples.copy()
    first = change(speech)
    assert np.array_equal(first.samples, change(speech).samples)
    assert np.array_equal(speech.samples, before)


# --- mixing


def test_a_bed_loops_under_the_speech_at_its_level(speech: Clip, tone: Tone) -> None:
    bed = Clip(tone(3000, 1.0, RATE, 0.5), RATE)
    odd = Clip(speech.samples[:22_049], 22_050)  # no whole number of milliseconds
    assert len(underlay(odd, bed)) == 22_049
    mixed = underlay(speech, bed, bed_db=-20, lead_ms=1000, tail_ms=2000, fade_in_ms=500, fade_out_ms=500)
    assert len(mixed) == len(speech) + 3 * RATE
    rest = mixed.samples[RATE : -2 * RATE] - speech.samples  # exactly the bed is left
    assert np.abs(rest[RATE : 11 * RATE]).max() == pytest.approx(0.05, abs=1e-4)
    assert frequency(rest[RATE : 11 * RATE]) == pytest.approx(3000, abs=1)
    assert np.abs(mixed.samples[:200]).max() < 0.005
    assert np.abs(mixed.samples[-200:]).max() < 0.005


def test_a_mixture_past_full_scale_is_not_cut(tone: Tone) -> None:
    loud = Clip(tone(440, 1.0, RATE, 0.9), RATE)
    mixed = overlay(loud, loud, 0)
    assert np.abs(mixed.samples - 2 * loud.samples).max() < 1e-6


def test_an_overlay_lands_on_its_frame() -> None:
    base, mark = Clip(np.zeros(1000, np.float32), RATE), Clip(np.full(10, 0.5, np.float32), RATE)
    mixed = overlay(base, mark, at_ms=12.34, gain_db=-6.0206)
    assert np.flatnonzero(mixed.samples).tolist() == list(range(296, 306))
    assert mixed.samples[300] == pytest.approx(0.25, abs=1e-4)
    assert len(overlay(base, mark, at_ms=100)) == 2410
    with pytest.raises(BadRequest, match="must not lie before the start"):
        overlay(base, mark, at_ms=-1)
    with pytest.raises(BadRequest, match="the bed has no sound"):
        underlay(base, Clip(np.zeros(0, np.float32), RATE))
