"""WAV files of any length: 16-bit PCM with LIST INFO, cue points and an ID3 tag; RF64 past 4 GB (EBU Tech 3306).

LIST INFO is what most programs show, but it has few names; the ID3 chunk carries every tag, the chapters and the cover.
"""

import os
import struct
from collections.abc import Sequence
from typing import BinaryIO

from studio.audio.clip import Samples, to_int16
from studio.audio.drafts import Draft
from studio.audio.id3 import id3
from studio.audio.tags import Span, Tags

INFO = {
    "title": b"INAM",
    "artist": b"IART",
    "album": b"IPRD",
    "language": b"ILNG",
    "date": b"ICRD",
    "genre": b"IGNR",
    "comment": b"ICMT",
}
RESERVED = 28  # bytes of the chunk that becomes `ds64`
HEAD = 12 + 8 + RESERVED + 8 + 16 + 8  # bytes before the first sample
SMALL = 0xFFFFFFFF  # the largest size in 32 bits, and the mark that the true one stands in `ds64`


class WavWriter:
    """A WAV file growing in a draft; the header is written last."""

    def __init__(self, draft: Draft, rate: int, channels: int = 1, limit: int = SMALL) -> None:
        self._draft = draft
        self._rate = rate
        self._frame = 2 * channels  # bytes
        self._limit = limit  # bytes of an ordinary WAV; a test lowers it
        self._frames = 0
        draft.write(bytes(HEAD))

    def write(self, samples: Samples) -> None:
        self._draft.write(to_int16(samples).tobytes())
        self._frames += len(samples)

    def finish(self, tags: Tags, chapters: Sequence[Span]) -> None:
        """Chunks after the sound, then the header with all sizes."""
        self._draft.write(_info(tags) + _cues(chapters) + _tag(tags, chapters, self._rate))
        total = self._draft.tell()
        self._draft.seek(0)
        self._draft.write(self._head(total))

    def abandon(self) -> None:
        """Nothing is under way."""

    def _head(self, total: int) -> bytes:
        sound = self._frames * self._frame
        large = total - 8 > self._limit
        sizes = struct.pack("<QQQI", total - 8, sound, self._frames, 0)
        layout = struct.pack("<HHIIHH", 1, self._frame // 2, self._rate, self._rate * self._frame, self._frame, 16)
        return b"".join(
            (
                b"RF64" if large else b"RIFF",
                struct.pack("<I", SMALL if large else total - 8),
                b"WAVE",
                _chunk(b"ds64", sizes) if large else _chunk(b"JUNK", bytes(RESERVED)),
                _chunk(b"fmt ", layout),
                b"data" + struct.pack("<I", SMALL if large else sound),
            )
        )


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def _info(tags: Tags) -> bytes:
    lines = [_chunk(INFO[key], text.encode() + b"\0") for key, text in tags.plain().items() if key in INFO]
    return _chunk(b"LIST", b"INFO" + b"".join(lines)) if lines else b""


def _cues(chapters: Sequence[Span]) -> bytes:
    """Chapters as cue points with labels, which sound editors show as markers; they cannot lie past 4 G frames.

    They are numbered like the chapters of the ID3 tag, so that a reader of both sees each once.
    """
    points = [(n, span) for n, span in enumerate(chapters) if span.start <= SMALL]
    if not points:
        return b""
    cues = b"".join(struct.pack("<II4sIII", n, span.start, b"data", 0, 0, span.start) for n, span in points)
    labels = b"".join(_chunk(b"labl", struct.pack("<I", n) + span.title.encode() + b"\0") for n, span in points)
    return _chunk(b"cue ", struct.pack("<I", len(points)) + cues) + _chunk(b"LIST", b"adtl" + labels)


def _tag(tags: Tags, chapters: Sequence[Span], rate: int) -> bytes:
    if not (tags.plain() or tags.extras() or tags.cover or chapters):
        return b""
    return _chunk(b"id3 ", id3(tags, chapters, rate))


def missing_bytes(file: BinaryIO) -> int:
    """How much of its sound a WAV file lacks: it was cut off. Decoders play what is there and say nothing.

    0 for files that are whole, that do not say how long they are, or that are no WAV. Leaves `file` at its start.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    missing, at, wide = 0, 12, 0
    while head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE" and at + 8 <= size:
        file.seek(at)
        name, length = struct.unpack("<4sI", file.read(8))
        if name == b"ds64":
            wide = int.from_bytes(file.read(16)[8:], "little")
        if name == b"data":
            length = wide if length == SMALL else length
            missing = max(0, at + 8 + length - size) if length else 0
            break
        at += 8 + length + length % 2
    file.seek(0)
    return missing
