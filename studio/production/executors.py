"""Where lines are rendered: one small contract, and the executor that is always there.

An executor is given lines and says of each when its take is in the studio's cache. Takes are named by their content, so
it does not matter who rendered one, or whether it was rendered twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from studio.audio.clip import Clip, Samples
from studio.errors import EngineFailed, StudioError
from studio.library.cache import Cache
from studio.production.rendering import Renderer, Spoken
from studio.stop import Stop


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

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def render(self, lines: Sequence[Spoken], stop: Stop, production: str) -> Iterator[Rendered]:
        left = dict(enumerate(lines))
        try:
            for done in self._clips(lines, stop, production):
                del left[done.place]
                yield done
        except EngineFailed as failed:
            if len(left) == 1:
                yield Rendered(next(iter(left)), None, failed)
                return
            yield from self._one_by_one(left, stop, production)

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
                (done,) = self._clips([line], stop, production)
            except EngineFailed as failed:
                yield Rendered(place, None, failed)
            else:
                yield Rendered(place, done.clip)
