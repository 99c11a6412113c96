"""Takes that are bad, and engines that choke or stall: what is tried again, what is told, what is not lost."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.engines.contract import AudioChunk
from studio.engines.espeak.engine import Espeak
from studio.errors import EngineFailed
from studio.library.locks import FileLock
from studio.library.script import LineQuery
from studio.production.desk import Desk
from studio.studio import Begun, Studio
from tests.production.tale import line, rendered, states


class Faulty(Espeak):
    """The embedded engine, whose sound is spoiled on its way out."""

    spoil = staticmethod(lambda recipe, samples: samples)

    def __init__(self) -> None:
        super().__init__()
        self._inner = Espeak()
        self.spec = replace(self.spec, id="faulty")

    def speak(self, recipes, stop, stream=True):  # type: ignore[no-untyped-def]
        own = [replace(recipe, engine="espeak") for recipe in recipes]
        whole: dict[int, list[np.ndarray]] = {}
        for chunk in self._inner.speak(own, stop, stream):
            whole.setdefault(chunk.index, []).append(chunk.samples)
            if chunk.last:
                samples = type(self).spoil(recipes[chunk.index], np.concatenate(whole[chunk.index]))
                yield AudioChunk(chunk.index, samples, chunk.words, last=True)


@pytest.fixture
def faulty(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Faulty]]:
    studio._engines.add("faulty", Faulty)
    yield Faulty
    monkeypatch.setattr(Faulty, "spoil", staticmethod(lambda recipe, samples: samples))


def spoiled(monkeypatch: pytest.MonkeyPatch, spoil) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(Faulty, "spoil", staticmethod(spoil))


def test_a_bad_take_is_rendered_with_the_next_seed_and_the_best_kept(
    desk: Desk, tale: Path, faulty: type[Faulty], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seed 0 is silent, seed 1 has a long hole, seed 2 is good."""

    def spoil(recipe, samples):  # type: ignore[no-untyped-def]
        if recipe.seed == 0:
            return np.zeros_like(samples)
        hole = np.zeros(40_000, np.float32)
        middle = len(samples) // 2
        return np.concatenate([samples[:middle], hole, samples[middle:]]) if recipe.seed == 1 else samples

    spoiled(monkeypatch, spoil)
    id = desk.begin(tale, Begun(engine="faulty")).id
    job = desk.render(id)
    job.wait(60)
    assert (job.rendered, job.again) == (13, 26)
    for one in desk.all_lines(id):
        takes = desk.takes(id, one.id)
        found = {take.seed: {problem["code"] for problem in take.problems} for take in takes}
        assert found[0] == {"silent"}
        assert "gap" in found[1]
        assert found[2] == set()
        assert [take.seed for take in takes if take.chosen] == [2]
    assert desk.lines(id, LineQuery(problem="any")).total == 0


def test_what_stays_bad_is_listed_and_an_engine_without_chance_is_not_asked_in_vain(
    desk: Desk, tale: Path, faulty: type[Faulty], monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiled(monkeypatch, lambda recipe, samples: np.clip(samples * 8, -1, 1) if "The wind" in recipe.text else samples)
    id = desk.begin(tale, Begun(engine="faulty")).id
    job = desk.render(id)
    job.wait(60)
    (bad,) = desk.lines(id, LineQuery(problem="any")).items
    assert (bad.problem, bad.state) == ("clipped", "done")
    assert job.again == 1, "the second take sounded the same, so there was no third"
    assert desk.lines(id, LineQuery(problem="clipped")).total == 1
    desk.change_settings(id, "rendering", {"gates_off": ["clipped", "level"], "tries": 0})
    desk.again(id, [bad.id]).wait(60)
    assert desk.lines(id, LineQuery(problem="any")).total == 0


def test_an_engine_that_fails_at_a_line_fails_that_line(
    desk: Desk, tale: Path, faulty: type[Faulty], monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(recipe, samples):  # type: ignore[no-untyped-def]
        if "Look" in recipe.text:
            raise EngineFailed("it choked", "它噎住了")
        return samples

    spoiled(monkeypatch, spoil)
    id = desk.begin(tale, Begun(engine="faulty")).id
    assert rendered(desk, id) == 12
    failed = desk.line(id, line(desk, id, "Look"))
    assert (failed.state, failed.error and failed.error.en) == ("failed", "it choked")
    assert desk.get(id).state == "stopped"
    spoiled(monkeypatch, lambda recipe, samples: samples)
    assert desk._library.outcomes.retry(id) == 1
    assert rendered(desk, id) == 1
    assert desk.get(id).state == "done"


def test_an_engine_that_stalls_ends_the_render_and_loses_nothing(
    desk: Desk, tale: Path, faulty: type[Faulty], monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()

    def spoil(recipe, samples):  # type: ignore[no-untyped-def]
        if "Old Tom" in recipe.text:
            release.wait(60)
        return samples

    spoiled(monkeypatch, spoil)
    desk.workshop.executor._stalled_s = 1.0  # type: ignore[attr-defined]
    id = desk.begin(tale, Begun(engine="faulty")).id
    job = desk.render(id)
    with pytest.raises(EngineFailed, match="seems to be stuck"):
        job.wait(60)
    assert desk.get(id).state == "failed"
    assert desk.progress(id).states.get("failed", 0) == 0, "the lines are not to blame"
    release.set()
    desk.workshop.executor._stalled_s = 60.0  # type: ignore[attr-defined]
    desk.render(id).wait(60)
    assert set(states(desk, id)) == {"done"}


def test_a_recogniser_listens_to_every_take(tmp_path: Path, tale: Path) -> None:
    """The tiny checkpoint hears nonsense: every line differs, is tried again, and its problem is told."""
    with Studio(tmp_path / "ears", models=Path(__file__).parents[1] / "parity" / "sensevoice" / "tiny") as studio:
        id = studio.scripts.begin(tale, Begun()).id
        assert rendered(studio.scripts, id) == 13
        heard = [one for one in studio.scripts.all_lines(id) if one.problem in ("readback", "tokens")]
        assert len(heard) >= 6
        take = studio.takes.get(heard[0].take)
        assert take.error_rate is not None
        studio.scripts.change_settings(id, "rendering", {"listen": False})
        studio.scripts.again(id, [heard[0].id]).wait(60)
        assert studio.scripts.line(id, heard[0].id).problem == ""


def test_somebody_who_looks_whether_it_is_at_work_does_not_keep_it_from_it(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "look.txt"
    path.write_text("A line to say.", encoding="utf-8")
    id = studio.scripts.begin(path).id
    lock = FileLock(studio.scripts.folder(id) / "lock")
    assert lock.acquire()
    threading.Timer(0.2, lock.release).start()
    assert studio.scripts.render(id).wait(30).states == {"done": 1}
