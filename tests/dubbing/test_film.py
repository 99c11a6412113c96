"""Films with a dub: pictures are kept as they are, the sound is ours, and what is damaged is refused whole."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from studio.audio.files import read
from studio.audio.panning import LAYOUTS
from studio.errors import BadFile
from studio.studio import Studio

SRT = "1\n00:00:01,000 --> 00:00:03,000\nHello there.\n\n2\n00:00:03,500 --> 00:00:05,000\nGood bye.\n"


def film(
    path: Path, seconds: float = 6.0, sound: bool = True, rate: int = 24_000, pitches: tuple[int, ...] = (100,)
) -> Path:
    """A film of moving grey, with a tone in each channel."""
    with av.open(str(path), "w") as out:
        pictures = out.add_stream("mpeg4", rate=10)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        layout = LAYOUTS[len(pitches)]
        tone = out.add_stream("aac", rate=rate, layout=layout) if sound else None
        for n in range(round(seconds * 10)):
            grey = np.full((48, 64, 3), n * 4 % 256, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, format="rgb24")
            out.mux(pictures.encode(frame))
        out.mux(pictures.encode(None))
        if tone is not None:
            time = np.arange(round(seconds * rate)) / rate
            waves = np.stack([0.4 * np.sin(2 * np.pi * pitch * time) for pitch in pitches]).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(waves, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
            out.mux(tone.encode(frame))
            out.mux(tone.encode(None))
    return path


def pictures(path: Path) -> list[bytes]:
    with av.open(str(path)) as source:
        return [bytes(packet) for packet in source.demux(source.streams.video[0]) if packet.size]


@pytest.fixture
def id(studio: Studio, tmp_path: Path) -> str:
    path = tmp_path / "scene.srt"
    path.write_text(SRT)
    made = studio.dubbing.begin(path)
    studio.dubbing.render(made.id).wait(60)
    return made.id


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_pictures_are_kept_and_the_speech_is_at_its_time(studio, id, tmp_path, suffix):
    source = film(tmp_path / f"in.{suffix}")
    done = studio.dubbing.export(id, tmp_path / f"out.{suffix}", video=source).wait(60)
    assert pictures(done.path) == pictures(source)
    clip = read(done.path)
    loud = np.flatnonzero(np.abs(clip.samples) > 0.01) / clip.rate
    assert loud[0] == pytest.approx(1.0, abs=0.01)
    assert loud[np.searchsorted(loud, 3.3)] == pytest.approx(3.5, abs=0.01)
    found = studio.inspect(done.path)
    assert found.synthetic
    assert found.digest.startswith(id)
    assert found.recipe["kind"] == "dub"
    with av.open(str(done.path)) as made:
        assert len(made.streams.audio) == 1


def test_the_films_own_sound_under_the_speech_and_as_a_second_track(studio, id, tmp_path):
    source = film(tmp_path / "in.mkv")
    studio.dubbing.change_settings(id, {"duck_db": -30})
    job = studio.dubbing.export(id, tmp_path / "out.mkv", video=source, background=source, keep_sound=True)
    done = job.wait(60)
    clip = read(done.path)
    before = clip.samples[clip.rate // 5 : clip.rate // 2]  # behind the coder's start, before it gives way
    assert np.abs(before).max() == pytest.approx(0.4, abs=0.08)
    with av.open(str(done.path)) as made:
        assert len(made.streams.audio) == 2


def test_a_film_longer_and_shorter_than_the_dub(studio, id, tmp_path):
    for seconds in (2.0, 20.0):
        source = film(tmp_path / f"{seconds}.mp4", seconds, sound=False)
        done = studio.dubbing.export(id, tmp_path / f"out{seconds}.mp4", video=source).wait(60)
        assert pictures(done.path) == pictures(source)
        assert read(done.path).seconds >= 4.4


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("none.mp4", lambda path: None, "no such file"),
        ("text.mp4", lambda path: path.write_text("not a film"), "no film, or it is damaged"),
        ("half.mp4", lambda path: film(path) and path.write_bytes(path.read_bytes()[:900]), "damaged"),
        ("sound.mp4", lambda path: sound_only(path), "no pictures"),
    ],
)
def test_what_is_no_film_is_refused_before_any_work(studio, id, tmp_path, name, make, words):
    source = tmp_path / name
    make(source)
    with pytest.raises(BadFile, match=words):
        studio.dubbing.export(id, tmp_path / "out.mp4", video=source)
    assert not (tmp_path / "out.mp4").exists()


def sound_only(path: Path) -> None:
    with av.open(str(path), "w") as out:
        tone = out.add_stream("aac", rate=24_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 24_000), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 24_000
        out.mux(tone.encode(frame))
        out.mux(tone.encode(None))


def test_a_film_without_sound_has_no_background(studio, id, tmp_path):
    source = film(tmp_path / "mute.mp4", sound=False)
    with pytest.raises(BadFile, match="no sound"):
        studio.dubbing.export(id, tmp_path / "out.mp4", video=source, background=source)


def test_damage_in_the_middle_leaves_nothing_half_written(studio, id, tmp_path):
    source = film(tmp_path / "in.mkv", 6.0, sound=False)
    content = bytearray(source.read_bytes())
    content[len(content) // 3 : len(content) // 3 + 400] = bytes(400)
    source.write_bytes(content)
    out = tmp_path / "out.mp4"
    job = studio.dubbing.export(id, out, video=source)
    try:
        job.wait(60)
    except BadFile:
        assert not out.exists()
    else:  # what FFmpeg can read past is copied
        assert read(out).seconds > 4
    assert [path.name for path in tmp_path.glob("out*")] in ([], ["out.mp4"])


def test_a_film_is_written_as_one(studio, id, tmp_path):
    source = film(tmp_path / "in.mp4")
    with pytest.raises(BadFile, match=r"\.mp4 or \.mkv"):
        studio.dubbing.export(id, tmp_path / "out.wav", video=source)
