"""Controls that no journey passes: each is used once, and what came of it is looked up in the studio."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import soundfile

from studio.audio.files import read
from studio.studio import Begun, LineQuery, NewLine, Studio
from tests.dubbing.test_film import SRT, film
from tests.manuscripts import files

from .conftest import until

Visit = Callable[..., Any]
CHAPTER = "<p>The wind rose. Nobody slept.</p><p>“Who is there?” asked Martha.</p>"
MORE = "<p>The wind rose. Nobody slept.</p><p>A new day came.</p><p>“Who is there?” asked Martha.</p>"


def book(folder: Path, name: str, text: str) -> Path:
    return files.epub(folder / name, {"one.xhtml": files.page(text)}, nav={"one.xhtml": "One"}, title="Controls")


def opened(page: Any) -> str:
    """The production that the page stands on, once its lines are there."""
    page.locator(".line").first.wait_for()
    return str(page.url.split("/productions/")[1].split("/")[0])


def texts(home: Studio, id: str) -> list[str]:
    return [line.text for line in home.scripts.lines(id, LineQuery()).items]


LOOK_AGAIN = """async () => {
  const loaded = performance.getEntriesByType('resource').map(one => one.name);
  const script = await import(loaded.find(name => name.includes('/script.js')));
  await script.refresh();
}"""


def test_a_book_without_speakers_its_new_version_and_its_words(visit: Visit, home: Studio, tmp_path: Path) -> None:
    page = visit("productions", "zh-CN")
    page.locator("#manuscript").set_input_files(book(tmp_path, "first.epub", CHAPTER))
    page.locator("#book-dialogue").uncheck()
    page.locator("#script-start").click()
    id = opened(page)
    assert {line.speaker for line in home.scripts.lines(id, LineQuery()).items} == {""}, "nobody was looked for"
    before = texts(home, id)
    page.locator("#script-more").click()
    page.locator("#script-revise").set_input_files(book(tmp_path, "second.epub", MORE))
    page.locator(".line", has_text="A new day came.").wait_for()
    assert [text for text in texts(home, id) if text != "A new day came."] == before
    page.locator(".notice [data-act=run]").click()  # the new version is taken back
    page.locator(".line", has_text="A new day came.").wait_for(state="detached")
    page.locator("#tab-lexicon").click()
    page.locator("#lexicon-file").set_input_files(
        {"name": "words.csv", "mimeType": "text/csv", "buffer": b"word,reading\nwind,breeze\nMartha,Marta\n"}
    )
    page.locator("tr[data-word=Martha]").wait_for()
    assert [(entry.word, entry.reading) for entry in home.scripts.words(id)] == [
        ("Martha", "Marta"),
        ("wind", "breeze"),
    ]
    page.locator("#lexicon-file").set_input_files(
        {"name": "words.csv", "mimeType": "text/csv", "buffer": b"no words in here"}
    )
    page.locator("#script-failure:visible").wait_for()
    assert len(home.scripts.words(id)) == 2
    page.evaluate(LOOK_AGAIN)  # as it does by itself after many things
    assert page.locator("#script-failure").is_visible(), "what was complained of stays until something is done"


def test_lines_are_locked_joined_and_found_by_mouse(visit: Visit, home: Studio) -> None:
    page = visit("productions", "en-US")
    page.locator("#script-empty").click()
    page.locator(".chapter-head").wait_for()
    id = str(page.url.split("/productions/")[1].split("/")[0])
    chapter = home.scripts.chapters(id)[0].id
    for text in ("Five.", "Four.", "Three.", "Two.", "One."):
        home.scripts.edit(id, "insert", line=NewLine(text), chapter=chapter)
    page.reload()
    page.locator(".line").nth(5).wait_for()  # and the one that an empty script begins with
    line = page.locator(".line", has_text="One.")
    page.locator("#script-render").click()
    page.locator("#script-render[disabled]").wait_for(timeout=60_000)
    line.locator(".line-who").click()
    line.locator(".line-open [data-act=lock]").click()
    page.locator(".line[data-state=locked]", has_text="One.").wait_for()
    page.locator("#line-state").select_option("locked")
    page.wait_for_function("document.querySelectorAll('.line').length === 1")
    page.locator("#line-state").select_option("")
    page.locator(".line", has_text="Five.").wait_for()
    line.locator(".line-who").click()
    line.locator(".line-open [data-act=lock]").click()
    page.locator(".line[data-state=locked]").wait_for(state="detached")
    page.locator("#line-search").fill("four")
    page.wait_for_function("document.querySelectorAll('.line').length === 1")
    page.locator("#line-search").fill("")
    page.locator(".line", has_text="Five.").wait_for()
    four = page.locator(".line", has_text="Four.")
    four.locator(".line-who").click()
    four.locator(".line-open [data-act=merge]").click()
    until(lambda: texts(home, id) == ["One.", "Two.", "Three.", "Four. Five.", "…"])
    page.locator(".line", has_text="Four. Five.").wait_for()
    page.locator(".line", has_text="Two.").locator(".line-who").click()
    page.locator(".line", has_text="Three.").locator(".line-who").click(modifiers=["Shift"])
    page.locator("#selection [data-act=lock]").click()
    until(
        lambda: [one.locked for one in home.scripts.lines(id, LineQuery()).items] == [False, True, True, False, False]
    )
    page.wait_for_function("document.querySelectorAll('.line[data-state=locked]').length === 2")
    page.locator("#selection [data-act=lock]").click()
    until(lambda: not any(one.locked for one in home.scripts.lines(id, LineQuery()).items))
    page.locator("#selection [data-act=merge]").click()
    until(lambda: texts(home, id) == ["One.", "Two. Three.", "Four. Five.", "…"])
    page.locator("#script-undo").click()
    until(lambda: texts(home, id) == ["One.", "Two.", "Three.", "Four. Five.", "…"])
    page.locator("#line-help").click()
    page.locator("dialog .keys").wait_for()


def test_rendering_is_paused_and_goes_on(visit: Visit, home: Studio) -> None:
    script = home.scripts.empty(Begun(title="Long", engine="espeak"))
    chapter = home.scripts.chapters(script.id)[0].id
    for n in range(40):
        home.scripts.edit(script.id, "insert", line=NewLine(f"{n}: " + "This takes a while. " * 60), chapter=chapter)
    page = visit(f"productions/{script.id}", "zh-CN")
    page.locator("#script-render").click()
    page.locator("#script-pause").click()
    page.locator("#script-render:not([disabled])").wait_for()
    done = page.evaluate("document.querySelector('#script-head progress').value")
    assert done < 1
    page.locator("#script-render").click()
    page.locator("#script-pause").wait_for()
    page.locator("#script-stop").click()
    page.locator("#script-pause").wait_for(state="detached")


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_a_dub_goes_under_a_film(visit: Visit, home: Studio, tmp_path: Path, language: str) -> None:
    """A film keeps its sound as a second track; a background that was chosen is heard in place of that sound."""
    subtitles, music = tmp_path / f"scene {language}.srt", tmp_path / "music.wav"
    subtitles.write_text(SRT)
    soundfile.write(music, 0.3 * np.sin(np.arange(24_000 * 8) * 2 * np.pi * 440 / 24_000), 24_000)
    id = home.dubbing.begin(subtitles).id
    home.dubbing.render(id).wait(60)
    page = visit(f"subtitles/{id}", language)
    page.locator(".cue").nth(1).wait_for()

    def written(*, background: bool, video: bool, track: bool, own: bool = True) -> Path:
        page.locator("#dub-export").click()
        page.locator("dialog summary").click()
        if background:
            page.locator("dialog [name=background]").set_input_files(music)
        if video:
            page.locator("dialog [name=video]").set_input_files(film(tmp_path / "film.mkv"))
        page.locator("dialog [name=track]").set_checked(track)
        page.locator("dialog [name=own]").set_checked(own)
        page.locator("dialog button[value=write]").click()
        link = page.locator("dialog a[download]", has_text=".mkv" if video else ".wav")
        link.wait_for()
        with page.expect_download() as waited:
            link.click()
        path = tmp_path / waited.value.suggested_filename
        waited.value.save_as(path)
        page.keyboard.press("Escape")
        page.locator("dialog").wait_for(state="detached")
        return path

    assert tone(written(background=True, video=False, track=False)) == 440
    made = written(background=True, video=True, track=True)
    assert tone(made) == 440, "the chosen background is not lost beside a film"
    with av.open(str(made)) as opened:
        assert (len(opened.streams.video), len(opened.streams.audio)) == (1, 2)
    assert tone(written(background=False, video=True, track=False)) == 100
    assert tone(written(background=False, video=True, track=False, own=False)) != 100, "the sound of the film is gone"


def test_voices_are_drawn_mixed_opened_and_their_numbers_copied(visit: Visit, home: Studio) -> None:
    page = visit("voices", "zh-CN", permissions=["clipboard-read", "clipboard-write"])
    page.locator("#voice-draw").click()
    drawn(page)
    page.locator(".draw-form [name=seeds]").fill("31,32")
    page.locator("#draw-go").click()
    page.wait_for_function("document.querySelectorAll('.drawn-voice').length === 2")
    page.locator("#draw-copy").click()
    page.locator(".notice").first.wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "31,32"
    page.locator(".draw-form [name=seeds]").fill("")
    page.locator(".draw-form [name=count]").fill("24")
    page.locator(".draw-form [name=text]").fill("987654321, " * 30)  # long when it is said
    page.locator("#draw-go").click()
    page.wait_for_function("document.querySelectorAll('.drawn-voice').length === 24")
    page.locator("#draw-stop").click()
    page.wait_for_selector("#draw-progress[hidden]", state="attached")
    assert page.locator(".drawn-voice [data-act=listen]:disabled").count() > 0, "the rest is not spoken"
    page.locator("#voice-styles").click()
    page.locator("#style-new").click()
    page.locator("dialog [name=name]").fill("从头来")
    page.locator("dialog [name=about]").fill("自己的")
    page.locator("#style-add").select_option("speed")
    page.locator("dialog [data-control=speed] input.number").fill("1.4")
    page.locator("dialog button[value=save]").click()
    page.locator(".style-row", has_text="自己的").wait_for()
    style = home.styles.get("从头来", "espeak")
    assert (style.description, dict(style.controls)) == ("自己的", {"speed": 1.4})
    page.locator(".style-row", has_text="从头来").locator("[data-act=dropstyle]").click()


def test_a_blend_by_its_sliders_and_an_opened_voice(visit: Visit, home: Studio) -> None:
    voice = home.keeping.seed("espeak", 4711, "Opened by hand")
    page = visit("voices", "en-US", permissions=["clipboard-read", "clipboard-write"])
    page.locator("#voice-blend").click()
    page.locator("[data-mode=between]").click()
    page.locator("#blend-share").fill("20")  # a slider that is let go is heard
    page.locator(".drawn-voice [data-act=listen]:not([disabled])").wait_for()
    page.locator(".drawn-voice [data-act=keep]").click()
    page.locator("dialog [name=name]").fill("Mostly the first")
    page.locator("dialog button[value=save]").click()
    page.locator(".kept").wait_for()
    shares = sorted(parent["weight"] for parent in home.voices.get("Mostly the first").parents)
    assert shares == pytest.approx([0.2, 0.8])
    page.locator("[data-mode=mutate]").click()
    page.locator("#blend-strength").fill("1.2")
    page.locator(".blend [name=count]").fill("1")
    page.locator("#blend-hear").click()
    drawn(page)
    page.locator("#draw-recipe").click()
    assert '"strength": 1.2' in page.locator("#draw-recipe-text").input_value()
    page.keyboard.press("Escape")
    page.locator(".voice-card", has_text="Opened by hand").locator("[data-act=open]").click()
    page.locator("#open-hear").click()
    page.wait_for_function("document.querySelector('#player-title').textContent.includes('Opened by hand')")
    until(lambda: len(home.previews.of(voice.id)) == 1)
    page.locator("#open-use").click()
    page.wait_for_selector("#page-speak:visible")
    page.locator("#voice", has_text="Opened by hand").wait_for()
    page.locator("#call").click()
    page.locator("[data-tongue=Python]").click()
    page.locator("#call-copy").click()
    page.locator(".notice").first.wait_for()
    assert f'voice="{voice.id}"' in page.evaluate("navigator.clipboard.readText()")
    home.voices.delete([voice.id, home.voices.get("Mostly the first").id])


def drawn(page: Any) -> None:
    """Until every candidate can be heard."""
    page.wait_for_selector("#draw-progress[hidden]", state="attached")
    page.wait_for_selector(".drawn-voice [data-act=listen]:not([disabled])")


def tone(path: Path) -> int:
    """The loudest frequency before anybody speaks, in steps of 20 Hz."""
    clip = read(path)
    start = clip.samples[: int(0.9 * clip.rate)]
    loudest = int(np.argmax(np.abs(np.fft.rfft(start * np.hanning(start.size)))))
    return round(loudest * clip.rate / start.size / 20) * 20
