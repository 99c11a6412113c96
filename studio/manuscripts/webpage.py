"""HTML as a manuscript: headings make sections, blocks make passages, notes are told from text.

Python's own parser is used: it takes any tag soup, expands no entity but the named ones of HTML and opens nothing.
"""

# Word lists read better as one string.
# ruff: noqa: SIM905

import re
from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

from studio.manuscripts.document import Document, Passage, PassageKind, Section, SectionKind
from studio.text.language import detect

BLOCKS = frozenset(
    """address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form
    h1 h2 h3 h4 h5 h6 header hr li main ol p pre section summary table tbody td tfoot th thead tr ul""".split()
)
SILENT = frozenset("script style head template svg math iframe object noscript rt rp button select audio video".split())
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
HEADINGS = {f"h{level}": level for level in range(1, 7)}
DEEPEST = 500  # open elements; what is nested deeper is flat
FOOTNOTES = frozenset("footnote footnotes endnote endnotes rearnote rearnotes doc-footnote doc-endnote".split())
NOTE_REFERENCES = frozenset("noteref doc-noteref footnote-ref footnoteref".split())
PAGES = frozenset("pagebreak doc-pagebreak pagenum pageno page-number".split())
BREAK = re.compile(r"(?:[*＊•·—–~◇◆○●☆★※#]\s*){1,9}")  # a line of ornaments between scenes
_SPACE = re.compile(r"[ \t\r\n\f\u200b\ufeff]+")


@dataclass
class Block:
    """A paragraph or heading on its way."""

    level: int = 0  # of a heading
    kind: PassageKind = "text"
    words: list[str] = field(default_factory=list)
    rule: bool = False  # a line across the page


class _Blocks(HTMLParser):
    """The blocks of a page in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.blocks: list[Block] = [Block()]
        self.title = self.author = self.language = ""
        self._open: list[tuple[str, str]] = []  # tag, and what it makes of what is inside: see `_meaning`
        self._tags, self._meanings = Counter[str](), Counter[str]()  # of the open ones: they are asked at every tag
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = given.get("lang") or given.get("xml:lang") or ""
        if tag == "meta" and given.get("name", "").lower() in ("author", "dc.creator"):
            self.author = self.author or given.get("content", "").strip()
        if tag == "title" and not self._tags["svg"]:
            self._in_title = True
        if tag == "br":
            self._add("\n")
        elif tag == "hr" and not self._muted:
            self.blocks += [Block(rule=True), Block(kind=self._kind)]
        if tag in BLOCKS:
            self._begin(HEADINGS.get(tag, 0))
        if tag not in VOID and len(self._open) < DEEPEST:
            self._enter(tag, _meaning(tag, given))
            if tag in BLOCKS:
                self.blocks[-1].kind = self._kind

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if self._tags[tag]:
            while self._leave() != tag:
                pass
        if tag in BLOCKS:
            self._begin(0)

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data
        else:
            self._add(_SPACE.sub(" ", data))

    @property
    def _muted(self) -> bool:
        return bool(self._meanings["silent"] or self._meanings["reference"])

    @property
    def _kind(self) -> PassageKind:
        return "footnote" if self._meanings["note"] else "page" if self._meanings["page"] else "text"

    def _enter(self, tag: str, meaning: str) -> None:
        self._open.append((tag, meaning))
        self._tags[tag] += 1
        self._meanings[meaning] += 1

    def _leave(self) -> str:
        """Closes the innermost element; its tag."""
        tag, meaning = self._open.pop()
        self._tags[tag] -= 1
        self._meanings[meaning] -= 1
        return tag

    def _begin(self, level: int) -> None:
        if self.blocks[-1].rule or "".join(self.blocks[-1].words).strip():
            self.blocks.append(Block())
        self.blocks[-1].level, self.blocks[-1].kind, self.blocks[-1].words = level, self._kind, []

    def _add(self, words: str) -> None:
        if self._muted or not words:
            return
        if self._kind == "page" and self.blocks[-1].kind != "page":  # a number in the middle of a line
            self.blocks.insert(-1, Block(kind="page", words=[words]))
            return
        self.blocks[-1].words.append(words)


def _meaning(tag: str, given: dict[str, str]) -> str:
    if tag in SILENT or "hidden" in given or given.get("aria-hidden") == "true":
        return "silent"
    told = {
        *given.get("epub:type", "").split(),
        *given.get("role", "").split(),
        *given.get("class", "").lower().split(),
    }
    if told & NOTE_REFERENCES:
        return "reference"
    if tag == "sup" and not told:
        return ""
    if told & PAGES:
        return "page"
    return "note" if told & FOOTNOTES else ""


@dataclass(frozen=True)
class Page:
    """What is in one HTML file, before it is divided."""

    blocks: tuple[Block, ...]
    title: str
    author: str
    language: str


def page_of(text: str) -> Page:
    """The blocks of a page. Never fails: any text is some HTML."""
    parser = _Blocks()
    if (last := text.rfind("<")) > text.rfind(">") and re.match(r"</?[A-Za-z!]", text[last:]):
        text = text[:last]  # a tag that never ends is none, and no text either
    parser.feed(_without_references(text))
    parser.close()
    return Page(tuple(parser.blocks), " ".join(parser.title.split()), parser.author, parser.language)


def _without_references(text: str) -> str:
    """Without `<sup><a href="#note">3</a></sup>`, which is how most books point to their notes."""
    return _REFERENCE.sub("", text)


_REFERENCE = re.compile(
    r"<sup[^<>]{0,200}>\s*(?:<a\s[^<>]{0,400}>\s*)[\[(]?(?:\d{1,4}|[*†‡]|[a-z])[\])]?\s*</a>\s*</sup>"
    r"|<a\s[^<>]{0,400}href=[\"'][^\"'<>]{0,200}#[^<>]{0,200}>\s*(?:<sup[^<>]{0,200}>\s*)?[\[(]?\d{1,4}[\])]?\s*(?:</sup>\s*)?</a>",
    re.IGNORECASE,
)


def passages_of(blocks: tuple[Block, ...]) -> list[tuple[int, Passage]]:
    """(level of the heading or 0, passage) of each block with words; scene breaks are noted on the one before."""
    found: list[tuple[int, Passage]] = []
    for block in blocks:
        words = "\n".join(" ".join(line.split()) for line in "".join(block.words).split("\n")).strip()
        if not words or BREAK.fullmatch(words):
            if found and (words or block.rule) and found[-1][1].kind == "text":
                level, last = found[-1]
                found[-1] = level, _with_scene(last)
            continue
        kind: PassageKind = "heading" if block.level else block.kind
        found.append((block.level, Passage(words if not block.level else " ".join(words.split()), kind)))
    return found


def _with_scene(passage: Passage) -> Passage:
    return Passage(passage.text, passage.kind, scene=True)


def divided(rows: list[tuple[int, Passage]], title: str, kind: SectionKind = "chapter") -> list[Section]:
    """Sections at the headings of the level that divides the page; what stands before the first is one too."""
    levels = [level for level, _ in rows if level]
    level = min((one for one in levels if levels.count(one) > 1), default=min(levels, default=0))
    sections: list[Section] = []
    name, row = title, list[Passage]()
    for own, passage in rows:
        if own and own <= level and any(p.kind != "heading" for p in row):
            sections.append(Section(name, tuple(row), kind))
            row = []
        if own and own <= level:
            name = passage.text if not row else f"{name} · {passage.text}"
        row.append(passage)
    if row:
        sections.append(Section(name, tuple(row), kind))
    return sections


def read_html(text: str, name: str) -> Document:
    """A web page or an exported document."""
    page = page_of(text)
    rows = passages_of(page.blocks)
    heads = [passage.text for level, passage in rows if level]
    title = page.title or (heads[0] if heads else "")
    language = page.language or detect(" ".join(passage.text for _, passage in rows)[:20_000])
    return Document(name, "html", title, page.author, language, tuple(divided(rows, title)))
