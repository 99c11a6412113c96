"""Joined lines: pauses to the sample, nothing of the speech lost, times that are true."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.engines.contract import WordTime
from studio.production.joining import AUDIBLE, KEPT_MS, EdgeTrimmer, Joiner

RATE = 1000
KEEP = RATE * KEPT_MS // 1000


def line(before: int, speech: int, after: int) -> np.ndarray:
    return np.concatenate([np.zeros(before), np.full(speech, 0.5), np.zeros(after)]).astype(np.float32)


def play(joiner: Joiner, samples: np.ndarray, sizes: list[int], index: int = 0, words=()) -> np.ndarray:
    parts, at = [], 0
    for size in sizes:
        parts += joiner.push(samples[at : at + size], words if at == 0 else ())
        at += size
    parts += joiner.push(samples[at:])
    parts += joiner.end_line(index)
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def test_edges_are_cut_and_soft_consonants_kept():
    out = play(Joiner(RATE), line(300, 100, 500), [])
    assert len(out) == KEEP + 100 + KEEP


def test_pause_is_exact_to_the_sample():
    joiner = Joiner(RATE)
    play(joiner, line(90, 100, 70), [], 0)
    joiner.pause(1234)
    sound = play(joiner, line(10, 50, 400), [], 1)
    first, second = joiner.placed
    assert second.start - first.end == 1234
    assert not sound[:1234].any()
    assert len(sound) == 1234 + second.end - second.start


@given(
    st.lists(st.sampled_from([0.0, 0.001, 0.4, -0.9]), max_size=400),
    st.lists(st.integers(1, 60), max_size=20),
)
def test_any_chunking_gives_the_same_sound_and_loses_no_speech(values, sizes):
    samples = np.array(values, np.float32)
    whole = play(Joiner(RATE), samples, [])
    assert np.array_equal(whole, play(Joiner(RATE), samples, sizes))
    loud = np.flatnonzero(np.abs(samples) > AUDIBLE)
    if len(loud):
        kept = samples[max(0, loud[0] - KEEP) : loud[-1] + 1 + KEEP]
        assert np.array_equal(whole, kept)
    else:
        assert not len(whole)


def test_word_times_follow_the_cut():
    joiner = Joiner(RATE)
    joiner.pause(500)
    words = (WordTime("a", 0.300, 0.350), WordTime("b", 0.350, 0.400))
    play(joiner, line(300, 100, 500), [100, 150], words=words)
    assert [(w.text, round(w.start, 3), round(w.end, 3)) for w in joiner.placed[0].words] == [
        ("a", 0.52, 0.57),
        ("b", 0.57, 0.62),
    ]


def test_a_silent_line_takes_no_time_but_has_its_place():
    joiner = Joiner(RATE)
    assert not len(play(joiner, np.zeros(700, np.float32), [], 4))
    assert (joiner.placed[0].index, joiner.placed[0].start, joiner.placed[0].end) == (4, 0, 0)


def test_trimmer_counts_what_it_cut():
    trimmer = EdgeTrimmer(RATE)
    trimmer.push(line(300, 1, 0))
    assert trimmer.cut == 300 - KEEP


@pytest.mark.parametrize("ms", [0, 1, 999, 1000, 1001, 60_000])
def test_silence_is_exact_and_comes_in_small_pieces(ms):
    joiner = Joiner(RATE)
    joiner.pause(ms)
    pieces = list(joiner.silence())
    assert sum(map(len, pieces)) == ms
    assert max(map(len, pieces), default=0) <= RATE


def test_pauses_around_a_silent_line_add_up():
    joiner = Joiner(RATE)
    play(joiner, line(0, 50, 0), [], 0)
    joiner.pause(100)
    play(joiner, np.zeros(70, np.float32), [], 1)
    joiner.pause(200)
    play(joiner, line(0, 50, 0), [], 2)
    assert joiner.placed[2].start - joiner.placed[0].end == 300
