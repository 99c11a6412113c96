"""Files made to harm: each is refused with a message, within 10 s and 500 MiB, and touches nothing outside itself."""

# Files are written as they are.
# ruff: noqa: E501

import os
import resource
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from studio.errors import BadFile, StudioError
from studio.manuscripts.reading import read_document
from studio.studio import Studio

from . import files

ROOT = Path(__file__).parents[2]
SECONDS, MEBIBYTES = 10, 500
PAGE = files.page("<p>Some words.</p>")
LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{LOL}]>'
OUTSIDE = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'


def epub_with(path: Path, **members: str | bytes) -> Path:
    names = {
        "container": "META-INF/container.xml",
        "package": "OEBPS/book.opf",
        "encryption": "META-INF/encryption.xml",
    }
    return files.epub(path, {"one.xhtml": PAGE}, extra={names.get(k, k): v for k, v in members.items()})


def deflated_zeros(path: Path, name: str, megabytes: int, prefix: bytes = b"") -> Path:
    """An archive with one member that unpacks to that much."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        archive.writestr("META-INF/container.xml", files.CONTAINER)
        with archive.open(name, "w", force_zip64=True) as member:
            member.write(prefix)
            for _ in range(megabytes):
                member.write(b" " * (1 << 20))
    return path


def many_files(path: Path) -> Path:
    """A directory of a million names, written by hand: the members themselves are empty."""
    local = b"PK\x03\x04" + struct.pack("<5H3I2H", 20, 0, 0, 0, 0, 0, 0, 0, 1, 0) + b"a"
    entry = b"PK\x01\x02" + struct.pack("<6H3I5H2I", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    count = 1_000_000
    with path.open("wb") as out:
        out.write(local)
        start = out.tell()
        for _ in range(count // 1000):
            out.write(entry * 1000)
        size = out.tell() - start
        wide = out.tell()
        out.write(b"PK\x06\x06" + struct.pack("<Q2H2I4Q", 44, 45, 45, 0, 0, count, count, size, start))
        out.write(b"PK\x06\x07" + struct.pack("<IQI", 0, wide, 1))
        out.write(b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))
    return path


def locked_zip(path: Path) -> Path:
    """Its members say that they are encrypted."""
    files.epub(path, {"one.xhtml": PAGE})
    data = bytearray(path.read_bytes())
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        data[at + 8] |= 1
        at += 4
    path.write_bytes(bytes(data))
    return path


def cut(path: Path, make: Callable[[Path], Path], part: float) -> Path:
    made = make(path)
    data = made.read_bytes()
    made.write_bytes(data[: int(len(data) * part)])
    return made


def flipped(path: Path) -> Path:
    """The compressed data of a page is damaged."""
    files.epub(path, {"one.xhtml": files.page("<p>" + "Some words. " * 400 + "</p>")})
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("OEBPS/one.xhtml")
    data = bytearray(path.read_bytes())
    start = info.header_offset + 30 + len(info.filename) + 20
    data[start : start + 40] = os.urandom(40)
    path.write_bytes(bytes(data))
    return path


def encrypted_pdf(path: Path) -> Path:
    files.pdf(path, [["Some words here."]])
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(path))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(path)
    return path


def looping_pdf(path: Path) -> Path:
    """Its tree of pages is its own parent."""
    body = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 9 >>\nendobj\n"
    start = len(body)
    body += (
        b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000058 00000 n \ntrailer << /Size 3 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % start
    )
    path.write_bytes(body)
    return path


def bomb_pdf(path: Path) -> Path:
    """A page whose text unpacks to 2 GB."""
    packer = zlib.compressobj(9)
    stream = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(2048)) + packer.flush()
    good = files.pdf(path, [["x"]]).read_bytes()
    at = good.index(b"stream\n")
    head = good[: good.rindex(b"<< /Length", 0, at)]
    path.write_bytes(
        head
        + b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(stream)
        + stream
        + b"\nendstream\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"
    )
    return path


def text(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return make


def package(content: str) -> Callable[[Path], Path]:
    return lambda folder: epub_with(folder / "b.epub", package=content)


DRM = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#">'
    '<EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></EncryptedData></encryption>'
)
LINKED = '<item id="p0" href="{}" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="p0"/></spine></package>'
HEAD = '<package xmlns="http://www.idpf.org/2007/opf"><metadata/><manifest>'

HOSTILE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "drm": (lambda f: epub_with(f / "b.epub", encryption=DRM), "copy-protected"),
    "drm by rights": (lambda f: epub_with(f / "b.epub", **{"META-INF/rights.xml": "<rights/>"}), "copy-protected"),
    "locked zip": (lambda f: locked_zip(f / "b.epub"), "password"),
    "entity bomb in the container": (lambda f: epub_with(f / "b.epub", container=f"{BOMB}<x>&l9;</x>"), "entities"),
    "entity bomb in the package": (package(f"{BOMB}<package>&l9;</package>"), "entities"),
    "entity of another file": (package(f"{OUTSIDE}<package>&secret;</package>"), "entities"),
    "path out of the book": (package(HEAD + LINKED.format("../../../../etc/passwd")), "no text"),
    "absolute path": (package(HEAD + LINKED.format("/etc/passwd")), "no text"),
    "file link": (package(HEAD + LINKED.format("file:///etc/passwd")), "no text"),
    "link to the net": (package(HEAD + LINKED.format("http://127.0.0.1:9/x.xhtml")), "no text"),
    "container without a package": (lambda f: epub_with(f / "b.epub", container="<container/>"), "begins"),
    "package that is not there": (
        lambda f: epub_with(f / "b.epub", container=files.CONTAINER.replace("book.opf", "none.opf")),
        "missing",
    ),
    "package that is no XML": (package("<package"), "well-formed"),
    "empty spine": (package(HEAD + "</manifest><spine/></package>"), "reading order"),
    "zip bomb": (lambda f: deflated_zeros(f / "b.epub", "OEBPS/book.opf", 700), "unpacks"),
    "a million files": (lambda f: many_files(f / "b.epub"), "far too many"),
    "cut epub": (lambda f: cut(f / "b.epub", lambda p: files.epub(p, {"one.xhtml": PAGE}), 0.6), "damaged"),
    "damaged epub": (lambda f: flipped(f / "b.epub"), "damaged|no text"),
    "epub that is text": (text("b.epub", b"just words"), "damaged"),
    "empty epub": (text("b.epub", b""), "damaged"),
    "docx without a body": (lambda f: files.epub(f / "b.docx", {"one.xhtml": PAGE}), "no Word document"),
    "docx with an entity bomb": (
        lambda f: files.docx(f / "b.docx", "", extra={"word/styles.xml": f"{BOMB}<x>&l9;</x>"}),
        "entities",
    ),
    "docx bomb": (lambda f: deflated_zeros(f / "b.docx", "word/document.xml", 700, b"<x>"), "unpacks"),
    "docx nested deep": (lambda f: files.docx(f / "b.docx", "<w:r>" * 200_000), "damaged|no text"),
    "cut docx": (lambda f: cut(f / "b.docx", lambda p: files.docx(p, files.paragraph("x" * 5000)), 0.5), "damaged"),
    "locked pdf": (lambda f: encrypted_pdf(f / "b.pdf"), "password"),
    "cut pdf": (lambda f: cut(f / "b.pdf", lambda p: files.pdf(p, [["Some words."] * 40]), 0.3), "damaged|no text"),
    "pdf that loops": (lambda f: looping_pdf(f / "b.pdf"), "damaged|no text"),
    "pdf bomb": (lambda f: bomb_pdf(f / "b.pdf"), "damaged|no text"),
    "pdf of noise": (text("b.pdf", b"%PDF-1.7\n" + bytes(range(256)) * 4000), "damaged|no text"),
    "ssml with an entity bomb": (text("s.ssml", f"{BOMB}<speak>&l9;</speak>".encode()), "entities"),
    "ssml nested deep": (text("s.ssml", b"<speak>" + b"<p>" * 5000 + b"x" + b"</p>" * 5000 + b"</speak>"), "nested"),
    "ssml without words": (text("s.ssml", b"<speak><break/></speak>"), "can be spoken|no text"),
    "html nested deep": (text("p.html", b"<div>" * 300_000), "no text"),
    "html of one tag": (text("p.html", b"<p " + b"a=b " * 400_000), "no text"),
    "srt of noise": (text("s.srt", b"no cues here at all\n" * 1000), "no cue"),
    "ass that is broken": (text("s.ass", b"[Events]\nFormat: Start\nDialogue: x,y\n"), "cannot be read|no cue"),
    "csv with a huge cell": (text("t.csv", b'speaker,text\nA,"' + b"x" * 300_000), "no table|row"),
    "csv without text": (text("t.csv", b"speaker,text\nA,\nB,\n"), "no row"),
    "text of zeros": (text("t.txt", b"\0" * 100_000), "not a text file"),
    "empty text": (text("t.txt", b"  \n \n"), "no text|empty"),
    "picture called text": (text("t.md", files.PNG), "PNG"),
    "unknown kind": (text("t.exe", b"MZ\x90"), "files of this kind"),
}

RUN = """
import resource, sys
from pathlib import Path
from studio.errors import StudioError
from studio.manuscripts.reading import read_document
try:
    document = read_document(Path(sys.argv[1]))
    print("read", document.characters)
except StudioError as error:
    print("refused", error.code, error.words.en)
own = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]  # getrusage begins with the parent's
print(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_quickly_and_touch_nothing(tmp_path: Path, name: str) -> None:
    make, message = HOSTILE[name]
    folder = tmp_path / "in"
    folder.mkdir()
    path = make(folder)
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    began = time.monotonic()
    run = subprocess.run([sys.executable, "-c", RUN, str(path)], cwd=ROOT, capture_output=True, text=True, timeout=120)
    spent = time.monotonic() - began
    assert run.returncode == 0, run.stderr[-800:]
    told, memory = run.stdout.strip().split("\n")
    assert told.startswith("refused bad_file"), told[:200]
    import re

    assert re.search(message, told), told[:300]
    assert spent < SECONDS, f"{spent:.1f} s"
    assert max(map(int, memory.split())) / 1024 < MEBIBYTES, f"{memory} KiB"
    assert "root:" not in run.stdout, "it read another file"
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before, "it wrote something"


def test_there_are_enough_of_them() -> None:
    assert len(HOSTILE) >= 30


def test_a_refused_manuscript_leaves_no_production(studio: Studio, tmp_path: Path) -> None:
    for name in ("drm", "zip bomb", "cut docx", "ssml nested deep"):
        folder = tmp_path / name.replace(" ", "-")
        folder.mkdir()
        with pytest.raises(StudioError):
            studio.scripts.begin(HOSTILE[name][0](folder))
    assert studio.scripts.find().total == 0
    assert list(studio.folder.productions.iterdir()) == []


def test_a_link_among_names_is_only_a_name(tmp_path: Path) -> None:
    """Members whose names climb out of the archive are read under those names and never written."""
    path = epub_with(tmp_path / "b.epub", **{"../../evil.xhtml": PAGE, "/etc/evil": "x"})
    assert read_document(path).characters > 0
    assert not (tmp_path.parent / "evil.xhtml").exists()
    assert not Path("/etc/evil").exists()


def test_limits_of_size(tmp_path: Path) -> None:
    path = tmp_path / "huge.epub"
    with path.open("wb") as out:
        out.truncate(300 << 20)
    with pytest.raises(BadFile, match="at most 256 MB"):
        read_document(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss > 0
