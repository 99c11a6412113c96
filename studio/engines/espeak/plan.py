"""From a recipe's text to what the worker says: languages told apart, marks turned into SSML, characters remembered.

Every stretch of one language becomes one part, spoken by that language's own rules with the same timbre. Inside a
part, speed, emphasis and emotion are SSML, so that a sentence keeps its melody. Each character of the SSML knows which
character of the visible text it stands for; that is how word times find their words.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from studio.engines.espeak.languages import Language, language_for
from studio.engines.espeak.readings import ipa, pinyin
from studio.errors import BadRequest
from studio.text.language import base, runs
from studio.text.marks import Close, Node, Open, Pause, Say, Sound, Text, parse

BREAK_MS = 250  # of [break]
TONAL = frozenset({"zh", "yue", "hak", "vi", "th", "my", "shn"})
# The volume that the library gives to strong emphasis whatever the voice's is, and how loud we want it beside it;
# outside tonal languages the library makes stressed syllables louder on top of that.
EMPHASIS, EMPHASIS_TONAL = (120, 0.85), (135, 1.28)
LONGEST_BREAK = 60_000


@dataclass(frozen=True)
class Manner:
    """How a stretch is spoken, relative to the voice and the controls around it."""

    speed: float = 1.0
    pitch: int = 100  # % of the voice's
    span: int = 100  # % of its intonation
    loudness: int = 100  # %
    strong: bool = False
    whisper: bool = False


EMOTIONS: dict[str, Manner] = {
    "happy": Manner(1.06, 114, 145, 108),
    "sad": Manner(0.86, 90, 60, 85),
    "angry": Manner(1.08, 106, 140, 125),
    "calm": Manner(0.94, 97, 80, 95),
    "fearful": Manner(1.12, 120, 75, 88),
    "surprised": Manner(1.02, 122, 175, 108),
    "disgusted": Manner(0.9, 92, 120, 104),
    "excited": Manner(1.15, 118, 165, 116),
    "neutral": Manner(),
    "gentle": Manner(0.92, 103, 85, 82),
    "serious": Manner(0.95, 93, 80, 106),
    "whisper": Manner(0.95, 100, 90, 100, whisper=True),
}


@dataclass(frozen=True)
class Stretch:
    """Visible text of one manner, or silence."""

    text: str
    manner: Manner
    spoken: str = ""  # what is said instead, as SSML; "" says the text
    language: str = ""  # base language that the reading needs; "" follows the text
    pause_ms: int = 0  # exact silence instead of text
    rest_ms: int = 0  # a break in the reading, before what follows


@dataclass(frozen=True)
class Passage:
    """One part for the worker, or exact silence."""

    language: Language
    whisper: bool
    ssml: str
    text: str  # visible
    places: Sequence[int]  # for each character of `ssml` the index in `text`; one more at the end
    ends_clause: bool  # the text ends with punctuation, so a pause belongs after it
    pause_ms: int = 0


@dataclass(frozen=True)
class Around:
    """The voice and controls that a manner is relative to."""

    speed: float = 1.0
    volume: int = 65  # as the library counts it

    def rate_percent(self, factor: float) -> int:
        """`factor` times the speed, as a percentage of the library's rate."""
        return max(1, round(100 * words_per_minute(self.speed * factor) / words_per_minute(self.speed)))

    def emphasis_percent(self, tonal: bool) -> int:
        """What brings the library's emphasis, which is nearly as loud as it can be, back to the voice's own level."""
        library, wanted = EMPHASIS_TONAL if tonal else EMPHASIS
        return max(1, round(100 * self.volume * wanted / library))


# Measured over English and Mandarin text: what the library takes for words per minute, and how much faster than at 175.
_WORDS_PER_MINUTE = (80, 90, 100, 110, 120, 135, 150, 165, 175, 190, 205, 220, 250, 280, 310, 340, 370, 400, 430, 445)
_FACTORS = (
    0.46,
    0.49,
    0.55,
    0.607,
    0.663,
    0.755,
    0.84,
    0.933,
    1.0,
    1.09,
    1.19,
    1.285,
    1.47,
    1.69,
    1.88,
    2.08,
    2.25,
    2.45,
    2.6,
    2.7,
)


def words_per_minute(factor: float) -> int:
    """The library's rate for a speed; it can do 0.46 to 2.7 (above, its word times would be wrong)."""
    return round(float(np.interp(factor, _FACTORS, _WORDS_PER_MINUTE)))


_SPECIAL = re.compile(r"[&<>\"]|(?<=\[)\[")  # in SSML; two brackets would begin phoneme names
_CLAUSE_END = re.compile(r"[.,;:!?…。，、；：！？—\n][\"'”’」』）)\]》\s]*$")
_NOT_TEXT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff\ue000-\uf8ff"
    "\U000f0000-\U0010ffff]"
)
_SCRIPTS = {  # letters that show a language which `runs` does not tell apart, and the languages that are written so
    "ru": (re.compile("[\u0400-\u052f]"), "ru uk be bg sr mk kk ky tt ba cv tk az uz nog"),
    "el": (re.compile("[\u0370-\u03ff\u1f00-\u1fff]"), "el grc"),
    "he": (re.compile("[\u0590-\u05ff]"), "he"),
    "ar": (re.compile("[\u0600-\u06ff]"), "ar fa ur ug sd ku"),
    "hi": (re.compile("[\u0900-\u097f]"), "hi mr ne kok"),
    "bn": (re.compile("[\u0980-\u09ff]"), "bn as bpy"),
    "pa": (re.compile("[\u0a00-\u0a7f]"), "pa"),
    "gu": (re.compile("[\u0a80-\u0aff]"), "gu"),
    "ta": (re.compile("[\u0b80-\u0bff]"), "ta"),
    "te": (re.compile("[\u0c00-\u0c7f]"), "te"),
    "kn": (re.compile("[\u0c80-\u0cff]"), "kn"),
    "ml": (re.compile("[\u0d00-\u0d7f]"), "ml"),
    "th": (re.compile("[\u0e00-\u0e7f]"), "th"),
    "hy": (re.compile("[\u0530-\u058f]"), "hy hyw"),
    "ka": (re.compile("[\u10a0-\u10ff]"), "ka"),
    "am": (re.compile("[\u1200-\u137f]"), "am ti"),
}
_WORD = re.compile(r"[^\W\d_]+")


def plan(text: str, language: str, accent: Language | None, around: Around) -> list[Passage]:
    """The passages of a recipe's text, in order. `BadRequest` if nothing here speaks `language`."""
    if language_for(language) is None:
        raise BadRequest(
            f"language “{language}”: eSpeak NG has no such language; `voices` lists them, such as en, zh, fr-CH",
            f"语言“{language}”：eSpeak NG 没有这种语言；可用的语言见音色列表，例如 en、zh、fr-CH",
            where="language",
        )
    stretches = list(_stretches(parse(_clean(text))))
    passages = _passages(_cut(stretches, language), language, accent, around)
    return [passage for passage in passages if passage.pause_ms or passage.ssml.strip()]


def _clean(text: str) -> str:
    """Without control characters, invisible directions and private characters, which the library takes for commands."""
    return _NOT_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def _stretches(nodes: Iterable[Node]) -> Iterator[Stretch]:
    manners = [Manner()]
    for node in nodes:
        match node:
            case Text(words):
                yield Stretch(words, manners[-1])
            case Say(written, reading):
                yield _reading(written, reading, manners[-1])
            case Pause(ms):
                yield Stretch("", manners[-1], pause_ms=min(ms, LONGEST_BREAK))
            case Sound("break"):
                yield Stretch("", manners[-1], rest_ms=BREAK_MS)
            case Open(name, value):
                manners.append(_inside(manners[-1], name, value))
            case Close():
                manners.pop()
            case _:  # laugh, breath, unknown marks: declared as ignored, never spoken
                continue


def _inside(outer: Manner, name: str, value: str) -> Manner:
    if name == "speed":
        return replace(outer, speed=outer.speed * float(value))
    if name == "strong":
        return replace(outer, strong=True)
    new = EMOTIONS[value]
    return replace(new, speed=outer.speed * new.speed, strong=outer.strong)


def _reading(written: str, reading: str, manner: Manner) -> Stretch:
    if (syllables := pinyin(reading)) is not None:
        return Stretch(written, manner, _escaped(f" {syllables} "), "zh")
    if (phonemes := ipa(reading)) is not None:
        return Stretch(written, manner, f" [[{phonemes}]] ", "en")
    return Stretch(written, manner, f" {_escaped(reading)} ")


@dataclass(frozen=True)
class _Piece:
    """A stretch within one language."""

    stretch: Stretch
    language: str


def _cut(stretches: Sequence[Stretch], language: str) -> Iterator[_Piece]:
    """The stretches cut where the language changes, seen over the whole text."""
    borders = list(_languages("".join(stretch.text for stretch in stretches), language))
    at = number = 0
    for stretch in stretches:
        end = at + len(stretch.text)
        here = borders[number][1] if borders else base(language)
        if not stretch.text or stretch.spoken:
            yield _Piece(stretch, stretch.language or here)
        while at < end:
            while borders[number][0] <= at:
                number += 1
            upto = min(end, borders[number][0])
            if not stretch.spoken:
                text = stretch.text[len(stretch.text) - (end - at) : len(stretch.text) - (end - upto)]
                yield _Piece(replace(stretch, text=text), borders[number][1])
            at = upto


def _languages(text: str, language: str) -> Iterator[tuple[int, str]]:
    """End and language of each run."""
    at = 0
    for run in runs(text, language):
        cuts = list(_scripts(run.text, run.language))
        for end, found in cuts:
            yield at + end, found
        at += len(run.text)


def _scripts(text: str, language: str) -> Iterator[tuple[int, str]]:
    """`text` cut where its letters belong to another alphabet than that of `language`."""
    if text.isascii() or language in ("zh", "yue", "ja", "ko"):
        yield len(text), language
        return
    start, current = 0, ""
    for word in _WORD.finditer(text):
        found = _of_script(word[0][0], language)
        if current and found != current:
            yield word.start(), current
            start = word.start()
        current = found
    if start < len(text):
        yield len(text), current or language


@lru_cache(4096)  # a book has few letters
def _of_script(letter: str, language: str) -> str:
    for name, (letters, users) in _SCRIPTS.items():
        if letters.match(letter):
            return language if language in users.split() else name
    return language if not any(language in users.split() for _, users in _SCRIPTS.values()) else "en"


def _passages(pieces: Iterable[_Piece], language: str, accent: Language | None, around: Around) -> Iterator[Passage]:
    """Neighbours of one language and voice joined into passages."""
    together: list[_Piece] = []
    for piece in pieces:
        if together and (
            piece.stretch.pause_ms
            or piece.language != together[-1].language
            or piece.stretch.manner.whisper != together[-1].stretch.manner.whisper
        ):
            yield _passage(together, language, accent, around)
            together = []
        if piece.stretch.pause_ms:
            yield _silence(piece, language, accent)
        else:
            together.append(piece)
    if together:
        yield _passage(together, language, accent, around)


def _silence(piece: _Piece, language: str, accent: Language | None) -> Passage:
    return Passage(_voice(piece.language, language, accent), False, "", "", (), False, piece.stretch.pause_ms)


def _passage(pieces: Sequence[_Piece], language: str, accent: Language | None, around: Around) -> Passage:
    voice = _voice(pieces[0].language, language, accent)
    writer = _Writer(voice.base in TONAL)
    for piece in pieces:
        writer.add(piece.stretch, around)
    text = "".join(writer.visible)
    return Passage(
        voice,
        pieces[0].stretch.manner.whisper,
        "".join(writer.ssml),
        text,
        [*writer.places, len(text)],
        bool(_CLAUSE_END.search(text)),
    )


def _voice(run: str, language: str, accent: Language | None) -> Language:
    """Who reads a run: the voice's accent, else the recipe's own language, else the plain one of that language."""
    if accent is not None and base(accent.tag) == run:
        return accent
    asked = language_for(language)
    if asked is not None and base(asked.tag) == run:
        return asked
    found = language_for(run)
    assert found is not None, run  # `runs` names only the recipe's language, those of CJK and English
    return found


class _Writer:
    """SSML, and for each of its characters the place in the visible text."""

    def __init__(self, tonal: bool) -> None:
        self._tonal = tonal
        self.ssml: list[str] = []
        self.visible: list[str] = []
        self.places: list[int] = []
        self._length = 0

    def add(self, stretch: Stretch, around: Around) -> None:
        before, after = _tags(stretch.manner, around, self._tonal)
        if stretch.rest_ms:
            self._tag(f'<break time="{stretch.rest_ms}ms"/>')
        if not stretch.text:
            return
        self._tag(before)
        if stretch.spoken:
            self._tag(stretch.spoken)
        else:
            start = 0
            for found in _SPECIAL.finditer(stretch.text):
                self._plain(stretch.text, start, found.start())
                self._put(" [" if found[0] == "[" else _escaped(found[0]), found.start())
                start = found.end()
            self._plain(stretch.text, start, len(stretch.text))
        self.visible.append(stretch.text)
        self._length += len(stretch.text)
        self._tag(after)

    def _plain(self, text: str, start: int, end: int) -> None:
        self.ssml.append(text[start:end])
        self.places += range(self._length + start, self._length + end)

    def _put(self, written: str, at: int) -> None:
        self.ssml.append(written)
        self.places += [self._length + at] * len(written)

    def _tag(self, written: str) -> None:
        self._put(written, 0)


def _tags(manner: Manner, around: Around, tonal: bool) -> tuple[str, str]:
    """The SSML around a stretch of that manner; in tonal languages emphasis is a wider melody."""
    loudness = manner.loudness
    if manner.strong:
        loudness = max(1, loudness * around.emphasis_percent(tonal) // 100)
    percents = {
        "rate": around.rate_percent(manner.speed),
        "pitch": manner.pitch,
        "range": manner.span,
        "volume": loudness,
    }
    wanted = [f'{name}="{value}%"' for name, value in percents.items() if value != 100]
    before, after = ('<emphasis level="strong">', "</emphasis>") if manner.strong else ("", "")
    if wanted:
        before, after = f"{before}<prosody {' '.join(wanted)}>", f"</prosody>{after}"
    return before, after


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
