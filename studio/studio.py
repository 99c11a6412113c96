"""`Studio`: one object that opens a data folder and offers everything the faces need.

The browser, the command line and the API know this module and the words it exports, never a model or a table.
"""

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from studio.audio.drafts import check_target, sweep
from studio.audio.formats import FORMATS, Format, format_for
from studio.audio.polish import PRESETS, Preset
from studio.audio.tags import read_cover
from studio.dubbing.fitting import FLAGS as FIT_FLAGS
from studio.engines.contract import (
    BuiltinVoice,
    Control,
    EngineSpec,
    Refined,
    Refines,
    VoiceContent,
    VoiceKind,
)
from studio.engines.derived import Derived
from studio.engines.registry import EngineState, Registry
from studio.errors import BadFile, BadRequest, NotFound, StudioError
from studio.library import (
    BIN_KINDS,
    MEASURES,
    Cleaned,
    Emptied,
    Library,
    Lying,
    Measured,
    NewStyle,
    Page,
    Production,
    Style,
    Take,
    TakeQuery,
    Voice,
    VoiceChange,
    VoiceQuery,
)
from studio.library.folder import DataFolder
from studio.library.rights import SENTENCE, USES, Rights
from studio.library.script import Line, LineQuery, Member, NewLine, Scope
from studio.production import rights
from studio.production.casting import SEEDS, cast, cautions, text_seed
from studio.production.choices import Begun, Choices
from studio.production.converting import Book, Converted, ConvertRequest
from studio.production.exporting import export, export_bytes
from studio.production.into import converters, into_of
from studio.production.jobs import Job, State
from studio.production.joining import Gaps
from studio.production.manuscript import Manuscript, look_into
from studio.production.measuring import Speed, measure
from studio.production.models import Model, Models
from studio.production.performance import Performance
from studio.production.planning import Direction, Plan, PlannedLine, SpeakRequest, plan
from studio.production.provenance import Provenance, read_tags
from studio.production.rendering import Renderer
from studio.production.shelf import ID_DIGITS, ConvertJob, ProductionShelf
from studio.production.stylebook import Difference, Stylebook, styles_of
from studio.production.styles import sheets
from studio.recognition.contract import Listening, Segment, Transcript, Word
from studio.settings import Settings
from studio.stop import Stop
from studio.text.declarations import MARKS, MarkSpec
from studio.text.literals import literal
from studio.text.marks import place
from studio.text.normalise import STEPS, Step
from studio.voices.audition import Audition, Candidate
from studio.voices.drawing import DrawRequest, Sentence, Sweep, seeds_in
from studio.voices.drawn import read_draw
from studio.voices.evolving import Between, Brood, Mix, Mutation
from studio.voices.glyph import SIDE as GLYPH_SIDE
from studio.voices.glyph import Line as GlyphLine
from studio.voices.glyph import glyph_of as glyph_lines_of
from studio.voices.glyph import lines as glyph_lines
from studio.weights import WeightStore

if TYPE_CHECKING:  # each costs time to import, and most commands need none of them
    from studio.audio.clip import Samples
    from studio.batch.batches import Batches
    from studio.dubbing.dubs import Dubs
    from studio.library.bin import Bin
    from studio.library.keys import Keys
    from studio.library.previews import Previews
    from studio.library.styles import Styles
    from studio.library.takes import Takes
    from studio.library.voices import Voices
    from studio.production.captions import Captions
    from studio.production.desk import Desk
    from studio.production.ears import Ears
    from studio.production.emotions import Way
    from studio.production.executors import Executor
    from studio.production.revoicing import Revoiced
    from studio.production.tuning import Tuning
    from studio.production.workshop import Listen
    from studio.voices.changing import Changing
    from studio.voices.cloning import Cloning
    from studio.voices.drawing import Drawing
    from studio.voices.exchange.exchange import Exchange
    from studio.voices.keeping import Keeping
    from studio.voices.survey import Survey

__all__ = [
    "BIN_KINDS",
    "FIT_FLAGS",
    "GLYPH_SIDE",
    "MEASURES",
    "SEEDS",
    "SENTENCE",
    "USES",
    "Audition",
    "Begun",
    "Between",
    "Brood",
    "BuiltinVoice",
    "Candidate",
    "Choices",
    "Control",
    "ConvertJob",
    "ConvertRequest",
    "Converted",
    "Difference",
    "DrawRequest",
    "Emptied",
    "EngineSpec",
    "EngineState",
    "Format",
    "Gaps",
    "GlyphLine",
    "Job",
    "Line",
    "LineQuery",
    "Listening",
    "Lying",
    "Manuscript",
    "MarkSpec",
    "Measured",
    "Member",
    "Mix",
    "Model",
    "Mutation",
    "NewLine",
    "Page",
    "Performance",
    "Plan",
    "PlannedLine",
    "Preset",
    "Production",
    "Provenance",
    "Refined",
    "Rights",
    "Scope",
    "Segment",
    "Sentence",
    "SpeakRequest",
    "State",
    "Step",
    "Studio",
    "Style",
    "Sweep",
    "Take",
    "TakeQuery",
    "Transcript",
    "Voice",
    "VoiceChange",
    "VoiceContent",
    "VoiceKind",
    "VoiceQuery",
    "Word",
    "glyph_lines",
    "glyph_lines_of",
    "literal",
    "look_into",
    "place",
    "read_draw",
    "seeds_in",
]

MODELS = "TIMBRE_MODELS"  # the folder of models, where no option says it
TAKE = "take:"  # before the digest of a take that is meant instead of a file
REMEMBERED = 32  # performances that can still be listened to


class Studio:
    """A data folder and everything that can be done with it. Every method may be called from any thread."""

    def __init__(
        self,
        folder: Path | None = None,
        database_url: str | None = None,
        *,
        warm: str = "",
        models: Path | None = None,
        ray: str = "",
    ) -> None:
        """`warm` names an engine that will be needed at once: it starts while the library is being opened.

        `ray` is the address of a Ray cluster that renders scripts; empty: the engines of this process do.

        `models` is a folder with models in their published layout, beside those that are installed.
        """
        store = WeightStore(lambda: DataFolder(folder).weights, _models(models))
        self._settings = Settings(lambda: DataFolder(folder).path)
        derived = Derived(lambda: DataFolder(folder).derived)
        self._engines = Registry(weights=store, settings=self._settings, derived=derived)
        self.models = Models(store, self._forget_model)
        if warm:
            threading.Thread(target=self._warm, args=(warm,), name="warm", daemon=True).start()
        self._library = Library.open(folder, database_url or os.environ.get("TIMBRE_DATABASE_URL"))
        self.folder = self._library.folder
        self.cache = self._library.cache
        self._renderer = Renderer(self._engines, self._library.cache)
        self.productions = ProductionShelf(self._library, self._renderer, self._direct_book)
        self._performances: OrderedDict[str, Performance] = OrderedDict()
        self._lock = threading.Lock()
        self._cluster, self._models_folder = ray or os.environ.get("TIMBRE_RAY", ""), _models(models)

    def _warm(self, id: str) -> None:
        with suppress(StudioError), self._engines.lease(id):  # whoever asks for it hears what is wrong
            pass

    @cached_property
    def listening(self) -> "Ears":
        """Everything that listens: recordings, takes, voices."""
        from studio.production.ears import Ears

        return Ears(self._library, self.models.store, self._spoken, self._settings)

    @cached_property
    def tuning(self) -> "Tuning":
        """How models are loaded: precision, device, lines at once; and what their weights hold."""
        from studio.production.tuning import Tuning

        return Tuning(self._engines, lambda: self.listening.recognisers, self._settings)

    @cached_property
    def exchange(self) -> "Exchange":
        """Voices as files, in and out."""
        from studio.voices.exchange.exchange import Exchange

        return Exchange(self._library, self._engines)

    @cached_property
    def cloning(self) -> "Cloning":
        """Voices from clips: the doctor of recordings, consent, references by emotion, deletion."""
        from studio.voices.cloning import Cloning

        return Cloning(self._library, self._engines, lambda: self.listening, lambda: self.scripts)

    @cached_property
    def subtitles(self) -> "Captions":
        """Subtitles: files of them, and those of productions and takes."""
        from studio.production.captions import Captions

        return Captions(self._library)

    @cached_property
    def scripts(self) -> "Desk":
        """Everything that is done with scripts: manuscripts, casts, lines, renders, masters."""
        from studio.production.desk import Desk

        return Desk(self._library, self._engines, self._executor(), lambda: self.styles, self._gate)

    @cached_property
    def keeping(self) -> "Keeping":
        """Voices into the library."""
        from studio.voices.keeping import Keeping

        return Keeping(self._library, self._engines)

    @cached_property
    def drawing(self) -> "Drawing":
        """Voices drawn, blended, bred and compared: one sentence in a grid of candidates."""
        from studio.voices.drawing import Drawing

        return Drawing(self._library, self._engines, self._renderer, self._direct, self.keeping.voice)

    @cached_property
    def dubbing(self) -> "Dubs":
        """Subtitles that are spoken at the times of their cues."""
        from studio.dubbing.dubs import Dubs

        return Dubs(self._library, self._engines, self.scripts)

    @cached_property
    def batches(self) -> "Batches":
        """Everything that is done with many files at once: dry runs, batches at work, reports."""
        from studio.batch.batches import Batches

        return Batches(self.folder.path, self._engines, self._renderer, self._produce)

    @cached_property
    def survey(self) -> "Survey":
        """Voices measured, compared with each other and with recordings, laid out on a map."""
        from studio.voices.survey import Survey

        return Survey(self._library, self.models.store, self._renderer, self.plan)

    @cached_property
    def changing(self) -> "Changing":
        """Recordings and takes said in another voice, as work that can be watched and stopped."""
        from studio.voices.changing import Changing

        return Changing(self._library, self._engines)

    def _executor(self) -> "Executor":
        """Where lines of scripts are rendered."""
        if self._cluster:
            from studio.production.cluster import RayExecutor

            return RayExecutor(self._cluster, self._renderer, self._models_folder)
        from studio.production.executors import LocalExecutor

        return LocalExecutor(self._renderer)

    def _gate(self) -> "Listen | None":
        """What hears takes for the gates of a render, where a recogniser is installed."""
        if not any(state.state == "ready" for state in self.listening.states()):
            return None
        return self.listening.problems

    def _spoken(self, request: SpeakRequest) -> Take:
        return self.speak(request).wait()

    @property
    def voices(self) -> "Voices":
        return self._library.voices

    @property
    def previews(self) -> "Previews":
        """The takes that voices were heard in."""
        return self._library.previews

    @property
    def takes(self) -> "Takes":
        return self._library.takes

    @cached_property
    def bin(self) -> "Bin":
        """What lies deleted, and its removal for good."""
        from studio.library.bin import Bin

        return Bin(self._library, lambda: self.batches.voices())

    @property
    def keys(self) -> "Keys":
        """Who may ask the API from elsewhere."""
        return self._library.keys

    @cached_property
    def styles(self) -> "Styles":
        """The styles, the shipped ones of `presets/` among them."""
        styles = self._library.styles
        styles.ship([style for sheet in sheets() for style in styles_of(sheet)])
        return styles

    @cached_property
    def stylebook(self) -> Stylebook:
        """Styles as files, changed and compared."""
        return Stylebook(self.styles, self._engines)

    def close(self) -> None:
        """Stop what runs, end the engines, close the library."""
        performances = list(self._performances.values())
        for performance in performances:
            performance.stop()
        self.productions.stop_all()
        for room in (
            "dubbing",
            "scripts",
            "drawing",
            "batches",
            "survey",
            "changing",
        ):  # a dub renders through the scripts' desk
            if room in vars(self):
                getattr(self, room).close()
        for performance in performances:
            performance.join()
        self._engines.unload_all()
        if "listening" in vars(self):
            self.listening.close()
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

    def marks(self) -> Sequence[MarkSpec]:
        """The markup that every engine's text may contain."""
        return MARKS

    def steps(self) -> Sequence[Step]:
        """The steps of text normalisation, each of which can be switched off."""
        return STEPS

    def polish_presets(self) -> Sequence[Preset]:
        return PRESETS

    def formats(self) -> Sequence[Format]:
        """The files that can be written."""
        return FORMATS

    def _forget_model(self, id: str) -> None:
        """Whoever has a model loaded lets it go before its files do."""
        for state in self._engines.states():
            if state.loaded and state.spec and id in state.spec.weights:
                self._engines.unload(state.id)
        self.listening.unload(id)

    # speaking

    def refine(self, request: SpeakRequest) -> Job[tuple[Refined, ...]]:
        """Start rewriting a text for speech, line by line, without speaking it; see `Refines`."""
        planned = self.plan(request)
        engine = planned.direction.engine
        if not isinstance(engine, Refines):
            raise BadRequest(
                f"{engine.spec.id} does not refine texts; choose an engine that has the control refine",
                f"{engine.spec.id} 没有口语化功能；请选择带有该控制项的引擎",
                where="engine",
            )
        recipes = [line.recipe.source or line.recipe for line in planned.lines]

        def work(job: Job[tuple[Refined, ...]]) -> tuple[Refined, ...]:
            found = []
            with self._engines.lease(engine.spec.id, job.stopping):
                for refined in engine.refine(recipes, job.stopping):
                    found.append(refined)
                    job.done += 1
            return tuple(sorted(found, key=lambda one: one.index))

        job: Job[tuple[Refined, ...]] = Job(work, title=request.text.strip()[:60])
        job.total = len(recipes)
        job.start()
        return job

    def plan(self, request: SpeakRequest) -> Plan:
        """What would be said and how, without saying it."""
        return plan(request, self._direct(request))

    def speak(self, request: SpeakRequest) -> Performance:
        """Start speaking and return at once; listen with `pcm`, wait for the take with `wait`."""
        planned = self.plan(request)
        performance = Performance(planned, self._renderer, self._library, self.folder.path)
        with self._lock:
            self._performances[performance.id] = performance
            over = [id for id, old in self._performances.items() if old.over]
            for id in over[: max(0, len(self._performances) - REMEMBERED)]:
                self._performances.pop(id).close()
        for voice, _ in planned.direction.speakers:
            if voice.id:
                self.voices.used(voice.id)
        performance.start()
        return performance

    def follow(
        self, texts: Iterable[str], request: SpeakRequest, stop: Stop | None = None
    ) -> "tuple[int, Iterator[Samples]]":
        """Say a text while it is still being written: the rate, and the sound as it comes.

        `texts` are its pieces, from a language model say, spoken as they are; the request's own text is not used.
        """
        from studio.production.following import follow

        direction = self._produce(request)
        return direction.rate, follow(self._engines, direction, texts, Stop() if stop is None else stop)

    def performance(self, id: str) -> Performance:
        with self._lock:
            if id in self._performances:
                return self._performances[id]
        raise NotFound(f"performance “{id}” is over and forgotten", f"播放“{id}”已结束并清除", where="id")

    # sound as it is made

    def stream_formats(self) -> Mapping[str, str]:
        """What a performance can be streamed as, with the media type of each."""
        from studio.audio.streaming import STREAMS

        return {name: one.mime for name, one in STREAMS.items()}

    def stream(self, performance: Performance, format: str, tempo: float = 1.0) -> Iterator[bytes]:
        """The bytes of a file while it is still being spoken, with its provenance where the format has a place for it.

        `tempo` (0.25..4) is how much quicker, at the same pitch. `NotPermitted` for a cloned voice without consent.
        """
        from studio.audio.streaming import samples_of, stream_format, streamed
        from studio.production.provenance import STATEMENT

        plan = performance.plan
        direction = plan.direction
        rights.require_all(self._library, direction)
        tags = Provenance(True, direction.engines, direction.heard.label, plan.digest).tags | {"comment": STATEMENT}
        sound = samples_of(performance.pcm())
        return streamed(sound, performance.rate, stream_format(format), tags, tempo)

    # takes as files

    def export_take(self, digest: str, path: Path, polish: str = "off", bitrate: int | None = None) -> None:
        """Write a take to `path` (format by its name) with its provenance; nothing half-written is left."""
        self.check_output(path)
        rights.require_take(self._library, digest)
        export(self._library, self.takes.get(digest), path, polish, bitrate)

    def take_bytes(self, digest: str, format: str, polish: str = "off") -> bytes:
        """A take as the bytes of a file of `format`."""
        rights.require_take(self._library, digest)
        return export_bytes(self._library, self.takes.get(digest), format, polish)

    def check_output(self, path: Path | None) -> None:
        """Refuse a name that cannot be written before any work is done for it."""
        if path is not None:
            format_for(path)
            check_target(path)
            sweep(path.parent)

    def permit(self, request: SpeakRequest | ConvertRequest) -> None:
        """`NotPermitted` where its voice, or the one it is said again in, is cloned and nobody agreed that it is
        exported; to be asked before work."""
        self._produce(request)

    def inspect(self, path: Path) -> Provenance:
        """What an exported file says about itself, with the recipe where this studio knows it."""
        from studio.audio.files import probe

        found = read_tags(probe(path).tags)
        return replace(found, recipe=self._recipe(found.digest)) if found.digest else found

    def _recipe(self, digest: str) -> Mapping[str, Any] | None:
        try:
            return self.takes.details(digest).recipe
        except NotFound:
            pass
        try:
            kept = self._library.productions.get(digest[:ID_DIGITS])
        except NotFound:
            return None
        if kept.kind != "conversion":
            return {"kind": kept.kind, "production": kept.id, "title": kept.title, "settings": kept.settings}
        return kept.settings.get("recipe")

    def clean_takes(self, limit_mb: int | None = None) -> Cleaned:
        """Remove the least recently used takes above the limit; starred and used ones stay."""
        return self.cache.clean(None if limit_mb is None else limit_mb * 1_000_000)

    # said again in another voice, and styles

    def revoice(
        self,
        recording: Path | str,
        path: Path,
        engine: str,
        voice: str = "",
        controls: Mapping[str, Any] | None = None,
        seed: int = 0,
    ) -> "Job[Revoiced]":
        """Begin to say a recording of any length again in another voice, written to `path`. `take:DIGEST` names a take
        of any engine."""
        from studio.production.revoicing import revoice

        source = Path(recording)
        if (name := str(recording)).startswith(TAKE):
            take = self.takes.get(name.removeprefix(TAKE))
            rights.require_take(self._library, take.digest)
            source = self.cache.path(take.digest)
        return revoice(
            self._engines, self._library, source, path, engine=engine, voice=voice, controls=controls, seed=seed
        )

    def converters(self) -> Sequence[str]:
        """The engines that are ready and can say a recording in another voice."""
        return converters(self._engines)

    def keep_style(self, name: str, engine: str, controls: Mapping[str, Any], description: str = "") -> Style:
        """Control values under a name; the engine's declaration checks them."""
        spec = self.engine(engine)
        checked = {key: spec.control(key).check(value) for key, value in controls.items()}
        return self.styles.save(NewStyle(name, checked, engine, description))

    def emotion_way(self, engine: str, emotion: str) -> "Way":
        """What this engine can do to show an emotion: a mark around the text, a style, or nothing."""
        from studio.production.emotions import way_to

        return way_to(emotion, self.engine(engine), {style.name for style in self.styles.list(engine)})

    # long things

    def convert(
        self,
        source: Path,
        request: ConvertRequest,
        output: Path | None = None,
        cover: Path | None = None,
        *,
        start: bool = True,
    ) -> ConvertJob:
        """Read a manuscript into one file, as a production of the shelf."""
        self.check_output(output)
        picture = read_cover(cover) if cover else None
        job = self.productions.open(source, request, output, picture)
        return self.productions.start(job) if start else job

    def bench(self, engine: str, seconds: float) -> Job[tuple[Speed, ...]]:
        """Measure an engine for `seconds`."""
        job: Job[tuple[Speed, ...]] = Job(lambda job: measure(self._engines, engine, seconds, job), title=engine)
        self._engines.get(engine)
        job.start()
        return job

    def _direct(self, request: SpeakRequest | ConvertRequest) -> Direction:
        """The request with its names resolved: engine, voice, style; everything checked."""
        engine = self._engines.get(request.engine)
        spec = engine.spec
        style = self.styles.get(request.style, spec.id).controls if request.style else {}
        spec.check_language(request.language)
        voice = cast(self._library, engine, request.voice)
        return Direction(
            engine,
            voice,
            spec.settle({**style, **request.controls}),
            seed=text_seed(request.seed),
            language=request.language,
            steps=request.steps,
            mode=getattr(request, "mode", "speak"),
            gaps=request.gaps,
            split=request.split,
            cautions=cautions(self._engines, spec.id, voice),
            into=into_of(self._engines, self._library, request.into, request.converter),
        )

    def _produce(self, request: SpeakRequest | ConvertRequest) -> Direction:
        """The same for what becomes a file. `NotPermitted` for a cloned voice without consent."""
        direction = self._direct(request)
        rights.require_all(self._library, direction)
        return direction

    def _direct_book(self, manuscript: Manuscript, request: ConvertRequest) -> Book:
        return Book(manuscript, request, self._produce(request))


def _models(given: Path | None) -> Path | None:
    """The folder of models by option or environment. `BadFile` where it is none."""
    named = given or (Path(told).expanduser() if (told := os.environ.get(MODELS)) else None)
    if named is not None and not named.is_dir():
        raise BadFile(
            f"{named}: no such folder of models; give one that holds asset/ or a folder for each model",
            f"{named}：没有这个模型文件夹；其中应有 asset/，或每个模型一个子文件夹",
            where="models",
        )
    return named and named.resolve()  # the page changes its working folder
