"""Voices for the figures of a story: by gender, age and language, from the library first, then of the engine."""

from collections.abc import Sequence
from itertools import cycle

from studio.engines.contract import Engine, VoiceKind
from studio.errors import StudioError
from studio.library import Library, VoiceQuery
from studio.library.script import Member
from studio.production.casting import cast
from studio.text.language import base
from studio.text.quotes import Figure

MOST = 40  # figures that get a voice of their own; the rest share the engine's
SEEDS = 1000  # voices of an engine that draws them: figure n gets the seed 1000 + n


def cast_for(figures: Sequence[Figure], engine: Engine, library: Library, language: str, narrator: str) -> list[Member]:
    """A first cast: a voice for each figure, none twice while there are enough that fit."""
    offered = _offered(engine, library, language)
    used = {narrator} if narrator else set()
    members = []
    rounds = {
        gender: cycle([name for name, own in offered if own == gender]) for gender in ("female", "male", "", "neutral")
    }
    for number, figure in enumerate(figures[:MOST]):
        fitting = [name for name, own in offered if own == figure.gender or not figure.gender]
        voice = next((name for name in fitting if name not in used), "")
        if not voice and VoiceKind.SEED in engine.spec.voice_kinds:
            voice = f"seed:{SEEDS + number}"
        if not voice and fitting:
            voice = next(rounds[figure.gender], "") if figure.gender else fitting[number % len(fitting)]
        used.add(voice)
        members.append(Member(figure.name, engine.spec.id, voice, gender=figure.gender, age=figure.age))
    return members


def check_voice(library: Library, engine: Engine, voice: str) -> None:
    """`NotFound` or `BadRequest` where this engine cannot speak with that voice."""
    cast(library, engine, voice)


def _offered(engine: Engine, library: Library, language: str) -> list[tuple[str, str]]:
    """(what names it, gender): the library's best for this language, then the engine's own timbres."""
    found: list[tuple[str, str]] = []
    try:
        query = VoiceQuery(engine=engine.spec.id, language=base(language), sort="rating", size=100)
        found = [(voice.id, voice.gender) for voice in library.voices.find(query).items]
    except StudioError:
        pass  # a library that cannot be asked suggests nothing
    spoken = {base(language), "zh" if base(language) == "cmn" else base(language)}
    own: list[tuple[str, str]] = [
        (voice.name, voice.gender)
        for voice in engine.voices()
        if voice.gender and (not voice.languages or spoken & {base(name) for name in voice.languages})
    ]
    return found + own
