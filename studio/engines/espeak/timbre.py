"""`Timbre`: what a voice of eSpeak NG sounds like, as numbers: read from a variant, drawn from a seed, blended.

eSpeak NG keeps a voice apart from a language: a *variant* is a small file of formants, pitch, breath and so on, put
over any language. We read such a file into a vector, so that two voices can be mixed and a new one drawn, and write the
vector as lines of a voice file for the worker. Whatever a voice came from, it is spoken through its vector; a voice and
its embedding therefore cannot differ.

A variant's rhythm (`stressLength`, `stressAmp`, `intonation`) is left out: those replace what belongs to the language.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import log2
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from studio.errors import BadRequest

PEAKS = 9  # formants 0 to 8
BASE_HZ = 82.0  # pitch of the plain voice
TONE_HZ = (300, 600, 1200, 2000, 3500)  # where the equaliser of a voice is sampled; a file takes at most five points
WHISPER_BREATH = (75, 75, 50, 40, 15, 10, 0, 0)  # of the variant `whisper`
WHISPER_VOICING = 17.0
PITCH_HZ = (30.0, 500.0)  # below and above the library distorts

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Field:
    """A stretch of the vector. In an embedding stands (value - default) / scale, so zeros are the plain voice."""

    name: str
    default: tuple[float, ...]
    scale: float
    low: float
    high: float


LAYOUT = (
    Field("pitch", (0.0,), 0.5, -1.45, 2.6),  # octaves from BASE_HZ
    Field("span", (log2(118 / 82),), 0.3, -0.6, 2.0),  # octaves between the ends of the pitch range
    Field("flutter", (2.0,), 5.0, 0.0, 20.0),
    Field("roughness", (2.0,), 2.0, 0.0, 7.0),
    Field("voicing", (100.0,), 50.0, 0.0, 200.0),  # %
    Field("consonants", (90.0, 100.0), 30.0, 0.0, 260.0),  # %: unvoiced, noise in voiced
    Field("echo", (0.0, 0.0), 50.0, 0.0, 200.0),  # delay in ms, strength
    Field("frequency", (100.0,) * PEAKS, 15.0, 0.0, 300.0),  # % of the language's formants
    Field("strength", (102.0, 100.0, 94.0, 91.0, 78.0, 78.0, 100.0, 100.0, 100.0), 30.0, 0.0, 300.0),  # %
    Field("width", (110.0, 100.0, 100.0, 125.0, 134.0, 134.0, 100.0, 100.0, 100.0), 30.0, 0.0, 300.0),  # %
    Field("shift", (0.0,) * PEAKS, 100.0, -400.0, 400.0),  # Hz
    Field("breath", (0.0,) * 8, 20.0, 0.0, 110.0),
    Field("breath_width", (200.0, 200.0, 400.0, 400.0, 400.0, 600.0, 600.0, 600.0), 150.0, 10.0, 800.0),  # Hz
    Field("tone", (170.0, 170.0, 135.0, 110.0, 110.0), 60.0, 0.0, 255.0),  # at TONE_HZ; 128 leaves a harmonic alone
    Field("stress", (0.0,) * 8, 60.0, -100.0, 300.0),  # added to the lengths of stressed and unstressed syllables
    Field("pace", (1.0,), 0.15, 0.5, 1.6),  # factor of the speed
    Field("level", (0.0,), 6.0, -16.0, 12.0),  # dB, so that all voices are about equally loud
)
SIZE = sum(len(field.default) for field in LAYOUT)
_starts = np.cumsum([0, *(len(field.default) for field in LAYOUT)])
PLACE = {field.name: slice(int(a), int(b)) for field, a, b in zip(LAYOUT, _starts, _starts[1:], strict=False)}


def _spread(take: Callable[[Field], Iterable[float]]) -> Vector:
    return np.array([value for field in LAYOUT for value in take(field)], dtype=np.float64)


DEFAULT = _spread(lambda field: field.default)
SCALE = _spread(lambda field: [field.scale] * len(field.default))
LOW = _spread(lambda field: [field.low] * len(field.default))
HIGH = _spread(lambda field: [field.high] * len(field.default))


@dataclass(frozen=True, eq=False)
class Timbre:
    """The sound of one voice."""

    values: Vector  # (SIZE,) in the units of LAYOUT, within LOW and HIGH

    def of(self, name: str) -> Vector:
        """The values of one field."""
        return self.values[PLACE[name]]

    def with_(self, **fields: "float | Vector") -> "Timbre":
        """A copy with some fields replaced, held within their ranges."""
        values = self.values.copy()
        for name, value in fields.items():
            values[PLACE[name]] = value
        return Timbre(np.clip(values, LOW, HIGH))

    def embedding(self) -> bytes:
        """SIZE little-endian float32, 0 for the plain voice."""
        return ((self.values - DEFAULT) / SCALE).astype("<f4").tobytes()

    @classmethod
    def from_embedding(cls, packed: bytes) -> "Timbre":
        """The inverse of `embedding`. `BadRequest` for what is none, or lies outside what a voice can be."""
        if len(packed) != 4 * SIZE:
            raise BadRequest(
                f"voice embedding of {len(packed)} bytes: espeak takes {SIZE} float32 values ({4 * SIZE} bytes); "
                "draw the voice anew with espeak",
                f"音色向量有 {len(packed)} 字节：espeak 需要 {SIZE} 个 float32（{4 * SIZE} 字节）；请重新生成音色",
                where="voice.values",
            )
        values = np.frombuffer(packed, "<f4").astype(np.float64) * SCALE + DEFAULT
        if not np.all(np.isfinite(values)):
            raise BadRequest(
                "voice embedding holds NaN or infinity: every value has to be a number; draw the voice anew",
                "音色向量里有 NaN 或无穷大：每个值都必须是有限的数；请重新生成音色",
                where="voice.values",
            )
        _refuse_outside(values)
        return cls(np.clip(values, LOW, HIGH))

    @classmethod
    def nearest(cls, packed: bytes) -> "Timbre":
        """The timbre of an embedding, every value held within its range."""
        return cls(np.clip(np.frombuffer(packed, "<f4").astype(np.float64) * SCALE + DEFAULT, LOW, HIGH))

    def settled(self) -> "Timbre":
        """The same after a trip through its embedding, whose numbers are coarser."""
        return Timbre.from_embedding(self.embedding())


def _refuse_outside(values: Vector) -> None:
    slack = 1e-3 * SCALE  # of float32, and of a blend whose weights do not quite sum to one
    outside = np.flatnonzero((values < LOW - slack) | (values > HIGH + slack))
    if not len(outside):
        return
    at = int(outside[0])
    field = next(field for field in LAYOUT if PLACE[field.name].start <= at < PLACE[field.name].stop)
    low, high = (field.low - DEFAULT[at]) / field.scale, (field.high - DEFAULT[at]) / field.scale
    value = (values[at] - DEFAULT[at]) / field.scale
    raise BadRequest(
        f"voice embedding value {at} ({field.name}) is {value:.3g}: takes {low:.3g} to {high:.3g}; "
        "blend with weights that sum to 1",
        f"音色向量第 {at} 个值（{field.name}）为 {value:.3g}：应为 {low:.3g} 到 {high:.3g}；混合音色时权重之和应为 1",
        where="voice.values",
    )


PLAIN = Timbre(DEFAULT)


def read_variant(path: Path) -> Timbre:
    """The timbre of one of eSpeak NG's variant files."""
    fields = {name: PLAIN.of(name).copy() for name in PLACE}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        if words and words[0] in _READERS:
            _READERS[words[0]](fields, [int(word) for word in words[1:] if word.lstrip("-").isdigit()])
    return PLAIN.with_(**fields)


Fields = Mapping[str, Vector]


def _read_pitch(fields: Fields, numbers: list[int]) -> None:
    low, high = numbers[:2]
    fields["pitch"][0], fields["span"][0] = log2(low / BASE_HZ), log2(high / low)


def _read_formant(fields: Fields, numbers: list[int]) -> None:
    peak = numbers[0]
    full = numbers[1:] + [100, 100, 100, 0][len(numbers) - 1 :]
    for name, value in zip(("frequency", "strength", "width", "shift"), full, strict=False):
        fields[name][peak] = value * 1.05 if (name, peak) == ("width", 0) else value


def _read_tone(fields: Fields, numbers: list[int]) -> None:
    """Points of frequency and strength, straight lines between, level outside; a falling frequency ends the list."""
    points = list(zip(numbers[::2], numbers[1::2], strict=False))
    rising = [point for at, point in enumerate(points) if all(point[0] > before[0] for before in points[:at])]
    hertz, strength = zip(*rising, strict=True)
    fields["tone"][:] = np.clip(np.interp(TONE_HZ, hertz, strength), 0, 255)


def _into(name: str) -> Callable[[Fields, list[int]], None]:
    def read(fields: Fields, numbers: list[int]) -> None:
        size = len(fields[name])
        fields[name][: len(numbers)] = numbers[:size]

    return read


_READERS: dict[str, Callable[[Fields, list[int]], None]] = {
    "pitch": _read_pitch,
    "formant": _read_formant,
    "tone": _read_tone,
    "flutter": _into("flutter"),
    "roughness": _into("roughness"),
    "voicing": _into("voicing"),
    "consonants": _into("consonants"),
    "echo": _into("echo"),
    "breath": _into("breath"),
    "breathw": _into("breath_width"),
    "stressAdd": _into("stress"),
}


@dataclass(frozen=True)
class Shaping:
    """What the controls ask of whatever voice speaks."""

    semitones: float = 0.0
    intonation: float = 1.0  # factor of the pitch range
    size: float = 1.0  # of the speaker: above 1 the resonances sink
    breath: float = 0.0  # 0..100, where 100 is a whisper
    brightness: float = 0.0  # -10..10
    roughness: float = 0.0  # steps added


def shaped(voice: Timbre, how: Shaping) -> Timbre:
    """`voice` with the controls applied."""
    whisper = how.breath / 100
    span = voice.of("span")[0]
    wanted_span = span * how.intonation
    pitch = voice.of("pitch")[0] + how.semitones / 12 + (span - wanted_span) / 2  # keeps the middle where it was
    pitch = float(np.clip(pitch, log2(PITCH_HZ[0] / BASE_HZ), log2(PITCH_HZ[1] / BASE_HZ)))
    return voice.with_(
        pitch=pitch,
        span=wanted_span,
        frequency=voice.of("frequency") / how.size,
        shift=voice.of("shift") / how.size,
        breath=(1 - whisper) * voice.of("breath") + whisper * np.maximum(WHISPER_BREATH, voice.of("breath")),
        voicing=(1 - whisper) * voice.of("voicing") + whisper * min(WHISPER_VOICING, voice.of("voicing")[0]),
        tone=voice.of("tone") * 2 ** (how.brightness / 10 * np.array([-0.8, -0.4, 0.2, 0.8, 1.2])),
        roughness=voice.of("roughness") + how.roughness,
    )


def lines(voice: Timbre) -> str:
    """`voice` as lines of a voice file. They set everything, so nothing of the language's own voice is left."""
    low = BASE_HZ * 2 ** voice.of("pitch")[0]
    rows = [
        f"pitch {round(low)} {round(low * 2 ** voice.of('span')[0])}",
        f"flutter {round(voice.of('flutter')[0])}",
        f"roughness {round(voice.of('roughness')[0])}",
        f"voicing {round(voice.of('voicing')[0])}",
        f"consonants {_whole(voice.of('consonants'))}",
        f"echo {_whole(voice.of('echo'))}",
        f"stressAdd {_whole(voice.of('stress'))}",
        f"tone {' '.join(f'{hertz} {round(height)}' for hertz, height in zip(TONE_HZ, voice.of('tone'), strict=True))}",
    ]
    widths = voice.of("width") / np.array([1.05, *[1.0] * (PEAKS - 1)])  # the library widens formant 0 itself
    table = zip(voice.of("frequency"), voice.of("strength"), widths, voice.of("shift"), strict=True)
    rows += [f"formant {peak} {_whole(row)}" for peak, row in enumerate(table)]
    if np.any(np.round(voice.of("breath"))):
        rows += [f"breath {_whole(voice.of('breath'))}", f"breathw {_whole(voice.of('breath_width'))}"]
    return "\n".join(rows)


def _whole(numbers: Iterable[float]) -> str:
    return " ".join(str(round(float(number))) for number in numbers)
