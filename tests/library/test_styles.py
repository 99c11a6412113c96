"""Styles are kept by name and engine; the shipped ones follow `presets/` and leave the user's alone."""

from dataclasses import replace

import pytest

from studio.errors import BadRequest, NotFound
from studio.library import Library, NewStyle

NEWS = NewStyle(
    "news",
    {"speed": 1.1},
    engine="espeak",
    description="brisk",
    languages=("zh", "en"),
    translations={"zh": {"name": "新闻", "description": "利落"}, "en": {"name": "News"}},
)


def test_a_style_comes_back_as_it_went_in(library: Library) -> None:
    made = library.styles.save(NEWS)
    assert library.styles.get(made.id) == library.styles.get("News") == library.styles.get("新闻") == made
    for field in ("name", "controls", "engine", "description", "languages", "translations"):
        assert getattr(made, field) == getattr(NEWS, field)
    assert not made.shipped
    assert [made.label(language) for language in ("zh-CN", "en", "fr")] == ["新闻", "News", "News"]


def test_saving_again_replaces(library: Library) -> None:
    first = library.styles.save(NEWS)
    second = library.styles.save(replace(NEWS, name="NEWS", controls={"speed": 0.9}))
    assert (second.id, second.name, second.controls) == (first.id, "NEWS", {"speed": 0.9})
    assert library.styles.list() == (second,)


def test_an_engines_own_style_comes_before_one_for_any(library: Library) -> None:
    own, general = library.styles.save(NEWS), library.styles.save(replace(NEWS, engine=""))
    assert library.styles.get("news", "espeak") == own
    assert library.styles.get("news", "chattts") == general
    assert library.styles.list("chattts") == (general,)
    assert library.styles.list("espeak") == (general, own)
    with pytest.raises(BadRequest) as refused:
        library.styles.get("news")
    assert "2 engines have one" in refused.value.text("en")
    assert "请指明引擎" in refused.value.text("zh")


def test_an_unknown_style_suggests_a_near_name(library: Library) -> None:
    library.styles.save(NEWS)
    with pytest.raises(NotFound) as missing:
        library.styles.get("newz")
    assert "did you mean “news”?" in missing.value.text("en")
    assert "没有这个风格" in missing.value.text("zh")


def test_deleting_can_be_undone(library: Library) -> None:
    made = library.styles.save(NEWS)
    deleted = library.styles.delete("news")
    assert library.styles.list() == ()
    back = library.styles.restore(deleted)
    assert replace(back, updated=made.updated) == made
    with pytest.raises(BadRequest, match="name is taken"):
        library.styles.restore(replace(deleted, id="other"))


def test_renaming(library: Library) -> None:
    library.styles.save(NEWS)
    library.styles.save(replace(NEWS, name="calm", translations={}))
    assert library.styles.rename("calm", "Quiet").name == "Quiet"
    with pytest.raises(BadRequest, match="name is taken"):
        library.styles.rename("quiet", "NEWS")
    assert library.styles.get("quiet").name == "Quiet"


def test_shipped_styles_follow_the_presets(library: Library) -> None:
    library.styles.ship([NEWS, replace(NEWS, name="calm")])
    first = library.styles.get("news")
    assert first.shipped
    library.styles.ship([replace(NEWS, controls={"speed": 1.2})])
    second = library.styles.get("news")
    assert (second.id, second.controls) == (first.id, {"speed": 1.2})
    assert [style.name for style in library.styles.list()] == ["news"]
    library.styles.ship([replace(NEWS, controls={"speed": 1.2})])
    assert library.styles.get("news").updated == second.updated


def test_a_shipped_style_cannot_be_changed_and_the_users_own_wins(library: Library) -> None:
    own = library.styles.save(NEWS)
    library.styles.ship([replace(NEWS, controls={}), replace(NEWS, name="calm")])
    assert library.styles.get("news") == own
    for act in (lambda: library.styles.delete("calm"), lambda: library.styles.rename("calm", "x")):
        with pytest.raises(BadRequest) as refused:
            act()
        assert "came with the studio" in refused.value.text("en")
        assert "随软件提供" in refused.value.text("zh")
    with pytest.raises(BadRequest, match="came with the studio"):
        library.styles.save(replace(NEWS, name="Calm"))
