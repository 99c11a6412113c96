"""How many syllables a text has, to tell how quickly it is said. Counted, not looked up: some are missed."""

import re

from studio.text.language import HAN, HANGUL, KANA
from studio.text.scan import without_marks

_WHOLE = re.compile(rf"[{HAN}{HANGUL}{KANA}]")
_JOINED = frozenset("ゃゅょャュョぁぃぅぇぉァィゥェォー")  # part of the syllable before
_WORD = re.compile(rf"[^\W\d_{HAN}{HANGUL}{KANA}]+")
_VOWELS = re.compile(r"[aeiouyàáâãäåæèéêëìíîïòóôõöøùúûüýœāēīōūǎěǐǒǔ]+")
_SILENT = re.compile(r"(?<=[^aeiouylr])e$|(?<=[^aeiouytd])ed$|(?<=[^aeiouylrscxz])es$")
_DIGIT = re.compile(r"\d")


def syllables(text: str) -> int:
    """Characters of Chinese, Japanese and Korean, groups of vowels elsewhere; a digit counts as one. Marks do not."""
    said = without_marks(text)
    whole = sum(sign not in _JOINED for sign in _WHOLE.findall(said))
    return whole + sum(map(_of_word, _WORD.findall(said.lower()))) + len(_DIGIT.findall(said))


def _of_word(word: str) -> int:
    return max(1, len(_VOWELS.findall(_SILENT.sub("", word))))
