"""What sounds behind the speech: hum of the mains, and music. Both are looked for where nobody speaks.

Hum is a line at 50 or 60 Hz or a multiple of it that goes on through all pauses with one phase: the pauses of eight
seconds are transformed together, so that a line stands far above noise of the same level. Music is tones that hold
still through a pause, several at once; what is left of a vowel fades, and noise has no tones.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float32]

RATE, FRAME = 16_000, 512  # samples: 32 ms
QUIET = 0.5  # chance of speech: below it nobody speaks
SOFT_DB = 20.0  # below the loudest tenth of eight seconds: between words, where no line is covered
LEAST = 3  # frames of a pause in which hum can be heard
LEAST_TONES = 5  # and tones
MAINS_HZ = 50.0, 60.0
MULTIPLES = 4  # higher up, what is left of vowels looks like lines
DRIFT_HZ = 0.3  # of the mains, at the first multiple
BESIDE_HZ = 16.0, 25.0  # where the noise beside a line is measured: nearer are the skirts of short pauses
FIRST_DB, SECOND_DB = 12.0, 16.0  # above that noise; voices reach down to the second multiple, not to the first
TONE, HOP = 2048, 512  # samples of a transform that shows tones: 128 ms, every 32 ms
TONE_HZ = 90.0, 3500.0
TONE_DB = 11.0  # above what is beside it, on the average of a pause
BINS = 12  # to each side of a tone that are beside it
CHORD = 3  # tones at once are music


@dataclass(frozen=True)
class Hum:
    """Mains that are heard."""

    hertz: float  # of the mains: 50 or 60
    level_db: float  # RMS of all its lines, against full scale


@dataclass(frozen=True)
class Music:
    """Tones that hold still while nobody speaks."""

    share: float  # of the pauses, by time
    level_db: float  # RMS against full scale


class Backdrop:
    """Given a recording at `RATE`, block by block. Memory does not grow with it."""

    def __init__(self) -> None:
        self._lines: dict[float, NDArray[np.float64]] = {}  # mains -> (multiples, (line, beside)), mean power so far
        self._quiet_s = self._pauses_s = 0.0
        self._tones: list[tuple[float, int, float]] = []  # of each pause: seconds, tones that hold still, their power

    def add(self, frames: Floats, chance: Floats) -> None:
        """(n, FRAME) samples and the chance of speech in each frame."""
        level = 10 * np.log10(np.square(frames).mean(axis=1) + 1e-10)
        soft = level < np.percentile(level, 90) - SOFT_DB
        self._add_lines(frames, _runs((chance < QUIET) | soft, LEAST))
        for start, end in _runs(chance < QUIET, LEAST_TONES):
            seconds = (end - start) * FRAME / RATE
            self._tones.append((seconds, *_tones(frames[start:end].reshape(-1))))

    def _add_lines(self, frames: Floats, pauses: list[tuple[int, int]]) -> None:
        if not pauses:
            return
        mask = np.zeros(frames.shape, np.float32)
        for start, end in pauses:
            mask[start:end] = np.hanning((end - start) * FRAME).reshape(-1, FRAME)
        held, seconds = float(mask.sum()), float((mask > 0).sum()) / RATE
        power = 2 * np.abs(np.fft.rfft((frames * mask).reshape(-1))[: round(600 * frames.size / RATE)]) ** 2 / held**2
        for mains in MAINS_HZ:
            found = np.array([_line(power, mains * n, RATE / frames.size, n) for n in range(1, MULTIPLES + 1)])
            before = self._lines.get(mains, np.zeros_like(found))
            self._lines[mains] = before + (found - before) * seconds / (self._quiet_s + seconds)
        self._quiet_s += seconds

    def hum(self) -> Hum | None:
        """None where none is heard, where nobody pauses, or where music has tones everywhere."""
        if (music := self.music()) is not None and music.share > 0.5:
            return None
        found = [hum for mains, lines in self._lines.items() if (hum := _hum(mains, lines)) is not None]
        return max(found, key=lambda hum: hum.level_db, default=None)

    def music(self) -> Music | None:
        """None where nobody pauses, so that nothing can be said."""
        whole = sum(seconds for seconds, _, _ in self._tones)
        if not whole:
            return None
        sung = [(seconds, power) for seconds, tones, power in self._tones if tones >= CHORD]
        power = sum(seconds * power for seconds, power in sung) / max(sum(seconds for seconds, _ in sung), 1e-9)
        return Music(sum(seconds for seconds, _ in sung) / whole, float(10 * np.log10(max(power, 1e-12))))


def _runs(mask: NDArray[np.bool_], least: int) -> list[tuple[int, int]]:
    """(start, end) of where the mask is true for at least so many frames."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2) if end - start >= least]


def _line(power: NDArray[np.float64], hertz: float, step: float, multiple: int) -> tuple[float, float]:
    """Power of a line near a frequency, and of the noise in a line's width beside it."""
    middle, drift = round(hertz / step), max(1, round(DRIFT_HZ * multiple**0.5 / step))
    near, far = (round(one / step) for one in BESIDE_HZ)
    beside = np.concatenate([power[max(1, middle - far) : middle - near], power[middle + near : middle + far]])
    if not len(beside):
        return 0.0, 1.0
    return float(power[middle - drift : middle + drift + 1].max()), float(np.median(beside))


def _hum(mains: float, lines: NDArray[np.float64]) -> Hum | None:
    above = 10 * np.log10((lines[:, 0] + 1e-16) / (lines[:, 1] + 1e-16))
    if not (above[0] >= FIRST_DB or above[1] >= SECOND_DB):
        return None
    return Hum(mains, float(10 * np.log10(max(lines[above >= FIRST_DB, 0].sum(), 1e-12))))


def _tones(sound: Floats) -> tuple[int, float]:
    """How many tones hold still through a pause, those of the mains apart, and their power."""
    window = np.hanning(TONE).astype(np.float32)
    shown = sliding_window_view(sound, TONE)[::HOP] * window
    step = RATE / TONE
    power = 2 * np.abs(np.fft.rfft(shown, axis=1)[:, : round(TONE_HZ[1] / step)]) ** 2 / window.sum() ** 2
    mean = 10 * np.log10(power + 1e-11).mean(axis=0)  # of the logarithms: what sounds for a moment counts little
    beside = np.median(sliding_window_view(np.pad(mean, BINS, mode="edge"), 2 * BINS + 1), axis=1)
    top = (mean >= np.roll(mean, 1)) & (mean >= np.roll(mean, -1)) & (mean - beside >= TONE_DB)
    top[: round(TONE_HZ[0] / step)] = False
    for mains in MAINS_HZ:
        at = np.round(mains * np.arange(1, MULTIPLES + 1) / step).astype(int)
        top[np.unique(np.concatenate([at - 1, at, at + 1]).clip(0, len(top) - 1))] = False
    return int(top.sum()), float((10 ** (mean[top] / 10)).sum())
