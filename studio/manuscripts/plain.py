"""TXT and Markdown as manuscripts: chapters by their headings, paragraphs by their lines, notes by their signs."""

import re

from studio.manuscripts.document import Document, Passage, Section
from studio.manuscripts.webpage import BREAK
from studio.text.chapters import Chapter, chapters
from studio.text.joining import joined
from studio.text.language import detect
from studio.text.normalise import settle, structure
from studio.text.paragraphs import paragraph_ends
from studio.text.title_page import author, book_title, strip_boilerplate
from studio.words import Words, counted

BY = ("{}", "by {}", "作者：{}", "作者:{}", "{} 著", "{}著")
_NOTE = re.compile(r"\[\^[^\[\]\s]{1,30}\]:\s*")
_FRONT_MATTER = re.compile(r"\A---\n(?P<yaml>(?:[^\n]*\n){0,60}?)---\n")
_KEY = re.compile(r"^(title|author|lang|language)\s*:\s*[\"']?([^\"'\n]{1,200})[\"']?\s*$", re.MULTILINE)


def read_plain(text: str, name: str, format: str) -> Document:
    """The book in a text. Never fails: any text with words is one."""
    facts: dict[str, str] = {}
    if format == "md" and (matter := _FRONT_MATTER.match(text)):
        facts, text = dict(_KEY.findall(matter["yaml"])), text[matter.end() :]
    body, stripped = strip_boilerplate(text)
    title = facts.get("title", "").strip() or book_title(text) or name.rpartition(".")[0]
    notes = []
    if stripped:
        count = sum(map(len, stripped))
        notes.append(
            Words(
                f"not read: {counted(count, 'character')} of distributor's notice",
                f"不朗读发行方声明，共 {count} 个字符",
            )
        )
    language = facts.get("lang") or facts.get("language") or detect(body[:20_000])
    who = facts.get("author") or author(text)
    sections = tuple(section for one in chapters(body, title) if (section := _section(one, title, who)).passages)
    return Document(name, format, title, who, language, sections, tuple(notes))


def _section(chapter: Chapter, book: str, who: str) -> Section:
    """A chapter's paragraphs, without Markdown, each in one line. What heads it is told from what is in it."""
    settings = settle(None)
    parts = {chapter.title, *chapter.title.split(" · "), book, *(form.format(who) for form in BY if who)}
    found: list[Passage] = []
    at = 0
    for end in paragraph_ends(chapter.text):
        source, at = chapter.text[at:end], end
        lines = source.strip().split("\n")
        if BREAK.fullmatch(source.strip()) or re.fullmatch(r"[-*_=\s]{3,}", source):
            if found:
                found[-1] = Passage(found[-1].text, found[-1].kind, scene=True)
            continue
        note = _NOTE.match(source.lstrip())
        words = joined(structure("\n".join(lines), settings).text.split("\n"))
        if not words:
            continue
        heading = all(p.kind == "heading" for p in found) and (
            source.lstrip().startswith("#") or _is_title(words, parts)
        )
        found.append(Passage(words, "footnote" if note else "heading" if heading else "text"))
    return Section(chapter.title, tuple(found), chapter.kind)


def _is_title(words: str, parts: set[str]) -> bool:
    """Whether a first paragraph is the chapter's heading, or a half of it that stands on a line of its own."""
    bare = re.sub(r"[\s.:：—–-]+", "", words)
    return len(words) < 120 and any(bare and bare in re.sub(r"[\s.:：—–-]+", "", part) for part in parts)
