"""Said again in another voice, asked for by programs."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import soundfile

from studio.api.settings import ApiSettings
from studio.studio import Studio

from .conftest import SPEECH, server

CLIP = Path(__file__).parents[1] / "parity" / "cosyvoice" / "common" / "prompt_3s_24k.wav"


@pytest.fixture(scope="module")
def home(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("into"), models=models) as opened:
        yield opened


@pytest.fixture(scope="module")
def api(home: Studio) -> Iterator[httpx.Client]:
    with server(home, ApiSettings()) as one:
        yield one


def said(api: httpx.Client, **more: Any) -> httpx.Response:
    body = {"model": "espeak", "input": "Hello there.", "voice": "f2", "response_format": "flac"}
    return api.post(SPEECH, json=body | {"studio": more})


def test_speech_is_streamed_in_the_timbre_that_was_asked_for(api: httpx.Client) -> None:
    able = {one["id"] for one in api.get("/v1/capabilities").json()["engines"] if one.get("converts")}
    assert {"cosyvoice1", "cosyvoice2", "cosyvoice3"} <= able
    assert not {"espeak", "chattts"} & able
    sounds = [said(api, into=into).content for into in ("", "guide-zh", "guide-zh")]
    rates = [soundfile.info(BytesIO(sound)).samplerate for sound in sounds]
    assert rates == [22_050, 24_000, 24_000]
    assert sounds[0] != sounds[1] == sounds[2]
    events = api.post(
        SPEECH,
        json={
            "model": "espeak", "input": "Hello there.", "voice": "f2", "stream_format": "sse",
            "studio": {"into": "guide-zh", "timestamps": True},
        },
    ).text  # fmt: skip
    assert '"text": "Hello"' in events


def test_what_cannot_be_is_refused_by_its_field(api: httpx.Client, home: Studio) -> None:
    silent = home.cloning.clone(CLIP, "nobody", "cosyvoice2", trim="none").id
    for more, status, param in (
        ({"into": "guide-zz"}, 400, "studio.into"),
        ({"into": "guide-zh", "converter": "espeak"}, 400, "studio.converter"),
        ({"into": "guide-zh", "converter": "cosyvoice3"}, 503, "studio.converter"),
        ({"converter": "cosyvoice2"}, 400, "studio.into"),
        ({"into": silent}, 403, "voice"),
    ):
        answer = said(api, **more)
        assert (answer.status_code, answer.json()["error"]["param"]) == (status, param), answer.text


def test_productions_with_and_without_a_cast(api: httpx.Client, home: Studio) -> None:
    text = "“Who is there?” asked Martha.\n\n“Only me,” said Tom.\n"
    plain = api.post("/v1/productions", json={"text": text, "format": "flac", "into": "guide-zh"}).json()
    cast = {"Tom": {"voice": "m7", "into": "guide-en", "converter": "cosyvoice2"}}
    asked = {"text": text, "format": "wav", "into": "guide-zh", "cast": cast}
    played = api.post("/v1/productions", json=asked).json()
    for id in (plain["id"], played["id"]):
        assert "production.over" in api.get(f"/v1/productions/{id}/events").text
        sound = api.get(f"/v1/productions/{id}/result")
        assert sound.status_code == 200, sound.text
        assert soundfile.info(BytesIO(sound.content)).samplerate == 24_000
    members = {name: home.scripts.member(played["id"], name).into for name in ("", "Tom")}
    assert members == {"": "guide-zh", "Tom": "guide-en"}
    refused = api.post("/v1/productions", json={"text": text, "into": "guide-zz"})
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "into")
