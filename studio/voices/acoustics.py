"""What a clip says about who speaks, without a model: statistics of its spectrum and of its pitch.

Mel-frequency cepstra after S. Davis and P. Mermelstein, "Comparison of parametric representations for monosyllabic word
recognition in continuously spoken sentences", 1980. The first cepstrum is left out, so that neither the level of a
recording nor the distance of a microphone counts. Only voiced frames are looked at: between them there is the room, and
in consonants the text more than the person.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from studio.audio.clip import Clip, Samples
from studio.audio.edit import resample
from studio.audio.pitch import HOP_S, Melody, melody

Floats = NDArray[np.float64]

RATE = 16_000
FRAME, FFT = 400, 512  # 25 ms
HOP = round(HOP_S * RATE)
PRE_EMPHASIS = 0.97
BANDS, CEPSTRA = 32, 20
LOW_HZ, HIGH_HZ = 80.0, 7600.0
LEAST_VOICED = 30  # frames; of a whisper the loud frames are taken
LOUD_DB = -25.0  # of those, below the loudest tenth
FLOOR = 1e-10  # of the energy of a band
TYPICAL_HZ = 150.0  # stands for the pitch of a whisper
TOGETHER = 4000  # frames transformed at once
NAMES = (
    *(f"{what}{n}" for what in ("mean", "deviation", "change") for n in range(1, CEPSTRA + 1)),
    "pitch",
    "pitch deviation",
    "pitch change",
)


@dataclass(frozen=True, eq=False)
class Acoustics:
    """What was found in a clip."""

    statistics: Floats  # (len(NAMES),)
    melody: Melody
    frames: int  # that were looked at, of 10 ms


def look(clip: Clip) -> Acoustics:
    """The statistics of a clip, and its melody. A silent clip has no frames."""
    sound = resample(clip, RATE)
    sung = melody(sound)
    cepstra, powers = _cepstra(sound.samples)
    chosen = _spoken(sung, powers)
    if not chosen.any():
        return Acoustics(np.zeros(len(NAMES)), sung, 0)
    change = np.zeros_like(cepstra)
    change[2:-2] = (2 * (cepstra[4:] - cepstra[:-4]) + cepstra[3:-1] - cepstra[1:-3]) / 10
    kept = cepstra[chosen]
    numbers = [kept.mean(axis=0), kept.std(axis=0), change[chosen].std(axis=0), _pitch(sung)]
    return Acoustics(np.concatenate(numbers), sung, int(chosen.sum()))


def _spoken(sung: Melody, powers: Floats) -> NDArray[np.bool_]:
    """The frames to look at: the voiced ones; of a whisper those that are loud."""
    voiced = sung.hertz[: len(powers)] > 0
    if voiced.sum() >= LEAST_VOICED or not len(powers):
        return np.pad(voiced, (0, len(powers) - len(voiced)))
    loudest = np.percentile(powers, 90)
    return (powers > loudest * 10 ** (LOUD_DB / 10)) & (powers > FLOOR)


def _pitch(sung: Melody) -> Floats:
    """Octaves above 100 Hz, their deviation, and the change from frame to frame."""
    if len(sung.voiced) < LEAST_VOICED:
        return np.array([np.log2(TYPICAL_HZ / 100), 0.2, 0.01])
    octaves = np.log2(sung.voiced.astype(np.float64) / 100)
    both = (sung.hertz[1:] > 0) & (sung.hertz[:-1] > 0)
    steps = np.abs(np.log2(np.where(both, sung.hertz[1:], 1) / np.where(both, sung.hertz[:-1], 1)))[both]
    low, high = np.percentile(octaves, [10, 90])
    change = float(np.median(steps)) if len(steps) else 0.0
    return np.array([np.median(octaves), (high - low) / 2, change])


def _cepstra(samples: Samples) -> tuple[Floats, Floats]:
    """(frames, CEPSTRA) and the mean square of each frame."""
    emphasised = np.append(samples[:1], samples[1:] - PRE_EMPHASIS * samples[:-1])
    padded = np.concatenate([emphasised, np.zeros(FRAME, np.float32)])
    frames = sliding_window_view(padded, FRAME)[: max(1, len(samples)) : HOP]
    parts = [_of_frames(frames[at : at + TOGETHER]) for at in range(0, len(frames), TOGETHER)]
    return np.concatenate([cepstra for cepstra, _ in parts]), np.concatenate([power for _, power in parts])


def _of_frames(frames: NDArray[np.float32]) -> tuple[Floats, Floats]:
    window = np.hamming(FRAME).astype(np.float32)
    spectrum = np.fft.rfft(frames * window, FFT, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    bands = np.log(power @ _filters().T + FLOOR)  # (frames, BANDS)
    return bands @ _cosines().T, np.square(frames, dtype=np.float64).mean(axis=1)


@cache
def _filters() -> Floats:
    """(BANDS, FFT // 2 + 1): triangles, evenly wide on the mel scale."""
    mels = np.linspace(_mel(LOW_HZ), _mel(HIGH_HZ), BANDS + 2)
    edges = 700 * (10 ** (mels / 2595) - 1)
    hertz = np.arange(FFT // 2 + 1) * RATE / FFT
    rising = (hertz - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - hertz) / (edges[2:] - edges[1:-1])[:, None]
    triangles: Floats = np.maximum(0, np.minimum(rising, falling))
    return triangles


def _mel(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


@cache
def _cosines() -> Floats:
    """(CEPSTRA, BANDS): the second kind of cosine transform, orthonormal, without its first row."""
    row, band = np.arange(1, CEPSTRA + 1)[:, None], np.arange(BANDS)
    table: Floats = np.sqrt(2 / BANDS) * np.cos(np.pi * row * (band + 0.5) / BANDS)
    return table
