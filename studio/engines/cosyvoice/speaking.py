"""One utterance from text to sound, as an errand of the worker: draw, look, render piece by piece.

Every draw comes from generators seeded by the recipe's seed and the number of the try. A line is rendered in the same
pieces whether somebody listens or not, so it is the same sound either way.
"""

import queue
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from studio.engines import guards
from studio.engines.cosyvoice.checkpoint import Checkpoint
from studio.engines.cosyvoice.drawing import RepetitionAware
from studio.engines.cosyvoice.flow import CausalFlow, FirstFlow, Prompt, Quality
from studio.engines.cosyvoice.generation import Order, Row
from studio.engines.cosyvoice.interleaving import Interleaving
from studio.engines.cosyvoice.source import Chance, FixedChance, OwnChance, published_generator
from studio.engines.cosyvoice.together import Together
from studio.engines.cosyvoice.tokens import END_OF_PROMPT
from studio.engines.cosyvoice.waveform import Faster, WaveStream
from studio.engines.worker import Errand
from studio.errors import BadText, EngineFailed
from studio.words import counted

TRY = 1_000_003  # between the seeds of two tries
NOISE = 7_919  # between the seeds of what is drawn for sounds and for noise
GROWTH, MOST_CHUNKS = 2, 4  # a piece has twice as many sounds as the last, up to four chunks
WINDOW, OVERLAP, FADE = 100, 20, 34  # of the first generation: sounds, sounds that two windows share, mel frames of it
OPENING = 40  # sounds of its first window: a shorter one is heard sooner
ASSISTANT = "You are a helpful assistant."  # how every prompt of the third generation begins
STARVING_S = 0.01  # how long one who waits for text holds up the others
DIRECTED = 2.0  # so many times as wide are the limits of a line that was told how to be said
SHORT_TEXT = 40  # characters of a text in a message


@dataclass(frozen=True, eq=False)
class Script:
    """What is to be said and how: a recipe, its voice heard."""

    text: str  # as the tokenizer gets it
    controls: dict[str, Any]
    seed: int
    prompt: Prompt  # what the flow knows of the voice
    heard: Tensor  # (n,) speech ids that the language model continues; none where it shall not
    transcript: str = ""  # of those
    transcript_ids: Tensor | None = None  # of a saved speaker, whose text is not known
    instruction: str = ""
    speaker: Tensor | None = None  # for the first generation's language model


Give = Callable[[Tensor, bool], None]  # samples, and whether they are the last


class Speaking:
    """The errands for one checkpoint."""

    def __init__(self, checkpoint: Checkpoint, together: int = 1) -> None:
        """`together` whole lines go through flow and vocoder at once."""
        self.checkpoint = checkpoint
        self.together: Together | None = None
        if together > 1:
            self.together = Together(checkpoint.flow, checkpoint.vocoder, together)
        self._published = published_generator(checkpoint.sizes) if checkpoint.generation == 3 else None

    def speak(self, script: Script, give: Give, stream: bool) -> Errand:
        """Say one utterance; `give` gets its pieces in order."""
        trouble: guards.Trouble = "empty"
        tries = 1 + script.controls["retries"]
        for number in range(tries):
            row = yield self._order(script, number)
            assert row is not None
            with self._expected(script):
                found = yield from self._heard(script, row, number, give, stream and not script.controls["whole"])
            if found is None:
                return
            trouble = found
        raise _failed(script.text, trouble, tries)

    @contextmanager
    def _expected(self, script: Script) -> Iterator[None]:
        """Others that are rendered at once may wait for this line."""
        if self.together is None or not script.controls["whole"]:
            yield
            return
        self.together.expect(script)
        try:
            yield
        finally:
            self.together.forget(script)

    def follow(self, script: Script, texts: "queue.SimpleQueue[str | None]", give: Give) -> Errand:
        """Say a text while it is being written: pieces of it come from a queue, None ends it."""
        checkpoint, ended = self.checkpoint, False
        tokenizer = checkpoint.tokenizer
        before = self._before(script)
        if checkpoint.generation == 3 and not len(before):
            before = tokenizer.encode(f"{ASSISTANT}{END_OF_PROMPT}")
        text = Interleaving(
            checkpoint.language,
            checkpoint.sizes.mix,
            before,
            script.heard,
            eager=False,
            opening=tokenizer.opening if checkpoint.generation == 3 else -1,
        )

        def fed(hungry: bool) -> bool:
            """Take the text that has come; whether that was all. One who has nothing to do waits a moment for it."""
            try:
                while True:
                    piece = texts.get(timeout=STARVING_S) if hungry else texts.get_nowait()
                    if piece is None:
                        text.finish()
                        return True
                    text.feed(tokenizer.encode(piece))
                    hungry = False
            except queue.Empty:
                return False

        while (first := text.more()) is None:
            ended = ended or fed(hungry=True)
            yield None
        order = Order(first, self._choice(script, 0), checkpoint.language.positions - len(first), text=text)
        row = yield order
        rendering = Rendering(self, script, 0)
        most = round(guards.LOOP_S * checkpoint.sizes.flow.rate)
        while not row.ending:
            ended = ended or fed(hungry=row.resting)
            if guards.looping(torch.tensor(row.drawn)[:, None], most):
                raise _failed("…", "loop", 1)
            for at, end, _ in rendering.cuts(len(row.drawn), ended=False):
                give(rendering.piece(torch.tensor(row.drawn), at, end, last=False), False)
            yield None
        if not row.drawn:
            raise _failed("…", "empty", 1)
        sounds = torch.tensor(row.drawn)
        for at, end, last in rendering.cuts(len(sounds), ended=True):
            give(rendering.piece(sounds, at, end, last), last)
            yield None

    def convert(self, script: Script, sounds: Tensor, give: Give) -> Errand:
        """Say the sounds of a recording in another voice."""
        rendering = Rendering(self, script, 0)
        for at, end, last in rendering.cuts(len(sounds), ended=True):
            give(rendering.piece(sounds, at, end, last), last)
            yield None

    def _heard(
        self, script: Script, row: Row, number: int, give: Give, stream: bool
    ) -> Generator[Order | None, Row | None, guards.Trouble | None]:
        """Follow a row to its end and give its sound out; what is wrong with it, if it is."""
        rendering, given = Rendering(self, script, number), False
        most = round(guards.LOOP_S * self.checkpoint.sizes.flow.rate)
        shortest, longest = self._span(script)
        again = script.controls["endless"] == "retry"
        while not row.ending:
            if guards.looping(torch.tensor(row.drawn)[:, None], most):
                return _late("loop", script, given)
            if again and len(row.drawn) > longest:
                return _late("long", script, given)
            if stream:
                for at, end, _ in rendering.cuts(len(row.drawn), ended=False):
                    give(rendering.piece(torch.tensor(row.drawn), at, end, last=False), False)
                    given = True
            yield None
        if not row.drawn:
            return "empty"
        if row.ending == "limit" and again:
            return _late("endless", script, given)
        if len(row.drawn) < shortest:
            return _late("short", script, given)
        held: list[Tensor] = []
        sounds = torch.tensor(row.drawn)
        if self.together is not None and script.controls["whole"]:
            held.append((yield from rendering.together(self.together, sounds)))
            yield None
        for at, end, last in rendering.cuts(len(sounds), ended=not held):
            held.append(rendering.piece(sounds, at, end, last))
            if stream and not last:
                give(held.pop(), False)
                given = True
            yield None
        rest = torch.cat(held)
        if not given and guards.silent(rest):
            return "silent"
        give(rest, True)
        return None

    def _span(self, script: Script) -> tuple[float, float]:
        """Sounds between which the line has to have, at the pace of its clip; of what is directed, at any pace."""
        rate, times = self.checkpoint.sizes.flow.rate, script.controls["length_guard"]
        said = "" if script.instruction else script.transcript
        if script.instruction:
            times *= DIRECTED
        shortest, longest = guards.span(script.text, times, said, len(script.heard) / rate, script.text.count("["))
        return shortest * rate, longest * rate

    def _order(self, script: Script, number: int) -> Order:
        checkpoint, controls = self.checkpoint, script.controls
        model, tokenizer = checkpoint.language, checkpoint.tokenizer
        text = tokenizer.encode(script.text)
        before = self._before(script)
        if checkpoint.generation == 3 and not len(before):  # the voice alone: what opens the prompt is part of the text
            before = tokenizer.encode(f"{ASSISTANT}{END_OF_PROMPT}")
        embedded = model.prompt(before, text, script.heard, script.speaker)
        room = model.positions - len(embedded)
        if room < 1:
            raise BadText(
                f"the line and its prompt have {len(embedded)} tokens: the model takes {model.positions}; shorten it",
                f"这一句连同提示共有 {len(embedded)} 个标记，模型最多 {model.positions} 个；请缩短文字",
                where="text",
            )
        most = max(1, min(int(len(text) * controls["max_ratio"]), room))
        choice = self._choice(script, number)
        least = min(int(len(text) * controls["min_ratio"]), most)
        return Order(embedded, choice, most, least, tuple(model.ids.stops))

    def _choice(self, script: Script, number: int) -> RepetitionAware:
        controls = script.controls
        return RepetitionAware(
            torch.Generator().manual_seed(_seed(script, number)),
            controls["top_p"],
            controls["top_k"],
            controls["window"],
            1 / controls["window"] if controls["window"] else 1.0,
            controls["temperature"],
        )

    def _before(self, script: Script) -> Tensor:
        """Ids of what stands before the text: what is said in the clip, or an instruction."""
        encode, third = self.checkpoint.tokenizer.encode, self.checkpoint.generation == 3
        if script.instruction:
            opening = f"{ASSISTANT} " if third else ""
            return encode(f"{opening}{script.instruction}{END_OF_PROMPT}")
        if not len(script.heard):
            return encode("")
        if script.transcript_ids is not None:
            return script.transcript_ids
        return encode(f"{ASSISTANT}{END_OF_PROMPT}{script.transcript}" if third else script.transcript)

    def chance(self, script: Script, number: int) -> Chance:
        """Where the vocoder's noise comes from."""
        if self._published is not None:
            return FixedChance(self._published)
        return OwnChance(_seed(script, number) + NOISE)


class Rendering:
    """Sounds of one line to samples, piece by piece."""

    def __init__(self, speaking: Speaking, script: Script, number: int) -> None:
        controls, checkpoint = script.controls, speaking.checkpoint
        self._script, self._flow, self._whole = script, checkpoint.flow, bool(controls["whole"])
        self.quality = Quality(controls["steps"], controls["guidance"])
        self._faster = Faster(controls["speed"]) if controls["speed"] != 1 else None
        self._wave = WaveStream(checkpoint.vocoder, speaking.chance(script, number))
        self._generator = torch.Generator().manual_seed(_seed(script, number) + 2 * NOISE)
        self._at, self._hop = 0, 0
        self._stream = None
        if isinstance(self._flow, CausalFlow):
            self._stream = None if self._whole else self._flow.stream(script.prompt, self.quality)
            self._hop = self._flow.sizes.chunk
        else:
            self._tail: Any = None
            self._over: Tensor | None = None

    def cuts(self, known: int, *, ended: bool) -> Iterator[tuple[int, int, bool]]:
        """(start, end, last) of the pieces that can be rendered now, of `known` sounds."""
        while not self._whole and (end := self._next()) <= known:
            yield self._at, end - self._beyond(), False
        if ended:
            yield self._at, known, True

    def _next(self) -> int:
        """Sounds that have to be known before another piece that is not the last."""
        if self._stream is None:
            return self._at + (WINDOW if self._at else OPENING) + OVERLAP
        size = self._stream.first if self._at == 0 else self._hop
        return self._at + size + self._beyond()

    def _beyond(self) -> int:
        return self._flow.sizes.ahead

    def piece(self, sounds: Tensor, start: int, end: int, last: bool) -> Tensor:
        """The samples that are certain once these sounds are known."""
        mel = self._quick(self._mel(sounds, start, end, last), last)
        return self._wave.piece(mel, last)

    def together(self, together: Together, sounds: Tensor) -> Generator[None, None, Tensor]:
        """All samples of a whole line, rendered at once with others."""
        laid = self._flow.lay(sounds, self._script.prompt, self._generator)
        mel = yield from together.mel(self._script, laid, self.quality)
        return (yield from together.wave(self._script, self._quick(mel, last=True), self._wave))

    def _quick(self, mel: Tensor, last: bool) -> Tensor:
        """The same at the speed that is asked for."""
        return mel if self._faster is None else self._faster.piece(mel.cpu(), last)

    def _mel(self, sounds: Tensor, start: int, end: int, last: bool) -> Tensor:
        flow, prompt = self._flow, self._script.prompt
        if isinstance(flow, FirstFlow):
            return self._window(flow, sounds, start, end, last)
        assert isinstance(flow, CausalFlow)
        if self._stream is None:
            return flow.whole(sounds, prompt, quality=self.quality)
        self._hop, self._at = min(GROWTH * self._hop, MOST_CHUNKS * flow.sizes.chunk), end
        return self._stream.piece(sounds[start:end], sounds[end : end + flow.sizes.ahead])

    def _window(self, flow: FirstFlow, sounds: Tensor, start: int, end: int, last: bool) -> Tensor:
        """The first generation: windows that share some sounds, one faded into the next."""
        mel, tail = flow.window(sounds[start:end], self._script.prompt, self._generator, self._tail, self.quality)
        if self._over is not None:
            count = min(len(self._over), len(mel))
            rise = torch.linspace(0, 1, count + 2)[1:-1, None].to(mel)
            mel = torch.cat([self._over[:count] * (1 - rise) + mel[:count] * rise, mel[count:]])
        if last:
            return mel
        self._tail, self._at = tail, end - OVERLAP
        mel, self._over = mel[:-FADE], mel[-FADE:]
        return mel


def _seed(script: Script, number: int) -> int:
    return (script.seed + TRY * number) % 2**62


def _late(trouble: guards.Trouble, script: Script, given: bool) -> guards.Trouble:
    """What has been heard cannot be taken back: then there is no second try."""
    if given:
        raise _failed(script.text, trouble, 1)
    return trouble


def _failed(text: str, trouble: guards.Trouble, tries: int) -> EngineFailed:
    words = guards.told(trouble, "max_ratio")
    short = text if len(text) <= SHORT_TEXT else text[: SHORT_TEXT - 1] + "…"
    return EngineFailed(
        f"“{short}”: {words.en} ({counted(tries, 'try', 'tries')}). "
        "Choose another text seed, a lower temperature, shorter lines",
        f"“{short}”：{words.zh}（尝试了 {tries} 次）。请换一个文本种子、降低温度，或把句子改短",
        trouble=trouble,
    )
