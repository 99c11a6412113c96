"""Finding speech in recordings: where it begins and ends, cuts, flat memory, and the same whatever the blocks."""

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from studio.recognition.speech import FRAME, Piece, VoiceActivity, pieces

from .conftest import RATE, imports, silence

Say = Callable[..., np.ndarray[Any, Any]]


def found(sound: np.ndarray[Any, Any], block: int = 16 * RATE, longest: float = 29.5) -> list[Piece]:
    blocks = (sound[at : at + block] for at in range(0, len(sound), block))
    return [piece for piece in pieces(blocks, longest) if isinstance(piece, Piece)]


def test_sentences_are_found_where_they_are(spoken: Say) -> None:
    first, second = spoken("The weather is very nice today."), spoken("My sister is reading a long letter.")
    sound = np.concatenate([silence(1.5), first, silence(2.0), second, silence(1.0)])
    one, two = found(sound)
    assert one.start == pytest.approx(1.5, abs=0.25)
    assert one.start + len(one.samples) / RATE == pytest.approx(1.5 + len(first) / RATE, abs=0.4)
    assert two.start == pytest.approx(3.5 + len(first) / RATE, abs=0.3)
    for piece in (one, two):
        at = round(piece.start * RATE)
        assert np.array_equal(piece.samples, sound[at : at + len(piece.samples)])


def test_silence_noise_and_a_click_hold_no_speech() -> None:
    click = silence(3.0)
    click[RATE : RATE + 200] = 0.9
    noise = np.random.default_rng(1).normal(0, 0.02, 4 * RATE).astype(np.float32)
    for sound in (silence(5.0), click, noise, np.zeros(0, np.float32), silence(0.01)):
        assert found(sound) == []


@pytest.mark.parametrize("block", [FRAME, 1000, 7777, 10 * RATE])
def test_the_pieces_do_not_depend_on_the_blocks(spoken: Say, block: int) -> None:
    sound = np.concatenate([silence(0.3), spoken("Please open the window."), silence(1.2), spoken("Close the door.")])
    once, again = found(sound), found(sound, block)
    assert [piece.start for piece in again] == [piece.start for piece in once]
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(once, again, strict=True))


def test_endless_speech_is_cut_at_a_quiet_moment_and_nothing_is_lost(spoken: Say) -> None:
    sound = np.concatenate([spoken("We will meet again tomorrow morning and walk along the river.")] * 8)
    row = found(sound, longest=6.0)
    assert len(row) > 3
    assert max(len(piece.samples) for piece in row) <= 6.0 * RATE
    for before, after in zip(row, row[1:], strict=False):
        between = after.start * RATE - (before.start * RATE + len(before.samples))
        assert between <= 0.6 * RATE  # at most a pause
        if between < 1:
            assert np.abs(before.samples[-FRAME:]).mean() < np.abs(before.samples).mean()


def test_speech_up_to_the_last_sample_is_heard(spoken: Say) -> None:
    sound = spoken("Turn left at the next corner.")
    last = found(np.trim_zeros(sound, "b"))[-1]
    assert last.start * RATE + len(last.samples) <= len(sound)
    assert last.start + len(last.samples) / RATE > len(sound) / RATE - 0.6


def test_an_hour_takes_no_more_memory_than_a_minute(spoken: Say) -> None:
    line = np.concatenate([spoken("Coffee is better than tea."), silence(1.0)])

    def minutes(count: int) -> Iterator[np.ndarray[Any, Any]]:
        for _ in range(count * 60 * RATE // len(line)):
            yield line

    def peak(count: int) -> int:
        tracemalloc.start()
        assert sum(isinstance(piece, Piece) for piece in pieces(minutes(count), 29.5))
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    assert peak(20) < 1.5 * peak(1) + 1_000_000


def test_the_model_is_a_file_and_sets_no_threads() -> None:
    code = """
import numpy as np
from studio.recognition.speech import VoiceActivity
VoiceActivity()(np.zeros((3, 512), "f4"))"""
    assert imports(code) == {"onnxruntime"}


def test_probabilities_go_on_from_block_to_block(spoken: Say) -> None:
    sound = spoken("Winter is cold in this country.")
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    whole, parts = VoiceActivity(), VoiceActivity()
    together = whole(frames)
    assert np.allclose(together, np.concatenate([parts(frames[:7]), parts(frames[7:])]), atol=1e-6)
    assert together.max() > 0.9
