"""Which format a name asks for, and what each format takes."""

import pytest

from studio.audio.formats import FORMATS, format_for, format_named
from studio.errors import BadFile


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.wav", "wav"),
        ("/x/书.M4B", "m4b"),
        ("a.b.mp3", "mp3"),
        ("v.mp4", "m4a"),
        ("x.ogg", "opus"),
        ("x.opus", "opus"),
        ("flac", "flac"),
        (".mp3", "mp3"),
    ],
)
def test_the_ending_names_the_format(name: str, expected: str) -> None:
    assert format_for(name).id == expected


@pytest.mark.parametrize("name", ["book", "a.txt", "", "mp3.", "m4b/"])
def test_an_unknown_ending_is_refused_with_all_endings(name: str) -> None:
    with pytest.raises(BadFile) as caught:
        format_for(name)
    for format in FORMATS:
        assert format.extension in caught.value.words.en
        assert format.extension in caught.value.words.zh


def test_every_format_is_found_by_its_id_and_by_each_of_its_endings() -> None:
    for format in FORMATS:
        assert format_named(format.id) is format
        assert {format_for(f"x{extension}") for extension in format.extensions} == {format}
        assert format.lossy == bool(format.bitrates)
        assert format.bitrate is None or format.bitrate in format.bitrates


@pytest.mark.parametrize(
    ("format", "rate", "bitrate", "expected"),
    [
        ("wav", 22_050, None, 22_050),
        ("mp3", 24_000, 128_000, 24_000),
        ("mp3", 24_000, 320_000, 32_000),
        ("mp3", 8_000, 128_000, 16_000),
        ("mp3", 96_000, 128_000, 48_000),
        ("opus", 22_050, 48_000, 48_000),
        ("m4b", 22_050, 64_000, 22_050),
        ("m4a", 16_000, 128_000, 22_050),
        ("m4a", 17_000, 32_000, 22_050),
    ],
)
def test_a_coder_gets_a_rate_that_it_has_and_that_carries_the_bits(
    format: str, rate: int, bitrate: int | None, expected: int
) -> None:
    assert format_named(format).rate_for(rate, bitrate) == expected


def test_a_bit_rate_that_is_not_offered_is_refused_with_those_that_are() -> None:
    with pytest.raises(BadFile, match=r"bit rate 0.099 kbit/s: MP3 takes 48, .*320") as caught:
        format_named("mp3").settle(99)
    assert "可选 48、" in caught.value.words.zh
    with pytest.raises(BadFile, match="FLAC is exact and has none"):
        format_named("flac").settle(64_000)
