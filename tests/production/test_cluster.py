"""Rendering on a Ray cluster of two nodes on loopback, one of which is killed in the middle."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.engines.contract import Recipe, VoiceContent, VoiceKind
from studio.errors import BadRequest, EngineFailed
from studio.production.cluster import EngineActor
from studio.studio import Begun, Studio

LINES = 120


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two nodes with a core each, as processes of this machine."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    made.add_node(num_cpus=1)
    made.wait_for_nodes()
    yield made
    import ray

    ray.shutdown()
    made.shutdown()


def story(path: Path) -> Path:
    path.write_text("\n\n".join(f"Sentence {n} of a story that is told by many." for n in range(LINES)), "utf-8")
    return path


@pytest.mark.timeout(240)
def test_lines_are_spread_and_a_lost_node_loses_nothing(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)  # by this machine's own name, which no test may ask for itself
    path = story(tmp_path / "story.txt")
    with Studio(tmp_path / "one") as alone:
        id = alone.scripts.begin(path).id
        alone.scripts.render(id).wait(60)
        here = {line.text: line.take for line in alone.scripts.all_lines(id)}
        sounds = {take: alone.scripts.clip(take).samples.tobytes() for take in here.values()}
    with Studio(tmp_path / "many", ray="auto") as many:
        id = many.scripts.begin(path).id
        job = many.scripts.render(id)
        until = time.monotonic() + 90
        while job.rendered < 8 and time.monotonic() < until and not job.over:
            time.sleep(0.02)
        executor: Any = many.scripts.workshop.executor
        assert len({worker.node for worker in executor._workers}) == 2, "an actor on each node"
        lost = next(node for node in cluster.list_all_nodes() if node is not cluster.head_node)
        cluster.remove_node(lost, allow_graceful=False)
        progress = job.wait(120)
        assert progress.states == {"done": LINES}
        there = {line.text: line.take for line in many.scripts.all_lines(id)}
        assert there == here, "the same recipes, whoever spoke them"
        for take in there.values():
            assert many.scripts.clip(take).samples.tobytes() == sounds[take]
        assert {path.stem for path in (tmp_path / "many" / "data").glob("takes/*.flac")} <= set(there.values())
        job = many.scripts.render(id)
        job.wait(60)
        assert job.rendered == 0


@pytest.mark.timeout(240)
def test_lines_are_said_again_in_another_timbre_on_the_nodes(
    cluster: Any, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    (tmp_path / "story.txt").write_text("The old clock struck.\n\nNobody came.", "utf-8")
    takes: list[Any] = []
    sounds: list[Any] = []
    words: list[Any] = []
    for where in ("", "auto"):
        with Studio(tmp_path / f"home{where}", ray=where, models=models) as studio:
            studio.tuning.change("cosyvoice2", {"precision": "fp32"})  # not what a node takes by itself
            id = studio.scripts.begin(tmp_path / "story.txt", Begun(into="guide-zh")).id
            assert studio.scripts.render(id).wait(120).states == {"done": 2}
            lines = list(studio.scripts.all_lines(id))
            takes.append([line.take for line in lines])
            sounds.append([studio.scripts.clip(line.take).samples for line in lines])
            words.append([studio.takes.details(line.take).words for line in lines])
            assert len(list(studio.cache.folder.glob("*.flac"))) == 4, "the readings are kept here as well"
    assert takes[0] == takes[1]
    for here, there in zip(*sounds, strict=True):
        assert len(here) == len(there)
        assert np.abs(here - there).max() < 1e-3, "a node with other threads sums in another order; int8 is 0.3 apart"
    assert words[0] == words[1] != [(), ()]


def test_a_node_speaks_in_the_precision_that_a_recipe_names(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever its own environment says; how many lines it draws at once is its own."""
    node, sounds = EngineActor(str(models)), []
    with Studio(tmp_path / "home", models=models) as home:
        engines, renderer = home._engines, home._renderer
        for precision in ("fp32", "auto"):
            home.tuning.change("cosyvoice2", {"precision": precision})
            spec = engines.get("cosyvoice2").spec
            controls = spec.settle({"endless": "keep", "max_ratio": 3.0, "steps": 2, "length_guard": 0.0, "retries": 6})
            voice = VoiceContent(VoiceKind.BUILTIN, name="guide-zh")
            recipe = Recipe(spec.id, spec.version, "今天天气真不错。", voice, "zh", tuple(sorted(controls.items())))
            (here,) = engines.speak(spec.id, [recipe], stream=False)
            settings = {spec.id: renderer.versioned(recipe)}
            with monkeypatch.context() as own:
                own.setenv("TIMBRE_COSYVOICE2", "precision=fp16 rows=2")
                ((what, found),) = node.speak([recipe.to_json()], [recipe.clips], [b""], settings)
            assert what == "sound", found
            assert found[0].tobytes() == here.samples.tobytes()
            sounds.append(here.samples.tobytes())
            loaded: Any = node._engines.get(spec.id)
            assert loaded.spec.version == recipe.version
            assert loaded._settings["rows"] == 2
        assert sounds[0] != sounds[1]
        home.tuning.change("cosyvoice2", {"precision": "fp32"})
        with pytest.raises(EngineFailed, match="settings were changed"):
            renderer.versioned(recipe)
    node._engines.unload_all()


def test_a_node_with_another_engine_than_home_says_so(tmp_path: Path) -> None:
    node = EngineActor()
    with Studio(tmp_path / "home") as home:
        spec = home._engines.get("espeak").spec
    recipe = Recipe(spec.id, "1.50+0", "Hello.", VoiceContent(VoiceKind.BUILTIN, name=""), "en", ())
    ((what, found),) = node.speak([recipe.to_json()], [()], [b""], {})
    assert what == "failed"
    assert f"{spec.version} instead of 1.50+0" in found[0]
    assert "相同的模型" in found[1]
    node._engines.unload_all()


def test_no_cluster_says_so(tmp_path: Path) -> None:
    import ray

    if ray.is_initialized():
        ray.shutdown()
    with Studio(tmp_path / "data", ray="127.0.0.1:1") as studio, pytest.raises(BadRequest, match="no cluster answers"):
        _ = studio.scripts
