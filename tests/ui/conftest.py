"""One real studio and one real server on loopback for all tests of the interface."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.studio import Studio
from studio.ui.options import Options


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def served(studio: Studio, options: Options, beside: Any = None) -> Iterator[str]:
    """The address of a server on `studio`, as `serve` runs it, in a thread of this process."""
    import uvicorn

    from studio.ui.server import build, listen

    options = replace(options, port=free_port())
    bound = listen(options)
    config = uvicorn.Config(build(studio, options, beside), log_level="warning", ws="none", timeout_graceful_shutdown=1)  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{options.port}"
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("home")) as opened:
        yield opened


@pytest.fixture(scope="session")
def address(studio: Studio) -> Iterator[str]:
    with served(studio, Options()) as url:
        yield url


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=30, trust_env=False) as opened:
        yield opened


@pytest.fixture(scope="session")
def config(client: httpx.Client) -> dict[str, Any]:
    """Gradio's description of the page."""
    return dict(client.get("/config").json())


@pytest.fixture(scope="session")
def ask(client: httpx.Client, config: dict[str, Any]) -> Callable[..., Any]:
    """Calls a function of the server as the page's scripts do."""
    return asker(client, config)


def asker(client: httpx.Client, config: dict[str, Any]) -> Callable[..., Any]:
    home = {name: part["id"] for part in config["components"] for name in part["props"].get("server_fns") or []}

    def call(name: str, asked: dict[str, Any] | None = None, language: str = "en") -> Any:
        body = {"data": asked or {}, "component_id": home[name], "fn_name": name, "session_hash": "test"}
        headers = {"accept-language": language}
        return client.post("/gradio_api/component_server/", json=body, headers=headers).raise_for_status().json()

    return call


@pytest.fixture(scope="session")
def take(ask: Callable[..., Any], studio: Studio) -> dict[str, Any]:
    """A finished take."""
    from studio.studio import SpeakRequest

    job = studio.speak(SpeakRequest("你好，世界。Hello from the tests."))
    job.wait(30)
    return dict(ask("take_made", {"id": job.id})["ok"])


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    path = tmp_path / "故事 one.txt"
    path.write_text("第一章 早晨\n\n太阳出来了。\n\n第二章 夜晚\n\n月亮出来了。\n", encoding="utf-8")
    return path
