"""The executor for many machines: engine actors on a Ray cluster, lines spread over them, takes coming home.

One actor a device: a GPU where a node has some, else the node itself. Each loads its engine once and speaks small
groups of lines; what an actor was given and did not finish when its node was lost is given to another. Settings that
the version of a recipe names (precision, say) are those of the home, where it was written; the device is the node's.
Takes come back as sound and are kept here, in the one library that owns them, under the digest of their recipe; so it
does not matter which node spoke one, or whether two did.

Scheduling, retries of processes and the network are Ray's (https://docs.ray.io). Use it on a private network only: a
Ray cluster has no login (CVE-2023-48022).
"""

import os
import socket
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from studio.audio.clip import Clip
from studio.control import Value
from studio.engines.contract import AudioChunk, Configures, Converts, Recipe, WordTime
from studio.errors import BadRequest, Cancelled, EngineFailed, NotInstalled, StudioError
from studio.library.cache import Cache
from studio.production.executors import Rendered
from studio.production.piecewise import retold
from studio.production.rendering import Renderer, Spoken
from studio.settings import told
from studio.stop import Stop

GROUP = 8  # lines that an actor is given at once
AHEAD = 2  # groups that wait at an actor, so that it never stands still
ANSWER_S = 5.0  # that a cluster may take to be connected to
LOOK_S = 0.5  # between two looks at whether to stop
TRIED = 3  # times that a group is given out before its lines fail
Told = tuple[str, Any]  # "sound", (samples, words, said) or "failed", (en, zh)
Loaded = dict[str, Value]  # settings of an engine


class EngineActor:
    """What runs on the nodes: every engine of the studio, loaded when it is asked for first."""

    def __init__(self, models: str = "") -> None:
        from studio.engines.registry import Registry
        from studio.weights import WeightStore

        folder = Path(os.environ.get("TIMBRE_HOME", "~/.local/share/timbre-studio")).expanduser() / "weights"
        self._engines = Registry(weights=WeightStore(lambda: folder, Path(models) if models else None))
        self._as_told: dict[str, Loaded] = {}  # engines that are loaded as a home wants them

    def speak(
        self,
        recipes: list[dict[str, Any]],
        clips: list[tuple[bytes, ...]],
        recordings: list[bytes],
        settings: dict[str, Loaded],
    ) -> list[Told]:
        """The sound of each recipe, in order; one that fails does not keep the others from being spoken.

        `recordings` holds for each that has a source what the home's cache holds of that, and empty bytes otherwise;
        `settings` for each engine what the versions of these recipes name.
        """
        made = [Recipe.from_json(plain, *some) for plain, some in zip(recipes, clips, strict=True)]
        return [
            self._one(recipe, recording, settings.get(recipe.engine, {}))
            for recipe, recording in zip(made, recordings, strict=True)
        ]

    def _one(self, recipe: Recipe, recording: bytes, settings: Loaded) -> Told:
        try:
            self._configure(recipe.engine, settings)
            self._check_same(recipe)
            speak = self._engines.speak(recipe.engine, [recipe], stream=False)
            chunks = list(self._again(recipe, recording) if recipe.source else speak)
        except StudioError as failed:  # the same for whoever is asked next
            return "failed", (failed.words.en, failed.words.zh)
        samples = np.concatenate([chunk.samples for chunk in chunks])
        words = [(word.text, word.start, word.end) for chunk in chunks for word in chunk.words]
        return "sound", (samples, words, chunks[-1].said)

    def _configure(self, id: str, settings: Loaded) -> None:
        """Have an engine loaded as at home; what is not told is this machine's own."""
        if self._as_told.get(id, {}) == settings:
            return
        with self._engines.idle(id) as engine:
            if isinstance(engine, Configures):
                engine.configure({**(told(id) or {}), **settings})
        self._as_told[id] = settings

    def _check_same(self, recipe: Recipe) -> None:
        """`EngineFailed` where this node has other weights than the home: the sound would be another."""
        engine = self._engines.get(recipe.engine)
        if engine.spec.version != recipe.version and not engine.missing():
            node = socket.gethostname()
            raise EngineFailed(
                f"{recipe.engine} on the node {node} is another than at home ({engine.spec.version} instead of "
                f"{recipe.version}); put the same model there, or take the node out of the cluster",
                f"节点 {node} 上的 {recipe.engine} 与本机不同（{engine.spec.version}，应为 {recipe.version}）；"
                "请在该节点安装相同的模型，或将其移出集群",
            )

    def _again(self, recipe: Recipe, recording: bytes) -> Iterator[AudioChunk]:
        from studio.audio.files import read_bytes
        from studio.production.piecewise import resaid

        clip, stop = read_bytes(recording), Stop()
        with self._engines.lease(recipe.engine, stop) as engine:
            assert isinstance(engine, Converts)  # the home has seen to that
            yield from resaid(engine, [clip.samples], clip.rate, recipe, stop)


@dataclass
class _Worker:
    """An actor, and what it was given."""

    actor: Any
    node: str
    groups: dict[Any, "_Group"] = field(default_factory=dict)  # by the reference of its answer


@dataclass
class _Group:
    """Lines that are spoken together."""

    places: list[int]
    settings: dict[str, Loaded]  # of their engines
    tried: int = 0


class RayExecutor:
    """Lines rendered on a Ray cluster."""

    name = "ray"

    def __init__(self, address: str, renderer: Renderer, models: Path | None = None) -> None:
        """`address`: of the cluster's head, `host:port` or `auto`. `NotInstalled` without Ray, `BadRequest` where no
        cluster answers."""
        try:
            import ray
        except ImportError as error:
            raise NotInstalled(
                "Ray is not installed: pip install -r requirements-cluster.txt",
                "没有安装 Ray：pip install -r requirements-cluster.txt",
                command="pip install -r requirements-cluster.txt",
            ) from error
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        self._ray, self._renderer, self._models = ray, renderer, str(models or "")
        package = Path(__file__).parents[1]
        _check_answers(address)
        try:
            if not ray.is_initialized():
                ray.init(address=address, runtime_env={"py_modules": [str(package)]}, log_to_driver=False)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise BadRequest(
                f"--ray {address}: no cluster answers there ({str(error)[:120]}); start one with `ray start --head`",
                f"--ray {address}：没有集群响应（{str(error)[:120]}）；请用 `ray start --head` 启动",
                where="ray",
            ) from error
        self._workers: list[_Worker] = []

    def render(self, lines: Sequence[Spoken], stop: Stop, production: str) -> Iterator[Rendered]:
        """See `Executor`. What the cache has is not sent anywhere; of a line that is said again in another voice, the
        source is rendered first and comes home like any other."""
        cache = self._renderer.cache
        known = cache.get_many([line.recipe.digest for line in lines])
        failed = self._sources([line for line in lines if line.recipe.digest not in known], stop, production)
        wanted: list[int] = []
        settings: dict[str, Loaded] = {}
        with cache.batch(production):
            for place, line in enumerate(lines):
                if line.recipe.digest in known:
                    yield Rendered(place, cache.load(line.recipe.digest))
                elif line.source and line.source.recipe.digest in failed:
                    yield Rendered(place, None, failed[line.source.recipe.digest])
                else:
                    try:
                        settings[line.recipe.engine] = self._renderer.versioned(line.recipe)
                        wanted.append(place)
                    except EngineFailed as changed:
                        yield Rendered(place, None, changed)
            waiting = deque(_Group(wanted[at : at + GROUP], settings) for at in range(0, len(wanted), GROUP))
            try:
                yield from self._spread(lines, waiting, stop)
            finally:
                for worker in self._workers:
                    for reference in worker.groups:
                        self._ray.cancel(reference, recursive=False)
                    worker.groups.clear()

    def close(self) -> None:
        """End the actors; the cluster belongs to whoever started it."""
        for worker in self._workers:
            self._ray.kill(worker.actor)
        self._workers.clear()
        self._ray.shutdown()

    def _sources(self, lines: Sequence[Spoken], stop: Stop, production: str) -> dict[str, StudioError]:
        """Render what these lines are said after; the digests of those that failed, and why."""
        sources = list({line.source.recipe.digest: line.source for line in lines if line.source}.values())
        if not sources:
            return {}
        done = list(self.render(sources, stop, production))
        return {sources[one.place].recipe.digest: one.error for one in done if one.error is not None}

    def _spread(self, lines: Sequence[Spoken], waiting: "deque[_Group]", stop: Stop) -> Iterator[Rendered]:
        """Give groups to whoever is free, take what comes, give again what was lost."""
        while waiting or any(worker.groups for worker in self._workers):
            if stop:
                raise Cancelled
            self._hire()
            for worker in self._workers:
                while waiting and len(worker.groups) < AHEAD:
                    group = waiting.popleft()
                    recipes = [lines[place].recipe for place in group.places]
                    plain, clips = [recipe.to_json() for recipe in recipes], [recipe.clips for recipe in recipes]
                    recordings = [self._recording(recipe) for recipe in recipes]
                    worker.groups[worker.actor.speak.remote(plain, clips, recordings, group.settings)] = group
            references = [reference for worker in self._workers for reference in worker.groups]
            ready, _ = self._ray.wait(references, num_returns=1, timeout=LOOK_S)
            for reference in ready:
                yield from self._taken(reference, lines, waiting)

    def _taken(self, reference: Any, lines: Sequence[Spoken], waiting: "deque[_Group]") -> Iterator[Rendered]:
        worker = next(one for one in self._workers if reference in one.groups)
        group = worker.groups.pop(reference)
        try:
            answers: list[Told] = self._ray.get(reference)
        except (self._ray.exceptions.RayActorError, self._ray.exceptions.RayTaskError) as error:
            yield from self._lost(worker, group, waiting, error)
            return
        for place, (what, found) in zip(group.places, answers, strict=True):
            if what == "failed":
                yield Rendered(place, None, EngineFailed(*found))
                continue
            samples, words, said = found
            line = lines[place]
            times = tuple(WordTime(*word) for word in words) or self._times(line, len(samples))
            self._renderer.keep(line, [AudioChunk(place, samples, times, last=True, said=said)])
            yield Rendered(place, Cache.as_stored(Clip(samples, self._renderer.rate(line))))

    def _recording(self, recipe: Recipe) -> bytes:
        """The file of what a recipe is said after; empty where it is read."""
        return self._renderer.cache.path(recipe.source.digest).read_bytes() if recipe.source else b""

    def _times(self, line: Spoken, frames: int) -> tuple[WordTime, ...]:
        """The words of a line that was said again, as its source has them."""
        known = self._renderer.cache.get(line.source.recipe.digest) if line.source else None
        words = [WordTime(*word) for word in known.words] if known else []
        return retold(words, known.take.seconds, frames / self._renderer.rate(line)) if known else ()

    def _lost(self, worker: _Worker, group: _Group, waiting: "deque[_Group]", error: Exception) -> Iterator[Rendered]:
        """An actor died, with its node perhaps: all that it had is given out again, not for ever."""
        groups = [group, *worker.groups.values()]
        worker.groups.clear()
        self._workers.remove(worker)
        for one in groups:
            one.tried += 1
            if one.tried < TRIED:
                waiting.appendleft(one)
                continue
            failed = EngineFailed(
                f"three nodes of the cluster were lost over these lines ({type(error).__name__})",
                f"渲染这些台词时集群先后有三个节点失联（{type(error).__name__}）",
            )
            for place in one.places:
                yield Rendered(place, None, failed)

    def _hire(self) -> None:
        """An actor for each device that has none: at the start, and when nodes come or actors were lost."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        alive = {node["NodeID"]: node["Resources"] for node in self._ray.nodes() if node["Alive"]}  # type: ignore[no-untyped-call]
        for worker in [one for one in self._workers if one.node not in alive and not one.groups]:
            self._workers.remove(worker)
        if not alive:
            raise EngineFailed(
                "no node of the cluster answers any more; start it again, the render goes on where it was",
                "集群中没有节点响应；请重新启动集群，渲染会从原处继续",
                stuck=True,
            )
        for node, resources in alive.items():
            gpus, cores = int(resources.get("GPU", 0)), resources.get("CPU", 0)
            missing = (gpus or (1 if cores else 0)) - sum(one.node == node for one in self._workers)
            for _ in range(missing):
                stay = NodeAffinitySchedulingStrategy(node, soft=False)
                share = {"num_gpus": 1} if gpus else {"num_cpus": 1}
                actor = self._ray.remote(EngineActor).options(scheduling_strategy=stay, **share).remote(self._models)
                self._workers.append(_Worker(actor, node))


def _check_answers(address: str) -> None:
    """Ray waits for minutes for a cluster that is not there; a connection tells at once."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon or not port.isdigit():
        return  # `auto`: Ray looks for a cluster of this machine
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_S).close()
    except OSError as error:
        raise BadRequest(
            f"--ray {address}: no cluster answers there ({error}); start one with `ray start --head`",
            f"--ray {address}：没有集群响应（{error}）；请用 `ray start --head` 启动",
            where="ray",
        ) from error
