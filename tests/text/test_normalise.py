"""The steps: each changes what it says, can be switched off, and leaves marks alone."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import BadRequest
from studio.text import wfst
from studio.text.marks import Text, Unknown, parse
from studio.text.normalise import STEPS, normalise, settle
from studio.text.roman import roman_to_arabic, value


def said(text: str, language: str = "auto", **steps: object) -> str:
    return normalise(text, steps, language)[0]


@pytest.mark.parametrize(
    ("step", "written", "on", "off"),
    [
        ("markdown", "**重点**和`代码`", "重点和代码", "**重点**和`代码`"),
        ("html", "<b>粗</b>体&amp;", "粗体&", "<b>粗</b>体&amp;"),
        ("width", "Ａ１", "A一", "Ａ１"),
        ("urls", "看 https://a.com/x 吧", "看 a 点 com 吧", "看 https://a.com/x 吧"),
        ("emoji", "好😀呀", "好呀", "好😀呀"),
        ("roman", "第III章", "第三章", "第III章"),
        ("numbers", "有3个", "有三个", "有3个"),
        ("spaces", "a  b\u200b", "a b", "a  b\u200b"),
    ],
)
def test_each_step_does_its_work_and_can_be_switched_off(step: str, written: str, on: str, off: str) -> None:
    assert said(written, "zh") == on
    assert said(written, "zh", **{step: False}) == off


def test_the_table_above_has_every_step() -> None:
    assert [step.id for step in STEPS] == ["markdown", "html", "width", "urls", "emoji", "roman", "numbers", "spaces"]
    assert all(all((*step.label, *step.help)) for step in STEPS)


@pytest.mark.parametrize(
    ("setting", "language", "expected"),
    [
        ("drop", "zh", "你好！"),
        ("name", "zh", "你好，笑哭了！"),
        ("keep", "zh", "你好😂😂！"),
        ("name", "en", "你好 face with tears of joy ！"),
    ],
)
def test_emoji_are_dropped_read_by_name_or_kept(setting: str, language: str, expected: str) -> None:
    assert said("你好😂😂！", language, emoji=setting) == expected


def test_an_emoji_of_several_parts_has_one_name() -> None:
    assert said("ok 👍🏽 🇨🇳 👩‍👩‍👧 ❤️", "en", emoji="name") == "ok thumbs up China family woman woman girl red heart "


def test_what_is_dropped_is_told() -> None:
    _, dropped = normalise("好😀，见 https://a.com/very/long?x=1", language="zh")
    assert [(item.step, item.source) for item in dropped] == [("urls", "https://a.com/very/long?x=1"), ("emoji", "😀")]
    assert dropped[0].note.zh == "https://a.com/very/long?x=1 只读出网站名"


@pytest.mark.parametrize(
    ("written", "language", "expected"),
    [
        ("See https://www.example.com/a?b=1.", "en", "See example dot com."),
        ("Mail a.b@foo-bar.org!", "en", "Mail a dot b at foo dash bar dot org!"),
        ("请访问www.qq.com。", "zh", "请访问qq 点 com。"),
        ("发到me@qq.com", "zh", "发到me 艾特 qq 点 com"),
    ],
)
def test_addresses_are_read(written: str, language: str, expected: str) -> None:
    assert said(written, language) == expected


def test_a_whole_address_is_read_on_demand() -> None:
    assert said("https://a.com/x-y/z", "en", urls="whole") == "a dot com slash x dash y slash z"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("# Title #", "Title"),
        ("- item", "item"),
        ("* [x] done", "done"),
        ("> quoted", "quoted"),
        ("see [here](https://a.b/c(d)) now", "see here now"),
        ("![a cat](cat.png)", "a cat"),
        ("**[bold](http://a.b)** _it_ ~~gone~~", "bold it gone"),
        ("see [here][1]\n[1]: https://a.b", "see here "),
        ("[sic][1]", "[sic]\\[one]"),
        ("a footnote[^1]", "a footnote"),
        ("```python", ""),
        ("* * *", ""),
        ("| a | b |", " a , b "),
        ("snake_case_name and a*b", "snake_case_name and a*b"),
        ("\\*no\\*", "*no*"),
        ("x < y, I <3 you", "x < y, I less than three you"),
        ("<p>a<br/>b</p>", " a b "),
        ("<script>alert([1])</script>ok<!-- no -->", "ok"),
        ("a<!-- x [pause 1s] y -->b", "a[pause 1000ms]b"),
        ("&lt;b&gt; &eacute; &#20320;", "<b> é 你"),
        ("<unknown>", "<unknown>"),
    ],
)
def test_markup_goes_and_words_stay(written: str, expected: str) -> None:
    assert said(written, "en") == expected


def test_an_entity_makes_no_mark() -> None:
    assert said("&#91;laugh&#93;", "en") == "\\[laugh]"


BITS = [
    *("[pause 300ms]", "[laugh]", "[say 5 kg as *5*]", "[sic]", "[uv_1]"),
    *("**", "3", "个", " kg", "😀", "_", "`", "# ", "<b>", "\n"),
]


@given(st.lists(st.sampled_from(BITS), max_size=12).map("".join))
def test_marks_are_never_changed(text: str) -> None:
    native = ("[uv_*]",)
    before = [node for node in parse(text, native) if not isinstance(node, (Text, Unknown))]
    said_marks = parse(normalise(text, language="zh", native=native)[0], native)
    after = [node for node in said_marks if not isinstance(node, (Text, Unknown))]
    assert before == after


def test_a_native_tag_survives_html() -> None:
    assert (
        normalise("<strong>a</strong> <b>b</b>", language="en", native=("<strong>", "</strong>"))[0]
        == "<strong>a</strong> b"
    )


@given(st.text())
def test_any_text_is_said_without_failing(text: str) -> None:
    escaped = text.replace("[", "")
    normalise(escaped, language="zh")
    normalise(escaped, {"emoji": "name", "urls": "whole"}, "en")


def test_words_on_both_sides_of_a_mark_see_each_other() -> None:
    assert said("他有[strong]3[/strong]个") == "他有[strong]三[/strong]个"
    assert said("He has [strong]3[/strong]") == "He has [strong]three[/strong]"


def test_other_languages_leave_numbers_to_the_engine() -> None:
    assert said("2020年に3つ", "ja") == "2020年に3つ"
    assert said("Il y a 3 chats", "fr") == "Il y a 3 chats"


@pytest.mark.parametrize(
    ("steps", "message", "chinese"),
    [
        ({"markdwn": True}, "step “markdwn”: no such step; did you mean “markdown”?", "没有这个步骤"),
        ({"emoji": "sing"}, "step emoji “sing”: takes drop, name, keep", "可用 drop、name、keep"),
        ({"numbers": "yes"}, "step numbers “yes”: takes true, false", "可用 true、false"),
    ],
)
def test_a_wrong_step_is_refused(steps: dict[str, object], message: str, chinese: str) -> None:
    with pytest.raises(BadRequest) as caught:
        settle(steps)
    assert caught.value.text() == message
    assert chinese in caught.value.text("zh")


@pytest.mark.parametrize(
    ("numeral", "number"), [("IV", 4), ("XIX", 19), ("MCMLXXXIV", 1984), ("IIII", None), ("VX", None), ("", None)]
)
def test_roman_values(numeral: str, number: int | None) -> None:
    assert value(numeral) == number


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Chapter XL. Part I", "Chapter 40. Part 1"),
        ("Louis XIV and Elizabeth II", "Louis the 14th and Elizabeth the 2nd"),
        ("King Charles I was", "King Charles the 1st was"),
        ("Did Henry I think so", "Did Henry I think so"),
        ("In this part I sing", "In this part I sing"),
        ("the XIX century", "the 19th century"),
        ("World War II and I", "World War 2 and I"),
        ("Malcolm X took a CD and vitamin C", "Malcolm X took a CD and vitamin C"),
    ],
)
def test_roman_numerals_but_not_the_pronoun(written: str, expected: str) -> None:
    assert roman_to_arabic(written, "en") == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("第III章", "第3章"),
        ("最终幻想VII", "最终幻想7"),
        ("路易XIV世", "路易14世"),
        ("XX公司的VI设计", "XX公司的VI设计"),
        ("Ⅻ", "12"),
    ],
)
def test_roman_numerals_in_chinese(written: str, expected: str) -> None:
    assert roman_to_arabic(written, "zh") == expected


@pytest.mark.parametrize("fragment", ["#1", "+1 212", "§5", "\\", '"', "", "x" * 100])
def test_what_wetext_cannot_read_is_no_answer(fragment: str) -> None:
    assert wfst.spoken(fragment, "en") is None


def test_threads_share_the_normalisers() -> None:
    wfst.spoken.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda n: (said(f"{n} kg", "en"), said(f"1/{n}的", "zh")), [3, 4, 5, 6] * 10))
    assert set(found) == {
        ("three kilograms", "三分之一的"),
        ("four kilograms", "四分之一的"),
        ("five kilograms", "五分之一的"),
        ("six kilograms", "六分之一的"),
    }


def test_nothing_heavy_is_imported_until_it_is_needed() -> None:
    code = (
        "import sys; from studio.text.reading import read; read('Hello 3 worlds. 你好，5个。', honours={});"
        "heavy = {'wetext', 'kaldifst', 'emoji', 'numpy', 'torch'} & set(sys.modules); assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
