"""Answers that come late, as they do from a server that is busy or far away: none undoes what came after it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.manuscripts import files

Visit = Callable[..., Any]
TIGHT = Path(__file__).parents[2] / "assets" / "examples" / "tight.en.srt"
CHAPTER = "<p>The wind rose. Nobody slept.</p><p>“Who is there?” asked Martha.</p>"
SETTLED_MS = 400  # in which the page draws what it was told


class Late:
    """The next answer to `name`, as the server gave it, kept back until `comes`; later ones pass."""

    def __init__(self, page: Any, name: str) -> None:
        self.page, self.name, self.kept = page, name, list[tuple[Any, Any]]()
        page.route("**/component_server/**", self._take)

    def _take(self, route: Any) -> None:
        if self.kept or json.loads(route.request.post_data or "{}").get("fn_name") != self.name:
            route.continue_()
        else:
            self.kept.append((route, route.fetch(max_retries=3)))  # a connection kept too long may be closed

    def asked(self) -> None:
        """Returns once the server has answered."""
        for _ in range(100):
            if self.kept:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"{self.name} was not asked for")

    def comes(self) -> None:
        route, answer = self.kept[0]
        route.fulfill(response=answer)
        self.page.wait_for_timeout(SETTLED_MS)


def dub(visit: Visit) -> Any:
    page = visit("subtitles")
    page.locator("#dub-file").set_input_files(TIGHT)
    page.locator(".cue").nth(11).wait_for()
    return page


def production(visit: Visit, folder: Path) -> Any:
    page = visit("productions")
    page.locator("#manuscript").set_input_files(
        files.epub(folder / "late.epub", {"one.xhtml": files.page(CHAPTER)}, nav={"one.xhtml": "One"}, title="Late")
    )
    page.locator("#script-start").click()
    page.locator(".line").first.wait_for()
    return page


def words(text: str) -> dict[str, Any]:
    return {"name": "words.csv", "mimeType": "text/csv", "buffer": text.encode()}


def test_cues_are_those_that_were_asked_for_last(visit: Visit) -> None:
    page = dub(visit)
    page.locator("#dub-render").click()
    page.locator("#dub-render:not(.primary)").wait_for()
    page.wait_for_timeout(2500)  # until it looks no more whether anything runs
    late = Late(page, "dub_cues")
    page.locator("#dub-flag").select_option("any")  # fewer
    late.asked()
    page.locator("#dub-flag").select_option("")
    page.wait_for_timeout(SETTLED_MS)
    late.comes()
    assert page.locator(".cue").count() == 12


def test_a_complaint_stays_where_something_else_looked_before(visit: Visit, tmp_path: Path) -> None:
    page = production(visit, tmp_path)
    page.locator("#tab-lexicon").click()
    page.locator("#words .empty").wait_for()
    late = Late(page, "words_shown")
    page.locator("#lexicon-file").set_input_files(words("word,reading\nwind,breeze\n"))
    late.asked()
    page.locator("#lexicon-file").set_input_files(words("no words in here"))
    page.locator("#script-failure:visible").wait_for()
    late.comes()
    page.locator("tr[data-word=wind]").wait_for()
    assert page.locator("#script-failure").is_visible()
    page.locator("#lexicon-new [name=word]").fill("sea")
    page.locator("#lexicon-new [name=reading]").fill("see")
    page.locator("#lexicon-new button").click()
    page.locator("tr[data-word=sea]").wait_for()
    assert not page.locator("#script-failure").is_visible(), "what went well since takes its place"


def test_a_complaint_stays_while_the_page_looks_how_far_the_work_is(visit: Visit) -> None:
    page = dub(visit)
    page.locator("#dub-render").click()
    page.locator(".cue").nth(0).locator("[data-act=edit]").click()
    page.locator("dialog [name=start]").fill("soon")
    page.locator("dialog .primary").click()
    page.locator("#dub-failure:visible").wait_for()
    page.locator("#dub-render:not(.primary)").wait_for()
    page.wait_for_timeout(2500)  # it looks a few times more
    assert page.locator("#dub-failure").is_visible()


def test_a_production_does_not_go_back_to_how_it_was(visit: Visit, tmp_path: Path) -> None:
    page = production(visit, tmp_path)
    late = Late(page, "script_state")
    page.evaluate(
        """async () => {
          const loaded = performance.getEntriesByType('resource').map(one => one.name);
          (await import(loaded.find(name => name.includes('/script.js')))).refresh();
        }"""
    )
    late.asked()
    page.locator(".line-who").first.click()
    page.locator(".line-acts [data-act=lock]").click()
    page.locator("#script-undo:enabled").wait_for()
    late.comes()
    assert page.locator("#script-undo").is_enabled()


def test_the_voice_that_is_shown_is_the_one_that_was_chosen_last(visit: Visit) -> None:
    page = visit("speak")

    def choose(seed: int) -> None:
        page.locator("#voice").click()
        page.locator("#picker-search").fill(str(seed))
        page.locator(f"#picker [data-ref='seed:{seed}']").click()
        page.locator("#picker").wait_for(state="detached")

    choose(1111)
    page.locator("#voice", has_text="1111").wait_for()
    late = Late(page, "voice_shown")
    choose(2222)
    late.asked()
    choose(3333)
    page.locator("#voice", has_text="3333").wait_for()
    late.comes()
    assert "3333" in page.locator("#voice").inner_text()
