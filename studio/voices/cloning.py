"""Voices from clips, and whose they are: doctor, clip, consent, further clips, deletion. The facade's `cloning`."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from studio.audio.clip import Clip
from studio.audio.drafts import Draft
from studio.audio.edit import fade
from studio.audio.files import blocks, probe
from studio.audio.writing import encode
from studio.engines.clips import LONGEST_S, SHORTEST_S
from studio.engines.contract import ClipUse, EngineSpec, VoiceContent, VoiceKind
from studio.engines.registry import Registry
from studio.errors import BadFile, BadRequest, NotInstalled
from studio.library import Library, NewVoice, Voice, VoiceChange
from studio.library.casts import CastUse, names
from studio.library.references import Reference
from studio.library.rights import SENTENCE, Rights, checked, today, with_rights
from studio.library.script import Member
from studio.library.voice import KEPT
from studio.production.desk import Desk
from studio.production.ears import Ears
from studio.production.rights import Standing, standing
from studio.recognition.contract import Listening
from studio.voices.cepstra import warm_soon
from studio.voices.recording import measured
from studio.voices.references import Diagnosis, Stretch, examined
from studio.words import Words

Trim = Literal["best", "none"]
Then = Literal["leave", "keep", "replace"]
LEVEL_DB = -20.0  # of the speech in a clip that was normalised
CEILING = 0.89  # -1 dB
EDGE_MS = 8.0  # a cut makes no click
TAIL_S = 0.25  # that a named stretch may be beyond the end


@dataclass(frozen=True)
class EngineUse:
    """What an engine would make of a clip."""

    engine: str
    title: Words
    ready: bool  # it is installed
    fits: bool  # it takes this clip
    told: Words
    transcript: Literal["needed", "helps", "unused"]


class Cloning:
    """Over one library. Every method may be called from any thread."""

    def __init__(self, library: Library, engines: Registry, ears: Callable[[], Ears], desk: Callable[[], Desk]) -> None:
        self._library, self._engines, self._ears, self._desk = library, engines, ears, desk

    # a recording

    def get_ready(self) -> None:
        """Begin in the background what the first recording would wait for. Returns at once."""
        warm_soon()

    def doctor(self, path: Path, name: str = "") -> Diagnosis:
        """What a recording is worth as a clip, and its best stretch. `BadFile` for what is no sound."""
        return examined(measured(path, name))

    def cut(self, path: Path, start: float, end: float, *, normalise: bool = True, name: str = "") -> bytes:
        """A stretch (seconds) of a recording as a FLAC at its own rate, its edges soft, its speech at -20 dB.

        `BadRequest` for a stretch that is not in it, or that no engine takes.
        """
        if not (0 <= start < end and SHORTEST_S <= end - start <= LONGEST_S):
            raise BadRequest(
                f"a stretch from {start:g} to {end:g} s: choose {SHORTEST_S:g} to {LONGEST_S:g} s",
                f"片段 {start:g}–{end:g} 秒：请选择 {SHORTEST_S:g} 到 {LONGEST_S:g} 秒",
                where="stretch",
            )
        clip = _stretch(path, start, end)
        if clip.seconds < min(end - start - TAIL_S, SHORTEST_S):
            raise BadRequest(
                f"{name or path.name} ends {clip.seconds:.1f} s after {start:g} s; choose a stretch inside it",
                f"{name or path.name}在 {start:g} 秒之后只剩 {clip.seconds:.1f} 秒；请在录音范围内选择",
                where="stretch",
            )
        return encode(fade(_levelled(clip) if normalise else clip, EDGE_MS, EDGE_MS), "flac")

    def transcript(self, clip: bytes, language: str = "auto") -> str:
        """What is said in a clip. `NotInstalled` where nothing can listen."""
        with tempfile.NamedTemporaryFile(suffix=".flac") as file:
            file.write(clip)
            file.flush()
            return self._ears().transcribe(Path(file.name), Listening(language), name="clip").wait().text

    def listens(self) -> bool:
        """Whether anything is installed that writes transcripts."""
        return any(state.state == "ready" for state in self._ears().states())

    def engine(self, id: str = "") -> str:
        """The engine that a clip is for: the one named, else the first installed that takes clips. `NotInstalled`."""
        if id:
            return self._engines.get(id).spec.id
        able = [s for s in self._engines.states() if s.spec is not None and VoiceKind.CLIP in s.spec.voice_kinds]
        ready = [state.id for state in able if state.state == "ready"]
        if not ready:
            names = ", ".join(state.id for state in able)
            raise NotInstalled(
                f"no engine that clones is installed; there is {names}: see the Models page, or: models list",
                f"尚未安装可克隆音色的引擎；可选 {names}：见“模型”页，或运行 models list",
                where="engine",
            )
        return ready[0]

    def uses(self, seconds: float, rate: int) -> tuple[EngineUse, ...]:
        """What each engine that takes clips makes of one of this length and rate."""
        found = []
        for state in self._engines.states():
            if state.spec is not None and VoiceKind.CLIP in state.spec.voice_kinds:
                use = state.spec.clips
                fits = use.shortest <= seconds <= use.longest and rate >= use.lowest_rate
                told = _told(use, seconds, rate)
                ready = state.state == "ready"
                found.append(EngineUse(state.id, state.spec.title, ready, fits, told, use.transcript))
        return tuple(found)

    # a voice

    def record(
        self, speaker: str, uses: Sequence[str], expires: str = "", note: str = "", sentence: str = SENTENCE.en
    ) -> Rights:
        """The record of a consent that is given now. `BadRequest` names the field that is wrong."""
        return checked(speaker, uses, expires, note, sentence=sentence, given=today())

    def clone(
        self,
        path: Path,
        name: str,
        engine: str,
        rights: Rights | None = None,
        *,
        transcript: str = "",
        stretch: Stretch | tuple[float, float] | None = None,
        trim: Trim = "best",
        normalise: bool = True,
        language: str = "",
        source: str = "",
        **facts: Any,
    ) -> Voice:
        """A voice from a recording; without `stretch` its best one, or with `trim` none all of it, as it is.

        Without `rights` it can be heard and not exported. `BadFile` for a recording that no voice can be made of.
        """
        self._engines.get(engine).spec.accept(VoiceContent(VoiceKind.CLIP, clip=b"-"))  # before any work
        clip = self._clip(path, stretch, trim, normalise, source or path.name)
        content = VoiceContent(VoiceKind.CLIP, clip=clip, transcript=self._said(clip, transcript))
        return self.keep(engine, content, name, rights, source=source or path.name, language=language, **facts)

    def keep(
        self,
        engine: str,
        content: VoiceContent,
        name: str,
        rights: Rights | None = None,
        *,
        source: str = "",
        language: str = "",
        **facts: Any,
    ) -> Voice:
        """A voice of a finished clip, into the library. `BadFile` for a clip that this engine does not take."""
        spec = self._engines.get(engine).spec
        spec.accept(content)
        _check(content.clip, spec)
        origin = with_rights({"file": source[:200]} if source else {}, rights)
        kept = NewVoice(
            engine, "clip", content.to_json(), name, content.clip, origin=origin,
            languages=(language,) if language else (), **facts,
        )  # fmt: skip
        return self._library.voices.add(kept)

    def _clip(
        self, path: Path, stretch: Stretch | tuple[float, float] | None, trim: Trim, normalise: bool, name: str
    ) -> bytes:
        if stretch is None and trim == "none":
            if probe(path).seconds > LONGEST_S:
                stretch = 0.0, probe(path).seconds  # refused with the lengths that are right
            else:
                return path.read_bytes()
        if stretch is None:
            stretch = _best(self.doctor(path, name))
        start, end = (stretch.start, stretch.end) if isinstance(stretch, Stretch) else stretch
        return self.cut(path, start, end, normalise=normalise, name=name)

    def _said(self, clip: bytes, transcript: str) -> str:
        """As given; `auto` is what a recogniser hears, and nothing where there is none."""
        if transcript != "auto":
            return transcript.strip()
        try:
            return self.transcript(clip) if self.listens() else ""
        except NotInstalled:
            return ""

    # consent

    def standing(self, voice: str) -> Standing:
        """Whether a voice (id or name) is cloned, what its record says, and what is missing."""
        return standing(self._library, self._library.voices.get(voice))

    def allow(self, voice: str, rights: Rights | None) -> Voice:
        """Put the record on a voice that has none, change it, or take it away."""
        kept = self._library.voices.get(voice)
        return self._library.voices.update(kept.id, VoiceChange(origin=with_rights(kept.origin, rights)))

    # further clips

    def references(self, voice: str) -> tuple[Reference, ...]:
        return self._library.references.list(self._library.voices.get(voice).id)

    def add_reference(
        self,
        voice: str,
        emotion: str,
        path: Path,
        *,
        transcript: str = "",
        stretch: tuple[float, float] | None = None,
        trim: Trim = "best",
        normalise: bool = True,
        language: str = "",
    ) -> Reference:
        """Another clip of a cloned voice, for texts and lines that ask for this emotion."""
        kept = self._library.voices.get(voice)
        clip = self._clip(path, stretch, trim, normalise, path.name)
        seconds = _check(clip, self._engines.get(kept.engine).spec)
        said = self._said(clip, transcript)
        added = self._library.references.add(kept.id, emotion, clip, seconds, said, language)
        self._changed(kept)
        return added

    def change_reference(
        self, voice: str, id: str, emotion: str | None = None, transcript: str | None = None
    ) -> Reference:
        """Label it anew, or correct its transcript."""
        changed = self._library.references.change(id, emotion, transcript)
        self._changed(self._library.voices.get(voice))
        return changed

    def delete_reference(self, voice: str, id: str) -> None:
        self._library.references.delete(id)
        self._changed(self._library.voices.get(voice))

    def clip(self, voice: str, reference: str = "") -> bytes:
        """The sound of a voice's own clip, or of one of its references, to be heard."""
        kept = self._library.voices.get(voice)
        if reference and reference in {one.id for one in self.references(kept.id)}:
            return self._library.references.media(reference)
        media = self._library.voices.media(kept.id) if not reference else None
        if media is None:
            raise BadRequest(f"voice “{kept.name}” has no such clip", f"音色“{kept.name}”没有这段音频", where="voice")
        return media

    def save_clip(self, voice: str, path: Path, reference: str = "") -> None:
        """Such a clip as a file, as it was given; nothing half-written is left."""
        data = self.clip(voice, reference)
        with Draft(path) as draft:
            draft.write(data)
            draft.commit()

    def _changed(self, voice: Voice) -> None:
        """Lines that this voice speaks are planned anew."""
        for use in self.users(voice.id):
            self._desk().replan(use.production, use.speakers)

    # deletion

    def users(self, voice: str) -> tuple[CastUse, ...]:
        """The productions whose cast has a voice."""
        kept = self._library.voices.get(voice)
        return self._library.casts.using(kept.id, kept.name)

    def delete(self, voice: str, then: Then = "leave", by: str = "") -> tuple[CastUse, ...]:
        """Take a voice out of the library; what becomes of the productions that use it, which are given back.

        `leave`: their lines ask for another voice when they are rendered next. `keep`: they go on with it, though it is
        no longer on the wall. `replace`: `by` speaks these parts, and their lines are rendered anew.
        """
        kept, used = self._library.voices.get(voice), self.users(voice)
        if then == "replace" and not by:
            raise BadRequest("by: which voice speaks instead", "by：请给出替换的音色", where="by")
        named = {"leave": "", "keep": KEPT + kept.id, "replace": by}[then]
        for use in used if named else ():
            self._recast(use, kept, named)
        self._library.voices.delete([kept.id])
        return used

    def users_of(self, voices: Sequence[str]) -> tuple[CastUse, ...]:
        """The productions that use any of these voices, each once."""
        return tuple({use.production: use for voice in voices for use in self.users(voice)}.values())

    def delete_many(self, voices: Sequence[str], then: Literal["leave", "keep"] = "leave") -> int:
        """Take many voices out of the library; how many there were. `then` as in `delete`."""
        for voice in voices if then == "keep" else ():
            for use in self.users(voice):
                self._recast(use, self._library.voices.get(voice), KEPT + voice)
        return self._library.voices.delete(voices)

    def _recast(self, use: CastUse, gone: Voice, voice: str) -> None:
        """Another voice for these parts wherever they name the one that goes: to read, or to be said again in."""
        parts = self._library.casts.get(use.production)
        changed: list[Member] = []
        for member in (parts[speaker] for speaker in use.speakers):
            if names(member.voice, gone.id, gone.name):
                engine = "" if voice.startswith(KEPT) else self._engine_of(voice)
                member = replace(member, voice=voice, engine=engine or member.engine)
            if names(member.into, gone.id, gone.name):
                member = replace(member, into=voice, converter=member.converter if voice.startswith(KEPT) else "")
            changed.append(member)
        self._desk().cast(use.production, changed)

    def _engine_of(self, voice: str) -> str:
        """The engine of the voice that comes instead; "" for a seed or a voice of the part's own engine."""
        known = self._library.voices.known(voice)
        return known.engine if known else ""


def _best(found: Diagnosis) -> Stretch:
    """The doctor's stretch. `BadFile` where there is none, or one too short for any engine."""
    if found.best is None or found.best.seconds < SHORTEST_S:
        told, advice = found.finding("length").told, found.finding("length").advice
        raise BadFile(
            f"{found.name}: {told.en}; {advice.en}", f"{found.name}：{told.zh}；{advice.zh}", where=found.name
        )
    return found.best


def _stretch(path: Path, start: float, end: float) -> Clip:
    """Part of a recording, read as far as it goes and no further."""
    rate, at, pieces = probe(path).rate, 0, []
    first, last = round(start * rate), round(end * rate)
    with closing(blocks(path)) as sound:  # type: ignore[type-var]
        for block in sound:
            pieces.append(block[max(0, first - at) : max(0, last - at)])
            at += len(block)
            if at >= last:
                break
    return Clip(np.concatenate(pieces) if pieces else np.zeros(0, np.float32), rate)


def _levelled(clip: Clip) -> Clip:
    """Speech at -20 dB, no peak above -1 dB."""
    frames = clip.samples[: len(clip) // 512 * 512].reshape(-1, 512)
    power = (frames * frames).mean(axis=1)
    if not len(power) or not power.max():
        return clip
    spoken = float(np.sqrt(power[power > power.max() * 1e-3].mean()))
    gain = min(10 ** (LEVEL_DB / 20) / spoken, CEILING / float(np.abs(clip.samples).max()))
    return Clip((clip.samples * np.float32(gain)).astype(np.float32), clip.rate)


def _check(clip: bytes, spec: EngineSpec) -> float:
    """How long a clip is, in seconds. `BadFile` for one that the engine does not take."""
    from studio.engines.clips import read_clip

    return read_clip(clip, spec.title.en, lowest=spec.clips.lowest_rate).seconds


def _told(use: ClipUse, seconds: float, rate: int) -> Words:
    """In words, what an engine makes of a clip."""
    if not use.shortest <= seconds <= use.longest:
        return Words(
            f"takes {use.shortest:g} to {use.longest:g} s, not {seconds:.1f} s",
            f"接受 {use.shortest:g} 到 {use.longest:g} 秒，而不是 {seconds:.1f} 秒",
        )
    if rate < use.lowest_rate:
        return Words(
            f"needs at least {use.lowest_rate:,} samples a second, not {rate:,}",
            f"至少需要 {use.lowest_rate:,} Hz，而不是 {rate:,} Hz",
        )
    heard = min(seconds, use.used)
    part = f"the last {heard:.0f} s" if heard < seconds - 0.05 else f"all {seconds:.1f} s"
    part_zh = f"最后 {heard:.0f} 秒" if heard < seconds - 0.05 else f"全部 {seconds:.1f} 秒"
    text = {
        "needed": Words("needs the transcript", "需要文字稿"),
        "helps": Words("better with the transcript", "有文字稿更好"),
        "unused": Words("no transcript needed", "不需要文字稿"),
    }[use.transcript]
    hertz = f"{min(rate, use.rate) / 1000:g} kHz"
    return Words(f"uses {part} at {hertz}; {text.en}", f"使用{part_zh}，{hertz}；{text.zh}")
