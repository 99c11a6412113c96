"""Readings of `[say]`."""

import pytest

from studio.engines.espeak.readings import ipa, pinyin
from studio.errors import BadText


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        ("chong2 qing4", "chong2 qing4"),
        ("chong2qing4", "chong2 qing4"),
        ("Chong2 Qing4", "chong2 qing4"),
        ("chóng qìng", "chong2 qing4"),
        ("lǜ", "lv4"),
        ("nü3", "nv3"),
        ("nu:3", "nv3"),
        ("nv3", "nv3"),
        ("lüe4", "lve4"),
        ("zhuang4", "zhuang4"),
        ("er2", "er2"),
        ("a5", "a5"),
        ("xiong1", "xiong1"),
        ("chong qing", None),  # without tones it may be any word
        ("jif", None),
        ("red2", None),
        ("chong2 foo", None),
        ("ma6", None),
        ("2", None),
        ("", None),
        ("重庆", None),
    ],
)
def test_pinyin(reading: str, expected: str | None) -> None:
    assert pinyin(reading) == expected


@pytest.mark.parametrize(
    ("reading", "expected"),
    [
        ("/ɹɛd/", "rEd"),
        ("/tʃiːz/", "tSi:z"),
        ("/ˈwɔːtə/", "'wO:t@"),
        ("/eɪ/", "eI"),
        ("red", None),
        ("//", None),
        ("/", None),
    ],
)
def test_ipa(reading: str, expected: str | None) -> None:
    assert ipa(reading) == expected


def test_a_sound_that_english_lacks_is_named() -> None:
    with pytest.raises(BadText, match="no English sound “ɥ”") as refused:
        ipa("/ɥi/")
    assert "没有“ɥ”这个音" in refused.value.text("zh")
