"""Speaker encoders: a clip becomes a vector of length 1; near vectors are voices that sound alike.

The contract is small, so that better ones can be added. Two come along: `timbre-1`, statistics of spectrum and pitch,
there from the first minute; and CAM++ (H. Wang et al., "CAM++: A fast and efficient network for speaker verification
using context-aware masking", 2023), which CosyVoice brings along, once one of its models is installed.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from studio.audio.clip import Clip
from studio.audio.edit import resample
from studio.errors import BadFile
from studio.voices.acoustics import Acoustics, look
from studio.weights import WeightStore
from studio.words import Words

Vector = NDArray[np.float32]

LEAST_S = 1.0  # of a clip
LEAST_SPOKEN_S = 0.3  # of it, that is voiced (or loud, in a whisper)
QUIETEST = 10 ** (-50 / 20)  # peak of a clip that holds speech
FARTHEST = 6.0  # deviations: beyond, one odd number would outweigh all others
COSYVOICE = ("cosyvoice3", "cosyvoice2", "cosyvoice1", "cosyvoice1-sft", "cosyvoice1-instruct")
CAMPLUS_RATE, CAMPLUS_SIZE = 16_000, 192
CAMPLUS_LONGEST_S = 30.0  # of a clip: more says no more, and takes long

# Mean of each of `acoustics.NAMES` over voices, and its deviation within one voice from text to text, measured on 110
# drawn voices of the embedded engine reading 16 sentences in Chinese and English. They are part of what `timbre-1`
# means and never change: another scale is another encoder, of another name.
MEANS = """
2.743 0.3109 5.146 -2.06 -2.04 -0.6519 -2.339 -0.002291 -0.4919 0.2438 -0.4695 0.1127 -0.3746 0.1496 -0.2109 -0.2398
0.06847 -0.2449 -0.2555 -0.0596 4.543 4.7 5.841 4.437 3.703 3.918 2.927 2.622 2.297 2.243 1.945 1.819 1.681 1.507
1.457 1.281 1.214 1.132 1.017 0.9287 1.688 1.141 1.266 0.9706 0.9509 0.9024 0.7501 0.6758 0.6092 0.5928 0.5276
0.4966 0.4421 0.393 0.3742 0.338 0.3188 0.2977 0.2712 0.2487 0.5296 0.1614 0.008797
"""
DEVIATIONS = """
1.36 0.9167 1.264 1.5 0.9768 0.8849 0.6426 0.4932 0.4138 0.4595 0.4478 0.4078 0.3258 0.362 0.3495 0.3043 0.3071
0.2939 0.2669 0.2481 0.7407 0.5384 0.8061 0.6587 0.4775 0.4797 0.3748 0.2841 0.3348 0.3168 0.2625 0.2479 0.2161
0.2024 0.2268 0.179 0.1671 0.1587 0.1516 0.1299 0.2622 0.1086 0.1283 0.1002 0.1204 0.09992 0.1259 0.09418 0.07984
0.08821 0.0879 0.06889 0.05863 0.04713 0.05248 0.04487 0.03992 0.04004 0.03807 0.0325 0.1079 0.0355 0.001382
"""


class SpeakerEncoder(Protocol):
    """Turns clips into vectors that can be compared by their product: 1 is the same, 0 is nothing in common."""

    @property
    def id(self) -> str:
        """Vectors of the same id can be compared, also those of another year."""

    @property
    def title(self) -> Words: ...

    @property
    def dimension(self) -> int: ...

    def encode(self, clip: Clip) -> Vector:
        """(dimension,) of length 1. `BadFile` for a clip that is too short or silent."""


class Timbre:
    """The embedded encoder."""

    id, title, dimension = "timbre-1", Words("timbre (embedded)", "音色统计（内置）"), 63

    def encode(self, clip: Clip) -> Vector:
        return self.of(heard(clip))

    def of(self, found: Acoustics) -> Vector:
        """The vector of statistics that are there already."""
        return unit(scaled(found))


class CamPlus:
    """CAM++ through the file of an installed CosyVoice."""

    id, title, dimension = "campplus", Words("CAM++ (from CosyVoice)", "CAM++（来自 CosyVoice）"), CAMPLUS_SIZE

    def __init__(self, root: Path) -> None:
        """`root` is the folder of a CosyVoice model."""
        self._root = root

    def encode(self, clip: Clip) -> Vector:
        import torch

        heard(clip)
        sound = resample(clip, CAMPLUS_RATE).samples[: round(CAMPLUS_LONGEST_S * CAMPLUS_RATE)]
        return unit(self._ears.speaker(torch.from_numpy(sound.copy())).numpy())

    @cached_property
    def _ears(self):  # type: ignore[no-untyped-def]  # `Ears`, whose module imports torch
        from studio.engines.cosyvoice.features import Ears

        return Ears(self._root, 2, 0, CAMPLUS_SIZE)


def encoders(weights: WeightStore) -> Sequence[SpeakerEncoder]:
    """Those that can be used now, the best first."""
    found = next((place for id in COSYVOICE if (place := weights.find(id)) is not None), None)
    return (*((CamPlus(found.root),) if found else ()), Timbre())


def heard(clip: Clip) -> Acoustics:
    """What is in a clip. `BadFile` where there is too little to know a voice by."""
    if clip.seconds < LEAST_S:
        raise BadFile(
            f"the clip lasts {clip.seconds:.1f} s: at least {LEAST_S:g} s of speech are needed to know a voice",
            f"片段只有 {clip.seconds:.1f} 秒：至少需要 {LEAST_S:g} 秒语音才能辨认音色",
            where="clip",
        )
    found = look(clip) if float(np.abs(clip.samples).max()) >= QUIETEST else None
    if found is None or found.frames * 0.01 < LEAST_SPOKEN_S:
        raise BadFile(
            "no voice is heard in the clip; choose one in which a person speaks, and loudly enough",
            "片段里听不到人声；请选择有人清楚说话、音量足够的片段",
            where="clip",
        )
    return found


def scaled(found: Acoustics) -> NDArray[np.float64]:
    """The statistics in deviations of one voice: as far as it varies from text to text, everything is 1."""
    return np.clip((found.statistics - _numbers(MEANS)) / _numbers(DEVIATIONS), -FARTHEST, FARTHEST)


def unit(values: NDArray[np.floating]) -> Vector:
    """The vector of length 1 in that direction."""
    return (values / max(float(np.linalg.norm(values)), 1e-12)).astype(np.float32)


def _numbers(table: str) -> NDArray[np.float64]:
    return np.array(table.split(), np.float64)
