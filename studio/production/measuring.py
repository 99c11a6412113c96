"""How fast this machine speaks: `bench` for any engine, in numbers that can be compared."""

import time
from dataclasses import dataclass
from typing import Any

from studio.engines.contract import Recipe
from studio.engines.registry import Registry
from studio.errors import EngineFailed
from studio.production.casting import voice_of_engine
from studio.production.jobs import Job

SENTENCES = {
    "zh": "窗外下着小雨，他把灯拧亮，慢慢翻开一本旧书，读给身边的人听。",
    "en": "A light rain fell outside; he turned up the lamp, opened an old book and began to read aloud.",
}


@dataclass(frozen=True)
class Speed:
    """What one language came to."""

    language: str
    audio_s: float
    wall_s: float
    first_sound_ms: float  # from the call to the first piece of the last utterance

    @property
    def real_time_factor(self) -> float:
        """Seconds of work for a second of sound; under 1 is faster than it plays."""
        return self.wall_s / self.audio_s if self.audio_s else 0.0


def measure(engines: Registry, id: str, seconds: float, job: Job[Any]) -> tuple[Speed, ...]:
    """Speak for `seconds` in all, without the cache; one row a language that we have a sentence for."""
    spec = engines.get(id).spec
    languages = [name for name in SENTENCES if any(known.split("-")[0] in (name, "cmn") for known in spec.languages)]
    job.total = seconds
    return tuple(_measure(engines, id, language, seconds / len(languages), job) for language in languages)


def _measure(engines: Registry, id: str, language: str, seconds: float, job: Job[Any]) -> Speed:
    audio = wall = first = 0.0
    with engines.lease(id, job.stopping) as engine:
        default = voice_of_engine(engine)
        assert default is not None  # only names of the library are unknown to an engine
        controls = tuple(sorted(engine.spec.settle({}).items()))
        turn = 0
        while wall < seconds:
            text, version = SENTENCES[language], engine.spec.version
            recipe = Recipe(id, version, text, default.content, language, controls, seed=turn)
            started, heard = time.perf_counter(), False
            try:
                for chunk in engine.speak([recipe], job.stopping):
                    if not heard and len(chunk.samples):
                        first, heard = time.perf_counter() - started, True
                    audio += len(chunk.samples) / engine.spec.rate
            except EngineFailed as failed:
                if "trouble" not in failed.fields:  # one line that found no end is no failure of the engine
                    raise
            spent = time.perf_counter() - started
            wall, turn = wall + spent, turn + 1
            job.done += spent
    return Speed(language, audio, wall, first * 1000)
