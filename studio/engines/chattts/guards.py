"""What goes wrong while a language model speaks, seen in what it drew: nothing at all, no end, the same over and over,
silence."""

from typing import Literal

import torch
from torch import Tensor

from studio.words import Words

Trouble = Literal["empty", "endless", "loop", "silent"]

LOOP_FRAMES = 47 * 4  # four seconds of the same short pattern are a loop
PERIODS = (1, 2, 3, 4)  # frames that a pattern may have
SILENT_PEAK = 10 ** (-60 / 20)

WORDS: dict[Trouble, Words] = {
    "empty": Words("it ended before it had said anything", "还没开口就结束了"),
    "endless": Words("it did not come to an end within max_tokens", "到 max_tokens 仍没有结束"),
    "loop": Words("it got caught in a loop of the same sound", "陷入了同一个声音的循环"),
    "silent": Words("what came out is silent", "输出是静音"),
}


def looping(codes: Tensor) -> bool:
    """Whether frames (n, books) end in a pattern of at most four frames that repeats for four seconds."""
    if len(codes) < LOOP_FRAMES + max(PERIODS):
        return False
    lately = codes[-LOOP_FRAMES:]
    return any(bool((lately == codes[-LOOP_FRAMES - period : -period]).all()) for period in PERIODS)


def silent(sound: Tensor) -> bool:
    """Whether there is nothing to hear in (samples,)."""
    return not len(sound) or bool(torch.amax(sound.abs()) < SILENT_PEAK)
