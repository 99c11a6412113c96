"""Manuscripts that come in: what becomes of them, what is refused, what a new version leaves alone."""

from pathlib import Path

import pytest

from studio.errors import BadFile, NotFound
from studio.library.script import NewLine
from studio.manuscripts.document import USUAL
from studio.production.desk import Desk
from studio.studio import Begun, Choices, Studio
from tests.production.tale import TALE, line, rendered


def test_a_manuscript_becomes_a_script_with_a_cast(desk: Desk, id: str) -> None:
    production = desk.get(id)
    assert (production.title, production.kind, production.language) == ("The Lighthouse", "script", "en")
    assert [(one.title, one.lines) for one in desk.chapters(id)] == [
        ("Chapter 1. The Storm", 8),
        ("Chapter 2. The Morning", 5),
    ]
    rows = [(one.speaker, one.text, one.kind) for one in desk.all_lines(id)]
    assert rows[:2] == [("", "The Lighthouse", "heading"), ("", "Chapter 1. The Storm", "heading")]
    assert ("Martha", "“Who is there?”", "text") in rows
    assert ("Old Tom", "“The boat is gone.”", "text") in rows
    assert [(part.member.speaker, part.lines) for part in desk.parts(id)] == [("", 8), ("Martha", 3), ("Old Tom", 2)]
    voices = {part.member.speaker: part.member for part in desk.parts(id)}
    assert voices[""].voice == "m3"
    assert voices["Martha"].gender == "female"
    assert len({member.voice for member in voices.values()}) == 3
    assert desk.missing(id) == {}


def test_scripted_manuscripts_keep_their_speakers(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "show.txt"
    path.write_text(
        "Ann::Welcome to the show.\nBen (happy)::Thank you!\nAnn::Let us begin.\nBen::Yes.\n", encoding="utf-8"
    )
    id = desk.begin(path, Begun(kind="podcast")).id
    assert [(one.speaker, one.text, one.emotion) for one in desk.all_lines(id)] == [
        ("Ann", "Welcome to the show.", ""),
        ("Ben", "Thank you!", "happy"),
        ("Ann", "Let us begin.", ""),
        ("Ben", "Yes.", ""),
    ]
    assert desk.settings(id)["sound"]["polish"] == "podcast"


def test_nothing_to_read_is_refused_and_leaves_nothing(desk: Desk, tale: Path) -> None:
    with pytest.raises(BadFile, match="nothing in what was chosen"):
        desk.begin(tale, choices=Choices(sections=frozenset()))
    with pytest.raises(NotFound):
        desk.begin(tale, Begun(kind="opera"))
    with pytest.raises(NotFound):
        desk.begin(tale, Begun(engine="nobody"))
    assert desk.find().total == 0


def test_without_dialogue_the_narrator_says_it_all(desk: Desk, tale: Path) -> None:
    id = desk.begin(tale, choices=Choices(USUAL - {"heading"}, dialogue=False)).id
    assert [part.member.speaker for part in desk.parts(id)] == [""]
    assert {one.kind for one in desk.all_lines(id)} == {"text"}


def test_voices_are_suggested_by_gender_and_age_from_the_library_first(
    studio: Studio, desk: Desk, tmp_path: Path
) -> None:
    grandma = studio.keeping.blend(
        "espeak", {"f2": 1, "f4": 1}, "Granny", gender="female", age="old", languages=("en",)
    )
    girl = studio.keeping.blend("espeak", {"f1": 1, "f5": 1}, "Kid", gender="female", age="a child", languages=("en",))
    path = tmp_path / "tale.txt"
    path.write_text("“Sit,” said the old woman.\n\n“No,” said the little girl.\n\n“Oh,” said the old man.\n", "utf-8")
    id = desk.begin(path, Begun(voice="m3")).id
    cast = {part.member.speaker: part.member.voice for part in desk.parts(id)}
    assert cast["old woman"] == grandma.id
    assert cast["little girl"] == girl.id
    assert cast["old man"] not in ("m3", "", grandma.id, girl.id)


def test_a_new_version_of_the_manuscript_keeps_what_is_unchanged(desk: Desk, id: str, tale: Path) -> None:
    desk.change(id, [line(desk, id, "Who is there")], speaker="Somebody")  # corrected by hand
    rendered(desk, id)
    mine = desk.edit(id, "insert", line=NewLine("A line of my own."), after=line(desk, id, "Nobody slept"))
    takes = {one.text: one.take for one in desk.all_lines(id)}
    new = TALE.replace("The sea was calm again.", "The sea was still and grey.").replace(
        "Nobody slept that night.", "Nobody slept that night. The roof sang."
    )
    tale.write_text(new, encoding="utf-8")
    counts = desk.revise(id, tale)
    assert desk.line(id, line(desk, id, "Who is there")).speaker == "Somebody"
    assert desk.line(id, mine).text == "A line of my own."
    fresh = [one.text for one in desk.all_lines(id) if not one.take and one.id != mine]
    assert fresh == [
        "The wind rose. Nobody slept that night. The roof sang.",
        "The sea was still and grey. Martha opened the window.",
    ]
    assert counts == {"kept": 12, "added": 2, "removed": 2}
    texts = [one.text for one in desk.all_lines(id)]
    assert texts.index("A line of my own.") == 2, "behind the last line before it that is still there"
    desk.edit(id, "undo")
    assert {one.text: one.take for one in desk.all_lines(id)} == takes
