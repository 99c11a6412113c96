"""Names and seeds of voices."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from studio.engines.contract import VoiceContent, VoiceKind
from studio.engines.espeak import Espeak
from studio.engines.espeak.process import find
from studio.engines.espeak.timbre import DEFAULT, SCALE
from studio.engines.espeak.voices import MEN, PLAIN_NAME, WOMEN, Dice, builtin_voices, drawn, named
from studio.errors import BadRequest, NotFound

INSTALLED = find()
assert INSTALLED is not None
DATA = INSTALLED.data
TIMBRES = [voice for voice in builtin_voices() if len(voice.languages) > 1]
PHRASES = (
    ("en", "The rainbow is a division of white light into many beautiful colors."),
    ("zh", "今天天气很好，我们去公园吧，好不好？他说他不想去。"),
    ("de", "Heute ist das Wetter sehr schön, wir gehen in den Park."),
)


def test_every_timbre_is_a_variant_of_the_library() -> None:
    files = {path.name for path in (DATA / "voices" / "!v").iterdir()}
    assert {voice.name for voice in TIMBRES} - {PLAIN_NAME} <= files
    assert set(WOMEN) | set(MEN) <= {voice.name for voice in TIMBRES}


def test_labels_are_different_in_both_languages() -> None:
    for texts in zip(*(voice.label for voice in builtin_voices()), strict=True):
        assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("name", "variant", "accent"),
    [
        ("default", "default", None),
        ("f2", "f2", None),
        ("en-GB-scotland", "default", "en-GB-scotland"),
        ("en-gb-scotland+f2", "f2", "en-GB-scotland"),
        ("zh+grandma", "grandma", "zh"),
        ("fr-FR+default", "default", "fr-FR"),
    ],
)
def test_a_name_is_a_timbre_an_accent_or_both(name: str, variant: str, accent: str | None) -> None:
    found = named(name)
    assert (found.variant, found.accent.tag if found.accent else None) == (variant, accent)


@pytest.mark.parametrize(
    "name", ["", "f9", "xx+f2", "en-GB+f9", "+", "f2+en-GB", "klatt", "../../etc/passwd", "en-US+../x"]
)
def test_a_name_that_is_neither_is_refused(name: str) -> None:
    with pytest.raises(NotFound) as refused:
        named(name)
    assert f"espeak 音色“{name}”" in refused.value.text("zh")


def test_all_voices_are_about_equally_loud(
    espeak: Espeak, hear: Callable[..., Any], recipe_for: Any, loudness: Callable[[Any], float]
) -> None:
    """A cast of voices needs no volume knob; a whisper may be softer. And nobody comes near the limit."""
    names = [voice.name for voice in TIMBRES]
    recipes = [recipe_for(espeak, text, name, language=language) for name in names for language, text in PHRASES]
    heard = iter(hear(espeak, *recipes))
    levels, peaks = {}, {}
    for name in names:
        spoken = [next(heard).samples for _ in PHRASES]
        levels[name] = np.mean([loudness(samples) for samples in spoken])
        peaks[name] = max(np.abs(samples).max() for samples in spoken)
    plain = levels[PLAIN_NAME]
    assert {n: v - plain for n, v in levels.items() if not -1.5 < v - plain < 1.5 and "whisper" not in n} == {}
    assert all(-4 < levels[name] - plain < 0 for name in ("whisper", "whisperf"))
    assert max(peaks.values()) < 0.95


def test_drawn_voices_are_speech_at_a_sane_level(
    espeak: Espeak, hear: Callable[..., Any], recipe_for: Any, loudness: Callable[[Any], float]
) -> None:
    utterances = hear(espeak, *(recipe_for(espeak, PHRASES[0][1], seed) for seed in range(60)))
    levels = [loudness(heard.samples) for heard in utterances]
    assert min(levels) > -28
    assert max(levels) < -16
    assert max(np.abs(heard.samples).max() for heard in utterances) < 0.95


def test_drawn_voices_are_far_apart() -> None:
    """Drawing is worth the while: hardly any two of a hundred are alike, and both sexes come."""
    vectors = np.array([(drawn(seed, DATA).values - DEFAULT) / SCALE for seed in range(100)])
    distances = np.linalg.norm(vectors[:, None] - vectors[None], axis=-1)[np.triu_indices(100, 1)]
    assert np.percentile(distances, 1) > 1.5
    pitch = [82 * 2 ** drawn(seed, DATA).of("pitch")[0] for seed in range(100)]
    assert 30 < sum(hertz > 130 for hertz in pitch) < 70


# seed: base pitch in Hz, roughness, pace, third formant in %, third point of the tone. Written once, never to change:
# a seed that someone noted down is that voice for ever.
FOR_EVER: dict[int, tuple[float, float, float, float, float]] = {
    0: (56.804, 0.835, 1.052, 100.951, 40.782),
    1: (85.801, 0.971, 1.021, 91.767, 105.388),
    2: (83.404, 0.851, 0.988, 92.294, 105.67),
    3: (178.335, 1.67, 1.042, 126.125, 138.004),
    42: (67.375, 1.156, 0.999, 101.879, 130.653),
    2222: (77.211, 0.126, 1.09, 95.397, 125.201),
    -1: (85.14, 2.616, 1.061, 96.528, 125.798),
    1000000000000: (80.075, 0.594, 0.912, 98.521, 125.185),
}


def facts(seed: int) -> tuple[float, float, float, float, float]:
    voice = drawn(seed, DATA)
    values = (
        82 * 2 ** voice.of("pitch")[0],
        voice.of("roughness")[0],
        voice.of("pace")[0],
        voice.of("frequency")[3],
        voice.of("tone")[2],
    )
    return tuple(round(float(value), 3) for value in values)  # type: ignore[return-value]


@pytest.mark.parametrize("seed", FOR_EVER)
def test_a_seed_is_the_same_voice_for_ever(seed: int) -> None:
    assert facts(seed) == pytest.approx(FOR_EVER[seed], abs=0.002)


def test_dice_are_splitmix64() -> None:
    """The published test vector of the generator: the first outputs for the seed 1234567."""
    dice = Dice(1234567)
    expected = (6457827717110365317, 3203168211198807973, 9817491932198370423)
    assert [dice.fraction() for _ in expected] == [(value >> 11) / 2**53 for value in expected]


def test_an_accent_has_no_embedding_and_says_what_to_do(espeak: Espeak) -> None:
    with pytest.raises(BadRequest) as refused:
        espeak.embed(VoiceContent(VoiceKind.BUILTIN, name="en-GB-scotland+f2"))
    assert "set the language to en-GB-scotland" in refused.value.text("en")
    assert "把语言设为 en-GB-scotland" in refused.value.text("zh")


def test_accent_is_heard_and_equals_the_language(heard: Callable[..., Any]) -> None:
    text = "I can't dance after the bath."
    by_voice, by_language = heard(text, "en-GB", language="en"), heard(text, language="en-GB")
    american = heard(text, language="en")
    assert by_voice.samples.tobytes() == by_language.samples.tobytes()
    assert by_voice.samples.tobytes() != american.samples.tobytes()


def test_one_timbre_speaks_every_language(heard: Callable[..., Any], melody: Callable[[Any], Any]) -> None:
    """The same woman in English and in Mandarin, and not the plain man."""
    english, chinese = heard("Nice to meet you all today.", "f2"), heard("很高兴今天认识大家。", "f2", language="zh")
    man = heard("很高兴今天认识大家。", language="zh")
    assert np.median(melody(chinese.samples)) / np.median(melody(english.samples)) == pytest.approx(1, abs=0.15)
    assert np.median(melody(man.samples)) < 0.7 * np.median(melody(chinese.samples))


def test_a_blend_lies_between_its_parents(
    espeak: Espeak, heard: Callable[..., Any], melody: Callable[[Any], Any]
) -> None:
    woman, man = (np.frombuffer(espeak.embed(VoiceContent(VoiceKind.BUILTIN, name=n)), "<f4") for n in ("f2", "m3"))
    pitch = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        values = (share * woman + (1 - share) * man).astype("<f4").tobytes()
        samples = heard("Nice to meet you all today.", VoiceContent(VoiceKind.EMBEDDING, values=values)).samples
        pitch.append(np.median(melody(samples)))
    assert pitch == sorted(pitch)
    assert pitch[0] * 1.15 < pitch[2] < pitch[4] / 1.15
