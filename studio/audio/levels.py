"""How loud a sound is: ITU-R BS.1770-4 loudness, true peak, RMS, noise floor, and the silence at its ends.

Two channels are measured as one sound: their energies are added for the loudness, as the standard has it, averaged for
RMS and noise; the peak is that of either.

Everything is measured in blocks of a fixed length, whatever pieces come in, and gathered in histograms: a stream of any
length needs no more memory than a second, and gives exactly the numbers of the whole clip.
"""

import math
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from studio.audio.clip import Clip, Samples
from studio.audio.panning import apart, channels_of

STEPS = 4  # a gating block of 400 ms is made of four steps of 100 ms
OFFSET_LU = -0.691  # BS.1770-4: so that a 1 kHz sine at 0 dBFS reads -3.01
ABSOLUTE_LUFS, RELATIVE_LU = -70.0, -10.0  # gates
AUDIBLE = 10 ** (-50 / 20)  # a peak under this is silence at the ends, as the joiner of lines has it
NOISE_WINDOW_S = 0.05
NOISE_PERCENT = 10  # the quietest tenth of the windows is taken for the noise between the words
LOWEST_DB, RESOLUTION = -150.0, 100  # of the histograms: hundredths of a decibel from here to +50
BINS = 200 * RESOLUTION
TAPS, OVERSAMPLING = 24, 4  # of the interpolator that looks for peaks between samples
STRETCH = 256  # samples that it looks at together


@dataclass(frozen=True)
class Levels:
    """What a meter reads. None stands for minus infinity: digital silence."""

    seconds: float
    loudness_lufs: float | None  # integrated; under 0.4 s of the whole, ungated
    true_peak_db: float | None  # dBTP
    peak_db: float | None  # dBFS, of the samples
    rms_db: float | None  # dBFS, of everything
    noise_db: float | None  # RMS of the quietest tenth
    lead_s: float  # silence before the first sound
    tail_s: float  # and after the last; the whole length when there is none

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(clip: Clip) -> Levels:
    """All levels of a clip."""
    meter = Meter(clip.rate)
    meter.push(clip.samples)
    return meter.finish()


def decibels(amplitude: float) -> float | None:
    """20 log10; None for zero."""
    return 20 * math.log10(amplitude) if amplitude > 0 else None


class Meter:
    """Levels of a sound that comes in pieces."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._step = max(1, round(rate / 10))
        self._block = 20 * self._step  # two seconds: a good length for the Fourier transform, and whole steps
        self._window = max(1, round(rate * NOISE_WINDOW_S))
        self._held: list[Samples] = []
        self._count = 0
        self._weightings: list[_Weighting] = []  # of each channel, once sound has come
        self._steps: list[float] = []  # energies of the last three steps
        self._gate = _Histogram()
        self._noise = _Histogram()
        self._rest: Samples | None = None  # samples of an unfinished noise window
        self._true_peaks: list[_TruePeak] = []
        self._energy = 0.0
        self._weighted = 0.0
        self._peak = 0.0
        self._frames = 0
        self._first: int | None = None
        self._last = 0

    def push(self, samples: Samples) -> None:
        """More sound, of any length: (frames,) or (frames, 2)."""
        if not len(samples):
            return
        self._held.append(samples)
        self._count += len(samples)
        if self._count >= self._block:
            joined = np.concatenate(self._held)
            whole = len(joined) - len(joined) % self._block
            for at in range(0, whole, self._block):
                self._take(joined[at : at + self._block])
            self._held, self._count = [joined[whole:].copy()], len(joined) - whole

    def finish(self) -> Levels:
        """The levels of all that came. The meter is spent."""
        if self._count:
            self._take(np.concatenate(self._held))
        seconds = self._frames / self.rate
        peak = max([self._peak, *(one.finish() for one in self._true_peaks)])
        mean = self._mean
        first = self._frames if self._first is None else self._first
        return Levels(
            seconds=seconds,
            loudness_lufs=self._loudness(),
            true_peak_db=decibels(peak),
            peak_db=decibels(self._peak),
            rms_db=decibels(math.sqrt(mean)),
            noise_db=self._noise_floor(),
            lead_s=first / self.rate,
            tail_s=(self._frames - self._last) / self.rate,
        )

    @property
    def _mean(self) -> float:
        """Energy of a sample."""
        return self._energy / (self._frames * len(self._true_peaks)) if self._frames else 0.0

    def _take(self, block: Samples) -> None:
        """One block; only the last one may be shorter."""
        if not self._true_peaks:
            self._begin(channels_of(block))
        sides = apart(block)
        loud = np.abs(sides[0]) if len(sides) == 1 else np.abs(sides).max(axis=0)
        peak = float(loud.max())
        self._energy += _sum_of_squares(block.astype(np.float64).reshape(-1))
        if peak > AUDIBLE:
            audible = loud > AUDIBLE
            if self._first is None:
                self._first = self._frames + int(audible.argmax())
            self._last = self._frames + len(block) - int(audible[::-1].argmax())
        self._peak = max(self._peak, peak)
        self._frames += len(block)
        for true_peak, side in zip(self._true_peaks, sides, strict=True):
            true_peak.push(side)
        self._quiet(block)
        self._weigh(sides)

    def _begin(self, channels: int) -> None:
        self._true_peaks = [_TruePeak() for _ in range(channels)]
        self._weightings = [_Weighting(self.rate, self._block) for _ in range(channels)]

    def _quiet(self, block: Samples) -> None:
        """The levels of the noise windows that `block` completes."""
        joined = block if self._rest is None else np.concatenate([self._rest, block])
        whole = len(joined) - len(joined) % self._window
        size = self._window * len(self._true_peaks)  # numbers of one window, all channels together
        windows = joined[:whole].reshape(-1, size).astype(np.float64)
        self._noise.add(np.einsum("ij,ij->i", windows, windows) / size)
        self._rest = joined[whole:]

    def _weigh(self, sides: Samples) -> None:
        """The gating blocks that end in this block: four steps each, a new one every step; channels add up."""
        whole = sides.shape[1] - sides.shape[1] % self._step
        added: NDArray[np.float64] = np.zeros(whole // self._step)
        for weighting, side in zip(self._weightings, sides, strict=True):
            weighted = weighting.filter(side)
            self._weighted += _sum_of_squares(weighted)
            steps = weighted[:whole].reshape(-1, self._step)
            added += np.einsum("ij,ij->i", steps, steps)
        energies = np.array(self._steps + list(added))
        if len(energies) >= STEPS:
            self._gate.add(sliding_window_view(energies, STEPS).sum(axis=1) / (STEPS * self._step))
        self._steps = list(energies[-(STEPS - 1) :])

    def _loudness(self) -> float | None:
        """Integrated loudness with both gates."""
        if not self._gate.total:  # under 0.4 s there is no gating block: the plain loudness of what there is
            return _lufs(self._weighted / self._frames) if self._frames else None
        level = _lufs(self._gate.mean(ABSOLUTE_LUFS - OFFSET_LU))
        gate = max(ABSOLUTE_LUFS, (level or ABSOLUTE_LUFS) + RELATIVE_LU)
        return None if level is None else _lufs(self._gate.mean(gate - OFFSET_LU))

    def _noise_floor(self) -> float | None:
        if not self._noise.total:
            return decibels(math.sqrt(self._mean))
        return self._noise.percentile(NOISE_PERCENT)


def _sum_of_squares(x: NDArray[np.float64]) -> float:
    return float(np.einsum("i,i", x, x))  # not `dot`: the threads of a BLAS would spin for so little


def _lufs(energy: float) -> float | None:
    return OFFSET_LU + 10 * math.log10(energy) if energy > 1e-15 else None


class _Histogram:
    """Mean energies sorted by level, with their sum in each bin, so that means are exact."""

    def __init__(self) -> None:
        self._counts = np.zeros(BINS, np.int64)
        self._sums = np.zeros(BINS)
        self.total = 0

    def add(self, energies: NDArray[np.float64]) -> None:
        levels = 10 * np.log10(np.maximum(energies, 1e-30))
        bins = np.clip(np.ceil((levels - LOWEST_DB) * RESOLUTION), 0, BINS - 1).astype(np.intp)
        np.add.at(self._counts, bins, 1)
        np.add.at(self._sums, bins, energies)
        self.total += len(energies)

    def mean(self, above_db: float) -> float:
        """Of the energies above that level; 0 when there is none."""
        start = max(0, math.floor((above_db - LOWEST_DB) * RESOLUTION) + 1)
        count = int(self._counts[start:].sum())
        return float(self._sums[start:].sum()) / count if count else 0.0

    def percentile(self, percent: float) -> float | None:
        """The level that so many percent of the energies do not exceed; None in the lowest bin."""
        reached = int(np.searchsorted(np.cumsum(self._counts), self.total * percent / 100))
        return LOWEST_DB + reached / RESOLUTION if reached else None


# --- K weighting


@cache
def _kernel(rate: int, tail: int, size: int) -> NDArray[np.complex64]:
    """The spectrum, of `size` points, of the first `tail` samples of the K-weighting filter's impulse response.

    A shelf that lifts what the head lifts, and a high-pass. BS.1770-4 gives coefficients for 48 kHz; these are the
    analogue filters behind them, so that any rate has the same curve.
    """
    impulse = np.zeros(tail)
    impulse[0] = 1.0
    high, q = 10 ** (3.999843853973347 / 20), 0.7071752369554196
    middle = high**0.4996667741545416
    k = math.tan(math.pi * 1681.974450955533 / rate)
    shelf = (
        [high + middle * k / q + k * k, 2 * (k * k - high), high - middle * k / q + k * k],
        [1 + k / q + k * k, 2 * (k * k - 1), 1 - k / q + k * k],
    )
    k, q = math.tan(math.pi * 38.13547087602444 / rate), 0.5003270373238773
    scale = 1 + k / q + k * k
    rumble = ([scale, -2 * scale, scale], [scale, 2 * (k * k - 1), 1 - k / q + k * k])
    response = _biquad(_biquad(impulse, *shelf), *rumble)
    return np.fft.rfft(response, size).astype(np.complex64)


def _biquad(x: NDArray[np.float64], b: list[float], a: list[float]) -> NDArray[np.float64]:
    """A second-order section run over a short signal."""
    (b0, b1, b2), (a1, a2) = (c / a[0] for c in b), (c / a[0] for c in a[1:])
    y = np.zeros_like(x)
    s1 = s2 = 0.0
    for n, sample in enumerate(x):
        y[n] = out = b0 * sample + s1
        s1, s2 = b1 * sample - a1 * out + s2, b2 * sample - a2 * out
    return y


class _Weighting:
    """K weighting of a stream by overlap-add: 30 times as fast as a recursion in Python, without SciPy."""

    def __init__(self, rate: int, block: int) -> None:
        tail = max(64, rate // 6)  # after that the response is under 1e-15
        self._size = 1 << (block + tail - 1).bit_length()
        self._kernel = _kernel(rate, tail, self._size)
        self._carry = np.zeros(self._size, np.float32)

    def filter(self, block: Samples) -> NDArray[np.float64]:
        """The weighted block; what rings on is added to the next."""
        full = np.fft.irfft(np.fft.rfft(block, self._size) * self._kernel, self._size)
        full += self._carry
        self._carry = np.concatenate([full[len(block) :], np.zeros(len(block), full.dtype)])
        return full[: len(block)].astype(np.float64)


# --- true peak


class _TruePeak:
    """The largest value between samples, by fourfold interpolation; stretches that cannot hold it are passed over."""

    def __init__(self) -> None:
        self._filter = interpolator()
        self._gain = float(np.abs(self._filter).sum(axis=0).max())  # nothing between samples exceeds this times them
        self._before = np.zeros(TAPS, np.float32)
        self.peak = 0.0

    def push(self, block: Samples) -> None:
        joined = np.concatenate([self._before, block])
        self._before = joined[-TAPS:]
        padded = np.concatenate([joined, np.zeros(-len(joined) % STRETCH + STRETCH, np.float32)])
        own = np.abs(padded).reshape(-1, STRETCH).max(axis=1)
        tallest = np.maximum(own[:-1], own[1:])  # a stretch reaches TAPS samples into the next
        for numbers in (tallest.argmax(keepdims=True), np.arange(len(tallest))):  # after the tallest, few are left
            numbers = numbers[tallest[numbers] * self._gain > self.peak]
            if len(numbers):
                stretches = padded[numbers[:, None] * STRETCH + np.arange(STRETCH + TAPS)]
                between: Samples = sliding_window_view(stretches, TAPS, axis=1) @ self._filter
                self.peak = max(self.peak, float(np.abs(between).max()))

    def finish(self) -> float:
        self.push(np.zeros(TAPS, np.float32))
        return self.peak


@cache
def interpolator() -> NDArray[np.float32]:
    """(TAPS, 3): what lies a quarter, a half and three quarters after the middle sample. A windowed sinc."""
    middle = TAPS // 2 - 1
    places = np.arange(TAPS)[:, None] - middle - np.arange(1, OVERSAMPLING) / OVERSAMPLING
    window = np.kaiser(OVERSAMPLING * TAPS + 1, 7.0)
    shape = np.interp(places, (np.arange(OVERSAMPLING * TAPS + 1) / OVERSAMPLING) - TAPS / 2, window)
    taps = np.sinc(places) * shape
    normal: Samples = (taps / taps.sum(axis=0)).astype(np.float32)
    return normal
