"""Cues by the norms of reading, and the files that they are written as."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
import srt as reader
from hypothesis import given
from hypothesis import strategies as st

from studio.text import subtitles
from studio.text.cue_checks import problems
from studio.text.cues import NORMS, WIDE, Cue, CueWord, Norms, Span, Subtitles, cut, norms_for, settled, wrapped
from studio.text.looks import SHIELD
from studio.text.timing import cues_of, resplit, shifted, timed


@dataclass(frozen=True)
class Word:
    text: str
    start: float
    end: float
    glued: bool = False


def row(text: str, pace: float = 0.3) -> list[Word]:
    return [Word(word, n * pace, n * pace + 0.8 * pace) for n, word in enumerate(text.split())]


def characters(text: str, pace: float = 0.2) -> list[Word]:
    return [Word(sign, n * pace, n * pace + 0.8 * pace, glued=n > 0) for n, sign in enumerate(text)]


LONG = (
    "The small boat finds the river map, and the old clock repeats her first song while the warm bread waits for "
    "nobody at all in the evening light. Nobody came. The end of it was near and everyone in the village knew."
)
CHINESE = "小船带来三封信，老钟唱起第一支歌，热面包在傍晚的光里等着没有人来取走它们。第二句话在这里，没有人来。"


@pytest.mark.parametrize(("words", "norms"), [(row(LONG), WIDE), (characters(CHINESE), NORMS["zh"])])
def test_cues_keep_the_norms_and_every_word(words: list[Word], norms: Norms) -> None:
    cues = list(settled(cut(words, words[-1].end, norms), norms))
    assert len(cues) > 2
    for cue in cues:
        lines = cue.text.split("\n")
        assert len(lines) <= norms.lines
        assert max(map(len, lines)) <= norms.line + 4  # a word is not broken
        assert 0 < cue.end - cue.start <= norms.longest
    for before, after in zip(cues, cues[1:], strict=False):
        assert after.start - before.end >= norms.gap - 1e-9
    said = "".join("".join(cue.text.split()) for cue in cues)
    assert said == "".join(word.text for word in words)


@given(st.lists(st.text("abc，。,. ", min_size=1, max_size=12), max_size=60), st.floats(0.01, 3))
def test_no_word_is_lost_whatever_it_is(texts: list[str], pace: float) -> None:
    words = [Word(text, n * pace, n * pace + pace) for n, text in enumerate(t for t in texts if t.strip())]
    for norms in (WIDE, NORMS["zh"]):
        cues = list(settled(cut(words, 60 * pace, norms), norms))
        said = "".join("".join(cue.text.split()) for cue in cues)
        assert said == "".join("".join(word.text.split()) for word in words)
        assert all(cue.end >= cue.start for cue in cues)


def test_sentences_end_cues_and_commas_end_long_ones() -> None:
    texts = [cue.text.replace("\n", " ") for cue in cut(row(LONG, 0.5), 30, WIDE)]
    assert texts[0].endswith("map,")
    assert "Nobody came." in texts
    quick = [cue.text for cue in cut(row(LONG, 0.2), 20, WIDE)]
    assert "Nobody came." not in quick, "0.4 s with no pause after it cannot be read alone"


def test_short_cues_stay_long_enough_to_be_read() -> None:
    (cue,) = settled([Cue(1.0, 1.1, "Yes.")], WIDE)
    assert cue.end == pytest.approx(1.0 + 5 / 6)
    first, second = settled([Cue(1.0, 1.1, "Yes."), Cue(1.3, 3.0, "No.")], WIDE)
    assert first.end == pytest.approx(1.3 - WIDE.gap)
    assert second.start == 1.3


def test_lines_are_broken_evenly_and_after_a_comma() -> None:
    assert wrapped("short", WIDE) == "short"
    assert wrapped("小船今天带来了三封信，老钟唱起第一支歌", NORMS["zh"]) == "小船今天带来了三封信，\n老钟唱起第一支歌"
    assert wrapped("one two three four five six seven eight nine ten", WIDE).count("\n") == 1
    assert norms_for("zh-CN") is NORMS["zh"]
    assert norms_for("fr") is WIDE


CUES = [Cue(0.0, 1.5, "你好\nworld", "Tom"), Cue(59.9996, 3661.005, "a <b> & {c} \\ d"), Cue(3700, 3701.5, "end")]


def test_srt_is_read_back_by_another_reader() -> None:
    found = list(reader.parse(subtitles.srt(CUES)))
    shown = [one.content.replace(SHIELD, "") for one in found]
    assert shown == ["[Tom] 你好\nworld", "a <b> & {c} \\ d", "end"]
    assert "<b>" not in found[1].content, "text that looks like a tag must not become one"
    assert found[1].end == timedelta(hours=1, minutes=1, seconds=1, milliseconds=5)


def test_vtt_escapes_and_names_speakers() -> None:
    text = subtitles.vtt(CUES)
    assert text.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.500\n<v Tom>你好\nworld\n")
    assert "00:01:00.000 --> 01:01:01.005\na &lt;b&gt; &amp; {c} \\ d\n" in text


def test_ass_has_styles_and_no_override_codes() -> None:
    lines = subtitles.ass(CUES).splitlines()
    assert "[V4+ Styles]" in lines
    spoken = [line for line in lines if line.startswith("Dialogue:")]
    assert spoken[0] == "Dialogue: 0,0:00:00.00,0:00:01.50,Tom,Tom,0,0,0,,你好\\Nworld"
    assert "\\{c\\}" in spoken[1]
    styles = [line.split(",")[:4] for line in lines if line.startswith("Style:")]
    assert [style[0] for style in styles] == ["Style: Default", "Style: Tom"]
    assert styles[0][3] != styles[1][3], "each speaker has a colour"


def test_lrc_says_where_lines_begin_and_where_a_pause_does() -> None:
    assert subtitles.lrc(CUES).splitlines()[:3] == [
        "[00:00.00]Tom: 你好 world",
        "[00:01.50]",
        "[01:00.00]a <b> & {c} \\ d",
    ]


def test_tsv_is_a_table_of_milliseconds() -> None:
    assert subtitles.tsv(CUES).splitlines()[1] == "0\t1500\tTom\t你好 world"


def test_no_cues_is_an_empty_file_of_its_kind() -> None:
    assert subtitles.srt([]) == ""
    assert subtitles.vtt([]).startswith("WEBVTT")
    assert subtitles.FORMATS.keys() == {"srt", "vtt", "ass", "lrc", "tsv", "json"}


# texts with times


def test_letters_have_the_times_of_the_words_that_were_said() -> None:
    known = [("nineteen", 0.0, 0.5), ("ninety", 0.5, 0.9), ("nine", 0.9, 1.2), ("boats", 1.5, 2.0), ("sank.", 2.2, 2.6)]
    words = timed("1999 boats sank.", 0.0, 2.8, known)
    assert [(w.text, w.start, w.end) for w in words] == [
        ("1999", 0.0, 1.5), ("boats", 1.5, 2.0), ("sank.", 2.2, 2.6)
    ]  # fmt: skip


def test_without_known_times_letters_share_the_time() -> None:
    assert [(w.text, w.start, w.end) for w in timed("ab cdef", 1.0, 7.0)] == [("ab", 1.0, 3.0), ("cdef", 3.0, 7.0)]
    words = timed("“你好，”OK", 0.0, 8.4)
    assert [w.text for w in words] == ["“你", "好，”", "OK"]
    assert [w.glued for w in words] == [False, True, True]
    assert words[0].end == pytest.approx(3.2)


@given(
    st.text("ab 你好，。.“”—\n", min_size=1, max_size=80),
    st.floats(0.05, 60),
    st.lists(st.tuples(st.text("ab你", max_size=4), st.floats(0, 50), st.floats(0, 50)), max_size=8),
)
def test_times_never_run_backwards_and_no_letter_is_lost(
    text: str, end: float, known: list[tuple[str, float, float]]
) -> None:
    words = timed(text, 0.0, end, [(word, min(a, b), max(a, b)) for word, a, b in known])
    assert "".join(w.text for w in words) == "".join(text.split())
    edges = [edge for w in words for edge in (w.start, w.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= end for edge in edges)


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(1, 900), st.text("ab 你好，。. ", min_size=1, max_size=200)),
        max_size=9,
    )
)
def test_recut_cues_keep_every_letter_and_the_norms(rows: list[tuple[int, int, str]]) -> None:
    at, cues = 0, []
    for pause, length, text in rows:
        if text.strip():
            cues.append(Cue((at + pause) / 10, (at + pause + length) / 10, " ".join(text.split())))
        at += pause + length
    for norms in (WIDE, NORMS["zh"]):
        found = resplit(Subtitles(tuple(cues)), norms).cues
        said = ["".join("".join(c.text.split()) for c in row) for row in (found, cues)]
        assert said[0] == said[1]
        starts = [c.start for c in found]
        assert starts == sorted(starts)
        for cue in found:
            assert cue.text.count("\n") < norms.lines
            assert cue.end - cue.start <= norms.longest + 1e-6
            longest_word = max(map(len, cue.text.split()))
            assert max(map(len, cue.text.split("\n"))) <= max(norms.line, longest_word)


def test_a_long_line_is_cut_at_the_times_of_its_words() -> None:
    words = timed(LONG, 0, 20, [(w.text, w.start, w.end) for w in row(LONG)])
    cues = list(cues_of(Cue(0, words[-1].end, LONG, "Ann", words=words), WIDE))
    starts = {w.start for w in row(LONG)}
    assert len(cues) > 2
    assert all(cue.start in starts and cue.speaker == "Ann" for cue in cues)
    assert [w.text for cue in cues for w in cue.words] == LONG.split()


def test_what_fits_is_left_alone_and_keeps_its_looks() -> None:
    cue = Cue(1, 3, "Two short\nlines", spans=(Span(0, 3, "b"),))
    assert list(cues_of(cue, WIDE)) == [cue]


def test_everything_moves_together() -> None:
    found = Subtitles((Cue(1, 2, "gone"), Cue(3, 5, "cut", words=(CueWord("cut", 3.5, 5),)), Cue(6, 7, "whole")))
    moved = shifted(found, -4)
    assert [(c.text, c.start, c.end) for c in moved.cues] == [("cut", 0, 1), ("whole", 2, 3)]
    assert moved.cues[0].words == (CueWord("cut", 0, 1),)
    assert shifted(found, 2.5).cues[0].start == 3.5


def test_problems_are_named_with_numbers() -> None:
    row = (
        Cue(0, 0.3, "Hi."), Cue(0.31, 9, "Slow."), Cue(9.5, 10.5, "word " * 12), Cue(10.0, 12, "x" * 60),
        Cue(13, 14, "a\nb\nc"),
        Cue(15, 15.2, "All of this has to be said in a fifth of a second by somebody."),
    )  # fmt: skip
    found = problems(Subtitles(row), WIDE)
    assert {(p.cue, p.what) for p in found} >= {
        (1, "short"), (1, "gap"), (2, "long"), (3, "fast"), (3, "wide"), (3, "overlap"), (5, "lines"), (6, "speech")
    }  # fmt: skip
    assert all(p.words.zh != p.words.en for p in found)
    assert problems(Subtitles((Cue(0, 2, "Fine."),)), WIDE) == ()
