"""Manuscript files of every kind, made here byte by byte."""

# Files are written as they are.
# ruff: noqa: E501

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde\x00\x00\x00\x0c"
    b"IDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00IEND\xaeB`\x82"
)


def page(body: str, title: str = "", body_type: str = "") -> str:
    kind = f' epub:type="{body_type}"' if body_type else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title>{title}</title></head><body{kind}>{body}</body></html>'
    )


def epub(
    path: Path,
    pages: Mapping[str, str],
    *,
    version: str = "3.0",
    nav: Mapping[str, str] | None = None,
    extra: Mapping[str, str | bytes] | None = None,
    language: str = "en",
    title: str = "The Book",
) -> Path:
    """An EPUB with these pages (name -> XHTML) in order; `nav` maps pages to titles."""
    items = "".join(
        f'<item id="p{n}" href="{name}" media-type="application/xhtml+xml"/>' for n, name in enumerate(pages)
    )
    spine = "".join(f'<itemref idref="p{n}"/>' for n in range(len(pages)))
    links = nav or {}
    if version == "3.0":
        items += '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        rows = "".join(f'<li><a href="{name}">{label}</a></li>' for name, label in links.items())
        toc = {"OEBPS/nav.xhtml": page(f'<nav epub:type="toc"><ol>{rows}</ol></nav>')}
    else:
        items += '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
        rows = "".join(
            f'<navPoint id="n{n}"><navLabel><text>{label}</text></navLabel><content src="{name}#top"/></navPoint>'
            for n, (name, label) in enumerate(links.items())
        )
        doctype = '<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://www.daisy.org/z3986/2005/ncx-2005-1.dtd">'
        toc = {
            "OEBPS/toc.ncx": f'{doctype}<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{rows}</navMap></ncx>'
        }
    items += '<item id="cover" href="cover.png" media-type="image/png" properties="cover-image"/>'
    package = (
        f'<package xmlns="http://www.idpf.org/2007/opf" version="{version}"><metadata '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title><dc:creator>A. Writer</dc:creator>'
        f"<dc:language>{language}</dc:language></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    members: dict[str, str | bytes] = {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": package,
        "OEBPS/cover.png": PNG,
        **toc,
        **{f"OEBPS/{name}": text for name, text in pages.items()},
        **(extra or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, data in members.items():
            archive.writestr(name, data)
    return path


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def paragraph(text: str, style: str = "", extra: str = "") -> str:
    kind = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{kind}<w:r><w:t xml:space="preserve">{text}</w:t></w:r>{extra}</w:p>'


def docx(path: Path, paragraphs: str, *, extra: Mapping[str, str | bytes] | None = None) -> Path:
    """A Word document with that body."""
    styles = (
        f'<w:styles {W}><w:style w:styleId="Titel"><w:name w:val="Title"/></w:style>'
        '<w:style w:styleId="berschrift1"><w:name w:val="heading 1"/></w:style>'
        '<w:style w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style></w:styles>'
    )
    core = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A Report</dc:title><dc:creator>C. Clerk</dc:creator>'
        "</cp:coreProperties>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        members = {
            "word/document.xml": f"<w:document {W}><w:body>{paragraphs}</w:body></w:document>",
            "word/styles.xml": styles,
            "docProps/core.xml": core,
            **(extra or {}),
        }
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def pdf(path: Path, pages: list[list[str]], *, title: str = "A Print") -> Path:
    """A PDF with a text layer: pages of lines in Helvetica."""
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    places: list[int] = []

    def add(body: bytes) -> None:
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (len(places), body))

    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(len(pages)))
    add(b"<< /Type /Catalog /Pages 2 0 R >>")
    add(b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)))
    add(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for lines in pages:
        escaped = (line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in lines)
        text = "BT /F1 12 Tf 72 760 Td 16 TL " + " ".join(f"({line}) Tj T*" for line in escaped) + " ET"
        stream = zlib.compress(text.encode("latin-1"))
        own = len(places) + 1
        add(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            b"/Contents %d 0 R >>" % (own + 1)
        )
        add(b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream))
    add(b"<< /Title (%s) >>" % title.encode("latin-1"))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(
        b"trailer << /Size %d /Root 1 0 R /Info %d 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(places) + 1, len(places), start)
    )
    path.write_bytes(out.getvalue())
    return path
