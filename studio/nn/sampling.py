"""Drawing the next token: what a row of logits goes through, and where its chance comes from.

Every row has its own settings and its own generator, so that rows of one batch can belong to different people and a row
draws the same alone. The order of the steps is that of the models we load: temperature, repetition penalty, top-p,
top-k, ban, softmax, draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

KEPT = 3  # candidates that top-p and top-k leave at least
UNSURE = 1e-5  # of a sum of chances; what rounding makes of it is some 1e-7


@dataclass(frozen=True)
class Sampling:
    """How one row draws."""

    temperature: tuple[float, ...] = (1.0,)  # one for all books of a row, or one for each
    top_p: float = 1.0  # 1 keeps all
    top_k: int = 0  # 0 keeps all
    penalty: float = 1.0  # of what was drawn lately; 1 is none
    window: int = 16  # draws that the penalty looks back


class Draws(Protocol):
    """Where the chance of a row comes from."""

    def noise(self, shape: tuple[int, int]) -> Tensor:
        """Float32 (books, vocabulary), exponentially distributed with mean 1, on the CPU. Each call is a new draw."""


class OwnDraws:
    """A generator of the row's own, seeded once; the studio's way."""

    def __init__(self, seed: int) -> None:
        self._generator = torch.Generator().manual_seed(seed)

    def noise(self, shape: tuple[int, int]) -> Tensor:
        return torch.empty(shape).exponential_(1, generator=self._generator)


class RepeatedDraws:
    """The same noise at every step, as ChatTTS draws with a manual seed; row 0 of a batch gets the first of it."""

    def __init__(self, seed: int, row: int = 0) -> None:
        self._seed, self._row = seed, row

    def noise(self, shape: tuple[int, int]) -> Tensor:
        generator = torch.Generator().manual_seed(self._seed)
        whole = torch.empty((shape[0] * (self._row + 1), shape[1])).exponential_(1, generator=generator)
        return whole[shape[0] * self._row :]


class Sampler:
    """Draws for a batch of rows, each of `books` tokens from one vocabulary."""

    def __init__(self, vocabulary: int, books: int = 1) -> None:
        self.vocabulary, self.books = vocabulary, books

    def draw(
        self,
        logits: Tensor,
        settings: Sequence[Sampling],
        history: Sequence[Tensor],
        draws: Sequence[Draws],
        ban: Sequence[int | None],
    ) -> Tensor:
        """(rows, books, vocabulary) float32 logits -> (rows, books) int64 tokens, on the CPU.

        `history[row]` is (steps, books) of what the row has drawn; `ban[row]` is a token that may not come, or None.
        """
        chances = self.chances(logits, settings, history, ban)
        noise = torch.stack([one.noise((self.books, self.vocabulary)) for one in draws])
        return (chances.cpu() / noise).argmax(-1)  # as multinomial draws one, but each row from its own generator

    def chances(
        self, logits: Tensor, settings: Sequence[Sampling], history: Sequence[Tensor], ban: Sequence[int | None]
    ) -> Tensor:
        """The probabilities (rows, books, vocabulary) from which a draw is made."""
        x = logits / self._each(logits, [one.temperature for one in settings])
        if any(one.penalty != 1 for one in settings):
            x = penalised(x, settings, history)
        share, counts = self._one(logits, [one.top_p for one in settings]), [one.top_k for one in settings]
        best = among_best(x, share, counts)
        x = top_k(top_p(x, share), counts) if best is None else best
        for row, token in enumerate(ban):
            if token is not None:
                x[row, :, token] = -torch.inf
        return x.softmax(-1)

    def _each(self, like: Tensor, values: Sequence[tuple[float, ...]]) -> Tensor:
        rows = [given * self.books if len(given) == 1 else given for given in values]
        return torch.tensor(rows, dtype=like.dtype, device=like.device)[:, :, None]

    def _one(self, like: Tensor, values: Sequence[float]) -> Tensor:
        return torch.tensor(values, dtype=like.dtype, device=like.device)[:, None, None]


def penalised(logits: Tensor, settings: Sequence[Sampling], history: Sequence[Tensor]) -> Tensor:
    """Tokens drawn `count` times in the window of a row: scores below 0 times penalty**count, others divided by it."""
    counts = torch.zeros_like(logits)
    for row, (one, drawn) in enumerate(zip(settings, history, strict=True)):
        lately = drawn[-one.window :].T.to(logits.device)  # (books, steps)
        counts[row].scatter_add_(1, lately, torch.ones_like(lately, dtype=logits.dtype))
    penalty = torch.tensor([one.penalty for one in settings], dtype=logits.dtype, device=logits.device)[:, None, None]
    factor = penalty**counts
    return torch.where(logits < 0, logits * factor, logits / factor)


def among_best(logits: Tensor, share: Tensor, counts: Sequence[int]) -> Tensor | None:
    """`top_p`, then `top_k`, from the best candidates alone, which takes a third of the time of sorting all.

    None where that does not tell: where not every row has a `top_k`, where two candidates are equal, or where a sum is
    so near to its share that it depends on the order of adding.
    """
    if not all(counts) or (most := max(*counts, KEPT)) >= logits.shape[-1]:
        return None
    values, order = logits.topk(most + 1, -1)
    chances = (values - logits.logsumexp(-1, keepdim=True)).exp()
    before = chances.cumsum(-1) - chances  # the sum of all that are likelier
    rank = torch.arange(most + 1, device=logits.device)
    unsure = ((before - share).abs() < UNSURE) & (rank >= KEPT) & (share < 1)
    if bool((unsure[..., 1:] | (values[..., 1:] == values[..., :-1])).any()):
        return None
    sizes = torch.tensor([max(count, KEPT) for count in counts], device=logits.device)[:, None, None]
    stays = ((before < share) | (share >= 1) | (rank < KEPT)) & (rank < sizes)
    return torch.full_like(logits, -torch.inf).scatter_(-1, order, values.masked_fill(~stays, -torch.inf))


def top_p(logits: Tensor, share: Tensor) -> Tensor:
    """Without the least likely tokens whose probabilities together are at most 1 - share; at least `KEPT` stay."""
    if bool((share >= 1).all()):
        return logits
    ascending, order = logits.sort(-1)
    drop = ascending.softmax(-1).cumsum(-1) <= 1 - share
    drop[..., -KEPT:] = False
    return logits.masked_fill(drop.scatter(-1, order, drop), -torch.inf)


def top_k(logits: Tensor, counts: Sequence[int]) -> Tensor:
    """Without what is below the k-th best of its row (equals stay); at least `KEPT` stay, 0 keeps all."""
    vocabulary = logits.shape[-1]
    sizes = [min(max(count, KEPT), vocabulary) if count else vocabulary for count in counts]
    if (most := max(sizes)) == vocabulary and min(sizes) == vocabulary:
        return logits
    best = logits.topk(most, -1).values  # (rows, books, most), falling
    at = torch.tensor(sizes, device=logits.device)[:, None, None].expand(-1, logits.shape[1], 1) - 1
    return logits.masked_fill(logits < best.gather(-1, at), -torch.inf)
