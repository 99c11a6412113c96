"""M4A and M4B files: AAC packets, chapters, tags and cover in ISO base media boxes, written as they come.

Why not a muxer: one that keeps a record of 80 bytes per packet needs 200 MB for a long book, takes our own tags only at
the price of the ordinary ones, and lists at most 255 chapters. Here a packet costs four bytes, our tags are iTunes
freeform atoms beside title and cover, and chapters stand both as a QuickTime text track and as a Nero list.
Sources: ISO/IEC 14496-12 and -14, Apple "QuickTime File Format", and files that players make and accept.
"""

import struct
from array import array
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from studio.audio.drafts import Draft
from studio.audio.tags import Span, Tags, cover_mime

FRAME = 1024  # samples of one AAC packet
CHUNK = 32  # packets of one chunk: about a second and a half
EPOCH = 0  # no dates: the same sound makes the same bytes
IDENTITY = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
NERO_LIMIT = 255
NARROW = 0xFFFFFFFF - (64 << 20)  # bytes of a file whose offsets surely fit 32 bits, with the index before the sound
HELD = 1 << 18  # bytes gathered before they are written
ATOMS = {
    "title": b"\xa9nam",
    "artist": b"\xa9ART",
    "album": b"\xa9alb",
    "album_artist": b"aART",
    "composer": b"\xa9wrt",
    "date": b"\xa9day",
    "genre": b"\xa9gen",
    "comment": b"\xa9cmt",
}
TEXT, JPEG, PNG, INTEGER = 1, 13, 14, 21
AUDIOBOOK, MUSIC = 2, 1  # `stik`


class Mp4Writer:
    """An MP4 file with one AAC track growing in a draft."""

    def __init__(self, draft: Draft, rate: int, bitrate: int, brand: bytes, channels: int = 1) -> None:
        self._draft = draft
        self._rate = rate
        self._bitrate = bitrate
        self._brand = brand
        self._channels = channels
        self._sizes = array("I")
        self._held = bytearray()
        self._head = _box(b"ftyp", brand, struct.pack(">I", 0x200), brand, b"mp42", b"isom")
        draft.write(self._head + bytes(16))  # the data box: its length is filled in at the end

    def packet(self, content: bytes) -> None:
        """One AAC packet of 1,024 samples."""
        self._sizes.append(len(content))
        self._held += content
        if len(self._held) >= HELD:
            self._flush()

    def _flush(self) -> None:
        self._draft.write(self._held)
        self._held.clear()

    def finish(self, config: bytes, priming: int, frames: int, tags: Tags, chapters: Sequence[Span]) -> None:
        """Chapter texts after the sound, then the index before it, so that a player can start at once.

        `config`: the coder's AudioSpecificConfig; `priming`: samples it gives before the first true one; `frames`: true
        samples.
        """
        texts = [_chapter_text(span.title) for span in chapters]
        self._held += b"".join(texts)
        self._flush()
        size = self._draft.tell() - len(self._head)
        self._draft.seek(len(self._head))
        self._draft.write(struct.pack(">I4sQ", 1, b"mdat", size))
        index = _Index(self._rate, self._bitrate, config, priming, frames, np.array(self._sizes, np.int64), tags)
        index.book, index.channels = self._brand == b"M4B ", self._channels
        index.chapters, index.texts = chapters, [len(text) for text in texts]
        start = len(self._head) + 16
        wide = start + size > NARROW
        length = len(index.movie(0, wide=wide))
        self._draft.splice(len(self._head), len(self._head), index.movie(start + length, wide=wide))


class _Index:
    """The `moov` box: where everything lies, when it sounds, and what it is called."""

    chapters: Sequence[Span] = ()
    texts: Sequence[int] = ()  # bytes of each chapter text
    book = False
    channels = 1

    def __init__(
        self, rate: int, bitrate: int, config: bytes, priming: int, frames: int, sizes: NDArray[np.int64], tags: Tags
    ) -> None:
        self.rate, self.bitrate, self.config = rate, bitrate, config
        self.priming, self.frames, self.sizes, self.tags = priming, frames, sizes, tags
        self.language = tags.plain().get("language", "und")

    def movie(self, data_at: int, *, wide: bool) -> bytes:
        """`data_at`: where the first packet lies in the file; `wide`: offsets need 64 bits."""
        times = struct.pack(">QQIQ", EPOCH, EPOCH, self.rate, self.frames)
        rest = (
            struct.pack(">IH10x", 0x10000, 0x100) + IDENTITY + bytes(24) + struct.pack(">I", 3 if self.chapters else 2)
        )
        tracks = [self._sound(data_at, wide=wide)]
        if self.chapters:
            tracks.append(self._titles(data_at + int(self.sizes.sum()), wide=wide))
        return _box(b"moov", _full(b"mvhd", times, rest, version=1), *tracks, self._words())

    # --- the two tracks

    def _sound(self, data_at: int, *, wide: bool) -> bytes:
        sizes = self.sizes
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])[::CHUNK] + data_at if len(sizes) else sizes
        per_chunk = [(1, CHUNK)]
        if len(sizes) % CHUNK:
            last = (len(starts), len(sizes) % CHUNK)
            per_chunk = [last] if len(starts) == 1 else [*per_chunk, last]
        table = _box(
            b"stbl",
            _full(b"stsd", struct.pack(">I", 1), self._aac()),
            _full(b"stts", struct.pack(">III", 1, len(sizes), FRAME)),
            _full(b"stsc", struct.pack(">I", len(per_chunk)), *(struct.pack(">III", *pair, 1) for pair in per_chunk)),
            _sizes(sizes),
            _offsets(starts, wide=wide),
            # a decoder that starts in the middle needs one packet more before it is right
            _full(b"sgpd", b"roll", struct.pack(">IIh", 2, 1, -1), version=1),
            _full(b"sbgp", b"roll", struct.pack(">III", 1, len(sizes), 1)),
        )
        edits = _edits([(self.frames, self.priming)])
        link = _box(b"tref", _box(b"chap", struct.pack(">I", 2))) if self.chapters else b""
        media = self._media(len(sizes) * FRAME, b"soun", b"SoundHandler", _full(b"smhd", bytes(4)), table)
        return _box(b"trak", self._header(1, flags=7, volume=0x100), edits, link, media)

    def _titles(self, data_at: int, *, wide: bool) -> bytes:
        """The chapter track: one text per chapter, lasting as long as it does, counted in audio frames."""
        spans = self.chapters
        starts = np.concatenate([[0], np.cumsum(self.texts)[:-1]]).astype(np.int64) + data_at
        lengths = [span.end - span.start for span in spans]
        table = _box(
            b"stbl",
            _full(b"stsd", struct.pack(">I", 1), _TEXT_ENTRY),
            _full(b"stts", struct.pack(">I", len(spans)), *(struct.pack(">II", 1, length) for length in lengths)),
            _full(b"stsc", struct.pack(">IIII", 1, 1, 1, 1)),
            _sizes(np.array(self.texts, np.int64)),
            _offsets(starts, wide=wide),
        )
        before = [(spans[0].start, -1)] if spans[0].start else []  # sound that belongs to no chapter yet
        edits = _edits([*before, (sum(lengths), 0)])
        general = _box(b"gmhd", _full(b"gmin", struct.pack(">H6xHH", 0x40, 0, 0)), _box(b"text", IDENTITY))
        media = self._media(sum(lengths), b"text", b"ChapterHandler", general, table)
        return _box(b"trak", self._header(2, flags=0, volume=0), edits, media)

    def _header(self, number: int, *, flags: int, volume: int) -> bytes:
        times = struct.pack(">QQI4xQ8x", EPOCH, EPOCH, number, self.frames)
        rest = struct.pack(">HHH2x", 0, int(number == 1), volume) + IDENTITY + bytes(8)
        return _full(b"tkhd", times, rest, version=1, flags=flags)

    def _media(self, length: int, kind: bytes, name: bytes, header: bytes, table: bytes) -> bytes:
        letters = [ord(letter) - 0x60 for letter in self.language]
        packed = letters[0] << 10 | letters[1] << 5 | letters[2]
        return _box(
            b"mdia",
            _full(b"mdhd", struct.pack(">QQIQHH", EPOCH, EPOCH, self.rate, length, packed, 0), version=1),
            _full(b"hdlr", bytes(4), kind, bytes(12), name + b"\0"),
            _box(b"minf", header, _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1))), table),
        )

    def _aac(self) -> bytes:
        """The sample entry with the decoder's configuration in an elementary stream descriptor."""
        average = int(self.sizes.sum()) * 8 * self.rate // max(1, len(self.sizes) * FRAME)
        setup = struct.pack(">BB3sII", 0x40, 0x15, bytes(3), max(average, self.bitrate), average)
        stream = _descriptor(4, setup + _descriptor(5, self.config))
        described = _descriptor(3, struct.pack(">HB", 1, 0) + stream + _descriptor(6, b"\x02"))
        entry = struct.pack(">6xH8xHH4xI", 1, self.channels, 16, self.rate << 16 if self.rate < 1 << 16 else 0)
        return _box(b"mp4a", entry, _full(b"esds", described))

    # --- tags

    def _words(self) -> bytes:
        """User data: the iTunes list and the Nero chapters."""
        plain = self.tags.plain()
        items = [_box(ATOMS[key], _value(text)) for key, text in plain.items() if key in ATOMS]
        items.append(_box(b"stik", _value(bytes([AUDIOBOOK if self.book else MUSIC]), INTEGER)))
        if self.tags.cover:
            kind = JPEG if cover_mime(self.tags.cover) == "image/jpeg" else PNG
            items.append(_box(b"covr", _value(self.tags.cover, kind)))
        free = {"LANGUAGE": plain["language"]} if "language" in plain else {}
        items += [_freeform(key, text) for key, text in (free | self.tags.extras()).items()]
        handler = _full(b"hdlr", bytes(4), b"mdir", b"appl", bytes(9))
        return _box(b"udta", _full(b"meta", handler, _box(b"ilst", *items)), self._nero())

    def _nero(self) -> bytes:
        """Start in units of 100 ns, and title. Its count is one byte: a longer list is whole in the chapter track."""
        spans = self.chapters[:NERO_LIMIT]
        if not spans:
            return b""
        entries = []
        for span in spans:
            title = span.title.encode()[:255].decode(errors="ignore").encode()
            entries.append(struct.pack(">QB", round(span.start * 10_000_000 / self.rate), len(title)) + title)
        return _full(b"chpl", struct.pack(">IB", 0, len(spans)), *entries, version=1)


# A QuickTime text description: nothing of it is drawn, but readers insist on its length
_TEXT_ENTRY = struct.pack(">I4s6xH", 60, b"text", 1) + bytes(43) + b"\0"


def _chapter_text(title: str) -> bytes:
    """A text sample: its length, the words, and the note that they are UTF-8."""
    words = title.encode()
    return struct.pack(">H", len(words)) + words + struct.pack(">I4sI", 12, b"encd", 0x100)


def _box(name: bytes, *parts: bytes) -> bytes:
    return struct.pack(">I4s", 8 + sum(map(len, parts)), name) + b"".join(parts)


def _full(name: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", version << 24 | flags), *parts)


def _edits(edits: Sequence[tuple[int, int]]) -> bytes:
    """Which part of the media sounds when: (length, start in the media or -1 for nothing)."""
    lines = [struct.pack(">QqI", length, start, 0x10000) for length, start in edits]
    return _box(b"edts", _full(b"elst", struct.pack(">I", len(lines)), *lines, version=1))


def _sizes(sizes: NDArray[np.int64]) -> bytes:
    return _full(b"stsz", struct.pack(">II", 0, len(sizes)), sizes.astype(">u4").tobytes())


def _offsets(starts: NDArray[np.int64], *, wide: bool) -> bytes:
    kind, name = (">u8", b"co64") if wide else (">u4", b"stco")
    return _full(name, struct.pack(">I", len(starts)), starts.astype(kind).tobytes())


def _descriptor(tag: int, body: bytes) -> bytes:
    size = len(body)
    return bytes([tag, 0x80 | size >> 21, 0x80 | size >> 14 & 0x7F, 0x80 | size >> 7 & 0x7F, size & 0x7F]) + body


def _value(value: str | bytes, kind: int = TEXT) -> bytes:
    content = value.encode() if isinstance(value, str) else value
    return _box(b"data", struct.pack(">II", kind, 0), content)


def _freeform(key: str, text: str) -> bytes:
    return _box(b"----", _full(b"mean", b"com.apple.iTunes"), _full(b"name", key.encode()), _value(text))
