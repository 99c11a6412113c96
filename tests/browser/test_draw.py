"""Draws, blends, opened voices, the tray and styles, as a person works with them: by keyboard where that is quicker."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Visit = Callable[..., Any]


def drawn(page: Any) -> None:
    """Until every candidate can be heard."""
    page.wait_for_selector("#draw-progress[hidden]", state="attached")
    page.wait_for_selector(".drawn-voice [data-act=listen]:not([disabled])")


def playing(page: Any, title: str) -> None:
    page.wait_for_selector("#player-play[data-on=true]")
    page.wait_for_function("t => document.querySelector('#player-title').textContent.includes(t)", arg=title)


def choose(page: Any, slot: int, name: str) -> None:
    """Another voice into a place of a blend."""
    page.locator(".blend-slot [data-act=pick]").nth(slot).click()
    page.locator("#picker-search").fill(name)
    page.locator("#picker .picker-option", has_text=name).click()
    page.locator(".blend-slot", has_text=name).wait_for()


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_a_voice_of_my_own(visit: Visit, shot: Callable[..., None], language: str) -> None:
    """Draw 12, listen by keyboard, keep one, name it, use it: journey 2 in at most 8 actions."""
    name = f"Mine {language}"
    page = visit("voices", language)  # 1
    page.locator("#voice-draw").click()  # 2
    drawn(page)
    assert page.locator(".drawn-voice").count() == 12
    names = page.locator(".drawn-voice b").all_inner_texts()
    page.keyboard.press("Space")  # 3
    playing(page, names[0])
    page.keyboard.press("ArrowRight")  # 4
    playing(page, names[1])
    shot(page, f"draw-{language[:2]}")
    page.keyboard.press("Enter")  # 5
    page.locator("dialog input[name=name]").fill(name)  # 6
    page.keyboard.press("Enter")  # 7
    page.locator(".notice .link").click()  # 8
    page.wait_for_selector("#page-speak:visible")
    page.wait_for_function("n => document.querySelector('#voice').innerText.includes(n)", arg=name)


def test_the_grid_by_keyboard(visit: Visit) -> None:
    page = visit("voices")
    page.locator("#voice-draw").click()
    drawn(page)
    names = page.locator(".drawn-voice b").all_inner_texts()
    page.keyboard.press("5")
    playing(page, names[4])
    page.keyboard.press("0")
    playing(page, names[9])
    page.keyboard.press("ArrowLeft")
    playing(page, names[8])
    here = "document.activeElement.getBoundingClientRect().top"
    top = page.evaluate(here)
    page.keyboard.press("ArrowUp")
    assert page.evaluate(here) < top
    page.keyboard.press("Space")  # what plays already is paused
    page.wait_for_selector("#player-play[data-on=false]")
    page.keyboard.press("1")
    page.keyboard.press("l")
    page.keyboard.press("3")
    page.keyboard.press("l")
    assert page.locator(".drawn-voice.liked").count() == 2
    page.locator("#draw-again").click()
    page.wait_for_function("n => document.querySelectorAll('.drawn-voice b')[3].innerText !== n", arg=names[3])
    drawn(page)
    after = page.locator(".drawn-voice b").all_inner_texts()
    assert after[:2] == [names[0], names[2]]
    assert not set(after[2:]) & set(names)
    page.locator("[data-act=closegrid]").click()
    assert page.locator(".drawn-voice").count() == 0


def test_a_sweep_with_given_seeds_and_sentence(visit: Visit, shot: Callable[..., None], home: Any) -> None:
    page = visit("voices")
    page.locator("#voice-draw").click()
    drawn(page)
    page.locator(".draw-form [name=seeds]").fill("21,22")
    page.locator(".draw-form [name=text]").fill("Nine men in a boat.")
    page.locator(".draw-form [name=control]").select_option("speed")
    page.locator(".draw-form [name=low]").fill("0.8")
    page.locator(".draw-form [name=high]").fill("1.6")
    page.locator("#draw-go").click()
    page.wait_for_function("document.querySelectorAll('.drawn-voice').length === 6")
    drawn(page)
    assert page.locator(".drawn-voice b").all_inner_texts() == ["Seed 21"] * 3 + ["Seed 22"] * 3
    told = page.locator(".drawn-voice .voice-text .soft").all_inner_texts()
    assert [text.partition(" · ")[0] for text in told] == ["Speed 0.8", "Speed 1.2", "Speed 1.6"] * 2
    shot(page, "sweep-en")
    page.locator("#draw-recipe").click()
    recipe = page.locator("#draw-recipe-text").input_value()
    assert '"Nine men in a boat."' in recipe
    page.keyboard.press("Escape")
    page.locator("#draw-paste").click()  # the same grid from the text of its recipe, once it is right
    page.locator("#draw-paste-text").fill(recipe.replace('"seeds"', '"sedes"'))
    page.locator("dialog button[value=draw]").click()
    page.locator("#draw-paste-failure", has_text="sedes: no such field").wait_for()
    shot(page, "recipe-en")
    text = page.locator("#draw-paste-text")
    text.fill(text.input_value().replace('"sedes"', '"seeds"').replace("22", "23"))
    page.locator("dialog button[value=draw]").click()
    page.locator(".drawn-voice b", has_text="Seed 23").first.wait_for()
    drawn(page)
    assert page.locator(".drawn-voice b").all_inner_texts() == ["Seed 21"] * 3 + ["Seed 23"] * 3
    assert home.takes.find().items[0].excerpt == "Nine men in a boat."
    page.locator(".draw-form [name=high]").fill("9")
    page.locator("#draw-go").click()
    page.wait_for_selector("#draw-failure:not([hidden])")
    assert "0.5 to 2.5" in page.locator("#draw-failure").inner_text()
    assert page.locator(".drawn-voice").count() == 6


def test_candidates_are_heard_in_turn(visit: Visit) -> None:
    page = visit("voices")
    page.locator("#voice-draw").click()
    drawn(page)
    page.locator(".draw-form [name=text]").fill("Yes.")
    page.locator(".draw-form [name=count]").fill("3")
    page.locator("#draw-go").click()
    page.wait_for_function("document.querySelectorAll('.drawn-voice').length === 3")
    drawn(page)
    page.locator("#draw-turn").click()
    page.wait_for_selector(".drawn-voice[data-number='3'][aria-current]", timeout=20_000)


def test_a_blend_is_heard_kept_and_its_descent_shown(visit: Visit, shot: Callable[..., None]) -> None:
    page = visit("voices")
    page.locator("#voice-blend").click()
    page.wait_for_selector(".blend-slot")
    assert page.locator(".blend-slot").count() == 2
    page.locator("#blend-hear").click()
    page.wait_for_selector("#player-play[data-on=true]")
    page.locator(".drawn-voice [data-act=keep]").click()
    page.locator("dialog input[name=name]").fill("Parent one")
    page.locator("dialog button[value=save]").click()
    page.locator(".kept").wait_for()
    page.locator("[data-mode=between]").click()
    page.locator("#blend-walk").click()
    page.wait_for_function("document.querySelectorAll('.drawn-voice').length === 7")
    page.locator("[data-mode=mutate]").click()
    page.locator("[name=count]").last.fill("4")
    page.locator("#blend-hear").click()
    page.wait_for_function("document.querySelectorAll('.drawn-voice').length === 4")
    page.locator("[data-mode=breed]").click()
    page.wait_for_function("document.querySelectorAll('.blend-slot').length === 2")
    texts = page.locator(".blend-slot").all_inner_texts()
    at = next((n for n, text in enumerate(texts) if "Parent one" in text), None)
    if at is None:
        choose(page, at := 0, "Parent one")
    choose(page, 1 - at, "Mario")
    page.locator("#blend-add").click()
    page.locator("#picker-search").fill("Mario")
    page.locator("#picker .picker-option", has_text="Mario").click()
    page.wait_for_selector("#blend-failure:not([hidden])")
    assert page.locator(".blend-slot").count() == 2
    page.locator("#blend-hear").click()
    page.locator(".drawn[aria-label=Children]").wait_for()
    drawn(page)
    shot(page, "breed-en")
    page.locator(".drawn-voice").first.locator("[data-act=keep]").click()
    page.locator("dialog input[name=name]").fill("Grandchild")
    page.locator("dialog button[value=save]").click()
    card = page.locator(".voice-card", has_text="Grandchild")
    card.wait_for()
    card.locator("[data-act=open]").click()
    tree = page.locator("#voice-open .descent").first
    tree.wait_for()
    assert "Parent one" in tree.inner_text()
    assert tree.locator(".descent").count() == 1  # and the parents of that one
    shot(page, "open-en")


def test_rated_voices_are_offered_for_breeding(visit: Visit, home: Any) -> None:
    kept = [home.keeping.seed("espeak", 300 + n, f"Rated {n}", rating=n).id for n in (2, 5, 4)]
    page = visit("voices")
    page.locator("#voice-blend").click()
    page.wait_for_selector(".blend-slot")
    page.locator("[data-mode=breed]").click()
    page.wait_for_function("document.querySelectorAll('.blend-slot').length === 3")
    assert page.locator(".blend-slot b").all_inner_texts() == ["Rated 5", "Rated 4", "Rated 2"]
    assert page.locator(".blend-slot [name=rating]").first.input_value() == "5"
    page.locator("#blend-hear").click()
    page.wait_for_function("document.querySelectorAll('.drawn-voice').length === 12")
    drawn(page)
    page.keyboard.press("l")
    page.keyboard.press("2")
    page.keyboard.press("l")
    page.locator("#draw-breed").click()
    page.wait_for_function("document.querySelectorAll('.blend-slot').length === 2")
    page.locator("#blend-hear").click()
    page.wait_for_function("document.querySelector('.drawn-voice b').innerText.includes('unkept')")
    home.voices.delete(kept)


def test_an_opened_voice_is_heard_at_once_edited_and_used(visit: Visit, home: Any, shot: Callable[..., None]) -> None:
    voice = home.keeping.seed("espeak", 777, "Openable", controls={"speed": 1.3})
    page = visit("voices")
    card = page.locator(".voice-card", has_text="Openable")
    card.wait_for()
    card.focus()
    page.keyboard.press("Space")
    page.wait_for_selector("#player-play[data-on=true]")
    page.wait_for_function("document.querySelector('#player-download').hasAttribute('href')")
    for _ in range(50):
        if home.previews.of(voice.id):
            break
        page.wait_for_timeout(100)
    (kept,) = home.previews.of(voice.id)
    uses = home.voices.get(voice.id).uses
    page.keyboard.press("Space")  # again: the kept take, nothing is spoken
    page.wait_for_function("d => document.querySelector('#player-download').href.includes(d)", arg=kept.digest)
    assert home.voices.get(voice.id).uses == uses
    page.keyboard.press("Enter")
    page.wait_for_selector("#voice-open .preview")
    page.locator("#open-edit").click()
    page.locator("#voice-open [name=description]").fill("For fairy tales")
    page.locator("#voice-open [name=gender]").select_option("female")
    page.locator("#voice-open [name=languages]").fill("zh, en")
    page.locator("#open-save").click()
    page.locator("#voice-open", has_text="For fairy tales").wait_for()
    assert home.voices.get(voice.id).languages == ("zh", "en")
    page.locator("#open-edit").click()
    page.locator("#voice-open [name=languages]").fill("not a language!")
    page.locator("#open-save").click()
    page.wait_for_selector("#open-failure:not([hidden])")
    page.locator("#voice-open [data-act=cancel]").click()
    page.locator("#open-sentence").fill("Once upon a time.")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('#voice-open .preview').length === 2")
    page.locator("#open-sweep").click()
    page.wait_for_function("document.querySelectorAll('.drawn-voice').length === 3")
    drawn(page)
    assert page.locator(".drawn-voice b").all_inner_texts() == ["Openable"] * 3
    page.locator("[data-act=drawseeds]").click()
    page.wait_for_function("document.querySelectorAll('.drawn-voice').length === 12")
    page.locator("[data-act=closegrid]").click()
    card.focus()
    page.keyboard.press("Enter")
    page.locator("#open-use-controls").click()
    page.wait_for_selector("#page-speak:visible")
    speed = page.locator("#page-speak [data-control=speed] input.number")
    assert speed.input_value() == "1.3"
    speed.fill("1.1")  # what is set here is recommended from now on
    speed.press("Tab")
    page.locator("#nav-voices").click()
    card.focus()
    page.keyboard.press("Enter")
    page.locator("#open-recommend").click()
    page.locator("#voice-open dd", has_text="1.1").wait_for()
    assert home.voices.get(voice.id).controls == {"speed": 1.1}
    home.voices.delete([voice.id])


def test_cards_by_arrows_and_the_tray(visit: Visit, home: Any, shot: Callable[..., None]) -> None:
    kept = [home.keeping.seed("espeak", 600 + n, f"Side {n}", tags=(f"tag{n}",)).id for n in range(5)]
    page = visit("voices")
    page.locator("#voice-search").fill("Side")
    page.wait_for_function("document.querySelectorAll('.voice-card').length === 5")
    page.locator(".voice-card").first.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement === document.querySelectorAll('.voice-card')[1]")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement === document.querySelectorAll('.voice-card')[4]")
    page.keyboard.press("ArrowUp")
    for n in range(4):
        page.locator(".voice-card [data-act=tray]").nth(n).click()
    page.locator(".voice-card [data-act=tray]").nth(4).click()
    page.locator(".notice", has_text="Up to 4").wait_for()
    assert page.locator(".tray-voice").count() == 4
    page.locator("#tray-compare").click()
    page.wait_for_function("document.querySelectorAll('.drawn-voice').length === 4")
    drawn(page)
    page.keyboard.press("Space")
    page.wait_for_selector("#player-play[data-on=true]")
    assert page.locator(".sides tr.differs").count() >= 1
    shot(page, "tray-en")
    page.locator("#tray [data-act=clear]").click()
    assert page.locator(".voice-card [data-act=tray][aria-pressed=true]").count() == 0
    home.voices.delete(kept)


def test_styles_are_made_edited_compared_written_and_read(
    visit: Visit, shot: Callable[..., None], tmp_path: Path, home: Any
) -> None:
    page = visit("speak")
    page.locator("#style-all").click()
    page.wait_for_selector(".style-row")
    page.locator(".style-row", has_text="Calm").locator("[data-act=copystyle]").click()
    page.locator("dialog input[name=name]").fill("My evening")
    page.locator("dialog [data-control=speed] input.number").fill("0.7")
    page.locator("dialog [data-act=without][data-name=pitch]").click()
    page.locator("#style-add").select_option("breath")
    page.locator("dialog [data-control=breath] input.number").fill("20")
    shot(page, "style-edit-en")
    page.locator("dialog button[value=save]").click()
    row = page.locator(".style-row", has_text="My evening")
    row.wait_for()
    controls = home.styles.get("My evening", "espeak").controls
    assert (controls["speed"], controls["breath"], "pitch" in controls) == (0.7, 20.0, False)
    row.locator("[data-act=editstyle]").click()
    page.locator("dialog [data-control=speed] input.number").fill("9")
    page.locator("dialog button[value=save]").click()
    assert page.locator("dialog [data-control=speed] input.number").evaluate("one => one.validity.rangeOverflow")
    page.keyboard.press("Escape")
    row.locator("[name=chosen]").check()
    page.locator(".style-row", has_text="Fast").first.locator("[name=chosen]").check()
    page.locator("#style-compare").click()
    page.wait_for_function("document.querySelectorAll('.drawn-voice').length === 2")
    drawn(page)
    page.locator(".sides tr.differs", has_text="Speed").wait_for()
    shot(page, "styles-en")
    with page.expect_download() as caught:
        row.locator("[data-act=write]").click()
    path = tmp_path / "again.toml"
    caught.value.save_as(path)
    row.locator("[data-act=dropstyle]").click()
    row.wait_for(state="detached")
    page.locator("#style-file").set_input_files(path)
    row.wait_for()
    path.write_text("name = 1", encoding="utf-8")
    page.locator("#style-file").set_input_files(path)
    page.wait_for_function("document.querySelector('#styles-failure').innerText.includes('again.toml')")
    row.locator("[data-act=usestyle]").click()
    page.wait_for_selector("#page-speak:visible")
    assert page.locator("#style").input_value() == "My evening"
