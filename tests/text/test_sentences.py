"""Cutting: where, where never, and that nothing is lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.text.scan import extents
from studio.text.sentences import split
from tests.pace import IN_PROPORTION, times_longer

ALPHABET = [
    *"ab AB 12 你好。，！？；、…“”‘’「」()（）.,!?;:-—\n\t\"'",
    "😀", "👨‍👩‍👧", "🇨🇳", "é", "e\u0301", "한", "カ", "Mr. ", "3.14", "1,000", "12:30", "……", "...",
    "[pause 1s]", "[strong]", "[/strong]", "[say a. b as c. d]", "\\[", "https://a.b/c.d?e=f,g", "e.g. ", "\n\n",
    "No. 5",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(ALPHABET), max_size=60).map("".join)


def sentences(text: str) -> list[str]:
    """The finest cut: every sentence on its own."""
    return [piece.text.strip() for piece in split(text, 1, 400)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好。世界！真的？是的……好吧；走了。", ["你好。", "世界！", "真的？", "是的……", "好吧；", "走了。"]),
        ("他说：“你好。”然后走了。", ["他说：", "“你好。”", "然后走了。"]),
        ("她问：“真的吗？！”他答。", ["她问：", "“真的吗？！”", "他答。"]),
        ("One. Two! Three? Four.", ["One.", "Two!", "Three?", "Four."]),
        ("“Stop!” he said. “Go.” She went.", ["“Stop!”", "he said.", "“Go.”", "She went."]),
        ("Mr. Smith met Dr. Jones. He left.", ["Mr. Smith met Dr. Jones.", "He left."]),
        ("J. K. Rowling wrote it. Yes.", ["J. K. Rowling wrote it.", "Yes."]),
        ("The U.S. Army came. It won.", ["The U.S. Army came.", "It won."]),
        ("See No. 5 and p. 7. Then stop.", ["See No. 5 and p. 7.", "Then stop."]),
        ("No. I do not.", ["No.", "I do not."]),
        ("Fruit, e.g. apples. Good.", ["Fruit,", "e.g. apples.", "Good."]),
        ("At 5 p.m. Then we slept at 11 p.m. again.", ["At 5 p.m.", "Then we slept at 11 p.m. again."]),
        ("It is 3.14, or 1,000. At 12:30.", ["It is 3.14,", "or 1,000.", "At 12:30."]),
        ("On 2024-03-05. Good.", ["On 2024-03-05.", "Good."]),
        ("See https://a.b/c.d?e=f,g. Yes.", ["See https://a.b/c.d?e=f,g.", "Yes."]),
        ("Wait... what? Well... So be it.", ["Wait...", "what?", "Well...", "So be it."]),
        ("“……我不知道。”", ["“……我不知道。”"]),
        ("今日は。明日も！", ["今日は。", "明日も！"]),
        ("안녕. 세계! 좋다?", ["안녕.", "세계!", "좋다?"]),
        ("[strong]你好。[/strong]再见。", ["[strong]你好。[/strong]", "再见。"]),
        ("[say a. b as c. d] x. Y", ["[say a. b as c. d] x.", "Y"]),
        ("1. Apples. 2. Pears.", ["1. Apples.", "2. Pears."]),
        ("In 1984. He won.", ["In 1984.", "He won."]),
        ("价格3,000元,很贵。", ["价格3,000元,", "很贵。"]),
        ("Hello.你好。", ["Hello.", "你好。"]),
    ],
)
def test_where_sentences_and_clauses_end(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_short_sentences_are_gathered_up_to_the_target() -> None:
    pieces = split("一二三。四五六。七八九。十。", target=8)
    assert [piece.text for piece in pieces] == ["一二三。四五六。", "七八九。十。"]


def test_a_long_sentence_is_divided_at_its_clauses_into_even_parts() -> None:
    text = "，".join(["一二三四五六七八九"] * 12) + "。"
    pieces = split(text, target=50)
    assert [len(piece.text) for piece in pieces] == [40, 40, 40]


def test_without_punctuation_it_is_cut_at_blanks_then_anywhere() -> None:
    words = split("word " * 100, target=20, longest=50)
    assert {piece.text for piece in words} == {"word " * 10}
    assert {len(piece.text) for piece in split("字" * 90, target=20, longest=30)} == {30}


def test_a_forced_cut_keeps_characters_of_several_parts_whole() -> None:
    family = "👨‍👩‍👧"
    for piece in split(family * 40, target=10, longest=12):
        assert piece.text == family * (len(piece.text) // len(family))
    assert all(len(piece.text) % 4 == 0 for piece in split("🇨🇳🇫🇷" * 40, target=8, longest=8))


def test_a_mark_longer_than_the_longest_stays_whole() -> None:
    mark = "[say " + "长" * 60 + " as x]"
    assert [piece.text for piece in split("一二" + mark + "三四", target=10, longest=20)] == ["一二", mark, "三四"]


def test_paragraph_ends_are_known() -> None:
    pieces = split("第一段。\n第二段。还是。\n\n第三段", target=100)
    assert [(piece.text, piece.paragraph_end) for piece in pieces] == [
        ("第一段。\n", True),
        ("第二段。还是。\n\n", True),
        ("第三段", True),
    ]


def test_lines_wrapped_by_hand_are_one_paragraph() -> None:
    text = (
        "Alice was beginning to get very tired of sitting by her sister on the\n"
        "bank, and of having nothing to do: once or twice she had peeped into the\n"
        "book her sister was reading, but it had no pictures or conversations in\n"
        "it.\n\nSo she was considering.\n"
    )
    ends = [piece for piece in split(text, target=120) if piece.paragraph_end]
    assert [piece.text.split()[-1] for piece in ends] == ["it.", "considering."]


def test_lines_of_a_poem_are_their_own_paragraphs() -> None:
    assert [piece.text for piece in split("床前明月光，\n疑是地上霜。\n举头望明月，\n低头思故乡。", 100)] == [
        "床前明月光，\n",
        "疑是地上霜。\n",
        "举头望明月，\n",
        "低头思故乡。",
    ]


@settings(max_examples=300)
@given(TEXTS, st.integers(1, 60), st.integers(1, 80))
def test_nothing_is_lost_and_the_longest_is_kept(text: str, target: int, longest: int) -> None:
    pieces = split(text, target, longest)
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text and text[piece.start : piece.end] == piece.text for piece in pieces)
    marks = list(extents(text))
    for piece in pieces:
        assert not any(start < piece.end < end for start, end in marks)
        assert len(piece.text) <= longest or (piece.start, piece.end) in marks


@given(st.text(), st.integers(1, 30))
def test_any_unicode_is_kept(text: str, target: int) -> None:
    assert "".join(piece.text for piece in split(text, target, 40)) == text


@pytest.mark.parametrize(
    "unit",
    [
        "他说：“你好，世界。”然后走了，带着3.14个苹果和1,000元。[strong]重[/strong]\n",
        "It was the best of times, it was the worst of times. Mr. Smith paid 3.14 dollars. ",
        "字",
        "word ",
        "。",
        "，",
        "[",
        "\u0301",
        "a.b@c.",
        "\n",
    ],
)
def test_splitting_takes_as_long_as_the_text_is(unit: str) -> None:
    text = (unit * (500_000 // len(unit) + 1))[:500_000]
    assert times_longer(split, text, text[:50_000]) < IN_PROPORTION
