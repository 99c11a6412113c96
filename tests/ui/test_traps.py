"""Each trap of a mounted Gradio, avoided: asked over HTTP on a real server, as an intruder would."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.studio import Studio

SECRET = "the content of a file nobody shared"


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("outside") / "secret.txt"
    path.write_text(SECRET, encoding="utf-8")
    return path


def run(client: httpx.Client, config: dict[str, Any], data: list[Any], which: str) -> httpx.Response:
    """Run the event of the button `which`, as the page does."""
    button = next(c["id"] for c in config["components"] if c["props"].get("elem_id") == which)
    event = next(d for d in config["dependencies"] if [button, "click"] in [list(t) for t in d["targets"]])
    body = {"fn_index": event["id"], "data": data, "session_hash": "intruder", "event_data": None}
    return client.post("/gradio_api/run/predict", json=body)


def test_the_event_itself_can_be_run_so_the_tests_below_mean_something(
    client: httpx.Client, config: dict[str, Any]
) -> None:
    answer = run(client, config, ["你好", {}], "generate").json()
    assert answer["data"][0]["ok"]["stream"].startswith("/stream/")


@pytest.mark.parametrize("place", ["text", "desk", "inside"])
def test_no_server_file_through_an_input(
    client: httpx.Client, config: dict[str, Any], secret: Path, studio: Studio, place: str
) -> None:
    file = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
    data: list[Any] = {"text": [file, {}], "desk": ["你好", file], "inside": ["你好", {"voice": file}]}[place]
    answer = run(client, config, data, "generate")
    assert SECRET not in answer.text
    assert answer.status_code >= 400 or "error" in answer.text
    copies = [p for p in studio.folder.path.rglob("*") if p.is_file() and p.stat().st_size == len(SECRET)]
    assert copies == []


@pytest.mark.parametrize(
    "path", ["/gradio_api/file={}", "/gradio_api/file/{}", "/file={}", "/gradio_api/file=../../../..{}"]
)
def test_no_server_file_by_its_path(client: httpx.Client, secret: Path, path: str) -> None:
    answer = client.get(path.format(secret))
    assert answer.status_code in (403, 404)
    assert SECRET not in answer.text


def test_the_database_is_not_served(client: httpx.Client, studio: Studio) -> None:
    assert client.get(f"/gradio_api/file={studio.folder.path / 'studio.db'}").status_code in (403, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/docs",
        "/redoc",
        "/openapi.json",
        "/gradio_api/docs",
        "/gradio_api/openapi.json",
        "/monitoring",
        "/gradio_api/mcp/",
        "/gradio_api/mcp/sse",
    ],
)
def test_what_is_not_ours_to_show_is_closed(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code in (401, 403, 404, 405)


def test_no_event_is_published(client: httpx.Client, config: dict[str, Any]) -> None:
    assert {d["api_visibility"] for d in config["dependencies"]} <= {"private"}
    told = client.get("/gradio_api/info").json()
    assert told.get("named_endpoints", {}) == {}
    assert told.get("unnamed_endpoints", {}) == {}


def test_gradio_keeps_no_history_and_shows_no_footer(config: dict[str, Any]) -> None:
    assert config.get("run_history") in (None, False)
    assert config.get("footer_links") == []
    assert config.get("analytics_enabled") is False


def test_errors_are_not_shown_with_their_text(config: dict[str, Any]) -> None:
    assert config["show_error"] is False


def test_a_large_upload_is_refused(client: httpx.Client) -> None:
    answer = client.post("/gradio_api/upload", files={"files": ("big.bin", b"0" * 2_000_000)})
    assert answer.status_code == 413


def test_what_gradio_keeps_lies_in_our_folder(client: httpx.Client, studio: Studio) -> None:
    (path,) = client.post("/gradio_api/upload", files={"files": ("small.html", b"<b>hello</b>")}).json()
    assert Path(path).is_relative_to(studio.folder.path / "page")
    assert client.get(f"/gradio_api/file={path}").headers.get("content-disposition", "").startswith("attachment")


def test_no_function_can_be_asked_but_ours(client: httpx.Client, config: dict[str, Any]) -> None:
    for name in ("postprocess", "get_config", "__init__", "push_to_hub"):
        for part in config["components"]:
            body = {"data": {}, "component_id": part["id"], "fn_name": name, "session_hash": "x"}
            assert client.post("/gradio_api/component_server/", json=body).status_code in (404, 422, 500)


WRONG = [
    None,
    "text",
    {"digest": 5, "id": {"a": 1}},
    {"page": -3, "seed": 1e300},
    {"page": "x", "text": None, "desk": "x"},
]


@pytest.mark.parametrize("asked", WRONG, ids=repr)
def test_every_function_answers_nonsense_with_an_error_not_with_a_trace(
    ask: Callable[..., Any], config: dict[str, Any], asked: Any
) -> None:
    names = {name for part in config["components"] for name in part["props"].get("server_fns") or []}
    assert len(names) > 30
    for name in sorted(names - {"checks", "clean_cache", "take_made", "voice_heard_made"}):
        answer = ask(name, asked)
        assert set(answer) <= {"ok", "error"}, name
        if "error" in answer:
            assert answer["error"]["code"] != "unexpected", (name, asked)
            assert answer["error"]["text"]
            assert "Traceback" not in json.dumps(answer)


def test_the_page_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert "*" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"


def test_making_the_page_looks_up_no_host(tmp_path: Path) -> None:
    """Telemetry off before Gradio is imported: a process that may not resolve names builds the page all the same."""
    code = f"""
import socket
asked = []
def refuse(host, *rest, **more):
    asked.append(host)
    raise OSError("no look-up")
socket.getaddrinfo = refuse
from pathlib import Path
from studio.studio import Studio
from studio.ui.options import Options
from studio.ui.server import build
with Studio(Path({str(tmp_path)!r})) as studio:
    build(studio, Options())
import time
time.sleep(0.5)
assert asked == [], asked
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 0, done.stderr


def test_the_server_stands_in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from studio.ui.server import apart

    monkeypatch.chdir(tmp_path)
    apart(tmp_path / "served")
    assert list(Path.cwd().iterdir()) == []
    (Path.cwd() / "something").touch()
    apart(tmp_path / "served")
    assert list(Path.cwd().iterdir()) == []
    monkeypatch.chdir(tmp_path)
