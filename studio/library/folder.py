"""The data folder: where it is, what is in it, and who may be its server."""

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from studio.errors import BadRequest, DiskFull, InUse, NotWritable, StorageError
from studio.library.locks import FileLock

FOLDERS = ("takes", "productions", "weights", "derived")


@dataclass(frozen=True)
class Holder:
    """The process that holds a claim on the folder."""

    purpose: str
    pid: int  # 0 if it left no note
    since: datetime | None
    note: str  # in the server's case: its address


class DataFolder:
    """A data folder that exists and can be written."""

    def __init__(self, path: Path | str | None = None) -> None:
        """`path`, else `TIMBRE_HOME`, else the place the system has for it. Made if absent, with its sub-folders."""
        self.path = _resolved(path)
        try:
            for folder in (self.path, *(self.path / name for name in FOLDERS)):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise storage_error(error, self.path) from error
        if not os.access(self.path, os.W_OK | os.X_OK):
            raise storage_error(PermissionError(errno.EACCES, "not writable"), self.path)

    @property
    def takes(self) -> Path:
        return self.path / "takes"

    @property
    def productions(self) -> Path:
        return self.path / "productions"

    @property
    def weights(self) -> Path:
        return self.path / "weights"

    @property
    def derived(self) -> Path:
        """What engines computed from clips."""
        return self.path / "derived"

    @property
    def database_url(self) -> str:
        """The address of its SQLite database."""
        from sqlalchemy import URL

        return URL.create("sqlite", database=str(self.path / "studio.db")).render_as_string()

    @contextmanager
    def claim(self, purpose: str = "server", note: str = "") -> Iterator[Holder]:
        """Be the only process that does `purpose` on this folder; `InUse` names the other one.

        Commands run beside a server without a claim: the database and the cache are made for several processes. The
        claim ends with the process, however that ends.
        """
        lock = FileLock(self._lock_path(purpose))
        try:
            if not lock.acquire():
                raise self._in_use(purpose)
            holder = Holder(purpose, os.getpid(), datetime.now(UTC), note)
            self._leave_note(holder)
        except OSError as error:
            lock.release()
            raise storage_error(error, self.path) from error
        try:
            yield holder
        finally:
            self._note_path(purpose).unlink(missing_ok=True)
            lock.release()

    def holder(self, purpose: str = "server") -> Holder | None:
        """Who holds the claim now, or None. A note left by a process that died counts for nothing."""
        path = self._lock_path(purpose)
        if not path.exists():
            return None
        lock = FileLock(path)
        try:
            if lock.acquire():
                return None
        except OSError as error:
            raise storage_error(error, self.path) from error
        finally:
            lock.release()
        return self._note(purpose)

    def _lock_path(self, purpose: str) -> Path:
        if not purpose.replace("-", "").isalnum():
            raise ValueError(f"purpose {purpose!r}: letters, digits and hyphens")
        return self.path / f"{purpose}.lock"

    def _note_path(self, purpose: str) -> Path:
        return self.path / f"{purpose}.json"

    def _leave_note(self, holder: Holder) -> None:
        assert holder.since is not None
        note = {"pid": holder.pid, "since": holder.since.isoformat(), "note": holder.note}
        path = self._note_path(holder.purpose)
        fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
        fresh.write_text(json.dumps(note, ensure_ascii=False), encoding="utf-8")
        fresh.replace(path)

    def _note(self, purpose: str) -> Holder:
        try:
            note = json.loads(self._note_path(purpose).read_text(encoding="utf-8"))
            return Holder(purpose, int(note["pid"]), datetime.fromisoformat(note["since"]), str(note["note"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Holder(purpose, 0, None, "")  # between its lock and its note

    def _in_use(self, purpose: str) -> InUse:
        holder = self._note(purpose)
        at = f" ({holder.note})" if holder.note else ""
        at_zh = f"（{holder.note}）" if holder.note else " "
        return InUse(
            f"data folder {self.path}: process {holder.pid or '?'}{at} is already running a {purpose} on it; use that"
            " one, stop it first, or choose another folder with --data-dir",
            f"数据文件夹 {self.path}：进程 {holder.pid or '?'}{at_zh}已在其上运行 {purpose}；请直接使用它、先停掉它，"
            "或用 --data-dir 另选文件夹",
            where="data_dir",
            pid=holder.pid,
            note=holder.note,
        )


def storage_error(error: OSError, path: Path) -> StorageError:
    """What the operating system refused, as one of ours."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(
            f"{path}: no space left on the disk; nothing half-written was kept. Free some space and try again",
            f"{path}：磁盘已满，没有留下写了一半的文件；请腾出空间后再试",
            where=str(path),
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return NotWritable(
            f"{path}: may not be written; give this user write permission, or choose another folder (--data-dir)",
            f"{path}：没有写入权限；请为当前用户开放写权限，或用 --data-dir 另选文件夹",
            where=str(path),
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return NotWritable(
            f"{path}: a file stands where a folder is needed; move it away, or choose another folder (--data-dir)",
            f"{path}：需要文件夹的位置上有一个同名文件；请移走它，或用 --data-dir 另选文件夹",
            where=str(path),
        )
    reason = error.strerror or type(error).__name__
    return StorageError(
        f"{path}: {reason}; check the disk, or choose another folder (--data-dir)",
        f"{path}：{reason}；请检查磁盘，或用 --data-dir 另选文件夹",
        where=str(path),
    )


def _resolved(path: Path | str | None) -> Path:
    given = str(path) if path is not None else os.environ.get("TIMBRE_HOME", "")
    if "\0" in given:
        raise BadRequest("data folder: the name holds a NUL character", "数据文件夹：名称含有空字符", where="data_dir")
    if given.strip():
        return Path(given).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("timbre-studio", appauthor=False)
