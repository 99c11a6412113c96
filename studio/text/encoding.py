"""Text files of any age and origin become one `str`: the book on the disk rarely says how it is encoded.

Unicode is recognised for certain (marks, validity). Between the old code pages the text itself decides: every one of
them that can read the bytes is tried, and the reading with the most everyday characters wins. That small count is right
on short Chinese texts, where general guessers answer Korean, Cyrillic or nothing (compared in `tests/text`).
"""

import codecs
import re
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from studio.errors import BadFile
from studio.text.common_characters import COMMON_HAN, COMMON_HANGUL

LIMIT_BYTES = 64 << 20
SAMPLE_BYTES = 64 << 10  # as much as a guess between code pages looks at, from the front

MAGIC: tuple[tuple[bytes, str, str], ...] = (  # how other kinds of file begin
    (b"\x89PNG", "a PNG image", "PNG 图片"),
    (b"\xff\xd8\xff", "a JPEG image", "JPEG 图片"),
    (b"GIF87a", "a GIF image", "GIF 图片"),
    (b"GIF89a", "a GIF image", "GIF 图片"),
    (b"%PDF", "a PDF document", "PDF 文档"),
    (
        b"PK\x03\x04",
        "a ZIP archive (or a DOCX, EPUB or XLSX file, which are ZIP inside)",
        "ZIP 压缩包（DOCX、EPUB、XLSX 也属此类）",
    ),
    (b"Rar!\x1a", "a RAR archive", "RAR 压缩包"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "7-Zip 压缩包"),
    (b"\x1f\x8b", "a gzip archive", "gzip 压缩包"),
    (b"\xd0\xcf\x11\xe0", "an old Word or Excel file", "旧版 Word 或 Excel 文件"),
    (b"{\\rtf", "an RTF document", "RTF 文档"),
    (b"ID3\x03", "an MP3 file", "MP3 音频"),
    (b"ID3\x04", "an MP3 file", "MP3 音频"),
    (b"OggS", "an Ogg audio file", "Ogg 音频"),
    (b"fLaC", "a FLAC audio file", "FLAC 音频"),
    (b"\x7fELF", "a program", "可执行程序"),
    (b"MZ\x90", "a Windows program", "Windows 程序"),
    (b"SQLite format 3", "a SQLite database", "SQLite 数据库"),
)
UTF_32 = ((codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"))
BOMS = (
    *UTF_32,  # before UTF-16, whose mark begins the same
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
WIDE = ("utf-16-le", "utf-16-be")
CODE_PAGES = ("gb18030", "big5hkscs", "cp932", "euc_jp", "cp949", "cp1252")
SHOWN_AS = {"big5hkscs": "big5", "cp932": "shift_jis", "cp949": "euc_kr", "cp1252": "windows-1252"}


@dataclass(frozen=True)
class Decoded:
    """The text of a file and how it was encoded."""

    text: str  # newlines are \n, no byte order mark
    encoding: str  # "utf-8", "utf-16-le", "gb18030", "big5", "windows-1252" …


def decode(raw: bytes, where: str = "", encoding: str = "") -> Decoded:
    """The text in `raw`. `encoding` is taken at its word when given.

    `BadFile` when the bytes are no text (and what they look like), or are not in the given encoding.
    """
    refuse_other_kinds(raw, where)
    for bom, name in BOMS:
        if raw.startswith(bom) and not encoding:
            return _strictly(raw, name, where)
    if encoding:
        return _strictly(raw, encoding, where)
    if not re.search(rb"[\0-\x08\x0e-\x1f]", raw) and _is_utf8(raw):
        return Decoded(_tidy(raw.decode("utf-8")), "utf-8")
    return _by_statistics(raw, where)


def read_text(path: str | PathLike[str], limit_bytes: int = LIMIT_BYTES, encoding: str = "") -> Decoded:
    """The text of a file. `BadFile` when it is missing, a folder, unreadable, too large, empty or no text."""
    path = Path(path)
    where = str(path)
    try:
        if path.is_dir():
            raise BadFile(f"{where} is a folder: give a text file", f"{where} 是文件夹：请指定文本文件", where=where)
        with path.open("rb") as file:
            raw = file.read(limit_bytes + 1)
    except FileNotFoundError as error:
        raise BadFile(f"{where}: no such file", f"{where}：没有这个文件", where=where) from error
    except (OSError, ValueError) as error:  # ValueError: a zero character in the name
        raise BadFile(
            f"{where} cannot be read ({_reason(error)}): check its permissions",
            f"无法读取 {where}（{_reason(error)}）：请检查文件权限",
            where=where,
        ) from error
    if len(raw) > limit_bytes:
        raise _too_large(path, limit_bytes)
    decoded = decode(raw, where, encoding)
    if not decoded.text.strip():
        raise BadFile(f"{where} is empty: there is no text in it", f"{where} 是空文件：里面没有文字", where=where)
    return decoded


def refuse_other_kinds(raw: bytes, where: str = "") -> None:
    """`BadFile` that says what the bytes are when they begin as an image, archive, document or sound does."""
    for magic, en, zh in MAGIC:
        if raw.startswith(magic):
            raise _binary(where, f"it is {en}", f"这是{zh}")
    if raw[:4] == b"RIFF" and raw[8:12] in (b"WAVE", b"AVI ", b"WEBP"):
        raise _binary(where, "it is a WAV, AVI or WebP file", "这是 WAV、AVI 或 WebP 文件")
    if raw[4:8] == b"ftyp":
        raise _binary(where, "it is an MP4 or M4A file", "这是 MP4 或 M4A 文件")


def _binary(where: str, en: str, zh: str) -> BadFile:
    name = where or "the file"
    return BadFile(
        f"{name} is not a text file: {en}. Save it as plain text (UTF-8) first",
        f"{where or '该文件'}不是文本文件：{zh}。请先另存为纯文本（UTF-8）",
        where=where,
    )


def _too_large(path: Path, limit_bytes: int) -> BadFile:
    size, limit = path.stat().st_size / (1 << 20), limit_bytes / (1 << 20)
    return BadFile(
        f"{path} is {size:.1f} MB: a text may have at most {limit:.3g} MB; split it into several files",
        f"{path} 有 {size:.1f} MB：文本不能超过 {limit:.3g} MB，请拆成几个文件",
        where=str(path),
        size=path.stat().st_size,
        limit=limit_bytes,
    )


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _strictly(raw: bytes, encoding: str, where: str) -> Decoded:
    try:
        text = raw.decode(encoding)
    except LookupError as error:
        raise BadFile(
            f"encoding “{encoding}” is unknown: use utf-8, utf-16, gb18030, big5 or windows-1252",
            f"不认识编码“{encoding}”：可用 utf-8、utf-16、gb18030、big5、windows-1252",
            where=where,
        ) from error
    except UnicodeError as error:
        at = getattr(error, "start", 0)
        raise BadFile(
            f"{where or 'the file'} is not in {encoding}: byte {at + 1} does not fit; "
            "leave the encoding to be recognised, or save the file as UTF-8",
            f"{where or '该文件'}不是 {encoding} 编码：第 {at + 1} 个字节不符合；请改用自动识别，或把文件另存为 UTF-8",
            where=where,
            encoding=encoding,
            at=at,
        ) from error
    if "\0" in text:
        raise _binary(where, "there are zero characters in it", "其中含有零字符")
    name = codecs.lookup(encoding).name
    return Decoded(_tidy(text), SHOWN_AS.get(name, name))


def _tidy(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _by_statistics(raw: bytes, where: str) -> Decoded:
    """The code page, or UTF-16 without a mark, in which the text has the most everyday characters."""
    candidates = WIDE if b"\0" in raw else (*CODE_PAGES, *WIDE)  # no code page has zero bytes in its texts
    scores = {name: _score(raw, name) for name in candidates}
    ranked = sorted(
        ((s, n) for n, s in scores.items() if s > (0.4 if n in WIDE and b"\0" not in raw else 0.1)), reverse=True
    )
    for _, name in ranked:
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        return Decoded(_tidy(text), SHOWN_AS.get(name, name))
    if b"\0" in raw:
        raise _binary(where, "there are zero bytes in it", "其中含有零字节")
    if _is_utf8(raw):
        return Decoded(_tidy(raw.decode("utf-8")), "utf-8")
    raise BadFile(
        f"{where or 'the file'}: its encoding is not recognised; save it as UTF-8 and try again",
        f"{where or '该文件'}：无法识别编码；请另存为 UTF-8 后再试",
        where=where,
    )


def _score(raw: bytes, encoding: str) -> float:
    """-1..1: how much the sample looks like everyday writing in that encoding; ASCII says nothing but in UTF-16."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        text = decoder.decode(raw[:SAMPLE_BYTES], final=len(raw) <= SAMPLE_BYTES)
    except UnicodeDecodeError:
        return -1.0
    if encoding == "cp1252":
        return _western(text)
    telling = text if encoding in WIDE else [c for c in text if c > "\x7f" or c < "\t"]
    return sum(map(_points, telling)) / len(telling) if telling else -1.0


def _points(character: str) -> float:
    if character in COMMON_HAN or character in COMMON_HANGUL:
        return 1.0
    if "\u3041" <= character <= "\u30fe" or "\u3001" <= character <= "\u3011" or "\uff01" <= character <= "\uff5e":
        return 0.7
    if character in "“”‘’…—·　〇":
        return 0.6
    if "\u4e00" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7a3":
        return 0.2 if character < "\uac00" else 0.1
    return 0.5 if "\x20" <= character <= "\x7e" or character in "\n\r\t\ufeff" else -1.0


def _western(text: str) -> float:
    """Accents stand inside words and quotes at their edges; in misread Chinese they stand beside each other."""
    points = 0.0
    strange = [at for at, character in enumerate(text) if character > "\x7f"]
    for at in strange:
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        lonely = before <= "\x7f" and after <= "\x7f"
        usual = text[at] in "‘’“”–—…€£©®°«»§•\xa0éèêëàâäáãåçñöôóòõüûúùïîíìßæøÉÈÀÖÄÜÅØÆÇÑ½¼¾œ™×"
        points += 0.65 if lonely and usual else 0.3 if usual else -1.0
    return points / len(strange) if strange else -1.0
