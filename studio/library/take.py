"""What a take of the library is: the records that go in and come out."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

TakeKind = Literal["line", "reading"]
TakeSort = Literal["created", "last_used", "seconds"]
_EXCERPT = 160  # characters
_MEASURES = ("lufs", "true_peak_db", "rms_db", "noise_floor_db")


@dataclass(frozen=True)
class TakeFacts:
    """What is known of a take beside its sound."""

    recipe: Mapping[str, Any]  # plain data, whose digest names the take
    engine: str
    text: str
    language: str
    kind: TakeKind = "line"
    voice_id: str = ""  # of the library, if it is from there
    voice_label: str = ""
    words: Sequence[tuple[str, float, float]] = ()  # word, start, end in seconds
    lufs: float | None = None  # infinite or not a number: kept as None
    true_peak_db: float | None = None
    rms_db: float | None = None
    noise_floor_db: float | None = None

    def plain(self) -> dict[str, Any]:
        """The columns of the database that hold them, as plain data."""
        return {
            "recipe": dict(self.recipe),
            "engine": self.engine,
            "text": self.text,
            "language": self.language,
            "kind": self.kind,
            "voice_id": self.voice_id,
            "voice_label": self.voice_label,
            "words": [[word, start, end] for word, start, end in self.words],
            **{name: _number(getattr(self, name)) for name in _MEASURES},
        }


@dataclass(frozen=True)
class Take:
    """What is known of the audio of one recipe, without the long parts (see `TakeDetails`)."""

    digest: str  # of the recipe, 64 hex digits
    kind: TakeKind  # line: one utterance; reading: several joined
    engine: str
    voice_id: str  # of the library, or ""
    voice_label: str
    language: str
    excerpt: str  # how the text begins, at most 160 characters
    rate: int  # samples per second
    frames: int
    bytes: int  # of the file
    checksum: int  # CRC-32 of the file
    lufs: float | None  # None: too short or silent
    true_peak_db: float | None
    rms_db: float | None
    noise_floor_db: float | None
    starred: bool
    used: bool  # by a production; kept by every clean-up, like the starred ones
    note: str
    emotion: str  # heard in it; "" where nobody listened
    error_rate: float | None  # of what was heard against what was to be said; None where nobody listened
    created: datetime
    last_used: datetime
    deleted: datetime | None

    @property
    def seconds(self) -> float:
        return self.frames / self.rate


@dataclass(frozen=True)
class TakeDetails:
    """A take with everything it was made from."""

    take: Take
    text: str
    recipe: dict[str, Any]
    words: tuple[tuple[str, float, float], ...]  # word, start, end in seconds
    heard: dict[str, Any]  # what a recogniser says of it; empty where nobody listened


@dataclass(frozen=True)
class TakeQuery:
    """Which takes, in which order. Empty fields do not narrow."""

    text: str = ""  # in the spoken text, the voice's label or the note; several words must all be found
    engine: str = ""
    voice_id: str = ""
    kind: TakeKind | Literal[""] = ""
    language: str = ""
    starred: bool | None = None
    emotion: str = ""  # heard in it
    sort: TakeSort = "created"  # newest, last used, longest first
    reverse: bool = False
    page: int = 1
    size: int = 24


@dataclass(frozen=True)
class StoredTake:
    """A take whose sound is there."""

    take: Take
    path: Path
    words: tuple[tuple[str, float, float], ...]  # word, start, end in seconds


@dataclass(frozen=True)
class Cleaned:
    """What a clean-up did."""

    takes: int  # removed
    bytes: int  # of their files
    failed: tuple[str, ...]  # files that could not be removed


@dataclass(frozen=True)
class CacheReport:
    """How rows and files match. With `mended`, what is listed has been put right."""

    takes: int  # rows
    bytes: int  # of their files
    missing: tuple[str, ...]  # digests whose file is not there; mended: out of the history until rendered again
    damaged: tuple[str, ...]  # digests whose file is not what was written; mended: removed
    adopted: tuple[str, ...]  # digests of whole files without a row; mended: taken in
    leftovers: tuple[str, ...]  # names of temporary files that a killed process left; mended: removed
    strangers: tuple[str, ...]  # names of files that are not ours; left alone
    mended: bool

    @property
    def fine(self) -> bool:
        return not (self.missing or self.damaged or self.adopted or self.leftovers)


def excerpt(text: str) -> str:
    """How a text begins, on one line."""
    line = " ".join(text[: 4 * _EXCERPT].split())
    return line if len(line) <= _EXCERPT else line[: _EXCERPT - 1] + "…"


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
