"""What a person chooses when a manuscript becomes a production."""

from dataclasses import dataclass

from studio.manuscripts.document import USUAL, Part

TARGET = 120  # characters of a line


@dataclass(frozen=True)
class Begun:
    """What a new production begins with."""

    title: str = ""  # empty: as found in the manuscript
    author: str = ""
    kind: str = "audiobook"
    engine: str = "espeak"
    voice: str = ""
    style: str = ""
    language: str = "auto"
    seed: int = 0
    into: str = ""  # a voice in whose timbre the narrator is said again; empty: none
    converter: str = ""  # the engine that does so


@dataclass(frozen=True)
class Choices:
    """What of a manuscript is read, and what is found in it."""

    parts: frozenset[Part] = USUAL
    sections: frozenset[int] | None = None  # places of the sections that are read; None is all chapters
    dialogue: bool = True  # look for who speaks
    emotions: bool = True  # suggest how
    target: int = TARGET
