"""Mel-frequency cepstra of a voice, their change and the power of each frame, as librosa computes them.

After S. Davis and P. Mermelstein, "Comparison of parametric representations for monosyllabic word recognition in
continuously spoken sentences", 1980. librosa stands on numba, and the two take over a second to import, or a quarter
of a minute where numba has not kept what it compiled. So they are imported when a voice is first looked at, and nobody
need wait for it: the set-up compiles (`warm`), and the page says when a recording is about to be dropped (`warm_soon`).
"""

import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from studio.audio.clip import Samples

Floats = NDArray[np.float64]

RATE = 16_000
FRAME, FFT = 400, 512  # 25 ms
HOP = 160  # 10 ms
PRE_EMPHASIS = 0.97
BANDS, CEPSTRA = 32, 20
LOW_HZ, HIGH_HZ = 80.0, 7600.0
FLOOR = 1e-10  # of the energy of a band
SLOPE = 5  # frames that the change is taken from
EDGE = (FFT - FRAME) // 2  # zeros that librosa puts on each side of a frame
TOGETHER = 4000  # frames transformed at once: memory stays flat

_door = threading.Lock()


@dataclass(frozen=True, eq=False)
class Frames:
    """A voice, 10 ms by 10 ms; frame `n` begins at `n * HOP`."""

    cepstra: Floats  # (frames, CEPSTRA), without the first: neither level nor distance of the microphone counts
    change: Floats  # (frames, CEPSTRA) per frame; 0 in the two first and last, which lack neighbours
    power: Floats  # (frames,) mean square, highs emphasised


def frames_of(samples: Samples) -> Frames:
    """The frames of a sound at `RATE`; the last ones reach beyond its end, into silence."""
    feature = _feature()
    emphasised = np.append(samples[:1], samples[1:] - PRE_EMPHASIS * samples[:-1]).astype(np.float32)
    padded = np.pad(emphasised, (EDGE, FFT))
    count = -(-max(1, len(samples)) // HOP)
    parts = [_cepstra(feature, padded, at, min(TOGETHER, count - at)) for at in range(0, count, TOGETHER)]
    cepstra = np.concatenate(parts, axis=1)  # (CEPSTRA, frames)
    change = feature.delta(cepstra, width=SLOPE, mode="nearest")
    change[:, :2] = change[:, -2:] = 0
    loudness = feature.rms(y=padded[EDGE:], frame_length=FRAME, hop_length=HOP, center=False)[0, :count]
    return Frames(cepstra.T, change.T, np.square(loudness, dtype=np.float64))


def warm() -> None:
    """Import librosa, have numba compile what is not kept yet, and use it once."""
    frames_of(np.zeros(RATE, np.float32))


@cache
def warm_soon() -> None:
    """Begin that in the background; asked again, nothing happens."""
    threading.Thread(target=warm, name="librosa", daemon=True).start()


def _cepstra(feature: ModuleType, padded: Samples, first: int, count: int) -> Floats:
    """(CEPSTRA, count): those of `count` frames from the `first` on."""
    energies = feature.melspectrogram(
        y=padded[first * HOP : (first + count - 1) * HOP + FFT],
        sr=RATE, n_fft=FFT, win_length=FRAME, hop_length=HOP, window=np.hamming(FRAME), center=False,
        n_mels=BANDS, fmin=LOW_HZ, fmax=HIGH_HZ, htk=True, norm=None, dtype=np.float64,
    )  # fmt: skip
    found: Floats = feature.mfcc(S=np.log(energies + FLOOR), n_mfcc=CEPSTRA + 1)[1:]
    return found


@cache
def _feature() -> ModuleType:
    """`librosa.feature`, imported by one thread while the others wait: none meets modules that are half made."""
    with _door:
        try:
            return _imported()
        except RuntimeError:  # numba can write neither beside librosa nor into the user's cache, and refuses to work
            import numba

            numba.config.CACHE_DIR = _folder_of_ours().name  # type: ignore[attr-defined]
            return _imported()


def _imported() -> ModuleType:
    import librosa.feature

    for name in ("melspectrogram", "mfcc", "delta", "rms"):  # imported when first named
        getattr(librosa.feature, name)
    return librosa.feature


@cache
def _folder_of_ours() -> tempfile.TemporaryDirectory[str]:
    """For this process alone, since numba runs what it finds there; it goes when the process ends."""
    return tempfile.TemporaryDirectory(prefix="timbre-numba-")
