"""What was found in a manuscript, arranged before it becomes a script: titles, joined chapters, chapters left out."""

from pathlib import Path

import pytest

from studio.errors import BadRequest
from studio.manuscripts.document import Document, Passage, Section
from studio.production.choices import Choices, again, kept
from studio.studio import Begun, ConvertRequest, Studio

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


def test_a_book_that_is_read_straight_is_read_as_it_was_arranged(studio: Studio, tale: Path, tmp_path: Path) -> None:
    assert studio.scripts.arranged(tale, Choices(sections=frozenset(range(4)))) == {}, "nothing was changed"
    request = ConvertRequest(format="wav", choices=studio.scripts.arranged(tale, ARRANGED))
    job = studio.convert(tale, request, tmp_path / "tale.wav")
    assert [title for title, _ in job.wait().chapters] == ["The Storm", "Four"]
    again_job = studio.productions.resume(job.id)
    assert (again_job.id, again_job.wait().chapters) == (job.id, job.wait().chapters)
    usual = studio.convert(tale, ConvertRequest(format="wav"), tmp_path / "whole.wav")
    assert usual.id != job.id
    assert len(usual.wait().chapters) == 4


PLAIN = """The wind rose.

At night the boat was gone.

THE MORNING AFTER

The sun came out.

The sun came out.

They went home."""


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A book in which no chapter was found: its paragraphs are 0 to 5."""
    path = tmp_path / "plain.txt"
    path.write_text(PLAIN, encoding="utf-8")
    return path


def test_a_chapter_is_split(studio: Studio, plain: Path) -> None:
    """A paragraph that looks like a title becomes it; before others a title is read, where there is one."""
    section = studio.scripts.look(plain).sections[0]
    assert list(section.places()) == [1, 2, 3, 4, 5]
    cuts = {1: "", 2: None, 4: "Again", 5: None}
    id = studio.scripts.begin(plain, Begun(), Choices(cuts={0: cuts}, titles={0: "Before"})).id
    assert shape(studio, id) == [
        ("Before", ["The wind rose."]),
        ("", ["At night the boat was gone."]),
        ("THE MORNING AFTER", ["THE MORNING AFTER", "The sun came out."]),
        ("Again", ["Again", "The sun came out."]),
        ("", ["They went home."]),
    ]


def test_a_new_version_is_split_at_the_same_paragraphs(studio: Studio, plain: Path) -> None:
    desk = studio.scripts
    id = desk.begin(plain, Begun(), Choices(cuts={0: {2: "Morning", 4: "Again"}})).id
    plain.write_text("Once upon a time.\n\n" + PLAIN.replace("At night", "That night"), "utf-8")
    assert desk.revise(id, plain) == {"kept": 6, "added": 2, "removed": 1}
    assert shape(studio, id) == [
        ("plain", ["Once upon a time.", "The wind rose.", "That night the boat was gone."]),
        ("Morning", ["Morning", "The sun came out."]),
        ("Again", ["Again", "The sun came out.", "They went home."]),
    ]


def test_the_last_paragraph_is_not_lost_as_a_title(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "end.txt"
    path.write_text("They went home.\n\nThe End", encoding="utf-8")
    id = studio.scripts.begin(path, Begun(), Choices(cuts={0: {1: "After"}})).id
    assert shape(studio, id)[1] == ("After", ["After", "The End"])


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        (Choices(joined=frozenset({4})), "section 4"),
        (Choices(titles={7: "x"}), "section 7"),
        (Choices(sections=frozenset({-1})), "section -1"),
        (Choices(cuts={1: {0: "x"}}), "section 1"),
        (Choices(cuts={0: {0: "x"}}), "paragraph 0"),
        (Choices(cuts={0: {6: None}}), "paragraph 6"),
    ],
)
def test_what_the_manuscript_does_not_have_is_refused(studio: Studio, plain: Path, choices: Choices, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        studio.scripts.begin(plain, Begun(), choices)
    assert not studio.scripts.find().total


def test_sections_of_one_title_are_told_apart() -> None:
    def document(count: int) -> Document:
        return Document("x", "txt", "", "", "en", tuple(Section("", (Passage(f"{n}."),)) for n in range(count)))

    chosen = Choices(sections=frozenset({0, 2}), titles={2: "Last"}, dialogue=False)
    found = again(kept(chosen, document(3)), document(4))
    assert (found.sections, found.titles, found.dialogue) == (frozenset({0, 2, 3}), {2: "Last"}, False)


ANYTHING = {"titles": 3, "sections": "all", "parts": None, "joined": 3, "cuts": [3, {"opening": [], "title": {}}]}


@pytest.mark.parametrize("plain", [None, {}, [], ANYTHING, {"cuts": [{"section": "A"}]}])
def test_what_a_pack_says_of_it_may_be_anything(plain: object) -> None:
    document = Document("x", "txt", "", "", "en", (Section("A", (Passage("Words."),)),))
    found = again(plain, document)
    assert (found.sections, found.joined) == (None, frozenset())
    assert not any(found.cuts.values())
