"""What will be said: a request becomes a plan, one recipe per utterance, and an account of every mark.

Planning is pure and quick: it renders nothing, so the page can show it while one types.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from studio.digest import digest_of
from studio.engines.contract import Advises, Draft, Engine, EngineSpec, Measures, Prepares, Recipe, Value
from studio.errors import BadText
from studio.production.casting import CastVoice
from studio.production.into import Into
from studio.production.joining import Gaps
from studio.production.provenance import then
from studio.text.language import estimate_seconds
from studio.text.marks import MarkNote
from studio.text.reading import Reading, Utterance, read
from studio.text.sentences import Size

SPEAK_LIMIT = 10_000  # characters of one request; longer texts are productions


@dataclass(frozen=True)
class SpeakRequest:
    """What a person asks for, as they wrote it."""

    text: str
    engine: str = "espeak"
    voice: str = ""  # library id or name, "seed:2222", a builtin name; empty is the engine's default
    style: str = ""  # name of a style; `controls` go over it
    controls: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0  # of the reading, not of the voice
    language: str = "auto"
    steps: Mapping[str, Any] | None = None  # normalisation steps; None is the default of each
    mode: str = "speak"
    polish: str = "off"  # preset of `studio.audio.polish`
    gaps: Gaps = Gaps()
    split: int = 0  # characters that a line should have; 0 leaves it to the studio
    stream: bool = True  # give sound out while it is made; without, an engine may try a line again
    into: str = ""  # a voice in whose timbre it is said again; empty: none
    converter: str = ""  # the engine that does so; empty: the first that is ready and takes the voice

    def to_json(self) -> dict[str, Any]:
        """Enough to fill the page with it again."""
        return {
            "text": self.text,
            "engine": self.engine,
            "voice": self.voice,
            "style": self.style,
            "controls": dict(self.controls),
            "seed": self.seed,
            "language": self.language,
            "steps": None if self.steps is None else dict(self.steps),
            "mode": self.mode,
            "polish": self.polish,
            "split": self.split,
            "into": self.into,
            "converter": self.converter,
        }


@dataclass(frozen=True)
class Direction:
    """How a whole text is to be read: everything of its recipes but the words."""

    engine: Engine
    voice: CastVoice
    controls: Mapping[str, Value]  # settled: every control with a checked value
    seed: int = 0
    language: str = "auto"
    steps: Mapping[str, Any] | None = None
    mode: str = "speak"
    gaps: Gaps = Gaps()
    split: int = 0  # characters that a line should have; 0 leaves it to the studio
    cautions: tuple[MarkNote, ...] = ()  # what is to be known before anything is said
    into: Into | None = None  # who says again what was said

    @property
    def spec(self) -> EngineSpec:
        """Of the engine that reads."""
        return self.engine.spec

    @property
    def sounding(self) -> EngineSpec:
        """Of the engine whose sound is heard in the end."""
        return self.into.spec if self.into else self.spec

    @property
    def rate(self) -> int:
        """Samples a second of the sound."""
        return self.sounding.rate

    @property
    def heard(self) -> CastVoice:
        """The voice that is heard in the end, named with the one that it stands for."""
        if self.into is None:
            return self.voice
        return replace(self.into.voice, label=then(self.voice.label, self.into.voice.label))

    @property
    def engines(self) -> str:
        """Everyone at work, as provenance names them."""
        return then(self.spec.id, self.into.spec.id) if self.into else self.spec.id

    @property
    def warnings(self) -> tuple[MarkNote, ...]:
        """What is to be known of every voice that is used."""
        return (*self.cautions, *(self.into.cautions if self.into else ()))

    @property
    def speakers(self) -> tuple[tuple[CastVoice, str], ...]:
        """Every voice that is used, with the engine that uses it: each has to be permitted."""
        own = (self.voice, self.spec.id)
        return (own, (self.into.voice, self.into.spec.id)) if self.into else (own,)

    def at_speed(self, times: float) -> "Direction":
        """The same, so many times as fast as it is, as far as the engine's control for that goes."""
        tempo = self.spec.tempo
        if times == 1.0 or tempo is None:
            return self
        speed = min(max(float(self.controls[tempo.name]) * times, tempo.low), tempo.high)
        return replace(self, controls={**self.controls, tempo.name: round(speed, 4)})

    def passage(self, text: str, limit: int) -> "Passage":
        """The text cut into lines, normalised, its marks compiled for this engine; everything that changed is noted.

        `BadText` when there is nothing to say, too much, or something that the engine would misread.
        """
        linted = self.engine.lint(text) if isinstance(self.engine, Prepares) else ()
        reading = self._read(text, limit)
        asked = "" if self.language == "auto" else self.language
        drafts = [Draft(one.text, asked or one.language) for one in reading.utterances]
        if isinstance(self.engine, Prepares):
            drafts = list(self.engine.prepare(drafts, self.controls))
        lines, lead_ms = self._lines(reading, drafts)
        advice = self.engine.advise([line.recipe for line in lines]) if isinstance(self.engine, Advises) else ()
        return Passage(lines, lead_ms, _notes(reading, linted, drafts), tuple(advice))

    def _lines(self, reading: Reading, drafts: Sequence[Draft]) -> tuple[tuple["PlannedLine", ...], int]:
        """The lines, and the silence before them. A draft of which the engine can read nothing is no line; an exact
        pause after it stays. `BadText`, with the field `empty`, where nothing is left."""
        lines: list[PlannedLine] = []
        lead_ms = reading.lead_ms
        for utterance, draft in zip(reading.utterances, drafts, strict=True):
            pause = utterance.pause_ms or 0
            if draft.text.strip():
                lines.append(self._line(utterance, draft))
            elif lines and pause:
                before = lines[-1].pause_ms if lines[-1].pause_exact else 0
                lines[-1] = replace(lines[-1], pause_ms=before + pause, pause_exact=True)
            else:
                lead_ms += pause
        if not lines:
            raise BadText(
                f"nothing to say: {self.spec.id} can read none of it, only pauses or characters that it does not know; "
                "write some words, or choose another engine",
                f"没有可朗读的内容：只有停顿或 {self.spec.id} 不认识的字符；请输入文字，或换一个引擎",
                where="text",
                empty=True,
            )
        return tuple(lines), lead_ms

    def _recipe(self, draft: Draft, emotion: str = "") -> Recipe:
        """What determines how one utterance is read; the voice's clip for `emotion` where it has one."""
        return Recipe(
            engine=self.spec.id,
            version=self.spec.version,
            text=draft.text,
            voice=self.voice.of(emotion),
            language=draft.language,
            controls=tuple(sorted({**self.controls, **draft.controls}.items())),
            seed=self.seed,
            mode=self.mode,
        )

    def _read(self, text: str, limit: int) -> Reading:
        spec, asked = self.spec, self.split
        honours = {name: (support.how.value, support.note) for name, support in spec.marks.items()}
        size: Size = len  # who asks for a length counts characters
        if isinstance(self.engine, Measures) and not asked:
            size = self.engine.measure(text)
        return read(
            text,
            honours=honours,
            native=spec.native_tokens,
            language=self.language,
            steps=self.steps,
            target=min(asked or spec.target, spec.longest),
            longest=spec.longest,
            limit=limit,
            clips=self.voice.references.keys(),
            even=None if asked else spec.even,
            size=size,
        )

    def _line(self, utterance: Utterance, draft: Draft) -> "PlannedLine":
        natural = self.gaps.paragraph_ms if utterance.paragraph_end else self.gaps.sentence_ms
        recipe = self._recipe(draft, utterance.emotion)
        return PlannedLine(
            original=utterance.original,
            spoken=draft.text,
            language=utterance.language,
            recipe=self.into.of(recipe) if self.into else recipe,
            voice=self.heard,
            pause_ms=natural if utterance.pause_ms is None else utterance.pause_ms,
            pause_exact=utterance.pause_ms is not None,
            source=Said(recipe, self.voice) if self.into else None,
        )


def _notes(reading: Reading, linted: Sequence[MarkNote], drafts: Sequence[Draft]) -> tuple[MarkNote, ...]:
    """The account of a text: what the engine says of a token of its own stands before what is said of any bracket."""
    known = {note.at for note in linted}
    notes = [*linted, *(note for note in reading.notes if note.at not in known)]
    at = 0
    for utterance, draft in zip(reading.utterances, drafts, strict=True):
        notes += [replace(note, at=at + max(0, utterance.original.find(note.mark))) for note in draft.notes]
        at += len(utterance.original)
    return tuple(sorted(notes, key=lambda note: note.at))


@dataclass(frozen=True)
class Said:
    """What is rendered on the way to a line: the reading that is said again."""

    recipe: Recipe
    voice: CastVoice
    source: None = None


@dataclass(frozen=True)
class PlannedLine:
    """One utterance, before it is rendered."""

    original: str  # as written
    spoken: str  # after normalisation, with the marks that the engine honours
    language: str
    recipe: Recipe
    voice: CastVoice
    pause_ms: int  # silence after it, before the next
    pause_exact: bool  # the text demands that pause
    source: Said | None = None  # what it is said after, where it is said again in another voice


@dataclass(frozen=True)
class Passage:
    """A stretch of text as it will be spoken."""

    lines: tuple[PlannedLine, ...]
    lead_ms: int  # silence before the first line
    notes: tuple[MarkNote, ...]  # what becomes of every mark
    advice: tuple[MarkNote, ...] = ()  # what the engine sees coming


@dataclass(frozen=True)
class Plan:
    """Everything that `speak` will do."""

    lines: tuple[PlannedLine, ...]
    notes: tuple[MarkNote, ...]  # what becomes of every mark
    lead_ms: int  # silence before the first line
    direction: Direction
    polish: str
    request: SpeakRequest

    @property
    def characters(self) -> int:
        return sum(len(line.original) for line in self.lines)

    @cached_property
    def seconds(self) -> float:
        """How long it will be, as estimated from the engine's pace."""
        spec = self.direction.spec
        spoken = sum(estimate_seconds(line.spoken, spec.pace) for line in self.lines) / self.speed
        return spoken + (self.lead_ms + sum(line.pause_ms for line in self.lines[:-1])) / 1000

    @property
    def speed(self) -> float:
        """How many times as fast as the engine's pace, where it has a control that says so."""
        tempo = self.direction.spec.tempo
        return float(self.direction.controls[tempo.name]) or 1.0 if tempo else 1.0

    def recipe_json(self) -> dict[str, Any]:
        """The recipe of the whole: what its digest is made of."""
        return {
            "kind": "reading",
            "lead_ms": self.lead_ms,
            "lines": [line.recipe.to_json() | {"pause_ms": line.pause_ms} for line in self.heard],
            "polish": self.polish,
        }

    @cached_property
    def digest(self) -> str:
        return digest_of(self.recipe_json())

    @cached_property
    def heard(self) -> tuple[PlannedLine, ...]:
        """The lines; the natural pause after the last one is not part of the sound."""
        last = self.lines[-1]
        return self.lines if last.pause_exact else (*self.lines[:-1], replace(last, pause_ms=0))


def plan(request: SpeakRequest, direction: Direction) -> Plan:
    """The plan of one request. `BadText` when there is nothing to say, or too much."""
    passage = direction.passage(request.text, SPEAK_LIMIT)
    notes = (*direction.warnings, *passage.advice, *passage.notes)
    return Plan(passage.lines, notes, passage.lead_ms, direction, request.polish, request)
