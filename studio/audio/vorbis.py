"""Vorbis comments as bytes, and how they enter a FLAC or Ogg Opus file that is otherwise finished.

Sources: xiph.org "Ogg Vorbis I format specification: comment field", RFC 9639 (FLAC), RFC 3533 (Ogg), RFC 7845 (Opus),
and the Chapter Extension (`CHAPTER001=00:00:00.000`, `CHAPTER001NAME=…`).
"""

import base64
import struct
import zlib
from collections.abc import Sequence

from studio.audio.drafts import Draft
from studio.audio.tags import Span, Tags, cover_mime

VENDOR = b"Timbre Studio"
NAMES = {"album_artist": "ALBUMARTIST"}
COUNTED = 1000  # chapters that the extension can number
FURTHER = "FURTHERCHAPTER"  # ours, for those beyond; a fourth digit would give chapter 100 the name of chapter 1000
MIRROR = bytes(int(f"{n:08b}"[::-1], 2) for n in range(256))


def comments(tags: Tags, chapters: Sequence[Span] = (), rate: int = 1, *, picture: bool = False) -> bytes:
    """A comment header without framing; spans count frames of `rate`. `picture` puts the cover in, as Ogg wants it."""
    named = {**tags.plain(), **tags.extras()}
    lines = [f"{NAMES.get(key, key.upper())}={text}".encode() for key, text in named.items()]
    for number, span in enumerate(chapters[:COUNTED]):
        lines.append(f"CHAPTER{number:03d}={_clock(span.start / rate)}".encode())
        lines.append(f"CHAPTER{number:03d}NAME={span.title}".encode())
    for number, span in enumerate(chapters[COUNTED:], COUNTED):
        lines.append(f"{FURTHER}{number}={_clock(span.start / rate)} {span.title}".encode())
    if picture and tags.cover:
        lines.append(b"METADATA_BLOCK_PICTURE=" + base64.b64encode(picture_block(tags.cover)))
    return b"".join([_counted(VENDOR), struct.pack("<I", len(lines)), *map(_counted, lines)])


def picture_block(cover: bytes) -> bytes:
    """A FLAC picture block: a front cover whose size in pixels the reader finds out."""
    mime = cover_mime(cover).encode()
    return struct.pack(">II", 3, len(mime)) + mime + struct.pack(">IIIIII", 0, 0, 0, 0, 0, len(cover)) + cover


def _counted(text: bytes) -> bytes:
    return struct.pack("<I", len(text)) + text


def _clock(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02d}:{ms // 60_000 % 60:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


# --- FLAC


def tag_flac(draft: Draft, tags: Tags, chapters: Sequence[Span], rate: int) -> None:
    """Put comments and cover into the FLAC file in `draft`, in the place of those it has."""
    draft.seek(4)
    kept, at, last = [], 4, False
    while not last:
        header = draft.read(4)
        last, kind, size = bool(header[0] & 0x80), header[0] & 0x7F, int.from_bytes(header[1:])
        body = draft.read(size)
        at += 4 + size
        if kind in (0, 3):  # stream information, seek table; comments, padding and pictures are ours
            kept.append((kind, body))
    kept.append((4, comments(tags, chapters, rate)))
    if tags.cover:
        kept.append((6, picture_block(tags.cover)))
    blocks = b"".join(
        bytes([kind | (0x80 if number == len(kept) else 0)]) + len(body).to_bytes(3) + body
        for number, (kind, body) in enumerate(kept, 1)
    )
    draft.splice(4, at, blocks)


# --- Ogg Opus


def tag_opus(draft: Draft, tags: Tags, chapters: Sequence[Span], rate: int) -> None:
    """Put comments and cover into the Ogg Opus file in `draft`, in the place of those it has."""
    draft.seek(0)
    head = _read_page(draft)
    start = draft.tell()
    old = 0
    while True:  # the pages of the old comment packet
        page = _read_page(draft)
        old += 1
        if page[27 + page[26] - 1] < 255:
            break
    end = draft.tell()
    pages = _pages(b"OpusTags" + comments(tags, chapters, rate, picture=True), head[14:18], first=1)
    draft.splice(start, end, b"".join(pages))
    if len(pages) != old:
        _renumber(draft, start + sum(map(len, pages)), len(pages) + 1)


def _read_page(draft: Draft) -> bytes:
    """The next page, or nothing at the end of the file."""
    header = draft.read(27)
    if len(header) < 27:
        return b""
    lacing = draft.read(header[26])
    return header + lacing + draft.read(sum(lacing))


def _pages(packet: bytes, serial: bytes, first: int) -> list[bytes]:
    """One packet on as many pages as it needs, numbered from `first`."""
    lacing = b"\xff" * (len(packet) // 255) + bytes([len(packet) % 255])
    pages = []
    for number, at in enumerate(range(0, len(lacing), 255)):
        lengths = lacing[at : at + 255]
        ends = at + 255 >= len(lacing)
        granule = 0 if ends else -1  # -1: no packet ends here
        header = struct.pack("<4sBBq4sII", b"OggS", 0, int(number > 0), granule, serial, first + number, 0)
        body = packet[at * 255 : at * 255 + sum(lengths)]
        pages.append(_sealed(header + bytes([len(lengths)]) + lengths + body))
    return pages


def _renumber(draft: Draft, at: int, number: int) -> None:
    """Number the pages from `at` anew, in place: players take a gap in the numbers for lost sound."""
    draft.seek(at)
    while page := _read_page(draft):
        draft.seek(at)
        draft.write(_sealed(page[:18] + struct.pack("<I", number) + page[22:]))
        at, number = at + len(page), number + 1


def _sealed(page: bytes) -> bytes:
    """`page` with its checksum: CRC-32 with the highest bit first, which is zlib's on mirrored bytes."""
    blank = page[:22] + bytes(4) + page[26:]
    crc = zlib.crc32(blank.translate(MIRROR), 0xFFFFFFFF) ^ 0xFFFFFFFF
    mirrored = int.from_bytes(crc.to_bytes(4, "little").translate(MIRROR), "big")
    return page[:22] + struct.pack("<I", mirrored) + page[26:]
