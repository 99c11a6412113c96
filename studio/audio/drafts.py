"""A file that is not in its place yet: nothing half-written ever stands under the final name.

A `Draft` is written beside its target as `.<name>.<pid>.part`, flushed to the disk and renamed. A process that is
killed leaves the part behind; `sweep` removes those whose process is gone.
"""

import errno
import os
import re
import stat
import sys
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self

from studio.errors import DiskFull, NotWritable, StorageError

BLOCK = 1 << 20  # bytes moved at once
NAME_LIMIT = 255  # bytes, on every disk in use
FLAGS: int = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
PART = re.compile(r"^\..+\.(\d+)\.part$", re.DOTALL)

_open_here: set[Path] = set()  # parts that this process is writing


def refusal(error: OSError, path: Path) -> StorageError:
    """What an error of the system means for a person who wants a file at `path`."""
    where = str(path)
    if error.errno in FULL:
        return DiskFull(
            f"{where}: the disk is full or the file would grow past its limit; nothing half-written was kept. "
            "Free some space or choose another folder, then run it again",
            f"{where}：磁盘已满，或文件超出大小限制；没有留下写了一半的文件。请清理空间或换一个文件夹后重试",
            where=where,
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return NotWritable(
            f"{where}: the folder {path.parent} does not exist; create it or choose another",
            f"{where}：文件夹 {path.parent} 不存在；请先创建，或换一个文件夹",
            where=where,
        )
    if error.errno == errno.ENAMETOOLONG:
        return NotWritable(
            f"{where}: the name is too long for this disk; choose a shorter one",
            f"{where}：文件名太长；请换一个短一些的名字",
            where=where,
        )
    reason = error.strerror or type(error).__name__
    return NotWritable(
        f"{where}: cannot be written ({reason}); choose a folder that you may write to",
        f"{where}：无法写入（{reason}）；请换一个有写入权限的文件夹",
        where=where,
    )


def check_target(path: str | Path) -> None:
    """`NotWritable` now, rather than after hours of work, if no file can be put at `path`."""
    target = Path(os.path.realpath(path))
    try:
        mode = target.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        mode = None
    except OSError as error:
        raise refusal(error, target) from error
    if mode is not None and stat.S_ISDIR(mode):
        example = Path(path) / "book.m4b"
        raise NotWritable(
            f"{path}: that is a folder; give the name of a file in it, such as {example}",
            f"{path}：这是一个文件夹；请给出其中的文件名，例如 {example}",
            where=str(path),
        )
    if mode is not None and not stat.S_ISREG(mode):
        raise NotWritable(
            f"{path}: that is not an ordinary file; give another name",
            f"{path}：这不是普通文件；请换一个名字",
            where=str(path),
        )
    if mode is not None and not os.access(target, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise refusal(PermissionError(errno.EACCES, os.strerror(errno.EACCES)), target)
    with Draft(target) as draft:
        draft.discard()


class Draft:
    """A binary file on its way to `path`; read, written and sought like any other.

    Leave the `with` normally to put it in place, by an exception (or after `discard`) to remove it. Errors of the
    system come out as `NotWritable` or `DiskFull`.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(os.path.realpath(path))
        self._file, self.part = self._create()
        self.closed = False

    def _create(self) -> tuple[FileIO, Path]:
        """A new file beside the target; a number enters its name where two write the same target at once."""
        name = self.path.name.encode()[:200].decode(errors="ignore")
        for twin in range(1000):
            number = f".{twin}" if twin else ""
            part = self.path.parent / f".{name}{number}.{os.getpid()}.part"
            if part in _open_here:
                continue
            _open_here.add(part)  # before it exists, so that a sweep in another thread lets it be
            try:
                if len(os.fsencode(self.path.name)) > NAME_LIMIT:
                    raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
                return FileIO(os.open(part, FLAGS, 0o666), "r+"), part
            except FileExistsError:
                _open_here.discard(part)
            except OSError as error:
                _open_here.discard(part)
                raise refusal(error, self.path) from error
        raise refusal(OSError(errno.EEXIST, os.strerror(errno.EEXIST)), self.path)

    # --- as a file; PyAV writes through these

    def write(self, content: bytes | bytearray | memoryview) -> int:
        """All of `content`; a full disk is noticed here, not at the end."""
        view = memoryview(content).cast("B")
        done = 0
        try:
            while done < len(view):
                done += self._file.write(view[done:]) or 0
        except OSError as error:
            raise refusal(error, self.path) from error
        return done

    def probe(self) -> None:
        """Raise what the system has against writing here, if it has anything; for coders that cannot say it."""
        self.seek(0, os.SEEK_END)
        self.write(bytes(BLOCK))

    def fileno(self) -> int:
        """For a coder that writes to the file itself."""
        return self._file.fileno()

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size) or b""

    def seek(self, at: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(at, whence)

    def flush(self) -> None:
        """Nothing waits here; programs that write archives ask all the same."""

    def tell(self) -> int:
        return self._file.tell()

    @property
    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def splice(self, start: int, end: int, content: bytes) -> None:
        """Replace the bytes `start` to `end` by `content`, moving what follows; flat memory whatever the size."""
        shift = len(content) - (end - start)
        size = self.size
        blocks = list(range(end, size, BLOCK))
        for at in reversed(blocks) if shift > 0 else blocks:
            if shift:
                self.seek(at)
                block = self.read(min(BLOCK, size - at))
                self.seek(at + shift)
                self.write(block)
        self.seek(start)
        self.write(content)
        if shift < 0:
            self._file.truncate(size + shift)

    # --- its end

    def commit(self) -> None:
        """Everything to the disk, then under the final name."""
        try:
            os.fsync(self._file.fileno())
            self._file.close()
            os.replace(self.part, self.path)
        except OSError as error:
            self.discard()
            raise refusal(error, self.path) from error
        self._forget()
        if sys.platform != "win32":
            with suppress(OSError):  # a folder that cannot be synced still has the file
                folder = os.open(self.path.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)

    def discard(self) -> None:
        """Remove it; the target stays as it was. Does nothing once it is in place."""
        if self.closed:
            return
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self.part.unlink(missing_ok=True)
        self._forget()

    def _forget(self) -> None:
        self.closed = True
        _open_here.discard(self.part)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.discard()
        elif not self.closed:
            self.commit()


def sweep(folder: str | Path) -> list[Path]:
    """Remove the parts in `folder` whose process is gone; returns what was removed."""
    removed = []
    for part in sorted(Path(folder).glob(".*.part")):
        found = PART.match(part.name)
        if found and part.is_file() and part not in _open_here and not _runs(int(found[1])):
            with suppress(OSError):  # on Windows an open file stays
                part.unlink()
                removed.append(part)
    return removed


def _runs(pid: int) -> bool:
    """Whether another process of that number runs. Our own number on a part we do not know is an earlier life's."""
    if pid == os.getpid() or sys.platform == "win32":  # there `os.kill` would end it
        return False
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
