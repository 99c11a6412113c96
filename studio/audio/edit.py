"""Changing a clip: louder, shorter, faster, higher, joined. Each function gives a new clip and leaves the old one."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from studio.audio.clip import Clip, Samples, silence
from studio.audio.levels import measure
from studio.audio.limiter import Limiter
from studio.errors import BadRequest

SPEEDS = (0.25, 4.0)
SEMITONES = (-24.0, 24.0)
MOST_GAIN_DB = 60.0


def gain(clip: Clip, gain_db: float) -> Clip:
    """`clip` louder by so many decibels; it may go past full scale, which only writing cuts."""
    return Clip(clip.samples * np.float32(10 ** (gain_db / 20)), clip.rate)


def normalise(clip: Clip, target_lufs: float = -16.0, ceiling_db: float = -1.0) -> Clip:
    """`clip` at a loudness, its true peaks under `ceiling_db`; silence stays silence."""
    found, gain_db = clip, 0.0
    for _ in range(8):  # the limiter takes away a little of what the gain gives
        levels = measure(found)
        if levels.loudness_lufs is None or levels.true_peak_db is None:
            return found
        missing = target_lufs - levels.loudness_lufs
        if abs(missing) < 0.05 and levels.true_peak_db <= ceiling_db:
            return found
        gain_db = min(gain_db + missing, MOST_GAIN_DB)
        found = limit(gain(clip, gain_db), ceiling_db)
    return found


def limit(clip: Clip, ceiling_db: float = -1.0) -> Clip:
    """`clip` with its true peaks under `ceiling_db`."""
    limiter = Limiter(clip.rate, ceiling_db)
    return Clip(np.concatenate([limiter.push(clip.samples), limiter.finish()]), clip.rate)


def trim(clip: Clip, threshold_db: float = -50.0, keep_ms: float = 20.0) -> Clip:
    """`clip` without the silence at its ends but for `keep_ms`; nothing is left of a clip that is silent throughout."""
    loud = np.flatnonzero(np.abs(clip.samples) > 10 ** (threshold_db / 20))
    if not len(loud):
        return Clip(silence(0), clip.rate)
    keep = frames(keep_ms, clip.rate)
    return Clip(clip.samples[max(0, int(loud[0]) - keep) : int(loud[-1]) + 1 + keep].copy(), clip.rate)


def frames(ms: float, rate: int) -> int:
    """Milliseconds as the nearest number of frames."""
    return round(ms * rate / 1000)


def pause(ms: float, rate: int) -> Clip:
    """Digital silence, exact to the frame."""
    return Clip(silence(frames(ms, rate)), rate)


def fade(clip: Clip, in_ms: float = 0.0, out_ms: float = 0.0) -> Clip:
    """`clip` rising from nothing and falling to nothing, along a quarter of a sine."""
    samples = clip.samples.copy()
    rise, fall = (min(frames(ms, clip.rate), len(samples)) for ms in (in_ms, out_ms))
    samples[:rise] *= ramp(rise)
    samples[len(samples) - fall :] *= ramp(fall)[::-1]
    return Clip(samples, clip.rate)


def ramp(length: int) -> Samples:
    """From nearly 0 to nearly 1, so that this and its mirror image keep the power of two different sounds constant."""
    rising: Samples = np.sin((np.arange(length) + 0.5) * (np.pi / 2 / max(1, length))).astype(np.float32)
    return rising


def concat(clips: Sequence[Clip], gap_ms: float = 0.0) -> Clip:
    """Clips one after the other with exact silence between. `BadRequest` where their rates differ or there is none."""
    rate = _one_rate(clips)
    gap = silence(frames(gap_ms, rate))
    pieces = [piece for clip in clips for piece in (gap, clip.samples)][1:]
    return Clip(np.concatenate(pieces), rate)


def crossfade(first: Clip, second: Clip, ms: float) -> Clip:
    """The end of one melting into the beginning of the other, for as long as both last."""
    rate = _one_rate((first, second))
    length = min(frames(ms, rate), len(first), len(second))
    rise = ramp(length)
    mixed = first.samples[len(first) - length :] * rise[::-1] + second.samples[:length] * rise
    return Clip(np.concatenate([first.samples[: len(first) - length], mixed, second.samples[length:]]), rate)


def _one_rate(clips: Sequence[Clip]) -> int:
    rates = sorted({clip.rate for clip in clips})
    if len(rates) == 1:
        return rates[0]
    if not rates:
        raise BadRequest("no clips to join; give at least one", "没有要拼接的音频；请至少给出一段", where="clips")
    listed = ", ".join(str(rate) for rate in rates)
    raise BadRequest(
        f"clips of {listed} samples per second cannot be joined; resample them to one rate first",
        f"采样率不同（{listed} Hz）的音频不能拼接；请先统一采样率",
        where="clips",
    )


# --- rate, speed, pitch


def resample(clip: Clip, rate: int) -> Clip:
    """The same sound at another rate; its length is the nearest number of frames."""
    if rate == clip.rate:
        return clip
    return Clip(_stretched(clip.samples, clip.rate, rate, round(len(clip) * rate / clip.rate)), rate)


def speed(clip: Clip, factor: float) -> Clip:
    """`factor` times as fast at the same pitch: 2 takes half the time. `BadRequest` outside `SPEEDS`."""
    _check("speed", "语速", factor, SPEEDS)
    return Clip(_tempo(clip.samples, clip.rate, factor, round(len(clip) / factor)), clip.rate)


def pitch(clip: Clip, semitones: float) -> Clip:
    """Higher or lower by semitones in the same time. `BadRequest` outside `SEMITONES`."""
    _check("pitch", "音高", semitones, SEMITONES)
    if not semitones or not len(clip):
        return clip
    ratio = 2 ** (semitones / 12)
    # played at the old rate the resampled sound is higher and shorter; the tempo gives its time back
    shifted = _stretched(clip.samples, ratio, 1.0, max(1, round(len(clip) / ratio)))
    return Clip(_tempo(shifted, clip.rate, 1 / ratio, len(clip)), clip.rate)


def _check(en: str, zh: str, value: float, span: tuple[float, float]) -> None:
    if not span[0] <= value <= span[1]:
        raise BadRequest(
            f"{en} {value:g}: takes {span[0]:g} to {span[1]:g}",
            f"{zh} {value:g}：应为 {span[0]:g} 到 {span[1]:g}",
            where=en,
            low=span[0],
            high=span[1],
        )


def _stretched(samples: Samples, old: float, new: float, length: int) -> Samples:
    """`samples` resampled from rate `old` to `new`, exactly `length` of them."""
    import soxr

    if not len(samples):
        return silence(0)
    found: Samples = soxr.resample(samples, old, new, "HQ")
    return _fitted(found, length)


def _tempo(samples: Samples, rate: int, factor: float, length: int) -> Samples:
    """`samples` in a different time, exactly `length` of them; several gentle steps where one would be too large."""
    if factor == 1 or not len(samples):
        return _fitted(samples, length)
    from av.filter import Graph

    graph: Any = Graph()
    graph.threads = 1
    nodes = [graph.add_abuffer(sample_rate=rate, format="fltp", layout="mono")]
    nodes += [graph.add("atempo", f"{step:.9f}") for step in _steps(factor)]
    nodes += [graph.add("aformat", "sample_fmts=fltp"), graph.add("abuffersink")]
    graph.link_nodes(*nodes).configure()
    return _fitted(_pumped(graph, samples, rate), length)


def _pumped(graph: Any, samples: Samples, rate: int) -> Samples:
    """All that comes out of a filter graph."""
    import av

    pieces: list[Samples] = []

    def drain() -> None:
        try:
            while True:
                pieces.append(graph.pull().to_ndarray().reshape(-1).copy())
        except (av.BlockingIOError, av.EOFError):
            return

    for at in range(0, len(samples), 1 << 14):
        frame: Any = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[None, at : at + (1 << 14)]), format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts = rate, at
        graph.push(frame)
        drain()
    graph.push(None)
    drain()
    return np.concatenate(pieces) if pieces else silence(0)


def _steps(factor: float) -> list[float]:
    """Factors from a half to two whose product is `factor`."""
    count = 1
    while not 0.5 <= factor ** (1 / count) <= 2:
        count += 1
    return [factor ** (1 / count)] * count


def _fitted(samples: Samples, length: int) -> Samples:
    """`samples` cut or filled up with silence to `length`."""
    if len(samples) >= length:
        return samples[:length]
    return np.concatenate([samples, silence(length - len(samples))])


class Resampler:
    """Another rate for a stream of any length, in flat memory."""

    def __init__(self, old: int, new: int) -> None:
        import soxr

        self._stream: Any = None if old == new else soxr.ResampleStream(old, new, 1, dtype="float32", quality="HQ")

    def push(self, samples: Samples) -> Samples:
        return samples if self._stream is None else self._stream.resample_chunk(samples)

    def finish(self) -> Samples:
        return silence(0) if self._stream is None else self._stream.resample_chunk(silence(0), last=True)
