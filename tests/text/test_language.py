"""Which language each stretch of a text is in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.text.language import base, detect, estimate_seconds, runs, weight

MIXED = st.text(
    alphabet=st.sampled_from(list("你好世界的嘅佢ですカタ한국 abcÉé1230,.，。！？“”\"'()（）-—%$￥😀\n\t")), max_size=60
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好，世界。", [("你好，世界。", "zh")]),
        ("Hello world.", [("Hello world.", "en")]),
        ("你好，world。再见", [("你好，", "zh"), ("world。", "en"), ("再见", "zh")]),
        ("我说“hello”了", [("我说", "zh"), ("“hello”", "en"), ("了", "zh")]),
        ("他有3 apples", [("他有3 ", "zh"), ("apples", "en")]),
        ("买iPhone 15手机", [("买", "zh"), ("iPhone ", "en"), ("15手机", "zh")]),
        ("价格(about 5 yuan)很低", [("价格", "zh"), ("(about 5 yuan)", "en"), ("很低", "zh")]),
        ("東京は大きい町です。", [("東京は大きい町です。", "ja")]),
        ("カタカナ", [("カタカナ", "ja")]),
        ("안녕 세계!", [("안녕 세계!", "ko")]),
        ("佢哋嘅嘢喺邊度？", [("佢哋嘅嘢喺邊度？", "yue")]),
        ("他们说：さよなら。", [("他们说：", "zh"), ("さよなら。", "ja")]),
        ("こんにちは。 Hello.", [("こんにちは。 ", "ja"), ("Hello.", "en")]),
        ("123", [("123", "en")]),
        ("", []),
    ],
)
def test_runs(text: str, expected: list[tuple[str, str]]) -> None:
    assert [tuple(run) for run in runs(text)] == expected


def test_kanji_alone_is_japanese_in_a_japanese_text() -> None:
    assert {run.language for run in runs("今日はいい天気ですね。散歩に行きましょう。東京都。")} == {"ja"}


def test_sentences_without_evidence_follow_a_cantonese_text() -> None:
    assert {run.language for run in runs("佢哋嘅嘢喺邊度？我唔知。香港。")} == {"yue"}


@pytest.mark.parametrize("default", ["fr", "de", "es-MX"])
def test_letters_take_the_language_of_the_caller(default: str) -> None:
    assert [tuple(run) for run in runs("Où est 你好?", default)] == [("Où est ", base(default)), ("你好?", "zh")]


def test_latin_letters_are_english_beside_a_cjk_default() -> None:
    assert [run.language for run in runs("你好 world", "yue")] == ["yue", "en"]


@given(MIXED, st.sampled_from(["en", "zh", "yue", "ja", "fr"]))
def test_runs_joined_are_the_text_and_alternate(text: str, default: str) -> None:
    found = runs(text, default)
    assert "".join(run.text for run in found) == text
    assert all(a.language != b.language for a, b in zip(found, found[1:], strict=False))
    assert all(run.text for run in found)


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert "".join(run.text for run in runs(text)) == text


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("这是一个句子，里面有 one word。", "zh"),
        ("This sentence has 一个 word.", "en"),
        ("吾輩は猫である。", "ja"),
        ("오늘은 좋은 날입니다", "ko"),
        ("我哋去邊度食飯呀？佢話唔知喎。", "yue"),
        ("...", "en"),
    ],
)
def test_detect(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh-CN", "zh"),
        ("cmn", "zh"),
        ("ZH_tw", "zh"),
        ("zh-HK", "yue"),
        ("yue-Hant", "yue"),
        ("en-GB", "en"),
        ("pt_BR", "pt"),
    ],
)
def test_base(tag: str, language: str) -> None:
    assert base(tag) == language


def test_marks_weigh_nothing() -> None:
    assert weight("[emotion happy]你好[/emotion] ab[pause 1s]").total == weight("你好 ab").total == 2 * 3.2 + 2


def test_seconds_follow_the_pace() -> None:
    assert estimate_seconds("abcdefghijklmn", 14.0) == pytest.approx(1.0)
    assert estimate_seconds("你" * 35, 14.0) == pytest.approx(8.0)
    assert estimate_seconds("", 14.0) == 0.0
