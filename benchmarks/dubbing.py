"""A film of two hours: 1,800 cues spoken at their times, each measured in the finished file.

    python benchmarks/dubbing.py [--cues 1800] [--hours 2] [--record]

The cues are sentences of a real book, cut as subtitles are; how long each stays on the screen is drawn from what films
have (about 13 characters a second, sometimes 20), the gaps between them too. The render is told apart from the rest.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from machine import peak, record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from studio.audio.files import blocks, probe  # noqa: E402
from studio.studio import Begun, Studio  # noqa: E402
from studio.text.cues import WIDE, Cue, wrapped  # noqa: E402
from studio.text.sentences import split  # noqa: E402
from studio.text.subtitles import srt  # noqa: E402

PACE = 13.0, 2.5  # characters a second on the screen: mean and deviation
SLOWEST, FASTEST = 7.0, 20.0
LOUD = 10 ** (-50 / 20)


def film(path: Path, count: int, hours: float) -> None:
    """Subtitles of a film, always the same."""
    dice = random.Random(20_240_501)
    text = (ROOT / "assets" / "examples" / "alice.txt").read_text(encoding="utf-8")
    sentences = [one.text.strip() for one in split(text, 60, WIDE.most) if len(one.text.strip()) > 4]
    said = [sentences[n % len(sentences)] for n in range(count)]
    paces = [min(FASTEST, max(SLOWEST, dice.gauss(*PACE))) for _ in said]
    lengths = [min(7.0, max(5 / 6, len(words) / pace)) for words, pace in zip(said, paces, strict=True)]
    gaps = [dice.expovariate(1.0) for _ in said]
    unit = (hours * 3600 - sum(lengths) - 0.1 * count) / sum(gaps)
    cues, at = [], 0.5
    for words, length, gap in zip(said, lengths, gaps, strict=True):
        speaker = f"Speaker {dice.randint(1, 4)}"
        cues.append(Cue(round(at, 3), round(at + length, 3), wrapped(words, WIDE), speaker))
        at += length + 0.1 + gap * unit
    path.write_text(srt(cues), encoding="utf-8")


def begin(folder: Path, count: int, hours: float) -> dict[str, Any]:
    film(folder / "film.srt", count, hours)
    with Studio(folder / "data") as studio:
        made = studio.dubbing.begin(folder / "film.srt", Begun(voice="f2"))
        began = time.perf_counter()
        studio.dubbing.render(made.id).wait()
        return {"id": made.id, "render_s": time.perf_counter() - began}


def assemble(folder: Path, id: str) -> dict[str, Any]:
    """The finished file from cached takes, in a process of its own."""
    with Studio(folder / "data") as studio:
        began = time.perf_counter()
        done = studio.dubbing.export(id, folder / "dub.wav", subtitles=["srt"]).wait()
        took = time.perf_counter() - began
        cues = studio.dubbing.cues(id)
        rates = [cue.fit.rate for cue in cues]
        jumps = [cue for cue in cues if "jump" in cue.fit.flags]
        silent = sum(cue.fit.cut > 0 and "cut" not in cue.fit.flags for cue in cues)
        rows = [
            [cue.fit.slot.start, cue.fit.slot.end, cue.fit.end, cue.line.speaker, cue.fit.rate, list(cue.fit.flags)]
            for cue in cues
            if cue.fit.length
        ]
    return {
        "assemble_s": took,
        "seconds": done.seconds,
        "peak_mib": peak(),
        "cues": len(rates),
        "comfortable": sum(rate <= 1.2 + 1e-6 for rate in rates),
        "fastest": max(rates),
        "flags": dict(done.flags),
        "unflagged_jumps": unflagged(rows),
        "flagged_jumps": len(jumps),
        "cut_in_silence": silent,
        "rows": rows,
    }


def unflagged(rows: list[list[Any]]) -> int:
    """Changes of pace above 0.15 between cues of one speaker that follow each other closely, and are not told."""
    last: dict[str, tuple[float, float]] = {}
    found = 0
    for start, end, _, speaker, rate, flags in rows:
        before = last.get(speaker)
        if before and start - before[0] < 6 and abs(rate - before[1]) > 0.15 + 1e-4 and "jump" not in flags:
            found += 1
        last[speaker] = end, rate
    return found


def measured(path: Path, rows: list[list[Any]]) -> dict[str, float]:
    """How far each cue's first sound is from its time, in the finished file."""
    rate = probe(path).rate
    sound = np.concatenate(list(blocks(path)))
    loud = np.flatnonzero(np.abs(sound) > LOUD)
    errors, ends = [], 0.0
    for start, _, end, *_ in rows:
        if start > ends + 0.12:  # nobody speaks just before
            first = loud[np.searchsorted(loud, round((start - 0.1) * rate))] / rate
            errors.append((float(start), abs(first - start) * 1000))
        ends = max(ends, end)
    values = [error for _, error in errors]
    late = [error for start, error in errors if start > 0.9 * rows[-1][0]]
    return {"cues_measured": len(values), "worst_ms": max(values), "mean_ms": sum(values) / len(values),
            "worst_of_the_last_tenth_ms": max(late)}  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--cues", type=int, default=1800)
    options.add_argument("--hours", type=float, default=2.0)
    options.add_argument("--record", action="store_true")
    options.add_argument("--step", nargs="*", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.step:
        what, folder, *rest = given.step
        found = (
            begin(Path(folder), int(rest[0]), float(rest[1])) if what == "begin" else assemble(Path(folder), rest[0])
        )
        print(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as name:
        begun = alone("begin", name, str(given.cues), str(given.hours))
        found = alone("assemble", name, begun["id"])
        rows = found.pop("rows")
        found |= {"render_s": begun["render_s"], **measured(Path(name) / "dub.wav", rows)}
    found["times_real_time"] = found["seconds"] / found["assemble_s"]
    print(json.dumps(found, indent=2))
    if given.record:
        record("dubbing", found)


def alone(*step: str) -> dict[str, Any]:
    """A step in a process of its own."""
    done = subprocess.run([sys.executable, __file__, "--step", *step], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
