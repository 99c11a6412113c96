"""Who speaks: from what a person writes (a name, `seed:2222`, an id, nothing) to a voice pinned by content."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from studio.engines.contract import Engine, SharesVoices, VoiceContent, VoiceKind
from studio.engines.registry import Registry
from studio.errors import BadRequest, NotFound
from studio.library import Library
from studio.library.voice import KEPT
from studio.text.marks import MarkNote
from studio.words import Words

VOICE = Words("voice", "音色")
MOST_BLENDED = 8
SEEDS = 2**31  # a seed, of a voice or of a reading, is 0 up to this
CODE = "code:"  # before a string that people exchange
VECTOR = "vector:"  # before the numbers of a voice, base64 of little-endian float32


@dataclass(frozen=True)
class CastVoice:
    """A voice ready to speak."""

    content: VoiceContent
    label: str
    id: str = ""  # in the library; empty for seeds and builtin voices
    weights: str = ""  # digest of the weights it was made with; empty where the engine has none, or nobody knows
    references: Mapping[str, VoiceContent] = field(default_factory=dict)  # emotion -> the clip to speak it after

    def of(self, emotion: str) -> VoiceContent:
        """Its content for an emotion: the clip in that mood where it has one."""
        return self.references.get(emotion, self.content)


def cast(library: Library, engine: Engine, ref: str, *, lent: bool = False) -> CastVoice:
    """The voice that `ref` names for this engine: a library voice, a seed, a builtin name, a string that people
    exchange (`code:…`), the numbers of one (`vector:…`); empty is its default.

    With `lent`, a clip that belongs to another engine is taken too: what is wanted of it is its timbre.

    `NotFound` suggests the nearest name, `BadRequest` says which engine a voice belongs to.
    """
    voice = voice_of_engine(engine, ref) or _from_library(library, engine, ref.strip(), lent)
    engine.spec.accept(voice.content)
    return voice


def voice_of_engine(engine: Engine, ref: str = "") -> CastVoice | None:
    """The voice that `ref` names, unless it is one of the library's."""
    builtin = engine.voices()
    ref = ref.strip() or engine.spec.default_voice or builtin[0].name
    if ref.lower().startswith("seed:"):
        return CastVoice(VoiceContent(VoiceKind.SEED, seed=seed_of(ref)), ref.lower())
    if ref.startswith(CODE) and isinstance(engine, SharesVoices):
        return CastVoice(engine.voice_of(ref.removeprefix(CODE)), ref[: len(CODE) + 6] + "…")
    if ref.startswith(VECTOR):
        return CastVoice(vector_voice(engine, ref), ref[: len(VECTOR) + 6] + "…")
    if {*ref.split("+")} <= {known.name for known in builtin}:  # an accent and a timbre may be joined by +
        return CastVoice(VoiceContent(VoiceKind.BUILTIN, name=ref), ref)
    return None


def blend(engine: Engine, voices: Sequence[tuple[CastVoice, float]]) -> VoiceContent:
    """The mean of voices by weight, as an embedding. `BadRequest` for no voices, bad weights, or too many."""
    weights = np.array([weight for _, weight in voices], np.float64)
    if (
        not 2 <= len(voices) <= MOST_BLENDED
        or not np.all(np.isfinite(weights))
        or weights.min() < 0
        or not weights.sum()
    ):
        raise BadRequest(
            f"blend: takes 2 to {MOST_BLENDED} voices with weights of 0 or more, not all 0, as in f2=1 m3=0.5",
            f"混合：需要 2 到 {MOST_BLENDED} 个音色，权重不小于 0 且不全为 0，例如 f2=1 m3=0.5",
            where="weights",
        )
    vectors = np.stack([np.frombuffer(engine.embed(voice.content), "<f4") for voice, _ in voices]).astype(np.float64)
    mean = weights / weights.sum() @ vectors
    return VoiceContent(VoiceKind.EMBEDDING, values=mean.astype("<f4").tobytes())


def vector_voice(engine: Engine, ref: str) -> VoiceContent:
    """The voice in `vector:…`. `BadRequest` unless it has as many finite numbers as the engine's voices."""
    try:
        values = base64.b64decode(ref.removeprefix(VECTOR), validate=True)
        numbers = np.frombuffer(values, "<f4")
    except ValueError:  # binascii.Error is one
        numbers, values = np.zeros(0, "<f4"), b""
    if not len(numbers) or len(numbers) != engine.spec.embedding_size or not np.all(np.isfinite(numbers)):
        raise BadRequest(
            f"voice “{ref[:20]}…”: {engine.spec.id} takes {engine.spec.embedding_size or 'no'} numbers after {VECTOR}",
            f"音色“{ref[:20]}…”：{engine.spec.id} 的 {VECTOR} 之后应为 {engine.spec.embedding_size} 个数",
            where="voice",
        )
    return VoiceContent(VoiceKind.EMBEDDING, values=values)


def cautions(engines: Registry, id: str, voice: CastVoice) -> tuple[MarkNote, ...]:
    """What is to be known before the engine `id` speaks with a voice: that it was made with other weights, say."""
    weights = engines.weights_of(id) if voice.weights else ""
    if not weights or voice.weights == weights:
        return ()
    made, now = voice.weights[:12], weights[:12]
    return (
        MarkNote(
            voice.label,
            "approximated",
            Words(
                f"this voice was made with other weights of {id} ({made}, now {now}) and may sound different",
                f"这个音色是用 {id} 的另一份权重制作的（{made}，现为 {now}），听起来可能不同",
            ),
            0,
        ),
    )


def in_words(notes: Iterable[MarkNote]) -> tuple[Words, ...]:
    """Cautions as sentences that name the voice, each once."""
    return tuple(dict.fromkeys(Words(f"{one.mark}: {one.note.en}", f"{one.mark}：{one.note.zh}") for one in notes))


def text_seed(seed: int) -> int:
    """The seed of a reading, if it is one. `BadRequest`."""
    if not isinstance(seed, int) or isinstance(seed, bool) or not 0 <= seed < SEEDS:
        raise BadRequest(
            f"text seed {seed}: takes a whole number from 0 to {SEEDS - 1}",
            f"文本种子 {seed}：应为 0 到 {SEEDS - 1} 的整数",
            where="seed",
        )
    return seed


def seed_of(ref: str) -> int:
    """The number in `seed:2222`."""
    number = ref[len("seed:") :].strip()
    if number.isascii() and number.isdigit() and int(number) < SEEDS:
        return int(number)
    raise BadRequest(
        f"voice “{ref}”: a seed is a whole number from 0 to {SEEDS - 1}, as in seed:2222",
        f"音色“{ref}”：种子应为 0 到 {SEEDS - 1} 的整数，例如 seed:2222",
        where="voice",
    )


def _from_library(library: Library, engine: Engine, ref: str, lent: bool) -> CastVoice:
    spec, builtin = engine.spec, engine.voices()
    try:
        kept = library.voices.get(ref.removeprefix(KEPT))
    except NotFound as error:
        near = NotFound.among(VOICE, ref, [v.name for v in builtin], where="voice")
        raise (error if error.fields.get("suggestion") or not builtin else near) from None
    if kept.deleted is not None and not ref.startswith(KEPT):
        raise NotFound(
            f"voice “{kept.name}” was deleted; restore it, or choose another voice",
            f"音色“{kept.name}”已删除；请恢复它，或换一个音色",
            where="voice",
        )
    if kept.engine != spec.id and not (lent and kept.kind == VoiceKind.CLIP.value):
        raise BadRequest(
            f"voice “{kept.name}” belongs to the engine {kept.engine}; choose that engine or another voice",
            f"音色“{kept.name}”属于引擎 {kept.engine}；请切换引擎或换一个音色",
            where="voice",
            engine=kept.engine,
        )
    if kept.kind != VoiceKind.CLIP.value:
        return CastVoice(VoiceContent.from_json(kept.content), kept.name, kept.id, kept.weights)
    media = library.voices.media(kept.id) or b""
    weights = kept.weights if kept.engine == spec.id else ""  # of another engine they say nothing here
    clips = library.references.by_emotion(kept.id)
    moods = {name: VoiceContent(VoiceKind.CLIP, clip=clip, transcript=said) for name, (clip, said) in clips.items()}
    return CastVoice(VoiceContent.from_json(kept.content, media), kept.name, kept.id, weights, moods)
