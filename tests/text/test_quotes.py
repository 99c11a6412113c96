"""Who says what in a story: labelled passages of many kinds, and how often the rules are right on whole stories."""

from pathlib import Path

import pytest

from studio.manuscripts.reading import read_document
from studio.text.moods import mood
from studio.text.quotes import figures, names, spoken

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"


def heard(text: str, language: str) -> list[tuple[str, str]]:
    """(speaker, words) of every quote."""
    paragraphs = text.split("\n")
    rows = spoken(paragraphs, language)
    assert ["".join(said.text for said in row) for row in rows] == paragraphs, "nothing is lost"
    return [(said.speaker, said.text) for row in rows for said in row if said.quoted]


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("“Go,” said Ann.", "en", ["Ann"]),
        ("Ann said, “Go.”", "en", ["Ann"]),
        ("“Go,” Ann said quietly. “Now.”", "en", ["Ann", "Ann"]),
        ("“Go,” asked old Mrs. Hill.", "en", ["Mrs. Hill"]),
        ("“Go,” said the White Rabbit in a low voice.", "en", ["White Rabbit"]),
        ('"Go," said Ann. "I will," answered Ben.', "en", ["Ann", "Ben"]),
        ("‘Go,’ said Ann; ‘it isn’t far.’", "en", ["Ann", "Ann"]),
        ("“Go,” said Ann.\n“Why?” asked Ben.\n“Because.”\n“I see.”", "en", ["Ann", "Ben", "Ann", "Ben"]),
        ("Ann came in.\n“Go,” said Ben.\n“Why?” said Ann. She sat down. “It rains.”", "en", ["Ben", "Ann", "Ann"]),
        ("“走吧。”小明说。", "zh", ["小明"]),
        ("小明说：“走吧。”", "zh", ["小明"]),
        ("小明低声对她说：“走吧。”", "zh", ["小明"]),
        ("“走吧。”小明笑着说，“天黑了。”", "zh", ["小明", "小明"]),
        ("「走吧。」小明問道。", "zh", ["小明"]),
        ("“走吧。”小明说。\n“去哪儿？”小红问。\n“回家。”\n“好。”", "zh", ["小明", "小红", "小明", "小红"]),
        ("老太太叹了口气，说道：“都老了。”", "zh", ["老太太"]),
        ("小满不说话。“走吧！”小满喊道。“嗯。”她说。", "zh", ["小满", "小满"]),
    ],
)
def test_speakers_are_found(text: str, language: str, expected: list[str]) -> None:
    assert [speaker for speaker, _ in heard(text, language)] == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("He called it a “good thing” and went on.", "en"),
        ("The word “and” is short.", "en"),
        ("所谓“君子”，不过如此。", "zh"),
        ("It isn't the dogs' fault, nor the cats'.", "en"),
        ("No quotes at all.", "en"),
        ("", "en"),
    ],
)
def test_words_in_quotation_marks_are_no_speech(text: str, language: str) -> None:
    assert heard(text, language) == []


def test_a_quote_that_goes_on_in_the_next_paragraph() -> None:
    assert [words for _, words in heard("“It was long ago,” said Ann. “We had a boat\n“and a dog.”", "en")][-2:] == [
        "“We had a boat",
        "“and a dog.”",
    ]


def test_names_are_known_in_every_chapter() -> None:
    known = names(["“Go,” said Martha."], "en")
    (row,) = spoken(["“Look!” she cried. Martha ran."], "en", known)
    assert row[0].speaker == "Martha"


def test_confidence_falls_where_it_is_a_guess() -> None:
    rows = spoken(
        ["“Go,” said Ann.", "“Why?” asked Ben.", "“Because.”", "It rained.", "It rained.", "It rained.", "“Who?”"], "en"
    )
    sure = [said.confidence for row in rows for said in row if said.quoted]
    assert sure[0] > 0.9
    assert 0.3 < sure[2] < 0.5
    assert sure[3] == 0.0


def test_hints_of_gender_and_age() -> None:
    rows = spoken(["“Go,” said Mrs. Hill.", "“No,” said the old man.", "“Oh,” said Ann. She smiled at herself."], "en")
    assert {one.name: (one.gender, one.age) for one in figures(rows)} == {
        "Mrs. Hill": ("female", ""),
        "old man": ("male", "old"),
        "Ann": ("female", ""),
    }


@pytest.mark.parametrize(
    ("book", "expected"),
    [
        ("lamp.zh.txt", {"老周头", "小满"}),
        ("clockmaker.en.txt", {"Peter", "Mr. Hale", "lady"}),
        ("alice.txt", {"Alice", "Mouse", "Dodo", "Lory", "Duck"}),
        ("ah-q.txt", {"阿Q", "赵太爷", "尼姑"}),
    ],
)
def test_the_cast_of_whole_stories(book: str, expected: set[str]) -> None:
    document = read_document(EXAMPLES / book)
    rows = spoken([passage.text for passage in document.selected().passages()], document.language)
    found = figures(rows)
    assert expected <= {figure.name for figure in found}
    named = [said for row in rows for said in row if said.quoted and said.speaker]
    quotes = [said for row in rows for said in row if said.quoted]
    assert len(named) >= 0.75 * len(quotes)
    main = sum(figure.quotes for figure in found if figure.name in expected)
    assert main >= 0.85 * len(named), "few others are made up"


@pytest.mark.parametrize(
    ("said", "told", "expected"),
    [
        ("“滚！”", "他怒吼道", "angry"),
        ("“对不起，我再也不会回来了。”", "", "sad"),
        ("“哈哈哈，太好了！”", "", "happy"),
        ("“嘘。”", "她低声说", "whisper"),
        ("“What?!”", "", "surprised"),
        ("“How dare you! Get out!”", "", "angry"),
        ("“The train leaves at nine.”", "he said", ""),
        ("“明天见。”", "他说", ""),
    ],
)
def test_moods_are_suggested_where_they_are_plain(said: str, told: str, expected: str) -> None:
    assert mood(said, told) == expected
