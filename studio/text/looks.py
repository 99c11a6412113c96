"""How parts of a cue look: the tags of SRT, WebVTT and ASS become spans of plain text, and spans become tags."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from html import unescape
from itertools import pairwise

from studio.text.cues import Cue, Look, Span

SHIELD = "\u2060"  # a joiner without width, between signs that would be taken for a tag
COLOURS = {
    "white": "#ffffff", "lime": "#00ff00", "cyan": "#00ffff", "red": "#ff0000", "yellow": "#ffff00",
    "magenta": "#ff00ff", "blue": "#0000ff", "black": "#000000", "green": "#008000", "orange": "#ffa500",
    "gray": "#808080", "grey": "#808080", "silver": "#c0c0c0", "pink": "#ffc0cb", "purple": "#800080",
    "navy": "#000080", "teal": "#008080", "olive": "#808000", "maroon": "#800000", "aqua": "#00ffff",
}  # fmt: skip
INVISIBLE = frozenset("\u200b\u2060\ufeff")
_SIGNS = re.compile(r"[<{&]")
_UNTIDY = re.compile(r"^\s|\s$|\s\s|[ \t\v\f\x1c-\x1f](?=\n)|[\t\v\f\x1c-\x1f\u200b\u2060\ufeff]")
_BLANK = " \t\f\v\x1c\x1d\x1e\x1f"
LOOKS: dict[str, Look] = {
    "b": "b", "strong": "b", "i": "i", "em": "i", "u": "u", "s": "s", "strike": "s", "del": "s",
}  # fmt: skip
_HTML = re.compile(r"<(/?)([A-Za-z]{1,20})([^<>]{0,300})>")
_COLOUR = re.compile(r"color\s*=\s*[\"']?\s*(#?[0-9A-Za-z]{1,20})", re.IGNORECASE)
_HEX = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})")
_ALIGN = re.compile(r"\{\\an?([1-9][01]?)\}")
_OLD_PLACES = {1: 1, 2: 2, 3: 3, 5: 7, 6: 8, 7: 9, 9: 4, 10: 5, 11: 6}  # of SSA's \a


class Scribe:
    """Writes plain text down and remembers which looks began and ended on the way."""

    def __init__(self) -> None:
        self.text = ""
        self._spans: list[Span] = []
        self._open: list[Span] = []

    def write(self, text: str) -> None:
        self.text += text

    def begin(self, look: Look, value: str = "") -> None:
        self._open.append(Span(len(self.text), 0, look, value))

    def end(self, look: Look | None = None) -> None:
        """The last one of that look is over; all of them where none is named."""
        for at in range(len(self._open) - 1, -1, -1):
            if look in (None, self._open[at].look):
                self._spans.append(replace(self._open.pop(at), end=len(self.text)))
                if look:
                    return

    def spans(self) -> tuple[Span, ...]:
        self.end()
        return tuple(self._spans)


def colour(name: str) -> str:
    """#rrggbb for a name or a number of HTML; "" for what is none."""
    name = name.lower()
    if name in COLOURS:
        return COLOURS[name]
    if not (match := _HEX.fullmatch(name)):
        return ""
    digits = match[1] if len(match[1]) == 6 else "".join(2 * sign for sign in match[1])
    return f"#{digits}"


def keypad(number: int, old: bool = False) -> int:
    """A place on the screen from ASS's number, or SSA's old one."""
    return _OLD_PLACES.get(number, 0) if old else number if 1 <= number <= 9 else 0


def from_srt(text: str) -> tuple[str, tuple[Span, ...], int]:
    """Plain text, how it looks, and its place on the screen. What is no tag of SRT stays text."""
    align = 0
    if not _SIGNS.search(text):
        return text, (), 0
    for match in _ALIGN.finditer(text):
        align = keypad(int(match[1]), old="\\an" not in match[0])
    scribe, at = Scribe(), 0
    text = _ALIGN.sub("", text)
    for match in _HTML.finditer(text):
        scribe.write(_unescaped(text[at : match.start()]))
        at = match.end()
        closing, name, rest = match[1], match[2].lower(), match[3]
        if name in LOOKS and not rest.strip(" /"):
            scribe.end(LOOKS[name]) if closing else scribe.begin(LOOKS[name])
        elif name == "font":
            found = _COLOUR.search(rest)
            scribe.end("color") if closing else scribe.begin("color", colour(found[1]) if found else "")
        else:
            scribe.write(match[0])
    scribe.write(_unescaped(text[at:]))
    return scribe.text, scribe.spans(), align


def _unescaped(text: str) -> str:
    return unescape(text) if "&" in text else text


def tidied(text: str, spans: Iterable[Span]) -> tuple[str, tuple[Span, ...]]:
    """One space between words, no empty line, nothing invisible; the spans stay where they belong."""
    if not _UNTIDY.search(text):
        return text, settled_spans(spans, text)
    kept: list[str] = []
    places: list[int] = []
    for sign in text:
        places.append(len(kept))
        edge = not kept or kept[-1] == "\n"
        if sign == "\n":
            _strip(kept)
            if kept and kept[-1] != "\n":
                kept.append("\n")
        elif sign in INVISIBLE or (edge and sign.isspace()):
            continue
        elif sign not in _BLANK:
            kept.append(sign)
        elif kept[-1] != " ":
            kept.append(" ")
    _strip(kept)
    if kept and kept[-1] == "\n":
        kept.pop()
    places.append(len(kept))
    plain = "".join(kept)
    moved = (replace(s, start=places[s.start], end=places[s.end]) for s in spans)
    return plain, settled_spans(moved, plain)


def _strip(kept: list[str]) -> None:
    """Blanks at the end of a line go."""
    while kept and kept[-1] != "\n" and kept[-1].isspace():
        kept.pop()


def settled_spans(spans: Iterable[Span], text: str) -> tuple[Span, ...]:
    """The spans in order, without blanks at their edges, joined where they touch; of two colours the later one."""
    signs: dict[Look, list[str | None]] = {}
    for span in spans:  # a sign at a time: cues are short
        row = signs.setdefault(span.look, [None] * len(text))
        for at in range(max(0, span.start), min(span.end, len(text))):
            row[at] = span.value if span.look == "color" else ""
    found: list[Span] = []
    for look, row in signs.items():
        start = 0
        for at in range(1, len(row) + 1):
            if at == len(row) or row[at] != row[start]:
                low, high = start, at
                while low < high and text[low].isspace():
                    low += 1
                while high > low and text[high - 1].isspace():
                    high -= 1
                value = row[start]
                if value is not None and high > low and not (look == "color" and not value):
                    found.append(Span(low, high, look, value))
                start = at
    return tuple(sorted(found, key=lambda s: (s.start, -s.end, s.look)))


def tagged(
    cue: Cue,
    escape: Callable[[str], str],
    opening: Callable[[Span], str],
    closing: Callable[[Span], str],
    inserted: Mapping[int, str] | None = None,
) -> str:
    """The text of a cue with its tags, properly nested; `inserted` stands before the character of its number."""
    inserted, text = inserted or {}, cue.text
    if not cue.spans and not inserted:
        return escape(text)
    edges = {0, len(text), *inserted, *(s.start for s in cue.spans), *(s.end for s in cue.spans)}
    parts: list[str] = []
    stack: list[Span] = []
    for low, high in pairwise(sorted(at for at in edges if 0 <= at <= len(text))):
        active = [s for s in cue.spans if s.start <= low and s.end >= high]
        while any(s not in active for s in stack):
            parts.append(closing(stack.pop()))
        parts.append(inserted.get(low, ""))
        for span in active:
            if span not in stack:
                stack.append(span)
                parts.append(opening(span))
        parts.append(escape(text[low:high]))
    parts += [closing(span) for span in reversed(stack)]
    return "".join(parts)


def word_places(cue: Cue) -> list[int]:
    """Where each word of a cue begins in its text; none where they are not the words of the text."""
    places, at = [], 0
    for word in cue.words:
        found = cue.text.find(word.text, at)
        if found < 0 or cue.text[at:found].strip():
            return []
        places.append(found)
        at = found + len(word.text)
    return places
