"""How long a draw of 24 embedded voices takes: `python benchmarks/draw.py [--record]`.

Seeds that were never drawn, one sentence in Chinese and one in English: from the call until the first candidate can be
heard and until all can, with the engine started before and without; and the same draw again from the cache.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from machine import Record, describe, record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from studio.studio import Brood, DrawRequest, Sentence, Studio  # noqa: E402

TARGET_S = 3.0
CANDIDATES, RUNS = 24, 5
SENTENCES = {
    "zh": "今天天气很好，我们一起去公园散步，好吗？",
    "en": "The weather is lovely today; shall we walk in the park?",
}


def timed(studio: Studio, request: DrawRequest) -> tuple[float, float]:
    """Seconds until the first candidate can be heard, and until all can."""
    began = time.perf_counter()
    drawn = studio.drawing.draw(request)
    while not any(one.take for one in drawn.candidates):
        time.sleep(0.001)
    first = time.perf_counter() - began
    drawn.wait(60)
    return first, time.perf_counter() - began


def figures(values: list[float]) -> dict[str, float]:
    chosen = {"median": statistics.median(values), "best": min(values), "worst": max(values)}
    return {name: round(value, 3) for name, value in chosen.items()}


def measure() -> Record:
    rows: Record = {"target_s": TARGET_S, "candidates": CANDIDATES, "load": round(os.getloadavg()[0], 1)}
    for language, text in SENTENCES.items():
        first, whole, again, cold = [], [], [], []
        for run in range(RUNS):
            seeds = tuple(range(1000 * run, 1000 * run + CANDIDATES))
            request = DrawRequest(Sentence(text), seeds=seeds)
            with tempfile.TemporaryDirectory() as folder, Studio(Path(folder)) as studio:
                cold.append(timed(studio, request)[1])
                heard, done = timed(studio, DrawRequest(Sentence(text), seeds=tuple(seed + 500 for seed in seeds)))
                first.append(heard)
                whole.append(done)
                again.append(timed(studio, request)[1])
        figured = {"first_s": first, "all_s": whole, "engine_not_started_s": cold, "from_the_cache_s": again}
        rows[language] = {name: figures(values) for name, values in figured.items()}
    with tempfile.TemporaryDirectory() as folder, Studio(Path(folder)) as studio:
        began = time.perf_counter()
        family = Brood({f"seed:{n}": 1 + n for n in range(8)}, count=CANDIDATES)
        studio.drawing.evolve("espeak", family, Sentence(SENTENCES["en"])).wait(60)
        rows["bred_s"] = round(time.perf_counter() - began, 3)
    return rows


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--record", action="store_true", help="keep the numbers in benchmarks/draw.json")
    asked = options.parse_args()
    rows = measure()
    print(json.dumps({"machine": describe(), "rows": rows}, indent=2))
    if asked.record:
        record("draw", rows)
