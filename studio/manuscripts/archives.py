"""ZIP files of strangers (EPUB, DOCX, packs of ours): looked into without writing a byte and within fixed limits.

Names are keys and never paths. The directory's size is looked at before it is read, for a directory of a million files
costs minutes and gigabytes; members are unpacked in memory, up to a limit each and one for all.
"""

import struct
import zipfile
from pathlib import Path
from types import TracebackType

from studio.errors import BadFile

DIRECTORY_BYTES = 4 << 20  # of the list of members: some 40,000 names
MEMBER_BYTES = 64 << 20
WHOLE_BYTES = 512 << 20  # unpacked, over the life of one `Archive`
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x06"


class Archive:
    """An open ZIP file. Use it in a `with`. `BadFile` says what is wrong with it."""

    def __init__(self, path: Path, name: str = "", whole: int = WHOLE_BYTES) -> None:
        """`whole`: bytes that may be unpacked in all."""
        self.name = name or path.name
        self._left = whole
        try:
            self._check_directory(path)
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile, ValueError, struct.error, NotImplementedError) as error:
            raise self._damaged() from error
        self.names = frozenset(self._zip.namelist())

    def read(self, name: str, limit: int = MEMBER_BYTES) -> bytes:
        """A member, unpacked. `BadFile` when it is absent, encrypted, damaged or too large."""
        if name not in self.names:
            raise BadFile(
                f"{self.name}: “{name}” is missing in it; the file is incomplete, get it again",
                f"{self.name}：缺少“{name}”，文件不完整，请重新获取",
                where=self.name,
            )
        info = self._zip.getinfo(name)
        if info.flag_bits & 1:
            raise BadFile(
                f"{self.name} is locked with a password; unlock it first",
                f"{self.name} 有密码保护，请先解除",
                where=self.name,
            )
        most = min(limit, self._left)
        try:
            with self._zip.open(info) as member:
                data = member.read(most + 1)
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
            raise self._damaged() from error
        except Exception as error:  # zlib.error, lzma.LZMAError: each coder has its own, without a common base
            if type(error).__module__ in ("zlib", "_lzma", "lzma", "bz2"):
                raise self._damaged() from error
            raise
        if len(data) > most:
            raise BadFile(
                f"{self.name}: “{name[:80]}” unpacks to more than {most >> 20} MB; it is damaged, or made to do harm",
                f"{self.name}：“{name[:80]}”解压后超过 {most >> 20} MB；文件已损坏，或为恶意文件",
                where=self.name,
            )
        self._left -= len(data)
        return data

    def find(self, name: str, limit: int = MEMBER_BYTES) -> bytes | None:
        """`read`, or None where there is no such member."""
        return self.read(name, limit) if name in self.names else None

    def __enter__(self) -> "Archive":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._zip.close()

    def _check_directory(self, path: Path) -> None:
        """Refuse a directory that is too long to be read, by what the end of the file says of it."""
        with path.open("rb") as file:
            length = file.seek(0, 2)
            file.seek(max(0, length - (1 << 16) - 22 - 76))
            tail = file.read()
        end, wide = tail.rfind(_END), tail.rfind(_END_64)
        size = struct.unpack_from("<I", tail, end + 12)[0] if end >= 0 else 0
        if wide >= 0 and size == 0xFFFFFFFF:
            size = struct.unpack_from("<Q", tail, wide + 40)[0]
        if size > DIRECTORY_BYTES:
            raise BadFile(
                f"{self.name} lists far too many files ({size >> 20} MB of names); it is damaged, or made to do harm",
                f"{self.name} 含有过多文件（仅名称就有 {size >> 20} MB）；文件已损坏，或为恶意文件",
                where=self.name,
            )

    def _damaged(self) -> BadFile:
        return BadFile(
            f"{self.name} is damaged or cut short: it cannot be unpacked; get it again",
            f"{self.name} 已损坏或不完整，无法解压；请重新获取",
            where=self.name,
        )
