"""What may leave the studio: a cloned voice is heard here by anyone, and exported or produced only with its record.

A voice is cloned where it is made from a clip, or from a voice that is: blends and conversions inherit what their
sources allow. Everything that writes a file, streams to a program or renders a production asks `require` first.

Who is asked for by name answers for itself. A finished take does not tell who asked for it: voices of the same clip
share their takes, whichever spoke first. So all of them have to allow it, and a consent that was taken back on one
is not replaced by that of another.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.engines.contract import VoiceContent, VoiceKind
from studio.errors import NotFound, NotPermitted
from studio.library import Library, Take, Voice
from studio.library.rights import CLONED, Rights, joined, rights_of, with_rights
from studio.production.casting import CastVoice
from studio.words import Words

if TYPE_CHECKING:  # whoever plans asks here
    from studio.production.planning import Direction

DEEPEST = 16  # generations of blends that are followed


@dataclass(frozen=True)
class Standing:
    """How it stands with a voice of the library."""

    cloned: bool  # somebody's voice: it needs a record
    rights: Rights | None  # its own, or what all its sources allow
    missing: Words | None  # why it may not be exported; None: it may

    @property
    def permitted(self) -> bool:
        return self.missing is None


def standing(library: Library, voice: Voice) -> Standing:
    """Whether a voice may be exported and produced."""
    sources = _sources(library, voice, DEEPEST)
    found = [(one, rights_of(one.origin)) for one in sources]
    missing = next((told for one, rights in found if (told := _lack(one, rights, voice)) is not None), None)
    own = rights_of(voice.origin) or joined([rights for _, rights in found if rights])
    return Standing(bool(sources), own, missing)


def require(library: Library, voices: Iterable[CastVoice], engine: str = "") -> None:
    """`NotPermitted` where one of these voices may not be exported or produced.

    With `engine`, vectors that are not of the library are looked up there: an exchanged string can be anybody's.
    """
    for voice in voices:
        for kept in _kept(library, voice, engine):
            require_voice(library, kept)


def require_all(library: Library, direction: "Direction") -> None:
    """The same for every voice of a direction: who reads, and in whose timbre it is said again."""
    for voice, engine in direction.speakers:
        require(library, [voice], engine)


def require_voice(library: Library, voice: Voice) -> None:
    """The same for a voice of the library."""
    if (missing := standing(library, voice).missing) is not None:
        raise NotPermitted(*missing, where="voice", voice=voice.id)


def require_take(library: Library, digest: str) -> None:
    """The same for what a take was spoken with."""
    take = library.takes.get(digest)
    source = library.takes.details(take.digest).recipe.get("take", "")  # of one that was said in another voice
    if source:
        with suppress(NotFound):
            require_take(library, str(source))
    for behind in _of_take(library, take):
        for one in behind:
            _require_shared(library, one, take)
    for engine, content in _behind(library.takes.details(take.digest).recipe):
        _require_content(library, engine, content)


def _behind(recipe: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Engine and voice of everything that was said again in another voice on the way to a take."""
    found, waiting = {}, [line["source"] for line in recipe.get("lines", [recipe]) if line.get("source")]
    while waiting:
        source = waiting.pop()
        found[str(source["voice"])] = source["engine"], source["voice"]
        waiting += [source["source"]] if source.get("source") else []
    return list(found.values())


def _require_content(library: Library, engine: str, content: dict[str, Any]) -> None:
    """`NotPermitted` where a voice of this content may not be used, or is a clip that nobody knows any more."""
    same = library.voices.same_content(engine, content)
    if not same and content.get("kind") == VoiceKind.CLIP.value:
        raise NotPermitted(
            "the cloned voice that this take was read with is no longer in the library, nor is its consent; speak the "
            "text again with a voice that is there",
            "朗读这个版本的克隆音色已不在音色库中，授权记录也随之删除；请换一个音色重新合成",
            where="voice",
        )
    for one in same:
        require_voice(library, one)


def _require_shared(library: Library, voice: Voice, take: Take) -> None:
    """`NotPermitted` where one of the voices that a take may be of does not allow it."""
    missing = standing(library, voice).missing
    if missing is not None and voice.id != take.voice_id and take.voice_id:
        missing = Words(
            f"{missing.en}. This take of “{take.voice_label}” counts as its own too, since both are the same clip: "
            f"give both the record, or delete “{voice.name}”",
            f"{missing.zh}。这个“{take.voice_label}”的版本也受此限制，因为两个音色来自同一段音频："
            f"请为两者都补充授权，或删除“{voice.name}”",
        )
    if missing is not None:
        raise NotPermitted(*missing, where="voice", voice=voice.id)


def require_script(library: Library, production: str) -> None:
    """The same for the chosen takes of a script."""
    library.cache.flush()  # a take that was rendered just now waits for others before its row is written
    for digest in library.outcomes.voices(production):
        require_take(library, digest)


def inherited(library: Library, parents: Sequence[Mapping[str, Any]], origin: Mapping[str, Any]) -> dict[str, Any]:
    """`origin` of a voice made from others: marked where one of them is cloned, with what all of them allow."""
    found = [kept for parent in parents if (kept := _parent(library, parent)) is not None]
    standings = [one for kept in found if (one := standing(library, kept)).cloned]
    if not standings:
        return dict(origin)
    records = [one.rights for one in standings if one.rights]
    allowed = joined(records) if len(records) == len(standings) else None
    marked = {**origin, CLONED: True}
    return with_rights(marked, allowed) if allowed and rights_of(origin) is None else marked


def _lack(source: Voice, rights: Rights | None, asked: Voice) -> Words | None:
    """Why nobody may use a cloned voice now; None where its record allows it."""
    of = f" (in “{asked.name}”)" if source.id != asked.id else ""
    of_zh = f"（用于“{asked.name}”）" if of else ""
    if rights is None:
        return Words(
            f"voice “{source.name}”{of} is cloned and has no consent on record: it can be heard here, not exported "
            f"or produced; add it on the Voices page, or: python -m studio "
            f"voices consent {source.id} --speaker NAME --uses USE",
            f"音色“{source.name}”{of_zh}是克隆的，尚无授权记录：只能试听，不能导出或制作；"
            f"请在音色页补充，或运行：python -m studio voices consent {source.id} --speaker 姓名 --uses personal",
        )
    if rights.expired():
        return Words(
            f"voice “{source.name}”{of}: the consent of {rights.speaker} ended on {rights.expires}; ask for it anew "
            "and change the record on the Voices page, or take another voice",
            f"音色“{source.name}”{of_zh}：{rights.speaker} 的授权已于 {rights.expires} 到期；"
            "请重新取得授权并在音色页更新记录，或换一个音色",
        )
    return None


def _sources(library: Library, voice: Voice, depth: int) -> list[Voice]:
    """The cloned voices that a voice is made from, itself among them where it is one."""
    if voice.kind == VoiceKind.CLIP.value:
        return [voice]
    found, unknown = [], False
    for parent in voice.parents if depth else ():
        kept = _parent(library, parent)
        if kept is None or kept.id == voice.id:
            unknown = True
            continue
        found += _sources(library, kept, depth - 1)
    if voice.origin.get(CLONED) and (unknown or not found):  # its sources are gone, or stayed on another machine
        found.append(voice)
    return found


def _parent(library: Library, parent: Mapping[str, Any]) -> Voice | None:
    """A parent that is a voice of the library, deleted or not; None for seeds and voices of an engine."""
    id = str(parent.get("voice") or parent.get("id") or "")
    return library.voices.known(id) if id else None


def _kept(library: Library, voice: CastVoice, engine: str) -> list[Voice]:
    if voice.id:
        kept = library.voices.known(voice.id)
        return [kept] if kept is not None else []
    if engine and voice.content.kind is VoiceKind.EMBEDDING:
        return list(library.voices.same_content(engine, voice.content.to_json()))
    return []


def _of_take(library: Library, take: Take) -> list[tuple[Voice, ...]]:
    """For each voice of a take, all that the library has of the same content; all of them have to allow it.

    One that was deleted since counts where no other is left. `NotPermitted` for a clip that nobody knows any more.
    """
    kept = library.voices.known(take.voice_id) if take.voice_id else None
    recipe = library.takes.details(take.digest).recipe
    contents = {str(content): content for line in recipe.get("lines", [recipe]) if (content := line.get("voice"))}
    own = library.voices.same_content(kept.engine, kept.content) or (kept,) if kept is not None else ()
    found = [own] if own else []
    for content in contents.values():
        same = library.voices.same_content(take.engine, content) or own
        if same:
            found.append(same)
        elif content.get("kind") == VoiceKind.CLIP.value:
            raise NotPermitted(
                f"the cloned voice “{take.voice_label}” of this take is no longer in the library, nor is its consent; "
                "speak the text again with a voice that is there",
                f"这个版本所用的克隆音色“{take.voice_label}”已不在音色库中，授权记录也随之删除；请换一个音色重新合成",
                where="voice",
            )
    return found


def content_of(plain: Mapping[str, Any], library: Library, voice_id: str) -> VoiceContent:
    """The content in a recipe with the clip it names. `NotFound` where the clip is gone."""
    content = VoiceContent.from_json(plain)
    if content.kind is not VoiceKind.CLIP:
        return content
    clip = library.references.clip(voice_id, plain) if voice_id else None
    if clip is None:
        raise NotFound(
            "the clip of this take's voice is no longer in the library",
            "这个版本的参考音频已不在音色库中",
            where="voice",
        )
    return VoiceContent.from_json(plain, clip)
