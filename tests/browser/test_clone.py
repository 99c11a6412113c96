"""Cloning in the page, with a small checkpoint: the journey, the doctor's words, consent, clips for moods, deletion."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from studio.studio import Begun, SpeakRequest, Studio
from studio.ui.options import Options

from ..ui.conftest import served

Visit = Callable[..., Any]
Shot = Callable[[Any, str], None]
TEXT = "The old clock in the hall struck nine. Nobody had wound it for years, and yet it went on. She listened."


@pytest.fixture(scope="module")
def home(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("cloning"), models=models) as opened:
        yield opened


@pytest.fixture(scope="module")
def url(home: Studio) -> Iterator[str]:
    with served(home, Options()) as address:
        yield address


@pytest.fixture(scope="module")
def clip(home: Studio, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A person speaking between long silences."""
    said = home.cache.load(home.speak(SpeakRequest(TEXT, voice="f3")).wait(60).digest)
    path = tmp_path_factory.mktemp("clips") / "Grandmother.wav"
    quiet = np.zeros(4 * said.rate, np.float32)
    soundfile.write(path, np.concatenate([quiet, said.samples, quiet]), said.rate)
    return path


def opened(visit: Visit, clip: Path, **how: Any) -> Any:
    page = visit("voices", **how)
    page.locator("#voice-clone").click()
    page.locator("#clone-file").set_input_files(str(clip))
    page.locator("#clone-canvas").wait_for()
    return page


@pytest.mark.parametrize(
    ("language", "width", "sure"), [("en-US", 1280, "above the noise"), ("zh-CN", 390, "比噪声高")]
)
def test_the_journey_takes_six_actions(
    visit: Visit, home: Studio, clip: Path, shot: Shot, language: str, width: int, sure: str
) -> None:
    before = home.voices.find().total
    page = visit(language=language, width=width)
    page.select_option("#engine", "cosyvoice2")  # not of the journey: a random model seldom ends by itself
    page.locator('[data-control="length_guard"]').wait_for(state="attached")
    page.locator('summary[data-group="expert"]').click()
    page.locator('[data-control="endless"] select').select_option("keep")
    page.goto(page.url.partition("#")[0] + "#/voices")
    page.locator("#voice-clone").click()  # 1
    page.locator("#clone-file").set_input_files(str(clip))  # 2
    page.locator("[data-finding=noise]").wait_for()  # what the doctor says
    assert sure in page.locator("[data-finding=noise]").inner_text()
    page.locator("[name=consent]").check()  # 3
    shot(page, f"clone-{language}-{width}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("#clone-save").click()  # 4
    page.locator("#page-speak:visible").wait_for()
    page.locator("#text textarea").fill("你好。" if width > 390 else "您好。")  # 5
    page.locator("#generate").click()  # 6
    page.locator("#result .result").wait_for(timeout=120_000)
    voice = home.voices.find().items[0]
    assert home.voices.find().total == before + 1
    assert (voice.name, voice.kind) == ("Grandmother", "clip")
    assert home.cloning.standing(voice.id).permitted
    assert home.takes.find().items[0].voice_id == voice.id


def test_the_stretch_can_be_moved_and_says_what_an_engine_makes_of_it(visit: Visit, clip: Path, shot: Shot) -> None:
    page = opened(visit, clip)
    start = float(page.locator("#clone-found [name=start]").input_value())
    assert 3.5 < start < 4.5  # the silence before is left out
    page.locator("#clone-found [name=start]").fill("4.5")
    page.locator("[name=end]").fill("5.2")
    page.locator("[name=end]").dispatch_event("change")
    page.get_by_text("takes 1 to 30 s").wait_for()
    box = page.locator(".clone-wave").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 20, steps=4)
    page.mouse.up()
    page.get_by_text("uses all").wait_for()
    assert float(page.locator("[name=end]").input_value()) > 8
    page.evaluate("scrollTo(0, 0)")
    shot(page, "clone-stretch")
    page.locator("#clone-hear").click()
    page.wait_for_function("!document.querySelector('#clone-audio').paused")
    page.locator("#clone-hear").click()


def test_without_consent_the_card_says_so_and_it_can_be_given_later(
    visit: Visit, home: Studio, clip: Path, shot: Shot
) -> None:
    page = opened(visit, clip, language="en-US")
    page.locator("#clone-found [name=name]").fill("Stranger")
    page.locator("#clone-keep").click()
    card = page.locator(".voice-card", has_text="Stranger")
    card.locator(".no-consent").wait_for()
    card.locator("[data-act=rights]").click()
    sheet = page.locator("dialog.sheet")
    assert "no consent on record" in sheet.inner_text()
    shot(page, "clone-rights")
    sheet.locator("[name=consent]").check()
    sheet.locator("[name=speaker]").fill("Ann Lee")
    sheet.locator("[name=use-commercial]").check()
    sheet.locator("footer button").click()
    card.locator(".no-consent").wait_for(state="detached")
    rights = home.cloning.standing("Stranger").rights
    assert rights is not None
    assert (rights.speaker, rights.uses) == ("Ann Lee", ("personal", "commercial"))


def test_consent_ends_on_a_day_and_says_what_proves_it(visit: Visit, home: Studio, clip: Path) -> None:
    page = opened(visit, clip, language="zh-CN")
    page.locator("#clone-found [name=name]").fill("Dated")
    page.locator("#clone-found [name=consent]").check()
    page.locator("#clone-found [name=expires]").fill("2999-12-31")
    page.locator("#clone-found [name=proof]").fill("letter of 3 May, folder 7")
    page.locator("#clone-keep").click()
    card = page.locator(".voice-card", has_text="Dated")
    card.locator("[data-act=rights]").click()
    sheet = page.locator("dialog.sheet")
    assert sheet.locator("[name=expires]").input_value() == "2999-12-31"
    assert sheet.locator("[name=proof]").input_value() == "letter of 3 May, folder 7"
    rights = home.cloning.standing("Dated").rights
    assert rights is not None
    assert (str(rights.expires), rights.note) == ("2999-12-31", "letter of 3 May, folder 7")
    sheet.locator("[name=expires]").fill("2001-01-01")
    sheet.locator("[name=proof]").fill("withdrawn")
    sheet.locator("footer button").click()
    page.locator(".voice-card", has_text="Dated").locator(".no-consent").wait_for()
    standing = home.cloning.standing("Dated")
    assert standing.rights is not None
    assert (standing.permitted, standing.rights.note) == (False, "withdrawn")


def test_clips_for_moods(visit: Visit, home: Studio, clip: Path, shot: Shot) -> None:
    voice = home.cloning.clone(clip, "Moody", "cosyvoice2", home.cloning.record("Ann", ["personal"]))
    page = visit("voices")
    page.locator(".voice-card", has_text="Moody").locator("[data-act=rights]").click()
    page.locator("#clip-emotion").select_option("sad")
    page.locator("#clip-add input").set_input_files(str(clip))
    row = page.locator("[data-reference]")
    row.wait_for()
    row.locator("[data-change=emotion]").select_option("angry")
    row.locator("[data-change=transcript]").fill("What the clip says.")
    row.locator("[data-change=transcript]").press("Tab")
    with page.expect_response("**/clips/*") as heard:
        row.locator("[data-act=hearclip]").click()
    assert heard.value.headers["content-type"] == "audio/flac"
    shot(page, "clone-clips")
    (kept,) = home.cloning.references(voice.id)
    assert (kept.emotion, kept.transcript) == ("angry", "What the clip says.")
    row.locator("[data-act=dropclip]").click()
    row.wait_for(state="detached")
    assert home.cloning.references(voice.id) == ()


def test_deleting_a_voice_in_use_asks_what_becomes_of_the_productions(visit: Visit, home: Studio, shot: Shot) -> None:
    voice = home.keeping.blend("espeak", {"f2": 1, "m3": 1}, "Reader")
    script = home.scripts.empty(Begun(title="A book", engine="espeak", voice=voice.id))
    page = visit("voices", language="zh-CN", width=390)
    page.locator(".voice-card", has_text="Reader").locator("[data-act=drop]").click()
    sheet = page.locator("dialog.sheet")
    assert "A book" in sheet.inner_text()
    shot(page, "clone-in-use")
    sheet.locator("[name=then][value=replace]").check()
    sheet.locator("[name=by]").select_option("f3")
    sheet.locator("button[value=delete]").click()
    page.locator(".voice-card", has_text="Reader").wait_for(state="detached")
    assert home.scripts.member(script.id, "").voice == "f3"


def test_a_take_is_said_in_another_voice(visit: Visit, home: Studio, shot: Shot) -> None:
    take = home.speak(SpeakRequest("今天的天气真不错，我们一起去公园散步吧。")).wait(60)
    page = visit("takes")
    page.locator(f'[data-digest="{take.digest}"] [data-act=revoice]').click()
    sheet = page.locator("dialog.sheet")
    sheet.locator("[name=voice]").select_option(label="guide-zh") if sheet.locator(
        "option", has_text="guide-zh"
    ).count() else None
    shot(page, "clone-revoice")
    sheet.locator("button[value=go]").click()
    page.wait_for_function("document.querySelectorAll('.take-row').length > 0")
    made = page.locator(".take-row").first
    page.wait_for_function(f"document.querySelector('.take-row').dataset.digest !== '{take.digest}'", timeout=60_000)
    digest = made.get_attribute("data-digest")
    assert home.takes.get(digest).engine == "cosyvoice2"
    assert home.takes.details(digest).recipe["take"] == take.digest


def test_changing_a_voice_is_stopped(visit: Visit, home: Studio, tmp_path: Path) -> None:
    source = Path(__file__).parents[1] / "parity/cosyvoice/common/source_1s2_22k.wav"
    samples, rate = soundfile.read(source, dtype="float32")
    soundfile.write(tmp_path / "long.wav", np.tile(samples, 40), rate)
    before = home.takes.find().total
    page = visit("voices", language="en-US")
    page.locator("#voice-change").click()
    page.locator("#change-file").set_input_files(str(tmp_path / "long.wav"))
    page.locator("#change-go:enabled").click()
    page.locator("#change-progress [data-act=changestop]").click()
    page.locator("#change-go:enabled").wait_for()
    assert page.locator("#change-after").count() == 0
    assert home.takes.find().total == before


def test_a_recording_is_said_in_another_voice(visit: Visit, home: Studio, shot: Shot) -> None:
    source = Path(__file__).parents[1] / "parity/cosyvoice/common/source_1s2_22k.wav"
    page = visit("voices", language="zh-CN", width=390)
    page.locator("#voice-change").click()
    page.locator("#change-file").set_input_files({"name": "x.wav", "mimeType": "audio/wav", "buffer": b"no sound"})
    page.locator("#change-failure:visible").wait_for()
    page.locator("#change-file").set_input_files(str(source))
    page.locator("#change-before").wait_for()
    page.locator("#change-voice").click()
    page.locator("#picker-search").fill("guide-en")
    page.locator('#picker [data-ref="guide-en"]').click()
    page.locator("#change-go").click()
    page.locator("#change-after").wait_for(timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, "convert-zh-390")
    made = home.takes.find().items[0]
    assert (made.engine, made.excerpt, made.voice_label) == ("cosyvoice2", source.stem, "guide-en")
    assert made.seconds == pytest.approx(1.2, abs=0.1)
    page.locator("#change-format").select_option("mp3")
    with page.expect_download() as fetched:
        page.locator("#change-download").click()
    assert fetched.value.suggested_filename.endswith(".mp3")
    page.locator("#change-keep").click()
    page.locator('#change-keep[aria-pressed="true"]').wait_for()
    assert home.takes.get(made.digest).starred
    with page.expect_response("**/recordings/*"):
        page.locator("#change-before").click()
    page.locator("#change-before").click()
    page.route("**/recordings/*", lambda route: None)  # it never begins to sound
    page.locator("#change-before").click()
    page.locator("[data-act=closechange]").click()
    page.locator("#change-go").wait_for(state="detached")
    page.evaluate("new Promise(done => setTimeout(done))")  # and closing it is no error of the page, as `visit` sees
