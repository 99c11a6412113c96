"""A text file, looked into: its title, author, language and chapters, before anything is spoken."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from studio.words import Words, counted

if TYPE_CHECKING:
    from studio.text.chapters import Chapter

PLAIN = {".txt", ".md", ".text", ".markdown", ""}  # read as they stand; the others by `studio.manuscripts`
LIMIT_BYTES = 64 << 20  # of a manuscript file
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Manuscript:
    """What was found in a text file."""

    name: str  # of the file
    encoding: str
    title: str
    author: str
    language: str
    chapters: "tuple[Chapter, ...]"
    notes: tuple[Words, ...]  # what was left out, and why
    sha256: str  # of the text as decoded

    @property
    def characters(self) -> int:
        return sum(len(chapter.text) for chapter in self.chapters)


def look_into(path: Path, language: str = "auto", choices: Mapping[str, Any] = NOTHING) -> Manuscript:
    """The manuscript in a file, for reading it straight through. `BadFile` when it is none, empty or too large.

    `choices`: what of it is read, where somebody arranged it, as `choices.kept` gives them.
    """
    if choices or path.suffix.lower() not in PLAIN:
        return _of_document(path, language, choices)
    from studio.text.chapters import chapters  # a book's grammar, which a sentence can do without
    from studio.text.encoding import read_text
    from studio.text.language import detect
    from studio.text.title_page import author, book_title, strip_boilerplate

    decoded = read_text(path, LIMIT_BYTES)
    text, stripped = strip_boilerplate(decoded.text)
    title = book_title(decoded.text) or path.stem
    notes = []
    if stripped:
        characters = sum(map(len, stripped))
        notes.append(
            Words(
                f"not read: {counted(characters, 'character')} of distributor's notice",
                f"不朗读发行方声明，共 {characters} 个字符",
            )
        )
    found = chapters(text, title)
    if contents := [chapter for chapter in found if chapter.kind == "contents"]:
        lines = sum(chapter.text.count("\n") for chapter in contents)
        notes.append(
            Words(f"the table of contents ({counted(lines, 'line')}) is not read", f"不朗读目录，共 {lines} 行")
        )
    return Manuscript(
        name=path.name,
        encoding=decoded.encoding,
        title=title,
        author=author(decoded.text),
        language=detect(text) if language == "auto" else language,
        chapters=tuple(chapter for chapter in found if chapter.kind != "contents") or tuple(found),
        notes=tuple(notes),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


def _of_document(path: Path, language: str, choices: Mapping[str, Any]) -> Manuscript:
    """What `studio.manuscripts` reads of a book, its usual parts or those that were chosen, a paragraph a line."""
    from studio.manuscripts.reading import read_document
    from studio.production.choices import again
    from studio.text.chapters import Chapter

    found = read_document(path, language=language)
    document = again(choices, found).applied(found)
    chapters, at = [], 0
    for section in document.sections:
        text = "\n\n".join(passage.text for passage in section.passages) + "\n\n"
        chapters.append(Chapter(section.title, text, at))
        at += len(text)
    whole = "".join(chapter.text for chapter in chapters)
    return Manuscript(
        name=document.name,
        encoding=document.format,
        title=document.title,
        author=document.author,
        language=document.language,
        chapters=tuple(chapters),
        notes=document.notes,
        sha256=hashlib.sha256(whole.encode()).hexdigest(),
    )
