"""The sound of a take as a file: 16-bit FLAC that carries, as its comment, all that the database knows of it."""

import hashlib
import io
import os
import sys

import numpy as np
from numpy.typing import NDArray

from studio.audio.clip import Clip, from_int16, to_int16
from studio.errors import EngineFailed

_COMPRESSION = 0.0  # measured on speech: 0.4 takes a tenth longer and saves nothing, 0.7 half again as long for 6 %
_LARGEST_COMMENT = 8_000_000  # bytes; a FLAC block holds 16 MB
_MD5 = slice(26, 42)  # of the samples, in the STREAMINFO block at the beginning of the file


class Damaged(Exception):
    """The bytes are not the whole of a file written here."""


def as_stored(clip: Clip) -> Clip:
    """The clip as it comes back from the cache, in steps of 1/32768: the first hearing is to be the same as later ones.

    An empty one becomes one frame of silence. `EngineFailed` if it holds values that are not numbers.
    """
    return Clip(from_int16(_steps(clip)), clip.rate)


def storable(clip: Clip) -> Clip:
    """The clip, or one frame of silence for an empty one, which no FLAC file can hold."""
    return clip if len(clip) else Clip(np.zeros(1, np.float32), clip.rate)


def encode(clip: Clip, comment: str) -> bytes:
    """A FLAC file. `EngineFailed` if the clip holds values that are not numbers."""
    import soundfile

    options = {"samplerate": clip.rate, "channels": 1, "format": "FLAC", "subtype": "PCM_16"}
    with _in_memory() as sound:
        target = sound.fileno() if isinstance(sound, io.FileIO) else sound
        with soundfile.SoundFile(target, "w", compression_level=_COMPRESSION, closefd=False, **options) as file:
            if 0 < len(comment.encode()) <= _LARGEST_COMMENT:
                file.comment = comment
            file.write(_steps(clip))
        sound.seek(0)
        return sound.read()


def _in_memory() -> io.FileIO | io.BytesIO:
    """Where a file grows. libsndfile writes it in a hundred small blocks, each of which needs Python's lock to get into
    a `BytesIO`; a file in memory, which Linux has, it fills in one go while others work.

    It says nothing when the last block finds no room. In memory there is always some, unless files are limited.
    """
    if sys.platform == "linux":
        import resource

        if resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY:
            return io.FileIO(os.memfd_create("take"), "r+")
    return io.BytesIO()


def decode(data: bytes) -> tuple[Clip, str]:
    """The clip and the comment; `Damaged` unless every sample is as it was written."""
    import soundfile

    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            if (file.format, file.subtype, file.channels) != ("FLAC", "PCM_16", 1):
                raise Damaged(f"{file.format} {file.subtype}, {file.channels} channels")
            comment, rate, frames = file.comment, file.samplerate, file.frames
            steps = file.read(dtype="int16")
    except (soundfile.SoundFileError, ValueError, OverflowError) as error:
        raise Damaged(str(error)) from error
    if len(steps) != frames or hashlib.md5(steps.tobytes(), usedforsecurity=False).digest() != data[_MD5]:
        raise Damaged("samples do not match their checksum")
    return Clip(from_int16(steps), rate), comment


def _steps(clip: Clip) -> NDArray[np.int16]:
    try:
        return to_int16(storable(clip).samples)
    except ValueError as error:
        raise EngineFailed(
            "the sound holds values that are not numbers; nothing was stored. Try another seed or other settings",
            "生成的声音含有非数值，没有保存；请换一个种子或调整设置",
        ) from error
