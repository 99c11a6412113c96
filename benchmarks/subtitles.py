"""Subtitles of a book of ten hours: how far its last cues are from what is heard; and large files read and written.

    python benchmarks/subtitles.py [--hours 10] [--record]

Takes of the embedded engine are assembled over and over until the book is long enough, as an export does it; where each
of the last lines is heard is found in the sound itself.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from machine import peak, record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from studio.audio.clip import Clip  # noqa: E402
from studio.library.script import Line  # noqa: E402
from studio.manuscripts.keeping import losses  # noqa: E402
from studio.manuscripts.subtitles import read_subtitles  # noqa: E402
from studio.production.assembling import Assembler, assembled  # noqa: E402
from studio.production.captions import spoken_cue  # noqa: E402
from studio.studio import Begun, Studio  # noqa: E402
from studio.text.cues import WIDE, Cue, Subtitles  # noqa: E402
from studio.text.subtitles import FORMATS  # noqa: E402
from studio.text.timing import resplit  # noqa: E402

TALE = "\n\n".join(
    f"Sentence number {n} of the story is here. {'It goes on for a while. ' * (n % 4)}" for n in range(24)
)
AUDIBLE = 10 ** (-50 / 20)
HEARD_S = 120.0  # of sound at the end in which lines are looked for


def drift(folder: Path, hours: float) -> dict[str, Any]:
    """The error of the lines at the end of a long book, in each format."""
    (folder / "tale.txt").write_text(TALE, encoding="utf-8")
    with Studio(folder / "data") as studio:
        id = studio.scripts.begin(folder / "tale.txt", Begun(voice="m3")).id
        studio.scripts.change_settings(id, "sound", {"polish": "off", "room_tone": False})
        studio.scripts.render(id).wait()
        material = studio.scripts._files.material(id)
        lines = [line for chapter in material.chapters for line in material.lines(chapter)]
        clips = {line.take: material.load(line) for line in lines}
        words = {line.take: studio.cache.get(line.take).words for line in lines}  # type: ignore[union-attr]
    assembler = Assembler(material.scene)
    began = time.perf_counter()
    tail, length = _assembled(assembler, lines, clips, hours)
    spent = time.perf_counter() - began
    rate = material.scene.rate
    cues = []
    for n, placed in enumerate(assembler.placed):
        known = [(w, a + placed.shift / rate, b + placed.shift / rate) for w, a, b in words[placed.line.take]]
        cue = spoken_cue(placed.line.text, f"S{n % 3}", placed.start / rate, placed.end / rate, known)
        cues += [cue] if cue else []
    first = length - len(tail)
    heard = [p for p in assembler.placed if p.start > first + rate]
    inside = {line.take: _onset(assembler.cut(line, clips[line.take]).samples) for line in lines}
    begun = [p.start + _onset(tail[p.start - first :]) - inside[p.line.take] for p in heard]
    errors = {}
    for format in ("srt", "vtt", "ass", "lrc", "json"):
        found = read_subtitles(FORMATS[format][1](Subtitles(tuple(cues))), format, f"x.{format}").cues[-len(heard) :]
        late = [frame / rate - cue.start for frame, cue in zip(begun, found, strict=True)]
        errors[format] = round(1000 * max(map(abs, late)), 2)
    return {
        "hours": round(length / rate / 3600, 2), "lines": len(cues), "looked_at": len(heard),
        "worst_error_ms": errors, "assembled_s": round(spent, 1),
    }  # fmt: skip


def _onset(samples: np.ndarray[Any, Any]) -> int:
    """The first frame that is heard."""
    return int(np.flatnonzero(np.abs(samples) > AUDIBLE)[0])


def _assembled(
    assembler: Assembler, lines: list[Line], clips: dict[str, Clip], hours: float
) -> tuple[np.ndarray[Any, Any], int]:
    """The end of the sound, and how many frames there are in all."""

    def endless() -> Iterator[tuple[int, Line]]:
        n = 0
        while assembler.frame < hours * 3600 * assembler.rate:
            line = lines[n % len(lines)]
            yield n // 500, replace(line, id=f"{n}")
            n += 1

    kept: list[np.ndarray[Any, Any]] = []
    length = 0
    for block in assembled(endless(), assembler.scene, lambda line: clips[line.take], assembler):
        kept.append(block)
        length += len(block)
        while sum(map(len, kept[1:])) > HEARD_S * assembler.rate:
            kept.pop(0)
    return np.concatenate(kept), length


def large(count: int = 100_000) -> dict[str, Any]:
    """Seconds of the processor that files of many cues take."""
    text = "Line <i>number</i> {} of a long film,\nwhich has a second line that is longer than usual."
    cues = [Cue(n * 2.0, n * 2.0 + 1.9, text.format(n), "Ann" if n % 3 else "") for n in range(count)]
    rows: dict[str, Any] = {"cues": count}
    for format in FORMATS:
        began = time.process_time()
        written = FORMATS[format][1](cues)
        middle = time.process_time()
        found = read_subtitles(written, format, "x")
        rows[format] = {"write_s": round(middle - began, 2), "read_s": round(time.process_time() - middle, 2)}
        assert len(found.cues) == count
    few = Subtitles(tuple(cues[:10_000]))
    began = time.process_time()
    losses(few, "ass")
    middle = time.process_time()
    resplit(few, WIDE)
    rows["losses_of_10000_s"] = round(middle - began, 2)
    rows["recut_of_10000_s"] = round(time.process_time() - middle, 2)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--record", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = {"drift": drift(Path(folder), chosen.hours)}
    rows["large"] = large()
    rows["peak_mib"] = peak()
    print(rows)
    if chosen.record:
        record("subtitles", rows)


if __name__ == "__main__":
    main()
