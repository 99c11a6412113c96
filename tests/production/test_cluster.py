"""Rendering on a Ray cluster of two nodes on loopback, one of which is killed in the middle."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio.errors import BadRequest
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
    sounds, words = [], []
    for where in ("", "auto"):
        with Studio(tmp_path / f"home{where}", ray=where, models=models) as studio:
            id = studio.scripts.begin(tmp_path / "story.txt", Begun(into="guide-zh")).id
            assert studio.scripts.render(id).wait(120).states == {"done": 2}
            lines = list(studio.scripts.all_lines(id))
            sounds.append([(line.take, studio.scripts.clip(line.take).samples.tobytes()) for line in lines])
            words.append([studio.takes.details(line.take).words for line in lines])
            assert len(list(studio.cache.folder.glob("*.flac"))) == 4, "the readings are kept here as well"
    assert sounds[0] == sounds[1]
    assert words[0] == words[1] != [(), ()]


def test_no_cluster_says_so(tmp_path: Path) -> None:
    import ray

    if ray.is_initialized():
        ray.shutdown()
    with Studio(tmp_path / "data", ray="127.0.0.1:1") as studio, pytest.raises(BadRequest, match="no cluster answers"):
        _ = studio.scripts
