"""Which language a reader gets."""

import pytest

from studio.ui.reader import by_preference, choose_language


@pytest.mark.parametrize(
    ("accepts", "language"),
    [
        ("zh-CN", "zh"), ("zh", "zh"), ("zh-HK,zh;q=0.9,en;q=0.8", "zh"), ("zh-Hans-CN", "zh"), ("zh-TW", "zh"),
        ("en-GB,en;q=0.9,zh;q=0.8", "en"), ("de,fr;q=0.5", "en"), ("de,zh;q=0.5,en;q=0.4", "zh"), ("", "en"),
        ("en;q=0.3,zh;q=0.7", "zh"), ("zh;q=0,en;q=0.1", "en"), (";;;q=x,zh;q=nan?", "en"),
    ],
)  # fmt: skip
def test_the_browser_decides(accepts: str, language: str) -> None:
    assert choose_language("auto", "", accepts) == language


def test_the_remembered_choice_goes_before_the_browser_and_the_option_before_both() -> None:
    assert choose_language("auto", "en", "zh-CN") == "en"
    assert choose_language("zh", "en", "en") == "zh"
    assert choose_language("auto", "klingon", "zh") == "zh"


def test_preference_is_by_weight_then_by_place() -> None:
    assert by_preference("a;q=0.5, b, c;q=0.5, d;q=bad") == ["b", "a", "c"]
