"""`Job`: work that outlives the click that started it: progress, time left, stop, an end that can be waited for."""

import logging
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Generic, TypeVar

from studio.errors import Cancelled, EngineFailed, NotFound, StudioError
from studio.stop import Stop

log = logging.getLogger(__name__)
Result = TypeVar("Result")
Some = TypeVar("Some", bound="Job[Any]")


class State(StrEnum):
    """Of a job, in the words that the library keeps too."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class Job(Generic[Result]):
    """One piece of work on a thread of its own. Every attribute may be read from any thread."""

    def __init__(self, work: Callable[["Job[Result]"], Result], *, id: str = "", title: str = "") -> None:
        self.id = id or uuid.uuid4().hex
        self.title = title
        self.state = State.WAITING
        self.done = 0.0  # of `total`, in whatever unit the work counts
        self.total = 0.0
        self.error: StudioError | None = None
        self.stopping = Stop()
        self._result: Result | None = None
        self._started = 0.0
        self._work = work
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"job-{self.id[:8]}", daemon=True)

    def start(self) -> None:
        self._started, self.state = time.monotonic(), State.RUNNING
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; it does so within a step."""
        self.stopping.set()

    def follow(self, whole: "Job[Any]", before: float, share: float) -> Result:
        """Wait for this part of a larger work and tell that how far it is; a stop of the whole stops the part."""
        while True:
            try:
                return self.wait(0.1)
            except TimeoutError:
                whole.done = whole.total * (before + share * self.progress)
                if whole.stopping:
                    self.stop()

    def wait(self, timeout: float | None = None) -> Result:
        """Its result; raises what it failed with, `Cancelled` if it was stopped, `TimeoutError` if it still runs."""
        if not self._over.wait(timeout):
            raise TimeoutError
        if self.error:
            raise self.error
        assert self.state is State.DONE
        return self._result  # type: ignore[return-value]  # set before the state

    def join(self) -> None:
        """Wait for its end, whatever it is; returns at once for a job that never started."""
        if self.state is not State.WAITING:
            self._over.wait()

    @property
    def over(self) -> bool:
        return self._over.is_set()

    @property
    def progress(self) -> float:
        """0..1."""
        return min(1.0, self.done / self.total) if self.total else float(self.state is State.DONE)

    @property
    def seconds_left(self) -> float | None:
        """By the pace so far; None before anything is known."""
        if self.state is not State.RUNNING or self.progress <= 0:
            return None
        return (time.monotonic() - self._started) * (1 - self.progress) / self.progress

    def _run(self) -> None:
        try:
            self._result = self._work(self)
            self.state = State.DONE
        except Cancelled as error:
            self.error, self.state = error, State.STOPPED
        except StudioError as error:
            self.error, self.state = error, State.FAILED
        except Exception as error:  # the outermost loop of a worker
            log.exception("job %s", self.id)
            self.error = EngineFailed(
                f"the studio failed unexpectedly ({type(error).__name__}); the log has the details",
                f"工坊意外出错（{type(error).__name__}）；详情见日志",
            )
            self.error.__cause__ = error
            self.state = State.FAILED
        finally:
            self._over.set()


def at_work(job: Some | None) -> Some | None:
    """The job, where it goes on; None where there is none, or its place is free.

    One that was told to stop is waited for: it would not do what is asked of it now.
    """
    if job is None:
        return None
    if job.stopping:
        job.join()
    return None if job.over else job


class Jobs:
    """Those that run and those that were begun lately, to be asked for by their id from any thread."""

    def __init__(self, remembered: int = 32) -> None:
        self._jobs: OrderedDict[str, Job[Any]] = OrderedDict()
        self._remembered = remembered
        self._lock = threading.Lock()

    def begin(self, job: Job[Result]) -> Job[Result]:
        """Start it; the oldest that are over are forgotten where there are too many."""
        with self._lock:
            self._jobs[job.id] = job
            over = [id for id, old in self._jobs.items() if old.over]
            for id in over[: max(0, len(self._jobs) - self._remembered)]:
                del self._jobs[id]
        job.start()
        return job

    def get(self, id: str) -> Job[Any]:
        """`NotFound` for one that was never begun, or is forgotten."""
        with self._lock:
            if id in self._jobs:
                return self._jobs[id]
        raise NotFound(f"job “{id}” is over and forgotten", f"任务“{id}”已结束并清除", where="id")

    def close(self) -> None:
        """Stop what runs."""
        with self._lock:
            running = [job for job in self._jobs.values() if not job.over]
        for job in running:
            job.stop()
        for job in running:
            job.join()
