"""Where lines are rendered: one small contract, and the executor that is always there.

An executor is given lines and says of each when its take is in the studio's cache. Takes are named by their content, so
it does not matter who rendered one, or whether it was rendered twice.
"""

import queue
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from studio.audio.clip import Clip, Samples
from studio.errors import EngineFailed, StudioError
from studio.library.cache import Cache
from studio.production.rendering import Renderer, Spoken
from studio.stop import Stop

STALLED_S = 900.0


@dataclass(frozen=True, eq=False)
class Rendered:
    """What became of one line."""

    place: int  # among those that were given
    clip: Clip | None  # its sound, as the cache gives it; None where it could not be rendered
    error: StudioError | None = None


class Executor(Protocol):
    """Something that renders lines."""

    name: str

    def render(self, lines: Sequence[Spoken], stop: Stop, production: str) -> Iterator[Rendered]:
        """Each line once its take is in the cache, or once it failed; in any order.

        Raises `Cancelled` within a step of `stop`, and what concerns all lines alike (`NotInstalled`, `DiskFull`).
        """

    def close(self) -> None:
        """Let go of everything (idempotent)."""


class LocalExecutor:
    """The engines of this process, one worker each; callers take turns."""

    name = "local"

    def __init__(self, renderer: Renderer, stalled_s: float = STALLED_S) -> None:
        """`stalled_s`: without a sound for so long, an engine is taken to be stuck."""
        self._renderer = renderer
        self._stalled_s = stalled_s

    def render(self, lines: Sequence[Spoken], stop: Stop, production: str) -> Iterator[Rendered]:
        left = dict(enumerate(lines))
        try:
            for done in self._watched(lines, stop, production):
                del left[done.place]
                yield done
        except EngineFailed as failed:
            if failed.fields.get("stuck"):
                raise  # asking it for single lines would wait as long for each
            if len(left) == 1:
                yield Rendered(next(iter(left)), None, failed)
                return
            yield from self._one_by_one(left, stop, production)

    def _watched(self, lines: Sequence[Spoken], stop: Stop, production: str) -> Iterator[Rendered]:
        """`_clips`, on a thread of its own: an engine that neither speaks nor fails may not hold us as well."""
        belt: queue.SimpleQueue[Rendered | BaseException | None] = queue.SimpleQueue()
        gone = Stop()  # nobody takes what comes any more

        def work() -> None:
            try:
                for done in self._clips(lines, stop, production):
                    belt.put(done)
                    gone.check()
                belt.put(None)
            except BaseException as error:  # handed over, whatever it is
                belt.put(error)

        threading.Thread(target=work, name="executor", daemon=True).start()
        try:
            while True:
                try:
                    found = belt.get(timeout=self._stalled_s)
                except queue.Empty:
                    raise _stuck(lines[0].recipe.engine, self._stalled_s) from None
                if found is None:
                    return
                if isinstance(found, BaseException):
                    raise found
                yield found
        finally:
            gone.set()

    def _clips(self, lines: Sequence[Spoken], stop: Stop, production: str) -> Iterator[Rendered]:
        pieces: list[Samples] = []
        for _, piece in self._renderer.passages([lines], stop, production):
            pieces.append(piece.samples)
            if piece.last:
                whole = np.concatenate(pieces) if len(pieces) > 1 else pieces[0]
                pieces = []
                clip = Clip(whole, self._renderer.rate(lines[piece.index]))
                yield Rendered(piece.index, Cache.as_stored(clip))

    def close(self) -> None:
        """The engines belong to the studio."""

    def _one_by_one(self, lines: dict[int, Spoken], stop: Stop, production: str) -> Iterator[Rendered]:
        """After a failure among many: which line it is, and the others all the same."""
        for place, line in lines.items():
            stop.check()
            try:
                (done,) = self._watched([line], stop, production)
            except EngineFailed as failed:
                yield Rendered(place, None, failed)
            else:
                yield Rendered(place, done.clip)


def _stuck(engine: str, seconds: float) -> EngineFailed:
    return EngineFailed(
        f"{engine} has not given a sound for {seconds / 60:.0f} min and seems to be stuck; stop the studio and start it"
        " again: the render goes on where it was",
        f"{engine} 已 {seconds / 60:.0f} 分钟没有输出，可能卡住了；请重启工坊，渲染会从原处继续",
        stuck=True,
    )
