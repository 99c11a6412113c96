"""Whether more than one person speaks in a recording, as far as its pitch and its timbre tell.

Both ways put stretches of speech into two groups and ask how far these are apart, beside what one voice varies. Pitch
needs a second of speech; timbre (the statistics of `timbre-1`) tells people apart whose voices are equally high.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.audio.clip import Clip
from studio.voices.acoustics import look
from studio.voices.encoders import scaled

Floats = NDArray[np.float32]

RATE, FRAME = 16_000, 512  # samples: 32 ms
SPEECH = 0.5  # chance
WINDOW_S, SHORTEST_S, VOICED = 2.0, 1.0, 40  # of a stretch, and its voiced frames of 10 ms
MOST = 48  # stretches that are looked at, evenly over the recording
LEAST = 6  # fewer say nothing
SIDE = 2  # stretches of each group at least
# Distance between the groups, and that over the spread within them. Of 74 recordings of one voice of our own engine
# (six sentences, 15 s) 98 % are below 15.4 and 1.53; of 50 of two voices less than 1.5 semitones apart, half are above
# 19.0 and 1.78. With these ramps 1 of the 74 is suspected, and 35 of the 50 are.
DISTANCE, RATIO = (13.0, 18.0), (1.35, 1.75)
PITCH_SEMITONES, PITCH_RATIO = (4.0, 9.0), (1.5, 4.0)
SUREST = 0.95


@dataclass(frozen=True)
class Persons:
    """How sure it is that there are two, and by what it was found."""

    sure: float  # 0..1
    by: str  # pitch, timbre


class Timbres:
    """Given a recording at `RATE`, block by block; keeps a vector for each of some stretches of speech."""

    def __init__(self, seconds: float) -> None:
        """`seconds` is how long the recording is, as far as is known."""
        self._each = max(1, int(np.ceil(seconds / WINDOW_S / MOST)))
        self._met = 0
        self._found: list[NDArray[np.float64]] = []

    def add(self, frames: Floats, chance: Floats) -> None:
        """(n, FRAME) samples and the chance of speech in each frame."""
        spoken = np.concatenate([[False], chance >= SPEECH, [False]]).astype(np.int8)
        for start, end in np.flatnonzero(np.diff(spoken)).reshape(-1, 2):
            seconds = (end - start) * FRAME / RATE
            if seconds >= SHORTEST_S:
                for part in np.array_split(frames[start:end], max(1, round(seconds / WINDOW_S))):
                    self._look(part)

    def _look(self, part: Floats) -> None:
        self._met += 1
        if (self._met - 1) % self._each == 0:
            found = look(Clip(part.reshape(-1), RATE))
            if found.frames >= VOICED:
                self._found.append(scaled(found))

    @property
    def vectors(self) -> NDArray[np.float64]:
        """(n, 63), one for each stretch."""
        return np.stack(self._found) if self._found else np.zeros((0, 0))


def two_persons(pitches: NDArray[np.float64], timbres: NDArray[np.float64]) -> Persons | None:
    """How sure it is that more than one person speaks; None where there is too little speech to tell.

    `pitches` are semitones, `timbres` vectors, of stretches of speech.
    """
    found = [
        Persons(sure, by)
        for by, sure in (("pitch", by_pitch(pitches)), ("timbre", by_timbre(timbres)))
        if sure is not None
    ]
    return max(found, key=lambda one: one.sure, default=None)


def by_pitch(pitches: NDArray[np.float64]) -> float | None:
    """The same by pitch alone: two people differ more between the groups than within."""
    pitch = np.sort(pitches)
    if len(pitch) < 4:
        return None
    best = max(range(SIDE, len(pitch) - SIDE + 1), key=lambda cut: _apart(pitch[:cut], pitch[cut:]))
    low, high = pitch[:best], pitch[best:]
    distance = float(np.median(high) - np.median(low))
    within = float(np.sqrt(np.mean([low.var(), high.var()])))
    return _sure(_ramp(distance, PITCH_SEMITONES) * _ramp(distance / (within + 0.5), PITCH_RATIO))


def by_timbre(timbres: NDArray[np.float64]) -> float | None:
    """The same by timbre: far apart as voices are, and far beside what the groups themselves vary."""
    if len(timbres) < LEAST:
        return None
    group = _two_groups(timbres)
    one, other = timbres[group], timbres[~group]
    distance = float(np.linalg.norm(one.mean(axis=0) - other.mean(axis=0)))
    within = float(np.sqrt((_scatter(one) + _scatter(other)) / (len(timbres) - 2)))
    return _sure(min(_ramp(distance, DISTANCE), _ramp(distance / max(within, 1e-6), RATIO)))


def _two_groups(vectors: NDArray[np.float64]) -> NDArray[np.bool_]:
    """The cut along the widest direction that leaves least scatter, then each vector to the nearer group."""
    centred = vectors - vectors.mean(axis=0)
    along = centred @ np.linalg.svd(centred, full_matrices=False)[2][0]
    order = np.argsort(along)
    cuts = range(SIDE, len(vectors) - SIDE + 1)
    best = min(cuts, key=lambda cut: _scatter(vectors[order[:cut]]) + _scatter(vectors[order[cut:]]))
    group = np.zeros(len(vectors), bool)
    group[order[:best]] = True
    for _ in range(4):
        nearer = np.linalg.norm(vectors - vectors[group].mean(axis=0), axis=1) < np.linalg.norm(
            vectors - vectors[~group].mean(axis=0), axis=1
        )
        if not SIDE <= nearer.sum() <= len(vectors) - SIDE:
            break
        group = nearer
    return group


def _scatter(vectors: NDArray[np.float64]) -> float:
    return float(np.square(vectors - vectors.mean(axis=0)).sum())


def _apart(low: NDArray[np.float64], high: NDArray[np.float64]) -> float:
    """How well two groups are told apart: their distance against their width (Otsu's measure)."""
    return float(len(low) * len(high) * (high.mean() - low.mean()) ** 2)


def _sure(value: float) -> float:
    return round(min(SUREST, value), 2)


def _ramp(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return float(np.clip((value - low) / (high - low), 0, 1))
