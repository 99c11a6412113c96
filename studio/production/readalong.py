"""EPUB 3 with media overlays: a book that reads along, each line lit up while it is heard.

https://www.w3.org/TR/epub-33/#sec-media-overlays. A chapter is an XHTML file whose lines are spans, a sound file, and a
SMIL file that ties them together. Times are those of the assembly, so they are exact.
"""

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from studio.audio.drafts import Draft, check_target
from studio.audio.levels import Levels
from studio.audio.tags import cover_mime
from studio.production.assembling import Placed
from studio.production.exports import Exported, Material, export
from studio.production.jobs import Job
from studio.production.masters import FileReport, Master
from studio.production.provenance import STATEMENT
from studio.text.marks import parse, plain
from studio.words import Words

SOUND = Master("m4a", Words("", ""), Words("", ""), "m4a")  # of one chapter
FORMAT = "epub"
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
XHTML = '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"'
STYLE = ".reading{background:#E3F1EF;color:#0B5E58}p{line-height:1.6;margin:0 0 1em}hr{border:0;text-align:center}\n"


@dataclass(frozen=True)
class _Chapter:
    """A chapter in the book."""

    name: str  # of its files, without ending
    title: str
    placed: tuple[Placed, ...]
    rate: int
    seconds: float  # of its sound


def write_epub(material: Material, target: Path, job: Job[Any]) -> Exported:
    """The book at `target`. Chapters without any take are left out; nothing half-written is left."""
    check_target(target)
    with TemporaryDirectory(prefix=".epub-", dir=target.parent) as folder:
        chapters: list[_Chapter] = []
        placed: list[Placed] = []
        missing = 0
        spoken = [chapter for chapter in material.chapters if chapter.seconds]
        for number, chapter in enumerate(spoken, 1):
            name = f"chapter-{number:03}"
            one = replace(material, chapters=(chapter,), title=chapter.title or material.title)
            step: Job[Any] = Job(lambda _: None)
            step.stopping = job.stopping
            done = export(one, Path(folder) / f"{name}.m4a", SOUND, step)
            chapters.append(_Chapter(name, one.title, done.placed, done.rate, done.files[0].levels.seconds))
            placed += done.placed
            missing += done.left_out
            job.total, job.done = len(spoken) + 0.1, number
        with Draft(target) as draft:
            with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as book:  # type: ignore[call-overload]
                for name, data, stored in _members(material, chapters, Path(folder)):
                    book.writestr(name, data, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)
            draft.commit()
    seconds = sum(chapter.seconds for chapter in chapters)
    size = target.stat().st_size
    levels = Levels(seconds, None, None, None, None, None, 0.0, 0.0)
    report = FileReport(
        target, material.title, size, material.scene.rate, material.scene.channels, size * 8 / seconds, levels,
        len(chapters), (),
    )  # fmt: skip
    return Exported(target.parent, (report,), tuple(placed), material.scene.rate, seconds, missing)


def _members(material: Material, chapters: Sequence[_Chapter], folder: Path) -> Iterator[tuple[str, str | bytes, bool]]:
    """(name, content, whether it is stored as it is): the type comes first, as the format demands."""
    yield "mimetype", "application/epub+zip", True
    yield (
        "META-INF/container.xml",
        f'{HEAD}<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        False,
    )
    yield "EPUB/package.opf", _package(material, chapters), False
    yield "EPUB/nav.xhtml", _navigation(material, chapters), False
    yield "EPUB/style.css", STYLE, False
    if material.cover:
        yield f"EPUB/{_cover_name(material.cover)}", material.cover, True
    for chapter in chapters:
        yield f"EPUB/{chapter.name}.xhtml", _text(chapter, material.language), False
        yield f"EPUB/{chapter.name}.smil", _overlay(chapter), False
        yield f"EPUB/{chapter.name}.m4a", (folder / f"{chapter.name}.m4a").read_bytes(), True


def _cover_name(cover: bytes) -> str:
    return "cover.jpg" if cover_mime(cover) == "image/jpeg" else "cover.png"


def _package(material: Material, chapters: Sequence[_Chapter]) -> str:
    """The list of everything in the book, and what it says about itself."""
    named = hashlib.sha256(material.id.encode()).hexdigest()
    uuid = f"{named[:8]}-{named[8:12]}-5{named[13:16]}-a{named[17:20]}-{named[20:32]}"
    language = material.language or "en"
    durations = "".join(
        f'<meta property="media:duration" refines="#{one.name}-overlay">{_clock(one.seconds)}</meta>'
        for one in chapters
    )
    items = "".join(
        f'<item id="{one.name}" href="{one.name}.xhtml" media-type="application/xhtml+xml"'
        f' media-overlay="{one.name}-overlay"/>'
        f'<item id="{one.name}-overlay" href="{one.name}.smil" media-type="application/smil+xml"/>'
        f'<item id="{one.name}-sound" href="{one.name}.m4a" media-type="audio/mp4"/>'
        for one in chapters
    )
    cover = ""
    if material.cover:
        kind = cover_mime(material.cover)
        cover = f'<item id="cover" href="{_cover_name(material.cover)}" media-type="{kind}" properties="cover-image"/>'
    spine = "".join(f'<itemref idref="{one.name}"/>' for one in chapters)
    author = f"<dc:creator>{escape(material.author)}</dc:creator>" if material.author else ""
    whole = _clock(sum(one.seconds for one in chapters))
    return "".join(
        (
            f'{HEAD}<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id"',
            f' xml:lang="{language}">',
            '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">',
            f'<dc:identifier id="id">urn:uuid:{uuid}</dc:identifier><dc:title>{escape(material.title)}</dc:title>',
            f"<dc:language>{escape(language)}</dc:language>{author}<dc:description>{escape(STATEMENT)}</dc:description>",
            f'<meta property="dcterms:modified">{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}</meta>',
            f'<meta property="media:duration">{whole}</meta>{durations}',
            '<meta property="media:active-class">reading</meta></metadata>',
            '<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>',
            f'<item id="style" href="style.css" media-type="text/css"/>{cover}{items}</manifest>',
            f"<spine>{spine}</spine></package>",
        )
    )


def _navigation(material: Material, chapters: Sequence[_Chapter]) -> str:
    links = "".join(f'<li><a href="{one.name}.xhtml">{escape(one.title)}</a></li>' for one in chapters)
    title = escape(material.title)
    return (
        f'{HEAD}<!DOCTYPE html>{XHTML} xml:lang="{material.language or "en"}"><head><title>{title}</title></head>'
        f'<body><nav epub:type="toc"><h1>{title}</h1><ol>{links}</ol></nav></body></html>'
    )


def _text(chapter: _Chapter, language: str) -> str:
    """A chapter to be read: paragraphs of lines."""
    parts: list[str] = []
    open_paragraph: list[str] = []

    def end() -> None:
        if open_paragraph:
            parts.append(f"<p>{' '.join(open_paragraph)}</p>")
            open_paragraph.clear()

    for number, placed in enumerate(chapter.placed, 1):
        words = escape(plain(parse(placed.line.text)).strip())
        span = f'<span id="line-{number}">{words}</span>'
        if placed.line.kind == "heading":
            end()
            parts.append(f"<h2>{span}</h2>")
            continue
        open_paragraph.append(span)
        if placed.line.ends:
            end()
            parts.append("<hr/>" if placed.line.ends == "scene" else "")
    end()
    return (
        f'{HEAD}<!DOCTYPE html>{XHTML} xml:lang="{language or "en"}"><head><title>{escape(chapter.title)}</title>'
        f'<link rel="stylesheet" href="style.css" type="text/css"/></head><body><section epub:type="chapter">'
        f"{''.join(parts)}</section></body></html>"
    )


def _overlay(chapter: _Chapter) -> str:
    """Which words are heard when. A line ends where it ends, or where the next one begins if that falls in early."""
    pars = []
    for number, placed in enumerate(chapter.placed, 1):
        after = chapter.placed[number].start if number < len(chapter.placed) else placed.end
        start, end = placed.start / chapter.rate, min(placed.end, max(after, placed.start + 1)) / chapter.rate
        end = min(end, chapter.seconds)
        pars.append(
            f'<par id="par-{number}"><text src="{chapter.name}.xhtml#line-{number}"/>'
            f'<audio src="{chapter.name}.m4a" clipBegin="{start:.3f}s" clipEnd="{end:.3f}s"/></par>'
        )
    where = quoteattr(f"{chapter.name}.xhtml")
    return (
        f'{HEAD}<smil xmlns="http://www.w3.org/ns/SMIL" xmlns:epub="http://www.idpf.org/2007/ops" version="3.0">'
        f'<body><seq id="all" epub:textref={where}>{"".join(pars)}</seq></body></smil>'
    )


def _clock(seconds: float) -> str:
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{int(hours)}:{int(minutes):02}:{rest:06.3f}"
