"""The recognisers of this studio. The shipped one stands in a table; others announce themselves through the entry point
group `timbre_studio.recognisers`, as engines do. One that does not load is listed with its error.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from studio.errors import EngineFailed, NotFound, NotInstalled, StudioError
from studio.plugins import announced, made, named
from studio.recognition.contract import Configures, Recogniser, RecogniserSpec
from studio.settings import Settings
from studio.weights import WeightStore
from studio.words import Words

GROUP = "timbre_studio.recognisers"
SHIPPED = {"sensevoice": "studio.recognition.sensevoice.recogniser:SenseVoiceRecogniser"}
KIND = Words("recogniser", "识别器")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RecogniserState:
    """One recogniser as it stands now."""

    id: str
    title: Words
    state: Literal["ready", "missing", "broken"]
    note: Words | None = None  # what is missing with the command that brings it, or why it is broken
    command: str = ""
    source: str = ""  # the package of a third party
    spec: RecogniserSpec | None = None  # None where it is broken


class Recognisers:
    """Every recogniser by its id. For any number of threads."""

    def __init__(
        self, weights: WeightStore, shipped: Mapping[str, str] = SHIPPED, *, settings: Settings | None = None
    ) -> None:
        """`settings` say how recognisers are loaded; without them, the environment alone does."""
        self._weights, self._shipped, self._settings = weights, shipped, settings or Settings()
        self._found: dict[str, tuple[Recogniser, str]] = {}
        self._broken: dict[str, tuple[Words, str]] = {}
        self._lock = threading.RLock()
        self._scanned = False

    def states(self) -> tuple[RecogniserState, ...]:
        """Every recogniser, the broken ones last."""
        self._scan()
        broken = (RecogniserState(id, Words(id, id), "broken", why, "", by) for id, (why, by) in self._broken.items())
        return (*(self._state(*found) for found in self._found.values()), *broken)

    def get(self, id: str = "") -> Recogniser:
        """A recogniser that can listen; without `id`, the first that can.

        `NotFound` names the nearest, `NotInstalled` says what is missing, `EngineFailed` why it is broken.
        """
        self._scan()
        states = self.states()
        wanted = [state for state in states if state.id == id] if id else [s for s in states if s.state == "ready"]
        if id and not wanted:
            raise NotFound.among(KIND, id, self._found, where="recogniser")
        state = (wanted or list(states))[0]
        note = state.note or Words("", "")
        if state.state == "broken":
            raise EngineFailed(note.en, note.zh)
        if state.state == "missing":
            raise NotInstalled(note.en, note.zh, command=state.command)
        return self._found[state.id][0]

    def add(self, name: str, factory: Callable[..., Recogniser], source: str = "") -> None:
        """Register one more; whatever is wrong with it shows in its state."""
        try:
            recogniser: Recogniser = made(factory, self._weights)
            id, declared = recogniser.spec.id, recogniser.spec.settings
            if isinstance(recogniser, Configures) and (settings := self._settings.of(id, declared)):
                recogniser.configure(settings)
        except Exception as error:  # code of a third party: nothing it does may stop the studio
            log.warning("recogniser %s (%s) does not load", name, source or "shipped", exc_info=True)
            why = str(error) if isinstance(error, StudioError) else f"{type(error).__name__}: {error}"
            words = Words(
                f"{name}: it does not load ({why}); update or remove it", f"{name}：无法载入（{why}）；请更新或卸载它"
            )
            with self._lock:
                self._broken[name] = words, source
            return
        with self._lock:
            self._found.setdefault(id, (recogniser, source))

    def configure(self, id: str, settings: Mapping[str, Any]) -> None:
        """Load a recogniser with these settings from now on; whoever listens with it is let finish its piece."""
        self._scan()
        found = self._found.get(id)
        if found is None:
            raise NotFound.among(KIND, id, self._found, where="recogniser")
        if isinstance(found[0], Configures):
            found[0].configure(settings)

    def unload(self, weights: str = "") -> None:
        """Let models go: those that use the weights of this id, or all."""
        with self._lock:
            found = [recogniser for recogniser, _ in self._found.values()]
        for recogniser in found:
            if not weights or weights in recogniser.spec.weights:
                recogniser.unload()

    def _state(self, recogniser: Recogniser, source: str) -> RecogniserState:
        spec, missing = recogniser.spec, recogniser.missing()
        command = missing.en.rpartition(": ")[2] if missing else ""
        return RecogniserState(spec.id, spec.title, "missing" if missing else "ready", missing, command, source, spec)

    def _scan(self) -> None:
        with self._lock:
            if self._scanned:
                return
            self._scanned = True
            for id, where in self._shipped.items():
                self.add(id, named(where))
            from importlib.metadata import entry_points  # 60 ms that most commands need not pay

            for point in entry_points(group=GROUP):
                if self._shipped.get(point.name) != point.value:  # our own, seen through our installed metadata
                    self.add(point.name, announced(point), point.dist.name if point.dist else point.value)
