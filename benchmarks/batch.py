"""Five hundred short files in one batch: what each costs beside its engine, and whether memory stays flat.

    python benchmarks/batch.py [--files 500] [--record]

The same lines are spoken once by the engine alone, one request a file, with nothing done with the sound. What a batch
on one hand takes longer is work outside the engine: of the clock, and of the processor, for other work on the machine
stretches seconds. It is measured with WAV; what a coder costs is shown by a smaller batch in MP3 on the usual hands.
Memory is that of this process after a tenth of the files and after all.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import family, record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from studio.engines.registry import Registry  # noqa: E402
from studio.stop import Stop  # noqa: E402
from studio.studio import ConvertRequest, SpeakRequest, Studio  # noqa: E402

TEXT = "At dusk {n} moths came to the lamp.\n"
TEXT_ZH = "天黑时，飞来了{n}只蛾子。\n"
CODED = 0.2  # share of the files that are made again in MP3


def texts(place: Path, count: int) -> list[str]:
    """Short texts in both languages, no two alike, as files."""
    place.mkdir()
    made = [(TEXT if n % 2 else TEXT_ZH).format(n=n) for n in range(count)]
    for n, text in enumerate(made):
        (place / f"{n:04}.txt").write_text(text, "utf-8")
    return made


def engine_alone(folder: Path, sentences: list[str]) -> tuple[float, float]:
    """Seconds that the engine itself takes, a request a file; and of our processor, to take its sound."""
    engines, stop = Registry(third_parties=False), Stop()
    with Studio(folder) as studio:
        recipes = [[line.recipe for line in studio.plan(SpeakRequest(text)).lines] for text in sentences]
    try:
        with engines.lease("espeak"):
            pass
        began, worked = time.perf_counter(), time.process_time()
        for some in recipes:
            for _ in engines.speak("espeak", some, stop, stream=False):
                pass
        return time.perf_counter() - began, time.process_time() - worked
    finally:
        engines.unload_all()


def batch(folder: Path, inputs: Path, format: str, hands: int) -> dict[str, Any]:
    """One batch from nothing, and what it cost."""
    with Studio(folder / "data") as studio:
        studio.speak(SpeakRequest("Warm.")).wait()
        order = studio.batches.order([inputs], folder / "out", ConvertRequest(format=format), hands=hands)
        count = len(order.items)
        began, worked = time.perf_counter(), time.process_time()
        job = studio.batches.begin(order)
        early = 0.0
        while not job.over:
            if not early and job.record.tally.done >= count // 10:
                early = resident()
            time.sleep(0.02)
        job.wait()
        wall, work = time.perf_counter() - began, time.process_time() - worked
        tally, late = job.record.tally, resident()
        began = time.perf_counter()
        again = studio.batches.begin(order)
        again.wait()
        second = time.perf_counter() - began
    assert (tally.done, tally.failed) == (count, 0)
    return {
        "files": count,
        "audio_s": round(tally.seconds),
        "wall_s": round(wall, 2),
        "processor_s": round(work, 2),
        "mib_after_a_tenth": round(early, 1),
        "mib_after_all": round(late, 1),
        "found_again_ms_a_file": round(1000 * second / count, 1),
    }


def look(folder: Path, inputs: Path) -> dict[str, Any]:
    """A dry run over the same files."""
    with Studio(folder / "look") as studio:
        order = studio.batches.order([inputs], folder / "nowhere", ConvertRequest(format="mp3"))
        studio.batches.look(order).wait()
        began = time.perf_counter()
        preview = studio.batches.look(order).wait()
        return {
            "ms_a_file": round(1000 * (time.perf_counter() - began) / len(order.items), 2),
            "audio_s": round(preview.seconds),
            "wall_s": preview.wall_s and round(preview.wall_s, 1),
        }


def resident() -> float:
    """MiB that this process holds now, without its engine."""
    own = family(os.getpid())[0]
    lines = Path(f"/proc/{own}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=500)
    options.add_argument("--record", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        sentences = texts(folder / "in", given.files)
        texts(folder / "few", round(given.files * CODED))
        looked = look(folder, folder / "in")
        engine, taking = engine_alone(folder / "alone", sentences)
        wav = batch(folder / "wav", folder / "in", "wav", 1)
        mp3 = batch(folder / "mp3", folder / "few", "mp3", 0)
    rows = {
        "load": round(os.getloadavg()[0], 1),
        "engine_ms_a_file": round(1000 * engine / given.files, 1),
        "outside_ms_a_file": round(1000 * (wav["wall_s"] - engine) / given.files, 1),
        "outside_processor_ms_a_file": round(1000 * (wav["processor_s"] - taking) / given.files, 1),
        "wav_on_one_hand": wav,
        "mp3_on_the_usual_hands": mp3,
        "dry_run": looked,
    }
    print(rows)
    if given.record:
        record("batch", rows)


if __name__ == "__main__":
    main()
