"""Bringing a database to the schema of this version: made when empty, upgraded when older, refused when newer.

Alembic is slow to import, and nearly every start finds the database as it should be. So the stored revision is read
first; a new database is made straight from the tables, and only an older one meets Alembic. A test asserts that both
ways end in the same schema.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, exc, inspect, text

from studio.errors import BadFile, InUse, NewerData
from studio.library import search
from studio.library.database import Database
from studio.library.folder import storage_error
from studio.library.locks import FileLock
from studio.library.tables import Table

REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006")  # oldest first; the files in `versions/`
HEAD = REVISIONS[-1]
VERSION_TABLE = "library_revision"
SCRIPTS = Path(__file__).parent
BACKUPS = 3  # kept beside the database
_PATIENCE = 60.0  # seconds to wait for another process that upgrades
_ADVISORY = 0x71_6D_62_72  # PostgreSQL's name for the same lock: any fixed number


def prepare(database: Database) -> None:
    """Make or upgrade the database as needed.

    `NewerData` if a later version made it, `BadFile` if it is something else, `InUse` while another process upgrades.
    """
    if _stored(database) == HEAD:
        return
    with _alone(database):
        revision = _stored(database)  # another process may just have done it
        if revision is None:
            _create(database)
        elif revision in REVISIONS and revision != HEAD:
            upgrade(database, revision)
        elif revision != HEAD:
            raise _newer(database)


def upgrade(database: Database, revision: str, to: str = "") -> None:
    """Run the migrations after `revision` ("": all) until `to` (default: the newest).

    An SQLite file is copied first; all of it happens or nothing."""
    from alembic import command
    from alembic.config import Config

    if database.path and revision:
        backup(database.path, revision)
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with database.translating(), database.writing.connect() as connection:
        if database.path:  # rebuilding a table would otherwise delete what refers to it
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, to or HEAD)
        connection.invalidate()  # so that no session gets it without foreign keys


def backup(path: Path, revision: str) -> Path:
    """Copy an SQLite database beside itself, as one moment of it; the oldest copies beyond three are removed."""
    target = path.with_name(f"{path.name}.backup-{revision}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    unfinished = target.with_name(f"{target.name}.new")
    try:
        with _opened(path) as source, _opened(unfinished) as copy:
            source.backup(copy)
        unfinished.replace(target)
    except OSError as error:
        raise storage_error(error, path.parent) from error
    finally:
        unfinished.unlink(missing_ok=True)
    for old in backups(path)[BACKUPS:]:
        old.unlink(missing_ok=True)
    return target


def backups(path: Path) -> list[Path]:
    """The copies of a database, newest first."""
    copies = (p for p in path.parent.glob(f"{path.name}.backup-*") if p.suffix != ".new")
    return sorted(copies, key=lambda p: p.name.rsplit("-", 1)[-1], reverse=True)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path)
    try:
        yield connection
    finally:
        connection.close()


def _stored(database: Database) -> str | None:
    """The revision in the database, None if it is empty; `BadFile` if it holds something else."""
    if database.path and not (database.path.exists() and database.path.stat().st_size):
        return None
    with database.translating(), database.engine.connect() as connection:
        found = _version(connection)
        if found is None and _has_tables(connection, database):
            found = _version(connection)  # another process may have made them since
            if found is None:
                raise BadFile(
                    f"database {database.name}: holds tables of another program; choose another data folder"
                    " (--data-dir) or another database",
                    f"数据库 {database.name}：里面是其他程序的数据表；请另选数据文件夹（--data-dir）或另一个数据库",
                    where="database",
                )
        return found


def _version(connection: Connection) -> str | None:
    try:
        found: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    except (exc.OperationalError, exc.ProgrammingError):  # no such table, or a real trouble: the next query tells
        connection.rollback()
        return None
    return found


def _has_tables(connection: Connection, database: Database) -> bool:
    tables = set(inspect(connection).get_table_names())
    return bool(tables if database.path else tables & set(Table.metadata.tables))


@contextmanager
def _alone(database: Database) -> Iterator[None]:
    """No other process prepares this database meanwhile."""
    if not database.path:
        with database.translating(), database.engine.connect() as connection:
            connection.execute(text(f"SELECT pg_advisory_lock({_ADVISORY})"))
            connection.commit()
            try:
                yield
            finally:
                connection.execute(text(f"SELECT pg_advisory_unlock({_ADVISORY})"))
        return
    lock = FileLock(database.path.with_name(f"{database.path.name}.upgrade.lock"))
    try:
        got = lock.acquire(_PATIENCE)
    except OSError as error:
        raise storage_error(error, database.path.parent) from error
    if not got:
        raise InUse(
            f"database {database.name}: another process is upgrading it; wait until it is done",
            f"数据库 {database.name}：另一个进程正在升级它，请等它完成",
            where="database",
        )
    try:
        yield
    finally:
        lock.release()


def _create(database: Database) -> None:
    with database.write() as session:
        connection = session.connection()
        Table.metadata.create_all(connection, checkfirst=False)
        search.create(connection)
        key = f"CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY (version_num)"
        session.execute(text(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL, {key})"))
        session.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES (:head)"), {"head": HEAD})


def _newer(database: Database) -> NewerData:
    return NewerData(
        f"database {database.name}: was made by a later version of the studio; update the studio, or choose another"
        " data folder (--data-dir)",
        f"数据库 {database.name}：由更新版本的软件创建；请升级本软件，或另选数据文件夹（--data-dir）",
        where="database",
    )
