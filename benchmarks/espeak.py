"""How fast the embedded engine is: `python benchmarks/espeak.py` measures and writes `benchmarks/espeak.json`.

Every figure is the median of its repetitions, with the best and the worst beside it, on whatever else the machine does.
Nothing is cached: the engine itself is asked, without the studio's render cache.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from machine import describe, record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from studio.engines.contract import Recipe, Stop, VoiceContent, VoiceKind  # noqa: E402
from studio.engines.espeak import Espeak  # noqa: E402
from studio.engines.espeak.process import Process  # noqa: E402

EN = "The quick brown fox jumps over the lazy dog, and then it rested under a tree near the river. "
ZH = "今天天气很好，我们一起去公园散步。路上遇到一位老朋友，他说最近工作很忙。"
MIXED = "我用 Python 写代码，然后 push 到 GitHub。"
TARGETS = {"real_time_factor": 0.02, "first_chunk_ms": 60, "worker_start_ms": 100}


def recipe(engine: Espeak, text: str, language: str = "en", seed: int = 1) -> Recipe:
    controls = tuple(sorted(engine.spec.settle({}).items()))
    return Recipe("espeak", engine.spec.version, text, VoiceContent(VoiceKind.SEED, seed=seed), language, controls)


def spoken(engine: Espeak, *recipes: Recipe) -> float:
    """Seconds of sound."""
    return sum(len(chunk.samples) for chunk in engine.speak(recipes, Stop())) / engine.spec.rate


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def figures(values: list[float], scale: float = 1.0, digits: int = 2) -> dict[str, float]:
    chosen = {"median": statistics.median(values), "best": min(values), "worst": max(values)}
    return {name: round(value * scale, digits) for name, value in chosen.items()}


def real_time_factor(engine: Espeak, recipes: list[Recipe], times: int = 7) -> dict[str, float]:
    """Seconds of work for a second of sound."""
    sound = spoken(engine, *recipes)
    return figures([timed(lambda: spoken(engine, *recipes)) / sound for _ in range(times)], digits=5)


def first_chunk(engine: Espeak, text: str, language: str) -> float:
    started = time.perf_counter()
    speaking = engine.speak([recipe(engine, text, language)], Stop())
    next(speaking)
    took = time.perf_counter() - started
    speaking.close()  # type: ignore[attr-defined]
    return took


def worker_start() -> float:
    started = time.perf_counter()
    worker = Process()
    took = time.perf_counter() - started
    worker.close()
    return took


def cold_sentence() -> float:
    """A new Python that imports the engine, speaks one sentence and ends."""
    code = (
        "import sys; sys.path.insert(0, '.'); sys.path.insert(0, 'benchmarks'); from espeak import *; "
        "e = Espeak(); spoken(e, recipe(e, '你好，世界。Hello from Timbre Studio!', 'zh')); e.unload()"
    )
    return timed(lambda: subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True))


def measure() -> dict[str, object]:
    engine = Espeak()
    results: dict[str, object] = {"worker_start_ms": figures([worker_start() for _ in range(9)], 1000)}
    engine.load()
    long = {"en": EN * 40, "zh": ZH * 40}
    short = {name: [recipe(engine, text, name)] * 40 for name, text in (("en", EN), ("zh", ZH))}
    results["real_time_factor"] = {
        **{
            f"one text of minutes, {name}": real_time_factor(engine, [recipe(engine, text, name)])
            for name, text in long.items()
        },
        **{f"40 utterances, {name}": real_time_factor(engine, recipes) for name, recipes in short.items()},
        "40 utterances of mixed zh and en": real_time_factor(engine, [recipe(engine, MIXED, "zh")] * 40),
    }
    results["first_chunk_ms"] = {
        f"of a text of minutes, {name}": figures([first_chunk(engine, text, name) for _ in range(15)], 1000)
        for name, text in long.items()
    }
    words = {"en": "A.", "zh": "啊。"}
    results["whole_short_utterance_ms"] = {
        name: figures([timed(lambda: spoken(engine, recipe(engine, text, name))) for _ in range(30)], 1000)  # noqa: B023
        for name, text in words.items()
    }
    engine.unload()
    results["cold_process_one_sentence_s"] = figures([cold_sentence() for _ in range(5)])
    return results


def main() -> None:
    load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None  # what else the machine does
    rows = {"engine": Espeak().spec.version, "load": load, "targets": TARGETS, **measure()}
    record("espeak", rows)
    print(json.dumps({"machine": describe(), "rows": rows}, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
