"""Attention of many steps at once, by the quickest way that a device has."""

import torch
from torch import Tensor
from torch.nn import functional

from studio.nn.processor import float32_is_quicker, products_are_quicker

NEAR = 1 << 20  # scores, four megabytes: with more, memory is asked for and given back at every turn


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, alone: bool = False) -> Tensor:
    """(batch, heads, steps, size) of each -> the same of `query`. `mask` tells the steps that may be looked at.

    With `alone`, the bits of a step may depend on how many others there are: what is rendered by itself.

    PyTorch's fused kernel computes half precision on the CPU no quicker than float32; by two products it is 2.7 times
    as quick on a processor of AMD (504 steps, two cores), and float32 on one of Intel 1.2 to 1.5 times (504, 171).
    """
    if query.device.type != "cpu" or (query.dtype == torch.float32 and not (alone and products_are_quicker())):
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    if query.dtype == torch.float32:
        return _by_products(query, key, value, mask)
    if float32_is_quicker():
        return attend(query.float(), key.float(), value.float(), mask, alone).to(query.dtype)
    query = query * query.shape[-1] ** -0.5
    if mask is not None and mask.ndim == 2:  # added on the way: another pass over the scores would cost as much again
        scores = torch.baddbmm(_bias(mask, query), query.flatten(0, 1), key.flatten(0, 1).transpose(1, 2))
        return torch.bmm(scores.softmax(-1), value.flatten(0, 1)).view(query.shape)
    scores = torch.matmul(query, key.transpose(-1, -2))
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    return torch.matmul(scores.softmax(-1), value)


def _by_products(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """So many heads at a time that their scores stay in a processor's cache; they are multiplied where they lie."""
    (heads, steps, size), seen = query.shape[1:], key.shape[2]
    found = torch.empty(len(query), steps, heads, size).transpose(1, 2)
    bias = query.new_empty(1, 1, 1) if mask is None else _bias(mask, query)
    some = max(1, NEAR // (steps * seen))
    for row, (asked, known, told) in enumerate(zip(query, key.transpose(2, 3), value, strict=True)):
        own = bias[row, 0] if bias.ndim == 4 else bias
        for at in range(0, heads, some):
            part = slice(at, at + some)
            scores = torch.baddbmm(own, asked[part], known[part], beta=int(mask is not None), alpha=size**-0.5)
            found[row, part] = torch.bmm(scores.softmax(-1), told[part])
    return found


def _bias(mask: Tensor, like: Tensor) -> Tensor:
    """What is added to scores: nothing where one may look, else minus infinity."""
    return torch.zeros(mask.shape, dtype=like.dtype, device=like.device).masked_fill_(~mask, -torch.inf)
