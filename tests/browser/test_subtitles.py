"""Subtitles in a real browser: dropped, spoken, looked at where they do not fit, mended, written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.audio.files import read
from studio.studio import Studio

from .conftest import until

Visit = Callable[..., Any]
EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"


class Hand:
    """Counts what a person does."""

    def __init__(self) -> None:
        self.actions = 0

    def does(self, work: Callable[[], Any]) -> None:
        self.actions += 1
        work()


def done(page: Any) -> None:
    """Everything is rendered."""
    page.locator("#dub-render:not(.primary)").wait_for(timeout=60_000)


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_dubbing(visit: Visit, home: Studio, shot: Callable[..., None], tmp_path: Path, language: str) -> None:
    """Drop an SRT, choose a voice, render, look at the cues that do not fit, re-render one, export WAV and SRT."""
    page, hand = visit("subtitles", language), Hand()
    page.locator("#dub-voice .glyph svg").wait_for()
    hand.does(lambda: page.locator("#dub-file").set_input_files(EXAMPLES / f"tight.{language[:2]}.srt"))
    page.locator(".cue").nth(11).wait_for()
    hand.does(page.locator("#dub-cast [data-act=cast]").first.click)
    hand.does(page.locator(".picker-option").nth(2).click)
    page.locator("#picker").wait_for(state="detached")
    with page.expect_response(lambda answer: "dub_rendered" in (answer.request.post_data or "")):
        hand.does(page.locator("#dub-render").click)
    id = page.url.split("/subtitles/")[1]
    until(lambda: home.dubbing.job(id).over)
    done(page)
    shot(page, f"subtitles-{language[:2]}")
    hand.does(lambda: page.locator("#dub-flag").select_option("any"))
    page.locator(".cue:first-child .tag.warn").first.wait_for()
    worst = page.locator(".cue").first
    assert worst.locator(".tag.warn").count() >= 1
    before = page.locator("#dub-facts").inner_text()
    with page.expect_response(lambda answer: "cue_again" in (answer.request.post_data or "")):
        hand.does(worst.locator("[data-act=again]").click)
    until(lambda: home.dubbing.job(id).over)
    done(page)
    assert page.locator("#dub-facts").inner_text() == before
    hand.does(page.locator("#dub-export").click)
    hand.does(page.locator("dialog .primary").click)
    link = page.locator("dialog a[download]", has_text=".wav")
    link.wait_for()
    with page.expect_download() as waited:
        link.click()
    waited.value.save_as(tmp_path / "dub.wav")
    clip = read(tmp_path / "dub.wav")
    loud = np.flatnonzero(np.abs(clip.samples) > 0.01) / clip.rate
    assert loud[0] == pytest.approx(1.0, abs=0.02)
    with page.expect_download() as waited:
        page.locator("dialog a[download]", has_text=".srt").click()
    assert "00:00:01,000 --> " in Path(waited.value.path()).read_text(encoding="utf-8")
    with page.expect_download() as waited:
        page.locator("dialog a[download]", has_text="CSV").click()
    assert len(Path(waited.value.path()).read_text(encoding="utf-8").splitlines()) == 13
    assert hand.actions <= 8


def test_a_cue_is_edited_added_removed_and_brought_back(visit: Visit, tmp_path: Path) -> None:
    source = tmp_path / "own.srt"
    source.write_text("1\n00:00:01,000 --> 00:00:03,000\nHello.\n\n2\n00:01:04,000 --> 00:01:06,000\nGood bye.\n")
    page = visit("subtitles")
    page.locator("#dub-file").set_input_files(source)
    page.locator(".cue").nth(1).wait_for()
    page.locator(".cue").nth(0).locator("[data-act=edit]").click()
    page.locator("dialog [name=text]").fill("Hello there, Captain.")
    page.locator("dialog [name=start]").fill("0:02.5")
    page.locator("dialog [name=finish]").fill("00:00:05,250")
    page.locator("dialog [name=speaker]").fill("May")
    page.locator("dialog .primary").click()
    first = page.locator(".cue", has_text="Captain")
    first.wait_for()
    assert first.locator(".cue-times").inner_text().split() == ["0:02.500", "0:05.250"]
    assert page.locator("#dub-cast .field").count() == 2
    first.locator("[data-act=add]").click()
    page.locator("dialog [name=text]").fill("Wait!")
    page.locator("dialog .primary").click()
    page.locator(".cue").nth(2).wait_for()
    assert page.locator(".cue-text").all_inner_texts() == ["May Hello there, Captain.", "May Wait!", "Good bye."]
    page.locator(".cue").nth(1).locator("[data-act=drop]").click()
    page.locator(".cue").nth(2).wait_for(state="detached")
    page.locator("#dub-undo").click()
    page.locator(".cue", has_text="Wait!").wait_for()
    page.locator(".cue").nth(0).locator("[data-act=edit]").click()
    page.locator("dialog [name=finish]").fill("soon")
    page.locator("dialog .primary").click()
    page.locator("#dub-failure", has_text="0:02.5").or_(page.locator("#dub-failure", has_text="1:02.5")).wait_for()
    page.locator("#dub-render").click()
    done(page)
    page.locator(".ruler-cue").first.wait_for()
    page.locator(".ruler-speech").nth(1).wait_for(state="attached")
    page.locator(".ruler-whole").click(position={"x": 900, "y": 6})  # a press on the whole goes there
    page.locator(".ruler-cue title", has_text="1:04").wait_for(state="attached")


def test_settings_and_refusals_are_where_the_hand_is(visit: Visit, tmp_path: Path) -> None:
    page = visit("subtitles")
    bad = tmp_path / "bad.srt"
    bad.write_text("no times in here")
    page.locator("#dub-file").set_input_files(bad)
    page.locator("#dub-failure", has_text="no cue").wait_for()
    page.locator("#page-subtitles [data-act=example]", has_text="Tight cues (English)").click()
    page.locator(".cue").nth(11).wait_for()
    if page.locator("#dub-render.primary").count():
        page.locator("#dub-render").click()
    done(page)
    over = page.locator("#dub-flag option[value=over]")
    over.wait_for(state="attached")
    may = page.locator("#dub-cast [data-speaker=May]")
    may.locator("[data-pan]").fill("-0.6")
    may.locator("[data-pan][value='-0.6']").wait_for()
    may.locator("[data-pan]").press("0")  # in the middle again, and the hand stays there
    may.locator("[data-pan][value='0']:focus").wait_for()  # drawn again from what is kept
    page.locator("#dub-undo").click()
    may.locator("output", has_text="L 60").wait_for()
    page.locator("#dub-render:not(.primary)").wait_for()  # nothing asks to be rendered for it
    page.locator("#dub-how summary").click()
    page.locator("[data-control=channels] select").wait_for()
    page.locator("[data-control=overrun] select").select_option("cut")
    page.locator("#dub-flag option[value=cut]").wait_for(state="attached")
    assert over.count() == 0
    page.locator("[data-control=overrun] .reset").click()
    over.wait_for(state="attached")


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_on_a_phone(visit: Visit, shot: Callable[..., None], language: str) -> None:
    page = visit("subtitles", language, width=390)
    page.locator("#page-subtitles [data-act=example]").nth(2).click()
    page.locator(".cue").nth(10).wait_for()
    if page.locator("#dub-render.primary").count():
        page.locator("#dub-render").click()
    done(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    shot(page, f"subtitles-phone-{language[:2]}")


def test_the_ruler_the_pages_one_cue_and_what_is_written(visit: Visit, tmp_path: Path) -> None:
    source = tmp_path / "many.srt"
    source.write_text("".join(f"{n + 1}\n{time(3 * n)} --> {time(3 * n + 2)}\nCue {n}.\n\n" for n in range(51)))
    page = visit("subtitles", "zh-CN")
    page.locator("#dub-file").set_input_files(source)
    page.locator(".cue").nth(49).wait_for()
    page.locator("#dub-foot [data-act=turn]").nth(1).click()
    page.locator(".cue", has_text="Cue 50.").wait_for()
    assert page.locator(".cue").count() == 1
    page.locator("#dub-foot [data-act=turn]").nth(0).click()
    cue = page.locator(".cue", has_text="Cue 7.")
    cue.wait_for()
    seen = page.locator(".ruler-near")
    assert seen.get_attribute("data-from") == "0"
    page.locator(".ruler [data-act=later]").click()
    page.wait_for_function("Number(document.querySelector('.ruler-near').dataset.from) > 5")
    page.locator(".ruler [data-act=earlier]").click()
    page.wait_for_function("Number(document.querySelector('.ruler-near').dataset.from) === 0")
    cue.locator("[data-act=again]").click()
    cue.locator("[data-act=play]:enabled").click()
    page.wait_for_function("document.querySelector('#player-title').textContent === 'Cue seven.'")
    page.locator("#dub-how summary").click()
    row = page.locator("#dub-controls [data-control=overrun]")
    row.locator(".control-label").click()
    row.locator(".control-help").wait_for()
    id = page.url.rpartition("/")[2]
    usual = row.locator("select").input_value()
    row.locator("select").select_option("cut")
    row.locator(".reset").click()
    row.locator(".reset").wait_for(state="hidden")
    assert row.locator("select").input_value() == usual
    page.locator("#dub-export").click()
    page.locator("dialog [name=format]").select_option("flac")
    page.locator("dialog [name=beside-srt]").uncheck()
    page.locator("dialog [name=beside-vtt]").check()
    page.locator("dialog button[value=write]").click()
    page.locator("dialog a[download]", has_text=".vtt").wait_for()
    names = page.locator("dialog a[download]").all_inner_texts()
    assert [name for name in names if name.endswith(".flac")]
    assert not [name for name in names if name.endswith(".srt")]
    page.keyboard.press("Escape")
    page.locator(".script-head a.icon-button").click()
    page.locator(f'[data-dub="{id}"] [data-act=remove]').click()
    page.locator(f'[data-dub="{id}"]').wait_for(state="detached")
    page.locator(".notice [data-act=run]").click()
    page.locator(f'[data-dub="{id}"]').wait_for()


def time(seconds: int) -> str:
    return f"00:{seconds // 60:02}:{seconds % 60:02},000"


def test_a_render_is_stopped(visit: Visit, home: Studio, tmp_path: Path) -> None:
    source = tmp_path / "long.srt"
    cues = (
        f"{n}\n00:{n // 60:02}:{n % 60:02},000 --> 00:{n // 60:02}:{n % 60:02},900\nCue {n}.\n" for n in range(1, 900)
    )
    source.write_text("\n".join(cues))
    page = visit("subtitles")
    page.locator("#dub-file").set_input_files(source)
    page.locator(".cue").first.wait_for()
    page.locator("#dub-render").click()
    page.locator("#dub-stop").click()
    id = page.url.split("/subtitles/")[1]
    until(lambda: home.dubbing.job(id).over)
    assert home.dubbing.job(id).state == "stopped"
    page.locator("#dub-render.primary").wait_for()
