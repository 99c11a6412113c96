"""The book that reads along, looked at as epubcheck would: structure, references, times."""

import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

from studio.audio.files import read_bytes
from studio.manuscripts.reading import read_document
from studio.studio import Begun, Studio

EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"
OPF, SMIL, HTML = "{http://www.idpf.org/2007/opf}", "{http://www.w3.org/ns/SMIL}", "{http://www.w3.org/1999/xhtml}"


def seconds(clock: str) -> float:
    hours, minutes, rest = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def test_the_book_keeps_the_rules_of_the_format(studio: Studio, tmp_path: Path) -> None:
    desk = studio.scripts
    id = desk.begin(EXAMPLES / "lamp.zh.txt", Begun()).id
    desk.put_file(id, "cover", (EXAMPLES.parent / "screenshot.en.png").read_bytes())
    first = desk.lines(id, size=3).items[2]
    desk.change(id, [first.id], text="那天夜里 <起风> & [pause 200ms] 下雨。")
    desk.render(id).wait(60)
    path = tmp_path / "lamp.epub"
    done = desk.export(id, "epub", path).wait(120)
    assert (done.files[0].chapters, done.left_out) == (2, 0)
    with zipfile.ZipFile(path) as book:
        first_member = book.infolist()[0]
        assert (first_member.filename, first_member.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert book.read("mimetype") == b"application/epub+zip"
        members = {name: book.read(name) for name in book.namelist()}
    package = ET.fromstring(members["EPUB/package.opf"])
    items = {item.get("id"): item for item in package.iter(f"{OPF}item")}
    hrefs = {f"EPUB/{item.get('href')}" for item in items.values()}
    own = {"mimetype", "META-INF/container.xml", "EPUB/package.opf"}
    assert hrefs | own == set(members), "everything is listed, and all that is listed is there"
    assert [item.get("properties") for item in items.values()].count("nav") == 1
    assert items["cover"].get("properties") == "cover-image"
    chapters = [items[ref.get("idref")] for ref in package.iter(f"{OPF}itemref")]
    assert len(chapters) == 2
    told = {
        meta.get("refines"): seconds(meta.text or "")
        for meta in package.iter(f"{OPF}meta")
        if meta.get("property") == "media:duration"
    }
    assert abs(told[None] - sum(length for refines, length in told.items() if refines)) < 0.01
    spoken = 0
    for chapter in chapters:
        page = ET.fromstring(members[f"EPUB/{chapter.get('href')}"])
        ids = [one.get("id") for one in page.iter() if one.get("id")]
        assert len(ids) == len(set(ids))
        overlay = items[chapter.get("media-overlay")]
        smil = ET.fromstring(members[f"EPUB/{overlay.get('href')}"])
        sound = read_bytes(members[f"EPUB/{chapter.get('id')}.m4a"])
        assert abs(told[f"#{overlay.get('id')}"] - sound.seconds) < 0.1
        before = 0.0
        for par in smil.iter(f"{SMIL}par"):
            text, audio = par.find(f"{SMIL}text"), par.find(f"{SMIL}audio")
            assert text is not None
            assert audio is not None
            name, _, anchor = (text.get("src") or "").partition("#")
            assert (name, anchor in ids) == (chapter.get("href"), True)
            assert f"EPUB/{audio.get('src')}" in members
            begin, end = (float((audio.get(key) or "").removesuffix("s")) for key in ("clipBegin", "clipEnd"))
            assert before <= begin < end <= sound.seconds + 0.05
            inside = sound.samples[round(begin * sound.rate) : round(end * sound.rate)]
            assert abs(inside).max() > 0.02, "somebody speaks"
            before = end
            spoken += 1
    assert spoken == desk.progress(id).lines
    read = read_document(path)
    assert (read.title, read.author, read.language) == ("守灯人", "音色工坊", "zh")
    assert [section.title for section in read.selected().sections] == ["第一章 风雨夜", "第二章 天亮"]
    assert "那天夜里 <起风> & 下雨。" in " ".join(" ".join(p.text.split()) for p in read.passages())
