"""The engines of this studio: which there are, whether they can speak, and who has the turn.

The shipped ones stand in a table, so that a checkout needs no installation; others announce themselves through the
entry point group `timbre_studio.engines` (see `docs/engines.md`). An engine that fails to load is listed with its error
and takes nothing else along.
"""

import logging
import math
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from studio.engines.checking import check_engine
from studio.engines.contract import (
    AudioChunk,
    Configures,
    Control,
    Converts,
    Engine,
    EngineSpec,
    Recipe,
    SharesVoices,
    Stop,
    VoiceKind,
)
from studio.engines.derived import Derived
from studio.errors import Cancelled, EngineFailed, InUse, NotFound, NotInstalled, StudioError
from studio.plugins import announced, made, named, translated
from studio.settings import Settings
from studio.weights import WeightStore
from studio.words import Words

GROUP = "timbre_studio.engines"
SHIPPED = {
    "espeak": "studio.engines.espeak:Espeak",
    "chattts": "studio.engines.chattts.engine:ChatTTS",
    "cosyvoice3": "studio.engines.cosyvoice.engine:CosyVoice3",
    "cosyvoice2": "studio.engines.cosyvoice.engine:CosyVoice2",
    "cosyvoice1": "studio.engines.cosyvoice.engine:CosyVoice1",
    "cosyvoice1-sft": "studio.engines.cosyvoice.engine:CosyVoice1Sft",
    "cosyvoice1-instruct": "studio.engines.cosyvoice.engine:CosyVoice1Instruct",
}
KIND = Words("engine", "引擎")
WORDS_OF_STATE = {
    "ready": Words("ready", "可用"),
    "missing": Words("not installed", "未安装"),
    "broken": Words("broken", "无法使用"),
}
PATIENCE_S = 5.0  # of `unload_all` with one who has an engine
CHECKING_S = 0.05  # how often one who waits for a turn looks whether to stop

log = logging.getLogger(__name__)
Factory = Callable[..., Engine]


@dataclass(frozen=True)
class EngineState:
    """One engine as it stands now."""

    id: str
    title: Words
    state: Literal["ready", "missing", "broken"]
    note: Words | None = None  # what is missing with the command that brings it, or why it is broken
    command: str = ""  # the command alone
    loaded: bool = False
    source: str = ""  # the package of a third party
    shares_voices: bool = False  # its voices can be exchanged as strings
    converts: bool = False  # it can say a recording again in another voice
    spec: EngineSpec | None = None  # None where it is broken

    @property
    def word(self) -> Words:
        """The state as people read it."""
        return WORDS_OF_STATE[self.state]

    def to_json(self) -> dict[str, Any]:
        """Plain data for programs."""
        return {
            "id": self.id,
            "title": self.title._asdict(),
            "state": self.state,
            "note": self.note._asdict() if self.note else None,
            "command": self.command,
            "loaded": self.loaded,
            "source": self.source,
            "converts": self.converts,
            **(spec_to_json(self.spec) if self.spec else {}),
        }


@dataclass
class _Entry:
    """An engine that works, and who has it."""

    engine: Engine
    source: str
    turns: "_Turns"
    loaded: bool = False
    loading: threading.Lock = field(default_factory=threading.Lock)  # several callers may find it not loaded


@dataclass(frozen=True)
class _Broken:
    """An engine that does not."""

    source: str
    why: Words


class Registry:
    """Every engine by its id. For any number of threads."""

    def __init__(
        self,
        shipped: Mapping[str, str] = SHIPPED,
        *,
        third_parties: bool = True,
        weights: WeightStore | None = None,
        settings: Settings | None = None,
        derived: Derived | None = None,
    ) -> None:
        """`shipped` maps ids to `module:class`; without `third_parties`, entry points are not read.

        `settings` say how engines are loaded; without them, the environment alone does.

        An engine whose constructor has a parameter `weights` gets the store of models, one with `derived` the place
        for what it computes from clips.
        """
        self._derived = derived or Derived()
        self._weights = weights or WeightStore(lambda: Path(tempfile.gettempdir()) / "timbre-weights")
        self._settings = settings or Settings()
        self._shipped = dict(shipped)
        self._third_parties = third_parties
        self._scanned = not third_parties
        self._entries: dict[str, _Entry] = {}
        self._broken: dict[str, _Broken] = {}
        self._lock = threading.RLock()

    def specs(self) -> tuple[EngineSpec, ...]:
        """The declarations of all that are not broken, shipped ones first."""
        return tuple(state.spec for state in self.states() if state.spec is not None)

    def states(self) -> tuple[EngineState, ...]:
        """Every engine, the broken ones last."""
        self._scan()
        with self._lock:
            names = (*self._entries, *self._broken)
        return tuple(self.state(name) for name in names)

    def state(self, id: str) -> EngineState:
        """How an engine stands; `NotFound` names the nearest."""
        found = self._find(id)
        if isinstance(found, _Broken):
            return EngineState(id, Words(id, id), "broken", found.why, source=found.source)
        spec = found.engine.spec
        can: dict[str, Any] = {
            "source": found.source,
            "shares_voices": isinstance(found.engine, SharesVoices),
            "converts": isinstance(found.engine, Converts),
            "spec": spec,
        }
        if (missing := found.engine.missing()) is not None:
            command = missing.en.rpartition(": ")[2]
            return EngineState(id, spec.title, "missing", missing, command, **can)
        return EngineState(id, spec.title, "ready", loaded=found.loaded, **can)

    def get(self, id: str) -> Engine:
        """An engine, loaded or not. `NotFound`, or `EngineFailed` with the reason where it is broken."""
        return self._working(id).engine

    def weights_of(self, id: str) -> str:
        """The digest of the weights that an engine speaks with now; empty where it has none, or they are not here."""
        named = self.get(id).spec.weights
        if not named or any(self._weights.find(one) is None for one in named):
            return ""
        return "+".join(self._weights.digest(one) for one in named)

    @contextmanager
    def lease(self, id: str, stop: Stop | None = None) -> Iterator[Engine]:
        """The engine, loaded, for this caller alone; others wait in the order they came.

        A concurrent engine is given to all who ask, and is nobody's alone. `NotInstalled` if it cannot speak yet,
        `Cancelled` when `stop` is set while waiting.
        """
        entry = self._working(id)
        shared = entry.engine.spec.concurrent
        with entry.turns.ours(stop) if shared else entry.turns.mine(stop):
            if (missing := entry.engine.missing()) is not None:
                raise NotInstalled(missing.en, missing.zh, command=missing.en.rpartition(": ")[2])
            with entry.loading, translated(id):
                entry.engine.load()
            entry.loaded = True
            yield entry.engine

    def speak(
        self,
        id: str,
        recipes: Sequence[Recipe],
        stop: Stop | None = None,
        stream: bool = True,
    ) -> Iterator[AudioChunk]:
        """`Engine.speak` in its turn; what a third party's engine raises comes as `EngineFailed`.

        So does a recipe whose engine was changed while it waited, since its sound would be another than its name says.
        """
        stop = Stop() if stop is None else stop  # a Stop that is not set is false
        with self.lease(id, stop) as engine, translated(id):
            unchanged(engine, recipes)
            yield from engine.speak(recipes, stop, stream)

    @contextmanager
    def idle(self, id: str) -> Iterator[Engine]:
        """The engine, unloaded, for this caller alone: the moment to change how it is loaded.

        `InUse` where others have it for longer than 5 s.
        """
        entry, late = self._working(id), Stop()
        timer = threading.Timer(PATIENCE_S, late.set)
        timer.start()
        try:
            with entry.turns.mine(late), translated(id):
                timer.cancel()
                entry.loaded = False
                entry.engine.unload()
                yield entry.engine
        except Cancelled:
            raise InUse(
                f"{id} is speaking now; stop that or wait for its end, then change how it is loaded",
                f"{id} 正在合成；请先停止或等它结束，再修改加载设置",
                where="engine",
            ) from None
        finally:
            timer.cancel()

    def unload(self, id: str, stop: Stop | None = None) -> None:
        """Free what an engine holds, once nobody has it."""
        entry = self._working(id)
        with entry.turns.mine(stop), translated(id):
            entry.loaded = False
            entry.engine.unload()

    def unload_all(self) -> None:
        """Free everything, when the studio closes. Who still has an engine after 5 s loses it.

        An engine that fails to let go is logged, and the others still are freed.
        """
        with self._lock:
            loaded = [(name, entry) for name, entry in self._entries.items() if entry.loaded]
        for name, entry in loaded:
            try:
                with entry.turns.mine(None, PATIENCE_S), translated(name):
                    entry.loaded = False
                    entry.engine.unload()
            except StudioError as error:
                log.warning("unloading %s: %s", name, error)

    def add(self, name: str, factory: Factory, source: str = "") -> None:
        """Register one more engine; whatever is wrong with it shows in its state. Its id is that of its declaration."""
        try:
            engine: Engine = made(factory, self._weights, self._derived)
            wrong = check_engine(engine)
            if not wrong and isinstance(engine, Configures):
                spec = engine.spec
                if settings := self._settings.of(spec.id, spec.settings):
                    engine.configure(settings)
        except Exception as error:  # code of a third party: nothing it does may stop the studio
            log.warning("engine %s (%s) does not load", name, source or "shipped", exc_info=True)
            why = f"{type(error).__name__}: {error}"
            return self._set_aside(name, source, Words(f"it does not load ({why})", f"无法载入（{why}）"))
        if wrong:
            en, zh = "; ".join(w.en for w in wrong), "；".join(w.zh for w in wrong)
            return self._set_aside(name, source, Words(f"its declaration is wrong: {en}", f"声明有误：{zh}"))
        with self._lock:
            if (taken := self._entries.get(engine.spec.id)) is not None:
                by = taken.source or "the studio itself", taken.source or "音色工坊自带的引擎"
                words = Words(
                    f"its id “{engine.spec.id}” belongs to {by[0]}; its maker has to choose another",
                    f"它的 id“{engine.spec.id}”已属于{by[1]}；需要其作者改用别的 id",
                )
                return self._set_aside(engine.spec.id, source, words)
            self._entries[engine.spec.id] = _Entry(engine, source, _Turns())
        return None

    def _set_aside(self, name: str, source: str, why: Words) -> None:
        with self._lock:
            taken = name in self._entries or name in self._broken
            unique = f"{name}@{source}" if taken else name
            about = f" ({source})" if source else ""
            self._broken[unique] = _Broken(
                source,
                Words(f"{name}{about}: {why.en}; update or remove it", f"{name}{about}：{why.zh}；请更新或卸载它"),
            )

    def _working(self, id: str) -> _Entry:
        found = self._find(id)
        if isinstance(found, _Broken):
            raise EngineFailed(found.why.en, found.why.zh)
        return found

    def _find(self, id: str) -> _Entry | _Broken:
        with self._lock:
            if id in self._shipped and id not in self._entries and id not in self._broken:
                self._add_shipped(id)
            if id not in self._entries and id not in self._broken:
                self._scan()
            found = self._entries.get(id) or self._broken.get(id)
            if found is None:
                raise NotFound.among(KIND, id, self._entries, where="engine")
            return found

    def _add_shipped(self, id: str) -> None:
        self.add(id, named(self._shipped[id]))

    def _scan(self) -> None:
        """All that are shipped, then (once) all that other packages announce."""
        with self._lock:
            for id in self._shipped:
                if id not in self._entries and id not in self._broken:
                    self._add_shipped(id)
            if self._scanned:
                return
            self._scanned = True
            from importlib.metadata import entry_points  # 60 ms, which a command that names its engine need not pay

            for point in entry_points(group=GROUP):
                if self._shipped.get(point.name) != point.value:  # our own, seen through our installed metadata
                    source = point.dist.name if point.dist else point.value
                    self.add(point.name, announced(point), source)


def unchanged(engine: Engine, recipes: Sequence[Recipe]) -> None:
    """`EngineFailed` where the sound of these recipes would be another than their names say."""
    id, version = engine.spec.id, engine.spec.version
    if any(recipe.version != version for recipe in recipes):
        raise EngineFailed(
            f"{id}: its weights or settings were changed while this waited; begin again",
            f"{id}：等待期间它的权重或设置已更改；请重新开始",
        )


class _Turns:
    """A queue for one engine: first come, first served, and who tires of waiting may leave."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[tuple[object, bool]] = deque()  # tickets, and whether they may be used beside others

    def mine(self, stop: Stop | None, patience: float = math.inf) -> AbstractContextManager[None]:
        """The turn, or after `patience` seconds as if it were; `Cancelled` when `stop` is set before."""
        return self._turn(stop, patience, shared=False)

    def ours(self, stop: Stop | None) -> AbstractContextManager[None]:
        """A turn beside all others who have such a one."""
        return self._turn(stop, math.inf, shared=True)

    @contextmanager
    def _turn(self, stop: Stop | None, patience: float, shared: bool) -> Iterator[None]:
        ticket = object()
        with self._changed:
            self._queue.append((ticket, shared))
        try:
            self._wait(ticket, Stop() if stop is None else stop, patience)
            yield
        finally:
            with self._changed:
                self._queue.remove((ticket, shared))
                self._changed.notify_all()

    def _wait(self, ticket: object, stop: Stop, patience: float) -> None:
        until = time.monotonic() + patience
        with self._changed:
            while not self._has_turn(ticket) and time.monotonic() < until:
                stop.check()
                self._changed.wait(CHECKING_S)
        stop.check()

    def _has_turn(self, ticket: object) -> bool:
        """It is the first one, or shared with nothing but shared ones before it."""
        for first, (known, shared) in enumerate(self._queue):
            if known is ticket:
                return shared or first == 0
            if not shared:
                return False
        return True


def spec_to_json(spec: EngineSpec) -> dict[str, Any]:
    """A declaration as plain data; a bound that is not there is null."""
    return {
        "about": spec.about._asdict(),
        "version": spec.version,
        "languages": list(spec.languages),
        "rate": spec.rate,
        "voice_kinds": sorted(spec.voice_kinds),
        "modes": [{"name": name, "label": words._asdict()} for name, words in spec.modes],
        "marks": {name: {"how": m.how.value, "note": m.note._asdict()} for name, m in spec.marks.items()},
        "native_tokens": list(spec.native_tokens),
        "controls": [control_to_json(control) for control in spec.controls],
        "streams": spec.streams,
        "concurrent": spec.concurrent,
        "default_voice": spec.default_voice,
        "settings": [control_to_json(control) for control in spec.settings],
        "longest": spec.longest,
        "target": spec.target,
        "embedding_size": spec.embedding_size,
        "clips": asdict(spec.clips) if VoiceKind.CLIP in spec.voice_kinds else None,
        "code_licence": spec.code_licence,
        "weights_licence": spec.weights_licence,
        "weights": list(spec.weights),
        "homepage": spec.homepage,
    }


def control_to_json(control: Control) -> dict[str, Any]:
    """A control as plain data."""
    plain = {each.name: getattr(control, each.name) for each in fields(control)}
    for name in ("low", "high"):
        plain[name] = plain[name] if math.isfinite(plain[name]) else None
    plain["label"], plain["help"] = control.label._asdict(), control.help._asdict()
    plain["choices"] = [{"value": value, "label": words._asdict()} for value, words in control.choices]
    return plain
