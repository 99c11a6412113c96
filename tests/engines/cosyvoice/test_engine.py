"""CosyVoice as an engine: reproducible whatever runs beside it, every control effective, every mode, usable after
trouble."""

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from studio.engines.checking import check_engine
from studio.engines.contract import Configures, Converts, Follows, Prepares, Stop, VoiceContent, VoiceKind
from studio.engines.cosyvoice.declaration import VARIANTS
from studio.engines.cosyvoice.engine import CosyVoice
from studio.engines.cosyvoice.instructions import MENU
from studio.engines.guards import PACE, SLACK_S, span
from studio.errors import BadFile, BadRequest, BadText, Cancelled, EngineFailed, NotInstalled
from studio.studio import SpeakRequest, Studio
from studio.text.language import weight
from studio.weights import WeightStore

from .conftest import CAUSAL, CLIP, SOURCE, TEXTS, TRANSCRIPT, Engines, Hear, Make, clip, preset

IDS = tuple(VARIANTS)


@pytest.mark.parametrize("id", IDS)
def test_the_declaration_keeps_the_contract(made: Engines, id: str) -> None:
    engine = made(id)
    assert check_engine(engine) == []
    assert engine.missing() is None
    assert all(isinstance(engine, ability) for ability in (Prepares, Configures, Converts, Follows))
    voices = engine.voices()
    assert voices
    assert all(voice.label.en and voice.label.zh and voice.languages for voice in voices)


# one recipe, one sound


@pytest.mark.parametrize("precision", ["fp32", "int8", "bf16"])
@pytest.mark.parametrize("id", ["cosyvoice1", *CAUSAL])
def test_a_line_sounds_the_same_alone_in_a_batch_streamed_and_after_others(
    made: Engines, hear: Hear, recipe_for: Make, id: str, precision: str
) -> None:
    engine = made(id, precision=precision)
    texts = TEXTS[:2] if id == "cosyvoice1" else TEXTS
    recipes = [recipe_for(engine, text, seed=at) for at, text in enumerate(texts)]
    alone = [hear(engine, recipe)[0] for recipe in recipes]
    joined = hear(engine, *recipes)
    backwards = hear(engine, *recipes[::-1])[::-1]
    streamed = [hear(engine, recipe, stream=True)[0] for recipe in recipes]
    for one, *others in zip(alone, joined, backwards, streamed, strict=True):
        assert len(one) > 5_000
        assert 0.001 < np.abs(one).max() <= 1
        for other in others:
            assert other.tobytes() == one.tobytes()
    assert len({one.tobytes() for one in alone}) == len(texts)


@pytest.mark.parametrize("id", ["cosyvoice1", "cosyvoice2"])
def test_several_streams_at_once_do_not_disturb_each_other(
    made: Engines, hear: Hear, recipe_for: Make, id: str
) -> None:
    engine = made(id)
    recipes = [recipe_for(engine, TEXTS[0] * 3, seed=at, min_ratio=8.0) for at in range(3)]
    wanted = [hear(engine, recipe)[0].tobytes() for recipe in recipes]
    found: dict[int, bytes] = {}

    def listen(at: int) -> None:
        found[at] = hear(engine, recipes[at], stream=True)[0].tobytes()

    threads = [threading.Thread(target=listen, args=(at,)) for at in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[at] for at in range(3)] == wanted


@pytest.mark.parametrize("id", ["cosyvoice1", *CAUSAL])
def test_a_long_line_is_heard_before_it_is_whole(made: Engines, recipe_for: Make, id: str) -> None:
    engine = made(id)
    recipe = recipe_for(engine, TEXTS[0] * 2, min_ratio=10.0)
    chunks = list(engine.speak([recipe], Stop(), stream=True))
    sizes = [len(chunk.samples) for chunk in chunks]
    assert len(chunks) > 2
    assert sizes[0] < sum(sizes) / 3
    whole = list(engine.speak([replace(recipe)], Stop(), stream=False))
    assert len(whole) == 1


@pytest.mark.parametrize("id", ["cosyvoice1", *CAUSAL])
def test_a_seam_is_not_heard(made: Engines, recipe_for: Make, id: str) -> None:
    """No step between two pieces is larger than those within them."""
    engine = made(id)
    chunks = list(engine.speak([recipe_for(engine, TEXTS[0] * 2, min_ratio=10.0)], Stop(), stream=True))
    inside = max(np.abs(np.diff(chunk.samples)).max() for chunk in chunks)
    for one, other in zip(chunks[:-1], chunks[1:], strict=True):
        assert abs(float(other.samples[0]) - float(one.samples[-1])) <= inside


# modes


@pytest.mark.parametrize("id", CAUSAL)
def test_modes_and_instructions_make_a_difference(made: Engines, hear: Hear, recipe_for: Make, id: str) -> None:
    engine = made(id)
    sounds = [
        hear(engine, recipe)[0].tobytes()
        for recipe in (
            recipe_for(engine, TEXTS[0]),
            recipe_for(engine, TEXTS[0], mode="cross_lingual"),
            recipe_for(engine, TEXTS[0], direction="sichuan"),
            recipe_for(engine, TEXTS[0], instruction="像机器人一样说话"),
            recipe_for(engine, TEXTS[0], clip(path=SOURCE)),
            recipe_for(engine, TEXTS[0], preset("guide-zh")),
        )
    ]
    assert len(set(sounds)) == len(sounds)


@pytest.mark.parametrize("id", CAUSAL)
def test_a_clip_without_a_transcript_gives_its_voice_alone(
    made: Engines, hear: Hear, recipe_for: Make, id: str
) -> None:
    engine = made(id)
    alone = hear(engine, recipe_for(engine, TEXTS[0], clip("")))[0]
    asked = hear(engine, recipe_for(engine, TEXTS[0], mode="cross_lingual"))[0]
    assert alone.tobytes() == asked.tobytes()


def test_presets_of_the_first_generation(made: Engines, hear: Hear, recipe_for: Make) -> None:
    sft, directed = made("cosyvoice1-sft"), made("cosyvoice1-instruct")
    names = [voice.name for voice in sft.voices()]
    assert "中文女" in names
    assert "中文男" in names
    one, other = (hear(sft, recipe_for(sft, TEXTS[0], preset(name)))[0] for name in ("中文女", "中文男"))
    assert one.tobytes() != other.tobytes()
    calm, plain = (
        hear(directed, recipe_for(directed, TEXTS[0], preset("中文男"), instruction=told))[0]
        for told in ("A calm voice.", "")
    )
    assert calm.tobytes() != plain.tobytes()


def test_a_speaker_of_the_first_generation_is_a_vector(made: Engines, hear: Hear, recipe_for: Make) -> None:
    """So one from a file of speakers can be spoken with, and two can be mixed."""
    sft = made("cosyvoice1-sft")
    vector = VoiceContent(VoiceKind.EMBEDDING, values=sft.embed(preset("中文女")))
    assert sft.embed(vector) == vector.values
    one, same = (hear(sft, recipe_for(sft, TEXTS[0], voice))[0] for voice in (preset("中文女"), vector))
    assert one.tobytes() == same.tobytes()
    with pytest.raises(BadRequest, match="takes 192"):
        list(sft.speak([recipe_for(sft, "你好", VoiceContent(VoiceKind.EMBEDDING, values=b"\0" * 8))], Stop()))


@pytest.mark.parametrize(("id", "kind"), [("cosyvoice1", VoiceKind.CLIP), ("cosyvoice2", VoiceKind.CLIP)])
def test_a_mode_that_a_model_has_not_is_not_offered(made: Engines, recipe_for: Make, id: str, kind: VoiceKind) -> None:
    engine = made(id)
    assert kind in engine.spec.voice_kinds
    names = {control.name for control in engine.spec.controls}
    assert ("instruction" in names) is (id != "cosyvoice1")
    with pytest.raises(BadRequest, match="mode sing"):
        list(engine.speak([recipe_for(engine, "你好", mode="sing")], Stop()))
    sft = made("cosyvoice1-sft")
    with pytest.raises(BadRequest, match="takes builtin"):
        list(sft.speak([recipe_for(sft, "你好", clip())], Stop()))
    with pytest.raises(BadRequest, match="no such speaker; it has"):
        list(sft.speak([recipe_for(sft, "你好", preset("nobody"))], Stop()))


@pytest.mark.parametrize("id", ["cosyvoice1", *CAUSAL])
def test_a_recording_is_said_in_another_voice(made: Engines, recipe_for: Make, id: str) -> None:
    engine = made(id)
    recipe = recipe_for(engine, "-")
    first = np.concatenate([chunk.samples for chunk in engine.convert(SOURCE.read_bytes(), recipe, Stop())])
    again = np.concatenate([chunk.samples for chunk in engine.convert(SOURCE.read_bytes(), recipe, Stop())])
    other = recipe_for(engine, "-", clip(path=SOURCE))
    second = np.concatenate([chunk.samples for chunk in engine.convert(SOURCE.read_bytes(), other, Stop())])
    assert first.tobytes() == again.tobytes() != second.tobytes()
    assert abs(len(first) / engine.spec.rate - 1.2) < 0.1


# a text that is being written


PIECES = (
    "今天的天气真不错，",
    "我们一起去",
    "公园散步吧。",
    "The weather is lovely today, ",
    "so let us walk through the park.",
)


@pytest.mark.parametrize("transcript", ["请问多少钱？", ""])
@pytest.mark.parametrize("id", CAUSAL)
def test_a_text_is_said_while_it_is_being_written(made: Engines, recipe_for: Make, id: str, transcript: str) -> None:
    engine = made(id)
    wild = {"temperature": 2.0, "top_p": 1.0, "top_k": 200}  # so that a random model finds its end
    recipe = recipe_for(engine, "-", clip(transcript), **wild)
    heard: list[float] = []
    written = threading.Event()

    def slowly() -> Any:
        for piece in PIECES * 2:
            yield piece
            written.wait(0.05)
        written.set()

    first = []
    for chunk in engine.follow(slowly(), recipe, Stop()):
        first.append(written.is_set())
        heard.extend(chunk.samples)
    again = [sample for chunk in engine.follow(["".join(PIECES * 2)], recipe, Stop()) for sample in chunk.samples]
    assert len(heard) > 5_000
    assert len(again) > 5_000
    assert max(map(abs, heard)) <= 1


def test_a_writer_that_fails_or_may_not_is_told(made: Engines, recipe_for: Make) -> None:
    engine, first = made("cosyvoice2"), made("cosyvoice1")

    def broken() -> Any:
        yield "今天的天气真不错，我们一起"
        raise ValueError("the writer is gone")

    with pytest.raises(ValueError, match="the writer is gone"):
        list(engine.follow(broken(), recipe_for(engine, "-"), Stop()))
    with pytest.raises(BadText, match="ends an instruction"):
        list(engine.follow(["你好<|endofprompt|>"], recipe_for(engine, "-"), Stop()))
    with pytest.raises(BadRequest, match="cosyvoice2 and cosyvoice3"):
        list(first.follow(["你好"], recipe_for(first, "-"), Stop()))
    assert list(engine.speak([recipe_for(engine, TEXTS[0])], Stop()))


# controls


CHANGES: dict[str, Any] = {
    "speed": 1.5, "temperature": 0.4, "top_p": 0.2, "top_k": 2, "window": 0, "min_ratio": 12.0, "max_ratio": 5.0,
    "steps": 3, "guidance": 2.0, "whole": True, "direction": "happy", "instruction": "quietly", "length_guard": 2.0,
    "retries": 0, "endless": "retry",
}  # fmt: skip


@pytest.mark.parametrize("id", ["cosyvoice1", *CAUSAL])
def test_every_control_is_used(made: Engines, hear: Hear, recipe_for: Make, id: str) -> None:
    engine = made(id)
    names = [control.name for control in engine.spec.controls]
    assert set(names) <= set(CHANGES)
    calm = {"min_ratio": 4.0, "max_ratio": 6.0}
    plain = hear(engine, recipe_for(engine, TEXTS[0], **calm))[0]
    for name in names:
        if name in ("length_guard", "retries", "endless", "min_ratio"):  # they refuse or repeat; see below
            continue
        changed = hear(engine, recipe_for(engine, TEXTS[0], **{**calm, name: CHANGES[name]}))[0]
        assert changed.tobytes() != plain.tobytes(), name


@pytest.mark.parametrize("id", ["cosyvoice1", *CAUSAL])
def test_the_end_may_be_put_off(made: Engines, hear: Hear, recipe_for: Make, id: str) -> None:
    engine = made(id)
    wild = {"temperature": 2.0, "top_p": 1.0, "top_k": 200, "window": 0, "max_ratio": 12.0}
    full = len(hear(engine, recipe_for(engine, TEXTS[0], min_ratio=12.0, **wild))[0])
    for seed in range(60):  # until one ends early by itself
        early = len(hear(engine, recipe_for(engine, TEXTS[0], seed=seed, min_ratio=0.0, **wild))[0])
        if early < 0.9 * full:
            late = len(hear(engine, recipe_for(engine, TEXTS[0], seed=seed, min_ratio=11.5, **wild))[0])
            assert late > 0.9 * full
            return
    raise AssertionError("no line ended early")


def test_speed_keeps_the_words_and_changes_the_time(made: Engines, hear: Hear, recipe_for: Make) -> None:
    engine = made("cosyvoice2")
    plain, fast, slow = (
        len(hear(engine, recipe_for(engine, TEXTS[0], speed=speed), stream=True)[0]) for speed in (1.0, 2.0, 0.5)
    )
    assert fast == pytest.approx(plain / 2, abs=960)
    assert slow == pytest.approx(plain * 2, abs=960)


def test_what_goes_wrong_is_tried_again_and_then_told(made: Engines, recipe_for: Make) -> None:
    engine = made("cosyvoice2")
    endless = recipe_for(engine, TEXTS[0], max_ratio=2.0, min_ratio=20.0, retries=1, endless="retry")
    with pytest.raises(EngineFailed, match=r"did not come to an end.*\(2 tries\)"):
        list(engine.speak([endless], Stop(), stream=False))
    long = recipe_for(engine, "你好，世界。", length_guard=0.5, min_ratio=20.0, max_ratio=60.0, retries=0,
                      endless="retry")  # fmt: skip
    with pytest.raises(EngineFailed, match="far longer than its text"):
        list(engine.speak([long], Stop(), stream=False))
    assert list(engine.speak([recipe_for(engine, TEXTS[0])], Stop()))


def test_a_length_that_cannot_be_is_tried_again_without_being_asked(made: Engines, recipe_for: Make) -> None:
    """At the usual setting: a text said over and over, and one of which most is missing."""
    engine = made("cosyvoice2")
    usual = engine.spec.control("length_guard").default
    for text, times, controls, said in (
        ("你好，世界。", usual, {"min_ratio": 20.0, "max_ratio": 60.0, "endless": "retry"}, "far longer"),
        (TEXTS[0] * 3, 1.0, {"max_ratio": 2.0}, "far shorter"),  # nearer: a random model has a token for each character
    ):
        recipe = recipe_for(engine, text, clip(TRANSCRIPT * 3), length_guard=times, retries=1, **controls)
        with pytest.raises(EngineFailed, match=rf"{said}.*\(2 tries\)"):
            list(engine.speak([recipe], Stop(), stream=False))
        off = recipe_for(engine, text, length_guard=0.0, retries=0, **{**controls, "endless": "keep"})
        assert list(engine.speak([off], Stop(), stream=False))


@pytest.mark.parametrize("text", TEXTS[:2])
def test_the_limits_of_a_line_are_wide_and_follow_the_voice(text: str) -> None:
    usual = weight(text).total / PACE
    low, high = span(text, 2.5)
    assert low < usual / 2
    assert high > 2.5 * usual
    slow, quick = (span(text, 2.5, text, times * usual) for times in (1.5, 0.7))
    assert slow[1] > high > quick[1] > 2 * 0.7 * usual
    assert slow[0] == low
    assert span(text, 2.5, text, 100.0)[1] == span(text, 2.5, text, 2 * usual)[1]  # a clip of silence
    assert span(text, 2.5, extras=1)[1] == high + SLACK_S
    assert span(text, 0.0) == span("嗯", 2.5) == (0.0, float("inf"))


def test_it_stops_between_two_steps(made: Engines, recipe_for: Make) -> None:
    engine, stop = made("cosyvoice2"), Stop()
    sound = engine.speak([recipe_for(engine, TEXTS[0] * 3, min_ratio=15.0)], stop, stream=True)
    next(sound)
    stop.set()
    with pytest.raises(Cancelled):
        list(sound)


# what a clip does not suit


def test_a_clip_in_another_language_or_longer_than_the_text_is_told_before(made: Engines, recipe_for: Make) -> None:
    engine = made("cosyvoice2")
    short = "好的。"
    for text, language, more, said in (
        (TEXTS[0], "zh", {}, []),
        (TEXTS[1], "en", {}, ["another language (zh) than the text (en)"]),
        (short, "zh", {}, ["less than half as long"]),
        (TEXTS[1], "en", {"mode": "cross_lingual"}, []),
        (TEXTS[1], "en", {"instruction": "quietly"}, []),
        (TEXTS[1], "en", {"voice": clip("")}, []),
        (TEXTS[1], "en", {"voice": preset("guide-zh")}, ["another language"]),
    ):
        recipe = recipe_for(engine, text, **{"voice": clip("请问一下多少钱？"), "language": language, **more})
        notes = engine.advise([recipe, recipe])
        assert len(notes) == len(said), (text, notes)
        assert all(one in note.note.en != note.note.zh for one, note in zip(said, notes, strict=True))


# long texts


def test_a_long_text_becomes_even_lines_by_the_models_rules(store: WeightStore, models: Any, tmp_path: Any) -> None:
    """Characters of Chinese, tokens of anything else; marks, numbers and abbreviations stay whole, nothing is lost."""
    with Studio(tmp_path, models=models) as studio:
        for text, low, high in (
            ("今天天气真不错。我们一起去公园里散步吧！花了3.14元、[laugh]走了两个小时；然后回家。" * 12, 60, 110),
            ("Mr. Smith paid 3.50 dollars for it. Nobody was there, and the old garden was quiet. " * 12, 60, 100),
        ):
            plan = studio.plan(SpeakRequest(text, "cosyvoice2"))
            engine = studio._engines.get("cosyvoice2")
            sizes = [engine.measure(text)(line.original) for line in plan.lines]  # type: ignore[attr-defined]
            assert "".join(line.original for line in plan.lines) == text
            assert len(sizes) > 4
            assert all(low < size <= high for size in sizes[:-1])
            assert sizes[-1] >= 20
            assert not any(line.original.rstrip().endswith(("Mr.", "3.", "[")) for line in plan.lines)
        assert "another language (zh)" in plan.notes[0].note.en  # the default voice's clip, before anything is said
        asked = studio.plan(SpeakRequest("一句话说完了。" * 20, "cosyvoice2", split=20))
        assert max(len(line.original) for line in asked.lines) <= 20


def test_without_weights_a_text_is_still_cut(tmp_path: Any) -> None:
    engine = CosyVoice(WeightStore(lambda: tmp_path), VARIANTS["cosyvoice2"])
    assert engine.measure("你好[laughter]")("你好[laughter]") == 2
    assert engine.measure("Hello there")("Hello there") == 2


# what is refused


REFUSED = {
    "a clip of 31 s": (lambda: _tone(31.0), BadFile, "30"),
    "a clip of half a second": (lambda: _tone(0.5), BadFile, "0.5 s"),
    "a silent clip": (lambda: _tone(3.0, level=0.0), BadFile, "silent"),
    "a clip at 8 kHz": (lambda: _tone(3.0, rate=8_000), BadFile, "8000"),
    "a clip that is none": (lambda: b"not audio at all", BadFile, "clip"),
}


def _tone(seconds: float, level: float = 0.3, rate: int = 24_000) -> bytes:
    import io

    import soundfile

    buffer = io.BytesIO()
    time = np.arange(int(seconds * rate)) / rate
    soundfile.write(buffer, level * np.sin(2 * np.pi * 220 * time), rate, format="WAV")
    return buffer.getvalue()


@pytest.mark.parametrize("name", REFUSED)
def test_a_clip_that_cannot_be_used_is_refused(made: Engines, hear: Hear, recipe_for: Make, name: str) -> None:
    make, error, said = REFUSED[name]
    engine = made("cosyvoice2")
    voice = VoiceContent(VoiceKind.CLIP, clip=make(), transcript="你好")
    with pytest.raises(error, match=said) as caught:
        list(engine.speak([recipe_for(engine, TEXTS[0], voice)], Stop()))
    assert caught.value.words.zh != caught.value.words.en
    assert len(hear(engine, recipe_for(engine, TEXTS[0]))[0])


@pytest.mark.parametrize(
    ("text", "controls", "said"),
    [
        ("你好<|endofprompt|>世界", {}, "ends an instruction"),
        ("很<strong>好", {}, "do not pair up"),
        ("很</strong>好<strong>", {}, "do not pair up"),
        ("你好", {"instruction": "慢<|endofprompt|>"}, "ends an instruction"),
    ],
)
def test_tokens_in_the_wrong_place_are_refused(
    made: Engines, recipe_for: Make, text: str, controls: dict[str, Any], said: str
) -> None:
    engine = made("cosyvoice2")
    with pytest.raises(BadText, match=said):
        list(engine.speak([recipe_for(engine, text, **controls)], Stop()))
    if not controls:
        with pytest.raises(BadText, match=said):
            engine.lint(text)


def test_a_transcript_of_another_clip_is_refused(made: Engines, recipe_for: Make) -> None:
    engine = made("cosyvoice2")
    voice = VoiceContent(VoiceKind.CLIP, clip=CLIP.read_bytes() + b"\0", transcript="很长的文字" * 60)
    with pytest.raises(BadFile, match="of another clip"):
        list(engine.speak([recipe_for(engine, "你好", voice)], Stop()))


def test_without_weights_it_says_what_is_missing(tmp_path: Any) -> None:
    for variant in VARIANTS.values():
        engine = CosyVoice(WeightStore(lambda: tmp_path), variant)
        missing = engine.missing()
        assert missing is not None
        assert f"models install {variant.id}" in missing.en
        assert "Apache-2.0" in missing.zh
        with pytest.raises(NotInstalled):
            engine.load()
        assert engine.voices()


def test_instructions_are_named_in_both_languages() -> None:
    assert len({one.id for one in MENU}) == len(MENU)
    assert sum("dialect" in one.label.en for one in MENU) == 17
    assert all(one.label.en and one.label.zh and one.text for one in MENU)


def test_a_setting_is_how_it_is_loaded(made: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = made("cosyvoice2", precision="bf16", device="cpu", rows=3)
    engine.load()
    speaking, worker = engine._speaking, engine._worker
    assert speaking is not None
    assert worker is not None
    assert {setting.name for setting in engine.spec.settings} == {"precision", "device", "rows", "together"}
    loaded = speaking.checkpoint
    assert (loaded.precision, loaded.device.type, worker._batch.room) == ("bf16", "cpu", 3)
    assert engine.versioned() == {"precision": "bf16", "together": 1}
    for steady, together in ((True, 3), (False, 1)):
        monkeypatch.setattr("studio.engines.cosyvoice.engine.steady", lambda steady=steady: steady)
        assert made("cosyvoice2", rows=3, together=3).versioned() == {"precision": "fp32", "together": together}
    other = CosyVoice(engine._weights, engine.variant)
    other.configure({"precision": "int8", "device": "cuda"})
    with pytest.raises(BadRequest, match="int8 is for CPUs"):
        other.load()
