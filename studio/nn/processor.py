"""What the devices of this machine compute, and its processor quickly: every choice between kernels asks here.

Most laptops and many servers have neither AVX-512 nor products of whole numbers in 32 bits. There PyTorch's kernels for
half precision are loops: measured on an AMD EPYC of the third generation (two cores), a convolution takes 85 times as
long in bf16 as in float32, a product of 400 rows 7 times.
"""

from functools import cache

import torch

_CAPABLE: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
_X86 = _CAPABLE.get("architecture") == "x86_64"

ONEDNN = torch.backends.mkldnn.is_available() and hasattr(torch.ops.mkldnn, "_linear_pointwise")
# Only these add products of 8 bits in 32: older x86 adds pairs in 16, which overflows; elsewhere `_int_mm` is a loop.
WHOLE = ONEDNN and any(_CAPABLE.get(name) for name in ("avx512_vnni", "avx_vnni"))
# oneDNN takes so many rows of a float32 product at once, and fewer of them than the least by other kernels.
_ROWS, _LEAST = (8, 2) if _CAPABLE.get("avx512_f") else (6, 4)


def computed_in(kind: torch.dtype, device: torch.device) -> torch.dtype:
    """What weights and inputs of this kind are multiplied in: where a CPU has no arithmetic for it, float32."""
    return kind if device.type != "cpu" or _computes(kind) else torch.float32


def missing_rows(rows: int) -> int:
    """How many more a float32 product on a CPU needs, so that each row has the bits that it has in any other (a test
    checks it)."""
    left = rows % _ROWS
    return _LEAST - left if 0 < left < _LEAST else 0


def doubles_on(device: torch.device) -> torch.device:
    """Where float64 is computed for a device: Apple's GPUs do not know it."""
    return torch.device("cpu") if device.type == "mps" else device


def heads_computed_in(device: torch.device) -> torch.dtype:
    """What attention is computed in where full precision is not asked for."""
    return torch.float32 if device.type == "cpu" and float32_is_quicker() else torch.bfloat16


@cache
def float32_is_quicker() -> bool:
    """Whether a CPU's products are sooner done in float32 than in bf16: where it has no arithmetic for that, and on one
    of Intel's without AMX (1.7 times as quick in attention, conversions included; 1.4 in all)."""
    return products_are_quicker() or not _computes(torch.bfloat16)


@cache
def products_are_quicker() -> bool:
    """Whether two products of float32 are sooner done than PyTorch's fused attention: on a processor of Intel's, where
    its library for them is at home."""
    return "Intel" in str(_CAPABLE.get("cpu_name", "")) and not _CAPABLE.get("amx_bf16", False)


@cache
def _computes(kind: torch.dtype) -> bool:
    if kind == torch.float32:
        return True
    name = "bf16" if kind == torch.bfloat16 else "fp16"
    if _X86:  # oneDNN also takes bf16 with AVX-512 alone, which it then only imitates
        return any(_CAPABLE.get(f"{unit}_{name}") for unit in ("avx512", "amx"))
    return ONEDNN and bool(getattr(torch.ops.mkldnn, f"_is_mkldnn_{name}_supported")())
