"""A recording, or a take of any engine, said again in another voice."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from studio.audio.clip import Clip, Samples
from studio.audio.files import blocks, probe
from studio.audio.formats import format_for
from studio.audio.levels import measure
from studio.audio.writing import Tags, Writer
from studio.digest import digest_of
from studio.engines.clips import QUIETEST
from studio.engines.contract import Converts, Recipe, WordTime
from studio.engines.registry import Registry
from studio.errors import BadFile
from studio.library import Library, Take, TakeFacts
from studio.production import rights
from studio.production.casting import CastVoice, cast
from studio.production.into import converting
from studio.production.jobs import Job
from studio.production.piecewise import resaid, retold
from studio.production.provenance import STATEMENT, Provenance
from studio.stop import Stop

LONGEST_S = 12 * 3600.0  # of a recording
LONGEST_TAKE_MIN = 30.0  # of a recording that becomes a take, which is held in memory
BLOCK_S = 4.0  # of it that is read at a time


@dataclass(frozen=True)
class Revoiced:
    """What was written."""

    engine: str
    voice: str  # as people name it
    seconds: float
    rate: int
    digest: str  # of all that determines it


def revoice(
    engines: Registry,
    library: Library,
    recording: Path,
    path: Path,
    *,
    engine: str,
    voice: str = "",
    controls: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Job[Revoiced]:
    """Begin to write to `path` (format by its name) what is said in `recording`, in a voice of the library or the
    engine.

    A recording of any length is converted in pieces, cut where it is quiet; the result is as long. Nothing half-written
    is left. `BadRequest` where the engine cannot, `NotPermitted` for a cloned voice without consent, `BadFile` for what
    is no sound: at once; `BadFile` for a recording that is silent, or damaged on the way: from the job.
    """
    format_for(path)
    speaker, recipe, found = _directed(engines, library, engine, voice, controls, seed)
    rights.require(library, [found], engine)
    spec, facts = speaker.spec, probe(recording)
    digest = digest_of({"kind": "conversion", "recording": _sha256(recording), "recipe": recipe.to_json()})
    tags = Tags(extra=Provenance(True, spec.id, found.label, digest).tags, comment=STATEMENT)

    def work(job: Job[Revoiced]) -> Revoiced:
        sound = _heard(blocks(recording, seconds=BLOCK_S, longest_s=LONGEST_S), recording.name)
        with engines.lease(engine, job.stopping), Writer(path, spec.rate, tags=tags) as writer:
            for chunk in resaid(speaker, sound, facts.rate, recipe, job.stopping):
                writer.write(chunk.samples)
                job.done = writer.seconds
        return Revoiced(engine, found.label, writer.seconds, spec.rate, digest)

    job: Job[Revoiced] = Job(work, title=recording.name)
    job.total = facts.seconds
    job.start()
    return job


def _heard(sound: Iterator[Samples], name: str) -> Iterator[Samples]:
    """The same. `BadFile` at the end where nothing was to be heard."""
    peak = 0.0
    for block in sound:
        peak = max(peak, float(np.abs(block).max(initial=0.0)))
        yield block
    if peak < QUIETEST:
        raise BadFile(
            f"{name}: silent; record it again, nearer to the microphone",
            f"{name}：没有声音；请靠近麦克风重新录制",
            where=name,
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def revoiced_take(
    engines: Registry, library: Library, source: Take, engine: str, voice: str = "", stop: Stop | None = None
) -> Take:
    """A take said again in another voice, as a take of its own; known ones come from the cache.

    Like every take it can be heard by anyone; what it needs to be exported, `rights` asks for then.
    """
    stop = Stop() if stop is None else stop  # one that is not set counts as false
    speaker, recipe, found = _directed(engines, library, engine, voice, None, 0)
    plain = {**recipe.to_json(), "kind": "conversion", "take": source.digest}
    digest = digest_of(plain)
    if (known := library.cache.fetch(digest)) is not None:
        return known[0].take
    clip, stored = library.cache.load(source.digest), library.cache.get(source.digest)
    with engines.lease(engine, stop):
        pieces = [chunk.samples for chunk in resaid(speaker, [clip.samples], clip.rate, recipe, stop)]
    again = Clip(np.concatenate(pieces), speaker.spec.rate)
    words = retold([WordTime(*word) for word in stored.words] if stored else [], clip.seconds, again.seconds)
    text = library.takes.details(source.digest).text
    facts = TakeFacts(
        recipe=plain, engine=engine, text=text, language=source.language, kind="reading", voice_id=found.id,
        voice_label=found.label, words=[(w.text, round(w.start, 4), round(w.end, 4)) for w in words],
    )  # fmt: skip
    return library.cache.put(digest, again, facts).take


def revoiced_recording(
    engines: Registry,
    library: Library,
    recording: Path,
    engine: str,
    voice: str = "",
    *,
    name: str = "",
    controls: Mapping[str, Any] | None = None,
    seed: int = 0,
    stop: Stop | None = None,
    told: Callable[[float], None] = lambda seconds: None,
) -> Take:
    """A recording of up to half an hour said again, as a take; known ones come from the cache.

    `told` hears how many seconds are there. Like every take it can be heard by anyone; see `revoiced_take`.
    `BadFile` for a recording that is too long for a take, silent, or no sound.
    """
    stop = Stop() if stop is None else stop
    facts, called = probe(recording), name or recording.name
    if (minutes := facts.seconds / 60) > LONGEST_TAKE_MIN:
        raise BadFile(
            f"{called}: {minutes:.0f} minutes, and a take holds {LONGEST_TAKE_MIN:.0f}; write it to a file with: "
            "voices convert RECORDING -o FILE -v VOICE",
            f"{called}：长 {minutes:.0f} 分钟，而一个版本最多 {LONGEST_TAKE_MIN:.0f} 分钟；请用命令行写入文件："
            "voices convert 录音 -o 文件 -v 音色",
            where="recording",
        )
    speaker, recipe, found = _directed(engines, library, engine, voice, controls, seed)
    plain = {**recipe.to_json(), "kind": "conversion", "recording": _sha256(recording)}
    digest = digest_of(plain)
    if (known := library.cache.fetch(digest)) is not None:
        return known[0].take
    sound = _heard(blocks(recording, seconds=BLOCK_S, longest_s=60 * LONGEST_TAKE_MIN), called)
    pieces, samples = [], 0
    with engines.lease(engine, stop):
        for chunk in resaid(speaker, sound, facts.rate, recipe, stop):
            pieces.append(chunk.samples)
            samples += len(chunk.samples)
            told(samples / speaker.spec.rate)
    clip = Clip(np.concatenate(pieces), speaker.spec.rate)
    levels = measure(clip)
    kept = TakeFacts(
        recipe=plain, engine=engine, text=name or recording.stem, language="", kind="reading", voice_id=found.id,
        voice_label=found.label, lufs=levels.loudness_lufs, true_peak_db=levels.true_peak_db, rms_db=levels.rms_db,
        noise_floor_db=levels.noise_db,
    )  # fmt: skip
    return library.cache.put(digest, clip, kept).take


def _directed(
    engines: Registry, library: Library, engine: str, voice: str, controls: Mapping[str, Any] | None, seed: int
) -> tuple[Converts, Recipe, CastVoice]:
    """The engine, the recipe of its voice, and the voice. `BadRequest` where the engine cannot convert."""
    speaker = converting(engines, engine)
    spec, found = speaker.spec, cast(library, speaker, voice, lent=True)
    settled = tuple(sorted(spec.settle(controls or {}).items()))
    return speaker, Recipe(spec.id, spec.version, "", found.content, "auto", settled, seed), found
