"""Speaking, end to end with the embedded engine: planned, heard while it is made, kept, replayed, stopped."""

import os
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from studio.engines.espeak.process import SCRIPT
from studio.errors import BadControl, BadRequest, BadText, Cancelled, EngineFailed, NotFound
from studio.studio import SpeakRequest, Studio

BOTH = "你好，世界。Hello from Timbre Studio!"


def spoken(studio, text=BOTH, **fields):
    return studio.speak(SpeakRequest(text, **fields)).wait(60)


def pcm(performance) -> np.ndarray:
    return np.frombuffer(b"".join(performance.pcm()), "<i2")


def test_both_languages_are_heard_and_kept_as_one_take(studio):
    performance = studio.speak(SpeakRequest(BOTH))
    heard = pcm(performance)
    take = performance.wait(10)
    assert 2.0 < take.seconds < 7.0
    assert len(heard) == take.frames
    assert np.abs(heard).max() > 3000
    assert take.lufs is not None
    assert -35 < take.lufs < -8
    assert {line.language for line in performance.plan.lines} <= {"zh", "en"}
    kept = studio.cache.load(take.digest).samples
    assert np.max(np.abs(kept - heard / 32768)) < 1e-3


def test_the_same_request_costs_nothing_the_second_time(studio):
    first = spoken(studio)
    studio._engines.unload_all()
    started = time.perf_counter()
    again = studio.speak(SpeakRequest(BOTH))
    assert again.wait(5).digest == first.digest
    assert time.perf_counter() - started < 0.5
    assert len(pcm(again)) == first.frames


def test_another_seed_of_the_reading_is_another_take(studio):
    assert spoken(studio, seed=1).digest != spoken(studio, seed=2).digest


def test_lines_are_shared_between_readings(studio):
    """A sentence rendered in one text is not rendered again in another."""
    spoken(studio, "春眠不觉晓。[pause 400ms]处处闻啼鸟。")
    performance = studio.speak(SpeakRequest("处处闻啼鸟。[pause 400ms]春眠不觉晓。"))
    performance.wait(30)
    pieces = list(studio._renderer.lines(performance.plan.lines, performance.stopping))
    assert all(piece.cached for piece in pieces)


def test_a_pause_is_exact(studio):
    performance = studio.speak(SpeakRequest("One.[pause 1234ms]Two."))
    performance.wait(30)
    first, second = performance.placed
    assert second.start - first.end == round(1.234 * performance.rate)


def test_word_times_lie_in_the_take_and_in_order(studio):
    take = spoken(studio, "The quick brown fox jumps over the lazy dog. It was a fine day.")
    words = studio.takes.details(take.digest).words
    starts = [start for _, start, _ in words]
    assert len(words) >= 10
    assert starts == sorted(starts)
    assert all(0 <= start <= end <= take.seconds + 0.01 for _, start, end in words)


def test_late_and_early_listeners_hear_the_same(studio):
    performance = studio.speak(SpeakRequest(BOTH * 5))
    early: list[np.ndarray] = []
    thread = threading.Thread(target=lambda: early.append(pcm(performance)))
    thread.start()
    performance.wait(60)
    thread.join()
    assert np.array_equal(early[0], pcm(performance))


def test_stop_ends_within_a_step_and_keeps_no_reading(studio):
    performance = studio.speak(SpeakRequest("This is a rather long sentence that goes on. " * 200))
    next(performance.pcm())
    performance.stop()
    with pytest.raises(Cancelled):
        performance.wait(5)
    assert studio.cache.get(performance.plan.digest) is None
    with pytest.raises(Cancelled):
        pcm(performance)


def test_an_engine_that_dies_is_noticed_or_replaced_and_the_next_one_works(studio):
    """Killed between two utterances the worker is replaced and nothing is lost; killed within one, it is said."""
    text = "This sentence may not be finished, for its engine dies. " * 150
    performance = studio.speak(SpeakRequest(text))
    next(performance.pcm())
    killed = [child for child in children() if bytes(SCRIPT) in Path(f"/proc/{child}/cmdline").read_bytes()]
    assert killed
    for child in killed:
        os.kill(child, signal.SIGKILL)
    with suppress(EngineFailed):
        assert len(pcm(performance)) == performance.wait(20).frames
    assert spoken(studio, "And yet it speaks.").seconds > 0.5
    assert spoken(studio, text).seconds > 300


def children() -> list[int]:
    """Every process that any thread of this one started."""
    return [int(word) for path in Path("/proc/self/task").glob("*/children") for word in path.read_text().split()]


def test_polish_reaches_its_target_and_leaves_the_plain_lines_alone(studio):
    plain, polished = spoken(studio, BOTH * 3), spoken(studio, BOTH * 3, polish="podcast")
    assert polished.digest != plain.digest
    assert polished.lufs == pytest.approx(-16, abs=1.0)
    assert studio.cache.get(plain.digest) is not None


def test_a_style_sets_controls_and_a_control_goes_over_it(studio):
    studio.keep_style("slowly", "espeak", {"speed": 0.7})
    slow, plain = spoken(studio, style="slowly"), spoken(studio)
    assert slow.seconds > plain.seconds * 1.15
    over = studio.plan(SpeakRequest(BOTH, style="slowly", controls={"speed": 1.0}))
    assert dict(over.lines[0].recipe.controls)["speed"] == 1.0


def test_a_library_voice_is_used_and_counted(studio):
    voice = studio.keeping.seed("espeak", 2222, "晚风")
    assert spoken(studio, voice="晚风").voice_id == voice.id
    assert studio.voices.get("晚风").uses == 1
    assert spoken(studio, voice="seed:2222").seconds == pytest.approx(spoken(studio, voice="晚风").seconds)


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"text": ""}, BadText, "nothing"),
        ({"text": " \n "}, BadText, "nothing"),
        ({"text": "[laugh]"}, BadText, "nothing"),
        ({"text": "。。。！"}, BadText, "nothing"),
        ({"text": "好" * 10_001}, BadText, "10,000"),
        ({"text": "[emotion happy]no end"}, BadText, "emotion"),
        ({"engine": "espeek"}, NotFound, "espeak"),
        ({"voice": "nobody at all"}, NotFound, "no such voice"),
        ({"voice": "seed:-4"}, BadRequest, "whole number"),
        ({"voice": "seed:abc"}, BadRequest, "whole number"),
        ({"style": "no such style"}, NotFound, "style"),
        ({"controls": {"speed": 99}}, BadControl, "0.5 to"),
        ({"controls": {"sped": 1}}, BadControl, "no such control"),
        ({"polish": "shiny"}, BadRequest, "shiny"),
        ({"language": "xx-nothing"}, BadRequest, "xx-nothing"),
    ],
    ids=str,
)
def test_bad_requests_are_refused_in_both_languages(studio, fields, error, words):
    with pytest.raises(error) as raised:
        studio.speak(SpeakRequest(**{"text": BOTH, **fields})).wait(20)
    assert words in raised.value.text("en")
    assert any("\u4e00" <= c <= "\u9fff" for c in raised.value.text("zh"))


def test_ten_megabytes_of_text_are_refused_quickly(studio):
    started = time.perf_counter()
    with pytest.raises(BadText):
        studio.plan(SpeakRequest("字" * 10_000_000))
    assert time.perf_counter() - started < 2


def test_the_report_names_every_mark(studio):
    notes = studio.plan(SpeakRequest("Hi [laugh] there [wobble]. [strong]Now[/strong].")).notes
    assert {note.mark: str(note.how) for note in notes}["[wobble]"] == "unknown"
    assert {"[laugh]", "[strong]"} <= {note.mark for note in notes}


def test_two_performances_at_once_are_both_right(studio):
    alone = [spoken(studio, text).digest for text in ("First of two.", "第二个。")]
    studio.takes.delete(alone)
    both = [studio.speak(SpeakRequest(text, seed=7)) for text in ("First of two.", "第二个。")]
    assert [performance.wait(30).seconds > 0.4 for performance in both] == [True, True]


def test_another_database_is_used_where_the_environment_names_one(tmp_path, monkeypatch):
    """The voices are then kept there, and the data folder has no database of its own."""
    elsewhere = tmp_path / "elsewhere.db"
    monkeypatch.setenv("TIMBRE_DATABASE_URL", f"sqlite:///{elsewhere}")
    with Studio(tmp_path / "data") as studio:
        studio.keeping.seed("espeak", 5, "Kept elsewhere")
    assert elsewhere.exists()
    assert not (tmp_path / "data" / "studio.db").exists()


def test_an_engine_warmed_at_the_start_is_loaded_and_a_wrong_name_does_no_harm(tmp_path):
    with Studio(tmp_path / "data", warm="espeak") as studio:
        deadline = time.monotonic() + 10
        while not studio.engines()[0].loaded:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    with Studio(tmp_path / "data", warm="no such engine") as studio:
        assert spoken(studio, "Still fine.").seconds > 0.3
