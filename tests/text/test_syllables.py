"""Syllables are counted near enough to tell how quickly a text is read."""

import pytest

from studio.text.syllables import syllables


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("，。！", 0),
        ("你好，世界。", 4),
        ("He closed the book and walked slowly home.", 9),
        ("wanted, played, makes, houses, table", 8),
        ("[laugh] hello [pause 300ms]", 2),
        ("キャラメル", 4),
        ("안녕하세요", 5),
        ("第3章 chapter", 5),
        ("rhythm", 1),
    ],
)
def test_syllables(text: str, count: int) -> None:
    assert syllables(text) == count
