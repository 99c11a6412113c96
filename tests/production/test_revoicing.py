"""A recording, and a take of another engine, said again in another voice: through the facade and the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

from studio.errors import BadFile, BadRequest
from studio.studio import SpeakRequest, Studio

HERE = Path(__file__).parents[1]
SOURCE = HERE / "parity" / "cosyvoice" / "common" / "source_1s2_22k.wav"


@pytest.fixture(scope="module")
def studio(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("home"), models=models) as opened:
        yield opened


def test_a_recording_is_said_in_another_voice(studio: Studio, tmp_path: Path) -> None:
    made = studio.revoice(SOURCE, tmp_path / "out.flac", "cosyvoice2", "guide-zh")
    facts = soundfile.info(tmp_path / "out.flac")
    assert facts.samplerate == made.rate == 24_000
    assert facts.duration == pytest.approx(made.seconds, abs=0.01) == pytest.approx(1.2, abs=0.1)
    inspected = studio.inspect(tmp_path / "out.flac")
    assert inspected.digest == made.digest
    again = studio.revoice(SOURCE, tmp_path / "again.flac", "cosyvoice2", "guide-zh")
    other = studio.revoice(SOURCE, tmp_path / "other.flac", "cosyvoice2", "guide-en")
    assert again.digest == made.digest != other.digest


def test_a_take_of_another_engine_is_said_in_another_voice(studio: Studio, tmp_path: Path) -> None:
    take = studio.speak(SpeakRequest("今天的天气真不错，我们一起去公园散步吧。", engine="espeak")).wait(60)
    made = studio.revoice(f"take:{take.digest}", tmp_path / "out.wav", "cosyvoice2", "guide-zh")
    assert made.seconds == pytest.approx(take.seconds, abs=0.2)


def test_what_cannot_be_is_refused_and_nothing_is_written(studio: Studio, tmp_path: Path) -> None:
    target = tmp_path / "out.wav"
    with pytest.raises(BadRequest, match=r"espeak cannot change.*cosyvoice2"):
        studio.revoice(SOURCE, target, "espeak")
    with pytest.raises(BadFile, match="no such file"):
        studio.revoice(tmp_path / "none.wav", target, "cosyvoice2")
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(BadFile):
        studio.revoice(tmp_path / "text.wav", target, "cosyvoice2")
    assert not target.exists()


def test_from_the_command_line(models: Path, tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "studio", "--data-dir", str(tmp_path / "home"), "--models", str(models), "voices",
        "convert", str(SOURCE), "-o", str(tmp_path / "out.mp3"), "-v", "guide-en", "-c", "steps=4", "--json",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LANG": "C"})
    assert json.loads(done.stdout)["voice"] == "guide-en"
    assert (tmp_path / "out.mp3").stat().st_size > 5_000


def test_every_mode_from_the_command_line(models: Path, tmp_path: Path) -> None:
    found = set()
    for name, extra in {
        "clip": [],
        "voice": ["--mode", "cross_lingual"],
        "dialect": ["-c", "direction=sichuan"],
        "told": ["-c", "instruction=很慢很轻"],
    }.items():
        command = [
            sys.executable, "-m", "studio", "--data-dir", str(tmp_path / "home"), "--models", str(models), "speak",
            "今天天气真不错。", "-e", "cosyvoice2", "-c", "endless=keep", "-o", str(tmp_path / f"{name}.wav"), *extra,
        ]  # fmt: skip
        subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "LANG": "C"})
        found.add((tmp_path / f"{name}.wav").read_bytes())
    assert len(found) == 4
    done = subprocess.run([*command, "--mode", "sing"], capture_output=True, text=True, env={**os.environ, "LANG": "C"})
    assert done.returncode
    assert "mode sing" in done.stderr


def test_a_text_is_said_while_it_is_being_written(studio: Studio) -> None:
    controls = {"temperature": 2.0, "top_p": 1.0, "top_k": 200, "max_ratio": 20.0}
    request = SpeakRequest("", engine="cosyvoice2", voice="guide-zh", controls=controls)
    rate, sound = studio.follow(iter(["今天的天气真不错，", "我们一起去", "公园散步吧。"]), request)
    assert rate == 24_000
    assert sum(len(samples) for samples in sound) > 5_000
    with pytest.raises(BadRequest, match="has to know the whole text"):
        studio.follow(["你好"], SpeakRequest("", engine="espeak"))
