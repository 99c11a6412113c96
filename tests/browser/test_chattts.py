"""ChatTTS in the page, with the small checkpoint: spoken, refined, its model looked after; and without weights."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.studio import SpeakRequest, Studio
from studio.ui.options import Options

from ..ui.conftest import served
from .conftest import until

TINY = Path(__file__).parents[1] / "parity" / "chattts" / "tiny"
Visit = Callable[..., Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("chattts"), models=TINY) as opened:
        yield opened


@pytest.fixture(scope="module")
def url(home: Studio) -> Iterator[str]:
    with served(home, Options()) as address:
        yield address


def choose(page: Any) -> None:
    page.select_option("#engine", "chattts")
    page.locator("#refine").wait_for()
    page.locator("#text textarea").fill("你好世界。今天天气真不错。")


@pytest.mark.parametrize(("language", "width"), [("en-US", 1280), ("zh-CN", 390)])
def test_a_text_is_spoken_with_controls_of_the_engine(
    visit: Visit, shot: Callable[[Any, str], None], language: str, width: int
) -> None:
    page = visit(language=language, width=width)
    choose(page)
    for group in ("refining", "sampling", "expert"):
        page.locator(f'summary[data-group="{group}"]').click()
    for name in ("speed", "temperature", "oral", "top_p", "sample_code", "coefficient"):
        assert page.locator(f'[data-control="{name}"]').is_visible()
    assert "2222" in page.locator("#voice").inner_text()
    page.locator("#generate").click()
    page.locator("#result .result").wait_for(timeout=60_000)
    shot(page, f"chattts-{language}-{width}")


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_refined_text_is_shown_edited_and_used(visit: Visit, shot: Callable[[Any, str], None], language: str) -> None:
    page = visit(language=language)
    choose(page)
    page.locator("#refine").click()
    box = page.locator("dialog[open] [name=text]")
    box.wait_for(timeout=60_000)
    shot(page, f"refined-{language}")
    assert (
        page.locator(".refine-diff .diff-changed").count() > 0
    )  # the small checkpoint writes nonsense, and that shows
    box.fill("你好[uv_break]世界。")
    page.locator("dialog[open] button[value=use]").click()
    page.wait_for_function("document.querySelector('#text textarea').value === '你好[uv_break]世界。'")


def test_the_embedded_engine_offers_no_refining(visit: Visit) -> None:
    page = visit()
    page.select_option("#engine", "espeak")
    assert page.locator("#refine").is_hidden()


@pytest.mark.parametrize(("language", "word"), [("en-US", "Every file was read"), ("zh-CN", "完整无误")])
def test_a_models_files_are_verified(visit: Visit, language: str, word: str) -> None:
    page = visit("models", language=language)
    page.locator('[data-model="chattts"] [data-act="verify"]').click()
    page.locator('[data-model="chattts"] [role="status"]').wait_for()
    assert word in page.locator('[data-model="chattts"]').inner_text()


def test_a_voice_is_exchanged_as_a_string(visit: Visit, home: Studio, shot: Callable[[Any, str], None]) -> None:
    page = visit()
    choose(page)
    page.locator("#voice-string").click()
    code = page.locator("#voice-code").input_value()
    assert code == home.keeping.code("chattts", "")
    page.keyboard.press("Escape")
    other = home.keeping.code("chattts", "seed:77")
    page.locator("#voice").click()
    page.locator("#picker-search").fill(other)
    page.locator(".picker-option").first.wait_for()
    page.wait_for_function("document.querySelectorAll('.picker-option').length === 1")
    page.locator(".picker-option").click()
    page.wait_for_function("document.querySelector('#voice').innerText.includes('…')")
    shot(page, "voice-string")
    page.locator("#voice-string").click()
    assert page.locator("#voice-code").input_value() == other


@pytest.mark.parametrize(
    ("language", "place", "letters"),
    [("en-US", "line 2, column 3", "it is left out"), ("zh-CN", "第 2 行第 3 列", "已略去")],
)
def test_raw_slots_tokens_and_what_was_replaced(
    visit: Visit, home: Studio, shot: Callable[[Any, str], None], language: str, place: str, letters: str
) -> None:
    """Expert slots and tokens of words reach the recipe; a token in the wrong place is told with where it stands."""
    page = visit(language=language)
    choose(page)
    page.locator('[data-control="hold"] select').select_option("first")
    for group in ("sampling", "expert"):
        page.locator(f'summary[data-group="{group}"]').click()
    page.locator('[data-control="min_tokens"] input.number').fill("20")
    page.locator('[data-control="retries"] input.number').fill("6")
    slots = {"prompt": "[speed_3]", "prefix": "hello", "suffix": "[lbreak]"}
    for name, text in slots.items():
        page.locator(f'[data-control="{name}"] input').fill(text)
    page.locator("#split").fill("10")
    page.locator("#split").press("Tab")
    page.locator("#text textarea").fill("你好[uv_break]世界，今天天气真不错。\n世界[speed_5]天气真不错，饕餮。")
    note = page.locator(".notes li", has_text="[speed_5]")
    note.wait_for()
    assert place in note.inner_text()
    assert letters in page.locator(".notes li", has_text="饕").inner_text()
    shot(page, f"notes-{language}")
    page.locator("#generate").click()
    page.locator("#result .result").wait_for(timeout=60_000)
    digest = page.locator("#result .result").get_attribute("data-digest")
    lines = home.takes.details(digest or "").recipe["lines"]
    assert len(lines) > 1
    for line in lines:
        assert slots.items() <= line["controls"].items()
    assert "[uv_break]" in lines[0]["text"]
    assert [line["controls"]["anchor"] for line in lines] == ["", *[lines[0]["text"]] * (len(lines) - 1)]


def test_the_length_of_a_line_is_a_setting(visit: Visit) -> None:
    page = visit()
    page.locator("#text textarea").fill("The boat finds the map. The clock repeats a song. The bread waits. " * 6)
    page.wait_for_function("document.querySelectorAll('.said-line:not(.said-head)').length > 0")
    before = page.locator(".said-line:not(.said-head)").count()
    page.locator("#split").fill("40")
    page.locator("#split").press("Tab")
    page.wait_for_function(f"document.querySelectorAll('.said-line:not(.said-head)').length > {before}")


def test_the_coefficient_of_the_weights_is_shown_pasted_over_and_put_back(visit: Visit, home: Studio) -> None:
    page = visit()
    choose(page)
    page.locator('summary[data-group="expert"]').click()
    row = page.locator('[data-control="coefficient"]')
    field, desk = row.locator("input"), "JSON.parse(localStorage['timbre-desk']).controls"
    shows = "([code]) => document.querySelector('[data-control=coefficient] input').value === code"
    own = [home.tuning.held("chattts", "coefficient", {"decoder": one}) for one in ("decoder", "dvae")]
    page.wait_for_function(shows, arg=[own[0]])
    assert not row.locator(".reset").is_visible()  # shown, and nothing is changed
    page.locator('[data-control="decoder"] select').select_option("dvae")
    page.wait_for_function(shows, arg=[own[1]])
    field.fill(own[0])
    assert page.evaluate(f"{desk}.coefficient") == own[0]
    assert row.locator(".reset").is_visible()
    field.fill("蘁淰")  # damaged
    page.locator("#generate").click()
    page.locator("#speak-failure").wait_for()
    assert "DVAE coefficient" in page.locator("#speak-failure").inner_text()
    row.locator('[data-act="held"]').click()
    page.wait_for_function(shows, arg=[own[1]])
    assert page.evaluate(f"'coefficient' in {desk}") is False
    field.fill(own[1])  # what it is anyway
    assert page.evaluate(f"'coefficient' in {desk}") is False


def test_the_engine_is_chosen_in_every_panel(visit: Visit, home: Studio) -> None:
    """What a panel of the Voices page does, and what the history shows, is done for the engine that is chosen there."""
    for engine in ("chattts", "espeak"):
        home.speak(SpeakRequest("你好。", engine=engine)).wait(60)
    page = visit("voices", language="zh-CN")
    page.locator("#voice-add").click()
    page.locator("dialog [name=engine]").select_option("chattts")
    page.locator("dialog [name=seed]").fill("88")
    page.locator("dialog [name=name]").fill("Eighty-eight")
    page.locator("dialog button[value=save]").click()
    page.locator(".voice-card", has_text="Eighty-eight").wait_for()
    assert home.voices.get("Eighty-eight").engine == "chattts"
    page.locator("#voice-styles").click()
    for engine in ("chattts", "espeak"):
        page.locator(".styles [name=engine]").select_option(engine)
        names = {style.name for style in home.styles.list() if style.engine == engine}
        until(lambda names=names: values(page, ".style-row [name=chosen]") == names)  # type: ignore[misc]
    page.locator("#voice-blend").click()
    page.locator(".blend [name=engine]").select_option("chattts")
    page.locator(".blend-slot", has_text="Eighty-eight").wait_for()
    page.locator("#voice-draw").click()
    page.locator(".drawn-voice").nth(11).wait_for()
    page.locator(".draw-form [name=engine]").select_option("espeak")
    page.locator(".draw-form [name=seeds]").fill("3")
    page.locator("#draw-go").click()
    page.wait_for_function("document.querySelectorAll('.drawn-voice').length === 1")
    page.locator("#draw-recipe").click()
    assert '"engine": "espeak"' in page.locator("#draw-recipe-text").input_value()
    page.keyboard.press("Escape")
    page.locator("#nav-takes").click()
    page.locator("#take-filters [name=engine]").select_option("chattts")
    page.wait_for_function("document.querySelector('#take-filters [name=engine]').value === 'chattts'")
    until(lambda: {home.takes.get(one).engine for one in digests(page)} == {"chattts"})
    home.voices.delete([home.voices.get("Eighty-eight").id])


def values(page: Any, selector: str) -> set[str]:
    return set(page.locator(selector).evaluate_all("all => all.map(one => one.value)"))


def digests(page: Any) -> list[str]:
    return list(page.locator(".take-row").evaluate_all("all => all.map(one => one.dataset.digest)"))
