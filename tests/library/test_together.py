"""Several processes on one library, and processes that are killed in the middle."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from studio.digest import digest_of
from studio.library import Library, TakeQuery, VoiceQuery

from .conftest import facts, putter, tone

ROOT = Path(__file__).parents[2]
BEGIN = """
import sys
sys.path.insert(0, {root!r})
from tests.library.conftest import facts, putter, tone, voice
from studio.library import Library, VoiceChange
library = Library.open(sys.argv[1], sys.argv[2] or None)
who = sys.argv[3]
"""
WRITER = """
put = putter(library)
with library.cache.batch():
    for n in range(25):
        put(f"same {n}", tone(0.02))  # the other process renders the same
        put(f"{who} {n}", tone(0.02))
        made = library.voices.add(voice(f"{who} {n}", tags=("shared", who)))
        library.voices.update(made.id, VoiceChange(add_tags=("changed",), rating=3))
library.close()
"""
ENDLESS = """
put = putter(library)
print("ready", flush=True)
n = 0
with library.cache.batch():
    while True:
        put(f"line {n}", tone(0.05))
        n += 1
        print(n, flush=True)
"""


def start(code: str, folder: Path, url: str, who: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", BEGIN.format(root=str(ROOT)) + code, str(folder), url, who]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_two_processes_write_at_once(tmp_path: Path, url: str) -> None:
    folder = tmp_path / "home"
    processes = [start(WRITER, folder, url, who) for who in ("甲", "乙")]
    for process in processes:
        assert process.communicate(timeout=120)[1] == ""
        assert process.returncode == 0
    with Library.open(folder, url) as library:
        assert library.voices.find().total == 50
        assert library.voices.find(VoiceQuery(tags=("shared", "changed"), min_rating=3)).total == 50
        assert library.voices.find(VoiceQuery(text="甲")).total == 25
        assert library.takes.find().total == 75
        assert library.takes.find(TakeQuery(text="same")).total == 25
        assert library.takes.find(TakeQuery(text="乙")).total == 25
        assert library.cache.verify(deep=True).fine


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("after", [1, 37, 140])
def test_a_killed_process_loses_at_most_the_line_it_was_at(tmp_path: Path, after: int) -> None:
    process = start(ENDLESS, tmp_path, "", "x")
    assert process.stdout is not None
    done = 0
    for line in process.stdout:
        done = int(line) if line.strip().isdigit() else 0
        if done >= after:
            break
    os.kill(process.pid, signal.SIGKILL)
    done = max([done, *(int(line) for line in process.stdout.read().split("\n")[:-1] if line.isdigit())])
    process.wait()
    with Library.open(tmp_path) as library:
        wanted = [digest_of(facts(f"line {n}").recipe) for n in range(done)]
        assert list(library.cache.get_many(wanted)) == wanted
        assert library.takes.find().total >= done
        assert library.takes.find(TakeQuery(text="line")).total == library.takes.find().total
        report = library.cache.verify(deep=True)
        assert report.missing == report.damaged == ()


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_rows_never_outrun_their_files(tmp_path: Path) -> None:
    """Looked at from outside while the other process works."""
    Library.open(tmp_path).close()
    process = start(ENDLESS, tmp_path, "", "x")
    try:
        with Library.open(tmp_path) as library:
            begun, seen, looks = time.monotonic(), 0, 0
            while (looks < 10 or seen == 0) and time.monotonic() < begun + 60:
                rows = {take.digest for take in library.takes.find(TakeQuery(size=1000))}
                files = {path.stem for path in library.cache.folder.iterdir() if path.suffix == ".flac"}
                assert rows <= files
                seen = max(seen, len(rows))
                looks += bool(rows)
            assert seen > 0
    finally:
        process.kill()
        process.communicate()


def test_a_take_removed_by_one_process_is_absent_for_the_other(tmp_path: Path) -> None:
    with Library.open(tmp_path) as first, Library.open(tmp_path) as second:
        known = facts()
        digest = digest_of(known.recipe)
        putter(first)()
        assert second.cache.get(digest) is not None
        second.takes.delete([digest])
        second.cache.purge()
        assert first.cache.get(digest) is None
        first.cache.put(digest, tone(), known)
        assert second.cache.get(digest) is not None
