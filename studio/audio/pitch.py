"""How high a voice is: its fundamental frequency, frame by frame.

After A. de Cheveigné and H. Kawahara, "YIN, a fundamental frequency estimator for speech and music", 2002, steps 2 to
5: difference function, cumulative mean normalisation, absolute threshold, parabolic interpolation. All frames at once;
the difference function comes from a Fourier transform. Jumps of an octave that last a frame or two are taken back to
where the frames around them are.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from studio.audio.clip import Clip, Samples

Floats = NDArray[np.float32]

LOWEST_HZ, HIGHEST_HZ = 55.0, 700.0  # of voices: a very deep man, a child that shouts
HOP_S = 0.01
WINDOW_S = 0.025  # of the sum in the difference function
DIP = 0.15  # the first valley below this is the period (YIN's threshold)
VOICED = 0.3  # a frame whose deepest valley is not below this has no pitch
QUIET_DB = -35.0  # below the loudest tenth of the frames nothing is said
NEIGHBOURS = 5  # frames that a frame is compared with
TOGETHER = 2000  # frames transformed at once: memory stays flat


@dataclass(frozen=True, eq=False)
class Melody:
    """The pitch of a sound over time."""

    hertz: Floats  # (frames,), 0 where nothing is voiced
    hop_s: float = HOP_S

    @property
    def voiced(self) -> Floats:
        """The frames that have a pitch, in Hz."""
        return self.hertz[self.hertz > 0]

    @property
    def median_hz(self) -> float | None:
        """None where nothing is voiced."""
        return float(np.median(self.voiced)) if len(self.voiced) else None

    @property
    def span_semitones(self) -> float | None:
        """From the 10th to the 90th percentile; None where nothing is voiced."""
        if not len(self.voiced):
            return None
        low, high = np.percentile(self.voiced, [10, 90])
        return float(12 * np.log2(high / low))


def melody(clip: Clip, lowest: float = LOWEST_HZ, highest: float = HIGHEST_HZ) -> Melody:
    """The pitch of a clip every 10 ms, looked for between two limits in Hz. Frame `n` begins at `n * HOP_S`."""
    rate, hop = clip.rate, max(1, round(clip.rate * HOP_S))
    window, longest = round(rate * WINDOW_S), int(rate / lowest) + 2
    shortest = max(2, int(rate / highest))
    size = window + longest
    frames = sliding_window_view(_padded(clip.samples, size), size)[: max(1, len(clip.samples)) : hop]
    periods, depths, powers = (np.zeros(len(frames), np.float32) for _ in range(3))
    for at in range(0, len(frames), TOGETHER):
        part = slice(at, at + TOGETHER)
        periods[part], depths[part], powers[part] = _periods(frames[part], window, shortest, longest)
    loud = powers > np.percentile(powers, 90) * 10 ** (QUIET_DB / 10)
    hertz = np.where(loud & (depths < VOICED) & (periods > 0), rate / np.maximum(periods, 1), 0)
    return Melody(_steadied(hertz.astype(np.float32)))


def _padded(samples: Samples, size: int) -> Samples:
    return np.concatenate([samples, np.zeros(size, np.float32)])


def _periods(frames: Floats, window: int, shortest: int, longest: int) -> tuple[Floats, Floats, Floats]:
    """(n, window + longest) -> the period of each frame in samples, how deep its valley is, its mean square."""
    normal = _normalised(frames - frames.mean(axis=1, keepdims=True), window, longest)  # (n, longest)
    inside = normal[:, shortest:-1]
    valley = (inside <= normal[:, shortest - 1 : -2]) & (inside < normal[:, shortest + 1 :])
    deep = valley & (inside < DIP)
    first, best = deep.argmax(axis=1), np.where(valley, inside, np.inf).argmin(axis=1)
    lag = shortest + np.where(deep.any(axis=1), first, best)
    row = np.arange(len(frames))
    before, here, after = normal[row, lag - 1], normal[row, lag], normal[row, lag + 1]
    bend = before - 2 * here + after
    shift = np.where(bend > 1e-9, 0.5 * (before - after) / np.maximum(bend, 1e-9), 0)
    depth = np.where(valley.any(axis=1), here, 1.0)
    return (lag + np.clip(shift, -1, 1)).astype(np.float32), depth, np.square(frames).mean(axis=1)


def _normalised(frames: Floats, window: int, longest: int) -> Floats:
    """YIN's d'(lag), (n, longest): 1 at lag 0, near 0 at a period."""
    size = 1 << (frames.shape[1] + window - 1).bit_length()
    spectrum = np.fft.rfft(frames, size, axis=1)
    head = np.fft.rfft(frames[:, :window], size, axis=1)
    shared = np.fft.irfft(spectrum * np.conj(head), size, axis=1)[:, :longest]
    sums = np.cumsum(np.square(frames, dtype=np.float64), axis=1)
    energy = sums[:, window - 1 : window - 1 + longest].copy()
    energy[:, 1:] -= sums[:, : longest - 1]
    difference = np.maximum(energy[:, :1] + energy - 2 * shared, 0)
    running = np.cumsum(difference[:, 1:], axis=1)
    lags = np.arange(1, longest)
    normal = np.ones_like(difference)
    normal[:, 1:] = difference[:, 1:] * lags / np.maximum(running, 1e-12)
    found: Floats = normal.astype(np.float32)
    return found


def _steadied(hertz: Floats) -> Floats:
    """A frame an octave (or nearly) away from the median of the voiced ones around it goes with them."""
    wide = np.pad(np.where(hertz > 0, hertz, np.nan), NEIGHBOURS, constant_values=np.nan)
    around = np.sort(sliding_window_view(wide, 2 * NEIGHBOURS + 1), axis=1)  # not-a-number comes last
    count = np.isfinite(around).sum(axis=1)
    middle = around[np.arange(len(hertz)), np.maximum(count - 1, 0) // 2]
    ratio = np.where(hertz > 0, hertz, 1) / np.where(count > 0, middle, 1)
    octave = np.round(np.log2(np.maximum(ratio, 1e-6)))
    steadied: Floats = np.where((hertz > 0) & (octave != 0), hertz / 2**octave, hertz).astype(np.float32)
    return steadied
