"""Texts with counts in them, and what an error says of the names there are."""

import pytest

from studio.errors import NotFound
from studio.words import Words, counted, fill


@pytest.mark.parametrize(("n", "told"), [(0, "0 lines"), (1, "1 line"), (2, "2 lines"), ("1,204", "1,204 lines")])
def test_a_text_has_the_number_that_stands_in_it(n: object, told: str) -> None:
    assert fill("Render {n} {n:line|lines}", n=n) == f"Render {told}"
    assert fill("{name}: {n:it is|they are} here", name="A", n=n) == ("A: it is here" if n == 1 else "A: they are here")


def test_a_value_that_is_missing_is_a_fault_of_the_program() -> None:
    with pytest.raises(KeyError):
        fill("{n} of {all}", n=1)


def test_counts_in_messages() -> None:
    assert [counted(n, "voice") for n in (0, 1, 2, 1200)] == ["0 voices", "1 voice", "2 voices", "1,200 voices"]
    assert [counted(n, "try", "tries") for n in (1, 2)] == ["1 try", "2 tries"]


@pytest.mark.parametrize(
    ("known", "en", "zh"),
    [
        ((), "no such voice", "没有这个音色"),
        (("", " "), "no such voice", "没有这个音色"),
        (("Annie", "", "Denis"), "no such voice; there is: Annie, Denis", "没有这个音色；现有：Annie、Denis"),
        (("Wim",), "no such voice; did you mean “Wim”?", "没有这个音色；是不是“Wim”？"),
    ],
)
def test_what_there_is_is_told_only_where_there_is_something(known: tuple[str, ...], en: str, zh: str) -> None:
    error = NotFound.among(Words("voice", "音色"), "Win", known)
    assert error.text("en") == f"voice “Win”: {en}"
    assert error.text("zh") == f"音色“Win”：{zh}"
