"""Sound as the bytes of a file while it is still being made: nothing is sought, nothing is rewritten.

A file on the disk gets its length, its chapters and its loudness in the end; a stream cannot go back, so it has none of
these, and its tags come first. What players need to play it while it arrives is all there.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from studio.audio.clip import FULL_SCALE, Samples, to_int16
from studio.errors import NotFound
from studio.words import Words

PCM_RATE = 24_000  # of the format `pcm`, as OpenAI's speech has it
UNKNOWN = 0xFFFFFFFF  # a length that nobody knows yet
SLOWEST, FASTEST = 0.25, 4.0


@dataclass(frozen=True)
class StreamFormat:
    """One kind of stream."""

    id: str
    mime: str
    container: str  # FFmpeg's name; "" for raw samples
    codec: str = ""
    bitrate: int = 0
    rate: int = 0  # 0: that of the sound


STREAMS = {
    one.id: one
    for one in (
        StreamFormat("mp3", "audio/mpeg", "mp3", "libmp3lame", 128_000),
        StreamFormat("opus", "audio/ogg", "ogg", "libopus", 48_000, 48_000),
        StreamFormat("aac", "audio/aac", "adts", "aac", 64_000),
        StreamFormat("flac", "audio/flac", "flac", "flac"),
        StreamFormat("wav", "audio/wav", "", rate=0),
        StreamFormat("pcm", "audio/pcm", "", rate=PCM_RATE),
    )
}


def stream_format(id: str) -> StreamFormat:
    """`NotFound` lists the formats."""
    if id not in STREAMS:
        raise NotFound.among(Words("format", "格式"), id, STREAMS, where="format")
    return STREAMS[id]


def streamed(
    sound: Iterable[Samples], rate: int, format: StreamFormat, tags: Mapping[str, str], tempo: float = 1.0
) -> Iterator[bytes]:
    """The bytes of a file of `format`; `tempo` (0.25..4) is how much quicker, at the same pitch."""
    if tempo != 1.0:
        sound = retimed(sound, rate, tempo)
    if format.container:
        yield from _encoded(sound, rate, format, tags)
        return
    if format.rate and format.rate != rate:
        sound = _resampled(sound, rate, format.rate)
    if format.id == "wav":
        yield _wav_head(rate, tags)
    for samples in sound:
        if len(samples):  # an empty piece would be taken for the end
            yield to_int16(np.clip(samples, -1, 1)).tobytes()


def retimed(sound: Iterable[Samples], rate: int, tempo: float) -> Iterator[Samples]:
    """Quicker or slower at the same pitch (FFmpeg's `atempo`, a WSOLA of short windows)."""
    import av

    graph = av.filter.Graph()
    first: Any = graph.add_abuffer(sample_rate=rate, format="flt", layout="mono", time_base=Fraction(1, rate))
    last: Any = first
    left = tempo
    while left < 0.5:  # one filter goes down to half
        step = graph.add("atempo", "0.5")
        last.link_to(step)
        last, left = step, left / 0.5
    step = graph.add("atempo", f"{left:.6f}")
    last.link_to(step)
    end: Any = graph.add("abuffersink")
    step.link_to(end)
    graph.configure()
    at = 0
    for samples in sound:
        first.push(_frame(samples, rate, at))
        at += len(samples)
        yield from _pulled(end)
    first.push(None)
    yield from _pulled(end)


def samples_of(pcm: Iterable[bytes]) -> Iterator[Samples]:
    """16-bit samples as floats; a piece may end in the middle of one."""
    rest = b""
    for piece in pcm:
        whole = rest + piece
        end = len(whole) - len(whole) % 2
        rest = whole[end:]
        yield np.frombuffer(whole[:end], "<i2").astype(np.float32) / np.float32(FULL_SCALE)


class _Pipe:
    """A file that FFmpeg writes to and nobody can seek in."""

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._held.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        data, self._held = b"".join(self._held), []
        return data


def _encoded(sound: Iterable[Samples], rate: int, format: StreamFormat, tags: Mapping[str, str]) -> Iterator[bytes]:
    import av

    pipe = _Pipe()
    options = {"write_xing": "0", "id3v2_version": "4"} if format.id == "mp3" else {"page_duration": "200000"}
    with av.open(pipe, "w", format=format.container, options=options if format.id in ("mp3", "opus") else {}) as out:
        own = format.rate or rate
        stream: Any = out.add_stream(format.codec, rate=own, layout="mono")
        if format.bitrate:
            stream.bit_rate = format.bitrate
        out.metadata.update(tags)
        stream.metadata.update(tags)
        kinds = {kind.name for kind in stream.codec_context.codec.audio_formats or ()}
        kind = next((name for name in ("fltp", "flt", "s16", "s16p") if name in kinds), "s16")
        mixer = av.AudioResampler(
            format=kind, layout="mono", rate=own, frame_size=stream.codec_context.frame_size or None
        )
        at = 0
        for samples in sound:
            for frame in mixer.resample(_frame(samples, rate, at)):
                out.mux(stream.encode(frame))
            at += len(samples)
            if data := pipe.taken():
                yield data
        for frame in mixer.resample(None):
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    if data := pipe.taken():
        yield data


def _frame(samples: Samples, rate: int, at: int) -> Any:
    import av

    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples, np.float32)[None], format="flt", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
    return frame


def _pulled(end: Any) -> Iterator[Samples]:
    import av

    while True:
        try:
            yield end.pull().to_ndarray().reshape(-1)
        except (av.BlockingIOError, av.EOFError):
            return


def _resampled(sound: Iterable[Samples], own: int, rate: int) -> Iterator[Samples]:
    import soxr

    stream: Any = soxr.ResampleStream(own, rate, 1, dtype="float32", quality="HQ")
    for samples in sound:
        yield stream.resample_chunk(samples)
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def _wav_head(rate: int, tags: Mapping[str, str]) -> bytes:
    """RIFF with a comment and lengths that say “until it ends”."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return name + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)

    form = (1).to_bytes(2, "little") + (1).to_bytes(2, "little") + rate.to_bytes(4, "little")
    form += (2 * rate).to_bytes(4, "little") + (2).to_bytes(2, "little") + (16).to_bytes(2, "little")
    comment = chunk(b"ICMT", "; ".join(f"{key}={value}" for key, value in tags.items()).encode() + b"\0")
    unknown = UNKNOWN.to_bytes(4, "little")
    return b"RIFF" + unknown + b"WAVE" + chunk(b"fmt ", form) + chunk(b"LIST", b"INFO" + comment) + b"data" + unknown
