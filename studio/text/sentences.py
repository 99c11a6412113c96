"""A text in pieces that are good to speak: whole sentences if possible, no cut where a reader would not breathe.

Places where a cut may be are found once, each with a rank (sentence or clause). Paragraphs are never joined; inside
one, short sentences are gathered up to a target and long ones divided at their clauses. A model that reads pieces of
one length best says so (`Even`), and counts them in its own way. Pieces joined are the text.
"""

# Word lists read better as one string.
# ruff: noqa: SIM905

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from studio.text.graphemes import cut_before
from studio.text.paragraphs import paragraph_ends
from studio.text.scan import extents

SENTENCE, CLAUSE = 2, 1
TOLERANCE = 1.25  # a sentence that much longer than the target is left whole

_CLOSERS = r"""[”’」』）)］\]】》〉"'»›〕*_]|\[/\w+\]"""
_NO_END = frozenset(  # abbreviations that stand before what they belong to
    (
        "mr mrs ms dr prof st sr jr mt rev hon gen col lt sgt capt cpt cmdr adm maj gov pres sen rep messrs mme "
        "mlle fr e.g i.e cf viz vs v approx ca c al resp incl est dept univ assn bros u.s u.k u.n e.u d.c"
    ).split()
)
_NO_END_BEFORE_NUMBER = frozenset(  # “No. 5”, but “No. I do not.”
    ("no nos nr fig figs vol vols p pp ch chap sec sect art eq ex par pt ver op").split()
)
_MAY_END = frozenset(  # end a sentence only if a new one visibly begins
    (
        "etc a.m p.m am pm inc ltd co corp jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu "
        "thur thurs fri sat sun ph.d m.d b.a m.a b.c a.d min max ave blvd rd ft in lb lbs oz kg km cm mm"
    ).split()
)
_CANDIDATE = re.compile(
    rf"""
    (?=[。！？!?｡….；;，、：､,:—–-])(?:                                     # quickly past everything else
    (?P<stop>[。！？!?｡]+(?:…+|\.{{2,}})?[。！？!?]*(?:{_CLOSERS})*)      # an end wherever it stands
  | (?P<dots>(?:…+|\.{{2,}}|。{{2,}})[。！？!?]*(?:{_CLOSERS})*)
  | (?P<point>\.(?:{_CLOSERS})*(?=\s|$|[\u3001-\u9fff\uac00-\ud7a3]))
  | (?P<semi>；(?:{_CLOSERS})*|;(?:{_CLOSERS})*(?=\s))
  | (?P<comma>[，、：､](?:{_CLOSERS})*|——+|[,:](?:{_CLOSERS})*(?=\s|[\u3400-\u9fff])
        |(?<=\s)[-–—]+(?=\s)|(?<=\w)—(?=\w)|(?<=[,，。.!?])—))
    """,
    re.VERBOSE,
)
_WORD_BEFORE = re.compile(r"(?:[^\W\d_]+\.)*[^\W\d_]+$|\d+$")
_ATOM = re.compile(
    r"(?:https?://|www\.|mailto:)[^\s\u3000-\u303f\u3400-\u9fff\uff00-\uffef<>\"]+"
    r"|(?<![A-Za-z0-9_.+-])[A-Za-z0-9_.+-]{1,64}@\w[\w-]{0,62}(?:\.\w[\w-]{0,62})+"
    r"|[0-9]+(?:[.,:：/’'-][0-9]+)+"
    r"|[0-9]{2,}"
    r"|\b[A-Za-z][a-z]{0,3}\. ?(?=[0-9])[0-9]+"
    r"|…{2,}|\.{3,}|——+"
)
_BLANK = re.compile(r"\s+")
_NUMBERED = re.compile(r"(?:.{0,4}\b)?[A-Za-z][a-z]{0,3}\.\s+[0-9]")
_BLANKS = re.compile(r"\s*")
_OPENERS = "“‘「『（([［【《〈«"


@dataclass(frozen=True)
class Piece:
    """A stretch of the source to be spoken in one go."""

    text: str
    start: int  # position in the source
    paragraph_end: bool

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True)
class Even:
    """Pieces that are not too short either: a sentence may lead beyond the target, and is divided only above `longest`.

    By the rule of the published CosyVoice: a piece is closed where the next sentence would lead beyond the target, if
    it has more than `least` by then.
    """

    least: int
    tail: int  # an end of a paragraph that is shorter joins what stands before it
    ends: str = ""  # signs besides those of a sentence at which a piece may be closed


Size = Callable[[str], int]  # how long a stretch is


def split(
    text: str,
    target: int = 120,
    longest: int = 400,
    native: tuple[str, ...] = (),
    even: Even | None = None,
    size: Size = len,
) -> list[Piece]:
    """`text` in pieces of about `target` characters, none above `longest` but a single mark that is longer itself.

    All lengths are what `size` says of a stretch; where that does not count characters, `longest` holds about.

    Never inside a mark, a number, an abbreviation, an address, an ellipsis or a closing quote's sentence; a piece
    ends with the blanks that follow it.
    """
    if target < 1 or longest < 1:
        raise ValueError(f"target {target} and longest {longest} must be positive")
    return list(_Splitter(text, min(target, longest), longest, native, even, size).pieces())


class _Splitter:
    def __init__(
        self, text: str, target: int, longest: int, native: tuple[str, ...], even: Even | None, size: Size
    ) -> None:
        self.text, self.target, self.longest, self.even, self.size = text, target, longest, even, size
        self.marks = list(extents(text, native))
        self.mark_starts = [start for start, _ in self.marks]

    def pieces(self) -> Iterator[Piece]:
        start = 0
        ends = [end for end in paragraph_ends(self.text) if not self._inside_mark(end)]
        if not ends or ends[-1] < len(self.text):
            ends.append(len(self.text))
        for end in ends:
            if end > start:
                yield from self._of_paragraph(start, end)
            start = end

    def _of_paragraph(self, start: int, end: int) -> Iterator[Piece]:
        cuts = self._cuts(start, end)
        begin = start
        for stop in self._gathered([at for at, rank in cuts if rank == SENTENCE], start, end):
            for at in self._divided(begin, stop, cuts):
                yield Piece(self.text[begin:at], begin, at == end)
                begin = at

    def _long(self, start: int, end: int) -> int:
        return end - start if self.size is len else self.size(self.text[start:end])

    def _span(self, long: int, start: int, end: int) -> int:
        """About how many characters are so long, in a stretch."""
        return max(1, long * (end - start) // max(1, self._long(start, end)))

    def _gathered(self, sentence_ends: list[int], start: int, end: int) -> list[int]:
        """Ends of groups of whole sentences: each at most the target (or one sentence), or as even as is asked."""
        least, tail = (self.even.least, self.even.tail) if self.even else (0, 0)
        first, last, groups = start, start, []
        for at in [*sentence_ends, end]:
            if self._long(start, at) > self.target and last > start and self._long(start, last) > least:
                groups.append(last)
                start = last
            last = at
        if start > first and self._long(start, end) < tail:
            groups.pop()
        return [*groups, end]

    def _divided(self, start: int, end: int, cuts: list[tuple[int, int]]) -> Iterator[int]:
        """Ends of the parts of `start:end`: at clauses when it is over the target, by force when over `longest`."""
        most = min(self.longest, self.target * TOLERANCE)
        if self._long(start, end) > (self.longest if self.even else most):
            clauses = [at for at, _ in _between(cuts, start, end)]
            while self._long(start, end) > most:
                at = self._clause(clauses, start, end) or self._forced(start, end)
                if at is None:
                    break
                yield at
                start = at
        yield end

    def _clause(self, clauses: list[int], start: int, end: int) -> int | None:
        """The clause end that makes the parts even and none longer than the target, or the first that is allowed."""
        parts = -(-self._long(start, end) // self.target)
        aim, target = start + (end - start) // parts, self._span(self.target, start, end)
        low, high = bisect_right(clauses, start + target // 4), bisect_right(clauses, start + target)
        inside = clauses[low:high]
        if inside:
            return min(inside, key=lambda at: abs(at - aim))
        beyond = clauses[high] if high < len(clauses) else end
        return beyond if beyond < end and self._long(start, beyond) <= self.longest else None

    def _forced(self, start: int, end: int) -> int | None:
        """A cut where there is no clause end within `longest`: at a blank, else between characters."""
        if self._long(start, end) <= self.longest:
            return None
        longest = self._span(self.longest, start, end)
        if blank := self._blank_before(start + longest, start + longest // 3):
            return blank
        at = self._outside_atom(start, start + longest)
        return at if at < end else None

    def _blank_before(self, at: int, lowest: int) -> int | None:
        """The last place behind a blank in `lowest..at` that is in no mark and not between “No.” and its number."""
        for blank in reversed(list(_BLANK.finditer(self.text, lowest, at))):
            cut = blank.end()
            if not self._inside_mark(cut) and not _NUMBERED.match(self.text, max(0, blank.start() - 5), cut + 1):
                return cut
        return None

    def _outside_atom(self, start: int, at: int) -> int:
        """The nearest allowed cut at or before `at`; behind a mark that begins at `start` and is longer than that."""
        if mark := self._inside_mark(at):
            return mark[0] if mark[0] > start else mark[1]
        for atom in _ATOM.finditer(self.text, start, min(len(self.text), at + 32)):
            if start < atom.start() < at < atom.end():
                at = atom.start()
        at = cut_before(self.text, at, start)
        mark = self._inside_mark(at)
        return at if mark is None or mark[0] <= start else mark[0]

    def _inside_mark(self, at: int) -> tuple[int, int] | None:
        number = bisect_left(self.mark_starts, at) - 1
        return self.marks[number] if number >= 0 and self.marks[number][1] > at else None

    def _cuts(self, start: int, end: int) -> list[tuple[int, int]]:
        """Every place where a cut may be, with its rank, in order; blanks after a sentence end belong to it."""
        found: list[tuple[int, int]] = []
        atoms = [atom.span() for atom in _ATOM.finditer(self.text, start, end)]
        number = 0
        for match in _CANDIDATE.finditer(self.text, start, end):
            at = match.end()
            while number < len(atoms) and atoms[number][1] <= match.start():
                number += 1
            if number < len(atoms) and atoms[number][0] < at < atoms[number][1]:
                continue
            if (rank := self._rank(match, start, end)) is None or self._inside_mark(at):
                continue
            at += _blanks(self.text, at, end)
            if at < end and (not found or at > found[-1][0]):
                found.append((at, rank))
        return found

    def _rank(self, match: re.Match[str], start: int, end: int) -> int | None:
        kind, text = match.lastgroup, self.text
        if self.even and match[0][0] in self.even.ends:
            return SENTENCE
        if kind == "comma":
            return CLAUSE
        if kind == "semi":
            return SENTENCE if match[0][0] == "；" else CLAUSE
        if match.start() > start and text[match.start() - 1] in _OPENERS:  # “……” opens, it does not end
            return None
        following = text[match.end() : match.end() + 24].lstrip()[:1]
        if following.islower():
            return CLAUSE if kind != "point" else None
        if kind == "point" and not self._ends_sentence(match.start(), start, following):
            return None
        return SENTENCE

    def _ends_sentence(self, at: int, start: int, following: str) -> bool:
        """Whether the point at `at` ends a sentence, and not an abbreviation, an initial or an item's number."""
        before = _WORD_BEFORE.search(self.text, max(start, at - 24), at)
        if not before:
            return True
        word = before[0]
        if word.isdigit():
            return len(word) > 3 or not self._is_item(before.start(), start)
        lower = word.lower()
        if lower in _NO_END or (len(word) == 1 and word.isupper() and word != "I"):
            return False
        if lower in _NO_END_BEFORE_NUMBER and following.isdigit():
            return False
        if lower in _MAY_END:
            return following.isupper() or not following.isalnum()
        return not ("." in word and all(len(part) == 1 for part in word.split(".")))

    def _is_item(self, at: int, start: int) -> bool:
        """Whether the number at `at` numbers what follows: it begins the paragraph or stands behind a sentence end."""
        front = self.text[max(start, at - 12) : at].rstrip()
        if at == start or not front:
            return True
        word = _WORD_BEFORE.search(front[:-1])
        return front[-1] in ".!?;:。！？；：" and not (word and word[0].lower() in _NO_END_BEFORE_NUMBER)


def _between(cuts: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    return cuts[bisect_right(cuts, (start, SENTENCE)) : bisect_left(cuts, (end, 0))]


def _blanks(text: str, at: int, end: int) -> int:
    match = _BLANKS.match(text, at, end)
    return match.end() - at if match else 0
