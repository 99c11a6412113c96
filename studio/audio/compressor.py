"""A compressor that goes by the voice's own level, so a soft recording is treated just as a loud one.

The level is taken every two milliseconds; the gain moves in straight lines between.
"""

import math

import numpy as np
from numpy.typing import NDArray

from studio.audio.clip import Samples
from studio.audio.filters import Blocks, joined, shaped

BLOCK = 256  # steps
VOICE_S = 4.0  # over which the voice's level is averaged
ACTIVE = 10 ** (-25 / 10)  # of that level: what is softer is a pause and does not count
SILENCE = 1e-9  # squared peak under which nothing is done


class Compressor:
    """Takes (1 - 1/ratio) of what is more than `threshold_db` above the voice's level; no make-up gain."""

    def __init__(self, rate: int, threshold_db: float, ratio: float, attack_ms: float, release_ms: float) -> None:
        self._step = rate // 500
        self._blocks = Blocks(BLOCK * self._step, 0)
        self._threshold = threshold_db
        self._slope = 1 - 1 / ratio
        self._attack = self._share(attack_ms / 1000, rate)
        self._release = self._share(release_ms / 1000, rate)
        self._slow = self._share(VOICE_S, rate)
        self._active = 0  # steps in which the voice was heard
        self._hold = self._share(0.015, rate)  # peaks are held from one pitch pulse to the next
        self._voice = self._level = SILENCE
        self._reduction = 0.0  # decibels, at the end of the step before

    def _share(self, seconds: float, rate: int) -> float:
        """Of the distance that is gone in one step, for a time constant."""
        return 1 - math.exp(-self._step / rate / seconds)

    def push(self, samples: Samples) -> Samples:
        return joined([self._compress(block) for block in self._blocks.push(samples)])

    def finish(self) -> Samples:
        blocks, left = self._blocks.finish()
        return joined([self._compress(block) for block in blocks])[:left]

    def _compress(self, sound: Samples) -> Samples:
        steps = sound.reshape(BLOCK, -1)  # of all channels: the louder one decides, so that nothing wanders
        reductions = self._reductions(np.square(np.abs(steps).max(axis=1).astype(np.float64)))
        if not reductions.any():
            return sound
        gains = 10 ** (-reductions / 20)
        curve = np.interp(np.arange(len(sound)) / self._step, np.arange(BLOCK + 1), gains)
        return shaped(sound, curve)

    def _reductions(self, peaks: NDArray[np.float64]) -> NDArray[np.float64]:
        """Decibels to take away at the edges of the steps: `BLOCK` + 1 of them."""
        voice, level, reduction = self._voice, self._level, self._reduction
        found = [reduction]
        for peak in peaks.tolist():
            level = peak if peak > level else level + (peak - level) * self._hold
            if level > max(voice * ACTIVE, SILENCE):
                self._active += 1  # at first the plain mean of all, so that the first word is not taken for a shout
                voice += (level - voice) * max(self._slow, 1 / self._active)
            above = 10 * math.log10(level / voice) - self._threshold if level > SILENCE else 0.0
            wanted = max(0.0, above * self._slope)
            reduction += (wanted - reduction) * (self._attack if wanted > reduction else self._release)
            found.append(reduction if reduction > 1e-4 else 0.0)
        self._voice, self._level, self._reduction = voice, level, reduction
        return np.array(found)
