"""What is found in a manuscript, whatever file it came in: sections of passages, each with what is said of it.

Everything readable is kept and labelled; `selected` then leaves out what nobody wants to hear. So a preview can show
footnotes, page numbers and title pages, and a person may want them after all.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Literal

from studio.words import Words

PassageKind = Literal["text", "heading", "footnote", "page"]
SectionKind = Literal["chapter", "front", "contents", "notes", "back"]
Part = Literal["front", "contents", "notes", "back", "footnote", "page", "heading"]

PARTS: dict[Part, Words] = {
    "front": Words("title page, copyright, dedication", "扉页、版权、献词"),
    "contents": Words("table of contents", "目录"),
    "notes": Words("chapters of notes", "注释章节"),
    "back": Words("index, bibliography, advertisements", "索引、参考书目、广告"),
    "footnote": Words("footnotes", "脚注"),
    "page": Words("page numbers and running heads", "页码与页眉"),
    "heading": Words("headings", "标题"),
}
USUAL: frozenset[Part] = frozenset({"heading"})  # parts that are read where nobody says otherwise
TITLE = 60  # characters of a paragraph that may be a title
NO_TITLES: Mapping[int, str] = MappingProxyType({})

Cuts = Mapping[int, str | None]  # the passages at which another chapter begins -> its title; None: as they say
UNCUT: Cuts = MappingProxyType({})
NO_CUTS: Mapping[int, Cuts] = MappingProxyType({})


@dataclass(frozen=True)
class Passage:
    """A paragraph, a cue or a line of a script."""

    text: str  # may hold the studio's marks
    kind: PassageKind = "text"
    speaker: str = ""
    emotion: str = ""
    style: str = ""
    pause_ms: int | None = None  # demanded after it
    scene: bool = False  # a break between scenes follows
    language: str = ""  # where the file says it
    start: float | None = None  # seconds, of a cue
    end: float | None = None

    @property
    def titular(self) -> bool:
        """Whether it looks like a title: a heading, or a paragraph of few words that do not end as a sentence does."""
        if self.kind == "heading":
            return True
        spoken = self.speaker or self.start is not None
        return self.kind == "text" and not spoken and len(self.text) <= TITLE and self.text.rstrip()[-1:].isalnum()


@dataclass(frozen=True)
class Section:
    """A chapter, or what stands around the chapters."""

    title: str
    passages: tuple[Passage, ...]
    kind: SectionKind = "chapter"

    @property
    def characters(self) -> int:
        return sum(len(passage.text) for passage in self.passages)

    def called(self, title: str) -> "Section":
        """The same under another title, which is read where the old one was."""
        passages = (
            replace(one, text=title) if one.kind == "heading" and one.text.split() == self.title.split() else one
            for one in self.passages
        )
        return replace(self, title=title, passages=tuple(passages) if title else self.passages)

    def places(self) -> Iterator[int]:
        """The passages at which another chapter can begin: text and headings that have some text before them."""
        said = False
        for place, passage in enumerate(self.passages):
            if said and passage.kind in ("text", "heading"):
                yield place
            said = said or passage.kind == "text"

    def cut(self, cuts: Cuts) -> Iterator["Section"]:
        """It in pieces: at each of these `places` begins another chapter."""
        for start, end in pairwise([0, *sorted(cuts), len(self.passages)]):
            piece = replace(self, passages=self.passages[start:end])
            yield piece.headed(cuts[start]) if start else piece

    def headed(self, title: str | None) -> "Section":
        """The same under a title that is read first: where its first passage looks like one, in place of that."""
        first, rest = self.passages[0], self.passages[1:]
        title = (first.text if first.titular else "") if title is None else title
        stands = first.titular and any(one.kind == "text" for one in rest)
        heading = (replace(first, text=title, kind="heading"),) if stands else (Passage(title, "heading"), first)
        return replace(self, title=title, passages=(*heading, *rest) if title else self.passages)

    @property
    def excerpt(self) -> str:
        """How its text begins."""
        said = (passage.text for passage in self.passages if passage.kind == "text")
        return " ".join(" ".join(said).split())[:120]


@dataclass(frozen=True)
class Document:
    """A manuscript, read."""

    name: str  # of the file
    format: str
    title: str
    author: str
    language: str  # BCP 47
    sections: tuple[Section, ...]
    notes: tuple[Words, ...] = ()  # what was left out or could not be kept, and why
    cover: bytes = field(default=b"", repr=False)  # a picture
    scripted: bool = False  # its passages are lines already: they are not joined, and their quotes are not looked at

    @property
    def characters(self) -> int:
        return sum(section.characters for section in self.sections)

    def passages(self) -> Iterator[Passage]:
        for section in self.sections:
            yield from section.passages

    def selected(
        self,
        parts: Collection[Part] = USUAL,
        sections: Collection[int] | None = None,
        titles: Mapping[int, str] = NO_TITLES,
        joined: Collection[int] = (),
        cuts: Mapping[int, Cuts] = NO_CUTS,
    ) -> "Document":
        """Only what shall be read: these parts besides the text, and of the sections (by their place) these.

        A section that is named is kept whatever its kind; without `sections` those of a kind in `parts` are. `titles`:
        what sections are called instead; `joined`: those that go on with the section before; `cuts`: of sections, the
        passages at which another chapter begins, and what that is called.
        """
        kept: list[Section] = []
        for number, section in enumerate(self.sections):
            wanted = section.kind == "chapter" or section.kind in parts if sections is None else number in sections
            if not wanted:
                continue
            section = section.called(titles[number]) if number in titles else section
            for nth, piece in enumerate(section.cut(cuts.get(number, UNCUT))):
                passages = tuple(p for p in piece.passages if p.kind == "text" or p.kind in parts)
                if all(p.kind == "heading" for p in passages):
                    continue
                if number in joined and kept and not nth:
                    piece, passages = kept[-1], kept.pop().passages + passages
                kept.append(replace(piece, passages=passages))
        return replace(self, sections=tuple(kept))

    def parts(self) -> dict[Part, int]:
        """The parts besides the text that were found, each with its number of characters."""
        found: dict[Part, int] = {}
        for section in self.sections:
            if section.kind != "chapter":
                found[section.kind] = found.get(section.kind, 0) + section.characters
                continue
            for passage in section.passages:
                if passage.kind != "text":
                    found[passage.kind] = found.get(passage.kind, 0) + len(passage.text)
        return found

    def to_json(self) -> dict[str, Any]:
        """A preview: what was found, without the texts."""
        return {
            "name": self.name,
            "format": self.format,
            "title": self.title,
            "author": self.author,
            "language": self.language,
            "scripted": self.scripted,
            "characters": self.characters,
            "cover": bool(self.cover),
            "notes": [note._asdict() for note in self.notes],
            "parts": self.parts(),
            "speakers": sorted({passage.speaker for passage in self.passages() if passage.speaker}),
            "sections": [
                {
                    "title": section.title,
                    "kind": section.kind,
                    "passages": len(section.passages),
                    "characters": section.characters,
                    "excerpt": section.excerpt,
                }
                for section in self.sections
            ],
        }
