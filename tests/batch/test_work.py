"""Batches at work: every file or its reason, nothing rendered twice, nothing lost by stopping, killing, a full disk."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from studio.audio.files import probe, read
from studio.audio.formats import FORMATS
from studio.batch.records import Outcome, Record
from studio.errors import BadRequest, Cancelled, DiskFull, InUse, NotFound, NotWritable
from studio.studio import ConvertRequest, Studio

from ..library.disks import remount_read_only, small_disk

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "assets" / "examples" / "batch"
MP3 = ConvertRequest(format="mp3")


def texts(place: Path, count: int, sentence: str = "This is text number {n}. It is not long.") -> Path:
    """A folder of that many texts, each different."""
    place.mkdir(parents=True, exist_ok=True)
    for n in range(count):
        (place / f"{n:03}.txt").write_text(sentence.format(n=n), "utf-8")
    return place


def run(studio: Studio, inputs, out: Path, common: ConvertRequest = MP3, **more):
    job = studio.batches.begin(studio.batches.order(inputs, out, common, **more))
    job.wait(240)
    return job


def states(studio: Studio, job) -> list[str]:
    return [one["state"] for one in json.loads(studio.batches.report(job.id, "json"))["files"]]


@pytest.mark.parametrize("name", ["manifest.csv", "manifest.json"])
def test_the_shipped_example_is_made_and_can_be_heard(studio, tmp_path, name):
    job = run(studio, [EXAMPLES / name], tmp_path / "out")
    rows = json.loads(studio.batches.report(job.id, "json"))["files"]
    assert len(rows) == 12
    for row in rows:
        path = tmp_path / "out" / row["output"]
        clip = read(path)
        assert 4 < clip.seconds < 25
        assert clip.seconds == pytest.approx(row["seconds"], abs=0.1)
        assert -35 < row["loudness_lufs"] < -12
        assert float(np.abs(clip.samples).max()) > 0.1
        assert (np.abs(clip.samples) > 0.01).mean() > 0.3  # spoken throughout
        assert path.stat().st_size == row["bytes"]
        assert studio.inspect(path).digest == row["recipe"]
        assert row["state"] == "done"
    titles = [probe(tmp_path / "out" / row["output"]).tags.get("title") for row in rows]
    assert name != "manifest.csv" or titles[:2] == ["Greeting", "问候语"]


@pytest.mark.parametrize("format", [format.id for format in FORMATS])
def test_every_format_of_the_studio_is_written(studio, tmp_path, format):
    job = run(studio, [texts(tmp_path / "in", 2)], tmp_path / "out", ConvertRequest(format=format))
    assert states(studio, job) == ["done", "done"]
    assert {one.suffix for one in (tmp_path / "out").iterdir()} == {
        FORMATS[[f.id for f in FORMATS].index(format)].extension
    }


def test_every_kind_of_manuscript_is_read(studio, tmp_path):
    place = tmp_path / "in"
    place.mkdir()
    (place / "a.html").write_text("<html><body><h1>One</h1><p>The web speaks.</p></body></html>", "utf-8")
    (place / "b.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nA line below.\n", "utf-8")
    (place / "c.csv").write_text("role,text\nAnn,Good morning to you.\n", "utf-8")
    (place / "d.md").write_text("# Title\n\nSome *marked* text.", "utf-8")
    job = run(studio, [place], tmp_path / "out")
    assert states(studio, job) == ["done"] * 4


def test_subtitles_stand_beside_and_their_times_are_those_of_the_sound(studio, tmp_path):
    place = tmp_path / "in"
    place.mkdir()
    (place / "talk.txt").write_text(
        "One sentence here.\n\n[pause 3s]\n\n然后是中文，说得比较长一些，要分成两条字幕才好。", "utf-8"
    )
    run(studio, [place], tmp_path / "out", ConvertRequest(format="wav"), subtitles=("srt", "vtt", "ass", "lrc", "tsv"))
    assert {one.suffix for one in (tmp_path / "out").iterdir()} == {".wav", ".srt", ".vtt", ".ass", ".lrc", ".tsv"}
    rows = [row.split("\t") for row in (tmp_path / "out" / "talk.tsv").read_text("utf-8").splitlines()[1:]]
    clip = read(tmp_path / "out" / "talk.wav")
    assert "".join(row[3] for row in rows).replace(" ", "").startswith("Onesentencehere.然后是中文，")
    first, second = rows[0], rows[1]
    assert int(second[0]) - int(first[1]) > 2000  # the pause
    heard = np.flatnonzero(np.abs(clip.samples) > 0.01)
    silence = np.flatnonzero(np.diff(heard) > clip.rate)[0]
    assert int(second[0]) / 1000 == pytest.approx(heard[silence + 1] / clip.rate, abs=0.1)


def test_one_bad_file_never_ends_the_rest_and_its_reason_is_told(studio, tmp_path):
    place = texts(tmp_path / "in", 4)
    (place / "001.txt").write_bytes(b"\x00\xff\x00\xff" * 100)
    (place / "bad.pdf").write_bytes(b"%PDF-1.4 cut")
    job = run(studio, [place], tmp_path / "out")
    assert states(studio, job) == ["done", "failed", "done", "done", "failed"]
    table = list(csv.DictReader(io.StringIO(studio.batches.report(job.id, "csv").lstrip("\ufeff"))))
    assert [row["error"] != "" for row in table] == [False, True, False, False, True]
    assert table[4]["error"].startswith("bad.pdf")
    chinese = json.loads(studio.batches.report(job.id, "json", "zh"))["files"][4]["error"]
    assert any("\u4e00" <= sign <= "\u9fff" for sign in chinese)


def test_a_report_holds_no_formulas(studio, tmp_path):
    place = tmp_path / "in"
    place.mkdir()
    (place / "=cmd().txt").write_text("Harmless.", "utf-8")
    job = run(studio, [place], tmp_path / "out")
    row = next(csv.DictReader(io.StringIO(studio.batches.report(job.id, "csv").lstrip("\ufeff"))))
    assert row["file"] == "'=cmd().txt"


def test_what_failed_is_tried_again_and_nothing_else(studio, tmp_path):
    place = texts(tmp_path / "in", 3)
    (place / "001.txt").write_bytes(b"")
    job = run(studio, [place], tmp_path / "out")
    before = {one: one.stat().st_mtime_ns for one in (tmp_path / "out").iterdir()}
    (place / "001.txt").write_text("Now there is something.", "utf-8")
    again = studio.batches.retry(job.id)
    assert again.wait(60).done == 3
    assert all(one.stat().st_mtime_ns == when for one, when in before.items())
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_a_second_run_finds_what_the_first_made(studio, tmp_path):
    place = texts(tmp_path / "in", 3)
    run(studio, [place], tmp_path / "out")
    (place / "002.txt").write_text("This one is new.", "utf-8")
    assert states(studio, run(studio, [place], tmp_path / "out")) == ["kept", "kept", "failed"]
    assert states(studio, run(studio, [place], tmp_path / "out", over=True)) == ["kept", "kept", "done"]
    slow = ConvertRequest(format="mp3", style="slow")
    assert states(studio, run(studio, [place], tmp_path / "out", slow)) == ["failed"] * 3


def test_a_file_of_someone_else_is_not_written_over(studio, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "000.mp3").write_bytes(b"my own recording")
    (out / "001.srt").write_text("my own subtitles", "utf-8")
    job = run(studio, [texts(tmp_path / "in", 3)], out, subtitles=("srt",))
    assert states(studio, job) == ["failed", "failed", "done"]
    assert (out / "000.mp3").read_bytes() == b"my own recording"
    assert (out / "001.srt").read_text("utf-8") == "my own subtitles"


def test_a_link_put_there_meanwhile_is_not_written_through(studio, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    order = studio.batches.order([texts(tmp_path / "in" / "sub", 1).parent], tmp_path / "out", MP3)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere")
    job = studio.batches.begin(order)
    job.wait(60)
    assert states(studio, job) == ["failed"]
    assert not list((tmp_path / "elsewhere").iterdir())


def halfway(job, count: int = 2) -> None:
    while job.record.tally.done < count:
        assert not job.over
        time.sleep(0.005)


def test_a_batch_is_paused_and_goes_on(studio, tmp_path):
    job = studio.batches.begin(studio.batches.order([texts(tmp_path / "in", 40)], tmp_path / "out", MP3))
    halfway(job)
    studio.batches.pause(job.id)
    with pytest.raises(Cancelled):
        job.wait(20)
    record = studio.batches.record(job.id)
    assert record.state == "paused"
    done = record.tally.done
    assert 2 <= done < 40
    made = {one: one.stat().st_mtime_ns for one in (tmp_path / "out").iterdir()}
    assert studio.batches.resume(job.id).wait(120).done == 40
    assert record.state == "done"
    assert all(one.stat().st_mtime_ns == when for one, when in made.items())


def test_a_cancelled_batch_says_so_and_can_be_brought_back(studio, tmp_path):
    job = studio.batches.begin(studio.batches.order([texts(tmp_path / "in", 40)], tmp_path / "out", MP3))
    halfway(job, 1)
    studio.batches.cancel(job.id)
    with pytest.raises(Cancelled):
        job.wait(20)
    record = studio.batches.record(job.id)
    assert (record.state, record.tally.waiting) == ("cancelled", 0)
    assert record.tally.cancelled == 40 - record.tally.done
    assert not [one for one in (tmp_path / "out").iterdir() if one.name.endswith(".part")]
    assert studio.batches.retry(job.id).wait(120).done == 40


def test_progress_and_time_left_are_told(studio, tmp_path):
    job = studio.batches.begin(studio.batches.order([texts(tmp_path / "in", 30)], tmp_path / "out", MP3))
    halfway(job, 5)
    assert 0 < job.progress < 1
    assert job.seconds_left is not None
    assert job.seconds_left > 0
    job.wait(120)
    assert (job.progress, job.working()) == (1.0, {})


def test_resumed_while_it_is_still_being_paused_it_goes_on(studio, tmp_path):
    job = studio.batches.begin(studio.batches.order([texts(tmp_path / "in", 12)], tmp_path / "out", MP3))
    halfway(job)
    studio.batches.pause(job.id)
    assert studio.batches.resume(job.id).wait(120).done == 12


def test_a_closed_studio_goes_on_with_unattended_batches_alone(tmp_path):
    with Studio(tmp_path / "data") as studio:
        long = "A sentence of text number {n}. " * 30
        orders = [
            studio.batches.order([texts(tmp_path / name, 8, long)], tmp_path / f"{name}-out", MP3) for name in "ab"
        ]
        jobs = [studio.batches.begin(order, unattended=n == 0) for n, order in enumerate(orders)]
        halfway(jobs[0], 1)
    with Studio(tmp_path / "data") as studio:
        assert [studio.batches.record(job.id).state for job in jobs] == ["interrupted", "interrupted"]
        (going,) = studio.batches.resume_all()
        assert going.id == jobs[0].id
        assert going.wait(240).done == 8


WORK = """
import sys
from pathlib import Path
from studio.studio import ConvertRequest, Studio
data, inputs, out = map(Path, sys.argv[1:])
with Studio(data) as studio:
    order = studio.batches.order([inputs], out, ConvertRequest(format="mp3"), subtitles=("srt",))
    job = studio.batches.begin(order, unattended=True)
    print(job.id, flush=True)
    job.wait()
"""


@pytest.mark.parametrize("after", [1, 7, 15])
def test_killed_at_any_moment_it_goes_on_and_renders_nothing_twice(tmp_path, after):
    inputs, out, data = texts(tmp_path / "in", 30), tmp_path / "out", tmp_path / "data"
    command = [sys.executable, "-c", WORK, str(data), str(inputs), str(out)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        id = killed.stdout.readline().strip()
        while len(list(out.glob("*.mp3"))) < after:
            assert killed.poll() is None
            time.sleep(0.005)
        os.kill(killed.pid, signal.SIGKILL)
    whole = [one for one in out.glob("*.mp3") if one.with_suffix(".srt").exists()]
    there = {one: one.stat().st_mtime_ns for one in whole}
    with Studio(data) as studio:
        takes = {one: one.stat().st_mtime_ns for one in studio.folder.takes.glob("*.flac")}
        assert studio.batches.record(id).state == "interrupted"
        (job,) = studio.batches.resume_all()
        tally = job.wait(120)
        rows = json.loads(studio.batches.report(id, "json"))["files"]
    assert (tally.done, tally.failed) == (30, 0)
    assert all(one.stat().st_mtime_ns == when for one, when in there.items())
    assert all(one.stat().st_mtime_ns == when for one, when in takes.items())
    assert all(read(out / row["output"]).seconds == pytest.approx(row["seconds"], abs=0.1) for row in rows)
    assert {one.suffix for one in out.iterdir()} == {".mp3", ".srt"}  # nothing half-written is left


def test_half_a_line_of_the_journal_counts_for_nothing(studio, tmp_path):
    job = run(studio, [texts(tmp_path / "in", 2)], tmp_path / "out")
    record = studio.batches.record(job.id)
    with (record.folder / "journal.jsonl").open("ab") as journal:
        journal.write(b'{"number": 1, "state": "fai')
    fresh = Record(record.folder)
    assert fresh.tally.done == 2
    fresh.add(Outcome(2, "waiting"))
    assert Record(record.folder).tally.waiting == 1


def test_a_full_disk_pauses_the_batch_and_room_brings_it_to_its_end(studio, tmp_path):
    with small_disk(tmp_path / "small", 900) as disk:
        inputs = texts(tmp_path / "in", 20, "A longer sentence, number {n}, so that its sound takes some room. " * 3)
        order = studio.batches.order([inputs], disk / "out", ConvertRequest(format="wav"))
        assert not studio.batches.look(order).wait(60).good
        job = studio.batches.begin(order)
        with pytest.raises(DiskFull):
            job.wait(120)
        record = studio.batches.record(job.id)
        assert record.state == "paused"
        assert record.trouble is not None
        assert record.trouble.code == "disk_full"
        assert record.tally.failed == 0
        assert not [one for one in (disk / "out").iterdir() if one.name.endswith(".part")]
        subprocess.run(["mount", "-o", "remount,size=40m", str(disk)], check=True)
        assert studio.batches.resume(job.id).wait(120).done == 20


def test_a_batch_that_cannot_be_kept_leaves_nothing(tmp_path):
    inputs = texts(tmp_path / "in", 40, "Some words, number {n}. " * 400)
    with small_disk(tmp_path / "small", 600) as disk, Studio(disk / "data") as studio:
        sent = [(one.name, one) for one in sorted(inputs.iterdir())]
        with pytest.raises(DiskFull):
            studio.batches.begin(studio.batches.order_of_uploads(sent, MP3), unattended=True, copied=True)
        assert studio.batches.find() == []
        assert not [one for one in studio.batches.folder.iterdir() if one.is_dir()]


def test_a_folder_that_may_not_be_written_is_refused_before_any_work(studio, tmp_path):
    inputs = texts(tmp_path / "in", 1)
    with small_disk(tmp_path / "small", 900) as disk:
        remount_read_only(disk)
        with pytest.raises(NotWritable):
            studio.batches.begin(studio.batches.order([inputs], disk / "out", MP3))
    (tmp_path / "file").write_text("in the way", "utf-8")
    with pytest.raises(NotWritable):
        studio.batches.begin(studio.batches.order([inputs], tmp_path / "file" / "out", MP3))
    assert studio.batches.find() == []


def test_everything_comes_as_one_archive_with_its_report(studio, tmp_path):
    place = texts(tmp_path / "in", 3)
    (place / "bad.txt").write_bytes(b"")
    job = run(studio, [place], tmp_path / "out", subtitles=("srt",))
    packed = zipfile.ZipFile(io.BytesIO(b"".join(studio.batches.archive(job.id))))
    assert packed.testzip() is None
    assert sorted(packed.namelist()) == sorted(
        [*(f"{n:03}.{ending}" for n in range(3) for ending in ("mp3", "srt")), "report.csv", "report.json"]
    )
    assert packed.read("000.mp3") == (tmp_path / "out" / "000.mp3").read_bytes()


def test_a_batch_is_deleted_with_what_is_kept_with_it_and_nothing_else(studio, tmp_path):
    place = texts(tmp_path / "in", 1)
    own = run(studio, [place], tmp_path / "out")
    sent = studio.batches.order_of_uploads([("000.txt", place / "000.txt")], MP3)
    kept = studio.batches.begin(sent, unattended=True, copied=True)
    kept.wait(60)
    assert studio.batches.file(kept.id, 1).is_relative_to(studio.batches.folder)
    for job in (own, kept):
        studio.batches.delete(job.id)
    assert studio.batches.find() == []
    assert (tmp_path / "out" / "000.mp3").exists()
    assert (place / "000.txt").exists()
    with pytest.raises(NotFound):
        studio.batches.record(kept.id)


@pytest.mark.parametrize("id", ["", "..", "../takes", "a/b", "20200101-000000-abcd", "\0"])
def test_names_of_batches_are_no_paths(studio, id):
    with pytest.raises(NotFound):
        studio.batches.record(id)


def test_files_that_were_not_made_are_not_given_out(studio, tmp_path):
    place = texts(tmp_path / "in", 1)
    (place / "bad.txt").write_bytes(b"")
    job = run(studio, [place], tmp_path / "out")
    assert studio.batches.file(job.id, 1).name == "000.mp3"
    for number in (0, 2, 3, -1):
        with pytest.raises(NotFound):
            studio.batches.file(job.id, number)


def test_two_processes_do_not_work_on_one_batch(studio, tmp_path):
    job = run(studio, [texts(tmp_path / "in", 1)], tmp_path / "out")
    with Record(studio.batches.record(job.id).folder).alone(), pytest.raises(InUse):
        studio.batches.resume(job.id)


def test_hands_work_at_the_same_time(studio, tmp_path):
    order = studio.batches.order([texts(tmp_path / "in", 30)], tmp_path / "out", MP3, hands=3)
    job = studio.batches.begin(order)
    most = 0
    while not job.over:
        most = max(most, len(job.working()))
        time.sleep(0.002)
    assert most == 3
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("batch-")]


def test_five_hundred_files_crowd_no_other_shelf(studio, tmp_path):
    run(studio, [texts(tmp_path / "in", 5)], tmp_path / "out")
    assert studio.productions.find().total == 0


def test_an_engine_that_is_missing_fails_its_rows_alone(studio, tmp_path):
    place = texts(tmp_path / "in", 2)
    (place / "list.csv").write_text("input,engine\n000.txt,chattts\n001.txt,\n", "utf-8")
    job = run(studio, [place / "list.csv"], tmp_path / "out")
    rows = json.loads(studio.batches.report(job.id, "json"))["files"]
    assert [row["error_code"] for row in rows] == ["not_installed", ""]


def test_reports_of_unknown_kinds_are_refused(studio, tmp_path):
    job = run(studio, [texts(tmp_path / "in", 1)], tmp_path / "out")
    with pytest.raises(BadRequest):
        studio.batches.write_report(job.id, tmp_path / "report.doc")


def test_a_deleted_voice_stays_while_a_batch_asks_for_it(studio, tmp_path):
    """A batch that stopped half-way names its voice, and it can be brought back for it."""
    voice = studio.keeping.seed("espeak", 4321, "Hired").id
    request = ConvertRequest(voice=voice, format="mp3")
    record = Record.create(
        studio.batches.folder / "20250101-000000-abcd",
        studio.batches.order([texts(tmp_path / "in", 2)], tmp_path / "out", request),
    )
    studio.voices.delete([voice])
    assert (studio.bin.empty().count, studio.voices.known(voice).name) == (0, "Hired")
    record.add(*(Outcome(n, "done") for n in (1, 2)))
    studio.batches._records.clear()  # as another process has it
    assert studio.bin.empty().count == 1
