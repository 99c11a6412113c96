"""Measuring and finding voices on the command line, in this process: every option changes what is printed."""

import io
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from studio.cli.main import main
from studio.studio import SpeakRequest, Studio

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with four voices, two of them one and the same, and a recording of the first."""
    place: Path = tmp_path_factory.mktemp("home")
    with Studio(place) as studio:
        for name, seed in (("Low", 0), ("High", 3), ("High again", 3), ("Middle", 5)):
            studio.keeping.seed("espeak", seed, name, tags=("pair",) if seed == 3 else ())
        take = studio.speak(SpeakRequest("Nobody was at home, and the door stood open.", voice="Low")).wait(30)
        studio.export_take(take.digest, place / "low.wav")
    return place


@pytest.fixture(scope="module")
def ask(folder: Path) -> Ask:
    """`ask("measure", "Low")`: what `voices measure Low --json` prints."""

    def call(*words: str, code: int = 0, machine: bool = True) -> Any:
        said, wrong, ended = io.StringIO(), io.StringIO(), 0
        line = ["studio", "--data-dir", str(folder), "voices", *words, *(["--json"] if machine else [])]
        with mock.patch.object(sys, "argv", line), redirect_stdout(said), redirect_stderr(wrong):
            try:
                main()
            except SystemExit as error:
                ended = int(error.code or 0)
        assert ended == code, wrong.getvalue()
        return json.loads(said.getvalue()) if machine and not code else said.getvalue() + wrong.getvalue()

    ask_once = call("measure", "--all", "--quick")
    assert [one["voice"]["name"] for one in ask_once] == ["Middle", "High again", "High", "Low"]
    return call


def names(found: Any) -> list[str]:
    return [voice["name"] for voice in found["voices"]]


def test_measure(ask: Ask) -> None:
    (one,) = ask("measure", "Low", "--quick", "--text-language", "en")
    assert one["error"] is None
    assert 55 < one["measured"]["pitch_hz"] < 80
    assert one["measured"]["details"]["language"] == "en"
    printed = ask("measure", "Low", "--quick", machine=False)
    assert printed.splitlines()[0].split("\t")[:2] == ["Voice", "Pitch Hz"]
    assert "no such voice" in ask("measure", "Lo", code=2, machine=False)
    assert "name one or more" in ask("measure", code=2, machine=False)
    assert "measured already" in ask("measure", "--all", code=2, machine=False)


def test_find_by_ranges(ask: Ask) -> None:
    assert sorted(names(ask("find", "--pitch", "150..250"))) == ["High", "High again", "Middle"]
    assert names(ask("find", "--pitch", "..100")) == ["Low"]
    assert names(ask("find", "Middle", "--pitch", "100..", "--stability", "0.2..1", "--pace", "1..9")) == ["Middle"]
    assert sorted(names(ask("find", "--tag", "pair", "--span", "0..", "--level", "-60..0"))) == ["High", "High again"]
    assert names(ask("find", "--engine", "chattts")) == []
    assert "write a range such as" in ask("find", "--pitch", "low", code=2, machine=False)
    assert "the smaller one first" in ask("find", "--pitch", "200..100", code=2, machine=False)


def test_find_like(ask: Ask, folder: Path) -> None:
    near = ask("find", "--like", "High")
    assert names(near)[:1] == ["High again"]
    assert near["voices"][0]["similarity"] == pytest.approx(1, abs=1e-4)
    assert names(ask("find", "--like", str(folder / "low.wav")))[0] == "Low"
    assert names(ask("find", "--like", "seed:5", "--like-engine", "espeak"))[0] == "Middle"
    assert names(ask("find", "--like", "High", "--tag", "pair", "--size", "1")) == ["High again"]
    assert "Similarity" in ask("find", "--like", "High", machine=False)
    (folder / "words.txt").write_text("no sound")
    assert "words.txt" in ask("find", "--like", str(folder / "words.txt"), code=2, machine=False)


def test_duplicates(ask: Ask) -> None:
    (twins,) = ask("duplicates")
    assert (twins["same"], sorted(voice["name"] for voice in twins["voices"])) == (True, ["High", "High again"])
    assert "takes 0.5 to 1" in ask("duplicates", "--similarity", "2", code=2, machine=False)
    assert ask("duplicates", machine=False).splitlines()[1].split("\t")[3] == "="
