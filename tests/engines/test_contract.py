"""The contract, asked of every engine there is. Nothing here knows which engine it has before it."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from studio.engines.checking import check_engine
from studio.engines.contract import Control, Engine, How, Recipe, Stop, VoiceContent, VoiceKind
from studio.engines.registry import Registry
from studio.errors import BadControl, BadRequest, Cancelled, NotFound
from studio.text.declarations import MARKS

TEXT = "Hello world, one two three."
OTHER = "Something else entirely."
LONG = " ".join(f"This is sentence number {name}." for name in ("one", "two", "three", "four", "five", "six") * 5)
Hear = Callable[..., list[Any]]
Make = Callable[..., Recipe]


def test_no_engine_is_left_out(registry: Registry, engine: Engine) -> None:
    """Whoever ships an engine adds it to the list that these tests run over; models have their own of the kind."""
    models = {"chattts", "cosyvoice1", "cosyvoice1-instruct", "cosyvoice1-sft", "cosyvoice2", "cosyvoice3"}
    assert {state.id for state in registry.states()} == {"espeak", "beeper", *models}


def test_declaration_is_sane(engine: Engine) -> None:
    assert check_engine(engine) == []
    assert engine.missing() is None


def test_voices_are_named_once_and_in_both_languages(engine: Engine) -> None:
    voices = engine.voices()
    assert len({voice.name for voice in voices}) == len(voices) > 0
    for voice in voices:
        assert voice.label.en
        assert voice.label.zh
        assert voice.languages


def test_defaults_settle_and_fill_every_control(engine: Engine) -> None:
    settled = engine.spec.settle({})
    assert list(settled) == [control.name for control in engine.spec.controls]
    assert engine.spec.settle(settled) == settled


def test_unknown_control_is_refused_with_the_known_ones(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    with pytest.raises(BadControl) as refused:
        engine.spec.settle({"sped": 1})
    assert engine.spec.controls[0].name in refused.value.text("en")
    assert engine.spec.controls[0].name in refused.value.text("zh")
    assert refused.value.where == "controls.sped"
    recipe = recipe_for(engine, TEXT)
    strange = Recipe(**{**vars(recipe), "controls": (*recipe.controls, ("sped", 1))})
    with pytest.raises(BadControl):
        hear(engine, strange)


def test_values_out_of_range_are_refused_with_the_range(engine: Engine) -> None:
    for control in engine.spec.controls:
        for value in outside(control):
            with pytest.raises(BadControl) as refused:
                engine.spec.settle({control.name: value})
            bounds = [f"{control.low:g}", f"{control.high:g}"] if not control.choices else [control.choices[0][0]]
            for language in ("en", "zh"):
                assert all(bound in refused.value.text(language) for bound in bounds)


def outside(control: Control) -> list[object]:
    if control.kind in ("number", "integer"):
        return [control.low - 0.01, control.high + 0.01, float("nan"), "many", True]
    return ["no such choice"] if control.kind == "choice" else []


def elsewhere(control: Control) -> list[object]:
    """Values on either side of a control's default."""
    if control.kind in ("number", "integer"):
        return [value for value in (control.low, control.high) if value != control.default]
    if control.kind == "switch":
        return [not control.default]
    return [value for value, _ in control.choices if value != control.default]


def test_every_control_changes_the_sound(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    plain = hear(engine, recipe_for(engine, TEXT))[0].samples
    for control in engine.spec.controls:
        for value in elsewhere(control):
            changed = hear(engine, recipe_for(engine, TEXT, **{control.name: value}))[0].samples
            assert not np.array_equal(plain, changed), f"{control.name} = {value} does nothing"


def test_chunks_keep_the_contract(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    for index, utterance in enumerate(hear(engine, recipe_for(engine, TEXT), recipe_for(engine, OTHER))):
        assert [chunk.last for chunk in utterance.chunks] == [False] * (len(utterance.chunks) - 1) + [True]
        assert {chunk.index for chunk in utterance.chunks} == {index}
        assert {(chunk.samples.dtype, chunk.samples.ndim) for chunk in utterance.chunks} == {(np.dtype("f4"), 1)}
        assert np.abs(utterance.samples).max() < 1
        assert 0.3 < len(utterance.samples) / engine.spec.rate < 10


def test_sound_is_speech_not_silence_and_keeps_away_from_clipping(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    samples = hear(engine, recipe_for(engine, TEXT))[0].samples
    assert -40 < 20 * np.log10(samples.std()) < -6
    assert np.mean(np.abs(samples) > 0.97) == 0


def test_words_are_in_order_inside_and_in_the_piece_where_they_begin(
    engine: Engine, hear: Hear, recipe_for: Make
) -> None:
    utterance = hear(engine, recipe_for(engine, TEXT))[0]
    seconds = len(utterance.samples) / engine.spec.rate
    words = utterance.words
    if not words:
        pytest.skip("this engine does not know when words are heard")
    assert [word.text for word in words] == ["Hello", "world", "one", "two", "three"]
    assert all(0 <= word.start <= word.end <= seconds for word in words)
    assert all(a.start <= b.start and a.end <= b.start + 1e-6 for a, b in itertools.pairwise(words))
    at = 0
    for chunk in utterance.chunks:
        end = at + len(chunk.samples)
        assert all(at <= round(word.start * engine.spec.rate) < max(end, at + 1) for word in chunk.words)
        at = end


def test_same_recipe_same_bytes(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    recipe = recipe_for(engine, TEXT, 7 if VoiceKind.SEED in engine.spec.voice_kinds else "")
    first = hear(engine, recipe)[0]
    hear(engine, recipe_for(engine, OTHER))
    again = hear(engine, recipe)[0]
    assert first.samples.tobytes() == again.samples.tobytes()
    assert first.words == again.words


def test_same_bytes_after_unloading(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    before = hear(engine, recipe_for(engine, TEXT))[0].samples
    engine.unload()
    engine.unload()
    engine.load()
    engine.load()
    assert hear(engine, recipe_for(engine, TEXT))[0].samples.tobytes() == before.tobytes()


def test_a_batch_is_its_recipes_alone_in_any_order(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    texts = (TEXT, OTHER, "Third.", TEXT.upper(), "A.")
    recipes = [recipe_for(engine, text) for text in texts]
    alone = [hear(engine, recipe)[0].samples.tobytes() for recipe in recipes]
    together = [utterance.samples.tobytes() for utterance in hear(engine, *recipes)]
    backwards = [utterance.samples.tobytes() for utterance in hear(engine, *reversed(recipes))]
    assert together == alone
    assert backwards == alone[::-1]


def test_long_batches_come_complete_and_in_order(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    recipes = [recipe_for(engine, "Number" + " one" * number) for number in range(40)]
    utterances = hear(engine, *recipes)
    assert all(utterance.chunks[-1].last for utterance in utterances)
    assert len({utterance.samples.tobytes() for utterance in utterances}) == 40


def test_streaming_gives_sound_before_the_end(engine: Engine, recipe_for: Make) -> None:
    if not engine.spec.streams:
        pytest.skip("this engine does not stream")
    chunks = [len(chunk.samples) for chunk in engine.speak([recipe_for(engine, LONG)], Stop())]
    assert chunks[0] < sum(chunks) / 20


def test_stop_ends_at_once_and_harms_nothing(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    whole = hear(engine, recipe_for(engine, LONG))[0].samples
    after = hear(engine, recipe_for(engine, OTHER))[0].samples
    stop = Stop()
    speaking = engine.speak([recipe_for(engine, LONG)] * 3, stop)
    heard = len(next(speaking).samples)
    stop.set()
    with pytest.raises(Cancelled):
        next(speaking)
    assert heard < len(whole) / 4
    assert hear(engine, recipe_for(engine, OTHER))[0].samples.tobytes() == after.tobytes()


def test_stop_set_before_says_nothing(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        hear(engine, recipe_for(engine, TEXT), stop=stop)


def test_a_caller_who_leaves_harms_nobody(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    expected = hear(engine, recipe_for(engine, OTHER))[0].samples
    leaving = engine.speak([recipe_for(engine, LONG), recipe_for(engine, TEXT)], Stop())
    next(leaving)
    leaving.close()  # type: ignore[attr-defined]
    assert hear(engine, recipe_for(engine, OTHER))[0].samples.tobytes() == expected.tobytes()


def test_seeds_are_different_voices(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    if VoiceKind.SEED not in engine.spec.voice_kinds:
        pytest.skip("this engine does not draw voices")
    utterances = hear(engine, *(recipe_for(engine, "Hello.", seed) for seed in (*range(20), 2**63, 10**30, -1)))
    assert len({utterance.samples.tobytes() for utterance in utterances}) == 23


def test_an_embedding_sounds_as_what_it_was_made_from(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    if not engine.spec.embedding_size:
        pytest.skip("this engine has no embeddings")
    sources = [VoiceContent(VoiceKind.BUILTIN, name=voice.name) for voice in engine.voices()[:6]]
    sources += [VoiceContent(VoiceKind.SEED, seed=seed) for seed in range(6)]
    for source in sources:
        values = engine.embed(source)
        assert len(values) == 4 * engine.spec.embedding_size
        copy = VoiceContent(VoiceKind.EMBEDDING, values=values)
        assert engine.embed(copy) == values
        one, two = hear(engine, recipe_for(engine, TEXT, source), recipe_for(engine, TEXT, copy))
        assert one.samples.tobytes() == two.samples.tobytes()


def test_the_mean_of_two_voices_is_a_third(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    if not engine.spec.embedding_size:
        pytest.skip("this engine has no embeddings")
    seeds = [VoiceContent(VoiceKind.SEED, seed=seed) for seed in (1, 2)]
    values = [np.frombuffer(engine.embed(voice), "<f4") for voice in seeds]
    mean = VoiceContent(VoiceKind.EMBEDDING, values=np.mean(values, axis=0).astype("<f4").tobytes())
    utterances = hear(engine, *(recipe_for(engine, TEXT, voice) for voice in (*seeds, mean)))
    assert len({utterance.samples.tobytes() for utterance in utterances}) == 3


@pytest.mark.parametrize("values", [b"", b"\0", b"\0" * 3, np.full(1000, 0, "<f4").tobytes()], ids=len)
def test_an_embedding_of_the_wrong_size_is_refused(engine: Engine, hear: Hear, recipe_for: Make, values: bytes) -> None:
    if not engine.spec.embedding_size:
        pytest.skip("this engine has no embeddings")
    with pytest.raises(BadRequest) as refused:
        hear(engine, recipe_for(engine, TEXT, VoiceContent(VoiceKind.EMBEDDING, values=values)))
    assert refused.value.where == "voice.values"
    assert str(engine.spec.embedding_size) in refused.value.text("zh") or "一个" in refused.value.text("zh")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e9])
def test_an_embedding_of_impossible_numbers_is_refused(
    engine: Engine, hear: Hear, recipe_for: Make, value: float
) -> None:
    if not engine.spec.embedding_size:
        pytest.skip("this engine has no embeddings")
    values = np.full(engine.spec.embedding_size, value, "<f4").tobytes()
    with pytest.raises(BadRequest):
        hear(engine, recipe_for(engine, TEXT, VoiceContent(VoiceKind.EMBEDDING, values=values)))


def test_a_voice_of_another_kind_is_refused(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    for kind in set(VoiceKind) - engine.spec.voice_kinds:
        with pytest.raises(BadRequest) as refused:
            hear(engine, recipe_for(engine, TEXT, VoiceContent(kind)))
        assert kind in refused.value.text("en")


def test_an_unknown_voice_is_refused(engine: Engine, hear: Hear, recipe_for: Make) -> None:
    name = engine.voices()[1].name + "x"
    with pytest.raises(NotFound) as refused:
        hear(engine, recipe_for(engine, TEXT, name))
    assert engine.voices()[1].name in refused.value.text("en")
    assert name in refused.value.text("zh")


@pytest.mark.parametrize("mark", [mark.name for mark in MARKS])
def test_a_mark_is_never_read_aloud(engine: Engine, hear: Hear, recipe_for: Make, mark: str) -> None:
    spec = next(spec for spec in MARKS if spec.name == mark)
    inner = "one two" if spec.wraps else ""
    marked, plain = f"Hello {spec.before}{inner}{spec.after} world.", f"Hello {inner} world."
    if mark == "say":
        plain = "Hello 重庆 world."
    with_mark, without = hear(engine, recipe_for(engine, marked), recipe_for(engine, plain))
    if without.words:
        assert [word for word in with_mark.text if word.isascii()] == [word for word in without.text if word.isascii()]
    support = engine.spec.marks.get(mark)
    if support is not None and support.how is not How.IGNORED:
        assert with_mark.samples.tobytes() != without.samples.tobytes(), f"{mark} is declared but does nothing"


@pytest.mark.parametrize(
    "text", ["", " ", "…", "[laugh]", "[pause 200ms]", "\n\n", "。", "[[", "\\[", "]", "<", "&", "\x00\x07", "😀"]
)
def test_texts_with_little_to_say_do_no_harm(engine: Engine, hear: Hear, recipe_for: Make, text: str) -> None:
    utterance = hear(engine, recipe_for(engine, text))[0]
    assert utterance.chunks[-1].last
    assert len(utterance.samples) < 8 * engine.spec.rate
