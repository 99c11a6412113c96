"""Styles as files: shipped ones fit their engines, the user's go out and come back, wrong ones leave nothing."""

from pathlib import Path

import pytest

from studio.errors import BadControl, BadFile, BadRequest, NotFound, StudioError
from studio.production.styles import SHIPPED, sheet_of, sheets
from studio.studio import Studio

GOOD = b"""name = "Reader"
label = { en = "Reader", zh = "\xe6\x9c\x97\xe8\xaf\xbb\xe8\x80\x85" }
about = { en = "For me.", zh = "\xe8\x87\xaa\xe7\x94\xa8" }

[controls.espeak]
speed = 0.8

[controls.chattts]
speed = 3
refine = true
"""


def test_every_shipped_style_fits_its_engines(studio: Studio) -> None:
    found = list(sheets())
    assert len(found) >= 17
    for sheet in found:
        for engine, controls in sheet.controls.items():
            spec = studio.engine(engine)
            assert {name: spec.control(name).check(value) for name, value in controls.items()} == controls


@pytest.mark.parametrize("engine", ["espeak", "chattts", "cosyvoice1", "cosyvoice2", "cosyvoice3"])
def test_every_engine_has_the_usual_styles(studio: Studio, engine: str) -> None:
    names = {style.name for style in studio.styles.list(engine)}
    assert {"chat", "story", "news", "calm", "excited", "fast", "slow"} <= names


def test_whisper_is_where_an_engine_can(studio: Studio) -> None:
    can = {style.engine for style in studio.styles.list() if style.name == "whisper"}
    assert can == {"espeak", "cosyvoice2", "cosyvoice3", "cosyvoice1-instruct"}


def test_a_style_comes_back_as_it_went_out(studio: Studio) -> None:
    made = studio.stylebook.read(GOOD, "reader.toml")
    assert [(one.engine, one.controls) for one in made] == [
        ("espeak", {"speed": 0.8}), ("chattts", {"speed": 3, "refine": True}),
    ]  # fmt: skip
    assert made[0].label("zh") == "朗读者"
    out = studio.stylebook.write("朗读者")
    assert sheet_of(out, "out") == sheet_of(GOOD, "in")
    studio.stylebook.read(out, "again.toml", replace_own=True)
    assert studio.stylebook.write(made[0].id).count(b"[controls.") == 1


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_files_are_written_as_they_were_read(path: Path, studio: Studio) -> None:
    assert sheet_of(studio.stylebook.write(path.stem), "out") == sheet_of(path.read_bytes(), "in")


def test_texts_of_every_kind_survive(studio: Studio) -> None:
    odd = 'a "quoted" \\ back\tslash 中文 \u2028 end'
    studio.keep_style(odd, "cosyvoice3", {"instruction": odd, "whole": True, "speed": 1.5}, description=odd)
    (again,) = studio.stylebook.read(studio.stylebook.write(odd), "odd.toml", replace_own=True)
    assert (again.name, again.controls["instruction"], again.controls["whole"]) == (odd, odd, True)


def swapped(old: str, new: str) -> bytes:
    return GOOD.decode().replace(old, new).encode()


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (swapped("speed = 0.8", "speed = 9.0"), BadControl, r"x.toml \[controls.espeak\]: speed 9.0: takes 0.5 to 2.5"),
        (swapped("speed = 0.8", "warmth = 1"), BadControl, "no such control; it has speed"),
        (swapped("speed = 0.8", 'speed = "quick"'), BadControl, "speed quick: takes"),
        (swapped("speed = 0.8", "speed = true"), BadControl, "speed True: takes"),
        (swapped("speed = 0.8", "speed = nan"), BadControl, "speed nan: takes"),
        (swapped("speed = 0.8", "speed = [1, 2]"), BadControl, "takes 0.5 to 2.5"),
        (swapped("speed = 0.8", "speed = 1979-05-27"), BadControl, "takes 0.5 to 2.5"),
        (swapped("refine = true", "refine = 1"), BadControl, "on or off"),
        (swapped("[controls.espeak]", "[controls.nobody]"), BadControl, "nobody"),
        (swapped('name = "Reader"', "name = 3"), BadFile, "name has to be a text"),
        (swapped('name = "Reader"', ""), BadFile, "missing: name"),
        (swapped('name = "Reader"', 'name = "Reader"\nextra = 1'), BadFile, "unknown: extra"),
        (swapped('en = "For me."', 'fr = "moi"'), BadFile, "about has to be"),
        (swapped('name = "Reader"', 'name = " "'), BadRequest, "name of 0 characters"),
        (swapped('name = "Reader"', 'name = "calm"'), BadRequest, "came with the studio"),
        (b"controls = 1", BadFile, "not a style"),
        (b"\xff\xfe", BadFile, "not a style"),
        (b"a = " + b"[" * 20_000, BadFile, "not a style"),
        (b"#" * 70_000, BadFile, "at most 64 KiB"),
        (b"", BadFile, "missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_file_is_refused_and_nothing_of_it_kept(
    studio: Studio, data: bytes, error: type[StudioError], words: str
) -> None:
    before = studio.styles.list()
    with pytest.raises(error, match=words) as caught:
        studio.stylebook.read(data, "x.toml")
    assert caught.value.text("zh")
    assert studio.styles.list() == before


def test_one_that_is_there_is_not_replaced_unasked(studio: Studio) -> None:
    studio.keep_style("Reader", "chattts", {"speed": 1})
    with pytest.raises(BadRequest, match="taken"):
        studio.stylebook.read(GOOD, "reader.toml")
    assert [one.engine for one in studio.styles.list() if one.name == "Reader"] == ["chattts"]
    studio.stylebook.read(GOOD, "reader.toml", "Another")
    studio.stylebook.read(GOOD, "reader.toml", replace_own=True)
    assert studio.styles.get("Reader", "chattts").controls == {"speed": 3, "refine": True}


def test_a_style_is_edited_whole_or_not_at_all(studio: Studio) -> None:
    studio.keep_style("Mine", "espeak", {"speed": 0.8, "pitch": -2})
    studio.keep_style("Taken", "espeak", {})
    after = studio.stylebook.edit("Mine", "espeak", {"volume": -3}, ["pitch"], description="quiet")
    assert (after.controls, after.description) == ({"speed": 0.8, "volume": -3.0}, "quiet")
    for call, words in (
        (lambda: studio.stylebook.edit("Mine", "espeak", {"speed": 99}), "speed 99"),
        (lambda: studio.stylebook.edit("Mine", "espeak", {"nope": 1}), "no such control"),
        (lambda: studio.stylebook.edit("Mine", "espeak", {"speed": 1}, ["pitch"]), "does not set pitch"),
        (lambda: studio.stylebook.edit("Mine", "espeak", {"speed": 1}, name="Taken"), "taken"),
        (lambda: studio.stylebook.edit("calm", "espeak", {"speed": 1}), "cannot be changed"),
        (lambda: studio.stylebook.edit("Nobody", "espeak"), "Nobody"),
    ):
        with pytest.raises(BadRequest, match=words):
            call()
    assert studio.styles.get("Mine", "espeak") == after


def test_styles_are_compared_control_by_control(studio: Studio) -> None:
    rows = {row.name: row for row in studio.stylebook.compare("espeak", ["calm", "slow", "neutral"])}
    assert list(rows) == ["speed", "pitch", "intonation", "volume", "word_gap", "brightness"]
    assert rows["speed"].values == (0.85, 0.75, 1.0)
    assert rows["word_gap"].values == (None, 60.0, None)
    assert all(row.differs for row in rows.values())
    same = studio.stylebook.compare("espeak", ["neutral", "neutral"])
    assert [(row.name, row.differs) for row in same] == [("speed", False)]
    with pytest.raises(NotFound):
        studio.stylebook.compare("espeak", ["calm", "no such style"])


def test_a_file_that_is_not_there(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        studio.stylebook.read_file(tmp_path / "none.toml")
    with pytest.raises(StudioError):
        studio.stylebook.write_file("calm", tmp_path / "no" / "folder.toml")
