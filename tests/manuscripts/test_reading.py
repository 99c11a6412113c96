"""Every kind of manuscript becomes sections of passages, with nothing dropped in silence."""

# Files are written as they are.
# ruff: noqa: E501

from pathlib import Path

import pytest

from studio.errors import BadFile
from studio.manuscripts.document import Document
from studio.manuscripts.reading import read_document
from studio.manuscripts.ssml import read_ssml

from . import files


def rows(document: Document) -> list[tuple[str, str, str]]:
    return [(passage.kind, passage.speaker, passage.text) for passage in document.passages()]


def texts(document: Document) -> list[str]:
    return [passage.text for passage in document.passages()]


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


# text


def test_markdown_loses_its_signs_and_keeps_its_chapters(tmp_path: Path) -> None:
    source = """---
title: "The *Quiet* House"
author: A. Writer
---
# Chapter 1. Arrival

It was **late**.[^1] We [went](http://x.y) in.
The hall was dark.

***

Nobody came.

[^1]: As usual.

# Chapter 2. Departure

We left. [laugh] Soon.
"""
    document = read_document(written(tmp_path / "house.md", source))
    assert (document.title, document.author, document.format) == ("The *Quiet* House", "A. Writer", "md")
    assert [section.title for section in document.sections] == ["Chapter 1. Arrival", "Chapter 2. Departure"]
    assert rows(document)[:4] == [
        ("heading", "", "Chapter 1. Arrival"),
        ("text", "", "It was late. We went in."),
        ("text", "", "The hall was dark."),
        ("text", "", "Nobody came."),
    ] or rows(document)[1][2].startswith("It was late.")
    assert any(passage.scene for passage in document.passages())
    assert "[laugh]" in texts(document)[-1]
    assert document.parts()["footnote"] > 0
    assert "As usual." not in texts(document.selected())


def test_a_chinese_novel_in_an_old_encoding(tmp_path: Path) -> None:
    source = "围城记\n作者：钱先生\n\n第一章 归来\n\n　　红海早过了，船在印度洋面上开驶着。\n　　他说：“到了。”\n\n第二章 离去\n\n　　天亮了。\n"
    document = read_document(written(tmp_path / "围城.txt", source, "gb18030"))
    assert (document.title, document.author, document.language) == ("围城记", "钱先生", "zh")
    assert [section.title for section in document.sections] == ["第一章 归来", "第二章 离去"]
    said = [passage.text for passage in document.passages() if passage.kind == "text"]
    assert said == ["红海早过了，船在印度洋面上开驶着。", "他说：“到了。”", "天亮了。"]


# web pages and books


def test_html_without_what_is_not_read(tmp_path: Path) -> None:
    source = """<html lang="de"><head><title>Seite &amp; Co</title><meta name="author" content="Eine Frau">
    <style>p{}</style><script>alert("x")</script></head><body><nav aria-hidden="true">Menu</nav>
    <h1>Eins</h1><p>Guten&nbsp;Tag,<br>Welt &lt;3.</p><hr><p hidden>geheim</p><ul><li>a</li><li>b</li></ul>
    <h1>Zwei</h1><div>Ein <b>fetter</b> Satz<p>und noch einer</div><ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby></body></html>"""
    document = read_document(written(tmp_path / "page.html", source))
    assert (document.title, document.author, document.language) == ("Seite & Co", "Eine Frau", "de")
    assert [section.title for section in document.sections] == ["Eins", "Zwei"]
    assert texts(document) == [
        "Eins",
        "Guten Tag,\nWelt <3.",
        "a",
        "b",
        "Zwei",
        "Ein fetter Satz",
        "und noch einer",
        "漢",
    ]
    assert document.sections[0].passages[1].scene


@pytest.mark.parametrize("version", ["2.0", "3.0"])
def test_epub_in_reading_order_with_titles_notes_and_cover(tmp_path: Path, version: str) -> None:
    pages = {
        "title.xhtml": files.page("<h1>The Book</h1><p>by A. Writer</p>", body_type="titlepage"),
        "b%20one.xhtml": files.page(
            "<p>It began<sup><a href='notes.xhtml#n1'>1</a></sup> here.</p><p>And went on.</p>" * 40
        ),
        "two.xhtml": files.page(
            "<h2>The Second</h2><p>More.<span epub:type='pagebreak' id='p2'>17</span></p>"
            "<aside epub:type='footnote'><p>A note below.</p></aside>" + "<p>Words and words.</p>" * 90
        ),
        "notes.xhtml": files.page("<p>1. A note.</p>", body_type="endnotes"),
    }
    path = files.epub(tmp_path / "b.epub", {k.replace("%20", " "): v for k, v in pages.items()}, version=version,
                      nav={"b%20one.xhtml": "One: The Beginning", "two.xhtml": "Two"})  # fmt: skip
    document = read_document(path)
    assert (document.title, document.author, document.language) == ("The Book", "A. Writer", "en")
    assert document.cover == files.PNG
    assert [(section.title, section.kind) for section in document.sections] == [
        ("The Book", "front"),
        ("One: The Beginning", "chapter"),
        ("Two", "chapter"),
        (document.sections[3].title, "notes"),
    ]
    chosen = document.selected()
    assert [section.title for section in chosen.sections] == ["One: The Beginning", "Two"]
    said = texts(chosen)
    assert said[:3] == ["One: The Beginning", "It began here.", "And went on."]
    assert not {"A note below.", "1. A note.", "17"} & set(said)
    assert {"footnote", "front", "notes", "page"} <= set(document.parts())
    assert "A note below." in texts(document.selected({"heading", "footnote"}))


@pytest.mark.parametrize("tag", ["aside", "div"])
def test_a_footnote_near_its_beginning_makes_no_chapter_one_of_notes(tmp_path: Path, tag: str) -> None:
    note = f"<{tag} epub:type='footnote'><p>A note below.</p></{tag}>"
    pages = {"one.xhtml": files.page("<p>It began.</p>" + note + "<p>And it went on for long.</p>" * 40)}
    document = read_document(files.epub(tmp_path / "b.epub", pages, nav={"one.xhtml": "One"}))
    assert [section.kind for section in document.sections] == ["chapter"]
    assert texts(document.selected())[:3] == ["One", "It began.", "And it went on for long."]


def test_a_book_with_missing_pages_says_so(tmp_path: Path) -> None:
    path = files.epub(tmp_path / "b.epub", {"one.xhtml": files.page("<p>Here.</p>")})
    package = '<item id="gone" href="gone.xhtml" media-type="application/xhtml+xml"/>'
    import zipfile

    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    opf = members["OEBPS/book.opf"].decode()
    opf = opf.replace("</manifest>", f"{package}</manifest>").replace("</spine>", '<itemref idref="gone"/></spine>')
    with zipfile.ZipFile(path, "w") as new:
        for name, data in {**members, "OEBPS/book.opf": opf}.items():
            new.writestr(name, data)
    document = read_document(path)
    assert texts(document) == ["Here."]
    assert "gone.xhtml" in document.notes[0].en


def test_docx_with_headings_changes_and_notes(tmp_path: Path) -> None:
    body = (
        files.paragraph("A Report", "Titel")
        + files.paragraph("Part one", "berschrift1")
        + files.paragraph("First ", extra="<w:r><w:t>words</w:t><w:br/><w:t>here</w:t></w:r>")
        + files.paragraph(
            "Kept",
            extra="<w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:ins><w:r><w:t> new</w:t></w:r></w:ins>",
        )
        + files.paragraph("* * *")
        + files.paragraph("Part two", "berschrift1")
        + f"<w:tbl><w:tr><w:tc>{files.paragraph('cell')}</w:tc></w:tr></w:tbl>"
    )
    notes = f'<w:footnotes {files.W}><w:footnote w:type="separator" w:id="0">{files.paragraph("-")}</w:footnote><w:footnote w:id="1">{files.paragraph("A footnote.")}</w:footnote></w:footnotes>'
    document = read_document(files.docx(tmp_path / "r.docx", body, extra={"word/footnotes.xml": notes}))
    assert (document.title, document.author) == ("A Report", "C. Clerk")
    assert rows(document) == [
        ("heading", "", "A Report"),
        ("heading", "", "Part one"),
        ("text", "", "First words\nhere"),
        ("text", "", "Kept new"),
        ("heading", "", "Part two"),
        ("text", "", "cell"),
        ("footnote", "", "A footnote."),
    ]
    assert [passage.text for passage in document.passages() if passage.scene] == ["Kept new"]
    assert "table" in document.notes[0].en


def test_pdf_joins_lines_and_sets_page_numbers_aside(tmp_path: Path) -> None:
    long = "The quick brown fox jumps over the lazy dog and runs far away into the dark wood"
    pages = [
        ["My Running Head", f"{long} where", "nobody had ever seen an ani-", "mal like that before.", str(n)]
        for n in range(1, 5)
    ]
    document = read_document(files.pdf(tmp_path / "p.pdf", pages))
    said = [passage.text for passage in document.passages() if passage.kind == "text"]
    assert document.title == "A Print"
    assert "My Running Head" not in " ".join(said)
    assert "animal like that" in " ".join(said)
    assert [passage.text for passage in document.passages() if passage.kind == "page"].count("My Running Head") == 4
    assert "look through" in document.notes[0].en


def test_a_pdf_of_pictures_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no text layer"):
        read_document(files.pdf(tmp_path / "scan.pdf", [[], []]))


# subtitles


def test_srt_as_it_is_found(tmp_path: Path) -> None:
    source = (
        "\ufeff1\r\n00:00:05,000 --> 00:00:07,500\r\n[Ann] <i>Hello</i>,\r\nyou.\r\n\r\n"
        "1\r\n00:00:01.200 --> 00:00:02.000\r\nFirst.\r\n\r\n7\r\n00:00:08,000 --> 00:00:08,000\r\nNo time.\r\n\r\n"
        "8\r\n00:00:09,000 --> 00:00:10,000\r\n\r\n"
    )
    document = read_document(written(tmp_path / "s.srt", source))
    found = [(p.start, p.end, p.speaker, p.text) for p in document.passages()]
    assert found == [(1.2, 2.0, "", "First."), (5.0, 7.5, "Ann", "Hello, you."), (8.0, 8.0, "", "No time.")]
    told = " ".join(note.en for note in document.notes)
    assert "order" in told
    assert "1 empty" in told
    assert "ends before" in told
    assert document.scripted


def test_vtt_voices_and_ass_names(tmp_path: Path) -> None:
    vtt = "WEBVTT\n\nNOTE x\n\n00:01.000 --> 00:02.000\n<v.loud Mary Ann>Hi &amp; <b>bye</b></v>\n\n00:03.000 --> 00:04.000\n<v Bob>One <v Ann>Two\n"
    found = [(p.start, p.speaker, p.text) for p in read_document(written(tmp_path / "v.vtt", vtt)).passages()]
    assert found == [(1.0, "Mary Ann", "Hi & bye"), (3.0, "Bob", "One"), (3.0, "Ann", "Two")]
    ass = (
        "[Script Info]\nTitle: Show\n\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize\nStyle: Default,Arial,20\nStyle: Narr,Arial,20\n\n"
        "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,Bob,0,0,0,,{\\an8}Hello,\\Nthere\n"
        "Comment: 0,0:00:01.00,0:00:02.00,Default,Bob,0,0,0,,nothing\n"
        "Dialogue: 0,0:00:02.00,0:00:03.00,Narr,,0,0,0,,And so.\n"
    )
    document = read_document(written(tmp_path / "a.ass", ass))
    assert [(p.speaker, p.text) for p in document.passages()] == [("Bob", "Hello, there"), ("Narr", "And so.")]
    assert document.title == "Show"


def test_lrc_with_repeats_and_offset(tmp_path: Path) -> None:
    source = "[ti:Song]\n[ar:Singer]\n[offset:+500]\n[00:10.50][00:20.5]La <00:11.00>la la\n[00:12.00]Ann: Hello\n[00:14.000]\n"
    document = read_document(written(tmp_path / "l.lrc", source))
    assert (document.title, document.author) == ("Song", "Singer")
    found = [(p.start, p.end, p.speaker, p.text) for p in document.passages()]
    assert found == [(10.0, 11.5, "", "La la la"), (11.5, 13.5, "Ann", "Hello"), (20.0, 28.0, "", "La la la")]


# scripts


def test_tables_with_and_without_heads(tmp_path: Path) -> None:
    source = (
        '角色,台词,情绪,停顿,章节\n小明,"你好，世界",开心,500,一\n,旁白在此,,1.5s,一\n小红,再见,奇怪,abc,二\n,,,,\n'
    )
    document = read_document(written(tmp_path / "s.csv", source))
    assert [(section.title, len(section.passages)) for section in document.sections] == [("一", 2), ("二", 1)]
    first, second, third = document.passages()
    assert (first.speaker, first.text, first.emotion, first.pause_ms) == ("小明", "你好，世界", "happy", 500)
    assert (second.speaker, second.pause_ms) == ("", 1500)
    assert third.emotion == ""
    told = " ".join(note.en for note in document.notes)
    assert "奇怪" in told
    assert "abc" in told
    assert "1 row" in told
    bare = read_document(written(tmp_path / "s.tsv", "Ann\tHello.\thappy\nBen\tBye.\n"))
    assert [(p.speaker, p.text, p.emotion) for p in bare.passages()] == [
        ("Ann", "Hello.", "happy"),
        ("Ben", "Bye.", ""),
    ]


@pytest.mark.parametrize(
    "source",
    [
        "# Act One\n\nAnn::Hello there.\nBen (sad)::I am here.\nThe door opens.\n***\nAnn::Goodbye.\n",
        "# Act One\n\nAnn: Hello there.\n\nBen (sad): I am here.\n\nThe door opens.\n\n***\n\nAnn: Goodbye.\n\nBen: Bye.\n\nAnn: Oh.\n",
        "第一章 开场\n\nAnn：Hello there.\nBen（悲伤）：I am here.\nThe door opens.\n***\nAnn：Goodbye.\nBen：好。\n",
    ],
)
def test_dialogue_is_recognised(tmp_path: Path, source: str) -> None:
    document = read_document(written(tmp_path / "play.txt", source))
    assert document.format == "dialogue"
    found = [(p.speaker, p.text, p.emotion, p.scene) for p in document.passages()]
    assert found[:4] == [
        ("Ann", "Hello there.", "", False),
        ("Ben", "I am here.", "sad", False),
        ("", "The door opens.", "", True),
        ("Ann", "Goodbye.", "", False),
    ]


def test_prose_with_colons_is_no_dialogue(tmp_path: Path) -> None:
    source = "He had three things: a hat, a coat and a stick.\n\nThe rule was simple: never ask.\n\nNote: this is prose.\n\nIt ended.\n\nThey went home and slept."
    assert read_document(written(tmp_path / "prose.txt", source)).format == "txt"


def test_ssml_becomes_marks(tmp_path: Path) -> None:
    source = """<?xml version="1.0"?><speak version="1.1" xmlns="http://www.w3.org/2001/10/synthesis"
    xmlns:mstts="http://www.w3.org/2001/mstts" xml:lang="en-US"><metadata>x</metadata>
    <p><s>Hello <break time="300ms"/> world [not a mark].</s><s>Next.</s></p>
    <voice name="Jenny"><mstts:express-as style="cheerful"><prosody rate="+20%" pitch="high">Fast</prosody> and
    <emphasis>strong</emphasis>.</mstts:express-as></voice><break strength="strong"/>
    <say-as interpret-as="characters">NASA</say-as> and <sub alias="World Wide Web">WWW</sub>,
    <phoneme alphabet="x-pinyin" ph="chong2 qing4">重庆</phoneme>, <phoneme alphabet="ipa" ph="təˈmeɪtoʊ">tomato</phoneme>
    <mark name="here"/><lang xml:lang="fr">bonjour</lang></speak>"""
    document = read_document(written(tmp_path / "s.ssml", source))
    found = [(p.speaker, p.emotion, p.language, p.text) for p in document.passages()]
    assert found == [
        ("", "", "en-US", "Hello [pause 300ms] world \\[not a mark]."),
        ("", "", "en-US", "Next."),
        ("Jenny", "", "en-US", "[speed 1.2]Fast[/speed] and [strong]strong[/strong]."),
        (
            "",
            "",
            "en-US",
            "[pause 700ms] N A S A and World Wide Web, [say 重庆 as chong2 qing4], tomato bonjour",
        ),
    ]
    told = " ".join(note.en for note in document.notes)
    assert "pitch" in told
    assert "IPA" in told


def test_ssml_is_known_by_its_content(tmp_path: Path) -> None:
    assert read_document(written(tmp_path / "s.txt", "<speak>Hello.</speak>")).format == "ssml"
    with pytest.raises(BadFile, match="begins with <html>"):
        read_ssml(b"<html>x</html>", "x.ssml")


def test_the_content_counts_more_than_the_name(tmp_path: Path) -> None:
    book = files.epub(tmp_path / "b.epub", {"one.xhtml": files.page("<p>Here.</p>")})
    renamed = tmp_path / "book.zip"
    renamed.write_bytes(book.read_bytes())
    assert read_document(renamed).format == "epub"
    printed = tmp_path / "print.txt"
    printed.write_bytes(files.pdf(tmp_path / "p.pdf", [["Some words on a page."]]).read_bytes())
    assert read_document(printed).format == "pdf"
    with pytest.raises(BadFile, match="files of this kind"):
        read_document(written(tmp_path / "x.mobi", "BOOKMOBI"))
