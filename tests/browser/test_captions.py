"""Subtitles of what was made, downloaded from the page: of a script, of a book read at once, of a take."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.manuscripts.subtitles import read_subtitle_file
from studio.studio import Begun, ConvertRequest, Studio

Visit = Callable[..., Any]
TALE = "# The Pier\n\n## One\n\n“Who is there?” asked Martha.\n\n“Only me,” said Old Tom. “The boat is gone.”\n"


def downloaded(page: Any, link: Any, folder: Path) -> Path:
    with page.expect_download() as download:
        link.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en-US", 1280)])
def test_of_a_script(
    home: Studio, visit: Visit, shot: Callable[..., None], tmp_path: Path, language: str, width: int
) -> None:
    (tmp_path / "pier.md").write_text(TALE, "utf-8")
    id = home.scripts.begin(tmp_path / "pier.md", Begun(title=f"Pier {language}")).id
    home.scripts.render(id).wait(60)
    home.scripts.export(id, "mp3").wait(60)
    page = visit(f"productions/{id}/export", language, width)
    links = page.locator(".export-file").first.locator(".caption-links a")
    links.first.wait_for()
    assert links.all_inner_texts() == ["SRT", "VTT", "ASS", "LRC", "TSV", "JSON"]
    found = read_subtitle_file(downloaded(page, links.nth(0), tmp_path))
    assert {cue.speaker for cue in found.cues} >= {"Martha", "Old Tom"}
    assert downloaded(page, links.nth(5), tmp_path).name.endswith(".json")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, f"captions-export-{language[:2]}-{width}")


def test_of_a_book_and_of_a_take(
    home: Studio, visit: Visit, shot: Callable[..., None], speak: Callable[..., None], tmp_path: Path
) -> None:
    (tmp_path / "book.txt").write_text("A small book\n\nChapter 1\n\nThe first line.\n", "utf-8")
    home.convert(tmp_path / "book.txt", ConvertRequest(format="mp3")).wait(60)
    page = visit("productions", width=390)
    link = page.locator(".production", has_text="A small book").locator(".caption-links a", has_text="VTT")
    assert [c.text for c in read_subtitle_file(downloaded(page, link, tmp_path)).cues][-1] == "The first line."
    shot(page, "captions-book-en")
    page = visit("speak")
    speak(page, "Words with their times.")
    page.goto(page.url.split("#")[0] + "#/takes")
    page.locator(".take-row", has_text="Words with their times").locator("[data-act=subtitles]").click()
    page.locator("dialog[open] .caption-links a").first.wait_for()
    shot(page, "captions-take-en")
    saved = downloaded(page, page.locator("dialog[open] .caption-links a", has_text="SRT"), tmp_path)
    assert read_subtitle_file(saved).cues[0].text == "Words with their times."
    page = visit("takes", "zh-CN", 390)
    page.locator(".take-row", has_text="Words with their times").locator("[data-act=subtitles]").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, "captions-takes-zh-390")
