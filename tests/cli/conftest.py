"""The command line as a person uses it: a real process on a data folder of the test."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .warm import Warm

Run = Callable[..., "subprocess.CompletedProcess[Any]"]


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    waiting = Warm()
    yield waiting
    waiting.close()


@pytest.fixture
def run(tmp_path: Path, warm: Warm) -> Run:
    """Run `python -m studio`; it ends with `code`, and never with a traceback."""

    def call(
        *arguments: object, code: int = 0, language: str = "en", stdin: str | None = None, text: bool = True
    ) -> "subprocess.CompletedProcess[Any]":
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TIMBRE_")}
        environment |= {"TIMBRE_HOME": str(tmp_path / "data"), "TIMBRE_LANGUAGE": language, "PYTHONUTF8": "1"}
        done = warm([*map(str, arguments)], environment, stdin, text)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in str(done.stderr)
        return done

    return call
