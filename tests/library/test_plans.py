"""How SQLite answers: on the index alone, never by reading or sorting 100,000 rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, text

from studio.library import Library, TakeQuery, VoiceQuery, take_rows

from .conftest import putter, tone, voice


@contextmanager
def statements(library: Library) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of the database meanwhile."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(library.database.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(library.database.engine, "before_cursor_execute", note)


def plans(library: Library, asked: list[tuple[str, Any]]) -> list[str]:
    """The plan of each SELECT, its steps on one line."""
    found = []
    with library.database.engine.connect() as connection:
        for statement, parameters in asked:
            if statement.startswith("SELECT"):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                found.append("; ".join(row[3] for row in rows))
    return found


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    library = Library.open(tmp_path_factory.mktemp("filled"))
    library.voices.add_many(
        voice(f"v{n} common", tags=("t",), languages=("zh",), gender="female" if n % 2 else "male") for n in range(5000)
    )
    with library.cache.batch():
        put = putter(library)
        for n in range(30):
            put(f"line {n}", tone(0.01))
    with library.database.write() as session:  # as many as to make walking worth while
        row = session.execute(text("SELECT * FROM takes LIMIT 1")).mappings().one()
        take_rows.store(session, [_another(row, n) for n in range(2500)])
    yield library
    library.close()


def _another(row: Any, n: int) -> dict[str, Any]:
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    plain = {"recipe": {}, "words": [], "created": moment, "last_used": moment, "deleted": None}
    return {name: value for name, value in row.items() if name != "number"} | plain | {"digest": f"{n:064}"}


FILTERS: list[dict[str, Any]] = [
    {},
    {"engine": "espeak"},
    {"engine": "espeak", "kind": "seed", "gender": "female", "favourite": False, "min_rating": 0},
    {"language": "zh"},
    {"tags": ("t",)},
    {"text": "common"},
    {"text": "o", "gender": "male", "tags": ("t",), "language": "zh"},
]


@pytest.mark.parametrize("sort", ["created", "last_used", "name", "rating", "uses"])
@pytest.mark.parametrize("filters", FILTERS, ids=[" ".join(f) or "all" for f in FILTERS])
def test_a_page_of_voices_walks_its_sorted_index(filled: Library, filters: dict[str, Any], sort: Any) -> None:
    with statements(filled) as asked:
        filled.voices.find(VoiceQuery(**filters, sort=sort))
    listed = [plan for plan in plans(filled, asked) if " voices_by_" in plan]
    assert f"USING COVERING INDEX voices_by_{sort}" in listed[-1]
    assert all("USING COVERING INDEX voices_by_" in plan for plan in listed), listed
    assert not any("TEMP B-TREE" in plan for plan in listed), listed


def test_a_rare_word_leads_straight_to_its_rows(filled: Library) -> None:
    with statements(filled) as asked:
        assert filled.voices.find(VoiceQuery(text="v2999")).total == 1
    (page,) = [p for p in plans(filled, asked) if "voices_index" in p and "voices USING INTEGER PRIMARY KEY" in p]
    assert "SCAN voices_index VIRTUAL TABLE" in page
    assert "SCAN voices USING" not in page


def test_counting_a_word_asks_its_index_alone(filled: Library) -> None:
    with statements(filled) as asked:
        filled.voices.find(VoiceQuery(text="common"))
    assert any(plan.startswith("SCAN voices_index VIRTUAL TABLE") and ";" not in plan for plan in plans(filled, asked))


@pytest.mark.parametrize("sort", ["created", "last_used", "seconds"])
@pytest.mark.parametrize("filters", [{}, {"engine": "espeak", "kind": "line", "language": "zh", "starred": False}])
def test_a_page_of_takes_walks_its_sorted_index(filled: Library, filters: dict[str, Any], sort: Any) -> None:
    with statements(filled) as asked:
        filled.takes.find(TakeQuery(**filters, sort=sort))
    listed = [plan for plan in plans(filled, asked) if " takes_by_" in plan]
    assert f"USING COVERING INDEX takes_by_{sort}" in listed[-1]
    assert all("USING COVERING INDEX takes_by_" in plan for plan in listed), listed
    assert not any("TEMP B-TREE" in plan for plan in listed), listed


LOOKUPS = {
    "id": (
        lambda library: library.voices.get(library.voices.find().items[0].id),
        "uq_voices_id|sqlite_autoindex_voices_1",
    ),
    "name": (lambda library: library.voices.get("v7 common"), "voices_by_name"),
    "content": (lambda library: library.voices.same_content("espeak", {"seed": 1}), "voices_content"),
    "digest": (lambda library: library.cache.get("0" * 64), "sqlite_autoindex_takes_1"),
    "beginning": (
        lambda library: library.takes.get(library.takes.find().items[0].digest[:8]),
        "sqlite_autoindex_takes_1",
    ),
    "size": (lambda library: library.cache.size(), "COVERING INDEX takes_space"),
    "facets": (lambda library: library.voices.facets(), "SCAN voices_index_terms VIRTUAL TABLE"),
}


@pytest.mark.parametrize("name", LOOKUPS)
def test_a_look_up_uses_its_index(filled: Library, name: str) -> None:
    act, index = LOOKUPS[name]
    with statements(filled) as asked:
        act(filled)
    found = plans(filled, asked)
    assert any(choice in plan for plan in found for choice in index.split("|")), found
    assert not any(step in ("SCAN voices", "SCAN takes") for plan in found for step in plan.split("; ")), found


def test_a_page_asks_few_questions_however_long_it_is(filled: Library) -> None:
    with statements(filled) as short:
        filled.voices.find(VoiceQuery(size=2))
    with statements(filled) as long:
        filled.voices.find(VoiceQuery(size=1000))
    assert len([s for s, _ in short if s.startswith("SELECT")]) == 5
    assert len([s for s, _ in long if s.startswith("SELECT")]) <= 9


@pytest.mark.postgres
def test_postgresql_searches_by_its_index(postgres_emptied: Any, tmp_path: Any) -> None:
    with Library.open(tmp_path, postgres_emptied()) as library:
        library.voices.add_many(voice(f"v{n} 女声", description=f"word{n % 50}") for n in range(3000))
        with library.database.write() as session:
            session.execute(text("ANALYZE voices"))
            session.execute(text("ANALYZE voices_index"))
        with statements(library) as asked:
            assert library.voices.find(VoiceQuery(text="v2999")).total == 1
        (page, *_) = [(s, p) for s, p in asked if "tsquery" in s.lower() and "LIMIT" in s]
        with library.database.engine.connect() as connection:
            plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {page[0]}", page[1]))
        assert "voices_index_windows" in plan
        assert "Seq Scan" not in plan
