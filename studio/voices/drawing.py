"""Voices drawn from seeds, blended, bred and compared: each time one sentence in a grid of candidates.

It is the facade's `drawing`. What is drawn can be drawn again: `Audition.recipe` holds its seeds, its sentence and its
controls, and the same recipe gives the same sound.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from studio.engines.contract import Control, EngineSpec, VoiceKind
from studio.engines.registry import Registry
from studio.errors import BadControl, BadRequest, NotFound, NotInstalled
from studio.library import Library, Voice
from studio.production.casting import SEEDS, CastVoice, cast
from studio.production.planning import Direction, SpeakRequest, plan
from studio.production.rendering import Renderer
from studio.voices.audition import Audition, Candidate, ref_of
from studio.voices.evolving import MOST, Brood, Family, Mutation
from studio.voices.lineage import Ancestor, ancestors

REMEMBERED = 8  # auditions that can still be heard and kept from
EASY = 1_000_000  # random seeds are below it: people write them down
COMPARED = 4  # voices side by side
STYLES = 6  # styles side by side


@dataclass(frozen=True)
class Sentence:
    """What every candidate says, and how."""

    text: str
    style: str = ""
    controls: Mapping[str, Any] = field(default_factory=dict)
    language: str = "auto"
    seed: int = 0  # of the reading

    def request(self, engine: str, voice: str = "", **more: Any) -> SpeakRequest:
        plain = {"style": self.style, "controls": self.controls, "language": self.language, "seed": self.seed}
        return SpeakRequest(self.text, engine, voice, stream=False, **{**plain, **more})

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "controls": dict(self.controls)}


@dataclass(frozen=True)
class Sweep:
    """A control that goes through some values: the columns of a grid."""

    control: str
    values: tuple[float, ...]

    @classmethod
    def read(cls, text: str) -> "Sweep":
        """`temperature=0.1..0.9x3` (from, to, how many) or `temperature=0.1,0.5`. `BadRequest` otherwise."""
        name, equals, rest = text.partition("=")
        try:
            if ".." in rest:
                low, _, high = rest.partition("..")
                high, _, steps = high.partition("x")
                values = spaced(float(low), float(high), int(steps or 3))
            else:
                values = tuple(float(value) for value in rest.split(","))
        except ValueError:
            values = ()
        if not equals or not name.strip() or not values:
            raise BadRequest(
                f"sweep “{text[:80]}”: write it as control=from..to×steps or with values: temperature=0.1..0.9x3, "
                "temperature=0.3,0.7",
                f"扫描“{text[:80]}”：应写成 temperature=0.1..0.9x3（从..到x个数）或 temperature=0.3,0.7",
                where="sweep",
            )
        return cls(name.strip(), values)

    def checked(self, spec: EngineSpec) -> tuple[float | int, ...]:
        """The values as the control takes them, each once. `BadControl` says its range."""
        control = spec.control(self.control)
        if control.kind not in ("number", "integer"):
            raise BadControl(
                f"sweep: {control.name} is no number; {spec.id} can sweep {_numeric(spec)}",
                f"扫描：{control.name} 不是数值；{spec.id} 可扫描 {_numeric(spec)}",
                where="sweep",
            )
        return tuple(dict.fromkeys(_fitting(control, value) for value in self.values))


def spaced(low: float, high: float, steps: int) -> tuple[float, ...]:
    """`steps` values from `low` to `high`, evenly, without the dust of binary fractions."""
    if not 1 <= steps <= MOST:
        return ()
    if steps == 1:
        return (low,)
    return tuple(round(low + (high - low) * step / (steps - 1), 6) for step in range(steps))


def seeds_in(text: str) -> tuple[int, ...]:
    """`1,2,5-9` as numbers, each once. `BadRequest` for what is none, out of range, or too many."""
    found: dict[int, None] = {}
    for part in filter(None, (part.strip() for part in text.replace("，", ",").split(","))):
        first, dash, last = (one.strip() for one in part.partition("-"))
        numbers = [first, last] if dash else [first]
        if not all(number.isascii() and number.isdigit() and int(number) < SEEDS for number in numbers):
            raise _no_seed(part)
        low, high = int(numbers[0]), int(numbers[-1])
        if high < low or high - low >= MOST:
            raise _too_many(high - low + 1) if high >= low else _no_seed(part)
        found |= dict.fromkeys(range(low, high + 1))
    return tuple(found)


@dataclass(frozen=True)
class DrawRequest:
    """A draw: seeds (given, or `count` random ones), each in every value of a sweep."""

    sentence: Sentence
    engine: str = "espeak"
    seeds: tuple[int, ...] = ()
    count: int = 12
    sweep: Sweep | None = None
    voice: str = ""  # swept instead of seeds, where it is named

    def to_json(self) -> dict[str, Any]:
        """What gives the same draw again, once the seeds are known."""
        sweep = {"control": self.sweep.control, "values": list(self.sweep.values)} if self.sweep else None
        seeds = {"voice": self.voice} if self.voice else {"seeds": list(self.seeds)}
        return {"engine": self.engine, **seeds, "sweep": sweep, "sentence": self.sentence.to_json()}


Direct = Callable[[SpeakRequest], Direction]
Again = Callable[[Sequence[Candidate]], Audition]  # draws anew, with those that were liked


class Drawing:
    """Everything that lets one sentence be heard in several voices. Every method may be called from any thread."""

    def __init__(
        self,
        library: Library,
        engines: Registry,
        renderer: Renderer,
        direct: Direct,
        keep: Callable[..., Voice],
    ) -> None:
        """`direct` resolves the names of a request; `keep` puts a voice into the library, pinned by its content."""
        self._library, self._engines, self._renderer = library, engines, renderer
        self._direct, self._keep = direct, keep
        self._auditions: OrderedDict[str, tuple[Audition, Again | None]] = OrderedDict()
        self._lock = threading.Lock()

    def close(self) -> None:
        """Stop what runs."""
        running = [audition for audition, _ in self._auditions.values()]
        for audition in running:
            audition.stop()
        for audition in running:
            audition.join()

    def audition(self, id: str) -> Audition:
        """One that runs or was asked for lately. `NotFound`."""
        return self._of(id)[0]

    def numeric(self, engine: str) -> tuple[Control, ...]:
        """The controls of an engine that can be swept."""
        spec = self._engines.get(engine).spec
        return tuple(control for control in spec.controls if control.kind in ("number", "integer"))

    def draw(self, request: DrawRequest) -> Audition:
        """Start a draw. `BadRequest` for too many candidates, or an engine whose voices have no seeds."""
        spec = self._engines.get(request.engine).spec
        if not request.voice:
            _check_seeds(spec, request)
            request = replace(request, seeds=request.seeds or _random(request.count))
        values = request.sweep.checked(spec) if request.sweep else ()
        refs = (request.voice,) if request.voice else tuple(f"seed:{seed}" for seed in request.seeds)
        if len(refs) * max(1, len(values)) > MOST:
            raise _too_many(len(refs) * max(1, len(values)))
        columns = [{request.sweep.control: value} for value in values] if request.sweep else [{}]
        said = request.sentence

        def places() -> Iterator[Candidate]:
            for row, ref in enumerate(refs):
                for column, set_ in enumerate(columns):
                    controls = {**said.controls, **set_}
                    setting = " ".join(f"{name} {value:g}" for name, value in set_.items())
                    asked = said.request(spec.id, ref, controls=controls)
                    yield self._candidate(asked, row, column, setting=setting, controls=controls)

        def again(liked: Sequence[Candidate]) -> Audition:
            rows = dict.fromkeys(one.voice.content.seed for one in liked)
            fresh = _random(len(request.seeds) - len(rows), set(request.seeds))
            return self.draw(replace(request, seeds=(*rows, *fresh)))

        return self._begin("draw", request.to_json(), places(), again if not request.voice else None)

    def evolve(self, engine: str, family: Family, sentence: Sentence) -> Audition:
        """Start hearing children of voices; see `studio.voices.evolving`. `BadRequest` where voices are no vectors."""
        return self._evolve(engine, family, sentence, ())

    def _evolve(self, engine: str, family: Family, sentence: Sentence, kept: Sequence[Candidate]) -> Audition:
        speaker = self._engines.get(engine)
        children = list(family.children(speaker, lambda ref: cast(self._library, speaker, ref)))
        parents = [one.parents for one in kept] + [child.parents for child in children[len(kept) :]]
        names = [one.name for one in kept] + [child.name for child in children[len(kept) :]]

        def places() -> Iterator[Candidate]:
            for row, child in enumerate(children):
                voice = CastVoice(child.content, names[row])
                asked = sentence.request(engine, ref_of(child.content))
                yield self._candidate(asked, row, 0, voice, parents=parents[row], controls=sentence.controls)

        def again(liked: Sequence[Candidate]) -> Audition:
            assert isinstance(family, (Mutation, Brood))
            keep = tuple(one.ref for one in liked)
            return self._evolve(engine, replace(family, keep=keep, seed=_random(1)[0]), sentence, liked)

        recipe = {"engine": engine, "family": asdict(family), "sentence": sentence.to_json()}
        return self._begin(family.kind, recipe, places(), again if isinstance(family, (Mutation, Brood)) else None)

    def compare_voices(self, voices: Sequence[tuple[str, str]], sentence: Sentence) -> Audition:
        """The same sentence in up to four voices, each an engine and a voice as people name it."""
        _check_compared(len(voices), COMPARED, "voices", "个音色")
        recipe = {"voices": [list(pair) for pair in voices], "sentence": sentence.to_json()}
        places = (self._candidate(sentence.request(*pair), row, 0) for row, pair in enumerate(voices))
        return self._begin("voices", recipe, places)

    def compare_styles(self, engine: str, styles: Sequence[str], sentence: Sentence, voice: str = "") -> Audition:
        """The same sentence in two to six styles of one engine."""
        _check_compared(len(styles), STYLES, "styles", "个风格")
        recipe = {"engine": engine, "voice": voice, "styles": list(styles), "sentence": sentence.to_json()}
        places = (
            self._candidate(sentence.request(engine, voice, style=style), 0, column, setting=style)
            for column, style in enumerate(styles)
        )
        return self._begin("styles", recipe, places)

    def again(self, id: str, liked: Sequence[int] = ()) -> Audition:
        """Draw anew, with the liked candidates (their numbers) in front. `BadRequest` where chance plays no part."""
        audition, again = self._of(id)
        if again is None:
            raise BadRequest(
                f"{audition.kind}: nothing in it is drawn by chance, so it would be the same again",
                f"{audition.kind}：其中没有随机成分，再来一次结果相同",
                where="id",
            )
        return again([audition.candidate(number) for number in dict.fromkeys(liked)])

    def keep(self, id: str, number: int, name: str, **facts: Any) -> Voice:
        """The voice of a candidate into the library, with what it was heard in and how it was made."""
        audition = self.audition(id)
        one = audition.candidate(number)
        origin = {"made": audition.kind, "number": number, **_told(audition.recipe), **facts.pop("origin", {})}
        more = {"controls": one.controls, "parents": one.parents, "origin": origin, **facts}
        voice = self._keep(one.engine, one.voice.content, name, **more)
        if one.take is not None:
            self._library.cache.flush()
            self._library.previews.add(voice.id, one.take.digest)
        audition.candidates[number - 1] = replace(audition.candidates[number - 1], kept=voice.id)
        return voice

    def lineage(self, voice: str) -> tuple[Ancestor, ...]:
        """The parents of a voice of the library, with theirs. `NotFound`."""
        return ancestors(self._library, self._library.voices.get(voice))

    def _of(self, id: str) -> tuple[Audition, Again | None]:
        with self._lock:
            if id in self._auditions:
                return self._auditions[id]
        raise NotFound(f"draw “{id}” is over and forgotten; draw again", f"抽卡“{id}”已清除，请重新抽取", where="id")

    def _candidate(
        self, request: SpeakRequest, row: int, column: int, voice: CastVoice | None = None, **more: Any
    ) -> Candidate:
        direction = self._direct(request)
        if voice is not None:
            direction = replace(direction, voice=voice)
        return Candidate(0, row, column, direction.voice.label, plan(request, direction), **more)

    def _begin(
        self, kind: str, recipe: Mapping[str, Any], places: Iterator[Candidate], again: Again | None = None
    ) -> Audition:
        candidates = [replace(one, number=number) for number, one in enumerate(places, 1)]
        for engine in {one.engine for one in candidates}:
            if (missing := self._engines.get(engine).missing()) is not None:
                raise NotInstalled(missing.en, missing.zh, command=missing.en.rpartition(": ")[2])
        audition = Audition(kind, recipe, candidates, self._renderer, self._library)
        with self._lock:
            self._auditions[audition.id] = audition, again
            over = [id for id, (old, _) in self._auditions.items() if old.over]
            for id in over[: max(0, len(self._auditions) - REMEMBERED)]:
                del self._auditions[id]
        audition.start()
        return audition


def _told(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe as it is kept with a voice: without the vectors of its grid, since its own is kept."""
    family = {name: value for name, value in recipe.get("family", {}).items() if name != "keep"}
    return {"recipe": {**recipe, "family": family} if family else dict(recipe)}


def _random(count: int, but: set[int] | None = None) -> tuple[int, ...]:
    """Seeds nobody chose, each once."""
    found: set[int] = set()
    while len(found) < count:
        found |= {secrets.randbelow(EASY)} - (but or set())
    return tuple(found)


def _check_seeds(spec: EngineSpec, request: DrawRequest) -> None:
    if VoiceKind.SEED not in spec.voice_kinds:
        raise BadRequest(
            f"{spec.id}: its voices are not drawn from seeds; name a voice and sweep a control, or draw with another "
            "engine",
            f"{spec.id} 的音色不由种子产生；请指定一个音色并扫描控制项，或换一个引擎抽卡",
            where="engine",
        )
    wrong = [seed for seed in request.seeds if not 0 <= seed < SEEDS]
    if wrong:
        raise _no_seed(str(wrong[0]))
    if len(request.seeds) > MOST or (not request.seeds and not 1 <= request.count <= MOST):
        raise _too_many(len(request.seeds) or request.count)


def _fitting(control: Control, value: float) -> float | int:
    """A value of a sweep in the control's type; steps between whole numbers go to the nearest."""
    checked = control.check(round(value) if control.kind == "integer" else value)
    assert isinstance(checked, (int, float))
    return checked


def _numeric(spec: EngineSpec) -> str:
    return ", ".join(control.name for control in spec.controls if control.kind in ("number", "integer"))


def _check_compared(count: int, most: int, en: str, zh: str) -> None:
    if not 2 <= count <= most:
        raise BadRequest(
            f"{count} {en} to compare: takes 2 to {most}", f"对比 {count} {zh}：应为 2 到 {most} 个", where=en
        )


def _no_seed(part: str) -> BadRequest:
    return BadRequest(
        f"seed “{part[:40]}”: a seed is a whole number from 0 to {SEEDS - 1}; write 1,2,5-9",
        f"种子“{part[:40]}”：应为 0 到 {SEEDS - 1} 的整数，例如 1,2,5-9",
        where="seeds",
    )


def _too_many(count: int) -> BadRequest:
    return BadRequest(
        f"{count} candidates: a draw takes 1 to {MOST}; seeds times values of the sweep count",
        f"{count} 个候选：一次抽卡 1 到 {MOST} 个（种子数乘以扫描值个数）",
        where="count",
    )
