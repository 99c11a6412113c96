"""The polish: what makes a recording or a rendering fit to be heard, stage by stage, each of which can be left out.

A `Chain` says which stages and how; they always run in the order of `STAGES`. As much sound comes out as went in, at
the same place, and the same sound every time. Loudness and noise are measured in a first pass, so a stream is heard
twice: `Polisher.measure` for all of it, then `push` and `finish`.
"""

import numpy as np

from studio.audio.clip import Clip, Samples
from studio.audio.compressor import Compressor
from studio.audio.filters import NOTHING, Filter, Gain, Graph, Series
from studio.audio.levels import Levels, Meter
from studio.audio.limiter import Headroom, Limiter
from studio.audio.presets import PRESETS, Preset, preset
from studio.audio.spectral import DeEss, Denoise, NoiseListener, Power, Shape, Spectral
from studio.audio.stages import OFF, STAGES, Chain, Stage, chain_from

__all__ = ["OFF", "PRESETS", "STAGES", "Chain", "Polisher", "Preset", "Stage", "chain_from", "polish", "preset"]

MOST_GAIN_DB = 50.0  # a whisper is brought up, the noise of an empty room is not blown up to a storm
HIGHEST = 0.45  # of the sample rate: where filters may still stand


def polish(clip: Clip, how: str | Chain) -> Clip:
    """`clip` through a preset or a chain; a new clip of the same length, the old one untouched."""
    chain = preset(how) if isinstance(how, str) else how
    polisher = Polisher(clip.rate, chain)
    if chain.needs_measure:
        polisher.measure(clip.samples)
    return Clip(np.concatenate([polisher.push(clip.samples), polisher.finish()]), clip.rate)


class Polisher:
    """A chain at work on a stream of any length, of one channel or two, in flat memory.

    Two channels are treated as one sound: whatever depends on how loud it is gives both the same gain.
    """

    def __init__(self, rate: int, chain: Chain, channels: int = 1) -> None:
        self.rate = rate
        self.chain = chain
        self._channels = channels
        self._first_pass = _FirstPass(rate, chain, channels) if chain.needs_measure else None
        self._filter: Filter | None = None

    def measure(self, samples: Samples) -> None:
        """The first pass: all of the sound, in order, before the first `push`. Needed if `chain.needs_measure`."""
        if self._first_pass is None or self._filter is not None:
            raise RuntimeError("this sound is being polished already, or needs no measuring")
        self._first_pass.push(samples)

    def push(self, samples: Samples) -> Samples:
        """More sound; what is ready comes back."""
        if self._filter is None:
            self._filter = self._built()
        return self._filter.push(samples)

    def finish(self) -> Samples:
        """What was held back: now as much has come out as went in."""
        return NOTHING if self._filter is None else self._filter.finish()

    def _built(self) -> Filter:
        if self._first_pass is None:
            return Series(_before_gain(self.rate, self.chain, None, self._channels) + _limiter(self.rate, self.chain))
        noise, gain = self._first_pass.finish()
        stages = _before_gain(self.rate, self.chain, noise, self._channels)
        return Series([*stages, Gain(gain), *_limiter(self.rate, self.chain)])


class _FirstPass:
    """What has to be known of the whole: the noise between the words, and how loud the rest of the chain makes it."""

    def __init__(self, rate: int, chain: Chain, channels: int) -> None:
        cut = _cuts(rate, chain, channels)
        self._cut: Filter = Series(cut)
        self._listener = NoiseListener(rate) if chain.get("denoise") else None
        # the noise is not known yet; taking it out changes the loudness of the words by next to nothing
        self._rest: Filter = Series(_before_gain(rate, chain, None, channels)[len(cut) :])
        self._meter = Meter(rate)
        self._headroom = Headroom(rate)
        self._chain = chain

    def push(self, samples: Samples) -> None:
        self._hear(self._cut.push(samples))

    def _hear(self, samples: Samples) -> None:
        if self._listener is not None:
            self._listener.push(samples)
        self._weigh(self._rest.push(samples))

    def _weigh(self, samples: Samples) -> None:
        self._meter.push(samples)
        self._headroom.push(samples)

    def finish(self) -> tuple[Power | None, float]:
        """The noise, and the gain to the target in decibels."""
        self._hear(self._cut.finish())
        self._weigh(self._rest.finish())
        missing = min(_missing_db(self._chain, self._meter.finish()), MOST_GAIN_DB)
        if missing and (limiter := self._chain.get("limiter")):
            missing = self._headroom.gain_db(missing, limiter["ceiling_db"])
        return self._listener.noise() if self._listener else None, missing


def _missing_db(chain: Chain, levels: Levels) -> float:
    """From what is to what should be; nothing for silence, and without a target."""
    if (loudness := chain.get("loudness")) and levels.loudness_lufs is not None:
        return loudness["target_lufs"] - levels.loudness_lufs
    if (level := chain.get("level")) and levels.rms_db is not None:
        return level["target_db"] - levels.rms_db
    return 0.0


def _before_gain(rate: int, chain: Chain, noise: Power | None, channels: int) -> list[Filter]:
    """The filters that change the sound itself, in order."""
    filters = _cuts(rate, chain, channels)
    shapes: list[Shape] = []
    if (denoise := chain.get("denoise")) and noise is not None:
        shapes.append(Denoise(noise, denoise["reduction_db"]))
    if (de_ess := chain.get("de_ess")) and de_ess["frequency_hz"] < HIGHEST * rate:
        shapes.append(DeEss(rate, de_ess["frequency_hz"], de_ess["threshold_db"], de_ess["reduction_db"]))
    if shapes:
        filters.append(Spectral(rate, *shapes))
    if steps := _equaliser(rate, chain):
        filters.append(Graph(rate, steps, channels))
    if settings := chain.get("compressor"):
        filters.append(Compressor(rate, **settings))
    return filters


def _cuts(rate: int, chain: Chain, channels: int) -> list[Filter]:
    """The high-pass and the low-pass, 24 dB an octave."""
    steps = []
    if high := chain.get("high_pass"):
        steps += _fourth_order("highpass", high["frequency_hz"])
    if (low := chain.get("low_pass")) and low["frequency_hz"] < HIGHEST * rate:
        steps += _fourth_order("lowpass", low["frequency_hz"])
    return [Graph(rate, steps, channels)] if steps else []


def _fourth_order(kind: str, frequency_hz: float) -> list[str]:
    """A Butterworth filter of fourth order as two sections."""
    return [f"{kind}=f={frequency_hz}:t=q:w={q}" for q in (0.541196, 1.306563)]


def _equaliser(rate: int, chain: Chain) -> list[str]:
    bands = chain.get("equaliser")
    if not bands:
        return []
    kinds = (("low", "bass", "q:w=0.7"), ("middle", "equalizer", "o:w=1.5"), ("high", "treble", "q:w=0.7"))
    return [
        f"{kind}=f={min(bands[f'{band}_hz'], HIGHEST * rate)}:t={width}:g={bands[f'{band}_db']}"
        for band, kind, width in kinds
        if bands[f"{band}_db"]
    ]


def _limiter(rate: int, chain: Chain) -> list[Filter]:
    settings = chain.get("limiter")
    return [Limiter(rate, settings["ceiling_db"])] if settings else []
