"""The table of languages against the library's own files."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.engines.espeak import Espeak
from studio.engines.espeak.languages import language_for, languages
from studio.engines.espeak.process import Part, Process, find
from studio.engines.espeak.timbre import PLAIN, lines
from studio.errors import BadRequest


def folder() -> Path:
    installed = find()
    assert installed is not None
    return installed.data / "lang"


SILENT = {"iro/chr", "gmq/fo", "trk/kaa", "art/xex"}  # this release lacks their dictionaries


def test_the_table_names_every_language_file_that_speaks_once() -> None:
    files = {path.relative_to(folder()).as_posix() for path in folder().rglob("*") if path.is_file()}
    ours = [language.file for language in languages().values()]
    assert len(ours) == len(set(ours)) == 137
    assert files - set(ours) == SILENT


@pytest.mark.parametrize(
    ("file", "text"), [("iro/chr", "ᏣᎳᎩ"), ("gmq/fo", "Góðan dag"), ("trk/kaa", "salem"), ("art/xex", "ma")]
)
def test_what_is_left_out_says_nothing(file: str, text: str) -> None:
    """Should a later release speak them, this fails, and they go into the table."""
    process = Process()
    process.say(1, [Part(file, lines(PLAIN), text, {}, False)], 0)
    sound = b""
    while "done" not in (frame := process.next()).header:
        sound += frame.sound
    process.close()
    assert len(sound) < 2 * 22_050 * 0.2


def test_tags_agree_with_what_the_files_say() -> None:
    """The primary part of our tag is among the languages of the file, but for names that BCP 47 writes otherwise."""
    ours = {"zh": "cmn", "tlh": "piqd", "x": "", "qdb": "qdb"}
    for language in languages().values():
        lines = (folder() / language.file).read_text(encoding="utf-8").splitlines()
        told = {line.split()[1].split("-")[0] for line in lines if line.startswith("language")}
        primary = language.tag.split("-")[0]
        assert ours.get(primary, primary) in told | {""}, language


def test_labels_are_different_and_in_both_languages() -> None:
    for texts in zip(*(language.label for language in languages().values()), strict=True):
        assert len(set(texts)) == len(texts)
    assert all("\u4e00" <= language.label.zh[0] <= "\u9fff" for language in languages().values())


@pytest.mark.parametrize(
    ("tag", "file"),
    [
        ("zh", "sit/cmn"),
        ("zh-CN", "sit/cmn"),
        ("zh_TW", "sit/cmn"),
        ("cmn-Hans", "sit/cmn"),
        ("zh-HK", "sit/yue"),
        ("yue-Hant", "sit/yue"),
        ("en", "gmw/en-US"),
        ("en-AU", "gmw/en-US"),
        ("en-GB", "gmw/en"),
        ("EN-gb-Scotland", "gmw/en-GB-scotland"),
        ("pt", "roa/pt-BR"),
        ("pt-PT", "roa/pt"),
        ("no", "gmq/nb"),
        ("fr", "roa/fr"),
        ("es-419", "roa/es-419"),
    ],
)
def test_tag_finds_its_file(tag: str, file: str) -> None:
    language = language_for(tag)
    assert language is not None
    assert language.file == file


def test_unknown_language_is_refused(heard: Callable[..., Any]) -> None:
    assert language_for("xx") is None
    with pytest.raises(BadRequest, match="language “xx”") as refused:
        heard("hello", language="xx")
    assert "语言“xx”" in refused.value.text("zh")


def test_every_language_speaks_and_sounds_like_itself(
    espeak: Espeak, hear: Callable[..., Any], recipe_for: Any
) -> None:
    """Numbers, because every language has words for them. Accents of one language may share theirs."""
    tags = [language.tag for language in languages().values()]
    recipes = [recipe_for(espeak, "Mama 1, 2, 3, 47.", tag, language=tag) for tag in tags]
    utterances = dict(zip(tags, hear(espeak, *recipes), strict=True))
    assert {tag: len(heard.samples) for tag, heard in utterances.items() if len(heard.samples) < 22_050 * 0.5} == {}
    assert len({heard.samples.tobytes() for heard in utterances.values()}) > 120
