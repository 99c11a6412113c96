"""English numbers in words: real-life forms, each as a person would say it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.text.normalise import normalise
from studio.text.numbers_en import cardinal, ordinal, read_numbers

ENGLISH = (
    ("12.5%", "twelve point five percent"),
    ("in 1984", "in nineteen eighty four"),
    ("In 2024", "In twenty twenty four"),
    ("call 555-1234", "call five five five, one two three four"),
    ("(212) 555-0199", "two one two, five five five, zero one nine nine"),
    ("+1 212 555 0199", "plus one, two one two, five five five, zero one nine nine"),
    ("$3.50", "three dollars and fifty cents"),
    ("$1,234.56", "one thousand two hundred thirty four dollars and fifty six cents"),
    ("$5 million", "five million dollars"),
    ("£20", "twenty pounds"),
    ("€9.99", "nine euros and ninety nine cents"),
    ("¥500", "five hundred yen"),
    ("at 3:45pm", "at three forty five PM"),
    ("at 3:45 PM", "at three forty five PM"),
    ("15:30", "fifteen thirty"),
    ("3-5 days", "three to five days"),
    ("10–12", "ten to twelve"),
    ("1/2 cup", "one half cup"),
    ("3/4", "three quarters"),
    ("2 1/2 cups", "two and a half cups"),
    ("60 km/h", "sixty kilometers per hour"),
    ("5kg", "five kilograms"),
    ("72°F", "seventy two degrees Fahrenheit"),
    ("20°C", "twenty degrees Celsius"),
    ("-5 degrees", "minus five degrees"),
    ("-5°C", "minus five degrees Celsius"),
    ("1st", "first"),
    ("2nd", "second"),
    ("3rd", "third"),
    ("21st", "twenty first"),
    ("101st", "one hundred first"),
    ("1,000", "one thousand"),
    ("1,000,000", "one million"),
    ("3.14", "three point one four"),
    ("0.5", "zero point five"),
    ("007", "zero zero seven"),
    ("No. 5", "Number five"),
    ("pp. 10-20", "pages ten to twenty"),
    ("March 5, 2024", "March fifth, twenty twenty four"),
    ("5 March 2024", "the fifth of March, twenty twenty four"),
    ("2024-03-05", "March fifth, twenty twenty four"),
    ("03/05/2024", "March fifth, twenty twenty four"),
    ("the 1990s", "the nineteen nineties"),
    ("the '90s", "the nineties"),
    ("90s", "nineties"),
    ("I have 2 cats.", "I have two cats."),
    ("10:00", "ten o'clock"),
    ("1:05", "one oh five"),
    ("12 a.m.", "twelve AM."),
    ("Flight BA2490", "Flight BA two four nine zero"),
    ("iPhone 15", "iPhone fifteen"),
    ("H2O", "H two O"),
    ("6ft", "six feet"),
    ("100m", "one hundred meters"),
    ("5 GHz", "five gigahertz"),
    ("16GB", "sixteen gigabytes"),
    ("A4 paper", "A four paper"),
    ("24/7", "twenty four seven"),
    ("50/50", "fifty fifty"),
    ("#1", "number one"),
    ("R&D", "R and D"),
    ("AT&T", "AT and T"),
    ("2+2=4", "two plus two equals four"),
    ("3x4", "three by four"),
    ("10^6", "ten to the power of six"),
    ("Version 3.11.7", "Version three point eleven point seven"),
    ("192.168.0.1", "one nine two dot one six eight dot zero dot one"),
    ("ISBN 978-0-13-468599-1", "ISBN nine seven eight zero one three four six eight five nine nine one"),
    ("Room 101", "Room one hundred one"),
    ("Chapter 12", "Chapter twelve"),
    ("page 255", "page two hundred fifty five"),
    ("1984's best", "nineteen eighty four's best"),
    ("§5", "section five"),
    ("5 & 6", "five and six"),
    ("20%", "twenty percent"),
    ("100 percent", "one hundred percent"),
    ("5 lbs.", "five pounds."),
    ("10 oz", "ten ounces"),
    ("1.5L", "one point five liters"),
    ("500ml", "five hundred milliliters"),
    ("3:1", "three to one"),
    ("in 1066", "in ten sixty six"),
    ("in 2005", "in two thousand five"),
    ("2010", "twenty ten"),
    ("1900", "nineteen hundred"),
    ("year 2000", "year two thousand"),
    ("Jan. 5", "January fifth"),
    ("Sat., Feb. 3", "Sat., February third"),
    ("10 a.m.", "ten AM."),
    ("It's 5.", "It's five."),
    ("zip 90210", "zip nine zero two one zero"),
)


@pytest.mark.parametrize(("written", "said"), ENGLISH)
def test_a_number_is_read_as_one_says_it(written: str, said: str) -> None:
    assert normalise(written, language="en")[0] == said


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("We met at 5 p.m. Then we left.", "We met at five PM. Then we left."),
        (
            "On March 5, 2024 I paid $3.50 for 2 kg.",
            "On March fifth, twenty twenty four I paid three dollars and fifty cents for two kilograms.",
        ),
        ("Chapter IV: King Henry VIII", "Chapter four: King Henry the eighth"),
        ("World War II ended in 1945.", "World War two ended in nineteen forty five."),
        ("Did I? I did.", "Did I? I did."),
        ("Call 555-1234 or visit Room 12.", "Call five five five, one two three four or visit Room twelve."),
        ("It rose 5–10% in the 1990s.", "It rose five to ten percent in the nineteen nineties."),
        ("before 31/12, on 5/6", "before December thirty first, on May sixth"),
        ("Open 24/7, 9am-5pm", "Open twenty four seven, nine AM to five PM"),
    ],
)
def test_sentences_are_read_as_one_says_them(written: str, said: str) -> None:
    assert normalise(written, language="en")[0] == said


def test_every_number_up_to_a_million_has_words_without_digits() -> None:
    for number in [*range(2000), 9999, 10_000, 99_999, 100_000, 999_999, 1_000_000, 10**15]:
        assert cardinal(number).replace(" ", "").isalpha()


def test_ordinals_end_as_they_are_said() -> None:
    assert [ordinal(n) for n in (1, 2, 3, 5, 8, 9, 12, 20, 21, 100)] == [
        "first", "second", "third", "fifth", "eighth", "ninth", "twelfth", "twentieth", "twenty first", "one hundredth",
    ]  # fmt: skip


@given(st.text(alphabet="0123456789.,:/-–%$ €kgmprapAPM°'x+=()#", max_size=40))
def test_any_mess_of_numbers_is_read_to_the_last_digit(text: str) -> None:
    assert not any(character in "0123456789" for character in read_numbers(text))
