"""The way to the database: one engine, sessions that end, and one place where its errors become ours.

SQLite runs in WAL mode, so that readers and one writer of any number of processes work side by side. A session that
will write says so when it begins (`BEGIN IMMEDIATE`): a reader that turns writer in the middle could be refused without
waiting its turn.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, FromClause, create_engine, event, exc, make_url, text
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.orm import Session

from studio.errors import BadFile, BadRequest, DiskFull, InUse, NotWritable, StorageError, StudioError
from studio.library.plain import to_text

PATIENCE = 5.0  # seconds to wait for another process to finish writing
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",  # with WAL: a power cut may lose the last commits, never the file
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -32768",  # KiB
    "PRAGMA temp_store = MEMORY",
)
_BEGIN = "library_begin"


class _Compiler(SQLiteCompiler):
    """Writes the hints of a query (`INDEXED BY …`) behind the table they are for, which SQLAlchemy leaves out."""

    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:
        return text


class Database:
    """An open database, SQLite or PostgreSQL. Thread-safe."""

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        """`url`: `sqlite:///path` or `postgresql://…`; nothing is opened before the first session."""
        self.url = _parsed(url)
        self.dialect = self.url.get_backend_name()
        self.path = Path(self.url.database or "") if self.dialect == "sqlite" else None
        self.patience = patience
        self.engine = self._engine()
        self.writing = self.engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads; it sees one state of the database throughout."""
        with self.translating(), Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that writes; committed at the end, rolled back if an exception leaves it."""
        with self.translating(), Session(self.writing, expire_on_commit=False) as session, session.begin():
            session.connection()  # take the turn now
            yield session

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Raise what goes wrong with the database inside as `StudioError`s."""
        try:
            yield
        except exc.DBAPIError as error:
            raise self._translated(error.orig or error) from error
        except exc.SQLAlchemyError as error:
            raise _broken(self.name, error) from error
        except sqlite3.Error as error:
            raise self._translated(error) from error

    def problems(self) -> tuple[str, ...]:
        """What the database finds damaged in itself, in its own words; nothing is well. SQLite only; reads the file."""
        if not self.path:
            return ()
        try:
            with self.read() as session:
                found = [str(line) for line in session.scalars(text("PRAGMA quick_check(20)"))]
        except BadFile as error:
            found = [_first_line(error.__cause__ or error)]
        return () if found == ["ok"] else tuple(found)

    def pack(self, least: int = 16 << 20, most: int = 256 << 20) -> int:
        """Give the room of removed rows back to the disk; how many bytes. SQLite only.

        Not for less than `least` bytes, which are used again soon, nor where more than `most` would have to be written
        while others wait (100 MB take a second). A refusal (no room for the copy, somebody reads) is no harm.
        """
        if not self.path:
            return 0
        with closing(self.engine.raw_connection()) as connection, suppress(sqlite3.Error):
            asked = (f"PRAGMA {name}" for name in ("page_size", "page_count", "freelist_count"))
            size, pages, free = (connection.cursor().execute(one).fetchone()[0] for one in asked)
            if free * size < least or (pages - free) * size > most:
                return 0
            try:
                for statement in ("PRAGMA temp_store = FILE", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
                    connection.cursor().execute(statement).fetchall()
            finally:
                connection.cursor().execute("PRAGMA temp_store = MEMORY")
            return int(free * size)
        return 0

    @property
    def name(self) -> str:
        """What to call it in a message: the file's name, or the address without its password."""
        return self.path.name if self.path else self.url.render_as_string(hide_password=True)

    def close(self) -> None:
        """Give the connections back (idempotent)."""
        with self.translating():
            self.engine.dispose()

    def _engine(self) -> Engine:
        if self.dialect != "sqlite":
            wait = {"connect_timeout": max(2, round(self.patience))}
            engine = create_engine(self.url, json_serializer=to_text, pool_pre_ping=True, connect_args=wait)
            event.listen(engine, "connect", self._prepare_postgresql)
            return engine
        engine = create_engine(self.url, json_serializer=to_text, connect_args={"timeout": self.patience})
        engine.dialect.statement_compiler = _Compiler
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _prepare_postgresql(self, connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = {round(self.patience * 1000)}")
            cursor.execute("SET TIME ZONE 'UTC'")
        connection.commit()

    def _translated(self, error: BaseException) -> StudioError:
        if isinstance(error, sqlite3.Error):
            return self._sqlite_error(error)
        return self._postgresql_error(error)

    def _sqlite_error(self, error: sqlite3.Error) -> StudioError:
        code = getattr(error, "sqlite_errorname", "")
        if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return self._in_use()
        if code.startswith("SQLITE_FULL") or _has_no_space(self.path):
            return self._disk_full()
        if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
            return self._not_writable()
        if code.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            return self._not_a_database()
        return _broken(self.name, error)

    def _postgresql_error(self, error: BaseException) -> StudioError:
        state = getattr(error, "sqlstate", None) or ""
        match state:
            case "53100":
                return self._disk_full()
            case "55P03" | "55006" | "40P01" | "40001":
                return self._in_use()
            case "42501" | "25006":
                return self._not_writable()
        if state.startswith(("08", "28", "3D", "57P")) or (not state and type(error).__name__ == "OperationalError"):
            return StorageError(
                f"database {self.name}: cannot connect ({_first_line(error)}); check that the server runs and that"
                " the address, user and password are right",
                f"数据库 {self.name}：无法连接（{_first_line(error)}）；请确认服务器已启动，地址、用户名和密码无误",
                where="database_url",
            )
        return _broken(self.name, error)

    def _in_use(self) -> InUse:
        return InUse(
            f"database {self.name}: another process kept it locked for {self.patience:g} s; wait until that work is"
            " done, or close the other program, and try again",
            f"数据库 {self.name}：被另一个进程锁住超过 {self.patience:g} 秒；请等它完成或关闭那个程序后再试",
            where="database",
        )

    def _disk_full(self) -> DiskFull:
        return DiskFull(
            f"database {self.name}: no space left on the disk, nothing was stored; free some space and try again",
            f"数据库 {self.name}：磁盘已满，内容没有保存；请腾出空间后再试",
            where="database",
        )

    def _not_writable(self) -> NotWritable:
        return NotWritable(
            f"database {self.name}: may not be opened or written; give this user write permission to the file and its"
            " folder, or choose another data folder (--data-dir)",
            f"数据库 {self.name}：无法打开或写入；请为当前用户开放该文件和所在文件夹的写权限，"
            "或另选数据文件夹（--data-dir）",
            where="database",
        )

    def _not_a_database(self) -> BadFile:
        return BadFile(
            f"{self.name}: is not a database of the studio, or is damaged; put a backup"
            f" ({self.name}.backup-…) in its place, or move it away to start an empty library",
            f"{self.name}：不是本软件的数据库，或已损坏；请用备份（{self.name}.backup-…）替换它，或把它移走以新建空的资料库",
            where="database",
        )


def insert_new(session: Session, table: Any) -> Any:
    """An INSERT that leaves a row alone which is there already."""
    if session.get_bind().dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table).on_conflict_do_nothing()
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table).on_conflict_do_nothing()


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise _bad_url() from error
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    known = parsed.drivername in ("sqlite", "postgresql+psycopg")
    if not known or parsed.database in (None, "", ":memory:"):
        raise _bad_url(f"{parsed.drivername}://… ")
    return parsed


def _bad_url(given: str = "") -> BadRequest:
    return BadRequest(
        f"database address {given}is not one the studio knows; write sqlite:///path/studio.db or"
        " postgresql://user:password@host/name",
        f"数据库地址 {given}无法识别；应写成 sqlite:///路径/studio.db 或 postgresql://用户:密码@主机/库名",
        where="database_url",
    )


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; Python's driver would do it late and not for DDL
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _has_no_space(path: Path | None) -> bool:
    """Whether the disk is full: SQLite reports some failed writes as plain input/output errors."""
    import shutil

    try:
        return path is not None and shutil.disk_usage(path.parent).free < 64 * 1024
    except OSError as error:
        return error.errno == errno.ENOSPC


def _broken(name: str, error: BaseException) -> StorageError:
    return StorageError(
        f"database {name}: {_first_line(error)}; run “python -m studio doctor” to check it",
        f"数据库 {name}：{_first_line(error)}；请运行“python -m studio doctor”检查",
        where="database",
    )


def _first_line(error: BaseException) -> str:
    return str(error).strip().split("\n")[0][:200] or type(error).__name__
