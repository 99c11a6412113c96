"""Recordings into transcripts, and takes heard again, through the facade."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from studio.errors import BadFile, BadRequest, Cancelled, NotFound, NotInstalled
from studio.production.readback import LEAST, ReadBack, emotion_differs, limit_for
from studio.recognition.contract import Segment, Transcript
from studio.studio import Listening, SpeakRequest, Studio, TakeQuery, VoiceQuery
from studio.text.comparing import compare

SENSEVOICE = Path(__file__).parents[1] / "parity" / "sensevoice"
AUDIO = SENSEVOICE / "audio"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("home"), models=SENSEVOICE / "tiny") as opened:
        yield opened


def test_a_file_becomes_a_transcript(studio: Studio) -> None:
    job = studio.listening.transcribe(AUDIO / "b_cross_1.wav")
    found = job.wait(60)
    assert found.text == "The old clock repeats her first song."
    assert (found.source, found.recogniser, found.language) == ("b_cross_1.wav", "sensevoice", "en")
    assert found.seconds == pytest.approx(2.9)
    assert job.progress == 1
    assert studio.listening.transcription(job.id) is job
    with pytest.raises(NotFound):
        studio.listening.transcription("nobody")


def converted(path: Path, name: str, rate: int = 16_000, channels: int = 1) -> Path:
    samples, own = soundfile.read(path, dtype="float32")
    times = np.arange(0, len(samples) - 1, own / rate)
    sound = np.interp(times, np.arange(len(samples)), samples).astype(np.float32)
    soundfile.write(path.parent / name, np.stack([sound] * channels, 1), rate)
    return path.parent / name


@pytest.mark.parametrize(
    ("name", "rate", "channels"),
    [("tel.wav", 8_000, 1), ("wide.wav", 96_000, 8), ("x.flac", 44_100, 2), ("x.ogg", 48_000, 2), ("x.mp3", 22_050, 1)],
)
def test_any_rate_format_and_number_of_channels_is_heard(
    studio: Studio, tmp_path: Path, name: str, rate: int, channels: int
) -> None:
    source = tmp_path / "s.wav"
    source.write_bytes((AUDIO / "b_cross_1.wav").read_bytes())
    found = studio.listening.transcribe(converted(source, name, rate, channels), Listening(written=False)).wait(60)
    assert found.language == "en"
    assert ("clock" in found.text) or rate < 16_000  # the small model knows its cuts only as they are
    assert found.text


def video(path: Path, with_sound: bool) -> Path:
    """Two seconds of picture, with or without a tone."""
    import av

    with av.open(str(path), "w") as out:
        picture = out.add_stream("mpeg4", rate=10)
        picture.width = picture.height = 64
        picture.pix_fmt = "yuv420p"
        sound: Any = out.add_stream("aac", rate=16_000, layout="mono") if with_sound else None
        for _ in range(20):
            frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            out.mux(picture.encode(frame))
        out.mux(picture.encode(None))
        if sound is not None:
            samples, _ = soundfile.read(AUDIO / "b_cross_1.wav", dtype="float32")
            frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
            frame.sample_rate = 16_000
            out.mux(sound.encode(frame))
            out.mux(sound.encode(None))
    return path


def test_the_sound_of_a_video_is_heard_and_a_video_without_is_refused(studio: Studio, tmp_path: Path) -> None:
    found = studio.listening.transcribe(video(tmp_path / "with.mp4", True), Listening(written=False)).wait(60)
    assert found.language == "en"
    with pytest.raises(BadFile, match="no sound in this file"):
        studio.listening.transcribe(video(tmp_path / "without.mp4", False))


BAD = {"empty.wav": b"", "text.mp3": b"not sound" * 99, "cut.wav": (AUDIO / "b_cross_1.wav").read_bytes()[:50_000]}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_sound_is_refused_at_once(studio: Studio, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BAD[name])
    with pytest.raises(BadFile, match=name):
        studio.listening.transcribe(tmp_path / name)
    with pytest.raises(BadFile, match="no such file"):
        studio.listening.transcribe(tmp_path / "gone.wav")


def test_a_file_that_breaks_off_keeps_what_was_heard(studio: Studio, tmp_path: Path) -> None:
    samples, _ = soundfile.read(AUDIO / "b_cross_1.wav", dtype="float32")
    soundfile.write(tmp_path / "a.flac", np.concatenate([samples, np.zeros(16_000, np.float32)] * 12), 16_000)
    whole = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(whole[: len(whole) * 3 // 4])
    job = studio.listening.transcribe(tmp_path / "a.flac")
    with pytest.raises(BadFile, match=r"a\.flac"):
        job.wait(60)
    assert len(job.segments) >= 4


@pytest.mark.parametrize("seconds", [0.01, 3.0])
def test_silence_is_an_empty_transcript(studio: Studio, tmp_path: Path, seconds: float) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(round(16_000 * seconds), np.float32), 16_000)
    found = studio.listening.transcribe(tmp_path / "silence.wav").wait(60)
    assert (found.text, found.segments, found.language, found.emotions) == ("", (), "", ())
    for format in studio.listening.formats():
        assert "None" not in studio.listening.text(found, format)


def test_it_can_be_stopped(studio: Studio, tmp_path: Path) -> None:
    samples, _ = soundfile.read(AUDIO / "b_cross_1.wav", dtype="float32")
    soundfile.write(tmp_path / "long.wav", np.tile(samples, 400), 16_000)
    job = studio.listening.transcribe(tmp_path / "long.wav")
    job.stop()
    with pytest.raises(Cancelled):
        job.wait(60)


def test_every_format_and_a_correction(studio: Studio, tmp_path: Path) -> None:
    job = studio.listening.transcribe(AUDIO / "b_cross_1.wav")
    job.wait(60)
    job.correct(0, "The old cock.")
    found = job.transcript()
    assert found.segments[0].words == ()
    for format in studio.listening.formats():
        path = tmp_path / f"x.{format}"
        studio.listening.write(found, path, format)
        assert "The old cock." in path.read_text("utf-8")
        assert path.read_text("utf-8") == studio.listening.text(found, format)
    job.correct(0, "The old clock repeats her first song.")
    assert json.loads(studio.listening.text(job.transcript(), "json"))["segments"][0]["emotion"] == "sad"
    with pytest.raises(NotFound, match="segment 7"):
        job.correct(7, "x")
    with pytest.raises(NotFound, match="srt"):
        studio.listening.text(found, "sr")


def test_emotions_of_many_files_are_one_table(studio: Studio, tmp_path: Path) -> None:
    found = [studio.listening.transcribe(AUDIO / f"{name}.wav").wait(60) for name in ("b_cross_1", "a_zero_shot")]
    studio.listening.write_emotions(found, tmp_path / "emotions.csv")
    table = list(csv.DictReader(io.StringIO((tmp_path / "emotions.csv").read_text("utf-8-sig"))))
    assert [one["emotion"] for one in table] == ["sad", "happy"]
    chances = [float(table[0][name]) for name, _ in found[0].emotions]
    assert sum(chances) == pytest.approx(1, abs=1e-3)


# takes and voices


def test_a_take_is_heard_again_and_the_library_knows(studio: Studio) -> None:
    take = studio.speak(SpeakRequest("The old clock repeats her first song.")).wait(60)
    found = studio.listening.read_back(take.digest)
    assert found.said.startswith("The old clock")
    assert found.comparison is not None
    kept = studio.takes.get(take.digest)
    assert kept.error_rate == found.error_rate
    assert kept.emotion == found.emotion
    assert [one.digest for one in studio.takes.find(TakeQuery(emotion=found.emotion))] == [take.digest]
    assert studio.takes.details(take.digest).heard["comparison"]["unit"] == "word"
    times = studio.listening.word_times(take.digest)
    assert len(times) >= 6


def test_a_language_that_is_not_understood_is_heard_but_not_judged(studio: Studio) -> None:
    take = studio.speak(SpeakRequest("Bonjour, comment allez-vous?", language="fr")).wait(60)
    found = studio.listening.read_back(take.digest)
    assert (found.comparison, found.error_rate, found.suspicion()) == (None, None, None)


def test_a_voice_is_heard_by_what_it_says(studio: Studio) -> None:
    voice = studio.keeping.seed("espeak", 5, "Five")
    with pytest.raises(BadRequest, match="has no clip"):
        studio.listening.hear_voice(voice.id)
    found = studio.listening.hear_voice(voice.id, preview="The old clock.")
    assert studio.voices.get(voice.id).emotion == found.emotion != ""
    assert [one.id for one in studio.voices.find(VoiceQuery(emotion=found.emotion))] == [voice.id]


def test_without_a_recogniser_it_says_how_to_get_one(tmp_path: Path) -> None:
    with Studio(tmp_path) as bare:
        with pytest.raises(NotInstalled, match="models install sensevoice"):
            bare.listening.transcribe(AUDIO / "b_cross_1.wav")
        with pytest.raises(NotFound, match="sensevoice"):
            bare.listening.transcribe(AUDIO / "b_cross_1.wav", recogniser="sensvoice")


def heard(said: str, text: str, language: str) -> ReadBack:
    return ReadBack(Transcript("", 1.0, "", "", ()), said, language, compare(said, text, language))


def test_only_a_long_line_with_many_errors_is_suspected() -> None:
    assert heard("one two three", "nothing", "en").suspicion() is None  # shorter than the least
    assert LEAST["word"] == 4
    many = heard("the boat finds the map", "a coat", "en").suspicion()
    assert many is not None
    assert "100%" in many.en or "80%" in many.en
    assert "可疑" in many.zh
    assert heard("the boat finds the river map today", "the boat finds a river map today", "en").suspicion() is None
    token = heard("hello there my friend", "hello uv break there my friend", "en").suspicion()
    assert token is not None
    assert "uv break" in token.en
    assert limit_for("zh-TW") < limit_for("en") < limit_for("de")


def test_an_emotion_becomes_what_an_engine_can_do(studio: Studio) -> None:
    mark = studio.emotion_way("espeak", "sad")
    assert (mark.kind, mark.around("Oh.")) == ("mark", "[emotion sad]Oh.[/emotion]")
    for emotion in ("happy", "sad", "angry", "fearful", "surprised", "disgusted", "neutral"):
        way = studio.emotion_way("chattts", emotion)
        assert (way.kind, way.style) == ("style", emotion)
        assert studio.styles.get(emotion, "chattts").controls
    assert studio.emotion_way("espeak", "neutral").style == "neutral"
    assert studio.emotion_way("espeak", "unknown").kind == "nothing"
    plain = studio.speak(SpeakRequest("Oh no, not again.")).wait(60)
    sad = studio.speak(SpeakRequest(mark.around("Oh no, not again."))).wait(60)
    assert sad.seconds > 1.08 * plain.seconds


def test_the_emotion_that_a_text_or_a_style_asks_for_is_checked(studio: Studio) -> None:
    text = "The old clock repeats her first song."
    marked = studio.speak(SpeakRequest(f"[emotion happy]{text}[/emotion]")).wait(60)
    styled = studio.speak(SpeakRequest(text, style="sad")).wait(60)
    plain = studio.speak(SpeakRequest(text)).wait(60)
    assert [studio.listening.read_back(take.digest).asked for take in (marked, styled, plain)] == ["happy", "sad", ""]
    transcript = Transcript("", 1.0, "", "", (Segment(0, 1, text, "en", emotions=(("angry", 0.95), ("happy", 0.05))),))
    suspicion = ReadBack(transcript, text, "en", compare(text, text, "en"), "happy").suspicion()
    assert suspicion is not None
    assert "angry is heard" in suspicion.en


def test_another_emotion_than_asked_is_told_where_it_is_clear() -> None:
    clear = emotion_differs("happy", (("sad", 0.9), ("happy", 0.1)))
    assert clear is not None
    assert "sad is heard (90%)" in clear.en
    assert emotion_differs("happy", (("happy", 0.9),)) is None
    assert emotion_differs("happy", (("sad", 0.5), ("happy", 0.5))) is None
    assert emotion_differs("happy", (("unknown", 0.9), ("happy", 0.1))) is None
    assert emotion_differs("", (("sad", 0.9),)) is None
    assert emotion_differs("story", (("sad", 0.9),)) is None
