"""Books: from a text file to one audio file with chapters; resumed, never half-written, honest about itself."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from studio.audio.files import probe, read
from studio.errors import BadFile, BadRequest, BadText, Cancelled, DiskFull, NotWritable
from studio.studio import ConvertRequest, Gaps, Studio
from tests.warm import hears_ctrl_c

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "assets" / "examples"
BOOK = """Title: The Two Rooms
Author: Nobody Special

Chapter 1. The First Room

It was quiet in the first room. Nobody spoke.

“Hello?” said a voice.

Chapter 2. The Second Room

In the second room a clock struck 12. Then it stopped.

Chapter 3. The End

They all went home.
"""

CHAPTERS = ["Chapter 1. The First Room", "Chapter 2. The Second Room", "Chapter 3. The End"]


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "rooms.txt"
    path.write_text(BOOK, encoding="utf-8")
    return path


def converted(studio, source, output, **fields):
    request = ConvertRequest(format=output.suffix[1:], **fields)
    return studio.convert(source, request, output).wait(120)


@pytest.mark.parametrize("format", ["m4b", "m4a", "mp3", "flac", "wav", "opus"])
def test_every_format_has_the_whole_book_and_its_tags(studio, book, tmp_path, format):
    output = tmp_path / f"rooms.{format}"
    result = converted(studio, book, output)
    facts = probe(output)
    assert facts.seconds == pytest.approx(result.seconds, abs=0.1)
    assert result.lines >= 6
    provenance = studio.inspect(output)
    assert provenance.synthetic
    assert (provenance.engine, len(provenance.digest)) == ("espeak", 64)
    assert provenance.recipe["kind"] == "production"
    assert not [path for path in tmp_path.iterdir() if ".part" in path.name]


def test_chapters_of_an_m4b_are_right_within_50_ms_in_a_player(studio, book, tmp_path):
    output = tmp_path / "rooms.m4b"
    result = converted(studio, book, output)
    assert [title for title, _ in result.chapters] == CHAPTERS
    with av.open(str(output)) as player:
        chapters = player.chapters()
        tags = dict(player.metadata)
    told = [(c["metadata"]["title"], c["start"] * c["time_base"]) for c in chapters]
    assert [title for title, _ in told] == [title for title, _ in result.chapters]
    for (_, start), (_, meant) in zip(told, result.chapters, strict=True):
        assert float(start) == pytest.approx(meant, abs=0.05)
    assert (tags["title"], tags["artist"]) == ("The Two Rooms", "Nobody Special")
    clip = read(output)
    for _, start in result.chapters[1:]:  # silence before a chapter, speech right after
        at = int(start * clip.rate)
        before = clip.samples[at - int(0.5 * clip.rate) : at - int(0.06 * clip.rate)]
        after = clip.samples[at : at + int(0.6 * clip.rate)]
        assert np.abs(before).max() < 0.01
        assert np.abs(after).max() > 0.05


def test_both_shipped_stories_are_found_whole(studio):
    from studio.studio import look_into

    for name, language in (("ah-q.txt", "zh"), ("alice.txt", "en")):
        manuscript = look_into(EXAMPLES / name)
        assert manuscript.language == language
        assert len([c for c in manuscript.chapters if c.title]) >= 3
        assert manuscript.title
        assert manuscript.author


def test_a_table_of_contents_is_left_out_and_said_so(tmp_path):
    from studio.studio import look_into

    source = tmp_path / "book.txt"
    names = ["The Door", "The Window", "The Roof"]
    contents = "".join(f"Chapter {n}. {name}\n" for n, name in enumerate(names, 1))
    body = "".join(f"\nChapter {n}. {name}\n\nIt is here, and it is open.\n" for n, name in enumerate(names, 1))
    source.write_text(f"A House\n\nContents\n\n{contents}{body}", encoding="utf-8")
    manuscript = look_into(source)
    assert [c.title for c in manuscript.chapters][-3:] == [f"Chapter {n}. {name}" for n, name in enumerate(names, 1)]
    assert not any("Contents" in c.text for c in manuscript.chapters)
    assert any("contents" in note.en for note in manuscript.notes)


def test_gaps_are_kept(studio, book, tmp_path):
    short = converted(studio, book, tmp_path / "a.wav", gaps=Gaps(0, 0, 0))
    long = converted(studio, book, tmp_path / "b.wav", gaps=Gaps(0, 0, 3000))
    assert long.seconds - short.seconds == pytest.approx(6.0, abs=0.002)
    assert long.cached == long.lines


def test_polish_with_a_loudness_target_reaches_it(studio, book, tmp_path):
    from studio.audio.levels import measure

    output = tmp_path / "rooms.flac"
    plain, polished = tmp_path / "plain.flac", output
    first = converted(studio, book, plain)
    second = converted(studio, book, polished, polish="podcast")
    assert second.seconds == pytest.approx(first.seconds, abs=0.001)
    assert second.cached == second.lines
    assert measure(read(polished)).loudness_lufs == pytest.approx(-16, abs=1.0)
    assert abs(measure(read(plain)).loudness_lufs + 16) > 1.5


def test_a_polished_first_run_says_that_nothing_was_cached(studio, book, tmp_path):
    assert converted(studio, book, tmp_path / "a.flac", polish="podcast").cached == 0


def test_a_second_run_takes_everything_from_the_cache_and_gives_the_same_file(studio, book, tmp_path):
    first = converted(studio, book, tmp_path / "a.wav")
    again = converted(studio, book, tmp_path / "b.wav")
    assert (first.cached, again.cached) == (0, again.lines)
    assert read(tmp_path / "a.wav").samples.tobytes() == read(tmp_path / "b.wav").samples.tobytes()


def test_stopping_leaves_no_file_and_resuming_finishes_it(studio, tmp_path):
    output = tmp_path / "alice.m4b"
    job = studio.convert(EXAMPLES / "alice.txt", ConvertRequest(format="m4b"), output)
    while job.progress < 0.02 and not job.over:
        time.sleep(0.005)
    job.stop()
    with pytest.raises(Cancelled):
        job.wait(20)
    assert not output.exists()
    assert not [path for path in tmp_path.iterdir() if ".part" in path.name]
    assert studio.productions.get(job.id).state == "stopped"
    result = studio.productions.resume(job.id).wait(240)
    assert output.exists()
    assert 0 < result.cached < result.lines
    assert studio.productions.get(job.id).state == "done"


def test_resumed_while_it_is_still_stopping_it_goes_on(studio, tmp_path):
    job = studio.convert(EXAMPLES / "alice.txt", ConvertRequest(format="wav"), tmp_path / "alice.wav")
    while job.progress < 0.02 and not job.over:
        time.sleep(0.005)
    job.stop()
    studio.productions.resume(job.id).wait(240)
    assert studio.productions.get(job.id).state == "done"


@pytest.mark.parametrize("signal", ["KILL", "INT"])
def test_killed_in_the_middle_nothing_is_lost_but_a_line(tmp_path, signal):
    """kill -9 and Ctrl-C on a real `convert`; the second run resumes from the cache."""
    data, output = tmp_path / "data", tmp_path / "alice.flac"
    alice = str(EXAMPLES / "alice.txt")
    command = ["-m", "studio", "--data-dir", str(data), "convert", alice, "-o", str(output)]
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stderr=subprocess.PIPE, preexec_fn=hears_ctrl_c)
    deadline = time.monotonic() + 60
    while len(list((data / "takes").glob("*.flac")) if (data / "takes").exists() else []) < 20:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal({"KILL": 9, "INT": 2}[signal])
    code = process.wait(20)
    assert code == {"KILL": -9, "INT": 130}[signal]
    assert not output.exists()
    rendered = len(list((data / "takes").glob("*.flac")))
    with Studio(data) as studio:
        assert all(p.state == "stopped" for p in studio.productions.find())
        result = studio.convert(EXAMPLES / "alice.txt", ConvertRequest(format="flac"), output).wait(240)
        assert rendered - 1 <= result.cached < result.lines
    assert not [path for path in tmp_path.iterdir() if ".part" in path.name]


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", BadFile, "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), BadFile, "PNG"),
        (bytes(range(256)) * 40, BadFile, "text"),
        ("。。。 … ！！".encode(), BadText, "nothing"),
    ],
    ids=["empty", "picture", "binary", "only signs"],
)
def test_files_that_cannot_be_read_aloud_say_why(studio, tmp_path, content, error, words):
    source = tmp_path / "source.txt"
    source.write_bytes(content)
    with pytest.raises(error) as raised:
        converted(studio, source, tmp_path / "out.mp3")
    assert words in raised.value.text("en")
    assert not (tmp_path / "out.mp3").exists()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030", "big5"])
def test_chinese_manuscripts_of_every_encoding_are_the_same_book(studio, tmp_path, encoding):
    text = "第一章 雨夜\n\n那天晚上下了大雨，他一個人走在路上，心裡想著許多往事。\n\n"
    text += "第二章 清晨\n\n太陽出來了，大家都很高興。\n"
    source = tmp_path / "book.txt"
    source.write_bytes(text.encode(encoding))
    job = studio.convert(source, ConvertRequest(format="wav"), tmp_path / "out.wav", start=False)
    assert [c.title for c in job.book.manuscript.chapters] == ["第一章 雨夜", "第二章 清晨"]


def test_outputs_that_cannot_be_written_are_refused_before_any_work(studio, book, tmp_path):
    with pytest.raises(BadRequest, match="mp3"):
        converted(studio, book, tmp_path / "out.xyz")
    with pytest.raises(NotWritable):
        converted(studio, book, tmp_path / "no such folder" / "out.mp3")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real disk of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a disk needs root; tests/audio fills one by a limit on the size of files")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_fills_up_is_said_and_nothing_half_written_stays(studio, small_disk):
    output = small_disk / "alice.wav"
    with pytest.raises(DiskFull) as raised:
        converted(studio, EXAMPLES / "alice.txt", output)
    assert "alice.wav" in raised.value.text("en")
    assert "磁盘" in raised.value.text("zh")
    assert list(small_disk.iterdir()) == []
    assert studio.productions.find().items[0].error.en == raised.value.text("en")


def test_titles_become_harmless_file_names():
    from studio.audio.tags import file_name

    assert file_name("../../etc/passwd") == "etc passwd"
    assert file_name("第一章：雨/夜\0") == "第一章：雨 夜"
    assert file_name("...") == "audiobook"
    assert len(file_name("长" * 500)) <= 80


def test_a_book_of_any_kind_is_read_straight_into_a_file(studio, tmp_path):
    """An EPUB, once whole and once stopped in the middle and gone on with from its copy."""
    from tests.manuscripts import files

    pages = {
        "title.xhtml": files.page("<h1>Two Rooms</h1>", body_type="titlepage"),
        "one.xhtml": files.page("<p>It was quiet in the first room.<sup><a href='#n'>1</a></sup></p>"),
        "two.xhtml": files.page("<p>In the second room a clock struck.</p>"),
    }
    source = files.epub(tmp_path / "rooms.epub", pages, nav={"one.xhtml": "First", "two.xhtml": "Second"})
    result = converted(studio, source, tmp_path / "rooms.m4b")
    assert [title for title, _ in result.chapters] == ["First", "Second"]
    assert probe(tmp_path / "rooms.m4b").tags["artist"] == "A. Writer"
    (kept,) = studio.productions.find().items
    assert (studio.folder.productions / kept.id / "manuscript.epub").exists()
    again = studio.productions.resume(kept.id).wait(60)
    assert (again.lines, again.cached) == (result.lines, result.lines)
