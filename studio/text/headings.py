"""Which lines of a book are headings: 第…章, Chapter IV, Prologue, `## …`, and what only looks like one.

A line is judged alone here (`heading_of`); what its neighbours say about it (a table of contents, a title on the next
line) is for `chapters` to weigh.
"""

# Word lists read better as one string.
# ruff: noqa: SIM905

import re
from dataclasses import dataclass

from studio.text.roman import value

LONGEST = 120  # characters of a heading's line

ZH_DIGITS = "零〇一二三四五六七八九两十百千0-9０-９"
_ZH = re.compile(
    rf"""^[\s【〔\[「『]*(?:《[^》]{{1,20}}》\s*)?(?:正文\s*)?
    (?P<label>第\s*(?P<number>[{ZH_DIGITS}]{{1,8}}|[IVXLC]{{1,8}})\s*(?P<kind>[章回节節卷部篇集幕话話])|(?P<front>[卷部篇])(?P<after>[{ZH_DIGITS}]{{1,4}}))
    (?P<gap>[】〕\]」』]?[\s：:、.．·—-]*)(?P<rest>.*?)[】〕\]」』\s]*$""",
    re.VERBOSE,
)
_ZH_SPECIAL = re.compile(
    rf"^[\s【]*(?P<label>序|序言|序章|序幕|自序|代序|总序|译序|前言|引言|引子|楔子|后记|後記|尾声|尾聲|跋|终章|終章|大结局|番外篇?|外传|附录|附錄|"
    rf"结语|結語|内容简介|作者的话|致谢|译后记)(?P<number>[{ZH_DIGITS}]{{0,4}})(?:[】\s：:·—-]+(?P<rest>.{{0,30}}?))?[】\s]*$"
)
_NOT_AFTER_LABEL = re.compile("[里裡中的是讲講写寫说說和与與及就在有也了上末开開之以，。、；,]")
_ENDS_SENTENCE = re.compile("[。；，,;…]$|[。；].")

_EN_WORDS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
_EN_TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_EN_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth last".split()
_EN_NUMBER = (
    rf"[0-9]{{1,4}}|[IVXLC]{{1,9}}|[ivxlc]{{1,9}}|(?:{'|'.join(_EN_TENS)})(?:[ -](?:{'|'.join(_EN_WORDS[:9])}))?"
    rf"|(?:{'|'.join(sorted(_EN_WORDS, key=len, reverse=True))})|the (?:{'|'.join(_EN_ORDINALS)})"
)
_EN = re.compile(
    rf"^\s*[_*]*(?P<kind>chapter|part|book|volume|vol\.|act|letter|canto|stave|section|scene)\s+(?P<number>{_EN_NUMBER})\b"
    r"(?P<gap>\s*[.:—–-]*\s*)(?P<rest>.*?)[_*\s]*$",
    re.IGNORECASE,
)
_EN_SPECIAL = re.compile(
    r"^\s*[_*]*(?P<label>prologue|epilogue|preface|introduction|foreword|afterword|interlude|conclusion|postscript|"
    r"acknowledge?ments|dedication|appendix(?: [A-Z0-9])?)(?:\s*[.:—–-]+\s*(?P<rest>.{0,80}?))?[._*\s]*$",
    re.IGNORECASE,
)
_CONTENTS = re.compile(
    r"^[\s#*_【]*(?:目\s*录|目\s*錄|目\s*次|table of contents|contents)[\s:：.*_】]*$", re.IGNORECASE
)
_MARKDOWN = re.compile(r"^(?P<hashes>#{1,2})[ \t]+(?P<title>\S.{0,118}?)[ \t]*#*[ \t]*$")
_LEADER = re.compile(r"(?:\s*[.·…‥]{3,}\s*|\s{3,}|\t+)[0-9]{1,4}\s*$|[.·…‥]{4,}\s*[ivxlc]*\s*$")
_BARE = re.compile(
    r"^\s*(?:(?P<roman>[IVXLC]{1,8})|(?P<arabic>[0-9]{1,3})|(?P<zh>[一二三四五六七八九十百]{1,5}))[.、．]?\s*$"
)


@dataclass(frozen=True)
class Heading:
    """A line that may begin a chapter."""

    start: int  # position of the line
    end: int  # behind its line break
    title: str
    key: str  # the same for an entry in the table of contents and the chapter itself
    level: int  # 0 is above all (# or a part), 2 the least
    complete: bool  # it has a title of its own; otherwise the next line may be it
    listed: bool = False  # ends in a page number, as in a table of contents


def is_contents(line: str) -> bool:
    """Whether the line announces a table of contents."""
    return len(line) <= 40 and bool(_CONTENTS.match(line))


def heading_of(line: str, start: int, end: int) -> Heading | None:
    """The heading that the line (without its break) is, or None."""
    if len(line) > LONGEST or not line.strip():
        return None
    leader = _LEADER.search(line)
    clean = line[: leader.start()] if leader else line
    if match := _MARKDOWN.match(clean):
        inner = heading_of(match["title"], start, end)
        title = _plain(match["title"])
        key = inner.key if inner else title.lower()
        return Heading(start, end, title, key, len(match["hashes"]) - 1, True, bool(leader))
    found = _chinese(clean) or _english(clean)
    if not found:
        return None
    title, key, level, complete = found
    return Heading(start, end, title, key, level, complete, bool(leader))


def bare_number(line: str) -> int | None:
    """The number that stands alone on a line: `IV`, `4.`, `四`."""
    if len(line) > 20 or not (match := _BARE.match(line)):
        return None
    if match["roman"]:
        return value(match["roman"])
    return int(match["arabic"]) if match["arabic"] else zh_number(match["zh"])


def zh_number(written: str) -> int:
    """`二十一` → 21, `一百零八` → 108, `１２` → 12, `二〇` → 20."""
    total = digit = 0
    plain = ""
    for character in written:
        if character in "十百千":
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[character]
            digit, plain = 0, ""
        else:
            number = "零一二三四五六七八九".find(character.replace("〇", "零").replace("两", "二"))
            digit = number if number >= 0 else int(character)
            plain += str(digit)
    return total + int(plain or 0)


def _plain(title: str) -> str:
    return re.sub(r"\s+", " ", title.strip().strip("*_#")).strip()


def _chinese(line: str) -> tuple[str, str, int, bool] | None:
    if match := _ZH_SPECIAL.match(line):
        return _plain(line.strip("【】 \u3000")), match["label"] + match["number"], 1, True
    match = _ZH.match(line)
    if not match:
        return None
    rest, gap = match["rest"], match["gap"]
    if rest and (len(rest) > (50 if gap else 25) or _ENDS_SENTENCE.search(rest)):
        return None
    if rest and not gap and (_NOT_AFTER_LABEL.match(rest) or rest.endswith(("！", "？", "：", "”"))):
        return None
    kind, number = match["kind"] or match["front"], match["number"] or match["after"]
    arabic = value(number) if re.match("[IVXLC]", number) else zh_number(number)
    level = 0 if kind in "卷部篇集幕" else 2 if kind in "节節" else 1
    return _plain(line.strip("【】〔〕「」『』 \u3000")), f"{kind}{arabic}", level, bool(rest)


def _english(line: str) -> tuple[str, str, int, bool] | None:
    if match := _EN_SPECIAL.match(line):
        if not line.strip(" _*")[:1].isupper():
            return None
        return _plain(line).rstrip(". "), match["label"].lower(), 1, True
    match = _EN.match(line)
    if not match or not match["kind"][0].isupper():
        return None
    rest, gap = match["rest"], match["gap"].strip()
    if rest and not gap and (not re.match(r"[A-Z“\"‘'(]", rest) or re.search(r"[.,;]$", rest)):
        return None
    if rest and (len(rest) > 90 or rest.endswith((",", ";")) or re.search(r"[a-z][.!?] [A-Z]", rest)):
        return None
    kind = match["kind"].lower()
    number = _en_number(match["number"].lower())
    level = 0 if kind in ("part", "book", "volume", "vol.", "act") else 2 if kind in ("section", "scene") else 1
    return _plain(line).rstrip(" ").removesuffix("." if not rest else "\0"), f"{kind} {number}", level, bool(rest)


def _en_number(word: str) -> int | str | None:
    if word.isdigit():
        return int(word)
    word = word.removeprefix("the ")
    if word in _EN_WORDS:
        return _EN_WORDS.index(word) + 1
    if word in _EN_ORDINALS:
        return _EN_ORDINALS.index(word) + 1
    tens, _, ones = word.replace("-", " ").partition(" ")
    if tens in _EN_TENS:
        return _EN_TENS[tens] + (_EN_WORDS.index(ones) + 1 if ones else 0)
    return value(word)
