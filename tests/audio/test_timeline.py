"""The timeline: no sample lost, none doubled, none moved, however long and however it is read."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.audio.clip import Clip
from studio.audio.timeline import Timeline
from studio.errors import BadRequest

RATE = 24_000

placed = st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 800)), max_size=12)


def numbered(length: int, number: int) -> Clip:
    """Samples that tell where they come from: small whole numbers, which float32 adds exactly."""
    return Clip((np.arange(length) % 97 + 100 * number + 1).astype(np.float32), RATE)


@settings(max_examples=150, deadline=None)
@given(pieces=placed, size=st.integers(1, 1500), after=st.integers(0, 500))
def test_every_sample_is_there_once_and_at_its_place(pieces: list[tuple[int, int]], size: int, after: int) -> None:
    line = Timeline(RATE)
    expected = np.zeros(5000, np.float32)
    end = 0
    for number, (start, length) in enumerate(pieces):
        clip = numbered(length, number)
        line.place(start, clip)
        expected[start : start + length] += clip.samples
        end = max(end, start + length)
    line.extend((end + after) / RATE)
    blocks = list(line.blocks(size))
    assert all(len(block) == size for block in blocks[:-1])
    found = np.concatenate([*blocks, np.zeros(0, np.float32)])
    assert len(found) == line.length == end + after
    assert np.array_equal(found, expected[: end + after])


@settings(max_examples=50, deadline=None)
@given(times=st.lists(st.floats(0, 36_000), min_size=1, max_size=50))
def test_ten_hours_do_not_drift(times: list[float]) -> None:
    line = Timeline(22_050)
    for time in times:
        assert abs(line.frame(time) - time * 22_050) <= 0.5


def test_pieces_one_after_the_other_keep_exact_gaps() -> None:
    line = Timeline(RATE)
    for number in range(5):
        line.append(numbered(1000, number), gap_s=0.5)
    assert [piece.start for piece in line.pieces] == [12_000 + 13_000 * n for n in range(5)]
    sound = line.clip().samples
    assert len(sound) == 65_000
    assert not sound[:12_000].any()
    assert not sound[13_000:25_000].any()
    assert np.array_equal(sound[25_000:26_000], numbered(1000, 1).samples)


def test_a_crossfade_melts_two_pieces_and_keeps_the_rest() -> None:
    random = np.random.default_rng(0)
    clips = [Clip((0.1 * random.standard_normal(RATE)).astype(np.float32), RATE) for _ in range(3)]
    line = Timeline(RATE)
    for clip in clips:
        line.append(clip, crossfade_s=0.25)
    sound = line.clip().samples
    assert len(sound) == 3 * RATE - 2 * 6000
    assert np.array_equal(sound[:18_000], clips[0].samples[:18_000])
    assert np.array_equal(sound[24_000:36_000], clips[1].samples[6000:18_000])
    assert np.array_equal(sound[-18_000:], clips[2].samples[6000:])
    assert sound[18_000:24_000].std() == pytest.approx(0.1, rel=0.1)
    assert np.array_equal(sound, np.concatenate(list(line.blocks(777))))


def test_a_piece_is_loaded_only_while_it_sounds() -> None:
    line = Timeline(RATE)
    loaded: list[int] = []

    def loader(number: int):  # type: ignore[no-untyped-def]
        def load() -> Clip:
            loaded.append(number)
            return numbered(RATE, number)

        return load

    for number in range(3):
        line.place_lazy(2 * number * RATE, RATE, loader(number))
    blocks = line.blocks(RATE)
    next(blocks)
    assert loaded == [0]
    next(blocks)
    assert loaded == [0]
    next(blocks)
    assert loaded == [0, 1]


def test_ten_hours_play_in_flat_memory() -> None:
    line = Timeline(8000)
    second = Clip(np.full(8000, 0.5, np.float32), 8000)
    for number in range(18_000):
        line.place_lazy(line.frame(number * 2.0), 8000, lambda: Clip(second.samples.copy(), 8000))
    tracemalloc.start()
    frames, total = 0, 0.0
    for block in line.blocks(1 << 16):
        frames += len(block)
        total += float(block.sum())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert frames == line.length == 17_999 * 16_000 + 8000
    assert total == 18_000 * 4000
    assert peak < 4 << 20


def test_what_does_not_fit_is_refused() -> None:
    line = Timeline(RATE)
    with pytest.raises(BadRequest, match="8000 samples per second on a timeline of 24000; resample it") as caught:
        line.place(0, Clip(np.zeros(9, np.float32), 8000))
    assert "请先重采样" in caught.value.words.zh
    with pytest.raises(BadRequest, match="must not lie before 0"):
        line.place(-1, numbered(9, 0))
    line.place_lazy(0, 10, lambda: numbered(9, 0))
    with pytest.raises(ValueError, match="10 frames was loaded with 9"):
        line.clip()


def test_nothing_placed_is_nothing() -> None:
    assert len(Timeline(RATE).clip()) == 0
