"""DOCX (Office Open XML, ECMA-376): paragraphs with their styles, footnotes as notes, headings as chapters."""

from pathlib import Path
from typing import TYPE_CHECKING

from studio.errors import BadFile
from studio.manuscripts.archives import Archive
from studio.manuscripts.document import Document, Passage
from studio.manuscripts.markup_tree import attribute, local, parse_xml
from studio.manuscripts.webpage import BREAK, divided
from studio.text.language import detect
from studio.words import Words, counted

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

BODY, STYLES, CORE = "word/document.xml", "word/styles.xml", "docProps/core.xml"
NOTES = "word/footnotes.xml", "word/endnotes.xml"


def read_docx(path: Path, name: str) -> Document:
    """The text of a Word document. `BadFile` when it is none, damaged, or locked."""
    with Archive(path, name) as archive:
        if BODY not in archive.names:
            raise BadFile(
                f"{name} is no Word document: its text is missing", f"{name} 不是 Word 文档：没有正文", where=name
            )
        body = parse_xml(archive.read(BODY), name)
        levels = _levels(parse_xml(styles, name)) if (styles := archive.find(STYLES)) else {}
        notes = [parse_xml(data, name) for part in NOTES if (data := archive.find(part))]
        facts = _facts(parse_xml(core, name)) if (core := archive.find(CORE)) else {}
    rows = _rows(body, levels)
    told = [Passage(text, "footnote") for root in notes for text in _notes(root)]
    heads = [passage.text for level, passage in rows if level]
    title = facts.get("title") or (heads[0] if heads else Path(name).stem)
    if any(level == 1 for level, _ in rows):
        rows = [(level - 1 if level > 1 else level, passage) for level, passage in rows]  # the title's style is level 1
    sections = divided([*rows, *((0, note) for note in told)], title)
    words = " ".join(passage.text for _, passage in rows)[:20_000]
    left = tuple(
        Words(f"{counted(count, 'table')} read row by row", f"{count} 个表格按行朗读")
        for count in [sum(local(one.tag) == "tbl" for one in body.iter())]
        if count
    )
    language = facts.get("language") or detect(words)
    return Document(name, "docx", title, facts.get("creator", ""), language, tuple(sections), left)


def _levels(styles: "Element") -> dict[str, int]:
    """Style id -> level of heading: 1 for a title, 2 for “heading 1” and so on; also by outline, in any language."""
    found = {}
    for style in styles.iter():
        if local(style.tag) != "style":
            continue
        names = [attribute(one, "val").lower() for one in style if local(one.tag) == "name"]
        outline = [attribute(one, "val") for one in style.iter() if local(one.tag) == "outlineLvl"]
        for label in names:
            if label == "title":
                found[attribute(style, "styleId")] = 1
            elif label.startswith("heading ") and label[8:].isdigit():
                found[attribute(style, "styleId")] = 1 + int(label[8:])
        if outline and outline[0].isdigit() and int(outline[0]) < 9:
            found.setdefault(attribute(style, "styleId"), 2 + int(outline[0]))
    return found


def _rows(body: "Element", levels: dict[str, int]) -> list[tuple[int, Passage]]:
    rows: list[tuple[int, Passage]] = []
    for paragraph in body.iter():
        if local(paragraph.tag) != "p":
            continue
        text = _text(paragraph)
        if not text or BREAK.fullmatch(text):
            if rows and text:
                level, last = rows[-1]
                rows[-1] = level, Passage(last.text, last.kind, scene=True)
            continue
        style = [attribute(one, "val") for one in paragraph.iter() if local(one.tag) == "pStyle"]
        level = levels.get(style[0], 0) if style else 0
        rows.append((level, Passage(text, "heading" if level else "text")))
    return rows


def _text(paragraph: "Element") -> str:
    """The words of a paragraph as they stand after all changes; a text box inside speaks for itself."""
    parts: list[str] = []

    def walk(element: "Element") -> None:
        for child in element:
            tag = local(child.tag)
            if tag == "t":
                parts.append(child.text or "")
            elif tag in ("tab", "br", "cr"):
                parts.append(" " if tag == "tab" else "\n")
            elif tag in ("r", "hyperlink", "ins", "smartTag", "sdt", "sdtContent", "fldSimple", "ruby", "rubyBase"):
                walk(child)  # and not `del`, `rt`, drawings, field codes

    walk(paragraph)
    return "\n".join(" ".join(line.split()) for line in "".join(parts).split("\n")).strip()


def _notes(root: "Element") -> list[str]:
    found = []
    for note in root:
        if attribute(note, "type"):  # the separating line
            continue
        found.append(" ".join(_text(one) for one in note.iter() if local(one.tag) == "p").strip())
    return [text for text in found if text]


def _facts(core: "Element") -> dict[str, str]:
    return {local(one.tag): " ".join((one.text or "").split()) for one in core.iter()}
