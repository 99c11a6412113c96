"""PDF with a text layer, read in a process of its own that may use so much time and memory and no more.

A PDF is a program in disguise, and a hostile one keeps a reader busy for ever; so the reader can be ended. Lines come
as they are printed: words cut at a line's end are joined, running heads and page numbers are told from text, and
paragraphs are found by the shape of lines.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from studio.errors import BadFile
from studio.manuscripts.document import Document, Passage, Section
from studio.text.chapters import chapters
from studio.text.joining import joined
from studio.text.language import detect
from studio.text.paragraphs import paragraph_ends
from studio.words import Words

SECONDS, MEMORY = 60, 1 << 30
PAGES, CHARACTERS = 5_000, 20_000_000
OFTEN = 3  # pages on which the same first or last line makes it a running head
_NUMBER = re.compile(
    r"[-–— ]*(?:\d{1,4}|[ivxlc]{1,7})[-–— ]*(?:/ ?\d{1,4})?|第 ?\d{1,4} ?页.*|page \d{1,4}.*", re.IGNORECASE
)
_HYPHEN = re.compile(r"([^\W\d_])[-\u00ad]\n([a-zà-ÿ])")


def read_pdf(path: Path, name: str) -> Document:
    """The text of a PDF. `BadFile` when it is locked, damaged, only pictures, or takes too long."""
    told = _extracted(path, name)
    pages = [[line.rstrip() for line in page.split("\n") if line.strip()] for page in told["pages"]]
    if not any(pages):
        raise BadFile(
            f"{name} has no text layer: its pages are pictures. Recognise the text (OCR) first",
            f"{name} 没有文字层，页面是图片；请先做文字识别（OCR）",
            where=name,
        )
    heads = _running(pages)
    kept, margins = [], []
    for page in pages:
        body = [line for at, line in enumerate(page) if not _is_margin(line, at, len(page), heads)]
        margins += [Passage(line, "page") for at, line in enumerate(page) if _is_margin(line, at, len(page), heads)]
        kept.append("\n".join(body))
    text = _HYPHEN.sub(r"\1\2", "\n".join(kept))
    title = told["title"] or Path(name).stem
    sections = [
        Section(one.title, _passages(one.text, one.title), "chapter" if one.kind == "chapter" else one.kind)
        for one in chapters(text, title)
    ]
    if margins and sections:
        last = sections[-1]
        sections[-1] = Section(last.title, (*last.passages, *margins), last.kind)
    notes = (
        Words(
            "a PDF says nothing of paragraphs and reading order: look through the text",
            "PDF 不含段落与阅读顺序信息，请通读检查",
        ),
    )
    return Document(name, "pdf", title, told["author"], detect(text[:20_000]), tuple(sections), notes)


def _running(pages: list[list[str]]) -> set[str]:
    """First and last lines (numbers aside) that come again and again."""
    edges = Counter(re.sub(r"\d+", "#", line.strip()) for page in pages for line in {*page[:1], *page[-1:]})
    return {line for line, count in edges.items() if count >= OFTEN and len(line) < 100}


def _is_margin(line: str, at: int, lines: int, heads: set[str]) -> bool:
    if at not in (0, lines - 1):
        return False
    return bool(_NUMBER.fullmatch(line.strip())) or re.sub(r"\d+", "#", line.strip()) in heads


def _passages(text: str, title: str) -> tuple[Passage, ...]:
    """The paragraphs of a chapter, each in one line."""
    found: list[Passage] = []
    at = 0
    for end in paragraph_ends(text):
        words, at = joined(text[at:end].split("\n")), end
        if words:
            found.append(Passage(words, "heading" if not found and words in (title, *title.split(" · ")) else "text"))
    return tuple(found)


def _extracted(path: Path, name: str) -> dict[str, Any]:
    """Title, author and the text of each page, from the other process."""
    command = [
        sys.executable,
        "-I",
        str(Path(__file__).with_name("pdf_worker.py")),
        str(MEMORY),
        str(PAGES),
        str(CHARACTERS),
    ]
    try:
        with path.open("rb") as file:
            run = subprocess.run(command, stdin=file, capture_output=True, timeout=SECONDS, check=False)
        told: dict[str, Any] = json.loads(run.stdout)
    except subprocess.TimeoutExpired as error:
        raise BadFile(
            f"{name}: reading it takes more than {SECONDS} s; print it into a new PDF and try that",
            f"{name}：读取超过 {SECONDS} 秒；请重新打印为 PDF 后再试",
            where=name,
        ) from error
    except (OSError, ValueError) as error:  # nothing came back: out of memory, or ended by the system
        raise _damaged(name) from error
    if told.get("trouble") == "locked":
        raise BadFile(f"{name} is locked with a password; unlock it first", f"{name} 有密码保护，请先解除", where=name)
    if told.get("trouble"):
        raise _damaged(name)
    return told


def _damaged(name: str) -> BadFile:
    return BadFile(
        f"{name} is damaged or far too large to be read; print it into a new PDF and try that",
        f"{name} 已损坏或过大，无法读取；请重新打印为 PDF 后再试",
        where=name,
    )
