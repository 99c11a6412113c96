"""`Espeak`: the engine contract over eSpeak NG's worker."""

import atexit
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np

from studio.engines.contract import AudioChunk, BuiltinVoice, EngineSpec, Recipe, Stop, VoiceContent, VoiceKind
from studio.engines.espeak.declaration import declare
from studio.engines.espeak.languages import Language
from studio.engines.espeak.plan import Around, Passage, plan, words_per_minute
from studio.engines.espeak.process import Part, Process, find, missing, not_installed
from studio.engines.espeak.talk import Order, Talk
from studio.engines.espeak.timbre import Shaping, Timbre, lines, shaped
from studio.engines.espeak.voices import builtin_voices, drawn, named, timbre_of
from studio.errors import BadRequest
from studio.words import Words

RATE_PARAMETER, VOLUME_PARAMETER, GAP_PARAMETER = 1, 2, 7  # of espeak_SetParameter
VOLUME = 65  # % of the library's level: room for emphasis before its 16 bits are full
AHEAD = 32  # utterances that the worker has while the caller consumes


@dataclass(frozen=True)
class _Delivery:
    """How a voice speaks under its controls: the same for every line of a book."""

    accent: Language | None
    around: Around
    settings: Mapping[int, int]
    gain: float
    tone: str  # lines of a voice file
    whispered: str


class Espeak:
    """Speech from eSpeak NG."""

    def __init__(self) -> None:
        self.spec: EngineSpec = declare(find())
        self._delivery = lru_cache(64)(self._delivered)
        self._folder: Path | None = None
        self._process: Process | None = None
        self._number = 0  # of the last utterance sent; grows over the life of the engine

    def missing(self) -> Words | None:
        """None when it can speak; otherwise what is missing and the command that installs it."""
        return missing()

    def load(self) -> None:
        """Start the worker if none runs (50 ms). `NotInstalled`, or `EngineFailed` where it does not start."""
        if self._process is not None and self._process.alive:
            return
        self.unload()
        self._process = Process()
        atexit.register(self.unload)

    def unload(self) -> None:
        """End the worker."""
        process, self._process = self._process, None
        if process is not None:
            atexit.unregister(self.unload)
            process.close()

    def voices(self) -> Sequence[BuiltinVoice]:
        """The plain voice, its timbres, and one voice per language and accent; `accent+timbre` is understood too."""
        return builtin_voices()

    def embed(self, voice: VoiceContent) -> bytes:
        """The timbre behind a seed, a builtin voice or an embedding.

        `BadRequest` for an accent: that is a language, which the recipe says, and nothing between two of them exists.
        """
        self.spec.accept(voice)
        timbre, accent = self._voice(voice)
        if accent is not None:
            raise BadRequest(
                f"voice “{voice.name}”: its accent cannot become an embedding; use a timbre such as f2, and set the "
                f"language to {accent.tag}",
                f"音色“{voice.name}”：口音无法存入音色向量；请选用 f2 之类的音色，并把语言设为 {accent.tag}",
                where="voice",
            )
        return timbre.embedding()

    def within(self, values: bytes) -> bytes:
        """The nearest timbre that a voice can have."""
        return Timbre.nearest(values).embedding()

    def speak(self, recipes: Sequence[Recipe], stop: Stop, stream: bool = True) -> Iterator[AudioChunk]:
        """The sound of each recipe in order; without `stream` each in one piece. See the contract."""
        chunks = self._spoken(recipes, stop, stream)
        yield from chunks if stream else _whole(chunks)

    def _spoken(self, recipes: Sequence[Recipe], stop: Stop, stream: bool) -> Iterator[AudioChunk]:
        stop.check()
        orders = ((at, self._order(recipe)) for at, recipe in enumerate(recipes))
        first = list(islice(orders, 1))  # what is wrong is refused before a worker starts
        self.load()
        assert self._process is not None
        talk = Talk(self._process, self._number, stream)
        try:
            for order in chain(first, islice(orders, AHEAD - 1)):
                talk.send(*order)
            while len(talk):
                yield from talk.hear(stop)
                for order in islice(orders, AHEAD - len(talk)):
                    talk.send(*order)
        finally:
            talk.hush()
            self._process, self._number = talk.process, talk.number

    def _order(self, recipe: Recipe) -> Order:
        """A recipe as the worker takes it."""
        self._check(recipe)
        how = self._delivery(recipe.voice, recipe.controls)
        passages = plan(recipe.text, recipe.language, how.accent, how.around)
        parts = [
            _part(passage, passages[at + 1] if at + 1 < len(passages) else None, how)
            for at, passage in enumerate(passages)
            if not passage.pause_ms
        ]
        return Order(tuple(passages), tuple(parts), recipe.seed, how.gain)

    def _delivered(self, voice: VoiceContent, given: tuple[tuple[str, Any], ...]) -> _Delivery:
        controls = self.spec.settle(dict(given))
        timbre, accent = self._voice(voice)
        speed = float(controls["speed"]) * float(timbre.of("pace")[0])
        volume = round(VOLUME * 10 ** (float(timbre.of("level")[0]) / 20))
        settings = {
            RATE_PARAMETER: words_per_minute(speed),
            VOLUME_PARAMETER: volume,
            GAP_PARAMETER: round(float(controls["word_gap"]) / 10),
        }
        gain = 10 ** (float(controls["volume"]) / 20)
        tones = _tone(timbre, controls, False), _tone(timbre, controls, True)
        return _Delivery(accent, Around(speed, volume), settings, gain, *tones)

    def _check(self, recipe: Recipe) -> None:
        if recipe.engine != self.spec.id or recipe.mode not in (mode for mode, _ in self.spec.modes):
            raise BadRequest(
                f"recipe for {recipe.engine}, mode {recipe.mode}: this is {self.spec.id}, which has mode speak",
                f"配方属于 {recipe.engine}，模式为 {recipe.mode}：这里是 {self.spec.id}，只有 speak 模式",
                where="engine",
            )
        self.spec.accept(recipe.voice)

    def _voice(self, voice: VoiceContent) -> tuple[Timbre, Language | None]:
        if voice.kind is VoiceKind.EMBEDDING:
            return Timbre.from_embedding(voice.values), None
        data = self._data()
        if voice.kind is VoiceKind.SEED:
            return drawn(voice.seed, data), None
        found = named(voice.name)
        return timbre_of(found.variant, data), found.accent

    def _data(self) -> Path:
        """Where the voices are; looked up once, which takes longer than a line's own plan."""
        if self._folder is None:
            installed = find()
            if installed is None:
                raise not_installed(missing() or Words("", ""))
            self._folder = installed.data
        return self._folder


def _whole(chunks: Iterator[AudioChunk]) -> Iterator[AudioChunk]:
    """Each utterance in one piece: fewer hands for whoever listens to no piece of it."""
    held: list[AudioChunk] = []
    for chunk in chunks:
        held.append(chunk)
        if chunk.last:
            words = tuple(word for piece in held for word in piece.words)
            sounds = [piece.samples for piece in held if len(piece.samples)] or [chunk.samples]
            yield AudioChunk(chunk.index, sounds[0] if len(sounds) == 1 else np.concatenate(sounds), words, last=True)
            held = []


def _tone(timbre: Timbre, controls: Mapping[str, Any], whisper: bool) -> str:
    """The lines of a voice file for a voice under the controls."""
    how = Shaping(
        semitones=controls["pitch"],
        intonation=controls["intonation"],
        size=controls["size"],
        breath=100.0 if whisper else controls["breath"],
        brightness=controls["brightness"],
        roughness=controls["roughness"],
    )
    return lines(shaped(timbre, how))


def _part(passage: Passage, after: Passage | None, how: _Delivery) -> Part:
    """A passage for the worker. Where the sentence goes on in another language, a comma keeps its melody open."""
    goes_on = after is not None and not passage.ends_clause
    pause = after is not None and passage.ends_clause and not after.pause_ms
    tone = how.whispered if passage.whisper else how.tone
    return Part(passage.language.file, tone, passage.ssml + ("," if goes_on else ""), how.settings, pause)
