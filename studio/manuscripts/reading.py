"""The door: any manuscript file, by its name and by what is in it."""

from dataclasses import replace
from pathlib import Path

from studio.errors import BadFile
from studio.manuscripts.document import Document
from studio.text.encoding import LIMIT_BYTES, read_text
from studio.words import Words

FORMATS: dict[str, Words] = {
    "txt": Words("Plain text", "纯文本"),
    "md": Words("Markdown", "Markdown"),
    "html": Words("Web page", "网页"),
    "epub": Words("EPUB 2 and 3", "EPUB 2、3 电子书"),
    "docx": Words("Word document", "Word 文档"),
    "pdf": Words("PDF with a text layer", "带文字层的 PDF"),
    "srt": Words("SubRip subtitles", "SRT 字幕"),
    "vtt": Words("WebVTT subtitles", "VTT 字幕"),
    "ass": Words("ASS subtitles", "ASS 字幕"),
    "lrc": Words("Lyrics", "LRC 歌词"),
    "csv": Words("Table (CSV, TSV)", "表格（CSV、TSV）"),
    "dialogue": Words("Dialogue (role::text)", "对话稿（角色::台词）"),
    "ssml": Words("SSML", "SSML"),
}
BY_SUFFIX = {
    "txt": "txt", "text": "txt", "md": "md", "markdown": "md", "html": "html", "htm": "html", "xhtml": "html",
    "epub": "epub", "docx": "docx", "pdf": "pdf", "srt": "srt", "vtt": "vtt", "ass": "ass", "ssa": "ass", "lrc": "lrc",
    "csv": "csv", "tsv": "csv", "ssml": "ssml", "xml": "ssml", "dialogue": "dialogue", "": "txt",
}  # fmt: skip
BINARY = {"epub", "docx", "pdf"}
LARGEST = 256 << 20  # bytes of a book with pictures


def read_document(path: Path, *, name: str = "", format: str = "", language: str = "auto") -> Document:
    """The manuscript in a file. `name` is the one that people know it by, `format` one of `FORMATS` ("" by the name).

    `BadFile` says what is wrong with the file and what to do; nothing is written, nothing outside the file is read.
    """
    name = name or path.name
    kind = format or _kind(path, name)
    document = _binary(path, name, kind) if kind in BINARY else _text(path, name, kind, bool(format))
    if not any(passage.kind in ("text", "heading") and passage.text.strip() for passage in document.passages()):
        raise BadFile(f"{name}: there is no text in it", f"{name}：里面没有文字", where=name)
    return document if language == "auto" else replace(document, language=language)


def _kind(path: Path, name: str) -> str:
    """The format, by how the file begins where that is certain, else by its name."""
    suffix = Path(name).suffix.lower().lstrip(".")
    head = _head(path, name)
    if head.startswith(b"%PDF"):
        return "pdf"
    if head.startswith(b"PK\x03\x04") and suffix not in BINARY:
        return "epub" if b"application/epub+zip" in head else "docx" if b"word/" in head else "epub"
    if suffix in BY_SUFFIX:
        return BY_SUFFIX[suffix]
    known = ", ".join(sorted(set(BY_SUFFIX) - {""}))
    raise BadFile(
        f"{name}: files of this kind are not read; known are {known}",
        f"{name}：不支持这种文件；支持 {known}",
        where=name,
    )


def _head(path: Path, name: str) -> bytes:
    try:
        if path.is_dir():
            raise BadFile(f"{name} is a folder: give a file", f"{name} 是文件夹：请指定文件", where=name)
        with path.open("rb") as file:
            head = file.read(4096)
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise BadFile(f"{name}: no such file", f"{name}：没有这个文件", where=name) from error
    except (OSError, ValueError) as error:
        raise BadFile(f"{name} cannot be read: {error}", f"无法读取 {name}：{error}", where=name) from error
    if size > LARGEST:
        raise BadFile(
            f"{name} is {size >> 20} MB: a manuscript may have at most {LARGEST >> 20} MB",
            f"{name} 有 {size >> 20} MB：文稿不能超过 {LARGEST >> 20} MB",
            where=name,
        )
    return head


def _binary(path: Path, name: str, kind: str) -> Document:
    if kind == "epub":
        from studio.manuscripts.epub import read_epub

        return read_epub(path, name)
    if kind == "docx":
        from studio.manuscripts.docx import read_docx

        return read_docx(path, name)
    from studio.manuscripts.pdf import read_pdf

    return read_pdf(path, name)


def _text(path: Path, name: str, kind: str, certain: bool) -> Document:
    text = read_text(path, LIMIT_BYTES).text
    if kind in ("srt", "vtt", "ass", "lrc"):
        from studio.manuscripts.subtitles import subtitles_document

        return subtitles_document(text, kind, name)
    if kind == "csv":
        from studio.manuscripts.tables import read_table

        return read_table(text, name, "\t" if name.lower().endswith(".tsv") else "")
    if kind == "html":
        from studio.manuscripts.webpage import read_html

        return read_html(text, name)
    from studio.manuscripts.dialogue import looks_like_dialogue, read_dialogue
    from studio.manuscripts.ssml import looks_like_ssml, read_ssml

    if kind == "ssml" or (not certain and looks_like_ssml(text)):
        return read_ssml(text.encode(), name)
    if kind == "dialogue" or (not certain and looks_like_dialogue(text)):
        return read_dialogue(text, name)
    from studio.manuscripts.plain import read_plain

    return read_plain(text, name, kind)
