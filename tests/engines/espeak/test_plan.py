"""From text to passages."""

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.engines.espeak.languages import languages
from studio.engines.espeak.plan import EMOTIONS, Around, Passage, plan, words_per_minute
from studio.errors import BadText
from studio.text.declarations import EMOTIONS as DECLARED


def passages(text: str, language: str = "zh", accent: str = "") -> list[Passage]:
    return plan(text, language, languages()[accent.lower()] if accent else None, Around())


def rows(text: str, language: str = "zh", accent: str = "") -> list[tuple[str, str]]:
    return [(p.language.tag, p.text) for p in passages(text, language, accent)]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("你好，world。", "zh", [("zh", "你好，"), ("en-US", "world。")]),
        ("我用Python写代码", "zh", [("zh", "我用"), ("en-US", "Python"), ("zh", "写代码")]),
        ("Hello 你好", "en", [("en-US", "Hello "), ("zh", "你好")]),
        ("Hello", "en-GB", [("en-GB", "Hello")]),
        ("Hello 你好", "en-GB", [("en-GB", "Hello "), ("zh", "你好")]),
        ("我有3个苹果", "zh", [("zh", "我有3个苹果")]),
        ("こんにちは、Tokyo", "ja", [("ja", "こんにちは、"), ("en-US", "Tokyo")]),
        ("안녕하세요", "en", [("ko", "안녕하세요")]),
        ("Bonjour 你好", "fr", [("fr-FR", "Bonjour "), ("zh", "你好")]),
        ("Hello Привет!", "en", [("en-US", "Hello "), ("ru", "Привет!")]),
        ("Це Україна and London", "uk", [("uk", "Це Україна "), ("en-US", "and London")]),
        ("Ελλάδα", "zh", [("el", "Ελλάδα")]),
        ("你好 Привет", "zh", [("zh", "你好 "), ("ru", "Привет")]),
        ("สวัสดี hello", "en", [("th", "สวัสดี "), ("en-US", "hello")]),
        ("12:30", "zh", [("zh", "12:30")]),
    ],
)
def test_each_language_is_a_passage(text: str, language: str, expected: list[tuple[str, str]]) -> None:
    assert rows(text, language) == expected


def test_accent_of_the_voice_speaks_its_own_language_only() -> None:
    assert rows("你好 world", "zh", "en-GB-scotland") == [("zh", "你好 "), ("en-GB-scotland", "world")]


def test_pause_is_silence_of_its_own() -> None:
    found = passages("Hello[pause 300ms] world", "en")
    assert [(p.text, p.pause_ms) for p in found] == [("Hello", 0), ("", 300), (" world", 0)]


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("a < b & c > d \"e\"", 'a &lt; b &amp; c &gt; d &quot;e&quot;'),
        ("<break time='9s'/>", "&lt;break"),
        ("x\x00\x07\x1b[31my", "x[31my"),
        ("a\u202eb\ufeffc\ue000d\uffffe", "abcde"),
        (r"\[\[tEst\]\]", "[ [tEst]]"),
        ("[[[a", "[ [ [a"),
    ],
)  # fmt: skip
def test_text_is_text_never_a_command(text: str, inside: str) -> None:
    assert inside in passages(text, "en")[0].ssml


def test_lone_surrogate_is_dropped() -> None:
    assert passages("a\ud800b", "en")[0].ssml == "ab"


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("a [break] b", '<break time="250ms"/>'),
        ("[strong]a[/strong]", '<emphasis level="strong">'),
        ("[speed 0.5]a[/speed]", '<prosody rate="53%">'),
        ("[speed 0.5][speed 2]a[/speed][/speed]", "a"),
        ("[emotion sad]a[/emotion]", 'pitch="90%" range="60%"'),
        ("[say 重庆 as chong2 qing4]", " chong2 qing4 "),
        ("[say Nguyen as win]", " win "),
        ("[say read as /ɹɛd/]", " [[rEd]] "),
        ("[say x as <&\"]", " &lt;&amp;&quot; "),
    ],
)  # fmt: skip
def test_mark_becomes_ssml(text: str, inside: str) -> None:
    assert inside in "".join(p.ssml for p in passages(text, "en"))


def test_pinyin_is_read_in_mandarin_wherever_it_stands() -> None:
    assert [p.language.tag for p in passages("I love [say Qingdao as qing1 dao3] beer", "en")] == [
        "en-US",
        "zh",
        "en-US",
    ]


def test_whisper_is_a_passage_of_its_own() -> None:
    assert [p.whisper for p in passages("a [emotion whisper]b[/emotion] c", "en")] == [False, True, False]


def test_marks_that_espeak_cannot_do_leave_nothing() -> None:
    assert rows("ha [laugh] ho [breath][whatever_mark] he", "en") == [("en-US", "ha  ho  he")]


def test_every_emotion_has_its_manner_and_none_is_plain_but_neutral() -> None:
    assert set(EMOTIONS) == set(DECLARED)
    manners = [manner for name, manner in EMOTIONS.items() if name != "neutral"]
    assert len(set(manners)) == len(manners)


def test_marks_that_do_not_close_are_refused() -> None:
    with pytest.raises(BadText):
        passages("[strong]a", "en")


TOKENS = st.sampled_from(
    [*"ab 你好，。<&>\"']/0😀éД\n", "[[1", "[strong]", "[/strong]", "[speed 2]", "[/speed]", "[pause 5ms]"]
)


@given(st.lists(TOKENS, max_size=40))
def test_no_character_is_lost_and_every_one_knows_its_place(tokens: list[str]) -> None:
    text = "".join(tokens)
    try:
        found = passages(text, "en")
    except BadText:
        return
    plain = "".join(token for token in tokens if len(token) == 1 or token == "[[1")
    assert "".join("".join(p.text for p in found).split()) == "".join(plain.split())
    for p in found:
        if p.pause_ms:
            continue
        assert len(p.places) == len(p.ssml) + 1
        assert list(p.places) == sorted(p.places)
        root = ElementTree.fromstring(f"<speak>{p.ssml}</speak>")
        assert "".join(root.itertext()).replace(" ", "") == p.text.replace(" ", "")


def test_speed_is_a_factor_up_to_where_the_library_goes() -> None:
    assert words_per_minute(1.0) == 175
    assert [words_per_minute(f) for f in (0.1, 0.46, 2.7, 9.0)] == [80, 80, 445, 445]
    assert Around(2.0).rate_percent(0.5) == round(100 * 175 / words_per_minute(2.0))
