"""The server around the routes: keys, rates, other sites, slow senders, start, the OpenAPI document, real clients."""

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from studio.api.settings import ApiSettings, from_environment
from studio.errors import BadRequest
from studio.studio import Studio
from studio.ui.options import read_options

from ..warm import Run
from .conftest import SENSEVOICE, SPEECH, server
from .test_speech import refusal

ROOT = Path(__file__).parents[2]
HELLO = {"model": "espeak", "input": "Hello.", "voice": "alloy"}


# keys


def test_a_key_opens_what_is_closed_without_one(tmp_path: Path) -> None:
    with Studio(tmp_path) as studio:
        key, secret = studio.keys.add("phone")
        with server(studio, ApiSettings(keys=True)) as api:
            error = refusal(api.post(SPEECH, json=HELLO), 401)
            assert error["code"] == "invalid_api_key"
            assert "keys add" in error["message"]
            for wrong in ("Bearer nonsense", "Bearer", "Basic abc", secret):
                assert api.post(SPEECH, json=HELLO, headers={"authorization": wrong}).status_code == 401
            mine = {"authorization": f"Bearer {secret}"}
            assert api.post(SPEECH, json=HELLO, headers=mine).status_code == 200
            assert api.get("/v1/models").status_code == 401
            assert api.get("/metrics").status_code == 401
            assert api.get("/healthz").status_code == 200
            studio.keys.revoke(key.id)
            time.sleep(5.2)  # for which a key is remembered
            assert api.post(SPEECH, json=HELLO, headers=mine).status_code == 401


def test_a_key_may_ask_so_often_a_minute(tmp_path: Path) -> None:
    with Studio(tmp_path) as studio, server(studio, ApiSettings(per_minute=3)) as api:
        assert [api.get("/v1/models").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        limited = api.get("/v1/models")
        assert 0 < int(limited.headers["retry-after"]) <= 60
        assert refusal(limited, 429)["code"] == "rate_limit_exceeded"


def test_a_login_of_the_page_closes_the_api_too(tmp_path: Path) -> None:
    with Studio(tmp_path) as studio, server(studio, ApiSettings(keys=True), login=("me", "secret")) as api:
        assert api.get("/v1/models").status_code == 401
        assert api.get("/v1/models", auth=("me", "wrong")).status_code == 401
        assert api.get("/v1/models", auth=("me", "secret")).status_code == 200


def run(*arguments: str, home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TIMBRE_")}
    environment |= {"TIMBRE_HOME": str(home), "TIMBRE_LANGUAGE": "en", **more}
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )


def test_on_another_address_it_starts_only_with_a_key_or_when_told(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    refused = run("app.py", "--host", "0.0.0.0", "--port", port, "--api-only", home=tmp_path)
    assert refused.returncode == 2
    assert "keys add" in refused.stderr
    assert "--insecure" in refused.stderr
    for add_key, more in ((True, ()), (False, ("--insecure",))):
        home = tmp_path / str(add_key)
        if add_key:
            made = run("-m", "studio", "keys", "add", "test", home=home)
            assert made.stdout.startswith("ts-")
        code = run_briefly(home, port, *more)
        assert code == (401 if add_key else 200)


def run_briefly(home: Path, port: str, *more: str) -> int:
    """What `/v1/models` answers on a server that is started for it."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("TIMBRE_")} | {"TIMBRE_HOME": str(home)}
    command = [sys.executable, "app.py", "--host", "0.0.0.0", "--port", port, "--api-only", *more]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                return httpx.get(f"http://127.0.0.1:{port}/v1/models", trust_env=False).status_code
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError("it did not start")
    finally:
        process.terminate()
        process.wait(20)


def test_keys_are_listed_and_revoked_on_the_command_line(timbre: Run) -> None:
    secret = timbre("keys", "add", "phone").stdout.strip()
    (key,) = json.loads(timbre("keys", "--json").stdout)
    assert (key["name"], key["revoked"]) == ("phone", None)
    assert secret not in json.dumps(key)
    assert timbre("keys", "revoke", key["id"]).stdout == "phone\n"
    assert "revoked" in timbre("keys").stdout
    timbre("keys", "revoke", "nobody", code=2)


def test_settings_come_from_the_environment_and_wrong_ones_are_named() -> None:
    found = from_environment({"TIMBRE_API_CHARACTERS": "99", "TIMBRE_API_ORIGINS": "https://a.b, https://c.d"})
    assert (found.characters, found.origins) == (99, ("https://a.b", "https://c.d"))
    with pytest.raises(BadRequest, match="TIMBRE_API_RUNNING “none”"):
        from_environment({"TIMBRE_API_RUNNING": "none"})
    options = read_options(["--api-only", "--host", "192.0.2.1"], {})
    assert options.api_only
    assert not options.local
    assert not read_options(["--host", "127.0.0.2"], {}).insecure


# other sites, slow senders, limits


def test_a_page_of_another_site_may_not_ask_unless_it_is_allowed(api: httpx.Client) -> None:
    strange = {"origin": "https://evil.example"}
    assert api.post(SPEECH, json=HELLO, headers=strange).status_code == 403
    answer = api.post(SPEECH, json=HELLO, headers={"origin": "https://app.example"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    assert "access-control-allow-origin" not in api.options(SPEECH, headers=asked).headers


def test_another_host_name_is_refused(api: httpx.Client) -> None:
    assert api.get("/v1/models", headers={"host": "rebound.example"}).status_code == 400


def test_a_request_that_comes_too_slowly_is_ended(tmp_path: Path) -> None:
    with Studio(tmp_path) as studio, server(studio, ApiSettings(patience_s=1.0)) as api:
        with socket.create_connection((api.base_url.host, api.base_url.port or 80), 10) as line:
            head = f"POST {SPEECH} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", "Content-Length: 99"
            line.sendall("\r\n".join((*head, "", "{")).encode())
            answer = line.recv(4096).decode()
        assert " 408 " in answer.splitlines()[0]
        assert api.post(SPEECH, json=HELLO).status_code == 200


def test_a_full_queue_says_when_to_come_again(tmp_path: Path) -> None:
    long = "The small boat finds the river map. " * 100
    with Studio(tmp_path) as studio, server(studio, ApiSettings(running=1, waiting=1)) as api:
        found: list[int] = []

        def ask(seed: int) -> None:
            with httpx.Client(base_url=api.base_url, timeout=60, trust_env=False) as mine:
                body = HELLO | {"input": long[:3500], "voice": f"seed:{seed}", "response_format": "mp3"}
                answer = mine.post(SPEECH, json=body)
                found.append(answer.status_code)
                if answer.status_code == 429:
                    assert answer.headers["retry-after"] == "2"
                    assert answer.json()["error"]["code"] == "queue_full"

        threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(found) == {200, 429}


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/../etc/passwd", "/v1/models/..%2f..", "/v1/productions/../x"])
def test_what_is_not_there_is_404(api: httpx.Client, path: str) -> None:
    assert api.get(path).status_code == 404


def test_another_method_is_405_in_our_shape(api: httpx.Client) -> None:
    refusal(api.get(SPEECH), 405)


# the document, and clients that others have written


def test_the_document_describes_what_is_there(api: httpx.Client) -> None:
    document = api.get("/v1/openapi.json").json()
    assert {SPEECH, "/v1/audio/transcriptions", "/v1/audio/voices", "/v1/productions", "/v1/capabilities"} <= set(
        document["paths"]
    )
    fields = document["components"]["schemas"]["SpeechRequest"]
    assert fields["additionalProperties"] is False
    assert fields["properties"]["speed"]["minimum"] == 0.25
    assert "422" not in json.dumps(document["paths"])


def test_schemathesis_finds_nothing_that_breaks(url: str, tmp_path: Path) -> None:
    """Requests made up from the document, and ones that break it: none may end in a 5xx but 503 with its reason."""
    command = [
        *(str(Path(sys.executable).parent / "schemathesis"), "run", f"{url}/v1/openapi.json"),
        *("--checks", "not_a_server_error", "--max-examples", "12", "--seed", "7", "--no-color"),
        *("--exclude-path-regex", "resume|events", "--suppress-health-check", "all", "--workers", "2"),
        *("--phases", "examples,coverage,fuzzing", "--request-timeout", "30"),
    ]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.api.hooks", "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-4000:]


def test_the_openai_package_gets_all_it_asks_for(url: str, tmp_path: Path) -> None:
    from openai import BadRequestError, OpenAI

    client = OpenAI(base_url=f"{url}/v1", api_key="none", http_client=httpx.Client(trust_env=False))
    assert "espeak" in [model.id for model in client.models.list()]
    for format in ("mp3", "opus", "aac", "flac", "wav", "pcm"):
        speech = client.audio.speech.create(model="tts-1", voice="nova", input="Hello there.", response_format=format)  # type: ignore[arg-type]
        assert len(speech.content) > 2000
    with client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="alloy", input="Hello there, my friend."
    ) as answer:
        answer.stream_to_file(tmp_path / "x.mp3")
    assert (tmp_path / "x.mp3").stat().st_size > 5000
    with pytest.raises(BadRequestError) as wrong:
        client.audio.speech.create(model="tts-1", voice="nova", input="Hello.", instructions="Cheerfully.")
    assert wrong.value.param == "instructions"
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input="Hello there.", stream_format="sse"
    ) as events:
        kinds = [json.loads(line[6:])["type"] for line in events.iter_lines() if line]
    assert kinds[-1] == "speech.audio.done"
    with (SENSEVOICE / "audio" / "b_cross_1.wav").open("rb") as sound:
        heard = client.audio.transcriptions.create(
            model="whisper-1", file=sound, response_format="verbose_json", timestamp_granularities=["word", "segment"]
        )
    assert heard.text == "The old clock repeats her first song."
    assert heard.words is not None
    assert [word.word for word in heard.words][:2] == ["The", "old"]
    assert heard.segments is not None
    assert heard.segments[0].start < 0.2


def test_curl_is_enough(url: str, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl here; the other clients ask the same")
    out = tmp_path / "x.mp3"
    asked = ["-H", "content-type: application/json", "-d", json.dumps(HELLO), "-o", str(out)]
    done = subprocess.run(["curl", "-sf", "--noproxy", "*", f"{url}{SPEECH}", *asked], check=False)
    assert done.returncode == 0
    assert out.stat().st_size > 2000


def test_a_request_that_breaks_off_leaves_the_server_well(api: httpx.Client) -> None:
    for body in (b"", b'{"model": "espeak", '):
        with socket.create_connection((api.base_url.host, api.base_url.port or 80), 10) as line:
            head = f"POST {SPEECH} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json", "Content-Length: 500"
            line.sendall("\r\n".join((*head, "", "")).encode() + body)
    time.sleep(0.2)
    assert api.post(SPEECH, json=HELLO).status_code == 200
    assert 'status="500"' not in api.get("/metrics").text
