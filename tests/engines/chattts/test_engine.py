"""ChatTTS as an engine: reproducible whatever runs beside it, every control effective, usable after trouble."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.engines.chattts import speaking
from studio.engines.chattts.declaration import CONTROLS
from studio.engines.chattts.engine import ChatTTS
from studio.engines.chattts.strings import coefficient_string, sample_string, speaker_string
from studio.engines.checking import check_engine
from studio.engines.contract import (
    Configures,
    Draft,
    Prepares,
    Recipe,
    Refines,
    SharesVoices,
    Stop,
    VoiceContent,
    VoiceKind,
)  # fmt: skip
from studio.engines.registry import Registry
from studio.errors import BadControl, BadFile, BadRequest, BadText, Cancelled, EngineFailed, NotInstalled
from studio.weights import WeightStore

from .conftest import made

Hear = Callable[..., list[Any]]
Make = Callable[..., Recipe]
TEXTS = ("今天天气真不错。", "hello world, this is a small test.", "请你说话 [uv_break] 声音有点小 [laugh]", "你好世界")


def test_the_declaration_keeps_the_contract(engine: ChatTTS) -> None:
    assert check_engine(engine) == []
    assert engine.missing() is None
    assert all(isinstance(engine, ability) for ability in (Prepares, Refines, SharesVoices, Configures))


# one recipe, one sound


@pytest.mark.parametrize("precision", ["fp32", "int8", "bf16"])
def test_a_line_sounds_the_same_alone_in_a_batch_streamed_and_after_others(
    store: WeightStore, hear: Hear, recipe_for: Make, precision: str
) -> None:
    engine = made(store, precision=precision)
    recipes = [recipe_for(engine, text, voice=at, seed=at) for at, text in enumerate(TEXTS)]
    alone = [hear(engine, recipe)[0] for recipe in recipes]
    together = hear(engine, *recipes)
    backwards = hear(engine, *recipes[::-1])[::-1]
    streamed = [hear(engine, recipe, stream=True)[0] for recipe in recipes]
    engine.unload()
    for one, *others in zip(alone, together, backwards, streamed, strict=True):
        assert len(one) > 5_000
        assert len(one) % 512 == 256  # (2T - 1) * 256 samples
        for other in others:
            assert len(other) == len(one)
            np.testing.assert_allclose(other, one, atol=1e-4)
    assert len({one.tobytes() for one in alone}) == len(TEXTS)


def test_two_loads_of_an_engine_make_the_same_bytes(store: WeightStore, hear: Hear, recipe_for: Make) -> None:
    first, second = made(store), made(store)
    one, other = (hear(engine, recipe_for(engine, TEXTS[0]))[0] for engine in (first, second))
    first.unload(), second.unload()
    assert one.tobytes() == other.tobytes()


def test_more_lines_than_places_come_out_whole(store: WeightStore, hear: Hear, recipe_for: Make) -> None:
    few, many = made(store, rows=2), made(store, rows=8)
    recipes = [recipe_for(few, f"你好世界{'啊' * at}", seed=at) for at in range(7)]
    assert [one.tobytes() for one in hear(few, *recipes)] == [one.tobytes() for one in hear(many, *recipes)]
    few.unload(), many.unload()


def test_several_callers_share_the_model_and_get_their_own_sound(engine: ChatTTS, hear: Hear, recipe_for: Make) -> None:
    recipes = [recipe_for(engine, text, seed=at) for at, text in enumerate(TEXTS)]
    alone = [hear(engine, recipe)[0] for recipe in recipes]
    heard: dict[int, Any] = {}

    def caller(at: int) -> None:
        heard[at] = hear(engine, recipes[at])[0]

    threads = [threading.Thread(target=caller, args=(at,)) for at in range(len(TEXTS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for at, one in enumerate(alone):
        np.testing.assert_allclose(heard[at], one, atol=1e-4)


def test_streaming_gives_the_first_sound_early(engine: ChatTTS, recipe_for: Make) -> None:
    recipe = recipe_for(engine, TEXTS[1], min_tokens=100)
    chunks = list(engine.speak([recipe], Stop(), stream=True))
    assert len(chunks) > 2
    assert 0 < len(chunks[0].samples) <= 4 * 512


def test_without_streaming_a_line_comes_in_one_piece(engine: ChatTTS, recipe_for: Make) -> None:
    chunks = list(engine.speak([recipe_for(engine, TEXTS[1], min_tokens=100)], Stop(), stream=False))
    assert [chunk.last for chunk in chunks] == [True]


# every control does something

NEEDS = {  # what has to be set for a control to matter
    "oral": {"refine": True, "refine_guard": "allow"},
    "laugh": {"refine": True, "refine_guard": "allow"},
    "break": {"refine": True, "refine_guard": "allow"},
    "refine_temperature": {"refine": True, "refine_guard": "allow"},
    "refine_top_p": {"refine": True, "refine_guard": "allow", "refine_temperature": 2.0, "refine_top_k": 626},
    "refine_top_k": {"refine": True, "refine_guard": "allow", "refine_temperature": 2.0, "refine_top_p": 1.0},
    "refine_repetition_penalty": {"refine": True, "refine_guard": "allow", "refine_temperature": 0.1},
    "refine_max_tokens": {"refine": True, "refine_guard": "allow"},
    "refine": {"refine_guard": "allow"},
}
OTHER = {
    "speed": 9, "refine": True, "temperature": 1.5, "oral": 9, "laugh": 2, "break": 7, "refine_temperature": 2.0,
    "refine_top_p": 0.1, "refine_top_k": 3, "refine_repetition_penalty": 2.0, "refine_max_tokens": 2, "top_p": 0.1,
    "top_k": 3, "repetition_penalty": 2.0, "max_tokens": 50, "min_tokens": 1100, "draws": "repeated", "decoder": "dvae",
    "prompt": "[speed_1]", "prefix": "hello ", "suffix": "[lbreak]", "sample_text": "谢谢", "anchor": "你好世界",
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_a_control_changes_the_sound(engine: ChatTTS, hear: Hear, recipe_for: Make, name: str) -> None:
    around = dict(NEEDS.get(name, {}))
    if name == "sample_text":
        around["sample_code"] = sample_string(np.arange(80).reshape(4, 20))
    if name == "max_tokens":
        around |= {"min_tokens": 50, "retries": 0}
    plain = outcome(engine, hear, recipe_for(engine, TEXTS[1], **around))
    changed = outcome(engine, hear, recipe_for(engine, TEXTS[1], **{**around, name: OTHER[name]}))
    assert plain != changed


def outcome(engine: ChatTTS, hear: Hear, recipe: Recipe) -> bytes | str:
    """The sound, or what went wrong instead: both are what a listener notices."""
    try:
        return bytes(hear(engine, recipe)[0].tobytes())
    except EngineFailed as failed:
        return str(failed.fields["trouble"])


def test_a_clip_given_as_a_string_sounds_as_the_string(engine: ChatTTS, hear: Hear, recipe_for: Make) -> None:
    """A voice may be an audio prompt that somebody passed on, without the recording that it was made from."""
    sample = sample_string(np.full((4, 30), 5))
    voice = VoiceContent(VoiceKind.CLIP, clip=sample.encode(), transcript="谢谢")
    one, plain = hear(engine, recipe_for(engine, "你好", voice)), hear(engine, recipe_for(engine, "你好"))
    assert one[0].tobytes() != plain[0].tobytes()
    assert engine.code_of(voice) == sample


def test_strings_of_samples_and_coefficients_change_the_sound(engine: ChatTTS, hear: Hear, recipe_for: Make) -> None:
    plain = hear(engine, recipe_for(engine, TEXTS[0]))[0]
    sample = sample_string(np.full((4, 30), 5))
    quiet = coefficient_string(np.full(100, 0.5, np.float32))
    for controls in ({"sample_code": sample}, {"coefficient": quiet}):
        assert hear(engine, recipe_for(engine, TEXTS[0], **controls))[0].tobytes() != plain.tobytes()


def test_the_voice_is_held_by_the_first_sentence_where_that_is_asked(engine: ChatTTS) -> None:
    drafts = [Draft("今天天气真不错。", "zh"), Draft("你好世界。", "zh")]
    plain = engine.prepare(drafts, {"hold": "embedding"})
    held = engine.prepare(drafts, {"hold": "first"})
    assert [dict(draft.controls) for draft in plain] == [{}, {}]
    assert [dict(draft.controls) for draft in held] == [{}, {"anchor": plain[0].text}]


def test_the_first_sentence_is_drawn_once_for_all_that_lean_on_it(
    store: WeightStore, hear: Hear, recipe_for: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks, in whatever company: as the line that is heard, for its neighbours, or alone."""
    drawn: list[tuple[str, int]] = []
    order = speaking.Speaking._code_order

    def counted(self: speaking.Speaking, script: speaking.Script, number: int) -> Any:
        drawn.append((script.text, number))
        return order(self, script, number)

    monkeypatch.setattr(speaking.Speaking, "_code_order", counted)
    engine = made(store, precision="fp32")
    first, *others = engine.prepare([Draft(text, "zh") for text in TEXTS[:3]], {"hold": "first"})
    lines = [recipe_for(engine, one.text, hold="first", **one.controls) for one in (first, *others)]
    together = hear(engine, *lines)
    assert drawn.count((first.text, 0)) == 1
    assert len({text for text, _ in drawn}) == 3
    again = made(store, precision="fp32")
    streamed = hear(engine, lines[0], stream=True)
    backwards = [hear(again, line)[0] for line in lines[:0:-1]]  # the last one has nobody before it
    for one, other in zip(together, [*streamed, *backwards[::-1]], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)
    free = hear(again, recipe_for(again, lines[1].text))[0]
    assert free.tobytes() != together[1].tobytes()
    engine.unload(), again.unload()


def test_every_control_is_proved_here() -> None:
    proved = {*OTHER, "sample_code", "coefficient", "hold", "retries", "refine_guard"}
    assert proved == {control.name for control in CONTROLS}


def test_other_seeds_and_voices_sound_different(engine: ChatTTS, hear: Hear, recipe_for: Make) -> None:
    sounds = [hear(engine, recipe_for(engine, TEXTS[0], voice, seed))[0] for voice, seed in ((1, 0), (2, 0), (1, 1))]
    assert len({sound.tobytes() for sound in sounds}) == 3


# voices


def test_a_seed_and_its_embedding_and_its_string_are_one_voice(engine: ChatTTS, hear: Hear, recipe_for: Make) -> None:
    seed = VoiceContent(VoiceKind.SEED, seed=42)
    kept = VoiceContent(VoiceKind.EMBEDDING, values=engine.embed(seed))
    shared = engine.voice_of(engine.code_of(seed))
    assert kept == shared
    one, other = (hear(engine, recipe_for(engine, TEXTS[0], voice))[0] for voice in (seed, kept))
    assert one.tobytes() == other.tobytes()


def clip(seconds: float, rate: int = 24_000, channels: int = 1, level: float = 0.3) -> bytes:
    import io

    import soundfile

    wave = level * np.sin(np.arange(round(seconds * rate)) * 0.05) * np.hanning(max(1, round(seconds * rate)))
    file = io.BytesIO()
    soundfile.write(file, np.repeat(wave[:, None], channels, 1).astype(np.float32), rate, format="WAV")
    return file.getvalue()


def test_a_clip_is_a_voice_also_in_stereo_at_8_khz(engine: ChatTTS, hear: Hear, recipe_for: Make) -> None:
    sounds = [
        hear(engine, recipe_for(engine, TEXTS[0], VoiceContent(VoiceKind.CLIP, clip=content, transcript="谢谢")))[0]
        for content in (clip(3.0), clip(3.0, rate=8_000, channels=2))
    ]
    assert all(len(sound) for sound in sounds)


@pytest.mark.parametrize(
    ("content", "said"),
    [(clip(0.4), "0.4 s"), (clip(2.0, level=0.0), "silent"), (clip(31.0), "31"), (b"no audio at all" * 10, "")],
    ids=["too short", "silent", "too long", "no audio"],
)
def test_a_clip_that_is_no_voice_is_refused(engine: ChatTTS, recipe_for: Make, content: bytes, said: str) -> None:
    voice = VoiceContent(VoiceKind.CLIP, clip=content, transcript="谢谢")
    with pytest.raises(BadFile) as refused:
        list(engine.speak([recipe_for(engine, TEXTS[0], voice)], Stop()))
    assert said in refused.value.text("en")


@pytest.mark.parametrize("values", [b"", b"123", b"\0" * 400, np.full(64, np.nan, "<f4").tobytes()])
def test_an_embedding_of_another_size_or_without_numbers_is_refused(
    engine: ChatTTS, recipe_for: Make, values: bytes
) -> None:
    voice = VoiceContent(VoiceKind.EMBEDDING, values=values)
    with pytest.raises(BadRequest, match="ChatTTS takes 64"):
        list(engine.speak([recipe_for(engine, TEXTS[0], voice)], Stop()))


@pytest.mark.parametrize("code", ["", "hello", "蘁淰", "一㴁", "蘁淰敕欀" * 200_000])
def test_a_damaged_voice_string_is_refused(engine: ChatTTS, code: str) -> None:
    with pytest.raises(BadRequest, match="speaker code"):
        engine.voice_of(code)


def test_a_voice_string_of_another_length_is_refused(engine: ChatTTS) -> None:
    with pytest.raises(BadRequest, match="it holds 32 numbers, not 64") as refused:
        engine.voice_of(speaker_string(np.ones(32, np.float16)))
    assert "应为 64 个" in refused.value.text("zh")
    with pytest.raises(BadRequest, match="not numbers"):
        engine.voice_of(speaker_string(np.full(64, np.inf, np.float16)))


@pytest.mark.parametrize(
    ("controls", "what"),
    [
        ({"sample_code": "hello"}, "audio sample code: character 1"),
        ({"sample_code": sample_string(np.full((4, 30), 5))[:-3]}, "audio sample code"),
        ({"sample_code": sample_string(np.full((3, 30), 5))}, "it holds 3 × 30 codes"),
        ({"sample_code": sample_string(np.full((4, 2000), 5))}, "it holds 4 × 2000 codes"),
        ({"sample_code": sample_string(np.full((4, 30), 900))}, "code 900 is out of range"),
        ({"coefficient": "蘁淰"}, "DVAE coefficient: it"),
        ({"coefficient": coefficient_string(np.full(50, 0.5, np.float32))}, "it holds 50 numbers, not 100"),
        ({"coefficient": coefficient_string(np.full(100, np.nan, np.float32))}, "not numbers"),
    ],
)
def test_a_damaged_string_in_a_control_is_refused_and_the_engine_goes_on(
    engine: ChatTTS, hear: Hear, recipe_for: Make, controls: dict[str, Any], what: str
) -> None:
    with pytest.raises(BadRequest, match=what):
        hear(engine, recipe_for(engine, TEXTS[0], **controls))
    assert len(hear(engine, recipe_for(engine, TEXTS[3]))[0])


# refining


def test_refined_text_is_shown_with_what_was_added_and_changed(engine: ChatTTS, recipe_for: Make) -> None:
    recipe = recipe_for(engine, TEXTS[0], refine_guard="allow")
    (refined,) = engine.refine([recipe], Stop())
    assert refined.text
    assert (refined.text, refined.changes) == next((one.text, one.changes) for one in engine.refine([recipe], Stop()))
    assert not refined.ok  # the small checkpoint writes nonsense
    assert refined.tries >= 1


def test_a_refined_text_that_lost_words_is_refused_or_left_as_it_was(
    engine: ChatTTS, hear: Hear, recipe_for: Make
) -> None:
    with pytest.raises(EngineFailed, match="refining changed its words") as failed:
        hear(engine, recipe_for(engine, TEXTS[0], refine=True, retries=1))
    assert "口语化改动了原文" in failed.value.text("zh")
    kept = hear(engine, recipe_for(engine, TEXTS[0], refine=True, refine_guard="original"))[0]
    assert kept.tobytes() == hear(engine, recipe_for(engine, TEXTS[0]))[0].tobytes()


def test_what_was_said_comes_with_the_sound(engine: ChatTTS, recipe_for: Make) -> None:
    recipe = recipe_for(engine, TEXTS[0], refine=True, refine_guard="allow")
    (refined,) = engine.refine([recipe], Stop())
    assert list(engine.speak([recipe], Stop()))[-1].said == refined.text


# what goes wrong


def test_a_line_without_an_end_is_tried_again_and_then_reported(engine: ChatTTS, hear: Hear, recipe_for: Make) -> None:
    with pytest.raises(EngineFailed, match=r"did not come to an end.*\(3 tries\)") as failed:
        hear(engine, recipe_for(engine, TEXTS[0], max_tokens=40, min_tokens=40, retries=2))
    assert failed.value.fields["trouble"] == "endless"
    assert len(hear(engine, recipe_for(engine, TEXTS[0]))[0])


def test_an_instant_end_is_tried_again(engine: ChatTTS, hear: Hear, recipe_for: Make) -> None:
    wild = {"temperature": 2.0, "top_p": 1.0, "top_k": 626, "min_tokens": 0, "max_tokens": 200}
    for seed in range(200):
        if outcome(engine, hear, recipe_for(engine, TEXTS[3], seed=seed, retries=0, **wild)) == "empty":
            break
    else:
        pytest.fail("no seed of two hundred ends at once; the test has nothing to look at")
    assert isinstance(outcome(engine, hear, recipe_for(engine, TEXTS[3], seed=seed, retries=8, **wild)), bytes)


def test_a_loop_is_noticed() -> None:
    import torch

    from studio.engines.chattts.speaking import LOOP_FRAMES
    from studio.engines.guards import looping

    chance = torch.randint(0, 600, (300, 4))
    assert not looping(chance, LOOP_FRAMES)
    for period in (1, 2, 3, 4):
        pattern = torch.randint(0, 600, (period, 4)).repeat(LOOP_FRAMES + 8, 1)[: LOOP_FRAMES + 8]
        assert looping(torch.cat([chance, pattern]), LOOP_FRAMES)


def test_stop_ends_it_within_a_step_and_the_next_request_works(engine: ChatTTS, hear: Hear, recipe_for: Make) -> None:
    stop = Stop()
    chunks = engine.speak([recipe_for(engine, TEXTS[1], min_tokens=2000, max_tokens=2048)], stop)
    next(chunks)
    stop.set()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        list(chunks)
    assert time.monotonic() - began < 1
    assert len(hear(engine, recipe_for(engine, TEXTS[0]))[0])


def stages(recipe_for: Make, engine: ChatTTS) -> dict[str, Callable[[Stop], Any]]:
    """Work that would go on for long, each in another part of the way to sound."""
    endless = {"min_tokens": 2000, "max_tokens": 2048}
    wild = {"refine_temperature": 2.0, "refine_top_p": 1.0, "refine_top_k": 626, "refine_max_tokens": 2048}
    unending = {"retries": 8, **wild}
    line = recipe_for(engine, TEXTS[1], **endless)
    return {
        "before it begins": lambda stop: engine.speak([line], stop),
        "drawing": lambda stop: engine.speak([line], stop, stream=False),
        "refining before it speaks": lambda stop: engine.speak(
            [recipe_for(engine, TEXTS[1], refine=True, **unending)], stop
        ),
        "refining alone": lambda stop: engine.refine([recipe_for(engine, TEXTS[1], **unending)] * 9, stop),
        "the first sentence of others": lambda stop: engine.speak(
            [recipe_for(engine, TEXTS[0], anchor=TEXTS[1], **endless)], stop
        ),
        "waiting for a place": lambda stop: engine.speak(
            [recipe_for(engine, TEXTS[1], seed=at, **endless) for at in range(12)], stop
        ),
    }


@pytest.mark.parametrize("stage", list(stages(lambda *a, **k: None, None)))  # type: ignore[arg-type]
def test_stop_is_heard_at_every_stage_and_the_engine_goes_on(
    engine: ChatTTS, hear: Hear, recipe_for: Make, stage: str
) -> None:
    engine.load()
    stop, pressed = Stop(), [time.monotonic()]

    def press() -> None:
        pressed.append(time.monotonic())
        stop.set()

    timer = threading.Timer(0.25, press)
    press() if stage == "before it begins" else timer.start()
    with pytest.raises(Cancelled):
        list(stages(recipe_for, engine)[stage](stop))
    assert time.monotonic() - pressed[-1] < 1.5
    assert len(hear(engine, recipe_for(engine, TEXTS[3]))[0])


def test_who_walks_away_leaves_the_places_to_others(engine: ChatTTS, hear: Hear, recipe_for: Make) -> None:
    endless = [recipe_for(engine, TEXTS[1], seed=at, min_tokens=2000, max_tokens=2048) for at in range(8)]
    chunks = engine.speak(endless, Stop())
    next(chunks)
    chunks.close()
    began = time.monotonic()
    hear(engine, recipe_for(engine, TEXTS[0]))
    assert time.monotonic() - began < 5


def test_a_control_out_of_range_is_refused_before_anything_is_drawn(engine: ChatTTS, recipe_for: Make) -> None:
    recipe = recipe_for(engine, TEXTS[0])
    wrong = replace(recipe, controls=(*((n, v) for n, v in recipe.controls if n != "speed"), ("speed", 10)))
    with pytest.raises(BadControl, match="0 to 9"):
        list(engine.speak([wrong], Stop()))


def test_a_line_that_leaves_no_room_is_refused(engine: ChatTTS, recipe_for: Make) -> None:
    with pytest.raises(BadText, match="shorten it"):
        list(engine.speak([recipe_for(engine, "你好世界" * 1250)], Stop()))


def test_an_error_inside_a_line_is_that_lines_alone(
    engine: ChatTTS, hear: Hear, recipe_for: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> Any:
        raise RuntimeError("no memory")

    with monkeypatch.context() as patched:
        patched.setattr(speaking.Speaking, "_decode", broken)
        with pytest.raises(RuntimeError, match="no memory"):
            hear(engine, recipe_for(engine, TEXTS[0]))
    assert len(hear(engine, recipe_for(engine, TEXTS[0]))[0])


def test_without_weights_it_says_what_is_missing_and_how_to_get_it(tmp_path: Path, recipe_for: Make) -> None:
    engine = ChatTTS(WeightStore(lambda: tmp_path))
    missing = engine.missing()
    assert missing is not None
    assert missing.en.endswith(": python -m studio models install chattts")
    assert "1.2 GB" in missing.en
    assert "CC-BY-NC-4.0" in missing.zh
    with pytest.raises(NotInstalled, match="models install chattts"):
        engine.load()
    assert engine.spec.controls  # and it can be looked at


@pytest.mark.parametrize("settings", [{"precision": "int4"}, {"rows": 0}, {"colour": "red"}])
def test_a_setting_that_is_none_is_refused(engine: ChatTTS, settings: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        engine.configure(settings)


SHOWN: dict[str, tuple[dict[str, Any], Callable[[Any], Any]]] = {  # a setting, and where the loaded model shows it
    "precision": ({"precision": "fp16"}, lambda engine: engine._speaking.checkpoint.gpt.embed.to_text.precision),
    "rows": ({"rows": 3}, lambda engine: engine._worker._batch.room),
    "device": ({"device": "cpu"}, lambda engine: engine._speaking.checkpoint.device.type),
    "quantiser": ({"quantiser": "1.26.0"}, lambda engine: engine._speaking.checkpoint.dvae.quantizer.version),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_setting_is_how_it_is_loaded(store: WeightStore, name: str) -> None:
    settings, shown = SHOWN[name]
    engine = made(store, **settings)
    engine.load()
    assert shown(engine) == settings[name]
    engine.unload()


@pytest.mark.parametrize("name", SHOWN)
def test_a_setting_that_the_version_names_is_told(store: WeightStore, name: str) -> None:
    plain, other = made(store), made(store, **SHOWN[name][0])
    changed = {key for key, value in other.versioned().items() if value != plain.versioned()[key]}
    assert changed == ({name} if other.spec.version != plain.spec.version else set())


def test_every_setting_is_proved_here(engine: ChatTTS) -> None:
    assert set(SHOWN) == {setting.name for setting in engine.spec.settings}


def test_the_quantiser_changes_what_is_read_from_a_clip(store: WeightStore) -> None:
    voice = VoiceContent(VoiceKind.CLIP, clip=clip(2.0), transcript="谢谢")
    assert len({made(store, quantiser=one).code_of(voice) for one in ("1.12.4", "1.12.5", "1.26.0")}) == 3


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_said(store: WeightStore, device: str) -> None:
    import torch

    if {"cuda": torch.cuda.is_available, "mps": torch.backends.mps.is_available}[device]():
        pytest.skip(f"this machine has {device}")
    engine = made(store, device=device)
    with pytest.raises(BadRequest, match=f"device {device}.*auto or cpu"):
        engine.load()


def test_precision_and_weights_are_part_of_every_recipe(store: WeightStore) -> None:
    exact, quick = made(store, precision="fp32"), made(store, precision="int8")
    assert exact.spec.version != quick.spec.version
    assert store.digest("chattts")[:12] in exact.spec.version


def test_settings_come_from_the_environment(store: WeightStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMBRE_CHATTTS", "precision=fp32 rows=2")
    assert ".fp32." in Registry(weights=store, third_parties=False).get("chattts").spec.version
    monkeypatch.setenv("TIMBRE_CHATTTS", "precision=int4")
    state = Registry(weights=store, third_parties=False).state("chattts")
    assert state.state == "broken"
    assert state.note is not None
    assert "precision" in state.note.en
