"""Voices measured and found: how well speaker encoders tell them apart, and how quick questions about 100,000 are.

    python benchmarks/voices.py [--voices 100000] [--models FOLDER] [--record]

Every builtin voice of the embedded engine says seven sentences in Chinese and seven in English, and one of each again
at another speed. Two takes of one voice should be nearer than takes of two voices: the equal error rate is where as
many pairs of one voice are refused as pairs of two are accepted; the identification rate says how often the nearest of
all known voices is the right one. `timbre-1` was scaled on drawn voices and on other sentences. With `--models`, CAM++
is measured too. Prints a table and, with `--record`, keeps the numbers in `voices.json`.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from machine import Record, record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import library as of_library  # noqa: E402  (benchmarks/library.py)

from studio.audio.clip import Clip  # noqa: E402
from studio.library import Library, VoiceQuery  # noqa: E402
from studio.voices import mapping  # noqa: E402
from studio.voices.encoders import SpeakerEncoder, encoders  # noqa: E402
from studio.voices.neighbours import Neighbours  # noqa: E402
from studio.voices.sentences import TEXTS  # noqa: E402
from studio.weights import WeightStore  # noqa: E402

QUICKER = 1.15  # speed of the sentence that is said again
AIMS = {"first page": 100.0, "text search": 50.0, "nearest": 50.0}  # ms
Array = Any


def takes() -> tuple[list[Clip], list[tuple[str, str, int]]]:
    """Clips of every builtin timbre; of each its voice, language and text (-1: the first text, quicker)."""
    from studio.engines.contract import Recipe, Stop, VoiceContent, VoiceKind
    from studio.engines.espeak import Espeak

    engine, recipes, labels = Espeak(), [], []
    for voice in (one.name for one in engine.voices() if len(one.languages) > 1):
        for language, texts in TEXTS.items():
            for number, text in ((-1, texts.same), *enumerate([texts.same, *texts.sentences])):
                controls = engine.spec.settle({"speed": QUICKER} if number < 0 else {})
                content = VoiceContent(VoiceKind.BUILTIN, name=voice)
                settled = tuple(sorted(controls.items()))
                recipes.append(Recipe("espeak", engine.spec.version, text, content, language, settled))
                labels.append((voice, language, number))
    sounds: list[list[Array]] = [[] for _ in recipes]
    for at in range(0, len(recipes), 64):
        for chunk in engine.speak(recipes[at : at + 64], Stop()):
            sounds[at + chunk.index].append(chunk.samples)
    engine.unload()
    return [Clip(np.concatenate(parts), engine.spec.rate) for parts in sounds], labels


def separation(encoder: SpeakerEncoder, clips: Sequence[Clip], labels: Sequence[tuple[str, str, int]]) -> Record:
    """Error and identification rates in percent, and milliseconds of work for a second of sound."""
    begun = time.process_time()
    vectors = np.stack([encoder.encode(clip) for clip in clips])
    cost = 1000 * (time.process_time() - begun) / sum(clip.seconds for clip in clips)
    voice, language, text = (np.array(column) for column in zip(*labels, strict=True))
    found: Record = {"encoder": encoder.id, "voices": len(set(voice)), "ms_a_second": round(cost, 2)}
    for code in TEXTS:
        here, first, again = language == code, (language == code) & (text == 0), (language == code) & (text == -1)
        plain = here & (text >= 0)
        found |= {
            f"{code}: other text, equal error": equal_error(vectors[plain], voice[plain], text[plain]),
            f"{code}: other text, identified": identified(vectors, voice, first, here & (text > 0)),
            f"{code}: same text quicker, identified": identified(vectors, voice, first, again),
        }
    zh, en = ((language == code) & (text == 0) for code in ("zh", "en"))
    return found | {"known in zh, identified in en": identified(vectors, voice, zh, en)}


def equal_error(vectors: Array, voice: Array, text: Array) -> float:
    """Percent, over pairs of takes in different words."""
    pairs = np.triu(text[:, None] != text[None], 1)
    likeness, same = (vectors @ vectors.T)[pairs], (voice[:, None] == voice[None])[pairs]
    order = np.argsort(likeness)
    refused = np.cumsum(same[order]) / same.sum()
    accepted = 1 - np.cumsum(~same[order]) / (~same).sum()
    at = int(np.abs(refused - accepted).argmin())
    return round(50 * float(refused[at] + accepted[at]), 2)


def identified(vectors: Array, voice: Array, known: Array, asked: Array) -> float:
    """Percent of takes whose nearest known one is of the same voice."""
    nearest = (vectors[asked] @ vectors[known].T).argmax(axis=1)
    return round(100 * float((voice[known][nearest] == voice[asked]).mean()), 1)


def fill(library: Library, count: int, dimension: int) -> None:
    """Voices as a collector has them, all measured; vectors in some hundred clouds."""
    from sqlalchemy import insert, select

    from studio.library.tables import VoiceMeasureRow, VoiceRow

    chance = np.random.default_rng(1)
    library.voices.add_many(of_library.voices(count))
    centres = chance.standard_normal((100, dimension))
    vectors = centres[chance.integers(100, size=count)] + 0.7 * chance.standard_normal((count, dimension))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with library.database.read() as session:
        rows = session.execute(select(VoiceRow.id, VoiceRow.number)).all()
    library.voice_measures.put_vectors("timbre-1", zip((row.id for row in rows), vectors, strict=True))
    details = {"tests": {name: {"takes": 6, "pace": [4.0, 0.2]} for name in ("same", "sentences", "long")}}
    numbers = zip(
        *(chance.uniform(*span, count).tolist() for span in ((70, 300), (2, 12), (3, 6), (0.5, 1))), strict=True
    )
    with library.database.write() as session:
        session.execute(
            insert(VoiceMeasureRow),
            [
                {"voice": row.number, "pitch_hz": a, "pitch_span": b, "pace": c, "stability": d, "level_db": -20.0}
                | {"measured": datetime.now(UTC), "details": details}
                for row, (a, b, c, d) in zip(rows, numbers, strict=True)
            ],
        )


def questions(library: Library, dimension: int) -> Iterator[Record]:
    """What the page asks of a library of that size, in milliseconds."""
    find, near = library.voices.find, Neighbours(library.voice_measures, "timbre-1", dimension)
    asked = near.stored().values[7]
    middle = {"pitch_hz": (90.0, 160.0)}
    four = {**middle, "pace": (4.0, 5.0), "stability": (0.8, 1.0), "level_db": (-30.0, 0.0)}
    within = VoiceQuery(measures=middle)
    some = near.stored().values[:: max(1, len(near.stored().numbers) // mapping.MOST)]
    for what, ask in {
        "first page": lambda: find(VoiceQuery()),
        "text search": lambda: find(VoiceQuery(text="温柔")),
        "text search, common": lambda: find(VoiceQuery(text="a")),
        "slider": lambda: find(VoiceQuery(measures=middle)),
        "slider, wide, by name": lambda: find(VoiceQuery(measures={"pitch_hz": (90.0, None)}, sort="name")),
        "four sliders": lambda: find(VoiceQuery(measures=four)),
        "slider and text": lambda: find(VoiceQuery(text="温柔", measures=middle)),
        "nearest": lambda: near.nearest(asked, 24),
        "nearest within a slider": lambda: near.nearest(asked, 24, among=library.voice_measures.numbers(within)),
        "ends of the sliders": library.voice_measures.limits,
        "groups and places of 2,000 on the map": lambda: (mapping.flat(some), mapping.groups(some)),
    }.items():  # fmt: skip
        row = of_library.timed(what, ask)
        yield {key: row[key] for key in ("what", "median_ms", "p95_ms", "cpu_ms")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voices", type=int, default=100_000)
    parser.add_argument("--models", type=Path, help="a folder of models, with a CosyVoice")
    parser.add_argument("--record", action="store_true", help="keep the numbers in voices.json")
    arguments = parser.parse_args()
    load = round(os.getloadavg()[0], 1)  # other work at the same time makes the milliseconds longer
    clips, labels = takes()
    with tempfile.TemporaryDirectory() as folder:
        known = encoders(WeightStore(lambda: Path(folder), arguments.models))
        rows: Record = {"load": load, "separation": [separation(one, clips, labels) for one in known]}
        with Library.open(Path(folder) / "large") as library:
            fill(library, arguments.voices, 63)
            rows |= {"voices": arguments.voices, "questions": list(questions(library, 63)), "aims_ms": AIMS}
    for row in (*rows["separation"], *rows["questions"]):
        print("  ".join(f"{name} {value}" for name, value in row.items()))
    print("median of all", statistics.median(row["median_ms"] for row in rows["questions"]), "ms")
    if arguments.record:
        record("voices", rows)


if __name__ == "__main__":
    main()
