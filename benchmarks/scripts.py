"""A book of ten hours as a script: rendered, edited, assembled; twenty thousand lines; fifty kills.

    python benchmarks/scripts.py [--hours 10] [--kills 50] [--record]

The book is made of two real ones, over and over, each time with other numbers in it, so that no line is like another.
Everything runs in processes of its own, so that the peak of memory is that of the work.
"""

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from machine import peak, record

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from studio.engines.registry import Registry  # noqa: E402
from studio.library import ProductionChange  # noqa: E402
from studio.studio import Begun, LineQuery, NewLine, Studio  # noqa: E402

SECONDS_A_ROUND = 1750.0  # of alice.txt, in a usual voice


def manuscript(path: Path, hours: float) -> Path:
    alice = (ROOT / "assets" / "examples" / "alice.txt").read_text(encoding="utf-8")
    rounds = max(1, round(hours * 3600 / SECONDS_A_ROUND))
    parts = []
    for n in range(rounds):
        text = alice.partition("Chapter I.")[2].replace("Chapter III.", f"Chapter {3 * n + 3}.")
        text = f"Chapter {3 * n + 1}." + text.replace("Chapter II.", f"Chapter {3 * n + 2}.")
        parts.append(text.replace(".\n", f". That was in the year {1500 + n}.\n"))
    path.write_text("\n\n".join(parts), encoding="utf-8")
    return path


def book(folder: Path, hours: float) -> dict[str, Any]:
    """From manuscript to M4B, and what it cost."""
    with Studio(folder / "data") as studio:
        desk = studio.scripts
        began = time.perf_counter()
        id = desk.begin(manuscript(folder / "book.txt", hours), Begun(voice="f2")).id
        ready = time.perf_counter() - began
        lines = desk.progress(id).lines
        began = time.perf_counter()
        desk.render(id).wait()
        rendered = time.perf_counter() - began
        seconds = desk.progress(id).seconds
        began = time.perf_counter()
        done = desk.export(id, "m4b", folder / "book.m4b").wait()
        assembled = time.perf_counter() - began
        began = time.perf_counter()
        desk.export(id, "flac", folder / "book.flac").wait()
        exact = time.perf_counter() - began
        chapter = desk.chapters(id)[1]
        line = desk.lines(id, LineQuery(chapter=chapter.id), 5, 1).items[0]
        began = time.perf_counter()
        desk.change(id, [line.id], text="One line is another one now.")
        desk.render(id).wait()
        desk.export(id, "m4b", folder / "one.m4b", [chapter.id]).wait()
        again = time.perf_counter() - began
    return {
        "hours": round(seconds / 3600, 2),
        "lines": lines,
        "chapters": done.files[0].chapters,
        "script_s": round(ready, 1),
        "render_s": round(rendered, 1),
        "render_times_real_time": round(seconds / rendered),
        "m4b_s": round(assembled, 1),
        "m4b_times_real_time": round(done.seconds / assembled),
        "flac_times_real_time": round(done.seconds / exact),
        "one_line_and_its_chapter_s": round(again, 2),
        "chapter_minutes": round(chapter.seconds / 60, 1),
        "peak_mib": round(peak()),
    }


def engine_alone(folder: Path, hours: float) -> dict[str, Any]:
    """The same lines spoken by the engine, and nothing done with the sound."""
    with Studio(folder / "alone") as studio:
        id = studio.scripts.begin(manuscript(folder / "alone.txt", hours), Begun(voice="f2")).id
        planner = studio.scripts.planner(id)
        recipes = [part.recipe for line in studio.scripts.all_lines(id) for part in planner.plan(line).plan.heard]
    engines = Registry(third_parties=False)
    frames = 0
    began = time.perf_counter()
    for at in range(0, len(recipes), 64):
        for chunk in engines.speak("espeak", recipes[at : at + 64], stream=False):
            frames += len(chunk.samples)
    spent = time.perf_counter() - began
    rate = engines.get("espeak").spec.rate
    engines.unload_all()
    return {"engine_s_an_hour": round(spent / (frames / rate / 3600), 2)}


def long_script(folder: Path) -> dict[str, Any]:
    """Twenty thousand lines: what the page asks for when it opens, and an edit in the middle."""
    path = folder / "long.txt"
    chapters = (
        f"Chapter {c}\n\n" + "\n\n".join(f"Sentence {n} of chapter {c}." for n in range(500)) for c in range(40)
    )
    path.write_text("\n\n".join(chapters), encoding="utf-8")
    with Studio(folder / "long") as studio:
        desk = studio.scripts
        began = time.perf_counter()
        id = desk.begin(path).id
        made = time.perf_counter() - began
        while desk._library.outcomes.unplanned(id, 1):
            time.sleep(0.1)

        def timed(work: Any) -> float:
            times = []
            for _ in range(5):
                began = time.perf_counter()
                work()
                times.append(time.perf_counter() - began)
            return round(sorted(times)[2] * 1000, 1)

        middle = desk.lines(id, LineQuery(), 10_000, 1).items[0]
        texts = iter(f"Changed {n}." for n in range(100))

        def opened() -> None:
            first = desk.chapters(id)[0].id
            desk.parts(id)
            desk.progress(id)
            desk.missing(id)
            desk.edits(id)
            for offset in (0, 40):
                desk.lines(id, LineQuery(chapter=first), offset, 40)

        return {
            "lines": desk.progress(id).lines,
            "made_s": round(made, 1),
            "open_ms": timed(opened),
            "page_ms": timed(lambda: desk.lines(id, LineQuery(chapter=middle.chapter), 200, 40)),
            "edit_ms": timed(lambda: desk.change(id, [middle.id], text=next(texts))),
            "insert_ms": timed(lambda: desk.edit(id, "insert", line=NewLine("New."), after=middle.id)),
            "search_ms": timed(lambda: desk.lines(id, LineQuery(text="17 of"), 0, 40)),
        }


RENDER = """
import sys
from pathlib import Path
from studio.studio import Studio
with Studio(Path(sys.argv[1])) as studio:
    for job in studio.scripts.workshop.resume_all():
        print("resumed", flush=True)
        job.wait(600)
"""


def killed(folder: Path, kills: int) -> dict[str, Any]:
    """A render killed at random moments; at the end every line has one take, and nothing is left over."""
    data, dice = folder / "killed", random.Random(3)
    path = folder / "killed.txt"
    path.write_text(
        "\n\n".join(f"This is sentence number {n} of the story, and it goes on." for n in range(60 * kills))
    )
    with Studio(data) as studio:
        id = studio.scripts.begin(path).id
        studio._library.productions.update(id, ProductionChange(state="running", progress={"scope": {}}))
    lost, before = 0, 0
    for _ in range(kills):
        process = subprocess.Popen([sys.executable, "-c", RENDER, str(data)], cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(dice.uniform(0.02, 0.7))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with Studio(data) as studio:
            done = studio.scripts.progress(id).states.get("done", 0)
            lost += max(0, before - done)
            before = done
    with Studio(data) as studio:
        for job in studio.scripts.workshop.resume_all():
            job.wait()
        lines = list(studio.scripts.all_lines(id))
        report = studio.cache.verify(mend=False, deep=True)
        takes = {line.take for line in lines}
        files = {path.stem for path in (data / "takes").glob("*.flac")}
    return {
        "kills": kills,
        "lines": len(lines),
        "lines_lost": lost,
        "lines_not_done": sum(line.state != "done" for line in lines),
        "damaged_takes": len(report.damaged) + len(report.missing),
        "takes_too_many": len(files - takes),
    }


PARTS = {"book": book, "engine": engine_alone, "long": long_script, "killed": killed}


def apart(name: str, *more: str) -> dict[str, Any]:
    """A part in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        command = [sys.executable, __file__, "--part", name, "--folder", folder, *more]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if run.returncode:
            raise SystemExit(run.stderr[-3000:])
        return dict(json.loads(run.stdout.strip().split("\n")[-1]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=10.0)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--record", action="store_true", help="keep the numbers in scripts.json")
    parser.add_argument("--part")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.part:
        given = {"book": [options.hours], "engine": [min(1.0, options.hours)], "killed": [options.kills]}
        print(json.dumps(PARTS[options.part](options.folder, *given.get(options.part, []))))
        raise SystemExit
    rows = {name: apart(name, "--hours", str(options.hours), "--kills", str(options.kills)) for name in PARTS}
    engine = rows["engine"]["engine_s_an_hour"] * rows["book"]["hours"]
    whole = rows["book"]["script_s"] + rows["book"]["render_s"] + rows["book"]["m4b_s"]
    rows["book"]["outside_the_engine"] = round(1 - engine / whole, 3)
    rows["book"]["outside_s_an_hour"] = round((whole - engine) / rows["book"]["hours"], 1)
    print(json.dumps(rows, indent=2))
    if options.record:
        record("scripts", rows)
