"""A recording, and a take of another engine, said again in another voice: through the facade and the command line."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from studio.audio.clip import Samples
from studio.errors import BadFile, BadRequest, Cancelled
from studio.production.piecewise import LONGEST_S, pieces
from studio.studio import SpeakRequest, Studio

from ..warm import Run

HERE = Path(__file__).parents[1]
SOURCE = HERE / "parity" / "cosyvoice" / "common" / "source_1s2_22k.wav"


@pytest.fixture(scope="module")
def studio(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("home"), models=models) as opened:
        yield opened


def test_a_recording_is_said_in_another_voice(studio: Studio, tmp_path: Path) -> None:
    made = studio.revoice(SOURCE, tmp_path / "out.flac", "cosyvoice2", "guide-zh").wait(60)
    facts = soundfile.info(tmp_path / "out.flac")
    assert facts.samplerate == made.rate == 24_000
    assert facts.duration == pytest.approx(made.seconds, abs=0.01) == pytest.approx(1.2, abs=0.1)
    inspected = studio.inspect(tmp_path / "out.flac")
    assert inspected.digest == made.digest
    again = studio.revoice(SOURCE, tmp_path / "again.flac", "cosyvoice2", "guide-zh").wait(60)
    other = studio.revoice(SOURCE, tmp_path / "other.flac", "cosyvoice2", "guide-en").wait(60)
    assert again.digest == made.digest != other.digest


def test_a_take_of_another_engine_is_said_in_another_voice(studio: Studio, tmp_path: Path) -> None:
    take = studio.speak(SpeakRequest("今天的天气真不错，我们一起去公园散步吧。", engine="espeak")).wait(60)
    made = studio.revoice(f"take:{take.digest}", tmp_path / "out.wav", "cosyvoice2", "guide-zh").wait(60)
    assert made.seconds == pytest.approx(take.seconds, abs=0.2)


def test_what_cannot_be_is_refused_and_nothing_is_written(studio: Studio, tmp_path: Path) -> None:
    target = tmp_path / "out.wav"
    with pytest.raises(BadRequest, match=r"espeak cannot change.*cosyvoice2"):
        studio.revoice(SOURCE, target, "espeak")
    with pytest.raises(BadFile, match="no such file"):
        studio.revoice(tmp_path / "none.wav", target, "cosyvoice2")
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(BadFile):
        studio.revoice(tmp_path / "text.wav", target, "cosyvoice2")
    assert not target.exists()


def test_from_the_command_line(timbre: Run, models: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.mp3"
    options = ("-o", target, "-v", "guide-en", "-c", "steps=4", "--json")
    done = timbre("--models", models, "voices", "convert", SOURCE, *options)
    assert json.loads(done.stdout)["voice"] == "guide-en"
    assert target.stat().st_size > 5_000


def test_every_mode_from_the_command_line(timbre: Run, models: Path, tmp_path: Path) -> None:
    found = set()
    for name, extra in {
        "clip": [],
        "voice": ["--mode", "cross_lingual"],
        "dialect": ["-c", "direction=sichuan"],
        "told": ["-c", "instruction=很慢很轻"],
    }.items():
        target = tmp_path / f"{name}.wav"
        said = ("今天天气真不错。", "-e", "cosyvoice2", "-c", "endless=keep", "-o", target, *extra)
        timbre("--models", models, "speak", *said)
        found.add(target.read_bytes())
    assert len(found) == 4
    assert "mode sing" in timbre("--models", models, "speak", *said, "--mode", "sing", code=2).stderr


def test_a_text_is_said_while_it_is_being_written(studio: Studio) -> None:
    controls = {"temperature": 2.0, "top_p": 1.0, "top_k": 200, "max_ratio": 20.0}
    request = SpeakRequest("", engine="cosyvoice2", voice="guide-zh", controls=controls)
    rate, sound = studio.follow(iter(["今天的天气真不错，", "我们一起去", "公园散步吧。"]), request)
    assert rate == 24_000
    assert sum(len(samples) for samples in sound) > 5_000
    with pytest.raises(BadRequest, match="has to know the whole text"):
        studio.follow(["你好"], SpeakRequest("", engine="espeak"))


def test_an_hour_is_cut_where_it_is_quiet_and_nothing_is_lost() -> None:
    """Sentences of 3 to 9 s with pauses; never more than one piece is held."""
    rate, random = 8000, np.random.default_rng(5)
    noise = (random.standard_normal(9 * rate) * 0.1).astype(np.float32)
    lengths, came, went, longest = random.integers(3 * rate, 9 * rate, 600), hashlib.sha256(), hashlib.sha256(), 0

    def sentences() -> Iterator[Samples]:
        for length in lengths:
            for block in (noise[:length], np.zeros(rate // 2, np.float32)):
                came.update(block.tobytes())
                yield block

    for piece in pieces(sentences(), rate):
        went.update(piece.tobytes())
        longest = max(longest, len(piece))
        assert not piece[-100:].any(), "cut inside a pause"
    assert came.digest() == went.digest()
    assert 9 * rate < longest <= LONGEST_S * rate


def test_a_long_recording_is_converted_whole_and_keeps_its_length(studio: Studio, tmp_path: Path) -> None:
    sentence = "The old clock in the hall struck nine, and nobody had wound it for years; and yet it went on and on."
    take = studio.speak(SpeakRequest("\n\n".join([sentence] * 10), voice="f2")).wait(60)
    said = studio.cache.load(take.digest).samples
    assert take.seconds > 65
    job = studio.revoice(f"take:{take.digest}", tmp_path / "long.wav", "cosyvoice2", "guide-zh", {"steps": 2})
    made = job.wait(120)
    assert job.progress == pytest.approx(1, abs=0.01)
    again, rate = soundfile.read(tmp_path / "long.wav", dtype="float32")
    assert (rate, made.seconds) == (24_000, pytest.approx(take.seconds, abs=0.001))
    first = next(pieces([said], take.rate))
    alone = tmp_path / "first.wav"
    soundfile.write(alone, first, take.rate, "PCM_16")
    studio.revoice(alone, tmp_path / "short.wav", "cosyvoice2", "guide-zh", {"steps": 2}).wait(60)
    short = soundfile.read(tmp_path / "short.wav", dtype="float32")[0]
    assert np.array_equal(again[: len(short) - rate // 10], short[: -rate // 10]), "a piece depends on itself alone"


def test_a_conversion_is_stopped_and_leaves_nothing(studio: Studio, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "noise.wav", np.random.default_rng(1).standard_normal(16_000 * 60) * 0.1, 16_000)
    job = studio.revoice(tmp_path / "noise.wav", tmp_path / "out.wav", "cosyvoice2", "guide-zh")
    job.stop()
    with pytest.raises(Cancelled):
        job.wait(60)
    soundfile.write(tmp_path / "still.wav", np.zeros(16_000 * 2), 16_000)
    with pytest.raises(BadFile, match="silent"):
        studio.revoice(tmp_path / "still.wav", tmp_path / "out.wav", "cosyvoice2", "guide-zh").wait(60)
    assert not (tmp_path / "out.wav").exists()
