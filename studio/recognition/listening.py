"""Listening to recordings of any length: find the speech, let a recogniser hear it, give out what it says at once."""

from collections.abc import Callable, Iterable, Iterator

from studio.audio.clip import Samples
from studio.recognition.contract import Listening, Recogniser, Segment
from studio.recognition.speech import Piece, pieces
from studio.stop import Stop

BLOCK_S = 16.0  # of sound that is read at a time
MARGIN_S = 0.5  # below a recogniser's longest, for the last frame


def listen(
    recogniser: Recogniser,
    blocks: Iterable[Samples],
    how: Listening,
    stop: Stop,
    heard: Callable[[float], None] = lambda seconds: None,
) -> Iterator[Segment]:
    """The segments of a recording (blocks at `RATE`), in order, as they are ready; memory does not grow with it.

    `heard` is told how many seconds are behind. Raises `Cancelled` between two steps.
    """
    waiting: list[Piece] = []
    recogniser.load()
    for found in pieces(blocks, recogniser.spec.longest - MARGIN_S):
        stop.check()
        if isinstance(found, Piece):
            waiting.append(found)
        else:
            yield from _said(recogniser, waiting, how, stop)
            waiting.clear()
            heard(found)
    yield from _said(recogniser, waiting, how, stop)


def _said(recogniser: Recogniser, found: list[Piece], how: Listening, stop: Stop) -> Iterator[Segment]:
    said = recogniser.listen([piece.samples for piece in found], how, stop) if found else ()
    for piece, segment in zip(found, said, strict=True):
        yield segment.moved(piece.start)
