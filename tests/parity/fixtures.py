"""The cases of a parity folder: what the reference computed, and how near we have to come."""

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

HERE = Path(__file__).parent
VARIABLE = "TIMBRE_PARITY_DIR"


def folder(engine: str) -> Path:
    """Where an engine's fixtures are: the committed ones, or those that the environment names."""
    return Path(os.environ.get(VARIABLE) or HERE) / engine


@dataclass(frozen=True)
class Case:
    """One case of `cases.json`."""

    root: Path
    facts: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.facts["id"])

    @property
    def params(self) -> dict[str, Any]:
        return dict(self.facts["params"])

    @property
    def inputs(self) -> dict[str, Any]:
        return dict(self.facts["inputs"])

    @property
    def outputs(self) -> dict[str, Any]:
        return dict(self.facts["outputs"])

    @property
    def names(self) -> list[str]:
        """Of its tensors, without its id."""
        return [name.partition("/")[2] for name in self.facts["tensors"]]

    def tensor(self, name: str) -> Tensor:
        return _tensors(self.root / self.facts["file"])[f"{self.id}/{name}"]

    def compare(self, name: str, ours: Tensor) -> None:
        """Fail unless `ours` is what the case says, as near as it says."""
        how, wanted = self.facts["tensors"][f"{self.id}/{name}"], self.tensor(name)
        tolerance = (
            {"atol": how["atol"], "rtol": how["rtol"]} if how["compare"] == "allclose" else {"atol": 0, "rtol": 0}
        )
        torch.testing.assert_close(
            ours.to(wanted.dtype), wanted, **tolerance, msg=lambda text: f"{self.id}/{name}: {text}"
        )


@cache
def _tensors(path: Path) -> dict[str, Tensor]:
    return load_file(path)


@cache
def known(engine: str) -> dict[str, Case]:
    """Every case of an engine whose file is there."""
    root = folder(engine)
    path = root / "cases.json"
    if not path.is_file():
        return {}
    found = json.loads(path.read_text("utf-8"))["cases"]
    return {facts["id"]: Case(root, facts) for facts in found if (root / facts["file"]).is_file()}


def case(engine: str, id: str) -> Case:
    """One case; the test is skipped where the folder does not have it."""
    cases = known(engine)
    if id not in cases:
        pytest.skip(f"{folder(engine)} has no case {id}")
    return cases[id]


def beginning(engine: str, start: str) -> list[str]:
    """The ids of the cases that begin so, for parametrisation; where there are none, one that will be skipped."""
    return [id for id in known(engine) if id.startswith(start)] or [f"{start}*"]
