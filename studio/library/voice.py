"""What a voice of the library is: the records that go in and come out, and what they may hold."""

import secrets
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import isfinite
from typing import Any, Literal, get_args

from studio.errors import BadRequest
from studio.library.plain import check_text

VoiceKind = Literal["builtin", "seed", "embedding", "clip", "blend"]
Gender = Literal["female", "male", "neutral", ""]
VoiceSort = Literal["created", "last_used", "name", "rating", "uses"]
Span = tuple[float | None, float | None]  # from, to, both included; None is open
MEASURES = ("pitch_hz", "pitch_span", "pace", "level_db", "stability")  # that voices can be narrowed by

KEPT = "kept:"  # in a cast, before the id of a voice that a production keeps although it was deleted
LONGEST_NAME = 200  # characters
LONGEST_TAG = 50
LONGEST_TEXT = 10_000  # of description and notes
MOST_TAGS = 50
LARGEST_MEDIA = 64 * 1024 * 1024  # bytes


@dataclass(frozen=True)
class NewVoice:
    """A voice to be added. Engine, kind, content and name are needed; the rest is what is known about it."""

    engine: str
    kind: VoiceKind
    content: Mapping[str, Any]  # plain data that determines it (`VoiceContent.to_json`)
    name: str
    media: bytes | None = field(default=None, repr=False)  # of a clip voice: the file as it was given
    languages: tuple[str, ...] = ()  # BCP 47, best first
    gender: Gender = ""
    age: str = ""  # free words
    tags: tuple[str, ...] = ()
    description: str = ""
    rating: int = 0  # 1-5; 0 is unrated
    favourite: bool = False
    notes: str = ""
    controls: Mapping[str, Any] = field(default_factory=dict)  # recommended values
    origin: Mapping[str, Any] = field(default_factory=dict)  # where it came from, what it may be used for
    parents: Sequence[Mapping[str, Any]] = ()  # of a blend: {"id": …, "weight": …}
    weights: str = ""  # digest of the weights it was made with
    id: str = ""  # 16 hex digits that it had elsewhere; empty gives it a new one


@dataclass(frozen=True)
class Voice:
    """A voice of the library."""

    id: str  # 16 hex digits
    engine: str
    kind: VoiceKind
    content: dict[str, Any]
    digest: str  # SHA-256 of the content
    name: str
    languages: tuple[str, ...]
    gender: Gender
    age: str
    tags: tuple[str, ...]  # in alphabetical order
    description: str
    rating: int
    favourite: bool
    uses: int
    last_used: datetime | None
    created: datetime
    deleted: datetime | None
    notes: str
    controls: dict[str, Any]
    origin: dict[str, Any]
    parents: tuple[dict[str, Any], ...]
    weights: str
    emotion: str  # heard in its reference or preview; "" where nobody listened


@dataclass(frozen=True)
class VoiceChange:
    """What to change on a voice; None leaves a field as it is."""

    name: str | None = None
    languages: tuple[str, ...] | None = None
    gender: Gender | None = None
    age: str | None = None
    tags: tuple[str, ...] | None = None  # all of them
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    description: str | None = None
    rating: int | None = None
    favourite: bool | None = None
    notes: str | None = None
    controls: Mapping[str, Any] | None = None
    origin: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class VoiceQuery:
    """Which voices, in which order. Empty fields do not narrow."""

    text: str = ""  # in name, description, tags, notes or age; several words must all be found
    engine: str = ""
    kind: VoiceKind | Literal[""] = ""
    language: str = ""  # "zh" finds "zh-CN" as well
    gender: Gender = ""
    tags: tuple[str, ...] = ()  # all of them
    favourite: bool | None = None
    min_rating: int = 0
    emotion: str = ""  # heard in its reference or preview
    measures: Mapping[str, Span] = field(default_factory=dict)  # of `MEASURES`; finds only voices that were measured
    sort: VoiceSort = "created"  # newest, last used, A-Z, best rated, most used first
    reverse: bool = False
    page: int = 1
    size: int = 24


@dataclass(frozen=True)
class Measured:
    """How one voice speaks. None where it could not be measured: a whisper has no pitch."""

    pitch_hz: float | None = None  # median
    pitch_span: float | None = None  # semitones from its 10th to its 90th percentile
    pace: float | None = None  # syllables a second
    level_db: float | None = None  # loudness in LUFS
    stability: float | None = None  # mean similarity of its takes to each other, 0..1
    details: Mapping[str, Any] = field(default_factory=dict)  # of each test: mean and deviation of each measure
    measured: datetime | None = None


@dataclass(frozen=True)
class Facets:
    """What there is to narrow by: value -> number of voices, most first."""

    engines: dict[str, int]
    kinds: dict[str, int]
    genders: dict[str, int]  # "" is unknown
    languages: dict[str, int]
    tags: dict[str, int]  # the most used ones
    emotions: dict[str, int]  # of those that somebody listened to


def new_id() -> str:
    """An id for anything in the library: 16 hex digits."""
    return secrets.token_hex(8)


def name_key(name: str) -> str:
    """A name as it is looked up and sorted: width and case folded, spaces single."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def check_name(name: str, where: str = "name") -> str:
    """The name without spaces around it; `BadRequest` if nothing is left or it is too long."""
    trimmed = check_text(name, where, 10 * LONGEST_NAME).strip()
    if not 0 < len(trimmed) <= LONGEST_NAME:
        raise BadRequest(
            f"{where} of {len(trimmed)} characters: takes 1 to {LONGEST_NAME}",
            f"{where}（名称）有 {len(trimmed)} 个字符：应为 1 到 {LONGEST_NAME} 个",
            where=where,
        )
    return trimmed


def check_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """The tags trimmed, each once; `BadRequest` for an empty or long one, or too many."""
    trimmed = tuple(dict.fromkeys(" ".join(check_text(tag, "tags", 10 * LONGEST_TAG).split()) for tag in tags))
    for tag in trimmed:
        if not 0 < len(tag) <= LONGEST_TAG:
            raise BadRequest(
                f"tag “{tag[:60]}”: takes 1 to {LONGEST_TAG} characters",
                f"标签“{tag[:60]}”：应为 1 到 {LONGEST_TAG} 个字符",
                where="tags",
            )
    if len(trimmed) > MOST_TAGS:
        raise BadRequest(
            f"{len(trimmed)} tags: a voice takes at most {MOST_TAGS}",
            f"{len(trimmed)} 个标签：一个音色最多 {MOST_TAGS} 个",
            where="tags",
        )
    return trimmed


def check_rating(rating: int) -> int:
    """`BadRequest` unless 0 (unrated) to 5."""
    if isinstance(rating, bool) or not isinstance(rating, int) or not 0 <= rating <= 5:
        raise BadRequest(
            f"rating {rating}: takes 1 to 5, or 0 for unrated",
            f"评分 {rating}：应为 1 到 5，0 表示未评分",
            where="rating",
        )
    return rating


def check_choice(value: str, choices: Any, where: str) -> str:
    """`BadRequest` unless the value is one of a `Literal`."""
    known = [choice for choice in get_args(choices) if choice]
    if value not in get_args(choices):
        raise BadRequest(
            f"{where} “{value}”: takes one of {', '.join(known)}",
            f"{where}“{value}”：可选 {'、'.join(known)}",
            where=where,
        )
    return value


def check_measures(measures: Mapping[str, Span]) -> dict[str, Span]:
    """The ranges that narrow anything; `BadRequest` for a measure that there is not, or a range that holds nothing."""
    for name, (low, high) in measures.items():
        check_choice(name, Literal[MEASURES], "measures")
        ends = [end for end in (low, high) if end is not None]
        if not all(map(isfinite, ends)) or ends != sorted(ends):
            raise BadRequest(
                f"{name} from {low} to {high}: takes two numbers, the smaller one first",
                f"{name} 从 {low} 到 {high}：应为两个数，小的在前",
                where=name,
            )
    return {name: span for name, span in measures.items() if span != (None, None)}


def check_languages(languages: Sequence[str]) -> tuple[str, ...]:
    """The languages, each once; `BadRequest` for something that cannot be a BCP 47 tag."""
    for language in languages:
        if not (language.isascii() and language.replace("-", "").isalnum() and len(language) <= 35):
            raise BadRequest(
                f"language “{language[:40]}”: write a tag such as zh, en-GB or yue",
                f"语言“{language[:40]}”：应写成 zh、en-GB、yue 这样的代码",
                where="languages",
            )
    return tuple(dict.fromkeys(languages))


def check_media(media: bytes | None) -> bytes | None:
    """`BadRequest` if the clip is too large to be kept in the database."""
    if media is not None and len(media) > LARGEST_MEDIA:
        raise BadRequest(
            f"clip of {len(media) >> 20} MiB: at most {LARGEST_MEDIA >> 20} MiB; cut it to the best 30 seconds",
            f"参考音频 {len(media) >> 20} MiB：最多 {LARGEST_MEDIA >> 20} MiB，请截取最好的 30 秒",
            where="media",
        )
    return media
