"""Voices for the figures of a story: by gender, age and language, from the library first, then of the engine."""

from collections.abc import Sequence
from dataclasses import dataclass

from studio.engines.contract import Engine, VoiceKind
from studio.errors import StudioError
from studio.library import Library, VoiceQuery
from studio.library.script import Member
from studio.production.casting import cast
from studio.text.language import base
from studio.text.quotes import Figure

MOST = 40  # figures that get a voice of their own; the rest share the engine's
SEEDS = 1000  # voices of an engine that draws them: figure n gets the seed 1000 + n


@dataclass(frozen=True)
class Offered:
    """A voice that might be given to somebody."""

    name: str  # what names it
    gender: str
    age: str = ""  # child, old; "" is unknown


def cast_for(figures: Sequence[Figure], engine: Engine, library: Library, language: str, narrator: str) -> list[Member]:
    """A first cast: a voice for each figure by gender, and by age where one is known; none twice while enough fit."""
    offered = _offered(engine, library, language)
    used = {narrator} if narrator else set()
    members = []
    for number, figure in enumerate(figures[:MOST]):
        fitting = [one for one in offered if one.gender == figure.gender or not figure.gender]
        free = [one for one in fitting if one.name not in used]
        best = next((one for one in free if figure.age and one.age == figure.age), free[0] if free else None)
        voice = best.name if best else ""
        if not voice and VoiceKind.SEED in engine.spec.voice_kinds:
            voice = f"seed:{SEEDS + number}"
        if not voice and fitting:
            voice = fitting[number % len(fitting)].name
        used.add(voice)
        members.append(Member(figure.name, engine.spec.id, voice, gender=figure.gender, age=figure.age))
    return members


def check_voice(library: Library, engine: Engine, voice: str) -> None:
    """`NotFound` or `BadRequest` where this engine cannot speak with that voice."""
    cast(library, engine, voice)


def _offered(engine: Engine, library: Library, language: str) -> list[Offered]:
    """The library's best for this language, then the engine's own timbres."""
    found: list[Offered] = []
    try:
        query = VoiceQuery(engine=engine.spec.id, language=base(language), sort="rating", size=100)
        found = [Offered(voice.id, voice.gender, _age(voice.age)) for voice in library.voices.find(query).items]
    except StudioError:
        pass  # a library that cannot be asked suggests nothing
    spoken = {base(language), "zh" if base(language) == "cmn" else base(language)}
    own = [
        Offered(voice.name, voice.gender)
        for voice in engine.voices()
        if voice.gender and (not voice.languages or spoken & {base(name) for name in voice.languages})
    ]
    return found + own


def _age(told: str) -> str:
    """`child`, `old` or nothing, from the free words of a voice."""
    words = told.casefold()
    if any(word in words for word in ("child", "kid", "girl", "boy", "儿童", "孩", "童")):
        return "child"
    return "old" if any(word in words for word in ("old", "senior", "elder", "老")) else ""
