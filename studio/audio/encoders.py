"""From samples to bytes in a draft: one encoder per format, all with the same two verbs.

Coder settings are measured, not guessed (`benchmarks/audio.py`): FFmpeg's AAC coder `fast` is five times as fast as
`twoloop` and, on speech, 8 to 10 dB nearer to the original; Opus at complexity 5 three times as fast as at 10.
"""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from studio.audio.clip import Samples, to_int16
from studio.audio.drafts import Draft
from studio.audio.formats import Format
from studio.audio.mp4 import Mp4Writer
from studio.audio.riff import WavWriter
from studio.audio.tags import Span, Tags

AAC = {"aac_coder": "fast"}
CODERS = {  # format id -> container, coder, sample format, its options
    "mp3": ("mp3", "libmp3lame", "s16p", {"compression_level": "5"}),
    "opus": ("ogg", "libopus", "s16", {"compression_level": "5", "vbr": "constrained", "application": "audio"}),
    "flac": ("flac", "flac", "s16", {"compression_level": "5"}),
}
# bitexact: no random serial number, no version of the coder; the same sound makes the same bytes
PLAIN = {"fflags": "+bitexact", "flush_packets": "0"}
BRANDS = {"m4a": b"M4A ", "m4b": b"M4B "}


class Encoder(Protocol):
    """Sound in, a complete file in the draft out."""

    def write(self, samples: Samples) -> None:
        """More sound."""

    def finish(self, tags: Tags, chapters: Sequence[Span]) -> None:
        """All that remains; the draft can be committed after it."""


def encoder(draft: Draft, format: Format, rate: int, bitrate: int | None) -> Encoder:
    """The encoder of `format`; `rate` and `bitrate` are ones it takes."""
    if format.id == "wav":
        return WavWriter(draft, rate)
    if format.id in BRANDS:
        return AacWriter(draft, rate, bitrate or 0, BRANDS[format.id])
    return MuxedWriter(draft, format.id, rate, bitrate)


class _Frames:
    """Samples as numbered frames of one sample format."""

    def __init__(self, rate: int, sample_format: str) -> None:
        self._rate = rate
        self._format = sample_format
        self.count = 0

    def frame(self, samples: Samples) -> Any:
        content: NDArray[Any] = samples if self._format.startswith("flt") else to_int16(samples)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(content[None]), format=self._format, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = self._rate, self.count, Fraction(1, self._rate)
        self.count += len(samples)
        return frame


class MuxedWriter:
    """MP3, FLAC and Opus: FFmpeg writes the bare file, tags and chapters are put in when they are known."""

    def __init__(self, draft: Draft, format_id: str, rate: int, bitrate: int | None) -> None:
        container, coder, sample_format, options = CODERS[format_id]
        self._draft = draft
        self._kind = format_id
        self._rate = rate
        self._frames = _Frames(rate, sample_format)
        out: Any = av.open(draft, "w", format=container, options=PLAIN | _bare(format_id))
        self._out = out
        self._stream: Any = out.add_stream(coder, rate=rate, layout="mono", format=sample_format)
        self._stream.codec_context.options = options
        if bitrate:
            self._stream.bit_rate = bitrate

    def write(self, samples: Samples) -> None:
        self._out.mux(self._stream.encode(self._frames.frame(samples)))

    def finish(self, tags: Tags, chapters: Sequence[Span]) -> None:
        from studio.audio.id3 import id3
        from studio.audio.vorbis import tag_flac, tag_opus

        self._out.mux(self._stream.encode(None))
        self._out.close()
        if self._kind == "flac":
            tag_flac(self._draft, tags, chapters, self._rate)
        elif self._kind == "opus":
            tag_opus(self._draft, tags, chapters, self._rate)
        else:
            self._draft.splice(0, 0, id3(tags, chapters, self._rate))


def _bare(format_id: str) -> dict[str, str]:
    return {"id3v2_version": "0"} if format_id == "mp3" else {}


class AacWriter:
    """M4A and M4B: FFmpeg's AAC packets in our own boxes."""

    def __init__(self, draft: Draft, rate: int, bitrate: int, brand: bytes) -> None:
        coder: Any = av.CodecContext.create("aac", "w")
        coder.sample_rate, coder.layout, coder.format, coder.bit_rate = rate, "mono", "fltp", bitrate
        coder.time_base = Fraction(1, rate)
        coder.options = AAC
        self._coder = coder
        self._frames = _Frames(rate, "fltp")
        self._mp4 = Mp4Writer(draft, rate, bitrate, brand)
        self._priming: int | None = None  # samples the coder puts before the first true one

    def write(self, samples: Samples) -> None:
        self._take(self._coder.encode(self._frames.frame(samples)))

    def _take(self, packets: Iterator[Any]) -> None:
        for packet in packets:
            if self._priming is None:
                self._priming = -packet.pts
            self._mp4.packet(bytes(packet))

    def finish(self, tags: Tags, chapters: Sequence[Span]) -> None:
        self._take(self._coder.encode(None))
        config = self._coder.extradata
        self._mp4.finish(config, self._priming or 0, self._frames.count, tags, chapters)
