"""Locks between processes that the operating system itself releases, also after `kill -9`."""

import os
import sys
import threading
import time
from pathlib import Path

GLANCE_S = 1.0  # somebody who only looks whether a lock is held has it for less
_held: set[Path] = set()  # the POSIX locks used here do not exclude another thread of the same process
_guard = threading.Lock()


class FileLock:
    """An exclusive lock named by a file. The file stays; only the lock on it means anything.

    POSIX record locks are used because a child process does not inherit them: a worker that outlives a killed server
    does not keep the lock. They end when *any* handle on the file is closed, so nothing else may open that file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def acquire(self, patience: float = 0.0) -> bool:
        """Take the lock, waiting up to `patience` seconds; whether it was got. `OSError` if the file cannot be made."""
        until = time.monotonic() + patience
        while not self._try():
            if time.monotonic() >= until:
                return False
            time.sleep(0.02)
        return True

    def release(self) -> None:
        """Give the lock back (idempotent)."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
            with _guard:
                _held.discard(self.path)

    def _try(self) -> bool:
        with _guard:
            if self.path in _held:
                return False
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            if not _lock(handle):
                os.close(handle)
                return False
            self._handle = handle
            _held.add(self.path)
            return True


if sys.platform == "win32":  # pragma: no cover

    def _lock(handle: int) -> bool:
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _lock(handle: int) -> bool:
        import fcntl

        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        return True
