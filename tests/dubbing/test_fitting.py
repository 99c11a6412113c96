"""How takes are fitted into cues: each means in its turn, nothing lost, no sudden change of pace."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.audio.clip import Clip
from studio.dubbing.fitting import COMFORTABLE, FASTEST, JUMP, Fit, Rules, Slot, Spoken, counted, fitted
from studio.dubbing.shapes import Shape, Shapes, shape_of
from studio.dubbing.sounding import Placed, frames_of, lead_of, mixed, timeline, voiced

RATE = 24_000
END = math.inf


def spoken(seconds: float, pauses: tuple[tuple[float, float], ...] = ()) -> Shape:
    return Shape(seconds + 0.2, 0.1, 0.1 + seconds, pauses)


def fit_of(shape: Shape | None, start: float, end: float, free: float = END, rules: Rules | None = None, **more) -> Fit:
    return fitted([Spoken(Slot(start, end, free), shape, **more)], rules or Rules())[0]


def test_what_fits_is_left_alone():
    fit = fit_of(spoken(1.5), 10, 12)
    assert (fit.rate, fit.squeezed, fit.borrowed, fit.over, fit.flags) == (1.0, 0.0, 0.0, 0.0, ())
    assert fit.trimmed == pytest.approx(0.2)


def test_pauses_are_squeezed_before_the_gap_is_used_and_no_more_than_needed():
    shape = spoken(2.0, ((0.6, 0.4), (1.3, 0.35)))
    fit = fit_of(shape, 0, 1.8)
    assert fit.squeezed == pytest.approx(0.2)
    assert fit.borrowed == 0
    assert fit.rate == 1.0
    more = fit_of(shape, 0, 1.4)
    assert more.squeezed == pytest.approx(0.45)  # what 0.15 s of each pause leaves
    assert more.borrowed == pytest.approx(0.15)


def test_the_gap_is_used_up_to_two_frames_before_the_next_cue():
    fit = fit_of(spoken(2.0), 0, 1.5, free=2.0)
    assert fit.borrowed == pytest.approx(0.417, abs=1e-3)
    assert fit.end <= 2.0 - 0.083 + 1e-6
    assert fit.rate == pytest.approx(2.0 / 1.917)
    assert fit_of(spoken(9.0), 0, 1.5).borrowed == pytest.approx(1.5)  # never further than it may


def test_the_engine_is_asked_before_the_sound_is_stretched():
    slow = fit_of(spoken(2.0), 0, 1.6, free=1.6, quickens=True)
    assert slow.wanted == pytest.approx(1.25)
    quick = fit_of(spoken(1.6), 0, 1.6, free=1.6, quickens=True, speed=1.25)
    assert (quick.stretch, quick.rate, quick.wanted) == (1.0, 1.25, 1.25)
    assert fit_of(spoken(2.0), 0, 1.6, free=1.6).wanted == 1.0  # an engine without such a control


def test_more_than_allowed_runs_over_and_is_said():
    fit = fit_of(spoken(3.0), 0, 1.0, free=1.0)
    assert fit.stretch == 1.2
    assert fit.over == pytest.approx(1.5)
    assert "over" in fit.flags
    faster = fit_of(spoken(3.0), 0, 1.0, free=1.0, rules=Rules(stretch=1.5))
    assert faster.over == pytest.approx(1.0)
    assert {"over", "fast"} <= set(faster.flags)


def test_cutting_is_a_choice_and_is_said():
    fit = fit_of(spoken(3.0), 0, 1.0, free=1.0, rules=Rules(cut=True))
    assert fit.length == pytest.approx(1.0)
    assert fit.cut == pytest.approx(1.5)
    assert fit.over == 0
    assert "cut" in fit.flags


@pytest.mark.parametrize(
    ("shape", "slot", "flag"),
    [
        (None, (0, 2), "missing"),
        (Shape(1.0, 0.0, 0.0), (0, 2), "silent"),
        (spoken(0.5), (3, 3), "short"),
        (spoken(0.5), (3, 3.1), "short"),
    ],
)
def test_what_cannot_be_heard_right_is_flagged(shape, slot, flag):
    assert flag in fit_of(shape, *slot).flags


def test_pace_swells_instead_of_jumping():
    cues = [Spoken(Slot(n * 3.0, n * 3.0 + 2.9, n * 3.0 + 3), spoken(2.0)) for n in range(7)]
    cues[3] = Spoken(Slot(9.0, 11.5, 11.5), spoken(3.25))  # needs 1.3
    rates = [fit.rate for fit in fitted(cues, Rules(stretch=1.5))]
    assert rates[3] == pytest.approx(1.3)
    assert rates[2] == rates[4] == pytest.approx(1.15)
    assert max(abs(a - b) for a, b in zip(rates, rates[1:], strict=False)) <= JUMP + 1e-6


def test_other_speakers_and_far_cues_keep_their_pace():
    tight = Spoken(Slot(0, 2, 2), spoken(2.6), "A")
    cues = [tight, Spoken(Slot(2, 5, 5), spoken(2), "B"), Spoken(Slot(60, 63, 63), spoken(2), "A")]
    assert [fit.rate for fit in fitted(cues, Rules(stretch=1.5))] == pytest.approx([1.3, 1.0, 1.0])


times = st.floats(0, 6, allow_nan=False)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(times, times, times, st.booleans()), min_size=1, max_size=12), st.booleans())
def test_whatever_comes_the_rules_hold(rows, cut):
    cues, at = [], 0.0
    for gap, length, said, quickens in rows:
        at += gap
        cues.append(Spoken(Slot(at, at + length, END), spoken(said) if said > 0.1 else None, quickens=quickens))
        at += length
    cues = [
        Spoken(Slot(c.slot.start, c.slot.end, n.slot.start), c.shape, c.speaker, c.speed, c.quickens)
        for c, n in zip(cues, [*cues[1:], cues[-1]], strict=True)
    ]
    fits = fitted(cues, Rules(cut=cut))
    for before, cue, fit in zip([None, *fits], cues, fits, strict=False):
        assert 1.0 <= fit.rate <= FASTEST + 1e-6
        assert fit.stretch <= 1.2 + 1e-6
        assert ("over" in fit.flags) == (fit.over > 0)
        assert ("cut" in fit.flags) == (fit.cut > 0)
        if cue.shape is not None:  # every second of what was said is accounted for
            whole = (fit.length + fit.cut) * fit.stretch + fit.squeezed
            assert whole == pytest.approx(cue.shape.spoken, abs=1e-6)
        if not fit.flags and before is not None and not before.flags and before.length:
            assert abs(fit.rate - before.rate) <= JUMP + 1e-6 or cue.slot.start - before.slot.end >= 6
    assert sum(counted(fits).values()) == sum(len(fit.flags) for fit in fits)


def tone(seconds: float, silence: float = 0.1, hz: float = 220) -> Clip:
    t = np.arange(round(seconds * RATE)) / RATE
    sound = 0.3 * np.sin(2 * np.pi * hz * t)
    quiet = np.zeros(round(silence * RATE))
    return Clip(np.concatenate([quiet, sound, quiet]).astype(np.float32), RATE)


def test_the_shape_of_a_take():
    gap = np.zeros(RATE // 2, np.float32)
    clip = Clip(np.concatenate([tone(0.5).samples, gap, tone(0.4).samples]), RATE)
    shape = shape_of(clip)
    assert shape.first == pytest.approx(0.1, abs=0.002)
    assert shape.last == pytest.approx(1.7, abs=0.002)
    ((start, length),) = shape.pauses
    assert (start, length) == (pytest.approx(0.6, abs=0.002), pytest.approx(0.7, abs=0.002))
    assert shape_of(Clip(np.zeros(RATE, np.float32), RATE)).spoken == 0


def test_shapes_are_kept_and_a_damaged_file_is_learnt_anew(tmp_path):
    loaded = []

    def load(take: str) -> Clip:
        loaded.append(take)
        return tone(1.0)

    shapes = Shapes(tmp_path / "shapes.json", load)
    first = shapes.of("a")
    shapes.keep(["a"])
    assert Shapes(tmp_path / "shapes.json", load).of("a") == first
    assert loaded == ["a"]
    (tmp_path / "shapes.json").write_text('{"a": [1, 2]}')
    assert Shapes(tmp_path / "shapes.json", load).of("a") == first
    assert loaded == ["a", "a"]


@pytest.mark.parametrize("stretch", [1.0, 1.07, 1.2, 1.5])
def test_a_cue_sounds_as_long_as_its_fit_says_and_keeps_its_pitch(stretch):
    clip = tone(2.0)
    shape = shape_of(clip)
    fit = Fit(Slot(1.0, 3.0, END), spoken=shape.spoken, stretch=stretch, length=shape.spoken / stretch)
    placed = Placed("t", shape, fit, 0.15)
    sound = voiced(placed, clip, RATE)
    assert len(sound) == frames_of(placed, RATE)
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    assert (loud[-1] - loud[0]) / RATE == pytest.approx(fit.length, abs=0.03)
    spectrum = np.abs(np.fft.rfft(sound[len(sound) // 4 : len(sound) // 2]))
    assert np.argmax(spectrum) * RATE / (len(sound) // 2 - len(sound) // 4) == pytest.approx(220, abs=3)


def test_cues_begin_where_they_should_to_the_sample_and_hours_do_not_move_them():
    clip = tone(0.5, silence=0.137)
    shape = shape_of(clip)
    starts = [0.0, 1.337, 3599.9915, 35_999.123]
    fits = [Fit(Slot(s, s + 1, END), spoken=shape.spoken, length=shape.spoken) for s in starts]
    line = timeline([Placed("t", shape, fit, 0.15) for fit in fits], lambda take: clip, RATE)
    for fit, piece in zip(fits[1:], line.pieces[1:], strict=True):
        first = piece.start + round(lead_of(Placed("t", shape, fit, 0.15)) * RATE)
        assert abs(first / RATE - fit.slot.start) < 0.0005


def test_overlapping_cues_are_mixed_and_never_clipped():
    clip = Clip((tone(2.0).samples * 3).astype(np.float32), RATE)  # 0.9 at its peaks
    shape = shape_of(clip)
    fits = [Fit(Slot(s, s + 2, END), spoken=shape.spoken, length=shape.spoken) for s in (0.5, 1.0, 1.5)]
    line = timeline([Placed("t", shape, fit, 0.15) for fit in fits], lambda take: clip, RATE)
    whole = np.concatenate(list(mixed(line)))
    assert len(whole) == line.length
    assert np.abs(whole).max() <= 10 ** (-1 / 20) + 1e-3
    assert np.abs(whole[round(1.6 * RATE) : round(1.9 * RATE)]).max() > 0.5  # all three are there


def test_comfort_is_below_the_limit():
    assert 1 < COMFORTABLE < FASTEST
