"""What becomes of a text on its way to ChatTTS: characters, tokens in the wrong place, the guard of refining."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.engines.chattts.lint import lint
from studio.engines.chattts.refining import FILLERS, compare
from studio.engines.chattts.tokens import IN_TEXT
from studio.engines.chattts.wording import homophone, says, spoken, word
from studio.errors import BadText
from studio.text.marks import parse

RARE = "饕餮"


def reads(character: str) -> bool:
    """A vocabulary of everything Latin and of everyday Chinese."""
    return character.isascii() or ("\u4e00" <= character <= "\u9fff" and character not in RARE) or character in "，。、"


def said(text: str) -> tuple[str, list[tuple[str, str]]]:
    nodes, notes = word(parse(text, IN_TEXT), reads)
    return spoken(nodes), [(note.mark, note.how) for note in notes]


@pytest.mark.parametrize(
    ("text", "becomes"),
    [
        ("你好！真的吗？", "你好。真的吗。"),
        ("Hello! Really?", "Hello. Really."),
        ("don't re-read it's ok", "dont re read its ok"),
        ("《三体》（科幻）", "，三体，科幻，"),
        ("a: b; c", "a, b, c"),
        ("你好[uv_break]世界[laugh]", "你好[uv_break]世界[laugh]"),
        ("停[break]一下", "停[uv_break]一下"),
        ("wait... what", "wait. what"),
    ],
)
def test_signs_become_those_of_its_training(text: str, becomes: str) -> None:
    assert said(text) == (becomes, [])


def test_a_rare_character_becomes_one_with_the_same_sound_and_that_is_noted() -> None:
    text, notes = said("饕餮")
    assert text == homophone("饕", reads) + homophone("餮", reads)
    assert len(text) == 2
    assert notes == [("饕", "approximated"), ("餮", "approximated")]
    from pypinyin import lazy_pinyin

    assert lazy_pinyin(text) == lazy_pinyin("饕餮")


def test_what_it_cannot_read_is_left_out_and_noted() -> None:
    assert said("привет hi") == (" hi", [(letter, "ignored") for letter in "привет"])


def test_a_reading_in_pinyin_is_spoken_by_characters_of_that_sound() -> None:
    from pypinyin import Style, lazy_pinyin

    text, notes = said("[say 重庆 as chong2 qing4]")
    assert lazy_pinyin(text, style=Style.TONE3) == ["chong2", "qing4"]
    assert notes == []


@given(st.text(alphabet="abc XYZ你好世界饕餮，。！？!?.-'’（）é9[]", max_size=40))
def test_no_letter_is_lost_without_a_note(text: str) -> None:
    try:
        nodes = parse(text, IN_TEXT)
    except BadText:
        return
    made, notes = word(nodes, reads)
    kept = [character for character in spoken(made) if character.isalpha()]
    from studio.text.marks import plain

    wanted = [character for character in plain(nodes) if character.isalpha()]
    dropped = [note for note in notes if note.how == "ignored"]
    assert len(kept) + len(dropped) == len(wanted)


@given(st.text(alphabet="abc XYZ你好世界饕餮，。！？!?.-'’（）", max_size=40))
def test_wording_twice_changes_nothing_more(text: str) -> None:
    once, _ = said(text)
    assert said(once)[0] == once


# tokens in the wrong place


@pytest.mark.parametrize("token", ["[Stts]", "[Ptts]", "[Sbreak]", "[spk_emb]", "[empty_spk]", "[Ebreak]"])
def test_tokens_of_the_prompts_are_reported_with_their_place(token: str) -> None:
    (note,) = lint(f"你好{token}世界")
    assert (note.mark, note.how, note.at) == (token, "ignored", 2)
    assert "提示结构" in note.note.zh


@pytest.mark.parametrize(("token", "name"), [("[oral_2]", "oral"), ("[speed_5]", "speed"), ("[laugh_1]", "laugh")])
def test_tokens_for_a_whole_text_point_to_their_control(token: str, name: str) -> None:
    (note,) = lint(f"hello {token}")
    assert f"control {name}" in note.note.en


@pytest.mark.parametrize(
    ("token", "range"), [("[oral_12]", "0 to 9"), ("[laugh_3]", "0 to 2"), ("[break_8]", "0 to 7")]
)
def test_tokens_out_of_the_trained_range_are_refused_with_line_and_column(token: str, range: str) -> None:
    with pytest.raises(BadText) as refused:
        lint(f"one\ntwo {token}")
    assert f"{token} at line 2, column 5" in refused.value.text("en")
    assert range in refused.value.text("en")
    assert "第 2 行第 5 列" in refused.value.text("zh")


def test_tokens_of_the_text_are_fine() -> None:
    assert lint("你好[uv_break]世界[laugh][lbreak] [pause 300ms] [1] [注]") == ()


@pytest.mark.parametrize(
    ("text", "at"), [("你好[uv_break", 2), ("[laugh][你好", 7), ("[speed_5\n你好]", 0), ("a [[laugh]", 2)]
)
def test_a_bracket_that_is_not_closed_is_text_and_that_is_said(text: str, at: int) -> None:
    (note,) = [note for note in lint(text) if note.mark == "["]
    assert (note.how, note.at) == ("unknown", at)
    assert "没有闭合" in note.note.zh
    assert said("你好[uv_break")[0] == "你好 uv break"


@pytest.mark.parametrize(
    ("text", "heard"),
    [("你好", True), ("7", True), ("[laugh]", True), ("[uv_break]", False), ("[lbreak]。", False), ("привет", False)],
)
def test_pauses_and_what_it_cannot_read_are_nothing_to_hear(text: str, heard: bool) -> None:
    assert says(word(parse(text, IN_TEXT), reads)[0]) is heard


# the guard of refining


@pytest.mark.parametrize(
    ("original", "refined", "ok"),
    [
        ("今天天气真不错。", "今 天 天 气 [uv_break] 真 不 错 [laugh]", True),
        ("今天天气真不错。", "嗯 今 天 天 气 啊 真 不 错", True),
        ("今天天气真不错。", "今 天 天 气 不 错", False),
        ("今天天气真不错。", "今 天 天 气 真 的 不 错", True),
        ("今天天气真不错。", "今 天 天 气 很 不 错", False),
        ("Hello, world!", "um hello [uv_break] world", True),
        ("Hello, world!", "hello big world", False),
        ("Hello, world!", "world hello", False),
        ("don't stop", "don’t stop", True),
        ("你好", "", False),
    ],
)
def test_refining_may_add_pauses_and_fillers_and_nothing_else(original: str, refined: str, ok: bool) -> None:
    assert compare(original, refined).ok is ok


def test_the_difference_is_told_in_order() -> None:
    diff = compare("今天很好", "嗯 今 天 [laugh] 不 好").diff
    assert diff == (("added", "嗯"), ("same", "今 天"), ("changed", "[laugh] 不"), ("same", "好"))


@given(st.lists(st.sampled_from(["你", "好", "world", "hello", "世"]), min_size=1, max_size=12), st.randoms())
def test_added_fillers_are_always_allowed_and_a_lost_word_never(words: list[str], chance: object) -> None:
    fillers = sorted(FILLERS - set(words))
    mixed: list[str] = []
    for one in words:
        if chance.random() < 0.5:  # type: ignore[attr-defined]
            mixed.append(chance.choice([*fillers, "[uv_break]", "[laugh]"]))  # type: ignore[attr-defined]
        mixed.append(one)
    assert compare(" ".join(words), " ".join(mixed)).ok
    assert not compare(" ".join(words), " ".join(words[:-1])).ok
