"""The history of takes: searched, sorted, starred, noted, deleted and brought back."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from studio.errors import BadRequest, NotFound
from studio.library import Library, NewProduction, TakeQuery

from .conftest import Put, tone


def texts(library: Library, **query: object) -> list[str]:
    return [take.excerpt for take in library.takes.find(TakeQuery(**query))]  # type: ignore[arg-type]


def test_a_take_tells_all_it_was_made_from(library: Library, put: Put) -> None:
    digest = put(
        "你好，\n世界。",
        words=(("你好", 0.0, 0.25), ("世界", 0.25, 0.5)),
        voice_id="a1",
        voice_label="晓晓",
        lufs=-23.5,
        true_peak_db=-6.0,
        rms_db=float("-inf"),
        noise_floor_db=None,
    )
    found = library.takes.details(digest)
    assert found.text == "你好，\n世界。"
    assert found.recipe == {"engine": "espeak", "text": "你好，\n世界。", "seed": 0}
    assert found.words == (("你好", 0.0, 0.25), ("世界", 0.25, 0.5))
    take = found.take
    assert (take.excerpt, take.voice_id, take.voice_label) == ("你好， 世界。", "a1", "晓晓")
    assert (take.lufs, take.true_peak_db, take.rms_db, take.noise_floor_db) == (-23.5, -6.0, None, None)
    assert (take.rate, take.frames, take.seconds) == (24000, 12000, 0.5)
    assert library.takes.get(digest) == library.takes.get(digest[:6]) == take


def test_an_unknown_or_short_digest_is_not_found(library: Library, put: Put) -> None:
    digest = put()
    for wrong in ("f" * 64, digest[:5], "", "%", "../etc"):
        with pytest.raises(NotFound) as missing:
            library.takes.get(wrong)
        assert "no such take" in missing.value.text("en")
        assert "没有这个录音" in missing.value.text("zh")


def test_a_long_text_is_cut_for_the_list_alone(library: Library, put: Put) -> None:
    digest = put("长" * 500)
    assert library.takes.get(digest).excerpt == "长" * 159 + "…"
    assert library.takes.details(digest).text == "长" * 500


QUERIES = [
    ({"text": "世"}, {"你好世界"}),
    ({"text": "wor hel"}, {"Hello world"}),
    ({"text": "xiao"}, {"Hello world"}),
    ({"engine": "chattts"}, {"Hello world"}),
    ({"voice_id": "v1"}, {"Hello world"}),
    ({"kind": "reading"}, {"读"}),
    ({"language": "en"}, {"Hello world"}),
    ({"starred": True}, {"读"}),
    ({"starred": False}, {"你好世界", "Hello world"}),
    ({"text": "o", "language": "zh"}, set()),
    ({}, {"你好世界", "Hello world", "读"}),
]


@pytest.mark.parametrize(("query", "expected"), QUERIES, ids=[str(q) for q, _ in QUERIES])
def test_each_filter_narrows(library: Library, put: Put, query: dict[str, object], expected: set[str]) -> None:
    put("你好世界")
    put("Hello world", engine="chattts", language="en", voice_id="v1", voice_label="Xiaoxiao")
    library.takes.star([put("读", kind="reading")])
    library.takes.delete([put("deleted Hello 世")])
    for sort in ("created", "last_used", "seconds"):
        page = library.takes.find(TakeQuery(**query, sort=sort))  # type: ignore[arg-type]
        assert {take.excerpt for take in page} == expected
        assert page.total == len(expected)


def test_each_sort_sorts(library: Library, put: Put) -> None:
    put("a", tone(0.2))
    middle = put("b", tone(0.3))
    put("c", tone(0.1))
    assert texts(library) == ["c", "b", "a"]
    assert texts(library, reverse=True) == ["a", "b", "c"]
    assert texts(library, sort="seconds") == ["b", "a", "c"]
    library.cache.get(middle)
    library.cache.flush()
    assert texts(library, sort="last_used")[0] == "b"
    with pytest.raises(BadRequest, match="takes one of created, last_used, seconds"):
        library.takes.find(TakeQuery(sort="size"))  # type: ignore[arg-type]


def test_a_note_is_found_and_replaced(library: Library, put: Put) -> None:
    digest = put("text")
    assert library.takes.note(digest, "第三遍最好").note == "第三遍最好"
    assert texts(library, text="最好") == ["text"]
    library.takes.note(digest, "again")
    assert (texts(library, text="最好"), texts(library, text="again"), texts(library, text="tex")) == (
        [],
        ["text"],
        ["text"],
    )
    with pytest.raises(BadRequest, match="at most 2000"):
        library.takes.note(digest, "x" * 2001)


def test_stars_are_given_and_taken(library: Library, put: Put) -> None:
    digests = [put(str(n)) for n in range(3)]
    assert library.takes.star([*digests[:2], "0" * 64]) == 2
    assert library.takes.find(TakeQuery(starred=True, text="1")).total == 1
    assert library.takes.star(digests[:1], False) == 1
    assert texts(library, starred=True) == ["1"]
    assert texts(library, starred=False, reverse=True) == ["0", "2"]
    assert [library.takes.get(digest).starred for digest in digests] == [False, True, False]


def test_deleting_can_be_undone_until_it_is_purged(library: Library, put: Put) -> None:
    kept, gone = put("kept"), put("gone")
    before = library.takes.get(gone)
    assert library.takes.delete([gone, gone]) == 1
    assert (texts(library), texts(library, text="gone")) == (["kept"], [])
    assert library.cache.path(gone).exists()
    assert library.takes.restore([gone]) == 1
    assert library.takes.get(gone) == before
    assert texts(library, text="gone") == ["gone"]
    library.takes.delete([gone])
    assert library.cache.purge(datetime(2020, 1, 1, tzinfo=UTC)).takes == 0
    assert library.cache.purge().takes == 1
    assert not library.cache.path(gone).exists()
    with pytest.raises(NotFound):
        library.takes.get(gone)
    assert library.cache.get(kept) is not None


def test_a_take_says_that_a_production_uses_it(library: Library, put: Put) -> None:
    digest = put()
    production = library.productions.add(NewProduction("book"))
    assert not library.takes.get(digest).used
    library.productions.use(production.id, [digest])
    assert library.takes.get(digest).used
    assert replace(library.takes.find().items[0], last_used=library.takes.get(digest).last_used).used


def test_the_index_can_be_built_anew(library: Library, put: Put) -> None:
    put("kept")
    library.takes.delete([put("gone")])
    assert library.takes.reindex() == 1
    assert (texts(library, text="kep", engine="espeak"), texts(library, text="gone")) == (["kept"], [])


def test_engines_are_counted(library: Library, put: Put) -> None:
    put("a")
    put("b")
    put("c", engine="chattts")
    assert library.takes.engines() == {"espeak": 2, "chattts": 1}


def test_what_was_heard_is_kept_found_and_survives_a_new_rendering(library: Library, put: Put) -> None:
    first = put("one")
    put("two")
    heard = library.takes.heard(first, "happy", 0.25, {"text": "won"})
    assert (heard.emotion, heard.error_rate) == ("happy", 0.25)
    assert library.takes.details(first).heard == {"text": "won"}
    assert texts(library, emotion="happy") == ["one"]
    assert texts(library, emotion="happy", text="two") == []
    library.takes.star([first])
    assert put("one") == first
    assert texts(library, emotion="happy", starred=True) == ["one"]
    library.takes.heard(first, "", None, {})
    assert texts(library, emotion="happy") == []
