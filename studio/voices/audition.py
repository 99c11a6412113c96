"""`Audition`: one sentence in many voices or ways, rendered as they come, each a take that can be heard and kept.

A draw, a blend, a comparison of voices or of styles differ in who stands in the grid; how they are rendered does not.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from studio.audio.clip import Clip
from studio.engines.contract import VoiceContent, VoiceKind
from studio.errors import BadRequest, EngineFailed, StudioError
from studio.library import Library, Take
from studio.production.casting import VECTOR, CastVoice
from studio.production.jobs import Job
from studio.production.joining import Joiner
from studio.production.performance import assembled, facts_of
from studio.production.planning import Plan, PlannedLine
from studio.production.rendering import LinePiece, Renderer


@dataclass(frozen=True)
class Candidate:
    """A place of the grid."""

    number: int  # from 1, as it is shown
    row: int
    column: int
    name: str  # of its row: "seed:12", the name of a voice
    plan: Plan  # the sentence in this voice and way
    setting: str = ""  # of its column: "speed 0.8", the name of a style
    controls: Mapping[str, Any] = field(default_factory=dict)  # recommended when it is kept
    parents: Sequence[Mapping[str, Any]] = ()  # of a blend: {"voice", "name", "weight"}
    take: Take | None = None
    error: StudioError | None = None  # why it could not be spoken
    kept: str = ""  # id of the voice in the library

    @property
    def voice(self) -> CastVoice:
        return self.plan.direction.voice

    @property
    def ref(self) -> str:
        """The voice, as a request names it."""
        return self.voice.id or ref_of(self.voice.content)

    @property
    def engine(self) -> str:
        return self.plan.direction.spec.id

    def to_json(self) -> dict[str, Any]:
        """Everything that gives the same sound again, and what became of it."""
        request = self.plan.request
        return {
            "number": self.number,
            "row": self.row,
            "column": self.column,
            "name": self.name,
            "setting": self.setting,
            "engine": self.engine,
            "voice": self.voice.content.to_json(),
            "parents": [dict(parent) for parent in self.parents],
            "text": request.text,
            "language": request.language,
            "style": request.style,
            "controls": dict(request.controls),
            "seed": request.seed,
            "digest": self.plan.digest,
            "seconds": self.take.seconds if self.take else None,
            "error": self.error.text("en") if self.error else None,
        }


class Audition(Job[tuple[Candidate, ...]]):
    """A job whose `candidates` get their takes one after another; read them from any thread."""

    def __init__(
        self,
        kind: str,
        recipe: Mapping[str, Any],
        candidates: Sequence[Candidate],
        renderer: Renderer,
        library: Library,
    ) -> None:
        """`kind`: draw, mix, between, mutate, breed, voices or styles; `recipe`: what gives the same grid again."""
        super().__init__(Audition._perform, title=candidates[0].plan.request.text[:60])  # type: ignore[arg-type]
        self.kind, self.recipe = kind, recipe
        self.candidates = list(candidates)
        self.columns = 1 + max(one.column for one in candidates)
        self.total = sum(_size(one) for one in candidates)
        self._renderer, self._library = renderer, library

    def candidate(self, number: int) -> Candidate:
        """The one with this number. `BadRequest` where there is none."""
        if not 1 <= number <= len(self.candidates):
            raise BadRequest(
                f"candidate {number}: there are 1 to {len(self.candidates)}",
                f"候选 {number}：编号为 1 到 {len(self.candidates)}",
                where="number",
            )
        return self.candidates[number - 1]

    def to_json(self) -> dict[str, Any]:
        """The contact sheet: the recipe of the grid, and every place of it."""
        places = [one.to_json() for one in self.candidates]
        return {"kind": self.kind, "recipe": dict(self.recipe), "columns": self.columns, "candidates": places}

    def _perform(self) -> tuple[Candidate, ...]:
        known = self._library.cache.get_many([one.plan.digest for one in self.candidates])
        for one in self.candidates:
            if (stored := known.get(one.plan.digest)) is not None:
                self._done(one, take=stored.take)
        waiting = [one for one in self.candidates if one.plan.digest not in known]
        try:
            self._render(waiting)
        except EngineFailed:
            self._one_by_one(waiting)
        return tuple(self.candidates)

    def _one_by_one(self, candidates: Sequence[Candidate]) -> None:
        """One voice that the engine cannot speak with takes no other along."""
        waiting = [self.candidates[one.number - 1] for one in candidates]
        for one in waiting:
            if one.take is None:
                try:
                    self._render([one])
                except EngineFailed as error:
                    self._done(one, error=error)
        failed = [one.error for one in self.candidates if one.error]
        if len(failed) == len(self.candidates):
            raise failed[0]

    def _render(self, candidates: Sequence[Candidate]) -> None:
        """All lines of all candidates in one passage, so that the engine has as many at once as it takes."""
        lines: list[PlannedLine] = [line for one in candidates for line in one.plan.heard]
        pieces = self._renderer.lines(lines, self.stopping)
        start = 0
        for one in candidates:
            end = start + len(one.plan.heard)
            self._keep(one, _between(pieces, start, end))
            start = end
        for _ in pieces:  # to its end, which writes the rows
            pass

    def _keep(self, one: Candidate, pieces: Iterable[LinePiece]) -> None:
        joiner = Joiner(one.plan.direction.rate)
        clip = Clip(np.concatenate([*assembled(one.plan, pieces, joiner)]), joiner.rate)
        stored = self._library.cache.put(one.plan.digest, clip, facts_of(one.plan, clip, joiner.placed))
        self._done(one, take=stored.take)

    def _done(self, one: Candidate, **found: Any) -> None:
        self.candidates[one.number - 1] = replace(one, **found)
        self.done += _size(one)


def ref_of(content: VoiceContent) -> str:
    """A drawn, blended or builtin voice, as a request names it."""
    match content.kind:
        case VoiceKind.SEED:
            return f"seed:{content.seed}"
        case VoiceKind.EMBEDDING:
            return VECTOR + base64.b64encode(content.values).decode()
        case _:
            return content.name


def _size(one: Candidate) -> int:
    return sum(max(1, len(line.spoken)) for line in one.plan.heard)


def _between(pieces: Iterator[LinePiece], start: int, end: int) -> Iterator[LinePiece]:
    """The pieces of the lines from `start` up to `end`, numbered from 0."""
    for piece in pieces:
        yield replace(piece, index=piece.index - start)
        if piece.last and piece.index == end - 1:
            return
