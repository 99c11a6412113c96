"""Masters: what a finished production is delivered as, and the proof that the file is what was promised.

A report is measured from the encoded file, decoded again, never from what was meant to be written.
ACX: https://help.acx.com/s/article/what-are-the-acx-audio-submission-requirements
"""

import math
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from studio.audio.clip import Samples
from studio.audio.files import blocks, probe
from studio.audio.levels import Levels, Meter, decibels
from studio.errors import NotFound
from studio.production.pipeline import ahead
from studio.words import Words

BLOCKS_AHEAD = 8


@dataclass(frozen=True)
class Limit:
    """What a file has to keep."""

    what: str  # a field of Levels, or seconds, rate, bitrate
    low: float | None
    high: float | None
    unit: str
    label: Words


@dataclass(frozen=True)
class Master:
    """A way to deliver."""

    id: str
    label: Words
    about: Words
    format: str
    bitrate: int | None = None  # bits a second; None: the format's own, of one channel or two
    rate: int | None = None  # None: that of the voices
    stereo: int | None = None  # bits a second of two channels, where that differs from one
    mono: bool = False  # never two channels
    polish: str = ""  # "" leaves it to the production
    each: bool = False  # a file for each chapter
    head_ms: int = 0
    tail_ms: int = 500
    longest_s: float | None = None  # of one file; a longer chapter is divided
    limits: tuple[Limit, ...] = ()

    def bits(self, channels: int) -> int | None:
        """Bits a second for so many channels; None is the format's own."""
        return self.stereo if channels == 2 and self.stereo else self.bitrate


_ACX = (
    Limit("rms_db", -23, -18, "dB", Words("RMS", "RMS 电平")),
    Limit("peak_db", None, -3, "dB", Words("peak", "峰值")),
    Limit("noise_db", None, -60, "dB", Words("noise floor", "底噪")),
    Limit("rate", 44_100, 44_100, "Hz", Words("sample rate", "采样率")),
    Limit("bitrate", 192_000, 320_000, "b/s", Words("bit rate", "码率")),
    Limit("seconds", None, 7200, "s", Words("length", "时长")),
)
_PODCAST = (
    Limit("loudness_lufs", -16.5, -15.5, "LUFS", Words("loudness", "响度")),
    Limit("true_peak_db", None, -1, "dBTP", Words("true peak", "真峰值")),
)

MASTERS: tuple[Master, ...] = (
    Master(
        "m4b",
        Words("Audiobook (M4B)", "有声书（M4B）"),
        Words(
            "one file with chapters, cover and tags, for every audiobook player",
            "一个文件，含章节、封面和标签，适合各种有声书播放器",
        ),
        "m4b",
    ),
    Master(
        "acx",
        Words("Audible (ACX)", "Audible（ACX）"),
        Words(
            "an MP3 for each chapter that meets ACX's numbers, always mono",
            "每章一个 MP3，符合 ACX 的各项指标，始终单声道",
        ),
        "mp3",
        192_000,
        44_100,
        polish="audiobook",
        each=True,
        mono=True,
        head_ms=700,
        tail_ms=2000,
        longest_s=7200,
        limits=_ACX,
    ),
    Master(
        "podcast",
        Words("Podcast (MP3)", "播客（MP3）"),
        Words("−16 LUFS, true peak under −1 dB", "−16 LUFS，真峰值低于 −1 dB"),
        "mp3",
        128_000,
        44_100,
        192_000,
        polish="podcast",
        limits=_PODCAST,
    ),
    Master(
        "mp3",
        Words("MP3, a file a chapter", "MP3，每章一个文件"),
        Words("for players without chapters", "适合不支持章节的播放器"),
        "mp3",
        each=True,
    ),
    Master("flac", Words("FLAC", "FLAC"), Words("exact, in one file", "无损，一个文件"), "flac"),
    Master("wav", Words("WAV", "WAV"), Words("uncompressed, in one file", "无压缩，一个文件"), "wav"),
    Master("opus", Words("Opus", "Opus"), Words("the smallest file", "体积最小"), "opus"),
    Master(
        "epub",
        Words("EPUB that reads along", "有声电子书（EPUB）"),
        Words("text and sound in one book, each line lit up while it is heard", "文字与声音合一，读到哪里亮到哪里"),
        "epub",
    ),
)


def master(id: str) -> Master:
    """The master called `id`; `NotFound` lists them otherwise."""
    for known in MASTERS:
        if known.id == id:
            return known
    raise NotFound.among(Words("master", "成品格式"), id, [known.id for known in MASTERS], where="master")


@dataclass(frozen=True)
class Check:
    """One limit, and what the file has."""

    limit: Limit
    value: float | None

    @property
    def passed(self) -> bool:
        if self.value is None:  # digital silence: under every limit, over none
            return self.limit.low is None
        return (self.limit.low is None or self.value >= self.limit.low) and (
            self.limit.high is None or self.value <= self.limit.high
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "what": self.limit.what, "label": self.limit.label._asdict(), "value": self.value, "low": self.limit.low,
            "high": self.limit.high, "unit": self.limit.unit, "passed": self.passed,
        }  # fmt: skip


@dataclass(frozen=True)
class FileReport:
    """What is in a finished file."""

    path: Path
    title: str
    bytes: int
    rate: int
    channels: int
    bitrate: float  # bits a second of the whole file
    levels: Levels
    chapters: int
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.path.name, "title": self.title, "bytes": self.bytes, "rate": self.rate,
            "channels": self.channels, "bitrate": round(self.bitrate), "chapters": self.chapters,
            "levels": self.levels.to_json(), "passed": self.passed,
            "checks": [check.to_json() for check in self.checks],
        }  # fmt: skip


class _Quietest:
    """The level of the quietest half second: the noise floor, as those who check masters measure it."""

    def __init__(self, rate: int, channels: int) -> None:
        self._hop = rate // 10 * channels  # numbers of a tenth of a second
        self._rest = np.zeros(0, np.float32)
        self._powers: deque[float] = deque(maxlen=5)  # of the last tenths of a second
        self._least: float | None = None

    def push(self, samples: Samples) -> None:
        whole = np.concatenate([self._rest, samples.reshape(-1)])
        count = len(whole) // self._hop
        rows, self._rest = whole[: count * self._hop].reshape(count, self._hop), whole[count * self._hop :]
        for power in np.einsum("ij,ij->i", rows, rows, dtype=np.float64) / self._hop:
            self._powers.append(float(power))
            if len(self._powers) == self._powers.maxlen:
                mean = sum(self._powers) / len(self._powers)
                self._least = mean if self._least is None else min(self._least, mean)

    @property
    def level_db(self) -> float | None:
        """None for digital silence, and for a file of less than half a second."""
        return decibels(math.sqrt(self._least)) if self._least else None


def report_on(path: Path, title: str, limits: Sequence[Limit], bitrate: int | None = None) -> FileReport:
    """Read a finished file and compare it with its limits. `bitrate` is the coder's; a file has its tags besides."""
    facts = probe(path)
    channels = min(2, facts.channels)
    meter, quiet = Meter(facts.rate), _Quietest(facts.rate, channels)
    with closing(ahead(blocks(path, channels=channels), BLOCKS_AHEAD)) as belt:  # decoded on a thread of its own
        for block in belt:
            meter.push(block)
            quiet.push(block)
    levels = replace(meter.finish(), noise_db=quiet.level_db)
    size = path.stat().st_size
    measured = size * 8 / levels.seconds if levels.seconds else 0.0
    values = {**levels.to_json(), "rate": facts.rate, "bitrate": bitrate or measured, "seconds": levels.seconds}
    checks = tuple(Check(limit, values[limit.what]) for limit in limits)
    return FileReport(path, title, size, facts.rate, channels, measured, levels, len(facts.chapters), checks)
