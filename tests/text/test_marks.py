"""The markup: what parses to what, what is refused and in which words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import BadText
from studio.text.marks import (
    EMOTIONS,
    MARKS,
    Close,
    MarkNote,
    Native,
    Node,
    Open,
    Pause,
    Say,
    Sound,
    Text,
    Unknown,
    parse,
    place,
    plain,
    render,
)
from studio.text.scan import extents, without_marks
from studio.words import Words

NATIVE = ("[uv_break]", "[oral_*]", "<strong>", "[laugh]")


@pytest.mark.parametrize(
    ("text", "nodes"),
    [
        ("", ()),
        ("a[pause 300ms]b", (Text("a"), Pause(300), Text("b"))),
        ("[pause 1.5s]", (Pause(1500),)),
        ("[PAUSE .5 S]", (Pause(500),)),
        ("[break][laugh][breath]", (Sound("break"), Sound("laugh"), Sound("breath"))),
        ("[strong]x[/strong]", (Open("strong"), Text("x"), Close("strong"))),
        ("[emotion 开心]好[/emotion]", (Open("emotion", "happy"), Text("好"), Close("emotion"))),
        ("[speed 0.90]x[/speed]", (Open("speed", "0.9"), Text("x"), Close("speed"))),
        ("[say 重庆 as chong2 qing4]", (Say("重庆", "chong2 qing4"),)),
        ("[say as soon as possible as asap]", (Say("as soon as possible", "asap"),)),
        ("[uv_break][oral_2]<strong>", (Native("[uv_break]"), Native("[oral_2]"), Native("<strong>"))),
        ("[laugh]", (Sound("laugh"),)),
        ("[1] [注释] ［注］ [A] []", (Text("[1] [注释] ［注］ [A] []"),)),
        ("\\[laugh\\]", (Text("[laugh]"),)),
        ("\\\\[laugh]", (Text("\\"), Sound("laugh"))),
        ("C:\\temp\\", (Text("C:\\temp\\"),)),
        ("[laughs]", (Unknown("[laughs]", "[laugh]"),)),
        ("[paus 3s]", (Unknown("[paus 3s]", "[pause 500ms]"),)),
        ("[Illustration]", (Unknown("[Illustration]", ""),)),
        ("[laugh track]", (Unknown("[laugh track]", "[laugh]"),)),
        ("[here](https://a.b/c)", (Text("[here](https://a.b/c)"),)),
        ("[say](page.html)", (Text("[say](page.html)"),)),
    ],
)
def test_parse(text: str, nodes: tuple[Node, ...]) -> None:
    assert parse(text, NATIVE) == nodes


def test_every_node_knows_its_place() -> None:
    text = "a\\[b [pause 1s] c[oral_7]"
    assert [text[node.at : node.end] for node in parse(text, NATIVE)] == ["a\\[b ", "[pause 1s]", " c", "[oral_7]"]


def test_plain_is_what_is_said() -> None:
    assert plain(parse("a [strong]b[/strong][pause 1s] [say 重庆 as chong2] [foo] \\[d")) == "a b 重庆  [d"


@pytest.mark.parametrize(
    ("text", "line", "column", "english", "chinese"),
    [
        ("ab\n [pause soon]", 2, 2, "write [pause 300ms] or [pause 1.5s]", "例如 [pause 300ms]"),
        ("[pause]", 1, 1, "with its unit", "要带单位"),
        ("[pause 5]", 1, 1, "with its unit", "要带单位"),
        ("[pause 99999s]", 1, 1, "0ms to 60s", "0ms 到 60s"),
        ("[pause -1s]", 1, 1, "0ms to 60s", "0ms 到 60s"),
        ("[speed 9]x[/speed]", 1, 1, "0.25 to 4", "0.25 到 4"),
        ("[speed fast]x[/speed]", 1, 1, "0.25 to 4", "0.25 到 4"),
        ("[emotion hapy]x[/emotion]", 1, 1, "perhaps [emotion happy]", "也许是 [emotion happy]"),
        ("a [strong]b", 1, 3, "it is never closed: write [/strong]", "请在结束处写 [/strong]"),
        ("x[/strong]", 1, 2, "nothing is open here", "前面没有对应的开始标记"),
        ("[strong][speed 1]x[/strong][/speed]", 1, 19, "close it first with [/speed]", "请先写 [/speed]"),
        ("x [pause 300ms", 1, 3, "the bracket is not closed", "方括号没有闭合"),
        ("[say 重庆]", 1, 1, "a word and its reading", "词语和读法"),
        ("[/laugh]", 1, 1, "it stands alone", "单独使用"),
        ("[strong]" * 17 + "x" + "[/strong]" * 17, 1, 129, "more than 16", "超过 16 层"),
    ],
)
def test_a_wrong_mark_is_refused_with_its_place_and_what_is_right(
    text: str, line: int, column: int, english: str, chinese: str
) -> None:
    with pytest.raises(BadText) as caught:
        parse(text)
    error = caught.value
    assert (error.fields["line"], error.fields["column"]) == (line, column)
    assert f"at line {line}, column {column}" in error.text()
    assert english in error.text()
    assert chinese in error.text("zh")
    assert f"第 {line} 行第 {column} 列" in error.text("zh")


WORDS = st.text(alphabet=st.sampled_from(list("ab []\\/1你。\n")), min_size=1, max_size=12)
POINTS = st.one_of(
    st.builds(Pause, st.integers(0, 60_000)),
    st.sampled_from([Sound("break"), Sound("laugh"), Sound("breath"), Native("[uv_break]"), Native("[oral_3]")]),
    st.sampled_from([Say("重庆", "chong2 qing4"), Say("a b", "c d"), Unknown("[sic]"), Unknown("[laughs]", "[laugh]")]),
)


def spans(inner: st.SearchStrategy[list[Node]]) -> st.SearchStrategy[list[Node]]:
    opening = st.sampled_from([Open("strong"), Open("emotion", "sad"), Open("speed", "1.5")])
    wrapped = st.builds(lambda first, nodes: [first, *nodes, Close(first.name)], opening, inner)
    return st.lists(st.one_of(wrapped, inner), max_size=3).map(lambda rows: [node for row in rows for node in row])


def apart(nodes: list[Node]) -> tuple[Node, ...]:
    """No two texts side by side: they would be one."""
    kept: list[Node] = []
    for node in nodes:
        if isinstance(node, Text) and kept and isinstance(kept[-1], Text):
            continue
        kept.append(node)
    return tuple(kept)


NODES = st.recursive(
    st.lists(st.one_of(st.builds(Text, WORDS), POINTS), max_size=4), spans, max_leaves=4
).map(apart)  # fmt: skip


@given(NODES)
def test_what_is_rendered_parses_to_the_same(nodes: tuple[Node, ...]) -> None:
    assert parse(render(nodes), NATIVE) == nodes


BITS = [*"[]\\/ abpuse1s你\n", "[strong]", "[/strong]", "[pause 1s]", "[say a as b]"]


@given(st.lists(st.sampled_from(BITS), max_size=30).map("".join))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        nodes = parse(text, NATIVE)
    except BadText:
        return
    assert "".join(text[node.at : node.end] for node in nodes) == text
    assert parse(render(nodes), NATIVE) == nodes


def test_a_mark_is_never_in_what_is_left_without_marks() -> None:
    assert without_marks("a[pause 1s]b[sic][strong]c[/strong] [1]") == "abc [1]"
    assert [text for start, end in extents("x[pause 1s]") for text in ["x[pause 1s]"[start:end]]] == ["[pause 1s]"]


@pytest.mark.parametrize("spec", MARKS, ids=lambda spec: spec.name)
def test_each_declared_mark_is_complete_and_its_button_inserts_what_parses(spec) -> None:  # type: ignore[no-untyped-def]
    assert parse(f"{spec.before}x{spec.after}")
    assert spec.wraps == (len(parse(f"{spec.before}x{spec.after}")) == 3)
    assert all((*spec.label, *spec.help))


@pytest.mark.parametrize("name", EMOTIONS)
def test_each_emotion_has_both_names(name: str) -> None:
    assert parse(f"[emotion {EMOTIONS[name].zh}]x[/emotion]") == parse(f"[emotion {name}]x[/emotion]")


def test_hostile_brackets_take_linear_time() -> None:
    for text in ("[" * 200_000, "[a" * 100_000, "\\" * 200_000, "[sic " * 50_000):
        parse(text)


def test_the_place_of_a_note_is_told_where_its_mark_stands() -> None:
    text = "一\n二[oral_2]"
    here = MarkNote("[oral_2]", "ignored", Words("", ""), 3)
    assert place(text, here) == Words("line 2, column 2", "第 2 行第 2 列")
    assert place(text, MarkNote("a voice", "ignored", Words("", ""), 0)) is None
