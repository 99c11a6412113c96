"""EPUB 2 and 3: the spine in reading order, titles from the navigation, notes and front matter by their types.

https://www.w3.org/TR/epub-33/ and OPF 2.0.1. Only documents that the package lists are read, all of them out of the
archive; links to anywhere else are words.
"""

import posixpath
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from studio.errors import BadFile
from studio.manuscripts.archives import Archive
from studio.manuscripts.document import Document, Passage, Section, SectionKind
from studio.manuscripts.markup_tree import attribute, local, parse_xml
from studio.manuscripts.webpage import FOOTNOTES, divided, page_of, passages_of
from studio.text.encoding import decode
from studio.text.language import detect
from studio.words import Words

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

COVER_BYTES = 20 << 20
SCRAMBLED_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")  # no protection of text
KINDS: dict[str, SectionKind] = {
    **dict.fromkeys(("cover", "titlepage", "halftitlepage", "copyright-page", "dedication", "title-page"), "front"),
    **dict.fromkeys(("epigraph", "imprint", "imprimatur", "colophon", "acknowledgements", "acknowledgments"), "front"),
    **dict.fromkeys(("toc", "landmarks", "loi", "lot", "page-list"), "contents"),
    **dict.fromkeys(("index", "bibliography", "glossary", "other-credits", "contributors"), "back"),
    **dict.fromkeys(FOOTNOTES, "notes"),
}
_DIVISION = re.compile(r"<(?:body|section|article|div|main|nav)\b[^>]*?\bepub:type=([\"'])(.*?)\1")
NAMES: tuple[tuple[tuple[str, ...], SectionKind], ...] = (  # of files and titles, where no type is told
    (("cover", "titlepage", "title_page", "copyright", "dedication", "版权", "扉页", "封面", "献词"), "front"),
    (("contents", "table of contents", "toc", "nav", "目录", "目 录"), "contents"),
    (("notes", "footnotes", "endnotes", "注释", "尾注", "脚注"), "notes"),
    (("index", "bibliography", "参考文献", "索引"), "back"),
)
TITLE_PAGE, REAL_CHAPTER = 400, 1500  # characters: what has fewer before a chapter that has more is a title page
_NOTICE = re.compile(
    r"(?:start of )?(?:the|this)? ?(?:full )?project gutenberg|this ebook is for the use of", re.IGNORECASE
)


@dataclass(frozen=True)
class _Item:
    """A file of the package."""

    id: str
    name: str  # in the archive
    media: str
    properties: frozenset[str]


def read_epub(path: Path, name: str) -> Document:
    """The book in an EPUB file. `BadFile` when it is none, damaged, or protected."""
    with Archive(path, name) as archive:
        _refuse_protected(archive)
        package_name = _package_name(archive)
        package = parse_xml(archive.read(package_name), name)
        items = _items(package, package_name)
        spine = [items[ref] for ref in _spine(package) if ref in items]
        if not spine:
            raise BadFile(
                f"{name}: its reading order is empty; the file is incomplete, get it again",
                f"{name}：阅读顺序为空，文件不完整，请重新获取",
                where=name,
            )
        titles = _titles(archive, items, package, name)
        types = _guide(package, package_name)
        language = _first(package, "language")
        sections: list[Section] = []
        missing = []
        for item in spine:
            data = archive.find(item.name)
            if data is None:
                missing.append(posixpath.basename(item.name))
            elif "html" in item.media or item.name.lower().endswith((".xhtml", ".html", ".htm")):
                sections += _sections(decode(data, name).text, item, titles.get(item.name, ""), types.get(item.name))
        cover = _cover(archive, items, package)
    sections = _judged(sections)
    words = " ".join(section.excerpt for section in sections)
    notes = tuple(
        Words(f"“{one}” is listed in the book and missing in the file", f"书中列出的“{one}”在文件里缺失")
        for one in missing
    )
    title = _first(package, "title") or Path(name).stem
    return Document(
        name, "epub", title, _authors(package), language or detect(words), tuple(sections), notes, cover=cover
    )


def _refuse_protected(archive: Archive) -> None:
    """DRM is told by what is encrypted: scrambled fonts are harmless, anything else cannot be read."""
    told = archive.find("META-INF/encryption.xml", 4 << 20)
    if told is None and "META-INF/rights.xml" not in archive.names:
        return
    methods = set()
    if told is not None:
        root = parse_xml(told, archive.name)
        methods = {attribute(one, "Algorithm") for one in root.iter() if local(one.tag) == "EncryptionMethod"}
        if methods <= set(SCRAMBLED_FONTS) and "META-INF/rights.xml" not in archive.names:
            return
    raise BadFile(
        f"{archive.name} is copy-protected (DRM): its text is encrypted. Use a copy without protection",
        f"{archive.name} 有版权保护（DRM），正文已加密，无法读取；请使用无保护的版本",
        where=archive.name,
        protected=True,
    )


def _package_name(archive: Archive) -> str:
    container = parse_xml(archive.read("META-INF/container.xml", 1 << 20), archive.name)
    for element in container.iter():
        if local(element.tag) == "rootfile" and (full := attribute(element, "full-path")):
            return full
    raise BadFile(
        f"{archive.name}: nothing in it says where the book begins; it is no EPUB, or a damaged one",
        f"{archive.name}：没有说明书从哪里开始，不是 EPUB 或已损坏",
        where=archive.name,
    )


def _items(package: "Element", where: str) -> dict[str, _Item]:
    found = {}
    for element in package.iter():
        if local(element.tag) == "item":
            id, properties = attribute(element, "id"), frozenset(attribute(element, "properties").split())
            found[id] = _Item(
                id, _place(attribute(element, "href"), where), attribute(element, "media-type"), properties
            )
    return found


def _spine(package: "Element") -> list[str]:
    """Ids in reading order; what is out of the line (`linear="no"`) comes where it stands, as readers have it."""
    return [attribute(element, "idref") for element in package.iter() if local(element.tag) == "itemref"]


def _place(href: str, where: str) -> str:
    """The name in the archive that a link from the file `where` means."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(where), unquote(href.partition("#")[0])))


def _titles(archive: Archive, items: dict[str, _Item], package: "Element", name: str) -> dict[str, str]:
    """File in the archive -> its (first) title in the navigation."""
    for item in items.values():
        if "nav" in item.properties and (data := archive.find(item.name)) is not None:
            return _nav_titles(parse_or_none(data), item.name)
    for item in items.values():
        if item.media == "application/x-dtbncx+xml" and (data := archive.find(item.name)) is not None:
            return _ncx_titles(parse_xml(data, name), item.name)
    return {}


def parse_or_none(data: bytes) -> "Element | None":
    """A navigation that is not well-formed is done without: the headings of the chapters tell their titles as well."""
    try:
        return parse_xml(data, "nav")
    except BadFile:
        return None


def _nav_titles(nav: "Element | None", where: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for toc in nav.iter() if nav is not None else ():
        if local(toc.tag) == "nav" and attribute(toc, "type") in ("toc", ""):
            for link in toc.iter():
                if local(link.tag) == "a" and (href := attribute(link, "href")):
                    found.setdefault(_place(href, where), " ".join("".join(link.itertext()).split()))
    return found


def _ncx_titles(ncx: "Element", where: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for point in ncx.iter():
        if local(point.tag) == "navPoint":
            label = next((text for text in point.iter() if local(text.tag) == "text"), None)
            content = next((one for one in point.iter() if local(one.tag) == "content"), None)
            if label is not None and content is not None:
                found.setdefault(_place(attribute(content, "src"), where), " ".join((label.text or "").split()))
    return found


def _guide(package: "Element", where: str) -> dict[str, SectionKind]:
    """What EPUB 2's guide says of files."""
    return {
        _place(attribute(one, "href"), where): KINDS[attribute(one, "type")]
        for one in package.iter()
        if local(one.tag) == "reference" and attribute(one, "type") in KINDS
    }


def _sections(text: str, item: _Item, title: str, kind: SectionKind | None) -> list[Section]:
    """The sections of one file of the book: usually one, headed as the navigation says."""
    page = page_of(text)
    rows = passages_of(page.blocks)
    kind = kind or _kind_by_type(text) or _kind_by_name(item, title)
    found = divided(rows, title, kind)
    if title and found and not any(p.kind == "heading" for p in found[0].passages):
        found[0] = replace(found[0], passages=(Passage(title, "heading"), *found[0].passages))
    if title and len(found) == 1:
        return [replace(found[0], title=title)]
    return found


def _kind_by_type(text: str) -> SectionKind | None:
    """What `epub:type` of the body or its first section says; that of a single note or word in it says nothing."""
    start = max(0, text.find("<body"))
    told = _DIVISION.search(text, start, start + 2000)
    kinds = [KINDS[one] for one in told[2].split() if one in KINDS and not one.endswith("note")] if told else []
    return kinds[0] if kinds else None


def _kind_by_name(item: _Item, title: str) -> SectionKind:
    if "nav" in item.properties:
        return "contents"
    stem = posixpath.basename(item.name).rpartition(".")[0].lower()
    for names, kind in NAMES:
        if title.strip().lower() in names or stem in names:  # see `_kind_by_words` for what the headings say
            return kind
    return "chapter"


def _judged(sections: list[Section]) -> list[Section]:
    """Kinds by what the sections say themselves: a list of contents, a distributor's notice, a page with the title."""
    named = [replace(one, kind=_kind_by_words(one)) if one.kind == "chapter" else one for one in sections]
    first = next((at for at, one in enumerate(named) if one.kind == "chapter" and one.characters >= REAL_CHAPTER), 0)
    judged = [
        replace(one, kind="front") if at < first and one.kind == "chapter" and one.characters < TITLE_PAGE else one
        for at, one in enumerate(named)
    ]
    return judged if any(one.kind == "chapter" for one in judged) else sections


def _kind_by_words(section: Section) -> SectionKind:
    if _NOTICE.match(section.title) or _NOTICE.match(section.excerpt):
        return "front"
    return next((kind for names, kind in NAMES if section.title.strip().lower() in names), "chapter")


def _first(package: "Element", name: str) -> str:
    for element in package.iter():
        if local(element.tag) == name and (element.text or "").strip():
            return " ".join((element.text or "").split())
    return ""


def _authors(package: "Element") -> str:
    names = [" ".join((one.text or "").split()) for one in package.iter() if local(one.tag) == "creator"]
    return ", ".join(dict.fromkeys(filter(None, names)))


def _cover(archive: Archive, items: dict[str, _Item], package: "Element") -> bytes:
    marked = [item for item in items.values() if "cover-image" in item.properties]
    for element in package.iter():
        if local(element.tag) == "meta" and attribute(element, "name") == "cover":
            marked += [item for item in items.values() if item.id == attribute(element, "content")]
    for item in marked:
        if item.media in ("image/jpeg", "image/png") and item.name in archive.names:
            return archive.read(item.name, COVER_BYTES)
    return b""
