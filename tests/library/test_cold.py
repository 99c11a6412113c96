"""What a cold start costs: only what it needs is imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from studio.library import Library

ROOT = Path(__file__).parents[2]
HEAVY = ("alembic", "soundfile", "psycopg", "sqlalchemy.dialects.postgresql", "av", "torch", "studio.library.voices")


def imported(code: str) -> dict[str, bool]:
    """Which modules a fresh process has imported after `code`."""
    names = [*HEAVY, "sqlalchemy", "numpy"]
    report = f"import json, sys; print(json.dumps({{n: n in sys.modules for n in {names!r}}}))"
    command = [sys.executable, "-c", f"{code}\n{report}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    found: dict[str, bool] = json.loads(done.stdout)
    return found


def test_the_words_of_the_library_come_without_sqlalchemy() -> None:
    found = imported("from studio.library import Library, VoiceQuery, TakeFacts, DataFolder")
    assert not any(found.values()), found


@pytest.mark.parametrize("existing", [True, False])
def test_opening_imports_nothing_heavy(tmp_path: Path, existing: bool) -> None:
    if existing:
        Library.open(tmp_path).close()
    found = imported(f"from studio.library import Library\nLibrary.open({str(tmp_path)!r}).cache.get('0' * 64)")
    assert found["sqlalchemy"]
    assert not any(found[name] for name in HEAVY), found
