"""How fast the engines of this machine read and work: measured from the files they made, or by asking them to speak."""

import json
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.engines.registry import Registry
from studio.errors import StudioError
from studio.production.measuring import SENTENCES
from studio.production.planning import Direction
from studio.stop import Stop
from studio.text.language import weight

USUAL = 12.0  # Latin letters a second, before anything was measured
REMEMBERED_S = 3600.0  # of audio; what is older counts less and less
ENOUGH_S = 5.0  # of audio, below which a remembered pace says little
LEAST_WORK_S = 0.015  # of a file, beside what its engine does


@dataclass(frozen=True)
class Pace:
    """How an engine reads."""

    letters: float  # a second of audio, as `weight` counts them
    work: float | None  # seconds of work for a second of audio; None: nobody knows yet
    measured: bool


class Paces:
    """What is remembered of engines, in one small file."""

    def __init__(self, path: Path, engines: Registry) -> None:
        self._path, self._engines = path, engines
        self._lock = threading.Lock()
        self._known: dict[str, list[float]] = self._read()  # engine -> letters, seconds of audio, seconds of work
        self._probed: dict[tuple[str, str, str], Pace] = {}
        self._kept = time.monotonic()

    def note(self, engine: str, letters: float, audio_s: float, wall_s: float) -> None:
        """A file was made, all of it rendered."""
        with self._lock:
            sums = self._known.setdefault(engine, [0.0, 0.0, 0.0])
            less = 0.5 if sums[1] > REMEMBERED_S else 1.0
            sums[:] = [less * old + new for old, new in zip(sums, (letters, audio_s, wall_s), strict=True)]

    def keep(self) -> None:
        """Onto the disk; a pace that cannot be kept is measured again."""
        with self._lock:
            plain = json.dumps(self._known)
        fresh = self._path.with_suffix(".new")
        try:
            fresh.write_text(plain, "utf-8")
            fresh.replace(self._path)
        except OSError:
            return

    def of(self, direction: Direction, stop: Stop) -> Pace:
        """How fast this voice reads: by its own sentence where the engine is quick to ask, else as remembered.

        Said again in another voice it reads as fast; how much work that is, only files that were made can tell.
        """
        spec = direction.spec
        key = direction.engines, str(direction.voice.content.to_json()), str(sorted(direction.controls.items()))
        if key not in self._probed:
            state = self._engines.state(spec.id)
            asks = state.state == "ready" and (state.loaded or not spec.weights)
            self._probed[key] = (self._ask(direction, stop) if asks else None) or self._remembered(direction.engines)
        return self._probed[key]

    def _remembered(self, engine: str) -> Pace:
        letters, audio, work = self._known.get(engine, [0.0, 0.0, 0.0])
        return Pace(letters / audio, work / audio, True) if audio > ENOUGH_S else Pace(USUAL, None, False)

    def _ask(self, direction: Direction, stop: Stop) -> Pace | None:
        """Let the voice say a sentence of each language that it has; None where it fails to."""
        wall = audio = letters = 0.0
        for text in _sentences(direction.spec.languages):
            try:
                lines = direction.passage(text, len(text)).lines
                began, recipes = time.monotonic(), [line.recipe.source or line.recipe for line in lines]
                for chunk in self._engines.speak(direction.spec.id, recipes, stop, False):
                    audio += len(chunk.samples) / direction.spec.rate
            except StudioError:
                return None
            wall += time.monotonic() - began
            audio += sum(line.pause_ms for line in lines) / 1000
            letters += weight(text).total
        remembered = self._remembered(direction.engines)  # of whole files: with reading, encoding and waiting
        if not audio:
            return None
        asked = None if direction.into else wall / audio
        return Pace(letters / audio, remembered.work if remembered.measured else asked, True)

    def _read(self) -> dict[str, list[float]]:
        try:
            plain = json.loads(self._path.read_text("utf-8"))
            return {str(name): [float(one) for one in sums] for name, sums in plain.items() if len(sums) == 3}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}


def _sentences(languages: Iterable[str]) -> Sequence[str]:
    """Those of our sentences that the engine can say; any, where it tells of none."""
    known = {language.split("-")[0] for language in languages}
    fits = [text for name, text in SENTENCES.items() if {name, "cmn"} & known] if known else []
    return fits or list(SENTENCES.values())
