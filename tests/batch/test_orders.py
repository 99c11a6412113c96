"""From files, folders, patterns and manifests to an order; and every way in which they can be wrong."""

import json
from pathlib import Path

import pytest

from studio.batch.gathering import SUFFIXES
from studio.batch.manifests import COLUMNS, is_manifest, read_manifest
from studio.errors import BadFile, BadRequest
from studio.studio import ConvertRequest, Studio

MP3 = ConvertRequest(format="mp3")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Texts in a folder with a folder in it."""
    place = tmp_path / "in"
    (place / "deep").mkdir(parents=True)
    (place / "a.txt").write_text("The first text.", "utf-8")
    (place / "b.md").write_text("# Two\n\nThe second text.", "utf-8")
    (place / "deep" / "三.txt").write_text("第三篇。", "utf-8")
    return place


def table(folder: Path, text: str, name: str = "list.csv") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def ordered(studio: Studio, path: Path, tmp_path: Path, common: ConvertRequest = MP3, **more):
    return studio.batches.order([path], tmp_path / "out", common, **more)


def troubles(order) -> list[str]:
    return [item.trouble.words.en if item.trouble else "" for item in order.items]


def test_a_folder_is_read_to_its_depth_and_nothing_is_left_out_in_silence(studio, folder, tmp_path):
    (folder / "photo.png").write_bytes(b"\x89PNG")
    (folder / ".hidden.txt").write_text("not for anyone", "utf-8")
    order = ordered(studio, folder, tmp_path)
    assert [item.output for item in order.items] == ["a.mp3", "b.mp3", "deep/三.mp3"]
    assert [note.en for note in order.notes] == ["1 file is not read: photo.png"]


def test_files_that_would_become_one_keep_their_endings(studio, folder, tmp_path):
    (folder / "A.md").write_text("Another A.", "utf-8")
    outputs = [item.output for item in ordered(studio, folder, tmp_path).items]
    assert outputs == ["A.md.mp3", "a.txt.mp3", "b.mp3", "deep/三.mp3"]


def test_patterns_and_files_are_joined_and_taken_once(studio, folder, tmp_path):
    order = studio.batches.order([str(folder / "*.txt"), folder / "a.txt", folder / "b.md"], tmp_path / "out", MP3)
    assert [item.name for item in order.items] == ["a.txt", "b.md"]


def test_files_of_one_name_from_two_folders_are_told_apart(studio, folder, tmp_path):
    (folder / "deep" / "a.txt").write_text("Another.", "utf-8")
    order = studio.batches.order([folder / "a.txt", folder / "deep" / "a.txt"], tmp_path / "out", MP3)
    assert [item.output for item in order.items] == ["in/a.mp3", "deep/a.mp3"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_csv_says_for_each_file_how_it_is_read(studio, folder, tmp_path, encoding):
    text = (
        "文件,输出,音色,seed,format,控制项,subtitles\n"
        "a.txt,one/你好,f2,3,,speed=1.2;pitch=-2,srt vtt\n\nb.md,two.flac,,,,,none\n"
    )
    path = folder / "list.csv"
    path.write_bytes(text.encode(encoding))
    first, second = ordered(studio, path, tmp_path, subtitles=("lrc",)).items
    assert (first.output, first.subtitles) == ("one/你好.mp3", ("srt", "vtt"))
    assert first.own == {"voice": "f2", "seed": 3, "controls": {"speed": 1.2, "pitch": -2}}
    assert (second.output, second.own, second.subtitles) == ("two.flac", {"format": "flac"}, ())


def test_a_json_says_the_same_and_shares_defaults(studio, folder, tmp_path):
    plain = {"defaults": {"voice": "f2", "bitrate": 64}, "files": ["a.txt", {"input": "b.md", "voice": "m3"}]}
    order = ordered(studio, table(folder, json.dumps(plain), "list.json"), tmp_path)
    assert [item.own for item in order.items] == [
        {"voice": "f2", "bitrate": 64_000},
        {"voice": "m3", "bitrate": 64_000},
    ]


def test_another_engine_or_format_begins_without_what_belongs_to_the_first(studio, folder, tmp_path):
    common = ConvertRequest(format="mp3", voice="f2", style="slow", controls={"speed": 1.1}, bitrate=64_000)
    path = table(folder, "input,engine,format\na.txt,chattts,flac\nb.md,,\n")
    order = ordered(studio, path, tmp_path, common)
    request = order.request(order.items[0])
    assert (request.voice, request.style, request.controls, request.bitrate) == ("", "", {}, None)
    assert order.request(order.items[1]) == common


def test_a_table_without_inputs_is_a_script_to_be_read(studio, folder, tmp_path):
    path = table(folder, "role,text\nAnn,Good morning.\n", "play.csv")
    assert not is_manifest(path)
    assert [item.name for item in ordered(studio, path, tmp_path).items] == ["play.csv"]


def test_manifests_in_a_folder_are_not_read_aloud(studio, folder, tmp_path):
    table(folder, "input,voice\na.txt,f2\n")
    order = ordered(studio, folder, tmp_path)
    assert len(order.items) == 3
    assert "list.csv" in order.notes[0].en


BAD_TABLES = {
    "column": ("input,voise\na.txt,f2\n", "did you mean voice?"),
    "twice": ("input,file\na.txt,b.md\n", "comes twice"),
    "no input": ("output,voice\na.mp3,f2\n", "no column input"),
    "no rows": ("input,voice\n", "names no file"),
    "quote": ('input,voice\n"a.txt,f2\n' + "x" * 200_000, "cannot be read|names no file|no table"),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_a_table_that_is_wrong_as_a_whole_is_refused(folder, case):
    text, message = BAD_TABLES[case]
    with pytest.raises(BadFile, match=message):
        read_manifest(table(folder, text))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "PNG image"),
        (b"PK\x03\x04" + bytes(200), "ZIP archive"),
        (bytes(range(256)) * 40, "text|encod"),
        (b"", "empty"),
    ],
)
def test_what_is_no_table_at_all_is_refused_by_what_it_is(folder, content, message):
    path = folder / "list.csv"
    path.write_bytes(content)
    with pytest.raises(BadFile, match=message):
        read_manifest(path)


@pytest.mark.parametrize("text", ["{", "[1", '"a.txt"', "null", '{"files": 3}', "[" * 100_000, '[{"voise": 1}]'])
def test_a_json_that_is_no_list_of_files_is_refused(folder, text):
    with pytest.raises(BadFile):
        read_manifest(table(folder, text, "list.json"))


ROWS = {
    "missing": ("gone.txt,", "no such file"),
    "absolute": ("/etc/passwd,", "leads out"),
    "up": ("../secret.txt,", "leads out"),
    "drive": ("C:/x.txt,", "leads out"),
    "out up": ("a.txt,../../x.mp3", "leads out"),
    "out absolute": ("a.txt,/tmp/x.mp3", "leads out"),
    "out twice": ("b.md,one.mp3", ""),
    "folder": ("deep,", "no such file"),
}


@pytest.mark.parametrize("case", ROWS)
def test_a_row_that_leads_elsewhere_keeps_its_reason_and_the_others_go_on(studio, folder, tmp_path, case):
    row, message = ROWS[case]
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    order = ordered(studio, table(folder, f"input,output\na.txt,first.mp3\n{row}\n"), tmp_path)
    first, second = troubles(order)
    assert first == ""
    assert message in second
    assert bool(second) == bool(message)


def test_links_that_lead_out_are_not_followed(studio, folder, tmp_path):
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "inner.txt").symlink_to(folder / "a.txt")
    order = ordered(studio, table(folder, "input\nlink.txt\ninner.txt\n"), tmp_path)
    assert ["leads out" in one for one in troubles(order)] == [True, False]
    assert "link.txt" in ordered(studio, folder, tmp_path).notes[0].en


def test_an_output_through_a_link_that_leads_out_is_refused(studio, folder, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path / "elsewhere")
    order = ordered(studio, table(folder, "input,output\na.txt,sub/x.mp3\n"), tmp_path)
    assert "leads out" in troubles(order)[0]


def test_outputs_that_meet_are_told_with_the_row_that_has_them(studio, folder, tmp_path):
    path = table(folder, "input,output\na.txt,one.mp3\nb.md,./ONE.mp3\ndeep/三.txt,one.flac\n")
    assert ["file 1 of this batch" in one for one in troubles(ordered(studio, path, tmp_path))] == [False, True, False]
    beside = ordered(studio, path, tmp_path, subtitles=("srt",))
    assert ["file 1 of this batch" in one for one in troubles(beside)] == [False, True, True]


def test_what_is_read_is_never_written_over(studio, folder):
    (folder / "talk.srt").write_text("1\n00:00:00,000 --> 00:00:02,000\nHello there.\n", "utf-8")
    order = studio.batches.order([folder / "talk.srt"], folder, MP3, subtitles=("srt",))
    assert "is read by this batch" in troubles(order)[0]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("seed=x", "whole number"),
        ("format=xyz", "does not name a format"),
        ("polish=shiny", "no such polish preset"),
        ("subtitles=doc", "srt, vtt"),
        ("bitrate=fast", "whole number"),
        ("controls=speed", "name=value"),
        ("output=a.wav;format=mp3", "is not that of mp3"),
    ],
)
def test_cells_that_are_wrong_say_what_would_be_right(studio, folder, tmp_path, cells, message):
    pairs = dict(pair.split("=", 1) for pair in cells.split(";"))
    path = table(folder, f"input,{','.join(pairs)}\na.txt,{','.join(pairs.values())}\nb.md{',' * len(pairs)}\n")
    first, second = troubles(ordered(studio, path, tmp_path))
    assert message in first
    assert second == ""


def test_a_row_with_too_many_cells_is_not_guessed_at(studio, folder, tmp_path):
    order = ordered(studio, table(folder, "input,title\na.txt,Hello, world\nb.md,Fine\n"), tmp_path)
    assert "3 cells for 2 columns" in troubles(order)[0]
    assert troubles(order)[1] == ""


def test_names_of_voices_styles_and_engines_are_looked_up_before_anything_is_spoken(studio, folder, tmp_path):
    path = table(folder, "input,voice,style,engine,output\n" + "\n".join(
        ["a.txt,nobody,,,1", "a.txt,,sparkling,,2", "a.txt,,,espeek,3", "a.txt,,,chattts,4", "a.txt,f2,slow,espeak,5"]
    ))  # fmt: skip
    preview = studio.batches.look(ordered(studio, path, tmp_path)).wait(60)
    told = [one.trouble.words.en if one.trouble else one.sight for one in preview.files]
    assert "no such voice" in told[0]
    assert "no such style" in told[1]
    assert "did you mean “espeak”" in told[2]
    assert "not installed" in told[3]
    assert told[4] == "new"
    assert preview.counts == {"new": 1, "made": 0, "replaced": 0, "bad": 4}
    assert not preview.good


@pytest.mark.parametrize(
    "fields", [{"voice": "nobody"}, {"style": "x"}, {"engine": "x"}, {"format": "x"}, {"polish": "x"}]
)
def test_what_all_files_share_is_refused_at_once(studio, folder, tmp_path, fields):
    with pytest.raises(BadRequest):
        ordered(studio, folder, tmp_path, ConvertRequest(**{"format": "mp3", **fields}))


def test_nothing_to_do_is_said(studio, tmp_path):
    (tmp_path / "empty").mkdir()
    for inputs in ([tmp_path / "empty"], [tmp_path / "gone"], [str(tmp_path / "*.txt")], ["a\0b"], []):
        with pytest.raises(BadFile):
            studio.batches.order(inputs, tmp_path / "out", MP3, title="x")


def test_files_that_cannot_be_read_are_found_by_the_dry_run(studio, folder, tmp_path):
    (folder / "cut.docx").write_bytes(b"PK\x03\x04 cut short")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "sound.txt").write_bytes(b"ID3\x03" + bytes(300))
    (folder / "no.pdf").write_bytes(b"%PDF-1.7 nothing")
    preview = studio.batches.look(ordered(studio, folder, tmp_path)).wait(60)
    bad = {one.name: one.trouble.words for one in preview.files if one.trouble}
    assert set(bad) == {"cut.docx", "empty.txt", "sound.txt", "no.pdf"}
    assert all(str(folder) not in text for words in bad.values() for text in words)


def test_the_estimate_is_near_what_comes_out(studio, tmp_path):
    examples = Path(__file__).parents[2] / "assets" / "examples" / "batch"
    order = studio.batches.order([examples / "manifest.csv"], tmp_path / "out", MP3)
    preview = studio.batches.look(order).wait(60)
    assert preview.good
    assert preview.measured
    assert preview.wall_s is not None
    tally = studio.batches.begin(order).wait(120)
    assert preview.seconds == pytest.approx(tally.seconds, rel=0.2)
    assert sum(one.bytes for one in preview.files) == pytest.approx(tally.bytes, rel=0.35)
    again = studio.batches.look(order).wait(60)
    assert again.counts["made"] == 12
    assert again.seconds == 0


def test_too_little_room_is_seen_before(studio, folder, tmp_path, monkeypatch):
    import shutil

    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage._replace(free=1000))
    preview = studio.batches.look(ordered(studio, folder, tmp_path)).wait(60)
    assert not preview.good
    assert preview.rooms[0].needed > 1000


def test_a_manifest_of_100_000_rows_is_read_and_a_larger_one_refused(studio, folder, tmp_path):
    rows = ["input,output,voice"] + [f"a.txt,{n}.mp3,f2" for n in range(100_000)]
    path = table(folder, "\n".join(rows))
    order = ordered(studio, path, tmp_path)
    assert len(order.items) == 100_000
    assert troubles(order).count("") == 100_000
    table(folder, "\n".join([*rows, "a.txt,x.mp3,f2"]))
    with pytest.raises(BadFile, match="more than 100,000 rows"):
        ordered(studio, path, tmp_path)


def test_uploads_are_found_by_their_names_and_by_nothing_else(studio, folder, tmp_path):
    manifest = table(tmp_path, "input\na.txt\nsub/b.md\n../in/a.txt\n/etc/passwd\ngone.txt\n", "m.csv")
    sent = [("m.csv", manifest), ("a.txt", folder / "a.txt"), ("sub/b.md", folder / "b.md")]
    order = studio.batches.order_of_uploads(sent, MP3)
    assert [Path(item.input).name for item in order.items] == ["a.txt", "b.md", "", "", ""]
    assert all("not uploaded" in one or "leads out" in one for one in troubles(order)[2:])
    with pytest.raises(BadFile, match="one manifest"):
        studio.batches.order_of_uploads([*sent, ("n.json", table(tmp_path, "[]", "n.json"))], MP3)


def test_words_of_every_refusal_are_in_both_languages(studio, folder, tmp_path):
    path = table(folder, "input,output\n/etc/passwd,\ngone.txt,\na.txt,../x.mp3\na.txt,y\nb.md,y\n")
    for item in ordered(studio, path, tmp_path).items:
        if item.trouble:
            assert any("\u4e00" <= sign <= "\u9fff" for sign in item.trouble.words.zh)
            assert item.trouble.words.en != item.trouble.words.zh


def test_the_columns_are_those_of_a_request():
    fields = set(ConvertRequest.__dataclass_fields__)
    assert set(COLUMNS) - {"input", "output", "subtitles"} <= fields
    assert {".txt", ".epub", ".srt", ".docx"} <= SUFFIXES
