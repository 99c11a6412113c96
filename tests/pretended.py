"""A second device that computes on the CPU: it shows what would go wrong on a GPU where there is none.

`with pretended():` makes tensors whose device is CUDA and whose values lie in memory. An operation on tensors
of two devices is refused as CUDA refuses it, and, without `doubles`, one of float64 as MPS does. What is not shown: the
kernels of the real device, their rounding and their speed.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

aten = torch.ops.aten
KIND = "cuda"
DOUBLES = torch.float64, torch.complex128
ACROSS = {aten.copy_.default, aten._to_copy.default, aten._has_compatible_shallow_copy_type.default}
INDEXED = {  # these take their indices from the CPU too
    aten.index.Tensor,
    aten.index_put_.default,
    aten.index_put.default,
    aten._index_put_impl_.default,
}
MATH = 0  # attention by its formula: the other choices are kernels of a device


class There(Tensor):
    """A tensor that says it is on the device; `here` is where it is."""

    here: Tensor

    @staticmethod
    def __new__(cls, here: Tensor) -> "There":
        return Tensor._make_wrapper_subclass(
            cls, here.shape, strides=here.stride(), storage_offset=here.storage_offset(), dtype=here.dtype,
            device=torch.device(KIND, 0),
        )  # fmt: skip

    def __init__(self, here: Tensor) -> None:
        self.here = here

    def __repr__(self, *, tensor_contents: Any = None) -> str:
        return f"There({self.here!r})"

    def tolist(self) -> Any:
        return self.here.tolist()

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _computed(func, args, kwargs or {})


class _Made(TorchDispatchMode):
    """New tensors that are asked for on the device."""

    def __init__(self, doubles: bool) -> None:
        super().__init__()
        self.doubles = doubles

    def __enter__(self) -> "_Made":
        torch._C._set_only_lift_cpu_tensors(True)  # `torch.tensor(…, device=…)` begins here and is moved
        super().__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        torch._C._set_only_lift_cpu_tensors(False)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = _computed(func, args, kwargs or {})
        if not self.doubles and any(isinstance(one, There) and one.dtype in DOUBLES for one in tree_flatten(found)[0]):
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64")
        return found


def _computed(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    flat, shape = tree_flatten((args, kwargs))
    there = [one for one in flat if isinstance(one, There)]
    if func is aten._fused_sdp_choice.default and there:
        return MATH
    if there and func not in ACROSS:
        for at, one in enumerate(flat):
            foreign = isinstance(one, Tensor) and not isinstance(one, There) and one.ndim > 0
            if foreign and not (at and func in INDEXED and not one.is_floating_point()):
                raise RuntimeError(
                    f"Expected all tensors to be on the same device, but found at least two, {there[0].device} and "
                    f"{one.device}! ({func})"
                )
    bare = [one.here if isinstance(one, There) else one for one in flat]
    plain_args, plain_kwargs = tree_unflatten(bare, shape)
    asked = kwargs.get("device")
    goes_there = bool(there) if asked is None else torch.device(asked).type == KIND
    if func is aten.copy_.default:
        goes_there = isinstance(flat[0], There)
    if asked is not None and goes_there:
        plain_kwargs["device"] = torch.device("cpu")
    found = func(*plain_args, **plain_kwargs)
    if not goes_there:
        return found
    own = {id(one.here): one for one in there}  # what was written into is the same tensor as before

    def wrapped(one: Any) -> Any:
        return own[id(one)] if id(one) in own else There(one) if isinstance(one, Tensor) else one

    return tree_map(wrapped, found)


@contextmanager
def pretended(doubles: bool = True) -> Iterator[None]:
    """The device, for this thread and those that begin meanwhile."""
    run = Thread.run

    def there(thread: Thread) -> None:
        with _Made(doubles):
            run(thread)

    torch._C._ensureCUDADeviceGuardSet()  # a guard for CUDA where there is none
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    changes: dict[str, Any] = {
        "torch.cuda._lazy_init": lambda: None,
        "torch.cuda.is_available": lambda: True,
        "torch.inference_mode.__enter__": lambda _: None,  # in it, operations come here in one piece
        "torch.inference_mode.__exit__": lambda *_: None,
        "threading.Thread.run": there,
    }
    try:
        with ExitStack() as changed:
            for place, value in changes.items():
                changed.enter_context(patch(place, value))
            changed.enter_context(_Made(doubles))
            yield
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(False)
