"""`Clip`: a stretch of sound in memory, the one type in which audio passes between rooms."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


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
