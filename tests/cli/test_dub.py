"""`dub` as a person uses it: files, reports, refusals, both languages."""

import csv
import json
from pathlib import Path

from studio.audio.files import probe

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"


def test_a_dub_with_subtitles_and_reports(run, tmp_path):
    out = tmp_path / "tight.flac"
    done = run(
        "dub", EXAMPLES / "tight.en.srt", "-o", out, "--subtitles", "srt", "--subtitles", "vtt",
        "--report", tmp_path / "r.csv", "--cast", "May=f2", "--cast", "Captain=m1", "--pan", "May=-0.5",
    )  # fmt: skip
    assert done.stdout.splitlines()[:3] == [str(out), str(out.with_suffix(".srt")), str(out.with_suffix(".vtt"))]
    assert "runs over its end" in done.stdout
    assert "12 cues" in done.stderr
    assert "stereo" in done.stderr
    assert probe(out).seconds > 23
    assert probe(out).channels == 2
    assert "<v Captain>" in out.with_suffix(".vtt").read_text("utf-8")
    assert [row["number"] for row in csv.DictReader((tmp_path / "r.csv").open())] == [str(n + 1) for n in range(12)]
    again = run(
        "dub", EXAMPLES / "tight.en.srt", "-o", tmp_path / "cut.wav", "--json", "--set", "overrun=cut",
        "--cast", "May=f3", "--set", "channels=auto",
        "--report", tmp_path / "r.json",
    )  # fmt: skip
    told = json.loads(again.stdout)
    assert told["channels"] == 2, "another voice leaves the place"
    assert told["flags"]["cut"] >= 1
    assert "over" not in told["flags"]
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["cues"] == told["cues"]


def test_it_speaks_chinese_too(run, tmp_path):
    done = run("dub", EXAMPLES / "tight.zh.srt", "-o", tmp_path / "x.wav", language="zh")
    assert "超出结束时间" in done.stdout
    assert "共 12 条字幕" in done.stderr


def test_what_cannot_be_done_is_said_before_any_work(run, tmp_path):
    example = EXAMPLES / "tight.en.srt"
    out = tmp_path / "out.wav"
    for arguments, words in (
        ((tmp_path / "none.srt", "-o", out), "none.srt"),
        ((example, "-o", tmp_path / "out.xyz"), "out.xyz"),
        ((example, "-o", out, "--cast", "Nobody=f2"), "Nobody"),
        ((example, "-o", out, "--cast", "May"), "SPEAKER=VOICE"),
        ((example, "-o", out, "--pan", "May"), "SPEAKER=PLACE"),
        ((example, "-o", out, "--pan", "May=1", "--pan", "Nobody=1"), "Nobody"),
        ((example, "-o", out, "--cast", "May=nobody-at-all"), "nobody-at-all"),
        ((example, "-o", out, "--set", "stretch=9"), "stretch"),
        ((example, "-o", out, "--set", "strech=1.1"), "no such setting"),
        ((example, "-o", out, "--subtitles", "doc"), "doc"),
        ((example, "-o", out, "--report", tmp_path / "r.txt"), ".csv or .json"),
        ((example, "-o", out, "--background", tmp_path / "none.mp3"), "none.mp3"),
        ((example, "-o", tmp_path / "out.mp4", "--video", example), "no pictures"),
    ):
        assert words in run("dub", *arguments, code=2).stderr, words
    assert not out.exists()
