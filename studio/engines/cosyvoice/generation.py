"""Sounds drawn step by step, for any number of texts at once.

A `Batch` holds the sequences (`Row`) that are being drawn now. A row enters when a slot is free, whatever the others
are doing; at each `step` every row draws its next id; a row leaves at the step at which it ends. A row may also wait
for more text (`Order.text`): it then rests in its slot, and is fed when the text comes.
"""

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from studio.engines.cosyvoice.drawing import Choice, forbid
from studio.engines.cosyvoice.interleaving import Interleaving
from studio.engines.cosyvoice.language import LanguageModel
from studio.engines.cosyvoice.sizes import SpeechIds

Ending = Literal["", "end", "limit"]


@dataclass(frozen=True, eq=False)
class Order:
    """What one row is to draw."""

    prompt: Tensor  # (steps, dim), embedded
    choice: Choice
    most: int  # ids; a row that reaches them ends as "limit"
    least: int = 0  # ids before the end may come
    withheld: Sequence[int] = ()  # ids that may not come before that; usually every id that stops
    text: Interleaving | None = None  # where more text may come while it is being drawn


@dataclass(eq=False)
class Row:
    """A sequence that is being drawn."""

    order: Order
    slot: int
    hidden: Tensor  # (dim,), the state that predicts the next id
    drawn: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)  # all ids, those that ask for text among them
    ending: Ending = ""
    resting: bool = False  # until more text comes

    def draw(self, scores: Tensor, ids: SpeechIds) -> None:
        """Take the next id; the row may end, or rest."""
        order = self.order
        if order.text is not None:
            id = order.text.choose(scores, self.asked, order.choice)
            self.asked.append(id)
            if id == ids.fill and not order.text.closed:
                self.resting = True
                return
        else:
            if len(self.drawn) < order.least:
                forbid(scores, order.withheld)
            id = order.choice(scores, self.drawn)
        if id in ids.stops:
            self.ending = "end"
            return
        self.drawn.append(id)
        if len(self.drawn) >= order.most:
            self.ending = "limit"


class Batch:
    """The rows that are being drawn, in at most `slots` places."""

    def __init__(self, model: LanguageModel, slots: int) -> None:
        self.model = model
        self.rows: list[Row] = []
        self._cache = model.cache(slots)
        self._free = list(range(slots))

    @property
    def room(self) -> int:
        """Rows that could still enter."""
        return len(self._free)

    def enter(self, order: Order) -> Row:
        """Read a prompt and take a place; there has to be one."""
        slot = self._free[0]
        self._cache.open(slot, min(len(order.prompt) + order.most, self.model.positions))
        hidden = self.model.decoder(order.prompt[None], self._cache, [slot])[0, -1]
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
        """One id for every row that does not rest; gives those rows. What ended has left."""
        self._feed()
        stepped = [row for row in self.rows if not row.resting]
        if not stepped:
            return stepped
        scores = self.model.scores(torch.stack([row.hidden for row in stepped])).cpu()
        for row, own in zip(stepped, scores, strict=True):
            row.draw(own, self.model.ids)
            if row.ending:
                self.leave(row)
        self._advance([row for row in stepped if not row.ending and not row.resting])
        return stepped

    def _feed(self) -> None:
        """Rows that rest read the text that has come."""
        for row in self.rows:
            if row.resting and row.order.text is not None and (text := row.order.text.more()) is not None:
                self._grow(row, len(text))
                row.hidden = self.model.decoder(text[None], self._cache, [row.slot])[0, -1]
                row.resting = False

    def _grow(self, row: Row, steps: int) -> None:
        """Room in a row's place for more steps than it was opened with."""
        wanted = self._cache.lengths[row.slot] + steps + row.order.most - len(row.drawn)
        if wanted > self._cache.limits[row.slot]:
            self._cache.widen(row.slot, min(2 * wanted, self.model.positions))

    def _advance(self, rows: Sequence[Row]) -> None:
        """The states that predict the next ids."""
        if not rows:
            return
        steps = self.model.sound(torch.tensor([row.drawn[-1] for row in rows]))
        for row, step in zip(rows, steps, strict=True):
            if row.order.text is not None:
                row.order.text.read(step[None])
                self._grow(row, 1)
        hidden = self.model.decoder(steps[:, None], self._cache, [row.slot for row in rows])
        for row, state in zip(rows, hidden[:, 0], strict=True):
            row.hidden = state
