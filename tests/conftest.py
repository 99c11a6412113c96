"""What every test stands on: no network beyond this machine, no settings from outside, a real studio of its own."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from studio.studio import Studio

from .warm import Run, Warm

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "assets" / "examples"
LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")

# Two halves of the suite share two cores: what a made-up example takes says nothing about the code.
settings.register_profile("studio", deadline=None)
settings.load_profile("studio")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything but loopback is refused, at the door of every Python socket."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"a test asked for the network: {address}")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No TIMBRE_ variable of the developer, and never their data folder."""
    for name in [name for name in os.environ if name.startswith("TIMBRE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TIMBRE_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("TIMBRE_LANGUAGE", "en")


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    """A real studio on a new data folder."""
    with Studio(tmp_path / "data") as opened:
        yield opened


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    waiting = Warm()
    yield waiting
    waiting.close()


@pytest.fixture
def timbre(tmp_path: Path, warm: Warm) -> Run:
    """Run `python -m studio` on the test's data folder; it ends with `code`, and never with a traceback."""

    def call(
        *arguments: object, code: int = 0, language: str = "en", stdin: str | None = None, text: bool = True
    ) -> Any:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TIMBRE_")}
        environment |= {"TIMBRE_HOME": str(tmp_path / "data"), "TIMBRE_LANGUAGE": language, "PYTHONUTF8": "1"}
        done = warm([*map(str, arguments)], environment, stdin, text)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in str(done.stderr)
        return done

    return call


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models with a tiny CosyVoice 2 in the published layout: noise for a voice, everything else real."""
    from tests.parity.cosyvoice_published import write_checkpoint

    root = tmp_path_factory.mktemp("models")
    write_checkpoint("v2", root / "cosyvoice2")
    return root
