"""The published way from a text to the pieces that are spoken one by one, where no normaliser is installed.

The studio has its own normalisation and splitting, which come first and leave little to do here. This is kept as it is
published (but for what raised errors there), so that a text given to either is cut at the same places.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

ENDS_HAN = "。？！；：、.?!;"
ENDS = ".?!;:"
QUOTES = '"”'

SCALES = (
    "",
    " thousand",
    " million",
    " billion",
    " trillion",
    " quadrillion",
    " quintillion",
    " sextillion",
    " septillion",
    " octillion",
)

Tokens = Callable[[str], int]  # how many tokens a text has


@dataclass(frozen=True)
class Cut:
    """Where a text is cut."""

    longest: int = 80  # characters of Chinese, else tokens
    shortest: int = 60  # before a cut
    left: int = 20  # a shorter tail joins what is before it
    commas: bool = False


def segments(text: str, tokens: Tokens) -> list[str]:
    """The pieces of a text. One that holds a tag (`<|…|>`) stays whole."""
    if not text or ("<|" in text and "|>" in text):
        return [text]
    text = normalised(text)
    han = contains_han(text)
    pieces = split(text, han, tokens) if text else []
    return [piece for piece in pieces if not only_punctuation(piece)]


def normalised(text: str) -> str:
    """What is replaced before a text is cut."""
    text = text.strip()
    if not contains_han(text):
        return spelled(text)
    text = without_blanks(text.replace("\n", ""))
    text = text.replace("²", "平方").replace("³", "立方").replace(".", "。").replace(" - ", "，")
    for bracket in "（）【】`":
        text = text.replace(bracket, "")
    text = text.replace("——", " ")
    end = text.rstrip("，,、")
    return text if end == text else end + "。"


def contains_han(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


def without_blanks(text: str) -> str:
    """Blanks stay between ASCII characters that are no blanks."""
    kept = []
    for at, character in enumerate(text):
        if character == " ":
            around = text[at - 1] + text[at + 1 : at + 2]  # the first looks at the last, as published
            if len(around) < 2 or not around.isascii() or " " in around:
                continue
        kept.append(character)
    return "".join(kept)


def spelled(text: str) -> str:
    """Runs of digits as English words."""
    made, run = [], ""
    for character in f"{text}\0":
        if character.isdigit():
            run += character
            continue
        if run:
            made.append(_number(run))
            run = ""
        made.append(character)
    return "".join(made)[:-1]


def _number(digits: str) -> str:
    """As the published normaliser writes numbers: “two thousand, three hundred and forty-five”."""
    from studio.text.numbers_en import cardinal

    number = int("".join(str(unicodedata.decimal(one)) for one in digits if one.isdecimal()) or "0")
    groups: list[str] = []
    for scale in SCALES:
        number, group = divmod(number, 1000)
        if group:
            hundreds, rest = divmod(group, 100)
            parts = [f"{cardinal(hundreds)} hundred"] if hundreds else []
            parts += [cardinal(rest).replace(" ", "-")] if rest else []
            alone = not hundreds and not scale and bool(number)  # “one thousand and one”
            groups.insert(0, ("and " if alone else "") + " and ".join(parts) + scale)
    whole = ", ".join(groups) or "zero"
    return whole.replace(", and ", " and ")


def split(text: str, han: bool, tokens: Tokens, cut: Cut = Cut()) -> list[str]:
    """At the ends of sentences, then joined to pieces of even length."""
    if not text:
        return []
    ends, size = (ENDS_HAN, len) if han else (ENDS, tokens)
    ends += "，," if cut.commas else ""
    if text[-1] not in ends:
        text += "。" if han else "."
    sentences, start = [], 0
    for at, character in enumerate(text):
        if character not in ends:
            continue
        if at > start:
            sentences.append(text[start : at + 1])
        start = at + 1
        if text[at + 1 : at + 2] and text[at + 1] in QUOTES and sentences:
            sentences[-1] += text[at + 1]
            start = at + 2
    pieces, piece = [], ""
    for sentence in sentences:
        if size(piece + sentence) > cut.longest and size(piece) > cut.shortest:
            pieces.append(piece)
            piece = ""
        piece += sentence
    if piece:
        if size(piece) < cut.left and pieces:
            pieces[-1] += piece
        else:
            pieces.append(piece)
    return pieces


def only_punctuation(text: str) -> bool:
    """Nothing that could be said: punctuation and symbols."""
    return all(unicodedata.category(character)[0] in "PS" for character in text)
