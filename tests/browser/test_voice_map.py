"""Voices by how they sound, in the page: measured with progress, narrowed by sliders, found by likeness, on a map."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.engines.contract import VoiceContent, VoiceKind
from studio.studio import SpeakRequest, Studio, VoiceQuery
from studio.ui.options import Options

from ..ui.conftest import served

Visit = Callable[..., Any]
CAST = ("f1", "f2", "Annie", "belinda", "linda", "steph", "m2", "m8", "Alex", "Denis")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """Ten measured voices, two that are one and the same among them, and two that nobody measured."""
    with Studio(tmp_path_factory.mktemp("voices")) as studio:
        for name in CAST:
            studio.keeping.voice("espeak", VoiceContent(VoiceKind.BUILTIN, name=name), name)
        studio.keeping.voice("espeak", VoiceContent(VoiceKind.BUILTIN, name="steph"), "steph again")
        studio.survey.measure_rest().wait(120)
        studio.keeping.seed("espeak", 1, "New one")
        studio.keeping.seed("espeak", 2, "New two")
        yield studio


@pytest.fixture(scope="module")
def url(home: Studio) -> Iterator[str]:
    with served(home, Options()) as address:
        yield address


def shown(page: Any) -> list[str]:
    names: list[str] = page.locator("#voice-wall .voice-card").evaluate_all("a => a.map(c => c.ariaLabel)")
    return sorted(names)


def slide(page: Any, name: str, side: int, value: float) -> None:
    page.locator(f'[name="{name}"][data-side="{side}"]').evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', {bubbles: true})); }", value
    )


@pytest.mark.parametrize(("language", "width"), [("en-US", 1280), ("zh-CN", 390)])
def test_the_map(visit: Visit, shot: Callable[..., None], language: str, width: int) -> None:
    page = visit("voices", language, width)
    page.locator("#survey-map").click()
    page.wait_for_selector("#voice-map .point")
    assert page.locator("#voice-map [role=option]").count() == len(CAST) + 1
    assert page.locator(".map-groups li").count() >= 2
    point = page.locator('#voice-map [role=option][aria-label="m8"]')
    place = point.bounding_box()
    page.mouse.click(
        place["x"] + place["width"] / 2 + 3, place["y"] + place["height"] / 2 - 3
    )  # beside it, as a finger does
    page.wait_for_selector('#map-chosen .found-row:has-text("m8") ~ .chosen-plots .plot-pitch')
    assert page.locator("#voice-map [aria-selected=true]").get_attribute("aria-label") == "m8"
    shot(page, f"map-{language[:2]}-{width}")
    page.locator("#voice-map [role=listbox]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#voice-map [aria-selected=true]').ariaLabel !== 'm8'")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#survey-found [data-act=shut]").click()
    assert page.locator("#voice-map").count() == 0


@pytest.mark.parametrize(("language", "width"), [("en-US", 1280), ("zh-CN", 390)])
def test_sliders_narrow_the_wall(
    visit: Visit, home: Studio, shot: Callable[..., None], language: str, width: int
) -> None:
    page = visit("voices", language, width)
    page.locator("#survey-sound").click()
    page.wait_for_selector(".slider")
    assert page.locator(".slider").count() == 4
    slide(page, "pitch_hz", 0, 150)
    high = sorted(v.name for v in home.voices.find(VoiceQuery(measures={"pitch_hz": (150.0, None)})))
    page.wait_for_function("n => document.querySelectorAll('#voice-wall .voice-card').length === n", arg=len(high))
    assert shown(page) == high
    assert page.locator('.slider[data-name="pitch_hz"] output').inner_text().startswith("150 – ")
    page.locator("#voice-search").fill("steph")
    page.wait_for_function("document.querySelectorAll('#voice-wall .voice-card').length === 2")
    shot(page, f"sliders-{language[:2]}-{width}")
    page.locator("#voice-search").fill("")
    page.locator("#survey-reset").click()
    page.wait_for_function("n => document.querySelectorAll('#voice-wall .voice-card').length === n", arg=len(CAST) + 3)
    slide(page, "pitch_hz", 1, 60)
    page.locator("[data-act=fewer]").click()  # nobody fits: one button shows all again
    page.wait_for_function("n => document.querySelectorAll('#voice-wall .voice-card').length === n", arg=len(CAST) + 3)


def test_like_this_and_hear_it(visit: Visit, shot: Callable[..., None]) -> None:
    page = visit("voices")
    page.locator('.voice-card[aria-label="linda"] [data-act=like]').click()
    page.wait_for_selector("#survey-found .found-row")
    assert page.locator("#survey-found .found-row b").first.inner_text() == "belinda"
    shot(page, "like")
    page.locator("#survey-found .found-row [data-act=hear]").first.click()
    page.wait_for_selector("#player-play[data-on=true]")
    page.locator("#survey-found .found-row [data-act=like]").first.click()
    page.wait_for_selector('#survey-found section[aria-label="Like belinda"]')
    page.locator("#survey-found .found-row [data-act=open]").first.click()
    box = page.locator("#voice-open")
    box.locator("h2", has_text=page.locator("#survey-found .found-row b").first.inner_text()).wait_for()
    page.keyboard.press("Escape")
    box.wait_for(state="detached")
    page.locator("#survey-found .found-row [data-act=use]").first.click()
    page.wait_for_selector("#page-speak:visible")


def test_like_a_clip(visit: Visit, home: Studio, tmp_path: Path) -> None:
    take = home.speak(SpeakRequest("Nobody was at home, and the door stood open.", voice="Denis")).wait(30)
    home.export_take(take.digest, tmp_path / "spoken.mp3")
    (tmp_path / "words.txt").write_text("no sound at all")
    page = visit("voices")
    page.locator("#survey-clip").set_input_files(str(tmp_path / "words.txt"))
    page.locator("#survey-failure:visible").wait_for()
    page.locator("#survey-clip").set_input_files(str(tmp_path / "spoken.mp3"))
    page.wait_for_selector('#survey-found section[aria-label="Like spoken.mp3"]')
    assert page.locator("#survey-found .found-row b").first.inner_text() == "Denis"
    assert page.locator("#survey-failure").is_hidden()


def test_near_duplicates_are_listed_deleted_and_brought_back(visit: Visit) -> None:
    page = visit("voices")
    page.locator("#survey-twins").click()
    page.wait_for_selector("#survey-found .twins")
    twins = page.locator(".twins").first
    assert sorted(twins.locator("b").all_inner_texts()) == ["steph", "steph again"]
    assert "one and the same" in twins.inner_text()
    twins.locator('.found-row:has-text("steph again") [data-act=drop]').click()
    page.locator('.voice-card[aria-label="steph again"]').wait_for(state="detached")
    page.locator(".notice .link", has_text="Undo").click()
    page.locator('.voice-card[aria-label="steph again"]').wait_for()


@pytest.mark.parametrize(("language", "width"), [("en-US", 1280), ("zh-CN", 390)])
def test_a_voice_is_measured_with_progress(
    visit: Visit, home: Studio, shot: Callable[..., None], language: str, width: int
) -> None:
    name = "New one" if width > 500 else "New two"
    page = visit("voices", language, width)
    page.locator(f'.voice-card[aria-label="{name}"] [data-act=open]').click()
    page.locator("#voice-open [data-measure-act=begin]").click()
    page.wait_for_selector("#voice-open progress")
    page.wait_for_selector("#voice-open .plot-strip", timeout=60_000)
    assert page.locator("#voice-open .plot-strip rect").count() == 18
    assert page.locator("#voice-open .measure").count() == 4
    found = home.survey.measures([home.voices.get(name).id])[home.voices.get(name).id]
    assert f"{round(found.pitch_hz)} Hz" in page.locator("#voice-open [data-measure=pitch]").inner_text()  # type: ignore[arg-type]
    page.locator("#open-measures").scroll_into_view_if_needed()
    shot(page, f"measures-{language[:2]}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_rest_is_measured_at_once_and_stopped(visit: Visit, home: Studio) -> None:
    for number in range(30, 60):
        home.keeping.seed("espeak", number, f"Late {number}")
    page = visit("voices")
    page.locator("#survey-sound").click()
    page.locator("#survey-rest").click()
    page.locator("#survey-work [data-act=stop]").click()
    page.wait_for_selector("#survey-failure:visible")
    measured, total = home.survey.counts()
    assert measured < total
    page.locator("#survey-sound").click()
    page.locator("#survey-sound").click()
    page.locator("#survey-rest").click()
    page.locator(".notice", has_text="Measured: ").wait_for(timeout=60_000)
    assert home.survey.counts() == (total, total)
