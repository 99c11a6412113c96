"""A short story on the desk, for whoever works on a script."""

from pathlib import Path

import pytest

from studio.production.desk import Desk
from studio.studio import Begun, Studio
from tests.production.tale import TALE


@pytest.fixture
def tale(tmp_path: Path) -> Path:
    path = tmp_path / "tale.md"
    path.write_text(TALE, encoding="utf-8")
    return path


@pytest.fixture
def desk(studio: Studio) -> Desk:
    return studio.scripts


@pytest.fixture
def id(desk: Desk, tale: Path) -> str:
    """A production of that tale, nothing rendered."""
    return desk.begin(tale, Begun(voice="m3")).id
