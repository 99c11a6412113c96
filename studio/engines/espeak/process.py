"""The studio's side of the worker: start it, send utterances, take their sound, notice when it dies."""

import json
import logging
import queue
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from struct import Struct
from typing import IO, Any

from studio.engines.contract import Stop
from studio.errors import EngineFailed, NotInstalled
from studio.words import Words

HEAD = Struct("<II")
SCRIPT = Path(__file__).with_name("worker.py")
STARTING_S = 20.0  # a cold disk and a virus scanner included
SILENCE_S = 60.0  # without a sign of life in the middle of an utterance: it hangs
FRAMES_AHEAD = 64  # that wait for the caller; then the worker waits too
COMMAND = "pip install espeakng-loader"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """What one call of the library says: text of one language in one voice. The fields are those of the worker."""

    language: str  # file below the data folder's lang/
    tone: str  # lines of a voice file
    ssml: str
    set: Mapping[int, int]  # espeak_PARAMETER -> value
    pause: bool  # keep the pause after the last clause


@dataclass(frozen=True)
class Frame:
    """One message of the worker."""

    header: Mapping[str, Any]
    sound: bytes = b""  # int16, little-endian


@dataclass(frozen=True)
class Installed:
    """Where eSpeak NG is on this machine."""

    library: Path
    data: Path
    release: str  # of the package that brings it


def find() -> Installed | None:
    """The copy that `espeakng-loader` brings; None where it is not installed."""
    found = find_spec("espeakng_loader")
    if found is None or not found.submodule_search_locations:
        return None
    folder = Path(found.submodule_search_locations[0])
    name = {"win32": "espeak-ng.dll", "darwin": "libespeak-ng.dylib"}.get(sys.platform, "libespeak-ng.so")
    library, voices = folder / name, folder / "espeak-ng-data"
    if not library.is_file() or not (voices / "phontab").is_file():
        return None
    return Installed(library, voices, _release(folder.parent))


@cache
def _release(packages: Path) -> str:
    """What the package's metadata says, read once: asking every time would cost more than speaking a word."""
    known = sorted(packages.glob("espeakng_loader-*.dist-info"))
    return known[-1].name.split("-")[1].removesuffix(".dist") if known else "unknown"


def missing() -> Words | None:
    """What is missing, and the command that brings it."""
    if find() is not None:
        return None
    return Words(
        f"eSpeak NG is not installed (20 MB): {COMMAND}",
        f"尚未安装 eSpeak NG（20 MB）：{COMMAND}",
    )


def not_installed(words: Words) -> NotInstalled:
    return NotInstalled(words.en, words.zh, command=COMMAND)


class WorkerGone(EngineFailed):
    """The worker ended without being asked to."""


class Process:
    """One running worker. Its methods are for one caller at a time."""

    def __init__(self) -> None:
        """Start it and wait until it is ready. `NotInstalled`, or `EngineFailed` with the reason."""
        installed = find()
        if installed is None:
            raise not_installed(missing() or Words("eSpeak NG is not installed", "尚未安装 eSpeak NG"))
        self._process = _start(installed)
        self._frames: queue.Queue[Frame | None] = queue.Queue(FRAMES_AHEAD)
        self._last_words: deque[str] = deque(maxlen=20)
        self._readers = [
            threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._overhear, args=(self._process.stderr,), daemon=True),
        ]
        self._closing = False
        for reader in self._readers:
            reader.start()
        self.version = self._greet()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def say(self, number: int, parts: Sequence[Part], seed: int, stream: bool = True) -> None:
        """Queue one utterance; `number` grows from call to call. Without `stream` each part comes in one frame."""
        order = {"say": number, "rand": seed % 2**31, "parts": [vars(part) for part in parts], "stream": stream}
        self._send(order)

    def stop(self, number: int) -> None:
        """Say nothing more of the utterances up to `number`."""
        self._send({"stop": number})

    def next(self, stop: Stop | None = None, patience: float = SILENCE_S) -> Frame:
        """The next message. Raises `Cancelled` once `stop` is set, `WorkerGone`, or `EngineFailed` if it hangs."""
        step = 0.02
        waited = 0.0
        while waited < patience:
            if stop is not None:
                stop.check()
            try:
                frame = self._frames.get(timeout=step)
            except queue.Empty:
                waited += step
                if not self._closing:
                    continue
                frame = None  # another thread unloaded the engine under us
            if frame is None:
                raise self._gone()
            return frame
        self.close(patience=0)
        raise EngineFailed(
            f"espeak gave no sound for {patience:g} s and was ended; try again, or with a shorter text",
            f"espeak 已有 {patience:g} 秒没有声音，已将其结束；请重试，或缩短文字",
        )

    def close(self, patience: float = 1.0) -> None:
        """End the worker and wait for it (idempotent)."""
        self._closing = True
        if self._process.stdin is not None:
            _quietly_close(self._process.stdin)
        self._drain()
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._drain()
        for reader in self._readers:
            reader.join(1.0)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                _quietly_close(stream)

    def _greet(self) -> str:
        try:
            header = self.next(patience=STARTING_S).header
        except EngineFailed:
            self.close(patience=0)
            raise
        if header.get("ready"):
            return str(header["version"])
        self.close()
        raise EngineFailed(
            f"eSpeak NG does not start ({header.get('what')}); {COMMAND} --force-reinstall brings a fresh copy",
            f"eSpeak NG 无法启动（{header.get('what')}）；可运行 {COMMAND} --force-reinstall 重新安装",
        )

    def _send(self, message: Mapping[str, Any]) -> None:
        text = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(HEAD.pack(len(text), 0) + text)
            self._process.stdin.flush()
        except (OSError, ValueError) as error:  # ValueError: the pipe is closed already
            raise self._gone() from error

    def _gone(self) -> EngineFailed:
        if self._closing:
            return EngineFailed("espeak was unloaded in the middle; try again", "espeak 在中途被卸载，请重试")
        self.close(patience=0.5)
        code = self._process.returncode
        log.warning("the espeak worker ended with %s: %s", code, " | ".join(self._last_words) or "(no words)")
        return WorkerGone(
            f"espeak broke off (exit {code}); it starts anew with the next request, so try again",
            f"espeak 意外中断（退出码 {code}）；下次请求会重新启动，请重试",
            exit=code,
        )

    def _listen(self, stream: IO[bytes]) -> None:
        """Take messages off the pipe; a thread, so that waiting can be interrupted on every system."""
        try:
            while len(head := stream.read(HEAD.size)) == HEAD.size:
                text, sound = HEAD.unpack(head)
                header = json.loads(stream.read(text))
                self._put(Frame(header, stream.read(sound)))
        except (OSError, ValueError):
            pass  # cut off in the middle: the worker died, which the None below says
        self._put(None)

    def _put(self, frame: Frame | None) -> None:
        while not self._closing:
            try:
                return self._frames.put(frame, timeout=0.5)
            except queue.Full:
                continue
        return None

    def _overhear(self, stream: IO[bytes]) -> None:
        """Keep what the library prints for the log."""
        try:
            for line in stream:
                self._last_words.append(line.decode(errors="replace").strip())
        except (OSError, ValueError):
            return

    def _drain(self) -> None:
        while True:
            try:
                self._frames.get_nowait()
            except queue.Empty:
                return


def _start(installed: Installed) -> "subprocess.Popen[bytes]":
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    worker = [sys.executable, "-I", "-S", str(SCRIPT)]
    given = [str(installed.library), str(installed.data), tempfile.gettempdir()]
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen([*worker, *given], stdin=pipe, stdout=pipe, stderr=pipe, creationflags=flags)
    except OSError as error:
        raise EngineFailed(
            f"espeak's worker could not be started ({error.strerror}); free some memory and try again",
            f"无法启动 espeak 的工作进程（{error.strerror}）；请释放一些内存后重试",
        ) from error


def _quietly_close(stream: IO[bytes]) -> None:
    """Close a pipe whose other end may be gone."""
    try:
        stream.close()
    except OSError:
        return
