"""What goes wrong while a language model speaks, seen in what it drew: nothing at all, no end, the same over and over,
silence, a length that cannot be."""

import math
from typing import TYPE_CHECKING, Literal

from studio.text.language import weight
from studio.words import Words

if TYPE_CHECKING:  # torch takes seconds to import; it comes with whoever speaks
    from torch import Tensor

Trouble = Literal["empty", "endless", "loop", "silent", "long", "short"]

LOOP_S = 4.0  # seconds of the same short pattern are a loop
PERIODS = (1, 2, 3, 4)  # frames that a pattern may have
PACE = 14.0  # Latin letters a second of usual speech; a CJK character counts as 3.2
PACES = 0.5, 2.0  # times the usual pace that a voice's own is believed: a clip may hold more silence than words
LITTLE = 6.0  # letters from which on a pace is known of them
SLACK_S = 2.0  # that a line may have besides: pauses, a breath, a laugh
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
    "short": Words("it is far shorter than its text: words are missing", "时长远短于文本：有内容没有读出来"),
}


def told(trouble: Trouble, limit: str) -> Words:
    """A trouble in words; `limit` is the control that says how long a line may be."""
    words = WORDS[trouble]
    return Words(words.en.format(limit=limit), words.zh.format(limit=limit))


def span(text: str, times: float, said: str = "", said_s: float = 0.0, extras: int = 0) -> tuple[float, float]:
    """Seconds between which a line of this text lasts; (0, infinity) where nobody can say.

    `said` is what a clip of the voice says in `said_s` seconds: its pace, where it is not known the usual one. Limits
    are `times` what that comes to, and `SLACK_S` more for the line and for each of its `extras`, sounds that are no
    words. eSpeak NG's lines last 0.64 to 1.5 times what their letters come to at its median pace, and with the slack
    no longer than that: at 2.5 times, nothing that a reader does is taken for a fault.
    """
    size, own = weight(text).total, weight(said).total
    if not times or size < LITTLE:
        return 0.0, math.inf
    usual = size / PACE
    known = own >= LITTLE and said_s > 0
    expected = usual * min(max(said_s / own * PACE, PACES[0]), PACES[1]) if known else usual
    slack = SLACK_S * (1 + extras)
    return min(expected, usual) / times - slack, expected * times + slack


def looping(codes: "Tensor", frames: int) -> bool:
    """Whether (n, books) ends in a pattern of at most four frames that repeats for so many frames."""
    if len(codes) < frames + max(PERIODS):
        return False
    lately = codes[-frames:]
    return any(bool((lately == codes[-frames - period : -period]).all()) for period in PERIODS)


def silent(sound: "Tensor") -> bool:
    """Whether there is nothing to hear in (samples,)."""
    return not len(sound) or bool(sound.abs().amax() < SILENT_PEAK)
