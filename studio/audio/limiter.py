"""A limiter that keeps the true peak under a ceiling, and no sample more softly than needed for that.

It looks five milliseconds ahead, so the gain is down before the peak comes and no sample is ever cut. Two channels get
one gain, so that no voice moves when the other side is loud.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from studio.audio.clip import Samples
from studio.audio.filters import Blocks, joined, shaped
from studio.audio.levels import TAPS, interpolator

AHEAD = 5  # steps of a millisecond
RELEASE_S = 0.08
MARGIN_DB = 0.05  # the gain's own movement can lift what lies between samples by as much
BLOCK = 512  # steps
CREST_LOW_DB, CREST_BINS = -120.0, 1600  # tenths of a decibel, up to +40
MOST_MADE_UP_DB = 3.0  # beyond that a limiter is heard more than the loudness is


class Limiter:
    """Brings peaks under `ceiling_db` (dBTP)."""

    def __init__(self, rate: int, ceiling_db: float) -> None:
        self._ceiling = 10 ** ((ceiling_db - MARGIN_DB) / 20)
        self._step = max(16, rate // 1000)
        self._recovery = 1 - float(np.exp(-self._step / rate / RELEASE_S))
        self._blocks = Blocks(BLOCK * self._step, (AHEAD + 2) * self._step)
        self._before: Samples | None = None  # the samples before the block
        self._needed = 1.0  # the gain that the step before the block needed
        self._gains: NDArray[np.float64] | None = None  # unsmoothed gains of the steps before
        self._filter = interpolator()
        self._bound = float(np.abs(self._filter).sum(axis=0).max())

    def push(self, samples: Samples) -> Samples:
        return joined([self._limit(block) for block in self._blocks.push(samples)])

    def finish(self) -> Samples:
        blocks, left = self._blocks.finish()
        return joined([self._limit(block) for block in blocks])[:left]

    def _limit(self, block: Samples) -> Samples:
        """The first `BLOCK` steps of `block`, limited."""
        step = self._step
        sound = block[: BLOCK * step]
        earlier = np.zeros((TAPS, *block.shape[1:]), np.float32) if self._before is None else self._before
        needed = np.minimum(1.0, self._ceiling / np.maximum(self._peaks(earlier, block), self._ceiling))
        around = np.concatenate([[self._needed], needed])
        # each step takes the least of what it and its neighbours need: one back, AHEAD forward
        wanted = sliding_window_view(around, AHEAD + 2).min(axis=1)[: BLOCK + 1]
        before = np.full(AHEAD + 1, wanted[0]) if self._gains is None else self._gains
        gains = np.concatenate([before, self._recovered(wanted, float(before[-1]))])
        smooth = sliding_window_view(gains, AHEAD + 1).mean(axis=1)[1:]
        self._needed, self._gains = needed[BLOCK - 1], gains[BLOCK : BLOCK + AHEAD + 1]
        self._before = np.concatenate([earlier, sound])[-TAPS:]
        if smooth.min() >= 1.0 - 1e-9:
            return sound
        curve = np.interp(np.arange(len(sound)) / step, np.arange(BLOCK + 1), smooth)
        return shaped(sound, curve)

    def _recovered(self, wanted: NDArray[np.float64], gain: float) -> NDArray[np.float64]:
        """`wanted`, rising again only slowly from `gain`."""
        if gain >= 1.0 - 1e-9 and wanted.min() >= 1.0:
            return np.ones_like(wanted)
        risen = []
        for want in wanted.tolist():
            gain = min(want, gain + (1.0 - gain) * self._recovery)
            risen.append(gain)
        return np.array(risen)

    def _peaks(self, earlier: Samples, block: Samples) -> NDArray[np.float64]:
        """The true peak within each step of `block`; where it cannot reach the ceiling, the sample peak."""
        step = self._step
        count = len(block) // step - 1
        steps = np.abs(block[: (count + 1) * step]).reshape(count + 1, -1)
        own: NDArray[np.float64] = steps.max(axis=1).astype(np.float64)
        near = np.maximum(np.concatenate([[np.abs(earlier).max()], own[:-1]]), own)
        near = np.maximum(near[:count], own[1:])
        peaks: NDArray[np.float64] = own[:count]
        risky = np.flatnonzero(near * self._bound > self._ceiling)
        if len(risky):
            whole = np.concatenate([earlier, block])
            # windows whose middle lies in the step, and the one that looks between it and the step before
            start = TAPS - TAPS // 2 + risky[:, None] * step
            stretches = whole[start + np.arange(step + TAPS)]
            between = np.abs(sliding_window_view(stretches, TAPS, axis=1) @ self._filter)
            peaks[risky] = np.maximum(peaks[risky], between.reshape(len(risky), -1).max(axis=1))
        return peaks


class Headroom:
    """Tells from a first pass what a limiter will cost in loudness, so that the gain before it can make up for it.

    How much energy lies in windows of which peak is all it keeps.
    """

    def __init__(self, rate: int) -> None:
        self._window = max(16, rate // 50)
        self._decay_db = 8.686 * self._window / rate / RELEASE_S  # the limiter's gain lets go like this
        self._blocks = Blocks(64 * self._window, 0)
        self._energy = np.zeros(CREST_BINS)
        self._held_db = CREST_LOW_DB

    def push(self, samples: Samples) -> None:
        for block in self._blocks.push(samples):
            windows = block.reshape(64, -1)
            peaks = 20 * np.log10(np.maximum(np.abs(windows).max(axis=1), 1e-9))
            held = []
            for peak in peaks.tolist():
                self._held_db = max(peak, self._held_db - self._decay_db)
                held.append(self._held_db)
            bins = np.clip((np.array(held) - CREST_LOW_DB) * 10, 0, CREST_BINS - 1).astype(np.intp)
            np.add.at(self._energy, bins, np.einsum("ij,ij->i", windows, windows, dtype=np.float64))

    def loss_db(self, gain_db: float, ceiling_db: float) -> float:
        """How much softer the limiter makes the sound after `gain_db`."""
        peaks = CREST_LOW_DB + (np.arange(CREST_BINS) + 0.5) / 10 + gain_db
        kept = 10 ** (np.minimum(0.0, ceiling_db - peaks) / 10)
        total = self._energy.sum()
        return float(-10 * np.log10((self._energy * kept).sum() / total)) if total > 0 else 0.0

    def gain_db(self, wanted_db: float, ceiling_db: float) -> float:
        """The gain that makes the limited sound `wanted_db` louder than it was, as far as a limiter should go."""
        gain = wanted_db
        for _ in range(20):
            gain = wanted_db + min(self.loss_db(gain, ceiling_db), MOST_MADE_UP_DB)
        return gain
