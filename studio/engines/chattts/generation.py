"""Tokens drawn step by step, for any number of sequences at once.

A `Batch` holds the sequences (`Row`) that are being drawn now. A row enters when a slot is free, whatever the others
are doing; at each `step` every row draws its next token; a row leaves at the step at which it ends. Rows that write
text (refining) and rows that speak (code frames) share the same steps.
"""

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from studio.engines.chattts.model import Gpt
from studio.nn.sampling import Draws, Sampler, Sampling

Ending = Literal["", "end", "limit"]


@dataclass(frozen=True, eq=False)
class Order:
    """What one row is to draw."""

    prompt: Tensor  # (steps, dim), embedded
    kind: Literal["code", "text"]
    sampling: Sampling
    draws: Draws
    most: int  # tokens; a row that reaches them ends as "limit"
    end: int  # the token that ends it
    least: int = 0  # tokens before the end may come


@dataclass(eq=False)
class Row:
    """A sequence that is being drawn."""

    order: Order
    slot: int
    hidden: Tensor  # (dim,), the state that predicts the next token
    tokens: Tensor = field(init=False)  # (most, books) int64; the first `length` are drawn
    states: Tensor = field(init=False)  # (most, dim) float32: the state that predicted each token
    length: int = 0
    ending: Ending = ""

    def __post_init__(self) -> None:
        most, dim = self.order.most, self.hidden.shape[-1]
        self.tokens = torch.empty((most, 1), dtype=torch.int64)  # widened by the first draw
        self.states = torch.empty((most, dim) if self.order.kind == "code" else (0, dim), device=self.hidden.device)

    @property
    def drawn(self) -> Tensor:
        """(length, books)"""
        return self.tokens[: self.length]

    @property
    def hiddens(self) -> Tensor:
        """(length, dim) of a row of code frames."""
        return self.states[: self.length]

    def keep(self, token: Tensor) -> None:
        """Take what was drawn (books,); the row may end."""
        if bool((token == self.order.end).any()):
            self.ending = "end"
            return
        if self.tokens.shape[1] != len(token):
            self.tokens = self.tokens.new_empty((self.order.most, len(token)))
        self.tokens[self.length] = token
        if self.order.kind == "code":
            self.states[self.length] = self.hidden
        self.length += 1
        if self.length == self.order.most:
            self.ending = "limit"


class Batch:
    """The rows that are being drawn, in at most `slots` places."""

    def __init__(self, gpt: Gpt, slots: int) -> None:
        self.gpt = gpt
        self.rows: list[Row] = []
        self._cache = gpt.decoder.cache(slots, gpt.embed.emb_text.weight)
        self._free = list(range(slots))
        config = gpt.embed.config
        self._samplers = {"code": Sampler(config.codes, config.books), "text": Sampler(config.text_tokens)}

    @property
    def room(self) -> int:
        """Rows that could still enter."""
        return len(self._free)

    def enter(self, order: Order) -> Row:
        """Read a prompt and take a place; there has to be one."""
        steps = len(order.prompt)
        slot = self._free[0]
        self._cache.open(slot, min(steps + order.most, self.gpt.decoder.config.positions))
        hidden = self.gpt.decoder(order.prompt[None], self._cache, [slot])[0, -1]
        self._free.pop(0)
        row = Row(order, slot, hidden)
        self.rows.append(row)
        return row

    def leave(self, row: Row) -> None:
        """Give a place back before its row has ended."""
        if row in self.rows:
            self.rows.remove(row)
            self._cache.close(row.slot)
            insort(self._free, row.slot)

    def step(self) -> list[Row]:
        """One token for every row; gives the rows that took one or ended. What ended has left."""
        stepped = list(self.rows)
        for kind in ("code", "text"):
            self._draw([row for row in stepped if row.order.kind == kind], kind)
        for row in stepped:
            if row.ending:
                self.leave(row)
        if self.rows:
            self._advance(self.rows)
        return stepped

    def _draw(self, rows: Sequence[Row], kind: str) -> None:
        if not rows:
            return
        states = torch.stack([row.hidden for row in rows])
        logits = self.gpt.code_logits(states) if kind == "code" else self.gpt.text_logits(states)
        drawn = self._samplers[kind].draw(
            logits,
            [row.order.sampling for row in rows],
            [row.drawn for row in rows],
            [row.order.draws for row in rows],
            [row.order.end if row.length < row.order.least else None for row in rows],
        )
        for row, token in zip(rows, drawn, strict=True):
            row.keep(token)

    def _advance(self, rows: Sequence[Row]) -> None:
        """The states that predict the next tokens."""
        embed, device = self.gpt.embed, self.gpt.device
        steps = [
            embed.frames(row.tokens[row.length - 1].to(device))
            if row.order.kind == "code"
            else embed.text(row.tokens[row.length - 1, 0].to(device))
            for row in rows
        ]
        hidden = self.gpt.decoder(torch.stack(steps)[:, None], self._cache, [row.slot for row in rows])
        for row, state in zip(rows, hidden[:, 0], strict=True):
            row.hidden = state
