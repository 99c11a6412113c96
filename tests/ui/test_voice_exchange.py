"""What the Voices page asks about files and many voices, without a browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.studio import Begun, Studio

Ask = Callable[..., Any]


@pytest.fixture
def voices(studio: Studio) -> list[str]:
    return [studio.keeping.seed("espeak", seed, f"exchanged {seed}").id for seed in (101, 102)]


def test_a_file_goes_out_once_and_comes_in_again(
    ask: Ask, client: httpx.Client, studio: Studio, voices: list[str]
) -> None:
    told = ask("export_voices", {"ids": voices, "format": "pack"})["ok"]
    assert told["count"] == 2
    sent = client.get(f"/{told['url']}")
    assert "2-voices.zip" in sent.headers["content-disposition"]
    assert client.get(f"/{told['url']}").status_code == 404, "it was given out once"
    studio.voices.delete(voices)
    ticket = client.post("/voice-files?name=a.zip", content=sent.content).json()["ok"]["upload"]
    report = ask("take_voices", {"uploads": [ticket]}, "zh")["ok"]
    assert report["summary"] == "已导入 2 个"
    assert [row["word"] for row in report["rows"]] == ["已导入"] * 2
    assert ask("take_voices", {"uploads": [ticket]})["error"]["code"] == "not_found", "nor is it taken twice"
    assert ask("drop_voices", {"ids": report["added"]})["ok"] == {"count": 2}


def test_formats_follow_from_the_voice(ask: Ask, voices: list[str]) -> None:
    found = ask("voice_formats", {"id": voices[0]}, "zh")["ok"]
    assert [one["id"] for one in found] == ["voice", "card", "pack", "safetensors"]
    assert found[1]["label"] == "音色卡"


def test_what_cannot_be_written_leaves_no_file(ask: Ask, studio: Studio, voices: list[str]) -> None:
    folder = studio.folder.path / "voice-exports"
    before = sorted(folder.iterdir()) if folder.is_dir() else []
    assert "cannot hold it" in ask("export_voices", {"ids": voices, "format": "code"})["error"]["text"]
    assert ask("export_voices", {"ids": []})["error"]["code"] == "bad_request"
    assert ask("export_voices", {"ids": voices, "format": "../../x"})["error"]["code"] == "not_found"
    assert sorted(folder.iterdir()) == before


def test_voices_in_use_are_deleted_when_it_is_said_what_becomes_of_productions(
    ask: Ask, studio: Studio, voices: list[str], tmp_path: Path
) -> None:
    tale = tmp_path / "tale.txt"
    tale.write_text("The wind rose. Nobody slept that night.", encoding="utf-8")
    made = studio.scripts.begin(tale, Begun(title="The Lighthouse", voice=voices[0]))
    assert ask("drop_voices", {"ids": voices})["ok"] == {"titles": ["The Lighthouse"]}
    assert studio.voices.get(voices[0]).deleted is None, "nothing is gone before the answer"
    assert ask("drop_voices", {"ids": voices, "then": "keep"})["ok"] == {"count": 2}
    assert studio.voices.get(voices[0]).deleted is not None
    assert studio.scripts.missing(made.id) == {}, "the production has it for itself"
    studio.scripts.render(made.id).wait(60)
    assert {line.state for line in studio.scripts.all_lines(made.id)} == {"done"}


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("take_voices", {"uploads": "x"}),
        ("take_voices", {"uploads": ["../../etc"]}),
        ("take_voices", {"uploads": [], "prefer": "mine"}),
        ("take_pack", {"id": "../.."}),
        ("voice_formats", {"id": 7}),
        ("export_voices", {"ids": [1]}),
        ("change_voices", {"ids": [], "rating": "many"}),
        ("change_voices", {"ids": ["x"], "add_tags": "x"}),
        ("drop_voices", {"ids": None}),
        ("drop_voices", {"ids": [], "then": "burn"}),
    ],
)
def test_strange_questions_are_refused_in_words(ask: Ask, name: str, asked: dict[str, Any]) -> None:
    error = ask(name, asked)["error"]
    assert error["code"] in ("bad_request", "not_found")
    assert error["text"]


def test_all_voices_that_the_filters_leave(ask: Ask, studio: Studio, voices: list[str]) -> None:
    assert ask("change_voices", {"ids": voices, "add_tags": ["outgoing"], "rating": 3})["ok"] == 2
    assert ask("voice_ids", {"tag": "outgoing"})["ok"] == voices
    assert {studio.voices.get(id).rating for id in voices} == {3}


def test_the_name_of_a_download_is_only_a_name(ask: Ask, client: httpx.Client, studio: Studio, tmp_path: Path) -> None:
    voice = studio.keeping.seed("espeak", 103, "../../a\nb/ c.exe")
    told = ask("export_voices", {"ids": [voice.id], "format": "voice"})["ok"]
    sent = client.get(f"/{told['url']}").headers["content-disposition"]
    assert "/" not in sent.split("filename*")[0]
    assert ".voice.json" in sent
