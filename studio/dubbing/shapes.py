"""The shape of a take: where its sound begins and ends, and where it pauses. All that fitting has to know of it.

Finding it needs the samples; the shape itself is a few numbers, kept beside the production so that two thousand takes
need not be decoded to show a page.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from studio.audio.clip import Clip, Samples
from studio.audio.drafts import Draft

AUDIBLE = 10 ** (-50 / 20)
BELOW_PEAK = 10 ** (-45 / 20)  # what is that much quieter than the loudest sample is silence as well
HOP_S = 0.005
PAUSE_S = 0.12  # a shorter silence belongs to the words


@dataclass(frozen=True)
class Shape:
    """In seconds. A silent take has no sound: `first` equals `last`."""

    seconds: float
    first: float
    last: float
    pauses: tuple[tuple[float, float], ...] = ()  # (start, length) of silences inside, in order

    @property
    def spoken(self) -> float:
        """From its first sound to its last."""
        return self.last - self.first


def shape_of(clip: Clip) -> Shape:
    """The shape of a take's sound."""
    samples, rate = clip.samples, clip.rate
    loud = np.flatnonzero(np.abs(samples) > _threshold(samples)) if len(samples) else np.zeros(0, np.int64)
    if not len(loud):
        return Shape(clip.seconds, 0.0, 0.0)
    first, last = int(loud[0]), int(loud[-1]) + 1
    apart = np.diff(loud)
    wide = np.flatnonzero(apart > PAUSE_S * rate)
    pauses = tuple(((int(loud[at]) + 1) / rate, float(apart[at] - 1) / rate) for at in wide)
    return Shape(clip.seconds, first / rate, last / rate, pauses)


def _threshold(samples: Samples) -> float:
    return max(AUDIBLE, float(np.abs(samples).max()) * BELOW_PEAK)


class Shapes:
    """The shapes of a production's takes, in a file beside it. One thread at a time."""

    def __init__(self, path: Path, load: Callable[[str], Clip]) -> None:
        self._path, self._load = path, load
        self._known = _read(path)
        self._fresh = False

    def of(self, take: str) -> Shape:
        """The shape of a take, from memory or from its sound. Raises what loading it raises."""
        if take not in self._known:
            self._known[take] = shape_of(self._load(take))
            self._fresh = True
        return self._known[take]

    def keep(self, used: Iterable[str]) -> None:
        """Write down what was learnt, of the takes that are still used."""
        if not self._fresh:
            return
        self._known = {take: self._known[take] for take in dict.fromkeys(used) if take in self._known}
        plain = {take: [s.seconds, s.first, s.last, s.pauses] for take, s in self._known.items()}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with Draft(self._path) as draft:
            draft.write(json.dumps(plain).encode())
            draft.commit()
        self._fresh = False


def _read(path: Path) -> dict[str, Shape]:
    """What was written down; nothing where it cannot be read: it is learnt again."""
    try:
        plain = json.loads(path.read_bytes())
        return {
            str(take): Shape(float(a), float(b), float(c), tuple((float(x), float(y)) for x, y in d))
            for take, (a, b, c, d) in plain.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
