"""`Studio`: one object that opens a data folder and offers everything the faces need.

The browser, the command line and the API know this module and the words it exports, never a model or a table.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from studio.engines.contract import BuiltinVoice, Control, EngineSpec, VoiceContent, VoiceKind
from studio.engines.registry import EngineState, Registry
from studio.errors import BadRequest, NotFound
from studio.library import Library, Page, Production, Style, Take, TakeQuery, Voice, VoiceQuery
from studio.production.casting import SEEDS, CastVoice, cast
from studio.production.converting import Book, Converted, ConvertRequest
from studio.production.exporting import export, export_bytes, stamp
from studio.production.jobs import Job, State
from studio.production.joining import Gaps
from studio.production.manuscript import Manuscript, look_into
from studio.production.performance import Performance
from studio.production.planning import Direction, Plan, PlannedLine, SpeakRequest, plan
from studio.production.provenance import Provenance
from studio.production.rendering import Renderer
from studio.production.shelf import ConvertJob, ProductionShelf
from studio.words import Words

__all__ = [
    "SEEDS",
    "BuiltinVoice",
    "Control",
    "ConvertJob",
    "ConvertRequest",
    "Converted",
    "EngineSpec",
    "EngineState",
    "Gaps",
    "Job",
    "Manuscript",
    "Page",
    "Performance",
    "Plan",
    "PlannedLine",
    "Production",
    "Provenance",
    "SpeakRequest",
    "State",
    "Studio",
    "Style",
    "Take",
    "TakeQuery",
    "Voice",
    "VoiceQuery",
    "look_into",
]

REMEMBERED = 32  # performances that can still be listened to


class Studio:
    """A data folder and everything that can be done with it. Every method may be called from any thread."""

    def __init__(self, folder: Path | None = None, database_url: str | None = None) -> None:
        self._library = Library.open(folder, database_url)
        self.folder = self._library.folder
        self.voices = self._library.voices
        self.styles = self._library.styles
        self.takes = self._library.takes
        self.cache = self._library.cache
        self._engines = Registry()
        self._renderer = Renderer(self._engines, self._library.cache)
        self.productions = ProductionShelf(self._library, self._renderer, self._direct_book)
        self._performances: OrderedDict[str, Performance] = OrderedDict()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Stop what runs, end the engines, close the library."""
        for performance in list(self._performances.values()):
            performance.stop()
        self.productions.stop_all()
        self._engines.unload_all()
        self._library.close()

    def __enter__(self) -> "Studio":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    # what there is

    def engines(self) -> Sequence[EngineState]:
        """Every engine that is declared, ready or not."""
        return self._engines.states()

    def engine(self, id: str) -> EngineSpec:
        return self._engines.get(id).spec

    def builtin_voices(self, engine: str) -> Sequence[BuiltinVoice]:
        return self._engines.get(engine).voices()

    # speaking

    def plan(self, request: SpeakRequest) -> Plan:
        """What would be said and how, without saying it."""
        return plan(request, self._direct(request))

    def speak(self, request: SpeakRequest) -> Performance:
        """Start speaking and return at once; listen with `pcm`, wait for the take with `wait`."""
        planned = self.plan(request)
        performance = Performance(planned, self._renderer, self._library, self.folder.path)
        with self._lock:
            self._performances[performance.id] = performance
            forgotten = [id for id, old in self._performances.items() if old.over][: -REMEMBERED or None]
            for id in forgotten if len(self._performances) > REMEMBERED else ():
                self._performances.pop(id).close()
        if voice_id := planned.direction.voice.id:
            self.voices.used(voice_id)
        performance.start()
        return performance

    def performance(self, id: str) -> Performance:
        with self._lock:
            if id in self._performances:
                return self._performances[id]
        raise NotFound(f"performance “{id}” is over and forgotten", f"播放“{id}”已结束并清除", where="id")

    def _direct(self, request: SpeakRequest | ConvertRequest) -> Direction:
        """The request with its names resolved: engine, voice, style; everything checked."""
        engine = self._engines.get(request.engine)
        spec = engine.spec
        style = self.styles.get(request.style, spec.id).controls if request.style else {}
        voice = cast(self._library, spec, engine.voices(), request.voice)
        return Direction(
            spec,
            voice,
            spec.settle({**style, **request.controls}),
            seed=request.seed,
            language=request.language,
            steps=request.steps,
            mode=getattr(request, "mode", "speak"),
            gaps=request.gaps,
        )

    def _direct_book(self, manuscript: Manuscript, request: ConvertRequest) -> Book:
        return Book(manuscript, request, self._direct(request))
