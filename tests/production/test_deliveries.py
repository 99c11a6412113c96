"""From rendered lines to files: masters, their pauses and numbers, and what stands in their way."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from studio.audio.files import probe, read
from studio.errors import BadRequest, NotFound
from studio.production.desk import Desk
from studio.studio import Begun, Scope, Studio
from tests.production.tale import line, rendered


def test_an_audiobook_has_chapters_and_tags_that_lead_home(studio: Studio, desk: Desk, id: str, tmp_path: Path) -> None:
    rendered(desk, id)
    done = desk.export(id, "m4b", tmp_path / "tale.m4b").wait(60)
    facts = probe(tmp_path / "tale.m4b")
    assert [chapter.title for chapter in facts.chapters] == ["Chapter 1. The Storm", "Chapter 2. The Morning"]
    second = next(placed for placed in done.placed if placed.chapter == 1)
    assert facts.chapters[1].start_s == pytest.approx(second.start / done.rate, abs=0.002)
    assert facts.seconds == pytest.approx(done.seconds, abs=0.1)
    assert facts.tags["title"] == "The Lighthouse"
    assert done.left_out == 0
    said = studio.inspect(tmp_path / "tale.m4b")
    assert (said.synthetic, said.engine, said.digest[:16]) == (True, "espeak", id)
    assert said.recipe is not None
    assert said.recipe["title"] == "The Lighthouse"
    desk.change_settings(id, "sound", {"paragraph_ms": 800})
    desk.export(id, "m4b", tmp_path / "other.m4b").wait(60)
    assert studio.inspect(tmp_path / "other.m4b").digest != said.digest, "another sound, another recipe"


def test_pauses_are_exact_and_told(desk: Desk, id: str, tmp_path: Path) -> None:
    rendered(desk, id)
    desk.change_settings(
        id, "sound", {"sentence_ms": 400, "paragraph_ms": 900, "heading_ms": 1100, "chapter_ms": 3000, "clause_ms": 200}
    )
    desk.change(id, [line(desk, id, "She held up")], pause_ms=1234)
    done = desk.export(id, "wav", tmp_path / "tale.wav").wait(60)
    gaps = {
        a.line.text: (b.start - a.end) / done.rate * 1000 for a, b in zip(done.placed, done.placed[1:], strict=False)
    }
    assert gaps["Chapter 1. The Storm"] == pytest.approx(1100, abs=0.1)
    assert gaps["“Who is there?”"] == pytest.approx(200, abs=0.1) or gaps["“Who is there?”"] == pytest.approx(
        400, abs=0.1
    )
    assert gaps["asked Martha. She held up the lamp."] == pytest.approx(1234, abs=0.1)
    assert gaps["“The boat is gone.”"] == pytest.approx(3000, abs=0.1)
    clip = read(tmp_path / "tale.wav")
    for placed in done.placed:  # where a line is said to be, there is sound; between lines there is none
        inside = clip.samples[placed.start : placed.end]
        assert np.abs(inside).max() > 0.05
    for a, b in zip(done.placed, done.placed[1:], strict=False):
        assert not clip.samples[a.end : b.start].any()


def test_masters_meet_their_numbers_as_measured_from_the_files(desk: Desk, id: str, tmp_path: Path) -> None:
    rendered(desk, id)
    acx = desk.export(id, "acx", tmp_path / "acx").wait(60)
    assert [file.path.name for file in acx.files] == ["001 Chapter 1. The Storm.mp3", "002 Chapter 2. The Morning.mp3"]
    for file in acx.files:
        assert file.passed, [check.to_json() for check in file.checks]
        assert (file.rate, file.levels.lead_s) == (44_100, pytest.approx(0.7, abs=0.1))
    podcast = desk.export(id, "podcast", tmp_path / "tale.mp3").wait(60)
    assert podcast.passed, [check.to_json() for check in podcast.files[0].checks]
    assert podcast.files[0].levels.loudness_lufs == pytest.approx(-16, abs=0.5)


def test_what_has_no_take_is_left_out_and_said(desk: Desk, id: str, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="render it first"):
        desk.export(id, "wav", tmp_path / "none.wav").wait(60)
    assert not (tmp_path / "none.wav").exists()
    rendered(desk, id, Scope(chapter=desk.chapters(id)[0].id))
    done = desk.export(id, "mp3", tmp_path / "some").wait(60)
    assert (done.left_out, len(done.files)) == (5, 1)


def test_speakers_fall_in_and_music_gives_way(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "show.txt"
    path.write_text(
        "Ann::Welcome to the show, everybody.\nBen::Thank you very much.\nAnn::Let us begin.\n", encoding="utf-8"
    )
    id = desk.begin(path, Begun(kind="drama")).id
    rendered(desk, id)
    desk.change_settings(id, "sound", {"turn_ms": -300})
    done = desk.export(id, "wav", tmp_path / "over.wav").wait(60)
    gaps = [(b.start - a.end) / done.rate for a, b in zip(done.placed, done.placed[1:], strict=False)]
    assert gaps == [pytest.approx(-0.3, abs=0.001)] * 2
    tone = np.sin(np.arange(48_000 * 15) * 2 * np.pi * 100 / 48_000) * 0.3
    data = io.BytesIO()
    soundfile.write(data, tone, 48_000, format="WAV")
    desk.put_file(id, "music", data.getvalue())
    desk.change_settings(id, "sound", {"intro_s": 3.0, "outro_s": 3.0, "duck_db": -12, "music_db": 0, "turn_ms": 300})
    done = desk.export(id, "wav", tmp_path / "music.wav").wait(60)
    clip = read(tmp_path / "music.wav")
    rate = clip.rate
    assert done.placed[0].start / rate == pytest.approx(3.0, abs=0.001)
    assert clip.seconds == pytest.approx(done.placed[-1].end / rate + 3.5, abs=0.01)

    def level(start: float, end: float) -> float:
        """Of the music alone: its 100 Hz."""
        part = clip.samples[int(start * rate) : int(end * rate)]
        frames = np.arange(len(part))
        return float(np.abs(np.mean(part * np.exp(-2j * np.pi * 100 / rate * frames)))) * 2

    speaking = (done.placed[0].start / rate + 0.3, done.placed[0].end / rate - 0.3)
    assert level(1.5, 2.6) == pytest.approx(0.3, rel=0.05)
    assert 20 * np.log10(level(*speaking) / level(1.5, 2.6)) == pytest.approx(-12, abs=1.5)
    assert level(clip.seconds - 0.2, clip.seconds - 0.01) < 0.05


def test_takes_that_vanish_or_are_damaged_are_told_and_rendered_again(
    desk: Desk, studio: Studio, id: str, tmp_path: Path
) -> None:
    rendered(desk, id)
    first, second = (desk.line(id, line(desk, id, words)).take for words in ("The wind rose", "held up"))
    studio.cache.path(first).unlink()
    with pytest.raises(NotFound, match="gone from the disk"):
        desk.export(id, "wav", tmp_path / "x.wav").wait(60)
    assert not (tmp_path / "x.wav").exists()
    assert desk.progress(id).states == {"done": 12, "planned": 1}
    studio.cache.path(second).write_bytes(b"fLaC nonsense")
    with pytest.raises(NotFound, match="gone from the disk"):
        desk.export(id, "wav", tmp_path / "x.wav").wait(60)
    assert rendered(desk, id) == 2
    assert (desk.line(id, line(desk, id, "The wind rose")).take, desk.line(id, line(desk, id, "held up")).take) == (
        first,
        second,
    )
    studio.cache.path(first).unlink()
    assert rendered(desk, id) == 1, "a render looks for itself"
    desk.export(id, "wav", tmp_path / "x.wav").wait(60)


def test_a_delivery_asked_for_again_while_it_is_still_stopping_is_made(studio: Studio, desk: Desk, id: str) -> None:
    desk.deliver(id, "mp3").stop()
    assert desk.deliver(id, "mp3").wait(120).left_out == 0


def test_an_export_asked_for_again_stops_the_one_that_runs(desk: Desk, id: str, tmp_path: Path) -> None:
    desk.render(id).wait(60)
    first = desk.export(id, "flac", tmp_path / "first.flac")
    second = desk.export(id, "flac", tmp_path / "second.flac")
    second.wait(60)
    first.join()
    assert desk.export_job(id) is second
    assert (tmp_path / "second.flac").exists()
    assert first.state in ("stopped", "done")
    assert (tmp_path / "first.flac").exists() == (first.state == "done")
