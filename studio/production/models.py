"""The models of the studio as people manage them: what is there, fetched, verified, removed, as jobs to be watched."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from studio.production.jobs import Job, at_work
from studio.weights import Found, Weights, WeightStore
from studio.weights.store import SOURCES
from studio.words import Words


@dataclass(frozen=True)
class Model:
    """One model of the catalogue as it stands now."""

    weights: Weights
    found: Found | None
    missing: Words | None  # what is missing, with the command that brings it
    job: "Job[Found] | None"  # that fetches or reads it now, or did so last

    @property
    def state(self) -> Words:
        if self.found is not None:
            return SOURCES[self.found.source]
        return Words("not installed", "未安装")

    def to_json(self) -> dict[str, Any]:
        """Plain data for programs."""
        return {
            "id": self.weights.id,
            "title": self.weights.title._asdict(),
            "state": self.found.source if self.found else "missing",
            "where": str(self.found.root) if self.found else None,
            "about_bytes": self.weights.about_bytes,
            "files": [file.path for file in self.weights.files],
            "licence": self.weights.licence,
            "licence_words": self.weights.licence_words._asdict(),
            "repo": self.weights.repo,
            "homepage": self.weights.homepage,
        }


class Models:
    """The catalogue with its jobs. For any number of threads."""

    def __init__(self, store: WeightStore, freed: Callable[[str], None]) -> None:
        """`freed` is told the id of a model whose files go away, before they do."""
        self.store, self._freed = store, freed
        self._jobs: dict[str, Job[Found]] = {}

    def list(self) -> tuple[Model, ...]:
        return tuple(self.get(id) for id in self.store.catalogue)

    def get(self, id: str) -> Model:
        """One model; `NotFound` names the nearest."""
        weights = self.store.get(id)
        return Model(weights, self.store.find(id), self.store.missing(id), self._jobs.get(id))

    def install(self, id: str, accept_licence: bool, endpoint: str | None = None) -> Job[Found]:
        """Start fetching a model; see `studio.weights.fetching.install` for what the job may raise."""

        def work(job: Job[Found]) -> Found:
            from studio.weights.fetching import install

            def told(done: int, total: int) -> None:
                job.done, job.total = done, total

            return install(
                self.store,
                id,
                accept_licence=accept_licence,
                stopped=lambda: bool(job.stopping),
                progress=told,
                endpoint=endpoint,
            )

        return self._begin(id, work)

    def verify(self, id: str) -> Job[Found]:
        """Start comparing a model's files with their published digests."""

        def work(job: Job[Found]) -> Found:
            found = self.store.find(id)
            files = self.store.get(id).files
            job.total = sum((found.root / file.path).stat().st_size for file in files) if found else 0

            def step(read: int) -> None:
                job.done += read
                job.stopping.check()

            return self.store.verify(id, step)

        return self._begin(id, work)

    def remove(self, id: str) -> None:
        """Delete an installed model."""
        self._freed(id)
        self.store.remove(id)

    def stop(self, id: str) -> None:
        """Stop what is being done with a model."""
        if (job := self._jobs.get(id)) is not None:
            job.stop()

    def _begin(self, id: str, work: Callable[[Job[Found]], Found]) -> Job[Found]:
        weights = self.store.get(id)
        if (running := at_work(self._jobs.get(id))) is not None:
            return running
        job = self._jobs[id] = Job(work, title=weights.title.en)
        job.start()
        return job
