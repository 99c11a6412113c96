"""From a line of a script to what it is rendered from: its speaker's voice, style and emotion, the lexicon's readings.

`LinePlanner` holds what a whole script shares, so that planning a line costs a millisecond. A line's `basis` is the
digest of everything but the seed: two takes of one basis differ only by chance.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from studio.engines.registry import Registry
from studio.errors import BadText, StudioError
from studio.library import Library
from studio.library.outcomes import SILENT
from studio.library.script import Line, Member
from studio.production import rights
from studio.production.casting import CastVoice, cast, cautions
from studio.production.emotions import way_to
from studio.production.into import into_of
from studio.production.lexicon import Readings
from studio.production.planning import Direction, Plan, SpeakRequest, plan
from studio.text.marks import MarkNote


@dataclass(frozen=True)
class Reading:
    """The settings of a script that a recipe is made of."""

    engine: str = "espeak"  # of who has none of their own
    language: str = "auto"
    seed: int = 0
    steps: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Reading":
        known = {name: settings[name] for name in ("engine", "language", "seed", "steps") if name in settings}
        return cls(**known)


@dataclass(frozen=True)
class LinePlan:
    """What one line will be rendered from, with one seed."""

    plan: Plan
    seed: int  # of the line, on top of the script's

    @property
    def digest(self) -> str:
        """Of its take: the recipe's own where the line is one utterance and nothing else."""
        lines = self.plan.heard
        single = len(lines) == 1 and not self.plan.lead_ms and not lines[0].pause_exact
        return lines[0].recipe.digest if single else self.plan.digest

    @property
    def whole(self) -> bool:
        """Whether its take is that of one utterance, with nothing to join."""
        return self.digest != self.plan.digest

    @property
    def silence_ms(self) -> int:
        """Silence that the text itself demands inside it."""
        return self.plan.lead_ms + sum(line.pause_ms for line in self.plan.heard if line.pause_exact)


class LinePlanner:
    """Plans the lines of one script as it is now. One thread at a time."""

    def __init__(
        self,
        engines: Registry,
        library: Library,
        production: str,
        settings: Mapping[str, Any],
        styles: Callable[[str, str], Mapping[str, Any]],
        style_names: Callable[[str], frozenset[str]],
    ) -> None:
        """`styles` gives the controls of a style for an engine, `style_names` the styles that an engine has."""
        self.reading = Reading.of(settings)
        self._engines, self._library = engines, library
        self._styles, self._style_names = styles, style_names
        self._cast = library.casts.get(production)
        self._readings = Readings(library.lexicons.reading(production))
        self._permitted: set[str] = set()
        self._directions: dict[tuple[str, str, str, str], Direction | StudioError] = {}

    def member(self, speaker: str) -> Member:
        """Who speaks a part: what its own row leaves open is the narrator's; the timbre only with the voice."""
        narrator = self._cast.get("") or Member("")
        own = self._cast.get(speaker) or Member(speaker)
        engine = own.engine or narrator.engine or self.reading.engine
        inherits = not own.engine or own.engine == (narrator.engine or self.reading.engine)
        like = inherits and not own.voice
        return replace(
            own,
            engine=engine,
            voice=own.voice or (narrator.voice if inherits else ""),
            style=own.style or (narrator.style if inherits else ""),
            controls={**(narrator.controls if inherits else {}), **own.controls},
            into=own.into or (narrator.into if like else ""),
            converter=own.converter if own.into else (narrator.converter if like else ""),
        )

    def plan(self, line: Line, tries: int = 0) -> LinePlan:
        """The plan of a line; `tries` goes on top of its seed. `BadText`, with `empty` where nothing is said."""
        seed = line.seed + tries
        return LinePlan(self._plan(line, seed), seed)

    def basis(self, line: Line) -> str:
        """The digest of everything that determines the line but its seed; `SILENT` where nothing is said."""
        try:
            planned = self._plan(line, 0)
        except BadText as error:
            if error.fields.get("empty"):
                return SILENT
            raise
        return LinePlan(planned, 0).digest

    def direction(self, line: Line) -> Direction:
        """How the line is to be read."""
        key = (line.speaker, line.style, line.emotion, line.language)
        if key not in self._directions:
            try:
                self._directions[key] = self._direct(line)
            except StudioError as error:  # the same for every line of this part
                self._directions[key] = error
        found = self._directions[key]
        if isinstance(found, StudioError):
            raise found
        return found

    def permit(self, direction: Direction) -> None:
        """`NotPermitted` where a voice of it may not be produced with; each voice is asked for once."""
        for voice, engine in direction.speakers:
            if voice.id not in self._permitted or not voice.id:
                rights.require(self._library, [voice], engine)
                self._permitted.add(voice.id)

    def cautions(self, speakers: Iterable[str]) -> tuple[MarkNote, ...]:
        """What is to be known of the voices of these speakers before they speak; of those that cannot, nothing."""
        told: list[MarkNote] = []
        for speaker in speakers:
            with suppress(StudioError):
                member = self.member(speaker)
                told += self._voice(member)[1]
                into = into_of(self._engines, self._library, member.into, member.converter)
                told += into.cautions if into else ()
        return tuple(told)

    def _voice(self, member: Member) -> tuple[CastVoice, tuple[MarkNote, ...]]:
        voice = cast(self._library, self._engines.get(member.engine), member.voice)
        return voice, cautions(self._engines, member.engine, voice)

    def _direct(self, line: Line) -> Direction:
        member = self.member(line.speaker)
        engine = self._engines.get(member.engine)
        spec = engine.spec
        controls: dict[str, Any] = {}
        for style in (member.style, line.style):
            if style:
                controls |= self._styles(style, spec.id)
        voice, told = self._voice(member)
        styles = self._style_names(spec.id)
        way = way_to(line.emotion, spec, styles, voice.references.keys()) if line.emotion else None
        if way is not None and way.kind == "style":
            controls |= self._styles(way.style, spec.id)
        language = line.language or self.reading.language
        spec.check_language(language)
        settled = spec.settle({**controls, **member.controls})
        into = into_of(self._engines, self._library, member.into, member.converter)
        steps = self.reading.steps
        return Direction(engine, voice, settled, language=language, steps=steps, cautions=told, into=into)

    def at_work(self, member: Member) -> tuple[str, ...]:
        """The engines that speak a part, the one whose sound is heard last; one that is gone since is left out."""
        try:
            into = into_of(self._engines, self._library, member.into, member.converter)
        except StudioError:
            into = None
        return (member.engine, into.spec.id) if into else (member.engine,)

    def _plan(self, line: Line, seed: int) -> Plan:
        direction = replace(self.direction(line).at_speed(line.speed), seed=self.reading.seed + seed)
        text = self._readings.apply(line.text)
        way = way_to(line.emotion, direction.spec, (), direction.voice.references.keys()) if line.emotion else None
        if way is not None:
            text = way.around(text)
        request = SpeakRequest(
            text,
            engine=direction.spec.id,
            voice=direction.voice.label,
            style=line.style,
            seed=direction.seed,
            language=direction.language,
            stream=False,
        )
        return plan(request, direction)
