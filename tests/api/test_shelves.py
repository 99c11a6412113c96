"""Transcriptions, models, voices, capabilities and productions over the API."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

from studio.api.settings import ApiSettings
from studio.audio.files import probe, read
from studio.studio import Studio

from .conftest import SENSEVOICE, server
from .test_speech import refusal

SOUND = SENSEVOICE / "audio" / "b_cross_1.wav"
HEAR = "/v1/audio/transcriptions"


def hear(api: httpx.Client, data: bytes | None = None, **fields: Any) -> httpx.Response:
    sound = SOUND.read_bytes() if data is None else data
    return api.post(HEAR, files={"file": ("晚 talk.wav", sound)}, data={"model": "sensevoice"} | fields)


def test_every_format_of_a_transcript(api: httpx.Client) -> None:
    assert hear(api).json() == {"text": "The old clock repeats her first song."}
    assert hear(api, response_format="text").text == "The old clock repeats her first song.\n"
    assert hear(api, response_format="srt").text.startswith("1\n00:00:00,")
    assert hear(api, response_format="vtt").text.startswith("WEBVTT")
    whole = hear(api, response_format="verbose_json").json()
    assert (whole["language"], whole["duration"]) == ("en", 2.9)
    assert whole["segments"][0]["studio"]["emotion"] == "sad"
    assert "words" not in whole
    words = hear(api, response_format="verbose_json", **{"timestamp_granularities[]": "word"}).json()
    assert [word["word"] for word in words["words"]][:3] == ["The", "old", "clock"]
    assert "segments" not in words


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"prompt": "hint"}, "prompt"),
        ({"temperature": "0.5"}, "temperature"),
        ({"stream": "true"}, "stream"),
        ({"language": "xx"}, "language"),
        ({"response_format": "pdf"}, "response_format"),
        ({"foo": "1"}, "foo"),
        ({"timestamp_granularities[]": "word"}, "timestamp_granularities"),
        ({"timestamp_granularities[]": "letter", "response_format": "verbose_json"}, "timestamp_granularities"),
    ],
)
def test_fields_that_cannot_be_honoured_are_refused(api: httpx.Client, fields: dict[str, str], param: str) -> None:
    assert refusal(hear(api, **fields))["param"] == param


def test_what_is_no_sound_is_named_by_its_own_name(api: httpx.Client) -> None:
    error = refusal(hear(api, b"no sound" * 100))
    assert error["param"] == "file"
    assert "晚 talk.wav" in error["message"]
    assert "/heard-" not in error["message"]
    refusal(hear(api, b""))
    refusal(api.post(HEAR, data={"model": "sensevoice"}))
    refusal(hear(api, model="nothing"), 404)


def test_an_upload_that_is_too_large_is_413(api: httpx.Client) -> None:
    assert hear(api, b"x" * (4 << 20)).status_code == 413


def long_recording(tmp_path: Path, times: int) -> bytes:
    samples, rate = soundfile.read(SOUND, dtype="float32")
    soundfile.write(tmp_path / "long.flac", np.tile(samples, times), rate)
    return (tmp_path / "long.flac").read_bytes()


def test_who_leaves_is_not_listened_for_any_more(tmp_path: Path) -> None:
    with Studio(tmp_path / "home", models=SENSEVOICE / "tiny") as studio, server(studio, ApiSettings()) as api:
        hear(api)  # the model is loaded
        (before,) = studio.listening._transcriptions.values()
        recording = long_recording(tmp_path, 400)
        with (
            pytest.raises(httpx.ReadTimeout),
            httpx.Client(base_url=api.base_url, timeout=httpx.Timeout(30, read=2), trust_env=False) as hasty,
        ):
            hear(hasty, recording)
        job = list(studio.listening._transcriptions.values())[-1]
        assert job is not before, "it was begun"
        until = time.monotonic() + 10
        while not job.over and time.monotonic() < until:
            time.sleep(0.02)
        assert job.state == "stopped"
        assert "\ntimbre_requests_at_work 0.0" in api.get("/metrics").text


def test_a_full_queue_turns_recordings_away_in_words(tmp_path: Path) -> None:
    settings = ApiSettings(running=1, waiting=0)
    with Studio(tmp_path / "home", models=SENSEVOICE / "tiny") as studio, server(studio, settings) as api:
        hear(api)
        first = threading.Thread(target=hear, args=(api, long_recording(tmp_path, 100)))
        first.start()
        while len(studio.listening._transcriptions) < 2:  # until the long one is being heard
            time.sleep(0.02)
        assert refusal(hear(api), 429)["code"] == "queue_full"
        first.join()
        assert hear(api).status_code == 200


def test_without_a_recogniser_it_is_503_with_the_reason(tmp_path: Path) -> None:
    with Studio(tmp_path) as studio, server(studio, ApiSettings()) as bare:
        assert "models install sensevoice" in refusal(hear(bare, model="whisper-1"), 503)["message"]


def test_models_and_capabilities_tell_what_there_is(api: httpx.Client) -> None:
    rows = {row["id"]: row for row in api.get("/v1/models").json()["data"]}
    assert rows["espeak"]["studio"] == {"does": "speak", "ready": True, "note": None}
    assert "install" in rows["chattts"]["studio"]["note"]["en"]
    assert api.get("/v1/models/espeak").json() == rows["espeak"]
    refusal(api.get("/v1/models/nothing"), 404)
    told = api.get("/v1/capabilities").json()
    pitch = next(c for c in told["engines"][0]["controls"] if c["name"] == "pitch")
    assert pitch["low"] < 0 < pitch["high"]
    assert {"mp3", "pcm"} <= set(told["speech_formats"])
    assert told["limits"]["characters"] == 4096


def test_voices_are_searched_and_paged(api: httpx.Client, home: Studio) -> None:
    for n in range(5):
        home.keeping.seed("espeak", 500 + n, f"Harbour {n}", tags=("sea",))
    first = api.get("/v1/audio/voices", params={"search": "harbour", "limit": 2}).json()
    assert (first["total"], first["pages"], first["has_more"], len(first["data"])) == (5, 3, True, 2)
    last = api.get("/v1/audio/voices", params={"search": "harbour", "limit": 2, "page": 3}).json()
    assert not last["has_more"]
    assert api.get("/v1/audio/voices", params={"tag": "sea"}).json()["total"] == 5
    assert any(one["id"] == "f2" for one in api.get("/v1/audio/voices").json()["builtin"])
    assert refusal(api.get("/v1/audio/voices", params={"limit": 0}))["param"] == "limit"
    assert refusal(api.get("/v1/audio/voices", params={"kind": "ghost"}))["param"] == "kind"


# a voice from a clip

CHATTTS = Path(__file__).parents[1] / "parity" / "chattts" / "tiny"
CONSENT = "I have the right to use this voice and the speaker's consent."


@pytest.fixture(scope="module")
def cloning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with Studio(tmp_path_factory.mktemp("clone"), models=CHATTTS) as studio, server(studio, ApiSettings()) as api:
        yield api


def clone(api: httpx.Client, data: bytes | None = None, **fields: str) -> httpx.Response:
    plain = {"name": "Ann", "consent": CONSENT, "transcript": "the old clock"} | fields
    sound = SOUND.read_bytes() if data is None else data
    return api.post("/v1/audio/voices", files={"audio_sample": ("ann.wav", sound)}, data=plain)


def test_a_voice_is_made_of_a_clip_with_consent(cloning: httpx.Client) -> None:
    made = clone(cloning).json()
    assert (made["object"], made["name"], made["kind"], made["model"]) == ("audio.voice", "Ann", "clip", "chattts")
    assert cloning.get("/v1/audio/voices", params={"search": "ann"}).json()["data"][0]["id"] == made["id"]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"consent": ""}, "consent"),
        ({"consent": "yes"}, "consent"),
        ({"data": b"no sound" * 99}, "audio_sample"),
        ({"name": ""}, "name"),
        ({"model": "espeak"}, None),
        ({"foo": "bar"}, "foo"),
    ],
)
def test_a_voice_is_not_made_of_less(cloning: httpx.Client, change: dict[str, Any], param: str | None) -> None:
    before = cloning.get("/v1/audio/voices").json()["total"]
    error = refusal(clone(cloning, **change))
    assert param is None or error["param"] == param
    assert cloning.get("/v1/audio/voices").json()["total"] == before


# productions

BOOK = "Chapter 1\n\nThe small boat finds the river map.\n\nChapter 2\n\nNobody came back."
MAKE = "/v1/productions"


def over(api: httpx.Client, id: str) -> dict[str, Any]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found: dict[str, Any] = api.get(f"{MAKE}/{id}").json()
        if found["state"] not in ("new", "waiting", "running"):
            return found
        time.sleep(0.05)
    raise AssertionError("it does not end")


def test_a_text_becomes_a_file(api: httpx.Client, tmp_path: Path) -> None:
    begun = api.post(MAKE, json={"text": BOOK, "format": "mp3", "title": "Boats", "voice": "f2"})
    assert begun.status_code == 202, begun.text
    id = begun.json()["id"]
    done = over(api, id)
    assert (done["state"], done["title"], done["progress"]) == ("done", "Boats", 1.0)
    answer = api.get(done["result"])
    (tmp_path / "x.mp3").write_bytes(answer.content)
    assert read(tmp_path / "x.mp3").seconds == pytest.approx(done["seconds"], abs=0.2)
    assert id in [row["id"] for row in api.get(MAKE).json()["data"]]


def test_a_file_is_taken_as_a_form(api: httpx.Client) -> None:
    fields = {"format": "flac", "controls": json.dumps({"speed": 1.3})}
    begun = api.post(MAKE, files={"file": ("../../etc/名.txt", BOOK.encode())}, data=fields)
    assert begun.status_code == 202, begun.text
    assert over(api, begun.json()["id"])["state"] == "done"


def test_a_book_may_be_larger_than_other_requests(api: httpx.Client) -> None:
    book = "The small boat finds the river map. " * 50_000  # 1.8 MB
    begun = api.post(MAKE, json={"text": book, "format": "flac", "voice": "seed:11"})
    assert begun.status_code == 202, begun.text
    assert api.post(f"{MAKE}/{begun.json()['id']}/cancel").json()["state"] == "stopped"
    assert api.post(MAKE, json={"text": book * 2}).status_code == 413


def test_events_follow_it_to_its_end(api: httpx.Client) -> None:
    begun = api.post(MAKE, json={"text": BOOK * 30, "format": "flac", "voice": "seed:9"}).json()
    with api.stream("GET", f"{MAKE}/{begun['id']}/events") as answer:
        events = [json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: ")]
    assert events[-1]["type"] == "production.over"
    assert events[-1]["production"]["state"] == "done"
    progress = [one["production"]["progress"] for one in events]
    assert progress == sorted(progress)


def test_it_is_cancelled_and_goes_on(api: httpx.Client) -> None:
    begun = api.post(MAKE, json={"text": BOOK * 300, "format": "flac", "voice": "seed:10"}).json()
    assert api.get(f"{MAKE}/{begun['id']}/result").status_code == 409
    assert api.post(f"{MAKE}/{begun['id']}/cancel").json()["state"] == "stopped"
    assert api.post(f"{MAKE}/{begun['id']}/resume").status_code == 202
    assert over(api, begun["id"])["state"] == "done"


def test_an_idempotency_key_repeats_the_answer_and_refuses_another_request(api: httpx.Client) -> None:
    key = {"idempotency-key": "one"}
    first = api.post(MAKE, json={"text": BOOK, "format": "wav"}, headers=key).json()
    again = api.post(MAKE, json={"text": BOOK, "format": "wav"}, headers=key).json()
    assert again["id"] == first["id"]
    other = api.post(MAKE, json={"text": BOOK, "format": "flac"}, headers=key)
    assert refusal(other, 409)["code"] == "idempotency_conflict"


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"text": ""}, "text"),
        ({"format": "midi"}, None),
        ({"foo": 1}, "foo"),
        ({"voice": "nobody at all"}, "voice"),
        ({"controls": {"pitch": 1000}}, "controls.pitch"),
        ({"webhook": "http://169.254.169.254/latest/meta-data"}, "webhook"),
        ({"webhook": "http://localhost:22/"}, "webhook"),
        ({"webhook": "file:///etc/passwd"}, "webhook"),
        ({"webhook": "http://127.0.0.1@evil.example/"}, "webhook"),
        ({"webhook": "gopher://127.0.0.1/"}, "webhook"),
        ({"webhook": "http://[::1"}, "webhook"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_made(
    api: httpx.Client, change: dict[str, Any], param: str
) -> None:
    before = api.get(MAKE).json()["total"]
    error = refusal(api.post(MAKE, json={"text": BOOK + "!", "format": "mp3"} | change))
    assert param is None or error["param"] == param
    assert api.get(MAKE).json()["total"] == before


def test_one_that_is_not_there_is_404(api: httpx.Client) -> None:
    for path in ("", "/events", "/result", "/subtitles"):
        refusal(api.get(f"{MAKE}/0123456789abcdef{path}"), 404)
    refusal(api.post(f"{MAKE}/0123456789abcdef/cancel"), 404)


def test_a_webhook_is_told_about_the_end(api: httpx.Client) -> None:
    told: list[dict[str, Any]] = []

    class Ear(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *given: Any) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Ear) as ear:
        threading.Thread(target=ear.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{ear.server_port}/done"
        begun = api.post(MAKE, json={"text": BOOK, "format": "opus", "webhook": address}).json()
        until = time.monotonic() + 30
        while not told and time.monotonic() < until:
            time.sleep(0.05)
        ear.shutdown()
    assert told == [{"type": "production.over", "id": begun["id"], "state": "done", "error": None}]


def test_a_production_with_a_cast(api: httpx.Client, tmp_path: Path) -> None:
    text = "“Who is there?” asked Martha.\n\n“Only me,” said Tom. “The boat is gone.”\n\nNobody slept that night.\n"
    cast = {"Tom": {"voice": "m7", "pan": 0.6}, "": {"voice": "f2", "controls": {"speed": 1.2}}}
    made = api.post(MAKE, json={"text": text, "cast": cast, "title": "Lamp", "format": "mp3"})
    assert made.status_code == 202, made.text
    id = made.json()["id"]
    over = [line for line in api.get(f"{MAKE}/{id}/events").text.splitlines() if "production.over" in line]
    told = json.loads(over[0].removeprefix("data: "))["production"]
    assert (told["state"], told["error"]) == ("done", None)
    sound = api.get(f"{MAKE}/{id}/result")
    assert sound.status_code == 200
    (tmp_path / "lamp.mp3").write_bytes(sound.content)
    assert probe(tmp_path / "lamp.mp3").seconds > 4
    assert probe(tmp_path / "lamp.mp3").channels == 2, "somebody stands right"
    vtt = api.get(f"{MAKE}/{id}/subtitles", params={"format": "vtt"})
    assert "<v Tom>" in vtt.text
    assert vtt.headers["content-type"].startswith("text/vtt")


def test_subtitles_of_a_production(api: httpx.Client) -> None:
    begun = api.post(MAKE, json={"text": BOOK, "format": "wav", "title": "Boots 鞋"}).json()
    where = f"{MAKE}/{begun['id']}/subtitles"
    over(api, begun["id"])
    srt = api.get(where)
    assert srt.text.startswith("1\n00:00:00,000 --> ")
    assert "%E9%9E%8B.srt" in srt.headers["content-disposition"]
    found = api.get(where, params={"format": "json"}).json()
    assert found["format"] == "timbre-subtitles"
    assert found["cues"][0]["words"][0]["start"] >= 0
    for wrong in ({"format": "pdf"}, {"norms": "xx"}, {"file": 7}):
        assert refusal(api.get(where, params=wrong))["param"] in wrong
    waiting = api.post(MAKE, json={"text": BOOK * 300, "format": "flac", "voice": "seed:17"}).json()
    assert refusal(api.get(f"{MAKE}/{waiting['id']}/subtitles"), 409)["code"] == "not_ready"
    api.post(f"{MAKE}/{waiting['id']}/cancel")


def test_a_cast_that_cannot_be_is_refused_and_leaves_nothing(api: httpx.Client) -> None:
    before = api.get(MAKE).json()["total"]
    wrong = ({"voice": "nobody"}, {"model": "nothing"}, {"sound": 1}, {"pan": 2})
    for cast in ({"Tom": one} for one in wrong):
        refused = api.post(MAKE, json={"text": "“Hello,” said Tom.", "cast": cast})
        assert refused.status_code in (400, 404, 422), refused.text
    refused = api.post(MAKE, json={"text": "“Hello,” said Tom.", "cast": {}, "format": "betamax"})
    assert refused.status_code == 400
    assert api.get(MAKE).json()["total"] == before


def test_a_book_is_sent_as_a_file(api: httpx.Client, tmp_path: Path) -> None:
    from tests.manuscripts import files

    book = files.epub(tmp_path / "b.epub", {"one.xhtml": files.page("<p>“Hello,” said Tom.</p><p>It was late.</p>")})
    sent = api.post(MAKE, files={"file": ("b.epub", book.read_bytes())}, data={"format": "flac", "cast": "{}"})
    assert sent.status_code == 202, sent.text
    straight = api.post(MAKE, files={"file": ("b.epub", book.read_bytes())}, data={"format": "flac"})
    assert straight.status_code == 202, straight.text
