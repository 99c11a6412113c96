"""What a person chooses when a manuscript becomes a production."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from studio.errors import BadRequest
from studio.manuscripts.document import PARTS, USUAL, Cuts, Document, Part, Section

TARGET = 120  # characters of a line
OPENING = 200  # characters by which a paragraph is known again


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
    cuts: Mapping[int, Cuts] = field(default_factory=dict)  # place of a section -> where other chapters begin in it

    def applied(self, document: Document) -> Document:
        """Only what shall be read, as it was arranged. `BadRequest`, see `check`."""
        self.check(document)
        return document.selected(self.parts, self.sections, self.titles, self.joined, self.cuts)

    def check(self, document: Document) -> None:
        """`BadRequest` where something is chosen that the manuscript does not have."""
        last = len(document.sections) - 1
        for number in (*(self.sections or ()), *self.titles, *self.joined, *self.cuts):
            if not 0 <= number <= last:
                raise BadRequest(
                    f"section {number}: {document.name} has the sections 0 to {last}",
                    f"第 {number} 部分：{document.name} 只有第 0 到 {last} 部分",
                    where="section",
                )
        for number, cuts in self.cuts.items():
            known = set(document.sections[number].places())
            if wrong := sorted(set(cuts) - known):
                raise BadRequest(
                    f"section {number} cannot be split at paragraph {wrong[0]}: a chapter begins with text or a "
                    "heading, and has text before it",
                    f"第 {number} 部分不能在第 {wrong[0]} 段拆分：新的一章须以正文或标题开头，且前面有正文",
                    where="split",
                )


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
        "cuts": [
            {"section": keys[n], "opening": openings[place], "title": title}
            for n, cuts in sorted(choices.cuts.items())
            for openings in [_openings(document.sections[n])]
            for place, title in sorted(cuts.items())
        ],
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
        cuts=_cuts_again(plain.get("cuts"), document, keys),
    )


def _cuts_again(plain: Any, document: Document, keys: list[str]) -> dict[int, Cuts]:
    """Where sections were split, found again by the paragraphs that began the chapters."""
    wanted: dict[str, dict[str, str | None]] = {}
    for one in plain if isinstance(plain, list) else ():
        if isinstance(one, dict):
            title = one.get("title")
            wanted.setdefault(str(one.get("section")), {})[str(one.get("opening"))] = title and str(title)
    found: dict[int, Cuts] = {}
    for n, (key, section) in enumerate(zip(keys, document.sections, strict=True)):
        if cuts := wanted.get(key):
            openings = _openings(section)
            found[n] = {place: cuts[openings[place]] for place in section.places() if openings[place] in cuts}
    return found


def _openings(section: Section) -> list[str]:
    """How each paragraph of a section begins, and which of them it is where several begin so."""
    return _counted(" ".join(passage.text.split())[:OPENING] for passage in section.passages)


def _keys(document: Document) -> list[str]:
    """What each section is called; where several are called the same, which of them it is."""
    return _counted(section.title for section in document.sections)


def _counted(names: Iterable[str]) -> list[str]:
    """The names; one that came before has its number behind it."""
    count: Counter[str] = Counter()
    found = []
    for name in names:
        count[name] += 1
        found.append(name if count[name] == 1 else f"{name} #{count[name]}")
    return found
