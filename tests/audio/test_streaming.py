"""Streams: complete files of every kind, whatever the pieces; tempo changes length and not pitch."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.audio.files import probe, read
from studio.audio.streaming import PCM_RATE, STREAMS, retimed, samples_of, streamed
from studio.errors import NotFound

RATE = 22_050
TONE = (0.3 * np.sin(2 * np.pi * 440 * np.arange(3 * RATE) / RATE)).astype(np.float32)


def cut(size: int) -> Iterator[Any]:
    for at in range(0, len(TONE), size):
        yield TONE[at : at + size]


def pitch(samples: Any, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax() * rate / len(samples))


@pytest.mark.parametrize("name", [name for name in STREAMS if name != "pcm"])
@pytest.mark.parametrize("size", [7, 4096, 10**6])
def test_a_stream_is_a_whole_file(tmp_path: Path, name: str, size: int) -> None:
    pieces = list(streamed(cut(size), RATE, STREAMS[name], {"timbre_synthetic": "yes"}))
    assert all(pieces)
    path = tmp_path / f"x.{name}"
    path.write_bytes(b"".join(pieces))
    clip = read(path)
    assert clip.seconds == pytest.approx(3.0, abs=0.1)
    assert pitch(clip.samples, clip.rate) == pytest.approx(440, abs=2)
    if name != "aac":
        assert "timbre_synthetic" in str(probe(path).tags)


@pytest.mark.parametrize("size", [7, 333, 4096])
def test_pcm_does_not_depend_on_the_pieces(size: int) -> None:
    whole = b"".join(streamed(cut(10**6), RATE, STREAMS["pcm"], {}))
    pieces = list(streamed(cut(size), RATE, STREAMS["pcm"], {}))
    assert all(pieces)
    assert b"".join(pieces) == whole
    assert len(whole) == pytest.approx(3 * PCM_RATE * 2, abs=8)


@pytest.mark.parametrize("tempo", [0.25, 0.3, 0.5, 0.8, 1.5, 4.0])
def test_tempo_changes_the_length_and_not_the_pitch(tempo: float) -> None:
    sound = np.concatenate([*retimed(cut(4096), RATE, tempo)])
    assert len(sound) / RATE == pytest.approx(3 / tempo, rel=0.05)
    assert pitch(sound, RATE) == pytest.approx(440, abs=6)


def test_samples_may_be_torn_between_pieces() -> None:
    pcm = (TONE[:999] * 32767).astype("<i2").tobytes()
    torn = [pcm[at : at + 7] for at in range(0, len(pcm), 7)]
    assert np.concatenate([*samples_of(torn)]).tolist() == np.concatenate([*samples_of([pcm])]).tolist()


def test_an_unknown_format_is_refused_with_those_there_are() -> None:
    from studio.audio.streaming import stream_format

    with pytest.raises(NotFound, match="mp3"):
        stream_format("mp4")
