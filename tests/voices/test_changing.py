"""A recording said in another voice, as work: watched, stopped, kept as a take, refused; and over the API."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from studio.api.settings import ApiSettings
from studio.errors import BadFile, BadRequest, Cancelled, NotInstalled, NotPermitted
from studio.library.rights import checked
from studio.studio import SpeakRequest, Studio
from tests.api.conftest import server

SOURCE = Path(__file__).parents[1] / "parity" / "cosyvoice" / "common" / "source_1s2_22k.wav"
ROUTE = "/v1/audio/conversions"


@pytest.fixture(scope="module")
def studio(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("home"), models=models) as opened:
        yield opened


@pytest.fixture(scope="module")
def api(studio: Studio) -> Iterator[httpx.Client]:
    with server(studio, ApiSettings()) as one:
        yield one


def test_a_recording_becomes_a_take(studio: Studio, tmp_path: Path) -> None:
    engine = studio.changing.engine()
    assert engine == "cosyvoice2"
    job = studio.changing.recording(SOURCE, engine, "guide-zh", name="Grandmother")
    made = job.wait(60)
    assert job.progress == 1.0
    assert studio.changing.job(job.id) is job
    assert made.kind == "reading"  # shown on the Takes page
    assert (made.engine, made.excerpt, made.seconds) == (engine, "Grandmother", pytest.approx(1.2, abs=0.1))
    assert made.lufs is not None
    assert studio.takes.find().items[0].digest == made.digest
    studio.export_take(made.digest, tmp_path / "out.mp3")
    assert studio.inspect(tmp_path / "out.mp3").digest == made.digest
    again = studio.changing.recording(shutil.copy(SOURCE, tmp_path / "copy.wav"), engine, "guide-zh").wait(60)
    other = studio.changing.recording(SOURCE, engine, "guide-en").wait(60)
    assert again.digest == made.digest != other.digest


def test_a_take_of_another_engine(studio: Studio) -> None:
    said = studio.speak(SpeakRequest("今天的天气真不错，我们一起去公园散步吧。")).wait(60)
    made = studio.changing.take(said.digest, "cosyvoice2", "guide-zh").wait(60)
    assert made.digest == studio.changing.take(said.digest, "cosyvoice2", "guide-zh").wait(60).digest


def test_it_can_be_stopped(studio: Studio, tmp_path: Path) -> None:
    sound, rate = soundfile.read(SOURCE, dtype="float32")
    soundfile.write(tmp_path / "long.wav", np.tile(sound, 20), rate)
    before = studio.takes.find().total
    job = studio.changing.recording(tmp_path / "long.wav", "cosyvoice2", "guide-zh")
    job.stop()
    with pytest.raises(Cancelled):
        job.wait(60)
    assert studio.takes.find().total == before


def test_what_cannot_be_is_refused(studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(BadFile):
        studio.changing.recording(tmp_path / "text.wav", "cosyvoice2")
    with pytest.raises(BadRequest, match=r"espeak cannot change.*cosyvoice2"):
        studio.changing.recording(SOURCE, "espeak").wait(60)
    monkeypatch.setattr("studio.production.revoicing.LONGEST_TAKE_MIN", 0.01)
    with pytest.raises(BadFile, match="voices convert RECORDING"):
        studio.changing.recording(SOURCE, "cosyvoice2", "guide-zh").wait(60)


def test_without_an_engine_the_reason_and_the_command(tmp_path: Path) -> None:
    with Studio(tmp_path / "bare") as bare:
        assert all(one.state == "missing" and one.note for one in bare.changing.engines())
        with pytest.raises(NotInstalled, match=r"cosyvoice.*models install"):
            bare.changing.engine()


def test_a_cloned_voice_is_heard_and_leaves_only_with_consent(studio: Studio, api: httpx.Client) -> None:
    clip = SOURCE.with_name("prompt_3s_24k.wav")
    voice = studio.cloning.clone(clip, "Ann", "chattts", trim="none", transcript="hello")  # another engine's clip
    assert [one.id for one in studio.changing.targets("cosyvoice2", "Ann")] == [voice.id]
    assert list(studio.changing.targets("cosyvoice2", "nobody")) == []
    made = studio.changing.recording(SOURCE, "cosyvoice2", voice.id).wait(60)
    with pytest.raises(NotPermitted, match="Ann"):
        studio.take_bytes(made.digest, "mp3")
    asked = {"files": {"file": ("in.wav", SOURCE.read_bytes())}, "data": {"voice": voice.id}}
    assert api.post(ROUTE, **asked).status_code == 403
    studio.cloning.allow(voice.id, checked("Ann", ["personal"]))
    answer = api.post(ROUTE, **asked).raise_for_status()
    assert (answer.headers["content-type"], answer.headers["x-recipe"]) == ("audio/mpeg", made.digest)
    assert answer.content == studio.take_bytes(made.digest, "mp3")


@pytest.mark.parametrize(
    ("data", "sound", "status", "param"),
    [
        ({"voice": "default", "model": "espeak"}, None, 400, "model"),
        ({"voice": "default", "model": "nobody"}, None, 404, "model"),
        ({"voice": "nobody"}, None, 400, "voice"),
        ({"voice": "default", "response_format": "exe"}, None, 400, "response_format"),
        ({"voice": "default", "tempo": "2"}, None, 400, "tempo"),
        ({"voice": "default"}, b"no sound", 400, "file"),
        ({}, None, 400, "voice"),
    ],
)
def test_the_api_refuses_by_field(
    api: httpx.Client, data: dict[str, str], sound: bytes | None, status: int, param: str
) -> None:
    answer = api.post(ROUTE, files={"file": ("in.wav", sound or SOURCE.read_bytes())}, data=data)
    assert (answer.status_code, answer.json()["error"]["param"]) == (status, param)
