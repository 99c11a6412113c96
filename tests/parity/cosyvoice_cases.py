"""The cases of CosyVoice's parity folder: three generations and what they share."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from studio.engines.cosyvoice.checkpoint import Checkpoint

from .fixtures import folder

ROOT = folder("cosyvoice")
GENERATIONS = ("v1", "v2", "v3")


@dataclass(frozen=True)
class Case:
    """One case of `cases.json`."""

    root: Path
    facts: dict[str, Any]

    @property
    def params(self) -> dict[str, Any]:
        return dict(self.facts["params"] or {})

    @property
    def values(self) -> Any:
        return self.facts["values"]

    def tensor(self, name: str) -> Tensor:
        return _tensors(self.root / self.facts["file"])[name]

    def names(self, start: str) -> list[str]:
        return [name for name in self.facts["tensors"] if name.startswith(start)]

    def row(self, name: str) -> Tensor:
        """A tensor of a batch of one, without the batch; ids as int64."""
        found = self.tensor(name)[0]
        return found if found.dtype.is_floating_point else found.long()

    def compare(self, name: str, ours: Tensor, atol: float | None = None) -> None:
        """Fail unless `ours` is what the case says, as near as it says."""
        wanted = self.tensor(name)
        if "wav" in name and (least := self.facts.get("min_wav_snr_db")):
            assert ours.numel() == wanted.numel(), f"{self.facts['id']}: {ours.numel()} samples, not {wanted.numel()}"
            noise = ((ours.view_as(wanted) - wanted) ** 2).mean()
            snr = 10 * torch.log10((wanted**2).mean() / noise.clamp(min=1e-20))
            assert float(snr) >= least, f"{self.facts['id']}: {float(snr):.1f} dB, not {least}"
            return
        close = self.facts["atol"] if atol is None else atol
        torch.testing.assert_close(
            ours.to(wanted.dtype).view_as(wanted), wanted, atol=close or 0, rtol=0,
            msg=lambda text: f"{self.facts['id']}/{name}: {text}",
        )  # fmt: skip


@cache
def _tensors(path: Path) -> dict[str, Tensor]:
    return load_file(path)


@cache
def known(part: str) -> dict[str, Case]:
    """Every case of a generation, or of `common`."""
    path = ROOT / part / "cases.json"
    if not path.is_file():
        return {}
    found = json.loads(path.read_text("utf-8"))["cases"]
    return {facts["id"]: Case(path.parent, facts) for facts in found}


def case(part: str, id: str) -> Case:
    """One case; the test is skipped where the folder does not have it."""
    one = known(part).get(id)
    if one is None or (one.facts.get("file") and not (one.root / one.facts["file"]).is_file()):
        pytest.skip(f"{ROOT} has no case {part}/{id}")
    return one


def of_stage(*stages: str, parts: Sequence[str] = GENERATIONS, tensors: bool = True) -> list[tuple[str, str]]:
    """(part, id) of the cases of some stages, for parametrisation; where there are none, one that will be skipped."""
    found = [
        (part, id)
        for part in parts
        for id, one in known(part).items()
        if one.facts["stage"] in stages and bool(one.facts.get("tensors")) >= tensors
    ]
    return found or [(parts[0], f"{stages[0]}*")]


@cache
def tiny(part: str) -> Checkpoint:
    """The small checkpoint of a generation."""
    if not (ROOT / part / "model").is_dir():
        pytest.skip(f"{ROOT} has no small checkpoint of {part}")
    return Checkpoint(ROOT / part / "model")
