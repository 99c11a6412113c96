"""Subtitles of what is being read: each line's words as cues, with the times at which they are heard."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from studio.audio.drafts import Draft
from studio.production.joining import Placed
from studio.production.planning import PlannedLine
from studio.text.cues import Cue, Norms, cut, norms_for, settled
from studio.text.joining import is_tight
from studio.text.scan import without_marks
from studio.text.subtitles import FORMATS


@dataclass(frozen=True)
class _Unit:
    """A word, or a character of Chinese or Japanese, with its times."""

    text: str
    start: float
    end: float
    glued: bool


class Subtitler:
    """Gathers cues while a file is written."""

    def __init__(self, rate: int, language: str) -> None:
        """`rate` is that of the frames in which places are told."""
        self._rate = rate
        self._norms: Norms = norms_for(language)
        self._cues: list[Cue] = []

    def hear(self, line: PlannedLine, placed: Placed) -> None:
        """A line that was written."""
        start, end = placed.start / self._rate, placed.end / self._rate
        text = " ".join(without_marks(line.original).split())
        if text and end > start:
            self._cues += cut(list(_units(text, start, end)), end, norms_for(line.language))

    def write(self, path: Path, format: str) -> None:
        """The cues as a file of one of `FORMATS`; nothing half-written is left."""
        with Draft(path) as draft:
            draft.write(FORMATS[format][1](list(settled(self._cues, self._norms))).encode())


def _units(text: str, start: float, end: float) -> Iterator[_Unit]:
    """What a text is made of; each lasts as long as its share of the letters, for engines do not all tell words."""
    pieces = re.findall(r"\s+|[^\s]", text)
    words: list[tuple[str, bool]] = []
    space = True
    for piece in pieces:
        if piece.isspace():
            space = True
            continue
        joins = words and not space and not (is_tight(piece) or is_tight(words[-1][0][-1]))
        if joins:
            words[-1] = (words[-1][0] + piece, words[-1][1])
        elif words and not space and not piece.isalnum():
            words[-1] = (words[-1][0] + piece, words[-1][1])  # a sign belongs to what stands before it
        else:
            words.append((piece, not space))
        space = False
    whole = sum(len(word) for word, _ in words)
    at = 0
    for word, glued in words:
        begins = start + (end - start) * at / whole
        at += len(word)
        yield _Unit(word, begins, start + (end - start) * at / whole, glued)
