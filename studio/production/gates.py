"""Quality gates: what a take's sound itself says against it, before anybody has to listen.

Each gate is cheap and looks for one fault. What a fault is depends on the voice, so pace and level are compared with
what the same voice usually does in this production. `benchmarks/gates.py` seeds faults into good takes and counts what
is found, and what is found where nothing is.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.audio.clip import Clip, Samples
from studio.text.language import weight
from studio.text.marks import parse, plain
from studio.words import Words

AUDIBLE = 10 ** (-50 / 20)
HOP_S = 0.01  # of everything that is looked at in frames
SHORTEST_S = 0.08  # of sound in which something is said
FULL = 0.985  # of full scale: samples that stay above it are clipped
FLAT_RUN = 4  # so many in a row
CLIPPED = 12  # and so many in all
CUT_OFF = 0.08  # of full scale: a sound that begins or ends above it was cut in the middle of a wave
SPIKE = 0.12  # a sample that far from the line between its neighbours
SPIKE_TIMES, SPIKE_NEAR_S = 4.0, 0.003  # and so many times as far as any other close to it
EDGE_S = 0.03
LONG_GAP_S = 1.1  # of silence inside a line that no mark asks for
PACE = 0.45, 2.1  # times the usual pace
PACE_SHORT = 0.3, 3.0  # of a line with little text
LITTLE = 12.0  # Latin letters (a CJK character counts as 3.2)
LEVEL_DB = 7.0  # away from what the voice usually has
KNOWN = 5  # takes from which a voice's habits are known
REPEAT_S = 0.28, 4.0  # length of a tail that is said twice
REPEAT_ALIKE = 0.9
SPECTRUM_S = 0.02  # between two spectra that are compared
SEAM = 2  # of them
BANDS = 20

PROBLEMS: dict[str, tuple[float, Words]] = {  # code -> weight of the fault, and what it is called
    "silent": (100.0, Words("silent", "无声")),
    "tokens": (60.0, Words("a control token is read aloud", "读出了控制符")),
    "prompt": (50.0, Words("the clip's own words are read aloud", "读出了参考音频里的话")),
    "twice": (45.0, Words("the text is said twice", "文本读了两遍")),
    "readback": (40.0, Words("words differ", "内容不符")),
    "repeat": (40.0, Words("its end is said twice", "结尾重复")),
    "short": (30.0, Words("too short for its text", "相对文字过短")),
    "long": (30.0, Words("too long for its text", "相对文字过长")),
    "gap": (35.0, Words("long silence inside", "中间静音过长")),
    "clipped": (15.0, Words("clipped", "削波失真")),
    "click": (10.0, Words("click at an edge", "首尾爆音")),
    "level": (8.0, Words("much louder or quieter than usual", "响度异常")),
}


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a take."""

    code: str
    words: Words
    at: float | None = None  # seconds

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, **self.words._asdict(), "at": self.at}


@dataclass
class Habits:
    """What one voice usually does: its pace and its level, as medians of what was heard."""

    paces: list[float] = field(default_factory=list)
    levels: list[float] = field(default_factory=list)

    def learn(self, text: str, seconds: float, level_db: float | None) -> None:
        """From a take without fault."""
        if seconds > 0.2 and (size := _size(text)) >= LITTLE:
            self.paces.append(size / seconds)
        if level_db is not None:
            self.levels.append(level_db)
        del self.paces[:-400], self.levels[:-400]

    def pace(self, otherwise: float) -> tuple[float, bool]:
        """Letters a second, and whether that is known of the voice."""
        return (median(self.paces), True) if len(self.paces) >= KNOWN else (otherwise, False)

    def level(self) -> float | None:
        return median(self.levels) if len(self.levels) >= KNOWN else None


@dataclass(frozen=True)
class Expected:
    """What a take should be like."""

    text: str  # as spoken, with marks
    pace: float  # of the engine, letters a second
    silence_ms: int = 0  # that the text asks for
    speed: float = 1.0
    native: tuple[str, ...] = ()  # tokens of the engine that the text may hold
    habits: Habits | None = None


def check(clip: Clip, expected: Expected) -> list[Problem]:
    """Everything that is wrong with the sound of a take, the worst first."""
    samples, rate = clip.samples, clip.rate
    loud = np.flatnonzero(np.abs(samples) > AUDIBLE)
    words = plain(parse(expected.text, expected.native))
    if not len(loud) or (loud[-1] - loud[0]) / rate < min(SHORTEST_S, 0.02 * _size(words)):
        return [Problem("silent", PROBLEMS["silent"][1])]
    speech = samples[loud[0] : loud[-1] + 1]
    lead = loud[0] / rate
    frames = _frames(speech, rate)
    found = [
        *_clipped(samples, rate),
        *_clicks(samples, rate),
        *_pace(len(speech) / rate - expected.silence_ms / 1000, words, expected),
        *_gaps(frames, lead, expected.silence_ms / 1000),
        *_level(level_of(speech), expected.habits),
        *_repeats(speech, rate, lead, words),
    ]
    return sorted(found, key=lambda problem: -PROBLEMS[problem.code][0])


HEARD_TOO = frozenset({"long", "repeat", "gap"})  # what a recogniser may know the reason of


def score(problems: Sequence[Problem]) -> float:
    """How bad it is: 0 is faultless, and of two takes the lower one is better."""
    return sum(PROBLEMS[problem.code][0] for problem in problems)


def level_of(samples: Samples) -> float | None:
    """RMS of the louder half of the frames, in dBFS: how loud the voice is, whatever it pauses."""
    frames = _frames(samples, 16_000)
    loud = np.sort(frames)[len(frames) // 2 :]
    power = float(np.mean(np.square(loud.astype(np.float64)))) if len(loud) else 0.0
    return 10 * float(np.log10(power)) if power > 0 else None


def _size(text: str) -> float:
    return weight(text).total


def _frames(samples: Samples, rate: int) -> NDArray[np.float32]:
    """RMS of every 10 ms."""
    hop = max(1, round(rate * HOP_S))
    count = len(samples) // hop
    if not count:
        return np.sqrt(np.mean(np.square(samples), keepdims=True)) if len(samples) else np.zeros(0, np.float32)
    rows = samples[: count * hop].reshape(count, hop)
    power: NDArray[np.float32] = np.sqrt(np.einsum("ij,ij->i", rows, rows) / hop)
    return power


def _clipped(samples: Samples, rate: int) -> list[Problem]:
    high = np.abs(samples) >= FULL * max(FULL, float(np.abs(samples).max()))
    if not high.any() or float(np.abs(samples).max()) < 0.5:
        return []
    edges = np.flatnonzero(np.diff(np.concatenate([[0], high.view(np.int8), [0]])))
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    flat = [
        (s, n) for s, n in zip(starts, lengths, strict=True) if n >= FLAT_RUN and np.ptp(samples[s : s + n]) < 0.012
    ]
    if sum(n for _, n in flat) < CLIPPED:
        return []
    return [Problem("clipped", PROBLEMS["clipped"][1], flat[0][0] / rate)]


def _clicks(samples: Samples, rate: int) -> list[Problem]:
    """A sound that begins or ends in the middle of a wave, or a spike close to an edge."""
    size = round(EDGE_S * rate)
    for edge, at in ((samples[:size], 0.0), (samples[::-1][:size], len(samples) / rate)):
        if len(edge) < 8:
            continue
        if abs(float(edge[0])) > CUT_OFF or _spiked(edge, round(SPIKE_NEAR_S * rate)):
            return [Problem("click", PROBLEMS["click"][1], at)]
    return []


def _spiked(edge: Samples, near: int) -> bool:
    """Whether one sample stands out from the line between its neighbours as no other around it does."""
    bend = np.abs(edge[1:-1] - (edge[:-2] + edge[2:]) / 2)
    peak = int(np.argmax(bend))
    around = np.concatenate([bend[max(0, peak - near) : max(0, peak - 1)], bend[peak + 2 : peak + near]])
    return bool(bend[peak] > SPIKE and (not len(around) or bend[peak] > SPIKE_TIMES * float(around.max())))


def _pace(seconds: float, words: str, expected: Expected) -> list[Problem]:
    size = _size(words)
    if size < 2 or seconds <= 0:
        return []
    usual, known = (expected.habits or Habits()).pace(expected.pace)
    times = size / seconds / usual / (1.0 if known else expected.speed)
    slow, quick = PACE if size >= LITTLE and known else PACE_SHORT
    if size < LITTLE / 2:
        slow /= 2
    if times > quick:
        return [_told("short", f"{seconds:.1f} s", f"{size / usual:.1f} s")]
    if times < slow and seconds > 0.8:
        return [_told("long", f"{seconds:.1f} s", f"{size / usual:.1f} s")]
    return []


def _told(code: str, found: str, usual: str) -> Problem:
    words = PROBLEMS[code][1]
    return Problem(code, Words(f"{words.en}: {found}, usually {usual}", f"{words.zh}：{found}，通常约 {usual}"))


def _gaps(frames: NDArray[np.float32], lead: float, asked: float) -> list[Problem]:
    quiet = frames < AUDIBLE
    edges = np.flatnonzero(np.diff(np.concatenate([[0], quiet.view(np.int8), [0]])))
    if not len(edges):
        return []
    lengths = (edges[1::2] - edges[::2]) * HOP_S
    longest = int(np.argmax(lengths))
    if lengths[longest] <= LONG_GAP_S + asked:
        return []
    words = PROBLEMS["gap"][1]
    told = f"{lengths[longest]:.1f} s"
    return [
        Problem("gap", Words(f"{words.en}: {told}", f"{words.zh}：{told}"), lead + float(edges[2 * longest]) * HOP_S)
    ]


def _level(level: float | None, habits: Habits | None) -> list[Problem]:
    usual = habits.level() if habits else None
    if level is None or usual is None or abs(level - usual) <= LEVEL_DB:
        return []
    words = PROBLEMS["level"][1]
    return [Problem("level", Words(f"{words.en}: {level - usual:+.0f} dB", f"{words.zh}：{level - usual:+.0f} dB"))]


def _repeats(speech: Samples, rate: int, lead: float, words: str) -> list[Problem]:
    """Whether the last stretch is the one before it once more, by the shape of its spectrum over time."""
    if _says_twice(words):
        return []
    (shape, voiced), seconds = _spectrum(speech, rate), len(speech) / rate
    best, where = repeated(shape, voiced)
    if best < REPEAT_ALIKE:
        return []
    return [Problem("repeat", PROBLEMS["repeat"][1], lead + max(0.0, seconds - (len(shape) - where) * SPECTRUM_S))]


def repeated(shape: NDArray[np.float32], voiced: NDArray[np.bool_]) -> tuple[float, int]:
    """How much the end of (frames, bands) is like what stands right before it (1 is the same), and where it begins.

    The seam and the very end are left out of each comparison: there a frame hears both sides. Silence is like any other
    silence, so at least half of both has to be `voiced`.
    """
    sounding = np.concatenate([[0], np.cumsum(voiced)])
    count, best, where = len(shape), 0.0, 0
    energy = np.concatenate([[0.0], np.cumsum(np.einsum("ij,ij->i", shape, shape, dtype=np.float64))])
    low, high = round(REPEAT_S[0] / SPECTRUM_S), min(round(REPEAT_S[1] / SPECTRUM_S), count // 2)
    for length in range(low, high + 1):
        start, end = count - length + SEAM, count - SEAM
        if min(sounding[end] - sounding[start], sounding[end - length] - sounding[start - length]) < (end - start) / 2:
            continue
        norm = (energy[end] - energy[start]) * (energy[end - length] - energy[start - length])
        if norm > 0:
            alike = float(np.vdot(shape[start:end], shape[start - length : end - length])) / float(np.sqrt(norm))
            if alike > best:
                best, where = alike, count - length
    return best, where


def _spectrum(speech: Samples, rate: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """(frames, BANDS): log energy in bands over time, less the mean of each; of the end, where repeats are. And of
    each frame whether there is sound."""
    hop, size = max(1, round(rate * SPECTRUM_S)), 1 << int(np.ceil(np.log2(rate * 0.025)))
    speech = speech[-round((2 * REPEAT_S[1] + 0.2) * rate) :]
    count = 1 + (len(speech) - size) // hop
    if count < 2:
        return np.zeros((0, BANDS), np.float32), np.zeros(0, np.bool_)
    rows = np.lib.stride_tricks.sliding_window_view(speech, size)[::-hop][::-1] * np.hanning(size).astype(np.float32)
    spectrum = np.fft.rfft(rows, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    edges = np.unique(np.geomspace(3, min(power.shape[1], round(size * 7000 / rate)), BANDS + 1).astype(int))
    bands = np.add.reduceat(power[:, : edges[-1]], edges[:-1], axis=1)
    shape: NDArray[np.float32] = np.log(bands + 1e-6).astype(np.float32)
    shape -= shape.mean(axis=0)
    loudness = bands.sum(axis=1)
    return np.ascontiguousarray(shape), loudness > 1e-3 * float(loudness.max())


def _says_twice(words: str) -> bool:
    """Whether the text itself ends with something twice: 哈哈哈, “no, no”."""
    bare = re.sub(r"[\W_]+", "", words).casefold()
    shortest = 2 if bare[-1:].isascii() else 1  # “bell” does not end with something twice, “哈哈” does
    return any(bare[-n:] == bare[-2 * n : -n] for n in range(shortest, min(40, len(bare) // 2) + 1))
