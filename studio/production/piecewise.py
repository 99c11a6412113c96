"""A sound of any length said again by an engine that takes short recordings: cut where it is quiet, piece by piece.

Whoever converts takes 1 to 30 s at a time. A longer sound is cut at its quietest moments, so that no word is torn; a
piece too short is followed by silence; one without a sound is not worth a question and stays silent. What comes out is
as long as what went in, so that times in the one are times in the other. One piece is in memory, however many follow.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from studio.audio.clip import Clip, Samples, silence
from studio.audio.edit import ramp
from studio.audio.writing import encode
from studio.engines.clips import QUIETEST, SHORTEST_S
from studio.engines.contract import AudioChunk, Converts, Recipe, WordTime
from studio.stop import Stop

LONGEST_S = 28.0  # of a piece; an engine takes 30
LEAST_S = 10.0  # before a cut: a piece needs surroundings to sound like its neighbours
FRAME_S = 0.02  # how finely the quietest moment is looked for
PAUSE_S = 0.2  # of quiet that a good cut lies in the middle of
SLACK_S = 0.25  # by which a piece may be longer or shorter and is cut or filled up; more is another pace, and is left
FADE_S = 0.005  # at a seam
ROOM_S = 0.1  # above the shortest, for a rate that does not divide


def resaid(engine: Converts, blocks: Iterable[Samples], rate: int, recipe: Recipe, stop: Stop) -> Iterator[AudioChunk]:
    """What is said in a sound (blocks of samples at `rate`), in the recipe's voice, at the engine's rate, as it comes.

    Raises `Cancelled` between two steps. A sound of silence gives as much silence.
    """
    heard = given = 0  # frames that went in, and came out
    out: int = engine.spec.rate
    for piece, closing in _looked_ahead(pieces(blocks, rate)):
        stop.check()
        opening, heard = not heard, heard + len(piece)
        room = round(heard * out / rate) - given
        fade = _Fade(round(FADE_S * out), opening, closing)
        for chunk in _in_room(engine, Clip(piece, rate), room, recipe, stop):
            given += len(chunk.samples)
            yield AudioChunk(0, fade(chunk), last=closing and chunk.last)


def retold(words: Sequence[WordTime], said_s: float, again_s: float) -> tuple[WordTime, ...]:
    """The words of a sound of `said_s` where it lasts `again_s` when it is said again."""
    times = again_s / said_s if said_s and abs(again_s - said_s) > SLACK_S else 1.0
    return tuple(WordTime(w.text, min(w.start * times, again_s), min(w.end * times, again_s)) for w in words)


def pieces(blocks: Iterable[Samples], rate: int) -> Iterator[Samples]:
    """The sound in pieces of at most `LONGEST_S`, cut in the quietest places. Joined they are what came."""
    most, held = round(LONGEST_S * rate), np.zeros(0, np.float32)
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) > most:
            at = _quietest(held[:most], rate)
            yield held[:at]
            held = held[at:]
    if len(held):
        yield held


def _quietest(samples: Samples, rate: int) -> int:
    """The frame in the middle of the quietest pause, not too near to the start."""
    step = round(FRAME_S * rate)
    count, start = len(samples) // step, round(LEAST_S / FRAME_S)
    power = np.square(samples[: count * step].reshape(count, step), dtype=np.float32).mean(axis=1)
    width = round(PAUSE_S / FRAME_S)
    loud = np.convolve(power[start:], np.full(width, 1 / width, np.float32), "valid")
    return (start + int(np.argmin(loud)) + width // 2) * step


def _in_room(engine: Converts, piece: Clip, room: int, recipe: Recipe, stop: Stop) -> Iterator[AudioChunk]:
    """A piece said again in `room` frames, unless the engine's pace is another one."""
    if float(np.abs(piece.samples).max(initial=0.0)) < QUIETEST:
        yield AudioChunk(0, silence(room), last=True)
        return
    missing = round((SHORTEST_S + ROOM_S) * piece.rate) - len(piece)
    slack = round((SLACK_S + max(0.0, missing / piece.rate)) * engine.spec.rate)
    recording = Clip(np.pad(piece.samples, (0, missing)), piece.rate) if missing > 0 else piece
    given = 0
    for chunk in engine.convert(encode(recording, "wav"), recipe, stop):
        stop.check()
        samples = chunk.samples if missing <= 0 else chunk.samples[: max(0, room - given)]
        beyond = given + len(samples) - room
        if chunk.last and 0 < beyond <= slack:
            samples = samples[: max(0, len(samples) - beyond)]
        elif chunk.last and 0 < -beyond <= slack:
            samples = np.pad(samples, (0, -beyond))
        given += len(samples)
        yield replace(chunk, samples=samples)


class _Fade:
    """Soft ends where another piece is beside: what was the echo of a word there is cut off."""

    def __init__(self, length: int, opening: bool, closing: bool) -> None:
        """`opening`: nothing is before this piece; `closing`: nothing is behind it."""
        self._rise, self._rising, self._falls = ramp(length), not opening, not closing

    def __call__(self, chunk: AudioChunk) -> Samples:
        samples, length = chunk.samples, len(self._rise)
        if self._rising and len(samples) >= length:
            samples, self._rising = np.concatenate([samples[:length] * self._rise, samples[length:]]), False
        if self._falls and chunk.last and len(samples) >= length:
            samples = np.concatenate([samples[:-length], samples[-length:] * self._rise[::-1]])
        return samples


def _looked_ahead(items: Iterator[Samples]) -> Iterator[tuple[Samples, bool]]:
    """Each with whether it is the last."""
    held: Samples | None = None
    for item in items:
        if held is not None:
            yield held, False
        held = item
    if held is not None:
        yield held, True
