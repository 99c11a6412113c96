"""What was heard against what should have been said: the error rate, and where the two differ.

Both sides are made alike first: numbers in words, case, width and punctuation away. Words are compared, and in Chinese
and Japanese characters; Chinese characters of one sound count as the same, for a recogniser cannot hear which was meant
(and simplified and traditional writing agree).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from studio.text.joining import joined
from studio.text.language import HAN, KANA, base
from studio.text.normalise import normalise
from studio.text.scan import without_marks

Kind = Literal["same", "wrong", "missing", "added"]
BY_CHARACTER = frozenset({"zh", "yue", "ja"})
TOKEN = re.compile(rf"[{HAN}{KANA}]|(?:[^\W_{HAN}{KANA}]|['’](?=\w))+")
SHORTEST = 3  # words or characters from which on a stretch is known again
READ_ALOUD = (  # control tokens of the engines as they sound when one is spoken instead of obeyed
    "uv break",
    "u v break",
    "v break",
    "lbreak",
    "l break",
    "e break",
    "laugh zero",
    "laugh one",
    "laugh two",
    "oral zero",
    "oral two",
    "break zero",
    "break six",
    "speed five",
    "spk emb",
    "end of prompt",
    "endofprompt",
    "laughter laughter",
)


@dataclass(frozen=True)
class Edit:
    """A stretch on both sides; one of them is empty where something is missing or added."""

    kind: Kind
    said: str  # what should have been said
    heard: str


@dataclass(frozen=True)
class Comparison:
    """How two texts differ."""

    rate: float  # errors (wrong + missing + added) by what should have been said; may exceed 1
    unit: Literal["word", "character"]
    length: int  # units that should have been said
    edits: tuple[Edit, ...]
    read_aloud: tuple[str, ...]  # control tokens that were spoken

    def to_json(self) -> dict[str, object]:
        return {
            "rate": round(self.rate, 4),
            "unit": self.unit,
            "length": self.length,
            "edits": [[edit.kind, edit.said, edit.heard] for edit in self.edits],
            "read_aloud": list(self.read_aloud),
        }


def compare(said: str, heard: str, language: str) -> Comparison:
    """`said` is what should have been said (marks in it are not), in `language` (BCP 47)."""
    from rapidfuzz.distance import Levenshtein

    of = base(language)
    ours, theirs = tokens(without_marks(said), of), tokens(heard, of)
    keys = _keys(ours, of), _keys(theirs, of)
    edits, errors = [], 0
    names: dict[str, Kind] = {"equal": "same", "replace": "wrong", "delete": "missing", "insert": "added"}
    for code in Levenshtein.opcodes(*keys):
        left, right = ours[code.src_start : code.src_end], theirs[code.dest_start : code.dest_end]
        edits.append(Edit(names[code.tag], joined(left), joined(right)))
        errors += max(len(left), len(right)) if code.tag != "equal" else 0
    return Comparison(
        errors / len(ours) if ours else float(bool(theirs)),
        "character" if of in BY_CHARACTER else "word",
        len(ours),
        tuple(edits),
        _read_aloud(" ".join(ours), " ".join(theirs)),
    )


Besides = Literal["", "twice", "before"]


def besides(said: str, heard: str, language: str, before: str = "", limit: float = 0.35) -> Besides:
    """What was said besides the text, if something was: all of it once more, or the end of what stood `before` it.

    `before` is said in the clip that a voice was cloned from: a model that goes on from it may begin with its words.
    Each way that it may have come about is compared with what was heard, with as many errors as a recogniser makes
    (`limit`); one is believed where it explains half of what is too much.
    """
    from rapidfuzz.distance import Levenshtein

    of = base(language)
    ours, theirs, clip = (_keys(tokens(without_marks(text), of), of) for text in (said, heard, before))
    if len(ours) < SHORTEST or ours[: len(ours) // 2] * 2 == ours:  # “no, no” is like itself said once more
        return ""
    found: Besides = ""
    plain, best = Levenshtein.distance(ours, theirs), 0.0
    ways: list[tuple[Besides, list[str]]] = [("twice", ours)]
    ways += [("before", clip[at:]) for at in range(len(clip) - SHORTEST + 1) if clip[at:] != ours]
    for name, more in ways:
        errors = Levenshtein.distance(more + ours, theirs)
        explained = plain - errors
        if errors <= limit * len(more + ours) and explained > max(best, len(more) / 2):
            found, best = name, explained
    return found


def tokens(text: str, language: str) -> list[str]:
    """The words, Chinese and Japanese characters of a text as it is said, without punctuation, in small letters."""
    spoken, _ = normalise(text, language=language)
    plain = unicodedata.normalize("NFKC", spoken).casefold().replace("’", "'")
    return TOKEN.findall(plain)


def _keys(found: Sequence[str], language: str) -> list[str]:
    """What is compared: the sound of Chinese characters, everything else as it is written."""
    return [_sound(token) for token in found] if language == "zh" else list(found)


@lru_cache(maxsize=4096)
def _sound(token: str) -> str:
    if len(token) != 1 or not re.match(f"[{HAN}]", token):
        return token
    from pypinyin import Style, lazy_pinyin

    return str(lazy_pinyin(token, style=Style.TONE3, neutral_tone_with_five=True)[0])


def _read_aloud(said: str, heard: str) -> tuple[str, ...]:
    return tuple(token for token in READ_ALOUD if f" {token} " in f" {heard} " and f" {token} " not in f" {said} ")
