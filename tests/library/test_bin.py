"""The bin: what lies deleted is told, goes for good with its files, and stays while something kept uses it."""

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from studio.errors import BadRequest, NotFound
from studio.library import Library, Lying, NewProduction, TakeFacts
from studio.library.bin import Bin
from studio.library.lexicons import Entry
from studio.library.locks import FileLock
from studio.library.script import LineChange, Member, NewLine
from studio.library.script_edits import EDITS
from studio.library.tables import ProductionRow, TakeRow, VoiceRow

from .conftest import Put, facts, tone, voice
from .test_scripts import begin, ids, texts
from .test_together import BEGIN, ROOT


def back_date(library: Library, days: float) -> None:
    """All that lies deleted was deleted so many days ago."""
    moment = datetime.now(UTC) - timedelta(days=days)
    with library.database.write() as session:
        for row in (VoiceRow, TakeRow, ProductionRow):
            session.execute(update(row).where(row.deleted.is_not(None)).values(deleted=moment))  # type: ignore[attr-defined]


def looked(library: Library) -> dict[str, Lying]:
    return {one.kind: one for one in Bin(library).look()}


def age(path: Path, days: float = 2) -> Path:
    """The file, or the folder and all in it, was last written so long ago."""
    for one in [*path.iterdir(), path] if path.is_dir() else [path]:
        os.utime(one, (time.time() - days * 86_400,) * 2)
    return path


def production(library: Library, **more: object) -> str:
    id = library.productions.add(NewProduction("书", **more)).id  # type: ignore[arg-type]
    folder = library.folder.productions / id
    (folder / "exports").mkdir(parents=True)
    (folder / "manuscript.txt").write_bytes(b"x" * 700)
    (folder / "exports" / "a.wav").write_bytes(b"x" * 300)
    return id


def test_what_lies_there_is_counted_with_its_room_and_goes_with_its_files(library: Library, put: Put) -> None:
    assert Bin(library).look() == ()
    kept, gone = put("kept"), put("gone")
    clip = library.voices.add(voice("Ann", kind="clip", content={"kind": "clip", "sha256": "0"}, media=b"m" * 5000))
    library.references.add(clip.id, "happy", b"r" * 2000, 3.0)
    book = production(library)
    library.lexicons.put([Entry("重庆", "chong2 qing4", scope=book), Entry("重庆", "chong2 qing4")])
    (derived := library.folder.derived / f"{'a' * 64}.safetensors").write_bytes(b"d" * 100)
    library.takes.delete([gone])
    library.voices.delete([clip.id])
    library.productions.delete([book])
    begun = datetime.now(UTC)
    found = looked(library)
    assert {kind: one.count for kind, one in found.items()} == {"productions": 1, "voices": 1, "takes": 1}
    assert found["takes"].bytes == library.cache.path(gone).stat().st_size
    assert 7000 < found["voices"].bytes < 7100
    assert found["productions"].bytes == 1000
    assert all(one.since and begun - one.since < timedelta(minutes=1) and not one.held for one in found.values())

    done = Bin(library).empty()
    assert (done.count, done.held, done.failed) == (3, 0, ())
    assert done.bytes == sum(one.bytes for one in found.values()) + 100  # and what was computed from the clip
    assert Bin(library).look() == ()
    assert Bin(library).empty().removed == ()
    for get, id in ((library.takes.get, gone), (library.voices.get, clip.id), (library.productions.get, book)):
        with pytest.raises(NotFound):
            get(id)  # type: ignore[operator]
    assert not derived.exists()
    assert [path.name for path in library.folder.takes.iterdir()] == [f"{kept}.flac"]
    assert list(library.folder.productions.iterdir()) == []
    assert (library.lexicons.list(book), len(library.lexicons.list())) == ((), 1)


def test_only_what_was_deleted_long_enough_ago_goes_and_nothing_that_came_back(library: Library, put: Put) -> None:
    digests, one, book = [put("a"), put("b")], library.voices.add(voice()).id, production(library)
    library.takes.delete(digests)
    library.voices.delete([one])
    library.productions.delete([book])
    back_date(library, 29)
    assert Bin(library).empty(30).count == 0
    back_date(library, 31)
    library.takes.restore(digests[:1])
    assert Bin(library).empty(30).count == 3
    assert library.cache.get(digests[0]) is not None
    for wrong in (-1, float("nan"), 1e9, "3", True):
        with pytest.raises(BadRequest, match="days"):
            Bin(library).empty(wrong)  # type: ignore[arg-type]


def test_a_voice_stays_while_somebody_needs_it(library: Library, put: Put) -> None:
    """In casts by id, name and as what is kept; in a conversion; as an ancestor; by a take that is kept."""
    names = ("by id", "By Name", "kept", "into", "request", "parent", "grandparent", "starred", "namesake", "nobody")
    made = {name: library.voices.add(voice(name, seed=n)).id for n, name in enumerate(names)}
    made["starred"] = library.voices.add(voice("s", kind="clip", content={"kind": "clip"}, media=b"m")).id
    library.voices.add(voice("namesake", seed=90))
    library.voices.add(voice("child", seed=91, parents=({"voice": made["parent"], "weight": 1.0},)))
    with library.database.write() as session:
        told = [{"id": made["grandparent"], "weight": 1.0}]
        session.execute(update(VoiceRow).where(VoiceRow.id == made["parent"]).values(parents=told))
    members = [Member("a", voice=made["by id"]), Member("b", voice="by name"), Member("c", voice="namesake")]
    members += [Member("d", voice=f"kept:{made['kept']}"), Member("e", voice="f2", into=made["into"])]
    script = begin(library, ["a::x"])
    library.casts.put(script, members)
    asked = {"request": {"voice": made["request"], "into": ""}}
    conversion = library.productions.add(NewProduction("话", settings=asked)).id
    take = put("starred", voice_id=made["starred"])
    library.takes.star([take])
    library.voices.delete(list(made.values()))
    free = {"namesake", "nobody"}
    assert looked(library)["voices"].held == len(made) - len(free)
    done = Bin(library).empty()
    assert (done.count, done.held) == (len(free), len(made) - len(free))
    assert {name for name, id in made.items() if library.voices.known(id) is None} == free

    library.productions.delete([script, conversion])  # they can be brought back, with their voices
    assert Bin(library).empty(1).count == 0
    library.takes.star([take], False)
    assert {one.kind: one.count for one in Bin(library).empty().removed} == {"productions": 2, "voices": 6}
    assert {name for name, id in made.items() if library.voices.known(id)} == {"parent", "grandparent"}


def test_a_take_stays_while_a_line_a_production_or_a_star_needs_it(library: Library, put: Put) -> None:
    from studio.library.outcomes import NewTake

    script = begin(library, ["x"])
    line = next(library.scripts.all_lines(script))
    spoken, starred, used, free = (put(text) for text in ("spoken", "starred", "used", "free"))
    library.outcomes.take(script, [NewTake(line.number, spoken, "b", 0, 1.0)])
    library.takes.star([starred])
    library.productions.use(script, [used])
    library.takes.delete([spoken, starred, used, free])
    assert looked(library)["takes"].held == 3
    done = Bin(library).empty()
    assert (done.count, done.held) == (1, 3)
    assert [library.cache.path(digest).exists() for digest in (spoken, starred, used, free)] == [True] * 3 + [False]
    library.productions.delete([script])
    assert {one.kind: (one.count, one.held) for one in Bin(library).empty().removed} == {
        "productions": (1, 0),
        "takes": (2, 1),
    }


def test_a_take_stays_while_one_that_was_made_from_it_does(library: Library, put: Put) -> None:
    """Whose voice spoke it is asked before the other one is exported."""
    source, free = put("source"), put("free")
    made = TakeFacts({"kind": "conversion", "take": source}, "cosyvoice", "source", "zh", "reading")
    library.cache.put("c" * 64, tone(), made)
    put("plain", kind="reading")
    library.takes.delete([source, free])
    assert (Bin(library).empty().count, library.takes.get(source).digest) == (1, source)
    library.takes.delete(["c" * 64])
    assert Bin(library).empty().count == 2


def test_a_production_at_work_stays(library: Library) -> None:
    book = production(library)
    library.productions.delete([book])
    lock = FileLock(library.folder.productions / book / "lock")
    assert lock.acquire()
    assert (Bin(library).empty().count, Bin(library).empty().held) == (0, 1)
    lock.release()
    assert (Bin(library).empty().count, Bin(library).empty().held) == (1, 0)


def test_lines_go_once_no_undo_brings_them_back(library: Library) -> None:
    id = begin(library, ["a", "b", "c"], ["d"])
    library.scripts.delete(id, [ids(library, id)["b"]])
    library.scripts.delete_chapter(id, library.scripts.chapters(id)[1].id)
    assert Bin(library).empty().count == 0
    library.scripts.undo(id)
    library.scripts.undo(id)
    assert texts(library, id) == ["a", "b", "c", "d"]
    library.scripts.redo(id)
    library.scripts.redo(id)
    line = ids(library, id)["a"]
    for n in range(EDITS):
        if n == 1:
            assert Bin(library).look() == ()
        library.scripts.change(id, [line], LineChange(text=f"a{n}"))
    assert looked(library)["lines"].count == 3  # two lines and a chapter
    assert Bin(library).empty().count == 3
    library.scripts.undo(id)
    assert texts(library, id) == [f"a{EDITS - 2}", "c"]
    new = library.scripts.insert(id, NewLine("new"), after=line)
    assert new in ids(library, id).values()


def test_files_that_belong_to_nothing_go_when_they_are_old_and_asked_for(library: Library, put: Put) -> None:
    takes, shelf = library.folder.takes, library.folder.productions
    script = begin(library, ["x"])
    kept = put("kept")
    (alone := takes / f"{'a' * 64}.flac").write_bytes(b"x" * 10)
    (takes / f"{'b' * 64}.flac").write_bytes(b"young")
    (part := takes / f"{'c' * 64}.123-abcd.part").write_bytes(b"x" * 5)
    (stranger := takes / "notes.txt").write_bytes(b"mine")
    (lost := shelf / ("d" * 16) / "exports").mkdir(parents=True)
    (lost / "a.wav").write_bytes(b"x" * 100)
    (mine := shelf / script).mkdir()
    (scratch := library.folder.path / "export-ab_12345").mkdir()
    for path in (alone, part, stranger, lost.parent, mine, scratch, library.cache.path(kept)):
        age(path)
    assert (looked(library)["strays"].count, looked(library)["strays"].bytes) == (4, 115)
    assert Bin(library).empty().count == 0
    assert alone.exists()
    assert (Bin(library).empty(stray_files=True).count, Bin(library).look()) == (4, ())
    assert sorted(path.name for path in takes.iterdir()) == sorted([f"{'b' * 64}.flac", f"{kept}.flac", "notes.txt"])
    assert [path.name for path in shelf.iterdir()] == [script]
    assert not scratch.exists()


def test_every_scratch_folder_of_an_answer_is_known() -> None:
    import re

    from studio.library.strays import SCRATCH

    found = {
        name
        for path in (ROOT / "studio").rglob("*.py")
        for name in re.findall(r'mkdtemp\(prefix="(\w+)-", dir=', path.read_text("utf-8"))
    }
    assert found == set(SCRATCH)


def test_a_file_that_cannot_be_moved_keeps_its_row(library: Library, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    digests = [put("a"), put("b")]
    library.takes.delete(digests)
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if path.name.startswith(digests[0]):
            raise PermissionError
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)
    done = Bin(library).empty()
    assert (done.count, done.failed) == (1, (f"{digests[0]}.flac",))
    monkeypatch.undo()
    library.takes.restore(digests)
    assert library.cache.get(digests[0]) is not None
    assert library.takes.find().total == 1


def test_the_file_of_the_library_shrinks(sqlite_library: Library) -> None:
    library = sqlite_library
    ids = [
        library.voices.add(voice(f"{n}", kind="clip", content={"kind": "clip", "n": n}, media=os.urandom(6 << 20))).id
        for n in range(4)
    ]
    library.voices.delete(ids[1:])
    path = library.folder.path / "studio.db"
    Bin(library).empty()
    assert path.stat().st_size < 8 << 20
    assert len(library.voices.media(ids[0]) or b"") == 6 << 20


KILLED = """
import os, signal
from studio.library import aside
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if who == "before":
    put = aside.Aside.put
    aside.Aside.put = lambda self, path: (put(self, path), die())
else:
    aside.Aside.__exit__ = die
from studio.library.bin import Bin
Bin(library).empty()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("what", ["take", "production"])
def test_killed_in_the_middle_rows_and_files_end_together(tmp_path: Path, what: str, moment: str) -> None:
    """Before the commit everything comes back; after it everything goes; and a later deletion goes as usual."""
    with Library.open(tmp_path) as library:
        known = facts("x")
        if what == "take":
            path = library.cache.put(digest := "e" * 64, tone(), known).path
            library.takes.delete([digest])
        else:
            path = library.folder.productions / (id := production(library))
            library.productions.delete([id])
    command = [sys.executable, "-c", BEGIN.format(root=str(ROOT)) + KILLED, str(tmp_path), "", moment]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (-signal.SIGKILL, "")
    assert not path.exists()
    with Library.open(tmp_path) as library:
        assert bool(looked(library)) == (moment == "before")
        Bin(library).settle()
        assert path.exists() == (moment == "before")
        assert Bin(library).empty().count == (moment == "before")
        assert Bin(library).look() == ()
        assert library.cache.verify().fine
        assert [*library.folder.takes.iterdir(), *library.folder.productions.iterdir()] == []
