"""Things that sound flows through, all with the same two verbs; as many samples come out as went in.

`push` may hold samples back (a limiter looks ahead), `finish` gives the rest. Whatever the sizes of the pieces, the
result is the same to the bit: each filter works in blocks of its own.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from studio.audio.clip import Samples
from studio.audio.panning import LAYOUTS, apart, together

NOTHING: Samples = np.zeros(0, np.float32)
GRAPH_FRAME = 4096  # samples that FFmpeg gets at once


class Filter(Protocol):
    """A stretch of pipe."""

    def push(self, samples: Samples) -> Samples:
        """What is ready after `samples` came in."""

    def finish(self) -> Samples:
        """What was held back. The filter is spent."""


class Gain:
    """Louder or softer, nothing else."""

    def __init__(self, gain_db: float) -> None:
        self._factor = np.float32(10 ** (gain_db / 20))

    def push(self, samples: Samples) -> Samples:
        return samples * self._factor

    def finish(self) -> Samples:
        return NOTHING


class Series:
    """Filters one behind the other."""

    def __init__(self, filters: Sequence[Filter]) -> None:
        self._filters = tuple(filters)

    def push(self, samples: Samples) -> Samples:
        for part in self._filters:
            samples = part.push(samples)
        return samples

    def finish(self) -> Samples:
        samples = NOTHING
        for part in self._filters:
            samples = joined([part.push(samples), part.finish()])
        return samples


def joined(pieces: Sequence[Samples]) -> Samples:
    """Pieces one after the other; `NOTHING` for none."""
    sounding = [piece for piece in pieces if len(piece)]
    return sounding[0] if len(sounding) == 1 else np.concatenate(sounding) if sounding else NOTHING


def shaped(samples: Samples, gains: NDArray[np.floating[Any]]) -> Samples:
    """Every frame by its gain, in all channels alike."""
    factors = gains.astype(np.float32)
    found: Samples = samples * (factors if samples.ndim == 1 else factors[:, None])
    return found


class Blocks:
    """Cuts a stream into blocks of `size` that overlap by `ahead` samples of what follows."""

    def __init__(self, size: int, ahead: int) -> None:
        self._size = size
        self._ahead = ahead
        self._held: list[Samples] = []
        self._count = 0
        self.started = False

    def push(self, samples: Samples) -> list[Samples]:
        """Blocks of `size` + `ahead` samples that are complete."""
        if not len(samples):
            return []
        self.started = True
        self._held.append(samples)
        self._count += len(samples)
        if self._count < self._size + self._ahead:
            return []
        joined = np.concatenate(self._held)
        ready = range(0, len(joined) - self._size - self._ahead + 1, self._size)
        blocks = [joined[at : at + self._size + self._ahead] for at in ready]
        rest = joined[len(blocks) * self._size :].copy()
        self._held, self._count = [rest], len(rest)
        return blocks

    def finish(self) -> tuple[list[Samples], int]:
        """The last blocks, filled up with silence, and how many samples of them are true."""
        left = self._count
        padding = -left % self._size + self._ahead
        return (self.push(np.zeros((padding, *self._held[0].shape[1:]), np.float32)) if left else []), left


class Graph:
    """A chain of FFmpeg's filters, such as `highpass=f=80`; only ones without delay."""

    def __init__(self, rate: int, steps: Sequence[str], channels: int = 1) -> None:
        from av.filter import Graph as FilterGraph

        self._rate = rate
        self._layout = LAYOUTS[channels]
        self._at = 0
        self._blocks = Blocks(GRAPH_FRAME, 0)
        graph: Any = FilterGraph()
        graph.threads = 1  # the same sound on every machine
        source = graph.add_abuffer(sample_rate=rate, format="fltp", layout=self._layout, time_base=Fraction(1, rate))
        nodes = [source]
        for step in [*steps, "aformat=sample_fmts=fltp"]:
            name, _, options = step.partition("=")
            nodes.append(graph.add(name, options))
        graph.link_nodes(*nodes, graph.add("abuffersink")).configure()
        self._graph = graph

    def push(self, samples: Samples) -> Samples:
        return self._through(self._blocks.push(samples))

    def finish(self) -> Samples:
        blocks, left = self._blocks.finish()
        return self._through(blocks)[:left]

    def _through(self, blocks: Sequence[Samples]) -> Samples:
        """`blocks`, filtered; frames of one size, because some filters round differently in others."""
        import av

        pieces = []
        for block in blocks:
            frame: Any = av.AudioFrame.from_ndarray(apart(block), format="fltp", layout=self._layout)
            frame.sample_rate, frame.pts, frame.time_base = self._rate, self._at, Fraction(1, self._rate)
            self._at += len(block)
            self._graph.push(frame)
            pieces.append(together(self._graph.pull().to_ndarray()).copy())
        return joined(pieces)
