"""Voices of the embedded engine, measured: every measure is right, changes with its cause, and is kept."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.audio.clip import Clip
from studio.audio.pitch import melody
from studio.engines.contract import Recipe, Stop, VoiceContent, VoiceKind
from studio.engines.espeak import Espeak
from studio.errors import BadFile, BadRequest, Cancelled, NotFound
from studio.studio import Studio, TakeQuery
from studio.voices.encoders import CamPlus, SpeakerEncoder, Timbre
from studio.voices.measuring import hint, trials
from studio.voices.sentences import TESTS, TEXTS
from tests.parity.cosyvoice_published import write_checkpoint

COSYVOICE = Path(__file__).parents[1] / "parity" / "cosyvoice"
ONE = {"zh": TEXTS["zh"].same, "en": TEXTS["en"].same}
VOICES = ("f1", "Annie", "belinda", "steph", "m2", "m8", "Alex", "Denis")
Say = Callable[..., Clip]


@pytest.fixture(scope="module")
def say() -> Iterator[Say]:
    """`say("text", "f2", "en", pitch=2)`: a clip of the embedded engine."""
    engine = Espeak()

    def one(text: str, voice: str, language: str = "zh", **controls: float) -> Clip:
        settled = tuple(sorted(engine.spec.settle(controls).items()))
        content = VoiceContent(VoiceKind.BUILTIN, name=voice)
        recipe = Recipe("espeak", engine.spec.version, text, content, language, settled)
        return Clip(np.concatenate([chunk.samples for chunk in engine.speak([recipe], Stop())]), engine.spec.rate)

    yield one
    engine.unload()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("voices")) as opened:
        yield opened


# --- pitch of voices


@pytest.mark.parametrize("voice", ["f1", "m2", "Alex", "steph"])
@pytest.mark.parametrize("semitones", [-4.0, 3.0])
def test_pitch_of_a_voice_moves_as_it_is_told_to(say: Say, voice: str, semitones: float) -> None:
    plain, moved = (melody(say(ONE["en"], voice, "en", pitch=n)).median_hz for n in (0.0, semitones))
    assert moved == pytest.approx(plain * 2 ** (semitones / 12), rel=0.03)


@pytest.mark.parametrize("voice", VOICES)
def test_pitch_agrees_with_another_way_of_finding_it(say: Say, voice: str) -> None:
    """The distance of the peaks of the long-term spectrum of one held vowel."""
    clip = say("aaaaaaaa", voice, "en", intonation=0, speed=0.6)
    found = melody(clip)
    steady = clip.samples[len(clip) // 4 : len(clip) // 2].astype(np.float64)
    likeness = np.fft.irfft(np.abs(np.fft.rfft(steady - steady.mean(), 1 << 18)) ** 2)
    lags = np.arange(clip.rate // 500, clip.rate // 55)
    period = lags[likeness[lags].argmax()]
    part = found.hertz[len(found.hertz) // 4 : len(found.hertz) // 2]
    assert np.median(part[part > 0]) == pytest.approx(clip.rate / period, rel=0.03)


# --- encoders


def test_the_same_voice_is_nearer_to_itself_in_other_words_than_to_others(say: Say) -> None:
    encoder = Timbre()
    for language in ("zh", "en"):
        texts = [ONE[language], *TEXTS[language].sentences[:2]]
        known = np.stack([[encoder.encode(say(text, voice, language)) for text in texts] for voice in VOICES])
        assert np.linalg.norm(known, axis=2) == pytest.approx(np.ones(known.shape[:2]), abs=1e-5)
        likeness = np.einsum("aid,bjd->ijab", known, known)
        pairs = [(i, j) for i in range(len(texts)) for j in range(len(texts)) if i != j]
        who = np.concatenate([likeness[pair].argmax(axis=1) for pair in pairs]).reshape(len(pairs), -1)
        assert (who == np.arange(len(VOICES))).mean() > 0.95  # the nearest in other words
        mean = np.mean([likeness[pair] for pair in pairs], axis=0)
        assert (np.diag(mean) > (mean - 2 * np.eye(len(VOICES))).max(axis=1) + 0.1).all()


def test_neither_level_nor_rate_nor_silence_changes_who_is_heard(say: Say) -> None:
    clip, encoder = say(ONE["zh"], "f1"), Timbre()
    vector = encoder.encode(clip)
    quiet = Clip(clip.samples * np.float32(0.05), clip.rate)
    longer = Clip(np.concatenate([np.zeros(30_000, np.float32), clip.samples, np.zeros(30_000, np.float32)]), clip.rate)
    assert vector @ encoder.encode(quiet) > 0.99
    assert vector @ encoder.encode(longer) > 0.99
    assert vector @ encoder.encode(say(ONE["zh"], "m2")) < 0.5


def test_a_whisper_has_no_pitch_but_a_vector(say: Say) -> None:
    clip = say(ONE["en"], "whisper", "en")
    assert len(melody(clip).voiced) < 30
    assert Timbre().encode(clip).shape == (63,)


@pytest.mark.parametrize("encoder", [Timbre(), CamPlus(COSYVOICE / "v2" / "model")], ids=lambda one: one.id)
def test_too_little_to_hear(encoder: SpeakerEncoder, say: Say) -> None:
    speech = say(ONE["en"], "f1", "en")
    with pytest.raises(BadFile, match=r"lasts 0\.2 s: at least 1 s of speech") as short:
        encoder.encode(Clip(speech.samples[: speech.rate // 5], speech.rate))
    assert "至少需要 1 秒语音" in short.value.text("zh")
    for silent in (np.zeros(48_000, np.float32), np.full(48_000, 1e-4, np.float32)):
        with pytest.raises(BadFile, match="no voice is heard"):
            encoder.encode(Clip(silent, 24_000))
    vector = encoder.encode(speech)
    assert vector.shape == (encoder.dimension,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_campplus_comes_with_an_installed_cosyvoice(tmp_path: Path) -> None:
    write_checkpoint("v2", tmp_path / "models" / "cosyvoice2")
    with Studio(tmp_path / "with", models=tmp_path / "models") as studio:
        assert [one.id for one in studio.survey.encoders()] == ["campplus", "timbre-1"]
        voice = studio.keeping.seed("espeak", 5, "Five")
        studio.survey.measure([voice.id], quick=True).wait()
        assert studio.survey.measures([voice.id])[voice.id].details["encoder"] == "campplus"
        assert studio._library.voice_measures.vector(voice.id, "campplus").shape == (192,)  # type: ignore[union-attr]
        assert studio._library.voice_measures.vector(voice.id, "timbre-1").shape == (63,)  # type: ignore[union-attr]
    with Studio(tmp_path / "without") as studio:
        assert [one.id for one in studio.survey.encoders()] == ["timbre-1"]


# --- a whole measurement


def test_a_voice_is_measured(shared: Studio) -> None:
    voice = shared.keeping.seed("espeak", 7, "Seven", languages=("zh-CN",))
    job = shared.survey.measure([voice.name])
    (outcome,) = job.wait(120)
    assert (job.progress, job.done, outcome.error) == (1.0, 18, None)
    found = shared.survey.measures([voice.id])[voice.id]
    assert found == outcome.measured
    tests = found.details["tests"]
    assert list(tests) == list(TESTS)
    assert {test["takes"] for test in tests.values()} == {6}
    assert len(found.details["strip"]) == 18
    assert found.details["language"] == "zh"
    for test in tests.values():
        for name in ("pitch_hz", "pitch_span", "pace", "level_db"):
            mean, deviation = test[name]
            assert mean == pytest.approx(getattr(found, name), rel=0.25), name
            assert deviation >= 0
    same, sentences, long = (tests[name]["similarity"][0] for name in TESTS)
    assert same > long > sentences > 0.5  # the more is said, the surer it is who speaks
    assert found.stability == pytest.approx((same + sentences + long) / 3, abs=1e-3)
    assert 3 < found.pace < 6  # type: ignore[operator]  # syllables a second
    assert not shared.takes.find(TakeQuery(kind="reading")).total  # the page of takes is not filled with these


def test_measures_are_those_of_the_sound(shared: Studio) -> None:
    """A high voice is measured higher than a low one; a second time gives the same, from the cache."""
    ids = [shared.keeping.voice("espeak", VoiceContent(VoiceKind.BUILTIN, name=name), name).id for name in ("f1", "m8")]
    shared.survey.measure(ids, language="en", quick=True).wait(60)
    high, low = (shared.survey.measures(ids)[id] for id in ids)
    assert high.pitch_hz > 1.5 * low.pitch_hz  # type: ignore[operator]
    assert [hint(one).en[:3] for one in (high, low)] == ["hig", "low"]  # type: ignore[union-attr]
    assert (high.details["language"], list(high.details["tests"])) == ("en", ["sentences"])
    shared.survey.measure(ids[:1], language="en", quick=True).wait(60)
    again = shared.survey.measures(ids[:1])[ids[0]]
    assert replace(again, measured=None) == replace(high, measured=None)
    assert again.measured > high.measured  # type: ignore[operator]


def test_it_can_be_stopped_and_nothing_half_measured_is_kept(studio: Studio) -> None:
    ids = [studio.keeping.seed("espeak", n, f"S{n}").id for n in range(20)]
    job = studio.survey.measure(ids)
    started = threading.Event()
    while not job.over and not studio.survey.measures(ids):
        started.wait(0.02)
    job.stop()
    with pytest.raises(Cancelled):
        job.wait(30)
    done = studio.survey.measures(ids)
    assert 0 < len(done) < 20
    assert all(len(one.details["strip"]) == 18 for one in done.values())
    assert studio.survey.counts() == (len(done), 20)
    rest = studio.survey.measure_rest().wait(120)
    assert len(rest) == 20 - len(done)
    with pytest.raises(BadRequest, match="measured already"):
        studio.survey.measure_rest()


def test_what_cannot_be_measured_is_said(studio: Studio) -> None:
    good = studio.keeping.seed("espeak", 1, "Good")
    missing = studio.keeping.voice("cosyvoice2", VoiceContent(VoiceKind.BUILTIN, name="guide-zh"), "Absent")
    bad, fine = studio.survey.measure([missing.id, good.id], quick=True).wait(60)
    assert bad.error is not None
    assert "models install" in bad.error.text("en")
    assert fine.measured is not None
    with pytest.raises(type(bad.error)):
        studio.survey.measure([missing.id]).wait(60)
    with pytest.raises(NotFound, match="Goood"):
        studio.survey.measure(["Goood"])
    with pytest.raises(BadRequest, match="name one or more"):
        studio.survey.measure([])
    with pytest.raises(BadRequest, match="is measured in en or zh"):
        studio.survey.measure([good.id], language="fr").wait(30)


def test_every_language_has_as_many_texts() -> None:
    assert {len(trials(language)) for language in TEXTS} == {18}
    assert {len(trials(language, quick=True)) for language in TEXTS} == {3}
    assert all(len({one.text for one in trials(language)}) == 13 for language in TEXTS)
