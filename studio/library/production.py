"""What a production of the library is: the records that go in and come out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from studio.errors import StudioError
from studio.words import Words

# a manuscript read into one file; a script that is worked on line by line; subtitles that are spoken at their times
Kind = Literal["conversion", "script", "dub"]
State = Literal["new", "running", "stopped", "done", "failed"]


@dataclass(frozen=True)
class NewProduction:
    """A production to begin."""

    title: str
    author: str = ""
    language: str = ""
    manuscript: str = ""  # name of the file in the production's folder
    settings: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""  # 16 hex digits; empty: a new one
    kind: Kind = "conversion"


@dataclass(frozen=True)
class Production:
    """A production of the library."""

    id: str
    title: str
    author: str
    language: str
    manuscript: str
    settings: dict[str, Any]
    state: State
    progress: dict[str, Any]
    error: Words | None  # why it failed
    output: str  # path of what was made; "" until then
    takes: int  # how many it uses
    created: datetime
    updated: datetime
    deleted: datetime | None
    kind: Kind = "conversion"
    priority: int = 0  # the higher is rendered first


@dataclass(frozen=True)
class ProductionChange:
    """What to change on a production; None leaves a field as it is."""

    title: str | None = None
    author: str | None = None
    language: str | None = None
    manuscript: str | None = None
    settings: Mapping[str, Any] | None = None
    state: State | None = None
    progress: Mapping[str, Any] | None = None
    output: str | None = None
    priority: int | None = None
    error: StudioError | None = None  # any state but `failed` takes an old one away
