"""What was found in a manuscript, arranged before it becomes a script: titles, joined chapters, chapters left out."""

from pathlib import Path

import pytest

from studio.manuscripts.document import Document, Passage, Section
from studio.production.choices import Choices, again, kept
from studio.studio import Begun, Studio

TALE = """# One

The wind rose.

# Two

The boat was gone.

# Three

The sun came out.

# Four

They went home.
"""


@pytest.fixture
def tale(tmp_path: Path) -> Path:
    path = tmp_path / "tale.md"
    path.write_text(TALE, encoding="utf-8")
    return path


ARRANGED = Choices(sections=frozenset({0, 1, 3}), titles={0: "The Storm"}, joined=frozenset({1}))


def shape(studio: Studio, id: str) -> list[tuple[str, list[str]]]:
    lines = list(studio.scripts.all_lines(id))
    return [
        (chapter.title, [line.text for line in lines if line.chapter == chapter.id])
        for chapter in studio.scripts.chapters(id)
    ]


def test_chapters_are_renamed_joined_and_left_out(studio: Studio, tale: Path) -> None:
    id = studio.scripts.begin(tale, Begun(), ARRANGED).id
    assert shape(studio, id) == [
        ("The Storm", ["The Storm", "The wind rose.", "Two", "The boat was gone."]),
        ("Four", ["Four", "They went home."]),
    ]


def test_the_arrangement_is_kept_by_a_new_version(studio: Studio, tale: Path) -> None:
    """Sections are known again by their titles, wherever they stand in the new version; so are titles changed later."""
    desk = studio.scripts
    id = desk.begin(tale, Begun(), ARRANGED).id
    desk.edit(id, "change_chapter", id=desk.chapters(id)[1].id, title="Home at last")
    before = {line.text: line.id for line in desk.all_lines(id)}
    tale.write_text("# Before\n\nOnce upon a time.\n\n" + TALE.replace("The boat was", "Every boat was"), "utf-8")
    assert desk.revise(id, tale) == {"kept": 5, "added": 3, "removed": 1}
    assert shape(studio, id) == [
        ("Before", ["Before", "Once upon a time."]),
        ("The Storm", ["The Storm", "The wind rose.", "Two", "Every boat was gone."]),
        ("Home at last", ["Four", "They went home."]),
    ]
    assert all(before[line.text] == line.id for line in desk.all_lines(id) if line.text in before)
    tale.write_text(TALE, "utf-8")
    desk.revise(id, tale)
    assert [title for title, _ in shape(studio, id)] == ["The Storm", "Home at last"], "and by the one after it"


def test_sections_of_one_title_are_told_apart() -> None:
    def document(count: int) -> Document:
        return Document("x", "txt", "", "", "en", tuple(Section("", (Passage(f"{n}."),)) for n in range(count)))

    chosen = Choices(sections=frozenset({0, 2}), titles={2: "Last"}, dialogue=False)
    found = again(kept(chosen, document(3)), document(4))
    assert (found.sections, found.titles, found.dialogue) == (frozenset({0, 2, 3}), {2: "Last"}, False)


@pytest.mark.parametrize("plain", [None, {}, [], {"titles": 3, "sections": "all", "parts": None, "joined": 3}])
def test_what_a_pack_says_of_it_may_be_anything(plain: object) -> None:
    document = Document("x", "txt", "", "", "en", (Section("A", (Passage("Words."),)),))
    assert again(plain, document).sections is None
