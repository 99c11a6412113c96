"""A disk that can be read only, written to from the shell: its place is named and nothing is left."""

from pathlib import Path

import pytest

from ..library.disks import remount_read_only, small_disk
from .conftest import Run

CUES = "1\n00:00:01,000 --> 00:00:03,000\nGood evening.\n"


@pytest.fixture
def disk(tmp_path: Path):
    with small_disk(tmp_path / "disk", 4096) as place:
        (place / "there.txt").write_text("kept")
        remount_read_only(place)
        yield place
        assert [file.name for file in place.iterdir()] == ["there.txt"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_command_that_writes_names_the_place_it_may_not_write(
    disk: Path, tmp_path: Path, run: Run, language: str
) -> None:
    book, cues = tmp_path / "book.txt", tmp_path / "cues.srt"
    book.write_text("Chapter 1\n\nGood evening. It rains.\n")
    cues.write_text(CUES)
    run("voices", "add", "One", "--seed", "3")
    script = run("productions", "begin", book, "--json").stdout
    id = script.partition('"id": "')[2].partition('"')[0]
    run("productions", "render", id)
    for target, *command in (
        ("a.wav", "speak", "Good evening.", "-o"),
        ("b.m4b", "convert", book, "-o"),
        ("c.flac", "productions", "export", id, "--as", "flac", "-o"),
        ("d.zip", "productions", "pack", id),
        ("e.wav", "dub", cues, "-o"),
        ("f.voice.json", "voices", "export", "One", "-o"),
        ("g", "batch", book, "-o"),
        ("h.srt", "subtitles", "shift", cues, "--by", "1", "-o"),
    ):
        said = run(*command, disk / target, code=5, language=language).stderr
        assert str(disk) in said, (command, said)
        assert ("read-only" in said or "written" in said or "write" in said) if language == "en" else "写" in said, said
