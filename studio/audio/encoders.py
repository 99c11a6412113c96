"""Which encoder makes which file; all have the same two verbs. FFmpeg is imported when a format needs it."""

from collections.abc import Sequence
from typing import Protocol

from studio.audio.clip import Samples
from studio.audio.drafts import Draft
from studio.audio.formats import Format
from studio.audio.riff import WavWriter
from studio.audio.tags import Span, Tags

BRANDS = {"m4a": b"M4A ", "m4b": b"M4B "}


class Encoder(Protocol):
    """Sound in, a complete file in the draft out."""

    def write(self, samples: Samples) -> None:
        """More sound."""

    def finish(self, tags: Tags, chapters: Sequence[Span]) -> None:
        """All that remains; the draft can be committed after it."""

    def abandon(self) -> None:
        """Stop working; the draft will be discarded."""


def encoder(draft: Draft, format: Format, rate: int, bitrate: int | None, channels: int = 1) -> Encoder:
    """The encoder of `format`; `rate` and `bitrate` are ones it takes. Two channels come as (frames, 2)."""
    if format.id == "wav":
        return WavWriter(draft, rate, channels)
    if format.id == "flac":
        from studio.audio.flac import FlacWriter

        return FlacWriter(draft, rate, channels)
    if format.id in BRANDS:
        from studio.audio.aac import AacWriter

        return AacWriter(draft, rate, bitrate or 0, BRANDS[format.id], channels)
    from studio.audio.muxing import MuxedWriter

    return MuxedWriter(draft, format.id, rate, bitrate, channels)
