"""ID3v2.3 tags as bytes: at the head of an MP3 and in the `id3 ` chunk of a WAV.

Written here because chapters are known only when the sound has been encoded, and a muxer wants them before. Version 3
because old players know no other, and because in version 4 readers disagree about the sizes inside chapters: FFmpeg
loses one whose title is longer than 126 bytes.
Layout: id3.org, "ID3 tag version 2.3.0" and "ID3v2 Chapter Frame Addendum 1.0".
"""

import re
import struct
from collections.abc import Sequence

from studio.audio.tags import Span, Tags, cover_mime

UTF16 = b"\x01"
TEXT_FRAMES = {
    "title": b"TIT2",
    "artist": b"TPE1",
    "album": b"TALB",
    "album_artist": b"TPE2",
    "composer": b"TCOM",
    "language": b"TLAN",
    "genre": b"TCON",
}
TABLE_LIMIT = 255  # entries that one table of contents can count
NO_OFFSET = 0xFFFFFFFF


def id3(tags: Tags, chapters: Sequence[Span] = (), rate: int = 1) -> bytes:
    """A complete ID3v2.3 tag; spans count frames of `rate`."""
    plain = tags.plain()
    frames = [_text(TEXT_FRAMES[key], text) for key, text in plain.items() if key in TEXT_FRAMES]
    frames += _date(plain.get("date", ""))
    if "comment" in plain:
        language = plain.get("language", "und").encode()
        frames.append(_frame(b"COMM", UTF16 + language + _wide("") + b"\0\0" + _wide(plain["comment"])))
    frames += [_own(key, text) for key, text in tags.extras().items()]
    if tags.cover:
        mime = cover_mime(tags.cover).encode()
        frames.append(_frame(b"APIC", b"\0" + mime + b"\0\x03\0" + tags.cover))
    body = b"".join(frames + _chapters(chapters, rate))
    return b"ID3\x03\0\0" + _syncsafe(len(body)) + body


def _date(date: str) -> list[bytes]:
    """Year and day have frames of their own; anything else stands as it is in one of ours."""
    found = re.fullmatch(r"(\d{4})(?:-(\d\d)-(\d\d))?", date)
    if not found:
        return [_own("date", date)] if date else []
    year, month, day = found.groups()
    return [_text(b"TYER", year)] + ([_text(b"TDAT", day + month)] if day else [])


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


def _own(key: str, text: str) -> bytes:
    return _frame(b"TXXX", UTF16 + _wide(key) + b"\0\0" + _wide(text))


def _text(name: bytes, text: str) -> bytes:
    return _frame(name, UTF16 + _wide(text))


def _wide(text: str) -> bytes:
    """UTF-16 with its mark of byte order."""
    return b"\xff\xfe" + text.encode("utf-16-le")


def _frame(name: bytes, body: bytes) -> bytes:
    return name + struct.pack(">I", len(body)) + b"\0\0" + body


def _syncsafe(size: int) -> bytes:
    """28 bits in four bytes whose highest bit is clear: the size of a whole tag."""
    return bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
