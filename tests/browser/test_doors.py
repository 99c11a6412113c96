"""Behind a login and below a path, as on a shared machine: the whole way to the first sound."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from studio.ui.options import Options

from ..ui.conftest import served


@pytest.fixture(scope="module")
def locked(home: Any) -> Iterator[str]:
    with served(home, Options(login=("me", "secret"), root_path="/timbre")) as address:
        yield address


def test_log_in_speak_and_hear_below_a_path(chromium: Any, locked: str, shot: Callable[..., None]) -> None:
    context = chromium.new_context(locale="zh-CN")
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith((locked, "data:", "blob:")) else wrong.append(r.url))
    page.goto(f"{locked}/timbre/")
    shot(page, "login-zh")
    page.locator("[name=user]").fill("me")
    page.locator("[name=password]").fill("wrong")
    page.locator("button").click()
    assert "不对" in page.locator("[role=alert]").inner_text()
    page.locator("[name=user]").fill("me")
    page.locator("[name=password]").fill("secret")
    page.locator("button").click()
    page.wait_for_selector("html[data-ready=speak]", timeout=20_000)
    page.locator("#text textarea").fill("在路径之下也能朗读。")
    page.locator("#generate").click()
    page.locator("#result .result").wait_for()
    with page.expect_download() as caught:
        page.locator("#player-download").click()
    assert caught.value.suggested_filename.startswith("在路径之下")
    page.locator("#language").click()
    page.wait_for_selector("html[lang=en][data-ready=speak]")
    context.close()
    assert wrong == []
