"""What a script of the library is: the records that go in and come out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from studio.words import Words

LineState = Literal["planned", "done", "stale", "failed", "locked"]
STATES: tuple[LineState, ...] = ("planned", "done", "stale", "failed", "locked")
Ends = Literal["", "paragraph", "scene"]
LONGEST_TEXT = 5_000  # characters of a line
LONGEST_NAME = 200  # of a speaker or a chapter


@dataclass(frozen=True)
class NewLine:
    """A line to be put into a script."""

    text: str
    speaker: str = ""
    sure: float = 1.0
    emotion: str = ""
    style: str = ""
    ends: Ends = ""
    pause_ms: int | None = None
    kind: Literal["text", "heading"] = "text"
    language: str = ""
    source: str = ""
    start: float | None = None  # of its cue, in seconds
    finish: float | None = None
    speed: float = 1.0  # times as fast as its voice usually speaks


@dataclass(frozen=True)
class NewChapter:
    """A chapter to be put into a script."""

    title: str
    lines: tuple[NewLine, ...]


@dataclass(frozen=True)
class Chapter:
    """A chapter and how far it is."""

    id: str
    title: str
    lines: int
    states: Mapping[str, int]  # state -> lines
    seconds: float  # of the takes that were chosen
    problems: int  # lines with something to look at


@dataclass(frozen=True)
class Line:
    """A line of a script."""

    id: str
    number: int  # where it is stored
    chapter: str  # id
    position: int
    text: str
    speaker: str
    sure: float
    emotion: str
    style: str
    ends: Ends
    pause_ms: int | None
    kind: str
    language: str
    source: str
    seed: int
    state: LineState
    locked: bool
    basis: str
    take: str
    take_basis: str
    seconds: float | None
    problem: str
    error: Words | None
    start: float | None
    finish: float | None
    speed: float


@dataclass(frozen=True)
class LineChange:
    """What to change on lines; None leaves a field as it is. For `pause_ms`, -1 takes the demand away."""

    text: str | None = None
    speaker: str | None = None
    emotion: str | None = None
    style: str | None = None
    ends: Ends | None = None
    pause_ms: int | None = None
    language: str | None = None
    locked: bool | None = None
    start: float | None = None
    finish: float | None = None
    speed: float | None = None


@dataclass(frozen=True)
class LineQuery:
    """Which lines of a script; an empty field asks for nothing."""

    chapter: str = ""
    speaker: str | None = None  # "" is the narrator
    state: LineState | Literal[""] = ""
    problem: str = ""  # a code, "any", or "unsure": a speaker that was guessed
    text: str = ""  # found in it, whatever the case


@dataclass(frozen=True)
class Lines:
    """A stretch of the lines that were asked for, in order."""

    items: tuple[Line, ...]
    total: int
    offset: int


@dataclass(frozen=True)
class LineTake:
    """A take of a line."""

    take: str
    basis: str
    seed: int
    score: float
    seconds: float
    problems: tuple[Mapping[str, Any], ...]
    created: datetime
    chosen: bool = False
    current: bool = False  # made for the line as it is now


@dataclass(frozen=True)
class Member:
    """Who speaks a part of a script."""

    speaker: str  # "" is the narrator
    engine: str = ""  # "" is the narrator's
    voice: str = ""
    style: str = ""
    controls: Mapping[str, Any] = field(default_factory=dict)
    gender: str = ""
    age: str = ""
    gain_db: float = 0.0
    pan: float = 0.0
    into: str = ""  # a voice in whose timbre it is said again; "" is none
    converter: str = ""  # the engine that does so; "" is the first that is ready and takes the voice


@dataclass(frozen=True)
class Part:
    """A speaker of a script, whether cast or not."""

    member: Member
    lines: int
    seconds: float


@dataclass(frozen=True)
class Edit:
    """A change that was made to a script."""

    what: Words
    lines: int  # how many rows it touched
    undone: bool


@dataclass(frozen=True)
class Scope:
    """Which lines of a script are rendered: all that ask for it, a chapter's, those from a line on, or these."""

    chapter: str = ""
    start: str = ""
    lines: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"chapter": self.chapter, "start": self.start, "lines": list(self.lines)}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Scope":
        return cls(plain.get("chapter", ""), plain.get("start", ""), tuple(plain.get("lines", ())))
