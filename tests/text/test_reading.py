"""From source to utterances: what is said, what is silent, what is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import BadText
from studio.text.marks import Pause, Sound, parse
from studio.text.reading import BREAK_MS, read
from studio.words import Words
from tests.pace import IN_PROPORTION, times_longer

NOTHING: dict[str, tuple[str, Words]] = {}
ALL = {name: ("honoured", Words("", "")) for name in ("break", "laugh", "breath", "emotion", "strong", "speed", "say")}


def said(text: str, honours: dict[str, tuple[str, Words]] = ALL, **options: object) -> list[str]:
    return [utterance.text for utterance in read(text, honours=honours, **options).utterances]  # type: ignore[arg-type]


def fates(text: str, honours: dict[str, tuple[str, Words]]) -> list[tuple[str, str]]:
    return [(note.mark, note.how) for note in read(text, honours=honours).notes]


def test_a_pause_cuts_the_text_and_is_exact() -> None:
    reading = read("你好。[pause 300ms]世界。", honours=NOTHING)
    assert [(u.text, u.pause_ms, u.paragraph_end) for u in reading.utterances] == [
        ("你好。", 300, False),
        ("世界。", None, True),
    ]


def test_pauses_in_a_row_add_up_and_a_leading_one_is_the_lead() -> None:
    reading = read("[pause 1s] [pause 500ms]好[pause 1s]，[pause 1s]", honours=NOTHING)
    assert reading.lead_ms == 1500
    assert [(u.text, u.pause_ms) for u in reading.utterances] == [("好", 2000)]


def test_a_pause_at_the_end_of_a_paragraph_keeps_the_paragraph() -> None:
    reading = read("好。[pause 0ms]\n\n坏。", honours=NOTHING)
    assert [(u.text, u.pause_ms, u.paragraph_end) for u in reading.utterances] == [
        ("好。", 0, True),
        ("坏。", None, True),
    ]


def test_a_break_is_the_engines_or_a_short_silence() -> None:
    assert said("一[break]二") == ["一[break]二"]
    reading = read("一[break]二", honours=NOTHING)
    assert [(u.text, u.pause_ms) for u in reading.utterances] == [("一", BREAK_MS), ("二", None)]
    assert [(note.how, note.note.zh) for note in reading.notes] == [("approximated", "静音 250 毫秒")]


def test_a_span_is_closed_and_opened_again_where_a_sentence_is_cut() -> None:
    text = "[emotion sad]一二三。四[strong]五六。七八[/strong]九。[/emotion]十"
    assert said(text, target=1) == [
        "[emotion sad]一二三。[/emotion]",
        "[emotion sad]四[strong]五六。[/strong][/emotion]",
        "[emotion sad][strong]七八[/strong]九。[/emotion]",
        "十",
    ]


def test_a_span_over_a_pause_is_whole_on_both_sides() -> None:
    assert said("[strong]一[pause 1s]二[/strong]") == ["[strong]一[/strong]", "[strong]二[/strong]"]


def test_marks_the_engine_does_not_know_are_not_spoken_and_told() -> None:
    text = "[strong]好[/strong][laugh][speed 0.5]呀[/speed]"
    assert said(text, NOTHING) == ["好呀"]
    assert fates(text, NOTHING) == [("[strong]", "ignored"), ("[laugh]", "ignored"), ("[speed 0.5]", "ignored")]


def test_the_note_of_the_engine_is_passed_on() -> None:
    note = read("[laugh]好", honours={"laugh": ("approximated", Words("as a word", "念作“哈哈”"))}).notes[0]
    assert (note.mark, note.how, note.note.zh, note.at) == ("[laugh]", "approximated", "念作“哈哈”", 0)


def test_say_is_the_engines_or_the_word_as_written() -> None:
    text = "去[say 重庆 as chong2 qing4]玩"
    assert said(text) == [text]
    assert said(text, NOTHING) == ["去重庆玩"]
    assert fates(text, NOTHING) == [("[say 重庆 as chong2 qing4]", "approximated")]


def test_an_unknown_mark_is_not_spoken_and_a_better_one_suggested() -> None:
    reading = read("好[laughs]呀", honours=ALL)
    assert reading.utterances[0].text == "好呀"
    assert reading.notes[0].how == "unknown"
    assert reading.notes[0].note.en.endswith("did you mean [laugh]?")


def test_native_tokens_stay() -> None:
    assert said("好[uv_break]呀[oral_2]", native=("[uv_break]", "[oral_*]")) == ["好[uv_break]呀[oral_2]"]


def test_escaped_brackets_stay_escaped_for_the_engine_to_read() -> None:
    assert said("\\[laugh] 3") == ["\\[laugh] three"]


def test_the_place_of_a_wrong_mark_is_that_of_the_source() -> None:
    with pytest.raises(BadText, match=r"\[pause soon\] at line 3, column 6"):
        read("# **Title**\n\n- abc[pause soon]", honours=NOTHING)


def test_what_is_dropped_is_noted_with_its_place() -> None:
    text = "**好**😀，见 https://a.com/b"
    notes = [(note.mark, note.how, note.at) for note in read(text, honours=NOTHING).notes]
    assert notes == [("markup", "ignored", 0), ("😀", "ignored", 5), ("https://a.com/b", "ignored", 9)]


def test_each_piece_has_its_own_language() -> None:
    reading = read("你好，世界。\n\nHello, world.\n\nこんにちは。", honours=NOTHING)
    assert [u.language for u in reading.utterances] == ["zh", "en", "ja"]
    assert read("佢哋喺度。", honours=NOTHING).utterances[0].language == "yue"
    assert read("Bonjour 3 amis.", honours=NOTHING, language="fr").utterances[0].language == "fr"
    assert read("[laugh]", honours=ALL, language="zh").utterances[0].language == "zh"


def test_steps_can_be_switched_off() -> None:
    assert said("有3个", steps={"numbers": False}) == ["有3个"]


def test_numbers_that_grow_do_not_pass_the_longest() -> None:
    text = "，".join(["1234567"] * 40) + "。"
    reading = read(text, honours=NOTHING, language="zh", target=100, longest=120)
    assert all(len(u.text) <= 120 for u in reading.utterances)
    assert "".join(u.original for u in reading.utterances) == text


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("", "nothing to say: the text is empty", "没有可朗读的内容：文本为空"),
        (" \n\u3000", "nothing to say: the text is empty", "没有可朗读的内容：文本为空"),
        ("[pause 1s]", "nothing to say: the text has only marks", "没有可朗读的内容：文本里只有标记"),
        ("……！？", "nothing to say: the text has only marks", "没有可朗读的内容：文本里只有标记"),
        ("😀", "nothing to say: the text has only marks", "没有可朗读的内容：文本里只有标记"),
        ("***", "nothing to say: the text has only marks", "没有可朗读的内容：文本里只有标记"),
        ("[break]", "nothing to say: the text has only marks", "没有可朗读的内容：文本里只有标记"),
        ("[laughs]", "nothing to say: the text has only marks", "没有可朗读的内容：文本里只有标记"),
    ],
)
def test_nothing_to_say_is_refused(text: str, english: str, chinese: str) -> None:
    with pytest.raises(BadText) as caught:
        read(text, honours=ALL)
    assert caught.value.text().startswith(english)
    assert caught.value.text("zh").startswith(chinese)
    assert caught.value.fields["empty"] is True


def test_an_emoji_that_is_read_is_something_to_say() -> None:
    assert said("😂", steps={"emoji": "name"}, language="zh") == ["笑哭了"]


def test_too_long_a_text_is_refused_with_both_numbers() -> None:
    with pytest.raises(BadText) as caught:
        read("字" * 12_345, honours=NOTHING, limit=10_000)
    assert "the text has 12,345 characters: at most 10,000" in caught.value.text()
    assert "12,345" in caught.value.text("zh")
    assert "empty" not in caught.value.fields


BITS = [
    *(
        "你好",
        "世界。",
        "Hello. ",
        "word ",
        "3",
        "5 kg",
        "，",
        "\n",
        "\n\n",
        "😀",
        "**",
        "<b>",
        "&amp;",
        "# ",
        "https://a.com/b ",
    ),
    *(
        "[pause 1s]",
        "[break]",
        "[laugh]",
        "[sic]",
        "[strong]",
        "[/strong]",
        "[speed 2]",
        "[/speed]",
        "[say a as b]",
        "\\[",
        "\\",
    ),
]


@given(
    st.lists(st.sampled_from(BITS), max_size=25).map("".join),
    st.sampled_from([ALL, NOTHING, {"strong": ALL["strong"]}]),
    st.integers(1, 30),
)
def test_originals_joined_are_the_source_and_what_is_said_parses(
    text: str, honours: dict[str, tuple[str, Words]], target: int
) -> None:
    try:
        reading = read(text, honours=honours, target=target, longest=60)
    except BadText:
        return
    assert "".join(u.original for u in reading.utterances) == text
    for utterance in reading.utterances:
        assert utterance.text == utterance.text.strip() != ""
        marks = [node for node in parse(utterance.text) if not hasattr(node, "text")]
        assert all(getattr(node, "name", "say") in honours for node in marks)
    assert reading.utterances[-1].paragraph_end
    nodes = parse(text)
    silence = sum(node.ms for node in nodes if isinstance(node, Pause))
    if "break" not in honours:
        silence += BREAK_MS * sum(node == Sound("break") for node in nodes)
    assert reading.lead_ms + sum(u.pause_ms or 0 for u in reading.utterances) == silence


@pytest.mark.parametrize(
    "template",
    [
        "他说：“你好，世界{0}。”然后走了，带着{1}个苹果和￥{2}元。她问：“真的吗？”2024年{3}月，重{4}kg。\n",
        "It was the best of times. Mr. Smith paid ${1} on March {3}, {2} for {0} apples of {4} kg at 1:{3}5 pm.\n\n",
    ],
    ids=["zh", "en"],
)
def test_reading_takes_as_long_as_a_book_is(template: str) -> None:
    numbers = ((n * 7919 % 9973, n * 104_729 % 1999, n % 1000 + 1000, n % 5 + 1, n % 40) for n in range(20_000))
    book = "".join(template.format(*row) for row in numbers)[:200_000]
    assert times_longer(lambda text: read(text, honours=ALL), book, book[:20_000]) < IN_PROPORTION
