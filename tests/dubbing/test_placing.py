"""Dubs left and right: everyone where they are put, in every file; and mono, bit for bit, where nobody was placed."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from studio.audio.clip import Clip, Samples
from studio.audio.files import probe, read
from studio.audio.formats import FORMATS
from studio.dubbing.film import CONTAINERS
from studio.dubbing.fitting import Fit, Rules, Slot
from studio.dubbing.settings import settle_dubbing
from studio.dubbing.shapes import shape_of
from studio.dubbing.sounding import CEILING_DB
from studio.dubbing.writing import DubCue, Material, write
from studio.errors import BadControl, BadRequest, NotFound
from studio.library.script import Member
from studio.production.jobs import Job
from studio.production.masters import FileReport, report_on
from studio.studio import Studio
from tests.dubbing.test_film import film, pictures
from tests.production.test_stereo import RATE, level, line, sides, take

PLACES = {"Ann": -1.0, "": 0.0, "Ben": 1.0}
STARTS = {"Ann": 0.5, "": 2.7, "Ben": 4.9}
SOUNDS = [format.extension for format in FORMATS]
FILMS = sorted(CONTAINERS)


def material(channels: int, times: float = 1.0, **settings: Any) -> Material:
    """Ann on the left, who has no name in the middle, Ben on the right: two seconds each, at their times."""
    takes = {str(number): Clip(take(number).samples * np.float32(times), RATE) for number in range(len(PLACES))}
    shapes = {name: shape_of(clip) for name, clip in takes.items()}
    cues = []
    for number, (name, start) in enumerate(STARTS.items()):
        spoken = shapes[str(number)].spoken
        fit = Fit(Slot(start, start + 2, 99.0), spoken=spoken, length=spoken)
        cues.append(DubCue(number + 1, replace(line(number, name), start=start, finish=start + 2), fit))
    members = {name: Member(name, pan=pan, gain_db=-2.0 if name == "Ben" else 0.0) for name, pan in PLACES.items()}
    return Material(
        "Sides", "en", cues, shapes, members, Rules(), settle_dubbing(settings), RATE, takes.__getitem__,
        lambda _: (), ("espeak",), (), "0" * 64, channels,
    )  # fmt: skip


def written(target: Path, made: Material, **more: Any) -> FileReport:
    """Written, and measured from what was decoded again."""
    done = write(made, target, Job(lambda _: None), **more)
    assert done.channels == made.channels
    return report_on(target, target.stem, ())


def part(sound: Samples, name: str, rate: int = RATE) -> Samples:
    """What sounds while somebody speaks, away from the edges, where a coder smears."""
    return sound[round((STARTS[name] + 0.2) * rate) : round((STARTS[name] + 1.6) * rate)]


# Steps of 16 bits of a whole without and with a background, as they were before dubs had two channels.
@pytest.mark.parametrize(("under", "digest"), [(False, "c754cc948e3f7d4a"), (True, "b2f34fcdc32feec4")])
def test_a_dub_without_places_is_what_it_was_to_the_bit(tmp_path: Path, under: bool, digest: str) -> None:
    bed = np.random.default_rng(7).integers(-9000, 9000, RATE * 9).astype(np.int16)
    soundfile.write(tmp_path / "bed.wav", bed, RATE, subtype="PCM_16")
    write(material(1), tmp_path / "x.wav", Job(lambda _: None), tmp_path / "bed.wav" if under else None)
    steps, _ = soundfile.read(tmp_path / "x.wav", dtype="int16")
    assert steps.ndim == 1
    assert hashlib.sha256(steps.tobytes()).hexdigest()[:16] == digest


@pytest.mark.parametrize("kind", [*SOUNDS, *(f"film{suffix}" for suffix in FILMS)])
def test_everyone_stands_where_they_are_put_in_every_format(tmp_path: Path, kind: str) -> None:
    """Measured after decoding: the sides; as loud as in one channel; peaks held back as well as in one."""
    suffix = kind.removeprefix("film")
    source = film(tmp_path / "in.mkv", 8.0, sound=False) if suffix != kind else None
    one = written(tmp_path / f"one{suffix}", material(1), video=source)
    two = written(tmp_path / f"two{suffix}", material(2), video=source)
    assert (one.channels, two.channels, probe(two.path).channels) == (1, 2, 2)
    assert two.levels.loudness_lufs == pytest.approx(one.levels.loudness_lufs, abs=0.1)
    alone, heard = read(one.path), sides(two.path)
    for name, pan in PLACES.items():
        whole = level(part(alone.samples, name, alone.rate))
        left, right = (level(side) for side in part(heard, name, two.rate).T)
        if not pan:
            assert [left, right] == pytest.approx([whole - 3.01] * 2, abs=0.15)
        else:
            near, far = (left, right) if pan < 0 else (right, left)
            assert near == pytest.approx(whole, abs=0.15)
            assert far < near - 60, f"{far - near:.1f} dB on the other side"
    one, two = (written(tmp_path / f"{n}{suffix}", material(n, 4.0), video=source) for n in (1, 2))  # over full scale
    exact = suffix in (".wav", ".flac")  # other coders leave the ceiling again, in noise as far as this
    most = CEILING_DB if exact else (one.levels.true_peak_db or 0) + 0.5
    assert (two.levels.true_peak_db or 0) <= most
    if source is not None:
        assert pictures(two.path) == pictures(source)


def test_the_other_side_is_digital_silence_where_the_format_is_exact(tmp_path: Path) -> None:
    for suffix in (".wav", ".flac"):
        written(tmp_path / f"x{suffix}", material(2, 4.0))
        heard = sides(tmp_path / f"x{suffix}")
        assert not part(heard, "Ann")[:, 1].any()
        assert not part(heard, "Ben")[:, 0].any()
        assert np.array_equal(*part(heard, "").T), "two channels are limited by one gain"


def hum(path: Path, left: float, right: float, seconds: float = 10.0) -> Path:
    """200 Hz on the left, 300 Hz on the right; the same in one channel where that is 0."""
    time = np.arange(round(seconds * RATE)) / RATE
    tones = [0.5 * np.sin(2 * np.pi * hertz * time) for hertz in (left, right) if hertz]
    soundfile.write(path, np.stack(tones, 1).astype(np.float32), RATE, subtype="FLOAT")
    return path


def strength(sound: Samples, hertz: float) -> float:
    """The amplitude of a tone."""
    return float(2 * np.abs(np.mean(sound * np.exp(-2j * np.pi * hertz * np.arange(len(sound)) / RATE))))


def test_a_background_keeps_its_sides_and_gives_way_on_both(tmp_path: Path) -> None:
    written(tmp_path / "x.wav", material(2, duck_db=-40.0), background=hum(tmp_path / "bed.wav", 200, 300))
    heard = sides(tmp_path / "x.wav")
    assert len(heard) == 10 * RATE, "as long as the longer of the two"
    after = heard[8 * RATE : 9 * RATE]
    for side, own, other in ((0, 200, 300), (1, 300, 200)):
        assert strength(after[:, side], own) == pytest.approx(0.5 * 0.7071, abs=0.002)
        assert strength(after[:, side], other) < 0.001
    ann = heard[round(STARTS["Ann"] * RATE) + 6000 :][: 24 * 1000]
    assert strength(ann[:, 1], 300) < 0.01, "where Ann is not heard, the background gives way as well"


def test_a_background_is_as_loud_as_it_was_in_one_channel(tmp_path: Path) -> None:
    """One channel fills both sides; two equal ones do the same."""
    for right in (0, 200):
        bed = hum(tmp_path / "bed.wav", 200, right)
        one, two = (written(tmp_path / f"{n}.wav", material(n), background=bed) for n in (1, 2))
        assert two.levels.loudness_lufs == pytest.approx(one.levels.loudness_lufs, abs=0.02)
        after = sides(two.path)[8 * RATE : 9 * RATE]
        assert np.array_equal(*after.T)
        assert strength(after[:, 0], 200) == pytest.approx(0.5 * 0.7071, abs=0.002)


def test_the_sound_of_a_film_keeps_its_sides(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mkv", 9.0, pitches=(100, 150))
    written(tmp_path / "x.mkv", material(2, duck_db=-40.0), background=source, video=source, keep_sound=True)
    after = sides(tmp_path / "x.mkv")[round(7.6 * RATE) : round(8.6 * RATE)]
    for side, own, other in ((0, 100, 150), (1, 150, 100)):
        assert strength(after[:, side], own) == pytest.approx(0.4 * 0.7071, abs=0.02)
        assert strength(after[:, side], other) < 0.005
    assert pictures(tmp_path / "x.mkv") == pictures(source)


# the cast, the setting and what is told


@pytest.fixture
def id(studio: Studio, tmp_path: Path) -> str:
    """Two voices, rendered, in the middle."""
    path = tmp_path / "scene.srt"
    path.write_text(
        "1\n00:00:00,500 --> 00:00:03,000\n[May] Hello there.\n\n2\n00:00:03,500 --> 00:00:06,000\n[Tom] Good bye.\n"
    )
    made = studio.dubbing.begin(path)
    studio.dubbing.render(made.id).wait(60)
    return made.id


def test_a_place_renders_nothing_makes_the_dub_stereo_and_is_taken_back(
    studio: Studio, id: str, tmp_path: Path
) -> None:
    dubbing, desk = studio.dubbing, studio.scripts

    def export(name: str) -> tuple[int, str, bytes]:
        done = dubbing.export(id, tmp_path / name).wait(60)
        return done.channels, studio.inspect(done.path).digest, done.path.read_bytes()

    first, cues = export("first.wav"), dubbing.cues(id)
    desk.pan(id, {"May": -1.0, "Tom": 0.5})
    assert dubbing.cues(id) == cues
    assert {line.state for line in desk.all_lines(id)} == {"done"}
    channels, digest, _ = export("placed.wav")
    assert (channels, probe(tmp_path / "placed.wav").channels) == (2, 2)
    assert digest not in ("", first[1])
    heard = sides(tmp_path / "placed.wav")
    rate = probe(tmp_path / "placed.wav").rate
    assert not heard[: 3 * rate, 1].any()
    assert heard[: 3 * rate, 0].any()
    left, right = (level(side) for side in heard[round(3.5 * rate) :].T)
    assert right - left == pytest.approx(20 * np.log10(np.tan(np.pi * 1.5 / 4)), abs=0.05)
    copy = desk.duplicate(id)
    assert {part.member.pan for part in desk.parts(copy.id) if part.lines} == {-1.0, 0.5}
    dubbing.change_settings(id, {"channels": "mono"})
    assert export("mono.wav") == first
    dubbing.change_settings(id, {"channels": "auto"})
    desk.edit(id, "undo")
    assert export("back.wav") == first


def test_two_channels_for_a_background_where_nobody_is_placed(studio: Studio, id: str, tmp_path: Path) -> None:
    bed = hum(tmp_path / "bed.wav", 200, 300, 8.0)
    assert studio.dubbing.export(id, tmp_path / "x.wav", background=bed).wait(60).channels == 1
    studio.dubbing.change_settings(id, {"channels": "stereo"})
    assert studio.dubbing.export(id, tmp_path / "x.wav", background=bed).wait(60).channels == 2
    with pytest.raises(BadControl, match="auto"):
        studio.dubbing.change_settings(id, {"channels": "5.1"})


def test_what_the_page_asks_and_what_it_shows(studio: Studio, id: str) -> None:
    from studio.ui.pages.subtitles import Questions

    page = Questions(studio)
    assert page.dub_placed({"id": id, "speaker": "May", "pan": -0.4}, "en")
    page.dub_cast({"id": id, "speaker": "May", "engine": "espeak", "voice": "m7"}, "en")
    (may,) = [one for one in page.dub_state({"id": id}, "en")["cast"] if one["speaker"] == "May"]
    assert (may["pan"], may["voice"]) == (-0.4, "m7")
    with pytest.raises(BadRequest, match=r"-1 \(left\) to 1 \(right\)"):
        page.dub_placed({"id": id, "speaker": "May", "pan": 2}, "en")
    with pytest.raises(NotFound, match="May"):
        page.dub_placed({"id": id, "speaker": "Mae", "pan": 0}, "en")
