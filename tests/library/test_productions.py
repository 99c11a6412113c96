"""Productions keep how far they are, and hold on to the takes they use."""

import pytest

from studio.errors import BadRequest, DiskFull, NotFound
from studio.library import Library, NewProduction, ProductionChange
from studio.library.bin import Bin
from studio.words import Words

from .conftest import Put

BOOK = NewProduction("西游记", "吴承恩", "zh", "西游记.txt", {"format": "m4b"})


def test_a_production_comes_back_as_it_went_in(library: Library) -> None:
    made = library.productions.add(BOOK)
    assert library.productions.get(made.id) == made
    assert (made.title, made.author, made.language, made.manuscript) == ("西游记", "吴承恩", "zh", "西游记.txt")
    assert (made.settings, made.state, made.progress, made.error, made.output) == (
        {"format": "m4b"},
        "new",
        {},
        None,
        "",
    )


def test_each_change_is_kept(library: Library) -> None:
    made = library.productions.add(BOOK)
    change = ProductionChange(
        title="t",
        author="a",
        language="en",
        manuscript="m",
        settings={"x": 1},
        state="done",
        progress={"n": 3},
        output="o",
    )
    changed = library.productions.update(made.id, change)
    assert changed == library.productions.get(made.id)
    for field in ("title", "author", "language", "manuscript", "settings", "state", "progress", "output"):
        assert getattr(changed, field) == getattr(change, field)
    assert changed.updated > made.updated
    again = library.productions.update(made.id, ProductionChange())
    assert (again.title, again.progress) == ("t", {"n": 3})


def test_a_failure_is_kept_in_both_languages_until_work_goes_on(library: Library) -> None:
    made = library.productions.add(BOOK)
    failed = library.productions.update(made.id, ProductionChange(state="failed", error=DiskFull("full", "满了")))
    assert failed.error == Words("full", "满了")
    assert library.productions.update(made.id, ProductionChange(state="running")).error is None


@pytest.mark.parametrize(
    "wrong", [ProductionChange(title=" "), ProductionChange(state="lost"), ProductionChange(author="x" * 501)]
)  # type: ignore[arg-type]
def test_a_wrong_change_is_refused(sqlite_library: Library, wrong: ProductionChange) -> None:
    made = sqlite_library.productions.add(BOOK)
    with pytest.raises(BadRequest):
        sqlite_library.productions.update(made.id, wrong)
    assert sqlite_library.productions.get(made.id) == made


def test_the_one_worked_on_last_comes_first(library: Library) -> None:
    first, second = library.productions.add(BOOK), library.productions.add(BOOK)
    library.productions.update(first.id, ProductionChange(state="running"))
    page = library.productions.find()
    assert ([p.id for p in page], page.total) == ([first.id, second.id], 2)
    assert [p.id for p in library.productions.find(state="running")] == [first.id]
    assert [p.id for p in library.productions.find(page=2, size=1)] == [second.id]
    with pytest.raises(BadRequest):
        library.productions.find(state="lost")  # type: ignore[arg-type]


def test_used_takes_are_counted_once_and_released(library: Library, put: Put) -> None:
    digests = [put(str(n)) for n in range(3)]
    made = library.productions.add(BOOK)
    assert library.productions.use(made.id, [*digests, digests[0], "0" * 64]) == 3
    library.productions.use(made.id, digests[:1])
    assert library.productions.get(made.id).takes == 3
    assert set(library.productions.used_takes(made.id)) == set(digests)
    assert library.productions.release(made.id) == 3
    assert library.productions.get(made.id).takes == 0


def test_deleting_can_be_undone_until_it_is_purged(library: Library, put: Put) -> None:
    made = library.productions.add(BOOK)
    library.productions.use(made.id, [put()])
    assert library.productions.delete([made.id]) == 1
    assert library.productions.find().total == 0
    assert library.productions.restore([made.id]) == 1
    library.productions.delete([made.id])
    assert Bin(library).empty(1).count == 0
    assert Bin(library).empty().count == 1
    with pytest.raises(NotFound) as missing:
        library.productions.get(made.id)
    assert "没有这个作品" in missing.value.text("zh")
