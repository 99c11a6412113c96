"""What the Batch page may ask, and what it is refused: paths of the machine above all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.studio import Studio
from studio.ui.options import Options

from .conftest import asker, served

Ask = Callable[..., Any]


def upload(client: httpx.Client, name: str, text: str) -> list[str]:
    answer = client.post("/manuscripts", params={"name": name}, content=text.encode()).json()
    return [name, answer["ok"]["upload"]]


def made(ask: Ask, studio: Studio, **asked: Any) -> str:
    id = ask("batch_begin", asked)["ok"]["id"]
    studio.batches.job(id).wait(60)  # type: ignore[union-attr]
    return str(id)


def test_uploads_become_files_that_can_be_fetched(ask: Ask, client: httpx.Client, studio: Studio) -> None:
    id = made(ask, studio, files=[upload(client, "你好.txt", "你好，世界。")], format="opus")
    got = client.get(f"/batches/{id}/files/1", params={"download": ""})
    assert got.headers["content-type"] == "audio/ogg"
    assert "%E4%BD%A0%E5%A5%BD.opus" in got.headers["content-disposition"]
    assert client.get(f"/batches/{id}/files/1", headers={"range": "bytes=0-3"}).content == got.content[:4] == b"OggS"
    assert client.get(f"/batches/{id}/all.zip").content[:2] == b"PK"
    assert client.get(f"/batches/{id}/report.json").json()["done"] == 1


@pytest.mark.parametrize(
    "path",
    [f"/batches/{rest}" for rest in ("x/files/1", "ID/files/2", "ID/files/0", "..%2Ftakes/all.zip", "x/all.zip")],
)  # fmt: skip
def test_what_is_not_there_is_not_found(ask: Ask, client: httpx.Client, studio: Studio, path: str) -> None:
    id = made(ask, studio, files=[upload(client, "a.txt", "Here.")])
    assert client.get(path.replace("ID", id)).status_code == 404


def test_unknown_reports_are_refused(ask: Ask, client: httpx.Client, studio: Studio) -> None:
    id = made(ask, studio, files=[upload(client, "a.txt", "Here.")])
    assert client.get(f"/batches/{id}/report.exe").status_code == 400


@pytest.mark.parametrize(
    "name", ["../../evil.txt", "/etc/evil.txt", "..\\evil.txt", "a/../../evil.txt", "C:\\evil.txt"]
)
def test_names_of_uploads_lead_nowhere(ask: Ask, client: httpx.Client, studio: Studio, name: str) -> None:
    id = made(ask, studio, files=[[name, upload(client, "x.txt", "Nothing evil.")[1]]])
    record = studio.batches.record(id)
    assert record.tally.done == 1
    assert list(record.out.rglob("*.mp3"))
    evil = studio.folder.path.parent.glob("**/evil.mp3")
    assert all(one.is_relative_to(studio.batches.folder) and "out" in one.parts for one in evil)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"files": []},
        {"files": "a.txt"},
        {"files": [["a.txt"]]},
        {"files": [["a.txt", "../../etc/passwd"]]},
        {"files": [[1, 2]]},
        {"files": [["a.txt", "0" * 32]] * 6000},
        {"example": True, "voice": "nobody"},
        {"example": True, "format": "xyz"},
        {"example": True, "subtitles": "doc"},
        {"example": True, "engine": 5},
        {"example": "yes"},
        {"folder": "relative"},
        {"folder": ""},
        {"folder": "/no/such/folder"},
    ],
)
def test_orders_that_make_no_sense_are_refused_in_words(ask: Ask, asked: dict[str, Any]) -> None:
    for name in ("batch_look", "batch_begin"):
        for language in ("en", "zh"):
            answer = ask(name, asked, language)
            assert answer["error"]["text"]
            assert answer["error"]["code"] != "unexpected"


@pytest.mark.parametrize(
    "options", [{"login": ("me", "secret")}, {"root_path": "/x"}, {"allow_hosts": ("studio.example",)}]
)
def test_folders_are_refused_where_others_may_ask(tmp_path: Path, options: dict[str, Any]) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "private.txt").write_text("A secret.", "utf-8")
    login = options.get("login")
    with Studio(tmp_path / "data") as studio, served(studio, Options(**options)) as url:
        base = url + options.get("root_path", "")
        with httpx.Client(base_url=base, timeout=30, trust_env=False, auth=login) as client:
            ask = asker(client, dict(client.get("/config").json()))
            assert ask("batch_told")["ok"]["local"] is False
            for name in ("batch_look", "batch_begin"):
                answer = ask(name, {"folder": str(tmp_path / "in")})
                assert "Upload the files" in answer["error"]["text"]
        assert studio.batches.find() == []


def test_only_this_machine_alone_may_name_folders() -> None:
    assert Options().alone
    assert not Options(host="0.0.0.0").alone
    assert not Options(login=("a", "b")).alone


def test_acts_are_those_of_the_page(ask: Ask, client: httpx.Client, studio: Studio) -> None:
    id = made(ask, studio, files=[upload(client, "a.txt", "Here.")])
    assert "takes pause" in ask("batch_act", {"id": id, "act": "__init__"})["error"]["text"]
    assert ask("batch_act", {"id": "nobody", "act": "pause"}) is not None
    assert ask("batch_act", {"id": "nobody", "act": "delete"})["error"]["code"] == "not_found"
    assert ask("batch_act", {"id": id, "act": "delete"})["ok"] is True
    assert not (studio.batches.folder / id).exists()


def test_a_dry_run_that_was_forgotten_says_so(ask: Ask) -> None:
    assert ask("batch_looked", {"id": "x"})["error"]["code"] == "not_found"
