"""Speech over the API: every format and field, streaming, events, what is refused, who leaves in the middle."""

import base64
import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from studio.api.settings import ApiSettings
from studio.audio.files import probe, read
from studio.studio import Studio

from .conftest import SPEECH, Ask, server

LONG = "The small boat finds the river map, and the old clock repeats her first song. " * 40


def sound_of(answer: httpx.Response, tmp_path: Any, format: str) -> Any:
    assert answer.status_code == 200, answer.text
    path = tmp_path / f"x.{format}"
    path.write_bytes(answer.content)
    return read(path)


def refusal(answer: httpx.Response, status: int = 400) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["x-request-id"].startswith("req_")
    error: dict[str, Any] = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert "Traceback" not in error["message"]
    return error


MIME = {
    "mp3": "audio/mpeg", "opus": "audio/ogg", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav",
}  # fmt: skip


@pytest.mark.parametrize("format", MIME)
def test_every_format_is_a_file_of_its_kind(speak: Ask, tmp_path: Any, format: str) -> None:
    answer = speak(response_format=format)
    assert answer.headers["content-type"] == MIME[format]
    clip = sound_of(answer, tmp_path, format)
    assert 0.8 < clip.seconds < 3
    assert np.abs(clip.samples).max() > 0.05
    if format not in ("aac", "wav"):  # ADTS has no place for tags; WAV has one comment
        assert probe(tmp_path / f"x.{format}").tags["timbre_synthetic"] == "yes"
    assert answer.headers["x-synthetic"] == "true"


def test_pcm_is_16_bit_at_24_khz(speak: Ask, tmp_path: Any) -> None:
    pcm = np.frombuffer(speak(response_format="pcm").content, "<i2")
    wav = sound_of(speak(response_format="wav"), tmp_path, "wav")
    assert len(pcm) / 24_000 == pytest.approx(wav.seconds, abs=0.01)


@pytest.mark.parametrize(("speed", "times"), [(0.25, 4.0), (0.5, 2.0), (2.0, 0.5), (4.0, 0.25)])
def test_speed_makes_it_longer_or_shorter(speak: Ask, tmp_path: Any, speed: float, times: float) -> None:
    text = "The small boat finds the river map."
    plain = sound_of(speak(text, response_format="wav"), tmp_path, "wav").seconds
    other = sound_of(speak(text, response_format="wav", speed=speed), tmp_path, "wav").seconds
    assert other == pytest.approx(plain * times, rel=0.2)


def test_a_voice_of_openai_is_always_the_same_and_others_differ(speak: Ask) -> None:
    one, again, other = (speak(voice=name, response_format="wav").content for name in ("nova", "nova", "onyx"))
    assert one == again
    assert one != other


def test_voices_by_name_id_and_seed(speak: Ask, home: Studio) -> None:
    kept = home.keeping.seed("espeak", 77, "Evening star")
    by_name = speak(voice="Evening star", response_format="pcm").content
    assert by_name == speak(voice={"id": kept.id}, response_format="pcm").content
    assert by_name == speak(voice="seed:77", response_format="pcm").content
    assert by_name != speak(voice="f3", response_format="pcm").content


def test_extensions_change_the_sound(speak: Ask, tmp_path: Any) -> None:
    def seconds(**studio: Any) -> float:
        answer = speak("One [pause 900ms] two.", response_format="wav", studio=studio)
        return float(sound_of(answer, tmp_path, "wav").seconds)

    plain = seconds()
    assert seconds(controls={"speed": 0.5}) > 1.3 * plain
    assert seconds(style="slow") > plain
    assert plain > 1.3
    read_aloud = speak("One [pause 900ms] two.", response_format="wav", studio={"marks": False}).content
    assert read_aloud != speak("One [pause 900ms] two.", response_format="wav").content
    loud = speak("Hello.", response_format="wav", studio={"polish": "podcast"}).content
    assert loud != speak("Hello.", response_format="wav").content


def test_bytes_come_before_the_whole_is_rendered(api: httpx.Client, home: Studio) -> None:
    body = {"model": "espeak", "input": LONG[:4000], "voice": "seed:4242", "response_format": "pcm"}
    with api.stream("POST", SPEECH, json=body) as answer:
        pieces = answer.iter_raw()
        next(pieces)
        digest = answer.headers["x-recipe"]
        running = [one for one in home._performances.values() if one.plan.digest == digest]
        assert not running[0].over
        assert sum(map(len, pieces)) > 1_000_000


def test_events_carry_the_sound_and_the_words(speak: Ask, tmp_path: Any) -> None:
    answer = speak(stream_format="sse", response_format="wav", studio={"timestamps": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(line.removeprefix("data: ")) for line in answer.text.split("\n\n") if line]
    kinds = [one["type"] for one in events]
    assert kinds[-2:] == ["studio.words", "speech.audio.done"]
    assert set(kinds[:-2]) == {"speech.audio.delta"}
    sound = b"".join(base64.b64decode(one["audio"]) for one in events if one["type"] == "speech.audio.delta")
    assert sound == speak(response_format="wav").content
    assert [word["text"].strip(",.") for word in events[-2]["words"]] == ["Hello", "there", "my", "friend"]
    assert events[-1]["usage"]["input_tokens"] == len("Hello there, my friend.")


REFUSED = {
    "an unknown field": ({"foo": 1}, "foo"),
    "an unknown extension": ({"studio": {"bar": 1}}, "studio.bar"),
    "an unknown voice": ({"voice": "nobody at all"}, "voice"),
    "an id that is none": ({"voice": {"id": "0123456789abcdef"}}, "voice"),
    "a path as a voice": ({"voice": "../../etc/passwd"}, "voice"),
    "an unknown format": ({"response_format": "midi"}, "response_format"),
    "a speed out of range": ({"speed": 4.1}, "speed"),
    "a speed that is no number": ({"speed": "fast"}, "speed"),
    "instructions": ({"instructions": "Be cheerful."}, "instructions"),
    "a control out of range": ({"studio": {"controls": {"pitch": 99}}}, "controls.pitch"),
    "a control that is not there": ({"studio": {"controls": {"colour": 1}}}, "controls.colour"),
    "a control of another type": ({"studio": {"controls": {"pitch": {"a": 1}}}}, None),
    "speed twice": ({"speed": 2, "studio": {"controls": {"speed": 2}}}, "speed"),
    "a style that is not there": ({"studio": {"style": "nostyle"}}, None),
    "a step that is not there": ({"studio": {"steps": {"nostep": True}}}, "steps.nostep"),
    "words without events": ({"studio": {"timestamps": True}}, "studio.timestamps"),
    "an empty text": ({"input": ""}, "input"),
    "nothing to say": ({"input": " …"}, None),
    "a mark that does not close": ({"input": "[emotion happy]oh"}, None),
    "too long a text": ({"input": "a" * 4097}, "input"),
    "a null byte as voice": ({"voice": "a\x00b"}, "voice"),
    "a language that is none": ({"studio": {"language": "xx-nonsense"}}, "studio.language"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_named_and_never_ignored(speak: Ask, case: str) -> None:
    change, param = REFUSED[case]
    error = refusal(speak(**({"text": change.pop("input")} | change if "input" in change else change)))
    assert error["type"] == "invalid_request_error"
    if param:
        assert error["param"] == param


def test_an_unknown_model_is_404_and_one_without_weights_503(speak: Ask) -> None:
    error = refusal(speak(model="nomodel"), 404)
    assert (error["param"], error["code"]) == ("model", "model_not_found")
    assert "espeak" in error["message"]
    missing = refusal(speak(model="chattts"), 503)
    assert "models install chattts" in missing["message"]


def test_messages_come_in_the_readers_language(api: httpx.Client) -> None:
    body = {"model": "nomodel", "input": "x", "voice": "alloy"}
    answer = api.post(SPEECH, json=body, headers={"accept-language": "zh-CN,zh;q=0.9"})
    assert "可选" in refusal(answer, 404)["message"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1,2", b"null", b'"x"', b"\xff\xfe{}", b"\x00" * 50, b'{"model": "\xc3\x28"}', b"{}" * 3]
)
def test_a_body_that_is_no_request_is_400(api: httpx.Client, body: bytes) -> None:
    refusal(api.post(SPEECH, content=body, headers={"content-type": "application/json"}))


def test_another_content_type_is_400(api: httpx.Client) -> None:
    refusal(api.post(SPEECH, content=b"model=espeak", headers={"content-type": "application/x-www-form-urlencoded"}))


def test_a_body_of_100_mb_is_413_before_it_is_read(api: httpx.Client) -> None:
    def flood() -> Any:
        for _ in range(100):
            yield b"x" * (1 << 20)

    for body in (flood(), b"x" * (2 << 20)):
        error = refusal(api.post(SPEECH, content=body, headers={"content-type": "application/json"}), 413)
        assert error["code"] == "request_too_large"


def test_a_client_that_leaves_stops_the_work(api: httpx.Client, home: Studio) -> None:
    body = {"model": "espeak", "input": LONG[:4000], "voice": "seed:31337", "response_format": "wav"}
    with api.stream("POST", SPEECH, json=body | {"speed": 0.3}) as answer:
        next(answer.iter_raw())
        digest = answer.headers["x-recipe"]
    job = next(one for one in home._performances.values() if one.plan.digest == digest)
    until = time.monotonic() + 20
    while not job.over and time.monotonic() < until:
        time.sleep(0.05)
    assert job.over
    time.sleep(0.2)
    assert "\ntimbre_requests_at_work 0.0" in api.get("/metrics").text


def test_clients_that_leave_at_once_take_no_turn_along(tmp_path: Path) -> None:
    """Also one that is gone before the first piece of its answer: its turn comes back."""
    body = json.dumps({"model": "espeak", "input": LONG[:3900], "voice": "f2"}).encode()
    lines = f"POST {SPEECH} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"
    head = "\r\n".join((*lines, f"Content-Length: {len(body)}", "", ""))
    with Studio(tmp_path) as studio, server(studio, ApiSettings(running=2, waiting=100)) as api:
        for n in range(12):
            with socket.create_connection((api.base_url.host, api.base_url.port or 80), 10) as line:
                line.sendall(head.encode() + body)
                time.sleep(0.004 * n)
        answer = api.post(SPEECH, json={"model": "espeak", "input": "Still there?", "voice": "f2"})
        assert answer.status_code == 200
        until = time.monotonic() + 20
        while "\ntimbre_requests_at_work 0.0" not in api.get("/metrics").text and time.monotonic() < until:
            time.sleep(0.05)
        assert "\ntimbre_requests_at_work 0.0" in api.get("/metrics").text


def test_many_at_once_are_answered_or_told_to_wait(url: str) -> None:
    """A hundred threads at once, three requests each: 200 or 429, nothing else, and the server still works."""
    seen: dict[int, int] = {}
    lock = threading.Lock()

    def ask() -> None:
        with httpx.Client(base_url=url, timeout=120, trust_env=False) as mine:
            for _ in range(3):
                answer = mine.post(SPEECH, json={"model": "espeak", "input": "Hi.", "voice": "alloy"})
                if answer.status_code == 429:
                    assert int(answer.headers["retry-after"]) > 0
                with lock:
                    seen[answer.status_code] = seen.get(answer.status_code, 0) + 1

    threads = [threading.Thread(target=ask) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(seen.values()) == 300
    assert set(seen) <= {200, 429}
    assert seen[200] > 60


def test_the_numbers_count(api: httpx.Client, speak: Ask) -> None:
    def number(name: str) -> float:
        line = next(line for line in api.get("/metrics").text.splitlines() if line.startswith(f"{name} "))
        return float(line.split()[-1])

    speak("A sentence that was never said before now.")
    before, hits = number("timbre_audio_seconds_total"), number("timbre_cache_hits_total")
    time.sleep(0.05)
    speak("A sentence that was never said before now.")
    assert number("timbre_audio_seconds_total") > before + 0.5
    assert number("timbre_cache_hits_total") == hits + 1
    assert number("timbre_real_time_factor") < 1
    assert api.get("/healthz").text == "ok\n"
    assert api.get("/readyz").status_code == 200
