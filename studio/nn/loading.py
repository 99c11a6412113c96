"""Published weights into our modules: strict, safe, and without a second copy in memory.

A module is built on PyTorch's `meta` device, where tensors have shapes and no memory, and takes the tensors of a
memory-mapped file as its own. Nothing is unpickled: safetensors, or `torch.load` with `weights_only`.
"""

import ctypes
import gc
import mmap
import os
import pickle
from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from studio.errors import BadFile

Module = TypeVar("Module", bound=nn.Module)
G_AND_V = "weight_g", "weight_v"  # of older releases
NESTED = ("state_dict", "model_state_dict", "model")  # under which some checkpoints hold their tensors


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Every tensor of a checkpoint (`.safetensors` or `.pt`), memory-mapped. `BadFile` says what is wrong."""
    if not path.is_file():
        raise _bad(path, "the file is missing", "文件不存在")
    try:
        return _read_safetensors(path) if path.suffix == ".safetensors" else _read_pickle(path)
    except (OSError, RuntimeError, ValueError, pickle.UnpicklingError, EOFError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise _bad(path, f"damaged or not a checkpoint ({reason})", f"已损坏或不是模型文件（{reason}）") from error


def load(
    build: Callable[[], Module],
    path: Path,
    *,
    optional: Collection[str] = (),
    rename: Callable[[str], str] = lambda key: key,
    prepare: Callable[[Path, dict[str, Tensor]], dict[str, Tensor]] = lambda path, tensors: tensors,
) -> Module:
    """The module that `build` makes, with the tensors of `path` as its own, ready to compute.

    Every key and shape has to fit; keys that stand in `optional` may be there and are left out. `rename` turns a
    published key into ours, `prepare` (see `unnormed`) changes all of them together. `BadFile` names the file and the
    first tensor that does not fit.
    """
    _settled()
    tensors = {rename(key): value for key, value in read_tensors(path).items() if key not in optional}
    tensors = prepare(path, tensors)
    with torch.device("meta"), _Unfilled():
        module = build()
    check_fit(path, {name: value.shape for name, value in module.state_dict().items()}, tensors)
    module.load_state_dict(tensors, strict=True, assign=True)
    return module.eval().requires_grad_(False)


def unnormed(path: Path, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weight-normalised layers (a length and a direction, under the names of either release of PyTorch) as one tensor.

    Salimans and Kingma, "Weight Normalization" (2016). Training wants the two apart; computing does not.
    """
    found = dict(tensors)
    for key in tensors:
        for length, direction in (("parametrizations.weight.original0", "parametrizations.weight.original1"), G_AND_V):
            if key.endswith(f".{length}"):
                layer = key.removesuffix(length)
                if (other := f"{layer}{direction}") not in found:
                    raise _bad(path, f"lacks {other}", f"缺少 {other}")
                v, g = found.pop(other), found.pop(key)
                if g.shape != (len(v), *(1,) * (v.ndim - 1)):
                    raise _bad(path, f"{key} is {list(g.shape)}", f"{key} 的形状是 {list(g.shape)}")
                found[f"{layer}weight"] = torch._weight_norm(v.float(), g.float(), 0)
    return found


@cache
def _settled() -> None:
    """Once, when the first model is loaded: what libraries made when they were imported stays, so Python's collector
    need not look at it again (0.15 s of loading, and of every full round later)."""
    gc.freeze()


class _Unfilled(TorchFunctionMode):
    """New parameters are not filled with random numbers: drawing them without memory imports 0.7 s of PyTorch."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = kwargs or {}
        if getattr(func, "__module__", "") == "torch.nn.init":
            return args[0] if args else named["tensor"]
        return func(*args, **named)


def let_go(path: Path) -> Callable[[Tensor], None]:
    """A function that frees the memory of a tensor of the mapped file at `path`, once it was packed into another.

    A mapping stays whole until its last tensor is gone, and with it every page that was read: without this, packing
    ends with the file and the packed weights in memory. It only touches pages of this file's mapping, which the system
    reads again if somebody looks at them after all. Does nothing where the system does not tell its mappings.
    """
    maps = Path("/proc/self/maps")
    if not maps.exists() or not hasattr(mmap, "MADV_DONTNEED"):
        return lambda tensor: None
    real, ranges = str(path.resolve()), []
    for line in maps.read_text().splitlines():
        if line.endswith(real):
            low, _, high = line.partition(" ")[0].partition("-")
            ranges.append((int(low, 16), int(high, 16)))
    library = ctypes.CDLL(None)

    def free(tensor: Tensor) -> None:
        first, size = tensor.data_ptr(), tensor.numel() * tensor.element_size()
        start, end = -(-first // mmap.PAGESIZE) * mmap.PAGESIZE, (first + size) // mmap.PAGESIZE * mmap.PAGESIZE
        if end > start and any(low <= start and end <= high for low, high in ranges):
            library.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), mmap.MADV_DONTNEED)

    return free


def give_back() -> None:
    """Memory that was freed goes back to the system; glibc keeps it for what may come. Elsewhere, nothing."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(ctypes.c_size_t(0))


def check_fit(path: Path, wanted: Mapping[str, torch.Size], found: Mapping[str, Tensor]) -> None:
    """`BadFile` unless the tensors have exactly these names and shapes."""
    if absent := [name for name in wanted if name not in found]:
        raise _bad(path, f"lacks {absent[0]}{_more(absent)}", f"缺少 {absent[0]}{_more(absent)}")
    if strange := [name for name in found if name not in wanted]:
        raise _bad(path, f"has {strange[0]}{_more(strange)} besides", f"多出 {strange[0]}{_more(strange)}")
    for name, shape in wanted.items():
        if found[name].shape != shape:
            is_, should = (list(size) for size in (found[name].shape, shape))
            raise _bad(path, f"{name} is {is_}, not {should}", f"{name} 的形状是 {is_}，应为 {should}")


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _read_pickle(path: Path) -> dict[str, Tensor]:
    found = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
    for key in NESTED:
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    if not isinstance(found, Mapping) or not all(isinstance(value, Tensor) for value in found.values()):
        raise ValueError("it does not hold named tensors")
    return dict(found)


def _more(names: Collection[str]) -> str:
    return f" (+{len(names) - 1})" if len(names) > 1 else ""


def _bad(path: Path, en: str, zh: str) -> BadFile:
    return BadFile(
        f"{path.name}: {en}. It is not the file that this model needs; install the model again, or check the folder",
        f"{path.name}：{zh}。这不是该模型所需的文件；请重新安装模型，或检查所给的文件夹",
        where=str(path),
    )
