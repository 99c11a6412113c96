"""How the next sound is drawn: nucleus sampling that steps aside when it repeats itself.

Repetition-aware sampling (Chen et al., "VALL-E 2", 2024): a draw from the likeliest few; if it came lately, a draw from
all others. The published models stutter and loop without it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Choice(Protocol):
    """Chooses the next id of a sequence."""

    def __call__(self, scores: Tensor, drawn: Sequence[int]) -> int:
        """From scores (vocabulary,) float32 on the CPU, which it may change, and all ids drawn so far."""


@dataclass(frozen=True, eq=False)
class RepetitionAware:
    """The models' own way, with chance from one generator."""

    generator: torch.Generator
    top_p: float = 0.8
    top_k: int = 25
    window: int = 10  # ids that it looks back
    share: float = 0.1  # of the window from which on an id counts as repeated
    temperature: float = 1.0

    def __call__(self, scores: Tensor, drawn: Sequence[int]) -> int:
        if self.temperature != 1:
            scores = scores / self.temperature
        found = self.nucleus(scores)
        lately = drawn[-self.window :] if self.window else ()
        if found in lately and list(lately).count(found) >= self.window * self.share:
            scores[found] = -torch.inf
            return self._drawn(scores.softmax(0))
        return found

    def nucleus(self, scores: Tensor) -> int:
        """A draw from the likeliest ids: at most `top_k`, and no more than reach `top_p` together."""
        chances, order = scores.softmax(0).sort(descending=True, stable=True)
        chances, before = chances[: self.top_k], 0.0
        for count, chance in enumerate(chances.tolist()):
            if before >= self.top_p:
                chances = chances[:count]
                break
            before += chance
        return int(order[self._drawn(chances)])

    def _drawn(self, chances: Tensor) -> int:
        """As `torch.multinomial` draws one of them, from this generator."""
        return int((chances / torch.empty_like(chances).exponential_(1, generator=self.generator)).argmax())


def forbid(scores: Tensor, ids: Sequence[int]) -> None:
    """These ids may not come."""
    scores[torch.as_tensor(ids, dtype=torch.long)] = -torch.inf
