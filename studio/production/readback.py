"""Listening back to what was rendered: does it say what it should, and does it sound as it was asked to?

A recogniser makes mistakes of its own, most of all on short lines, so a line is only suspected when enough of it is
wrong. The limits were measured: see `benchmarks/readback.py`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from studio.audio.clip import Clip, Samples
from studio.plugins import translated
from studio.recognition.contract import RATE, Listening, Recogniser, Segment, Transcript
from studio.recognition.listening import BLOCK_S, listen
from studio.stop import Stop
from studio.text.comparing import Besides, Comparison, besides, compare
from studio.text.language import base
from studio.text.marks import Open, parse
from studio.text.scan import without_marks
from studio.words import Words

LIMITS = {"zh": 0.2, "yue": 0.35, "ja": 0.3, "ko": 0.35, "en": 0.35}  # error rates that are suspicious
OTHERWISE = 0.4
LEAST = {"character": 5, "word": 4}  # shorter lines are not judged by their error rate
BESIDES: Mapping[Besides, Words] = {
    "twice": Words("the text is said twice", "文本被读了两遍"),
    "before": Words("it begins with words of the voice's own clip", "开头读出了参考音频里的话"),
}
CERTAIN = 0.6  # probability from which an emotion that was not asked for is told


@dataclass(frozen=True)
class ReadBack:
    """What was heard in a clip, compared with what should be in it."""

    transcript: Transcript
    said: str  # what should have been said; "" where it is not known
    language: str
    comparison: Comparison | None  # None where nothing is known to compare with, or the language is not understood
    asked: str = ""  # the emotion that it was asked to have
    before: str = ""  # what is said in the clip that its voice was cloned from

    @property
    def emotion(self) -> str:
        """The likeliest one over the whole; "" where the recogniser does not tell."""
        return self.transcript.emotions[0][0] if self.transcript.emotions else ""

    @property
    def error_rate(self) -> float | None:
        return self.comparison.rate if self.comparison else None

    @cached_property
    def besides(self) -> Besides:
        """What was said besides the text: all of it once more, or words of the clip."""
        if self.comparison is None:
            return ""
        return besides(self.said, self.transcript.text, self.language, self.before, limit_for(self.language))

    def suspicion(self) -> Words | None:
        """Why somebody should listen to it; None if it seems to be in order."""
        if self.comparison is None:
            return emotion_differs(self.asked, self.transcript.emotions)
        if self.comparison.read_aloud:
            told = ", ".join(self.comparison.read_aloud)
            return Words(f"a control token is read aloud: “{told}”", f"控制符被读了出来：“{told}”")
        if self.besides:
            return BESIDES[self.besides]
        limit = limit_for(self.language)
        if self.comparison.length >= LEAST[self.comparison.unit] and self.comparison.rate > limit:
            return Words(
                f"{self.comparison.rate:.0%} of the {self.comparison.unit}s differ (suspicious from {limit:.0%})",
                f"有 {self.comparison.rate:.0%} 的内容不一致（超过 {limit:.0%} 即可疑）",
            )
        return emotion_differs(self.asked, self.transcript.emotions)

    def to_json(self) -> dict[str, Any]:
        """Plain data, as the library keeps it."""
        suspicion = self.suspicion()
        return {
            **self.transcript.to_json(),
            "said": self.said,
            "asked": self.asked,
            "comparison": self.comparison.to_json() if self.comparison else None,
            "suspicion": suspicion._asdict() if suspicion else None,
        }


def limit_for(language: str) -> float:
    return LIMITS.get(base(language), OTHERWISE)


def read_back(
    recogniser: Recogniser,
    clip: Clip,
    said: str,
    language: str,
    stop: Stop | None = None,
    name: str = "",
    asked: str = "",
    before: str = "",
) -> ReadBack:
    """Listen to a clip and compare. A language that the recogniser does not know is heard, and not compared.

    `asked` is the emotion that it should have, where the text says none; `before` is said in the clip of its voice.
    """
    known = base(language) in recogniser.spec.languages
    how = Listening(base(language) if known else "auto", written=False)
    sound = at_rate(clip)
    with translated(recogniser.spec.id):
        segments = tuple(_heard(recogniser, sound, how, Stop() if stop is None else stop))
    spec = recogniser.spec
    transcript = Transcript(name, clip.seconds, spec.id, spec.version, segments)
    plain = without_marks(said).strip()
    comparison = compare(plain, transcript.text, language) if plain and known else None
    return ReadBack(transcript, plain, language, comparison, _asked(said) or asked, before)


def at_rate(clip: Clip) -> Samples:
    """The samples of a clip at the rate that recognisers take."""
    if clip.rate == RATE:
        return clip.samples
    import soxr

    resampled: Samples = soxr.resample(clip.samples, clip.rate, RATE, quality="HQ").astype(np.float32)
    return resampled


def emotion_differs(asked: str, heard: Sequence[tuple[str, float]]) -> Words | None:
    """Why a requested emotion seems not to be heard; None where it is, or nothing stands out."""
    if asked not in dict(heard):  # none, or one that the recogniser cannot tell
        return None
    label, probability = heard[0]
    if label in (asked, "unknown") or probability < CERTAIN:
        return None
    return Words(
        f"{asked} was asked for, {label} is heard ({probability:.0%})",
        f"要求的情感是 {asked}，听到的是 {label}（{probability:.0%}）",
    )


def _asked(said: str) -> str:
    """The emotion that a mark asks for, if it is the only one."""
    named = {node.value for node in parse(said) if isinstance(node, Open) and node.name == "emotion"}
    return named.pop() if len(named) == 1 else ""


def _heard(recogniser: Recogniser, sound: Samples, how: Listening, stop: Stop) -> Sequence[Segment]:
    """A line is heard whole, silence and all; what is longer goes the way of long recordings."""
    if len(sound) <= recogniser.spec.longest * RATE:
        recogniser.load()
        return recogniser.listen([sound], how, stop)
    step = round(BLOCK_S * RATE)
    blocks = (sound[at : at + step] for at in range(0, len(sound), step))
    return list(listen(recogniser, blocks, how, stop))
