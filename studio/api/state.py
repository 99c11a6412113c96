"""What the routes share: the studio, the settings, the turns, the numbers; and how they call the studio."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from studio.api.limits import Turns
from studio.api.metrics import Metrics
from studio.api.refusals import Refused, refused
from studio.api.settings import ApiSettings
from studio.errors import StudioError
from studio.studio import EngineSpec, Studio
from studio.words import Words

if TYPE_CHECKING:
    from fastapi import Request

Result = TypeVar("Result")
ALIASES = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")  # names that existing clients cannot change
LISTENERS = ("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe")
REMEMBERED = 1000  # idempotency keys
PREFERRED = (
    "cosyvoice3",
    "cosyvoice2",
    "chattts",
    "cosyvoice1-sft",
    "espeak",
)  # what an alias stands for: the first that is installed
VOICES = (
    "alloy",
    "ash",
    "ballad",
    "cedar",
    "coral",
    "echo",
    "fable",
    "marin",
    "nova",
    "onyx",
    "sage",
    "shimmer",
    "verse",
)


class Kept:
    """Idempotency keys with the request that each stands for."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str], tuple[str, str]] = OrderedDict()

    def known(self, who: str, key: str, digest: str) -> str | None:
        """The production of this key; `Refused` where the key stands for another request."""
        found = self._seen.get((who, key))
        if found is None:
            return None
        if found[0] != digest:
            words = Words(
                "Idempotency-Key: was used for another request; use a new one",
                "Idempotency-Key：已用于另一个请求；请换一个",
            )
            raise Refused(409, words, code="idempotency_conflict", param="Idempotency-Key")
        return found[1]

    def keep(self, who: str, key: str, digest: str, id: str) -> None:
        self._seen[who, key] = digest, id
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)


class State:
    """One server."""

    def __init__(self, studio: Studio, settings: ApiSettings) -> None:
        self.studio, self.settings = studio, settings
        self.turns = Turns(settings.running, settings.waiting)
        self.metrics = Metrics()
        self.kept = Kept()

    async def call(self, work: Callable[..., Result], *given: Any, names: Mapping[str, str] | None = None) -> Result:
        """Run something of the studio beside the event loop; its errors come as `Refused`."""
        from starlette.concurrency import run_in_threadpool

        try:
            return await run_in_threadpool(work, *given)
        except StudioError as error:
            raise refused(error, names) from error

    def engine_of(self, model: str) -> EngineSpec:
        """The engine that a `model` names. 404 for none, 503 for one whose weights are missing."""
        states = {state.id: state for state in self.studio.engines() if state.spec}
        if model in ALIASES:
            ready = [id for id in PREFERRED if id in states and states[id].state == "ready"]
            model = (ready or ["espeak"])[0]
        if model not in states:
            known = [*states, *ALIASES]
            raise Refused(
                404,
                Words(f"model “{model}”: there is {', '.join(known)}", f"模型“{model}”：可选 {'、'.join(known)}"),
                code="model_not_found",
                param="model",
            )
        state = states[model]
        if state.state != "ready":
            raise Refused(503, state.note or Words(model, model), code="not_installed", param="model")
        assert state.spec is not None
        return state.spec

    def voice_ref(self, voice: str, spec: EngineSpec) -> str:
        """What the studio calls a voice of a request. OpenAI's own names are fixed seeds, unless the library has one
        of that name."""
        if voice == "default":
            return ""
        if voice not in VOICES or "seed" not in spec.voice_kinds:
            return "" if voice in VOICES else voice
        try:
            return self.studio.voices.get(voice).id
        except StudioError:
            return f"seed:{seed_for(voice)}"


def seed_for(name: str) -> int:
    """The seed of one of OpenAI's voices: the same everywhere, for ever."""
    return 1000 + VOICES.index(name)


def state_of(request: "Request") -> State:
    found: State = request.app.state.timbre
    return found
