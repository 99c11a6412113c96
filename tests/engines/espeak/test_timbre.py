"""Voices as vectors."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from studio.engines.espeak.process import find
from studio.engines.espeak.timbre import (
    DEFAULT,
    HIGH,
    LOW,
    PLAIN,
    SIZE,
    Shaping,
    Timbre,
    lines,
    read_variant,
    shaped,
)
from studio.engines.espeak.voices import builtin_voices, drawn, timbre_of
from studio.errors import BadRequest

SHARES = arrays(np.float64, SIZE, elements=st.floats(0, 1))
INSTALLED = find()
assert INSTALLED is not None
DATA = INSTALLED.data


def of(shares: np.ndarray) -> Timbre:
    return Timbre(LOW + shares * (HIGH - LOW))


def test_plain_voice_is_zeros() -> None:
    assert PLAIN.embedding() == b"\0" * 4 * SIZE
    assert np.array_equal(Timbre.from_embedding(b"\0" * 4 * SIZE).values, DEFAULT)


@given(SHARES)
def test_embedding_survives_the_round_trip(shares: np.ndarray) -> None:
    once = of(shares).embedding()
    assert Timbre.from_embedding(once).embedding() == once
    assert np.allclose(Timbre.from_embedding(once).values, of(shares).values, atol=1e-3)


@given(SHARES, SHARES, st.floats(0, 1))
def test_between_two_voices_lies_a_voice(one: np.ndarray, two: np.ndarray, share: float) -> None:
    vectors = [np.frombuffer(of(shares).embedding(), "<f4") for shares in (one, two)]
    mixed = (share * vectors[0] + (1 - share) * vectors[1]).astype("<f4")
    Timbre.from_embedding(mixed.tobytes())


@given(
    SHARES,
    st.floats(-12, 12),
    st.floats(0, 2),
    st.floats(0.75, 1.35),
    st.floats(0, 100),
    st.floats(-10, 10),
    st.integers(0, 5),
)
def test_shaped_voices_stay_within_what_the_library_takes(
    shares: np.ndarray, pitch: float, span: float, size: float, breath: float, bright: float, rough: int
) -> None:
    voice = shaped(of(shares), Shaping(pitch, span, size, breath, bright, rough))
    assert np.all((voice.values >= LOW) & (voice.values <= HIGH))
    rows = dict(row.split(" ", 1) for row in lines(voice).splitlines() if not row.startswith("formant"))
    low, _ = map(int, rows["pitch"].split())
    assert 30 <= low <= 500
    assert 0 <= int(rows["roughness"]) <= 7
    assert all(0 <= int(number) <= 255 for number in rows["tone"].split()[1::2])


def test_no_shaping_changes_nothing() -> None:
    voice = timbre_of("f3", DATA)
    assert lines(shaped(voice, Shaping())) == lines(voice)


def test_value_outside_is_named() -> None:
    values = np.zeros(SIZE, "<f4")
    values[0] = 9
    with pytest.raises(BadRequest, match=r"value 0 \(pitch\) is 9: takes -2.9 to 5.2") as refused:
        Timbre.from_embedding(values.tobytes())
    assert "第 0 个值（pitch）" in refused.value.text("zh")


def test_nan_is_refused_in_both_languages() -> None:
    with pytest.raises(BadRequest, match="NaN or infinity") as refused:
        Timbre.from_embedding(np.full(SIZE, np.nan, "<f4").tobytes())
    assert "NaN 或无穷大" in refused.value.text("zh")


def variant_numbers(text: str) -> dict[str, list[int]]:
    """The lines of a voice file, the second half of the key a formant's number."""
    found: dict[str, list[int]] = {}
    for row in text.splitlines():
        words = row.split()
        if len(words) > 1 and words[1].lstrip("-").isdigit():
            formant = words[0] == "formant"
            found["".join(words[: 1 + formant])] = [int(word) for word in words[1 + formant :]]
    return found


VARIANTS = [voice.name for voice in builtin_voices() if (DATA / "voices" / "!v" / voice.name).is_file()]


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_written_as_it_was_read(name: str) -> None:
    """What a variant of the library says about timbre is what we tell the library, number by number."""
    source = (DATA / "voices" / "!v" / name).read_text(encoding="utf-8", errors="replace")
    given = variant_numbers(source)
    ours = variant_numbers(lines(read_variant(DATA / "voices" / "!v" / name)))
    for key in ("pitch", "flutter", "roughness", "voicing", "consonants", *(f"formant{peak}" for peak in range(9))):
        for place, (mine, theirs) in enumerate(zip(ours[key], given.get(key, []), strict=False)):
            limit = {"roughness": 7}.get(key, 400 if place == 3 else 10_000)  # `sandro` shifts a formant by 2 kHz
            assert abs(mine - min(theirs, limit)) <= 1, (key, ours[key], given[key])


def test_tone_is_read_as_straight_lines(tmp_path: Path) -> None:
    (tmp_path / "v").write_text("language variant\ntone 600 170 1200 100 2000 40\n")
    assert read_variant(tmp_path / "v").of("tone").tolist() == [170, 170, 100, 40, 40]
    (tmp_path / "v").write_text("tone 600 160 1200 90 3500 90 150 35\r\n")  # the library, too, ends at a falling one
    assert read_variant(tmp_path / "v").of("tone").tolist() == [160, 160, 90, 90, 90]


def test_seed_draws_within_what_a_voice_can_be() -> None:
    for seed in range(200):
        voice = drawn(seed, DATA)
        assert np.all((voice.values >= LOW) & (voice.values <= HIGH))
        assert 55 < 82 * 2 ** voice.of("pitch")[0] < 330
        assert 0.9 <= voice.of("pace")[0] <= 1.1
