"""FLAC through libsndfile: it encodes a long piece in one call, where FFmpeg asks for Python's lock at every packet.

A book that is encoded while others work (the engine's sound comes in, takes are kept) is ready sooner that way.
libsndfile says nothing when the last block finds no room on the disk, so the end of the file is read again before it
counts.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import soundfile

from studio.audio.clip import Samples, to_int16
from studio.audio.drafts import Draft
from studio.audio.tags import Span, Tags

COMPRESSION = 0.6  # measured on speech: 1 takes twice the time for 5 % less, 0.4 saves nothing


class FlacWriter:
    """A FLAC file growing in a draft; tags and chapters are put in when they are known."""

    def __init__(self, draft: Draft, rate: int, channels: int = 1) -> None:
        self._draft, self._rate, self._frames = draft, rate, 0
        with self._told():
            self._file = soundfile.SoundFile(
                draft.fileno(), "w", rate, channels, "PCM_16", format="FLAC", closefd=False,
                compression_level=COMPRESSION,
            )  # fmt: skip

    def write(self, samples: Samples) -> None:
        with self._told():
            self._file.write(to_int16(samples))
        self._frames += len(samples)

    def finish(self, tags: Tags, chapters: Sequence[Span]) -> None:
        from studio.audio.vorbis import tag_flac

        with self._told():
            self._file.close()
            self._read_the_end()
        tag_flac(self._draft, tags, chapters, self._rate)

    def abandon(self) -> None:
        with self._told():
            self._file.close()

    def _read_the_end(self) -> None:
        self._draft.seek(0)
        with soundfile.SoundFile(self._draft.fileno(), closefd=False) as written:
            written.seek(max(0, self._frames - 1))
            if written.frames != self._frames or len(written.read(1, dtype="int16")) != min(1, self._frames):
                raise soundfile.LibsndfileError(0)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """libsndfile only says that something went wrong; what it was, the draft says when it writes itself."""
        try:
            yield
        except (soundfile.SoundFileError, AssertionError):  # it asserts that all was written
            self._draft.probe()
            raise
