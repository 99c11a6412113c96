"""Roman numerals: Chapter IV, Henry VIII, 第III章, Ⅻ. And the pronoun I, which is none."""

import re

_VALID = re.compile(r"M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})")
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
_ROMAN = "[IVXLCDM]+"
_SINGLE = {chr(0x2160 + n): n + 1 for n in range(12)} | {chr(0x2170 + n): n + 1 for n in range(12)}

_PARTS = (
    "Chapter|Part|Book|Volume|Vol\\.|Act|Scene|Section|Article|Appendix|Canto|Letter|Stave|Lesson|Unit|Phase|Type|Class|"
    "Level|Stage|Figure|Table|Title|Amendment|Psalm|Symphony No\\.|CHAPTER|PART|BOOK|VOLUME|ACT|SCENE|SECTION|ARTICLE|"
    "APPENDIX|CANTO|LETTER|STAVE|chapter|part|book|volume|act|scene|section|article|canto"
)
_RULERS = (
    "Henry|Louis|Charles|George|Edward|James|William|Elizabeth|Mary|Philip|Frederick|Catherine|Nicholas|Alexander|Peter|"
    "Ivan|Francis|Ferdinand|Richard|Napoleon|Leopold|Gustav|Christian|Haakon|Harald|Carl|Otto|Wilhelm|Franz|Joseph|Pius|"
    "Leo|Gregory|Clement|Innocent|Benedict|Urban|Paul|John Paul|Ramses|Rameses|Ptolemy|Cleopatra|Darius|Xerxes|"
    "Constantine|Theodosius|Justinian|Mehmed|Selim|Murad|Juan Carlos|Pedro|Alfonso|Victor Emmanuel|Umberto|Robert|David"
)
_AFTER_PART = re.compile(rf"\b({_PARTS})( )({_ROMAN})(?=\b)(?!['’])")
_RULER = re.compile(
    rf"\b((?:King|Queen|Pope|Emperor|Empress|Tsar|Czar|Kaiser|Prince|Saint) [A-Z]\w+|{_RULERS}) ({_ROMAN})\b(?!\.\w)"
)
_STANDING = re.compile(r"\b(?P<age>[IVX]{2,})(?= [Cc]entury\b)|(?<=[a-z] )[IVX]{2,}\b(?!\.?[A-Z])")
_CHINESE = re.compile(
    rf"第 ?({_ROMAN})(?= ?[章节回卷部篇集册编届代期世次])"
    rf"|(?<=[\u4e00-\u9fff])([IVX]{{2,}})(?![A-Za-z])|(?<=[\u4e00-\u9fff])({_ROMAN})(?=世)"
)
_UNICODE = re.compile("[\u2160-\u216b\u2170-\u217b]")
_PLACEHOLDERS = frozenset({"XX", "XXX", "VI", "XI"})  # XX公司, VI设计


def value(numeral: str) -> int | None:
    """`XIV` → 14; None when it is no numeral (`IIII`, `MIX` is one: 1009)."""
    if not numeral or not _VALID.fullmatch(numeral.upper()):
        return None
    numbers = [_VALUES[letter] for letter in numeral.upper()]
    following = [*numbers[1:], 0]
    return sum(-number if number < after else number for number, after in zip(numbers, following, strict=True))


def roman_to_arabic(text: str, language: str) -> str:
    """`text` with its Roman numerals in digits (`Henry VIII` → “Henry the 8th”); `zh` and `en` know their contexts."""
    text = _UNICODE.sub(lambda match: str(_SINGLE[match[0]]), text)
    if not re.search("[IVXLCDM]", text):
        return text
    if language in ("zh", "yue"):
        return _CHINESE.sub(_chinese, text)
    if language != "en":
        return text
    text = _AFTER_PART.sub(_part, text)
    text = _RULER.sub(_ruler, text)
    return _STANDING.sub(_standing, text)


def _part(match: re.Match[str]) -> str:
    number = value(match[3])
    if number is None or (match[3] == "I" and _pronoun(match)):
        return match[0]
    return f"{match[1]} {number}"


def _pronoun(match: re.Match[str]) -> bool:
    """“In this part I sing”: the word is small and a small word goes on."""
    return match[1][0].islower() and bool(re.match(r" [a-z]", match.string[match.end() :]))


def _ruler(match: re.Match[str]) -> str:
    number = value(match[2])
    titled = " " in match[1]
    if number is None or number > 30 or (match[2] == "I" and not titled) or match[2] in ("C", "D", "L", "M"):
        return match[0]
    return f"{match[1]} the {number}{_suffix(number)}"


def _suffix(number: int) -> str:
    return "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def _standing(match: re.Match[str]) -> str:
    number = value(match[0])
    if number is None:
        return match[0]
    if match["age"]:
        return f"{number}{_suffix(number)}"
    before = match.string[: match.start()].rstrip().rpartition(" ")[2]
    return str(number) if before[:1].isupper() else match[0]


def _chinese(match: re.Match[str]) -> str:
    numeral = match[1] or match[2] or match[3]
    number = value(numeral)
    if number is None or (match[2] and not match[1] and numeral in _PLACEHOLDERS):
        return match[0]
    return f"第{number}" if match[1] else str(number)
