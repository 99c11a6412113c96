"""`Stop`: how work that takes long is told to end. Open to every room, like `errors`."""

from studio.errors import Cancelled


class Stop:
    """A flag that stops work between steps; `check` raises `Cancelled` once it is set."""

    def __init__(self) -> None:
        self._set = False

    def set(self) -> None:
        self._set = True

    def __bool__(self) -> bool:
        return self._set

    def check(self) -> None:
        if self._set:
            raise Cancelled
