"""Books in chapters: what is a heading, what only looks like one, and that no character is lost."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.text.chapters import author, book_title, chapters, strip_boilerplate
from studio.text.headings import heading_of, zh_number

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"
BODY = "这里是正文，很长。\n\n第一章里讲了很多事。\n第一回合结束了。\n第三，我不知道。\n\n"


def titles(text: str) -> list[str]:
    return [chapter.title for chapter in chapters(text)]


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("第一章", "第一章"),
        ("第十二回　甄士隐梦幻识通灵　贾雨村风尘怀闺秀", "第十二回 甄士隐梦幻识通灵 贾雨村风尘怀闺秀"),
        ("  第1章：开始", "第1章：开始"),
        ("【第１２章 归来】", "第１２章 归来"),
        ("第二卷 风云", "第二卷 风云"),
        ("卷三 江湖", "卷三 江湖"),
        ("第一节", "第一节"),
        ("正文 第五章 你好！", "正文 第五章 你好！"),
        ("序", "序"),
        ("楔子", "楔子"),
        ("番外一 春天", "番外一 春天"),
        ("后记", "后记"),
        ("Chapter IV", "Chapter IV"),
        ("CHAPTER 12.", "CHAPTER 12"),
        ("Chapter One: The Start", "Chapter One: The Start"),
        ("Chapter Twenty-One", "Chapter Twenty-One"),
        ("PART THE FIRST", "PART THE FIRST"),
        ("Book 2 — The Sea", "Book 2 — The Sea"),
        ("Chapter I. Down the Rabbit-Hole", "Chapter I. Down the Rabbit-Hole"),
        ("Prologue", "Prologue"),
        ("EPILOGUE.", "EPILOGUE"),
        ("Appendix A", "Appendix A"),
        ("## A day", "A day"),
        ("# 开头 #", "开头"),
    ],
)
def test_a_heading_is_recognised(line: str, title: str) -> None:
    heading = heading_of(line, 0, len(line))
    assert heading is not None
    assert heading.title == title


@pytest.mark.parametrize(
    "line",
    [
        "第一章里，他说了很多。",
        "第一回合结束了。",
        "第三，我不知道。",
        "第二天他走了",
        "第一次见面",
        "第一章是全书的开头",
        "序言里说过这件事。",
        "这是第一章",
        "后记得很清楚",
        "Part of the plan was simple.",
        "Chapter one was good.",
        "part 2 of it",
        "Book Two The end came at last.",
        "Chapter 3 begins with a storm",
        "introduction to the thing",
        "### Deep",
        "#tag",
        "x" * 200,
        "",
    ],
)
def test_a_sentence_is_no_heading(line: str) -> None:
    assert heading_of(line, 0, len(line)) is None


def test_chinese_chapters() -> None:
    text = f"第一章 起\n{BODY}第二章 承\n{BODY}尾声\n{BODY}"
    assert titles(text) == ["第一章 起", "第二章 承", "尾声"]


def test_a_volume_without_text_joins_its_first_chapter() -> None:
    text = f"第一卷 风起\n\n第1章 开始\n{BODY}第2章\n{BODY}第二卷 云涌\n第1章 又来\n{BODY}"
    assert titles(text) == ["第一卷 风起 · 第1章 开始", "第2章", "第二卷 云涌 · 第1章 又来"]


def test_a_title_on_the_next_line_belongs_to_the_heading() -> None:
    text = "CHAPTER I\n\nTHE BEGINNING\n\nA.\n\nCHAPTER II\n\nAnother Day\n\nB.\n\nCHAPTER III\n\nIt was a day.\n"
    assert titles(text) == ["CHAPTER I. THE BEGINNING", "CHAPTER II. Another Day", "CHAPTER III"]
    assert titles(f"第一章\n\n山中\n\n{BODY}第二章\n\n{BODY}") == ["第一章：山中", "第二章"]


@pytest.mark.parametrize(
    "contents",
    [
        "目录\n第一章 起\n第二章 承\n第三章 转\n\n",
        "第一章 起 ...... 3\n第二章 承 ...... 9\n第三章 转……… 12\n\n",
        "目 录\n\n第一章 起\n\n第二章 承\n\n第三章 转\n\n",
    ],
    ids=["announced", "page numbers", "spaced"],
)
def test_a_table_of_contents_is_set_aside(contents: str) -> None:
    text = f"书名\n\n{contents}第一章 起\n{BODY}第二章 承\n{BODY}第三章 转\n{BODY}"
    found = chapters(text)
    assert [(chapter.title, chapter.kind) for chapter in found] == [
        ("目录", "contents"),
        ("第一章 起", "chapter"),
        ("第二章 承", "chapter"),
        ("第三章 转", "chapter"),
    ]


def test_front_matter_is_a_chapter_only_if_it_says_something() -> None:
    assert titles(f"书名\n作者：某人\n\n第一章\n{BODY}第二章\n{BODY}") == ["第一章", "第二章"]
    preface = "写在前面的话很多，所以要自成一章。" * 12
    found = chapters(f"{preface}\n\n第一章\n{BODY}", "我的书")
    assert [(chapter.title, chapter.kind) for chapter in found] == [("我的书", "front"), ("第一章", "chapter")]


def test_markdown_headings_count_but_not_in_code_and_not_the_book_title() -> None:
    text = "# My Book\n\n## First\n\ntext\n\n```\n# comment\n```\n\n## Second\n\ntext\n"
    assert titles(text) == ["First", "Second"]


def test_bare_numbers_count_where_there_is_nothing_else() -> None:
    assert titles("I\n\nText a.\n\nII\n\nText b.\n\nIII\n\nText c.") == ["I", "II", "III"]
    assert titles("一\n\n正文。\n\n二\n\n正文。") == ["一", "二"]
    assert titles("Chapter 1\n\nText.\n\n1\n\nText.\n\n2\n\nText.") == ["Chapter 1"]
    assert titles("7\n\nText.\n\n9\n\nText.") == [""]


def test_a_text_without_headings_is_one_chapter() -> None:
    assert [(c.title, c.text, c.start) for c in chapters("just words", "T")] == [("T", "just words", 0)]


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the example texts are not here")
@pytest.mark.parametrize(
    ("name", "title", "writer", "count"),
    [("alice.txt", "Alice’s Adventures in Wonderland", "Lewis Carroll", 3), ("ah-q.txt", "阿Q正传", "鲁迅", 3)],
)
def test_the_shipped_books(name: str, title: str, writer: str, count: int) -> None:
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    assert (book_title(text), author(text), len(chapters(text))) == (title, writer, count)


LINES = st.sampled_from(
    ["第一章", "第二章 承", "第一卷", "Chapter 1", "Chapter II. Two", "CONTENTS", "目录", "# Title",
     "## Part", "```", "1", "2", "II", "",
     "  ", "正文。", "Some text here.", "TITLE LINE", "序", "Epilogue", "第一章 ..... 5", "《书》"]
)  # fmt: skip


@given(st.lists(LINES, max_size=25).map("\n".join), st.sampled_from(["", "\n", "\n\n"]))
def test_every_character_is_in_exactly_one_chapter(text: str, end: str) -> None:
    found = chapters(text + end)
    assert "".join(chapter.text for chapter in found) == text + end
    assert all((text + end)[c.start : c.start + len(c.text)] == c.text for c in found)
    assert all(chapter.text for chapter in found) or not text + end


@given(st.text())
def test_any_text_has_chapters_a_title_and_an_author(text: str) -> None:
    assert "".join(chapter.text for chapter in chapters(text)) == text
    book_title(text)
    author(text)
    strip_boilerplate(text)


@pytest.mark.parametrize(
    ("text", "title", "writer"),
    [
        ("红楼梦\n曹雪芹 著\n\n第一回", "红楼梦", "曹雪芹"),
        ("《呐喊》\n作者：鲁迅\n", "呐喊", "鲁迅"),
        ("书名：活着\n作者：余华\n", "活着", "余华"),
        ("Emma\n\nby Jane Austen\n\nText.", "Emma", "Jane Austen"),
        ("# Walden\n\nText.", "Walden", ""),
        ("Chapter 1\n\nText.", "", ""),
        ("It was a dark night. He came.", "", ""),
        ("从前有一个国王，他很老。\n", "", ""),
        ("", "", ""),
    ],
)
def test_title_and_author(text: str, title: str, writer: str) -> None:
    assert (book_title(text), author(text)) == (title, writer)


GUTENBERG = (
    "The Project Gutenberg eBook of Emma\n\nThis ebook is for anyone.\n\nTitle: Emma\n\nAuthor: Jane Austen\n\n"
    "*** START OF THE PROJECT GUTENBERG EBOOK EMMA ***\n\nProduced by some volunteers.\n\n"
    "EMMA\n\nCHAPTER I\n\nEmma Woodhouse, handsome.\n\n"
    "End of the Project Gutenberg EBook of Emma\n\n*** END OF THE PROJECT GUTENBERG EBOOK EMMA ***\n\nlicence terms\n"
)


def test_the_notice_of_project_gutenberg_is_taken_off_and_returned() -> None:
    text, stripped = strip_boilerplate(GUTENBERG)
    assert text == "EMMA\n\nCHAPTER I\n\nEmma Woodhouse, handsome.\n"
    assert "Produced by" in stripped[0]
    assert "licence terms" in stripped[1]
    assert (book_title(GUTENBERG), author(GUTENBERG)) == ("Emma", "Jane Austen")


def test_a_book_without_notice_is_left_alone() -> None:
    assert strip_boilerplate("A book.\n") == ("A book.\n", ())


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("一", 1),
        ("十", 10),
        ("十二", 12),
        ("二十", 20),
        ("一百零八", 108),
        ("二〇", 20),
        ("１２", 12),
        ("一千零一", 1001),
    ],
)
def test_chinese_numbers(written: str, number: int) -> None:
    assert zh_number(written) == number
