"""The doctor: every seeded fault is found with its number, clean speech is not accused, odd files are told apart."""

import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from studio.audio.clip import Samples
from studio.errors import BadFile
from studio.voices import recording
from studio.voices.recording import measured
from studio.voices.references import BEST_S, Diagnosis, examined

from .conftest import RATE, loudness, noisy

Speech = Callable[[str, str], Samples]
Wav = Callable[..., Path]
SPEAKERS = [("en", "f3"), ("en", "m1"), ("zh", "f2"), ("zh", "m3")]
PARITY = Path(__file__).parents[1] / "parity"
VOICES = Path(__file__).parents[2] / "studio" / "engines" / "cosyvoice" / "guides"


def doctor(path: Path) -> Diagnosis:
    return examined(measured(path))


def accused(found: Diagnosis) -> dict[str, str]:
    return {one.id: one.verdict for one in found.findings if one.verdict != "good"}


@pytest.mark.parametrize("who", SPEAKERS, ids="-".join)
def test_clean_speech_is_not_accused(speech: Speech, wav: Wav, who: tuple[str, str]) -> None:
    found = doctor(wav(speech(*who)))
    assert (found.verdict, accused(found)) == ("good", {})
    assert found.best is not None
    assert BEST_S[0] <= found.best.seconds <= BEST_S[1] + 0.3
    assert found.finding("bandwidth").value == pytest.approx(RATE / 2, rel=0.02)


@pytest.mark.parametrize(
    "path", [*sorted(VOICES.glob("*.flac")), PARITY / "cosyvoice/common/prompt_3s_24k.wav"], ids=str
)
def test_recorded_speakers_are_not_accused(path: Path) -> None:
    assert set(accused(doctor(path))) <= {"length"}  # one of them is a little short


@pytest.mark.parametrize("who", SPEAKERS, ids="-".join)
@pytest.mark.parametrize("later", [1.0, 0.5], ids=["at full scale", "made quieter since"])
def test_cut_tops_are_found(speech: Speech, wav: Wav, who: tuple[str, str], later: float) -> None:
    found = doctor(wav(np.clip(speech(*who) * 8, -1, 1) * later)).finding("clipping")
    assert found.verdict == "poor"
    assert found.value is not None
    assert found.value > 2  # per cent
    assert "input turned down" in found.advice.en


def test_only_part_is_cut_and_the_proposed_stretch_avoids_it(speech: Speech, wav: Wav) -> None:
    clean = speech("en", "f3")
    bad = np.clip(clean * 8, -1, 1)
    found = doctor(wav(np.concatenate([bad, np.zeros(RATE), clean])))
    assert found.finding("clipping").verdict == "poor"
    assert found.best is not None
    assert found.best.start > len(bad) / RATE + 0.5


@pytest.mark.parametrize("who", SPEAKERS, ids="-".join)
@pytest.mark.parametrize(("snr", "verdict"), [(10, "poor"), (20, "fair"), (40, "good")])
@pytest.mark.parametrize("pauses", [True, False])
def test_noise_is_measured(
    speech: Speech, wav: Wav, who: tuple[str, str], snr: float, verdict: str, pauses: bool
) -> None:
    around = np.zeros(RATE if pauses else 0, np.float32)
    found = doctor(wav(noisy(np.concatenate([around, speech(*who), around]), snr))).finding("noise")
    assert found.verdict == verdict
    if pauses:
        assert found.value == pytest.approx(snr, abs=1.5)
    elif snr < 40:  # above, the speech itself is what is always heard
        assert found.value == pytest.approx(snr, abs=4)


@pytest.mark.parametrize("who", SPEAKERS, ids="-".join)
@pytest.mark.parametrize("noise", [None, 30.0])
def test_a_telephone_inside_48_khz_is_found(
    speech: Speech, wav: Wav, who: tuple[str, str], noise: float | None
) -> None:
    import soxr

    from studio.audio.spectral import window

    taps = np.sinc(np.arange(-400, 401) * 8000 / 48_000) * window(801)
    dull = np.convolve(soxr.resample(speech(*who), RATE, 48_000), taps / taps.sum(), "same").astype(np.float32)
    found = doctor(wav(noisy(dull, noise) if noise else dull, 48_000)).finding("bandwidth")
    assert found.verdict == "poor"
    assert found.value == pytest.approx(4000, rel=0.08)
    assert "in a file of 48 kHz" in found.told.en


@pytest.mark.parametrize(("first", "second"), [(("en", "f3"), ("en", "m1")), (("zh", "m3"), ("zh", "f2"))])
def test_two_speakers_are_found_by_their_pitch(
    speech: Speech, wav: Wav, first: tuple[str, str], second: tuple[str, str]
) -> None:
    found = doctor(wav(np.concatenate([speech(*first), np.zeros(RATE // 2, np.float32), speech(*second)])))
    assert found.finding("speakers").verdict != "good"
    assert "sure" in found.finding("speakers").told.en


def hum(samples: Samples, below_db: float, hertz: float, *parts: float) -> Samples:
    """With the mains under it: the strength of each multiple, and all together so far below the speech."""
    time = np.arange(len(samples)) / RATE
    sound = sum(part * np.sin(2 * np.pi * hertz * n * time + n) for n, part in enumerate(parts, 1))
    return samples + scaled_to(np.asarray(sound), samples, below_db)


def chords(samples: Samples, below_db: float) -> Samples:
    """With a piano of a kind under it, another chord every 0.6 s."""
    chance, sound = np.random.default_rng(4), np.zeros(len(samples))
    for start in range(0, len(samples), round(0.6 * RATE)):
        time = np.arange(min(round(0.6 * RATE), len(samples) - start)) / RATE
        root = 48 + chance.integers(0, 24)
        for key in root + np.array([0, 4, 7]):
            for n in range(1, 5):
                note = np.sin(2 * np.pi * 440 * 2 ** ((key - 69) / 12) * n * time) / n
                sound[start : start + len(time)] += note * np.exp(-1.5 * time)
    return samples + scaled_to(sound, samples, below_db)


def scaled_to(sound: np.ndarray, samples: Samples, below_db: float) -> Samples:
    level = loudness(samples) * 10 ** (-below_db / 20) / np.sqrt((sound * sound).mean())
    return np.asarray(sound * level, np.float32)


@pytest.mark.parametrize("who", SPEAKERS, ids="-".join)
@pytest.mark.parametrize(
    ("below", "hertz", "parts"), [(35, 50, (1, 0.5, 0.3)), (42, 60, (1, 0.5)), (40, 50, (0.2, 1, 0.1, 0.5))]
)
def test_hum_is_named(
    speech: Speech, wav: Wav, who: tuple[str, str], below: float, hertz: float, parts: tuple[float, ...]
) -> None:
    found = doctor(wav(hum(noisy(speech(*who), 50), below, hertz, *parts))).finding("hum")
    assert f"{hertz} Hz" in found.told.en
    assert "交流" in found.told.zh
    assert "battery" in found.advice.en
    assert found.value == pytest.approx(below, abs=3)
    assert found.verdict == "fair"


@pytest.mark.parametrize("who", SPEAKERS, ids="-".join)
@pytest.mark.parametrize(("below", "verdict"), [(15, "poor"), (30, "fair")])
def test_music_is_named(speech: Speech, wav: Wav, who: tuple[str, str], below: float, verdict: str) -> None:
    found = doctor(wav(chords(noisy(speech(*who), 50), below)))
    assert found.finding("music").verdict == verdict
    assert found.finding("music").value == pytest.approx(below, abs=6)
    assert "music" in found.finding("music").advice.en
    assert "hum" not in {one.id for one in found.findings}


@pytest.mark.parametrize("who", SPEAKERS, ids="-".join)
def test_noise_is_neither_hum_nor_music(speech: Speech, wav: Wav, who: tuple[str, str]) -> None:
    found = doctor(wav(noisy(speech(*who), 25)))
    assert not {"hum", "music"} & {one.id for one in found.findings}
    assert found.finding("speakers").verdict == "good"


def test_two_speakers_of_one_pitch_are_told_apart_by_their_timbre(
    studio_speech: Callable[..., Samples], wav: Wav
) -> None:
    """Both at 94 Hz; each alone is one person."""
    pause = np.zeros(RATE // 3, np.float32)
    one, other = ([part for n in range(6) for part in (studio_speech(who, n), pause)] for who in ("Gene", "sandro"))
    both = [part for n in range(6) for part in (studio_speech(("Gene", "sandro")[n % 2], n), pause)]
    found = doctor(wav(np.concatenate(both))).finding("speakers")
    assert found.verdict != "good"
    assert "by their timbre" in found.told.en
    assert "音色" in found.told.zh
    for alone in (one, other):
        assert doctor(wav(np.concatenate(alone))).finding("speakers").verdict == "good"


def test_silence_around_speech_is_left_out(speech: Speech, wav: Wav) -> None:
    quiet = np.zeros(20 * RATE, np.float32)
    found = doctor(wav(np.concatenate([quiet, speech("en", "f3"), quiet])))
    assert accused(found) == {"silence": "fair"}
    assert found.best is not None
    assert 19.5 < found.best.start < 20.5


def test_a_quiet_recording_is_told_and_can_be_raised(speech: Speech, wav: Wav) -> None:
    found = doctor(wav(speech("en", "f3") * 0.1, subtype="PCM_24"))
    assert accused(found) == {"level": "fair"}
    assert found.finding("level").value == pytest.approx(-44, abs=3)


def test_a_silent_file_and_one_in_which_nobody_speaks(wav: Wav) -> None:
    silent = doctor(wav(np.zeros(3 * RATE)))
    assert (silent.verdict, silent.best) == ("poor", None)
    assert silent.finding("length").told == ("it is silent", "没有声音")
    tone = 0.3 * np.sin(np.arange(3 * RATE) * 2 * np.pi * 440 / RATE)
    assert doctor(wav(tone)).finding("length").told.en == "nobody speaks in it"


def test_a_fifth_of_a_second_is_too_short(speech: Speech, wav: Wav) -> None:
    found = doctor(wav(speech("en", "f3")[: RATE // 5]))
    assert found.finding("length").verdict == "poor"


def test_eight_bits_and_two_channels_are_told(speech: Speech, wav: Wav) -> None:
    coarse = doctor(wav(speech("en", "f3"), subtype="PCM_U8"))
    assert coarse.finding("depth").verdict == "fair"
    assert coarse.finding("clipping").verdict == "good"
    both = doctor(wav(np.stack([speech("en", "f3")] * 2, axis=1)))
    assert both.verdict == "good"
    assert "2 channels" in both.finding("channels").told.en


def test_the_content_counts_and_not_the_ending(speech: Speech, wav: Wav, tmp_path: Path) -> None:
    path = wav(speech("en", "f3")).rename(tmp_path / "clip.mp3")
    assert doctor(path).verdict == "good"


def test_a_video_is_heard(speech: Speech, tmp_path: Path) -> None:
    import av

    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as film:
        picture = film.add_stream("mpeg4", rate=5)
        picture.width = picture.height = 64
        picture.pix_fmt = "yuv420p"
        sound = film.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for _ in range(5):
            film.mux(picture.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        film.mux(picture.encode())
        pcm = (speech("en", "f3") * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.rate = RATE
        film.mux(sound.encode(frame))
        film.mux(sound.encode())
    assert doctor(path).best is not None


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"", "empty"), (b"not a sound at all" * 100, "not a sound file")],
    ids=["empty", "text"],
)
def test_what_is_no_sound_is_refused(tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / "clip.wav").write_bytes(content)
    with pytest.raises(BadFile, match=word):
        doctor(tmp_path / "clip.wav")


def test_a_damaged_file_says_where(speech: Speech, wav: Wav, tmp_path: Path) -> None:
    path = wav(speech("en", "f3"), name="clip.flac")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + bytes(2000) + whole[len(whole) // 2 + 2000 :])
    with pytest.raises(BadFile, match="damaged"):
        doctor(path)
    path.write_bytes(wav(speech("en", "f3")).read_bytes()[:100_000])
    with pytest.raises(BadFile, match="cut off"):
        doctor(path)


def test_energy_finds_speech_where_the_speech_finder_is_not_installed(
    speech: Speech, wav: Wav, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = noisy(np.concatenate([np.zeros(2 * RATE, np.float32), speech("en", "f3"), np.zeros(2 * RATE)]), 35)
    path = wav(quiet)
    heard = doctor(path)
    monkeypatch.setattr(recording, "_activity", lambda: None)
    found = doctor(path)
    assert (heard.found_by, found.found_by) == ("silero", "energy")
    assert found.best is not None
    assert 1.5 < found.best.start < 2.5
    assert found.finding("length").value == pytest.approx(heard.finding("length").value, rel=0.2)


THREE_HOURS = """
import sys, time, resource
from pathlib import Path
from studio.voices.recording import measured
from studio.voices.references import examined
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.monotonic()
found = examined(measured(Path(sys.argv[1])))
took = time.monotonic() - began
assert found.partial and found.seconds < 601, found.seconds
assert found.finding("partial").verdict == "fair"
assert found.best is not None and found.best.end < 600
print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_three_hours_take_little_memory_and_bounded_time(speech: Speech, tmp_path: Path) -> None:
    said = (speech("en", "f3") * 32767).astype("<i2")
    path = tmp_path / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for _ in range(round(3 * 3600 * RATE / len(said))):
            file.writeframesraw(said.tobytes())
    assert path.stat().st_size > 470_000_000
    done = subprocess.run([sys.executable, "-c", THREE_HOURS, str(path)], capture_output=True, text=True)
    path.unlink()
    assert done.returncode == 0, done.stderr
    took, kilobytes = map(float, done.stdout.split())
    assert took < 60
    assert kilobytes < 250_000  # the libraries themselves among them


def test_the_picture_and_the_stretches_cover_the_recording(speech: Speech, wav: Wav) -> None:
    found = doctor(wav(speech("en", "f3")))
    assert 100 < len(found.peaks) <= 600
    assert max(found.peaks) == pytest.approx(float(np.abs(speech("en", "f3")).max()), abs=0.01)
    assert all(start < end <= found.seconds + 0.05 for start, end in found.speech)


def test_verdicts_speak_both_languages(speech: Speech, wav: Wav) -> None:
    found = doctor(wav(np.clip(noisy(speech("en", "f3"), 10) * 9, -1, 1)))
    for one in found.findings:
        assert one.told.en != one.told.zh or one.unit == "dB"
        assert (one.verdict == "good") == (not one.advice.en) == (not one.advice.zh)
