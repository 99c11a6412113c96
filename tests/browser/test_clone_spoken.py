"""The clone form with a voice in the microphone and a recogniser that writes down what it says, in a real browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile
import soxr

from studio.studio import SpeakRequest, Studio
from studio.ui.options import Options
from tests.parity.cosyvoice_published import write_checkpoint

from ..ui.conftest import served
from .conftest import ARGS

SENSEVOICE = Path(__file__).parents[1] / "parity" / "sensevoice" / "tiny"
RATE = 48_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    models = tmp_path_factory.mktemp("models")
    write_checkpoint("v2", models / "cosyvoice2")
    shutil.copytree(SENSEVOICE, models / "sensevoice")
    with Studio(tmp_path_factory.mktemp("spoken"), models=models) as opened:
        yield opened


@pytest.fixture(scope="module")
def url(home: Studio) -> Iterator[str]:
    with served(home, Options()) as address:
        yield address


@pytest.fixture
def microphone(chromium: Any, home: Studio, tmp_path: Path) -> Iterator[Any]:
    """A page in a browser whose microphone hears somebody say a sentence again and again."""
    text = "The old clock in the hall struck nine. Nobody had wound it for years."
    said = home.cache.load(home.speak(SpeakRequest(text, voice="f3")).wait(60).digest)
    soundfile.write(tmp_path / "said.wav", soxr.resample(said.samples, said.rate, RATE), RATE)
    heard = f"--use-file-for-fake-audio-capture={tmp_path / 'said.wav'}"
    browser = chromium.browser_type.launch(
        executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=[*ARGS, heard]
    )
    yield browser.new_page(locale="en-US", viewport={"width": 1280, "height": 900})
    browser.close()


def test_a_voice_is_spoken_written_down_and_kept(microphone: Any, url: str, home: Studio) -> None:
    page = microphone
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{url}/#/voices")
    page.wait_for_selector("html[data-ready=speak]")
    page.locator("#voice-clone").click()
    page.locator("#clone-record").click()
    page.locator('#clone-record[aria-pressed="true"]').wait_for()
    page.wait_for_timeout(4500)
    page.locator("#clone-record").click()
    page.locator("[data-finding=length]").wait_for(timeout=60_000)
    assert page.locator('[data-finding=length][data-verdict="good"]').count(), "three seconds of speech were heard"
    assert page.locator('#clone-record[aria-pressed="false"]').count()
    page.locator("#clone-write").click()
    page.wait_for_function(
        "document.querySelector('#clone-found [name=transcript]').value", timeout=60_000
    )  # of a tiny model: any words
    written = page.locator("#clone-found [name=transcript]")
    heard = written.input_value()
    written.fill(heard + " Corrected.")
    page.locator("[name=consent]").check()
    page.locator("#clone-found [name=name]").fill("Spoken")
    page.locator("#clone-keep").click()
    page.locator(".voice-card", has_text="Spoken").wait_for()
    voice = home.voices.get("Spoken")
    assert voice.content["transcript"] == heard + " Corrected."
    assert home.cloning.standing(voice.id).permitted
    assert soundfile.info(_file(home, voice.id)).duration > 3
    assert wrong == []


def _file(home: Studio, voice: str) -> Any:
    import io

    return io.BytesIO(home.cloning.clip(voice))
