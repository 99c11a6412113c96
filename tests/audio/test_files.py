"""Reading what people have, and saying what is wrong with the rest."""

import io
import os
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from studio.audio.clip import Clip, Samples
from studio.audio.files import blocks, probe, read
from studio.audio.writing import encode
from studio.errors import BadFile

RATE = 24_000
Voice = Callable[..., Samples]


@pytest.mark.parametrize(
    ("subtype", "container", "steps"),
    [
        ("PCM_U8", "WAV", 2**7),
        ("PCM_16", "WAV", 2**15),
        ("PCM_24", "WAV", 2**23),
        ("PCM_32", "WAV", 2**31),
        ("FLOAT", "WAV", 2**23),
        ("DOUBLE", "WAV", 2**23),
        ("PCM_16", "AIFF", 2**15),
        ("PCM_24", "FLAC", 2**23),
        ("PCM_16", "W64", 2**15),
        ("PCM_16", "RF64", 2**15),
        ("PCM_16", "CAF", 2**15),
        ("PCM_16", "AU", 2**15),
    ],
)
def test_every_sample_format_is_read_to_its_step(
    subtype: str, container: str, steps: int, tmp_path: Path, speech: Clip
) -> None:
    path = tmp_path / f"x.{container.lower()}"
    soundfile.write(path, speech.samples, speech.rate, subtype=subtype, format=container)
    back = read(path)
    assert back.rate == speech.rate
    assert len(back) == len(speech)
    assert np.abs(back.samples - speech.samples).max() <= 1 / steps + 1e-7


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_channels_are_mixed_to_their_mean(subtype: str, tmp_path: Path) -> None:
    """Not to their sum: FFmpeg's own default is 3 dB too loud and cuts."""
    left, right = np.full(RATE, 0.9, np.float32), np.full(RATE, 0.5, np.float32)
    soundfile.write(tmp_path / "x.wav", np.stack([left, right], 1), RATE, subtype=subtype)
    assert probe(tmp_path / "x.wav").channels == 2
    back = read(tmp_path / "x.wav").samples
    assert len(back) == RATE
    assert back[100:-100] == pytest.approx(0.7, abs=1e-4)


def test_surround_is_mixed_without_clipping(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "x.wav", np.full((RATE, 6), 0.9, np.float32), RATE)
    assert 0.3 < np.abs(read(tmp_path / "x.wav").samples).max() <= 1.0


def test_the_sound_of_a_video_is_read(tmp_path: Path, speech: Clip) -> None:
    path = tmp_path / "x.mkv"
    with av.open(str(path), "w") as video:
        picture = video.add_stream("mpeg4", rate=10, width=64, height=64, pix_fmt="yuv420p")
        sound = video.add_stream("flac", rate=RATE, layout="mono")
        for number in range(10):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 20 * number, np.uint8))
            frame.pts = number
            video.mux(picture.encode(frame))
        frame = av.AudioFrame.from_ndarray((speech.samples[None, :RATE] * 32767).astype(np.int16), "s16", "mono")
        frame.sample_rate, frame.pts = RATE, 0
        video.mux(sound.encode(frame))
        video.mux(sound.encode(None))
        video.mux(picture.encode(None))
    back = read(path)
    assert len(back) == RATE
    assert np.abs(back.samples - speech.samples[:RATE]).max() < 1e-3


@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 44_100, 48_000])
def test_reading_at_another_rate_keeps_time_and_pitch(rate: int, tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(3 * RATE) / RATE)
    soundfile.write(tmp_path / "x.wav", tone, RATE)
    back = read(tmp_path / "x.wav", rate)
    assert back.rate == rate
    assert abs(len(back) - 3 * rate) <= 1
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(len(back)) / rate)
    assert np.abs(back.samples - expected)[rate // 10 : -rate // 10].max() < 1e-3


@pytest.mark.parametrize("format", ["wav", "flac", "mp3", "opus", "m4a"])
@pytest.mark.parametrize("seconds", [0.01, 0.7, 5.0, 100.0])
def test_blocks_joined_are_the_file(format: str, seconds: float, tmp_path: Path, speech: Clip) -> None:
    path = tmp_path / f"x.{format}"
    path.write_bytes(encode(speech, format))
    pieces = list(blocks(path, RATE, seconds))
    size = round(seconds * RATE)
    assert all(len(piece) == size for piece in pieces[:-1])
    assert 0 < len(pieces[-1]) <= size
    assert np.array_equal(np.concatenate(pieces), read(path, RATE).samples)


def test_a_sound_that_is_too_long_is_refused_at_once_and_on_the_way(tmp_path: Path, speech: Clip) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(encode(speech, "wav"))
    with pytest.raises(BadFile, match=r"12\.0 s long; at most 10 s") as caught:
        read(path, longest_s=10)
    assert "最多 10 秒" in caught.value.words.zh
    assert len(read(path, longest_s=12)) == len(speech)
    endless = tmp_path / "x.aac"  # a format whose length nobody knows before the end
    with av.open(str(endless), "w", format="adts") as out:
        stream = out.add_stream("aac", rate=RATE, layout="mono")
        frame = av.AudioFrame.from_ndarray(speech.samples[None], "fltp", "mono")
        frame.sample_rate = RATE
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(BadFile, match="at most 3 s"):
        read(endless, longest_s=3)


# --- what is no sound


def junk(content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "x.wav").write_bytes(content)
        return folder / "x.wav"

    return make


def without_sound(folder: Path) -> Path:
    with av.open(str(folder / "x.mp4"), "w") as video:
        stream = video.add_stream("mpeg4", rate=10, width=64, height=64, pix_fmt="yuv420p")
        video.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))))
        video.mux(stream.encode(None))
    return folder / "x.mp4"


def header_only(folder: Path) -> Path:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(b"")
    (folder / "x.wav").write_bytes(out.getvalue())
    return folder / "x.wav"


@pytest.mark.parametrize(
    ("make", "en", "zh"),
    [
        (lambda folder: folder / "none.wav", "there is no such file", "文件不存在"),
        (lambda folder: folder, "that is a folder", "这是文件夹"),
        (junk(b""), "the file is empty", "文件是空的"),
        (junk(b"Once upon a time there was no sound at all.\n" * 99), "not a sound file", "不是可以读取的音频文件"),
        (junk(os.urandom(5000)), "", ""),
        (junk(b"RIFF\x24\0\0\0WAVEfmt "), "", ""),
        (junk(b"\0" * 9000), "", ""),
        (without_sound, "there is no sound in this file", "文件里没有声音"),
        (lambda folder: Path("/dev/zero"), "not an ordinary file", "不是普通文件"),
        (lambda folder: folder / "a\0b.wav", "cannot be opened", "无法打开"),
    ],
)
def test_what_is_no_sound_is_told_apart(make: Callable[[Path], Path], en: str, zh: str, tmp_path: Path) -> None:
    path = make(tmp_path)
    for attempt in (probe, read, lambda p: list(blocks(p))):
        with pytest.raises(BadFile) as caught:
            attempt(path)
        assert en in caught.value.words.en
        assert zh in caught.value.words.zh
        assert caught.value.where == str(path)


def test_a_file_of_no_samples_is_an_empty_clip(tmp_path: Path) -> None:
    path = header_only(tmp_path)
    assert len(read(path)) == 0
    assert probe(path).seconds == 0


@pytest.mark.parametrize("format", ["wav", "flac", "m4a", "m4b"])
@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_file_that_was_cut_off_is_refused(format: str, kept: float, tmp_path: Path, speech: Clip) -> None:
    whole = encode(speech, format)
    path = tmp_path / f"x.{format}"
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(BadFile, match=r"cut off|damaged|not a sound file"):
        read(path)


@pytest.mark.parametrize("format", ["mp3", "opus"])
def test_a_cut_stream_without_a_length_gives_what_is_there(format: str, tmp_path: Path, speech: Clip) -> None:
    whole = encode(speech, format)
    path = tmp_path / f"x.{format}"
    path.write_bytes(whole[: len(whole) // 2])
    assert 4 < read(path, RATE).seconds < 8


def test_damage_in_the_middle_is_noticed(tmp_path: Path, speech: Clip) -> None:
    whole = bytearray(encode(speech, "flac"))
    middle = len(whole) // 2
    whole[middle : middle + 50] = np.random.default_rng(1).bytes(50)
    path = tmp_path / "x.flac"
    path.write_bytes(whole)
    with pytest.raises(BadFile, match=r"damaged .* s into the sound|cut off"):
        read(path)


def test_a_playlist_opens_no_other_file(tmp_path: Path, speech: Clip) -> None:
    """A file that only names others could be used to read what its sender may not."""
    (tmp_path / "secret.wav").write_bytes(encode(speech, "wav"))
    playlists = {
        "x.wav": f"ffconcat version 1.0\nfile '{tmp_path / 'secret.wav'}'\n",
        "y.wav": "ffconcat version 1.0\nfile secret.wav\n",
        "x.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:12\n#EXTINF:12,\n{tmp_path / 'secret.wav'}\n#EXT-X-ENDLIST\n",
        "x.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n",
    }
    for name, content in playlists.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(BadFile, match="not a sound file"):
            read(tmp_path / name)


def test_a_sample_that_is_not_a_number_becomes_one(tmp_path: Path) -> None:
    sound = np.array([0.1, np.nan, np.inf, -np.inf, 0.2], np.float32)
    soundfile.write(tmp_path / "x.wav", sound, RATE, subtype="FLOAT")
    assert read(tmp_path / "x.wav").samples.tolist() == pytest.approx([0.1, 0.0, 1.0, -1.0, 0.2])
