"""CosyVoice in the page, with the small checkpoints: a mode chosen, directed, spoken; and without weights."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.studio import Begun, NewLine, SpeakRequest, Studio
from studio.ui.options import Options
from tests.parity.cosyvoice_published import write_checkpoint

from ..ui.conftest import served
from .conftest import until

Visit = Callable[..., Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    models = tmp_path_factory.mktemp("models")
    for part, id in (("v1", "cosyvoice1-sft"), ("v2", "cosyvoice2"), ("v3", "cosyvoice3")):
        write_checkpoint(part, models / id)
    with Studio(tmp_path_factory.mktemp("cosyvoice"), models=models) as opened:
        yield opened


@pytest.fixture(scope="module")
def url(home: Studio) -> Iterator[str]:
    with served(home, Options()) as address:
        yield address


def choose(page: Any, engine: str) -> None:
    page.select_option("#engine", engine)
    page.locator('[data-control="length_guard"]').wait_for(state="attached")
    page.locator("#text textarea").fill("今天天气真不错。[laugh]我们去公园吧。")
    page.locator('summary[data-group="expert"]').click()
    page.locator('[data-control="endless"] select').select_option("keep")  # a random model seldom ends by itself


def spoken(page: Any) -> None:
    page.locator("#generate").click()
    page.locator("#result .result").wait_for(timeout=60_000)


@pytest.mark.parametrize(
    ("language", "width", "engine"),
    [("en-US", 1280, "cosyvoice2"), ("zh-CN", 390, "cosyvoice3"), ("zh-CN", 1280, "cosyvoice1-sft")],
)
def test_a_text_is_spoken_with_controls_of_the_engine(
    visit: Visit, shot: Callable[[Any, str], None], language: str, width: int, engine: str
) -> None:
    page = visit(language=language, width=width)
    choose(page, engine)
    if engine != "cosyvoice1-sft":
        page.locator('[data-control="direction"] select').select_option("sichuan")
        page.select_option("#mode", "cross_lingual")
    spoken(page)
    shot(page, f"cosyvoice-{engine}-{language}-{width}")


@pytest.mark.parametrize(
    ("language", "width", "label"), [("en-US", 1280, "Then in the voice of"), ("zh-CN", 390, "再换成谁的音色")]
)
def test_what_is_said_is_said_again_in_another_voice(
    visit: Visit, home: Studio, shot: Callable[[Any, str], None], language: str, width: int, label: str
) -> None:
    """On the desk, kept for the next visit and in the call for programs; and for one speaker of a cast."""
    page = visit(language=language, width=width)
    assert label in page.locator(".into").inner_text()
    page.select_option("#into", '["guide-en","cosyvoice2"]')
    page.locator("#text textarea").fill("Hello there.")
    spoken(page)
    assert "guide-en" in page.locator("#result .result").inner_text()
    shot(page, f"into-speak-{language}-{width}")
    page.reload()
    page.wait_for_selector("html[data-ready=speak]")
    assert page.locator("#into").input_value() == '["guide-en","cosyvoice2"]'
    page.locator("#call").click()
    assert '"into": "guide-en"' in page.locator("#call-code").inner_text()

    id = home.scripts.empty(Begun(title=f"Play {language}")).id
    home.scripts.edit(id, "insert", line=NewLine("Hello there.", "Ann"), chapter=home.scripts.chapters(id)[0].id)
    page.goto(page.url.partition("#")[0] + f"#/productions/{id}/cast")
    part = page.locator('[data-speaker="Ann"]')
    part.locator('[data-field="into"]').select_option('["guide-zh","cosyvoice2"]')
    until(lambda: home.scripts.member(id, "Ann").into == "guide-zh")
    page.reload()
    part.locator('[data-field="gain_db"]').fill("3")
    part.locator('[data-field="gain_db"]').press("Tab")
    until(lambda: home.scripts.member(id, "Ann").gain_db == 3)
    shot(page, f"into-cast-{language}-{width}")
    member = home.scripts.member(id, "Ann")
    assert (member.into, member.converter, member.gain_db) == ("guide-zh", "cosyvoice2", 3)


def test_books_batches_and_dubs_begin_as_the_desk_stands(
    visit: Visit, home: Studio, shot: Callable[[Any, str], None]
) -> None:
    page = visit(width=390)
    page.select_option("#into", '["guide-en","cosyvoice2"]')
    page.goto(page.url.partition("#")[0] + "#/productions")
    page.locator("#book-examples button").first.click()
    page.locator("#book-into").wait_for()
    shot(page, "into-book-390")
    page.locator("#script-start").click()
    page.wait_for_url("**/#/productions/*")
    assert home.scripts.member(page.url.rpartition("/")[2], "").into == "guide-en"
    page.goto(page.url.partition("#")[0] + "#/batch")
    page.locator("#batch-kinds:not(:empty)").wait_for()
    page.locator("#batch-example").click()
    page.locator("#batch-look").click()
    page.locator(".batch-seen td", has_text="guide-en").first.wait_for(state="attached")
    page.select_option("#batch-into", '["guide-zh","cosyvoice2"]')
    page.locator("#batch-look").click()
    page.locator(".batch-seen td", has_text="guide-zh").first.wait_for(state="attached")
    page.goto(page.url.partition("#")[0] + "#/subtitles")
    page.select_option("#dub-into", "")
    page.locator('#page-subtitles [data-act="example"]').first.click()
    page.locator("#dub-cast [data-into]").first.select_option('["guide-zh","cosyvoice2"]')
    speaker = page.locator("#dub-cast [data-speaker]").first.get_attribute("data-speaker")
    until(lambda: home.scripts.member(page.url.rpartition("/")[2], speaker).into == "guide-zh")
    shot(page, "into-dub-390")


@pytest.mark.parametrize(("language", "word"), [("en-US", "not installed"), ("zh-CN", "未安装")])
def test_a_model_that_is_not_there_says_so(visit: Visit, language: str, word: str) -> None:
    page = visit("models", language=language)
    model = page.locator('[data-model="cosyvoice1"]')
    model.wait_for()
    assert word in model.inner_text()
    assert "Apache-2.0" in model.inner_text()


def test_a_voice_is_cloned_for_the_model_that_is_chosen(visit: Visit, home: Studio, tmp_path: Path) -> None:
    take = home.speak(SpeakRequest("The old clock in the hall struck nine, and nobody had wound it.", voice="f3")).wait(
        30
    )
    home.export_take(take.digest, tmp_path / "clip.wav")
    page = visit("voices", "zh-CN")
    page.locator("#voice-clone").click()
    page.locator("#clone-file").set_input_files(tmp_path / "clip.wav")
    page.locator("#clone-found [name=engine]").select_option("cosyvoice3")
    page.locator("#clone-found [name=transcript]").fill(
        "The old clock in the hall struck nine, and nobody had wound it."
    )
    page.locator("#clone-found [name=name]").fill("For three")
    page.locator("#clone-keep").click()
    page.locator(".voice-card", has_text="For three").wait_for()
    assert home.voices.get("For three").engine == "cosyvoice3"


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
def test_what_is_spoken_into_the_microphone_is_said_by_a_chosen_model(
    visit: Visit, home: Studio, language: str
) -> None:
    page = visit("voices", language)
    page.locator("#voice-change").click()
    page.locator("#change-record").click()
    page.locator('#change-record[aria-pressed="true"]').wait_for()
    page.wait_for_timeout(1200)
    page.locator("#change-record").click()
    page.locator("#change-before").wait_for()
    engine = "cosyvoice3" if language == "en-US" else "cosyvoice2"
    page.locator("#change-engine").select_option(engine)
    page.locator("#change-go:not([disabled])").click()
    page.locator("#change-after").wait_for(timeout=60_000)
    assert home.takes.find().items[0].engine == engine
