"""Subtitle files: every format into every other, and files as nobody should have written them."""

# ruff: noqa: E501  # the files are data, and some are written from right to left

import codecs
import json
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.errors import BadFile
from studio.manuscripts.keeping import WHAT, losses
from studio.manuscripts.subtitles import READS, format_of, read_subtitle_file, read_subtitles
from studio.text.cues import Cue, CueWord, Span, Subtitles
from studio.text.looks import settled_spans, tidied
from studio.text.subtitles import FORMATS, JSON_VERSION, srt

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"
NAMES = sorted(FORMATS)
TRICKY = (
    "<b>", "</i>", "<v Ann>", "&amp;", "&", "<", ">", "-->", "00:00:01,000 --> 00:00:02,000", "{\\an8}", "{", "}", "\\N",
    "\\", "[Ann] ", "[00:01.00]", "<00:01.00>", "[ti:x]", "Ann: ", "12", "WEBVTT", "NOTE x", "STYLE", "\n", "\n\n", "a",
    "“好”", "的", "，", " ", "\xa0", "\u3000", "العربية", "שלום", "👋🏽", "é", ",", "[pause 300ms]", "1\n", "Dialogue: 0",
)  # fmt: skip
LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\u200b\u2060\ufeff")
TEXTS = st.lists(st.one_of(st.sampled_from(TRICKY), st.text(LETTERS, max_size=8)), min_size=1, max_size=8).map("".join)
SPEAKERS = st.sampled_from(["", "", "Ann", "旁白", "Mr. Hale", "O'Neil & Son", "<Bob>"])
LOOKS = st.tuples(
    st.integers(0, 30), st.integers(0, 30), st.sampled_from("bius") | st.sampled_from(["#ff0000", "#12ab9f"])
)


def cue_of(start: int, length: int, text: str, speaker: str, looks: list[tuple[int, int, str]], align: int) -> Cue:
    text, _ = tidied(text, ())
    spans = [
        Span(min(a, b), max(a, b), "color" if "#" in look else look, look if "#" in look else "")  # type: ignore[arg-type]
        for a, b, look in looks
        if max(a, b) <= len(text)
    ]
    return Cue(start / 100, (start + length) / 100, text, speaker, settled_spans(spans, text), align=align)


CUE = st.builds(
    cue_of,
    st.integers(0, 4_000_000),
    st.integers(11, 900),
    TEXTS,
    SPEAKERS,
    st.lists(LOOKS, max_size=3),
    st.integers(0, 9),
).filter(lambda cue: bool(cue.text))
FILES = st.lists(CUE, min_size=1, max_size=8).map(lambda row: tuple(sorted(row, key=lambda cue: cue.start)))
# what each format has to keep of the text with its letters, the beginning, the speaker and the order, which all keep
KEEPS = {
    "srt": {"end", "breaks", "looks", "color", "align"},
    "vtt": {"end", "breaks", "looks", "color", "align"},
    "ass": {"end", "breaks", "looks", "color", "align"},
    "json": {"end", "breaks", "looks", "color", "align"},
    "tsv": {"end"},
    "lrc": set(),
}


def through(found: Subtitles, format: str) -> Subtitles:
    return read_subtitles(FORMATS[format][1](found), format, f"x.{format}")


def letters(cue: Cue) -> str:
    return "".join(cue.text.split())


@pytest.mark.parametrize("first", NAMES)
@pytest.mark.parametrize("second", NAMES)
@settings(deadline=None, max_examples=15)
@given(cues=FILES)
def test_every_pair_of_formats_keeps_texts_speakers_looks_and_order(
    first: str, second: str, cues: tuple[Cue, ...]
) -> None:
    found = through(through(Subtitles(cues), first), second).cues
    assert [letters(cue) for cue in found] == [letters(cue) for cue in cues]
    assert [cue.speaker for cue in found] == [cue.speaker for cue in cues]
    assert [cue.start for cue in found] == pytest.approx([cue.start for cue in cues], abs=0.001)
    kept = KEEPS[first] & KEEPS[second]
    if "end" in kept:
        assert [cue.end for cue in found] == pytest.approx([cue.end for cue in cues], abs=0.001)
    if "breaks" in kept:
        assert [cue.text for cue in found] == [cue.text for cue in cues]
    if "looks" in kept:
        assert [cue.spans for cue in found] == [cue.spans for cue in cues]
    if "align" in kept:
        assert [cue.align for cue in found] == [cue.align for cue in cues]


@settings(deadline=None, max_examples=50)
@given(cues=FILES, format=st.sampled_from(NAMES))
def test_what_is_not_listed_is_the_same(cues: tuple[Cue, ...], format: str) -> None:
    lost = {loss.what for loss in losses(Subtitles(cues), format)}
    found = through(Subtitles(cues), format).cues
    assert not lost & KEEPS[format]
    for before, after in zip(cues, found, strict=True):
        same = {
            "breaks": before.text == after.text, "looks": before.spans == after.spans, "align": before.align == after.align,
            "end": abs(before.end - after.end) < 0.006, "speaker": before.speaker == after.speaker,
        }  # fmt: skip
        for what, equal in same.items():
            assert equal or what in lost or (what == "looks" and "color" in lost)


FULL = Subtitles(
    (
        Cue(1.0, 2.5, "Hello you", "Ann", (Span(0, 5, "i"),), (CueWord("Hello", 1.0, 1.4), CueWord("you", 1.5, 2.4)), id="7", note="softly"),
        Cue(2.0, 3.2, "Sign", style="Signs", align=8, layer=2, margins=(10, 20, 30), effect="Banner;20", codes="\\fad(100,200)"),
        Cue(4.0, 5.0, "There", settings="line:3 align:start"),
    ),
    title="A title", author="An author", styles={"Signs": {"Fontname": "Serif", "Bold": "-1"}},
    info={"PlayResX": "640"}, blocks=("STYLE\n::cue { color: lime }",),
)  # fmt: skip


def test_json_keeps_everything() -> None:
    assert losses(FULL, "json") == ()
    assert through(FULL, "json") == FULL


@pytest.mark.parametrize(
    ("format", "lost"),
    [
        ("srt", "words style settings layer margins effect codes id note title author styles info blocks"),
        ("vtt", "words style layer margins effect codes author styles info"),
        ("ass", "words settings id blocks"),
        ("lrc", "end looks word_ends style align settings layer margins effect codes id note styles info blocks"),
        ("tsv", "looks words style align settings layer margins effect codes id note title author styles info blocks"),
    ],
)
def test_losses_are_listed_in_both_languages(format: str, lost: str) -> None:
    found = losses(FULL, format)
    assert {loss.what for loss in found} == set(lost.split())
    for loss in found:
        assert WHAT[loss.what].en in loss.words.en
        assert WHAT[loss.what].zh in loss.words.zh


def test_ass_is_kept_by_ass_and_read_by_another_reader() -> None:
    text = FORMATS["ass"][1](FULL)
    found = pysubs2.SSAFile.from_string(text)
    assert found.styles["Signs"].fontname == "Serif"
    assert [event.plaintext for event in found if not event.is_comment] == ["Hello you", "Sign", "There"]
    again = read_subtitles(text, "ass", "x.ass")
    assert through(again, "ass") == again
    assert again.cues[0].note == "softly"


def test_karaoke_comes_through() -> None:
    source = (
        FORMATS["ass"][1]([]) + "Dialogue: 0,0:00:01.00,0:00:03.00,Default,,0,0,0,,{\\k50}La {\\k25}la {\\k100}land\n"
    )
    found = read_subtitles(source, "ass", "k.ass")
    assert [(w.text, w.start, w.end) for w in found.cues[0].words] == [
        ("La", 1.0, 1.5),
        ("la", 1.5, 1.75),
        ("land", 1.75, 3.0),
    ]
    assert "{\\k50}La {\\k25}la {\\k" in FORMATS["ass"][1](found)
    assert "[00:01.00]<00:01.00>La <00:01.50>la <00:01.75>land" in FORMATS["lrc"][1](found)
    lyrics = read_subtitles(FORMATS["lrc"][1](found), "lrc", "k.lrc")
    assert [(w.text, w.start) for w in lyrics.cues[0].words] == [("La", 1.0), ("la", 1.5), ("land", 1.75)]


# files as they are found


def notes(found: Subtitles) -> str:
    return "\n".join(note.en for note in found.notes)


def cue(number: object, times: str, text: str) -> str:
    return f"{number}\n{times}\n{text}\n\n"


GOOD = cue(1, "00:00:01,000 --> 00:00:02,000", "First.")
LAST = cue(9, "00:00:50,000 --> 00:00:52,000", "Last.")
BAD: dict[str, tuple[str, str, list[str]]] = {
    "times of letters": (cue(2, "00:00:aa,000 --> 00:00:04,000", "Lost words."), "cannot be read; left out: “Lost words.”", []),
    "an end of letters": (cue(2, "00:00:03,000 --> 00:xx:04,000", "Kept."), "the end", ["Kept."]),
    "negative times": (cue(2, "-00:00:02,000 --> 00:00:00,500", "Early."), "begins before the beginning", ["Early."]),
    "ends before it begins": (cue(2, "00:00:05,000 --> 00:00:04,000", "Back."), "ends before it begins", ["Back."]),
    "no duration": (cue(2, "00:00:05,000 --> 00:00:05,000", "Point."), "ends before it begins", ["Point."]),
    "too short to say": (cue(2, "00:00:05,000 --> 00:00:05,040", "Flash."), "40 ms, too short for any speech", ["Flash."]),
    "overlaps": (cue(2, "00:00:01,500 --> 00:00:05,040", "Over."), "1 cue begins before others end", ["Over."]),
    "no number": ("00:00:05,000 --> 00:00:06,000\nBare.\n\n", "1 cue has no number", ["Bare."]),
    "a number twice": (cue(1, "00:00:05,000 --> 00:00:06,000", "Twin."), "1 number is repeated", ["Twin."]),
    "numbers that jump": (cue(4, "00:00:05,000 --> 00:00:06,000", "Jump."), "do not count up", ["Jump."]),
    "points": (cue(2, "00:00:05.250 --> 0:0:6.5", "Points."), "", ["Points."]),
    "no hours": (cue(2, "00:05,000 --> 00:06,000", "Short clock."), "", ["Short clock."]),
    "spaces in times": (cue(2, " 00:00:05, 000 --> 00: 00:06,000 ", "Spaced."), "", ["Spaced."]),
    "coordinates": (cue(2, "00:00:05,000 --> 00:00:06,000 X1:10 X2:20 Y1:1 Y2:2", "Placed."), "", ["Placed."]),
    "empty": (cue(2, "00:00:05,000 --> 00:00:06,000", ""), "1 empty cue", []),
    "only invisible signs": (cue(2, "00:00:05,000 --> 00:00:06,000", "\u200b\ufeff "), "1 empty cue", []),
    "an empty line inside": (cue(2, "00:00:05,000 --> 00:00:06,000", "One\n\nTwo"), "", ["One\nTwo"]),
    "html": (cue(2, "00:00:05,000 --> 00:00:06,000", '<font color="#f00"><B>Red</B></font> <x>y</x> &lt;'), "", ["Red <x>y</x> <"]),
    "unclosed tags": (cue(2, "00:00:05,000 --> 00:00:06,000", "</i><b>Open <i>still"), "", ["Open still"]),
    "ass tags": (cue(2, "00:00:05,000 --> 00:00:06,000", "{\\an8}Top"), "", ["Top"]),
    "right to left": (cue(2, "00:00:05,000 --> 00:00:06,000", "\u202bمرحبا بالعالم!\u202c"), "", ["\u202bمرحبا بالعالم!\u202c"]),
    "a number as text": (cue(2, "00:00:05,000 --> 00:00:06,000", "42"), "", ["42"]),
    "no empty line between": ("2\n00:00:05,000 --> 00:00:06,000\nTight.\n", "", ["Tight."]),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_cue_is_told_and_the_others_are_kept(case: str) -> None:
    source, told, kept = BAD[case]
    found = read_subtitles(GOOD + source + LAST, "srt", "bad.srt")
    assert sorted(c.text for c in found.cues) == sorted(["First.", *kept, "Last."])
    assert told in notes(found)
    for note in found.notes:
        assert note.zh
        assert note.zh != note.en


def test_looks_of_srt_are_kept_as_spans() -> None:
    (one,) = read_subtitles(cue(1, "00:00:05,000 --> 00:00:06,000", '{\\an8}[Ann] <i>So</i> <font color="RED">red</font>'), "srt", "x").cues  # fmt: skip
    assert (one.speaker, one.text, one.align) == ("Ann", "So red", 8)
    assert one.spans == (Span(0, 2, "i"), Span(3, 6, "color", "#ff0000"))


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-16", "utf-16-le", "utf-16-be", "shift_jis", "euc_kr", "utf-8-sig", "cp1252"])  # fmt: skip
def test_old_encodings_and_marks(tmp_path: Path, encoding: str) -> None:
    words = {
        "big5": "傍晚六點，最後一班渡船準備離岸。岸上還有人在跑過來。",
        "shift_jis": "夕方六時、最後の渡し船が岸を離れようとしています。",
        "euc_kr": "저녁 여섯 시, 마지막 나룻배가 떠나려고 합니다. 그 사람은 아직 오지 않았다.",
        "cp1252": "À six heures du soir, le dernier bateau était prêt à partir. Où est-elle ?",
    }.get(encoding, "傍晚六点，最后一班渡船准备离岸。岸上还有人在跑过来。")
    path = tmp_path / "old.srt"
    text = GOOD + cue(2, "00:00:03,000 --> 00:00:05,000", words)
    path.write_bytes(text.replace("\n", "\r\n").encode(encoding))
    found = read_subtitle_file(path)
    assert found.cues[1].text == words
    assert ("was read as" in notes(found)) == (not encoding.startswith("utf-8"))


def test_marks_of_byte_order_and_old_ends_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "mac.srt"
    path.write_bytes(codecs.BOM_UTF8 + (GOOD + LAST).replace("\n", "\r").encode())
    assert [c.text for c in read_subtitle_file(path).cues] == ["First.", "Last."]


def test_a_hundred_thousand_cues_in_bounded_time_and_memory() -> None:
    source = srt(
        [
            Cue(n * 0.2, n * 0.2 + 0.15, f"Line <i>number</i> {n}\nand more", "Ann" if n % 3 else "")
            for n in range(100_000)
        ]
    )
    used, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    found = read_subtitles(source, "srt", "long.srt")
    assert len(found.cues) == 100_000
    assert time.process_time() - began < 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - used < 400 << 10  # kB


def test_a_flood_of_oddities_is_counted() -> None:
    found = read_subtitles("".join(cue(n, "00:00:05,000 --> 00:00:04,000", "x") for n in range(1000)), "srt", "x.srt")
    assert len(found.notes) == 21
    assert "980 more" in notes(found)


def test_too_many_cues_and_none() -> None:
    with pytest.raises(BadFile, match="at most 200,000"):
        read_subtitles("".join(f"{n}\n00:00:05,000 --> 00:00:06,000\nx\n\n" for n in range(200_001)), "srt", "x.srt")
    for format in NAMES:
        with pytest.raises(BadFile):
            read_subtitles("nothing here at all", format, f"x.{format}")


def test_a_line_of_ass_that_is_broken_is_told() -> None:
    good = "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,Good {\\t(0,100,\\fs30)}one\n"
    source = FORMATS["ass"][1]([]) + "Dialogue: x,y\nDialogue: 0,aa,bb,Default,,0,0,0,,Lost\n" + good
    source += "Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 1 1{\\p0}\n"
    found = read_subtitles(source, "ass", "x.ass")
    assert [c.text for c in found.cues] == ["Good one"]
    told = notes(found)
    assert told.count("cannot be read as an event") == 2
    assert "Lost" in told
    assert "\\t" in told
    assert "drawing" in told


def test_ssa_of_the_nineties() -> None:
    source = (
        "[Script Info]\nTitle: Old\nScriptType: v4.00\n\n[V4 Styles]\n"
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, TertiaryColour, BackColour, Bold, Italic, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, AlphaLevel, Encoding\n"
        "Style: Top,Arial,20,16777215,255,0,0,-1,0,1,2,0,6,10,10,10,0,1\n\n[Events]\n"
        "Format: Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: Marked=0,0:00:01.00,0:00:02.00,Top,,0000,0000,0000,,{\\a6}Hello, you\n"
    )  # fmt: skip
    found = read_subtitles(source, "ass", "x.ssa")
    assert found.styles["Top"]["PrimaryColour"] == "&H00FFFFFF"
    assert found.styles["Top"]["Alignment"] == "8"
    assert (found.cues[0].text, found.cues[0].align) == ("Hello, you", 8)


def test_subtitles_of_older_films() -> None:
    found = read_subtitles("{1}{1}25\n{25}{75}{y:i}Hello|you\nno cue\n{100}{150}Bye\n", "sub", "x.sub")
    assert [(c.start, c.end, c.text) for c in found.cues] == [(1.0, 3.0, "Hello\nyou"), (4.0, 6.0, "Bye")]
    assert found.cues[0].spans
    assert "line 3 has no times: “no cue”" in notes(found)
    found = read_subtitles("{25}{75}Hello\n", "sub", "x.sub")
    assert "25 a second is taken" in notes(found)
    found = read_subtitles("[10][25] Hello|/you\n[30][40]Bye\n", "mpl", "x.mpl")
    assert [(c.start, c.end, c.text) for c in found.cues] == [(1.0, 2.5, "Hello\nyou"), (3.0, 4.0, "Bye")]


def test_vtt_with_everything() -> None:
    source = (
        "WEBVTT - Show\nKind: captions\n\nSTYLE\n::cue { color: lime }\n\nREGION\nid:r\n\nNOTE one\ntwo\n\nlast-id\n"
        "00:01.000 --> 00:02.000 line:0\n<c.yellow>Hi</c> <c.loud><i>you</i></c>\n\n"
        "00:03.000 --> 00:05.000 region:r\nOne<00:00:03.500> two<00:00:04.000><c> three</c>\n\nstray words\n"
    )
    found = read_subtitles(source, "vtt", "x.vtt")
    one, two = found.cues
    assert (found.title, len(found.blocks)) == ("Show", 2)
    assert (one.text, one.align, one.id, one.note) == ("Hi you", 8, "last-id", "one\ntwo")
    assert one.spans == (Span(0, 2, "color", "#ffff00"), Span(3, 6, "i"))
    assert two.settings == "region:r"
    assert [(w.text, w.start, w.end) for w in two.words] == [("One", 3.0, 3.5), ("two", 3.5, 4.0), ("three", 4.0, 5.0)]
    assert "stray words" in notes(found)
    assert "Kind: captions" in notes(found)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("[[[[" * 20_000, "not JSON"),
        ('{"cues": 5}', "no list"),
        ('[{"start": NaN, "text": "x"}]', "not JSON"),
        ('{"format": "other", "cues": []}', "no list"),
        (json.dumps({"format": "timbre-subtitles", "version": JSON_VERSION + 1, "cues": []}), "later version"),
        ('[{"start": 1e300, "text": "x"}]', "no cue"),
    ],
)
def test_hostile_json(source: str, told: str) -> None:
    with pytest.raises(BadFile, match=told):
        read_subtitles(source, "json", "x.json")


def test_json_with_fields_of_wrong_kinds_keeps_the_words() -> None:
    row = {"start": 1, "end": "x", "text": "Kept", "spans": [[0, 99, "b"], "x", [0, 2, "q"]], "words": [1, {"word": " Kept", "start": 1, "end": 2}], "margins": "x", "layer": -1, "style": 5}  # fmt: skip
    found = read_subtitles(json.dumps([row, {"text": "no start"}, 7]), "json", "x.json")
    assert found.cues == (Cue(1.0, 1.0, "Kept", words=(CueWord("Kept", 1.0, 2.0),)),)
    assert "no start" in notes(found)


def test_what_recognisers_write_is_read() -> None:
    whisper = {"text": "x", "segments": [{"id": 0, "start": 0.5, "end": 1.5, "text": " Hello you.", "words": [{"word": " Hello", "start": 0.5, "end": 0.9}]}]}  # fmt: skip
    found = read_subtitles(json.dumps(whisper), "json", "x.json")
    assert (found.cues[0].text, found.cues[0].words[0].text) == ("Hello you.", "Hello")
    table = read_subtitles("start\tend\ttext\n500\t1500\tHello\n00:00:02.5\t3.25\tYou\nx\t5\tbad\n", "tsv", "x.tsv")
    assert [(c.start, c.end) for c in table.cues] == [(0.5, 1.5), (2.5, 3.25)]
    assert "row 4" in notes(table)


def test_formats_are_known_by_content_before_the_name() -> None:
    for format in NAMES:
        text = FORMATS[format][1](FULL)
        assert format_of("nothing", text) == format
        assert format_of(f"x.{format}", text) == format
    assert format_of("wrong.srt", "WEBVTT\n\n00:01.000 --> 00:02.000\nx") == "vtt"
    assert format_of("x", "{1}{1}25\n{25}{75}x") == "sub"
    assert set(READS.values()) == {*NAMES, "sub", "mpl"}
    with pytest.raises(BadFile, match="known are"):
        format_of("x.txt", "Once upon a time.")


@pytest.mark.parametrize("name", ["tight.zh.srt", "tight.en.srt", "three.en.ass", "song.zh.lrc"])
def test_shipped_examples_are_clean_and_come_through(name: str) -> None:
    found = read_subtitle_file(EXAMPLES / name)
    assert 10 <= len(found.cues) <= 14
    assert found.notes == ()
    assert through(found, "json") == found
    kept: Callable[[str], bool] = lambda format: [letters(c) for c in through(found, format).cues] == [letters(c) for c in found.cues]  # noqa: E731  # fmt: skip
    assert all(map(kept, NAMES))


def test_overlapping_speakers_of_the_example_stay_apart() -> None:
    found = read_subtitle_file(EXAMPLES / "three.en.ass")
    assert {c.speaker for c in found.cues} == {"Anna", "Ben", "Cook"}
    assert found.cues[0].spans == (Span(20, 24, "i"),)
    for format in ("srt", "vtt", "json"):
        again = through(found, format)
        assert [replace(c, layer=0, note="") for c in found.cues] == [replace(c, layer=0, note="") for c in again.cues]


HOSTILE = {
    "tags that never end": ("srt", GOOD + cue(2, "00:00:05,000 --> 00:00:06,000", "<a" * 200_000)),
    "a word that is no tag": ("srt", GOOD + cue(2, "00:00:05,000 --> 00:00:06,000", "<" + "a" * 400_000)),
    "blanks before an arrow": ("srt", GOOD + " " * 400_000 + ">\n"),
    "classes of classes": ("vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nx<c" + "." * 400_000),
    "transforms in transforms": (
        "ass",
        "[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,x{" + "\\t(" * 100_000 + "}",
    ),
    "digits that are none": (
        "ass",
        "[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,{\\b²\\an³\\k" + "9" * 9000 + "}x",
    ),
    "a line of many times": ("lrc", "[00:01.00]" * 100_000 + "x"),
    "a cell of a megabyte": ("tsv", "start\ttext\n1\t" + "x" * 1_000_000),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_texts_are_read_in_no_time(case: str) -> None:
    format, source = HOSTILE[case]
    began = time.process_time()
    assert read_subtitles(source, format, f"x.{format}").cues
    assert time.process_time() - began < 5


@settings(deadline=None, max_examples=150)
@given(
    format=st.sampled_from(NAMES),
    cuts=st.lists(
        st.tuples(
            st.integers(0, 3000),
            st.integers(0, 20),
            st.sampled_from([*TRICKY, "\0", "9" * 30, "{\\k", "<c.", "{\\p1}", ":", '"']),
        ),
        max_size=9,
    ),
)
def test_broken_files_are_read_or_refused(format: str, cuts: list[tuple[int, int, str]]) -> None:
    source = FORMATS[format][1](FULL)
    for at, size, text in cuts:
        at %= len(source) + 1
        source = source[:at] + text + source[at + size :]
    try:
        found = read_subtitles(source, format, f"x.{format}")
    except BadFile:
        return
    for writer in FORMATS.values():
        writer[1](found)
