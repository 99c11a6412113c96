"""A recording measured for the doctor: level, pitch and bands of every 32 ms, where speech is, what it is made of.

Read twice in blocks, once as it is and once at the rate that the speech finder hears, and never further than ten
minutes: memory and time do not grow with the file. Nothing is judged here; see `references`.
"""

from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studio.audio.files import Facts, blocks, probe
from studio.recognition.contract import RATE
from studio.voices.backdrop import Backdrop, Hum, Music
from studio.voices.persons import Timbres

Floats = NDArray[np.float32]
FRAME = 512  # samples at RATE: 32 ms, the grid of everything here
FRAME_S = FRAME / RATE
LONGEST_S = 600.0  # of a recording that are looked at
AT_ONCE = 16  # frames of a block at the recording's own rate
HEARD = 256  # frames of a block at RATE
QUIETEST_DB = -100.0
BUCKET_DB = 3.0  # of level, by which spectra are gathered
FULL = 0.985  # of full scale: nothing is said so loud by chance
FLAT = 1e-5, 0.2, 4  # samples that differ by less, louder than this, so many in a row: cut tops, made quieter later
PITCH_HZ = 60, 400
VOICED = 0.55  # of the autocorrelation at its peak
BANDS = 16  # of 500 Hz
EIGHT_BITS = ("pcm_u8", "pcm_s8", "pcm_mulaw", "pcm_alaw")
SPEECH = 0.5  # probability
LOUDER_DB = 9.0  # than the quiet, where no speech finder is installed


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Mean power over frequency of the frames of each level."""

    power: NDArray[np.float64]  # (buckets, bins), summed
    count: NDArray[np.int64]  # (buckets,) frames in each
    rate: int

    @property
    def hertz(self) -> NDArray[np.float64]:
        return np.linspace(0, self.rate / 2, self.power.shape[1])


@dataclass(frozen=True, eq=False)
class Recording:
    """What was measured; arrays have one value for every 32 ms."""

    name: str
    facts: Facts
    seconds: float  # looked at
    partial: bool  # there is more
    level_db: Floats  # RMS against full scale
    peak: Floats
    clipped: NDArray[np.int32]  # samples that are cut off
    chance: Floats  # of speech, 0..1
    found_by: str  # silero, or energy
    pitch_hz: Floats  # 0: no voice
    floor_db: float  # of what sounds all the time, at RATE: noise also where nobody pauses
    heard_db: float  # level of the speech, measured the same way
    spectrum: Spectrum
    timbres: NDArray[np.float64]  # (n, 63): of stretches of speech, see `persons`
    hum: Hum | None  # of the mains, in the pauses
    music: Music | None  # in the pauses; None where nobody pauses

    @cached_property
    def speech(self) -> NDArray[np.bool_]:
        """Where speech is; gaps of up to 150 ms belong to it."""
        return _bridged(self.chance >= SPEECH, round(0.15 / FRAME_S))

    @property
    def speech_s(self) -> float:
        return float(self.speech.sum()) * FRAME_S

    @cached_property
    def quiet(self) -> NDArray[np.bool_]:
        """Frames with no speech near them; none where it never stops."""
        near = np.convolve(self.chance >= 0.15, np.ones(9))[4 : len(self.chance) + 4] > 0
        away = ~near
        sounding = away & (self.level_db > QUIETEST_DB + 5)  # digital silence says nothing about the room
        return sounding if sounding.sum() >= 10 else away


def measured(path: Path, name: str = "") -> Recording:
    """Look at a recording. `BadFile` for what is no sound."""
    facts = probe(path)
    level, peak, clipped, spectrum, seconds = _as_it_is(path, facts.rate, facts.codec)
    heard = _heard(path, level, seconds)
    chance = heard.chance
    floor, spoken = _floor(heard.bands, chance)
    count = min(len(level), len(chance))
    partial = seconds >= LONGEST_S - 1
    return Recording(
        name or path.name, facts, seconds, partial, level[:count], peak[:count], clipped[:count], chance[:count],
        heard.found_by, heard.pitch[:count], floor, spoken, spectrum, heard.timbres.vectors, heard.backdrop.hum(),
        heard.backdrop.music(),
    )  # fmt: skip


def _as_it_is(path: Path, rate: int, codec: str) -> tuple[Floats, Floats, NDArray[np.int32], Spectrum, float]:
    """Level, peak and cut samples of each frame at the recording's own rate, and its spectrum."""
    coarse = codec in EIGHT_BITS  # the tops of its steps are flat
    each = max(8, round(FRAME_S * rate))
    window = np.hanning(each).astype(np.float32)
    buckets = round(-QUIETEST_DB / BUCKET_DB) + 1
    power, count = np.zeros((buckets, each // 2 + 1)), np.zeros(buckets, np.int64)
    levels, peaks, cuts, samples = [], [], [], 0
    with closing(blocks(path, None, AT_ONCE * each / rate)) as sound:  # type: ignore[type-var]
        for block in islice(sound, int(LONGEST_S / (AT_ONCE * each / rate))):
            samples += len(block)
            cut = _cut(block, flat=not coarse)
            short = -len(block) % each
            rows = np.pad(block, (0, short)).reshape(-1, each)
            level = _decibels((rows * rows).mean(axis=1))
            levels.append(level)
            peaks.append(np.abs(rows).max(axis=1))
            cuts.append(np.pad(cut, (0, short)).reshape(-1, each).sum(axis=1))
            into = np.clip((level - QUIETEST_DB) / BUCKET_DB, 0, buckets - 1).astype(int)
            np.add.at(power, into, np.abs(np.fft.rfft(rows * window)) ** 2)
            np.add.at(count, into, 1)
    return (
        _joined(levels), _joined(peaks), _joined(cuts).astype(np.int32), Spectrum(power, count, rate), samples / rate,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Heard:
    """What was found at the rate of the speech finder."""

    chance: Floats  # of speech, for each frame
    found_by: str
    pitch: Floats
    bands: Floats
    timbres: Timbres
    backdrop: Backdrop


def _heard(path: Path, level: Floats, seconds: float) -> _Heard:
    """Chance of speech, who found it, pitch and bands of each frame; timbres and backdrop of the whole."""
    activity = _activity()
    loud = _by_energy(level) if activity is None else None
    timbres, backdrop = Timbres(seconds), Backdrop()
    chances, pitches, bands, rest = [], [], [], np.zeros(FRAME, np.float32)
    with closing(blocks(path, RATE, HEARD * FRAME_S)) as sound:  # type: ignore[type-var]
        for number, block in enumerate(islice(sound, int(LONGEST_S / (HEARD * FRAME_S)) + 1)):
            frames = np.pad(block, (0, -len(block) % FRAME)).reshape(-1, FRAME)
            chance = activity(frames) if loud is None else _part(loud, number * HEARD, len(frames))
            double = np.concatenate([np.concatenate([rest[None], frames[:-1]]), frames], axis=1)
            chances.append(chance)
            pitches.append(_pitch(double))
            bands.append(_bands(frames))
            timbres.add(frames, chance)
            backdrop.add(frames, chance)
            rest = frames[-1]
    found_by = "silero" if loud is None else "energy"
    return _Heard(_joined(chances), found_by, _joined(pitches), _rows(bands), timbres, backdrop)


def _part(values: Floats, start: int, count: int) -> Floats:
    """So many of them; where there are not enough, nobody speaks."""
    part = values[start : start + count]
    return np.pad(part, (0, count - len(part)))


def _activity() -> Any:
    """The speech finder, or None where it is not installed."""
    if find_spec("onnxruntime") is None or find_spec("silero_vad") is None:
        return None
    from studio.recognition.speech import VoiceActivity

    return VoiceActivity()


def _by_energy(level: Floats) -> Floats:
    """Speech where it is well above the quiet; certain or not at all."""
    if not len(level):
        return level
    quiet = max(float(np.percentile(level, 10)), float(level.max()) - 60)
    return (level > max(quiet + LOUDER_DB, float(level.max()) - 35)).astype(np.float32)


def _cut(block: Floats, flat: bool) -> NDArray[np.bool_]:
    """Samples that stand at full scale together with a neighbour, or in a top that is `flat`."""
    loud = np.abs(block)
    full = loud >= FULL
    beside = np.asarray(full & (np.roll(full, 1) | np.roll(full, -1)))
    if not flat:
        return beside
    near, above, many = FLAT
    same = (np.abs(np.diff(block, prepend=np.float32(9))) < near) & (loud > above)
    runs = np.convolve(same, np.ones(many - 1, np.int8), "valid") == many - 1 if len(same) >= many else np.zeros(0)
    for at in np.flatnonzero(runs):
        beside[max(0, at - 1) : at + many - 1] = True
    return beside


def _pitch(frames: Floats) -> Floats:
    """(n, 1024) at RATE -> (n,) Hz; 0 where there is no voice."""
    centred = frames - frames.mean(axis=1, keepdims=True)
    spectrum = np.fft.rfft(centred, 2048)
    both = np.fft.irfft(np.abs(spectrum) ** 2)[:, : RATE // PITCH_HZ[0] + 2]
    shared = 1 - np.arange(both.shape[1]) / frames.shape[1]  # how much of the frame overlaps itself
    r = both / shared / np.maximum(both[:, :1], 1e-9)
    low = RATE // PITCH_HZ[1]
    r[:, :low] = 0
    best = r.max(axis=1)
    first = np.argmax(r >= 0.92 * best[:, None], axis=1)  # not its double: the period repeats
    for _ in range(4):  # up to the top of that peak
        onward = np.minimum(first + 1, r.shape[1] - 1)
        rows = np.arange(len(r))
        first = np.where(r[rows, onward] > r[rows, first], onward, first)
    energy = (centred * centred).mean(axis=1) > 1e-7
    voiced = (best > VOICED) & (first > low) & energy
    return np.where(voiced, RATE / np.maximum(first, 1), 0).astype(np.float32)


def _bands(frames: Floats) -> Floats:
    """(n, 512) at RATE -> (n, 16) power in bands of 500 Hz."""
    power = np.abs(np.fft.rfft(frames * np.hanning(FRAME).astype(np.float32))[:, 1:]) ** 2 / FRAME**2
    return np.asarray(power.reshape(len(frames), BANDS, -1).sum(axis=2), np.float32)


def _floor(bands: Floats, chance: Floats) -> tuple[float, float]:
    """dB of what sounds all the time, and of the speech: no voice fills every band at every moment."""
    spoken = bands[chance >= SPEECH]
    if not len(spoken):
        return QUIETEST_DB, QUIETEST_DB
    floor, speech = np.percentile(bands, 10, axis=0).sum(), spoken.sum(axis=1).mean()
    return float(_decibels(np.array([floor]))[0]), float(_decibels(np.array([speech]))[0])


def _decibels(power: NDArray[Any]) -> Floats:
    decibels: Floats = (10 * np.log10(np.maximum(power, 10 ** (QUIETEST_DB / 10)))).astype(np.float32)
    return decibels


def _bridged(mask: NDArray[np.bool_], gap: int) -> NDArray[np.bool_]:
    """The mask with gaps of at most so many frames closed."""
    closed = mask.copy()
    at = np.flatnonzero(mask)
    for before, after in zip(at[:-1], at[1:], strict=True):
        if 1 < after - before <= gap + 1:
            closed[before:after] = True
    return closed


def _joined(pieces: list[Any]) -> Any:
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def _rows(pieces: list[Floats]) -> Floats:
    return np.concatenate(pieces) if pieces else np.zeros((0, BANDS), np.float32)
