"""Where a model computes and in which precision, as its settings ask. Without torch where that is enough: its import
takes seconds, and the declaration of an engine names the precision.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from studio.control import Value
from studio.errors import BadRequest


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


def reached(settings: Mapping[str, Value], who: str) -> str:
    """The same when the model `who` is loaded. `BadRequest` for one that this machine does not have, or where its
    precision is not computed."""
    import torch

    device = chosen(str(settings["device"]))
    if settings["precision"] == "int8" and device != "cpu":
        raise BadRequest(
            f"{who}: int8 is for CPUs, and here it computes on {device}; set precision to bf16, or device to cpu. "
            "Nodes of a cluster take the precision of the studio that renders",
            f"{who}：int8 仅限 CPU，而这里在 {device} 上计算；请把精度设为 bf16，或把设备设为 cpu。"
            "集群节点使用发起渲染的工坊的精度",
            where="settings.precision",
        )
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there[device]:
        raise BadRequest(
            f"device {device}: PyTorch finds none on this machine; set the device to auto or cpu",
            f"设备 {device}：PyTorch 在本机上没有找到；请把设备设为 auto 或 cpu",
            where="settings.device",
        )
    return device


@cache
def steady() -> bool:
    """Whether this processor gives a row of a large float32 product the same bits wherever it stands: one with AVX-512
    does (`tests/engines/cosyvoice/test_together.py`), others take the last rows by another kernel. Only Linux tells
    which it is without an import that takes seconds; elsewhere the answer is no."""
    from pathlib import Path

    told = Path("/proc/cpuinfo")
    return told.exists() and " avx512f " in told.read_text()


def _best() -> str:
    """CUDA or MPS where there is one."""
    import sys
    from pathlib import Path

    if sys.platform == "linux" and not Path("/dev/nvidiactl").exists() and not Path("/dev/kfd").exists():
        return "cpu"
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
