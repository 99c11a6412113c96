"""`Clip`: a stretch of sound in memory, the one type in which audio passes between rooms."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Pcm = NDArray[np.int16]

FULL_SCALE = 32768.0  # of 16 bits; what an engine gives as n / 32768 comes back from a file bit for bit


@dataclass(frozen=True, eq=False)
class Clip:
    """Mono sound."""

    samples: Samples  # (frames,) float32, -1..1
    rate: int  # samples per second

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise TypeError(f"a clip holds (frames,) float32, not {self.samples.shape} {self.samples.dtype}")
        if self.rate <= 0:
            raise ValueError(f"rate {self.rate}: must be positive")

    def __len__(self) -> int:
        """Frames."""
        return len(self.samples)

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


def to_int16(samples: Samples) -> Pcm:
    """-1..1 to 16 bits, rounded to the nearest step; louder than full scale is clipped, never wrapped.

    No dither: the same samples must give the same file, exact silence must stay exact, and the 16-bit steps of an
    engine must survive. `ValueError` for a sample that is not a number.
    """
    low, high = (samples.min(), samples.max()) if samples.size else (0.0, 0.0)  # what is not a number is both
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ValueError("a sample is not a finite number")
    scaled = np.multiply(samples, FULL_SCALE, dtype=np.float32)
    np.rint(scaled, out=scaled)
    if low < -1 or high > 1 - 1 / FULL_SCALE:
        np.clip(scaled, -FULL_SCALE, FULL_SCALE - 1, out=scaled)
    return scaled.astype("<i2")


def finite(samples: Samples) -> bool:
    """Whether every sample is a number. One pass that makes no array: what is not a number spoils the sum."""
    return bool(np.isfinite(np.add.reduce(samples, axis=None)))


def from_int16(pcm: Pcm) -> Samples:
    """The inverse of `to_int16`."""
    return np.multiply(pcm, 1 / FULL_SCALE, dtype=np.float32)


def silence(frames: int) -> Samples:
    """Exactly so many zeros."""
    return np.zeros(frames, np.float32)
