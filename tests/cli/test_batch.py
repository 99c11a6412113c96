"""`batch` as a person uses it: real processes, files, exit codes, reports, both languages; killed, stopped, gone on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from studio.audio.files import probe

from ..warm import hears_ctrl_c

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "assets" / "examples" / "batch"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIMBRE_")}
    return kept | {"TIMBRE_HOME": str(tmp_path / "data"), "TIMBRE_LANGUAGE": "en", "PYTHONUTF8": "1"}


@pytest.fixture
def run(run: Run) -> Run:
    return partial(run, "batch")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "in"
    place.mkdir()
    for n in range(3):
        (place / f"{n}.txt").write_text(f"This is text number {n}.", "utf-8")
    return place


def test_a_folder_becomes_files_with_subtitles_and_a_report(run, folder, tmp_path):
    out, report = tmp_path / "out", tmp_path / "report.csv"
    options = ("--out", out, "--format", "opus", "--voice", "f2", "--subtitles", "srt,vtt", "--report", report)
    done = run(folder, *options)
    assert "3 of 3 files" in done.stderr
    assert sorted(one.name for one in out.iterdir()) == sorted(
        f"{n}.{e}" for n in range(3) for e in ("opus", "srt", "vtt")
    )
    assert report.read_text("utf-8-sig").count(",done,espeak,f2,opus,") == 3
    assert probe(out / "0.opus").seconds > 0.5


def test_the_shipped_manifests_are_good(run, tmp_path):
    for name in ("manifest.csv", "manifest.json"):
        preview = json.loads(run(EXAMPLES / name, "-o", tmp_path / "out", "--dry-run", "--json").stdout)
        assert preview["good"]
        assert len(preview["files"]) == 12
        assert 60 < preview["seconds"] < 200
    assert not (tmp_path / "out").exists()


def test_a_dry_run_is_a_table_in_the_readers_language(run, folder, tmp_path):
    (folder / "bad.docx").write_bytes(b"PK\x03\x04")
    (folder / "photo.png").write_bytes(b"\x89PNG")
    done = run(folder, "-o", tmp_path / "out", "--dry-run", code=1)
    assert "bad.docx is damaged" in done.stdout
    assert "1 of 4 cannot be made" in done.stderr
    assert "photo.png" in done.stderr
    assert "无法解压" in run(folder, "-o", tmp_path / "out", "--dry-run", code=1, language="zh").stdout


def test_a_bad_file_ends_with_1_and_is_named(run, folder, tmp_path):
    (folder / "bad.docx").write_bytes(b"PK\x03\x04")
    done = run(folder, "-o", tmp_path / "out", "--json", code=1)
    told = json.loads(done.stdout)
    assert (told["done"], told["failed"]) == (3, 1)
    (folder / "bad.docx").unlink()
    again = run("-o", tmp_path / "out", "--retry", code=1)
    assert "no such file" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "en", "zh"),
    [
        (["IN", "--out", "OUT", "--voice", "nobody"], 2, "no such voice", "没有这个音色"),
        (["IN", "--out", "OUT", "--format", "xyz"], 2, "does not name a format", "看不出格式"),
        (["IN", "--out", "OUT", "--subtitles", "doc"], 2, "srt, vtt", "srt、vtt"),
        (["IN", "--out", "OUT", "--report", "x.doc"], 2, ".csv or .json", ".csv 或 .json"),
        (["IN", "--out", "OUT", "--engine", "chattts"], 1, "not installed", "尚未安装"),
        (["nowhere", "--out", "OUT"], 2, "no such file", "没有这个文件"),
        (["IN", "--out", "FILE"], 5, "cannot be written", "无法写入"),
        (["--out", "OUT"], 2, "name files", "请给出文件"),
        (["IN", "--out", "OUT", "--resume"], 2, "leave out INPUTS", "不要再写 INPUTS"),
        (["--out", "OUT", "--resume"], 2, "no batch was written there", "没有写入这个文件夹的批次"),
    ],
)
def test_bad_input_ends_with_a_sentence_and_its_code(run, folder, tmp_path, arguments, code, en, zh):
    places = {"IN": folder, "FILE": folder / "0.txt", "OUT": tmp_path / "out"}
    given = [places.get(one, one) for one in arguments]
    assert en in run(*given, code=code).stderr.replace("\n", " ")
    assert zh in run(*given, code=code, language="zh").stderr.replace("\n", "")


def begun(environment: dict[str, str], *arguments: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "studio", "batch", *map(str, arguments)]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True, preexec_fn=hears_ctrl_c
    )


def many(place: Path) -> Path:
    place.mkdir()
    for n in range(24):
        (place / f"{n:02}.txt").write_text(f"This is text number {n}. It is one of many.", "utf-8")
    return place


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_stopped_or_killed_it_goes_on_with_resume(run, environment, tmp_path, sign, code):
    out = tmp_path / "out"
    process = begun(environment, many(tmp_path / "in"), "-o", out)
    while len(list(out.glob("*.mp3"))) < 5:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(sign)
    _, told = process.communicate(timeout=30)
    assert process.returncode == code
    assert sign != signal.SIGINT or "--resume" in told
    made = {one: one.stat().st_mtime_ns for one in out.glob("*.mp3")}
    assert len(made) < 24
    done = run("-o", out, "--resume", "--json")
    assert json.loads(done.stdout)["done"] == 24
    assert all(one.stat().st_mtime_ns == when for one, when in made.items())
    assert len(list(out.iterdir())) == 24
