"""`ChatTTS`: the engine contract over the checkpoint and its worker."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studio.engines.chattts.declaration import ID, SETTINGS, declare
from studio.engines.chattts.lint import lint
from studio.engines.chattts.tokens import IN_TEXT
from studio.engines.clips import read_clip
from studio.engines.contract import (
    AudioChunk,
    BuiltinVoice,
    Draft,
    EngineSpec,
    Recipe,
    Refined,
    Stop,
    Value,
    VoiceContent,
    VoiceKind,
)  # fmt: skip
from studio.engines.derived import Arrays, Derived, key_of
from studio.engines.worker import Mailbox, Task, Worker
from studio.errors import BadRequest, NotInstalled
from studio.nn.devices import precision, reached
from studio.settings import settled
from studio.text.marks import MarkNote, parse, render
from studio.weights import Found, WeightStore
from studio.words import Words

if TYPE_CHECKING:  # torch takes seconds to import; it comes with `load`
    from torch import Tensor

    from studio.engines.chattts.checkpoint import Checkpoint
    from studio.engines.chattts.speaking import Script, Speaking
    from studio.engines.chattts.tokenizer import Tokenizer

ENCODED = "1"  # this way of encoding clips; another number where the codes would be others
REMEMBERED = 16  # clips whose codes are kept


class ChatTTS:
    """Speech from ChatTTS. May be asked by several threads at once."""

    def __init__(self, weights: WeightStore, derived: Derived | None = None) -> None:
        """`derived` is where it keeps the codes of clips."""
        self._weights, self._derived = weights, derived or Derived()
        self._settings = {setting.name: setting.default for setting in SETTINGS}
        self._lock = threading.RLock()
        self._speaking: Speaking | None = None
        self._worker: Worker | None = None
        self._words: Tokenizer | None = None  # for preparing texts; loaded without the rest
        self._samples: OrderedDict[tuple[bytes, str], Tensor] = OrderedDict()
        self._declared: tuple[object, EngineSpec] | None = None

    @property
    def spec(self) -> EngineSpec:
        """The declaration, for the weights and settings as they are now."""
        found = self._weights.find(ID)
        key = (found, tuple(self._settings.items()))
        if self._declared is None or self._declared[0] != key:
            version, size = "", 768
            if found is not None:
                version = f"{self._weights.digest(ID)[:12]}.{self._precision()}.{self._settings['quantiser']}"
                size = _size(found.root)
            self._declared = key, declare(size, version)
        return self._declared[1]

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Use these settings from the next `load` on."""
        self._settings = settled(ID, SETTINGS, settings)
        self.unload()

    def versioned(self) -> Mapping[str, Value]:
        return {"precision": self._precision(), "quantiser": self._settings["quantiser"]}

    def missing(self) -> Words | None:
        return self._weights.missing(ID)

    def load(self) -> None:
        with self._lock:
            if self._worker is not None:
                return
            found = self._installed()
            from studio.engines.chattts.checkpoint import Checkpoint
            from studio.engines.chattts.generation import Batch
            from studio.engines.chattts.speaking import Speaking

            checkpoint = Checkpoint(found.root, self._precision(), self._device(), self._settings["quantiser"])  # type: ignore[arg-type]
            self._speaking = Speaking(checkpoint)
            self._words = checkpoint.tokenizer
            self._worker = Worker(Batch(checkpoint.gpt, int(self._settings["rows"])), ID)

    def unload(self) -> None:
        with self._lock:
            worker, self._worker, self._speaking = self._worker, None, None
            self._samples.clear()
        if worker is not None:
            worker.close()

    def voices(self) -> Sequence[BuiltinVoice]:
        return ()

    def embed(self, voice: VoiceContent) -> bytes:
        """The numbers behind a seed, as float32; a clip has none."""
        self.spec.accept(voice)
        if voice.kind is VoiceKind.CLIP:
            raise BadRequest(
                "a voice from a clip has no embedding in ChatTTS; blend seeds or embeddings",
                "由音频克隆的音色在 ChatTTS 中没有向量；请混合种子或向量音色",
                where="voice",
            )
        return self._vector(voice).float().numpy().astype("<f4").tobytes()

    def code_of(self, voice: VoiceContent) -> str:
        """The string of a voice that people exchange: of a speaker, or of a clip's audio prompt."""
        from studio.engines.chattts.strings import sample_string, speaker_string

        if voice.kind is VoiceKind.CLIP:
            return sample_string(self._sample(voice).numpy())
        return speaker_string(self._vector(voice).numpy())

    def voice_of(self, code: str) -> VoiceContent:
        """The voice in a speaker string."""
        from studio.engines.chattts.strings import speaker_vector

        values = speaker_vector(code, self.spec.embedding_size).astype("<f4").tobytes()
        return VoiceContent(VoiceKind.EMBEDDING, values=values)

    def held(self, name: str, controls: Mapping[str, Value]) -> str:
        """The coefficient that the chosen decoder brings along, read from its file alone."""
        from studio.engines.chattts.coefficient import coefficient_of
        from studio.engines.chattts.strings import coefficient_string

        file = "Decoder" if controls["decoder"] == "decoder" else "DVAE"
        return coefficient_string(coefficient_of(self._installed().root / "asset" / f"{file}.safetensors"))

    # texts

    def lint(self, text: str) -> Sequence[MarkNote]:
        return lint(text)

    def prepare(self, drafts: Sequence[Draft], controls: Mapping[str, Value]) -> Sequence[Draft]:
        """The utterances in characters that the model knows; where asked, all but the first lean on the first."""
        from studio.engines.chattts.wording import says, word

        reads = self._reads()
        made = []
        for draft in drafts:
            nodes, notes = word(parse(draft.text, IN_TEXT), reads)
            made.append(replace(draft, text=render(nodes) if says(nodes) else "", notes=(*draft.notes, *notes)))
        first = next((at for at, draft in enumerate(made) if draft.text), 0)
        if controls.get("hold") == "first" and made:
            anchor = {"anchor": made[first].text}
            later = (replace(draft, controls={**draft.controls, **anchor}) for draft in made[first + 1 :])
            made = [*made[: first + 1], *later]
        return made

    def refine(self, recipes: Sequence[Recipe], stop: Stop) -> Iterator[Refined]:
        """Each text with what the model would add to it."""
        speaking, box = self._ready(), Mailbox(stop)
        for index, recipe in enumerate(recipes):
            self._submit(_refining(speaking, self._script(recipe), index, box), box)
        yield from box.open(len(recipes))

    def speak(self, recipes: Sequence[Recipe], stop: Stop, stream: bool = True) -> Iterator[AudioChunk]:
        """The sound of each recipe. Lines that are not the first to be heard are given out when they are whole."""
        stop.check()
        speaking, box = self._ready(), Mailbox(stop)
        scripts = [self._script(recipe) for recipe in recipes]  # refuses what is wrong before anything is begun
        for index, script in enumerate(scripts):
            give = _giver(box, index)
            self._submit(speaking.speak(script, give, stream and index == 0), box)
        yield from box.open(len(recipes))

    # parts

    def _installed(self) -> Found:
        """Where the weights are. `NotInstalled` says how to get them."""
        found = self._weights.find(ID)
        if found is None:
            words = self.missing() or Words("", "")
            raise NotInstalled(words.en, words.zh)
        return found

    def _ready(self) -> "Speaking":
        self.load()
        speaking = self._speaking
        assert speaking is not None
        return speaking

    def _submit(self, errand: Any, box: "Mailbox") -> None:
        worker = self._worker
        if worker is None:
            raise NotInstalled("chattts was unloaded; try again", "chattts 已卸载，请重试")
        worker.submit(Task(errand, box.put, lambda: box.closed))

    def _script(self, recipe: Recipe) -> "Script":
        import torch

        from studio.engines.chattts.speaking import Script
        from studio.engines.chattts.strings import coefficients
        from studio.engines.chattts.wording import spoken, word

        if recipe.engine != ID or recipe.mode != "speak":
            raise BadRequest(
                f"recipe for {recipe.engine}, mode {recipe.mode}: this is {ID}, which has mode speak",
                f"配方属于 {recipe.engine}，模式为 {recipe.mode}：这里是 {ID}，只有 speak 模式",
                where="engine",
            )
        controls = self.spec.settle(dict(recipe.controls))
        self.spec.accept(recipe.voice)
        nodes, _ = word(parse(recipe.text, IN_TEXT), self._reads())
        script = Script(spoken(nodes).strip(), controls, recipe.seed)
        if recipe.voice.kind is VoiceKind.CLIP:
            script = replace(script, sample=self._sample(recipe.voice), sample_text=recipe.voice.transcript)
        else:
            script = replace(script, speaker=self._vector(recipe.voice))
        if code := str(controls["sample_code"]):
            script = replace(script, sample=self._codes(code), sample_text=str(controls["sample_text"]))
        if code := str(controls["coefficient"]):
            script = replace(script, coefficient=torch.tensor(coefficients(code).copy())[None, :, None])
        return script

    def _vector(self, voice: VoiceContent) -> "Tensor":
        """The speaker (dim,) float16 of a seed or an embedding."""
        import numpy as np
        import torch

        from studio.engines.chattts.speakers import drawn

        size = self.spec.embedding_size
        if voice.kind is VoiceKind.SEED:
            return drawn(voice.seed, *self._speakers())
        vector = np.frombuffer(voice.values, "<f4") if len(voice.values) % 4 == 0 else np.zeros(0, "<f4")
        if len(vector) != size or not np.isfinite(vector).all() or np.abs(vector).max() > 60_000:
            raise BadRequest(
                f"voice embedding: {len(vector)} numbers; ChatTTS takes {size} finite ones. Draw or import it again",
                f"音色向量：{len(vector)} 个数；ChatTTS 需要 {size} 个有限数值。请重新抽取或导入",
                where="voice.values",
            )
        return torch.from_numpy(vector.copy()).to(torch.float16)

    def _speakers(self) -> "tuple[Tensor, Tensor]":
        from studio.engines.chattts.config import read_sizes
        from studio.engines.chattts.speakers import statistics

        found = self._weights.find(ID)
        return statistics(read_sizes(found.root).speakers if found else "", self.spec.embedding_size)

    def _codes(self, code: str) -> "Tensor":
        """The codes (books, frames) in a string."""
        import torch

        from studio.engines.chattts.strings import sample_codes

        books = self._ready().checkpoint.sizes.embed
        return torch.from_numpy(sample_codes(code, books.books, books.codes))

    def _sample(self, voice: VoiceContent) -> "Tensor":
        """The codes (books, frames) of a clip, made once."""
        from studio.engines.chattts.strings import sample_in

        key = (voice.clip, str(self._settings["quantiser"]))
        with self._lock:
            if key in self._samples:
                self._samples.move_to_end(key)
                return self._samples[key]
        code = sample_in(voice.clip)  # it may have been given as a string: the codes themselves
        codes = self._encoded(voice.clip) if code is None else self._codes(code)
        with self._lock:
            self._samples[key] = codes
            while len(self._samples) > REMEMBERED:
                self._samples.popitem(last=False)
        return codes

    def _encoded(self, clip: bytes) -> "Tensor":
        """The codes of a clip (an audio file), kept for the next time that the studio runs."""
        import torch

        checkpoint = self._ready().checkpoint
        books, how = checkpoint.sizes.embed, f"{self._precision()} {self._device()} {self._settings['quantiser']}"
        key = key_of(ID, self._weights.digest(ID), ENCODED, torch.__version__, how, clip)
        kept = self._derived.get(key, lambda found: _fits(found, books.books, books.codes))
        if kept is not None:
            return torch.from_numpy(kept["codes"].copy())
        codes = _encoded(checkpoint, clip)
        self._derived.put(key, {"codes": codes.numpy()})
        return codes

    def _reads(self) -> Callable[[str], bool]:
        """What the tokenizer knows; everything while there is none, since then nothing is spoken either."""
        if self._words is None:
            found = self._weights.find(ID)
            if found is None:
                return lambda character: True
            from studio.engines.chattts.tokenizer import Tokenizer

            self._words = Tokenizer(found.root / "asset" / "tokenizer")
        return self._words.reads

    def _precision(self) -> Any:
        return precision(self._settings)

    def _device(self) -> str:
        return reached(self._settings, ID)


def _size(root: Any) -> int:
    """Numbers of a speaker embedding, from the small configuration alone."""
    import json

    try:
        return int(json.loads((root / "asset" / "gpt" / "config.json").read_text("utf-8"))["hidden_size"])
    except (OSError, ValueError, KeyError, TypeError):
        return 768


def _fits(found: "Arrays", books: int, codes: int) -> bool:
    """Whether arrays that were kept are the codes of a clip."""
    one = found.get("codes")
    if len(found) != 1 or one is None or one.dtype.str != "<i8" or one.ndim != 2 or not one.size:
        return False
    return bool(len(one) == books and 0 <= one.min() <= one.max() < codes)


def _encoded(checkpoint: "Checkpoint", clip: bytes) -> "Tensor":
    """A clip (an audio file) as codes; see `read_clip` for what is refused."""
    import torch

    from studio.engines.chattts.config import RATE

    samples = torch.from_numpy(read_clip(clip, "ChatTTS", RATE).samples.copy())
    with torch.inference_mode():
        return checkpoint.dvae.encode(samples.to(checkpoint.device)).cpu()


def _giver(box: "Mailbox", index: int) -> "Callable[[Tensor, bool, str], None]":
    def give(samples: "Tensor", last: bool, said: str) -> None:
        box.put(AudioChunk(index, samples.clamp(-1, 1).float().numpy(), last=last, said=said))

    return give


def _refining(speaking: "Speaking", script: "Script", index: int, box: "Mailbox") -> Any:
    text, comparison, tries = yield from speaking.refined(script)
    box.put(Refined(index, text, comparison.diff, comparison.ok, tries))
