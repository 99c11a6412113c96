"""`subtitles`, and subtitles beside what is made: real processes, real files, both languages."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

from studio.manuscripts.subtitles import read_subtitle_file

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "assets" / "examples"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_convert_tells_what_is_lost(run: Run, tmp_path: Path) -> None:
    done = run("subtitles", "convert", EXAMPLES / "three.en.ass", "-o", tmp_path / "three.srt")
    assert "not kept: layers (3 cues)" in done.stderr
    assert "definitions of styles" in done.stderr
    assert "<i>blue</i>" in (tmp_path / "three.srt").read_text("utf-8")
    done = run("subtitles", "convert", EXAMPLES / "three.en.ass", "-o", tmp_path / "three.lrc", language="zh")
    assert "不保留：样式定义" in done.stderr
    told = json.loads(
        run("subtitles", "convert", EXAMPLES / "three.en.ass", "-o", tmp_path / "three.json", "--json").stdout
    )
    assert told["losses"] == []
    assert told["cues"] == 11


def test_split_shift_and_check(run: Run, tmp_path: Path) -> None:
    long = tmp_path / "long.srt"
    text = "The small boat finds the river map, and the old clock repeats her first song while the warm bread waits"
    long.write_text(f"1\n00:00:02,000 --> 00:00:08,000\n{text} for nobody at all in the evening light.\n", "utf-8")
    assert "1 cue, 2 problems" in run("subtitles", "check", long, "--norms", "en").stderr
    run("subtitles", "split", long, "-o", tmp_path / "cut.vtt", "--norms", "en")
    cut = read_subtitle_file(tmp_path / "cut.vtt")
    assert len(cut.cues) == 3
    assert max(len(line) for cue in cut.cues for line in cue.text.split("\n")) <= 42
    run("subtitles", "shift", tmp_path / "cut.vtt", "-o", tmp_path / "late.vtt", "--by", "1.25")
    assert read_subtitle_file(tmp_path / "late.vtt").cues[0].start == 3.25
    told = json.loads(run("subtitles", "check", EXAMPLES / "tight.zh.srt", "--json").stdout)
    assert told["cues"] == 12
    assert "speech" in {one["what"] for one in told["problems"]}


def test_what_is_odd_is_told_and_what_is_wrong_is_refused(run: Run, tmp_path: Path) -> None:
    odd = tmp_path / "odd.srt"
    cues = "1\n00:00:01,000 --> 00:00:02,000\n你好，世界，船要开了。\n\n1\n00:00:0x,000 --> 00:00:04,000\n丢了\n"
    odd.write_bytes(cues.encode("gb18030"))
    done = run("subtitles", "convert", odd, "-o", tmp_path / "odd.vtt")
    assert "was read as gb18030" in done.stderr
    assert "left out: “丢了”" in done.stderr
    assert "did you mean" in run("subtitles", "convert", odd, "-o", tmp_path / "odd.strt", code=2).stderr
    assert "known are auto" in run("subtitles", "split", odd, "-o", tmp_path / "x.srt", "--norms", "xx", code=2).stderr
    odd.write_text("no cues here")
    assert "no cue with words" in run("subtitles", "check", odd, code=2).stderr
    assert not (tmp_path / "x.srt").exists()


def test_subtitles_beside_books_productions_and_takes(run: Run, tmp_path: Path) -> None:
    book = tmp_path / "book.txt"
    book.write_text("A Book\n\nChapter 1\n\nThe first line. The second one.\n")
    run("convert", book, "-o", tmp_path / "a.wav", "--subtitles", "srt,ass")
    assert "The first line." in (tmp_path / "a.srt").read_text("utf-8")
    assert (tmp_path / "a.ass").is_file()
    id = run("productions", "begin", book).stdout.strip()
    run("productions", "render", id)
    done = run("productions", "export", id, "--as", "wav", "-o", tmp_path / "b.wav", "--subtitles", "vtt,lrc")
    assert str(tmp_path / "b.vtt") in done.stderr
    assert read_subtitle_file(tmp_path / "b.vtt").cues
    run("speak", "Hello there.", "-o", tmp_path / "c.wav")
    digest = json.loads(run("takes", "list", "--json").stdout)["takes"][0]["digest"]
    run("takes", "export", digest, "-o", tmp_path / "d.wav", "--subtitles", "json")
    found = json.loads((tmp_path / "d.json").read_text("utf-8"))
    assert [word["text"] for word in found["cues"][0]["words"]] == ["Hello", "there."]
    assert "did you mean" in run("convert", book, "-o", tmp_path / "e.wav", "--subtitles", "strt", code=2).stderr
    assert not (tmp_path / "e.wav").exists()
