"""Scripts of productions: edited with undo, planned, rendered; each line knows which take is right for it."""

import random

import pytest

from studio.errors import BadRequest, EngineFailed, NotFound
from studio.library import Library, NewProduction
from studio.library.bin import Bin
from studio.library.outcomes import KEPT, NewTake
from studio.library.script import LineChange, LineQuery, Member, NewChapter, NewLine
from tests.pace import processor_time


def begin(library: Library, *chapters: list[str]) -> str:
    """A production with chapters of lines; the speaker stands before `::`."""
    id = library.productions.add(NewProduction("书", kind="script")).id
    made = []
    for number, lines in enumerate(chapters, 1):
        told = [line.rpartition("::") for line in lines]
        made.append(NewChapter(f"{number}", tuple(NewLine(text, speaker) for speaker, _, text in told)))
    library.scripts.write(id, made)
    return id


def texts(library: Library, id: str, query: LineQuery = LineQuery()) -> list[str]:  # noqa: B008 (frozen)
    return [line.text for line in library.scripts.all_lines(id, query)]


def ids(library: Library, id: str) -> dict[str, str]:
    return {line.text: line.id for line in library.scripts.all_lines(id)}


def plan(library: Library, id: str) -> None:
    """As the production room does: the basis is what determines the sound, here the text and who speaks."""
    while lines := library.outcomes.unplanned(id):
        library.outcomes.plan(id, {line.number: f"{line.speaker}|{line.text}" for line in lines})


def render(library: Library, id: str, **wanted: str) -> list[str]:
    """Everything that asks for it; what was rendered."""
    plan(library, id)
    lines = library.outcomes.open(id, **wanted)  # type: ignore[arg-type]
    library.outcomes.take(
        id, [NewTake(one.number, f"take of {one.basis} {one.seed}", one.basis, one.seed, 1.5) for one in lines]
    )
    return [line.text for line in lines]


def test_a_script_comes_back_in_order(library: Library) -> None:
    id = begin(library, ["a", "Bob::b"], ["c"])
    assert texts(library, id) == ["a", "b", "c"]
    assert [(one.title, one.lines, one.states) for one in library.scripts.chapters(id)] == [
        ("1", 2, {"planned": 2}),
        ("2", 1, {"planned": 1}),
    ]
    page = library.scripts.lines(id, offset=1, size=1)
    assert ([line.text for line in page.items], page.total, page.offset) == (["b"], 3, 1)


def test_lines_are_found_by_what_they_are(library: Library) -> None:
    id = begin(library, ["Alpha", "Bob::beta"], ["Bob::ALPHABET"])
    assert texts(library, id, LineQuery(speaker="Bob")) == ["beta", "ALPHABET"]
    assert texts(library, id, LineQuery(speaker="")) == ["Alpha"]
    assert texts(library, id, LineQuery(text="alpha")) == ["Alpha", "ALPHABET"]
    assert texts(library, id, LineQuery(text="%")) == []
    assert texts(library, id, LineQuery(state="done")) == []
    second = library.scripts.chapters(id)[1].id
    assert texts(library, id, LineQuery(chapter=second)) == ["ALPHABET"]
    assert library.scripts.place(id, ids(library, id)["ALPHABET"]) == (second, 0)


def test_every_edit_can_be_taken_back_and_made_again(library: Library) -> None:
    """A long row of random edits; going back and forth meets every state again."""
    id = begin(library, [f"line number {n}" for n in range(8)], ["x one", "x two"])
    scripts, dice = library.scripts, random.Random(5)

    def state() -> list[tuple[str, list[tuple[str, str, str]]]]:
        return [
            (
                one.title,
                [(line.text, line.speaker, line.ends) for line in scripts.all_lines(id, LineQuery(chapter=one.id))],
            )
            for one in scripts.chapters(id)
        ]

    states = [state()]
    while len(states) < 60:
        lines = list(scripts.all_lines(id))
        chapters = scripts.chapters(id)
        one = dice.choice(lines)
        made = sum(not edit.undone for edit in scripts.edits(id))
        match dice.randrange(9):
            case 0:
                scripts.change(id, [one.id], LineChange(text=f"changed {len(states)}"))
            case 1:
                some = dice.sample(lines, min(3, len(lines)))
                scripts.change(id, [line.id for line in some], LineChange(speaker=f"S{len(states)}"))
            case 2:
                scripts.insert(id, NewLine(f"new {len(states)}"), after=one.id)
            case 3 if len(lines) > 4:
                scripts.delete(id, [one.id])
            case 4 if " " in one.text:
                scripts.split(id, one.id, one.text.index(" "))
            case 5:
                here = [line for line in lines if line.chapter == one.chapter]
                if len(here) > 2:
                    scripts.merge(id, [line.id for line in here[:2]])
            case 6:
                others = [line.id for line in lines if line.id != one.id]
                scripts.move(id, [one.id], after=dice.choice(others))
            case 7:
                scripts.move(id, [one.id], chapter=dice.choice(chapters).id)
            case 8:
                scripts.replace(id, "e", "E", LineQuery(chapter=one.chapter))
        if (now := state()) != states[-1]:
            states.append(now)
        elif sum(not edit.undone for edit in scripts.edits(id)) > made:
            scripts.undo(id)  # it changed nothing that one sees
    for before in states[-2::-1]:
        while state() != before:
            assert scripts.undo(id) is not None
    assert scripts.undo(id) is None
    for after in states[1:]:
        while state() != after:
            assert scripts.redo(id) is not None
    assert scripts.redo(id) is None


def test_an_edit_after_undo_ends_the_way_forward(library: Library) -> None:
    id = begin(library, ["a", "b"])
    known = ids(library, id)
    library.scripts.delete(id, [known["a"]])
    library.scripts.undo(id)
    library.scripts.change(id, [known["b"]], LineChange(text="B"))
    assert library.scripts.redo(id) is None
    assert texts(library, id) == ["a", "B"]
    assert [edit.what.en for edit in library.scripts.edits(id)] == ["1 line changed"]


def test_lines_fit_between_lines_without_end(library: Library) -> None:
    id = begin(library, ["first", "last"])
    after = ids(library, id)["first"]
    for n in range(60):  # more than halves of the room: the chapter is numbered anew on the way
        library.scripts.insert(id, NewLine(f"{n}"), after=after)
    assert texts(library, id) == ["first", *(f"{n}" for n in reversed(range(60))), "last"]


def test_chapters_are_added_renamed_and_deleted(library: Library) -> None:
    id = begin(library, ["a"], ["b"])
    first, second = (one.id for one in library.scripts.chapters(id))
    added = library.scripts.add_chapter(id, "middle", after=first)
    library.scripts.insert(id, NewLine("m"), chapter=added)
    assert texts(library, id) == ["a", "m", "b"]
    library.scripts.delete_chapter(id, first)
    assert texts(library, id) == ["m", "b"]
    library.scripts.change_chapter(id, second, "  The \n End ")
    assert [one.title for one in library.scripts.chapters(id)] == ["middle", "The End"]
    library.scripts.undo(id)
    library.scripts.undo(id)
    assert texts(library, id) == ["a", "m", "b"]


def test_what_cannot_be_done_is_refused(library: Library) -> None:
    id = begin(library, ["a b", "c"], ["d"])
    known = ids(library, id)
    with pytest.raises(BadRequest, match="both halves"):
        library.scripts.split(id, known["a b"], 0)
    with pytest.raises(BadRequest, match="follow each other"):
        library.scripts.merge(id, [known["a b"], known["d"]])
    with pytest.raises(BadRequest, match="cannot follow itself"):
        library.scripts.move(id, [known["c"]], after=known["c"])
    with pytest.raises(NotFound, match="no line"):
        library.scripts.change(id, [known["c"], "nothing"], LineChange(text="x"))
    with pytest.raises(BadRequest, match="5001 characters"):
        library.scripts.change(id, [known["c"]], LineChange(text="x" * 5001))
    with pytest.raises(NotFound):
        library.scripts.lines("0000", LineQuery())
    assert texts(library, id) == ["a b", "c", "d"]


def test_exactly_the_lines_whose_recipe_changed_are_rendered_again(library: Library) -> None:
    id = begin(library, ["one", "Bob::two", "three"])
    assert render(library, id) == ["one", "two", "three"]
    assert render(library, id) == []
    known = ids(library, id)
    library.scripts.change(id, [known["two"]], LineChange(text="2"))
    plan(library, id)
    assert [line.state for line in library.scripts.all_lines(id)] == ["done", "stale", "done"]
    assert render(library, id) == ["2"]


def test_a_change_taken_back_finds_its_take_again(library: Library) -> None:
    id = begin(library, ["one", "two"])
    render(library, id)
    before = [line.take for line in library.scripts.all_lines(id)]
    library.scripts.change(id, [ids(library, id)["two"]], LineChange(text="2"))
    assert render(library, id) == ["2"]
    library.scripts.undo(id)
    assert render(library, id) == []
    assert [(line.take, line.state) for line in library.scripts.all_lines(id)] == [(take, "done") for take in before]


def test_a_locked_line_keeps_its_take(library: Library) -> None:
    id = begin(library, ["one", "two"])
    library.scripts.change(id, [ids(library, id)["one"]], LineChange(locked=True))
    assert render(library, id) == ["one", "two"], "nothing to keep yet"
    library.scripts.change(id, [ids(library, id)["one"]], LineChange(text="1"))
    assert render(library, id) == []
    line = library.scripts.line(id, ids(library, id)["1"])
    assert (line.state, line.take) == ("locked", "take of |one 0")
    assert texts(library, id, LineQuery(state="locked")) == ["1"]


def test_takes_are_compared_and_chosen(library: Library) -> None:
    id = begin(library, ["one"])
    render(library, id)
    line = ids(library, id)["one"]
    library.scripts.anew(id, [line])
    assert render(library, id) == ["one"]
    takes = library.outcomes.takes(id, line)
    assert [(take.take, take.seed, take.chosen, take.current) for take in takes] == [
        ("take of |one 1", 1, True, True),
        ("take of |one 0", 0, False, True),
    ]
    library.outcomes.choose(id, line, "take of |one 0")
    assert render(library, id) == [], "an older take that is right stays"
    assert library.scripts.line(id, line).take == "take of |one 0"
    with pytest.raises(NotFound):
        library.outcomes.choose(id, line, "another")


def test_old_takes_go_and_the_chosen_one_stays(library: Library) -> None:
    id = begin(library, ["one"])
    line = ids(library, id)["one"]
    for _ in range(KEPT + 4):
        render(library, id)
        library.scripts.anew(id, [line])
    takes = library.outcomes.takes(id, line)
    assert [take.seed for take in takes] == [*range(KEPT + 3, 3, -1)]
    assert [take.take for take in takes if take.chosen] == [f"take of |one {KEPT + 3}"]


def test_a_take_for_a_line_that_changed_meanwhile_is_kept_and_stale(library: Library) -> None:
    id = begin(library, ["one"])
    plan(library, id)
    (line,) = library.outcomes.open(id)
    library.scripts.change(id, [line.id], LineChange(text="uno"))
    library.outcomes.take(id, [NewTake(line.number, "late", line.basis, 0, 1.0)])
    assert render(library, id) == ["uno"]
    assert [take.take for take in library.outcomes.takes(id, line.id)] == ["take of |uno 0", "late"]


def test_a_failed_line_says_why_and_is_tried_again_when_asked(library: Library) -> None:
    id = begin(library, ["one", "two"])
    plan(library, id)
    first, _ = library.outcomes.open(id)
    library.outcomes.fail(id, first.number, EngineFailed("broken", "坏了"))
    assert render(library, id) == ["two"]
    failed = library.scripts.line(id, first.id)
    assert (failed.state, failed.error and failed.error.en) == ("failed", "broken")
    assert texts(library, id, LineQuery(problem="any")) == ["one"]
    assert library.outcomes.retry(id) == 1
    assert render(library, id) == ["one"]
    assert library.scripts.line(id, first.id).error is None


def test_renders_begin_at_a_line_or_stay_in_a_chapter(library: Library) -> None:
    id = begin(library, ["a", "b"], ["c", "d"])
    second = library.scripts.chapters(id)[1].id
    plan(library, id)
    assert [line.text for line in library.outcomes.open(id, start=ids(library, id)["b"])] == ["b", "c", "d"]
    assert [line.text for line in library.outcomes.open(id, chapter=second)] == ["c", "d"]
    assert [line.text for line in library.outcomes.open(id, limit=1)] == ["a"]


def test_plans_are_forgotten_for_a_speaker_or_a_word(library: Library) -> None:
    id = begin(library, ["Bob::one", "a word", "three"])
    render(library, id)
    library.outcomes.forget_plans(id, speakers=["Bob"])
    assert [line.text for line in library.outcomes.unplanned(id)] == ["one"]
    assert library.outcomes.forget_words(["Word", "absent"], id) == (id,)
    assert [line.text for line in library.outcomes.unplanned(id)] == ["one", "a word"]
    assert render(library, id) == [], "looked at again, and nothing had changed"


def test_a_word_is_found_in_every_script_and_however_it_is_spelt(library: Library) -> None:
    scripts = [begin(library, [text, "other"]) for text in ("Москва спит.", "МОСКВА.", "nothing", "В москву")]
    for id in scripts:
        plan(library, id)
    gone = begin(library, ["москва"])
    plan(library, gone)
    library.productions.delete([gone])
    assert set(library.outcomes.forget_words(["москва", *(f"absent{n}" for n in range(250))])) == set(scripts[:2])
    assert [len(library.outcomes.unplanned(id)) for id in scripts] == [1, 1, 0, 0]
    library.productions.restore([gone])
    assert len(library.outcomes.unplanned(gone)) == 1, "a word that was taught meanwhile is heard"
    assert texts(library, scripts[0], LineQuery(text="москва")) == ["Москва спит."]


def test_progress_counts_lines_seconds_and_characters(library: Library) -> None:
    id = begin(library, ["four", "five5"], ["six"])
    first = library.scripts.chapters(id)[0].id
    render(library, id, chapter=first)
    whole = library.outcomes.progress(id)
    assert (whole.lines, whole.states, whole.seconds) == (3, {"done": 2, "planned": 1}, 3.0)
    assert (whole.characters, whole.open_characters) == (12, 3)
    assert library.outcomes.progress(id, chapter=first).open_characters == 0


def test_casts_and_parts(library: Library) -> None:
    id = begin(library, ["n", "n2", "n3", "Bob::b"])
    library.casts.put(id, [Member("", "espeak", "f2"), Member("Ann", voice="m3", controls={"speed": 1.2})])
    library.casts.put(id, [Member("Ann", voice="f1", pan=-0.5)])
    assert library.casts.get(id)["Ann"] == Member("Ann", voice="f1", pan=-0.5)
    assert [(part.member.speaker, part.member.voice, part.lines) for part in library.casts.parts(id)] == [
        ("", "f2", 3),
        ("Bob", "", 1),
        ("Ann", "f1", 0),
    ]
    assert library.casts.rename(id, "Ann", "") == 0
    assert set(library.casts.get(id)) == {""}


def test_a_script_goes_with_its_production(library: Library) -> None:
    id = begin(library, ["a"])
    render(library, id)
    library.casts.put(id, [Member("", "espeak")])
    library.productions.delete([id])
    Bin(library).empty()
    with pytest.raises(NotFound):
        library.scripts.chapters(id)


def test_twenty_thousand_lines_stay_quick(library: Library) -> None:
    """What is done for one line or a page is far from reading every line; the benchmark has the seconds."""
    chapters = [[f"{'AB'[n % 2]}::sentence {n} of chapter {c}" for n in range(500)] for c in range(40)]
    id = begin(library, *chapters)
    render(library, id, chapter=library.scripts.chapters(id)[0].id)
    scripts = library.scripts
    everything = min(processor_time(lambda id: list(scripts.all_lines(id)), id) for _ in range(3))

    def part(work: str, *args: object, **named: object) -> float:
        return processor_time(lambda id: getattr(scripts, work)(id, *args, **named), id) / everything

    line = scripts.lines(id, offset=15_000, size=1).items[0]
    assert part("chapters") < 0.3
    assert part("lines", LineQuery(), 19_900, 100) < 0.3
    assert part("lines", LineQuery(text="17 of"), 0, 100) < 0.3
    assert part("change", [line.id], LineChange(text="another")) < 0.3
    assert part("insert", NewLine("new"), after=line.id) < 0.3
    assert part("undo") < 0.3
    assert part("change", [one.id for one in scripts.all_lines(id)], LineChange(speaker="C")) < 6
    assert part("undo") < 6
