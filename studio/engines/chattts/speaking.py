"""One utterance from text to sound, as an errand of the worker: refine, draw, look, decode.

Every draw comes from a generator seeded by the recipe's seed and the number of the try, so a second try is as
reproducible as the first.
"""

from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from studio.engines import guards
from studio.engines.chattts.checkpoint import Checkpoint
from studio.engines.chattts.config import FRAME, RATE
from studio.engines.chattts.generation import Order, Row
from studio.engines.chattts.prompts import code_prompt, refine_prompt
from studio.engines.chattts.refining import Comparison, compare
from studio.engines.chattts.waveform import WaveStream
from studio.engines.worker import Errand
from studio.errors import BadText, EngineFailed
from studio.nn.sampling import Draws, OwnDraws, RepeatedDraws, Sampling
from studio.words import counted

TRY = 1_000_003  # between the seeds of two tries
LOOP_FRAMES = round(guards.LOOP_S * RATE / FRAME)
REMEMBERED = 16  # first pieces whose codes are kept


@dataclass(frozen=True, eq=False)
class Script:
    """What is to be said and how: a recipe, its voice and strings read."""

    text: str
    controls: dict[str, Any]
    seed: int
    speaker: Tensor | None = None  # (dim,) float16
    sample: Tensor | None = None  # (books, frames): an audio prompt, and what is said in it
    sample_text: str = ""
    coefficient: Tensor | None = None  # (1, 100, 1) of the DVAE


Key = tuple[Any, ...]
Refining = Generator[Order | None, Row | None, tuple[str, Comparison, int]]
Trying = Generator[Order | None, Row | None, Row]
Give = Callable[[Tensor, bool, str], None]  # a piece of sound, whether it is the last, and then the text as said


class Speaking:
    """The errands for one checkpoint."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self._first: OrderedDict[Key, Tensor] = OrderedDict()  # codes of first pieces
        self._drawing: set[Key] = set()  # those that are being drawn now

    # errands

    def speak(self, script: Script, give: Give, stream: bool) -> Errand:
        """Say one utterance; `give` gets its pieces in order, whether each is the last, and then the text as said."""
        said = ""
        if script.controls["refine"]:
            said, _, _ = yield from self.refined(script)
            script = replace(script, text=said)
        script = yield from self._anchored(script)
        if not _leads(script):
            yield from self._tried(script, give, stream, said)
            return
        with self._being_drawn(key := _key(script)):
            row = yield from self._tried(script, give, stream, said)
            self._keep(key, script, row)

    def refined(self, script: Script) -> Refining:
        """The text with what the model adds to it. `EngineFailed` if it changes words and the guard refuses that."""
        tokenizer, guard = self.checkpoint.tokenizer, script.controls["refine_guard"]
        first = tokenizer.id("[break_0]")
        for number in range(1 + script.controls["retries"]):
            row = yield self._text_order(script, number)
            assert row is not None
            while not row.ending:
                yield None
            drawn = row.drawn[:, 0]
            text = tokenizer.decode(drawn[drawn < first].tolist())
            comparison = compare(script.text, text)
            if comparison.ok or guard == "allow":
                return text, comparison, number + 1
        if guard == "original":
            return script.text, compare(script.text, script.text), number + 1
        raise _changed(script.text, comparison)

    # parts of them

    def _tried(self, script: Script, give: Give, stream: bool, said: str = "") -> Trying:
        """Say a text, and again while something is wrong with what comes, as often as the controls allow."""
        trouble: guards.Trouble = "empty"
        for number in range(1 + script.controls["retries"]):
            row = yield self._code_order(script, number)
            assert row is not None
            found = yield from self._heard(script, row, give, stream, said)
            if found is None:
                return row
            trouble = found
        raise _failed(script.text, trouble, 1 + script.controls["retries"])

    def _heard(
        self, script: Script, row: Row, give: Give, stream: bool, said: str
    ) -> Generator[Order | None, Row | None, guards.Trouble | None]:
        """Follow a row to its end and give its sound out; what is wrong with it, if it is."""
        wave = WaveStream(lambda frames: self._decode(script, frames), stream)
        given = False
        while not row.ending:
            if guards.looping(row.drawn, LOOP_FRAMES):
                return self._late("loop", script, given)
            if stream and wave.ready(row.length):
                give(wave.piece(self._frames(script, row)), False, "")
                given = True
            yield None
        if not row.length:
            return "empty"
        if row.ending == "limit":
            return self._late("endless", script, given)
        held: list[Tensor] = []
        while not wave.done(row.length):
            piece = wave.piece(self._frames(script, row), last=True)
            held.append(piece)
            if stream and not wave.done(row.length):
                give(held.pop(), False, "")
                given = True
            yield None
        rest = torch.cat(held)
        if not given and guards.silent(rest):
            return "silent"
        give(rest, True, said)
        return None

    def _late(self, trouble: guards.Trouble, script: Script, given: bool) -> guards.Trouble:
        """What has been heard cannot be taken back: then there is no second try."""
        if given:
            raise _failed(script.text, trouble, 1)
        return trouble

    def _anchored(self, script: Script) -> Generator[Order | None, Row | None, Script]:
        """With the first piece of the text as audio prompt, where the text is to be held together by it."""
        text = script.controls["anchor"]
        if not text or script.sample is not None:
            return script
        first = replace(script, text=text)
        key = _key(first)
        while key in self._drawing:  # by the line that is the first one itself, or by a neighbour
            yield None
        codes = self._first.get(key)
        if codes is None:
            with self._being_drawn(key):
                row = yield from self._tried(first, lambda sound, last, said: None, stream=False)
                codes = self._keep(key, first, row)
        return replace(script, sample=codes, sample_text=text)

    @contextmanager
    def _being_drawn(self, key: Key) -> Iterator[None]:
        """Others who want the codes of this first piece wait; they draw it themselves where it fails."""
        self._drawing.add(key)
        try:
            yield
        finally:
            self._drawing.discard(key)

    def _keep(self, key: Key, script: Script, row: Row) -> Tensor:
        """The codes of a first piece that was drawn. One that is silent (a streamed one is not tried again) is no
        sample for others."""
        sound = self._decode(script, self._frames(script, row))
        codes = self.checkpoint.dvae.encode(sound, script.coefficient)
        if not guards.silent(sound):
            self._first[key] = codes
        while len(self._first) > REMEMBERED:
            self._first.popitem(last=False)
        return codes

    def _frames(self, script: Script, row: Row) -> Tensor:
        """(n, channels) of what is decoded: hidden states, or codes."""
        return row.hiddens if script.controls["decoder"] == "decoder" else row.drawn

    def _decode(self, script: Script, frames: Tensor) -> Tensor:
        checkpoint, batch = self.checkpoint, frames.T[None].to(self.checkpoint.device)
        if script.controls["decoder"] == "decoder":
            mel = checkpoint.hidden_decoder(batch, script.coefficient)
        else:
            mel = checkpoint.dvae(batch, script.coefficient)
        return checkpoint.vocoder(mel)[0].cpu()

    # orders

    def _code_order(self, script: Script, number: int) -> Order:
        controls, gpt = script.controls, self.checkpoint.gpt
        text = code_prompt(
            controls["prefix"] + script.text + controls["suffix"],
            speaker=script.speaker is not None,
            prompt=controls["prompt"] or f"[speed_{controls['speed']}]",
            sample_text=script.sample_text,
        )
        ids = self.checkpoint.tokenizer.encode(text)
        embedded = gpt.prompt(ids, script.speaker, 1, script.sample)  # the speaker's token is always the second
        most = self._most(len(embedded), controls["max_tokens"])
        sampling = Sampling(
            (controls["temperature"],), controls["top_p"], controls["top_k"], controls["repetition_penalty"]
        )
        end = self.checkpoint.sizes.embed.end
        return Order(embedded, "code", sampling, draws(script, number), most, end, min(controls["min_tokens"], most))

    def _text_order(self, script: Script, number: int) -> Order:
        controls, tokenizer = script.controls, self.checkpoint.tokenizer
        prompt = f"[oral_{controls['oral']}][laugh_{controls['laugh']}][break_{controls['break']}]"
        embedded = self.checkpoint.gpt.prompt(tokenizer.encode(refine_prompt(script.text, prompt)))
        most = self._most(len(embedded), controls["refine_max_tokens"])
        sampling = Sampling(
            (controls["refine_temperature"],),
            controls["refine_top_p"],
            controls["refine_top_k"],
            controls["refine_repetition_penalty"],
        )
        return Order(embedded, "text", sampling, draws(script, number), most, tokenizer.id("[Ebreak]"))

    def _most(self, prompt: int, wanted: int) -> int:
        """Tokens that may be drawn after a prompt. `BadText` where it leaves no room."""
        room = self.checkpoint.sizes.gpt.positions - prompt
        if room < 1:
            raise BadText(
                f"the line and its prompt have {prompt} tokens: ChatTTS takes {self.checkpoint.sizes.gpt.positions}; "
                "shorten it, or the audio sample",
                f"这一句连同提示共有 {prompt} 个标记，ChatTTS 最多 {self.checkpoint.sizes.gpt.positions} 个；"
                "请缩短文字或音频样本",
                where="text",
            )
        return min(wanted, room)


def _key(script: Script) -> Key:
    """What determines the sound of a first piece."""
    who = b"" if script.speaker is None else script.speaker.numpy().tobytes()
    return script.text, script.seed, repr({**script.controls, "anchor": ""}), who


def _leads(script: Script) -> bool:
    """Whether other lines may take this one as their sample. They take a first line as written, not as refined."""
    controls = script.controls
    return controls["hold"] == "first" and not (controls["anchor"] or controls["refine"] or script.sample is not None)


def draws(script: Script, number: int) -> Draws:
    """The chance of one try."""
    seed = (script.seed + TRY * number) % 2**63
    return RepeatedDraws(seed) if script.controls["draws"] == "repeated" else OwnDraws(seed)


def _failed(text: str, trouble: guards.Trouble, tries: int) -> EngineFailed:
    words = guards.told(trouble, "max_tokens")
    return EngineFailed(
        f"“{_short(text)}”: {words.en} ({counted(tries, 'try', 'tries')}). "
        "Choose another text seed, a lower temperature, shorter lines",
        f"“{_short(text)}”：{words.zh}（尝试了 {tries} 次）。请换一个文本种子、降低温度，或把句子改短",
        trouble=trouble,
    )


def _changed(text: str, comparison: Comparison) -> EngineFailed:
    lost = " ".join(words for kind, words in comparison.diff if kind in ("lost", "changed"))
    return EngineFailed(
        f"“{_short(text)}”: refining changed its words ({_short(lost)}). Choose another text seed, less oral, or set "
        "the refine guard to original or allow",
        f"“{_short(text)}”：口语化改动了原文（{_short(lost)}）。请换一个文本种子、降低 oral，"
        "或把口语化保护设为“用原文”或“允许”",
        trouble="refined",
    )


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
