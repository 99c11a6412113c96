"""ID3v2.4 tags as bytes: at the head of an MP3 and in the `id3 ` chunk of a WAV.

Written here because chapters are known only when the sound has been encoded, and a muxer wants them before.
Layout: id3.org, "ID3 tag version 2.4.0" and "ID3v2 Chapter Frame Addendum 1.0".
"""

import struct
from collections.abc import Sequence

from studio.audio.tags import Span, Tags, cover_mime

UTF8 = b"\x03"
TEXT_FRAMES = {
    "title": b"TIT2",
    "artist": b"TPE1",
    "album": b"TALB",
    "album_artist": b"TPE2",
    "composer": b"TCOM",
    "language": b"TLAN",
    "date": b"TDRC",
    "genre": b"TCON",
}
TABLE_LIMIT = 255  # entries that one table of contents can count
NO_OFFSET = 0xFFFFFFFF


def id3(tags: Tags, chapters: Sequence[Span] = (), rate: int = 1) -> bytes:
    """A complete ID3v2.4 tag; spans count frames of `rate`."""
    plain = tags.plain()
    frames = [_text(TEXT_FRAMES[key], text) for key, text in plain.items() if key in TEXT_FRAMES]
    if "comment" in plain:
        language = plain.get("language", "und").encode()
        frames.append(_frame(b"COMM", UTF8 + language + b"\0" + plain["comment"].encode()))
    frames += [_frame(b"TXXX", UTF8 + k.encode() + b"\0" + text.encode()) for k, text in tags.extras().items()]
    if tags.cover:
        mime = cover_mime(tags.cover).encode()
        frames.append(_frame(b"APIC", UTF8 + mime + b"\0\x03\0" + tags.cover))
    body = b"".join(frames + _chapters(chapters, rate))
    return b"ID3\x04\0\0" + _syncsafe(len(body)) + body


def _chapters(chapters: Sequence[Span], rate: int) -> list[bytes]:
    """The chapters, and tables of contents that name them all; one table holds 255, so long books get a tree."""
    if not chapters:
        return []
    names = [b"chp%d" % number for number in range(len(chapters))]
    groups = [names[at : at + TABLE_LIMIT] for at in range(0, len(names), TABLE_LIMIT)][:TABLE_LIMIT]
    if len(groups) == 1:
        tables = [_table(b"toc", names, top=True)]
    else:
        branches = [b"toc%d" % number for number in range(len(groups))]
        tables = [_table(b"toc", branches, top=True)]
        tables += [_table(branch, group, top=False) for branch, group in zip(branches, groups, strict=True)]
    return tables + [_chapter(name, span, rate) for name, span in zip(names, chapters, strict=True)]


def _table(name: bytes, entries: Sequence[bytes], *, top: bool) -> bytes:
    flags = 0b11 if top else 0b01  # ordered; the top one is marked
    return _frame(b"CTOC", name + b"\0" + bytes([flags, len(entries)]) + b"".join(e + b"\0" for e in entries))


def _chapter(name: bytes, span: Span, rate: int) -> bytes:
    start, end = (round(frame * 1000 / rate) for frame in (span.start, span.end))
    times = struct.pack(">IIII", start, end, NO_OFFSET, NO_OFFSET)
    return _frame(b"CHAP", name + b"\0" + times + _text(b"TIT2", span.title))


def _text(name: bytes, text: str) -> bytes:
    return _frame(name, UTF8 + text.encode())


def _frame(name: bytes, body: bytes) -> bytes:
    return name + _syncsafe(len(body)) + b"\0\0" + body


def _syncsafe(size: int) -> bytes:
    """28 bits in four bytes whose highest bit is clear."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
