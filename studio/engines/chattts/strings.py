"""The strings in which people exchange voices of ChatTTS, and what is in them.

Bytes are written as Chinese characters (base16384): seven bytes are four numbers of 14 bits, each a character from 一
on; a character from 㴁 to 㴆 at the end says how many bytes of the last group count. Speakers and audio prompts are
compressed first (raw LZMA2).
"""

import lzma
import struct

import numpy as np
from numpy.typing import NDArray

from studio.errors import BadRequest

FIRST, TAIL = 0x4E00, 0x3D00
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}]
LARGEST = 1 << 20  # bytes of anything in a string; a real one has a few thousand
LONGEST = 200_000  # characters of a string
MOST_CODES = 30 * 47  # frames of an audio prompt: 30 seconds
COEFFICIENTS = 100


def to_base16384(content: bytes) -> str:
    """Any bytes as characters."""
    groups = []
    for at in range(0, len(content), 7):
        part = content[at : at + 7]
        bits = int.from_bytes(part.ljust(7, b"\0"))
        count = -(-8 * len(part) // 14)
        groups += [chr(FIRST + (bits >> (42 - 14 * number) & 0x3FFF)) for number in range(count)]
    rest = len(content) % 7
    return "".join(groups) + (chr(TAIL + rest) if rest else "")


def from_base16384(text: str, what: str = "code") -> bytes:
    """The bytes in a string. `BadRequest` names the first character that cannot be, or says that some are missing."""
    if len(text) > LONGEST:
        raise _bad(what, f"it has {len(text):,} characters", f"有 {len(text):,} 个字符")
    rest = ord(text[-1]) - TAIL if text and 1 <= ord(text[-1]) - TAIL <= 6 else 0
    body = text[:-1] if rest else text
    for at, character in enumerate(body):
        if not 0 <= ord(character) - FIRST <= 0x3FFF:
            raise _bad(what, f"character {at + 1} is {character!r}", f"第 {at + 1} 个字符是 {character!r}")
    last = -(-8 * rest // 14)
    if (len(body) - last) % 4 or len(body) < last:
        raise _bad(what, "its end is missing", "结尾不完整")
    content = bytearray()
    for at in range(0, len(body), 4):
        bits = 0
        for character in body[at : at + 4].ljust(4, chr(FIRST)):
            bits = bits << 14 | ord(character) - FIRST
        content += bits.to_bytes(7)
    return bytes(content[: len(content) - 7 + rest] if rest else content)


def speaker_string(vector: NDArray[np.float16]) -> str:
    """A speaker embedding (dim,) as a string."""
    return to_base16384(lzma.compress(vector.astype("<f2").tobytes(), lzma.FORMAT_RAW, filters=FILTERS))


def speaker_vector(text: str, size: int) -> NDArray[np.float16]:
    """The embedding (size,) in a string. `BadRequest` for a damaged one, another length, or no numbers."""
    what = "speaker code"
    vector = np.frombuffer(_unpacked(from_base16384(text.strip(), what), what), "<f2")
    if len(vector) != size:
        raise _bad(what, f"it holds {len(vector)} numbers, not {size}", f"含 {len(vector)} 个数，应为 {size} 个")
    if not np.isfinite(vector).all():
        raise _bad(what, "it holds values that are not numbers", "其中有非数值")
    return vector


def sample_string(codes: NDArray[np.integer]) -> str:
    """An audio prompt (books, frames) as a string."""
    packed = lzma.compress(np.ascontiguousarray(codes, "<u2").tobytes(), lzma.FORMAT_RAW, filters=FILTERS)
    return to_base16384(struct.pack("<HH", *codes.shape) + packed)


def sample_codes(text: str, books: int, codes: int) -> NDArray[np.int64]:
    """The audio prompt (books, frames) in a string; a code is 0 up to `codes` - 1 (the last one only ends speech)."""
    what = "audio sample code"
    content = from_base16384(text.strip(), what)
    if len(content) < 5:
        raise _bad(what, "its end is missing", "结尾不完整")
    rows, columns = struct.unpack("<HH", content[:4])
    found = np.frombuffer(_unpacked(content[4:], what), "<u2")
    if rows != books or not 1 <= columns <= MOST_CODES or len(found) != rows * columns:
        size = f"{rows} × {columns}"
        raise _bad(
            what, f"it holds {size} codes, not {books} × 1 to {MOST_CODES}", f"含 {size} 个编码，应为 {books} 行"
        )
    if int(found.max()) >= codes - 1:
        raise _bad(what, f"code {int(found.max())} is out of range", f"编码 {int(found.max())} 超出范围")
    return found.reshape(rows, columns).astype(np.int64)


def sample_in(clip: bytes) -> str | None:
    """The string of an audio prompt, where a voice's clip is one instead of a recording."""
    try:
        text = clip.decode().strip() if len(clip) <= 3 * LONGEST else ""
    except UnicodeDecodeError:
        return None
    return text if text and all(FIRST <= ord(c) <= FIRST + 0x3FFF or TAIL < ord(c) <= TAIL + 6 for c in text) else None


def coefficient_string(values: NDArray[np.float32]) -> str:
    """The DVAE's coefficients (100,) as a string."""
    return to_base16384(values.astype("<f4").tobytes())


def coefficients(text: str) -> NDArray[np.float32]:
    """The coefficients (100,) in a string."""
    what = "DVAE coefficient"
    content = from_base16384(text.strip(), what)
    if len(content) != 4 * COEFFICIENTS:
        count = len(content) // 4
        raise _bad(what, f"it holds {count} numbers, not {COEFFICIENTS}", f"含 {count} 个数，应为 {COEFFICIENTS} 个")
    values = np.frombuffer(content, "<f4")
    if not np.isfinite(values).all():
        raise _bad(what, "it holds values that are not numbers", "其中有非数值")
    return values


def _unpacked(content: bytes, what: str) -> bytes:
    unpack = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=FILTERS)
    try:
        found = unpack.decompress(content, max_length=LARGEST)
    except (lzma.LZMAError, EOFError) as error:
        raise _bad(what, "it is damaged", "已损坏") from error
    if not unpack.eof:
        raise _bad(what, "it is damaged or cut off", "已损坏或不完整")
    return found


def _bad(what: str, en: str, zh: str) -> BadRequest:
    names = {"speaker code": "音色码", "audio sample code": "音频样本码", "DVAE coefficient": "DVAE 系数"}
    return BadRequest(
        f"{what}: {en}; copy it again, from its first to its last character",
        f"{names.get(what, '编码')}：{zh}；请从第一个字符到最后一个字符重新完整复制",
        where="code",
    )
