"""What a person chooses when a manuscript becomes a production."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.manuscripts.document import PARTS, USUAL, Document, Part

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
    titles: Mapping[int, str] = field(default_factory=dict)  # place of a section -> what its chapter is called
    joined: frozenset[int] = frozenset()  # places of sections that belong to the chapter before


def kept(choices: Choices, document: Document) -> dict[str, Any]:
    """Choices as a production keeps them: sections by what they are called, so that another version has them too."""
    keys = _keys(document)
    sections = choices.sections
    return {
        "parts": sorted(choices.parts),
        "dialogue": choices.dialogue,
        "emotions": choices.emotions,
        "sections": None if sections is None else {key: n in sections for n, key in enumerate(keys)},
        "titles": {keys[n]: title for n, title in choices.titles.items() if n < len(keys)},
        "joined": [keys[n] for n in sorted(choices.joined) if n < len(keys)],
    }


def again(plain: Any, document: Document) -> Choices:
    """The same choices for another version of the manuscript; of its new sections the chapters are read."""
    if not isinstance(plain, dict) or not plain:
        return Choices()
    keys = _keys(document)
    named, joined = ([*one] if isinstance(one, list) else [] for one in (plain.get("parts"), plain.get("joined")))
    parts = frozenset(part for part in PARTS if part in named)
    read, titles = plain.get("sections"), plain.get("titles")
    titles = titles if isinstance(titles, dict) else {}
    usual = [one.kind == "chapter" or one.kind in parts for one in document.sections]
    sections = None
    if isinstance(read, dict):
        sections = frozenset(n for n, key in enumerate(keys) if read.get(key, usual[n]))
    return Choices(
        parts=parts,
        sections=sections,
        dialogue=bool(plain.get("dialogue", True)),
        emotions=bool(plain.get("emotions", True)),
        titles={n: str(titles[key]) for n, key in enumerate(keys) if key in titles},
        joined=frozenset(n for n, key in enumerate(keys) if key in joined),
    )


def _keys(document: Document) -> list[str]:
    """What each section is called; where several are called the same, which of them it is."""
    count: Counter[str] = Counter()
    found = []
    for section in document.sections:
        count[section.title] += 1
        found.append(section.title if count[section.title] == 1 else f"{section.title} #{count[section.title]}")
    return found
