"""Recognisers of other packages: found, used, and put aside where they are broken."""

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from studio.errors import EngineFailed
from studio.recognition.contract import Listening, RecogniserSpec, Segment
from studio.recognition.registry import GROUP, Recognisers
from studio.stop import Stop
from studio.studio import Studio
from studio.words import Words

from .conftest import PARITY, store


class Parrot:
    """Hears always the same."""

    spec = RecogniserSpec("parrot", Words("Parrot", "鹦鹉"), Words("", ""), "1", ("en",), longest=5.0)

    def missing(self) -> None:
        return None

    def load(self) -> None: ...

    def unload(self) -> None: ...

    def listen(self, pieces: Sequence[np.ndarray], how: Listening, stop: Stop) -> list[Segment]:  # type: ignore[type-arg]
        assert all(len(piece) <= 5 * 16_000 for piece in pieces)
        return [Segment(0.0, len(piece) / 16_000, "pretty polly", "en") for piece in pieces]


class Point:
    """An entry point, as importlib gives it."""

    name, value, dist = "parrot", "parrot:Parrot", None

    def load(self) -> type:
        return Parrot


def test_one_of_another_package_is_found_and_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def points(group: str) -> list[Point]:
        return [Point()] if group == GROUP else []

    monkeypatch.setattr("importlib.metadata.entry_points", points)
    with Studio(tmp_path) as studio:
        states = {state.id: state.state for state in studio.listening.states()}
        assert states == {"sensevoice": "missing", "parrot": "ready"}
        found = studio.listening.transcribe(PARITY / "audio" / "b_cross_1.wav").wait(30)
    assert (found.recogniser, found.text) == ("parrot", "pretty polly")


def test_a_broken_one_is_listed_and_takes_nothing_along(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Parrot:
        raise RuntimeError("no luck")

    registry = Recognisers(store(tmp_path))
    with caplog.at_level(logging.CRITICAL):
        registry.add("unlucky", broken, "package")
    states = {state.id: state for state in registry.states()}
    assert states["sensevoice"].state == "ready"
    assert states["unlucky"].note is not None
    assert "RuntimeError: no luck" in states["unlucky"].note.en
    with pytest.raises(EngineFailed, match="no luck"):
        registry.get("unlucky")


def test_what_one_raises_comes_as_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: object, *given: object) -> list[Segment]:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(Parrot, "listen", fails)
    with Studio(tmp_path) as studio:
        studio.listening.recognisers.add("parrot", Parrot)
        job = studio.listening.transcribe(PARITY / "audio" / "b_cross_1.wav", recogniser="parrot")
        with pytest.raises(EngineFailed, match="parrot failed"):
            job.wait(30)
