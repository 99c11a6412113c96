"""Finite scalar quantisation in groups, each residue again (Mentzer et al., "Finite Scalar Quantization", 2023).

A vector is cut into groups; each is projected to four numbers, each of them rounded to one of five levels; what is left
over is scaled up and rounded again. The four digits of one rounding are one code.

The package with which ChatTTS was trained and is used changed its arithmetic three times, with the same names of
weights: codes mean something else in each. `Version` says which; the default is of the time of the published weights.
"""

from typing import Literal, get_args

import torch
from torch import Tensor, nn

Version = Literal["1.12.4", "1.12.5", "1.18.5", "1.26.0"]  # the first release with each arithmetic, but for the oldest
VERSIONS: tuple[Version, ...] = get_args(Version)
SLACK = 1e-3  # keeps the rounding of tanh within (older releases) or beyond (newer) the outer levels


class GroupedResidualFsq(nn.Module):
    """Features (batch, dim, T) <-> codes (batch, groups * residuals, T); a code is 0 up to levels ** digits."""

    def __init__(self, dim: int, groups: int, residuals: int, levels: int = 5, version: Version = "1.12.5") -> None:
        super().__init__()
        self.residuals, self.levels, self.version = residuals, levels, version
        self.rvqs = nn.ModuleList(_Projections(dim // groups) for _ in range(groups))

    @property
    def base(self) -> int:
        """By which each residue is scaled up."""
        return self.levels - 1 if self.version in ("1.12.5", "1.18.5") else self.levels

    def decode(self, codes: Tensor) -> Tensor:
        """Codes -> features."""
        groups = codes.unflatten(1, (len(self.rvqs), self.residuals))
        return torch.cat([self._decoded(groups[:, at], one) for at, one in enumerate(self.rvqs)], dim=1)

    def encode(self, features: Tensor) -> Tensor:
        """Features -> codes int64."""
        parts = features.chunk(len(self.rvqs), dim=1)
        return torch.cat([self._encoded(part, one) for part, one in zip(parts, self.rvqs, strict=True)], dim=1)

    def _decoded(self, codes: Tensor, one: nn.Module) -> Tensor:
        weights = self.levels ** torch.arange(_Projections.DIGITS, device=codes.device)
        digits = codes.long().unsqueeze(-1) // weights % self.levels  # (batch, residuals, T, digits)
        scales = torch.tensor([float(self.base) ** -level for level in range(self.residuals)], device=codes.device)
        values = (self._value(digits) * scales[:, None, None]).sum(1)
        assert isinstance(one, _Projections)
        return one.project_out(values).transpose(1, 2)

    def _encoded(self, features: Tensor, one: nn.Module) -> Tensor:
        assert isinstance(one, _Projections)
        residue = self._bounded(one.project_in(features.transpose(1, 2)))
        weights = self.levels ** torch.arange(_Projections.DIGITS, device=features.device)
        codes = []
        for level in range(self.residuals):
            scale = float(self.base) ** -level
            digits = self._digits(residue / scale)
            residue = residue - self._value(digits) * scale
            codes.append((digits.long() * weights).sum(-1))
        return torch.stack(codes, dim=1)

    def _value(self, digits: Tensor) -> Tensor:
        """The number, -1..1, that a digit stands for."""
        half = self.levels // 2
        return (digits - half) / half

    def _bounded(self, x: Tensor) -> Tensor:
        """What is quantised first."""
        half = self.levels // 2
        if self.version == "1.12.5":
            return x.tanh() * half * (1 + SLACK)
        if self.version == "1.26.0":
            bound = self.levels / (self.levels - 1)
            return (x / bound).tanh() * bound
        return x

    def _digits(self, x: Tensor) -> Tensor:
        """The nearest level of each number."""
        half = self.levels // 2
        if self.version == "1.26.0":
            return (half * x.clamp(-1, 1) + half + 0.5).floor()
        slack = 1 - SLACK if self.version == "1.12.4" else 1 + SLACK
        return (x.tanh() * half * slack).round() + half


class _Projections(nn.Module):
    """Into the few numbers that are quantised, and back."""

    DIGITS = 4

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.project_in = nn.Linear(dim, self.DIGITS)
        self.project_out = nn.Linear(self.DIGITS, dim)
