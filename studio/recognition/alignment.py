"""CTC paths: the labels that a model heard with their times, and the times of labels that are known.

After Graves et al., “Connectionist Temporal Classification” (2006): one label or blank per step, repeats joined.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLANK = 0
Steps = NDArray[np.float32]  # (steps, labels) log probabilities


@dataclass(frozen=True)
class Run:
    """One label over the steps that bear it."""

    label: int
    first: int
    end: int  # the step after its last


def runs(path: Sequence[int] | NDArray[np.int64], blank: int = BLANK) -> list[Run]:
    """A path with its repeats joined and its blanks dropped."""
    labels = np.asarray(path)
    if not len(labels):
        return []
    first = np.flatnonzero(np.diff(labels, prepend=labels[0] - 1))
    ends = np.append(first[1:], len(labels))
    return [Run(int(labels[at]), int(at), int(end)) for at, end in zip(first, ends, strict=True) if labels[at] != blank]


def best_path(steps: Steps, labels: Sequence[int], blank: int = BLANK) -> NDArray[np.int64] | None:
    """The likeliest path that reads `labels`, one label or blank per step (Viterbi); None where there are too few
    steps. Where paths are equally likely, the one that moves on later."""
    states = np.full(2 * len(labels) + 1, blank)
    states[1::2] = labels
    repeated = sum(a == b for a, b in zip(labels, labels[1:], strict=False))
    if len(steps) < len(labels) + repeated:
        return None
    may_skip = np.zeros(len(states), bool)
    may_skip[3::2] = states[3::2] != states[1:-2:2]
    score = np.full(len(states), -np.inf)
    score[:2] = steps[0, states[:2]]
    came = np.zeros((len(steps), len(states)), np.int8)
    for at in range(1, len(steps)):
        ways = np.full((3, len(states)), -np.inf)
        ways[0] = score
        ways[1, 1:] = score[:-1]
        ways[2, 2:] = np.where(may_skip[2:], score[:-2], -np.inf)
        came[at] = ways.argmax(0)
        score = ways.max(0) + steps[at, states]
    at_end = len(states) - 1
    state = at_end if len(states) == 1 or score[at_end] > score[at_end - 1] else at_end - 1
    path = np.empty(len(steps), np.int64)
    for at in range(len(steps) - 1, -1, -1):
        path[at] = states[state]
        state -= came[at, state]
    return path
