"""What is done to speech in its spectrum: noise taken out, sharp sibilants softened.

Short-time Fourier transform with frames of some 25 ms, half overlapping, root-Hann windows on both sides, so that
doing nothing gives the sound back. Noise reduction after Y. Ephraim and D. Malah, "Speech Enhancement Using a Minimum
Mean-Square Error Short-Time Spectral Amplitude Estimator", 1984 (decision-directed a-priori SNR, Wiener gain). The
noise is taken from the recording itself: its quietest tenth, frequency by frequency, so a hum goes as well as a hiss.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from studio.audio.clip import Samples
from studio.audio.filters import NOTHING, Blocks, joined
from studio.audio.panning import apart, together

Power = NDArray[np.float32]  # (frames, frequencies)

BLOCK = 64  # frames transformed together
SMOOTHING = 0.92  # of the a-priori SNR from frame to frame
LEVEL_DB, LEVELS = -110.0, 60  # of the noise listener: 2 dB each, from here up
QUIET = 0.1  # of the frames are taken for noise
CLEAN_DB = -80.0  # a sound whose pauses are quieter has no noise to speak of


def frame_size(rate: int) -> int:
    """A power of two, 23 to 46 ms."""
    return 1 << (rate // 43).bit_length()


def window(size: int) -> Samples:
    """Root of a periodic Hann window: twice applied and overlapped by half it adds up to one."""
    return np.sin(np.pi * np.arange(size) / size).astype(np.float32)


class Shape(Protocol):
    """Decides how much of each frequency stays."""

    def gains(self, power: Power) -> Power:
        """0..1 for each (frame, frequency), called once per block, in order."""


class Spectral:
    """A filter that weighs frequencies as its shapes say."""

    def __init__(self, rate: int, *shapes: Shape) -> None:
        size = frame_size(rate)
        self._hop = size // 2
        self._window = window(size)
        self._shapes = shapes
        self._blocks = Blocks(BLOCK * self._hop, self._hop)
        self._tail = np.zeros(self._hop, np.float32)  # of the last frame, for the next to be added to
        self._lead = self._hop  # silence put before the sound so that its first sample lies in two frames

    def push(self, samples: Samples) -> Samples:
        return self._cut(joined([self._weigh(block) for block in self._blocks.push(self._led(samples))]))

    def finish(self) -> Samples:
        if not self._blocks.started:
            return NOTHING
        blocks, left = self._blocks.finish()
        return self._cut(joined([self._weigh(block) for block in blocks])[:left])

    def _led(self, samples: Samples) -> Samples:
        if self._blocks.started or not len(samples):
            return samples
        return np.concatenate([np.zeros((self._hop, *samples.shape[1:]), np.float32), samples])

    def _cut(self, samples: Samples) -> Samples:
        """Without the silence that was put before."""
        drop = min(self._lead, len(samples))
        self._lead -= drop
        return samples[drop:]

    def _weigh(self, block: Samples) -> Samples:
        """(BLOCK + 1) hops in, BLOCK hops out."""
        sides, size = apart(block), 2 * self._hop
        frames = np.lib.stride_tricks.sliding_window_view(sides, size, axis=1)[:, :: self._hop] * self._window
        spectrum = np.fft.rfft(frames, axis=2)
        for shape in self._shapes:
            spectrum *= shape.gains(_power(spectrum))
        back = np.fft.irfft(spectrum, size, axis=2).astype(np.float32) * self._window
        whole = back[:, :, : self._hop].copy()
        whole[:, 0] += self._tail
        whole[:, 1:] += back[:, :-1, self._hop :]
        self._tail = back[:, -1, self._hop :]
        return together(whole.reshape(len(sides), -1))


def _power(spectrum: NDArray[Any]) -> Power:
    """(frames, frequencies) of (channels, frames, frequencies): what all channels have together, so that they get the
    same gains and a voice stays where it is."""
    power: Power = np.square(spectrum.real) + np.square(spectrum.imag)
    whole: Power = power[0] if len(power) == 1 else power.sum(axis=0)
    return whole


class NoiseListener:
    """Learns the spectrum of the noise between the words from a first pass over the sound."""

    def __init__(self, rate: int) -> None:
        size = frame_size(rate)
        self._window = window(size)
        self._scale = 4 / size**2  # power of a frame -> mean square of its samples (the window halves it)
        self._sums = np.zeros((LEVELS, size // 2 + 1))
        self._counts = np.zeros(LEVELS, np.int64)
        self._blocks = Blocks(BLOCK * size, 0)

    def push(self, samples: Samples) -> None:
        for block in self._blocks.push(samples):
            self._listen(block)

    def _listen(self, sound: Samples) -> None:
        sides = apart(sound)
        power = _power(np.fft.rfft(sides.reshape(len(sides), -1, len(self._window)) * self._window, axis=2))
        level = 10 * np.log10(np.maximum(self._scale * power.sum(axis=1), 1e-30))
        bins = np.clip((level - LEVEL_DB) / 2, 0, LEVELS - 1).astype(np.intp)
        for number, frame in zip(bins.tolist(), power, strict=True):  # `add.at` takes four times as long over rows
            self._sums[number] += frame
        np.add.at(self._counts, bins, 1)

    def noise(self) -> Power | None:
        """(frequencies,) mean power of the noise in one frame; None where there is none, or too little sound.

        The listener is spent.
        """
        blocks, left = self._blocks.finish()
        if blocks:
            self._listen(blocks[0][: left - left % len(self._window)])
        reached = np.cumsum(self._counts)
        if not reached[-1]:
            return None
        last = int(np.searchsorted(reached, QUIET * reached[-1]))
        if LEVEL_DB + 2 * (last + 1) < CLEAN_DB:
            return None
        count = max(1, int(self._counts[1 : last + 1].sum()))  # the lowest level is digital silence
        mean: Power = (self._sums[1 : last + 1].sum(axis=0) / count).astype(np.float32)
        return mean


class Denoise:
    """A Wiener gain against a known noise, never lower than `reduction_db`."""

    def __init__(self, noise: Power, reduction_db: float) -> None:
        self._noise = np.maximum(noise, 1e-20)
        self._floor = np.float32(10 ** (-reduction_db / 20))
        self._clean = np.zeros_like(noise)  # SNR that the frame before was left with

    def gains(self, power: Power) -> Power:
        heard = power / self._noise
        gains = np.empty_like(heard)
        clean = self._clean
        for number, snr in enumerate(heard):
            prior = SMOOTHING * clean + (1 - SMOOTHING) * np.maximum(snr - 1, 0)
            gain = prior / (1 + prior)
            clean = gain * gain * snr
            gains[number] = gain
        self._clean = clean
        floored: Power = np.maximum(gains, self._floor)
        return floored


class DeEss:
    """Softens frames whose high band stands out against the voice around them."""

    def __init__(self, rate: int, frequency_hz: float, threshold_db: float, reduction_db: float) -> None:
        size = frame_size(rate)
        frequencies = np.arange(size // 2 + 1) * rate / size
        # the edge of the band rises over a third of an octave, so that no ringing is added
        self._band = np.clip(np.log2(np.maximum(frequencies, 1) / frequency_hz) * 3 + 1, 0, 1).astype(np.float32)
        self._voice_band = (frequencies > 100) & (frequencies < 4000)
        self._threshold = 10 ** (threshold_db / 10)
        self._least = 10 ** (-reduction_db / 10)
        self._fall = float(np.exp(-size / 2 / rate / 0.6))  # the voice is remembered for some 0.6 s
        self._voice = 0.0
        self._last = 1.0

    def gains(self, power: Power) -> Power:
        sharp = (power * self._band).sum(axis=1).tolist()
        voiced = power[:, self._voice_band].sum(axis=1).tolist()
        strengths = []
        for high, voice in zip(sharp, voiced, strict=True):
            self._voice = max(voice, self._voice * self._fall)
            allowed = self._threshold * self._voice
            wanted = max(self._least, allowed / high) if high > allowed else 1.0
            self._last = wanted if wanted < self._last else 0.5 * (self._last + wanted)  # quick down, softer up
            strengths.append(self._last**0.5)
        strength = np.array(strengths, np.float32)[:, None]
        gains: Power = 1 - self._band * (1 - strength)
        return gains
