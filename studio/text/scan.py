"""Where marks stand in a text, seen from outside: their extent, not yet their meaning.

Everything that must step around marks (splitting, normalising, counting) shares this one pattern with the parser, so
that nobody cuts what another takes for whole.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

SOUNDS = ("break", "laugh", "breath")  # stand alone, no argument
SPANS = ("emotion", "strong", "speed")  # [x]…[/x]
NAMES = ("pause", *SOUNDS, *SPANS, "say")
LONGEST_ARGUMENT = 200
LONGEST_UNKNOWN = 40  # characters between the brackets of something that may be meant as a mark

_KNOWN = "|".join(NAMES)
_FILE = r"[\w/-]{1,200}\.(?:html?|md|txt|pdf|png|jpe?g|gif|svg)\b"
_LINK = rf"(?!\((?:[a-z][a-z+.-]*:|/|\#|\.|www\.|{_FILE})[^)\n]*\))"  # [word](https://…) is Markdown
_MARKUP = rf"""
    (?P<escaped>\\(?:\\\\)*[\[\]])                          # an odd number of backslashes: the bracket is plain
  | (?P<slashes>(?:\\\\)+(?=[\[\]]))                        # an even number: they stand for half as many
  | NATIVE
  | (?P<mark>\[(?P<close>/?)(?P<name>{_KNOWN})(?:[ ](?P<argument>[^\[\]\n]{{0,{LONGEST_ARGUMENT}}}))?\]){_LINK}
  | (?P<open>\[/?(?:{_KNOWN})(?![\w-])(?![^\[\]\n]{{0,{LONGEST_ARGUMENT}}}\]))  # known, but nothing closes it
  | (?P<unknown>\[/?(?=[^\]]{{2,{LONGEST_UNKNOWN}}}\])[a-z][a-z0-9_+.-]+(?:[ :=,][\x20-\x5a\x5c\x5e-\x7e]*)?\]){_LINK}
"""


@lru_cache(maxsize=64)
def pattern(native: tuple[str, ...] = ()) -> re.Pattern[str]:
    """What finds the next mark, escape or native token. A `*` in a native token stands for anything but a bracket."""
    ours = re.compile(rf"\[/?(?:{_KNOWN})\]", re.IGNORECASE)  # our mark of the same spelling wins
    foreign = sorted((token for token in native if token and not ours.fullmatch(token)), key=len, reverse=True)
    tokens = [re.escape(token).replace(r"\*", r"[^\[\]<>\s]*") for token in foreign]
    clause = rf"(?P<native>{'|'.join(tokens)})" if tokens else r"(?P<native>(?!))"
    return re.compile(_MARKUP.replace("NATIVE", clause), re.VERBOSE | re.IGNORECASE | re.ASCII)


def extents(text: str, native: tuple[str, ...] = ()) -> Iterator[tuple[int, int]]:
    """Start and end of every mark, escape and native token, in order."""
    if "[" in text or "]" in text or native:
        for match in pattern(native).finditer(text):
            yield match.span()


def without_marks(text: str, native: tuple[str, ...] = ()) -> str:
    """`text` less every mark and native token."""
    if "[" not in text and not native:
        return text
    return pattern(native).sub(lambda match: match[0] if match["escaped"] or match["open"] else "", text)
