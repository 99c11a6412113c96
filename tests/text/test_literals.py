"""Values as people write them."""

import pytest

from studio.text.literals import literal


@pytest.mark.parametrize(
    ("text", "value"),
    [("on", True), ("No", False), ("3", 3), ("-2", -2), ("1.5", 1.5), ("1e2", 100.0), ("fast", "fast"), ("", "")],
)
def test_a_value_is_a_switch_a_number_or_a_word(text: str, value: object) -> None:
    found = literal(text)
    assert found == value
    assert type(found) is type(value)
