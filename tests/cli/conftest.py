"""The command line as a person uses it: a real process on a data folder of the test."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
Run = Callable[..., "subprocess.CompletedProcess[Any]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `python -m studio`; it ends with `code`, and never with a traceback."""

    def call(
        *arguments: object, code: int = 0, language: str = "en", stdin: str | None = None, text: bool = True
    ) -> "subprocess.CompletedProcess[Any]":
        environment = {k: v for k, v in os.environ.items() if not k.startswith("TIMBRE_")}
        environment |= {"TIMBRE_HOME": str(tmp_path / "data"), "TIMBRE_LANGUAGE": language, "PYTHONUTF8": "1"}
        done = subprocess.run(
            [sys.executable, "-m", "studio", *map(str, arguments)],
            cwd=ROOT,
            env=environment,
            input=stdin,
            capture_output=True,
            text=text,
            timeout=240,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in str(done.stderr)
        return done

    return call
