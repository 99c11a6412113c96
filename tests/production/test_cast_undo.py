"""Edits of the cast are taken back like any other: who speaks, how, under which name; old takes are heard again."""

from pathlib import Path

import pytest

from studio.library.script import Member
from studio.studio import Begun, Choices, Studio

TALK = "Ann::Good morning, Ben.\nBen::Good morning.\n"


@pytest.fixture
def id(studio: Studio, tmp_path: Path) -> str:
    path = tmp_path / "talk.txt"
    path.write_text(TALK, encoding="utf-8")
    id = studio.scripts.begin(path, Begun(), Choices()).id
    studio.scripts.render(id).wait()
    return id


def takes(studio: Studio, id: str) -> list[tuple[str, str, str]]:
    return [(line.speaker, line.state, line.take) for line in studio.scripts.all_lines(id)]


def cast(studio: Studio, id: str) -> dict[str, Member]:
    return {part.member.speaker: part.member for part in studio.scripts.parts(id)}


def test_a_cast_voice_is_taken_back_with_its_takes(studio: Studio, id: str) -> None:
    desk, before = studio.scripts, (takes(studio, id), cast(studio, id))
    desk.cast(id, [Member("Ann", "espeak", "m3", controls={"speed": 1.4}, gender="female", gain_db=-2.0)])
    changed = cast(studio, id)["Ann"]
    assert [state for _, state, _ in takes(studio, id)] == ["stale", "done"]
    assert "cast" in desk.edit(id, "undo").en
    assert (takes(studio, id), cast(studio, id)) == before
    desk.edit(id, "redo")
    assert cast(studio, id)["Ann"] == changed
    desk.render(id).wait()
    assert takes(studio, id)[0][1:] != before[0][0][1:]
    desk.edit(id, "undo")
    assert takes(studio, id) == before[0], "the take of then, without rendering"


def test_the_narrator_is_taken_back_for_whoever_follows_it(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "told.txt"
    path.write_text("The wind rose.\n\nThe boat was gone.\n", encoding="utf-8")
    desk = studio.scripts
    id = desk.begin(path, Begun()).id
    desk.render(id).wait()
    before = takes(studio, id)
    desk.cast(id, [Member("", "espeak", "f4")])
    assert {state for _, state, _ in takes(studio, id)} == {"stale"}
    desk.edit(id, "undo")
    assert takes(studio, id) == before


def test_what_changes_nothing_is_no_edit(studio: Studio, id: str) -> None:
    count = len(studio.scripts.edits(id))
    studio.scripts.cast(id, [cast(studio, id)["Ann"]])
    assert len(studio.scripts.edits(id)) == count


@pytest.mark.parametrize("name", ["Anna", "Ben", ""])
def test_a_rename_is_one_edit(studio: Studio, id: str, name: str) -> None:
    """To a new name, to one that is cast already, to the narrator."""
    desk, before = studio.scripts, (takes(studio, id), cast(studio, id))
    count = len(desk.edits(id))
    assert desk.rename_speaker(id, "Ann", name) == 1
    assert "Ann" not in cast(studio, id)
    assert takes(studio, id)[0][0] == name
    if name == "Anna":
        assert cast(studio, id)["Anna"].voice == before[1]["Ann"].voice
        assert takes(studio, id)[0][2] == before[0][0][2]
    else:
        assert cast(studio, id)[name] == before[1][name]
    assert len(desk.edits(id)) == count + 1
    desk.edit(id, "undo")
    assert (takes(studio, id), cast(studio, id)) == before
    desk.edit(id, "redo")
    assert takes(studio, id)[0][0] == name
    assert "Ann" not in cast(studio, id)
