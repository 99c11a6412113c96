"""The Voices page and files: dropped, chosen, reported, taken back; exported; many voices at once."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.engines.chattts.strings import speaker_string
from studio.studio import Begun, Studio, VoiceChange, VoiceContent, VoiceKind
from studio.ui.options import Options

from ..ui.conftest import served

Visit = Callable[..., Any]
Shot = Callable[[Any, str], None]
BAD = b"\x80\x02cos\nsystem\n(Vtouch x\ntR."  # a pickle that would run a command


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Studio]:
    with Studio(tmp_path / "home") as opened:
        yield opened


@pytest.fixture
def url(home: Studio) -> Iterator[str]:
    with served(home, Options()) as address:
        yield address


@pytest.fixture
def cards(tmp_path: Path) -> list[Path]:
    """A voice card, a pack and a file that is no voice, made by another studio."""
    with Studio(tmp_path / "other") as other:
        ids = [other.keeping.seed("espeak", seed, f"晚风 {seed}", tags=("暖",), rating=3).id for seed in (1, 2, 3)]
        other.exchange.write(ids[:1], tmp_path / "wind.voice.png")
        other.exchange.write(ids, tmp_path / "all.zip")
    (tmp_path / "bad.pt").write_bytes(BAD)
    return [tmp_path / "wind.voice.png", tmp_path / "all.zip", tmp_path / "bad.pt"]


def drop(page: Any, *paths: Path, kind: str = "") -> None:
    """Drop files on the middle of the page, as a person does."""
    page.evaluate(
        """([files, type]) => {
            const data = new DataTransfer();
            for (const [name, bytes] of files) data.items.add(new File([new Uint8Array(bytes)], name, { type }));
            const wall = document.querySelector("#voice-wall"), more = { bubbles: true, cancelable: true };
            for (const kind of ["dragenter", "dragover", "drop"])
              wall.dispatchEvent(new DragEvent(kind, { dataTransfer: data, ...more }));
        }""",
        [[[path.name, list(path.read_bytes())] for path in paths], kind],
    )


@pytest.mark.parametrize(("language", "width"), [("en-US", 1280), ("zh-CN", 390)])
def test_dropped_files_are_imported_and_reported(
    visit: Visit, shot: Shot, home: Studio, cards: list[Path], language: str, width: int
) -> None:
    page = visit("voices", language, width)
    page.locator("[data-act=pack]").wait_for()
    shot(page, f"exchange-empty-{language}-{width}")
    drop(page, *cards)
    report = page.locator("dialog .report")
    report.wait_for()
    shot(page, f"exchange-report-{language}-{width}")
    assert [row.get_attribute("class") for row in report.locator("li").all()] == [
        "refused",
        "added",
        "added",
        "added",
        "known",
    ]
    assert ("pickle" in report.inner_text()) or ("未导入" in report.inner_text())
    page.locator("dialog button[value=ok]").click()
    page.locator(".voice-card").nth(2).wait_for()
    assert home.voices.find().total == 3
    assert not list((home.folder.path / "voice-files").iterdir()), "what was sent is not kept"


def test_a_dropped_recording_is_to_be_cloned_from(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "she.wav").write_bytes(b"RIFF")
    page = visit("voices")
    page.locator("[data-act=pack]").wait_for()
    drop(page, tmp_path / "she.wav", kind="audio/wav")
    page.locator("#page-voices.cloning").wait_for()


def test_an_import_can_be_taken_back(visit: Visit, home: Studio, cards: list[Path]) -> None:
    page = visit("voices")
    page.locator("#voice-import").click()
    page.locator("#voice-files").set_input_files(cards[1])
    page.locator("dialog button[value=undo]").click()
    page.locator(".notice", has_text="3 voices taken out").wait_for()
    assert home.voices.find().total == 0


def test_whose_facts_stand_is_chosen(visit: Visit, home: Studio, cards: list[Path]) -> None:
    home.exchange.take_in(cards[:1])
    (voice,) = home.voices.find()
    page = visit("voices", "zh-CN")
    for prefer, rating in (("here", 2), ("file", 3)):
        home.voices.update(voice.id, VoiceChange(rating=2))
        page.locator("#voice-import").click()
        page.locator("dialog [name=prefer]").select_option(prefer)
        page.locator("#voice-files").set_input_files(cards[0])
        page.locator("dialog .report").wait_for()
        page.locator("dialog button[value=ok]").click()
        assert home.voices.get(voice.id).rating == rating, prefer


def test_every_filter_narrows_the_wall(visit: Visit, home: Studio, tmp_path: Path) -> None:
    """Six voices, each the only one with one fact, and one with others."""
    vector = np.random.default_rng(6).normal(0, 3, 768).astype(np.float16)
    (tmp_path / "By engine.txt").write_text(speaker_string(vector), "utf-8")
    home.exchange.take_in([tmp_path / "By engine.txt"])
    own = VoiceContent(VoiceKind.BUILTIN, name="f2")
    only = {
        "engine": ("chattts", home.voices.find().items[0].id),
        "language": ("ja", home.keeping.seed("espeak", 1, "By language", languages=("ja",)).id),
        "gender": ("female", home.keeping.seed("espeak", 2, "By gender", gender="female").id),
        "kind": ("builtin", home.keeping.voice("espeak", own, "By kind").id),
        "tag": ("warm", home.keeping.seed("espeak", 3, "By tag", tags=("warm",)).id),
        "emotion": ("sad", home.keeping.seed("espeak", 4, "By emotion").id),
    }
    other = home.keeping.seed("espeak", 5, "Another", languages=("en",), gender="male", tags=("cold",))
    home.voices.heard(other.id, "happy", {})
    home.voices.heard(only["emotion"][1], "sad", {})
    page = visit("voices", "zh-CN")
    for name, (value, voice) in only.items():
        page.locator(f"#voice-filters [name={name}]").select_option(value)
        page.wait_for_function("document.querySelectorAll('.voice-card').length === 1")
        assert page.locator(".voice-card").get_attribute("data-id") == voice, name
        page.locator(f"#voice-filters [name={name}]").select_option("")
        page.wait_for_function("document.querySelectorAll('.voice-card').length === 7")


def test_a_code_is_pasted_and_named(visit: Visit, home: Studio) -> None:
    vector = np.random.default_rng(5).normal(0, 3, 768).astype(np.float16)
    page = visit("voices")
    page.locator("#voice-import").click()
    page.locator("dialog [name=code]").fill(speaker_string(vector))
    page.locator("dialog [name=called]").fill("青石 1.0")
    page.locator("dialog button[value=paste]").click()
    page.locator("dialog .report li.added").wait_for()
    assert home.voices.get("青石 1 0").engine == "chattts"


def test_a_pack_of_the_studio_is_one_click_away(visit: Visit, shot: Shot, home: Studio) -> None:
    page = visit("voices")
    page.locator(".empty [data-act=pack]").click()
    page.locator("dialog .report li").nth(11).wait_for()
    page.locator("dialog button[value=ok]").click()
    page.locator(".voice-card").nth(11).wait_for()
    assert home.voices.find().total == 12
    page.locator("#voice-import").click()
    page.locator("dialog .pack-offer").wait_for()
    shot(page, "exchange-import")
    page.locator("dialog [data-pack]").first.click()
    page.locator("dialog .report li.known").nth(11).wait_for()
    assert home.voices.find().total == 12


def test_a_voice_is_exported_as_a_card_and_comes_in_again(
    visit: Visit, shot: Shot, home: Studio, tmp_path: Path
) -> None:
    voice = home.keeping.seed("espeak", 7, "晚风", tags=("暖",), rating=4)
    page = visit("voices")
    page.locator(".voice-card [data-act=open]").click()
    page.locator("#open-export").click()
    page.locator("dialog input[value=card]").wait_for()
    shot(page, "exchange-export")
    page.locator("dialog [name=format][value=card]").check()
    with page.expect_download() as download:
        page.locator("dialog button[value=save]").click()
    assert download.value.suggested_filename == "晚风.voice.png"
    download.value.save_as(tmp_path / "a.png")
    home.voices.delete([voice.id])
    drop(page, tmp_path / "a.png")
    page.locator("dialog .report li.added").wait_for()
    assert home.voices.get("晚风").content == voice.content
    assert list((home.folder.path / "voice-exports").iterdir()) == [], "what was fetched is not kept"


@pytest.mark.parametrize(("language", "width"), [("en-US", 1280), ("zh-CN", 390)])
def test_many_are_tagged_rated_exported_deleted_and_brought_back(
    visit: Visit, shot: Shot, home: Studio, tmp_path: Path, language: str, width: int
) -> None:
    for seed in range(30):
        home.keeping.seed("espeak", seed, f"v{seed:02}", tags=("old",))
    home.scripts.empty(Begun(title="A reader", engine="espeak", voice=home.voices.get("v07").id))
    page = visit("voices", language, width)
    page.locator("#voice-select").click()
    page.locator(".voice-card").nth(0).click(position={"x": 60, "y": 100})
    page.locator(".voice-card .select-box").nth(1).click()
    page.locator(".voice-card.selected").nth(1).wait_for()
    assert page.locator(".voice-card.selected").count() == 2
    shot(page, f"exchange-select-{language}-{width}")
    page.locator("#voice-bar [data-act=many-all]").click()
    page.locator("#voice-bar b", has_text="30").wait_for()
    page.locator("#voice-bar [data-act=many-tag]").click()
    page.locator("dialog [name=add]").fill("kept，好")
    page.locator("dialog [name=remove]").fill("old")
    page.locator("dialog button[value=save]").click()
    page.locator(".voice-card .tag", has_text="kept").nth(23).wait_for()
    page.locator("#voice-bar [data-act=many-rate]").click()
    page.locator("dialog [name=rating][value='5']").check()
    page.locator("dialog button[value=save]").click()
    page.locator(".voice-card .star.on").nth(119).wait_for()
    with page.expect_download() as download:
        page.locator("#voice-bar [data-act=many-export]").click()
    download.value.save_as(tmp_path / "all.zip")
    page.locator("#voice-bar [data-act=many-drop]").click()
    assert "A reader" in page.locator("dialog").inner_text()
    page.locator("dialog [name=then][value=leave]").check()
    page.locator("dialog button[value=delete]").click()
    page.locator(".empty").wait_for()
    assert home.voices.find().total == 0
    page.locator(".notice [data-act=run]").last.click()
    page.locator(".voice-card").nth(23).wait_for()
    assert {(voice.tags, voice.rating) for voice in home.voices.find()} == {(("kept", "好"), 5)}
    page.locator("#voice-bar [data-act=many-done]").click()
    page.locator("#voice-bar").wait_for(state="hidden")
    assert page.locator(".select-box").count() == 0
    with Studio(tmp_path / "other") as other:
        assert other.exchange.take_in([tmp_path / "all.zip"]).count("added") == 30


def test_strangers_files_are_not_given_out(visit: Visit, url: str, home: Studio) -> None:
    page = visit("voices")
    for ticket in ("..%2F..%2Fstudio.db", "0" * 32, "a"):
        reply = page.request.get(f"{url}/voice-files/{ticket}")
        assert reply.status == 404
    sent = json.loads(page.request.post(f"{url}/voice-files?name=..%2F..%2Fevil.png", data=b"x").text())
    assert home.folder.path / "voice-files" / sent["ok"]["upload"] / "evil.png" in (
        home.folder.path / "voice-files"
    ).rglob("*")
