"""The quality gates against seeded faults: how many of each kind are found, and how often a good take is suspected.

    python benchmarks/gates.py [--record]

Lines of two real books, in Chinese and English, are spoken by the embedded engine in four voices. Half of them teach
the gates what each voice usually does; into the other half faults of nine kinds are put, at random places and of random
strength within what people would call a fault. The same lines without a fault must pass.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from machine import record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from studio.audio.clip import Clip, Samples  # noqa: E402
from studio.engines.contract import Recipe, VoiceContent, VoiceKind  # noqa: E402
from studio.engines.registry import Registry  # noqa: E402
from studio.manuscripts.reading import read_document  # noqa: E402
from studio.production.gates import Expected, Habits, check, level_of  # noqa: E402
from studio.production.scripting import script_of  # noqa: E402

BOOKS = "ah-q.txt", "alice.txt"
VOICES = "f2", "m3", "f5", "m7"
LINES = 160  # of each book
Rng = np.random.Generator


def silent(x: Samples, rate: int, dice: Rng) -> Samples:
    return (x * 10 ** (-dice.uniform(60, 90) / 20)).astype(np.float32) if dice.random() < 0.5 else x[: rate // 50]


def clipped(x: Samples, rate: int, dice: Rng) -> Samples:
    peak = float(np.abs(x).max())
    return np.clip(x * (10 ** (dice.uniform(6, 14) / 20) / peak), -1, 1).astype(np.float32)


def short(x: Samples, rate: int, dice: Rng) -> Samples:
    """The end is missing: less than two fifths were said."""
    return np.concatenate([x[: round(len(x) * dice.uniform(0.15, 0.4))] * 1.0, np.zeros(rate // 10, np.float32)])


def long(x: Samples, rate: int, dice: Rng) -> Samples:
    """It babbles on, or drags."""
    times = dice.uniform(2.6, 4.0)
    pieces = [x]
    while sum(map(len, pieces)) < times * len(x):
        start = int(dice.integers(0, max(1, len(x) - rate // 2)))
        pieces.append(x[start : start + int(dice.uniform(0.2, 0.7) * rate)][::-1])
    return np.concatenate(pieces)


def gap(x: Samples, rate: int, dice: Rng) -> Samples:
    at = int(len(x) * dice.uniform(0.25, 0.75))
    return np.concatenate([x[:at], np.zeros(int(rate * dice.uniform(1.4, 4)), np.float32), x[at:]])


def repeat(x: Samples, rate: int, dice: Rng) -> Samples:
    """The last words come again, a little quieter, with a breath of noise between."""
    end = int(np.flatnonzero(np.abs(x) > 0.01)[-1])
    length = min(int(dice.uniform(0.35, 1.2) * rate), end // 2)
    tail = x[end - length : end]
    join = np.zeros(int(rate * dice.uniform(0, 0.004)), np.float32)
    return np.concatenate([x[:end], join, tail * dice.uniform(0.7, 1.0), np.zeros(rate // 20, np.float32)]).astype(
        np.float32
    )


def level(x: Samples, rate: int, dice: Rng) -> Samples:
    sign = 1 if dice.random() < 0.5 and np.abs(x).max() < 0.35 else -1
    return (x * 10 ** (sign * dice.uniform(9, 16) / 20)).astype(np.float32)


def click(x: Samples, rate: int, dice: Rng) -> Samples:
    y = x.copy()
    if dice.random() < 0.5:  # begins or ends in the middle of a wave
        loud = np.flatnonzero(np.abs(y) > 0.6 * np.abs(y).max())
        at = int(loud[int(dice.integers(0, len(loud)))])
        keep = y[at:] if at < len(y) / 2 else y[: at + 1]
        return keep if len(keep) > 0.6 * len(y) else _spike(y, rate, dice)
    return _spike(y, rate, dice)


def _spike(y: Samples, rate: int, dice: Rng) -> Samples:
    at = int(dice.integers(1, rate // 50))
    at = at if dice.random() < 0.5 else len(y) - 1 - at
    y[at] += dice.uniform(0.4, 0.9) * (1 if dice.random() < 0.5 else -1)
    return np.clip(y, -1, 1)


FAULTS: dict[str, Callable[[Samples, int, Rng], Samples]] = {
    "silent": silent, "clipped": clipped, "short": short, "long": long, "gap": gap, "repeat": repeat, "level": level,
    "click": click,
}  # fmt: skip
SEVERAL = {"short": {"short", "silent", "click"}, "long": {"long", "repeat"}, "silent": {"silent", "level", "short"}}


def main() -> dict[str, Any]:
    engines = Registry(third_parties=False)
    spec = engines.get("espeak").spec
    controls = tuple(sorted(spec.settle({}).items()))
    recipes = []
    for book in BOOKS:
        document = read_document(ROOT / "assets" / "examples" / book)
        lines = [line for chapter in script_of(document).chapters for line in chapter.lines][:LINES]
        recipes += [
            Recipe(
                "espeak",
                spec.version,
                line.text,
                VoiceContent(VoiceKind.BUILTIN, name=VOICES[n % 4]),
                document.language,
                controls,
            )
            for n, line in enumerate(lines)
        ]
    found: dict[int, list[Samples]] = {}
    for chunk in engines.speak("espeak", recipes, stream=False):
        found.setdefault(chunk.index, []).append(chunk.samples)
    clips = [Clip(np.concatenate(found[n]), spec.rate) for n in range(len(recipes))]
    habits: dict[tuple[str, str], Habits] = {}
    for n in [n for n in range(len(clips)) if (n // 4) % 2 == 0]:
        one = habits.setdefault((recipes[n].voice.name, recipes[n].language), Habits())
        one.learn(recipes[n].text, clips[n].seconds, level_of(clips[n].samples))
    tested = [n for n in range(len(clips)) if (n // 4) % 2]

    def looked(n: int, samples: Samples) -> set[str]:
        known = habits[recipes[n].voice.name, recipes[n].language]
        return {p.code for p in check(Clip(samples, spec.rate), Expected(recipes[n].text, spec.pace, habits=known))}

    false = [(recipes[n].text, codes) for n in tested if (codes := looked(n, clips[n].samples))]
    for text, codes in false:
        print("false alarm:", codes, text[:60])
    dice = np.random.default_rng(7)
    seeded: Counter[str] = Counter()
    caught: Counter[str] = Counter()
    named: Counter[str] = Counter()
    for name, fault in FAULTS.items():
        for n in [n for n in tested if clips[n].seconds > 1.2][:60]:
            codes = looked(n, fault(clips[n].samples, spec.rate, dice))
            seeded[name] += 1
            caught[name] += bool(codes)
            named[name] += bool(codes & SEVERAL.get(name, {name}))
            if not codes:
                print("missed:", name, recipes[n].text[:60])
    total = sum(seeded.values())
    rows = {
        "good takes": len(tested),
        "false alarms": len(false),
        "false rate": round(len(false) / len(tested), 4),
        "faults": total,
        "found": round(sum(caught.values()) / total, 4),
        "by kind": {
            name: {
                "faults": seeded[name],
                "found": round(caught[name] / seeded[name], 3),
                "named": round(named[name] / seeded[name], 3),
            }
            for name in FAULTS
        },
    }
    engines.unload_all()
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="keep the numbers in gates.json")
    options = parser.parse_args()
    import json

    rows = main()
    print(json.dumps(rows, indent=2))
    if options.record:
        record("gates", rows)
