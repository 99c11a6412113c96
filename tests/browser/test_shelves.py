"""Voices, Takes, Productions, Models, Settings: every button of them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Visit = Callable[..., Any]
EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"


def add(page: Any, seed: int, name: str) -> Any:
    page.locator("#voice-add").click()
    page.locator("dialog input[name=seed]").fill(str(seed))
    page.locator("dialog input[name=name]").fill(name)
    page.locator("dialog button[value=save]").click()
    card = page.locator(".voice-card", has_text=name)
    card.wait_for()
    return card


def test_every_button_of_a_card(visit: Visit) -> None:
    page = visit("voices")
    card = add(page, 424, "Cardholder")
    card.locator("[data-act=hear]").click()
    page.wait_for_selector("#player-play[data-on=true]")
    card.focus()
    page.keyboard.press("Space")
    card.locator("[data-act=rate]").nth(3).click()
    page.wait_for_function("document.querySelectorAll('.voice-card:first-child .star.on').length >= 0")
    card.locator(".star.on").nth(3).wait_for()
    card.locator("[data-act=favourite]").click()
    card.locator("[data-act=favourite][aria-pressed=true]").wait_for()
    card.locator("[data-act=edit]").click()
    page.locator("dialog input[name=name]").fill("Renamed")
    page.locator("dialog input[name=tags]").fill("warm，故事")
    page.locator("dialog textarea[name=note]").fill("for chapter two")
    page.locator("dialog button[value=save]").click()
    card = page.locator(".voice-card", has_text="Renamed")
    card.wait_for()
    assert card.locator(".tag").all_inner_texts() == ["warm", "故事"]
    card.locator("[data-act=drop]").click()
    card.wait_for(state="detached")
    page.locator(".notice .link", has_text="Undo").click()
    page.locator(".voice-card", has_text="Renamed").wait_for()


def test_voices_are_searched_filtered_and_sorted(visit: Visit) -> None:
    page = visit("voices")
    add(page, 501, "Zebra alone")
    page.locator("#voice-search").fill("zebra")
    page.wait_for_function("document.querySelectorAll('.voice-card').length === 1")
    page.locator("#voice-search").fill("nothing has this name")
    page.locator("#voice-wall [data-act=fewer]").click()
    page.wait_for_function("document.querySelectorAll('.voice-card').length > 0")
    for name in ("name", "rating", "used", "newest"):
        page.locator("#voice-filters [name=sort]").select_option(name)
        page.wait_for_selector(".voice-card")
    page.locator("#voice-filters [name=favourite]").check()
    page.wait_for_timeout(400)
    assert page.locator(".voice-card [data-act=favourite][aria-pressed=false]").count() == 0


def test_many_voices_are_paged(visit: Visit, home: Any) -> None:
    kept = [home.keeping.seed("espeak", 9000 + n, f"Crowd {n:02}").id for n in range(30)]
    page = visit("voices")
    page.locator("#voice-search").fill("Crowd")
    page.wait_for_timeout(800)  # until the search is done
    assert page.locator(".voice-card").count() == 24
    page.locator("#voice-wall [data-act=turn]").nth(1).click()
    page.wait_for_function("document.querySelectorAll('.voice-card').length === 6")
    page.locator("#voice-wall [data-act=turn]").nth(0).click()
    page.wait_for_function("document.querySelectorAll('.voice-card').length === 24")
    home.voices.delete(kept)


def test_many_takes_are_paged(visit: Visit, home: Any) -> None:
    from studio.studio import SpeakRequest

    for n in range(32):
        home.speak(SpeakRequest(f"Leaf {n}")).wait(30)
    page = visit("takes", "zh-CN")
    page.locator("#take-search").fill("Leaf")
    page.locator("#take-list .page-foot", has_text="32").wait_for()
    assert page.locator("#take-list .take-row").count() == 30
    page.locator("#take-list [data-act=turn]").nth(1).click()
    page.wait_for_function("document.querySelectorAll('.take-row').length === 2")
    page.locator("#take-list [data-act=turn]").nth(0).click()
    page.wait_for_function("document.querySelectorAll('.take-row').length === 30")


def test_takes_are_searched_heard_starred_noted_compared_loaded_deleted(
    visit: Visit, shot: Callable[..., None], home: Any
) -> None:
    from studio.studio import SpeakRequest

    for speed in (1.0, 1.6):
        home.speak(SpeakRequest("A take to be compared.", controls={"speed": speed})).wait(30)
    page = visit("takes")
    page.locator("#take-search").fill("compared")
    page.wait_for_function("document.querySelectorAll('.take-row').length === 2")
    row = page.locator(".take-row").first
    row.locator("[data-act=play]").click()
    page.wait_for_selector("#player-play[data-on=true]")
    row.locator("[data-act=star]").click()
    row.locator("[data-act=star][aria-pressed=true]").wait_for()
    row.locator("[data-act=note]").click()
    page.locator("dialog [name=note]").fill("the better one")
    page.locator("dialog button[value=save]").click()
    page.locator(".take-note", has_text="the better one").wait_for()
    for box in page.locator("[name=choose]").all():
        box.check()
    page.locator("#take-compare").click()
    page.wait_for_selector("dialog .compare")
    assert page.locator("dialog audio").count() == 2
    assert page.locator("dialog section .differs").count() >= 4
    lengths = page.locator("dialog audio").evaluate_all(
        """all => Promise.all(all.map(a => new Promise(r =>
            a.readyState ? r(a.duration) : a.onloadedmetadata = () => r(a.duration))))"""
    )
    assert all(length > 0.5 for length in lengths)
    shot(page, "compare-en")
    page.keyboard.press("Escape")
    page.locator("#take-filters [name=starred]").check()
    page.wait_for_function("document.querySelectorAll('.take-row').length === 1")
    page.locator("#take-filters [name=starred]").uncheck()
    page.locator("#take-filters [name=lines]").check()
    page.wait_for_function("document.querySelectorAll('.take-row').length > 2")
    page.locator("#take-filters [name=lines]").uncheck()
    for order in ("longest", "used", "newest"):
        page.locator("#take-filters [name=sort]").select_option(order)
        page.wait_for_selector(".take-row")
    row.locator("[data-act=recipe]").click()
    page.wait_for_selector("dialog .facts")
    page.keyboard.press("Escape")
    page.locator(".take-row [data-act=drop]").first.click()
    page.wait_for_function("document.querySelectorAll('.take-row').length === 1")
    page.locator(".notice .link").click()
    page.wait_for_function("document.querySelectorAll('.take-row').length === 2")
    page.locator(".take-row [data-act=load]").first.click()
    page.wait_for_function("document.querySelector('#text textarea').value === 'A take to be compared.'")


def test_no_take_fits(visit: Visit) -> None:
    page = visit("takes")
    page.locator("#take-search").fill("no such words anywhere")
    page.locator("#take-list [data-act=fewer]").click()
    page.wait_for_selector(".take-row, .empty")


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_a_book_is_dropped_looked_at_and_made(
    visit: Visit, home: Any, shot: Callable[..., None], tmp_path: Path, language: str
) -> None:
    path = tmp_path / f"day-{language}.txt"
    path.write_text(f"第一章 早晨\n\n太阳出来了 {language}。\n\n第二章 夜晚\n\n月亮出来了。\n", encoding="gb18030")
    page = visit("productions", language)
    page.locator("#manuscript").set_input_files(path)
    page.wait_for_selector(".book")
    assert page.locator(".chapters li").count() == 2
    page.locator("#book-title").fill(f"一天 {language}")
    page.locator("#book-author").fill("某人")
    page.locator(".chapter-title").last.fill("Renamed")
    page.locator("#book-straight summary").click()
    page.locator("#gap-chapter").fill("0.5")
    page.locator("#book-format").select_option("mp3")
    page.locator("#book-style").select_option("slow")
    page.locator("#book-polish").select_option("podcast")
    page.locator("#book-voice").click()
    page.locator("#picker-search").fill("12")
    page.locator("#picker [data-ref='seed:12']").click()
    shot(page, f"book-{language[:2]}")
    page.locator("#book-start").click()
    row = page.locator(".production", has_text=f"一天 {language}")
    row.wait_for()
    row.locator("a.button[download]").wait_for(timeout=30_000)
    with page.expect_download() as caught:
        row.locator("a.button[download]").click()
    assert caught.value.suggested_filename == f"一天 {language}.mp3"
    asked = next(one for one in home.productions.find() if one.title == f"一天 {language}").settings["request"]
    assert (asked["style"], asked["polish"], asked["voice"]) == ("slow", "podcast", "seed:12")
    assert list(asked["choices"]["titles"].values()) == ["Renamed"], "what was arranged holds here, too"
    shot(page, f"shelf-{language[:2]}")
    row.locator("[data-act=remove]").click()
    row.wait_for(state="detached")
    page.locator(".notice .link").click()
    row.wait_for()


def test_a_production_goes_on_without_its_page_and_is_stopped_and_resumed(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "endless.txt"
    path.write_text(
        "\n\n".join(f"Paragraph {n} of the endless story is read aloud." for n in range(2500)), encoding="utf-8"
    )
    page = visit("productions")

    def state(name: str) -> Any:
        """This production, among others on the shelf, in that state."""
        return page.locator(f".production[data-state={name}]", has_text="endless")

    page.locator("#manuscript").set_input_files(path)
    page.locator("#book-straight summary").click()
    page.locator("#book-format").select_option("opus")
    page.locator("#book-start").click()
    state("running").wait_for()
    page.close()
    page = visit("speak")
    page.locator("#nav-productions").click()
    row = state("running")
    row.wait_for()
    page.locator("#running:visible").wait_for()
    row.locator("[data-act=stop]").click()
    row = state("stopped")
    row.wait_for()
    row.locator("[data-act=resume]").click()
    state("running").locator("[data-act=stop]").click()
    state("stopped").wait_for()


def test_a_file_that_is_no_text_is_refused(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "picture.txt"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    page = visit("productions", "zh-CN")
    page.locator("#manuscript").set_input_files(path)
    page.wait_for_selector("#book-failure:not([hidden])")
    assert "picture.txt" in page.locator("#book-failure").inner_text()
    page.locator("#book-examples button").first.click()
    page.wait_for_selector(".book")
    assert page.locator("#book-failure").is_hidden()
    page.locator("[data-act=forget]").click()
    assert page.locator(".book").count() == 0


def test_the_speak_page_is_put_back_to_its_defaults(visit: Visit) -> None:
    page = visit("speak")
    page.locator("[data-control=speed] input.number").fill("1.9")
    page.locator("#autoplay").uncheck()
    page.reload()
    page.wait_for_selector("html[data-ready=speak]")
    assert page.locator("[data-control=speed] input.number").input_value() == "1.9"
    page.locator("#nav-settings").click()
    page.locator("#desk-reset").click()
    page.locator(".notice").wait_for()
    page.locator("#nav-speak").click()
    assert page.locator("[data-control=speed] input.number").input_value() == "1"
    assert page.locator("#autoplay").is_checked()


def test_settings_are_kept_and_the_doctor_answers(visit: Visit, shot: Callable[..., None]) -> None:
    page = visit("settings")
    page.locator("#cache-limit").fill("3.5")
    page.locator("[data-act=limit]").click()
    page.locator(".notice", has_text="Saved").wait_for()
    page.locator("#cache-clean").click()
    page.locator(".notice", has_text="freed").wait_for()
    page.locator("#cache-limit").fill("0")
    page.locator("[data-act=limit]").click()
    page.wait_for_selector("#settings-failure:not([hidden])")
    page.reload()
    page.wait_for_selector("#cache-limit")
    assert page.locator("#cache-limit").input_value() == "3.5"
    page.locator("#doctor-run").click()
    page.wait_for_selector("#doctor-checks li")
    assert page.locator("#doctor-checks li").count() >= 5
    shot(page, "doctor-en")


def test_deleted_things_are_shown_and_removed_after_a_question(
    visit: Visit, shot: Callable[..., None], home: Any
) -> None:
    home.bin.empty()
    gone, held = (home.keeping.seed("espeak", 60_000 + n, f"Dropped {n}").id for n in range(2))
    home.keeping.blend("espeak", {held: 1.0, "f2": 1.0}, "Child of dropped")
    (alone := home.folder.takes / f"{'a' * 64}.flac").write_bytes(b"x" * 2000)
    os.utime(alone, (0, 0))
    home.voices.delete([gone, held])
    page = visit("settings", "zh-CN", 390)
    row = page.locator("#bin-rows dd").first
    row.wait_for()
    assert row.inner_text().startswith("2 个")
    assert "仍在使用：1 个" in row.inner_text()
    shot(page, "bin-zh-390")
    page.locator("#bin-days").fill("99999")
    page.locator("[data-act=bindays]").click()
    page.locator("#bin-failure", has_text="天数").wait_for()
    page.locator("#bin-days").fill("7")
    page.locator("[data-act=bindays]").click()
    page.locator(".notice", has_text="已保存").wait_for()
    page.locator("#bin-empty").click()
    page.locator("dialog button[value='']").last.click()  # thought better of
    assert home.voices.known(gone) is not None
    page.locator("#bin-empty").click()
    page.locator("dialog [name=days]").fill("1")  # what was deleted today stays
    page.locator("dialog button[value=empty]").click()
    page.locator(".notice", has_text="已彻底删除 0 项").wait_for()
    assert home.voices.known(gone) is not None
    page.locator("#bin-empty").click()
    page.locator("dialog [name=strays]").check()
    shot(page, "bin-ask-zh-390")
    page.locator("dialog button[value=empty]").click()
    page.locator(".notice", has_text="已彻底删除 2 项").wait_for()
    assert (home.voices.known(gone), home.voices.known(held).name, alone.exists()) == (None, "Dropped 1", False)
    page.wait_for_function("document.querySelector('#bin-rows dd').textContent.startsWith('1 个')")
    page.reload()
    page.wait_for_selector("#bin-days")
    assert page.locator("#bin-days").input_value() == "7"


@pytest.mark.parametrize(("language", "licence"), [("en-US", "not for commercial use"), ("zh-CN", "不得用于商业用途")])
def test_a_missing_model_shows_size_and_licence_before_it_is_fetched(
    visit: Visit, shot: Callable[[Any, str], None], language: str, licence: str
) -> None:
    page = visit("models", language=language)
    model = page.locator('[data-model="chattts"]')
    model.locator('[data-act="install"]').click()
    sheet = page.locator("dialog[open]")
    assert "1.2 GB" in sheet.inner_text()
    assert licence in sheet.inner_text()
    shot(page, f"install-{language}")
    page.keyboard.press("Escape")
    assert model.locator('[data-act="install"]').is_visible()


@pytest.mark.parametrize(
    ("where", "field", "shown"), [("productions", "#manuscript", ".book"), ("batch", "#batch-files", ".batch-new")]
)
def test_a_file_is_not_lost_where_it_comes_before_the_desk(
    visit: Visit, tmp_path: Path, where: str, field: str, shown: str
) -> None:
    """On a server that has just started, or far away, voices and formats are told late; the file is shown with them."""
    path, late = tmp_path / "early.txt", list[Any]()
    path.write_text("Words to read.", encoding="utf-8")
    page = visit(where)
    page.route(
        "**/component_server/**",
        lambda r: late.append(r) if "speak_begin" in (r.request.post_data or "") else r.continue_(),
    )
    page.reload(wait_until="commit")
    page.locator(field).set_input_files(path)
    page.wait_for_timeout(500)
    assert late
    assert not page.locator(shown).count()
    for request in late:
        request.continue_()
    page.locator(shown).wait_for()
