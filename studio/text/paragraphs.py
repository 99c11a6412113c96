"""Where paragraphs end. A line break ends one in a Chinese novel, and means nothing in a book wrapped by hand.

Lines that were wrapped betray themselves: at every break the next word would not have fitted on the line before. A
block of lines (between empty ones) in which that holds is one paragraph; in any other, each line is its own.
"""

import re
from collections.abc import Iterator

_BLOCK = re.compile(r"\S[^\n]*(?:\n[^\S\n]*\S[^\n]*)*")  # lines without an empty one between them
_FIRST_WORD = re.compile(r"[\u3001-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff01-\uff5e]|[^\s\u3001-\u9fff]+")
_NEW_ITEM = re.compile(r"[-*+•#>|]|\d+[.)、]|[\u3000]|\[?\w+\]?[:：]{1,2}\s?$")
_WIDE = re.compile("[\u1100-\u11ff\u3000-\ua4cf\uac00-\ud7a3\uff01-\uff60]")
NARROWEST, WIDEST = 40, 110  # columns of a text wrapped by hand


def paragraph_ends(text: str) -> Iterator[int]:
    """The position behind each paragraph's last character and the blanks after it, in order."""
    for block in _BLOCK.finditer(text):
        lines = block[0].split("\n")
        end = block.start()
        wrapped = len(lines) > 1 and _wrapped(lines)
        for number, line in enumerate(lines):
            end += len(line) + 1
            last = number + 1 == len(lines)
            if last:
                yield _blanks_after(text, min(end, len(text)))
            elif not wrapped:
                yield end


def _blanks_after(text: str, at: int) -> int:
    """Behind the empty lines that follow; the indent of the next line belongs to that line."""
    blank = re.compile(r"\s*\n|\s*\Z").match(text, at)
    return blank.end() if blank else at


def _wrapped(lines: list[str]) -> bool:
    widths = [_columns(line.rstrip()) for line in lines]
    limit = max(widths)
    if not NARROWEST <= limit <= WIDEST:
        return False
    if len(lines) == 2 and _WIDE.search(lines[0]):  # two Chinese lines of one length are a couplet
        return False
    for width, following in zip(widths, lines[1:], strict=False):
        words = following.strip()
        first = _FIRST_WORD.match(words)
        if _NEW_ITEM.match(words) or width + 1 + (_columns(first[0]) if first else 0) + 2 < limit:
            return False
    return True


def _columns(line: str) -> int:
    """Width on a terminal: a CJK character takes two."""
    return len(line) + len(_WIDE.findall(line))
