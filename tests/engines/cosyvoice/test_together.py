"""Whole lines that go through flow and vocoder at once: each sounds as in any other company."""

from typing import Any

import numpy as np
import pytest

from studio.engines.cosyvoice import together
from studio.engines.cosyvoice.declaration import VARIANTS
from studio.engines.cosyvoice.engine import CosyVoice
from studio.engines.cosyvoice.flow import CausalFlow
from studio.engines.cosyvoice.together import MOST_FRAMES, vocoder_rows
from studio.engines.cosyvoice.vocoder import Vocoder
from studio.errors import BadRequest

from .conftest import CAUSAL, TEXTS, Engines, Hear, Make


@pytest.mark.parametrize("id", CAUSAL)
def test_whole_lines_that_are_rendered_at_once_sound_the_same_in_any_company(
    made: Engines, hear: Hear, recipe_for: Make, id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last bit on a CPU: the shape of what is computed does not depend on who else is there."""
    engine, rows, real = made(id, together=3), [], CausalFlow.several

    def several(flow: CausalFlow, lines: list[Any], *others: Any, **more: Any) -> list[Any]:
        rows.append(len({one_line.numpy().tobytes() for one_line in lines}))
        return real(flow, lines, *others, **more)

    monkeypatch.setattr(CausalFlow, "several", several)
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
    with pytest.raises(BadRequest, match="together"):
        CosyVoice(engine._weights, VARIANTS["cosyvoice1"]).configure({"together": 2})


@pytest.mark.parametrize("id", CAUSAL)
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
