"""Whole lines that go through flow and vocoder at once: each sounds as in any other company."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from studio.engines.contract import Stop
from studio.engines.cosyvoice import together
from studio.engines.cosyvoice.declaration import VARIANTS
from studio.engines.cosyvoice.engine import CosyVoice, _giver
from studio.engines.cosyvoice.flow import Flow, Laid, Prompt, Quality
from studio.engines.cosyvoice.sizes import MELS
from studio.engines.cosyvoice.together import MOST_FRAMES, PATIENCE, Together, vocoder_rows
from studio.engines.cosyvoice.vocoder import Vocoder
from studio.engines.worker import Mailbox
from studio.nn.devices import steady

from .conftest import CAUSAL, TEXTS, Engines, Hear, Make

GENERATIONS = ("cosyvoice1", *CAUSAL)
in_company = pytest.mark.skipif(
    not steady(), reason="this processor renders each line alone; the test of that is for it, and these for the others"
)


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many lines went through a flow at once, one number for each time."""
    counted: list[int] = []
    real = Flow.rendered

    def rendered(flow: Flow, lines: list[Laid], *others: Any, **more: Any) -> list[Tensor]:
        counted.append(len({id(line) for line in lines}))
        return real(flow, lines, *others, **more)

    monkeypatch.setattr(Flow, "rendered", rendered)
    return counted


@in_company
@pytest.mark.parametrize("id", GENERATIONS)
def test_whole_lines_that_are_rendered_at_once_sound_the_same_in_any_company(
    made: Engines, hear: Hear, recipe_for: Make, id: str, rows: list[int]
) -> None:
    """To the last bit on a CPU: the shape of what is computed does not depend on who else is there."""
    engine = made(id, together=3)
    calm = {"whole": True, "min_ratio": 3.0, "max_ratio": 3.0, "steps": 3}
    texts = *TEXTS[:2], TEXTS[0][4:], TEXTS[0]
    recipes = [recipe_for(engine, text, seed=at, **calm) for at, text in enumerate(texts)]
    alone = [hear(engine, recipe)[0].tobytes() for recipe in recipes]
    assert rows == [1] * 4
    assert [one.tobytes() for one in hear(engine, *recipes)] == alone
    assert [one.tobytes() for one in hear(engine, *recipes[::-1])][::-1] == alone
    assert [hear(engine, recipe, stream=True)[0].tobytes() for recipe in recipes[:1]] == alone[:1]
    assert max(rows) > 1
    plain = made(id)
    other = hear(plain, recipe_for(plain, TEXTS[0], seed=0, **calm))[0]
    assert np.abs(other - np.frombuffer(alone[0], np.float32)).max() < 1e-2  # its phase adds tiny errors up
    assert plain.spec.version != engine.spec.version
    half = CosyVoice(engine._weights, VARIANTS[id])
    half.configure({"precision": "bf16", "device": "cpu", "together": 3})
    assert half.spec.version.endswith("bf16")  # where rows are not exact, each is rendered alone


@pytest.mark.parametrize("id", GENERATIONS)
def test_each_is_rendered_alone_where_a_processor_gives_other_bits_in_company(
    made: Engines, hear: Hear, recipe_for: Make, id: str, rows: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.engines.cosyvoice.engine.steady", lambda: False)
    plain = made(id)
    engine = CosyVoice(plain._weights, VARIANTS[id])
    engine.configure({"precision": "fp32", "together": 3})
    recipes = [recipe_for(engine, text, whole=True, min_ratio=3.0, max_ratio=3.0, steps=3) for text in TEXTS[:2]]
    alone = [hear(engine, recipe)[0].tobytes() for recipe in recipes]
    assert [one.tobytes() for one in hear(engine, *recipes)] == alone
    assert engine.spec.version == plain.spec.version, "as if nothing had been asked for"
    assert max(rows, default=1) == 1
    engine.unload()


@pytest.mark.parametrize("id", GENERATIONS)
def test_lines_that_do_not_fit_together_go_alone(
    made: Engines, hear: Hear, recipe_for: Make, id: str, rows: list[int]
) -> None:
    """Other steps, another guidance, a line in pieces: each as it sounds by itself."""
    engine, calm = made(id, together=3), {"min_ratio": 3.0, "max_ratio": 3.0, "steps": 2}
    kinds = {"whole": True}, {"whole": True, "steps": 3}, {"whole": True, "guidance": 1.0}, {"whole": False}
    recipes = [recipe_for(engine, TEXTS[0], **{**calm, **kind}) for kind in kinds]
    alone = [hear(engine, recipe)[0].tobytes() for recipe in recipes]
    assert len(set(alone[:3])) == 3
    assert [one.tobytes() for one in hear(engine, *recipes)] == alone
    assert set(rows) == {1}


def finished(errand: Generator[None, None, Tensor]) -> Tensor:
    """What comes of a line that is resumed until its end, and that it does not wait for ever."""
    for _ in range(PATIENCE + 2):
        try:
            next(errand)
        except StopIteration as done:
            found: Tensor = done.value
            return found
    raise AssertionError("it waits for ever")


@in_company
@pytest.mark.parametrize("id", GENERATIONS)
def test_who_leaves_or_fails_takes_nobody_along(
    made: Engines, id: str, rows: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is cancelled while it waits, whose line is wrong, and who meets an error when all are rendered."""
    checkpoint = made(id, together=3)._ready().checkpoint
    flow, company = checkpoint.flow, Together(checkpoint.flow, checkpoint.vocoder, 3)
    generator = torch.Generator().manual_seed(0)
    prompt = Prompt(torch.arange(30), torch.randn(52, MELS, generator=generator), torch.randn(192, generator=generator))

    def mel(number: int, among: Together = company) -> Generator[None, None, Tensor]:
        chance = torch.Generator().manual_seed(number)
        sounds = torch.randint(0, 300, (20 + number,), generator=chance)
        return among.mel(number, flow.lay(sounds, prompt, chance), Quality(2))

    with torch.inference_mode():
        alone = [finished(mel(number, Together(flow, checkpoint.vocoder, 3))) for number in range(3)]
        for number in range(3):
            company.expect(number)
        gone, stays = mel(0), mel(1)
        next(gone)
        next(stays)
        gone.close()
        assert torch.equal(finished(mel(2)), alone[2])
        assert torch.equal(finished(stays), alone[1])
        assert rows == [1, 1, 1, 2]
        company.expect("somebody who never comes")
        assert torch.equal(finished(mel(0)), alone[0])
        with pytest.raises(IndexError):
            flow.lay(torch.tensor([10**6]), prompt, generator)
        waits = mel(0)
        next(waits)
        with monkeypatch.context() as patched:
            patched.setattr(Flow, "rendered", lambda *_, **__: 1 / 0)
            company.forget("somebody who never comes")
            with pytest.raises(ZeroDivisionError):
                finished(mel(1))
        assert torch.equal(finished(waits), alone[0])


@in_company
@pytest.mark.parametrize("id", GENERATIONS)
def test_a_wrong_line_and_one_that_nobody_wants_leave_the_engine_to_the_others(
    made: Engines, hear: Hear, recipe_for: Make, id: str, rows: list[int]
) -> None:
    engine, calm = made(id, together=3), {"whole": True, "min_ratio": 3.0, "max_ratio": 3.0, "steps": 2}
    recipes = [recipe_for(engine, TEXTS[0], seed=seed, **calm) for seed in range(4)]
    alone = [hear(engine, recipe)[0] for recipe in recipes]
    boxes, scripts = [Mailbox(Stop()) for _ in recipes], [engine._script(recipe) for recipe in recipes]
    scripts[1] = replace(scripts[1], prompt=replace(scripts[1].prompt, sounds=torch.tensor([10**6])))
    for script, box in zip(scripts, boxes, strict=True):
        engine._submit(engine._ready().speak(script, _giver(box, 0), False), box)
    boxes[2].closed = True
    for number in (0, 3):
        (chunk,) = boxes[number].open(1)
        assert np.array_equal(chunk.samples, alone[number])
    with pytest.raises(IndexError):
        list(boxes[1].open(1))
    assert max(rows) > 1


@in_company
@pytest.mark.parametrize("id", GENERATIONS)
def test_where_it_pays_the_vocoder_takes_several_lines_too(
    made: Engines, hear: Hear, recipe_for: Make, id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not on a CPU; when told that it pays, a line still sounds the same in any company, and as it does by itself."""
    engine, rows, real = made(id, together=3), [], Vocoder.several

    def several(vocoder: Vocoder, mels: list[Any], *others: Any) -> list[Any]:
        rows.append(len({id_of(mel) for mel in mels}))
        return real(vocoder, mels, *others)

    def id_of(mel: Any) -> bytes:
        return bytes(mel.numpy().tobytes())

    monkeypatch.setattr(Vocoder, "several", several)
    calm = {"whole": True, "min_ratio": 3.0, "max_ratio": 3.0, "steps": 2}
    texts = TEXTS[0], TEXTS[0][1:], TEXTS[2]
    recipes = [recipe_for(engine, text, seed=at, speed=1.1, **calm) for at, text in enumerate(texts)]
    single = hear(engine, *recipes)
    assert not rows
    monkeypatch.setattr(together, "vocoder_rows", lambda rows, frames, device: vocoder_rows(rows, frames, "cuda"))
    alone = [hear(engine, recipe)[0] for recipe in recipes]
    assert rows == [1] * 3
    found = hear(engine, *recipes)
    assert max(rows) > 1
    for one, other, by_itself in zip(alone, found, single, strict=True):
        assert one.tobytes() == other.tobytes()
        assert len(one) == len(by_itself)
        assert np.abs(one - by_itself).max() < 1e-4  # other shapes sum in another order


def test_the_vocoder_takes_as_many_lines_as_pay_and_fit() -> None:
    assert vocoder_rows(8, 128, "cpu") == 1
    assert vocoder_rows(8, 128, "cuda") == vocoder_rows(8, MOST_FRAMES // 8, "cuda") == 8
    assert vocoder_rows(8, MOST_FRAMES // 2, "cuda") == 2
    assert vocoder_rows(8, 2 * MOST_FRAMES, "cuda") == 1
