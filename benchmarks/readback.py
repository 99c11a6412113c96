"""The read-back against seeded faults, with a real recogniser: how many are found, and how many false alarms there are.

    python benchmarks/readback.py [--record]

PocketSphinx hears English sentences of the embedded engine, choosing freely, in any order and number, among the
phrases that they are made of (its own language model is for dictation by people). SenseVoice's published weights could
not be had here, so the limits of other languages rest on published error rates; this measures the method and the
English limit with another, weaker recogniser.
"""

import argparse
import random
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from machine import record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from studio.audio.clip import Clip, Samples  # noqa: E402
from studio.engines.contract import Recipe, VoiceContent, VoiceKind  # noqa: E402
from studio.engines.registry import Registry  # noqa: E402
from studio.production.readback import LIMITS, read_back  # noqa: E402
from studio.recognition.contract import RATE, Listening, RecogniserSpec, Segment, Word  # noqa: E402
from studio.stop import Stop  # noqa: E402
from studio.words import Words  # noqa: E402

SUBJECTS = "the captain", "my old sister", "our teacher", "a small bird", "the tired children", "his clever uncle"
VERBS = "looked at", "walked along", "remembered", "was afraid of", "never forgot", "talked about"
OBJECTS = "the long river", "the empty station", "seven red apples", "a letter from home", "the cold winter", "the sea"
ENDS = "every evening", "without a word", "until the morning", "in another country", "for the last time", "again"
LINES = 30
LIMITS_TRIED = (0.2, 0.25, 0.3, 0.35, 0.4, 0.5)


class PocketSphinx:
    """The contract of a recogniser over PocketSphinx."""

    def __init__(self) -> None:
        from pocketsphinx import Decoder

        self.spec = RecogniserSpec("pocketsphinx", Words("", ""), Words("", ""), "5", ("en",), 60.0)
        self._decoder = Decoder(samprate=RATE, loglevel="FATAL")
        phrases = " | ".join((*SUBJECTS, *VERBS, *OBJECTS, *ENDS))
        self._decoder.add_jsgf_string("loop", f"#JSGF V1.0;\ngrammar loop;\npublic <line> = ({phrases})+;\n")
        self._decoder.activate_search("loop")

    def missing(self) -> None:
        return None

    def load(self) -> None: ...

    def unload(self) -> None: ...

    def listen(self, pieces: Sequence[Samples], how: Listening, stop: Stop) -> list[Segment]:
        return [Segment(0.0, len(piece) / RATE, self._heard(piece), "en") for piece in pieces]

    def align(self, piece: Samples, text: str) -> list[Word]:
        return []  # the read-back does not ask for it

    def _heard(self, piece: Samples) -> str:
        padded = np.concatenate([np.zeros(4000, np.float32), piece, np.zeros(8000, np.float32)])
        self._decoder.start_utt()
        self._decoder.process_raw((np.clip(padded, -1, 1) * 32_767).astype("<i2").tobytes(), full_utt=True)
        self._decoder.end_utt()
        return self._decoder.hyp().hypstr if self._decoder.hyp() else ""


def spoken(texts: Sequence[str]) -> list[Clip]:
    engines = Registry(third_parties=False)
    spec = engines.get("espeak").spec
    controls = tuple(sorted(spec.settle({"speed": 0.9}).items()))
    voice = VoiceContent(VoiceKind.BUILTIN, name="f2")
    recipes = [Recipe("espeak", spec.version, text, voice, "en", controls) for text in texts]
    found: dict[int, list[Any]] = {}
    for chunk in engines.speak("espeak", recipes, stream=False):
        found.setdefault(chunk.index, []).append(chunk.samples)
    engines.unload_all()
    return [Clip(np.concatenate(found[at]), spec.rate) for at in range(len(texts))]


FAULTS: dict[str, Callable[[Samples, Samples], Samples]] = {
    "second half missing": lambda one, other: one[: len(one) // 2],
    "beginning missing": lambda one, other: one[len(one) // 2 :],
    "said twice": lambda one, other: np.concatenate([one, one]),
    "another line": lambda one, other: other,
    "another line in front": lambda one, other: np.concatenate([other, one]),
    "garbled": lambda one, other: one[::-1].copy(),
    "empty": lambda one, other: np.zeros_like(one),
}


def main() -> None:
    ask = argparse.ArgumentParser()
    ask.add_argument("--record", action="store_true")
    told = ask.parse_args()
    draw = random.Random(7)
    texts = [" ".join(draw.choice(part) for part in (SUBJECTS, VERBS, OBJECTS, ENDS)) for _ in range(LINES)]
    ear = PocketSphinx()
    clips = spoken(texts)

    def rate(samples: Samples, text: str) -> float:
        found = read_back(ear, Clip(samples, clips[0].rate), text, "en")
        return float(found.error_rate or 0.0)

    good = [rate(clip.samples, text) for clip, text in zip(clips, texts, strict=True)]
    bad = {
        name: [
            rate(fault(clip.samples, clips[(at + 7) % LINES].samples), text)
            for at, (clip, text) in enumerate(zip(clips, texts, strict=True))
            if texts[at] != texts[(at + 7) % LINES]
        ]
        for name, fault in FAULTS.items()
    }
    rows = {
        "recogniser": "pocketsphinx, phrases of the lines",
        "lines": LINES,
        "faults": sum(map(len, bad.values())),
        "error_rate_of_good_lines": sum(good) / len(good),
        "limit": LIMITS["en"],
        "by_limit": {
            str(limit): {
                "found": sum(r > limit for row in bad.values() for r in row) / sum(map(len, bad.values())),
                "false": sum(r > limit for r in good) / len(good),
                **{name: sum(r > limit for r in row) / len(row) for name, row in bad.items()},
            }
            for limit in LIMITS_TRIED
        },
    }
    for limit, row in rows["by_limit"].items():  # type: ignore[attr-defined]
        print(limit, {name: round(value, 3) for name, value in row.items()})
    print("good lines", round(rows["error_rate_of_good_lines"], 3), "faults", rows["faults"])  # type: ignore[call-overload]
    if told.record:
        record("readback", rows)


if __name__ == "__main__":
    main()
