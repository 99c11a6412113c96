"""From a manuscript to a script: passages become lines, quotes get their speakers, and a new version is merged in.

A line carries the digest of the sentence it came from. So a manuscript that comes again in a new version keeps every
line whose sentence is still there, with its takes and with what was changed on it by hand; lines that were written or
cut here stay behind the line that they stood behind.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Literal

from studio.library.script import Ends, Line, NewChapter, NewLine
from studio.manuscripts.document import Document, Passage, Section
from studio.production.choices import Choices
from studio.text.language import estimate_seconds, speakable
from studio.text.moods import mood
from studio.text.quotes import Figure, Said, figures, names, spoken
from studio.text.scan import without_marks
from studio.text.sentences import split

USUALLY = Choices()
LONGEST = 400  # characters of a line, where a sentence is long
PACE = 14.0  # Latin letters a second, for an estimate before any voice is chosen


@dataclass(frozen=True)
class Script:
    """What a manuscript became."""

    chapters: tuple[NewChapter, ...]
    figures: tuple[Figure, ...] = ()  # who speaks, the most talkative first
    left_out: Mapping[str, int] = field(default_factory=dict)  # part or section kind -> characters that are not read

    @property
    def lines(self) -> int:
        return sum(len(chapter.lines) for chapter in self.chapters)

    @property
    def seconds(self) -> float:
        """How long it will be, roughly."""
        return sum(estimate_seconds(line.text, PACE) for chapter in self.chapters for line in chapter.lines)


def script_of(document: Document, choices: Choices = USUALLY) -> Script:
    """The script of a manuscript. `BadRequest` where something is chosen that it does not have."""
    chosen = choices.applied(document)
    left: dict[str, int] = {part: count for part, count in document.parts().items() if part not in choices.parts}
    prose = choices.dialogue and not document.scripted
    rows = dict(enumerate(_heard(chosen))) if prose else {}
    chapters = tuple(
        NewChapter(section.title, lines)
        for n, section in enumerate(chosen.sections)
        if (lines := tuple(_lines(section, rows.get(n), choices, document.scripted)))
    )
    if document.scripted:
        names = [line.speaker for chapter in chapters for line in chapter.lines if line.speaker]
        said = [[Said(name, name, 1.0, quoted=True)] for name in names]
        return Script(chapters, tuple(figures(said)), left)
    return Script(chapters, tuple(figures([row for found in rows.values() for row in found])), left)


def _heard(document: Document) -> Iterator[list[list[Said]]]:
    """For each section, who says what; names are known from the whole book."""
    known = names((passage.text for passage in document.passages()), document.language)
    for section in document.sections:
        yield spoken([passage.text for passage in section.passages], document.language, known)


def _lines(section: Section, heard: list[list[Said]] | None, choices: Choices, scripted: bool) -> Iterator[NewLine]:
    for at, passage in enumerate(section.passages):
        stretches = heard[at] if heard else [Said(passage.text, passage.speaker)]
        found = list(_of_passage(passage, stretches, choices, scripted))
        if found:
            ends: Ends = "scene" if passage.scene else "paragraph"
            pause = passage.pause_ms
            found[-1] = replace(found[-1], ends=ends, pause_ms=pause)
        yield from found


def _of_passage(passage: Passage, stretches: Sequence[Said], choices: Choices, scripted: bool) -> Iterator[NewLine]:
    """The lines of one paragraph: whole sentences of one speaker, about as long as wanted."""
    kind: Literal["text", "heading"] = "heading" if passage.kind == "heading" else "text"
    told = " ".join(said.text for said in stretches if not said.quoted) if choices.emotions else ""
    target = LONGEST if scripted else choices.target
    for said in stretches:
        timed = passage.start is not None  # a cue stays whole, and stays where it has nothing to say
        if not timed and not speakable(without_marks(said.text)) and "[" not in said.text:
            continue  # a dash or a quotation mark between two quotes
        emotion = passage.emotion or (mood(said.text, told) if choices.emotions and said.quoted else "")
        pieces = [said.text] if timed else [piece.text for piece in split(said.text, target, LONGEST)]
        for piece in pieces:
            if text := piece.strip():
                yield NewLine(
                    text,
                    speaker=said.speaker or passage.speaker,
                    sure=round(said.confidence, 2),
                    emotion=emotion,
                    style=passage.style,
                    kind=kind,
                    language=passage.language,
                    source=source_of(text),
                    start=passage.start,
                    finish=passage.end,
                )


def source_of(text: str) -> str:
    """The digest by which a sentence is known again: white space does not count."""
    return hashlib.sha256("".join(text.split()).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Merged:
    """A script and a new version of its manuscript, laid over each other."""

    chapters: Mapping[str, Sequence[NewLine | str]]  # chapter id, or "new:…" -> ids of lines that stay, new lines
    titles: Mapping[str, str]
    kept: int
    added: int
    removed: int


def merged(chapters: Iterable[tuple[str, Sequence[Line]]], fresh: Script) -> Merged:
    """What the script would be with the new version: `chapters` are those it has, by id."""
    old = [(id, line) for id, lines in chapters for line in lines]
    heads = [(id, line) for id, line in old if line.source]
    new = [(number, line) for number, chapter in enumerate(fresh.chapters) for line in chapter.lines]
    matcher = SequenceMatcher(
        None, [line.source for _, line in heads], [line.source for _, line in new], autojunk=False
    )
    same = {b + n: heads[a + n] for a, b, size in matcher.get_matching_blocks() for n in range(size)}
    leading, followers = _ours(old, {line.id for _, line in same.values()})
    homes = _homes(same, [number for number, _ in new], len(fresh.chapters))
    rows: dict[str, list[NewLine | str]] = {id: [] for id in homes}
    for at, (number, sentence) in enumerate(new):
        row = rows[homes[number]]
        if at == 0:
            row += leading
        if at in same:
            kept = same[at][1].id
            row += [kept, *followers.get(kept, ())]
        else:
            row.append(sentence)
    titles = {homes[number]: chapter.title for number, chapter in enumerate(fresh.chapters)}
    staying = sum(isinstance(line, str) for row in rows.values() for line in row)
    return Merged(rows, titles, staying, len(new) - len(same), len(old) - staying)


def _ours(old: Sequence[tuple[str, Line]], staying: Collection[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Lines that were written here: those before any line that stays, and those behind each that does."""
    leading: list[str] = []
    followers: dict[str, list[str]] = {}
    last = ""
    for _, line in old:
        if line.id in staying:
            last = line.id
        elif not line.source:
            (followers.setdefault(last, []) if last else leading).append(line.id)
    return leading, followers


def _homes(same: Mapping[int, tuple[str, Line]], numbers: Sequence[int], count: int) -> list[str]:
    """For each new chapter the old one that most of its lines come from, or a name for one to be made."""
    votes: dict[int, dict[str, int]] = {}
    for at, (id, _) in same.items():
        chapter = votes.setdefault(numbers[at], {})
        chapter[id] = chapter.get(id, 0) + 1
    homes: list[str] = []
    for number in range(count):
        best = sorted(votes.get(number, {}).items(), key=lambda one: -one[1])
        homes.append(next((id for id, _ in best if id not in homes), f"new:{number}"))
    return homes
