"""What the encoder sees: Kaldi's log-mel, seven frames side by side every 60 ms, each value centred and scaled."""

import re
from pathlib import Path

import torch
from torch import Tensor

from studio.errors import BadFile
from studio.recognition.sensevoice.config import Sizes

FRAME_MS, HOP_MS = 25, 10
FULL_SCALE = 32768.0  # the model was trained on 16-bit numbers
STATISTICS = "am.mvn"
LARGEST = 1 << 20  # bytes of the statistics
VECTOR = re.compile(r"<(AddShift|Rescale)>[^\[]*<LearnRateCoef>\s*\S+\s*\[([^\]]*)\]")


class Features:
    """(frames,) float32 at the model's rate -> (steps, features) float32, one step every 60 ms."""

    def __init__(self, root: Path, sizes: Sizes) -> None:
        self._sizes = sizes
        self._shift, self._scale = read_statistics(root / STATISTICS, sizes.features)

    def __call__(self, samples: Tensor) -> Tensor:
        stacked = stack(log_mel(samples, self._sizes.rate, self._sizes.mels), self._sizes.stacked, self._sizes.stride)
        return (stacked + self._shift) * self._scale


def log_mel(samples: Tensor, rate: int, mels: int) -> Tensor:
    """Kaldi's: only whole frames, no dither. Shorter than a frame: one frame of the whole. (frames, mels)."""
    from torchaudio.compliance import kaldi

    return kaldi.fbank(
        samples[None] * FULL_SCALE,
        num_mel_bins=mels,
        frame_length=min(FRAME_MS, len(samples) * 1000 / rate),
        frame_shift=HOP_MS,
        sample_frequency=rate,
        window_type="hamming",
        energy_floor=0.0,
        dither=0.0,
    )


def stack(frames: Tensor, count: int, stride: int) -> Tensor:
    """`count` frames side by side every `stride`, the first and last repeated beyond the ends (low frame rate)."""
    length = len(frames)
    steps = -(-length // stride)
    at = stride * torch.arange(steps)[:, None] - (count - 1) // 2 + torch.arange(count)
    return frames[at.clamp(0, length - 1)].reshape(steps, -1)


def read_statistics(path: Path, size: int) -> tuple[Tensor, Tensor]:
    """What is added to the features and what they are multiplied with, from Kaldi's text. `BadFile`."""
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(path.stat().st_size)
        found = {name: [float(n) for n in numbers.split()] for name, numbers in VECTOR.findall(path.read_text("ascii"))}
        shift, scale = torch.tensor(found["AddShift"]), torch.tensor(found["Rescale"])
    except (OSError, ValueError, KeyError) as error:
        raise _bad(path, size) from error
    if len(shift) != size or len(scale) != size or not (shift.isfinite().all() and scale.isfinite().all()):
        raise _bad(path, size)
    return shift, scale


def _bad(path: Path, size: int) -> BadFile:
    return BadFile(
        f"{path.name}: not the statistics of this model's features ({size} shifts and scales); install the model again",
        f"{path.name}：不是该模型的特征统计（应有 {size} 个偏移与缩放值）；请重新安装模型",
        where=str(path),
    )
