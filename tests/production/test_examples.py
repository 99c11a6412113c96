"""The shipped examples, each rendered with the embedded engine to what it is meant for."""

import io
from pathlib import Path

import numpy as np
import soundfile

from studio.audio.files import probe
from studio.library.script import LineQuery
from studio.studio import Begun, Studio

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"


def made(studio: Studio, name: str, **begun: str) -> str:
    id = studio.scripts.begin(EXAMPLES / name, Begun(**begun)).id  # type: ignore[arg-type]
    studio.scripts.render(id).wait(60)
    assert set(studio.scripts.progress(id).states) == {"done"}
    found = studio.scripts.lines(id, LineQuery(problem="any"))
    assert found.total <= 0.05 * studio.scripts.progress(id).lines, [line.text for line in found.items]
    return id


def test_a_chinese_novel_with_dialogue(studio: Studio, tmp_path: Path) -> None:
    id = made(studio, "lamp.zh.txt")
    speakers = {part.member.speaker: part.member.voice for part in studio.scripts.parts(id)}
    assert {"小满", "老周头"} <= set(speakers)
    assert speakers["小满"] != speakers["老周头"]
    done = studio.scripts.export(id, "m4b", tmp_path / "lamp.m4b").wait(60)
    assert [chapter.title for chapter in probe(done.files[0].path).chapters] == ["第一章 风雨夜", "第二章 天亮"]
    assert {line.emotion for line in studio.scripts.all_lines(id)} - {""}, "some lines ask for a mood"


def test_an_english_short_story(studio: Studio, tmp_path: Path) -> None:
    id = made(studio, "clockmaker.en.txt", voice="f3")
    assert {"Peter", "Mr. Hale"} <= {part.member.speaker for part in studio.scripts.parts(id)}
    done = studio.scripts.export(id, "acx", tmp_path / "acx").wait(120)
    assert len(done.files) == 2
    assert done.passed, [check.to_json() for file in done.files for check in file.checks if not check.passed]


def test_a_podcast_for_two_with_music(studio: Studio, tmp_path: Path) -> None:
    rate, chord = 48_000, (220.0, 277.18, 329.63)
    time = np.arange(rate * 16) / rate
    tune = sum(np.sin(2 * np.pi * pitch * time) for pitch in chord) * 0.06 * (1 + 0.3 * np.sin(2 * np.pi * time / 4))
    data = io.BytesIO()
    soundfile.write(data, tune, rate, format="WAV")
    id = made(studio, "podcast.en.txt", kind="podcast")
    assert {part.member.speaker for part in studio.scripts.parts(id) if part.lines} == {"Ann", "Ben"}
    studio.scripts.put_file(id, "music", data.getvalue(), "tune.wav")
    done = studio.scripts.export(id, "podcast", tmp_path / "show.mp3").wait(120)
    assert done.passed, [check.to_json() for check in done.files[0].checks]
    assert done.placed[0].start / done.rate == 4.0, "the intro is music alone"
