"""What a file says about a voice, checked before the library hears of it."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from studio.engines.contract import EngineSpec
from studio.errors import BadRequest, NotFound
from studio.library import NewVoice
from studio.library import voice as facts
from studio.library.plain import check_text
from studio.production.casting import SEEDS
from studio.text.declarations import EMOTIONS
from studio.voices.exchange.bounded import wrong
from studio.words import Words

CHATTTS, CHATTTS_SIZE = "chattts", 768
MOST_NUMBERS = 65_536  # of an embedding
LONGEST_S = 3600.0  # of a clip
LONGEST_PLAIN = 64 << 10  # characters of controls, origin or parents as JSON
_ENGINE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_ID = re.compile(r"[0-9a-f]{16}")
IMPORTED = "imported"  # in `origin`: which file of which tool a voice came from


@dataclass(frozen=True)
class FurtherClip:
    """Another clip of the same person, in another mood."""

    emotion: str
    transcript: str
    seconds: float
    media: bytes = field(repr=False)
    language: str = ""


@dataclass(frozen=True)
class Carried:
    """A voice on its way into a library."""

    voice: NewVoice
    named: bool = True  # False: the file has no name for it, it is called after the file
    notes: tuple[Words, ...] = ()  # what of the file could not be kept, or should be known
    clips: tuple[FurtherClip, ...] = ()
    moods: bool = False  # it has such clips, here or in `again`
    again: "Callable[[], Carried] | None" = field(
        default=None, repr=False
    )  # the whole of it, where clips were left out


def embedding(values: ArrayLike, name: str, size: int = 0, *, half: bool = False) -> dict[str, Any]:
    """The content of a voice from its numbers: `size` of them, where given. `BadFile` for NaN or another length.

    `half` rounds to float16: ChatTTS hears no more, and the same voice from two kinds of file is recognised.
    """
    try:
        vector = np.asarray(values, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise wrong(name, "something among its numbers is no number", "数值中有不是数字的内容") from error
    vector = vector.reshape(-1)
    if not vector.size or vector.size > MOST_NUMBERS or (size and vector.size != size):
        wanted = size or f"1 to {MOST_NUMBERS}"
        raise wrong(
            name,
            f"a voice has {wanted} numbers, this has {vector.size}",
            f"音色应有 {wanted} 个数，这里有 {vector.size} 个",
        )
    with np.errstate(over="ignore"):
        kept = vector.astype("<f2" if half else "<f4").astype("<f4")
    if not np.isfinite(kept).all():
        raise wrong(name, "it holds values that are not finite numbers", "其中有 NaN、无穷大或过大的值")
    return {"kind": "embedding", "values": base64.b64encode(kept.tobytes()).decode()}


def numbers_of(content: Mapping[str, Any], name: str) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The numbers in the content of an embedding. `BadFile`."""
    try:
        data = base64.b64decode(str(content.get("values", "")), validate=True)
    except (binascii.Error, ValueError) as error:
        raise wrong(name, "the numbers of its voice are damaged", "音色数值已损坏") from error
    if len(data) % 4:
        raise wrong(name, "the numbers of its voice are cut off", "音色数值不完整")
    return np.frombuffer(data, "<f4")


def content_of(plain: Any, clip: bytes, name: str) -> dict[str, Any]:
    """A voice's content from a file, in the form that the library keeps. `BadFile` says what is wrong with it."""
    if not isinstance(plain, dict):
        raise wrong(name, "it says nothing about who speaks (content)", "没有音色内容（content）")
    kind = plain.get("kind")
    if kind == "builtin" and isinstance(plain.get("name"), str) and 0 < len(plain["name"]) <= facts.LONGEST_NAME:
        return {"kind": kind, "name": plain["name"]}
    if kind == "seed" and type(plain.get("seed")) is int and 0 <= plain["seed"] < SEEDS:
        return {"kind": kind, "seed": plain["seed"]}
    if kind == "embedding":
        return embedding(numbers_of(plain, name), name)
    if kind == "clip" and isinstance(plain.get("transcript", ""), str):
        if not clip:
            raise wrong(name, "the clip that the voice is made from is missing", "缺少克隆用的音频片段")
        if hashlib.sha256(clip).hexdigest() != plain.get("sha256"):
            raise wrong(name, "its clip is damaged: the checksum does not fit", "音频片段已损坏：校验值不符")
        return {"kind": kind, "sha256": plain["sha256"], "transcript": plain.get("transcript", "")}
    raise wrong(
        name, f"its content is of no kind that is known ({str(kind)[:40]})", f"未知的音色内容类型（{str(kind)[:40]}）"
    )


def clip_content(clip: bytes, transcript: str) -> dict[str, Any]:
    return {"kind": "clip", "sha256": hashlib.sha256(clip).hexdigest(), "transcript": transcript}


def checked(carried: Carried, spec: EngineSpec | None, name: str) -> Carried:
    """The same, if a library can keep it; `spec` is of its engine, None where that is not here. `BadFile`."""
    voice = carried.voice
    if not _ENGINE.fullmatch(voice.engine):
        raise wrong(name, f"engine “{voice.engine[:40]}” is no name of an engine", f"引擎名“{voice.engine[:40]}”无效")
    if spec is None:
        there = Words(
            f"the engine {voice.engine} is not here; the voice waits for it",
            f"本机没有引擎 {voice.engine}；装好后才能使用该音色",
        )
        carried = replace(carried, notes=(*carried.notes, there))
    elif voice.content["kind"] not in spec.voice_kinds:
        raise wrong(
            name,
            f"{spec.id} takes no voice of the kind {voice.content['kind']}",
            f"{spec.id} 不接受 {voice.content['kind']} 类音色",
        )
    elif voice.content["kind"] == "embedding" and numbers_of(voice.content, name).size != spec.embedding_size:
        count = numbers_of(voice.content, name).size
        raise wrong(
            name,
            f"voices of {spec.id} have {spec.embedding_size} numbers, this has {count}",
            f"{spec.id} 的音色有 {spec.embedding_size} 个数，这里有 {count} 个",
        )
    try:
        _check_facts(voice)
    except (BadRequest, ValueError, TypeError) as error:
        words = error.words if isinstance(error, BadRequest) else Words(str(error), str(error))
        raise wrong(name, words.en, words.zh) from error
    return replace(carried, voice=replace(voice, id=voice.id if _ID.fullmatch(voice.id) else ""))


def _check_facts(voice: NewVoice) -> None:
    facts.check_name(voice.name)
    facts.check_tags(voice.tags)
    facts.check_languages(voice.languages)
    facts.check_rating(voice.rating)
    facts.check_choice(voice.gender, facts.Gender, "gender")
    facts.check_choice(voice.kind, facts.VoiceKind, "kind")
    check_text(voice.age, "age", facts.LONGEST_TAG)
    for field_name, text in (("description", voice.description), ("notes", voice.notes), ("weights", voice.weights)):
        check_text(text, field_name, facts.LONGEST_TEXT)
    facts.check_media(voice.media)
    for field_name, plain in (("controls", voice.controls), ("origin", voice.origin), ("parents", voice.parents)):
        check_text(json.dumps(plain, ensure_ascii=False, allow_nan=False), field_name, LONGEST_PLAIN)


def check_clip(clip: FurtherClip) -> None:
    """`BadRequest` for a further clip that a library would not keep."""
    if clip.emotion not in EMOTIONS:
        raise NotFound.among(Words("emotion", "情感"), clip.emotion[:40], EMOTIONS)
    facts.check_media(clip.media)
    facts.check_languages([clip.language] if clip.language else [])
    check_text(clip.transcript, "transcript", facts.LONGEST_TEXT)
    if not (clip.media and 0 <= clip.seconds < LONGEST_S):
        raise BadRequest("a further clip of it is empty", "其中一段参考音频为空")


def gender_of(written: Any) -> facts.Gender:
    """`female`, `male`, `neutral` or unknown, from what other tools write: 女, 女性, F, 0 …"""
    said = str(written).strip().lower()
    known: tuple[tuple[facts.Gender, tuple[str, ...]], ...] = (
        ("female", ("female", "f", "woman", "girl", "女", "女性", "女生", "女声")),
        ("male", ("male", "m", "man", "boy", "男", "男性", "男生", "男声")),
        ("neutral", ("neutral", "中性")),
    )
    return next((gender for gender, words in known if said in words), "")


def short(text: Any, longest: int = facts.LONGEST_NAME) -> str:
    """A text of another tool on one line, as long as a fact may be."""
    return " ".join(str(text).replace("\0", "").split())[:longest] if isinstance(text, (str, int, float)) else ""


def tags_of(texts: Sequence[Any]) -> tuple[str, ...]:
    """Tags of another tool: trimmed, without empty ones, not too many."""
    kept = dict.fromkeys(short(text, facts.LONGEST_TAG) for text in texts)
    return tuple(tag for tag in kept if tag)[: facts.MOST_TAGS]


def origin_of(format: str, file: str, **more: Any) -> dict[str, Any]:
    """Where a voice of another tool came from."""
    return {key: value for key, value in more.items() if value} | {IMPORTED: {"format": format, "file": file[:200]}}
