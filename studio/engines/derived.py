"""What engines derived from a clip, kept in the data folder: a voice that was cloned once is not listened to again.

One file for each clip, model and way of computing, named by the digest of the three: `<digest>.safetensors`. A file is
never trusted. Its size is looked at before it is read, the digest of what is in it has to be the one that stands in it,
and the engine says whether the arrays are such as it would have computed; anything else counts as not there, and is
computed and written anew. Above a limit the files that were not used for longest go.
"""

import hashlib
import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from studio.audio.drafts import Draft, sweep
from studio.errors import StudioError

LIMIT = 512 << 20  # bytes of all files
LARGEST = 32 << 20  # of one
SUM = "sum"  # the array that holds the digest of the others
SUFFIX = ".safetensors"

log = logging.getLogger(__name__)
Arrays = Mapping[str, Any]  # NumPy arrays by name
Fits = Callable[[Arrays], bool]  # whether they are what would have been computed


class Derived:
    """Arrays by what they were computed from. For any number of threads and processes; one without a folder keeps
    nothing."""

    def __init__(self, folder: Callable[[], Path] | None = None, limit: int = LIMIT) -> None:
        """`folder` says where the files are (made when it is first needed), `limit` how many bytes of them to keep."""
        self._folder, self._limit = folder, limit

    def get(self, key: str, fits: Fits) -> Arrays | None:
        """What was kept under `key` (see `key_of`), if it is whole and `fits`; else None."""
        if (path := self._path(key)) is None:
            return None
        try:
            found = _read(path)
            if found is None or not fits(found):
                raise ValueError("it is not what was written there")
            os.utime(path)  # used now
        except FileNotFoundError:
            return None
        except Exception as error:  # whatever is in it: the library that reads it raises what it likes
            log.warning("%s is computed again: %s", path.name, error)
            return None
        return found

    def put(self, key: str, arrays: Arrays) -> None:
        """Keep arrays. A disk that takes no more is no reason not to speak: then nothing is kept."""
        if (path := self._path(key)) is None:
            return
        import numpy as np
        from safetensors.numpy import save

        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            whole = {**arrays, SUM: np.frombuffer(_sum(arrays), np.uint8)}
            with Draft(path) as draft:
                draft.write(save({name: np.ascontiguousarray(one) for name, one in whole.items()}))
            self._clean(path)
        except (OSError, StudioError) as error:
            log.warning("%s is not kept: %s", path.name, error)

    def _path(self, key: str) -> Path | None:
        return None if self._folder is None else self._folder() / f"{key}{SUFFIX}"

    def _clean(self, kept: Path) -> None:
        """Remove what was not used for longest, until the rest is below the limit; what was just written stays."""
        sweep(kept.parent)
        files = []
        for path in kept.parent.glob(f"*{SUFFIX}"):
            with suppress(OSError):  # another process was quicker
                known = path.stat()
                files.append((known.st_mtime_ns, known.st_size, path))
        over = sum(size for _, size, _ in files) - self._limit
        for _, size, path in sorted(files):
            if over <= 0:
                return
            if path != kept:
                with suppress(OSError):
                    path.unlink()
                over -= size


def key_of(*parts: str | bytes) -> str:
    """The name of what depends on these: a clip, a digest of weights, a version of the computation."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else hashlib.sha256(part).digest()
        whole.update(len(data).to_bytes(4, "little") + data)
    return whole.hexdigest()


def _read(path: Path) -> Arrays | None:
    """The arrays of a file; None where it is not one of ours."""
    from safetensors.numpy import load

    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        return None
    found = load(data)
    told = found.pop(SUM, None)
    return found if told is not None and told.tobytes() == _sum(found) else None


def _sum(arrays: Arrays) -> bytes:
    """The digest of arrays with their names, kinds and shapes."""
    whole = hashlib.sha256()
    for name in sorted(arrays):
        one = arrays[name]
        whole.update(f"{name} {one.dtype.str} {one.shape} ".encode() + one.tobytes())
    return whole.digest()
