"""Our own routes: live sound, takes, downloads, uploads."""

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import numpy as np
import pytest
import soundfile

from studio.studio import SpeakRequest, Studio
from studio.ui.headers import named
from studio.ui.uploads import plain_name


def test_a_performance_is_heard_as_pcm_with_its_rate(client: httpx.Client, studio: Studio) -> None:
    job = studio.speak(SpeakRequest("One two three, live."))
    with client.stream("GET", f"/stream/{job.id}.pcm") as answer:
        rate = int(answer.headers["x-sample-rate"])
        sound = np.frombuffer(b"".join(answer.iter_bytes()), "<i2")
    take = job.wait(30)
    assert rate == take.rate
    assert len(sound) == take.frames
    assert np.abs(sound).max() > 1000


def test_a_take_plays_in_ranges(client: httpx.Client, take: dict[str, Any]) -> None:
    whole = client.get(f"/takes/{take['digest']}.flac")
    assert whole.headers["content-type"] == "audio/flac"
    assert whole.content[:4] == b"fLaC"
    part = client.get(f"/takes/{take['digest']}.flac", headers={"range": "bytes=4-103"})
    assert part.status_code == 206
    assert part.content == whole.content[4:104]


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "opus", "m4a", "m4b"])
def test_a_download_in_every_format_says_what_it_is(
    client: httpx.Client, take: dict[str, Any], studio: Studio, tmp_path: Path, ending: str
) -> None:
    answer = client.get(f"/takes/{take['digest']}.{ending}?download=1")
    assert answer.status_code == 200, answer.text
    name = unquote(answer.headers["content-disposition"].rpartition("UTF-8''")[2])
    assert name.startswith("你好")
    assert name.endswith("." + ending)
    path = tmp_path / name
    path.write_bytes(answer.content)
    found = studio.inspect(path)
    assert found.synthetic
    assert found.digest == take["digest"]
    assert found.engine == "espeak"
    deadline = time.monotonic() + 5  # the file goes once the answer is out
    while left := list(studio.folder.path.glob("export-*")):
        assert time.monotonic() < deadline, left
        time.sleep(0.02)


def test_a_wav_has_the_sound_of_the_take(client: httpx.Client, take: dict[str, Any], studio: Studio) -> None:
    samples, rate = soundfile.read(io.BytesIO(client.get(f"/takes/{take['digest']}.wav?download=1").content))
    kept = studio.takes.get(take["digest"])
    assert (rate, len(samples)) == (kept.rate, kept.frames)


def test_peaks_are_loudness_over_time(client: httpx.Client, take: dict[str, Any]) -> None:
    peaks = client.get(f"/takes/{take['digest']}/peaks.json").json()["peaks"]
    assert 100 < len(peaks) <= 800
    assert 0.05 < max(peaks) <= 1.0
    assert min(peaks) >= 0


@pytest.mark.parametrize(
    "path",
    [
        "/stream/unknown.pcm",
        "/takes/abc.wav",
        f"/takes/{'0' * 64}.wav?download=1",
        f"/takes/{'0' * 64}.flac",
        "/takes/..%2f..%2fstudio.wav",
        "/takes/abc/peaks.json",
        f"/takes/{'0' * 64}/peaks.json",
        "/productions/none/file",
        "/productions/..%2f..%2fx/file",
    ],
)
def test_what_is_unknown_is_refused(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in (404, 400)


def test_an_unknown_format_names_the_known_ones(client: httpx.Client, take: dict[str, Any]) -> None:
    answer = client.get(f"/takes/{take['digest']}.exe?download=1")
    assert answer.status_code == 404
    assert "mp3" in answer.json()["error"]["text"]


def test_a_beginning_of_a_digest_is_not_enough(client: httpx.Client, take: dict[str, Any]) -> None:
    assert client.get(f"/takes/{take['digest'][:12]}.flac").status_code == 404


def test_an_upload_is_found_by_its_ticket_alone(client: httpx.Client, ask: Callable[..., Any], text_file: Path) -> None:
    answer = client.post("/manuscripts", params={"name": "../../故事 one.txt"}, content=text_file.read_bytes())
    ticket = answer.json()["ok"]["upload"]
    found = ask("look_at", {"upload": ticket})["ok"]
    assert found["facts"].startswith("故事 one.txt")
    assert len(found["chapters"]) == 2
    for wrong in ("0" * 32, "../" + ticket, str(text_file), "", ticket[:-1]):
        assert ask("look_at", {"upload": wrong})["error"]["code"] == "not_found"
    assert ask("look_at", {"example": "../../app.py"})["error"]["code"] == "not_found"


def test_too_large_an_upload_leaves_nothing(
    client: httpx.Client, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.ui.uploads.LARGEST", {"uploads": 1000, "recordings": 1000})
    before = set((studio.folder.path / "uploads").glob("*"))
    answer = client.post("/manuscripts?name=a.txt", content=b"x" * 5000)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_file"
    assert set((studio.folder.path / "uploads").glob("*")) == before


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a.txt", "a.txt"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\b.md", "b.md"),
        ("", "text.txt"),
        ("...", "text.txt"),
        ("x\0y\n.txt", "xy.txt"),
        ("故事.txt", "故事.txt"),
    ],
)
def test_plain_name(given: str, kept: str) -> None:
    assert plain_name(given) == kept


def test_a_name_in_any_script_fits_a_header() -> None:
    header = named('第一章 "x".wav')
    header.encode("latin-1")
    assert "filename*=UTF-8''%E7%AC%AC" in header
    assert '"x"' not in header.split(";")[1][11:]
