"""One real server and one real Chromium for all; every page is watched for errors and strange requests."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.studio import Studio
from studio.ui.options import Options

from ..ui.conftest import served

ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=document-user-activation-required",
    "--use-fake-device-for-media-stream",  # a microphone that beeps
    "--use-fake-ui-for-media-stream",
]
SHOTS = Path(__file__).parent / "screenshots"
HARMLESS = ("net::ERR_ABORTED",)  # a stream that was closed on purpose


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("home")) as opened:
        yield opened


@pytest.fixture(scope="session")
def url(home: Studio) -> Iterator[str]:
    from studio.ui.server import warm

    with served(home, Options()) as address:
        warm(home)
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium; the tests are skipped, and say so, where it is not installed."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("needs Debian's chromium: apt-get install chromium fonts-noto-cjk")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGS)
        yield browser
        browser.close()


Open = Callable[..., Any]


@pytest.fixture(scope="session")
def profiles(chromium: Any) -> "Profiles":
    return Profiles(chromium)


class Profiles:
    """Browser profiles by what they are like. One that is lent again has kept the studio's scripts, which takes seconds
    off every page, and has forgotten everything else."""

    def __init__(self, chromium: Any) -> None:
        self._chromium = chromium
        self._idle: dict[tuple[str, int, str], list[Any]] = {}

    def lend(self, language: str, width: int, scheme: str, **more: Any) -> Any:
        idle = self._idle.get((language, width, scheme), [])
        if idle and not more:
            return idle.pop()
        screen = {"width": width, "height": 844 if width < 500 else 800}
        return self._chromium.new_context(
            locale=language, viewport=screen, color_scheme=scheme, accept_downloads=True, **more
        )

    def give_back(self, profile: Any, language: str, width: int, scheme: str, **more: Any) -> None:
        for page in profile.pages:
            page.close()
        if more:
            profile.close()
        else:
            self._idle.setdefault((language, width, scheme), []).append(profile)


@pytest.fixture
def visit(profiles: Profiles, url: str) -> Iterator[Open]:
    """Opens a page of the studio. At the end: no script failed and no other host was asked for anything."""
    lent: list[tuple[Any, dict[str, Any]]] = []
    wrong: list[str] = []

    def visit(
        where: str = "speak", language: str = "en-US", width: int = 1280, scheme: str = "light", **more: Any
    ) -> Any:
        like = {"language": language, "width": width, "scheme": scheme, **more}
        profile = profiles.lend(**like)
        lent.append((profile, like))
        page = profile.new_page()
        forget(page, url)
        page.set_default_timeout(15_000)
        page.on(
            "request", lambda r: None if r.url.startswith((url, "data:", "blob:")) else wrong.append(f"asked {r.url}")
        )
        page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
        page.on("console", lambda m: wrong.append(f"console: {m.text}") if m.type == "error" else None)
        page.goto(f"{url}/#/{where}")
        page.wait_for_selector("html[data-ready=speak]")
        return page

    yield visit
    for profile, like in lent:
        profiles.give_back(profile, **like)
    assert [line for line in wrong if not any(h in line for h in HARMLESS)] == []


def forget(page: Any, origin: str) -> None:
    """What a browser remembers of `origin`, but for its files."""
    desk = page.context.new_cdp_session(page)
    kinds = "cookies,local_storage,indexeddb,service_workers"
    desk.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": kinds})
    desk.detach()


@pytest.fixture
def shot() -> Callable[[Any, str], None]:
    """Keeps a picture of the page for people to look at."""
    SHOTS.mkdir(exist_ok=True)
    return lambda page, name: page.screenshot(path=str(SHOTS / f"{name}.png"))


def say(page: Any, text: str) -> None:
    """Type `text` and generate it; returns when the take is there."""
    page.locator("#text textarea").fill(text)
    page.locator("#generate").click()
    page.locator("#result .result").wait_for()


@pytest.fixture
def speak() -> Callable[[Any, str], None]:
    return say


def until(true: Callable[[], bool]) -> None:
    """Wait for what the page has told the server."""
    end = time.monotonic() + 15
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)
