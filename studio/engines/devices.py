"""How a model is loaded: the settings that were asked for, where it computes and in which precision."""

from collections.abc import Mapping, Sequence
from typing import Any

from studio.engines.contract import Control, Value
from studio.errors import BadRequest


def settled(id: str, declared: Sequence[Control], given: Mapping[str, Any]) -> dict[str, Value]:
    """Every declared setting with its checked value. `BadRequest` for one that the engine does not have."""
    names = [one.name for one in declared]
    if unknown := [name for name in given if name not in names]:
        raise BadRequest(
            f"{unknown[0]}: {id} has no such setting; it has {', '.join(names)}",
            f"{unknown[0]}：{id} 没有这个设置；它有 {'、'.join(names)}",
            where=f"settings.{unknown[0]}",
        )
    return {one.name: one.check(given.get(one.name, one.default)) for one in declared}


def precision(settings: Mapping[str, Value]) -> Any:
    """The one that was asked for; else int8 on a CPU and bf16 elsewhere."""
    asked = settings["precision"]
    if asked != "auto":
        return asked
    return "int8" if chosen(str(settings["device"])) == "cpu" else "bf16"


def chosen(asked: str) -> str:
    """`cpu`, `cuda` or `mps`; `auto` is the quickest there is."""
    if asked != "auto":
        return asked
    from importlib.util import find_spec

    return "cpu" if find_spec("torch") is None else _best()


def _best() -> str:
    """CUDA or MPS where there is one. Looked for without torch where that is enough: its import takes seconds."""
    import sys
    from pathlib import Path

    if sys.platform == "linux" and not Path("/dev/nvidiactl").exists() and not Path("/dev/kfd").exists():
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
