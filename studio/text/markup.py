"""Markdown and HTML taken off a text, the words left: as edits, so that every word still knows its place.

Only what is markup beyond doubt goes; `3 < 5`, `2 * 3 * 4` and a lone `#` stay. Marks of the studio are not touched.
"""

# Expressions and word lists below are tables: one entry a line.
# ruff: noqa: E501, SIM905

import re
from collections.abc import Iterator
from html import unescape

from studio.text.edits import Edit
from studio.text.scan import pattern

_TAGS = frozenset(
    "a abbr address article aside audio b base big blockquote body br button caption center cite code col colgroup data dd del "
    "details dfn dialog div dl dt em embed fieldset figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header hr html "
    "i iframe img input ins kbd label legend li link main map mark meta nav object ol option p param picture pre q rp rt ruby "
    "s samp section select small source span strike strong sub summary sup svg table tbody td textarea tfoot th thead time "
    "title tr tt u ul var video wbr".split()
)
_BLOCKS = frozenset("address article aside blockquote br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li main ol p pre section table tr ul".split())  # fmt: skip
_TAG = re.compile(r"</?([A-Za-z][A-Za-z0-9]{0,15})(?:\s[^<>]{0,2000})?/?>")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_SILENT = (("<!--", "-->"), ("<script", "</script>"), ("<style", "</style>"), ("<?xml", "?>"), ("<!DOCTYPE", ">"))

_LINE = re.compile(
    r"""
    ^[ \t]*(?:
        (?P<fence>```[^`\n]{0,60}|~~~[^~\n]{0,60})$
      | (?P<rule>(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|={3,}[ \t]*)$
      | (?P<table>\|?[ \t]*:?-{2,}:?[ \t]*(?:\|[ \t]*:?-{2,}:?[ \t]*)+\|?[ \t]*)$
      | (?P<definition>\[[^\]\n]{1,80}\]:[ \t]*<?[^\s<>]+>?(?:[ \t]+["'(][^\n]{0,200})?)$
      | (?P<heading>\#{1,6}[ \t]+)
      | (?P<quote>(?:>[ \t]?)+)(?P<inner>\#{1,6}[ \t]+|[-*+][ \t]+)?
      | (?P<item>[-*+][ \t]+(?:\[[ xX]\][ \t]+)?)(?=\S)
      | (?P<row>\|.{1,2000}\|)[ \t]*$
    )""",
    re.VERBOSE | re.MULTILINE,
)
_INLINE = re.compile(
    r"""
    (?P<image>!\[(?P<alt>[^\[\]\n]{0,300})\]\((?P<source>[^()\s]{0,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,200})?(?:\s"[^"\n]{0,200}")?)\))
  | (?P<link>\[(?P<label>[^\[\]\n]{1,300})\](?:\([^()\s]{1,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,200})?(?:\s"[^"\n]{0,200}")?\)|\[(?P<reference>[^\[\]\n]{0,80})\]))
  | (?P<note>\[\^[^\[\]\s]{1,30}\](?::[ ])?)
  | <(?P<auto>(?:https?://|mailto:)[^<>\s]{1,2000})>
  | (?P<ticks>`{1,2})(?P<code>[^`\n]{1,500})(?P=ticks)(?!`)
  | (?<![\w*/])(?P<both>\*\*\*)(?=[^\s*])[^*\n]{1,500}(?<=\S)\*\*\*
  | (?P<bold>\*\*)(?=[^\s*])(?:[^*\n]|\*(?!\*)){1,500}(?<=[^\s*])\*\*(?!\*)
  | (?<![A-Za-z0-9_/])(?P<under>__)(?=[^\s_])[^_]{1,500}(?<=\S)__(?![A-Za-z0-9_])
  | (?<![A-Za-z0-9*/\\])(?P<star>\*)(?=[^\s*])[^*]{1,500}?(?<=[^\s*\\])\*(?![A-Za-z0-9*])
  | (?<![\w/\\])(?P<line>_)(?=[^\s_])[^_]{1,500}(?<=\S)_(?![\w])
  | (?P<strike>~~)(?=[^\s~])[^~\n]{1,500}(?<=\S)~~
  | (?P<escape>\\)(?=[*_`~#>|+!(){}.-])
    """,
    re.VERBOSE,
)
_DEFINED = re.compile(r"^[ \t]*\[([^\[\]\n]{1,80})\]:[ \t]*\S", re.MULTILINE)
_TRAILING_HASHES = re.compile(r"[ \t]+#+[ \t]*$", re.MULTILINE)


def html_edits(text: str) -> Iterator[Edit]:
    """What turns HTML into text: tags go, blocks begin a line, entities become characters, scripts go whole."""
    if "<" in text:
        yield from _silent_parts(text)
        for match in _TAG.finditer(text):
            name = match[1].lower()
            if name in _TAGS:
                yield Edit(*match.span(), "\n" if name in _BLOCKS else "")
    if "&" in text:
        for match in _ENTITY.finditer(text):
            character = unescape(match[0])
            if character != match[0]:
                yield Edit(*match.span(), "\\" + character if character in "[]" else character)


def _silent_parts(text: str) -> Iterator[Edit]:
    lower = text.lower()
    for opening, closing in _SILENT:
        at = lower.find(opening.lower())
        while at >= 0:
            end = lower.find(closing, at + len(opening))
            if end < 0:
                break
            end += len(closing)
            yield Edit(at, end)
            at = lower.find(opening.lower(), end)


def markdown_edits(text: str) -> Iterator[Edit]:
    """What turns Markdown into text: signs of headings, lists, quotes, tables and emphasis go, links keep their label."""
    if not re.search(r"[#*_`~>|\[\\+]|^[ \t]*[-=]", text, re.MULTILINE):
        return
    for match in _LINE.finditer(text):
        yield from _line_edits(match, text)
    defined = frozenset(name.lower() for name in _DEFINED.findall(text))
    for match in _INLINE.finditer(text):
        yield from _inline_edits(match, defined)


def _line_edits(match: re.Match[str], text: str) -> Iterator[Edit]:
    start, end = match.span()
    if match["row"] is not None:
        cells = [match.start("row") + at for at, sign in enumerate(match["row"]) if sign == "|"]
        yield Edit(cells[0], cells[0] + 1)
        for cell in cells[1:-1]:
            yield Edit(cell, cell + 1, "，" if not text[match.start() : end].isascii() else ",")
        yield Edit(cells[-1], cells[-1] + 1)
        return
    yield Edit(start, end)
    if match["heading"] and (hashes := _TRAILING_HASHES.search(text, end, _line_end(text, end))):
        yield Edit(*hashes.span())


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _inline_edits(match: re.Match[str], defined: frozenset[str]) -> Iterator[Edit]:
    start, end = match.span()
    if match["reference"] is not None and (match["reference"] or match["label"]).lower() not in defined:
        return  # [a][b] is a link only where [b]: says what it links to
    if match["image"] is not None or match["link"] is not None:
        inner = match.span("alt") if match["image"] is not None else match.span("label")
        yield Edit(start, inner[0])
        yield Edit(inner[1], end)
        yield from _inside(match, *inner, defined)
    elif match["note"] is not None:
        yield Edit(start, end)
    elif match["auto"] is not None:
        yield Edit(start, start + 1)
        yield Edit(end - 1, end)
    elif match["escape"] is not None:
        yield Edit(start, end)
    else:
        sign = next(match[name] for name in ("ticks", "both", "bold", "under", "star", "line", "strike") if match[name])
        yield Edit(start, start + len(sign))
        yield Edit(end - len(sign), end)
        if not match["ticks"]:
            yield from _inside(match, start + len(sign), end - len(sign), defined)


def _inside(match: re.Match[str], start: int, end: int, defined: frozenset[str]) -> Iterator[Edit]:
    """Markup within markup: a link in bold words, emphasis in a link."""
    for inner in _INLINE.finditer(match.string, start, end):
        yield from _inline_edits(inner, defined)


def protected(edits: Iterator[Edit], text: str, native: tuple[str, ...]) -> list[Edit]:
    """The edits, less what would touch marks and native tokens; what only looks like a mark is not spared."""
    marks = [m.span() for m in pattern(native).finditer(text) if not m["unknown"]] if "[" in text or native else []
    kept: list[Edit] = []
    number = 0
    for edit in sorted(edits):
        while number < len(marks) and marks[number][1] <= edit.start:
            number += 1
        kept += _around(edit, marks, number)
    return kept


def _around(edit: Edit, marks: list[tuple[int, int]], number: int) -> Iterator[Edit]:
    """The parts of an edit between the marks inside it: a comment goes, the marks in it stay."""
    start, text = edit.start, edit.text
    while number < len(marks) and marks[number][0] < edit.end:
        if start < marks[number][0]:
            yield Edit(start, marks[number][0], text)
            text = ""
        start = marks[number][1]
        number += 1
    if start < edit.end:
        yield Edit(start, edit.end, text)
