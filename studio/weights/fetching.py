"""Bringing a model onto this machine: from the Hugging Face hub or a mirror of it, resumed where it was broken off,
every file compared with its published digest, and put in place whole.

This is the only place of the studio that asks another machine for anything, and only when someone said so.
"""

import errno
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from studio.errors import BadRequest, Cancelled, DiskFull, InUse, StorageError, StudioError
from studio.weights.catalogue import Weights
from studio.weights.store import Found, WeightStore, hashed, wrong_digest

SPARE = 200_000_000  # bytes that stay free beside a model
PIECE = 1 << 18  # bytes between two looks at the stop; the library's own ten megabytes are a minute on a slow line
_QUIET = {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
_here = threading.Lock()  # one installation at a time in this process

Progress = Callable[[int, int], None]  # bytes done, bytes in all (0 while unknown)


def install(
    store: WeightStore,
    id: str,
    *,
    accept_licence: bool = False,
    stopped: Callable[[], bool] = lambda: False,
    progress: Progress = lambda done, total: None,
    endpoint: str | None = None,
) -> Found:
    """Fetch a model into the data folder; what was fetched before is not fetched again.

    `endpoint` is the address of a mirror (else `HF_ENDPOINT`, else the hub). `BadRequest` unless the licence is
    accepted, `StorageError` where the hub cannot be reached or lacks a file, `BadFile` for a wrong digest, `DiskFull`,
    `InUse` while another process installs, `Cancelled` once `stopped` says so.
    """
    weights = store.get(id)
    if not accept_licence:
        raise BadRequest(
            f"{weights.title.en} has the licence {weights.licence}: {weights.licence_words.en}. Agree to it (--yes) to "
            "install it",
            f"{weights.title.zh} 的许可证是 {weights.licence}：{weights.licence_words.zh}。同意后（--yes）才能安装",
            where="licence",
        )
    found = store.find(id)
    if found is not None:
        return found
    with _alone(store.folder, id):
        return _Fetch(store, weights, stopped, progress, endpoint).run()


class _Fetch:
    """One installation."""

    def __init__(
        self,
        store: WeightStore,
        weights: Weights,
        stopped: Callable[[], bool],
        progress: Progress,
        endpoint: str | None,
    ) -> None:
        self._weights, self._stopped, self._progress = weights, stopped, progress
        self._endpoint = endpoint or os.environ.get("HF_ENDPOINT") or None  # the library reads it only when imported
        self._partial = store.folder / f".partial-{weights.id}"
        self._final = store.folder / weights.id
        self._done = self._total = 0

    def run(self) -> Found:
        for name, value in _QUIET.items():  # read by the library when it is imported
            os.environ.setdefault(name, value)
        from huggingface_hub import constants

        constants.DOWNLOAD_CHUNK_SIZE = PIECE
        with _told(self._weights):
            sizes = self._sizes()
            self._total = sum(sizes.values())
            self._check_room()
            for file in self._weights.files:
                self._file(file.path, file.sha256, sizes[file.path])
        shutil.rmtree(self._partial / ".cache", ignore_errors=True)
        if self._final.exists():
            shutil.rmtree(self._final)
        self._partial.replace(self._final)
        return Found(self._weights.id, self._final, "installed")

    def _sizes(self) -> dict[str, int]:
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        sizes = {}
        for file in self._weights.files:
            self._check()
            url = hf_hub_url(self._weights.repo, file.path, revision=self._weights.revision, endpoint=self._endpoint)
            sizes[file.path] = get_hf_file_metadata(url, timeout=10, endpoint=self._endpoint).size or 0
        return sizes

    def _file(self, path: str, sha256: str, size: int) -> None:
        """One file, whole and as published."""
        target, before = self._partial / path, self._done
        if not target.is_file():
            self._download(path)
        elif target.stat().st_size != size:
            target.unlink()
            self._download(path)
        self._done = before + size
        self._step(0)
        if sha256 and hashed(target, lambda read: self._check()) != sha256:
            target.unlink()
            raise wrong_digest(path, self._weights.id)

    def _download(self, path: str) -> None:
        from huggingface_hub import hf_hub_download

        hf_hub_download(
            self._weights.repo,
            path,
            revision=self._weights.revision,
            local_dir=self._partial,
            endpoint=self._endpoint,
            tqdm_class=_bar(self._step),
        )

    def _step(self, count: int) -> None:
        self._check()
        self._done += count
        self._progress(self._done, self._total)

    def _check(self) -> None:
        if self._stopped():
            raise Cancelled

    def _check_room(self) -> None:
        self._partial.mkdir(parents=True, exist_ok=True)
        there = sum(file.stat().st_size for file in self._partial.rglob("*") if file.is_file())
        needed = self._total - there + SPARE
        free = shutil.disk_usage(self._partial).free
        if free < needed:
            raise DiskFull(
                f"{self._weights.title.en} needs {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free in "
                f"{self._partial.parent}; free some space, or choose another data folder",
                f"{self._weights.title.zh} 需要 {needed / 1e9:.1f} GB，{self._partial.parent} 只剩 {free / 1e9:.1f} GB"
                "。请释放空间，或更换数据文件夹",
            )


def _bar(step: Callable[[int], None]) -> Any:
    """What the library takes for a progress bar: it counts bytes for us, and is where a stop can be noticed."""

    class Bar:
        def __init__(self, *args: Any, **options: Any) -> None:
            step(int(options.get("initial") or 0))

        def update(self, n: float | None = 1) -> None:
            step(int(n or 0))

        def close(self) -> None:
            pass

        def __enter__(self) -> "Bar":
            return self

        def __exit__(self, *error: object) -> None:
            pass

    return Bar


@contextmanager
def _told(weights: Weights) -> Iterator[None]:
    """What goes wrong on the way, in words."""
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, OfflineModeIsEnabled

    try:
        yield
    except StudioError:
        raise
    except OfflineModeIsEnabled as error:
        raise _failed(weights, "the hub is switched off by HF_HUB_OFFLINE", "HF_HUB_OFFLINE 禁止了联网") from error
    except EntryNotFoundError as error:
        raise _failed(weights, f"a file is not there ({_short(error)})", f"缺少文件（{_short(error)}）") from error
    except HfHubHTTPError as error:
        raise _failed(weights, f"the server refuses ({_short(error)})", f"服务器拒绝请求（{_short(error)}）") from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                "the disk is full; what was fetched is kept, so free some space and install again",
                "磁盘已满；已下载的部分会保留，请释放空间后重新安装",
            ) from error
        raise _failed(weights, f"the connection broke ({_short(error)})", f"连接中断（{_short(error)}）") from error
    except Exception as error:
        if not _of_network(error):
            raise
        raise _failed(weights, f"the connection broke ({_short(error)})", f"连接中断（{_short(error)}）") from error


def _of_network(error: Exception) -> bool:
    """Whether an exception comes from the library's HTTP client, under whichever of its names it is installed."""
    return type(error).__module__.split(".")[0] in ("httpx", "httpx2", "httpcore")


def _failed(weights: Weights, en: str, zh: str) -> StudioError:
    return StorageError(
        f"{weights.title.en} could not be fetched: {en}. What was fetched is kept; try again, or name a mirror with "
        "--endpoint (or HF_ENDPOINT)",
        f"无法下载 {weights.title.zh}：{zh}。已下载的部分会保留；请重试，或用 --endpoint（或 HF_ENDPOINT）指定镜像",
        where=weights.id,
    )


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]


@contextmanager
def _alone(folder: Path, id: str) -> Iterator[None]:
    """One installation at a time, in this process and among others."""
    folder.mkdir(parents=True, exist_ok=True)
    busy = InUse(
        f"{id} is being installed already; wait for that to end",
        f"{id} 正在安装中；请等待其完成",
        where=id,
    )
    if not _here.acquire(blocking=False):
        raise busy
    try:
        with (folder / f".lock-{id}").open("a+b") as lock:
            if not _locked(lock.fileno()):
                raise busy
            yield
    finally:
        _here.release()


def _locked(handle: int) -> bool:
    """Take the lock of an open file; it ends with the process, however that ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
