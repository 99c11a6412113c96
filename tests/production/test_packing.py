"""Packs of productions: what travels, what is refused, and what one that fails halfway leaves behind."""

import csv
import json
import zipfile
from pathlib import Path

import pytest

from studio.errors import BadFile, DiskFull
from studio.library.lexicons import Entry
from studio.library.script import Member
from studio.production import packing
from studio.production.desk import Desk
from studio.production.packing import pack, unpack
from studio.studio import Begun, Studio
from tests.production.tale import line, rendered


def test_a_production_travels_as_a_zip_or_a_folder(desk: Desk, studio: Studio, id: str, tmp_path: Path) -> None:
    voice = studio.keeping.blend("espeak", {"f2": 1, "m3": 1}, "Ours")
    desk.cast(id, [Member("Martha", "espeak", voice.id)])
    desk.put_words([Entry("boat", "ship", scope=id)])
    rendered(desk, id)
    desk.change(id, [line(desk, id, "The wind rose")], locked=True)
    desk.put_file(id, "cover", (Path(__file__).parents[2] / "assets" / "screenshot.en.png").read_bytes())
    for target in (tmp_path / "tale.zip", tmp_path / "tale"):
        assert pack(studio._library, id, target) == 13
        with Studio(tmp_path / f"other-{target.suffix or 'folder'}") as other:
            found = unpack(other._library, target)
            assert (found.lines, found.takes, found.refused) == (13, 13, 0)
            there = other.scripts
            copy = found.production.id
            there.settle(copy)
            old = [(one.text, one.speaker, one.state, one.ends, one.take, one.locked) for one in desk.all_lines(id)]
            new = [(one.text, one.speaker, one.state, one.ends, one.take, one.locked) for one in there.all_lines(copy)]
            assert new == old
            assert rendered(there, copy) == 0, "every take came along"
            assert [(one.word, one.reading) for one in there.words(copy)] == [("boat", "ship")]
            assert (there.folder(copy) / "cover").exists()
            there.export(copy, "flac", tmp_path / "there.flac").wait(60)
    text = (tmp_path / "tale" / "script" / "001.csv").read_text(encoding="utf-8")
    assert [row["text"] for row in csv.DictReader(text.splitlines())][1:3] == [
        "Chapter 1. The Storm",
        "The wind rose. Nobody slept that night.",
    ]


def test_a_take_that_is_not_what_it_says_is_refused(desk: Desk, studio: Studio, id: str, tmp_path: Path) -> None:
    rendered(desk, id)
    pack(studio._library, id, tmp_path / "tale")
    first, second = sorted((tmp_path / "tale" / "takes").iterdir())[:2]
    first.write_bytes(second.read_bytes())
    with Studio(tmp_path / "other") as other:
        found = unpack(other._library, tmp_path / "tale")
        assert found.refused == 1
        assert rendered(other.scripts, found.production.id) == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("production.json", "{", "no JSON"),
        ("production.json", '{"format": "else"}', "no production"),
        ("production.json", '{"format": "timbre-production", "version": 9}', "later version"),
        ("production.json", "[" * 100_000, "no JSON"),
        ("cast.json", "{}", "no list"),
        ("cast.json", '[{"speaker": "x", "evil": 1}]', "unknown"),
        ("script/001.csv", "speaker,text,ends\nA,hello,sideways\n", "row 2"),
        ("lexicon.csv", "word,reading\nonly\n", "row 2"),
    ],
)
def test_a_damaged_pack_is_refused_and_leaves_nothing(
    desk: Desk, studio: Studio, id: str, tmp_path: Path, name: str, content: str, message: str
) -> None:
    pack(studio._library, id, tmp_path / "tale")
    (tmp_path / "tale" / name).write_text(content)
    with zipfile.ZipFile(tmp_path / "tale.zip", "w") as archive:
        for path in (tmp_path / "tale").rglob("*"):
            if path.is_file():
                archive.write(path, path.relative_to(tmp_path / "tale"))
    with Studio(tmp_path / "other") as other:
        for source in (tmp_path / "tale", tmp_path / "tale.zip"):
            with pytest.raises(BadFile, match=message):
                unpack(other._library, source)
        assert other.scripts.find().total == 0
        assert list(other.folder.productions.iterdir()) == []


def test_a_copy_has_the_same_takes_and_a_life_of_its_own(desk: Desk, id: str) -> None:
    rendered(desk, id)
    copy = desk.duplicate(id).id
    desk.settle(copy)
    assert [one.take for one in desk.all_lines(copy)] == [one.take for one in desk.all_lines(id)]
    assert rendered(desk, copy) == 0
    desk.change(copy, [line(desk, copy, "The wind rose")], text="Another wind.")
    assert "Another wind." not in [one.text for one in desk.all_lines(id)]
    assert json.dumps(desk.get(copy).settings["sound"]) == json.dumps(desk.get(id).settings["sound"])


def test_a_pack_that_fails_halfway_takes_nothing_deleted_along(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was deleted before can still be brought back, and nothing of the pack stays."""
    kept, deleted = (studio.scripts.empty(Begun(title=title, engine="espeak")).id for title in ("Kept", "Deleted"))
    studio.scripts.pack(kept, tmp_path / "kept.zip")
    studio.productions.delete(deleted)
    before = sorted(path.name for path in (tmp_path / "data" / "data" / "productions").glob("*"))

    def full(*_: object) -> None:
        raise DiskFull("the disk is full", "磁盘已满")

    monkeypatch.setattr(packing, "_fill", full)
    with pytest.raises(DiskFull):
        studio.scripts.unpack(tmp_path / "kept.zip")
    assert [made.id for made in studio.productions.find()] == [kept]
    assert sorted(path.name for path in (tmp_path / "data" / "data" / "productions").glob("*")) == before
    studio.productions.restore(deleted)
    assert {made.id for made in studio.productions.find()} == {kept, deleted}
