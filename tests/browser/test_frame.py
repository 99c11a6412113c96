"""Every page in both languages, light and dark, on a desk and in a hand: readable, translated, nothing cut off."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PAGES = ["speak", "voices", "productions", "subtitles", "batch", "transcribe", "takes", "models", "settings"]
HERE = Path(__file__).parent
PALE = (HERE / "pale.js").read_text(encoding="utf-8")
CUT = (HERE / "cut.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module", autouse=True)
def something_to_see(home: Any) -> None:
    """A take, two voices and a production, so that the pages are not empty."""
    from studio.studio import SpeakRequest

    home.speak(SpeakRequest("你好，世界。Hello from Timbre Studio!")).wait(30)
    if home.voices.find().total == 0:
        home.keeping.seed("espeak", 7, "晚风", tags=("温暖", "讲故事"), gender="female", languages=("zh",))
        home.keeping.seed("espeak", 8, "Juniper with a name that is longer than its card", rating=4, favourite=True)


@pytest.mark.parametrize(("language", "reader"), [("zh-CN", "zh"), ("en-US", "en")])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_readable(
    visit: Callable[..., Any], shot: Callable[..., None], language: str, reader: str, width: int, scheme: str
) -> None:
    page = visit("settings", language, width, scheme)
    assert page.evaluate("document.documentElement.lang") == ("zh-CN" if reader == "zh" else "en")
    keys = page.evaluate("Object.keys(TIMBRE.words)")
    for where in PAGES:
        page.evaluate("where => { location.hash = '#/' + where; }", where)
        page.locator(f"#page-{where}").wait_for()
        page.wait_for_timeout(700)
        shot(page, f"{where}-{reader}-{width}-{scheme}")
        assert page.evaluate(PALE) == [], where
        assert page.evaluate(CUT) == [], where
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
        seen = page.locator("body").inner_text()
        assert [key for key in keys if "." in key and key in seen.split()] == [], where
        assert "__i18n__" not in seen, where
        assert "undefined" not in seen, where


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("zh-HK", "音色工坊"),
        ("zh", "音色工坊"),
        ("zh-Hans-CN", "音色工坊"),
        ("en-GB", "Timbre Studio"),
        ("fr-FR", "Timbre Studio"),
    ],
)
def test_the_page_follows_the_browser(visit: Callable[..., Any], language: str, name: str) -> None:
    page = visit(language=language)
    assert page.locator(".app-name").inner_text() == name
    expected = "生成" if name == "音色工坊" else "Generate"
    assert page.locator("#generate").inner_text().strip() == expected


def test_the_language_is_switched_and_remembered_and_the_text_is_kept(visit: Callable[..., Any]) -> None:
    page = visit(language="en-US")
    page.locator("#text textarea").fill("keep me")
    page.locator("#language").click()
    page.wait_for_selector("html[lang=zh-CN][data-ready=speak]")
    assert page.locator("#generate").inner_text().strip() == "生成"
    assert page.locator("#text textarea").input_value() == "keep me"
    page.reload()
    page.wait_for_selector("html[lang=zh-CN][data-ready=speak]")
    page.evaluate("location.hash = '#/settings'")
    page.locator("#settings-language").select_option("en")
    page.wait_for_selector("html[lang=en][data-ready=speak]")


def test_light_and_dark_are_switched_and_remembered(visit: Callable[..., Any]) -> None:
    page = visit(scheme="light")
    seen = []
    for _ in range(3):
        page.locator("#theme").click()
        seen.append(page.evaluate("document.documentElement.dataset.theme"))
    assert seen == ["light", "dark", "light"]
    page.locator("#theme").click()
    page.locator("#theme").click()
    page.reload()
    page.wait_for_selector("html[data-theme=dark]")
    page.locator("#nav-settings").click()
    page.locator("#settings-theme").select_option("light")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_the_page_follows_the_system_while_it_is_open(visit: Callable[..., Any]) -> None:
    page = visit(scheme="light")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")


def test_the_bar_opens_each_page_and_the_address_keeps_it(visit: Callable[..., Any]) -> None:
    page = visit("models")
    for where in PAGES:
        page.locator(f"#nav-{where}").click()
        page.locator(f'#nav-{where}[aria-current="page"]').wait_for()  # the address changes a moment after the click
        page.locator(f"#page-{where}").wait_for()
        assert page.locator(".page:visible").count() == 1, where
        page.reload()
        page.wait_for_selector("html[data-ready=speak]")
        page.locator(f"#page-{where}").wait_for()


def test_an_unknown_page_is_speak(visit: Callable[..., Any]) -> None:
    page = visit("nonsense")
    assert page.locator("#page-speak").is_visible()
