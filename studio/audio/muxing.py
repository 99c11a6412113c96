"""From samples to bytes through FFmpeg: MP3 and Opus.

Coder settings are measured, not guessed: Opus at complexity 5 is three times as fast as at 10, LAME at 5 as fast as it
gets but for a few percent.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
from numpy.typing import NDArray

from studio.audio.clip import Samples, to_int16
from studio.audio.drafts import Draft
from studio.audio.panning import LAYOUTS, apart, channels_of
from studio.audio.tags import Span, Tags

CODERS = {  # format id -> container, coder, sample format, its options
    "mp3": ("mp3", "libmp3lame", "s16p", {"compression_level": "5"}),
    "opus": ("ogg", "libopus", "s16", {"compression_level": "5", "vbr": "constrained", "application": "audio"}),
}
# bitexact: no random serial number, no version of the coder; the same sound makes the same bytes
PLAIN = {"fflags": "+bitexact", "flush_packets": "0"}


def audio_frame(samples: Samples, sample_format: str, rate: int, at: int) -> Any:
    """Samples, of one channel or two, as FFmpeg takes them, numbered from `at`."""
    content: NDArray[Any] = samples if sample_format.startswith("flt") else to_int16(samples)
    rows = apart(content) if sample_format.endswith("p") else content.reshape(1, -1)
    layout = LAYOUTS[channels_of(samples)]
    frame = av.AudioFrame.from_ndarray(rows, format=sample_format, layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
    return frame


class MuxedWriter:
    """MP3 and Opus: FFmpeg writes the bare file, tags and chapters are put in when they are known."""

    def __init__(self, draft: Draft, format_id: str, rate: int, bitrate: int | None, channels: int = 1) -> None:
        container, coder, sample_format, options = CODERS[format_id]
        self._draft = draft
        self._kind = format_id
        self._rate = rate
        self._format = sample_format
        self._count = 0
        out: Any = av.open(draft, "w", format=container, options=PLAIN | _bare(format_id))
        self._out = out
        self._stream: Any = out.add_stream(coder, rate=rate, layout=LAYOUTS[channels], format=sample_format)
        self._stream.codec_context.options = options
        if bitrate:
            self._stream.bit_rate = bitrate

    def write(self, samples: Samples) -> None:
        self._out.mux(self._stream.encode(audio_frame(samples, self._format, self._rate, self._count)))
        self._count += len(samples)

    def finish(self, tags: Tags, chapters: Sequence[Span]) -> None:
        from studio.audio.id3 import id3
        from studio.audio.vorbis import tag_opus

        self._out.mux(self._stream.encode(None))
        self._out.close()
        if self._kind == "opus":
            tag_opus(self._draft, tags, chapters, self._rate)
        else:
            self._draft.splice(0, 0, id3(tags, chapters, self._rate))

    def abandon(self) -> None:
        """Nothing: FFmpeg's writer is let go with this object, and writes to a closed draft are not made."""


def _bare(format_id: str) -> dict[str, str]:
    return {"id3v2_version": "0"} if format_id == "mp3" else {}
