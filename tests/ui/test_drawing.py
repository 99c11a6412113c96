"""The grid of a draw, asked while it is being made."""

import time
from typing import Any

import pytest

from studio.studio import Studio
from studio.ui.pages.drawing import Grid


def test_a_take_that_is_told_of_can_be_asked_for(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page asks for its sound at once; under load some takes come while the answer is put together."""
    grid, made = Grid(studio), Grid._made

    def slowly(self: Grid, one: Any, language: str) -> dict[str, Any]:
        time.sleep(0.004)
        return made(self, one, language)

    monkeypatch.setattr(Grid, "_made", slowly)
    id = begun(grid)
    told: set[str] = set()
    until = time.monotonic() + 30
    while time.monotonic() < until:
        seen = grid.draw_seen({"id": id}, "en")
        for place in seen["places"]:
            if place["take"]:
                told.add(studio.takes.get(place["take"]["digest"]).digest)
        if seen["state"] not in ("waiting", "running"):
            break
    assert len(told) == 24


def begun(grid: Grid) -> str:
    asked = {"engine": "espeak", "count": 24, "text": "One sentence that is long enough to be heard for a while."}
    return str(grid.draw_begin(asked, "en")["id"])
