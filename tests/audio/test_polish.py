"""Each stage does what it says, each preset reaches its target, and a stream is polished like the whole."""

import resource
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.audio.clip import Clip, Samples
from studio.audio.edit import gain
from studio.audio.levels import Levels, measure
from studio.audio.limiter import Limiter
from studio.audio.polish import OFF, PRESETS, STAGES, Chain, Polisher, chain_from, polish, preset
from studio.errors import BadControl, NotFound

RATE = 24_000
Band = Callable[[Samples, int, float, float], float]
Tone = Callable[..., Samples]
NAMES = [preset.id for preset in PRESETS]


def noisy(speech: Clip, noise_db: float, pink: bool = False) -> Clip:
    """The voice after a second of pause, in a steady noise."""
    clean = np.concatenate([np.zeros(RATE, np.float32), speech.samples])
    random = np.random.default_rng(5)
    spectrum = np.fft.rfft(random.standard_normal(len(clean)))
    if pink:
        spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(len(clean), 1 / RATE), 60))
    noise = np.fft.irfft(spectrum, len(clean))
    noise *= 10 ** (noise_db / 20) / noise.std()
    return Clip((clean + noise).astype(np.float32), RATE)


def streamed(clip: Clip, chain: Chain, cuts: list[int]) -> Samples:
    polisher = Polisher(clip.rate, chain)
    bounds = [0, *np.cumsum(cuts).tolist(), len(clip)]
    parts = [clip.samples[a:b] for a, b in zip(bounds, bounds[1:], strict=False)]
    if chain.needs_measure:
        for part in parts:
            polisher.measure(part)
    return np.concatenate([*(polisher.push(part) for part in parts), polisher.finish()])


# --- the whole


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rate", [8000, 16_000, 22_050, 24_000, 48_000])
def test_as_much_comes_out_as_went_in_and_at_the_same_place(
    name: str, rate: int, voice: Callable[..., Samples]
) -> None:
    clip = Clip(voice(4.321, rate), rate)
    before = clip.samples.copy()
    found = polish(clip, name)
    assert found.rate == rate
    assert len(found) == len(clip)
    assert np.isfinite(found.samples).all()
    assert np.array_equal(clip.samples, before), "the original was changed"
    assert np.array_equal(found.samples, polish(clip, name).samples), "not the same twice"
    n = len(clip)
    lags = np.fft.irfft(np.fft.rfft(found.samples, 2 * n) * np.conj(np.fft.rfft(clip.samples, 2 * n)))
    lag = int(np.argmax(np.abs(lags)))
    assert min(lag, 2 * n - lag) <= rate // 2000, "moved by more than half a millisecond"


@settings(max_examples=12, deadline=None)
@given(cuts=st.lists(st.integers(0, 30_000), max_size=8), name=st.sampled_from(NAMES))
def test_a_stream_is_polished_like_the_whole_to_the_bit(cuts: list[int], name: str, speech: Clip) -> None:
    clip = Clip(speech.samples[:70_000], RATE)
    while sum(cuts) > len(clip):
        cuts = cuts[:-1]
    assert np.array_equal(streamed(clip, preset(name), cuts), polish(clip, name).samples)


def test_off_is_the_same_sound(speech: Clip) -> None:
    assert np.array_equal(polish(speech, "off").samples, speech.samples)
    assert not OFF
    assert not OFF.needs_measure


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("frames", [0, 1, 100, 5000])
def test_a_very_short_sound_and_silence_come_through(name: str, frames: int) -> None:
    quiet = Clip(np.zeros(frames, np.float32), RATE)
    assert np.array_equal(polish(quiet, name).samples, quiet.samples)
    short = Clip(np.full(frames, 0.1, np.float32), RATE)
    assert len(polish(short, name)) == frames


TARGETS: dict[str, Callable[[Levels], bool]] = {
    "podcast": lambda found: abs((found.loudness_lufs or 0) + 16) < 0.6 and (found.true_peak_db or 0) <= -1,
    "broadcast": lambda found: abs((found.loudness_lufs or 0) + 23) < 0.5 and (found.true_peak_db or 0) <= -1,
    "audiobook": lambda found: (
        -23 <= (found.rms_db or 0) <= -18 and (found.true_peak_db or 0) <= -3 and (found.noise_db or -99) <= -60
    ),
    "phone": lambda found: abs((found.loudness_lufs or 0) + 18) < 0.6 and (found.true_peak_db or 0) <= -1,
    "warm": lambda found: abs((found.loudness_lufs or 0) + 19) < 0.5 and (found.true_peak_db or 0) <= -1.5,
    "clean": lambda found: (found.true_peak_db or 0) <= -1,
}


@pytest.mark.parametrize("name", sorted(TARGETS))
@pytest.mark.parametrize("before_db", [-24, -8, 0, 12])
def test_a_preset_reaches_its_target_from_any_level(name: str, before_db: float, speech: Clip) -> None:
    found = measure(polish(gain(speech, before_db), name))
    assert TARGETS[name](found), found


def test_an_audiobook_from_a_noisy_room_meets_the_noise_limit(speech: Clip) -> None:
    clip = noisy(speech, -57, pink=True)
    assert (measure(clip).noise_db or -99) > -60
    assert TARGETS["audiobook"](measure(polish(clip, "audiobook"))), measure(polish(clip, "audiobook"))


# --- each stage


def test_every_stage_changes_the_sound_and_can_be_left_out(speech: Clip) -> None:
    strong = {
        "low_pass": {"frequency_hz": 4000},
        "equaliser": {"low_db": 6},
        "limiter": {"ceiling_db": -20},
        "de_ess": {"threshold_db": -30},
        "compressor": {"threshold_db": -30},
    }
    clip = noisy(speech, -50)
    for stage in STAGES:
        chain = chain_from({stage.id: strong.get(stage.id, {})})
        assert not np.array_equal(polish(clip, chain).samples, clip.samples), stage.id
        assert not chain.without(stage.id)


def test_every_setting_changes_the_sound(speech: Clip) -> None:
    """A control that does nothing would be a lie; each is moved to both its ends."""
    base = {
        "equaliser": {"low_db": 3.0, "middle_db": 3.0, "high_db": 3.0},
        "de_ess": {"threshold_db": -30.0},
        "compressor": {"threshold_db": -20.0},
        "denoise": {"reduction_db": 12.0},
    }
    clip = noisy(Clip(speech.samples[: 4 * RATE], RATE), -45)
    for stage in STAGES:
        for setting in stage.settings:
            ends = [
                chain_from({stage.id: base.get(stage.id, {}) | {setting.name: end}})
                for end in (setting.low, setting.high)
            ]
            one, two = (polish(clip, chain).samples for chain in ends)
            assert np.abs(one - two).max() > 1e-4, f"{stage.id}.{setting.name}"


def test_high_pass_takes_out_what_lies_below(band_db: Band) -> None:
    noise = Clip((0.1 * np.random.default_rng(0).standard_normal(5 * RATE)).astype(np.float32), RATE)
    found = polish(noise, chain_from({"high_pass": {"frequency_hz": 200}})).samples
    assert band_db(found, RATE, 20, 50) < band_db(noise.samples, RATE, 20, 50) - 40
    assert band_db(found, RATE, 400, 9000) == pytest.approx(band_db(noise.samples, RATE, 400, 9000), abs=0.1)


def test_low_pass_takes_out_what_lies_above(band_db: Band) -> None:
    noise = Clip((0.1 * np.random.default_rng(0).standard_normal(5 * RATE)).astype(np.float32), RATE)
    found = polish(noise, chain_from({"low_pass": {"frequency_hz": 3000}})).samples
    assert band_db(found, RATE, 9000, 11_000) < band_db(noise.samples, RATE, 9000, 11_000) - 35
    assert band_db(found, RATE, 100, 1500) == pytest.approx(band_db(noise.samples, RATE, 100, 1500), abs=0.1)


@pytest.mark.parametrize("pink", [False, True])
@pytest.mark.parametrize("noise_db", [-55, -45])
def test_denoise_takes_the_noise_and_leaves_the_voice(noise_db: float, pink: bool, speech: Clip) -> None:
    clip = noisy(speech, noise_db, pink)
    clean = np.concatenate([np.zeros(RATE, np.float32), speech.samples])
    found = polish(clip, chain_from({"denoise": {"reduction_db": 12}})).samples
    pause = slice(RATE // 10, RATE - RATE // 10)
    fallen = 20 * np.log10(clip.samples[pause].std() / found[pause].std())
    assert fallen == pytest.approx(12, abs=1.5)

    def distance(samples: Samples) -> float:
        return float(10 * np.log10(np.square(samples - clean).sum()))

    assert distance(found) < distance(clip.samples) - 1.5, "the voice suffered more than the noise"


def test_denoise_leaves_a_clean_sound_alone(speech: Clip) -> None:
    found = polish(speech, chain_from({"denoise": {}})).samples
    assert np.abs(found - speech.samples).max() < 1e-5


def test_de_esser_softens_the_sharp_and_nothing_else(tone: Tone, band_db: Band) -> None:
    vowel, random = tone(300, 4, RATE, 0.3), np.random.default_rng(1)
    spectrum = np.fft.rfft(random.standard_normal(len(vowel)))
    spectrum[np.fft.rfftfreq(len(vowel), 1 / RATE) < 6500] = 0
    hiss = np.fft.irfft(spectrum, len(vowel))
    hiss *= 0.2 / np.abs(hiss).max()
    hiss[: 2 * RATE] *= 0.02  # soft in the first half, sharp in the second
    clip = Clip((vowel + hiss).astype(np.float32), RATE)
    found = polish(clip, chain_from({"de_ess": {"threshold_db": -18, "reduction_db": 10}})).samples
    soft, sharp = slice(RATE // 2, 3 * RATE // 2), slice(5 * RATE // 2, 7 * RATE // 2)

    def change(part: slice, low: float, high: float) -> float:
        return band_db(found[part], RATE, low, high) - band_db(clip.samples[part], RATE, low, high)

    assert change(sharp, 6500, 12_000) < -3
    assert change(sharp, 200, 400) == pytest.approx(0, abs=0.1)
    assert change(soft, 6500, 12_000) == pytest.approx(0, abs=0.3)
    assert change(soft, 200, 400) == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize(
    ("band", "inside", "outside"), [("low", 60, 1000), ("middle", 3000, 200), ("high", 11_000, 1000)]
)
@pytest.mark.parametrize("db", [-6.0, 6.0])
def test_the_equaliser_moves_its_band(band: str, inside: float, outside: float, db: float, tone: Tone) -> None:
    chain = chain_from({"equaliser": {f"{band}_db": db}})

    def change(frequency: float) -> float:
        clip = Clip(tone(frequency, 2, RATE, 0.1), RATE)
        return 20 * float(np.log10(polish(clip, chain).samples[RATE:].std() / clip.samples[RATE:].std()))

    assert change(inside) == pytest.approx(db, abs=1)
    assert change(outside) == pytest.approx(0, abs=1)


def test_the_compressor_brings_loud_and_soft_together(speech: Clip) -> None:
    third = len(speech) // 3
    uneven = speech.samples.copy()
    uneven[third : 2 * third] *= 4
    found = polish(Clip(uneven, RATE), chain_from({"compressor": {"threshold_db": -12, "ratio": 4}})).samples

    def crest(samples: Samples) -> float:
        """Between the loud and the ordinary tenths of a second."""
        levels = np.sort(samples[: len(samples) // 2400 * 2400].reshape(-1, 2400).std(axis=1))
        return float(20 * np.log10(levels[int(0.95 * len(levels))] / levels[int(0.6 * len(levels))]))

    assert crest(found) < crest(uneven) - 3


def test_the_compressor_goes_by_the_voice_and_not_by_the_meter(speech: Clip) -> None:
    chain = chain_from({"compressor": {}})
    loud, soft = polish(speech, chain).samples, polish(gain(speech, -30), chain).samples
    assert np.abs(loud - soft * 10 ** (30 / 20)).max() < 5e-3


@pytest.mark.parametrize("ceiling", [-0.5, -3.0, -12.0])
@pytest.mark.parametrize("rate", [8000, 24_000, 48_000])
def test_the_limiter_keeps_true_peaks_under_the_ceiling(
    ceiling: float, rate: int, voice: Callable[..., Samples]
) -> None:
    clip = Clip(voice(3, rate, 1.6), rate)
    found = measure(polish(clip, chain_from({"limiter": {"ceiling_db": ceiling}})))
    assert found.true_peak_db is not None
    assert ceiling - 0.5 < found.true_peak_db <= ceiling


@settings(max_examples=40, deadline=None)
@given(peaks=st.lists(st.tuples(st.integers(0, 23_999), st.floats(-4, 4)), max_size=12))
def test_no_peak_anywhere_passes_the_limiter(peaks: list[tuple[int, float]]) -> None:
    """Single samples at any place, the very first and last too; what is under the ceiling alone is untouched."""
    sound = np.zeros(RATE, np.float32)
    for at, height in peaks:
        sound[at] = height
    limiter = Limiter(RATE, -6.0)
    found = np.concatenate([limiter.push(sound), limiter.finish()])
    assert np.abs(found).max() <= 0.5012
    if np.abs(sound).max() < 0.3:
        assert np.array_equal(found, sound)


def test_limiting_lasts_only_around_the_peak(tone: Tone) -> None:
    sound = tone(300, 3, RATE, 0.2)
    sound[RATE] = 1.5
    limiter = Limiter(RATE, -6.0)
    found = np.concatenate([limiter.push(sound), limiter.finish()])
    assert np.array_equal(found[: RATE - 300], sound[: RATE - 300])
    assert np.abs(found[2 * RATE :] - sound[2 * RATE :]).max() < 1e-4


# --- settings


@pytest.mark.parametrize(
    ("plain", "en", "zh"),
    [
        ({"high_pass": {"frequency_hz": 5}}, "high_pass.frequency_hz 5: takes 20 to 500 Hz", "应为 20 到 500 Hz"),
        ({"limiter": {"ceiling_db": "loud"}}, "limiter.ceiling_db loud: takes -20 to 0 dBTP", "应为 -20 到 0 dBTP"),
        ({"limiter": {"ceiling_db": float("nan")}}, "takes -20 to 0", "应为"),
        ({"limiter": {"ceiling_db": True}}, "takes -20 to 0", "应为"),
        ({"limiter": {"colour": 1}}, "limiter has no such setting; it has ceiling_db", "限幅没有这个设置"),
        ({"loudness": {}, "level": {}}, "only one of the two", "两者只能启用一个"),
    ],
)
def test_a_bad_setting_is_refused_with_the_range(plain: dict[str, dict[str, float]], en: str, zh: str) -> None:
    with pytest.raises(BadControl) as caught:
        chain_from(plain)
    assert en in caught.value.words.en
    assert zh in caught.value.words.zh


def test_an_unknown_stage_or_preset_is_refused_with_what_there_is() -> None:
    with pytest.raises(NotFound, match="did you mean “limiter”"):
        chain_from({"limitter": {}})
    with pytest.raises(NotFound, match="did you mean “podcast”"):
        preset("potcast")
    with pytest.raises(NotFound, match="podcast, audiobook") as caught:
        preset("xyz")
    assert "润色预设" in caught.value.words.zh


def test_a_chain_survives_as_plain_data_in_the_order_of_the_stages() -> None:
    for known in PRESETS:
        assert chain_from(known.chain.to_json()) == known.chain
    turned = chain_from({"limiter": {}, "high_pass": {}})
    assert [stage for stage, _ in turned.stages] == ["high_pass", "limiter"]


def test_every_word_is_there_in_both_languages() -> None:
    for stage in STAGES:
        for words in (stage.label, stage.help, *(setting.label for setting in stage.settings)):
            assert words.en
            assert words.zh
        for setting in stage.settings:
            assert setting.low <= setting.default <= setting.high
    assert len(set(NAMES)) == len(NAMES)


def test_a_polisher_measures_before_it_pushes(speech: Clip) -> None:
    polisher = Polisher(RATE, preset("podcast"))
    polisher.push(speech.samples[:100])
    with pytest.raises(RuntimeError, match="polished already"):
        polisher.measure(speech.samples)


@pytest.mark.slow
def test_an_hour_is_polished_in_flat_memory(voice: Callable[..., Samples]) -> None:
    minute = np.tile(voice(1.0, 8000), 60)
    polisher = Polisher(8000, preset("audiobook"))
    for _ in range(40):
        polisher.measure(minute)
    polisher.push(minute)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    frames = 0
    for _ in range(20):
        frames += len(polisher.push(minute))
    assert frames == pytest.approx(20 * len(minute), rel=0.01)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 8000  # kilobytes
