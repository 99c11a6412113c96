"""Where lines are rendered: one small contract, and the executor that is always there.

An executor is given lines and says of each when its take is in the studio's cache. Takes are named by their content, so
it does not matter who rendered one, or whether it was rendered twice.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from studio.errors import EngineFailed, StudioError
from studio.production.rendering import Renderer, Spoken
from studio.stop import Stop

Rendered = tuple[int, StudioError | None]  # place of a line, and why it could not be rendered


class Executor(Protocol):
    """Something that renders lines."""

    name: str

    def render(self, lines: Sequence[Spoken], stop: Stop, production: str) -> Iterator[Rendered]:
        """The place of each line once its take is in the cache, or it failed; in any order, each once.

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
            for _, piece in self._renderer.passages([lines], stop, production):
                if piece.last:
                    del left[piece.index]
                    yield piece.index, None
        except EngineFailed as failed:
            if len(left) == 1:
                yield next(iter(left)), failed
                return
            yield from self._one_by_one(left, stop, production)

    def close(self) -> None:
        """The engines belong to the studio."""

    def _one_by_one(self, lines: dict[int, Spoken], stop: Stop, production: str) -> Iterator[Rendered]:
        """After a failure among many: which line it is, and the others all the same."""
        for place, line in lines.items():
            stop.check()
            try:
                for _ in self._renderer.passages([[line]], stop, production):
                    pass
            except EngineFailed as failed:
                yield place, failed
            else:
                yield place, None
