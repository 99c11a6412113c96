"""What a recogniser is: a declaration (`RecogniserSpec`) and something that listens (`Recogniser`).

It is given pieces of speech of at most half a minute and says for each what was heard. Everything longer (files of
hours, finding the speech in them, streaming, stopping) is done once for all recognisers, in `listening.py`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from studio.audio.clip import Samples
from studio.control import Control
from studio.errors import BadRequest
from studio.stop import Stop
from studio.text.joining import joined
from studio.words import Words

RATE = 16_000  # of the samples that a recogniser is given
AUTO = "auto"  # the language is to be found out
Scores = tuple[tuple[str, float], ...]  # labels with their probabilities, the likeliest first; they add up to 1


@dataclass(frozen=True)
class Word:
    """A word, a Chinese or Japanese character, or a sign of punctuation, with when it was heard."""

    text: str
    start: float  # seconds from the start of the recording
    end: float
    confidence: float  # 0..1
    glued: bool = False  # to the word before it: no space between them


@dataclass(frozen=True)
class Segment:
    """One stretch of speech."""

    start: float  # seconds from the start of the recording
    end: float
    text: str
    language: str  # BCP 47; "" where nothing was said
    languages: Scores = ()
    emotion: str = ""  # "" where the recogniser does not tell
    emotions: Scores = ()
    event: str = ""  # what else is heard: speech, music, applause …
    events: Scores = ()
    words: tuple[Word, ...] = ()

    @property
    def confidence(self) -> float:
        """0..1: the mean over the words; 0 without any."""
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else 0.0

    def moved(self, seconds: float) -> "Segment":
        """The same, so much later."""
        words = tuple(replace(w, start=w.start + seconds, end=w.end + seconds) for w in self.words)
        return replace(self, start=self.start + seconds, end=self.end + seconds, words=words)

    def to_json(self) -> dict[str, Any]:
        """Plain data; times in seconds to the millisecond, probabilities to four digits."""
        return {
            "start": round(self.start, 3),
            "end": round(self.end, 3),
            "text": self.text,
            "language": self.language,
            "languages": _plain(self.languages),
            "emotion": self.emotion,
            "emotions": _plain(self.emotions),
            "event": self.event,
            "events": _plain(self.events),
            "confidence": round(self.confidence, 4),
            "words": [
                {
                    "text": word.text,
                    "start": round(word.start, 3),
                    "end": round(word.end, 3),
                    "confidence": round(word.confidence, 4),
                    "glued": word.glued,
                }
                for word in self.words
            ],
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Segment":
        """The inverse of `to_json`, to its precision."""
        given = {key: value for key, value in plain.items() if key != "confidence"}
        for key in ("languages", "emotions", "events"):
            given[key] = tuple(plain[key].items())
        given["words"] = tuple(Word(**word) for word in plain["words"])
        return cls(**given)


@dataclass(frozen=True)
class Transcript:
    """All that was heard in a recording."""

    source: str  # name of the file
    seconds: float
    recogniser: str
    version: str
    segments: tuple[Segment, ...]

    @property
    def text(self) -> str:
        return joined(segment.text for segment in self.segments)

    @property
    def language(self) -> str:
        """The one in which most was said; "" where nothing was."""
        spoken: dict[str, float] = {}
        for one in self.segments:
            if one.language:
                spoken[one.language] = spoken.get(one.language, 0.0) + one.end - one.start
        return max(spoken, key=lambda language: spoken[language], default="")

    @property
    def emotions(self) -> Scores:
        """The probabilities over the whole, each segment by its length, the likeliest first."""
        return _mean((segment.emotions, segment.end - segment.start) for segment in self.segments)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "source": self.source,
            "seconds": round(self.seconds, 3),
            "recogniser": self.recogniser,
            "version": self.version,
            "language": self.language,
            "emotions": _plain(self.emotions),
            "text": self.text,
            "segments": [segment.to_json() for segment in self.segments],
        }


@dataclass(frozen=True)
class Listening:
    """How to listen."""

    language: str = AUTO
    written: bool = True  # numbers, dates and punctuation as people write them (inverse text normalisation)
    certain: bool = False  # an emotion is always named, even where none stands out


@dataclass(frozen=True)
class RecogniserSpec:
    """A recogniser's declaration."""

    id: str
    title: Words
    about: Words
    version: str  # of code and weights: transcripts of another version are not the same
    languages: tuple[str, ...]  # BCP 47; `auto` is always understood besides
    longest: float  # seconds at a time
    emotions: tuple[tuple[str, Words], ...] = ()
    events: tuple[tuple[str, Words], ...] = ()
    code_licence: str = ""
    weights_licence: str = ""
    weights: tuple[str, ...] = ()  # ids in the catalogue of models
    homepage: str = ""
    settings: tuple[Control, ...] = ()  # of how it is loaded (device, precision …); see `Configures`

    def check(self, how: Listening) -> None:
        """`BadRequest` for a language that it does not know."""
        if how.language != AUTO and how.language not in self.languages:
            known = (AUTO, *self.languages)
            raise BadRequest(
                f"language “{how.language}”: {self.id} knows {', '.join(known)}",
                f"语言“{how.language}”：{self.id} 支持 {'、'.join(known)}",
                where="language",
            )


class Recogniser(Protocol):
    """Something that listens. May be asked by any thread; it answers them one after another."""

    @property
    def spec(self) -> RecogniserSpec: ...

    def missing(self) -> Words | None:
        """None when it can listen now; otherwise what is missing and, after a colon, the command that installs it."""

    def load(self) -> None:
        """Get ready. Called before `listen`, again and again; quick when it is ready."""

    def unload(self) -> None:
        """Free what it holds."""

    def listen(self, pieces: Sequence[Samples], how: Listening, stop: Stop) -> Sequence[Segment]:
        """What is said in each piece: (frames,) float32 at `RATE`, at most `longest` seconds. Times count from its
        start. A piece's answer does not depend on its neighbours. Raises `Cancelled` between two steps."""

    def align(self, piece: Samples, text: str) -> Sequence[Word]:
        """When each word of a known text is heard in a piece. `BadText` where the piece is too short for it."""


@runtime_checkable
class Configures(Protocol):
    """A recogniser whose loaded form can be chosen: `RecogniserSpec.settings` declares how."""

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Use these settings from the next `load` on; `BadRequest` refuses one. What is not named has its default."""


def _mean(weighed: Iterable[tuple[Scores, float]]) -> Scores:
    sums: dict[str, float] = {}
    for scores, weight in weighed:
        for label, probability in scores:
            sums[label] = sums.get(label, 0.0) + probability * weight
    whole = sum(sums.values())
    return tuple(sorted(((label, value / whole) for label, value in sums.items()), key=lambda pair: -pair[1]))


def _plain(scores: Scores) -> dict[str, float]:
    return {label: round(probability, 4) for label, probability in scores}
