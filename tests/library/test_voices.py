"""Voices come back as they went in, and are found by everything they can be asked for."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from studio.errors import BadRequest, NotFound
from studio.library import Library, NewVoice, VoiceChange, VoiceQuery
from studio.library.bin import Bin
from studio.library.search import label

from .conftest import voice

FULL = NewVoice(
    engine="chattts",
    kind="clip",
    content={"kind": "clip", "sha256": "ab" * 32, "transcript": "你好"},
    name="晓晓",
    media=b"RIFF\0\xff",
    languages=("zh-CN", "en"),
    gender="female",
    age="young",
    tags=("温柔", "news"),
    description="清亮",
    rating=4,
    favourite=True,
    notes="用于旁白",
    controls={"speed": 1.1},
    origin={"speaker": "王小明", "uses": ["export"]},
    parents=({"id": "a", "weight": 0.5},),
    weights="ff" * 32,
)


def names(library: Library, **query: object) -> list[str]:
    return [v.name for v in library.voices.find(VoiceQuery(**query))]  # type: ignore[arg-type]


def test_a_voice_comes_back_as_it_went_in(library: Library) -> None:
    made = library.voices.add(FULL)
    found = library.voices.get(made.id)
    assert found == made
    for field in ("engine", "kind", "content", "name", "languages", "gender", "age", "description", "rating"):
        assert getattr(found, field) == getattr(FULL, field), field
    for field in ("favourite", "notes", "controls", "origin", "parents", "weights"):
        assert getattr(found, field) == getattr(FULL, field), field
    assert sorted(found.tags) == sorted(FULL.tags)
    assert library.voices.media(made.id) == FULL.media
    assert abs(found.created - datetime.now(UTC)) < timedelta(minutes=1)
    assert (found.uses, found.last_used, found.deleted) == (0, None, None)


@pytest.mark.parametrize(
    ("wrong", "where", "en", "zh"),
    [
        ({"name": "  "}, "name", "takes 1 to 200", "应为 1 到 200"),
        ({"name": "x" * 201}, "name", "name of 201 characters", "201 个字符"),
        ({"name": "a\0b"}, "name", "not text", "不是文字"),
        ({"notes": "\ud800"}, "notes", "not text", "不是文字"),
        ({"description": "x" * 10_001}, "description", "at most 10000", "最多 10000"),
        ({"rating": 6}, "rating", "rating 6: takes 1 to 5", "评分 6：应为 1 到 5"),
        ({"rating": True}, "rating", "takes 1 to 5", "应为 1 到 5"),
        ({"gender": "robot"}, "gender", "takes one of female, male, neutral", "可选 female、male、neutral"),
        ({"kind": "magic"}, "kind", "takes one of builtin, seed", "可选 builtin、seed"),
        ({"tags": ("",)}, "tags", "takes 1 to 50 characters", "应为 1 到 50 个字符"),
        ({"tags": tuple(map(str, range(51)))}, "tags", "at most 50", "最多 50"),
        ({"languages": ("中文",)}, "languages", "write a tag such as zh", "应写成 zh"),
        ({"media": bytes(64 * 2**20 + 1)}, "media", "at most 64 MiB", "最多 64 MiB"),
    ],
)
def test_a_wrong_field_is_refused_and_nothing_is_kept(
    sqlite_library: Library, wrong: dict[str, object], where: str, en: str, zh: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        sqlite_library.voices.add(replace(FULL, **wrong))  # type: ignore[arg-type]
    assert refused.value.where == where
    assert en in refused.value.text("en")
    assert zh in refused.value.text("zh")
    assert sqlite_library.voices.find().total == 0


def test_adding_many_is_all_or_nothing(library: Library) -> None:
    with pytest.raises(BadRequest):
        library.voices.add_many([voice("a"), voice("b", rating=9)])
    assert library.voices.find().total == 0
    assert (
        library.voices.add_many(voice(str(n), tags=("t", str(n % 7)), languages=("zh",)) for n in range(1203)) == 1203
    )
    assert library.voices.find(VoiceQuery(tags=("3",))).total == len([n for n in range(1203) if n % 7 == 3])


def test_a_voice_is_got_by_id_or_by_name_in_any_case_and_width(library: Library) -> None:
    made = library.voices.add(voice("Anna ２号"))
    for reference in (made.id, "Anna ２号", "anna 2号", "ANNA  2号"):
        assert library.voices.get(reference).id == made.id


def test_the_exact_name_wins_and_an_ambiguous_one_is_said(library: Library) -> None:
    first, second = library.voices.add(voice("Anna")), library.voices.add(voice("anna", engine="chattts"))
    assert library.voices.get("Anna").id == first.id
    with pytest.raises(BadRequest) as refused:
        library.voices.get("ANNA")
    assert "2 voices have this name; use the id" in refused.value.text("en")
    assert "有 2 个音色叫这个名字" in refused.value.text("zh")
    assert f"{second.id} (chattts, seed)" in refused.value.text("en")


@pytest.mark.parametrize(("asked", "meant"), [("阿明", "阿明-2"), ("Alise", "Alice"), ("xqz", None)])
def test_an_unknown_voice_suggests_a_near_name(library: Library, asked: str, meant: str | None) -> None:
    library.voices.add_many([voice("阿明-2"), voice("Alice"), voice("Bob"), *(voice(f"v{n}") for n in range(300))])
    with pytest.raises(NotFound) as missing:
        library.voices.get(asked)
    assert missing.value.fields["suggestion"] == meant
    assert missing.value.text("zh").startswith(f"音色“{asked}”：没有这个音色")


QUERIES = [
    ({"engine": "chattts"}, {"晓晓"}),
    ({"kind": "clip"}, {"晓晓"}),
    ({"gender": "male"}, {"Bob"}),
    ({"language": "zh"}, {"晓晓", "小明"}),
    ({"language": "zh-CN"}, {"晓晓"}),
    ({"language": "e"}, set()),
    ({"tags": ("news",)}, {"晓晓", "Bob"}),
    ({"tags": ("news", "温柔")}, {"晓晓"}),
    ({"tags": ("new",)}, set()),
    ({"favourite": True}, {"晓晓"}),
    ({"favourite": False}, {"Bob", "小明"}),
    ({"min_rating": 3}, {"晓晓", "Bob"}),
    ({"text": "旁白"}, {"晓晓"}),
    ({"text": "news"}, {"晓晓", "Bob"}),
    ({"text": "news", "gender": "male"}, {"Bob"}),
    ({"text": "news", "language": "zh", "min_rating": 5}, set()),
    ({}, {"晓晓", "Bob", "小明"}),
]


@pytest.mark.parametrize(("query", "expected"), QUERIES, ids=[str(q) for q, _ in QUERIES])
def test_each_filter_narrows(library: Library, query: dict[str, object], expected: set[str]) -> None:
    library.voices.add(FULL)
    library.voices.add(voice("Bob", gender="male", rating=3, tags=("news",), languages=("en-GB",)))
    library.voices.add(voice("小明", languages=("zh",)))
    gone = library.voices.add(replace(FULL, name="gone"))
    library.voices.delete([gone.id])
    for sort in ("created", "last_used", "name", "rating", "uses"):
        page = library.voices.find(VoiceQuery(**query, sort=sort))  # type: ignore[arg-type]
        assert {v.name for v in page} == expected
        assert page.total == len(expected)


def test_each_sort_sorts(library: Library) -> None:
    a, b, c = (library.voices.add(voice(n, rating=r)) for n, r in (("b", 1), ("C", 5), ("a", 3)))
    library.voices.used(b.id)
    library.voices.used(b.id)
    library.voices.used(a.id)
    assert names(library) == ["a", "C", "b"]
    assert names(library, reverse=True) == ["b", "C", "a"]
    assert names(library, sort="name") == ["a", "b", "C"]
    assert names(library, sort="rating") == ["C", "a", "b"]
    assert names(library, sort="uses") == ["C", "b", "a"]
    assert names(library, sort="last_used") == ["b", "C", "a"]
    assert library.voices.get(c.id).last_used is None
    used = library.voices.get(b.id)
    assert used.uses == 2
    assert used.last_used is not None


def test_pages_are_disjoint_and_complete(library: Library) -> None:
    library.voices.add_many(voice(f"v{n:03}", rating=n % 3) for n in range(53))
    for sort in ("name", "rating", "created"):
        seen: list[str] = []
        for page in range(1, 7):
            got = library.voices.find(VoiceQuery(text="v", sort=sort, page=page, size=10))  # type: ignore[arg-type]
            assert (got.total, got.pages, got.page, got.size) == (53, 6, page, 10)
            seen += [v.name for v in got]
        assert len(seen) == len(set(seen)) == 53
    beyond = library.voices.find(VoiceQuery(page=99))
    assert (len(beyond), beyond.total) == (0, 53)


@pytest.mark.parametrize(
    ("query", "en", "zh"),
    [
        (VoiceQuery(page=0), "page 0: pages are counted from 1", "页码从 1 开始"),
        (VoiceQuery(size=0), "page size 0: takes 1 to 1000", "应为 1 到 1000"),
        (VoiceQuery(size=1001), "page size 1001: takes 1 to 1000", "应为 1 到 1000"),
        (VoiceQuery(sort="colour"), "sort “colour”: takes one of created, last_used", "可选 created"),  # type: ignore[arg-type]
        (VoiceQuery(min_rating=6), "rating 6", "评分 6"),
    ],
)
def test_a_bad_query_is_refused(sqlite_library: Library, query: VoiceQuery, en: str, zh: str) -> None:
    with pytest.raises(BadRequest) as refused:
        sqlite_library.voices.find(query)
    assert en in refused.value.text("en")
    assert zh in refused.value.text("zh")


CHANGES = [
    (VoiceChange(name="Neu"), "name", "Neu"),
    (VoiceChange(languages=("en", "ja", "zh-CN")), "languages", ("en", "ja", "zh-CN")),
    (VoiceChange(gender=""), "gender", ""),
    (VoiceChange(age="老年"), "age", "老年"),
    (VoiceChange(tags=("b", "a")), "tags", ("a", "b")),
    (VoiceChange(tags=()), "tags", ()),
    (VoiceChange(add_tags=("a", "news")), "tags", ("a", "news", "温柔")),
    (VoiceChange(remove_tags=("news", "unknown")), "tags", ("温柔",)),
    (VoiceChange(add_tags=("a",), remove_tags=("news",)), "tags", ("a", "温柔")),
    (VoiceChange(description=""), "description", ""),
    (VoiceChange(rating=0), "rating", 0),
    (VoiceChange(favourite=False), "favourite", False),
    (VoiceChange(notes="n"), "notes", "n"),
    (VoiceChange(controls={"pitch": 2}), "controls", {"pitch": 2}),
    (VoiceChange(origin={}), "origin", {}),
]


@pytest.mark.parametrize(("change", "field", "value"), CHANGES, ids=[str(n) for n in range(len(CHANGES))])
def test_a_change_changes_its_field_alone(library: Library, change: VoiceChange, field: str, value: object) -> None:
    made = library.voices.add(FULL)
    changed = library.voices.update(made.id, change)
    assert getattr(changed, field) == value
    assert changed == library.voices.get(made.id)
    before = replace(made, **{field: value})  # type: ignore[arg-type]
    assert replace(changed, tags=tuple(sorted(changed.tags))) == replace(before, tags=tuple(sorted(before.tags)))


def test_search_follows_a_change(library: Library) -> None:
    made = library.voices.add(FULL)
    library.voices.update(made.id, VoiceChange(name="Neu", add_tags=("磁性",), remove_tags=("news",), description=""))
    assert [names(library, text=t) for t in ("晓晓", "清亮", "news")] == [[], [], []]
    assert [names(library, text=t) for t in ("neu", "磁", "旁白")] == [["Neu"]] * 3


def test_a_refused_change_changes_nothing(library: Library) -> None:
    made = library.voices.add(FULL)
    full = tuple(map(str, range(49)))
    for wrong in (VoiceChange(name="x", rating=7), VoiceChange(rating=1, name=" "), VoiceChange(add_tags=full)):
        with pytest.raises(BadRequest):
            library.voices.update(made.id, wrong)
    assert library.voices.get(made.id) == made
    assert library.voices.find(VoiceQuery(text="晓晓")).total == 1


def test_many_are_changed_alike(library: Library) -> None:
    ids = [library.voices.add(voice(str(n))).id for n in range(5)]
    assert library.voices.update_many([*ids[:3], ids[0], "unknown"], VoiceChange(rating=5, add_tags=("best",))) == 3
    assert set(names(library, tags=("best",), min_rating=5, text="best")) == {"0", "1", "2"}


def test_deleting_can_be_undone_until_it_is_purged(library: Library) -> None:
    kept, gone = library.voices.add(voice("kept")), library.voices.add(FULL)
    assert library.voices.delete([gone.id, "unknown", gone.id]) == 1
    assert library.voices.delete([gone.id]) == 0
    assert names(library) == ["kept"]
    assert names(library, text="晓晓") == []
    with pytest.raises(NotFound):
        library.voices.get("晓晓")
    assert library.voices.get(gone.id).deleted is not None
    assert library.voices.restore([gone.id]) == 1
    assert library.voices.get(gone.id) == gone
    assert names(library, text="晓晓") == ["晓晓"]
    library.voices.delete([gone.id])
    assert Bin(library).empty(1).count == 0
    assert Bin(library).empty().count == 1
    with pytest.raises(NotFound):
        library.voices.get(gone.id)
    assert library.voices.get(kept.id) == kept
    assert library.voices.facets().tags == {}


def test_a_deleted_voice_can_be_changed_without_being_found(library: Library) -> None:
    made = library.voices.add(FULL)
    library.voices.delete([made.id])
    library.voices.update(made.id, VoiceChange(notes="neu"))
    assert names(library, text="neu") == []
    library.voices.restore([made.id])
    assert names(library, text="neu") == ["晓晓"]


def test_the_same_content_is_recognised(library: Library) -> None:
    made = library.voices.add(voice("a", seed=42))
    library.voices.add(voice("b", seed=43))
    assert library.voices.same_content("espeak", {"seed": 42, "kind": "seed"}) == (made,)
    assert library.voices.same_content("chattts", {"seed": 42, "kind": "seed"}) == ()


def test_facets_count_what_a_query_finds(library: Library) -> None:
    library.voices.add(FULL)
    library.voices.add(voice("Bob", gender="male", tags=("news",), languages=("en",)))
    gone = library.voices.add(replace(FULL, name="gone"))
    library.voices.delete([gone.id])
    facets = library.voices.facets()
    assert facets.engines == {"chattts": 1, "espeak": 1}
    assert facets.kinds == {"clip": 1, "seed": 1}
    assert facets.genders == {"female": 1, "male": 1}
    assert facets.languages == {"en": 2, "zh-CN": 1}
    assert facets.tags == {"news": 2, "温柔": 1}
    narrowed = library.voices.facets(VoiceQuery(text="news", gender="male"))
    assert narrowed.engines == {"espeak": 1}
    assert narrowed.languages == {"en": 1}
    assert narrowed.tags == {"news": 1}


def test_using_an_unknown_voice_does_no_harm(library: Library) -> None:
    library.voices.used("unknown")
    assert library.voices.find().total == 0


def test_tags_and_languages_are_told_apart_to_the_letter(library: Library) -> None:
    tags = ("News", "news", "new", "two words", "two_words", "100%", "q'u\"ote", "标签")
    for number, tag in enumerate(tags):
        library.voices.add(
            voice(str(number), tags=(tag,), languages=(("zh-Hant-TW", "zh-Hans", "yue", "en")[number % 4],))
        )
    for number, tag in enumerate(tags):
        assert names(library, tags=(tag,)) == [str(number)]
    assert set(library.voices.facets().tags) == set(tags)
    assert names(library, language="zh") == ["5", "4", "1", "0"]
    assert names(library, language="zh-Hant") == names(library, language="zh-Hant-TW") == ["4", "0"]
    assert names(library, language="z") == names(library, language="zh-Han") == names(library, language="zh-hant") == []


def test_a_search_text_cannot_reach_the_labels_of_the_index(library: Library) -> None:
    library.voices.add(voice("Anna", tags=("t",)))
    assert library.voices.find(VoiceQuery(text=label("e", "espeak"))).total == 0
    assert library.voices.find(VoiceQuery(text=label("e", "espeak")[:1])).total == 0
    forged = library.voices.add(voice("Bob", engine="other", description=label("e", "espeak")))
    assert names(library, engine="espeak") == ["Anna"]
    assert names(library, engine="other") == [forged.name]


def test_filters_follow_a_change(library: Library) -> None:
    made = library.voices.add(FULL)
    changed = VoiceChange(gender="male", rating=2, favourite=False, languages=("ja",), tags=("neu",))
    library.voices.update(made.id, changed)
    for old in ({"gender": "female"}, {"min_rating": 3}, {"favourite": True}, {"language": "zh"}, {"tags": ("news",)}):
        assert names(library, **old) == [], old
    for new in ({"gender": "male"}, {"min_rating": 2}, {"favourite": False}, {"language": "ja"}, {"tags": ("neu",)}):
        assert names(library, **new) == ["晓晓"], new
    assert library.voices.facets().tags == {"neu": 1}
    assert library.voices.reindex() == 1
    assert names(library, gender="male", text="旁白", tags=("neu",)) == ["晓晓"]


def test_the_emotion_of_a_voice_is_kept_found_and_counted(library: Library) -> None:
    kept = library.voices.add(voice("calm"))
    library.voices.add(voice("other"))
    assert library.voices.heard(kept.id, "sad", {"text": "oh"}).emotion == "sad"
    assert library.voices.heard_of(kept.id) == {"text": "oh"}
    library.voices.update(kept.id, VoiceChange(rating=3))
    assert [found.id for found in library.voices.find(VoiceQuery(emotion="sad"))] == [kept.id]
    assert library.voices.facets().emotions == {"sad": 1}
    assert library.voices.facets(VoiceQuery(emotion="happy")).emotions == {}
