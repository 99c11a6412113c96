"""Controls of the Voices page that no journey passes: of blends, draws, styles, the tray, an opened voice, cards."""

from collections.abc import Callable
from typing import Any

import pytest

from studio.studio import Studio

from .conftest import until

Visit = Callable[..., Any]


def playing(page: Any, title: str) -> None:
    page.wait_for_function("t => document.querySelector('#player-title')?.textContent.includes(t)", arg=title)


def pressed_away(page: Any) -> None:
    """The usual way out of a dialog: its cross."""
    page.locator("dialog header button").click()
    page.locator("dialog").wait_for(state="detached")


def test_a_blend_is_weighed_arranged_and_closed(visit: Visit, home: Studio) -> None:
    page = visit("voices", "zh-CN")
    page.locator("#voice-blend").click()
    page.locator(".blend-slot").nth(1).wait_for()
    page.locator("#blend-add").click()
    page.locator("#picker-search").fill("丹尼斯")
    page.locator("#picker .picker-option", has_text="丹尼斯").click()
    page.locator(".blend-slot").nth(2).wait_for()
    page.locator(".blend-slot [data-act=drop]").nth(0).click()
    page.locator(".blend-slot").nth(2).wait_for(state="detached")
    for slot, weight in enumerate(("90", "30")):  # a slider that is let go is heard
        page.locator(".blend-slot [name=weight]").nth(slot).fill(weight)
    assert page.locator(".blend-slot output").all_inner_texts() == ["75 %", "25 %"]
    page.locator(".drawn-voice", has_text="75%").locator("[data-act=keep]").click()
    page.locator("dialog [name=name]").fill("Weighed")
    page.locator("dialog button[value=save]").click()
    page.locator(".kept").wait_for()
    kept = home.voices.get("Weighed")
    assert sorted(parent["weight"] for parent in kept.parents) == pytest.approx([0.25, 0.75])
    page.locator(".blend [data-mode=mutate]").click()
    page.locator(".blend [name=count]").fill("2")
    page.locator(".blend [name=chance]").fill("7")
    page.locator(".blend [data-act=dice]").click()
    chance = page.locator(".blend [name=chance]").input_value()
    page.locator("#blend-hear").click()
    page.wait_for_function("document.querySelectorAll('.drawn-voice').length === 2")
    page.locator("#draw-recipe").click()
    assert f'"seed": {chance}' in page.locator("#draw-recipe-text").input_value()
    pressed_away(page)
    page.locator(".blend [data-act=closeblend]").click()
    assert page.locator(".blend").count() == 0
    home.voices.delete([kept.id])


def test_a_draw_by_mouse(visit: Visit) -> None:
    page = visit("voices", "en-US", permissions=["clipboard-read", "clipboard-write"])
    page.locator("#voice-draw").click()
    page.locator(".draw-form [name=seeds]").fill("41")
    page.locator(".draw-form [name=text]").fill("Yes.")
    page.locator(".draw-form [name=control]").select_option("speed")
    page.locator(".draw-form [name=steps]").fill("5")
    page.locator("#draw-go").click()
    page.wait_for_function("document.querySelectorAll('.drawn-voice').length === 5")
    page.locator(".drawn-voice [data-act=like]").nth(1).click()
    page.locator(".drawn-voice.liked [data-act=like][aria-pressed=true]").wait_for()
    page.locator(".drawn-voice.liked [data-act=like]").click()
    assert page.locator(".drawn-voice.liked").count() == 0
    page.locator("#draw-recipe").click()
    recipe = page.locator("#draw-recipe-text").input_value()
    page.locator("dialog button[value=copy]").click()
    notice = page.locator(".notice")
    notice.wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == recipe
    page.locator(".notice [data-act=close]").click()
    notice.wait_for(state="detached")


def test_the_tray_and_styles(visit: Visit, home: Studio) -> None:
    kept = [home.keeping.seed("espeak", 700 + n, f"Tray {n}").id for n in range(2)]
    page = visit("voices", "zh-CN")
    page.locator("#voice-search").fill("Tray")
    page.wait_for_function("document.querySelectorAll('.voice-card').length === 2")
    for n in range(2):
        page.locator(".voice-card [data-act=tray]").nth(n).click()
    page.locator("#tray [data-act=remove]").first.click()
    assert page.locator("#tray .tray-voice").count() == 1
    assert page.locator(".voice-card [data-act=tray][aria-pressed=true]").count() == 1
    page.locator("#voice-styles").click()
    page.locator("#style-new").click()
    page.locator("#style-add").select_option("speed")
    row = page.locator("dialog [data-control=speed]")
    row.locator(".control-label").click()
    row.locator(".control-help").wait_for()
    row.locator("input.number").fill("1.7")
    page.locator("dialog [name=name]").fill("放回去")
    row.locator("input.number").press("Tab")
    page.locator("#style-add").select_option("breath")  # drawn anew, with what is set
    row.locator(".reset").click()
    page.wait_for_function("document.querySelector('dialog [data-control=speed] input.number').value === '1'")
    page.locator("dialog button[value=save]").click()
    page.locator(".style-row", has_text="放回去").wait_for()
    assert home.styles.get("放回去", "espeak").controls["speed"] == 1
    page.locator(".style-row", has_text="放回去").locator("[data-act=dropstyle]").click()
    page.locator(".styles [data-act=closestyles]").click()
    assert page.locator(".styles").count() == 0
    home.voices.delete(kept)


def test_an_opened_voice(visit: Visit, home: Studio) -> None:
    parents = [home.keeping.seed("espeak", seed, f"Parent {seed}") for seed in (811, 812)]
    child = home.keeping.blend("espeak", {parent.id: 1 for parent in parents}, "Child of two")
    page = visit("voices", "zh-CN")
    page.locator('.voice-card[aria-label="Child of two"] [data-act=hear]').click()
    playing(page, "Child of two")
    until(lambda: len(home.previews.of(child.id)) == 1)
    page.locator('.voice-card[aria-label="Child of two"] [data-act=open]').click()
    box = page.locator("#voice-open")
    box.locator("#open-sentence").fill("Here I am.")
    box.locator("[data-act=sentence]").click()
    box.locator(".preview").nth(1).wait_for()
    second = home.previews.of(child.id)[0]
    assert second.excerpt == "Here I am."
    box.locator(".preview", has_text="Here I am.").locator("[data-act=playpreview]").click()
    page.wait_for_function("d => document.querySelector('#player-download').href.includes(d)", arg=second.digest)
    box.locator(".preview", has_text="Here I am.").locator("[data-act=droppreview]").click()
    box.locator(".preview").nth(1).wait_for(state="detached")
    assert second.digest not in {take.digest for take in home.previews.of(child.id)}
    box.locator("[data-measure-act=begin]").click()
    with page.expect_response(lambda got: "survey_stop" in (got.request.post_data or "")) as told:
        box.locator("[data-measure-act=stop]").click()
    assert home.survey.job(told.value.request.post_data_json["data"]["job"]).stopping, "the work on this voice ends"
    box.locator("[data-measure-act=begin]").wait_for()
    box.locator("#open-edit").click()
    box.locator("[name=name]").fill("Renamed child")
    box.locator("[name=tags]").fill("a，b")
    box.locator("[name=age]").fill("old")
    box.locator("[name=note]").fill("for the end")
    box.locator("#open-save").click()
    box.locator(".note-text", has_text="for the end").wait_for()
    after = home.voices.get(child.id)
    assert (after.name, after.tags, after.age, after.notes) == ("Renamed child", ("a", "b"), "old", "for the end")
    box.locator("[data-act=ancestor]", has_text="Parent 811").click()
    box.locator("h2", has_text="Parent 811").wait_for()
    box.locator("[data-act=closevoice]").click()
    box.wait_for(state="detached")
    page.locator('.voice-card[aria-label="Parent 812"] [data-act=use]').click()
    page.wait_for_selector("#page-speak:visible")
    page.locator("#voice", has_text="Parent 812").wait_for()
    home.voices.delete([child.id, *(parent.id for parent in parents)])


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_without_a_model_cloning_and_changing_lead_to_the_models(visit: Visit, language: str) -> None:
    page = visit("voices", language)
    page.locator("#voice-clone").click()
    page.locator("#page-voices.cloning [data-act=close]").click()
    page.locator("#voice-wall").wait_for()
    page.locator("#voice-clone").click()
    page.locator("#page-voices.cloning [data-act=models]").click()
    page.locator("#page-models:visible").wait_for()
    page.locator("#nav-voices").click()
    page.locator("#voice-change").click()
    page.locator("#change [data-act=changemodels]").click()
    page.locator("#page-models:visible").wait_for()
