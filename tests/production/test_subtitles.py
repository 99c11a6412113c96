"""Subtitles of what was made: each cue lies where its speech is, to the sample, in books, scripts and takes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.audio.clip import Clip, Samples
from studio.audio.files import read
from studio.errors import BadRequest, NotFound
from studio.library.script import Line, Member
from studio.manuscripts.subtitles import read_subtitles
from studio.production.assembling import Assembler, Scene, assembled
from studio.production.sound import settle_sound
from studio.studio import Begun, ConvertRequest, SpeakRequest, Studio
from studio.text.cues import Cue, Subtitles
from studio.text.subtitles import FORMATS

AUDIBLE = 10 ** (-50 / 20)
KEPT_S, FADE_S, ALLOWED_S = 0.020, 0.010, 0.010  # near silence that stays before speech; how it fades in; the error
LONGEST_TAIL_S = 0.3  # of a take that dies away slowly: only so much is trimmed
SPOKEN = "Hello there, [pause 800ms] you. [laugh] Yes. And the second sentence, much longer, is here to be cut off."
TALE = """# The Lighthouse

## Chapter 1. The Storm

The wind rose in 1999. Nobody slept that night, and the old clock on the wall, which had not been wound since the \
autumn, repeated its first song again and again while the warm bread waited for nobody at all in the evening light.

“Who is there?” asked Martha. She held up the lamp.

“Only me,” said Old Tom. “The boat is gone.”

## Chapter 2. The Morning

The sea was calm again. [pause 900ms] Martha opened the window.
"""


@pytest.fixture
def tale(tmp_path: Path) -> Path:
    path = tmp_path / "tale.md"
    path.write_text(TALE, encoding="utf-8")
    return path


def onset(samples: Samples, rate: int, start: float) -> float:
    """Seconds from `start` to the first audible sample at or after it; minus the silence before, if there is sound."""
    at = round(start * rate)
    before = samples[max(0, at - rate // 20) : at]
    assert not len(before) or float(np.abs(before).max()) < AUDIBLE, "speech before its cue"
    return float(np.flatnonzero(np.abs(samples[at:]) > AUDIBLE)[0]) / rate


def assert_heard(found: Subtitles, clip: Clip) -> None:
    """Every line begins where it is heard, less what the trimming leaves before it."""
    for cue in found.cues:
        late = onset(clip.samples, clip.rate, cue.start)
        assert 0 <= late <= KEPT_S + FADE_S + ALLOWED_S, (cue.text, late)
        end = round(cue.end * clip.rate)
        loud = np.flatnonzero(np.abs(clip.samples[:end]) > AUDIBLE)
        assert 0 <= cue.end - loud[-1] / clip.rate <= LONGEST_TAIL_S, cue.text
        assert not np.any(np.abs(clip.samples[end : end + clip.rate // 20]) > AUDIBLE), "speech after its cue"


@pytest.fixture
def script(studio: Studio, tale: Path) -> str:
    id = studio.scripts.begin(tale, Begun(voice="m3")).id
    studio.scripts.change_settings(id, "sound", {"polish": "off", "room_tone": False})
    studio.scripts.render(id).wait(60)
    return id


def test_cues_of_a_script_lie_where_its_lines_are_heard(studio: Studio, script: str, tmp_path: Path) -> None:
    studio.scripts.export(script, "wav", tmp_path / "tale.wav").wait(60)
    found = studio.subtitles.lines_of(script)
    assert {"Martha", "Old Tom"} <= {cue.speaker for cue in found.cues}
    assert_heard(found, read(tmp_path / "tale.wav"))
    assert all(cue.words for cue in found.cues), "espeak tells its words"
    for cue in found.cues:
        assert "".join(w.text for w in cue.words) == "".join(cue.text.split())
        assert cue.start - 1e-6 <= cue.words[0].start <= cue.words[-1].end <= cue.end + 1e-6


def test_each_file_of_an_export_has_its_own_times(studio: Studio, script: str, tmp_path: Path) -> None:
    done = studio.scripts.export(script, "mp3", tmp_path / "chapters").wait(60)
    assert len(done.files) == 2
    assert studio.subtitles.files(script) == tuple(file.path for file in done.files)
    texts = []
    for number, file in enumerate(done.files):
        found = studio.subtitles.lines_of(script, number)
        assert found.cues[0].start < 0.1, "the second file begins at its own 0"
        assert_heard_coarsely(found, read(file.path))
        texts += [cue.text for cue in found.cues]
    assert len(texts) == len(list(studio.scripts.all_lines(script)))


def assert_heard_coarsely(found: Subtitles, clip: Clip) -> None:
    """As above, in a file whose coder smears: the middle of each line is loud, what lies before it is not."""
    for cue in found.cues:
        low, high = round(cue.start * clip.rate), round(cue.end * clip.rate)
        assert np.abs(clip.samples[low:high]).max() > 20 * AUDIBLE
        assert cue.start < 0.05 or np.abs(clip.samples[max(0, low - clip.rate // 20) : low]).max() < 3 * AUDIBLE


def letters(found: Subtitles) -> str:
    return "".join("".join(cue.text.split()) for cue in found.cues)


def test_subtitles_of_a_script_keep_the_norms_speakers_and_words(studio: Studio, script: str, tmp_path: Path) -> None:
    studio.scripts.export(script, "wav", tmp_path / "tale.wav").wait(60)
    written = studio.subtitles.beside(script, ["srt", "vtt", "ass", "lrc", "json", "tsv"])
    assert sorted(path.name for path in written) == sorted(f"tale.{name}" for name in FORMATS)
    lines = studio.subtitles.lines_of(script)
    for path in written:
        found = studio.subtitles.read(path)
        assert letters(found) == letters(lines)
        if path.suffix in (".srt", ".vtt", ".ass"):
            assert not {"wide", "lines", "long", "overlap"} & {p.what for p in studio.subtitles.problems(found)}
            assert len(found.cues) > len(lines.cues), "the long line is cut"
            assert {cue.speaker for cue in found.cues} == {cue.speaker for cue in lines.cues}
    assert "<v Martha>" in (tmp_path / "tale.vtt").read_text("utf-8")
    rows = (tmp_path / "tale.ass").read_text("utf-8").splitlines()
    styles = [row.split(",")[3] for row in rows if row.startswith("Style: ")]
    assert len(styles) == len(set(styles)) >= 3, "a colour for each speaker"
    assert "<00:" in (tmp_path / "tale.lrc").read_text("utf-8")


def test_a_long_line_is_cut_where_a_word_is_heard(studio: Studio, script: str, tmp_path: Path) -> None:
    studio.scripts.export(script, "wav", tmp_path / "tale.wav").wait(60)
    whole = max(studio.subtitles.lines_of(script).cues, key=lambda cue: cue.end - cue.start)
    srt = tmp_path / "x.srt"
    srt.write_text(studio.subtitles.of_production(script, "srt"), "utf-8")
    inside = [c for c in studio.subtitles.read(srt).cues if whole.start + 0.01 < c.start < whole.end - 0.01]
    assert inside
    starts = [word.start for word in whole.words]
    assert all(min(abs(cue.start - start) for start in starts) <= 0.001 for cue in inside)


def test_a_book_converted_at_once(studio: Studio, tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text(
        "A Book\n\nChapter 1\n\nThe first line. The second one, a little longer.\n\nChapter 2\n\nThe end.\n"
    )
    job = studio.convert(book, ConvertRequest(format="wav"), tmp_path / "book.wav")
    job.wait(60)
    found = studio.subtitles.lines_of(job.id)
    assert [cue.text for cue in found.cues][-2:] == ["Chapter 2", "The end."]
    assert found.title == "A Book"
    assert_heard(found, read(tmp_path / "book.wav"))
    assert studio.subtitles.beside(job.id, ["srt"]) == [tmp_path / "book.srt"]


def test_a_take_of_the_speak_page(studio: Studio, tmp_path: Path) -> None:
    take = studio.speak(SpeakRequest(SPOKEN)).wait(30)
    srt = tmp_path / "take.srt"
    srt.write_text(studio.subtitles.of_take(take.digest, "srt"), "utf-8")
    found = studio.subtitles.read(srt)
    said = " ".join(cue.text.replace("\n", " ") for cue in found.cues)
    assert said == "Hello there, you. Yes. And the second sentence, much longer, is here to be cut off."
    clip = studio.cache.load(take.digest)
    assert abs(onset(clip.samples, clip.rate, found.cues[1].start)) < 0.06
    words = json.loads(studio.subtitles.of_take(take.digest, "json"))["cues"][0]["words"]
    assert words[2]["start"] - words[1]["end"] > 0.7, "the pause lies between the words"


def test_what_is_not_there_is_said(studio: Studio, tale: Path) -> None:
    id = studio.scripts.begin(tale).id
    assert studio.subtitles.files(id) == ()
    with pytest.raises(NotFound, match="an EPUB has its own times"):
        studio.subtitles.beside(id, ["srt"])
    with pytest.raises(NotFound, match="export it first"):
        studio.subtitles.of_production(id, "srt")
    with pytest.raises(NotFound, match="did you mean"):
        studio.subtitles.check_format("strt")
    with pytest.raises(BadRequest, match="known are auto, en, zh"):
        studio.subtitles.norms("xx", Subtitles((Cue(0, 1, "x"),)))


def test_ten_hours_do_not_drift() -> None:
    """A book of ten hours from takes of odd lengths: the last cue is as exact as the first."""
    rate, take_s = 24_000, 9.8765
    clip = Clip(np.full(round(take_s * rate), 0.1, np.float32), rate)
    sample: dict[str, Any] = {"trim_ms": 0, "fade_ms": 0, "sentence_ms": 333, "room_tone": False}
    scene = Scene(rate, settle_sound(sample), {"": Member("")})
    count = round(36_000 / (take_s + 0.333))
    lines = [(0, line_of(n)) for n in range(count)]
    assembler = Assembler(scene)
    length = sum(len(block) for block in assembled(lines, scene, lambda line: clip, assembler))
    exact = [n * (len(clip) + round(0.333 * rate)) / rate for n in range(count)]
    found = [placed.start / rate for placed in assembler.placed]
    assert length / rate > 35_000
    for format in ("srt", "vtt", "ass", "lrc"):
        cues = [Cue(start, start + take_s, f"Line {n}.") for n, start in enumerate(found)]
        again = read_subtitles(FORMATS[format][1](cues), format, f"x.{format}").cues
        assert max(abs(cue.start - true) for cue, true in zip(again, exact, strict=True)) <= 0.010


def line_of(number: int) -> Line:
    return Line(
        f"{number}", number, "c", number, f"Line {number}.", "", 1.0, "", "", "", None, "text", "en", "", 0, "done",
        False, "", f"take{number}", "", None, "", None, None, None, 1.0,
    )  # fmt: skip
