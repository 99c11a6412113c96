"""The page about the API: the call for what is on the screen really says it; keys are made, shown once, revoked."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.api.settings import ApiSettings
from studio.audio.files import read
from studio.studio import Studio
from studio.ui.options import Options

from ..api.conftest import beside
from ..ui.conftest import served

Visit = Callable[..., Any]
Shot = Callable[[Any, str], None]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("api-page")) as opened:
        yield opened


@pytest.fixture(scope="module")
def url(home: Studio) -> Iterator[str]:
    with served(home, Options(), beside(ApiSettings())) as address:
        yield address


def test_the_calls_on_the_page_say_what_is_on_the_screen(
    visit: Visit, shot: Shot, url: str, tmp_path: Path, home: Studio
) -> None:
    page = visit("speak")
    page.locator("#text textarea").fill("It's 5 o'clock. [pause 700ms] Say \"yes\"\nor no.")
    page.locator('[data-control="speed"] input.number').fill("0.7")
    page.locator('[data-control="speed"] input.number').press("Tab")
    page.locator("#call").click()
    code = page.locator("#call-code")
    shot(page, "call-curl")
    found = {"curl": code.inner_text()}
    for name in ("Python", "JavaScript"):
        page.get_by_role("button", name=name).click()
        found[name] = code.inner_text()
    assert url in found["JavaScript"]
    body = json.loads(re.search(r"create\((.*?)\);\nfs", found["JavaScript"], re.DOTALL)[1])  # type: ignore[index]
    assert body["studio"] == {"controls": {"speed": 0.7}}
    assert body["input"] == "It's 5 o'clock. [pause 700ms] Say \"yes\"\nor no."
    if shutil.which("bash") and shutil.which("curl"):
        subprocess.run(["bash", "-c", f"no_proxy='*' {found['curl']}"], cwd=tmp_path, check=True, capture_output=True)
        by_curl = read(tmp_path / "speech.mp3").seconds
        (tmp_path / "speech.mp3").unlink()
    else:
        by_curl = 0.0
    environment = {"NO_PROXY": "127.0.0.1", "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", found["Python"]], cwd=tmp_path, check=True, env=environment)
    by_python = read(tmp_path / "speech.mp3").seconds
    assert by_python > 3
    assert by_curl in (0.0, pytest.approx(by_python, abs=0.05))


@pytest.mark.parametrize("width", [1280, 390])
def test_a_key_is_made_shown_once_and_revoked(visit: Visit, shot: Shot, home: Studio, width: int) -> None:
    page = visit("settings", language="zh-CN", width=width)
    page.locator("#key-new").click()
    page.locator("dialog [name=name]").fill("手机")
    page.locator('dialog button[value="make"]').click()
    secret = page.locator("#key-secret").inner_text()
    shot(page, f"key-{width}")
    assert home.keys.check(secret) is not None
    page.get_by_role("dialog").get_by_role("button", name="关闭").last.click()
    page.locator("#key-secret").wait_for(state="detached")
    page.locator(".api-key").wait_for()
    assert secret not in page.content()
    page.locator(".api-key [data-act=revoke]").click()
    page.locator(".api-key").wait_for(state="detached")
    assert home.keys.check(secret) is None


def test_the_api_answers_beside_the_page(url: str) -> None:
    with httpx.Client(base_url=url, trust_env=False) as client:
        assert client.get("/v1/models").json()["object"] == "list"
        assert "gradio" in client.get("/").text
        assert client.get("/readyz").text == "ready\n"
