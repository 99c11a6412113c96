"""Files that go for good together with their rows, or not at all.

Before the rows are committed the files are put aside, under a name that nobody asks for; after it they are removed.
Where nothing was committed they come back. A process that is killed in between leaves them aside, and `settle` decides
by the rows, which are right either way: what still has its row comes back, what has none is removed.
"""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

SUFFIX = ".gone"  # behind the name of a file or folder that is put aside


class Aside:
    """Use it around the transaction: `with Aside() as aside, database.write() as session`."""

    def __init__(self) -> None:
        self.failed: list[str] = []  # names of what could not be put aside or removed
        self._waiting: list[Path] = []  # where they were

    def put(self, path: Path) -> bool:
        """Put a file or folder aside; whether its row may go, which it may as well where there is no file."""
        try:
            _remove(_aside(path))  # of a removal that was cut short, and then made anew
            path.rename(_aside(path))
        except FileNotFoundError:
            return True
        except OSError:
            self.failed.append(path.name)
            return False
        self._waiting.append(path)
        return True

    def __enter__(self) -> "Aside":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for path in self._waiting:
            if kind is None:
                self.failed += [] if _remove(_aside(path)) else [path.name]
            else:
                _bring_back(path)


def settle(folder: Path, known: Callable[[str], bool]) -> None:
    """Finish what was cut short: `known` says, with the database's turn to write, whether a name has its row."""
    for aside in folder.glob(f"*{SUFFIX}"):
        path = aside.with_name(aside.name.removesuffix(SUFFIX))
        if known(path.stem) and not path.exists():
            _bring_back(path)
        else:
            _remove(aside)


def _aside(path: Path) -> Path:
    return path.with_name(path.name + SUFFIX)


def _bring_back(path: Path) -> None:
    with suppress(OSError):  # it stays aside, for the next `settle`
        _aside(path).rename(path)


def _remove(path: Path) -> bool:
    """Whether nothing is there any more."""
    try:
        path.unlink(missing_ok=True)
    except OSError:  # a folder
        shutil.rmtree(path, ignore_errors=True)
    return not path.exists()
