"""The page Models: a model fetched from a hub on this machine, with its misfortunes, and spoken with; its settings."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from studio.studio import Studio
from studio.ui.options import Options
from studio.weights import CATALOGUE, WeightFile

from ..ui.conftest import served
from ..weights.hub import Hub, serve

TINY = Path(__file__).parents[1] / "parity" / "chattts" / "tiny"
LARGEST = "asset/gpt/model.safetensors"
Visit = Callable[..., Any]


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    """The small checkpoint as if it had been published."""
    paths = [*(file.path for file in CATALOGUE["chattts"].files), "config.json"]  # the last one has its own sizes
    with serve(Hub({path: (TINY / path).read_bytes() for path in paths}, CATALOGUE["chattts"].repo)) as hub:
        yield hub


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, hub: Hub) -> Iterator[Studio]:
    files = tuple(WeightFile(path, hashlib.sha256(content).hexdigest()) for path, content in hub.files.items())
    published = {**CATALOGUE, "chattts": replace(CATALOGUE["chattts"], files=files)}
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HF_ENDPOINT", hub.url)
        patched.setenv("HF_HOME", str(tmp_path_factory.mktemp("hf")))
        patched.setattr("studio.weights.fetching.SPARE", 0)
        with Studio(tmp_path_factory.mktemp("models")) as opened:
            opened.models.store.catalogue = published
            yield opened


@pytest.fixture(scope="module")
def url(home: Studio) -> Iterator[str]:
    with served(home, Options()) as address:
        yield address


def accept(page: Any, card: Any) -> None:
    card.locator('[data-act="install"]').click()
    sheet = page.locator("dialog[open]")
    assert "CC-BY-NC-4.0" in sheet.inner_text()
    sheet.locator("button.primary").click()


def test_a_model_is_fetched_by_its_button_and_spoken_with(
    visit: Visit, home: Studio, hub: Hub, shot: Callable[[Any, str], None]
) -> None:
    page = visit("models")
    card = page.locator('[data-engine="chattts"]')
    card.wait_for()
    for said in ("not installed", "about 1.2 GB", "CC-BY-NC-4.0", "not for commercial use"):
        assert said in card.inner_text()
    assert page.locator('#engine option[value="chattts"]').is_disabled()
    # a file that is not the published one
    hub.files["asset/gpt/config.json"] += b" "
    accept(page, card)
    card.locator('.weights [role="alert"]').wait_for()
    assert "asset/gpt/config.json: not the published file" in card.inner_text()
    hub.files["asset/gpt/config.json"] = hub.files["asset/gpt/config.json"][:-1]
    # stopped on the way, and taken up again
    hub.slow = 0.2
    accept(page, card)
    card.locator("progress").wait_for()
    shot(page, "model-fetching")
    card.locator('[data-act="stop"]').click()
    card.locator('[data-act="install"]').wait_for()
    hub.slow = 0
    accept(page, card)
    card.locator('[data-act="remove"]').wait_for()
    assert "ready" in card.locator(".state").inner_text()
    assert "installed" in card.locator(".weights").inner_text()
    # it can be chosen at once, without loading the page anew
    page.locator('[data-page="speak"]').first.click()
    page.select_option("#engine", "chattts")
    page.locator("#text textarea").fill("你好世界。")
    page.locator("#generate").click()
    page.locator("#result .result").wait_for(timeout=60_000)
    # and taken away
    page.locator('[data-page="models"]').first.click()
    card.locator('[data-act="remove"]').click()
    card.locator('[data-act="install"]').wait_for()
    assert home.models.get("chattts").found is None


@pytest.mark.parametrize(
    ("language", "told", "wrong"),
    [
        ("en-US", "TIMBRE_COSYVOICE2 says this", "takes a whole number, 1 to 8"),
        ("zh-CN", "由环境变量", "1 到 8 的整数"),
    ],
)
def test_how_a_model_is_loaded_is_chosen_on_its_card(
    visit: Visit, home: Studio, shot: Callable[[Any, str], None], language: str, told: str, wrong: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("TIMBRE_COSYVOICE2", "precision=fp32")
    page = visit("models", language=language)
    card = page.locator('[data-engine="chattts"]')
    card.locator("[data-tuning] summary").click()
    rows, precision = (card.locator(f'[data-control="{name}"]') for name in ("rows", "precision"))
    rows.locator(".control-label").click()
    rows.locator(".control-help").wait_for()
    rows.locator("input.number").fill("3")
    rows.locator("input.number").press("Tab")
    rows.locator(".reset").wait_for()
    precision.locator("select").select_option("fp32")
    precision.locator(".reset").wait_for()
    shot(page, f"tuning-{language}")
    assert {one.control.name: one.value for one in home.tuning.of("chattts")} == {
        "precision": "fp32", "device": "auto", "rows": 3, "quantiser": "1.12.5",
    }  # fmt: skip
    rows.locator("input.number").fill("9")
    rows.locator("input.number").press("Enter")
    page.wait_for_function(
        "said => document.querySelector('[data-tuning=chattts] > [role=alert]').textContent.includes(said)", arg=wrong
    )
    for row in (rows, precision):  # back to the default
        row.locator(".reset").click()
        row.locator(".reset").wait_for(state="hidden")
    assert {one.source for one in home.tuning.of("chattts")} == {"default"}
    other = page.locator('[data-engine="cosyvoice2"]')
    other.locator("[data-tuning] summary").click()
    assert other.locator('[data-control="precision"] select').is_disabled()
    assert other.locator('[data-control="precision"] select').input_value() == "fp32"
    assert told in other.inner_text()
    listener = page.locator('[data-engine="sensevoice"]')
    listener.locator("[data-tuning] summary").click()
    listener.locator('[data-control="precision"] select').select_option("int8")
    listener.locator('[data-control="precision"] .reset').click()
    listener.locator('[data-control="precision"] .reset').wait_for(state="hidden")
    assert {one.source for one in home.tuning.of("sensevoice")} == {"default"}
