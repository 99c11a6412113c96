"""A recording, or a take of any engine, said again in another voice."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.audio.clip import Clip
from studio.audio.formats import format_for
from studio.audio.writing import Tags, Writer, encode
from studio.digest import digest_of
from studio.engines.contract import Converts, Recipe
from studio.engines.registry import Registry
from studio.errors import BadFile, BadRequest
from studio.library import Library, Take, TakeFacts
from studio.production import rights
from studio.production.casting import CastVoice, cast
from studio.production.provenance import STATEMENT, Provenance
from studio.stop import Stop

LARGEST = 200 << 20  # bytes of a recording


@dataclass(frozen=True)
class Revoiced:
    """What was written."""

    engine: str
    voice: str  # as people name it
    seconds: float
    rate: int
    digest: str  # of all that determines it


def recording_of(path: Path) -> bytes:
    """The bytes of a recording. `BadFile` for one that is not there, or larger than any recording that can be used."""
    try:
        if path.stat().st_size <= LARGEST:
            return path.read_bytes()
    except OSError as error:
        raise BadFile(
            f"{path.name}: cannot be read ({error.strerror})",
            f"{path.name}：无法读取（{error.strerror}）",
            where=str(path),
        ) from error
    raise BadFile(
        f"{path.name}: larger than {LARGEST >> 20} MiB; cut out what is to be said",
        f"{path.name}：大于 {LARGEST >> 20} MiB；请只截取需要转换的部分",
        where=str(path),
    )


def revoice(
    engines: Registry,
    library: Library,
    recording: bytes,
    path: Path,
    *,
    engine: str,
    voice: str = "",
    controls: Mapping[str, Any] | None = None,
    seed: int = 0,
    stop: Stop | None = None,
) -> Revoiced:
    """Write to `path` (format by its name) what is said in `recording`, in a voice of the library or the engine.

    Nothing half-written is left. `BadRequest` where the engine cannot; `BadFile` for a recording that is too long,
    `NotPermitted` for a cloned voice without consent.
    """
    format_for(path)
    stop = stop or Stop()
    speaker, recipe, found = _directed(engines, library, engine, voice, controls, seed)
    rights.require(library, [found], engine)
    spec = speaker.spec
    digest = digest_of(
        {"kind": "conversion", "recording": hashlib.sha256(recording).hexdigest(), "recipe": recipe.to_json()}
    )
    tags = Tags(extra=Provenance(True, spec.id, found.label, digest).tags, comment=STATEMENT)
    samples = 0
    with engines.lease(engine, stop), Writer(path, spec.rate, tags=tags) as writer:
        for chunk in speaker.convert(recording, recipe, stop):
            writer.write(chunk.samples)
            samples += len(chunk.samples)
    return Revoiced(engine, found.label, samples / spec.rate, spec.rate, digest)


def converters(engines: Registry) -> list[str]:
    """The engines that are ready and can say a recording in another voice."""
    ready = [state.id for state in engines.states() if state.state == "ready"]
    return [id for id in ready if isinstance(engines.get(id), Converts)]


def revoiced_take(
    engines: Registry, library: Library, source: Take, engine: str, voice: str = "", stop: Stop | None = None
) -> Take:
    """A take said again in another voice, as a take of its own; known ones come from the cache.

    Like every take it can be heard by anyone; what it needs to be exported, `rights` asks for then.
    """
    stop = stop or Stop()
    speaker, recipe, found = _directed(engines, library, engine, voice, None, 0)
    plain = {**recipe.to_json(), "kind": "conversion", "take": source.digest}
    digest = digest_of(plain)
    if (known := library.cache.fetch(digest)) is not None:
        return known[0].take
    recording = encode(library.cache.load(source.digest), "wav")
    with engines.lease(engine, stop):
        pieces = [chunk.samples for chunk in speaker.convert(recording, recipe, stop)]
    text = library.takes.details(source.digest).text
    facts = TakeFacts(
        recipe=plain, engine=engine, text=text, language=source.language, kind="reading", voice_id=found.id,
        voice_label=found.label,
    )  # fmt: skip
    return library.cache.put(digest, Clip(np.concatenate(pieces), speaker.spec.rate), facts).take


def _directed(
    engines: Registry, library: Library, engine: str, voice: str, controls: Mapping[str, Any] | None, seed: int
) -> "tuple[Any, Recipe, CastVoice]":
    """The engine, the recipe of its voice, and the voice. `BadRequest` where the engine cannot convert."""
    speaker = engines.get(engine)
    if not isinstance(speaker, Converts):
        able = [spec.id for spec in engines.specs() if isinstance(engines.get(spec.id), Converts)]
        raise BadRequest(
            f"{engine} cannot change the voice of a recording; these can: {', '.join(able)}",
            f"{engine} 不能转换录音的音色；可用的引擎：{'、'.join(able)}",
            where="engine",
        )
    spec, found = speaker.spec, cast(library, speaker, voice)
    settled = tuple(sorted(spec.settle(controls or {}).items()))
    return speaker, Recipe(spec.id, spec.version, "", found.content, "auto", settled, seed), found
