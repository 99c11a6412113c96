"""Renders that outlive what happens to them: killed, paused, stopped, several at once, on a disk that fills up."""

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from studio.errors import Cancelled, DiskFull, InUse
from studio.library import ProductionChange
from studio.library.script import LineQuery
from studio.studio import Begun, Scope, Studio
from tests.library.disks import small_disk

ROOT = Path(__file__).parents[2]
KILLS = 10
RENDER = """
import sys
from pathlib import Path
from studio.studio import Studio
with Studio(Path(sys.argv[1])) as studio:
    for job in studio.scripts.workshop.resume_all():
        print("resumed", flush=True)
        job.wait(120)
        print("rendered", job.rendered, flush=True)
"""


def story(path: Path, lines: int, words: str = "This is sentence number {n} of the story, and it goes on.") -> Path:
    path.write_text("\n\n".join(words.format(n=n) for n in range(lines)), encoding="utf-8")
    return path


def begin(studio: Studio, path: Path, **begun: str) -> str:
    return studio.scripts.begin(path, Begun(**begun)).id  # type: ignore[arg-type]


def test_a_render_killed_again_and_again_loses_nothing_but_the_line_in_work(tmp_path: Path) -> None:
    """A real process, killed at random moments; each one goes on where the last one was."""
    data, dice = tmp_path / "data", random.Random(11)
    with Studio(data) as studio:
        id = begin(studio, story(tmp_path / "story.txt", 400))
        studio._library.productions.update(id, ProductionChange(state="running", progress={"scope": {}}))
    done = 0
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", RENDER, str(data)], cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"resumed\n"
        time.sleep(dice.uniform(0.05, 0.6))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        with Studio(data) as studio:
            lines = list(studio.scripts.all_lines(id))
            finished = [line for line in lines if line.state == "done"]
            assert len(finished) >= done, "what was done stays done"
            done = len(finished)
            for line in finished:
                assert studio.scripts.clip(line.take).seconds == pytest.approx(line.seconds, abs=0.001)
            assert studio.scripts.get(id).state in ("running", "done")
    with Studio(data) as studio:
        for job in studio.scripts.workshop.resume_all():
            job.wait(120)
        lines = list(studio.scripts.all_lines(id))
        assert {line.state for line in lines} == {"done"}
        takes = {line.take for line in lines}
        files = {path.stem for path in (data / "takes").glob("*.flac")}
        assert files == takes, "no take twice, none left over"
        report = studio.cache.verify(mend=False, deep=True)
        assert (report.missing, report.damaged, report.strangers) == ((), (), ())


def test_a_render_goes_on_when_nobody_looks_and_is_resumed_by_the_next_start(tmp_path: Path) -> None:
    with Studio(tmp_path / "data") as studio:
        id = begin(studio, story(tmp_path / "story.txt", 400))
        studio.scripts.render(id)
        while studio.scripts.progress(id).states.get("done", 0) < 20:
            time.sleep(0.02)
    with Studio(tmp_path / "data") as studio:  # closed in the middle
        before = studio.scripts.progress(id).states["done"]
        assert 20 <= before < 400
        (job,) = studio.scripts.workshop.resume_all()
        job.wait(60)
        assert job.rendered == studio.scripts.progress(id).lines - before


def test_pause_resume_and_cancel(studio: Studio, tmp_path: Path) -> None:
    id = begin(studio, story(tmp_path / "story.txt", 3000))
    job = studio.scripts.render(id)
    while job.rendered < 16:
        time.sleep(0.01)
    studio.scripts.workshop.pause(id)
    time.sleep(2.5)  # the turn in work ends
    still = job.rendered
    time.sleep(0.5)
    assert job.rendered == still
    assert job.seconds_left is None or job.seconds_left > 0
    assert studio.scripts.render(id) is job, "the same job goes on"
    while job.rendered == still:
        time.sleep(0.01)
    studio.scripts.workshop.cancel(id)
    with pytest.raises(Cancelled):
        job.wait(30)
    kept = studio.scripts.progress(id).states
    assert kept["done"] >= still
    assert studio.scripts.get(id).state == "stopped"
    assert studio.scripts.workshop.resume_all() == [], "what was stopped by hand stays stopped"


def test_an_edit_during_a_render_is_taken_along(studio: Studio, tmp_path: Path) -> None:
    id = begin(studio, story(tmp_path / "story.txt", 500))
    job = studio.scripts.render(id)
    while job.rendered < 16:
        time.sleep(0.005)
    first, *_, last = studio.scripts.all_lines(id)
    studio.scripts.change(id, [first.id, last.id], text="Something new was written here.")
    job.wait(120)
    assert {line.state for line in studio.scripts.all_lines(id)} == {"done"}
    first, *_, last = studio.scripts.all_lines(id)
    assert first.text == last.text == "Something new was written here."
    assert first.take == last.take, "one recipe, one take"


def test_several_productions_take_turns_and_a_higher_priority_goes_first(studio: Studio, tmp_path: Path) -> None:
    ids = [begin(studio, story(tmp_path / f"{n}.txt", 500, f"Story {n}: " + "sentence {n} of it.")) for n in range(3)]
    jobs = [studio.scripts.render(id) for id in ids[:2]]
    while min(job.rendered for job in jobs) < 50:
        time.sleep(0.01)
    assert max(job.rendered for job in jobs) < 12 * min(job.rendered for job in jobs), (
        "nobody waits for the other's end"
    )
    studio.scripts.workshop.prioritise(ids[2], 5)
    urgent = studio.scripts.render(ids[2])
    urgent.wait(120)
    assert any(not job.over for job in jobs), "the urgent one did not wait for them"
    for job in jobs:
        job.wait(120)


def test_two_processes_do_not_render_one_production(studio: Studio, tmp_path: Path) -> None:
    id = begin(studio, story(tmp_path / "story.txt", 800))
    job = studio.scripts.render(id)
    while job.rendered < 16:
        time.sleep(0.01)
    with Studio(studio.folder.path) as other, pytest.raises(InUse, match="another process"):
        other.scripts.render(id).wait(30)
    assert studio.scripts.get(id).title == "story"
    job.wait(120)


def test_a_disk_that_fills_up_during_an_export_leaves_nothing_half_written(studio: Studio, tmp_path: Path) -> None:
    id = begin(studio, story(tmp_path / "story.txt", 60))
    studio.scripts.render(id).wait(60)
    with small_disk(tmp_path / "disk", 600) as disk:
        with pytest.raises(DiskFull):
            studio.scripts.export(id, "wav", disk / "story.wav").wait(60)
        assert list(disk.iterdir()) == []
        with pytest.raises(DiskFull):
            studio.scripts.export(id, "mp3", disk / "chapters").wait(60)
        assert [path for path in disk.rglob("*") if path.is_file()] == []


def test_lines_that_are_asked_for_while_others_render(studio: Studio, tmp_path: Path) -> None:
    id = begin(studio, story(tmp_path / "story.txt", 40))
    lines = list(studio.scripts.all_lines(id))
    job = studio.scripts.render(id, Scope(lines=(lines[0].id,)))
    studio.scripts.render(id, Scope(lines=(lines[5].id,)))
    for running in {job, studio.scripts.workshop.job(id)} - {None}:
        running.wait(30)
    done = [n for n, line in enumerate(studio.scripts.all_lines(id)) if line.state == "done"]
    assert done == [0, 5]


def test_progress_tells_what_is_in_work(studio: Studio, tmp_path: Path) -> None:
    id = begin(studio, story(tmp_path / "story.txt", 600))
    seen: set[str] = set()
    job = studio.scripts.render(id)
    until = time.monotonic() + 60
    while not job.over and time.monotonic() < until:
        seen |= set(job.now)
        time.sleep(0.005)
    known = {line.id for line in studio.scripts.all_lines(id, LineQuery())}
    assert seen <= known
    assert len(seen) > 30
    assert job.progress == pytest.approx(1.0)
    assert job.audio_s > 300
    assert threading.active_count() < 40


def test_lines_asked_for_while_a_render_ends_are_rendered(studio: Studio, tmp_path: Path) -> None:
    """Between the last look for lines and the end of the job, more is asked for."""
    id = begin(studio, story(tmp_path / "story.txt", 6))
    workshop, lines = studio.scripts.workshop, list(studio.scripts.all_lines(id))
    looked = workshop._next
    asked = []

    def looks(job: object, size: int) -> object:
        found = looked(job, size)  # type: ignore[arg-type]
        if not found and not asked:
            asked.append(workshop.start(id, Scope(lines=(lines[4].id,))))
        return found

    workshop._next = looks  # type: ignore[method-assign]  # the real one, and then somebody asks
    workshop.start(id, Scope(lines=(lines[0].id,))).wait(60)
    asked[0].wait(60)
    states = [line.state for line in studio.scripts.all_lines(id)]
    assert states[0] == states[4] == "done"


def test_a_render_asked_for_while_another_is_being_stopped_runs(studio: Studio, tmp_path: Path) -> None:
    id = begin(studio, story(tmp_path / "story.txt", 60))
    first = studio.scripts.render(id)
    first.stop()
    second = studio.scripts.render(id)
    assert second is not first
    second.wait(60)
    assert {line.state for line in studio.scripts.all_lines(id)} == {"done"}
