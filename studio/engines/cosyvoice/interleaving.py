"""Text that arrives while its beginning is already being said.

The second and third generation were trained to read text and speech in turn: five ids of text, fifteen of speech. An id
of its own (fill) asks for the next text. Whoever writes the text feeds it here (`feed`, `finish`); the row that draws
asks for what it should read next (`more`).
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from studio.engines.cosyvoice.drawing import Choice, forbid
from studio.engines.cosyvoice.language import LanguageModel


@dataclass(eq=False)
class Interleaving:
    """One text on its way, and what of it was read."""

    model: LanguageModel
    mix: tuple[int, int]  # ids of text, ids of speech
    before: Tensor  # (n,) text ids of the prompt
    heard: Tensor  # (n,) speech ids of the prompt
    opening: int = -1  # id up to which `before` is read first of all (the third generation's instruction); -1: none
    eager: bool = True  # begin before any text where the prompt has no speech, as published
    _next_fill: int = field(init=False)
    _text: Tensor = field(init=False)  # (n, dim) not read yet
    _speech: Tensor = field(init=False)  # (n, dim) of the prompt, not read yet
    _input: Tensor = field(init=False)  # (n, dim) to be read with what comes next
    _begun: bool = False
    _asked: bool = False  # for text, by the last id
    _finished: bool = False  # no text will come any more
    _closed: bool = False  # and the row knows

    def __post_init__(self) -> None:
        model, each = self.model, self.mix[1]
        before, self._input = self.before, model.marks[:1]
        if self.opening >= 0:
            at = self.before.tolist().index(self.opening) + 1
            self._input = torch.cat([self._input, model.words(before[:at])])
            before = before[at:]
        self._text, self._speech = model.words(before), model.sound(self.heard)
        self._next_fill = (len(self.heard) // each + 1) * each - len(self.heard)

    def feed(self, ids: Tensor) -> None:
        """More text (n,)."""
        self._text = torch.cat([self._text, self.model.words(ids)])
        self._lay_out()

    def finish(self) -> None:
        """That was all."""
        self._finished = True

    @property
    def closed(self) -> bool:
        """Whether everything was read: only then may the end come."""
        return self._closed

    def more(self) -> Tensor | None:
        """What is to be read next (n, dim), or None: more text has to come first. Asked once at the start, and after
        every fill."""
        count = self.mix[0]
        if not len(self._speech) and not self._closed:
            if self._asked or (not self._begun and self._waits()):
                if len(self._text) >= count:
                    text, self._text = self._text[:count], self._text[count:]
                    self._input = text if self._asked else torch.cat([self._input, text])
                    return self._ready()
            elif not self._begun:  # a prompt was laid out: speech goes on from it
                return self._ready()
        if self._finished and not self._closed:
            self._closed = True
            self._input = torch.cat([self._input, self._text, self.model.marks[1:]])
            return self._ready()
        return None

    def _waits(self) -> bool:
        """Whether the first text has to come before the first sound."""
        return len(self._input) == 1 or not (self.eager or len(self.heard))

    def choose(self, scores: Tensor, drawn: list[int], choice: Choice) -> int:
        """The next id: a fill where one is due, else what `choice` draws. `drawn` holds the fills too."""
        ids = self.model.ids
        if not self._closed and len(drawn) == self._next_fill:
            found = ids.fill
        else:
            may = ids.end if self._closed else ids.fill  # no other id that is no sound
            forbid(scores, [id for id in ids.stops if id != may])
            found = choice(scores, drawn)
        if found == ids.fill and not self._closed:
            self._next_fill = len(drawn) + self.mix[1] + 1
            self._asked = True
        return found

    def read(self, input: Tensor) -> None:
        """What the row reads between two texts: the sound that it drew."""
        self._input = input

    def _ready(self) -> Tensor:
        self._begun, self._asked = True, False
        return self._input

    def _lay_out(self) -> None:
        """The prompt's text and speech in turn, as far as its text reaches."""
        count, each = self.mix
        while len(self._speech) and len(self._text) >= count:
            self._input = torch.cat([self._input, self._text[:count], self._speech[:each]])
            self._text, self._speech = self._text[count:], self._speech[each:]
