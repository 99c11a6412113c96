"""ConvNeXt over time (Liu et al., "A ConvNet for the 2020s", 2022), as speech codecs and vocoders use it.

Everything between two convolutions is computed with time before channels, where the linear layers are plain matrix
products, the activation fused into the first (a third of the time of PyTorch's own path, see `benchmarks/chattts.py`).
"""

import torch
from torch import Tensor, nn

from studio.nn.linear import linear


class ConvNeXtBlock(nn.Module):
    """(batch, channels, time) -> the same: depthwise convolution, norm, two linear layers, scaled, added."""

    def __init__(self, channels: int, hidden: int, kernel: int = 7, dilation: int = 1, eps: float = 1e-6) -> None:
        super().__init__()
        padding = dilation * (kernel // 2)
        self.dwconv = nn.Conv1d(channels, channels, kernel, padding=padding, dilation=dilation, groups=channels)
        self.norm = nn.LayerNorm(channels, eps=eps)
        self.pwconv1 = nn.Linear(channels, hidden)
        self.pwconv2 = nn.Linear(hidden, channels)
        self.weight = nn.Parameter(torch.ones(channels))  # of what is added; the published name

    def forward(self, x: Tensor) -> Tensor:
        batch, channels, steps = x.shape
        y = self.dwconv(x).transpose(1, 2).reshape(batch * steps, channels)
        y = linear(self.norm(y), self.pwconv1.weight, self.pwconv1.bias, gelu=True)
        y = linear(y, self.pwconv2.weight, self.pwconv2.bias).view(batch, steps, channels)
        return torch.addcmul(x, y.transpose(1, 2), self.weight[:, None])
