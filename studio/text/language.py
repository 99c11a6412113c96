"""Which language a stretch of text is in: each engine speaks some languages, and a text may mix them.

The script decides most of it (kana, hangul, Latin letters); Han characters are Chinese, Cantonese or Japanese by their
company. Languages of the Latin alphabet are not told apart: the caller knows, or it is English.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from studio.text.scan import without_marks

HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f"
HANGUL = "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3"
CJK_LANGUAGES = frozenset({"zh", "yue", "ja", "ko"})
CJK_LETTERS = 3.2  # one character takes as long as that many Latin letters
DETECT_CHARACTERS = 200_000  # as much as `detect` looks at

_CLASSES = re.compile(
    rf"(?P<han>[{HAN}]+)|(?P<kana>[{KANA}]+)|(?P<hangul>[{HANGUL}]+)|(?P<letter>[^\W\d_{HAN}{KANA}{HANGUL}]+)|(?P<rest>[\W\d_])"
)
_SENTENCES = re.compile(r"[^。！？!?\n；;]*[。！？!?\n；;]*")
_KANA_CHARACTER = re.compile(rf"[{KANA}]")
_HAN_CHARACTER = re.compile(rf"[{HAN}]")
_CJK = re.compile(rf"[{HAN}{KANA}{HANGUL}]")
_LETTERS = re.compile(rf"[^\W\d_{HAN}{KANA}{HANGUL}]")
_DIGIT = re.compile(r"[0-9０-９]")
_TRAILING_NUMBER = re.compile(r"(?<![0-9０-９.,:/%-])[0-9０-９][0-9０-９.,:/%-]*$")
_CANTONESE = re.compile("[嘅咗喺冇佢哋嗰嘢啲嚟噉冚攞嗌嘥喎嘞㗎唞瞓嬲諗谂搵揾]")
_CANTONESE_PERHAPS = re.compile("[唔咁睇畀俾冧啱掂哂乜咩]")
_CHINESE_ONLY = re.compile("[们們这這说說吗嗎呢你您她么麼没沒对吧谁给很让讓还过为啊]")
_SPEAKABLE = re.compile(r"[^\W_]|[$€£¥￥%&@+=<>©®™°×÷]")
_OPENING = "([{<“‘「『（［｛〈《【〔〖〝«¿¡#$￥¥€£@"


class Run(NamedTuple):
    """A stretch of text in one language."""

    text: str
    language: str


@dataclass(frozen=True)
class Weight:
    """How much there is to say."""

    cjk: int  # Han characters, kana, hangul syllables; a digit counts as one, for it is a word
    letters: int  # of alphabets

    @property
    def total(self) -> float:
        """In Latin letters."""
        return self.letters + CJK_LETTERS * self.cjk


def is_han(sign: str) -> bool:
    return _HAN_CHARACTER.match(sign) is not None


def is_kana(sign: str) -> bool:
    return _KANA_CHARACTER.match(sign) is not None


def base(language: str) -> str:
    """`zh-CN`, `cmn`, `ZH_tw` → `zh`; `zh-HK`, `yue-Hant` → `yue`; otherwise the first part in lower case."""
    parts = language.replace("_", "-").lower().split("-")
    if parts[0] in ("zh", "cmn", "yue"):
        return "yue" if parts[0] == "yue" or "hk" in parts[1:] else "zh"
    return parts[0]


def runs(text: str, default: str = "en") -> list[Run]:
    """`text` in stretches of one language; joined they are the text.

    `default` names the language of letters that do not show it. If it is Chinese, Cantonese or Japanese, it names that
    of Han characters without other evidence, and Latin letters are English. Punctuation, digits and spaces belong to a
    neighbour; a text of nothing else has the language `default`.
    """
    if not text:
        return []
    if not _CJK.search(text):
        return [Run(text, _of_alphabet(text, base(default)))]
    pieces = list(_lettered(text, base(default)))
    joined: list[Run] = []
    edges = [0, *(_border(text, a.end, b.start) for a, b in zip(pieces, pieces[1:], strict=False)), len(text)]
    start = 0
    for number, piece in enumerate(pieces):
        if number + 1 == len(pieces) or pieces[number + 1].language != piece.language:
            joined.append(Run(text[start : edges[number + 1]], piece.language))
            start = edges[number + 1]
    return joined


def detect(text: str, default: str = "en") -> str:
    """The language in which most of `text` is spoken; `default` when nothing in it shows one."""
    text, totals = text[:DETECT_CHARACTERS], dict[str, float]()
    if not _CJK.search(text):
        return _of_alphabet(text, base(default))
    for piece in _lettered(text, base(default)):
        cost = CJK_LETTERS if piece.language in CJK_LANGUAGES else 1.0
        totals[piece.language] = totals.get(piece.language, 0.0) + cost * (piece.end - piece.start)
    return max(totals, key=totals.__getitem__)


def weight(text: str) -> Weight:
    """How much of `text` is spoken; marks do not count."""
    text = without_marks(text)
    return Weight(len(_CJK.findall(text)) + len(_DIGIT.findall(text)), len(_LETTERS.findall(text)))


def estimate_seconds(text: str, pace: float) -> float:
    """About how long `text` takes to say at `pace` (Latin letters per second; a CJK character counts as 3.2)."""
    return weight(text).total / pace


class _Piece(NamedTuple):
    start: int
    end: int
    language: str


def _of_alphabet(text: str, default: str) -> str:
    """The language of a text without Chinese, Japanese or Korean characters."""
    return "en" if default in CJK_LANGUAGES and _LETTERS.search(text) else default


def _lettered(text: str, default: str) -> Iterator[_Piece]:
    """The stretches of letters with their languages; what lies between them is not named."""
    han = _language_of_han(text, default)
    alphabet = "en" if default in CJK_LANGUAGES else default
    for sentence in _SENTENCES.finditer(text):
        if sentence.end() > sentence.start():
            yield from _of_sentence(text, sentence.start(), sentence.end(), han, alphabet)


def _of_sentence(text: str, start: int, end: int, han: str, alphabet: str) -> Iterator[_Piece]:
    here = None
    for match in _CLASSES.finditer(text, start, end):
        kind = match.lastgroup
        if kind == "rest":
            continue
        if kind == "han":
            here = here or _han_in(text[start:end], han)
            language = here
        else:
            language = {"kana": "ja", "hangul": "ko"}.get(kind or "", alphabet)
        yield _Piece(match.start(), match.end(), language)


def _han_in(sentence: str, otherwise: str) -> str:
    """The language of the Han characters of one sentence."""
    if _is_cantonese(sentence):
        return "yue"
    if _KANA_CHARACTER.search(sentence):
        return "zh" if _CHINESE_ONLY.search(sentence) else "ja"
    if otherwise == "ja" and _CHINESE_ONLY.search(sentence):
        return "zh"
    return otherwise


def _is_cantonese(sentence: str) -> bool:
    return bool(_CANTONESE.search(sentence)) or len(_CANTONESE_PERHAPS.findall(sentence)) > 1


def _language_of_han(text: str, default: str) -> str:
    """What Han characters are in sentences without evidence: as the caller says, or as the sentences with evidence."""
    if default in CJK_LANGUAGES - {"ko"}:
        return default
    sample = text[:DETECT_CHARACTERS]
    kana, han = len(_KANA_CHARACTER.findall(sample)), len(_HAN_CHARACTER.findall(sample))
    if kana > 0.2 * han:
        return "ja"
    return "yue" if len(_CANTONESE.findall(sample)) > 0.03 * han else "zh"


def _border(text: str, start: int, end: int) -> int:
    """Where, between two letters, the first language ends: `text[start:end]` has no letters."""
    between = text[start:end]
    number = _TRAILING_NUMBER.search(between)
    if number and number.start():  # a number that touches only the letters after it goes with them
        return start + _before_opening(between, number.start())
    return start + (len(between) if number else _before_opening(between, len(between)))


def _before_opening(between: str, end: int) -> int:
    """The place before the opening brackets and quotes, and signs that lead to `end`."""
    while end and (between[end - 1] in _OPENING or between[end - 1] in "-+"):
        end -= 1
    return end


def speakable(text: str) -> bool:
    """Whether there is a letter, a character or a number in it, or a sign that engines name."""
    return bool(_SPEAKABLE.search(text))
