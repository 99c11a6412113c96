"""Cues: texts with times as subtitles show them, cut by the norms of reading.

The norms are those that broadcasters and streaming services agree on: two lines of 42 letters, or 16 of Chinese; not
quicker than 20 letters a second, or 9 characters; at least 5/6 s and at most 7 s on the screen; two frames between.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from studio.text.joining import is_tight, joined
from studio.text.language import base
from studio.words import Words

Look = Literal["b", "i", "u", "s", "color"]  # bold, italic, underlined, struck out, coloured

TOGETHER_S = 0.1  # what is shown for less than this was not shown
WORTH = 6  # characters of balance that a break after punctuation is worth
SENTENCE_END = re.compile(r"[.!?…。！？]+[\"'”’」』）)]*$")
CLAUSE_END = re.compile(r"[,;:，、；：—–]+$")


@dataclass(frozen=True)
class Span:
    """A part of a cue's text that looks different."""

    start: int  # characters of the text
    end: int
    look: Look
    value: str = ""  # of a colour: #rrggbb


@dataclass(frozen=True)
class CueWord:
    """A word of a cue, or a character of Chinese or Japanese, with its times."""

    text: str
    start: float  # seconds, as of the cue
    end: float
    glued: bool = False  # to the word before it: no space between them


@dataclass(frozen=True)
class Cue:
    """A text on the screen. Everything after the speaker is there only where a format knows it."""

    start: float  # seconds
    end: float
    text: str  # lines separated by \n, without tags
    speaker: str = ""
    spans: tuple[Span, ...] = ()  # how parts of the text look
    words: tuple[CueWord, ...] = ()
    style: str = ""  # name of an ASS style; "" is that of the speaker, or the usual one
    align: int = 0  # place on the screen as on a keypad, 2 at the foot, 8 at the top; 0 is the usual one
    layer: int = 0  # of ASS
    margins: tuple[int, int, int] = (0, 0, 0)  # left, right and vertical, of ASS
    effect: str = ""  # of ASS
    codes: str = ""  # override codes of ASS that concern the whole cue, as they are written
    settings: str = ""  # of WebVTT, as they are written
    id: str = ""  # of WebVTT
    note: str = ""  # a comment that stands before it


@dataclass(frozen=True)
class Subtitles:
    """What is in a subtitle file."""

    cues: tuple[Cue, ...]  # in the order of their beginnings
    notes: tuple[Words, ...] = ()  # what was odd about the file
    title: str = ""
    author: str = ""
    styles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # of ASS: name, then its fields
    info: Mapping[str, str] = field(default_factory=dict)  # what else [Script Info] says
    blocks: tuple[str, ...] = ()  # STYLE and REGION blocks of WebVTT, as they are written


@dataclass(frozen=True)
class Norms:
    """What a reader can follow."""

    line: int  # characters
    pace: float  # characters per second
    lines: int = 2
    shortest: float = 5 / 6  # seconds
    longest: float = 7.0
    gap: float = 0.083  # between two cues: two frames

    @property
    def most(self) -> int:
        """Characters of one cue."""
        return self.line * self.lines


WIDE = Norms(42, 20.0)
NORMS = {"zh": Norms(16, 9.0), "yue": Norms(16, 9.0), "ja": Norms(13, 4.0), "ko": Norms(16, 12.0)}


def norms_for(language: str) -> Norms:
    return NORMS.get(base(language), WIDE)


class Timed(Protocol):
    """A word, a character or a sign with its times; `glued` to what stands before it."""

    @property
    def text(self) -> str: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def glued(self) -> bool: ...


def cut(words: Sequence[Timed], end: float, norms: Norms, speaker: str = "") -> Iterator[Cue]:
    """The cues of one stretch of speech that ends at `end`.

    A cue ends with a sentence, and before it would grow too long for the screen, if it can at a comma.
    """
    at = 0
    while at < len(words):
        stop = _until(words, at, norms)
        text = "".join(_spaced(word, first=n == 0) for n, word in enumerate(words[at:stop]))
        ends = words[stop].start if stop < len(words) else end
        own = tuple(CueWord(w.text, w.start, w.end, w.glued and n > 0) for n, w in enumerate(words[at:stop]))
        yield Cue(words[at].start, max(words[stop - 1].end, ends), wrapped(text, norms), speaker, words=own)
        at = stop


def settled(cues: Iterable[Cue], norms: Norms) -> Iterator[Cue]:
    """The cues with times that can be read: as long as their text needs where the next one leaves room, and a gap.

    Where the next one begins almost at once, because two speak together, they are shown together.
    """
    row = list(cues)
    for at, cue in enumerate(row):
        free = row[at + 1].start - norms.gap if at + 1 < len(row) else float("inf")
        if free < cue.start + TOGETHER_S:
            free = max(free + norms.gap, cue.end)
        needed = max(norms.shortest, len(cue.text.replace("\n", "")) / norms.pace)
        end = min(max(cue.end, cue.start + needed), cue.start + norms.longest, free)
        yield replace(cue, end=max(end, cue.start))


def fits(text: str, norms: Norms) -> bool:
    """Whether a text on one line finds room on the screen."""
    return len(text) <= norms.most + 1 and all(len(line) <= norms.line for line in wrapped(text, norms).split("\n"))


def wrapped(text: str, norms: Norms) -> str:
    """A text in lines of nearly equal length, broken where words end."""
    if len(text) <= norms.line:
        return text
    places = [n for n in range(1, len(text)) if text[n - 1] == " " or (is_tight(text[n]) and not _closes(text[n]))]
    if not places:
        return text
    places = [n for n in places if max(n, len(text) - n) <= norms.line] or places
    even = min(abs(2 * n - len(text)) for n in places)
    near = [n for n in places if abs(2 * n - len(text)) <= even + WORTH]  # punctuation can win over no others
    at = min(near, key=lambda n: abs(2 * n - len(text)) - _worth(text[:n]))
    return f"{text[:at].strip()}\n{text[at:].strip()}"


def _until(words: Sequence[Timed], at: int, norms: Norms) -> int:
    """The word after the last one of the cue that begins with `words[at]`."""
    text, clause = "", 0
    for n in range(at, len(words)):
        text += _spaced(words[n], first=n == at)
        size = len(text)
        if n > at and (not fits(text, norms) or words[n].end - words[at].start > norms.longest):
            return clause if clause > at else n
        if SENTENCE_END.search(words[n].text):
            if n + 1 == len(words) or words[n + 1].start - words[at].start >= norms.shortest + norms.gap:
                return n + 1
            clause = n + 1  # too short to be read alone, unless the next sentence has no room
        if CLAUSE_END.search(words[n].text) and size > norms.line // 2:
            clause = n + 1
    return len(words)


def _spaced(word: Timed, first: bool) -> str:
    return word.text if first or word.glued else joined(["a", word.text])[1:]


def _closes(sign: str) -> bool:
    return sign in "，。！？；：、…”’」』）,.!?;:)"


def _worth(text: str) -> int:
    """How many characters of balance a break after punctuation is worth."""
    return WORTH if CLAUSE_END.search(text.strip()) or SENTENCE_END.search(text.strip()) else 0
