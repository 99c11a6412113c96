"""The process in which eSpeak NG runs: recipes in through stdin, sound and word times out through stdout.

It stands alone, imports nothing of ours and nothing heavy, and is started as a script
(`python -I -S worker.py LIBRARY DATA`), because eSpeak NG

- is licensed under the GPL-3, the studio is not: they talk over a pipe, at arm's length;
- keeps all its state in globals, and gives other samples for the same text each time it is asked. Only a freshly loaded
  library is reproducible, so it is loaded anew for every utterance (about 1 ms, see `benchmarks/espeak.json`);
- is C code that reads any text a user may paste. If it crashes, it crashes here.

Every message, both ways, is `<II` (bytes of header, bytes of sound), a JSON header, and the sound (int16, LE).
In:  {"say": n, "rand": seed, "parts": [part, …], "stream": whether someone listens already}
     {"stop": n}: everything up to number n
Out: {"ready": …} once;  {"say": n, "part": k, "events": […]} + sound;  {"done": n, "stopped": bool};
     {"failed": n, "what": …};  {"spent": n}: utterance n needs a new process (see `Speaker.load`).
A part is {"language": file below lang/, "tone": lines of a voice file, "ssml": text, "set": {parameter: value},
"pause": whether the pause after its last clause is wanted}. An event is [kind, sample, character]: kind "word" at its
start, "rest" at the start of a pause, "sentence" at its start; characters of the SSML count from 0.
"""

import _ctypes
import contextlib
import ctypes
import json
import os
import queue
import signal
import struct
import sys
import threading
from collections.abc import Iterator
from typing import Any, NoReturn

SYNCHRONOUS, PHONEME_EVENTS, NO_EXIT = 2, 0x1, 0x8000
UTF8, SSML, PHONEME_NAMES, END_PAUSE, BY_CHARACTER = 0x1, 0x10, 0x100, 0x1000, 1
LISTENING_MS = 60  # of one buffer of the library: how long a stop may take, in sound
FIRST_PIECE, LARGEST_PIECE = 1, 64  # buffers in one message: a long line goes in few hands, its first sound at once
WHOLE = 1024  # of a line that nobody hears yet: a minute, more than a line has
PIPE_BYTES = 1 << 20  # asked of the system for the pipe: the library does not wait while the studio is busy
WORD, SENTENCE, PHONEME = 1, 2, 7
HEAD = struct.Struct("<II")
IN_MEMORY = hasattr(os, "memfd_create") and os.path.isdir("/proc/self/fd")  # Linux
PATH_LIMIT = 140  # eSpeak NG keeps its paths in buffers of 160 bytes
own: list[str] = []  # what stands in the working folder and `leave` removes


class Event(ctypes.Structure):
    """`espeak_EVENT` of speak_lib.h."""

    _fields_ = [
        ("kind", ctypes.c_int),
        ("utterance", ctypes.c_uint),
        ("character", ctypes.c_int),  # counted from 1
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("name", ctypes.c_char * 8),  # of a phoneme
    ]


Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Event))


class Pipe:
    """Messages to and from the studio. If the studio goes away, so does this process."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing

    def read(self) -> dict[str, Any]:
        length, _ = HEAD.unpack(self._exactly(HEAD.size))
        message: dict[str, Any] = json.loads(self._exactly(length))
        return message

    def write(self, header: dict[str, Any], sound: bytes = b"") -> None:
        text = json.dumps(header, separators=(",", ":")).encode()
        left = memoryview(HEAD.pack(len(text), len(sound)) + text + sound)
        try:
            while left:
                left = left[os.write(self._writing, left) :]
        except OSError:
            leave()

    def _exactly(self, wanted: int) -> bytes:
        got = bytearray()
        while len(got) < wanted:
            piece = os.read(self._reading, wanted - len(got))
            if not piece:
                leave()
            got += piece
        return bytes(got)


class Inbox:
    """What is still to be said, and what no longer."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._waiting: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._stopped = -1
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            message = self._pipe.read()
            if "stop" in message:
                self._stopped = max(self._stopped, message["stop"])
            else:
                self._waiting.put(message)

    def next(self) -> dict[str, Any]:
        return self._waiting.get()

    def stopped(self, number: int) -> bool:
        return number <= self._stopped


class Pieces:
    """Collects what the library hands over and sends it on: where someone listens the first buffer at once, later ones
    in larger pieces."""

    def __init__(self, pipe: Pipe, inbox: Inbox) -> None:
        self._pipe, self._inbox = pipe, inbox
        self.callback = Callback(self._take)

    def begin(self, number: int, part: int, stream: bool) -> None:
        self._number, self._part = number, part
        self._sound, self._events = bytearray(), list[list[Any]]()
        self._buffers = 0
        self._wanted, self._most = (FIRST_PIECE, LARGEST_PIECE) if stream else (WHOLE, WHOLE)

    def _take(self, samples: int | None, count: int, events: Any) -> int:
        """Called by the library with each buffer; a result of 1 makes it stop."""
        if samples and count > 0:
            self._sound += ctypes.string_at(samples, 2 * count)
            self._buffers += 1
        at = 0
        while (event := events[at]).kind:
            self._note(event)
            at += 1
        if self._buffers >= self._wanted:
            self.flush()
            self._wanted = min(2 * self._wanted, self._most)
        return int(self._inbox.stopped(self._number))

    def _note(self, event: Any) -> None:
        if event.kind == WORD:
            self._events.append(["word", event.sample, event.character - 1])
        elif event.kind == SENTENCE:
            self._events.append(["sentence", event.sample, event.character - 1])
        elif event.kind == PHONEME and (event.name == b"_" or event.name.startswith(b"_:")):
            self._events.append(["rest", event.sample, event.character - 1])

    def flush(self) -> None:
        if self._sound or self._events:
            header = {"say": self._number, "part": self._part, "events": self._events}
            self._pipe.write(header, bytes(self._sound))
        self._sound, self._events, self._buffers = bytearray(), [], 0


class Speaker:
    """The library: loaded, used for one utterance, unloaded."""

    def __init__(self, library: str, folder: str, pieces: Pieces) -> None:
        self._library, self._folder, self._pieces = library, folder, pieces
        self._path = reachable(folder)

    def load(self) -> Any:
        """A fresh copy, or None where the system did not really unload the last one (musl never does)."""
        lib = ctypes.CDLL(self._library)
        if lib.espeak_ng_GetSampleRate():  # a global of the library that is 0 until it is initialised
            return None
        rate = lib.espeak_Initialize(SYNCHRONOUS, LISTENING_MS, self._path, PHONEME_EVENTS | NO_EXIT)
        if rate <= 0:
            raise OSError(f"espeak_Initialize gave {rate} with the data in {self._folder}")
        lib.espeak_Synth.argtypes = [
            *(ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint),
            *(ctypes.c_void_p, ctypes.c_void_p),
        ]
        lib.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
        lib.espeak_SetSynthCallback(self._pieces.callback)
        return lib

    def unload(self, lib: Any) -> None:
        lib.espeak_Terminate()
        self._close(lib)

    def _close(self, lib: Any) -> None:
        if sys.platform == "win32":
            _ctypes.FreeLibrary(lib._handle)
        else:
            _ctypes.dlclose(lib._handle)

    def version(self) -> str:
        """The library's own version; that needs no data, so the copy stays fresh."""
        lib = ctypes.CDLL(self._library)
        lib.espeak_Info.restype = ctypes.c_char_p
        found: bytes = lib.espeak_Info(None)
        self._close(lib)
        return found.decode()

    def say(self, lib: Any, order: dict[str, Any]) -> None:
        lib.espeak_ng_SetRandSeed(order["rand"])
        for index, part in enumerate(order["parts"]):
            self._voice(lib, part["language"], part["tone"])
            for parameter, value in part["set"].items():
                lib.espeak_SetParameter(int(parameter), value, 0)
            text = part["ssml"].encode()
            flags = UTF8 | SSML | PHONEME_NAMES | (END_PAUSE if part["pause"] else 0)
            self._pieces.begin(order["say"], index, order["stream"])
            if lib.espeak_Synth(text, len(text) + 1, 0, BY_CHARACTER, 0, flags, None, None):
                raise OSError("espeak_Synth refused the text")
            self._pieces.flush()

    def _voice(self, lib: Any, language: str, tone: str) -> None:
        """Set a voice of the given language and timbre.

        Naming a voice file spares the search through all 250 of them (6 ms).
        """
        with open(os.path.join(self._folder, "lang", language), encoding="utf-8") as source:
            lines = source.read()
        with voice_file(f"{lines}\n{tone}\n".encode()) as name:
            if lib.espeak_ng_SetVoiceByFile(name.encode()):
                raise OSError(f"eSpeak NG does not take the voice {language}")


@contextlib.contextmanager
def voice_file(text: bytes) -> Iterator[str]:
    """A file with that text, for as long as it takes to read it: the library forgets a file once it is read, cuts its
    name after 60 bytes and lowers its case.

    In memory where the system can: ext4 passes over every file that was removed in the last five seconds when it makes
    a new one, and in a book that would be a thousand, for us and for those who keep the takes.
    """
    if IN_MEMORY:
        file = os.memfd_create("voice")
        try:
            os.write(file, text)
            yield f"/proc/self/fd/{file}"
        finally:
            os.close(file)
        return
    name = f"timbre-{os.urandom(8).hex()}.voice"
    own.append(name)
    file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "wb") as target:
            target.write(text)
        yield name
    finally:
        os.unlink(name)
        own.remove(name)


def reachable(folder: str) -> bytes:
    """`folder` as the library can open it: by a link in the working folder if its path is too long or too foreign."""
    try:
        path = folder.encode("mbcs" if sys.platform == "win32" else sys.getfilesystemencoding())
    except UnicodeEncodeError:
        path = b""
    if 0 < len(path) <= PATH_LIMIT:
        return path
    link = f"timbre-{os.getpid()}-{os.urandom(4).hex()}"
    if sys.platform == "win32":
        import _winapi

        _winapi.CreateJunction(folder, link)
    else:
        os.symlink(folder, link)
    own.append(link)
    return link.encode()


def leave() -> NoReturn:
    """The studio is gone or done with us: end at once, from whatever thread notices."""
    for name in own:
        try:
            (os.rmdir if sys.platform == "win32" and os.path.isdir(name) else os.unlink)(name)
        except OSError:
            continue  # the other thread was faster
    os._exit(0)


def private_pipe() -> Pipe:
    """Our two ends of the pipes; the library's own printing can no longer reach them."""
    reading, writing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(reading, os.O_BINARY)
        msvcrt.setmode(writing, os.O_BINARY)
    else:
        import fcntl

        if hasattr(fcntl, "F_SETPIPE_SZ"):  # Linux
            with contextlib.suppress(OSError):  # more than an unprivileged user may have: it stays as it is
                fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return Pipe(reading, writing)


def serve(library: str, folder: str, temporary: str) -> None:
    """Answer until the studio closes the pipe."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C in a terminal reaches us too; the studio decides what it means
    pipe = private_pipe()
    os.chdir(temporary)
    inbox = Inbox(pipe)
    pieces = Pieces(pipe, inbox)
    try:
        speaker = Speaker(library, folder, pieces)
        version = speaker.version()
    except (OSError, AttributeError) as error:
        pipe.write({"ready": False, "what": str(error)})
        return
    pipe.write({"ready": True, "version": version})
    while True:
        answer(inbox.next(), pipe, inbox, speaker)


def answer(order: dict[str, Any], pipe: Pipe, inbox: Inbox, speaker: Speaker) -> None:
    """Say one utterance."""
    number = order["say"]
    if inbox.stopped(number):
        return pipe.write({"done": number, "stopped": True})
    try:
        lib = speaker.load()
        if lib is None:
            return pipe.write({"spent": number})
        try:
            speaker.say(lib, order)
        finally:
            speaker.unload(lib)
    except OSError as error:
        return pipe.write({"failed": number, "what": str(error)})
    return pipe.write({"done": number, "stopped": inbox.stopped(number)})


if __name__ == "__main__":
    serve(*sys.argv[1:])
