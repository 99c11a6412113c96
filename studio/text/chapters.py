"""A book in chapters, as its own headings divide it, and what its first lines say about it.

Headings are collected line by line, the table of contents among them set aside (entries without text that come again
later), a lonely “Part I” joined to the chapter that follows. Every character of the book is in exactly one chapter.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from studio.text.headings import Heading, bare_number, heading_of, is_contents
from studio.text.language import detect, weight
from studio.text.title_page import author, book_title, strip_boilerplate

__all__ = ["Chapter", "author", "book_title", "chapters", "strip_boilerplate"]

FRONT_MATTER = 250.0  # so many Latin letters before the first heading are a chapter of their own, not a title page
Kind = Literal["chapter", "front", "contents"]


@dataclass(frozen=True)
class Chapter:
    """A stretch of a book; the texts of all chapters joined are the book."""

    title: str  # "" when it has none
    text: str  # with its heading
    start: int  # position in the book
    kind: Kind = "chapter"  # "contents" is a table of contents, which one rarely wants to hear


def chapters(text: str, title: str = "") -> list[Chapter]:
    """The chapters of `text`, at least one. `title` is the book's: for front matter, or where there are no headings."""
    found = list(_headings(text))
    contents = _contents_entries(found, text)
    real = _with_bodies(_without(found, contents), text)
    if not real:
        return [Chapter(title, text, 0)]
    starts = _front(text, title, real[0].start, [heading.start for heading in contents])
    starts += [(heading.start, heading.title, "chapter") for heading in real]
    if starts[0][0] > 0:
        starts[0] = (0, *starts[0][1:])
    ends = [start for start, _, _ in starts[1:]] + [len(text)]
    return [Chapter(name, text[start:end], start, kind) for (start, name, kind), end in zip(starts, ends, strict=True)]


def _lines(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end (behind the break) and text of each line."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end + 1
        yield start, end, text[start:end].rstrip("\n")
        start = end


def _headings(text: str) -> Iterator[Heading]:
    """Every line that looks like a heading; the numbers of a book that has nothing else."""
    lines = list(_lines(text))
    found, fenced = [], False
    for number, (start, end, line) in enumerate(lines):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if not line or fenced or not (heading := heading_of(line, start, end)):
            continue
        found.append(heading if heading.complete else _titled(heading, lines, number))
    yield from found or _numbered(lines)


def _titled(heading: Heading, lines: list[tuple[int, int, str]], number: int) -> Heading:
    """The heading with the title that stands on the next line, if one does."""
    following = [(end, line) for _, end, line in lines[number + 1 : number + 5]]
    while following and not following[0][1].strip():
        if len(following) < 4:
            return heading
        following.pop(0)
    if not following or not _is_title(following[0][1], following[1][1] if len(following) > 1 else ""):
        return heading
    end, line = following[0]
    separator = "：" if not line.isascii() and not heading.title.isascii() else ". "
    return replace(heading, title=f"{heading.title}{separator}{line.strip().strip('_*')}", end=end)


def _is_title(line: str, after: str) -> bool:
    """Short, alone, no sentence: capitals or Title Case in English, no punctuation in Chinese."""
    line = line.strip().strip("_*")
    if not line or after.strip() or len(line) > 70 or line[0] in "“‘\"'「『—-" or heading_of(line, 0, 0):
        return False
    if not line.isascii() and weight(line).cjk > len(line) // 2:
        return len(line) <= 20 and not re.search("[。，；：！？…,.;:!?]", line)
    words = re.findall(r"[^\W\d_][\w’']*", line)
    if not words or line.isupper():
        return bool(words)
    large = [word for word in words if word[0].isupper() or len(word) < 5]
    return len(large) == len(words) and words[0][0].isupper() and not line.endswith((".", ",", ";", ":"))


def _numbered(lines: list[tuple[int, int, str]]) -> list[Heading]:
    """Numbers alone on their lines, one after the other from 1: the chapters of a book without other headings."""
    found: list[Heading] = []
    for number, (start, end, line) in enumerate(lines):
        alone = not (number and lines[number - 1][2].strip()) and not (
            number + 1 < len(lines) and lines[number + 1][2].strip()
        )
        if alone and bare_number(line) == len(found) + 1:
            found.append(Heading(start, end, line.strip().rstrip(".、．"), line.strip(), 1, True))
    return found if len(found) > 1 else []


def _without(found: list[Heading], contents: list[Heading]) -> list[Heading]:
    entries = {heading.start for heading in contents}
    return [heading for heading in found if heading.start not in entries]


def _is_empty(heading: Heading, following: int, text: str) -> bool:
    return not text[heading.end : following].strip()


def _contents_entries(found: list[Heading], text: str) -> list[Heading]:
    """The headings that only list what comes: a dense row at the top, with page numbers or seen again later."""
    dense: list[Heading] = []
    for heading, after in zip(found, [*found[1:], None], strict=False):
        dense.append(heading)  # the last of the row too: the book begins behind it
        if after is None or text[heading.end : after.start].strip():
            break
    if listed := [number for number, heading in enumerate(dense) if heading.listed]:
        return dense[: listed[-1] + 1]
    last = {heading.key: number for number, heading in enumerate(found)}
    entries = [heading for number, heading in enumerate(dense) if last[heading.key] > number]
    return entries if len(entries) > 1 else []


def _with_bodies(found: list[Heading], text: str) -> list[Heading]:
    """Headings with nothing under them joined to the next: “Part I · Chapter 1”. A book's title is no part of that."""
    top = [heading for heading in found if heading.level == 0]
    result: list[Heading] = []
    waiting: list[Heading] = []
    for number, heading in enumerate(found):
        following = found[number + 1].start if number + 1 < len(found) else len(text)
        if following < len(text) and _is_empty(heading, following, text):
            waiting.append(heading)
            continue
        names = [h.title for h in waiting[-2:] if not (text.startswith("#", h.start) and len(top) == 1 and h in top)]
        start = waiting[0].start if waiting else heading.start
        result.append(replace(heading, start=start, title=" · ".join([*names, heading.title])))
        waiting = []
    return result


def _front(text: str, title: str, first: int, entries: list[int]) -> list[tuple[int, str, Kind]]:
    """What stands before the first chapter: nothing worth its own, a preface, a table of contents."""
    entries = [entry for entry in entries if entry < first]
    announced = next((start for start, _, line in _lines(text[:first]) if is_contents(line)), None)
    begin = min(entries, default=first) if announced is None else min(announced, min(entries, default=announced))
    starts: list[tuple[int, str, Kind]] = []
    if weight(text[:begin]).total >= FRONT_MATTER:
        starts.append((0, title, "front"))
    if begin < first:
        name = "目录" if detect(text[begin:first]) in ("zh", "yue") else "Contents"
        starts.append((begin if starts else 0, name, "contents"))
    return starts
