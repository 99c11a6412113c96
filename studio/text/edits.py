"""Deletions and replacements in a text that remember where everything came from.

Markup is stripped from a whole text before it is cut into sentences, and yet each sentence must show the words of the
source that it was made from.
"""

from bisect import bisect_left
from collections.abc import Iterable
from typing import NamedTuple


class Edit(NamedTuple):
    """`source[start:end]` becomes `text`."""

    start: int
    end: int
    text: str = ""


class Edited:
    """A text after edits, and the way back to its source."""

    def __init__(self, source: str, edits: Iterable[Edit] = ()) -> None:
        """Edits that overlap an earlier one are left out."""
        parts: list[str] = []
        self._ends = [0]  # of the parts in the text
        self._sources = [0]  # where in the source the part ends
        self.applied: list[Edit] = []
        at = length = 0
        for edit in sorted(edits):
            if edit.start < at:
                continue
            for part, end in ((source[at : edit.start], edit.start), (edit.text, edit.end)):
                if part:
                    parts.append(part)
                    length += len(part)
                    self._ends.append(length)
                    self._sources.append(end)
            at = edit.end
            self.applied.append(edit)
        parts.append(source[at:])
        self._ends.append(length + len(source) - at)
        self._sources.append(len(source))
        self.source = source
        self.text = "".join(parts) if self.applied else source

    def origin(self, at: int) -> int:
        """The position in the source behind everything that stands before `at` in the text."""
        if not self.applied:
            return at
        if at >= len(self.text):
            return len(self.source)
        number = bisect_left(self._ends, at)
        return max(self._sources[number] - (self._ends[number] - at), self._sources[max(0, number - 1)]) if at else 0
