"""A recording, or a take of any engine, said again in another voice."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.audio.formats import format_for
from studio.audio.writing import Tags, Writer
from studio.digest import digest_of
from studio.engines.contract import Converts, Recipe
from studio.engines.registry import Registry
from studio.errors import BadFile, BadRequest
from studio.library import Library
from studio.production import rights
from studio.production.casting import cast
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
    speaker, stop = engines.get(engine), stop or Stop()
    if not isinstance(speaker, Converts):
        able = [spec.id for spec in engines.specs() if isinstance(engines.get(spec.id), Converts)]
        raise BadRequest(
            f"{engine} cannot change the voice of a recording; these can: {', '.join(able)}",
            f"{engine} 不能转换录音的音色；可用的引擎：{'、'.join(able)}",
            where="engine",
        )
    spec, found = speaker.spec, cast(library, speaker, voice)
    rights.require(library, [found], engine)
    settled = tuple(sorted(spec.settle(controls or {}).items()))
    recipe = Recipe(spec.id, spec.version, "", found.content, "auto", settled, seed)
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
