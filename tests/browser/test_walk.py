"""A walk over every page, every panel and every dialog, in both languages: each control has a name in the reader's
language, can be reached, pressed and seen; no word is of the other language; and nothing that the scripts draw is
left out of the walk.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.studio import Studio
from studio.ui.options import Options

from ..ui.conftest import served
from .furnished import furnish, installed
from .walking import READERS, Walk

Visit = Callable[..., Any]
STATIC = Path(__file__).parents[2] / "studio" / "ui" / "static"

ACTS = re.compile(r"data-act=\"([\w-]+)\"|iconButton\(\"([\w-]+)\"")
UNSEEN = {  # where nothing is installed: below; while something runs, or after it: the tests of Convert and scripts
    "changemodels", "models", "pack", "changeafter", "changekeep", "pause",
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("walk")


@pytest.fixture(scope="module")
def home(folder: Path, tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("home"), models=installed(folder / "models", models / "cosyvoice2")) as opened:
        yield opened


@pytest.fixture(scope="module")
def places(home: Studio, folder: Path) -> dict[str, str]:
    return furnish(home, folder)


@pytest.fixture(scope="module")
def url(home: Studio, places: dict[str, str]) -> Iterator[str]:
    with served(home, Options()) as address:
        yield address


@READERS
def test_every_control_of_every_page(
    visit: Visit, places: dict[str, str], folder: Path, language: str, width: int
) -> None:
    page = visit("speak", language, width)
    walk = Walk(page, language)
    speak(walk)
    voices(walk, folder)
    takes(walk)
    productions(walk, folder)
    script(walk, places["script"])
    subtitles(walk, places["dub"])
    batch(walk, folder)
    transcribe(walk, folder)
    house(walk)
    drawn = {
        act
        for path in STATIC.glob("*.js")
        for acts in ACTS.findall(path.read_text(encoding="utf-8"))
        for act in acts
        if act
    }
    assert drawn - walk.acts - UNSEEN == set(), "drawn by a script, and the walk does not pass it"
    walk.verdict()


def speak(walk: Walk) -> None:
    page = walk.page
    walk.look("speak, empty")
    page.locator("#text textarea").fill("Zoti zora [laugh] zoli [nothing] zo. " * 3)
    page.locator("#said-body .said-line").nth(1).wait_for()
    walk.unfold("#page-speak", "speak, espeak")
    for engine in ("cosyvoice2", "chattts"):
        page.select_option("#engine", engine)
        page.locator('[data-control="length_guard"], [data-control="oral"]').first.wait_for(state="attached")
        walk.unfold("#page-speak", f"speak, {engine}")
    walk.sheet("#voice-string", "speak, voice as a string")
    page.select_option("#engine", "espeak")
    page.locator('[data-control="word_gap"]').wait_for(state="attached")
    walk.picker("#voice", "speak, voices")
    for opener in ("#style-save", "#call"):
        walk.sheet(opener, f"speak, {opener}")
    walk.press("#generate", "#result .result", "speak, result")
    walk.sheet("#save-voice", "speak, keep the voice")
    with walk.dialog("#result-recipe", "speak, recipe"):
        walk.unfold("dialog[open]", "speak, whole recipe")


def voices(walk: Walk, folder: Path) -> None:
    page = walk.page
    walk.go("voices")
    page.locator(".voice-card").nth(4).wait_for()
    walk.look("voices")
    sounds(walk)
    panels(walk, folder)
    draws(walk)
    walk.press("[data-act=tray]", ".tray")
    page.locator("[data-act=tray]").nth(1).click()
    walk.press("#tray-compare", ".sides", "voices, compared")
    walk.press("[data-act=closegrid]")
    walk.press(".tray [data-act=clear]")
    opened(walk)
    many(walk)
    for opener in ("#voice-add", "[data-act=edit]", "#voice-import"):
        walk.sheet(opener, f"voices, {opener}")
    walk.sheet('.voice-card:has-text("Zoclone") [data-act=rights]', "voices, rights")
    page.locator("#voice-search").fill("zozozo")
    page.locator("[data-act=fewer]").wait_for()
    walk.look("voices, none found")
    walk.press("[data-act=fewer]", ".voice-card")
    walk.press('.voice-card:has-text("Zovoice") [data-act=drop]', ".notice", "voices, deleted")
    walk.press(".notice [data-act=run]")
    clone(walk, folder)


def sounds(walk: Walk) -> None:
    """How voices sound: sliders, the map, those alike, one and the same."""
    walk.press("#survey-sound", ".slider, #survey-rest", "voices, sliders")
    walk.press("#survey-map", "#voice-map .point", "voices, map")
    walk.page.locator("#voice-map [role=listbox]").press("ArrowRight")
    walk.page.locator("#map-chosen .plot-pitch").wait_for()
    walk.look("voices, on the map")
    walk.press("#survey-twins", "[data-name=twins]", "voices, near-duplicates")
    walk.press('.voice-card:has-text("Zovoice a") [data-act=like]', "[data-name=like]", "voices, alike")
    walk.press("#survey-found [data-act=shut]")


def panels(walk: Walk, folder: Path) -> None:
    """Styles, blends, a recording in another voice."""
    page = walk.page
    walk.press("#voice-styles", ".style-row", "voices, styles")
    with walk.dialog(".style-row [data-act=editstyle]", "voices, a style"):
        page.locator("#style-add").select_option(index=1)
        walk.unfold("dialog[open]", "voices, a style with one more")
    walk.press("[data-act=closestyles]")
    walk.press("#voice-blend", ".blend-slot")
    for mode in ("mix", "between", "mutate", "breed"):
        walk.press(f"[data-mode={mode}]", f'[data-mode={mode}][aria-pressed="true"]', f"voices, {mode}")
    walk.picker(".blend-slot .voice-button", "voices, one to blend")
    walk.press("[data-act=closeblend]")
    walk.press("#voice-change", "#change-voice")
    page.locator("#change-file").set_input_files(folder / "zoclip.wav")
    page.locator("#change-before").wait_for()
    walk.look("voices, convert")
    walk.press("[data-act=closechange]")


def draws(walk: Walk) -> None:
    page = walk.page
    walk.press("#voice-draw", ".drawn-voice", "voices, draw")
    page.locator(".drawn-voice [data-act=like]").nth(0).click()
    page.locator(".drawn-voice [data-act=like]").nth(1).click()
    page.locator('.draw-form [name="control"]').select_option(index=1)
    page.locator('.draw-form [name="steps"]').wait_for()
    walk.look("voices, drawn and liked")
    for opener in ("#draw-paste", "#draw-recipe", ".drawn-voice [data-act=keep]"):
        walk.sheet(opener, f"voices, {opener}")
    walk.press("[data-act=closegrid]")


def opened(walk: Walk) -> None:
    """One voice beside the wall, read and edited."""
    walk.press('.voice-card:has-text("Zoblend") [data-act=open]', "#open-measures .button", "voices, opened")
    walk.sheet("#open-export", "voices, export one")
    walk.press("#open-edit", "#open-save", "voices, edited")
    walk.press("[data-act=closevoice]")
    walk.press('.voice-card:has-text("Zokept") [data-act=open]', ".preview", "voices, previews")
    walk.press("#open-sweep", "[data-act=drawseeds]", "voices, a sweep")
    walk.press("[data-act=closegrid]")
    walk.press('.voice-card:has-text("Zovoice a") [data-act=open]', "#open-measures .plot-pitch", "voices, measured")
    walk.press("[data-act=closevoice]")


def many(walk: Walk) -> None:
    walk.press("#voice-select", "#voice-bar", "voices, none chosen")
    walk.page.locator(".select-box").first.click()
    walk.page.locator("[data-act=many-tag]:not([disabled])").wait_for()
    walk.look("voices, one chosen")
    for opener in ("[data-act=many-tag]", "[data-act=many-rate]"):
        walk.sheet(opener, f"voices, {opener}")
    walk.press("[data-act=many-done]")


def clone(walk: Walk, folder: Path) -> None:
    page = walk.page
    walk.press("#voice-clone", "#clone-drop", "clone")
    page.locator("#clone-file").set_input_files(folder / "zoclip.wav")
    page.locator("#clone-canvas").wait_for()
    page.locator("#clone-use:not(:empty)").wait_for()
    walk.look("clone, a recording")
    walk.press("[data-act=close][class~=icon-button]")


def takes(walk: Walk) -> None:
    page = walk.page
    walk.go("takes")
    page.locator(".take-row").nth(1).wait_for()
    walk.look("takes")
    for act in ("note", "recipe", "subtitles", "revoice"):
        walk.sheet(f".take-row [data-act={act}]", f"takes, {act}")
    for n in (0, 1):
        page.locator("[name=choose]").nth(n).check()
    walk.sheet("#take-compare", "takes, compared")
    page.locator("#take-search").fill("zozozo")
    page.locator("#take-list .empty").wait_for()
    walk.look("takes, none found")
    walk.press("#take-list [data-act=fewer]", ".take-row")


def productions(walk: Walk, folder: Path) -> None:
    page = walk.page
    walk.go("productions")
    page.locator(".production").nth(1).wait_for()
    walk.look("productions")
    page.locator("#manuscript").set_input_files(folder / "zotale.md")
    page.locator("#book-voice b").wait_for()
    walk.unfold("#book", "productions, a manuscript")
    walk.picker("#book-voice", "productions, its voice")
    walk.press("#book-chapters [data-act=split]", ".split-place")
    walk.press(".split-place", "[data-act=uncut]")
    walk.press("#book-chapters [data-act=join]", where="productions, joined and split")
    walk.press("[data-act=forget]")


def script(walk: Walk, id: str) -> None:
    page = walk.page
    walk.go(f"productions/{id}")
    page.locator(".line").nth(2).wait_for()
    walk.look("script")
    walk.press('.line[data-state="done"] .line-who', ".line-takes")
    walk.press(".line-open [data-act=spoken]", ".line-said", "script, a line")
    walk.press(".line-open [data-act=edit]", ".line-text textarea", "script, written")
    page.keyboard.press("Escape")
    page.locator(".line .line-who").last.click(modifiers=["Shift"])
    page.locator("#selection:not([hidden])").wait_for()
    walk.look("script, chosen lines")
    walk.press("#selection [data-act=clear]")
    for opener in ("[data-act=replace]", "#line-help", "[data-act=rechapter]", "#script-more", "[data-act=title]"):
        walk.sheet(opener, f"script, {opener}")
    walk.press("#tab-cast", ".part-row", "cast")
    walk.picker(".part-row .voice-button", "cast, voices")
    walk.sheet(".part-row [data-act=rename]", "cast, rename")
    walk.press("#tab-lexicon", "tr[data-word]", "lexicon")
    walk.press("#tab-sound", "#sound-controls .control")
    walk.unfold("#script-body", "sound")
    walk.press("#tab-export", ".export-file", "export")


def subtitles(walk: Walk, id: str) -> None:
    page = walk.page
    walk.go("subtitles")
    page.locator("#dub-voice b").wait_for()
    walk.look("subtitles")
    walk.picker("#dub-voice", "subtitles, voices")
    walk.go(f"subtitles/{id}")
    page.locator(".cue .tag.warn").first.wait_for()
    walk.unfold("#page-subtitles", "subtitles, a dub")
    walk.picker("#dub-cast .voice-button", "subtitles, cast")
    for act in ("edit", "add"):
        walk.sheet(f".cue [data-act={act}]", f"subtitles, {act}")
    with walk.dialog("#dub-export", "subtitles, export"):
        walk.unfold("dialog[open]", "subtitles, export with a film")


def batch(walk: Walk, folder: Path) -> None:
    page = walk.page
    walk.go("batch")
    walk.press("[data-act=files]", ".batch-table .failure-text")
    walk.unfold("#page-batch", "batch")
    page.locator("#batch-filter").select_option("waiting")
    page.locator("#batch-table p").wait_for()
    walk.look("batch, none so")
    walk.sheet("#batch-list [data-act=remove]", "batch, delete")
    page.locator("#batch-files").set_input_files([folder / "zoa.txt", folder / "zob.txt"])
    page.locator("#batch-voice b").wait_for()
    walk.look("batch, new")
    walk.picker("#batch-voice", "batch, voices")
    walk.press("#batch-look", ".batch-sum", "batch, dry run")
    walk.press("#batch-new [data-act=forget]")


def transcribe(walk: Walk, folder: Path) -> None:
    page = walk.page
    walk.go("transcribe")
    page.locator("#hear-drop").wait_for()
    walk.look("transcribe")
    page.locator("#recording").set_input_files(folder / "zoclip.wav")
    page.locator("#heard-files a").first.wait_for()
    walk.look("transcribe, heard")


def house(walk: Walk) -> None:
    """Models and Settings."""
    page = walk.page
    walk.go("models")
    page.locator("[data-act=install]").first.wait_for()
    walk.unfold("#page-models", "models")
    walk.sheet("[data-act=install]", "models, install")
    walk.go("settings")
    page.locator("[data-act=revoke]").wait_for()
    walk.press("#doctor-run", "#doctor-checks", "settings")
    for opener in ("#key-new", "#bin-empty"):
        walk.sheet(opener, f"settings, {opener}")


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A studio behind a login, where nothing is yet and no model is installed."""
    with Studio(tmp_path_factory.mktemp("bare")) as bare, served(bare, Options(login=("me", "secret"))) as address:
        yield address


@READERS
def test_doors_and_empty_pages(chromium: Any, locked: str, language: str, width: int) -> None:
    context = chromium.new_context(locale=language, viewport={"width": width, "height": 844})
    page = context.new_page()
    walk = Walk(page, language)
    page.goto(locked)
    walk.look("login")
    page.locator("[name=user]").fill("me")
    page.locator("[name=password]").fill("wrong")
    walk.press("button", "[role=alert]", "login, refused")
    page.locator("[name=user]").fill("me")
    page.locator("[name=password]").fill("secret")
    walk.press("button", "html[data-ready=speak]", "speak, nothing yet")
    for where, there in EMPTY.items():
        walk.go(where)
        page.locator(there).first.wait_for()
        walk.unfold(f"#page-{where}", f"{where}, nothing yet")
    walk.go("voices")
    walk.press("#voice-change", "[data-act=changemodels]", "voices, nothing converts")
    walk.press("#survey-sound", "#survey-sliders", "voices, nothing measured")
    walk.press("#voice-clone", ".part-cloning .empty", "clone, nothing clones")
    context.close()
    walk.verdict()


EMPTY = {
    "voices": ".empty [data-act=pack]",
    "productions": "#production-list .empty",
    "subtitles": "#dub-voice b",
    "batch": "#batch-list .empty",
    "transcribe": "#hear-missing .empty",
    "takes": "#take-list .empty",
    "models": ".model",
    "settings": "#house-facts",
}
