"""What one hears: controls, marks, languages in one text, times of words; measured, not assumed."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from studio.engines.contract import Recipe, Stop, VoiceContent, VoiceKind
from studio.engines.espeak import Espeak
from studio.errors import BadRequest, BadText
from studio.text.language import weight

RATE = 22_050
EN = "The quick brown fox jumps over the lazy dog, and then it rested under a tree near the river."
ZH = "今天天气很好，我们一起去公园散步。路上遇到一位老朋友，他说最近工作很忙。"
Heard = Callable[..., Any]


def seconds(utterance: Any) -> float:
    return len(utterance.samples) / RATE


# controls


@pytest.mark.parametrize(("text", "language"), [(EN, "en"), (ZH, "zh")])
@pytest.mark.parametrize("speed", [0.5, 0.7, 1.4, 2.0, 2.5])
def test_speed_is_the_factor_it_says(heard: Heard, text: str, language: str, speed: float) -> None:
    plain, changed = heard(text, language=language), heard(text, language=language, speed=speed)
    assert seconds(plain) / seconds(changed) == pytest.approx(speed, rel=0.12)


@pytest.mark.parametrize(
    ("voice", "semitones"), [("default", -5), ("default", 4), ("default", 12), ("f2", -12), ("f2", -5), ("f2", 12)]
)
def test_pitch_is_in_semitones(heard: Heard, melody: Any, voice: str, semitones: float) -> None:
    plain, changed = heard(EN, voice), heard(EN, voice, pitch=semitones)
    ratio = np.median(melody(changed.samples)) / np.median(melody(plain.samples))
    assert 12 * np.log2(ratio) == pytest.approx(semitones, abs=1.0)


def test_pitch_leaves_the_person_alone_and_size_does_not(heard: Heard) -> None:
    plain = heard(EN).samples
    assert resonances(plain, heard(EN, pitch=4.0).samples) == pytest.approx(1, abs=0.03)
    assert resonances(plain, heard(EN, pitch=-5.0).samples) == pytest.approx(1, abs=0.03)
    assert resonances(plain, heard(EN, size=0.8).samples) == pytest.approx(1 / 0.8, abs=0.05)
    assert resonances(plain, heard(EN, size=1.25).samples) == pytest.approx(1 / 1.25, abs=0.05)


def resonances(one: Any, two: Any) -> float:
    """The factor by which the resonances of `one` have to move to lie on those of `two`."""
    a, b = envelope(one), envelope(two)
    bins = np.arange(len(a))
    factors = np.arange(0.7, 1.45, 0.01)
    fits = [np.corrcoef(np.interp(bins / factor, bins, a)[20:400], b[20:400])[0, 1] for factor in factors]
    return float(factors[int(np.argmax(fits))])


def envelope(samples: Any) -> Any:
    """The mean log spectrum, smoothed (by its cepstrum) so that the harmonics of the pitch are gone."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, 2048)[::512] * np.hanning(2048)
    cepstrum = np.fft.irfft(np.log(np.abs(np.fft.rfft(frames[frames.std(axis=1) > 0.01])) + 1e-4))
    cepstrum[:, 26:-26] = 0
    return np.fft.rfft(cepstrum).real.mean(axis=0)


def test_intonation_goes_from_monotone_to_lively(heard: Heard, melody: Any) -> None:
    def spread(value: float) -> float:
        low, high = np.percentile(melody(heard(EN, "f2", intonation=value).samples), [10, 90])
        return float(12 * np.log2(high / low))

    still, normal, lively = spread(0.0), spread(1.0), spread(2.0)
    assert still < 1.0 < 1.5 * still + 1.0 < normal < lively


@pytest.mark.parametrize("gain", [-30, -12, -6, 3])
def test_volume_is_in_decibels(heard: Heard, loudness: Any, gain: float) -> None:
    change = loudness(heard(EN, volume=gain).samples) - loudness(heard(EN).samples)
    assert change == pytest.approx(gain, abs=0.3)


def test_loudest_setting_does_not_clip(heard: Heard) -> None:
    for voice in ("default", "f2", "Jacky"):
        peak = np.abs(heard(f"[strong]{ZH}[/strong]", voice, language="zh", volume=6).samples).max()
        assert 0.5 < peak <= 0.98


@pytest.mark.parametrize("gap", [100, 300])
def test_word_gap_adds_so_much_between_words(heard: Heard, gap: float) -> None:
    words = 18
    added = (seconds(heard(EN, word_gap=gap)) - seconds(heard(EN))) * 1000 / words
    assert gap * 0.6 < added < gap * 1.7


def test_breath_goes_all_the_way_to_a_whisper(heard: Heard, melody: Any) -> None:
    voiced = [len(melody(heard(EN, breath=value).samples)) for value in (0, 50, 100)]
    assert voiced[0] > voiced[1] > 3 * voiced[2]


def test_brightness_tilts_the_spectrum(heard: Heard) -> None:
    dull, plain, bright = (treble(heard(EN, brightness=value).samples) for value in (-10, 0, 10))
    assert dull + 3 < plain < bright - 3


def treble(samples: Any) -> float:
    """dB above 2 kHz against below."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    return float(10 * np.log10(power[(hertz > 2000) & (hertz < 6000)].sum() / power[hertz < 2000].sum()))


def test_controls_work_with_every_kind_of_voice(espeak: Espeak, heard: Heard) -> None:
    embedding = VoiceContent(VoiceKind.EMBEDDING, values=espeak.embed(VoiceContent(VoiceKind.SEED, seed=3)))
    for voice in ("zh+f3", 5, embedding):
        plain = heard("Hello 你好.", voice, language="zh").samples.tobytes()
        for name in ("speed", "pitch", "intonation", "volume", "word_gap", "size", "breath", "brightness", "roughness"):
            high = espeak.spec.control(name).high
            assert heard("Hello 你好.", voice, language="zh", **{name: high}).samples.tobytes() != plain, name


# languages


def test_mandarin_tones_are_heard(heard: Heard, melody: Any) -> None:
    """妈 is high and level, 麻 rises, 骂 falls, 马 is the lowest."""
    contour = {}
    for word in "妈麻马骂":
        pitch = melody(heard(word, "f2", language="zh", speed=0.5).samples)
        contour[word] = (np.mean(pitch[:3]), np.mean(pitch[-4:-1]), np.min(pitch))
    rise = {word: 12 * np.log2(end / start) for word, (start, end, _) in contour.items()}
    assert abs(rise["妈"]) < 1.5
    assert rise["麻"] > 2
    assert rise["骂"] < -2
    assert min(contour, key=lambda word: contour[word][2]) in "马骂"


def test_two_languages_in_one_sentence_are_each_read_by_their_own_rules(heard: Heard) -> None:
    """The English word inside sounds as it does alone, and not as the Mandarin voice spells it."""
    mixed = heard("我用 Python 写代码。", language="zh")
    assert mixed.text == ["我", "用", "Python", "写", "代码"]
    word = mixed.words[2]
    inside = mixed.samples[round(word.start * RATE) : round(word.end * RATE)]
    alone = heard("Python,", language="en").samples
    assert len(inside) / len(alone) == pytest.approx(1, abs=0.2)
    assert similarity(inside, alone) > 0.8
    assert similarity(inside, heard("banana,", language="en").samples) < 0.6


def similarity(one: Any, two: Any) -> float:
    """Correlation of two sounds at their best alignment, 0 to 1, on their coarse spectrograms."""
    a, b = spectrogram(one), spectrogram(two)
    size = min(len(a), len(b))
    best = 0.0
    for shift in range(-6, 7):
        x, y = a[max(0, shift) : size + min(0, shift)], b[max(0, -shift) : size + min(0, -shift)]
        keep = min(len(x), len(y))
        best = max(best, float(np.corrcoef(x[:keep].ravel(), y[:keep].ravel())[0, 1]))
    return best


def spectrogram(samples: Any) -> Any:
    frames = np.lib.stride_tricks.sliding_window_view(samples, 512)[::220] * np.hanning(512)
    return np.log(np.abs(np.fft.rfft(frames))[:, :90:3] + 1e-3)


def test_latin_letters_and_digits_in_chinese_are_spoken(heard: Heard) -> None:
    without, digits, letters = (heard(t, language="zh") for t in ("我有个苹果。", "我有23个苹果。", "我有CD个苹果。"))
    assert seconds(digits) > seconds(without) + 0.3
    assert seconds(letters) > seconds(without) + 0.3


def test_japanese_kana_and_korean_are_read(heard: Heard) -> None:
    assert 0.5 < seconds(heard("こんにちは", language="ja")) < 2
    assert 0.5 < seconds(heard("안녕하세요", language="ko")) < 2


# words


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Hello world, this is a test.", "en", ["Hello", "world", "this", "is", "a", "test"]),
        ("It’s “fine”; don't (worry)!", "en", ["It’s", "fine", "don't", "worry"]),
        ("a < b & c", "en", ["a", "b", "&", "c"]),
        ("[speed 2]fast words[/speed] and [strong]loud[/strong] ones", "en", ["fast", "words", "and", "loud", "ones"]),
        ("[say Nguyen as win] is here", "en", ["Nguyen", "is", "here"]),
        ("[say 重庆 as chong2 qing4]很大", "zh", ["重庆", "很", "大"]),
        ("Hello[pause 500ms] world", "en", ["Hello", "world"]),
        ("Это тест", "ru", ["Это", "тест"]),
    ],
)
def test_words_are_those_of_the_text(heard: Heard, text: str, language: str, words: list[str]) -> None:
    assert heard(text, language=language).text == words


def test_chinese_words_cover_the_text(heard: Heard) -> None:
    """Some words of two characters come as one; none is lost."""
    assert "".join(heard(ZH, language="zh").text) == "".join(c for c in ZH if c not in "，。")


def test_word_times_are_where_the_sound_is(heard: Heard) -> None:
    """Between words far apart lies silence, in words lies sound, with two languages and a pause joined."""
    utterance = heard("Hello. [pause 700ms]再见。 Good bye.", language="en")
    samples, words = utterance.samples, utterance.words
    assert "".join(utterance.text) == "Hello再见Goodbye"
    power = np.convolve(samples**2, np.ones(441) / 441, "same") ** 0.5
    for word in words:
        inside = power[round(word.start * RATE) : round(word.end * RATE)]
        assert inside.mean() > 0.02, word
    outside = np.ones(len(samples), bool)
    for word in words:
        outside[max(0, round((word.start - 0.03) * RATE)) : round((word.end + 0.06) * RATE)] = False
    assert outside.sum() > 0.7 * RATE
    assert power[outside].max() < 0.01


def test_word_times_scale_with_the_speed(heard: Heard) -> None:
    slow, fast = heard(EN, speed=0.6), heard(EN, speed=2.0)
    for a, b in zip(slow.words, fast.words, strict=True):
        assert a.text == b.text
        assert a.start / seconds(slow) == pytest.approx(b.start / seconds(fast), abs=0.06)


# marks


def test_pause_is_exact_to_the_sample(heard: Heard) -> None:
    short, long = heard("Hello[pause 300ms] world", "f2"), heard("Hello[pause 1300ms] world", "f2")
    assert len(long.samples) - len(short.samples) == RATE


def test_break_is_a_short_pause(heard: Heard) -> None:
    assert 0.15 < seconds(heard("one [break]two")) - seconds(heard("one two")) < 0.6


def test_strong_is_louder_than_the_rest_and_only_there(heard: Heard) -> None:
    for text, language, place in (("I {}never{} said that", "en", 1), ("我{}真的{}很喜欢", "zh", 1)):
        plain, strong = (
            heard(text.format(*marks), language=language) for marks in (("", ""), ("[strong]", "[/strong]"))
        )
        rise = [word_level(strong, at) - word_level(plain, at) for at in (0, place, len(plain.words) - 1)]
        assert rise[1] > 1.5
        assert abs(rise[0]) < 1.5
        assert abs(rise[2]) < 1.5


def word_level(utterance: Any, at: int) -> float:
    word = utterance.words[at]
    return float(20 * np.log10(utterance.samples[round(word.start * RATE) : round(word.end * RATE)].std()))


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.5, 2.5])
def test_speed_mark_changes_its_words_alone(heard: Heard, factor: float) -> None:
    inner = "the quick brown fox jumps over the lazy dog"
    plain, marked = heard(f"Well, {inner}, indeed."), heard(f"Well, [speed {factor}]{inner}[/speed], indeed.")
    spans = [u.words[-2].end - u.words[1].start for u in (plain, marked)]
    assert spans[0] / spans[1] == pytest.approx(factor, rel=0.15)
    assert plain.words[0].end == pytest.approx(marked.words[0].end, abs=0.02)


def test_emotions_move_the_voice_the_way_people_do(heard: Heard, melody: Any, loudness: Any) -> None:
    def measured(name: str) -> tuple[float, float, float]:
        u = heard(f"[emotion {name}]{EN}[/emotion]", "f2")
        return float(np.median(melody(u.samples))), loudness(u.samples), seconds(u)

    neutral, sad, angry, excited = map(measured, ("neutral", "sad", "angry", "excited"))
    assert sad[0] < neutral[0] < excited[0]
    assert sad[1] < neutral[1] < angry[1]
    assert excited[2] < neutral[2] < sad[2]
    assert len(melody(heard(f"[emotion whisper]{EN}[/emotion]").samples)) < len(melody(heard(EN).samples)) / 3


@pytest.mark.parametrize(
    ("reading", "same", "other"), [("chong2", "虫", "众"), ("zhong4", "众", "虫"), ("lǜ", "绿", "路")]
)
def test_say_pinyin_is_that_syllable(heard: Heard, reading: str, same: str, other: str) -> None:
    forced, right, wrong = (heard(t, language="zh").samples for t in (f"[say 重 as {reading}]", same, other))
    assert np.array_equal(forced, right)
    assert not np.array_equal(forced, wrong)


def test_say_ipa_and_respelling(heard: Heard) -> None:
    red, reed = heard("[say read as /ɹɛd/]").samples, heard("[say read as /ɹiːd/]").samples
    assert similarity(red, heard("red").samples) > similarity(red, heard("reed").samples) + 0.05
    assert similarity(reed, heard("reed").samples) > similarity(reed, heard("red").samples) + 0.05
    assert similarity(heard("[say Nguyen as win]").samples, heard("win").samples) > 0.95
    with pytest.raises(BadText):
        heard("[say x as /ɥ/]")


def test_user_text_cannot_command_the_library(heard: Heard) -> None:
    """What looks like SSML or phoneme names is read as text."""
    assert seconds(heard("x <break time='9s'/> y")) < 5
    assert heard("a <voice name='de'> b").text[0] == "a"
    assert np.array_equal(heard("ab\x01\x02c").samples, heard("abc").samples)
    assert np.array_equal(heard("ab\ue000\ufeffc").samples, heard("abc").samples)


# the recipe


def test_recipe_for_another_engine_is_refused(espeak: Espeak, hear: Any, recipe_for: Any) -> None:
    recipe = recipe_for(espeak, "Hello")
    for changes in ({"engine": "chattts"}, {"mode": "sing"}):
        with pytest.raises(BadRequest, match="this is espeak") as refused:
            hear(espeak, Recipe(**{**vars(recipe), **changes}))
        assert "这里是 espeak" in refused.value.text("zh")


def test_what_is_wrong_is_refused_before_anything_is_said(espeak: Espeak, recipe_for: Any) -> None:
    speaking = espeak.speak([recipe_for(espeak, "Hello"), recipe_for(espeak, "Hello", language="xx")], Stop())
    with pytest.raises(BadRequest):
        next(speaking)


def test_seed_of_the_recipe_moves_only_the_noise_in_breath(heard: Heard) -> None:
    one, two = heard(EN, "whisper", seed=1), heard(EN, "whisper", seed=2)
    assert one.samples.tobytes() != two.samples.tobytes()
    assert one.words == two.words


# speed


def test_first_sound_of_a_long_text_comes_at_once(espeak: Espeak, recipe_for: Any) -> None:
    espeak.load()
    long = recipe_for(espeak, f"{EN} " * 60, "f2")
    best = min(first_chunk(espeak, long) for _ in range(5))
    assert best < 0.06


def first_chunk(espeak: Espeak, recipe: Recipe) -> float:
    started = time.perf_counter()
    speaking = espeak.speak([recipe], Stop())
    next(speaking)
    took = time.perf_counter() - started
    speaking.close()  # type: ignore[attr-defined]
    return took


@pytest.mark.parametrize(
    "text", [f"{EN} " * 4, "我说 hello 你好。[pause 300ms] Then [emotion happy]go[/emotion]! 再见", "你好"]
)
@pytest.mark.parametrize("volume", [0.0, 6.0])
def test_a_line_that_nobody_hears_yet_is_the_same_in_one_piece(
    espeak: Espeak, recipe_for: Any, text: str, volume: float
) -> None:
    recipe = recipe_for(espeak, text, language="zh", volume=volume)
    streamed = list(espeak.speak([recipe], Stop()))
    (whole,) = espeak.speak([recipe], Stop(), stream=False)
    assert len(streamed) > 1
    assert whole.last
    assert np.array_equal(whole.samples, np.concatenate([chunk.samples for chunk in streamed]))
    assert whole.words == tuple(word for chunk in streamed for word in chunk.words)


def test_a_hundred_times_faster_than_it_sounds(espeak: Espeak, hear: Any, recipe_for: Any) -> None:
    """The promise is a real-time factor below 0.02; `benchmarks/espeak.json` has the figures of a quiet machine."""
    recipes = [recipe_for(espeak, text, language=language) for text, language in ((EN, "en"), (ZH, "zh")) * 15]
    factors = []
    for _ in range(3):
        started = time.perf_counter()
        spoken = sum(seconds(utterance) for utterance in hear(espeak, *recipes))
        factors.append((time.perf_counter() - started) / spoken)
    assert min(factors) < 0.02


def test_declared_pace_is_about_what_is_heard(espeak: Espeak, heard: Heard) -> None:
    """English is a little faster than that, Mandarin a little slower; one number has to do."""
    paces = [
        weight(text).total / seconds(heard(text, language=language)) for text, language in ((EN, "en"), (ZH, "zh"))
    ]
    assert np.mean(paces) == pytest.approx(espeak.spec.pace, rel=0.1)
    assert all(pace == pytest.approx(espeak.spec.pace, rel=0.25) for pace in paces)
