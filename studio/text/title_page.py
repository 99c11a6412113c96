"""What the first lines of a book say: its title, its author, and the distributor's notice around it."""

import re

from studio.text.headings import bare_number, heading_of, is_contents

FIRST_LINES = 30  # where title and author stand
_FIELD = r"^[ \t#*_]*(?:{})[ \t]*[:：][ \t]*(?P<value>\S.{{0,118}}?)[ \t*_]*$"
_TITLE = re.compile(_FIELD.format("Title|书名|書名|标题|標題|作品名称"), re.MULTILINE)
_AUTHOR = re.compile(_FIELD.format("Author|作者|著者|原作者"), re.MULTILINE)
_BY = re.compile(
    r"^[ \t*_]*(?:(?:written )?by[ \t]+(?P<en>[A-Z][^\n,;:!?]{1,60}?)"
    r"|作者[ \t\u3000]+(?P<zh>\S{1,20})"
    r"|(?P<work>[^\s，。：:《》][^，。：:《》\n]{0,24}?)[ \t\u3000]*(?:著|撰|編著|编著))[ \t*_]*$",
    re.MULTILINE | re.IGNORECASE,
)
_QUOTED = re.compile(r"^[ \t]*《(?P<title>[^》\n]{1,40})》[ \t]*(?:$|作者|[^\s，。]{1,20}[ \t]*著)", re.MULTILINE)
_START = re.compile(r"^\*{3}[ ]?START OF (?:THE|THIS) PROJECT GUTENBERG.*?\*{3}[ \t]*$", re.MULTILINE | re.IGNORECASE)
_END = re.compile(
    r"^(?:\*{3}[ ]?END OF (?:THE|THIS) PROJECT GUTENBERG|End of (?:the )?Project Gutenberg(?:['’]s)? )",
    re.MULTILINE | re.IGNORECASE,
)
_PRODUCED = re.compile(
    r"\s*(?:Produced|E-text prepared|This (?:e-?text|etext) was (?:produced|prepared)) by .*?(?:\n[ \t]*\n|\Z)",
    re.DOTALL,
)
_LATER = 20_000  # characters in which the notice of a distributor may begin


def strip_boilerplate(text: str) -> tuple[str, tuple[str, ...]]:
    """`text` without Project Gutenberg's header and licence, and the pieces that were taken off."""
    begin, end = 0, len(text)
    if start := _START.search(text, 0, _LATER):
        begin = start.end()
        if produced := _PRODUCED.match(text, begin, begin + 2000):
            begin = produced.end()
    if last := next(iter(_END.finditer(text, max(begin, 0))), None):
        end = last.start()
    if not text[begin:end].strip():
        return text, ()
    stripped = tuple(piece for piece in (text[:begin], text[end:]) if piece.strip())
    return (text[begin:end].strip("\n") + "\n", stripped) if stripped else (text, ())


def book_title(text: str) -> str:
    """The title as the first lines give it; "" when they do not."""
    head = _head(text)
    if match := _TITLE.search(head):
        return match["value"].strip("《》")
    if match := _QUOTED.search(head):
        return match["title"]
    lines = [line.strip() for line in _head(strip_boilerplate(text)[0]).split("\n") if line.strip()]
    if not lines or heading_of(lines[0].lstrip("# "), 0, 0) or is_contents(lines[0]) or bare_number(lines[0]):
        return ""
    line = lines[0].lstrip("#").strip(" *_\u3000《》")
    prose = re.search(r"[。！？；，…]|[.!?;,:]$|[.!?] [A-Z]", line)
    return "" if prose or len(line) > (80 if line.isascii() else 40) else line


def author(text: str) -> str:
    """The author as the first lines give it; "" when they do not."""
    head = _head(text)
    if match := _AUTHOR.search(head):
        return match["value"]
    if match := _BY.search(head):
        return (match["en"] or match["zh"] or match["work"]).strip(" _*.")
    return ""


def _head(text: str) -> str:
    return "\n".join(text[:_LATER].split("\n")[:FIRST_LINES])
