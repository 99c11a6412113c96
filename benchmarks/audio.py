"""The audio room on one stretch of real speech: how many times faster than it plays each file is written and read,
levels are measured, and each polish preset runs.

    python benchmarks/audio.py [--minutes 10] [--record]
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from machine import Record, describe, record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from studio.audio.clip import Clip  # noqa: E402  # the studio is beside this folder
from studio.audio.files import blocks  # noqa: E402
from studio.audio.formats import FORMATS  # noqa: E402
from studio.audio.levels import measure  # noqa: E402
from studio.audio.polish import PRESETS, polish  # noqa: E402
from studio.audio.writing import Writer  # noqa: E402
from studio.studio import SpeakRequest, Studio  # noqa: E402

TEXT = "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do. "


def speech(minutes: float) -> Clip:
    """Synthetic speech of that length, one voice."""
    with tempfile.TemporaryDirectory() as folder, Studio(Path(folder)) as studio:
        take = studio.speak(SpeakRequest(TEXT * 10)).wait()
        clip = studio.cache.load(take.digest)
    times = round(minutes * 60 / clip.seconds) or 1
    return Clip(np.tile(clip.samples, times), clip.rate)


def timed(what: str, clip: Clip, work: Callable[[], object]) -> Record:
    started, processor = time.perf_counter(), time.process_time()
    work()
    wall_s, cpu_s = time.perf_counter() - started, time.process_time() - processor
    return {
        "what": what,
        "times_real_time": round(clip.seconds / wall_s),
        "times_real_time_one_core": round(clip.seconds / cpu_s),
    }


def rows(clip: Clip, folder: Path) -> list[Record]:
    found = []
    for format in FORMATS:
        path = folder / f"speech{format.extension}"

        def write(path: Path = path) -> None:
            with Writer(path, clip.rate) as writer:
                writer.write(clip.samples)

        found.append(timed(f"write {format.id}", clip, write) | {"megabytes": round(path.stat().st_size / 1e6, 2)})
        found.append(timed(f"read {format.id}", clip, lambda path=path: sum(map(len, blocks(path)))))
    found.append(timed("measure levels", clip, lambda: measure(clip)))
    found += [timed(f"polish {p.id}", clip, lambda p=p: polish(clip, p.id)) for p in PRESETS if p.id != "off"]
    return found


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--record", action="store_true", help="keep the numbers in benchmarks/audio.json")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        measured = rows(speech(chosen.minutes), Path(place))
    print(json.dumps({"machine": describe(), "rows": measured}, indent=2))
    if chosen.record:
        record("audio", measured)
