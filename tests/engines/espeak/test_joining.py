"""Passages joined: nothing lost, nothing clicks, words where they are heard, however the pieces come."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.engines.contract import AudioChunk
from studio.engines.espeak.joining import CEILING, KNEE, RATE, Joiner, limited
from studio.engines.espeak.languages import languages
from studio.engines.espeak.plan import Passage

ZH = languages()["zh"]


def passage(text: str, ends_clause: bool = False, pause_ms: int = 0) -> Passage:
    return Passage(ZH, False, text, text, list(range(len(text) + 1)), ends_clause, pause_ms)


def tone(quiet_before: int, loud: int, quiet_after: int) -> Any:
    """A part of the worker: silence, a steady tone that begins and ends abruptly, silence; int16."""
    wave = 0.3 * np.sin(np.arange(loud) * 0.12 + 1.0)
    samples = np.concatenate([np.zeros(quiet_before), wave, np.zeros(quiet_after)])
    return (samples * 32767).astype("<i2")


def join(
    passages: Sequence[Passage],
    parts: Sequence[tuple[Any, list[list[object]]]],
    sizes: Sequence[int],
    gain: float = 1.0,
) -> list[AudioChunk]:
    """The chunks when each part arrives in pieces of the given sizes, each event with the piece that holds it."""
    joiner, chunks, turn = Joiner(3, passages, gain), list[AudioChunk](), 0
    for number, (samples, events) in enumerate(parts):
        at = 0
        while at < len(samples):
            size = sizes[turn % len(sizes)]
            turn += 1
            here = [event for event in events if at <= event[1] < at + size]  # type: ignore[operator]
            chunks += joiner.feed(number, samples[at : at + size].tobytes(), here)
            at += size
    return chunks + list(joiner.finish())


def whole(chunks: Sequence[AudioChunk]) -> Any:
    return np.concatenate([chunk.samples for chunk in chunks])


SIZES = st.lists(st.integers(20, 3000), min_size=1, max_size=6)
THREE = [passage("你好"), passage("abc", ends_clause=True), passage("再见")]
PARTS = [
    (tone(400, 5000, 900), [["word", 0, 0], ["word", 2500, 1], ["rest", 5400, 2]]),
    (tone(300, 4000, 3000), [["word", 100, 0], ["rest", 4300, 3]]),
    (tone(250, 6000, 160), [["word", 0, 0], ["word", 3000, 1], ["rest", 6250, 2]]),
]


@settings(deadline=None, max_examples=40)
@given(SIZES)
def test_how_the_pieces_come_changes_nothing(sizes: list[int]) -> None:
    once, split = join(THREE, PARTS, [100_000]), join(THREE, PARTS, sizes)
    assert np.array_equal(whole(once), whole(split))
    assert [w for c in once for w in c.words] == [w for c in split for w in c.words]


@settings(deadline=None, max_examples=40)
@given(SIZES)
def test_words_stand_in_the_piece_where_they_begin(sizes: list[int]) -> None:
    at, words = 0, []
    for chunk in join(THREE, PARTS, sizes):
        for word in chunk.words:
            assert at <= round(word.start * RATE) < at + len(chunk.samples)
        words += [word.text for word in chunk.words]
        at += len(chunk.samples)
    assert words == ["你", "好", "abc", "再", "见"]


def test_one_passage_is_left_alone() -> None:
    samples, events = PARTS[0]
    assert np.array_equal(whole(join(THREE[:1], [(samples, events)], [777])), samples.astype("f4") / 32768)


def test_inner_silences_go_and_the_pause_of_punctuation_stays() -> None:
    joined = whole(join(THREE, PARTS, [500]))
    quiet = np.flatnonzero(np.abs(joined) > 0.006)
    gaps = np.diff(quiet)
    gaps = gaps[gaps > 60]
    assert len(gaps) == 2
    assert gaps[0] < 0.025 * RATE  # was 1,300 samples
    assert gaps[1] > 3000  # after the clause


def test_joints_do_not_click() -> None:
    """Where quiet edges of different level meet, there is no step."""
    high, low = (tone(3000, 3000, 3000) + level for level in (np.int16(150), np.int16(-150)))
    passages = [passage("你"), passage("a"), passage("好")]
    joined = whole(join(passages, [(high, []), (low, []), (high, [])], [500]))
    own = np.abs(np.diff(high / 32768))
    assert np.abs(np.diff(np.concatenate([high, low]) / 32768))[8000:10_000].max() > 0.009  # a plain joint clicks
    steps = np.sort(np.abs(np.diff(joined)))
    abrupt = np.sum(own > 0.04)  # where the tones themselves begin and end
    assert steps[-3 * abrupt - 1] < 0.04
    quiet = np.abs(joined[1:]) < 0.006
    assert np.abs(np.diff(joined))[quiet & (np.abs(joined[:-1]) < 0.006)].max() < 0.0002


def test_silence_is_exact_to_the_sample() -> None:
    passages = [
        passage("a"),
        passage("", pause_ms=1234),
        passage("b"),
        passage("", pause_ms=10),
        passage("", pause_ms=5),
    ]
    chunks = join(passages, [PARTS[0], PARTS[2]], [640])
    zeros = [len(chunk.samples) for chunk in chunks if len(chunk.samples) and not chunk.samples.any()]
    assert zeros == [round(1.234 * RATE), round(0.010 * RATE), round(0.005 * RATE)]
    assert chunks[-1].last


def test_only_silence_and_nothing_at_all() -> None:
    assert len(whole(join([passage("", pause_ms=100)], [], [1]))) == 2205
    (chunk,) = join([], [], [1])
    assert (len(chunk.samples), chunk.last, chunk.index) == (0, True, 3)


def test_a_part_without_sound_disappears() -> None:
    silent = (np.zeros(4000, "<i2"), [])
    assert len(whole(join([THREE[0], passage("…"), THREE[2]], [PARTS[0], silent, PARTS[2]], [300]))) < 12_000


@pytest.mark.parametrize("gain", [0.01, 0.5, 2.0])
def test_gain_changes_the_level_and_not_the_cuts(gain: float) -> None:
    quiet, normal = whole(join(THREE, PARTS, [512], gain)), whole(join(THREE, PARTS, [512]))
    assert len(quiet) == len(normal)
    assert np.allclose(quiet, normal * gain, atol=1e-6)


def test_limiter_leaves_what_is_low_and_holds_what_is_high() -> None:
    ramp = np.linspace(-3, 3, 6001, dtype=np.float32)
    held = limited(ramp)
    low = np.abs(ramp) <= KNEE
    assert np.array_equal(held[low], ramp[low])
    assert np.abs(held).max() <= CEILING
    assert np.all(np.diff(held) >= 0)
    assert held.dtype == np.float32
