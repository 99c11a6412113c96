"""`Exchange`: voices from files into a library and out of it again."""

import base64
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from studio.audio.drafts import Draft, check_target
from studio.digest import digest_of
from studio.engines.chattts.strings import sample_in
from studio.engines.contract import VoiceContent, VoiceKind
from studio.engines.registry import Registry
from studio.errors import BadRequest, NotFound, StudioError
from studio.library import Library, Voice, VoiceChange, VoiceQuery
from studio.library.rights import CLONED, rights_of
from studio.library.voice import name_key, new_id
from studio.production.rights import require_voice
from studio.voices.exchange import card, packs, shipped
from studio.voices.exchange.carried import CHATTTS, Carried, FurtherClip, checked
from studio.voices.exchange.formats import FORMATS, VoiceFormat, format_for, format_named, opened, spread
from studio.voices.exchange.merging import Names, Prefer, change_of, with_parents
from studio.voices.exchange.own import Outgoing
from studio.voices.exchange.report import Entry, Report
from studio.voices.exchange.undoing import Merge, Trail, Undone, undo
from studio.words import Words

CLONING = "cosyvoice3"  # who speaks a clip of another tool, where no engine that clones is installed
REMEMBERED = 16  # imports that can be undone
OURS = {"voice", "card", "pack"}
NO_CONSENT = Words(
    "it is somebody's voice and comes without consent: it can be heard here, and produced once you have recorded whose "
    "it is and what for",
    "这是他人的声音，且没有授权记录：只能试听；补充授权记录（说话人与用途）后才能用于制作",
)


@dataclass(frozen=True)
class _Coming:
    """A voice of a file, with what it will be called and what becomes of it."""

    carried: Carried
    entry: Entry
    change: VoiceChange | None = None  # of the one that is here
    here: Voice | None = None


class Exchange:
    """Voices as files, in and out."""

    def __init__(self, library: Library, engines: Registry) -> None:
        self._library, self._engines = library, engines
        self._trails: OrderedDict[str, Trail] = OrderedDict()
        self._lock = threading.Lock()

    def formats(self) -> Sequence[VoiceFormat]:
        """Every kind of file, those that are only read among them."""
        return FORMATS

    # in

    def take_in(
        self, files: Iterable[Path | tuple[Path, str]], transcript: str = "", prefer: Prefer = "here"
    ) -> Report:
        """The voices of files and folders into the library, each file whole or not at all; what became of every one.

        A file may come with the name that people know it by. `transcript` is what is said in an audio sample that
        comes without words; `prefer` says whose facts stand where a voice is here already (see `merging`).
        """
        entries: list[Entry] = []
        trail = Trail()
        for given in files:
            path, name = given if isinstance(given, tuple) else (given, given.name)
            try:
                for one, called in spread(path, name):
                    entries += self._take_file(one, called, transcript, prefer, trail)
            except StudioError as error:
                entries.append(Entry(name, "refused", notes=(error.words,)))
        return Report(entries, self._remember(trail))

    def undo(self, id: str) -> Undone:
        """Take a whole import back, by its report's `undo`. `NotFound` for one that is forgotten or undone."""
        with self._lock:
            trail = self._trails.pop(id, None)
        if trail is None:
            raise NotFound(
                "this import can no longer be undone; change or delete its voices on the Voices page",
                "这次导入已无法撤销；可在音色页修改或删除导入的音色",
                where="undo",
            )
        return undo(self._library, trail)

    def _remember(self, trail: Trail) -> str:
        if not trail.anything:
            return ""
        id = new_id()
        with self._lock:
            self._trails[id] = trail
            while len(self._trails) > REMEMBERED:
                self._trails.popitem(last=False)
        return id

    def _take_file(self, file: Path | bytes, name: str, transcript: str, prefer: Prefer, trail: Trail) -> list[Entry]:
        """The voices of one file, or why it was refused."""
        try:
            with opened(file, name, transcript) as (format, voices):
                return self._keep(voices, name, format, prefer, trail)
        except StudioError as error:
            return [Entry(name, "refused", notes=(error.words,))]

    def _keep(self, voices: Iterable[Carried], file: str, format: str, prefer: Prefer, trail: Trail) -> list[Entry]:
        """The voices of one file, in one transaction; `trail` is told what became of them."""
        found = [self._checked(one, file) for one in voices]
        coming = self._sorted_out(found, file, format, prefer)
        new = [one for one in coming if one.entry.outcome == "added"]
        changes = {one.entry.id: one.change for one in coming if one.change is not None}
        self._library.voices.take_in((self._whole(one).voice for one in new), changes)
        done = Trail([one.entry.id for one in new])
        after = {voice.id: voice for voice in self._library.voices.many(list(changes))}
        done.merges = [Merge(one.here, after[one.here.id]) for one in coming if one.here and one.change]
        try:
            for n, one in enumerate(coming):
                clips = self._add_clips(one, prefer)
                if clips and one.entry.outcome != "added":
                    done.clips += clips
                    coming[n] = replace(one, entry=replace(one.entry, outcome="merged"))
        except BaseException:
            undo(self._library, done)
            raise
        trail.extend(done)
        return [one.entry for one in coming]

    def _add_clips(self, one: _Coming, prefer: Prefer) -> list[str]:
        """The further clips of a voice, unless it has some here; their ids."""
        known = one.entry.outcome != "added"
        if not one.carried.moods or (known and (prefer == "skip" or self._library.references.list(one.entry.id))):
            return []
        return [
            self._library.references.add(
                one.entry.id, clip.emotion, clip.media, clip.seconds, clip.transcript, clip.language
            ).id
            for clip in self._whole(one).clips
        ]

    def _checked(self, carried: Carried, file: str) -> Carried:
        if not carried.voice.engine:  # a clip that any engine may speak
            carried = replace(carried, voice=replace(carried.voice, engine=self._cloner()))
        try:
            spec = self._engines.get(carried.voice.engine).spec
        except NotFound:
            spec = None
        return checked(carried, spec, file)

    def _cloner(self) -> str:
        clones = [s for s in self._engines.states() if s.spec and VoiceKind.CLIP in s.spec.voice_kinds]
        ready = [state.id for state in clones if state.state == "ready"]
        return next(iter(ready), CLONING)

    def _sorted_out(self, found: Sequence[Carried], file: str, format: str, prefer: Prefer) -> list[_Coming]:
        """What becomes of each: it is here, it came twice, or it is new and gets a name and an id."""
        library = self._library.voices
        keys = [(one.voice.engine, digest_of(one.voice.content)) for one in found]
        here = library.alike(keys)
        had, _ = library.taken([one.voice.id for one in found if one.voice.id], ())
        names = Names(library, [one.voice.name for one in found])
        ids: dict[str, str] = {}  # there -> here
        coming: list[_Coming] = []
        met: dict[tuple[str, str], Entry] = {}
        for carried, key in zip(found, keys, strict=True):
            one = self._met(carried, here.get(key), met.get(key), prefer, names) or self._new(carried, names, had)
            entry = replace(one.entry, file=file, format=format, engine=carried.voice.engine)
            met.setdefault(key, entry)
            if carried.voice.id:
                ids.setdefault(carried.voice.id, entry.id)
            coming.append(replace(one, entry=entry))
        return [replace(one, carried=with_parents(one.carried, ids)) for one in coming]

    def _met(
        self, carried: Carried, here: Voice | None, before: Entry | None, prefer: Prefer, names: Names
    ) -> _Coming | None:
        """A voice that is here already, or that came before in the same file."""
        if before is not None:
            twice = Words(f"it is twice in the file, as “{before.name}” too", f"文件中重复，与“{before.name}”相同")
            return _Coming(carried, Entry("", "known", before.name, before.id, notes=(twice,)))
        if here is None:
            return None
        change = change_of(here, carried, prefer)
        if change and change.name:
            if name_key(change.name) != name_key(here.name):
                change = replace(change, name=names.free(change.name))
            called = Words(f"it was called “{here.name}” here", f"原名“{here.name}”")
            return _Coming(carried, Entry("", "merged", change.name or "", here.id, notes=(called,)), change, here)
        notes: tuple[Words, ...] = ()
        if carried.named and carried.voice.name != here.name:
            notes = (Words(f"called “{carried.voice.name}” in the file", f"文件中名为“{carried.voice.name}”"),)
        return _Coming(
            carried, Entry("", "merged" if change else "known", here.name, here.id, notes=notes), change, here
        )

    def _new(self, carried: Carried, names: Names, had: set[str]) -> _Coming:
        """A voice of its own; it keeps the id that it had elsewhere where nobody has it here."""
        name = names.free(carried.voice.name.strip())
        notes = carried.notes
        if name != carried.voice.name.strip():
            other = Words(
                f"“{carried.voice.name}” is taken: it is called “{name}”",
                f"“{carried.voice.name}”已被使用，改名为“{name}”",
            )
            notes = (other, *notes)
        id = carried.voice.id if carried.voice.id and carried.voice.id not in had else new_id()
        had.add(id)
        kept = replace(carried, voice=replace(carried.voice, id=id, name=name))
        cloned = carried.voice.content["kind"] == "clip" or carried.voice.origin.get(CLONED)
        if cloned and rights_of(carried.voice.origin) is None:
            notes = (*notes, NO_CONSENT)
        return _Coming(kept, Entry("", "added", name, id, notes=notes))

    def _whole(self, one: _Coming) -> Carried:
        """The voice with its clips, read again where the first reading left them out."""
        if one.carried.again is None:
            return one.carried
        again = one.carried.again()
        return replace(one.carried, voice=replace(one.carried.voice, media=again.voice.media), clips=again.clips)

    # out

    def fits(self, voice: Voice, format: VoiceFormat) -> bool:
        """Whether a kind of file can hold a voice."""
        kind, ours = voice.content["kind"], voice.engine == CHATTTS
        match format.takes:
            case "any":
                return format.write is not None or format.id == "pack"
            case "seed":
                return ours and kind == "seed"
            case "chattts":
                return ours and kind in ("seed", "embedding")
            case "code":
                return ours and kind in ("seed", "embedding", "clip")
            case "forge":
                return kind == "clip" or (ours and kind in ("seed", "embedding"))
            case "vector":
                return kind == "embedding" or (kind in ("seed", "builtin") and self._embeds(voice.engine))

    def formats_of(self, voice: Voice) -> list[VoiceFormat]:
        """The kinds of file that can hold a voice."""
        return [one for one in FORMATS if self.fits(voice, one)]

    def write(self, voices: Sequence[str], target: Path, format: str = "") -> tuple[int, tuple[Words, ...]]:
        """Voices (ids) as a file, or as files of a folder: how many, and what should be known about it.

        The format follows from the name where it is not said; a folder without a format becomes a pack. Nothing
        half-written is left. `BadRequest` where the format cannot hold one of them.
        """
        kind = format_named(format) if format else self._meant(target)
        found = self._library.voices.many(voices)
        if not found:
            raise BadRequest("export: no voice was chosen", "导出：没有选择音色", where="voices")
        if refused := [voice for voice in found if not self.fits(voice, kind)]:
            raise self._unfit(refused[0], kind)
        if kind.id not in OURS:  # files of other tools do not carry what the speaker agreed to
            for voice in found:
                require_voice(self._library, voice)
        if kind.id == "pack":
            return packs.write_pack(self._outgoing(found, kind), target, target.stem), ()
        if target.is_dir() or (len(found) > 1 and not kind.many):
            return self._apart(found, target, kind)
        check_target(target)
        data, notes = self._data(list(self._outgoing(found, kind)), kind)
        _put(target, data)
        return len(found), notes

    def every(self, query: VoiceQuery | None = None) -> tuple[str, ...]:
        """The ids of all voices that fit, the oldest first."""
        return self._library.voices.ids(query)

    def _meant(self, target: Path) -> VoiceFormat:
        if target.is_dir() or not target.suffix:
            return format_named("pack")
        if (kind := format_for(target)) is None:
            known = ", ".join(one.ending for one in FORMATS if one.ending)
            raise BadRequest(
                f"{target.name}: which format? End the name with one of {known}, or say --format",
                f"{target.name}：哪种格式？请用 {known} 之一作为结尾，或用 --format 指明",
                where="format",
            )
        return kind

    def _apart(self, found: Sequence[Voice], target: Path, kind: VoiceFormat) -> tuple[int, tuple[Words, ...]]:
        """Several voices in a format for one: a file each, in a folder."""
        if not target.is_dir():
            raise BadRequest(
                f"{kind.label.en} holds one voice and {len(found)} were given: name a folder that exists, or a .zip",
                f"{kind.label.zh}只能存放一个音色，而选择了 {len(found)} 个：请给出已有的文件夹，或 .zip 文件名",
                where="output",
            )
        notes: dict[Words, None] = {}
        taken: set[str] = set()
        for one in self._outgoing(found, kind):
            stem = packs.stem_of(one.voice, taken)
            taken.add(stem.casefold())
            data, told = self._data([one], kind)
            _put(target / f"{stem}{kind.ending}", data)
            notes |= dict.fromkeys(told)
        return len(found), tuple(notes)

    def _data(self, out: Sequence[Outgoing], kind: VoiceFormat) -> tuple[bytes, tuple[Words, ...]]:
        if kind.id == "card":
            return card.write_card(out[0])
        assert kind.write is not None
        return kind.write(out), ()

    def _outgoing(self, found: Sequence[Voice], kind: VoiceFormat) -> Iterator[Outgoing]:
        """The voices as the format takes them: with their clips, or turned into vectors."""
        for voice in found:
            cloned = voice.content["kind"] == "clip"
            media = self._library.voices.media(voice.id) or b"" if cloned else b""
            if kind.takes in ("vector", "chattts", "forge", "code") and voice.content["kind"] in ("seed", "builtin"):
                voice = replace(voice, kind="embedding", content=self._vector(voice))
            if kind.id == "code" and media and sample_in(media) is None:
                raise self._unfit(voice, kind)
            yield Outgoing(voice, media, tuple(self._clips(voice.id)) if cloned else ())

    def _clips(self, id: str) -> Iterator[FurtherClip]:
        """The clips of a voice in other moods."""
        for one in self._library.references.list(id):
            media = self._library.references.media(one.id)
            yield FurtherClip(one.emotion, one.transcript, one.seconds, media, one.language)

    def _vector(self, voice: Voice) -> dict[str, Any]:
        values = self._engines.get(voice.engine).embed(VoiceContent.from_json(voice.content))
        return {"kind": "embedding", "values": base64.b64encode(values).decode()}

    def _embeds(self, engine: str) -> bool:
        try:
            return self._engines.get(engine).spec.embedding_size > 0
        except NotFound:
            return False

    def _unfit(self, voice: Voice, kind: VoiceFormat) -> BadRequest:
        fits = self.formats_of(voice)
        return BadRequest(
            f"voice “{voice.name}” ({voice.engine}, {voice.kind}): {kind.label.en} cannot hold it; "
            f"these can: {', '.join(one.id for one in fits)}",
            f"音色“{voice.name}”（{voice.engine}，{voice.kind}）：{kind.label.zh}无法存放它；"
            f"可用：{'、'.join(one.id for one in fits)}",
            where="format",
        )

    # shipped with the studio

    def packs(self) -> Sequence[shipped.ShippedPack]:
        """The packs that come with the studio; none is in a library before somebody takes it."""
        return shipped.packs()

    def take_pack(self, id: str) -> Report:
        """A shipped pack into the library. `NotFound`."""
        return self.take_in([shipped.pack(id).path])


def _put(path: Path, data: bytes) -> None:
    with Draft(path) as draft:
        draft.write(data)
        draft.commit()
