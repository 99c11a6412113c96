"""`CosyVoice`: the engine contract over a checkpoint and its worker; one class for all published models."""

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.engines.contract import (
    AudioChunk,
    BuiltinVoice,
    Draft,
    EngineSpec,
    Recipe,
    Stop,
    Value,
    VoiceContent,
    VoiceKind,
)  # fmt: skip
from studio.engines.cosyvoice.declaration import SETTINGS, SPEAKER_SIZE, VARIANTS, Variant, declare, native
from studio.engines.cosyvoice.instructions import TEXTS
from studio.engines.cosyvoice.wording import check, katakana, spoken, unsuited, word
from studio.engines.derived import Derived, key_of
from studio.engines.worker import Mailbox, Task, Worker
from studio.errors import BadRequest, NotInstalled
from studio.nn.devices import chosen, precision, reached, steady
from studio.settings import settled
from studio.text.marks import MarkNote, parse, render
from studio.text.scan import without_marks
from studio.text.sentences import Size
from studio.weights import WeightStore
from studio.words import Words

if TYPE_CHECKING:  # torch takes seconds to import; it comes with `load`
    from torch import Tensor

    from studio.engines.cosyvoice.reference import Reference
    from studio.engines.cosyvoice.speakers import Speaker
    from studio.engines.cosyvoice.speaking import Script, Speaking
    from studio.engines.cosyvoice.tokenizer import Tokenizer

SHOWN = 16  # characters of a transcript in a note
LETTERS = 4  # about so many are a token, where nobody can count them
REMEMBERED = 16  # clips whose features are kept
GUIDES = Path(__file__).parent / "guides"
SAID = {
    "guide-zh": ("zh", "今天的天气真不错，我们一起去公园散步，好吗？"),
    "guide-en": ("en", "The weather is lovely today, so let us walk through the park together."),
}  # what the shipped clips say, spoken by eSpeak NG: a voice for the first minute
GUIDE_LABELS = {
    "guide-zh": Words("Guide, Chinese (synthetic clip)", "示例音色·中文（合成片段）"),
    "guide-en": Words("Guide, English (synthetic clip)", "示例音色·英文（合成片段）"),
}


class CosyVoice:
    """Speech from one published CosyVoice model. May be asked by several threads at once."""

    def __init__(
        self,
        weights: WeightStore,
        variant: Variant = VARIANTS["cosyvoice2"],
        derived: Derived | None = None,
    ) -> None:
        """`derived` is where it keeps what it heard in clips."""
        self._weights, self.variant, self._derived = weights, variant, derived or Derived()
        self._settings = {setting.name: setting.default for setting in SETTINGS}
        self._lock = threading.RLock()
        self._speaking: Speaking | None = None
        self._worker: Worker | None = None
        self._heard: OrderedDict[str, Reference] = OrderedDict()
        self._saved: tuple[object, dict[str, Speaker]] | None = None
        self._words: tuple[object, Tokenizer] | None = None  # for measuring texts; loaded without the rest
        self._declared: tuple[object, EngineSpec] | None = None

    @property
    def spec(self) -> EngineSpec:
        """The declaration, for the weights and settings as they are now."""
        found = self._weights.find(self.variant.id)
        key = (found, tuple(self._settings.items()))
        if self._declared is None or self._declared[0] != key:
            version = ""
            if found is not None:
                version = f"{self._weights.digest(self.variant.id)[:12]}.{self._precision()}"
                if self._together > 1:
                    version += f".{self._together}"
            self._declared = key, declare(self.variant, version)
        return self._declared[1]

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Use these settings from the next `load` on."""
        self._settings = settled(self.variant.id, SETTINGS, settings)
        self.unload()

    def versioned(self) -> Mapping[str, Value]:
        return {"precision": self._precision(), "together": self._together}

    @property
    def _together(self) -> int:
        """Whole lines that are rendered at once; the last bits of their sound depend on it. A CPU in half precision
        gives a row other bits in other company, whatever the shape, and so do some in float32: there each is rendered
        alone."""
        asked = int(self._settings["together"])
        return asked if not self._on_cpu or (self._precision() == "fp32" and steady()) else 1

    @property
    def _on_cpu(self) -> bool:
        return chosen(str(self._settings["device"])) == "cpu"

    def missing(self) -> Words | None:
        return self._weights.missing(self.variant.id)

    def load(self) -> None:
        with self._lock:
            if self._worker is not None:
                return
            missing, found = self.missing(), self._weights.find(self.variant.id)
            if missing or found is None:
                words = missing or Words("", "")
                raise NotInstalled(words.en, words.zh)
            from studio.engines.cosyvoice.checkpoint import Checkpoint
            from studio.engines.cosyvoice.generation import Batch
            from studio.engines.cosyvoice.speaking import Speaking

            checkpoint = Checkpoint(found.root, self._precision(), self._device(), self.variant.generation)
            self._speaking = Speaking(checkpoint, self._together)
            self._worker = Worker(Batch(checkpoint.language, int(self._settings["rows"])), self.variant.id)

    def unload(self) -> None:
        with self._lock:
            worker, self._worker, self._speaking = self._worker, None, None
            self._heard.clear()
        if worker is not None:
            worker.close()

    # voices

    def voices(self) -> Sequence[BuiltinVoice]:
        """Speakers that the checkpoint brings along, and where it takes clips, two that are shipped."""
        languages = self.spec.languages
        found = [BuiltinVoice(name, Words(name, name), languages) for name in self._presets()]
        if self.variant.clips:
            found += [BuiltinVoice(name, GUIDE_LABELS[name], (SAID[name][0],), "neutral") for name in SAID]
        if not found:  # not installed yet
            found = [BuiltinVoice("中文女", Words("中文女", "中文女"), languages, "female")]
        return tuple(found)

    def embed(self, voice: VoiceContent) -> bytes:
        if self.variant.presets:
            return bytes(self._speaker(voice).numpy().astype("<f4").tobytes())
        raise BadRequest(
            f"voices of {self.variant.id} cannot be blended: they are clips, not vectors",
            f"{self.variant.id} 的音色无法混合：它们是音频片段，不是向量",
            where="voice",
        )

    def _presets(self) -> "dict[str, Speaker]":
        """The checkpoint's own speakers, those that this model can speak with."""
        found = self._weights.find(self.variant.id)
        if found is None or not (found.root / "spk2info.pt").is_file():
            return {}
        if self._saved is None or self._saved[0] != found:
            from studio.engines.cosyvoice.speakers import read_speakers

            known = read_speakers(found.root)
            fits = {name: one for name, one in known.items() if self.variant.presets or one.mel is not None}
            self._saved = found, fits
        return self._saved[1]

    # texts

    def lint(self, text: str) -> Sequence[MarkNote]:
        check(text)
        return ()

    def prepare(self, drafts: Sequence[Draft], controls: Mapping[str, Value]) -> Sequence[Draft]:
        """The utterances with readings as the model takes them."""
        made = []
        for draft in drafts:
            nodes, notes = word(parse(draft.text, native(self.variant)), self.variant.generation)
            made.append(replace(draft, text=render(nodes), notes=(*draft.notes, *notes)))
        return made

    def advise(self, recipes: Sequence[Recipe]) -> Sequence[MarkNote]:
        """What in a clip does not suit the texts that go on from it: another language, more words than the text has."""
        found: dict[str, MarkNote] = {}
        for recipe in recipes:
            if recipe.engine == self.variant.id and (said := self._continued(recipe)):
                for name, note in unsuited(said, recipe.text, recipe.language).items():
                    found.setdefault(name, MarkNote(said if len(said) <= SHOWN else f"{said[:SHOWN]}…", *note, 0))
        return tuple(found.values())

    def _continued(self, recipe: Recipe) -> str:
        """The transcript that the text goes on from; "" where the voice alone is taken, or an instruction leads."""
        controls = dict(recipe.controls)
        if recipe.mode == "cross_lingual" or controls.get("instruction") or controls.get("direction", "none") != "none":
            return ""
        if recipe.voice.kind is VoiceKind.BUILTIN:
            return SAID[recipe.voice.name][1] if recipe.voice.name in SAID else ""
        return recipe.voice.transcript

    def measure(self, text: str) -> Size:
        """By characters where there is Chinese in the text, else by the model's tokens, as is published."""
        known = native(self.variant)
        if any("\u4e00" <= sign <= "\u9fff" for sign in text):
            return lambda stretch: len(without_marks(stretch, known))
        tokenizer = self._reads()
        if tokenizer is None:
            return lambda stretch: len(without_marks(stretch, known)) // LETTERS
        return lambda stretch: len(tokenizer.encode(without_marks(stretch, known).strip()))

    def _reads(self) -> "Tokenizer | None":
        """The model's tokenizer, read without the rest; None where it is not installed."""
        found = self._weights.find(self.variant.id)
        if found is not None and (self._words is None or self._words[0] != found):
            from studio.engines.cosyvoice.sizes import read_sizes
            from studio.engines.cosyvoice.tokenizer import tokenizer

            self._words = found, tokenizer(found.root, read_sizes(found.root, self.variant.generation))
        return self._words[1] if found is not None and self._words else None

    # speaking

    def speak(self, recipes: Sequence[Recipe], stop: Stop, stream: bool = True) -> Iterator[AudioChunk]:
        """The sound of each recipe. Lines that are not the first to be heard are given out when they are whole."""
        stop.check()
        speaking, box = self._ready(), Mailbox(stop)
        scripts = [self._script(recipe) for recipe in recipes]  # refuses what is wrong before anything is begun
        for index, script in enumerate(scripts):
            self._submit(speaking.speak(script, _giver(box, index), stream and index == 0), box)
        yield from box.open(len(recipes))

    def follow(self, texts: Iterable[str], recipe: Recipe, stop: Stop) -> Iterator[AudioChunk]:
        """Say a text while it is being written; the recipe's own text is not used."""
        stop.check()
        if self.variant.generation == 1:
            raise BadRequest(
                f"{self.variant.id} has to know the whole text; cosyvoice2 and cosyvoice3 follow one as it is written",
                f"{self.variant.id} 需要完整文本；边写边读请用 cosyvoice2 或 cosyvoice3",
                where="engine",
            )
        speaking, box = self._ready(), Mailbox(stop)
        script = self._script(replace(recipe, text="-"))
        pieces: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=_write, args=(texts, pieces, box), name="writing", daemon=True).start()
        self._submit(speaking.follow(script, pieces, _giver(box, 0)), box)
        yield from box.open(1)

    def convert(self, recording: bytes, recipe: Recipe, stop: Stop) -> Iterator[AudioChunk]:
        """What is said in a recording (an audio file), in the recipe's voice; its text is not used."""
        from studio.engines.cosyvoice.features import HEARD_RATE, resampled
        from studio.engines.cosyvoice.reference import read

        stop.check()
        speaking, box = self._ready(), Mailbox(stop)
        script = self._script(replace(recipe, text="-"))
        samples, rate = read(recording)
        sounds = speaking.checkpoint.ears.sounds(resampled(samples, rate, HEARD_RATE))
        self._submit(speaking.convert(script, sounds, _giver(box, 0)), box)
        yield from box.open(1)

    def _ready(self) -> "Speaking":
        self.load()
        speaking = self._speaking
        assert speaking is not None
        return speaking

    def _submit(self, errand: Any, box: Mailbox) -> None:
        worker = self._worker
        if worker is None:
            raise NotInstalled(f"{self.variant.id} was unloaded; try again", f"{self.variant.id} 已卸载，请重试")
        worker.submit(Task(errand, box.put, lambda: box.closed))

    def _script(self, recipe: Recipe) -> "Script":
        from studio.engines.cosyvoice.speaking import Script

        self._expect(recipe)
        controls = self.spec.settle(dict(recipe.controls))
        self.spec.accept(recipe.voice)
        text = spoken(parse(recipe.text, native(self.variant)), self.variant.generation)
        check(text)
        if self.variant.generation == 3 and recipe.language.partition("-")[0] == "ja":
            text = katakana(text)
        instruction = str(controls.get("instruction") or TEXTS.get(str(controls.get("direction", "none")), ""))
        check(instruction)
        if self.variant.generation == 1 and recipe.mode == "cross_lingual":
            text = _tagged(text, recipe.language)
        prompt, sounds, transcript, ids, speaker = self._voice(recipe.voice)
        script = Script(text, controls, recipe.seed, prompt, sounds, transcript, ids, instruction, speaker)
        if instruction and self.variant.generation == 1:  # its speaker would leak what it should sound like
            script = replace(script, speaker=None)
        if (
            instruction
            or recipe.mode == "cross_lingual"
            or not (script.transcript or script.transcript_ids is not None)
        ):
            script = replace(script, heard=sounds[:0], transcript="", transcript_ids=None)
        return script

    def _voice(self, voice: VoiceContent) -> "tuple[Any, ...]":
        """Prompt, sounds, transcript, its ids and speaker of a voice, as a script takes them."""
        import torch

        from studio.engines.cosyvoice.flow import Prompt

        none, first = torch.zeros(0, dtype=torch.long), self.variant.generation == 1
        if voice.kind is VoiceKind.EMBEDDING:
            speaker = self._speaker(voice)
            return Prompt.of(speaker), none, "", None, speaker
        if voice.kind is VoiceKind.BUILTIN and voice.name not in SAID:
            one = self._preset(voice.name)
            if one.mel is None or one.sounds is None:
                return Prompt.of(one.speaker), none, "", None, one.speaker if first else None
            return Prompt(one.sounds, one.mel, one.speaker), one.sounds, "", one.text, one.speaker if first else None
        clip, transcript = voice.clip, voice.transcript
        if voice.kind is VoiceKind.BUILTIN:
            clip, transcript = (GUIDES / f"{SAID[voice.name][0]}.flac").read_bytes(), SAID[voice.name][1]
        heard = self._listened(clip, transcript)
        return (
            heard.prompt(self._ready().checkpoint.sizes.flow),
            heard.sounds,
            transcript,
            None,
            heard.speaker if first else None,
        )

    def _preset(self, name: str) -> "Speaker":
        """A speaker that the checkpoint brings along."""
        known = self._presets()
        if name not in known:
            names = ", ".join(known) or ", ".join(SAID)
            raise BadRequest(
                f"voice “{name}”: {self.variant.id} has no such speaker; it has {names}",
                f"音色“{name}”：{self.variant.id} 没有这个说话人；可用：{names}",
                where="voice",
            )
        return known[name]

    def _speaker(self, voice: VoiceContent) -> "Tensor":
        """The speaker (192,) of a preset or an embedding, for models that take one without a clip."""
        import numpy as np
        import torch

        if voice.kind is VoiceKind.BUILTIN:
            return self._preset(voice.name).speaker
        vector = np.frombuffer(voice.values, "<f4") if len(voice.values) % 4 == 0 else np.zeros(0, "<f4")
        if len(vector) != SPEAKER_SIZE or not np.isfinite(vector).all() or np.abs(vector).max() > 1e4:
            raise BadRequest(
                f"voice embedding: {len(vector)} numbers; {self.variant.id} takes {SPEAKER_SIZE} finite ones. "
                "Import it again",
                f"音色向量：{len(vector)} 个数；{self.variant.id} 需要 {SPEAKER_SIZE} 个有限数值。请重新导入",
                where="voice.values",
            )
        return torch.from_numpy(vector.copy())

    def _listened(self, clip: bytes, transcript: str) -> "Reference":
        """What is in a clip, heard once: it is remembered, and kept for the next time that the studio runs."""
        from studio.engines.cosyvoice import reference

        checkpoint = self._ready().checkpoint
        key = self._key(clip)
        with self._lock:
            found = self._heard.get(key)
        if found is None and (kept := self._derived.get(key, lambda arrays: reference.fits(arrays, checkpoint.sizes))):
            found = reference.reference_of(kept)
        if found is None:
            samples, rate = reference.read(clip)
            reference.check_transcript(transcript, len(samples) / rate)
            found = reference.listen(checkpoint, samples, rate)
            self._derived.put(key, reference.arrays_of(found))
        reference.check_transcript(transcript, found.seconds)
        with self._lock:
            self._heard[key] = found
            self._heard.move_to_end(key)
            while len(self._heard) > REMEMBERED:
                self._heard.popitem(last=False)
        return found

    def _key(self, clip: bytes) -> str:
        """The name of what is heard in a clip, by these weights and the code that listens."""
        import onnxruntime
        import torch

        from studio.engines.cosyvoice.reference import HEARD

        id = self.variant.id
        versions = HEARD, torch.__version__, onnxruntime.__version__
        return key_of(id, self._weights.digest(id), *versions, clip)

    def _expect(self, recipe: Recipe) -> None:
        modes = [mode for mode, _ in self.spec.modes]
        if recipe.engine != self.variant.id or recipe.mode not in modes:
            raise BadRequest(
                f"{recipe.engine}, mode {recipe.mode}: {self.variant.id} has the modes {', '.join(modes)}",
                f"{recipe.engine}，模式 {recipe.mode}：{self.variant.id} 的模式有 {'、'.join(modes)}",
                where="mode" if recipe.engine == self.variant.id else "engine",
            )

    def _precision(self) -> Any:
        return precision(self._settings)

    def _device(self) -> str:
        return reached(self._settings, self.variant.id)


def _tagged(text: str, language: str) -> str:
    """The first generation is told the language by a tag before the text."""
    name = language.partition("-")[0].lower()
    return f"<|{name}|>{text}" if name in ("zh", "en", "ja", "yue", "ko") else text


def _giver(box: Mailbox, index: int) -> "Callable[[Tensor, bool], None]":
    def give(samples: "Tensor", last: bool) -> None:
        if last or len(samples):
            box.put(AudioChunk(index, samples.clamp(-1, 1).float().numpy(), last=last))

    return give


def _write(texts: Iterable[str], pieces: "queue.SimpleQueue[str | None]", box: Mailbox) -> None:
    """Hand on what somebody writes, in a thread of its own: the next piece may be long in coming."""
    try:
        for text in texts:
            if box.closed:
                return
            if text:
                check(text)
                pieces.put(text)
        pieces.put(None)
    except Exception as error:  # whatever the writer raises belongs to whoever listens
        box.put(error)


class CosyVoice1(CosyVoice):
    """The first generation."""

    def __init__(self, weights: WeightStore, derived: Derived | None = None) -> None:
        super().__init__(weights, VARIANTS["cosyvoice1"], derived)


class CosyVoice1Sft(CosyVoice):
    """The first generation with its own speakers."""

    def __init__(self, weights: WeightStore, derived: Derived | None = None) -> None:
        super().__init__(weights, VARIANTS["cosyvoice1-sft"], derived)


class CosyVoice1Instruct(CosyVoice):
    """The first generation's speakers, directed."""

    def __init__(self, weights: WeightStore, derived: Derived | None = None) -> None:
        super().__init__(weights, VARIANTS["cosyvoice1-instruct"], derived)


class CosyVoice2(CosyVoice):
    """The second generation."""

    def __init__(self, weights: WeightStore, derived: Derived | None = None) -> None:
        super().__init__(weights, VARIANTS["cosyvoice2"], derived)


class CosyVoice3(CosyVoice):
    """The third generation."""

    def __init__(self, weights: WeightStore, derived: Derived | None = None) -> None:
        super().__init__(weights, VARIANTS["cosyvoice3"], derived)
