"""Sound into files: streaming, tagged, with chapters, and in place only when it is complete."""

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from studio.audio.clip import Clip, Samples, finite
from studio.audio.drafts import Draft, check_target, sweep
from studio.audio.formats import Format, format_for, format_named
from studio.audio.tags import Chapter, Span, Tags, chapter_title, read_cover
from studio.errors import BadFile

__all__ = ["Chapter", "Tags", "Writer", "check_target", "encode", "read_cover", "sweep"]

GATHER = 1 << 14  # samples handed to the coder at once; small pieces would cost more in frames than in coding
PIECE = 1 << 18  # and large ones more memory than they are worth


class Writer:
    """One audio file being written.

    Leave the `with` normally and the file stands under its name, complete; leave it by any exception and nothing does.
    Memory does not grow with length. One thread at a time may use it, any thread.
    """

    def __init__(
        self,
        path: str | Path,
        rate: int,
        format: str | Format | None = None,
        tags: Tags | None = None,
        bitrate: int | None = None,
        channels: int = 1,
    ) -> None:
        """`rate`, `channels`: of the samples that will come; `format`: an id, or None for what the name says.

        Raises `BadFile` for an unknown format or bit rate, `NotWritable` and `DiskFull` for the place.
        """
        chosen = format_for(path) if format is None else format_named(format) if isinstance(format, str) else format
        self.path = Path(path)
        self.format = chosen
        self.rate = rate
        self.channels = channels
        self.tags = tags or Tags()
        self.bitrate = chosen.settle(bitrate, channels)
        self.file_rate = chosen.rate_for(rate, self.bitrate)
        self.frames = 0  # taken so far
        self._starts: list[tuple[str, int]] = []
        self._waiting: list[Samples] = []
        self._waits = 0
        check_target(path)
        self._draft = Draft(path)
        try:
            self._open()
        except BaseException:
            self._draft.discard()
            raise

    def _open(self) -> None:
        from studio.audio.encoders import encoder

        self._encoder = encoder(self._draft, self.format, self.file_rate, self.bitrate, self.channels)
        self._resampler: Any = None
        if self.file_rate != self.rate:
            import soxr

            self._resampler = soxr.ResampleStream(
                self.rate, self.file_rate, self.channels, dtype="float32", quality="HQ"
            )

    @property
    def _shape(self) -> tuple[int, ...]:
        """Of one frame."""
        return () if self.channels == 1 else (self.channels,)

    @property
    def seconds(self) -> float:
        """Written so far."""
        return self.frames / self.rate

    @property
    def chapters(self) -> tuple[Chapter, ...]:
        """Those begun so far."""
        return tuple(Chapter(title, start / self.rate) for title, start in self._starts)

    def write(self, samples: Samples) -> None:
        """More sound: (frames,) float32 of any length, none included; (frames, 2) where there are two channels.

        `ValueError` for what is not a number.
        """
        if not len(samples):
            return
        if samples.dtype != np.float32 or samples.shape[1:] != self._shape:
            wanted = "(frames,)" if self.channels == 1 else f"(frames, {self.channels})"
            raise TypeError(f"a writer takes {wanted} float32, not {samples.shape} {samples.dtype}")
        if not finite(samples):
            raise ValueError("a sample is not a finite number")
        self.frames += len(samples)
        # a copy: the caller may fill the same array again before it is encoded
        self._waiting.append(samples.copy() if len(samples) < GATHER else samples)
        self._waits += len(samples)
        if self._waits >= GATHER:
            self._pass_on()

    def chapter(self, title: str, frame: int | None = None) -> None:
        """A chapter begins at the sample written next, or at `frame` of the sound, which may still be to come.

        One that no sample follows is left out. `ValueError` if it would not begin after the one before.
        """
        start = self.frames if frame is None else frame
        if self._starts and self._starts[-1][1] >= start:
            raise ValueError(f"chapter {title!r} at frame {start}: the one before it has no sound")
        self._starts.append((chapter_title(title, len(self._starts) + 1), start))

    def _pass_on(self) -> None:
        joined = np.concatenate(self._waiting) if len(self._waiting) > 1 else self._waiting[0]
        self._waiting, self._waits = [], 0
        for at in range(0, len(joined), PIECE):
            self._encode(joined[at : at + PIECE])

    def _encode(self, samples: Samples, *, last: bool = False) -> None:
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples, last=last)
        if len(samples):
            self._encoder.write(samples)

    def _spans(self) -> list[Span]:
        """Chapters in frames of the file."""
        ratio = self.file_rate / self.rate
        sounding = [(title, round(start * ratio)) for title, start in self._starts if start < self.frames]
        bounds = [*(start for _, start in sounding), round(self.frames * ratio)]
        return [Span(title, start, bounds[n + 1]) for n, (title, start) in enumerate(sounding)]

    def close(self) -> None:
        """Finish and put the file in place. Without any sound it is refused: `BadFile`."""
        if not self.frames:
            self.abort()
            raise BadFile(
                f"{self.path}: there is no sound to write",
                f"{self.path}：没有可写入的声音",
                where=str(self.path),
            )
        try:
            if self._waiting:
                self._pass_on()
            if self._resampler is not None:
                self._encode(np.zeros((0, *self._shape), np.float32), last=True)
            self._encoder.finish(self.tags, self._spans())
            self._draft.commit()
        except BaseException:
            self.abort()
            raise

    def abort(self) -> None:
        """Remove what was written; the final name is as it was before."""
        self._encoder.abandon()
        self._draft.discard()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()


def encode(clip: Clip, format: str, tags: Tags | None = None, bitrate: int | None = None) -> bytes:
    """The bytes of a small file, for a download."""
    with tempfile.TemporaryDirectory(prefix="timbre-") as folder:
        path = Path(folder) / f"clip{format_named(format).extension}"
        with Writer(path, clip.rate, format, tags, bitrate) as writer:
            writer.write(clip.samples)
        return path.read_bytes()
