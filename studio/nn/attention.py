"""Attention of many steps at once, by the quickest way that a device has."""

from functools import cache

import torch
from torch import Tensor
from torch.nn import functional


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """(batch, heads, steps, size) of each -> the same of `query`. `mask` tells the steps that may be looked at.

    PyTorch's fused kernel computes half precision on the CPU no quicker than float32; by two products it is 2.7 times
    as quick on a processor of AMD (504 steps, two cores).
    """
    if query.dtype == torch.float32 or query.device.type != "cpu":
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    if float32_is_quicker():
        exact = functional.scaled_dot_product_attention(query.float(), key.float(), value.float(), attn_mask=mask)
        return exact.to(query.dtype)
    query = query * query.shape[-1] ** -0.5
    if mask is not None and mask.ndim == 2:  # added on the way: another pass over the scores would cost as much again
        bias = torch.zeros(mask.shape, dtype=query.dtype, device=query.device).masked_fill_(~mask, -torch.inf)
        scores = torch.baddbmm(bias, query.flatten(0, 1), key.flatten(0, 1).transpose(1, 2))
        return torch.bmm(scores.softmax(-1), value.flatten(0, 1)).view(query.shape)
    scores = torch.matmul(query, key.transpose(-1, -2))
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return torch.matmul(scores.softmax(-1), value)


def attend_alone(mixed: Tensor, heads: int) -> Tensor:
    """One sequence whose steps all see one another: (steps, 3 * width), queries, keys and values of all heads side by
    side -> (steps, width).

    On a CPU two products of the heads where they lie are quicker than the fused kernel, for which they are moved: on
    Intel 1.5 times in float32 (171 steps, two cores; 1.2 times of 504).
    """
    steps, width = mixed.shape[0], mixed.shape[1] // 3
    query, key, value = mixed.view(steps, 3, heads, -1).permute(1, 2, 0, 3)  # (heads, steps, size) each
    if mixed.device.type != "cpu" or (mixed.dtype == torch.float32 and not float32_is_quicker()):
        heard = functional.scaled_dot_product_attention(query[None], key[None], value[None])[0]
    else:
        none = mixed.new_empty(heads, steps, steps)
        scores = torch.baddbmm(none, query, key.transpose(1, 2), beta=0, alpha=query.shape[-1] ** -0.5)
        heard = torch.bmm(scores.softmax(-1), value)
    return heard.transpose(0, 1).reshape(steps, width)


@cache
def float32_is_quicker() -> bool:
    """Whether this processor computes in float32 more quickly than in half precision: one of Intel's without AMX, where
    PyTorch's library for float32 is at home (1.7 times as quick in attention, conversions included; 1.4 in all)."""
    known: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return "Intel" in str(known.get("cpu_name", "")) and not known.get("amx_bf16", False)
