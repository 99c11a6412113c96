"""How one voice speaks: its takes of the test texts, measured one by one and put together.

A take is known by its vector (who seems to speak), its pace, pitch and level. How stable a voice is, is how like each
other the vectors of its takes are: of one sentence said with several seeds, of sentences, of long texts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from studio.audio.clip import Clip
from studio.audio.levels import measure as levels
from studio.engines.contract import EngineSpec
from studio.errors import BadRequest
from studio.library import Measured
from studio.text.syllables import syllables
from studio.voices.encoders import SpeakerEncoder, Timbre, Vector, heard, unit
from studio.voices.sentences import SEEDS, TEXTS
from studio.words import Words

QUICK = 3  # sentences of a quick measurement
NAMES = ("pitch_hz", "pitch_span", "pace", "level_db")  # of a take

# Up to so many Hz; I. Titze, "Principles of Voice Production", 1994: men speak at 85 to 155 Hz, women at 165 to 255.
HINTS = (
    (145.0, "male", Words("low, as most men's voices", "偏低，多见于男声")),
    (165.0, "between", Words("between most men's and most women's voices", "介于多数男声与女声之间")),
    (255.0, "female", Words("high, as most women's voices", "偏高，多见于女声")),
    (float("inf"), "child", Words("very high, as a child's voice", "很高，多见于童声")),
)


@dataclass(frozen=True)
class Trial:
    """One take that a voice is asked for."""

    test: str  # of `sentences.TESTS`
    text: str
    seed: int


@dataclass(frozen=True, eq=False)
class Heard:
    """What was found in one take."""

    test: str
    vectors: Mapping[str, Vector]  # encoder -> vector
    numbers: Mapping[str, float | None]  # of `NAMES`


def trials(language: str, quick: bool = False) -> tuple[Trial, ...]:
    """What a voice says when it is measured."""
    texts = TEXTS[language]
    if quick:
        return tuple(Trial("sentences", text, 0) for text in texts.sentences[:QUICK])
    return (
        *(Trial("same", texts.same, seed) for seed in range(SEEDS)),
        *(Trial("sentences", text, 0) for text in texts.sentences),
        *(Trial("long", text, 0) for text in texts.long),
    )


def language_of(languages: Sequence[str], spec: EngineSpec, asked: str = "") -> str:
    """The language of the test texts: the one that is asked for, else one of the voice's, else one the engine speaks.

    `BadRequest` where there are no texts.
    """
    spoken = {code.split("-")[0].replace("cmn", "zh") for code in spec.languages}
    wanted = [asked] if asked else [*(code.split("-")[0] for code in languages), "zh", "en"]
    for code in wanted:
        if code in TEXTS and code in spoken:
            return code
    raise BadRequest(
        f"language “{asked or ' '.join(languages)}”: {spec.id} is measured in {' or '.join(sorted(TEXTS))}",
        f"语言“{asked or ' '.join(languages)}”：{spec.id} 的测试文本只有 {'、'.join(sorted(TEXTS))}",
        where="language",
    )


def hear(test: str, clip: Clip, spoken: str, encoders: Sequence[SpeakerEncoder]) -> Heard:
    """What is in a take in which `spoken` is said. `BadFile` for one in which nobody is heard."""
    found = heard(clip)
    level = levels(clip)
    seconds = level.seconds - level.lead_s - level.tail_s
    numbers = {
        "pitch_hz": found.melody.median_hz,
        "pitch_span": found.melody.span_semitones,
        "pace": syllables(spoken) / seconds if seconds > 0 else None,
        "level_db": level.loudness_lufs,
    }
    vectors = {one.id: one.of(found) if isinstance(one, Timbre) else one.encode(clip) for one in encoders}
    return Heard(test, vectors, numbers)


def summed(
    takes: Sequence[Heard], encoders: Sequence[SpeakerEncoder], language: str
) -> tuple[Measured, dict[str, Vector]]:
    """What the takes of a voice come to, and its vector for each encoder."""
    vectors = {one.id: unit(np.mean([take.vectors[one.id] for take in takes], axis=0)) for one in encoders}
    best = encoders[0].id
    tests = {name: _of_test([take for take in takes if take.test == name], best) for name in _tests(takes)}
    steady = [test["similarity"][0] for test in tests.values() if test["similarity"]]
    details = {
        "language": language,
        "encoder": best,
        "tests": tests,
        "strip": [round(float(take.vectors[best] @ vectors[best]), 4) for take in takes],
    }
    stability = max(0.0, float(np.mean(steady))) if steady else None
    numbers: dict[str, Any] = {name: _middle([take.numbers[name] for take in takes]) for name in NAMES}
    return replace(Measured(stability=stability, details=details), **numbers), vectors


def hint(measured: Measured) -> Words | None:
    """What the pitch suggests of who speaks: a hint, no more."""
    return next((words for most, _, words in HINTS if measured.pitch_hz and measured.pitch_hz < most), None)


def _tests(takes: Sequence[Heard]) -> Iterator[str]:
    return iter(dict.fromkeys(take.test for take in takes))


def _of_test(takes: Sequence[Heard], encoder: str) -> dict[str, Any]:
    """Of each measure its mean and deviation over the takes of one test; of the similarity over their pairs."""
    pairs = [float(a.vectors[encoder] @ b.vectors[encoder]) for a, b in combinations(takes, 2)]
    measures = {name: _spread([take.numbers[name] for take in takes]) for name in NAMES}
    return {"takes": len(takes), "similarity": _spread(pairs), **measures}


def _spread(values: Sequence[float | None]) -> list[float]:
    """Mean and deviation; empty where nothing could be measured."""
    known = [value for value in values if value is not None]
    return [round(float(np.mean(known)), 4), round(float(np.std(known)), 4)] if known else []


def _middle(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None
