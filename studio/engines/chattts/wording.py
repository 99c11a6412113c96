"""The last mile of a text to ChatTTS: what its vocabulary and its training cannot read is replaced, and said.

The studio's own normalisation has been here: numbers and dates are words. ChatTTS was trained on letters, Chinese
characters, commas and full stops; a question mark becomes a full stop, as in its training. A Chinese character that the
tokenizer lacks becomes one that sounds the same.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cache

from studio.text.common_characters import COMMON_HAN
from studio.text.marks import MarkNote, Native, Node, Say, Sound, Text
from studio.words import Words

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_ENDS = {"！": "。", "？": "。", "!": ".", "?": ".", "…": "。", "；": "，", ";": ",", "：": "，", ":": ","}
_WIDE, _NARROW = "（）【】『』「」《》〈〉—～·", "()<>{}"
_PAUSES = str.maketrans({**_ENDS, **dict.fromkeys(_WIDE, "，"), **dict.fromkeys(_NARROW, ",")})
_SILENT = re.compile(r"[\"“”‘’'`*_~^|\\/#=+@&%$\[\]\-–]")  # without a sound; words were made of those that have one
_APOSTROPHE = re.compile(r"(?<=[A-Za-z])['’](?=[A-Za-z])")
_AGAIN = re.compile(r"([，。、,.])(?:\s*[，。、,.])+")
_PINYIN = re.compile(r"[a-zü]+[1-5]?")
HEARD = ("[laugh]", "[music]")
BREAKS = {"break": "[uv_break]", "laugh": "[laugh]"}

Reads = Callable[[str], bool]


def word(nodes: Iterable[Node], reads: Reads) -> tuple[list[Node], list[MarkNote]]:
    """The nodes of an utterance as ChatTTS reads them, and what had to be changed. `reads` knows its vocabulary."""
    made: list[Node] = []
    notes: list[MarkNote] = []
    for node in nodes:
        match node:
            case Text(text):
                made.append(Text(_text(text, reads, notes)))
            case Say(written, reading):
                made.append(Text(_said(written, reading, reads, notes)))
            case Native() | Sound():
                made.append(node)
            case _:
                pass  # spans were compiled away: ChatTTS honours none
    return made, notes


def spoken(nodes: Iterable[Node]) -> str:
    """The nodes as the model's prompt has them."""
    parts = []
    for node in nodes:
        match node:
            case Text(text):
                parts.append(text)
            case Sound(name):
                parts.append(BREAKS.get(name, ""))
            case Native(token):
                parts.append(token)
    return "".join(parts)


def says(nodes: Iterable[Node]) -> bool:
    """Whether there is anything to hear in what `word` made: a letter, or a laugh. Pauses alone are nothing, and the
    model would make up words for them."""
    return any(
        (isinstance(node, Text) and any(map(str.isalnum, node.text)))
        or (isinstance(node, Sound) and node.name == "laugh")
        or (isinstance(node, Native) and node.token in HEARD)
        for node in nodes
    )


def _text(text: str, reads: Reads, notes: list[MarkNote]) -> str:
    text = _APOSTROPHE.sub("", text).translate(_PAUSES)
    text = _SILENT.sub(" ", text)
    text = "".join(_character(character, reads, notes) for character in text)
    return re.sub(r"\s+", " ", _AGAIN.sub(r"\1", text))


def _character(character: str, reads: Reads, notes: list[MarkNote]) -> str:
    if character.isspace() or reads(character):
        return character
    if _HAN.match(character) and (other := homophone(character, reads)):
        notes.append(_note(character, other))
        return other
    notes.append(_note(character, ""))
    return ""


def _note(what: str, becomes: str) -> MarkNote:
    if becomes:
        words = Words(f"not in ChatTTS's vocabulary; read as {becomes}", f"ChatTTS 的词表里没有；读作 {becomes}")
        return MarkNote(what, "approximated", words, 0)
    words = Words("ChatTTS cannot read it; it is left out", "ChatTTS 不认识；已略去")
    return MarkNote(what, "ignored", words, 0)


def homophone(character: str, reads: Reads) -> str:
    """A common character with the same sound that the tokenizer knows; the tone may differ where none has it. Or ""."""
    by_tone, by_sound = _sounds()
    for reading in _readings(character):
        for found in (*by_tone.get(reading, ()), *by_sound.get(_toneless(reading), ())):
            if found != character and reads(found):
                return found
    return ""


def _said(written: str, reading: str, reads: Reads, notes: list[MarkNote]) -> str:
    """A word by its reading: pinyin in characters of that sound, anything else as it is spelled."""
    syllables = reading.lower().split()
    if not all(_PINYIN.fullmatch(syllable) for syllable in syllables) or not _HAN.search(written):
        return _text(reading, reads, notes)
    by_tone, by_sound = _sounds()
    made = []
    for syllable in syllables:
        options = (*by_tone.get(_marked(syllable), ()), *by_sound.get(syllable.rstrip("12345"), ()))
        found = next((one for one in options if reads(one)), "")
        if not found:
            notes.append(_note(f"{written} → {syllable}", ""))
        made.append(found)
    return "".join(made)


def _readings(character: str) -> list[str]:
    from pypinyin import Style, pinyin

    return [reading for reading in pinyin(character, style=Style.TONE3, heteronym=True)[0] if reading != character]


def _toneless(reading: str) -> str:
    return reading.rstrip("12345")


def _marked(syllable: str) -> str:
    """A syllable with its tone as the table has it: the neutral one bears no number."""
    return syllable.rstrip("5")


@cache
def _sounds() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Characters by syllable with tone and without, everyday ones first. Half a second, once, and only when needed."""
    from pypinyin import Style, pinyin
    from pypinyin.pinyin_dict import pinyin_dict

    by_tone: dict[str, list[str]] = defaultdict(list)
    by_sound: dict[str, list[str]] = defaultdict(list)
    everyday = sorted(COMMON_HAN, key=ord)
    others = [chr(code) for code in sorted(pinyin_dict) if 0x4E00 <= code < 0xA000 and chr(code) not in COMMON_HAN]
    for character in (*everyday, *others):
        reading = pinyin(character, style=Style.TONE3)[0][0]
        by_tone[reading].append(character)
        by_sound[_toneless(reading)].append(character)
    return dict(by_tone), dict(by_sound)
