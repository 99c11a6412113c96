"""What was heard against what should have been said."""

import pytest

from studio.text.comparing import compare


@pytest.mark.parametrize(
    ("said", "heard", "language"),
    [
        ("The weather is nice.", "the weather IS nice", "en"),
        ("He paid $5.", "he paid five dollars", "en"),
        ("I don’t know", "i don't know", "en"),
        ("我在2024年买了3本书。", "我在二零二四年买了三本书", "zh"),
        ("繁體字測試", "繁体字测试", "zh"),
        ("他和她", "她和他", "zh"),  # one sound
        ("你好[pause 300ms]世界[laugh]", "你好世界", "zh"),
        ("", "", "en"),
    ],
)
def test_what_sounds_the_same_is_the_same(said: str, heard: str, language: str) -> None:
    assert compare(said, heard, language).rate == 0


def test_errors_are_counted_by_word_or_character_and_shown() -> None:
    words = compare("the quick brown fox jumps", "the quick red fox jumps high", "en")
    assert (words.rate, words.unit, words.length) == (0.4, "word", 5)
    assert [(e.kind, e.said, e.heard) for e in words.edits] == [
        ("same", "the quick", "the quick"),
        ("wrong", "brown", "red"),
        ("same", "fox jumps", "fox jumps"),
        ("added", "", "high"),
    ]
    characters = compare("小船带来三封信", "小船来三封信", "zh")
    assert characters.rate == pytest.approx(1 / 7)
    assert characters.unit == "character"
    assert [e.said for e in characters.edits if e.kind == "missing"] == ["带"]


def test_nothing_heard_is_all_wrong_and_too_much_more_than_that() -> None:
    assert compare("hello world", "", "en").rate == 1
    assert compare("hello", "hello hello hello", "en").rate == 2
    assert compare("", "hello", "en").rate == 1


def test_a_control_token_read_aloud_is_told() -> None:
    assert compare("hello [uv_break] there", "hello uv break there", "en").read_aloud == ("uv break",)
    assert compare("press uv break now", "press uv break now", "en").read_aloud == ()
    assert compare("你好", "你好 end of prompt", "zh").read_aloud == ("end of prompt",)
