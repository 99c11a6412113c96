"""How long a person waits for `python -m studio speak` in a terminal: `python benchmarks/speak.py [--record]`.

Every run is a new process with a text that was never spoken, once on a data folder that has to be made and then on one
that is there. The target is one second for a sentence, without torch or Gradio.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from machine import Record, describe, record

ROOT = Path(__file__).parents[1]
TARGET_S = 1.0
WORDS = ("again", "sun", "moon", "star", "river", "hill", "wood")
RUNS = len(WORDS)
SENTENCE = "你好，世界。Hello from Timbre Studio! {}"
WATCHED = ("torch", "gradio")


def speak(folder: Path, text: str, *python: str) -> tuple[float, str]:
    """Seconds from start to end of the process, and what it wrote to its error stream."""
    command = [sys.executable, *python, "-m", "studio", "--data-dir", str(folder / "data"), "speak", text]
    began = time.perf_counter()
    done = subprocess.run(
        [*command, "-o", str(folder / "said.wav")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return time.perf_counter() - began, done.stderr


def figures(values: list[float]) -> dict[str, float]:
    chosen = {"median": statistics.median(values), "best": min(values), "worst": max(values)}
    return {name: round(value, 2) for name, value in chosen.items()}


def measure() -> Record:
    """The seconds of cold processes, and which of the heavy packages such a process imports."""
    fresh = []
    for word in WORDS:
        with tempfile.TemporaryDirectory() as folder:
            fresh.append(speak(Path(folder), SENTENCE.format(word))[0])
    with tempfile.TemporaryDirectory() as folder:
        speak(Path(folder), "Hello.")
        before = os.times()
        there = [speak(Path(folder), SENTENCE.format(word))[0] for word in WORDS]
        after = os.times()
        processor = (sum(after[2:4]) - sum(before[2:4])) / RUNS  # of the children; tells a busy machine from slow work
        numbers = [speak(Path(folder), f"It weighs {3 + run} kg.")[0] for run in range(RUNS)]
        imported = speak(Path(folder), "Which packages?", "-X", "importtime")[1]
    modules = {line.rpartition("|")[2].strip() for line in imported.splitlines() if line.startswith("import time:")}
    return {
        "target_s": TARGET_S,
        "load": round(os.getloadavg()[0], 1),
        "new_folder_s": figures(fresh),
        "folder_there_s": figures(there),
        "with_a_number_s": figures(numbers),
        "processor_s": round(processor, 2),
        "modules": len(modules),
        "imports": [name for name in WATCHED if name in modules],
    }


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--record", action="store_true", help="keep the numbers in benchmarks/speak.json")
    rows = measure()
    print(json.dumps({"machine": describe(), "rows": rows}, indent=2))
    if options.parse_args().record:
        record("speak", rows)
