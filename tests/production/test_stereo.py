"""Voices left and right: as loud wherever they stand, silent on the other side, and mono as it always was."""

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from studio.audio.clip import Clip, Samples
from studio.audio.files import blocks, probe
from studio.audio.formats import format_named
from studio.audio.levels import measure
from studio.audio.panning import places
from studio.errors import BadControl, BadRequest, NotFound
from studio.library.script import Chapter, Line, LineQuery, Member
from studio.production.assembling import Scene
from studio.production.exports import Exported, Material, export
from studio.production.jobs import Job
from studio.production.masters import MASTERS, master
from studio.production.readalong import write_epub
from studio.production.sound import settle_sound
from studio.production.stems import write_stems
from studio.studio import Begun, Studio

RATE = 24_000
PLACED = [one.id for one in MASTERS if not one.mono and one.id != "epub"]


def take(number: int) -> Clip:
    """Two seconds of loud and soft noise in steps of 16 bits, drawn as whole numbers: the same on every machine."""
    dice = np.random.default_rng(number)
    steps = dice.integers(-9000, 9000, 2 * RATE) * np.repeat(dice.integers(0, 100, 20), RATE // 10) // 100
    steps[:2000] = steps[-3000:] = 0
    return Clip(steps.astype(np.float32) / 32768, RATE)


def line(number: int, speaker: str) -> Line:
    return Line(
        id=f"l{number}", number=number, chapter="c", position=number, text=f"Line {number}.", speaker=speaker, sure=1.0,
        emotion="", style="", ends="", pause_ms=None, kind="text", language="", source="", seed=0, state="done",
        locked=False, basis="", take=f"{number}", take_basis="", seconds=2.0, problem="", error=None, start=None,
        finish=None, speed=1.0,
    )  # fmt: skip


def material(channels: int, music: Samples | None = None, **sound: Any) -> Material:
    """Ann on the left, the narrator in the middle, Ben on the right."""
    lines = [line(number, name) for number, name in enumerate(["Ann", "", "Ben"] * 2)]
    members = {"": Member(""), "Ann": Member("Ann", pan=-1.0), "Ben": Member("Ben", pan=1.0, gain_db=-2.0)}
    settled = settle_sound(sound)
    return Material(
        "0" * 16, "Sides", "", "en", (Chapter("c", "One", 6, {"done": 6}, 12.0, 0),), lambda _: iter(lines),
        lambda one: take(int(one.take)), Scene(RATE, settled, members, music, channels), str(settled["polish"]),
        ("espeak",), (),
    )  # fmt: skip


def exported(kind: str, target: Path, channels: int, music: Samples | None = None, **sound: Any) -> Exported:
    return export(material(channels, music, **sound), target, master(kind), Job(lambda _: None))


def sides(path: Path) -> Samples:
    """(frames, 2) of a file."""
    return np.concatenate(list(blocks(path, channels=2)))


def level(samples: Samples) -> float:
    """RMS in decibels."""
    return float(10 * np.log10(np.square(samples.astype(np.float64)).mean() + 1e-20))


@pytest.mark.parametrize("pan", [-1.0, -0.7, 0.0, 0.25, 1.0, 7.0])
def test_a_place_keeps_the_power_and_its_end_is_silent_on_the_other_side(pan: float) -> None:
    left, right = places(pan)
    assert left**2 + right**2 == pytest.approx(1, abs=1e-6)
    assert (left == right) == (pan == 0)
    assert (left == 0, right == 0) == (pan >= 1, pan <= -1)


# every 6,000th 16-bit step of a polished whole, as mono was before there were two channels
POLISHED = [
    18, -239, 90, -436, 157, -776, -739, 1915, -1573, 321, 970, 15, -275, 156, 46, 4548, 5468, -1488, -1861, -3820,
    1650, -4195, 2603, 749, -6722, -806, -2457, 7022, 3468, -1073, -1238, -455, -3689, 352, 3510, 1168, -1664, -1738,
    -247, -6227, 536, 117, 101, -596, 100, -19, -57,
]  # fmt: skip


def test_mono_is_what_it_was_to_the_bit(tmp_path: Path) -> None:
    more = {"intro_s": 1.0, "outro_s": 1.0, "turns": True, "turn_ms": -300, "room_tone": True}
    exported("wav", tmp_path / "x.wav", 1, take(99).samples, **more)
    steps, _ = soundfile.read(tmp_path / "x.wav", dtype="int16")
    assert steps.ndim == 1
    assert hashlib.sha256(steps.tobytes()).hexdigest()[:16] == "a62f25304cf6cdf5"
    exported("wav", tmp_path / "x.wav", 1, take(99).samples, polish="podcast", **more)
    steps, _ = soundfile.read(tmp_path / "x.wav", dtype="int16")
    assert len(steps) == 287_760
    apart = np.abs(steps[10_000::6000] - np.array(POLISHED))
    assert apart.max() <= 1, "a Fourier transform may round differently on another processor, no more than that"


@pytest.mark.parametrize("kind", PLACED)
def test_everyone_stands_where_they_are_put_in_every_format(kind: str, tmp_path: Path) -> None:
    chosen = master(kind)
    done = exported(kind, tmp_path / ("x" if chosen.each else f"x.{chosen.format}"), 2)
    (file,) = done.files
    assert (file.channels, probe(file.path).channels) == (2, 2)
    heard, scale = sides(file.path), file.rate / done.rate
    loudest = max(level(heard[:, 0]), level(heard[:, 1]))
    for placed in done.placed[:3]:  # away from the edges, where a coder smears one line into the next
        part = heard[round((placed.start + 4000) * scale) : round((placed.end - 4000) * scale)]
        left, right = level(part[:, 0]), level(part[:, 1])
        if placed.line.speaker == "":
            assert left == pytest.approx(right, abs=0.3)
        else:
            far, near = (right, left) if placed.line.speaker == "Ann" else (left, right)
            assert near > loudest - 12
            assert far < near - 50, f"{far - near:.1f} dB on the other side"


def test_the_other_side_is_digital_silence_in_exact_formats(tmp_path: Path) -> None:
    for kind in ("wav", "flac"):
        done = exported(kind, tmp_path / f"x.{kind}", 2)
        heard = sides(done.files[0].path)
        ann, ben = done.placed[0], done.placed[2]
        assert not heard[ann.start : ann.end, 1].any()
        assert not heard[ben.start : ben.end, 0].any()


def test_a_book_that_reads_along_has_sides_too(tmp_path: Path) -> None:
    import zipfile

    done = write_epub(material(2), tmp_path / "x.epub", Job(lambda _: None))
    assert done.files[0].channels == 2
    with zipfile.ZipFile(tmp_path / "x.epub") as book:
        (tmp_path / "x.m4a").write_bytes(book.read("EPUB/chapter-001.m4a"))
    heard, ann = sides(tmp_path / "x.m4a"), done.placed[0]
    part = heard[ann.start + 4000 : ann.end - 4000]
    assert level(part[:, 1]) < level(part[:, 0]) - 50


def test_two_channels_are_as_loud_as_one(tmp_path: Path) -> None:
    """A place changes where somebody is heard and nothing else: BS.1770 adds the channels up."""
    one, two = (exported("wav", tmp_path / f"{n}.wav", n).files[0].levels for n in (1, 2))
    assert two.loudness_lufs == pytest.approx(one.loudness_lufs, abs=0.02)
    assert two.true_peak_db <= one.true_peak_db
    assert two.seconds == one.seconds


def test_a_polish_is_linked_and_meets_its_target(tmp_path: Path) -> None:
    done = exported("podcast", tmp_path / "x.mp3", 2)
    assert done.passed, [check.to_json() for check in done.files[0].checks]
    exported("wav", tmp_path / "x.wav", 2, polish="podcast")
    narrator = done.placed[1]
    part = sides(tmp_path / "x.wav")[narrator.start + 4000 : narrator.end - 4000]
    assert np.array_equal(part[:, 0], part[:, 1]), "a voice in the middle stays there, whatever the polish does"


def test_music_keeps_its_sides_and_its_level(tmp_path: Path) -> None:
    time = np.arange(RATE * 8) / RATE
    tune = np.stack([np.sin(2 * np.pi * 200 * time), np.sin(2 * np.pi * 300 * time)], 1).astype(np.float32) * 0.5
    more = {"intro_s": 3.0, "music_db": 0}
    exported("wav", tmp_path / "two.wav", 2, tune, **more)
    heard = sides(tmp_path / "two.wav")[RATE * 2 : RATE * 3 - 4000]
    power = np.abs(np.fft.rfft(heard * np.hanning(len(heard))[:, None], axis=0))
    peaks = power.argmax(axis=0) * RATE / len(heard)
    assert peaks == pytest.approx([200, 300], abs=2)
    flat = np.ascontiguousarray(tune[:, 0])
    exported("wav", tmp_path / "flat.wav", 2, flat, **more)
    exported("wav", tmp_path / "one.wav", 1, flat, **more)
    both = sides(tmp_path / "flat.wav")[RATE * 2 : RATE * 3 - 4000]
    (whole,) = list(blocks(tmp_path / "one.wav", seconds=1000))
    assert np.array_equal(both[:, 0], both[:, 1])
    assert level(both[:, 0]) + 3.01 == pytest.approx(level(whole[RATE * 2 : RATE * 3 - 4000]), abs=0.05)


def test_tracks_of_one_channel_or_two(tmp_path: Path) -> None:
    for stereo in (False, True):
        *tracks, _ = write_stems(material(2), tmp_path / f"{stereo}", stereo=stereo)
        assert [path.name for path in tracks] == ["01 Ann.wav", "02 narrator.wav", "03 Ben.wav"]
        assert {probe(path).channels for path in tracks} == {2 if stereo else 1}
    ann, narrator, ben = (sides(path) for path in tracks)
    assert not ann[:, 1].any()
    assert not ben[:, 0].any()
    assert np.array_equal(narrator[:, 0], narrator[:, 1])


# the setting, the cast and what is told


@pytest.fixture
def id(studio: Studio, tmp_path: Path) -> str:
    """Two voices, rendered, in the middle."""
    path = tmp_path / "show.txt"
    path.write_text("Ann::Welcome to the show.\nBen::Thank you very much.\n", encoding="utf-8")
    id = studio.scripts.begin(path, Begun(kind="drama")).id
    studio.scripts.render(id).wait(60)
    return id


def test_a_place_is_an_edit_that_renders_nothing_and_makes_the_whole_stereo(
    studio: Studio, id: str, tmp_path: Path
) -> None:
    desk = studio.scripts
    assert desk.export(id, "wav", tmp_path / "one.wav").wait(60).files[0].channels == 1
    first = studio.inspect(tmp_path / "one.wav").digest
    (ann,) = [part.member for part in desk.parts(id) if part.member.speaker == "Ann"]
    desk.cast(id, [Member("Ann", ann.engine, ann.voice, pan=-0.8)])
    assert {line.state for line in desk.all_lines(id, LineQuery())} == {"done"}
    two = desk.export(id, "wav", tmp_path / "two.wav").wait(60)
    assert (two.files[0].channels, two.notes) == (2, ())
    told = studio.inspect(tmp_path / "two.wav")
    assert told.synthetic
    assert told.digest not in ("", first)
    assert "stereo" in desk.report(id, "en")
    desk.change_settings(id, "sound", {"channels": "mono"})
    assert desk.export(id, "wav", tmp_path / "one.wav").wait(60).files[0].channels == 1
    assert studio.inspect(tmp_path / "one.wav").digest == first, "the same sound, the same recipe"


def test_audible_takes_one_channel_and_says_so(studio: Studio, id: str, tmp_path: Path) -> None:
    desk = studio.scripts
    desk.cast(id, [Member("Ann", "espeak", "f2", pan=1.0)])
    desk.render(id).wait(60)
    done = desk.export(id, "acx", tmp_path / "acx").wait(60)
    assert {file.channels for file in done.files} == {1}
    assert "not used" in done.notes[0].en
    assert desk.export_notes(id) == done.notes
    assert done.notes[0].zh in desk.report(id, "zh")


def test_music_in_two_channels_comes_as_such_only_where_it_is_wanted(studio: Studio, id: str) -> None:
    data = io.BytesIO()
    soundfile.write(data, np.full((RATE * 2, 2), 0.1), RATE, format="WAV")
    studio.scripts.put_file(id, "music", data.getvalue())
    assert studio.scripts.material(id).scene.music.ndim == 1
    studio.scripts.change_settings(id, "sound", {"channels": "stereo"})
    assert studio.scripts.material(id).scene.music.shape[1:] == (2,)
    assert studio.scripts.material(id, mono=True).scene.music.ndim == 1


def test_loudness_of_two_channels_agrees_with_pyloudnorm() -> None:
    import pyloudnorm

    from studio.audio.levels import Meter

    sound = np.stack([take(1).samples, take(2).samples * 0.3], 1)
    meter = Meter(RATE)
    for at in range(0, len(sound), 7000):
        meter.push(sound[at : at + 7000])
    found = meter.finish()
    exact = pyloudnorm.Meter(RATE, filter_class="DeMan").integrated_loudness(sound.astype(np.float64))
    assert found.loudness_lufs == pytest.approx(exact, abs=0.05)
    alone = [measure(Clip(np.ascontiguousarray(side), RATE)) for side in sound.T]
    assert found.true_peak_db == max(one.true_peak_db or -99 for one in alone)
    assert found.peak_db == max(one.peak_db or -99 for one in alone)


def test_a_place_is_taken_back_and_made_again_and_travels(studio: Studio, id: str, tmp_path: Path) -> None:
    desk = studio.scripts

    def pans(of: str = id) -> dict[str, float]:
        return {part.member.speaker: part.member.pan for part in desk.parts(of)}

    voice = desk.member(id, "Ann").voice
    desk.pan(id, {"Ann": -0.5, "Ben": 0.5})
    desk.pan(id, {"Ann": -0.5})  # as it is: nothing to take back
    assert (pans()["Ann"], pans()["Ben"]) == (-0.5, 0.5)
    assert desk.member(id, "Ann").voice == voice
    desk.pack(id, tmp_path / "show.zip")
    assert pans(desk.unpack(tmp_path / "show.zip").id)["Ben"] == 0.5
    assert pans(desk.duplicate(id).id)["Ann"] == -0.5
    assert "place" in desk.edit(id, "undo").en
    assert (pans()["Ann"], pans()["Ben"]) == (0.0, 0.0)
    desk.edit(id, "redo")
    assert pans()["Ann"] == -0.5
    assert {line.state for line in desk.all_lines(id)} == {"done"}


def test_a_place_out_of_reach_and_a_stranger_are_refused(studio: Studio, id: str) -> None:
    with pytest.raises(BadRequest, match=r"-1 \(left\) to 1 \(right\)"):
        studio.scripts.pan(id, {"Ann": 1.5})
    with pytest.raises(NotFound, match="Ann"):
        studio.scripts.pan(id, {"Anne": 0.5})
    with pytest.raises(BadControl, match="auto"):
        studio.scripts.change_settings(id, "sound", {"channels": "5.1"})


def test_another_voice_leaves_the_place(studio: Studio, id: str) -> None:
    """The page sends what it shows of a part; what it does not show stays."""
    from studio.ui.pages.script import Questions

    page = Questions(studio)
    assert page.member_placed({"id": id, "speaker": "Ben", "pan": 0.4}, "en")
    page.member_cast({"id": id, "speaker": "Ben", "engine": "espeak", "voice": "m7", "gain_db": -3}, "en")
    (ben,) = [part for part in page.script_state({"id": id}, "en")["cast"] if part["speaker"] == "Ben"]
    assert (ben["pan"], ben["gain_db"], ben["voice"]) == (0.4, -3.0, "m7")


RATES = {"m4b": (64, 128), "acx": (192, 192), "podcast": (128, 192), "mp3": (128, 160), "opus": (48, 96)}


@pytest.mark.parametrize("id", RATES)
def test_masters_have_the_bit_rates_of_their_formats_or_their_own(id: str) -> None:
    chosen = master(id)
    kbits = [(format_named(chosen.format).settle(chosen.bits(n), n) or 0) // 1000 for n in (1, 2)]
    assert tuple(kbits) == RATES[id]
