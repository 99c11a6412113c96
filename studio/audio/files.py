"""Reading sound from whatever people have: any audio or video file, down to one channel, in flat memory.

Files come from strangers. Only containers that hold their own sound are opened: playlists, which name other files and
addresses, are not, and no file may open another. What cannot be read is told apart: missing, empty, not sound, cut off.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from studio.audio.clip import Clip, Samples, finite, from_int16
from studio.audio.panning import LAYOUTS
from studio.audio.riff import missing_bytes
from studio.audio.tags import Chapter
from studio.errors import BadFile

CONTAINERS = (
    "wav,w64,aiff,au,caf,flac,mp3,ogg,aac,amr,amrnb,amrwb,ac3,eac3,dts,ape,wv,tta,mpc,mpc8,tak,voc,oma,"
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,asf,flv,mpeg,mpegts,rm,spx,gsm"
)
OPTIONS = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none"}
GATHER = 1 << 14  # samples that are turned into an array at once
SLACK_S = 0.25  # by which a header may be wrong before we say that the file is cut off
MEASURED = {"wav": SLACK_S, "w64": SLACK_S, "aiff": SLACK_S, "flac": 0.0, "mov,mp4,m4a,3gp,3g2,mj2": SLACK_S}
MONO = {"rematrix_maxval": "1.0"}  # without it two channels of float add up to 1.4 times full scale
SCALES = {"u8": 128.0, "s32": 2147483648.0, "s64": 9223372036854775808.0}
FURTHER = re.compile(r"(\d{2,6}):(\d\d):(\d\d\.\d{3}) (.*)", re.DOTALL)
HOUSEKEEPING = {
    "major_brand",
    "minor_version",
    "compatible_brands",
    "encoder",
    "handler_name",
    "vendor_id",
    "encoded_by",
}


@dataclass(frozen=True)
class Facts:
    """What a file tells about itself without being decoded."""

    seconds: float
    rate: int
    channels: int
    codec: str
    container: str
    tags: dict[str, str]  # keys in small letters
    chapters: tuple[Chapter, ...]
    has_cover: bool


def probe(path: str | Path) -> Facts:
    """The facts of a sound file. Raises `BadFile`."""
    with _opened(path) as (source, stream):
        tags = {**source.metadata, **stream.metadata}
        return Facts(
            seconds=_seconds(source, stream) or 0.0,
            rate=stream.sample_rate,
            channels=stream.channels,
            codec=stream.codec_context.codec.canonical_name,
            container=source.format.name,
            tags=_tags(tags),
            chapters=_chapters(source, tags),
            has_cover=any(_is_cover(s) for s in source.streams.video),
        )


def cover_of(path: str | Path) -> bytes | None:
    """The picture inside a sound file as it was put in (JPEG, PNG …), or None. Raises `BadFile`."""
    with _opened(path) as (source, _):
        for stream in source.streams.video:
            if _is_cover(stream):
                for packet in source.demux(stream):
                    if packet.size:
                        return bytes(packet)
    return None


def read(path: str | Path, rate: int | None = None, longest_s: float | None = None) -> Clip:
    """All of a file's sound, one channel, at `rate` (None: its own). Raises `BadFile`, also past `longest_s`."""
    own = probe(path).rate
    pieces = list(blocks(path, rate, longest_s=longest_s))
    return Clip(np.concatenate(pieces) if pieces else np.zeros(0, np.float32), rate or own)


def read_bytes(data: bytes, rate: int | None = None, longest_s: float | None = None, name: str = "clip") -> Clip:
    """`read` for a file in memory; `name` is what messages call it."""
    with NamedTemporaryFile(suffix=".clip") as file:
        file.write(data)
        file.flush()
        try:
            return read(file.name, rate, longest_s)
        except BadFile as error:
            en, zh = (text.replace(file.name, name) for text in error.words)
            raise BadFile(en, zh, where=name) from error


def blocks(
    path: str | Path,
    rate: int | None = None,
    seconds: float = 1.0,
    longest_s: float | None = None,
    channels: int = 1,
) -> Iterator[Samples]:
    """A file's sound in blocks of `seconds`, only the last one shorter; memory does not grow with its length.

    `channels`: 1 mixes what there is, (frames,); 2 keeps left and right, (frames, 2).

    Raises `BadFile`: at once for what is no sound, on the way for what is damaged, cut off or longer than `longest_s`.
    """
    with _opened(path) as (source, stream):
        own = stream.sample_rate
        told = _seconds(source, stream)
        if longest_s is not None and told is not None and told > longest_s + SLACK_S:
            raise _too_long(path, told, longest_s)
        sound = _exact(_guarded(path, _decoded(source, stream, channels), own, longest_s), path, source, own, told)
        if rate is not None and rate != own:
            sound = _resampled(sound, own, rate, channels)
        yield from _regular(sound, max(1, round(seconds * (rate or own))))


# --- opening


@contextmanager
def _opened(path: str | Path) -> Iterator[tuple[Any, Any]]:
    """The container and its first audio stream."""
    import av

    with _file(path) as file:
        if missing := missing_bytes(file):
            raise BadFile(
                f"{path}: cut off, {missing} bytes of sound are missing; copy or export it again",
                f"{path}：文件不完整，缺少 {missing} 字节的音频；请重新复制或导出",
                where=str(path),
            )
        try:
            source: Any = av.open(file, "r", options=OPTIONS, metadata_errors="replace")
        except (av.FFmpegError, ValueError) as error:
            raise BadFile(
                f"{path}: this is not a sound file that can be read; give WAV, FLAC, MP3, Opus, M4A or a video",
                f"{path}：不是可以读取的音频文件；请使用 WAV、FLAC、MP3、Opus、M4A 或视频文件",
                where=str(path),
            ) from error
        with source:
            if not source.streams.audio or not source.streams.audio[0].sample_rate:
                raise BadFile(
                    f"{path}: there is no sound in this file; give one that has an audio track",
                    f"{path}：文件里没有声音；请使用带音轨的文件",
                    where=str(path),
                )
            yield source, source.streams.audio[0]


def _file(path: str | Path) -> BinaryIO:
    """The open file, or `BadFile` with the reason why there is none."""
    place = Path(path)
    try:
        if place.is_dir():
            raise BadFile(
                f"{path}: that is a folder; give a sound file", f"{path}：这是文件夹；请给出音频文件", where=str(path)
            )
        if not place.is_file() and place.exists():
            raise BadFile(f"{path}: not an ordinary file", f"{path}：不是普通文件", where=str(path))
        file = place.open("rb")
    except FileNotFoundError as error:
        raise BadFile(
            f"{path}: there is no such file; check the name", f"{path}：文件不存在；请检查文件名", where=str(path)
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = getattr(error, "strerror", None) or str(error)
        raise BadFile(
            f"{path}: cannot be opened ({reason}); check the name and its permissions",
            f"{path}：无法打开（{reason}）；请检查文件名和权限",
            where=str(path),
        ) from error
    if not file.read(1):
        file.close()
        raise BadFile(f"{path}: the file is empty", f"{path}：文件是空的", where=str(path))
    file.seek(0)
    return file


def _seconds(source: Any, stream: Any) -> float | None:
    if stream.duration is not None and stream.time_base:
        return float(stream.duration * stream.time_base)
    return source.duration / 1_000_000 if source.duration is not None else None


def _is_cover(stream: Any) -> bool:
    return "attached_pic" in (stream.disposition.name or "")


def _tags(raw: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, text in raw.items():
        small = key.lower()
        if small not in HOUSEKEEPING and not small.startswith(("chapter", "furtherchapter")):
            found.setdefault(small, text)
    return found


def _chapters(source: Any, tags: dict[str, str]) -> tuple[Chapter, ...]:
    """As the container gives them, and those that Vorbis comments have no number for (see `vorbis`)."""
    found = [Chapter(c["metadata"].get("title", ""), float(c["start"] * c["time_base"])) for c in source.chapters()]
    for key, text in tags.items():
        further = FURTHER.fullmatch(text) if key.lower().startswith("furtherchapter") else None
        if further:
            hours, minutes, seconds, title = further.groups()
            found.append(Chapter(title, int(hours) * 3600 + int(minutes) * 60 + float(seconds)))
    return tuple(sorted(found, key=lambda chapter: chapter.start_s))


# --- decoding


def _decoded(source: Any, stream: Any, channels: int) -> Iterator[Samples]:
    """Float32 of one channel or two at the stream's rate, packet after packet."""
    import av

    if source.format.name == "flac":  # its frames carry checksums, which are not looked at otherwise
        stream.codec_context.options = {"err_detect": "crccheck+explode"}
    layout = LAYOUTS[channels]
    mixer: Any = None
    gathered: Any = av.AudioFifo()  # an array for each small frame would cost more than decoding it
    try:
        for packet in source.demux(stream):
            for frame in packet.decode():
                if frame.sample_rate != stream.sample_rate or len(frame.layout.channels) != channels:
                    yield from _taken(gathered)
                    if mixer is None:
                        mixer = av.AudioResampler(format="flt", layout=layout, rate=stream.sample_rate, options=MONO)
                    yield from (_floats(mixed) for mixed in mixer.resample(frame))
                    continue
                frame.pts = None  # nothing may be missing between two frames, whatever the file says
                gathered.write(frame)
                if gathered.samples >= GATHER:
                    yield from _taken(gathered)
    except (av.FFmpegError, ValueError):
        yield from _taken(gathered)
        raise
    yield from _taken(gathered)
    if mixer is not None:
        yield from (_floats(mixed) for mixed in mixer.resample(None))


def _taken(gathered: Any) -> Iterator[Samples]:
    """What waits there, if anything does."""
    if gathered.samples:
        yield _floats(gathered.read())


def _floats(frame: Any) -> Samples:
    """A frame as float32: (frames,), or (frames, 2) where it has two channels."""
    kind = frame.format.name.removesuffix("p")
    content = _rows(frame)
    if kind in ("flt", "dbl"):
        floats: Samples = content.astype(np.float32, copy=False)
        if not finite(floats):
            floats = np.nan_to_num(floats, nan=0.0, posinf=1.0, neginf=-1.0)
    elif kind == "s16":
        floats = from_int16(content)
    else:
        centred = content.astype(np.float64) - (128 if kind == "u8" else 0)
        floats = (centred / SCALES[kind]).astype(np.float32)
    return floats


def _rows(frame: Any) -> NDArray[Any]:
    """Its numbers, a row for each instant where there are two channels."""
    content: NDArray[Any] = frame.to_ndarray()
    if len(frame.layout.channels) == 1:
        return content.reshape(-1)
    return np.ascontiguousarray(content.T) if frame.format.is_planar else content.reshape(-1, 2)


def _guarded(path: str | Path, sound: Iterator[Samples], rate: int, longest_s: float | None) -> Iterator[Samples]:
    """`sound`, watched for damage and for length."""
    import av

    frames = 0
    try:
        for piece in sound:
            frames += len(piece)
            if longest_s is not None and frames > (longest_s + SLACK_S) * rate:
                raise _too_long(path, frames / rate, longest_s)
            yield piece
    except (av.FFmpegError, ValueError) as error:
        raise BadFile(
            f"{path}: damaged {frames / rate:.1f} s into the sound; export it again or use another file",
            f"{path}：音频在 {frames / rate:.1f} 秒处损坏；请重新导出，或换一个文件",
            where=str(path),
        ) from error


def _exact(sound: Iterator[Samples], path: str | Path, source: Any, rate: int, told: float | None) -> Iterator[Samples]:
    """`sound` as long as the header says: without the coder's padding at the end, `BadFile` if much is missing."""
    if told is None or source.format.name not in MEASURED:
        yield from sound
        return
    left = round(told * rate)
    for piece in sound:
        yield piece[:left]
        left = max(0, left - len(piece))
    if left > MEASURED[source.format.name] * rate:
        raise BadFile(
            f"{path}: cut off or damaged, {left / rate:.2f} of {told:.2f} s are missing; copy or export it again",
            f"{path}：文件不完整或已损坏，{told:.2f} 秒中缺少 {left / rate:.2f} 秒；请重新复制或导出",
            where=str(path),
        )


def _resampled(sound: Iterator[Samples], own: int, rate: int, channels: int) -> Iterator[Samples]:
    import soxr

    stream: Any = soxr.ResampleStream(own, rate, channels, dtype="float32", quality="HQ")
    for piece in sound:
        yield stream.resample_chunk(piece)
    yield stream.resample_chunk(np.zeros((0, channels) if channels > 1 else 0, np.float32), last=True)


def _regular(sound: Iterator[Samples], size: int) -> Iterator[Samples]:
    """The same samples in blocks of `size`."""
    held: list[Samples] = []
    count = 0
    for piece in sound:
        held.append(piece)
        count += len(piece)
        if count >= size:
            joined = np.concatenate(held)
            whole = count - count % size
            yield from (joined[at : at + size] for at in range(0, whole, size))
            held, count = [joined[whole:].copy()], count - whole
    if count:
        yield np.concatenate(held)


def _too_long(path: str | Path, seconds: float, longest_s: float) -> BadFile:
    return BadFile(
        f"{path}: {seconds:.1f} s long; at most {longest_s:g} s are taken here; cut it first",
        f"{path}：长 {seconds:.1f} 秒；这里最多 {longest_s:g} 秒；请先剪短",
        where=str(path),
    )
