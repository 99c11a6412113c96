"""Sound between two loudspeakers: where a voice stands, at the same loudness wherever that is.

One channel is (frames,), two are (frames, 2): left, right. Whatever lets sound flow through takes either.
"""

import math

import numpy as np
from numpy.typing import NDArray

from studio.audio.clip import Samples

LEFT, RIGHT = -1.0, 1.0
LAYOUTS = {1: "mono", 2: "stereo"}  # as FFmpeg calls them
EVEN = np.float32(math.sqrt(0.5))  # of each channel, for what comes from the middle or fills both


def places(pan: float) -> NDArray[np.float32]:
    """(2,) gains of left and right for a place from -1 to 1; their powers add up to one.

    So a voice is as loud in the middle as at the side, and a file of two channels as loud as one of one. At an end the
    other channel gets exact silence.
    """
    angle = (min(RIGHT, max(LEFT, pan)) + 1) * math.pi / 4
    return np.array([math.sin(math.pi / 2 - angle), math.sin(angle)], np.float32)


def spread(samples: Samples, pan: float) -> Samples:
    """(frames,) put at a place: (frames, 2)."""
    found: Samples = samples[:, None] * places(pan)
    return found


def filling(samples: Samples) -> Samples:
    """(frames,) or (frames, 2) over both sides, as loud as it was in one channel: (frames, 2)."""
    found: Samples = (samples[:, None] if samples.ndim == 1 else samples) * np.array([EVEN, EVEN])
    return found


def channels_of(samples: Samples) -> int:
    """How many channels there are."""
    return 1 if samples.ndim == 1 else samples.shape[1]


def apart(samples: Samples) -> Samples:
    """(channels, frames), each channel in one piece, as coders and Fourier transforms want it."""
    return np.ascontiguousarray(samples[None] if samples.ndim == 1 else samples.T)


def together(channels: Samples) -> Samples:
    """The inverse of `apart`: (frames,) or (frames, 2)."""
    return channels[0] if len(channels) == 1 else np.ascontiguousarray(channels.T)
