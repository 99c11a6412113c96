"""The step after an engine: what it said, said again in the timbre of another voice by an engine that converts.

So a reading of ChatTTS, or of a quick formant synthesiser, can be heard in a cloned voice. A library voice made of a
clip serves every converter that takes clips, whichever engine it was cloned for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from studio.engines.contract import Converts, EngineSpec, Recipe, Value
from studio.engines.registry import Registry
from studio.errors import BadRequest, NotFound, NotInstalled, StudioError
from studio.library import Library
from studio.library.voice import KEPT
from studio.production.casting import CastVoice, cast, cautions
from studio.text.marks import MarkNote


@dataclass(frozen=True)
class Into:
    """Who says again what was said."""

    engine: Converts
    voice: CastVoice
    controls: Mapping[str, Value]  # settled: every control with a checked value
    cautions: tuple[MarkNote, ...] = ()  # what is to be known before anything is said

    @property
    def spec(self) -> EngineSpec:
        return self.engine.spec

    def of(self, said: Recipe) -> Recipe:
        """The recipe of the conversion of what `said` sounds like."""
        return Recipe(
            engine=self.spec.id,
            version=self.spec.version,
            text=said.text,
            voice=self.voice.content,
            language=said.language,
            controls=tuple(sorted(self.controls.items())),
            seed=said.seed,
            source=said,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data that determines the step."""
        return {
            "engine": self.spec.id,
            "version": self.spec.version,
            "voice": self.voice.content.to_json(),
            "controls": dict(self.controls),
        }


def into_of(engines: Registry, library: Library, into: str, converter: str = "") -> Into | None:
    """The step that a request asks for; None where `into` names no voice.

    `converter` names the engine; without it the first that is ready and takes the voice, the one first that the voice
    was made for. `BadRequest`, `NotFound` or `NotInstalled` where nobody can, before anything is said.
    """
    into, converter = into.strip(), converter.strip()
    if not into:
        if converter:
            raise BadRequest(
                f"converter {converter}: say with “into” in whose voice; without it nothing is converted",
                f"转换引擎 {converter}：请同时用 into 指定目标音色，否则不会转换",
                where="into",
            )
        return None
    if converter:
        return _by(engines, library, converter, into)
    ready = converters(engines)
    if not ready:
        raise _nobody(engines, into)
    owner = _owner(library, into)
    ready.sort(key=lambda id: id != owner)  # stable: the order of the registry otherwise
    refusals: list[StudioError] = []
    for id in ready:
        try:
            return _by(engines, library, id, into)
        except StudioError as error:
            refusals.append(error)
    raise refusals[0]


def converters(engines: Registry) -> list[str]:
    """The engines that are ready and can say a recording in another voice."""
    return [state.id for state in engines.states() if state.converts and state.state == "ready"]


def converting(engines: Registry, id: str) -> Converts:
    """An engine that converts. `BadRequest` for one that does not, `NotInstalled` for one that is not ready."""
    engine = engines.get(id)
    if not isinstance(engine, Converts):
        raise BadRequest(
            f"{id} cannot change the voice of a recording; these can: {', '.join(_able(engines))}",
            f"{id} 不能转换录音的音色；可用的引擎：{'、'.join(_able(engines))}",
            where="converter",
        )
    if (missing := engines.state(id).note) is not None:
        raise NotInstalled(missing.en, missing.zh, where="converter", command=engines.state(id).command)
    return engine


def _by(engines: Registry, library: Library, id: str, into: str) -> Into:
    engine = converting(engines, id)
    try:
        voice = cast(library, engine, into, lent=True)
    except StudioError as error:
        error.where = "into"
        raise
    return Into(engine, voice, engine.spec.settle({}), cautions(engines, id, voice))


def _owner(library: Library, into: str) -> str:
    """The engine of a library voice; empty for a voice that an engine brings along."""
    try:
        return library.voices.get(into.removeprefix(KEPT)).engine
    except NotFound:
        return ""


def _able(engines: Registry) -> list[str]:
    return [state.id for state in engines.states() if state.converts]


def _nobody(engines: Registry, into: str) -> NotInstalled:
    able = _able(engines)
    return NotInstalled(
        f"into “{into}”: no engine that converts voices is installed; install one of {', '.join(able)}, "
        f"for example: python -m studio models install {able[0] if able else 'cosyvoice2'}",
        f"换成“{into}”的音色：没有已安装的音色转换引擎；请安装 {'、'.join(able)} 之一，"
        f"例如：python -m studio models install {able[0] if able else 'cosyvoice2'}",
        where="into",
    )
