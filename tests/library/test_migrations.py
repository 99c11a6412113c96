"""Every way to this version's schema ends in the same schema, keeps what was stored, refuses the unknown."""

import re
import shutil
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Text, inspect, text

from studio.errors import BadFile, NewerData, StorageError
from studio.library import Library, VoiceQuery, migrations, search
from studio.library.database import Database
from studio.library.tables import Table

from .conftest import voice

SECOND = """
from alembic import op
import sqlalchemy as sa
revision, down_revision, branch_labels, depends_on = "9000", "0003", None, None

def upgrade():
    with op.batch_alter_table("voices", recreate="{recreate}") as voices:
        voices.add_column(sa.Column("colour", sa.Text(), nullable=False, server_default="blue"))
    {more}
"""


@pytest.fixture
def opened(url: str) -> Any:
    database = Database(url)
    if database.path:
        database.path.parent.mkdir(parents=True)
    yield database
    database.close()


def differences(database: Database) -> list[Any]:
    """What Alembic would change to get from the database to the tables."""

    def ours(_object: object, name: str | None, kind: str, *_: object) -> bool:
        return not (kind == "table" and name is not None and search.is_index(name))

    options = {"include_object": ours, "version_table": migrations.VERSION_TABLE, "compare_type": True}
    with database.engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), Table.metadata))


def schema(database: Database) -> set[tuple[str, ...]]:
    """Every table, column and index as the database itself writes it, less the order of columns and white space."""
    with database.engine.connect() as connection:
        if database.path:
            rows = connection.execute(text("SELECT name, coalesce(sql, '') FROM sqlite_master"))
            return {(name, *sorted(re.sub(r'[\s"()]+', "", sql).split(","))) for name, sql in rows}
        columns = "table_name, column_name, data_type, is_nullable, collation_name, column_default"
        here = "table_schema = current_schema()"
        found = {
            tuple(r) for r in connection.execute(text(f"SELECT {columns} FROM information_schema.columns WHERE {here}"))
        }
        found |= {
            tuple(r)
            for r in connection.execute(
                text("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()")
            )
        }
        rules = "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = "
        rules += "CAST(current_schema() AS regnamespace)"
        return found | {tuple(row) for row in connection.execute(text(rules))}


def test_the_list_of_revisions_is_the_list_of_files() -> None:
    scripts = ScriptDirectory(str(migrations.SCRIPTS))
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == migrations.REVISIONS
    assert scripts.get_current_head() == migrations.HEAD


def test_a_new_database_equals_the_tables(opened: Database) -> None:
    migrations.prepare(opened)
    assert differences(opened) == []


def test_a_migrated_database_equals_the_tables(opened: Database) -> None:
    migrations.upgrade(opened, "")
    assert differences(opened) == []


def test_the_comparison_sees_a_difference(opened: Database) -> None:
    migrations.prepare(opened)
    with opened.write() as session:
        session.execute(text("ALTER TABLE voices ADD COLUMN colour TEXT"))
        session.execute(text("DROP INDEX takes_space"))
    assert len(differences(opened)) == 2


def test_both_ways_give_the_same_schema(opened: Database, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    migrations.prepare(opened)
    made = schema(opened)
    opened.close()
    if opened.path:
        opened.path.unlink()
    else:
        with opened.write() as session:
            session.execute(text("DROP SCHEMA public CASCADE"))
            session.execute(text("CREATE SCHEMA public"))
    migrations.upgrade(opened, "")
    assert schema(opened) == made
    assert {f"{name}_index" for name in search.INDEXED} <= set(inspect(opened.engine).get_table_names())


@pytest.mark.parametrize("revision", migrations.REVISIONS)
def test_every_older_schema_is_brought_up_to_date(opened: Database, revision: str) -> None:
    migrations.upgrade(opened, "", to=revision)
    migrations.prepare(opened)
    assert differences(opened) == []


def test_a_database_that_is_up_to_date_is_left_alone(tmp_path: Path) -> None:
    Library.open(tmp_path).close()
    before = (tmp_path / "studio.db").read_bytes()
    Library.open(tmp_path).close()
    assert (tmp_path / "studio.db").read_bytes() == before
    assert migrations.backups(tmp_path / "studio.db") == []


def later(monkeypatch: pytest.MonkeyPatch, folder: Path, recreate: str = "always", more: str = "") -> None:
    """The studio as it will be with one more migration."""
    shutil.copytree(migrations.SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__", "__init__.py"))
    (folder / "versions" / "9000_colour.py").write_text(SECOND.format(recreate=recreate, more=more))
    monkeypatch.setattr(migrations, "SCRIPTS", folder)
    monkeypatch.setattr(migrations, "REVISIONS", (*migrations.REVISIONS, "9000"))
    monkeypatch.setattr(migrations, "HEAD", "9000")


def test_an_upgrade_keeps_everything_and_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Library.open(tmp_path) as library:
        made = library.voices.add(voice("晓晓", tags=("a",), languages=("zh", "en")))
    later(monkeypatch, tmp_path / "scripts")
    with Library.open(tmp_path) as library:
        assert library.voices.get(made.id) == made  # also what refers to the rebuilt table
        assert library.voices.find(VoiceQuery(text="晓", tags=("a",), language="zh")).total == 1
        with library.database.read() as session:
            assert session.scalar(text("SELECT colour FROM voices")) == "blue"
            assert session.scalar(text("PRAGMA foreign_keys")) == 1
    (copy,) = migrations.backups(tmp_path / "studio.db")
    assert f"backup-{migrations.REVISIONS[-2]}-" in copy.name
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT name FROM voices").fetchall() == [("晓晓",)]
        assert connection.execute("SELECT version_num FROM library_revision").fetchall() == [
            (migrations.REVISIONS[-2],)
        ]


@pytest.mark.postgres
def test_an_upgrade_on_postgresql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str) -> None:
    with Library.open(tmp_path, postgres_url) as library:
        made = library.voices.add(voice("晓晓", tags=("a",), languages=("zh", "en")))
    later(monkeypatch, tmp_path / "scripts", recreate="never")
    with Library.open(tmp_path, postgres_url) as library:
        assert library.voices.get(made.id) == made
        with library.database.read() as session:
            assert session.scalar(text("SELECT colour FROM voices")) == "blue"


def test_an_upgrade_that_fails_leaves_the_old_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Library.open(tmp_path) as library:
        made = library.voices.add(voice())
    before = schema(Database(f"sqlite:///{tmp_path / 'studio.db'}"))
    with monkeypatch.context() as patch:
        later(patch, tmp_path / "scripts", more='op.execute("INSERT INTO nowhere VALUES (1)")')
        with pytest.raises(StorageError, match="no such table: nowhere"):
            Library.open(tmp_path)
    assert schema(Database(f"sqlite:///{tmp_path / 'studio.db'}")) == before
    with Library.open(tmp_path) as library:
        assert library.voices.get(made.id) == made


def test_the_last_three_copies_are_kept(tmp_path: Path) -> None:
    Library.open(tmp_path).close()
    made = [migrations.backup(tmp_path / "studio.db", f"000{n}") for n in (9, 1, 5, 3, 2)]
    assert migrations.backups(tmp_path / "studio.db") == made[:1:-1]
    assert not list(tmp_path.glob("*.new"))


def test_a_database_of_a_later_version_is_refused_and_left_alone(opened: Database) -> None:
    migrations.prepare(opened)
    with opened.write() as session:
        session.execute(text("UPDATE library_revision SET version_num = '9999'"))
    before = schema(opened)
    with pytest.raises(NewerData) as refused:
        migrations.prepare(opened)
    assert "was made by a later version of the studio; update the studio" in refused.value.text("en")
    assert "由更新版本的软件创建；请升级" in refused.value.text("zh")
    assert schema(opened) == before


def test_another_programs_database_is_refused_and_left_alone(opened: Database) -> None:
    with opened.write() as session:
        session.execute(text("CREATE TABLE voices (x INTEGER)"))
    with pytest.raises(BadFile) as refused:
        migrations.prepare(opened)
    assert "holds tables of another program" in refused.value.text("en")
    assert "其他程序" in refused.value.text("zh")
    assert inspect(opened.engine).get_table_names() == ["voices"]


@pytest.mark.postgres
def test_other_tables_on_the_same_postgresql_do_no_harm(tmp_path: Path, postgres_url: str) -> None:
    with Database(postgres_url).write() as session:
        session.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
        session.execute(text("INSERT INTO alembic_version VALUES ('somebody else')"))
    with Library.open(tmp_path, postgres_url) as library:
        assert library.voices.find().total == 0


def test_eight_that_open_an_empty_folder_at_once_make_one_database(tmp_path: Path, url: str) -> None:
    errors: list[BaseException] = []

    def start() -> None:
        try:
            with Library.open(tmp_path / "home", url) as library:
                library.voices.add(voice())
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with Library.open(tmp_path / "home", url) as library:
        assert library.voices.find().total == 8


def test_a_column_missing_from_the_migrations_would_be_seen(opened: Database) -> None:
    migrations.prepare(opened)
    extra = Column("never_migrated", Text)
    table = Table.metadata.tables["styles"]
    table.append_column(extra)
    try:
        assert [difference[0] for difference in differences(opened)] == ["add_column"]
    finally:
        table._columns.remove(extra)
