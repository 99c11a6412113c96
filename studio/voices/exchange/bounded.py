"""Files of strangers, read within limits: how large they may be is looked at before a byte of them is in memory."""

import json
import stat
from pathlib import Path
from typing import Any, NoReturn

from studio.errors import BadFile
from studio.text.encoding import decode

LARGEST = 64 << 20  # bytes of one file that is read whole
MOST_VALUES = 4_000_000  # of a JSON file, so that a small file cannot become a large memory
HEAD = 4096  # bytes from which a format is told


def wrong(name: str, en: str, zh: str) -> BadFile:
    """What is wrong with a file, in both languages."""
    return BadFile(f"{name}: {en}", f"{name}：{zh}", where=name)


def head_of(path: Path) -> bytes:
    """The first bytes of an ordinary file that is not empty. `BadFile`."""
    name = path.name
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise wrong(name, "it is no ordinary file; give a voice file", "不是普通文件；请给出音色文件")
        if not found.st_size:
            raise wrong(name, "the file is empty; get it again", "这是空文件；请重新获取")
        with path.open("rb") as file:
            return file.read(HEAD)
    except FileNotFoundError as error:
        raise wrong(str(path), "there is no such file", "没有这个文件") from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise wrong(name, f"it cannot be read ({reason})", f"无法读取（{reason}）") from error


def load(path: Path, limit: int = LARGEST) -> bytes:
    """The whole file. `BadFile` if it is larger than `limit` bytes; then nothing of it is read."""
    size = path.stat().st_size
    if size > limit:
        raise wrong(
            path.name,
            f"{size >> 20} MB: a file of this kind has at most {limit >> 20} MB; this is no voice file",
            f"大小为 {size >> 20} MB：这类文件最多 {limit >> 20} MB，不是正常的音色文件",
        )
    with path.open("rb") as file:
        return file.read(limit + 1)[:limit]


def text_of(data: bytes, name: str) -> str:
    """The text of a file in any usual encoding. `BadFile`."""
    return decode(data, name).text


def json_of(data: bytes, name: str) -> Any:
    """What a JSON file holds. `BadFile` for one that is cut off, is nested without end, holds NaN, or far too much."""
    if sum(data.count(sign) for sign in (b",", b"[", b"{", b":")) > MOST_VALUES:
        raise wrong(name, "it holds millions of values; this is no voice file", "含有数百万个值，不是正常的音色文件")
    try:
        return json.loads(data, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "it is nested without end"
        raise wrong(
            name,
            f"it is no readable JSON ({reason[:120]}); it may be cut off, get it again",
            f"不是可读的 JSON（{reason[:120]}）；文件可能不完整，请重新获取",
        ) from error


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"it holds {constant}, which is no number")
