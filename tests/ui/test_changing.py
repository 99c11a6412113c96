"""The panel that says a recording in another voice, asked without an engine and with what it cannot take."""

from collections.abc import Callable
from typing import Any

import pytest

Ask = Callable[..., Any]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_without_an_engine_it_says_which_there_are(ask: Ask, language: str) -> None:
    told = ask("change_start", language=language)["ok"]
    assert told["engines"] == []
    assert len(told["missing"]) >= 3
    assert all("models install cosyvoice" in note for _, note in told["missing"])


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("change_source", {"upload": "../../etc/passwd"}),
        ("change_begin", {"upload": "0" * 32}),
        ("change_seen", {"job": "none"}),
        ("change_stop", {"job": 3}),
        ("draw_recipe", {"recipe": "{"}),
        ("undo_import", {"undo": "none"}),
    ],
)
def test_what_is_not_there_is_refused_in_words(ask: Ask, question: str, asked: dict[str, Any]) -> None:
    assert len(ask(question, asked)["error"]["text"]) > 10
