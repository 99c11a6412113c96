"""A seed becomes a speaker.

Rule 1, and the only one so far: as in ChatTTS, `torch.manual_seed(seed)`, then a normal float16 vector times the spread
plus the mean of the model's speakers, all in float16 on the CPU. Seeds that people exchange for ChatTTS mean the same
here, as far as PyTorch keeps its generator. What is kept of a voice is the vector, never the seed alone.
"""

from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studio.engines.chattts.strings import from_base16384
from studio.errors import BadFile

RULE = 1  # raise it, and keep the old one, if a seed should ever mean another voice
PUBLISHED = Path(__file__).parent / "speakers.safetensors"


def statistics(code: str, size: int) -> tuple[Tensor, Tensor]:
    """Spread and mean (size,) float16 of the model's speakers; `code` is the checkpoint's own string, or empty."""
    spread, mean = _published() if not code else torch.from_numpy(_numbers(code)).chunk(2)
    if len(spread) != size or len(mean) != size:
        raise BadFile(
            f"config.json: the statistics of speakers have {len(spread)} numbers, not {size}; check the folder",
            f"config.json：音色统计数据有 {len(spread)} 个数，应为 {size} 个；请检查所给的文件夹",
        )
    return spread, mean


def drawn(seed: int, spread: Tensor, mean: Tensor) -> Tensor:
    """The speaker (size,) float16 of a seed."""
    noise = torch.randn(len(mean), generator=torch.Generator().manual_seed(seed), dtype=torch.float16)
    return noise * spread + mean


def _numbers(code: str) -> NDArray[np.float16]:
    return np.frombuffer(from_base16384(code), "<f2").copy()


@cache
def _published() -> tuple[Tensor, Tensor]:
    from safetensors.torch import load_file

    found = load_file(PUBLISHED)
    return found["std"], found["mean"]
