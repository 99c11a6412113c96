"""Controls of an opened production that no journey passes, by mouse: of lines, chapters, the cast, sound and files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from studio.audio.files import probe
from studio.studio import Begun, Line, LineQuery, NewLine, Studio
from tests.manuscripts import files

from .conftest import until

Visit = Callable[..., Any]


def script(home: Studio, title: str, *lines: NewLine) -> str:
    """A production of one chapter with these lines."""
    id = home.scripts.empty(Begun(title=title)).id
    chapter = home.scripts.chapters(id)[0].id
    home.scripts.edit(id, "delete", ids=[line.id for line in of(home, id)])
    for line in reversed(lines):
        home.scripts.edit(id, "insert", line=line, chapter=chapter)
    return id


def of(home: Studio, id: str) -> list[Line]:
    return list(home.scripts.lines(id, LineQuery()).items)


def texts(home: Studio, id: str) -> list[str]:
    return [line.text for line in of(home, id)]


def states(home: Studio, id: str) -> list[str]:
    return [line.state for line in of(home, id)]


def test_a_line_is_rendered_heard_changed_and_moved_by_mouse(visit: Visit, home: Studio) -> None:
    id = script(home, "按行", *(NewLine(text) for text in ("One.", "Two.", "Three.", "Four.")))
    page = visit(f"productions/{id}", "zh-CN")

    def opened(text: str) -> Any:
        """The line, with what is below it."""
        line = page.locator(".line", has_text=text)
        line.locator(".line-who").click()
        line.locator(".line-open .line-acts").wait_for()
        return line

    opened("Three.").locator(".line-open [data-act=from]").click()
    until(lambda: states(home, id) == ["planned", "planned", "done", "done"])
    line = opened("One.")
    line.locator(".line-open [data-act=again]").click()
    line.locator(".line-open [data-act=play]:enabled").click()
    page.wait_for_function("document.querySelector('#player-title').textContent === 'One.'")
    until(lambda: states(home, id) == ["done", "planned", "done", "done"])
    line.locator(".line-open [data-act=again]").click()
    takes = line.locator(".line-open [data-act=take]")
    takes.nth(1).wait_for()
    first = takes.nth(1).get_attribute("data-take")
    assert of(home, id)[0].take != first
    takes.nth(1).click()
    line.locator(f'.line-open [data-act=take][data-take="{first}"][aria-pressed=true]').wait_for()
    assert of(home, id)[0].take == first
    line.locator(".line-open [data-field=style]").select_option("slow")
    until(lambda: of(home, id)[0].style == "slow")
    line.locator(".line-open [data-field=ends]").select_option("scene")
    until(lambda: of(home, id)[0].ends == "scene")
    line.locator(".line-open [data-act=down]").click()
    until(lambda: texts(home, id) == ["Two.", "One.", "Three.", "Four."])
    opened("Two.").locator(".line-open [data-act=edit]").click()
    page.locator("textarea:focus").fill("Twice.")
    page.keyboard.press("Enter")
    page.locator(".line", has_text="Twice.").wait_for()
    opened("Four.").locator(".line-open [data-act=add]").click()
    page.locator("textarea:focus").fill("Five.")
    page.keyboard.press("Enter")
    until(lambda: texts(home, id) == ["Twice.", "One.", "Three.", "Four.", "Five."])
    opened("Three.").locator(".line-open [data-act=remove]").click()
    until(lambda: texts(home, id) == ["Twice.", "One.", "Four.", "Five."])
    page.locator(".notice [data-act=run]").last.click()
    until(lambda: texts(home, id) == ["Twice.", "One.", "Three.", "Four.", "Five."])


def test_several_lines_at_once_and_chapters(visit: Visit, home: Studio) -> None:
    id = script(home, "By chapters", *(NewLine(text) for text in ("One.", "Two.", "Three.")))
    page = visit(f"productions/{id}", "en-US")
    head = page.locator(".chapter-head")

    def chosen(*given: str) -> Any:
        """The bar of what is chosen: two lines."""
        for text, keys in zip(given, ([], ["Shift"]), strict=True):
            page.locator(".line", has_text=text).locator(".line-who").click(modifiers=keys)
        bar = page.locator("#selection")
        bar.get_by_text("2 lines").wait_for()
        return bar

    head.locator("[data-act=rendered]").click()
    until(lambda: states(home, id) == ["done"] * 3)
    head.locator("[data-act=rendered]").wait_for(state="detached")  # nothing is left to do
    before = [line.take for line in of(home, id)]
    chosen("One.", "Two.")
    page.locator("#selection [data-act=again]").click()
    until(lambda: [line.take != take for line, take in zip(of(home, id), before, strict=True)] == [True, True, False])
    page.locator("#selection [data-act=clear]").click()
    page.locator("#selection").wait_for(state="hidden")
    assert page.locator(".line.chosen").count() == 0
    head.locator("[data-jump]").nth(2).click()
    page.locator(".line:focus", has_text="Three.").wait_for()
    chosen("Two.", "Three.")
    page.locator("#selection [data-act=remove]").click()
    until(lambda: texts(home, id) == ["One."])

    head.locator("[data-act=rechapter]").click()
    page.locator("dialog [name=title]").fill("Beginning")
    page.locator("dialog button[value=ok]").click()
    head.locator("h2", has_text="Beginning").wait_for()
    head.locator("[data-act=rechapter]").click()
    page.locator("dialog [name=title]").fill("End")
    page.locator("dialog button[value=new]").click()
    head.nth(1).locator("[data-act=addfirst]").click()
    page.locator("textarea:focus").fill("The end.")
    page.keyboard.press("Enter")
    until(lambda: texts(home, id) == ["One.", "The end."])
    assert [chapter.title for chapter in home.scripts.chapters(id)] == ["Beginning", "End"]
    head.nth(1).locator("[data-act=unchapter]").click()
    until(lambda: len(home.scripts.chapters(id)) == 1)
    page.locator(".notice [data-act=run]").last.click()
    until(lambda: [chapter.lines for chapter in home.scripts.chapters(id)] == [1, 1])


def test_title_cast_and_words(visit: Visit, home: Studio) -> None:
    id = script(
        home, "Untitled", NewLine("Who is there?", "Martha"), NewLine("Only me.", "Tom"), NewLine("Night fell.")
    )
    page = visit(f"productions/{id}", "zh-CN")
    page.locator("#script-head [data-act=title]").click()
    page.locator("dialog [name=title]").fill("灯塔")
    page.locator("dialog [name=author]").fill("某人")
    page.locator("dialog .primary").click()
    page.locator("#script-head h1", has_text="灯塔").wait_for()
    assert (home.scripts.get(id).title, home.scripts.get(id).author) == ("灯塔", "某人")

    page.locator("#tab-cast").click()
    martha, tom = page.locator('[data-speaker="Martha"]'), page.locator('[data-speaker="Tom"]')
    martha.locator("[data-field=engine]").select_option("espeak")
    martha.locator("[data-field=style]").select_option("slow")  # none waits for the one before
    gain = martha.locator("[data-field=gain_db]")
    gain.fill("-4.5")
    gain.press("Tab")
    until(lambda: own(home, id, "Martha").gain_db == -4.5)
    assert (own(home, id, "Martha").engine, own(home, id, "Martha").style) == ("espeak", "slow")
    style = martha.locator("[data-field=style]")
    style.focus()
    style.select_option("calm")
    style.locator("option[value=calm][selected]").wait_for(state="attached")  # drawn anew
    assert style.evaluate("one => one === document.activeElement"), "the hand stays where it was"
    martha.locator("[data-act=rename]").click()
    page.locator("dialog [name=name]").fill("玛莎")
    page.locator("dialog .primary").click()
    page.locator('[data-speaker="玛莎"]').wait_for()
    assert own(home, id, "玛莎").style == "calm", "how it speaks goes with the name"
    tom.locator("[data-act=rename]").click()
    page.locator("dialog button[value=narrator]").click()
    tom.wait_for(state="detached")
    assert [line.speaker for line in of(home, id)] == ["玛莎", "", ""]

    page.locator("#tab-script").click()  # and back: what is pressed is done once
    page.locator(".chapter-head [data-act=addfirst]").click()
    page.locator("textarea:focus").fill("Once.")
    page.keyboard.press("Enter")
    until(lambda: texts(home, id) == ["Once.", "Who is there?", "Only me.", "Night fell."])

    page.locator("#tab-lexicon").click()
    page.locator("#lexicon-new [name=word]").fill("Nacht")
    page.locator("#lexicon-new [name=reading]").fill("night")
    page.locator("#lexicon-new [name=everywhere]").check()
    page.locator("#lexicon-new button").click()
    page.locator("tr[data-word=Nacht][data-all=true]").wait_for()
    assert (home.scripts.words(id), [entry.word for entry in home.scripts.words()]) == ((), ["Nacht"])
    page.locator("tr[data-word=Nacht] [data-act=drop]").click()
    until(lambda: home.scripts.words() == ())


def own(home: Studio, id: str, speaker: str) -> Any:
    """What a speaker was given, without the narrator's."""
    return next(part.member for part in home.scripts.parts(id) if part.member.speaker == speaker)


def test_how_often_how_soon_the_sound_and_its_files(visit: Visit, home: Studio, tmp_path: Path) -> None:
    music = tmp_path / "music.wav"
    soundfile.write(music, 0.2 * np.sin(np.arange(48_000) * 2 * np.pi * 220 / 48_000), 48_000)
    same = "The same sentence is said again and again, and it takes rather long to be written. "
    id = script(home, "Long", NewLine("Short."))
    second = home.scripts.edit(id, "add_chapter", title="Second", after=home.scripts.chapters(id)[0].id)
    chapter = home.scripts.chapters(id)[1].id
    assert second is not None
    for _ in range(60):
        home.scripts.edit(id, "insert", line=NewLine(same * 4), chapter=chapter)
    page = visit(f"productions/{id}", "en-US")
    page.locator("#script-more").click()
    page.locator("dialog [name=tries]").select_option("5")
    page.locator("dialog [name=priority]").select_option("-5")
    page.locator("dialog [name=seed]").fill("9")
    page.locator("dialog .primary").click()
    until(lambda: home.scripts.settings(id)["reading"].get("seed") == 9)
    assert home.scripts.settings(id)["rendering"]["tries"] == 5
    assert home.scripts.get(id).priority == -5
    home.scripts.render(id).wait(60)

    page.locator("#tab-sound").click()
    row = page.locator("#sound-controls [data-control=scene_ms]")
    row.locator(".control-label").click()
    row.locator(".control-help").wait_for()
    before = row.locator("input.number").input_value()
    row.locator("input.number").fill("900")
    row.locator("input.number").press("Tab")
    until(lambda: home.scripts.settings(id)["sound"]["scene_ms"] == 900)
    row.locator(".reset").click()
    until(lambda: home.scripts.settings(id)["sound"]["scene_ms"] == float(before))
    page.locator("#sound-files [data-file=music]").set_input_files(music)
    until((home.scripts.folder(id) / "music").exists)
    page.locator("#sound-files [data-act=drop]").click()
    until(lambda: not (home.scripts.folder(id) / "music").exists())

    page.locator("#tab-export").click()
    page.locator("#export-form [name=master][value=flac]").check()
    page.locator("#export-start").click()
    page.locator("#export-progress [data-act=stop]").click()
    page.locator("#export-start:enabled").wait_for()
    assert home.scripts.exported(id) == [], "nothing half-written is offered"
    page.locator("#export-form [name=chapter]").select_option(home.scripts.chapters(id)[0].id)
    page.locator("#export-start").click()
    with page.expect_download() as download:
        page.locator(".export-file a.button").click()
    download.value.save_as(tmp_path / "one.flac")
    assert probe(tmp_path / "one.flac").seconds < 10
    page.locator("#script-more").click()
    page.locator("dialog button[value=copy]").click()
    page.wait_for_function("id => !location.hash.includes(id)", arg=id)
    copy = page.evaluate("location.hash.split('/')[2]")
    assert home.scripts.get(copy).title != home.scripts.get(id).title
    assert len(home.scripts.chapters(copy)) == 2


def test_what_of_a_book_is_read(visit: Visit, home: Studio, tmp_path: Path) -> None:
    pages = {
        "one.xhtml": files.page("<p>The first chapter is left out.</p>"),
        "two.xhtml": files.page(
            "<p>The second.</p><aside epub:type='footnote'><p>A note below.</p></aside>" + "<p>And so on.</p>" * 90
        ),
    }
    nav = {"one.xhtml": "One", "two.xhtml": "Two"}
    page = visit("productions", "en-US")
    page.locator("#manuscript").set_input_files(files.epub(tmp_path / "parts.epub", pages, nav=nav, title="Parts"))
    page.locator(".book [name=section]").first.uncheck()
    page.locator(".book [name=part][value=footnote]").check()
    page.locator("#script-start").click()
    page.locator(".line", has_text="A note below.").wait_for()
    read = texts(home, page.url.split("/productions/")[1].split("/")[0])
    assert read[:4] == ["Two", "The second.", "A note below.", "And so on."]
    page.goto(page.url.split("#")[0] + "#/productions")
    page.locator("#book-examples [data-act=example]").first.click()
    page.locator(".book").wait_for()
    page.locator(".book [data-act=forget]").click()
    assert page.locator(".book").count() == 0
