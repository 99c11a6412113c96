"""Libraries to try things on: SQLite in a temporary folder, and a real PostgreSQL server for the session."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from studio.audio.clip import Clip
from studio.digest import digest_of
from studio.library import Library, NewVoice, TakeFacts

Put = Callable[..., str]


def _programs() -> Path | None:
    """Where PostgreSQL's programs are: Debian keeps them out of the path."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    found = versions[0] if versions else shutil.which("initdb")
    return Path(found).parent if found else None


def _as_postgres(*command: object) -> None:
    """Run a program of PostgreSQL, which refuses to be root."""
    words = [str(word) for word in command]
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    done = subprocess.run([*prefix, *words], cwd="/", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{words[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a throw-away server on a socket of its own, up to the name of the database."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    home = Path(tempfile.mkdtemp(prefix="timbre-pg-"))
    if os.geteuid() == 0:
        shutil.chown(home, "postgres")
    data = home / "data"
    settings = f"-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses='' -k {home}"
    try:
        _as_postgres(
            programs / "initdb", "-D", data, "-U", "studio", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"
        )
        _as_postgres(programs / "pg_ctl", "-D", data, "-o", settings, "-l", home / "log", "-w", "-t", "60", "start")
        try:
            yield f"postgresql://studio@/%s?host={home}"
        finally:
            _as_postgres(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of an empty database."""
    import psycopg

    name = f"t{secrets.token_hex(4)}"
    with psycopg.connect(postgres_server % "postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield postgres_server % name
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'home' / 'studio.db'}"
    address: str = request.getfixturevalue("postgres_url")
    return address


@pytest.fixture(scope="session")
def postgres_emptied(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], str]:
    """Gives the address of a database with all tables, emptied: ten times as fast as a new one."""
    import psycopg

    address = postgres_server % "shared"
    with psycopg.connect(postgres_server % "postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE shared")
    Library.open(tmp_path_factory.mktemp("shared"), address).close()

    def empty() -> str:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("TRUNCATE voices, tags, styles, takes, productions RESTART IDENTITY CASCADE")
        return address

    return empty


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Library]:
    """An empty library on each kind of database."""
    url = request.getfixturevalue("postgres_emptied")() if request.param == "postgresql" else None
    with Library.open(tmp_path / "home", url) as opened:
        yield opened


@pytest.fixture
def sqlite_library(tmp_path: Path) -> Iterator[Library]:
    with Library.open(tmp_path / "home") as opened:
        yield opened


def tone(seconds: float = 0.5, rate: int = 24000, hertz: float = 220.0) -> Clip:
    """A sine at half level."""
    at = np.arange(round(seconds * rate)) / rate
    return Clip((0.5 * np.sin(2 * np.pi * hertz * at)).astype(np.float32), rate)


def facts(text: str = "你好，世界。", **more: object) -> TakeFacts:
    """Facts of a take whose recipe is little more than its text."""
    recipe = {"engine": more.get("engine", "espeak"), "text": text, "seed": more.pop("seed", 0)}
    return TakeFacts(**{"recipe": recipe, "engine": "espeak", "text": text, "language": "zh", **more})  # type: ignore[arg-type]


@pytest.fixture
def put(library: Library) -> Put:
    """Render (a tone) into the cache; gives the digest."""
    return putter(library)


def putter(library: Library) -> Put:
    def keep(text: str = "你好，世界。", clip: Clip | None = None, **more: object) -> str:
        known = facts(text, **more)
        digest = digest_of(known.recipe)
        library.cache.put(digest, clip or tone(), known)
        return digest

    return keep


def voice(name: str = "晓晓", **more: object) -> NewVoice:
    """A seed voice."""
    plain = {"engine": "espeak", "kind": "seed", "content": {"kind": "seed", "seed": more.pop("seed", 1)}, "name": name}
    return NewVoice(**{**plain, **more})  # type: ignore[arg-type]
