"""`Performance`: one text being spoken. It can be heard while it is made, replayed, stopped, and ends as a take.

The sound goes to an unnamed file as 16-bit PCM; any number of listeners read it from the start and wait at its growing
end. A page that closes, or one that opens late, changes nothing.
"""

import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from studio.audio.clip import Clip, Samples, to_int16
from studio.audio.levels import measure
from studio.audio.polish import polish
from studio.engines.contract import WordTime
from studio.errors import Cancelled
from studio.library import Library, Take, TakeFacts
from studio.production.jobs import Job
from studio.production.joining import Joiner, Placed
from studio.production.planning import Plan
from studio.production.rendering import LinePiece, Renderer
from studio.text.scan import without_marks

PIECE = 1 << 15  # bytes that a listener gets at most at once


class Performance(Job[Take]):
    """A job whose sound can be listened to. Iterate `pcm` from any thread."""

    def __init__(self, plan: Plan, renderer: Renderer, library: Library, folder: Path) -> None:
        super().__init__(Performance._perform, title=plan.request.text.strip()[:60])  # type: ignore[arg-type]
        self.plan = plan
        self.rate = plan.direction.rate
        self.placed: list[Placed] = []
        self.total = sum(max(1, len(line.spoken)) for line in plan.lines)
        self._renderer = renderer
        self._library = library
        self._spool = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # closed by `close`
        self._written = 0
        self._grown = threading.Condition()

    @property
    def seconds_ready(self) -> float:
        return self._written / 2 / self.rate

    def pcm(self) -> Iterator[bytes]:
        """Mono little-endian int16 from the start; follows a running performance to its end. Raises what ended it."""
        at = 0
        while True:
            with self._grown:
                self._grown.wait_for(lambda: self._written > at or self.over)  # noqa: B023  # called at once
                self._spool.seek(at)
                piece = self._spool.read(min(PIECE, self._written - at))
            if piece:
                at += len(piece)
                yield piece
            elif self.error:
                raise self.error
            else:
                return

    def close(self) -> None:
        """Give the spooled sound back; listeners have had their time."""
        self._spool.close()

    def _run(self) -> None:
        super()._run()
        with self._grown:
            self._grown.notify_all()

    def _perform(self) -> Take:
        plan, cache = self.plan, self._library.cache
        if (known := cache.fetch(plan.digest)) is not None:
            self._write(known[1].samples)
            self.done = self.total
            return known[0].take
        if plan.polish == "off":
            return self._keep(np.concatenate([*self._sound(heard=True)]))
        finished = polish(Clip(np.concatenate([*self._sound(heard=False)]), self.rate), plan.polish).samples
        self._write(finished)
        return self._keep(finished)

    def _sound(self, *, heard: bool) -> Iterator[Samples]:
        """The plan's sound, line after line; listeners hear it at once when `heard`."""
        for piece in joined(self.plan, self._renderer, self):
            if heard:
                self._write(piece)
            yield piece

    def _write(self, samples: Samples) -> None:
        if self.stopping:
            raise Cancelled
        data = to_int16(samples).tobytes()
        with self._grown:
            self._spool.seek(self._written)
            self._spool.write(data)
            self._written += len(data)
            self._grown.notify_all()

    def _keep(self, samples: Samples) -> Take:
        clip = Clip(samples, self.rate)
        return self._library.cache.put(self.plan.digest, clip, facts_of(self.plan, clip, self.placed)).take


def facts_of(plan: Plan, clip: Clip, placed: Sequence[Placed]) -> TakeFacts:
    """What is kept of a spoken plan beside its sound."""
    levels = measure(clip)
    return TakeFacts(
        recipe=plan.recipe_json() | {"request": plan.request.to_json()},
        engine=plan.direction.sounding.id,
        text=plan.request.text,
        language=plan.lines[0].language,
        kind="reading",
        voice_id=plan.direction.heard.id,
        voice_label=plan.direction.heard.label,
        words=[
            (w.text, round(w.start, 4), round(w.end, 4)) for line in placed for w in words_of(plan, line, clip.rate)
        ],
        lufs=levels.loudness_lufs,
        true_peak_db=levels.true_peak_db,
        rms_db=levels.rms_db,
        noise_floor_db=levels.noise_db,
    )


def words_of(plan: Plan, line: Placed, rate: int) -> tuple[WordTime, ...]:
    """The words of a line; the whole line as one where its engine does not know them."""
    text = " ".join(without_marks(plan.heard[line.index].original).split())
    return line.words or (WordTime(text, line.start / rate, line.end / rate),)


def joined(plan: Plan, renderer: Renderer, job: Performance) -> Iterator[Samples]:
    """The sound of a plan with its pauses; keeps `job`'s progress and timeline."""
    joiner = Joiner(job.rate)
    job.placed = joiner.placed

    def done(line: str) -> None:
        job.done += max(1, len(line))

    yield from assembled(plan, renderer.lines(plan.heard, job.stopping, stream=plan.request.stream), joiner, done)


def assembled(
    plan: Plan, pieces: Iterable[LinePiece], joiner: Joiner, done: Callable[[str], None] = lambda line: None
) -> Iterator[Samples]:
    """The pieces of a plan's lines as one sound with its pauses; `done` is told of every line that is over."""
    joiner.pause(plan.lead_ms)
    for piece in pieces:
        line = plan.heard[piece.index]
        yield from joiner.push(piece.samples, piece.words)
        if piece.last:
            yield from joiner.end_line(piece.index)
            joiner.pause(line.pause_ms)
            done(line.spoken)
    yield from joiner.silence()
