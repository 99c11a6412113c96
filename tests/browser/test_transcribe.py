"""The Transcribe page with the small SenseVoice checkpoint: drop, watch, hear, correct, export; and without weights."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from studio.studio import Studio
from studio.ui.options import Options
from studio.weights import CATALOGUE, WeightFile

from ..ui.conftest import served
from ..weights import hub

SENSEVOICE = Path(__file__).parents[1] / "parity" / "sensevoice"
CUTS = ["b_cross_1", "a_zero_shot", "d_cross_short", "c_cross_2"]
Visit = Callable[..., Any]
Shot = Callable[[Any, str], None]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("sensevoice"), models=SENSEVOICE / "tiny") as opened:
        yield opened


@pytest.fixture(scope="module")
def url(home: Studio) -> Iterator[str]:
    with served(home, Options()) as address:
        yield address


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four cuts with a second of silence between them."""
    pieces = []
    for name in CUTS:
        samples, _ = soundfile.read(SENSEVOICE / "audio" / f"{name}.wav", dtype="float32")
        pieces += [samples, np.zeros(16_000, np.float32)]
    path = tmp_path_factory.mktemp("sound") / "晚饭 talk.wav"
    soundfile.write(path, np.concatenate(pieces), 16_000)
    return path


def drop(page: Any, path: Path) -> None:
    page.locator("#hear-drop").wait_for()
    page.locator("#recording").set_input_files(path)
    page.locator("#heard-files a").first.wait_for(timeout=60_000)


@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("en-US", 1280, "light"), ("zh-CN", 390, "light"), ("zh-CN", 1280, "dark")]
)
def test_a_recording_is_written_down(
    visit: Visit, shot: Shot, recording: Path, language: str, width: int, scheme: str
) -> None:
    page = visit("transcribe", language=language, width=width, scheme=scheme)
    drop(page, recording)
    segments = page.locator(".segment")
    assert segments.count() == 4
    assert "The old clock repeats her first song." in segments.first.locator("textarea").input_value()
    assert segments.first.get_attribute("data-emotion") == "sad"
    assert page.locator("#emotion-time rect").count() == 4
    assert page.locator(".mood-bar").first.get_attribute("aria-label").count("%") >= 3
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, f"transcribe-{language}-{width}-{scheme}")


def test_words_light_up_while_a_segment_is_heard(visit: Visit, recording: Path) -> None:
    page = visit("transcribe")
    drop(page, recording)
    page.locator(".segment [data-act=play]").first.click()
    page.wait_for_selector(".segment-words .now", state="visible")
    assert page.evaluate("document.querySelector('#hear-audio').currentTime") < 4
    page.wait_for_function("document.querySelector('#hear-audio').paused")
    assert page.evaluate("document.querySelector('#hear-audio').currentTime") < 5


def test_a_correction_is_in_what_is_exported(visit: Visit, recording: Path) -> None:
    page = visit("transcribe")
    drop(page, recording)
    text = page.locator(".segment textarea").first
    text.fill("The old cock repeats.")
    with page.expect_response(lambda r: "gradio_api" in r.url):
        text.blur()

    def exported(name: str) -> str:
        with page.expect_download() as download:
            page.locator(f'#heard-files a[href$=".{name}"]').click()
        assert download.value.suggested_filename.startswith("晚饭 talk")
        return Path(download.value.path()).read_text("utf-8")

    assert "The old cock repeats." in exported("txt")
    assert "The old cock repeats." in exported("srt")
    whole = json.loads(exported("json"))
    assert whole["segments"][0]["text"] == "The old cock repeats."
    assert whole["segments"][0]["emotion"] == "sad"
    assert "😔" in exported("rich")


def test_a_transcript_is_still_there_after_a_reload(visit: Visit, recording: Path) -> None:
    page = visit("transcribe")
    drop(page, recording)
    page.reload()
    page.locator("#heard-files a").first.wait_for()
    assert page.locator(".segment").count() == 4


def test_options_change_what_is_written(visit: Visit, recording: Path) -> None:
    page = visit("transcribe")
    page.locator("#hear-language").select_option("en")
    page.locator("#hear-written").uncheck()
    page.locator("#hear-certain").check()
    drop(page, recording)
    assert page.locator(".segment textarea").first.input_value() == "the old clock repeats her first song"
    assert page.locator('.segment[data-emotion="unknown"]').count() == 0
    page.reload()
    page.wait_for_selector("html[data-ready=speak]")
    page.locator("#hear-language").wait_for()
    assert page.locator("#hear-language").input_value() == "en"  # the next visit begins with it


def test_what_is_no_sound_is_refused_where_the_hand_is(visit: Visit, shot: Shot, tmp_path: Path) -> None:
    page = visit("transcribe", language="zh-CN")
    wrong = tmp_path / "notes.mp3"
    wrong.write_bytes(b"no sound at all" * 100)
    page.locator("#hear-drop").wait_for()
    page.locator("#recording").set_input_files(wrong)
    page.locator("#hear-failure:not([hidden])").wait_for()
    assert "不是可以读取的音频文件" in page.locator("#hear-failure").inner_text()
    assert str(tmp_path) not in page.locator("#hear-failure").inner_text()


def test_listening_is_stopped(visit: Visit, recording: Path, tmp_path: Path) -> None:
    samples, rate = soundfile.read(recording, dtype="float32")
    soundfile.write(tmp_path / "long.wav", np.tile(samples, 12), rate)
    page = visit("transcribe", language="zh-CN")
    page.locator("#hear-drop").wait_for()
    page.locator("#recording").set_input_files(tmp_path / "long.wav")
    page.locator("#heard-progress [data-act=stop]").click()
    page.wait_for_function("!document.querySelector('#heard-progress').children.length")
    assert page.locator(".segment").count() < 48


def test_silence_is_said_to_be_silence(visit: Visit, tmp_path: Path) -> None:
    page = visit("transcribe")
    soundfile.write(tmp_path / "silence.wav", np.zeros(48_000, np.float32), 16_000)
    page.locator("#hear-drop").wait_for()
    page.locator("#recording").set_input_files(tmp_path / "silence.wav")
    page.get_by_text("No speech was found").wait_for()


def test_the_microphone_is_listened_to(visit: Visit) -> None:
    page = visit("transcribe", permissions=["microphone"])
    page.locator("#record").click()
    page.locator("#record[aria-pressed=true]").wait_for()
    page.wait_for_timeout(1500)
    page.locator("#record").click()
    page.locator(".heard").wait_for()
    page.wait_for_function("!document.querySelector('#heard-progress').children.length")
    assert page.locator("#hear-failure").is_hidden()


def test_a_take_is_heard_again(visit: Visit, speak: Callable[[Any, str], None], shot: Shot) -> None:
    page = visit("speak")
    speak(page, "The small boat finds the river map.")
    page.locator("#player-recipe").click()
    page.locator("dialog button[value=listen]").click()
    box = page.get_by_role("dialog", name="").filter(has_text="What was heard")
    box.wait_for(timeout=60_000)
    assert "small" in box.inner_text()
    assert "Words that differ" in box.inner_text()
    shot(page, "heard-again")
    page.keyboard.press("Escape")
    page.locator("#nav-takes").click()
    page.locator("#page-takes [name=emotion]").wait_for()
    page.locator("#page-takes [name=emotion]").select_option("disgusted")
    page.get_by_text("No take fits").wait_for()


def test_the_emotion_of_a_voice_is_heard_and_found(visit: Visit, home: Studio, shot: Shot) -> None:
    home.keeping.seed("espeak", 7, "Seven")
    page = visit("voices")
    card = page.locator(".voice-card").filter(has_text="Seven")
    card.get_by_role("button", name="Hear its emotion").click()
    card.locator(".mood-tag").wait_for(timeout=60_000)
    assert home.voices.get("Seven").emotion
    shot(page, "voice-emotion")


class TestWithoutWeights:
    @pytest.fixture
    def url(self, tmp_path: Path) -> Iterator[str]:
        with Studio(tmp_path) as home, served(home, Options()) as address:
            yield address

    def test_the_page_says_what_is_missing_and_leads_there(self, visit: Visit, shot: Shot) -> None:
        page = visit("transcribe")
        page.locator("#hear-missing button").wait_for()
        assert page.locator("#hear-drop").is_hidden()
        assert "0.9 GB" in page.locator("#hear-missing").inner_text()
        shot(page, "transcribe-missing")
        page.locator("#hear-missing [data-act=models]").click()
        page.locator('[data-engine="sensevoice"] [data-act=install]').wait_for()

    def test_a_model_is_installed_from_the_page_and_listens_at_once(
        self, visit: Visit, recording: Path, shot: Shot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """From a hub on this machine: its licence shown, its files fetched and verified, used, removed."""
        published = CATALOGUE["sensevoice"]
        files = {file.path: (SENSEVOICE / "tiny" / file.path).read_bytes() for file in published.files}
        listed = tuple(WeightFile(path, hashlib.sha256(body).hexdigest()) for path, body in files.items())
        monkeypatch.setitem(CATALOGUE, "sensevoice", replace(published, files=listed))
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
        with hub.serve(hub.Hub(files, published.repo)) as server:
            monkeypatch.setenv("HF_ENDPOINT", server.url)
            page = visit("models")
            row = page.locator('[data-model="sensevoice"]')
            row.locator("[data-act=install]").click()
            dialog = page.get_by_role("dialog")
            assert "FunASR" in dialog.inner_text()
            dialog.locator('button[value="accept"]').click()
            row.locator("[data-act=verify]").click(timeout=60_000)
            row.get_by_text("Every file was read").wait_for()
            shot(page, "model-installed")
            page.locator("#nav-transcribe").click()
            drop(page, recording)
            assert page.locator(".segment").count() == 4
            page.locator("#nav-models").click()
            row.locator("[data-act=remove]").click()
            row.locator("[data-act=install]").wait_for()
