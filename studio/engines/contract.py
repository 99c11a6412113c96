"""What an engine is: a declaration (`EngineSpec`) and something that speaks (`Engine`).

The interface, the command line, the API and the documents are all built from the declaration; nobody types a range
twice.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Literal, Protocol, runtime_checkable

from studio.audio.clip import Samples
from studio.control import Control as Control
from studio.control import Value as Value
from studio.digest import digest_of
from studio.engines.clips import LONGEST_S, SHORTEST_S
from studio.errors import BadControl, BadRequest
from studio.stop import Stop as Stop
from studio.text.marks import MarkNote
from studio.text.sentences import Even, Size
from studio.words import Words


class VoiceKind(StrEnum):
    """Where a voice comes from. A `blend` of the library reaches an engine as an embedding."""

    BUILTIN = "builtin"  # named by the engine
    SEED = "seed"  # drawn from a number
    EMBEDDING = "embedding"  # a vector
    CLIP = "clip"  # reference audio and its transcript


class How(StrEnum):
    """What an engine makes of a mark."""

    HONOURED = "honoured"
    APPROXIMATED = "approximated"
    IGNORED = "ignored"


@dataclass(frozen=True)
class MarkSupport:
    """How an engine treats one mark, and in words what one hears."""

    how: How
    note: Words  # what one hears; Words("", "") when it is plain


@dataclass(frozen=True)
class BuiltinVoice:
    """A voice that an engine brings along."""

    name: str  # what a recipe says
    label: Words
    languages: tuple[str, ...]
    gender: Literal["female", "male", "neutral", ""] = ""


@dataclass(frozen=True)
class ClipUse:
    """What an engine makes of a clip that a voice is cloned from."""

    shortest: float = SHORTEST_S  # seconds
    longest: float = LONGEST_S
    used: float = LONGEST_S  # seconds of it that are heard, the last ones
    lowest_rate: int = 0  # samples a second that it has to have
    rate: int = 24_000  # at which it is heard: what is above half of it is not
    transcript: Literal["needed", "helps", "unused"] = "helps"


@dataclass(frozen=True)
class EngineSpec:
    """The declaration of an engine."""

    id: str
    title: Words
    about: Words  # one sentence: what it is good for
    version: str  # code and weights; enters every recipe, so a change renders anew
    languages: tuple[str, ...]  # BCP 47, best first; first is the default
    rate: int  # samples per second of what it yields
    voice_kinds: frozenset[VoiceKind]
    controls: tuple[Control, ...]
    marks: Mapping[str, MarkSupport]  # mark name ("laugh", "speed" …) -> support; absent means ignored
    native_tokens: tuple[str, ...] = ()  # tokens of its own that text may contain, e.g. "[uv_break]"
    modes: tuple[tuple[str, Words], ...] = (("speak", Words("Speak", "朗读")),)
    streams: bool = False  # yields sound before the utterance is finished
    concurrent: bool = False  # `speak` may be called by several threads at once; it shares its work out itself
    default_voice: str = ""  # as people name voices, e.g. "seed:2222"; empty is the first builtin one
    settings: tuple[Control, ...] = ()  # of the loaded engine (device, precision …), not of a recipe; see `Configures`
    longest: int = 400  # characters of one utterance it reads well; an engine may count otherwise (`Measures`)
    target: int = 120  # characters that an utterance should have, counted in the same way
    even: Even | None = None  # where it reads best what is not too short either
    pace: float = 14.0  # Latin letters a second at default speed, for estimates; a CJK character counts as 3.2
    embedding_size: int = 0  # of VoiceKind.EMBEDDING
    clips: ClipUse = ClipUse()  # of VoiceKind.CLIP
    code_licence: str = ""
    weights_licence: str = ""
    weights: tuple[str, ...] = ()  # ids in the catalogue of `studio.weights`
    homepage: str = ""

    def control(self, name: str) -> Control:
        """The control called `name`; `BadControl` names the nearest one otherwise."""
        for control in self.controls:
            if control.name == name:
                return control
        known = ", ".join(c.name for c in self.controls)
        raise BadControl(
            f"{name}: {self.id} has no such control; it has {known}",
            f"{name}：{self.id} 没有这个控制项；它有 {known}",
            where=f"controls.{name}",
        )

    @property
    def tempo(self) -> Control | None:
        """The control that says how many times as fast, where there is one."""
        return next((c for c in self.controls if c.name == "speed" and c.unit == "×"), None)

    def settle(self, controls: Mapping[str, Any]) -> dict[str, Value]:
        """Every control with its checked value, defaults filled in. Unknown names and bad values are refused."""
        given = {name: self.control(name).check(value) for name, value in controls.items()}
        return {c.name: given.get(c.name, c.default) for c in self.controls}

    def check_language(self, language: str) -> None:
        """`BadRequest` if it does not speak `language` (BCP 47; an unknown region is fine); `auto` always is."""
        known = {name.lower() for name in self.languages}
        asked = language.lower()
        if (
            asked != "auto"
            and asked not in known
            and asked.partition("-")[0] not in {n.partition("-")[0] for n in known}
        ):
            some = ", ".join(self.languages[:8])
            raise BadRequest(
                f"language “{language}”: {self.id} does not speak it; it speaks {some}",
                f"语言“{language}”：{self.id} 不支持；它支持 {some} 等",
                where="language",
            )

    def accept(self, voice: "VoiceContent") -> None:
        """`BadRequest` if this engine cannot speak with that kind of voice."""
        if voice.kind not in self.voice_kinds:
            kinds = ", ".join(sorted(self.voice_kinds))
            raise BadRequest(
                f"voice of kind “{voice.kind}”: {self.id} takes {kinds}",
                f"“{voice.kind}”类音色：{self.id} 只接受 {kinds}",
                where="voice",
            )


@dataclass(frozen=True)
class VoiceContent:
    """Who speaks, pinned by content. Only the fields of its kind are filled."""

    kind: VoiceKind
    name: str = ""  # builtin
    seed: int = 0  # seed
    values: bytes = b""  # embedding: little-endian float32
    clip: bytes = field(default=b"", repr=False)  # clip: an audio file as it was given
    transcript: str = ""  # clip: what is said in it

    def to_json(self) -> dict[str, Any]:
        """Plain data that determines the voice; a clip is named by its SHA-256, its bytes stay out."""
        match self.kind:
            case VoiceKind.BUILTIN:
                return {"kind": "builtin", "name": self.name}
            case VoiceKind.SEED:
                return {"kind": "seed", "seed": self.seed}
            case VoiceKind.EMBEDDING:
                return {"kind": "embedding", "values": base64.b64encode(self.values).decode()}
            case VoiceKind.CLIP:
                sha = hashlib.sha256(self.clip).hexdigest()
                return {"kind": "clip", "sha256": sha, "transcript": self.transcript}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any], clip: bytes = b"") -> "VoiceContent":
        """The inverse of `to_json`; `clip` brings the bytes of a clip voice."""
        kind = VoiceKind(plain["kind"])
        return cls(
            kind,
            name=plain.get("name", ""),
            seed=plain.get("seed", 0),
            values=base64.b64decode(plain.get("values", "")),
            clip=clip,
            transcript=plain.get("transcript", ""),
        )


@dataclass(frozen=True)
class Recipe:
    """Everything that determines one utterance's audio; `digest` is its name in the render cache."""

    engine: str
    version: str  # EngineSpec.version
    text: str  # what is spoken: normalised, with the marks this engine honours still in it
    voice: VoiceContent
    language: str  # BCP 47 of the text as a whole; runs in other languages are the engine's business
    controls: tuple[tuple[str, Value], ...]  # every control, sorted by name
    seed: int = 0  # of everything random that is not the voice
    mode: str = "speak"
    source: "Recipe | None" = None  # its sound is said again, in this voice by this engine, which `Converts`

    def to_json(self) -> dict[str, Any]:
        """Plain data that determines the sound; `source` only where there is one, so that older digests stay."""
        plain: dict[str, Any] = {
            "engine": self.engine,
            "version": self.version,
            "text": self.text,
            "voice": self.voice.to_json(),
            "language": self.language,
            "controls": dict(self.controls),
            "seed": self.seed,
            "mode": self.mode,
        }
        return plain if self.source is None else plain | {"source": self.source.to_json()}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any], clip: bytes = b"", *behind: bytes) -> "Recipe":
        """The inverse of `to_json`, with the bytes of its voice's clip and of those behind it: see `clips`."""
        source = plain.get("source")
        return cls(
            plain["engine"],
            plain["version"],
            plain["text"],
            VoiceContent.from_json(plain["voice"], clip),
            plain["language"],
            tuple(sorted(plain["controls"].items())),
            plain["seed"],
            plain["mode"],
            None if source is None else cls.from_json(source, *behind),
        )

    @property
    def clips(self) -> tuple[bytes, ...]:
        """The clip of its voice, then of its source's; empty bytes for a voice of another kind."""
        return (self.voice.clip, *(self.source.clips if self.source else ()))

    @cached_property
    def digest(self) -> str:
        """64 hex digits (SHA-256 of the canonical JSON)."""
        return digest_of(self.to_json())


@dataclass(frozen=True)
class WordTime:
    """When a word is heard."""

    text: str
    start: float  # seconds from the start of its utterance
    end: float


@dataclass(frozen=True, eq=False)
class AudioChunk:
    """A piece of one utterance, in order. The pieces of an utterance joined are its audio."""

    index: int  # which of the recipes given to `speak`
    samples: Samples  # mono float32, -1..1, at EngineSpec.rate
    words: tuple[WordTime, ...] = ()  # words that begin in this piece; empty if the engine does not know
    last: bool = False  # nothing of this utterance follows
    said: str = ""  # with the last piece: the text as it was spoken, where the engine changed it (refining)


class Engine(Protocol):
    """Something that speaks. One instance serves one caller at a time; the registry sees to that."""

    spec: EngineSpec

    def missing(self) -> Words | None:
        """None when it can speak now; otherwise what is missing and the one command that installs it."""

    def load(self) -> None:
        """Get ready (idempotent). `NotInstalled` says what is missing and how to get it."""

    def voices(self) -> Sequence[BuiltinVoice]:
        """The voices it brings along."""

    def embed(self, voice: VoiceContent) -> bytes:
        """The embedding (little-endian float32, `embedding_size` values) behind a seed or builtin voice.

        Speaking with it sounds the same. `BadRequest` where the engine has no embeddings.
        """

    def speak(self, recipes: Sequence[Recipe], stop: Stop, stream: bool = True) -> Iterator[AudioChunk]:
        """The sound of each recipe, as it is ready; utterances may interleave, the pieces of one are in order.

        One recipe's audio depends on the recipe alone: never on its neighbours here, on what ran before or on a global
        random state. Without `stream` nobody listens yet, and an engine that may have to try an utterance again gives
        it out when it is whole. Raises `Cancelled` within a step of `stop`, `EngineFailed` with the cause chained.
        """

    def unload(self) -> None:
        """Free everything that `load` took (idempotent)."""


# What some engines can do besides; the studio asks with `isinstance`.


@dataclass(frozen=True)
class Draft:
    """An utterance on its way to a recipe."""

    text: str  # normalised, with the marks that the engine honours; empty where it can read nothing of it
    language: str
    controls: Mapping[str, Value] = field(default_factory=dict)  # that differ from the text's, for this utterance
    notes: tuple[MarkNote, ...] = ()  # what had to be changed; their positions are set by the studio


@runtime_checkable
class Prepares(Protocol):
    """An engine that cannot read everything, and says before it speaks what it will read instead."""

    def prepare(self, drafts: Sequence[Draft], controls: Mapping[str, Value]) -> Sequence[Draft]:
        """The utterances of one text, in order, as they will be read. Quick; loads nothing large."""

    def lint(self, text: str) -> Sequence[MarkNote]:
        """What of the engine's own tokens in a text as written will not do what it seems to; `BadText` refuses it."""


@runtime_checkable
class Advises(Protocol):
    """An engine that sees before it speaks what will not go well, and says what to do about it."""

    def advise(self, recipes: Sequence[Recipe]) -> Sequence[MarkNote]:
        """What is to be known of these utterances of one text; each thing once. Quick; loads nothing large."""


@runtime_checkable
class Measures(Protocol):
    """An engine that counts the length of texts in its own way: `longest`, `target` and `even` are in that."""

    def measure(self, text: str) -> Size:
        """How to count stretches of this text, with their marks in them."""


@dataclass(frozen=True)
class Refined:
    """A text rewritten for speech, beside what it was."""

    index: int  # which of the recipes
    text: str  # as it would be spoken
    changes: tuple[tuple[str, str], ...]  # (same | added | lost | changed, words) in order; joined they are the texts
    ok: bool  # no word was lost or changed
    tries: int  # draws that were needed


@runtime_checkable
class Refines(Protocol):
    """An engine that can write pauses and laughter into a text before it speaks."""

    def refine(self, recipes: Sequence[Recipe], stop: Stop) -> Iterator[Refined]:
        """Each recipe's text refined as its controls say, in any order; `EngineFailed` where the guard refuses."""


@runtime_checkable
class Converts(Engine, Protocol):
    """An engine that can say a recording again in another voice.

    Recordings of 1 to 30 s are taken, by its voice's rules for clips; `studio.production.piecewise` cuts longer ones.
    """

    def convert(self, recording: bytes, recipe: Recipe, stop: Stop) -> Iterator[AudioChunk]:
        """What is said in an audio file, in the recipe's voice and with its controls; its text is not used.
        It keeps the pace, so that words stay where they are.

        `BadFile` for a recording that is too short, too long, silent, or no audio.
        """


@runtime_checkable
class Follows(Protocol):
    """An engine that can say a text while it is still being written, by a language model say."""

    def follow(self, texts: Iterable[str], recipe: Recipe, stop: Stop) -> Iterator[AudioChunk]:
        """The sound of the pieces of a text as they come, in the recipe's voice; its own text is not used.

        Pieces are said as they are: numbers and marks have to be words already.
        """


@runtime_checkable
class SharesVoices(Protocol):
    """An engine whose voices people exchange as strings."""

    def code_of(self, voice: VoiceContent) -> str:
        """The string of a voice; `BadRequest` where its kind has none."""

    def voice_of(self, code: str) -> VoiceContent:
        """The voice in a string; `BadRequest` says what is wrong with it."""


@runtime_checkable
class Holds(Protocol):
    """An engine whose weights hold what a text control that is `held` stands for when it is left empty."""

    def held(self, name: str, controls: Mapping[str, Value]) -> str:
        """What that is for the control `name`, beside the others as they are settled. Quick; loads no model."""


@runtime_checkable
class Bounds(Protocol):
    """An engine whose embeddings have limits, within which a changed one has to stay."""

    def within(self, values: bytes) -> bytes:
        """The nearest embedding (little-endian float32) that it can speak with."""


@runtime_checkable
class Configures(Protocol):
    """An engine whose loaded form can be chosen: `EngineSpec.settings` declares how."""

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Use these settings from the next `load` on; `BadControl` refuses one. What is not named has its default."""


@runtime_checkable
class Versioned(Configures, Protocol):
    """An engine whose `EngineSpec.version` names some of its settings."""

    def versioned(self) -> Mapping[str, Value]:
        """Those, as they hold now, none of them automatic: on another machine an engine that is configured with them
        makes the sound that the version stands for. What is a machine's own, its device, is not among them."""
