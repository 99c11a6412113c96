"""Productions with a script in a real browser: a book, a podcast, and everything that is done with lines."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.audio.files import probe
from studio.studio import LineQuery, Studio
from tests.manuscripts import files

Visit = Callable[..., Any]
TALE = "".join(f"<p>{text}</p>" for text in (
    "The wind rose. Nobody slept that night.", "“Who is there?” asked Martha. She held up the lamp.",
    "“Only me,” said Old Tom. “The boat is gone.”", "They sat by the fire until morning, and nobody said a word.",
))  # fmt: skip


def book(folder: Path) -> Path:
    pages = {
        "title.xhtml": files.page("<h1>The Lighthouse</h1><p>by A. Writer</p>", body_type="titlepage"),
        "one.xhtml": files.page(TALE),
        "two.xhtml": files.page(
            "<p>The sea was calm again. Martha opened the window.</p><p>“Look!” cried Martha. “The boat!”</p>"
        ),
    }
    nav = {"one.xhtml": "The Storm", "two.xhtml": "The Morning"}
    return files.epub(folder / "lighthouse.epub", pages, nav=nav, title="The Lighthouse")


def rendered(page: Any) -> None:
    """All lines are."""
    page.locator("#script-render[disabled]").wait_for(timeout=60_000)


def row(page: Any, words: str) -> Any:
    return page.locator(".line", has_text=words).first


class Hand:
    """Counts what a person does."""

    def __init__(self) -> None:
        self.actions = 0

    def does(self, work: Callable[[], Any]) -> None:
        self.actions += 1
        work()


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_a_book(visit: Visit, shot: Callable[..., None], tmp_path: Path, language: str) -> None:
    """Drop an EPUB, look at the chapters, accept the cast, render, close the tab, come back, fix a line, export M4B."""
    page, hand = visit("productions", language), Hand()
    hand.does(lambda: page.locator("#manuscript").set_input_files(book(tmp_path)))
    page.locator("#book-chapters li").nth(2).wait_for()
    assert page.locator("#book-chapters input:checked").count() == 2, "the title page is not read"
    shot(page, f"script-book-{language[:2]}")
    hand.does(page.locator("#script-start").click)
    page.locator(".line").first.wait_for()
    hand.does(page.locator("#tab-cast").click)
    page.locator(".part-row").nth(2).wait_for()
    assert "Martha" in page.locator("#cast").inner_text()
    shot(page, f"script-cast-{language[:2]}")
    hand.does(page.locator("#script-render").click)
    address = page.url
    hand.does(page.close)
    page = visit("productions", language)
    hand.does(lambda: page.goto(address.removesuffix("/cast")))
    rendered(page)
    line = row(page, "The wind rose")
    hand.does(line.locator(".line-text").dblclick)
    hand.does(lambda: page.keyboard.type(" Not even the cat."))
    hand.does(lambda: page.keyboard.press("Enter"))
    page.locator('.line[data-state="stale"]').wait_for()
    shot(page, f"script-lines-{language[:2]}")
    hand.does(page.locator("#script-render").click)
    rendered(page)
    page.goto(page.url.removesuffix("/script") + "/export")
    with page.expect_download() as download:
        hand.does(page.locator("#export-start").click)
        page.locator(".export-file").wait_for(timeout=30_000)
        shot(page, f"script-export-{language[:2]}")
        page.locator(".export-file a.button").click()
    page.wait_for_timeout(100)
    assert hand.actions <= 12
    saved = tmp_path / "out.m4b"
    download.value.save_as(saved)
    facts = probe(saved)
    assert [chapter.title for chapter in facts.chapters] == ["The Storm", "The Morning"]
    assert facts.tags["title"] == "The Lighthouse"


def test_a_podcast(visit: Visit, shot: Callable[..., None], tmp_path: Path) -> None:
    """Two speakers, their voices, music, −16 LUFS."""
    import numpy as np
    import soundfile

    music = tmp_path / "music.wav"
    soundfile.write(music, 0.2 * np.sin(np.arange(48_000 * 12) * 2 * np.pi * 220 / 48_000), 48_000)
    page, hand = visit("productions"), Hand()
    page.locator("#book-examples button").nth(2).wait_for()
    hand.does(page.locator("#book-examples button").nth(2).click)
    page.locator("#book-kind").wait_for()
    hand.does(lambda: page.locator("#book-kind").select_option("podcast"))
    hand.does(page.locator("#script-start").click)
    page.locator(".line").first.wait_for()
    hand.does(page.locator("#tab-sound").click)
    page.locator("[data-file=music]").wait_for(state="attached")
    hand.does(lambda: page.locator("[data-file=music]").set_input_files(music))
    page.locator("[data-act=drop]").wait_for()
    shot(page, "script-sound-en")
    hand.does(page.locator("#script-render").click)
    rendered(page)
    page.locator("#tab-export").click()
    hand.does(page.locator("input[value=podcast]").check)
    hand.does(page.locator("#export-start").click)
    page.locator(".export-file .state-done").wait_for(timeout=60_000)
    assert "−16" in page.locator(".checks").inner_text() or "−15" in page.locator(".checks").inner_text()
    shot(page, "script-master-en")
    assert hand.actions <= 9


@pytest.fixture
def script(visit: Visit, tmp_path: Path) -> Any:
    """An opened script, rendered."""
    page = visit("productions")
    page.locator("#manuscript").set_input_files(book(tmp_path))
    page.locator("#script-start").click()
    page.locator("#script-render").click()
    rendered(page)
    return page


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 1280), ("en-US", 390)])
def test_what_was_found_is_arranged(
    home: Studio, visit: Visit, shot: Callable[..., None], tmp_path: Path, language: str, width: int
) -> None:
    page = visit("productions", language, width)
    page.locator("#manuscript").set_input_files(book(tmp_path))
    rows = page.locator("#book-chapters li")
    rows.nth(1).locator(".chapter-title").fill("The Great Storm")
    rows.nth(2).locator("[data-act=join]").press("Enter")
    assert rows.nth(2).locator(".chapter-title").is_disabled()
    splits = rows.nth(2)
    splits.locator("[data-act=split]").press("Enter")
    splits.locator(".split-find").fill("no such words")
    assert splits.locator(".split-places p").count() == 1
    assert not splits.locator(".split-place").count()
    splits.locator(".split-find").fill("LOOK")
    splits.locator("[data-act=cut]").press("Enter")
    splits.locator(".cut-title").fill("The Boat")
    splits.locator(".cut-title").scroll_into_view_if_needed()
    shot(page, f"script-preview-{language[:2]}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#script-start").click()
    page.locator(".line").first.wait_for()
    id = page.url.split("/productions/")[1].split("/")[0]
    assert [chapter.title for chapter in home.scripts.chapters(id)] == ["The Great Storm", "The Boat"]
    assert home.scripts.lines(id, LineQuery(text="The sea was calm again")).total == 1


def test_where_a_chapter_is_split_is_chosen_and_taken_back(home: Studio, visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text(
        "\n\n".join(f"Paragraph number {n} is this one." for n in range(150)) + "\n\nThe End\n\nBye.", "utf-8"
    )
    page = visit("productions")
    page.locator("#manuscript").set_input_files(path)
    page.locator("[data-act=split]").click()
    page.locator(".split-place").first.wait_for()
    assert page.locator(".split-place").count() == 100
    assert "51" in page.locator(".split-places p").inner_text()
    page.locator(".split-find").fill("end")
    page.locator(".split-place").click()
    assert page.locator(".cut-title").input_value() == "The End", "a paragraph that looks like a title suggests it"
    page.locator(".split-find").fill("NUMBER 77 ")
    page.locator(".split-place").click()
    assert [one.input_value() for one in page.locator(".cut-title").all()] == ["", "The End"], "in their order"
    page.locator(".split-place[aria-pressed=true]").click()
    assert page.locator(".cut-title").count() == 1
    page.locator("[data-act=uncut]").click()
    assert not page.locator(".cut-title").count()
    page.locator(".split-find").fill("number 99 is")
    page.locator(".split-place").click()
    page.locator("[data-act=split]").click()
    assert page.locator(".splitter").is_hidden()
    page.locator("#script-start").click()
    page.locator(".line").first.wait_for()
    id = page.url.split("/productions/")[1].split("/")[0]
    assert [len(list(home.scripts.all_lines(id, LineQuery(chapter=one.id)))) for one in home.scripts.chapters(id)] == [
        99,
        53,
    ]


def texts(page: Any) -> list[str]:
    return [one.strip() for one in page.locator(".line-text").all_inner_texts()]


def test_lines_by_keyboard(script: Any, shot: Callable[..., None]) -> None:
    page = script
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.locator(".line:focus", has_text="The wind rose").wait_for()
    page.keyboard.press("Space")
    page.locator("#player:not([hidden])").wait_for()
    assert "The wind rose" in page.locator("#player-title").inner_text()
    page.keyboard.press("r")
    page.locator(".line-takes li").nth(1).wait_for()
    page.keyboard.press("1")
    page.locator('.line-takes li:nth-child(2) [aria-pressed="true"]').wait_for()
    page.keyboard.press("l")
    page.locator('.line[data-state="locked"]').wait_for()
    shot(page, "script-line-en")
    page.keyboard.press("l")
    page.locator('.line[data-state="locked"]').wait_for(state="detached")
    before = texts(page)
    page.keyboard.press("m")
    page.wait_for_function("n => document.querySelectorAll('.line').length === n", arg=len(before) - 1)
    page.keyboard.press("Control+z")
    page.wait_for_function("n => document.querySelectorAll('.line').length === n", arg=len(before))
    assert texts(page) == before
    page.keyboard.press("?")
    page.locator("dialog .keys").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("boat")
    page.wait_for_function("() => document.querySelectorAll('.line').length === 2")
    assert texts(page) == ["“The boat is gone.”", "“The boat!”"]


def test_lines_are_split_added_moved_deleted(script: Any) -> None:
    page = script
    first = row(page, "The wind rose")
    first.locator(".line-text").dblclick()
    page.keyboard.press("Home")
    for _ in range(len("The wind rose.")):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Alt+Enter")
    row(page, "Nobody slept that night.").wait_for()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.line-text')].some(p => p.innerText.trim() === 'The wind rose.')"
    )
    row(page, "Nobody slept").locator(".line-who").click()
    page.keyboard.press("n")
    page.locator("textarea:focus").wait_for()
    page.keyboard.type("A line of my own.")
    page.keyboard.press("Enter")
    own = row(page, "A line of my own.")
    own.wait_for()
    assert texts(page).index("A line of my own.") == 3
    own.locator(".line-who").click()
    own.locator("[data-act=up]").click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.line-text')].findIndex(p => p.innerText.includes('my own')) === 2"
    )
    row(page, "A line of my own.").locator(".line-who").click()
    page.keyboard.press("Delete")
    row(page, "A line of my own.").wait_for(state="detached")
    page.locator(".notice [data-act=run]").click()
    row(page, "A line of my own.").wait_for()


def test_fields_of_a_line(script: Any) -> None:
    page = script
    line = row(page, "She held up the lamp")
    line.locator(".line-who").click()
    line.locator("[data-field=emotion]").select_option("sad")
    page.locator('.line[data-state="stale"] .tag').wait_for()
    row(page, "She held up the lamp").locator("[data-field=pause_ms]").fill("1200")
    page.keyboard.press("Tab")
    row(page, "She held up the lamp").locator("[data-field=speaker]").fill("Martha")
    page.keyboard.press("Tab")
    page.locator(".line", has_text="She held up the lamp").locator(".line-name", has_text="Martha").wait_for()
    line = row(page, "She held up the lamp")
    line.locator("[data-act=spoken]").click()
    line.locator(".line-said").wait_for()


def test_filters_and_replace(script: Any) -> None:
    page = script
    page.locator("#line-speaker").select_option("Martha")
    page.wait_for_function("() => document.querySelectorAll('.line').length === 3")
    page.locator("[data-act=replace]").click()
    page.locator("dialog input[name=find]").fill("boat")
    page.locator("dialog input[name=put]").fill("ship")
    page.locator("dialog button.primary").click()
    row(page, "The ship!").wait_for()
    page.locator("#line-speaker").select_option("*")
    row(page, "“The boat is gone.”").wait_for()
    row(page, "The ship!").wait_for()  # and the other chapter
    lines = page.locator(".line").count()
    for name, value, left in (("state", "failed", 0), ("state", "stale", 1), ("state", "", lines)):
        page.locator(f"#line-{name}").select_option(value)
        page.wait_for_function("n => document.querySelectorAll('.line').length === n", arg=left)
    page.locator("#line-problem").select_option("any")
    page.wait_for_function("() => document.querySelectorAll('.line').length === 0")
    page.locator("#line-problem").select_option("")
    page.wait_for_function("n => document.querySelectorAll('.line').length === n", arg=lines)


def test_cast_and_lexicon(script: Any, shot: Callable[..., None]) -> None:
    page = script
    page.locator("#tab-cast").click()
    martha = page.locator('[data-speaker="Martha"]')
    martha.locator("[data-act=sample]").click()
    page.locator("#player:not([hidden])").wait_for()
    martha.locator("[data-act=voice]").click()
    page.locator("#picker-search").fill("f5")
    page.locator('.picker-option[data-ref="f5"]').click()
    page.locator("#script-render:not([disabled])", has_text="3").wait_for()
    page.locator("#script-render").click()
    rendered(page)
    place = martha.locator("[data-pan]")
    place.focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    assert (place.get_attribute("aria-valuetext"), martha.locator("output").inner_text()) == ("L 50", "L 50")
    undo = page.locator('[data-act="undo"][title*="place in the cast"]')
    undo.wait_for()
    page.locator("#script-render[disabled]").wait_for()  # nothing is stale
    undo.click()
    martha.locator('[aria-valuetext="middle"]').wait_for()
    page.locator("#tab-lexicon").click()
    page.locator("#lexicon-new input[name=word]").fill("boat")
    page.locator("#lexicon-new input[name=reading]").fill("ship")
    page.locator("#lexicon-new button").click()
    page.locator("tr[data-word=boat]").wait_for()
    page.locator("#script-render:not([disabled])", has_text="2").wait_for()
    shot(page, "script-lexicon-en")
    page.locator("tr[data-word=boat] [data-act=drop]").click()
    page.locator("tr[data-word=boat]").wait_for(state="detached")
    page.locator("#script-render[disabled]").wait_for()


def test_a_pack_goes_out_and_comes_in(script: Any, visit: Visit, tmp_path: Path) -> None:
    page = script
    page.locator("#script-more").click()
    with page.expect_download() as download:
        page.locator("dialog a[download]").click()
    path = tmp_path / "production.zip"
    download.value.save_as(path)
    page.keyboard.press("Escape")
    other = visit("productions")
    other.locator("#manuscript").set_input_files(path)
    other.locator(".line").nth(len(texts(page)) - 1).wait_for()
    assert texts(other) == texts(page)
    other.locator("#script-render[disabled]").wait_for()


@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("zh-CN", 390, "light"), ("en-US", 390, "dark"), ("zh-CN", 1280, "dark")]
)
def test_looks(visit: Visit, shot: Callable[..., None], tmp_path: Path, language: str, width: int, scheme: str) -> None:
    """Every part of an opened production, for people to look at; nothing is wider than the page."""
    page = visit("productions", language, width, scheme)
    page.locator("#book-examples button").nth(1).click()
    page.locator("#script-start").click()
    page.locator(".line").nth(3).wait_for()
    page.locator(".line").nth(2).locator(".line-who").click()
    page.locator(".line-fields").wait_for()
    for name in ("script", "cast", "lexicon", "sound", "export"):
        page.locator(f"#tab-{name}").click()
        page.wait_for_timeout(250)
        shot(page, f"look-{name}-{language[:2]}-{width}-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name


def test_a_long_script_stays_quick(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text(
        "\n\n".join(
            f"Chapter {c}\n\n" + "\n\n".join(f"Sentence {n} of chapter {c}." for n in range(500)) for c in range(1, 41)
        ),
        encoding="utf-8",
    )
    page = visit("productions")
    page.locator("#manuscript").set_input_files(path)
    page.locator("#script-start").click()
    page.locator(".line").first.wait_for(timeout=60_000)
    address = page.url
    page.goto(address.split("#")[0] + "#/productions")
    page.locator("#script-head").wait_for(state="detached")
    began = page.evaluate("performance.now()")
    page.evaluate("address => { location.hash = address }", "#" + address.split("#")[1])
    page.locator(".line").first.wait_for()
    assert page.evaluate("performance.now()") - began < 4000, "1.5 s is the goal; this machine may be busy"
    assert page.locator(".line").count() < 400, "what is far away is not there"
    page.mouse.wheel(0, 400_000)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.line-text')].some(p => /chapter (1[0-9]|2[0-9])/.test(p.innerText))"
    )
    assert page.locator(".line").count() < 800
