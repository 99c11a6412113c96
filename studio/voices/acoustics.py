"""What a clip says about who speaks, without a model: statistics of its spectrum and of its pitch.

The spectrum is described by cepstra (see `cepstra`). Only voiced frames are looked at: between them there is the room,
and in consonants the text more than the person.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studio.audio.clip import Clip
from studio.audio.edit import resample
from studio.audio.pitch import Melody, melody
from studio.voices.cepstra import CEPSTRA, FLOOR, RATE, frames_of

Floats = NDArray[np.float64]

LEAST_VOICED = 30  # frames; of a whisper the loud frames are taken
LOUD_DB = -25.0  # of those, below the loudest tenth
TYPICAL_HZ = 150.0  # stands for the pitch of a whisper
NAMES = (
    *(f"{what}{n}" for what in ("mean", "deviation", "change") for n in range(1, CEPSTRA + 1)),
    "pitch",
    "pitch deviation",
    "pitch change",
)


@dataclass(frozen=True, eq=False)
class Acoustics:
    """What was found in a clip."""

    statistics: Floats  # (len(NAMES),)
    melody: Melody
    frames: int  # that were looked at, of 10 ms


def look(clip: Clip) -> Acoustics:
    """The statistics of a clip, and its melody. A silent clip has no frames."""
    sound = resample(clip, RATE)
    sung = melody(sound)
    frames = frames_of(sound.samples)
    chosen = _spoken(sung, frames.power)
    if not chosen.any():
        return Acoustics(np.zeros(len(NAMES)), sung, 0)
    kept, change = frames.cepstra[chosen], frames.change[chosen]
    numbers = [kept.mean(axis=0), kept.std(axis=0), change.std(axis=0), _pitch(sung)]
    return Acoustics(np.concatenate(numbers), sung, int(chosen.sum()))


def _spoken(sung: Melody, powers: Floats) -> NDArray[np.bool_]:
    """The frames to look at: the voiced ones; of a whisper those that are loud."""
    voiced = sung.hertz[: len(powers)] > 0
    if voiced.sum() >= LEAST_VOICED or not len(powers):
        return np.pad(voiced, (0, len(powers) - len(voiced)))
    loudest = np.percentile(powers, 90)
    return (powers > loudest * 10 ** (LOUD_DB / 10)) & (powers > FLOOR)


def _pitch(sung: Melody) -> Floats:
    """Octaves above 100 Hz, their deviation, and the change from frame to frame."""
    if len(sung.voiced) < LEAST_VOICED:
        return np.array([np.log2(TYPICAL_HZ / 100), 0.2, 0.01])
    octaves = np.log2(sung.voiced.astype(np.float64) / 100)
    both = (sung.hertz[1:] > 0) & (sung.hertz[:-1] > 0)
    steps = np.abs(np.log2(np.where(both, sung.hertz[1:], 1) / np.where(both, sung.hertz[:-1], 1)))[both]
    low, high = np.percentile(octaves, [10, 90])
    change = float(np.median(steps)) if len(steps) else 0.0
    return np.array([np.median(octaves), (high - low) / 2, change])
