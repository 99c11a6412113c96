"""What goes wrong while a language model speaks, seen in what it drew: nothing at all, no end, the same over and over,
silence, a length that cannot be."""

from typing import TYPE_CHECKING, Literal

from studio.words import Words

if TYPE_CHECKING:  # torch takes seconds to import; it comes with whoever speaks
    from torch import Tensor

Trouble = Literal["empty", "endless", "loop", "silent", "long"]

LOOP_S = 4.0  # seconds of the same short pattern are a loop
PERIODS = (1, 2, 3, 4)  # frames that a pattern may have
SILENT_PEAK = 10 ** (-60 / 20)

WORDS: dict[Trouble, Words] = {
    "empty": Words("it ended before it had said anything", "还没开口就结束了"),
    "endless": Words("it did not come to an end within {limit}", "到 {limit} 仍没有结束"),
    "loop": Words("it got caught in a loop of the same sound", "陷入了同一个声音的循环"),
    "silent": Words("what came out is silent", "输出是静音"),
    "long": Words(
        "it is far longer than its text: something is said twice, or the clip's own words are said",
        "时长远超文本：可能重复朗读，或把参考音频的内容读了出来",
    ),
}


def told(trouble: Trouble, limit: str) -> Words:
    """A trouble in words; `limit` is the control that says how long a line may be."""
    words = WORDS[trouble]
    return Words(words.en.format(limit=limit), words.zh.format(limit=limit))


def looping(codes: "Tensor", frames: int) -> bool:
    """Whether (n, books) ends in a pattern of at most four frames that repeats for so many frames."""
    if len(codes) < frames + max(PERIODS):
        return False
    lately = codes[-frames:]
    return any(bool((lately == codes[-frames - period : -period]).all()) for period in PERIODS)


def silent(sound: "Tensor") -> bool:
    """Whether there is nothing to hear in (samples,)."""
    return not len(sound) or bool(sound.abs().amax() < SILENT_PEAK)
