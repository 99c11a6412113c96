"""What goes wrong with a database comes out as one of our errors, in both languages, with what to do."""

import os
import sqlite3
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from studio.errors import BadFile, BadRequest, DiskFull, InUse, NotWritable, StorageError
from studio.library import Library
from studio.library.database import Database

from .conftest import voice
from .disks import small_disk


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "mysql://root:secret@host/db",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://host",
        "sqlite+aiosqlite:///x",
    ],
)
def test_an_address_it_does_not_know_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(BadRequest) as refused:
        Database(url)
    assert "postgresql://user:password@host/name" in refused.value.text("en")
    assert "无法识别" in refused.value.text("zh")
    assert "secret" not in refused.value.text("en")


@pytest.mark.parametrize(
    "content",
    [b"this is no database at all, just some text" * 100, os.urandom(8192), b"SQLite format 3\0" + bytes(5000)],
)
def test_a_file_that_is_no_database_is_said_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "studio.db").write_bytes(content)
    with pytest.raises(BadFile) as refused:
        Library.open(tmp_path)
    assert "studio.db: is not a database of the studio, or is damaged; put a backup" in refused.value.text("en")
    assert "不是本软件的数据库，或已损坏" in refused.value.text("zh")
    assert (tmp_path / "studio.db").read_bytes() == content


def test_a_damaged_database_is_said_when_it_is_met(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        library.voices.add_many(voice(str(n), description="x" * 2000) for n in range(200))
    path = tmp_path / "studio.db"
    data = bytearray(path.read_bytes())
    data[40_960:] = os.urandom(len(data) - 40_960)
    path.write_bytes(data)
    with pytest.raises(BadFile, match="damaged"), Library.open(tmp_path) as library:
        library.voices.find()


def test_damage_is_found_by_looking_for_it(tmp_path: Path) -> None:
    with Library.open(tmp_path) as library:
        library.voices.add_many(voice(str(n), description="x" * 2000) for n in range(200))
        assert library.database.problems() == ()
    path = tmp_path / "studio.db"
    data = bytearray(path.read_bytes())
    data[400_000:500_000] = os.urandom(100_000)
    path.write_bytes(data)
    with Library.open(tmp_path) as library:
        assert library.database.problems() != ()


def test_a_folder_in_place_of_the_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "studio.db").mkdir()
    with pytest.raises(StorageError):
        Library.open(tmp_path)


def test_a_locked_database_is_waited_for_then_said(tmp_path: Path) -> None:
    Library.open(tmp_path).close()
    other = sqlite3.connect(tmp_path / "studio.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    database = Database(f"sqlite:///{tmp_path / 'studio.db'}", patience=0.3)
    begun = time.monotonic()
    with pytest.raises(InUse) as refused, database.write():
        pass
    assert 0.25 < time.monotonic() - begun < 3
    assert "another process kept it locked for 0.3 s" in refused.value.text("en")
    assert "被另一个进程锁住" in refused.value.text("zh")
    with database.read() as session:  # reading goes on
        assert session.scalar(text("SELECT count(*) FROM voices")) == 0
    threading.Timer(0.1, other.rollback).start()
    with database.write() as session:  # and writing, once the other is done
        session.execute(text("INSERT INTO tags (name) VALUES ('x')"))
    database.close()
    other.close()


def test_a_write_that_fails_leaves_nothing_and_gives_the_turn_back(library: Library) -> None:
    def fail() -> None:
        with library.database.write() as session:
            session.execute(text("INSERT INTO tags (name) VALUES ('x')"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with library.database.write() as session:
        assert session.scalar(text("SELECT count(*) FROM tags")) == 0


def test_a_statement_that_the_database_refuses_is_a_storage_error(library: Library) -> None:
    with pytest.raises(StorageError) as refused, library.database.read() as session:
        session.execute(text("SELECT * FROM nowhere"))
    assert "nowhere" in refused.value.text("en")
    assert "doctor" in refused.value.text("zh")


def test_a_full_disk_stores_nothing_and_the_library_goes_on_afterwards(tmp_path: Path) -> None:
    def fill() -> None:
        for n in range(50):
            library.voices.add(voice(f"v{n}", notes="长" * 9_000, media=bytes(100_000)))

    with small_disk(tmp_path / "disk", 3000) as disk:
        (disk / "ballast").write_bytes(bytes(1_000_000))
        with Library.open(disk) as library:
            kept = library.voices.add(voice("kept"))
            with pytest.raises(DiskFull) as refused:
                fill()
            assert "no space left" in refused.value.text("en")
            assert "磁盘已满" in refused.value.text("zh")
            before = library.voices.find().total
            assert library.voices.get("kept") == kept
            (disk / "ballast").unlink()
            library.voices.add(voice("afterwards"))
            assert library.voices.find().total == before + 1


def test_a_disk_that_is_full_from_the_start_is_said(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 100) as disk:
        (disk / "other").write_bytes(bytes(90_000))
        with pytest.raises(DiskFull):
            Library.open(disk)


@pytest.mark.postgres
def test_a_server_that_is_not_there_is_said_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as refused:
        Library.open(tmp_path, "postgresql://studio:secret@127.0.0.1:1/timbre")
    assert "cannot connect" in refused.value.text("en")
    assert "无法连接" in refused.value.text("zh")
    assert "secret" not in refused.value.text("en")


@pytest.mark.postgres
def test_a_database_that_the_server_does_not_have_is_said(tmp_path: Path, postgres_server: str) -> None:
    with pytest.raises(StorageError, match="cannot connect"):
        Library.open(tmp_path, postgres_server % "nowhere")


@pytest.mark.postgres
def test_a_locked_table_on_postgresql_is_waited_for_then_said(tmp_path: Path, postgres_url: str) -> None:
    Library.open(tmp_path, postgres_url).close()
    first, second = Database(postgres_url), Database(postgres_url, patience=0.3)
    with first.write() as session:
        session.execute(text("LOCK TABLE tags IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(InUse), second.write() as waiting:
            waiting.execute(text("INSERT INTO tags (name) VALUES ('x')"))
    first.close()
    second.close()


@pytest.mark.postgres
def test_a_user_who_may_not_write_is_said(tmp_path: Path, postgres_url: str) -> None:
    Library.open(tmp_path, postgres_url).close()
    with Database(postgres_url).write() as session:
        session.execute(text("DROP ROLE IF EXISTS reader"))
        session.execute(text("CREATE ROLE reader LOGIN"))
        session.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader"))
    try:
        with Library.open(tmp_path, postgres_url.replace("studio@", "reader@")) as library:
            assert library.voices.find().total == 0
            with pytest.raises(NotWritable):
                library.voices.add(voice())
    finally:
        with Database(postgres_url).write() as session:
            session.execute(text("DROP OWNED BY reader"))
            session.execute(text("DROP ROLE reader"))


def test_sqlite_is_set_up_as_it_should_be(sqlite_library: Library) -> None:
    wanted = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1, "busy_timeout": 5000}
    with sqlite_library.database.read() as session:
        assert {name: session.scalar(text(f"PRAGMA {name}")) for name in wanted} == wanted
