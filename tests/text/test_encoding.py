"""Old encodings are recognised from the text itself; what is no text is refused with its name."""

import os
from pathlib import Path

import pytest
from charset_normalizer import from_bytes
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import BadFile
from studio.text.encoding import decode, read_text

SIMPLIFIED = (
    "你好，世界。",
    "第一章",
    "红楼梦",
    "在我的后园，可以看见墙外有两株树，一株是枣树，还有一株也是枣树。",
    "此开卷第一回也。作者自云：因曾历过一番梦幻之后，故将真事隐去，而借“通灵”之说，撰此《石头记》一书也。",
    "学而时习之，不亦说乎？有朋自远方来，不亦乐乎？人不知而不愠，不亦君子乎？",
    "Hello 你好 world, this is a long English sentence with one 词 in it.",
)
TRADITIONAL = (
    "你好，世界。",
    "第一章 開始",
    "紅樓夢",
    "在我的後園，可以看見牆外有兩株樹，一株是棗樹，還有一株也是棗樹。",
    "道可道，非常道。名可名，非常名。無名天地之始；有名萬物之母。",
    "話說天下大勢，分久必合，合久必分。周末七國分爭，并入於秦；及秦滅之後，楚、漢分爭，又并入於漢。",
    "Hello 您好 world, English sentence with one 詞 in it.",
)
WESTERN = (
    "The café was naïve about its résumé.",
    "“It’s fine,” she said — and left…",
    "It cost £5.",
    "Die Straße über dem Fluß führt nach Köln. Größe, Übung, Äpfel.",
    "L’été dernier, j’ai été à la plage où le garçon a mangé.",
)
JAPANESE = ("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。", "こんにちは、世界")
KOREAN = ("안녕하세요. 오늘은 날씨가 좋습니다. 나는 학교에 갑니다.",)
CASES = [
    (text, codec, shown)
    for texts, codec, shown in (
        (SIMPLIFIED, "gb18030", "gb18030"),
        (TRADITIONAL, "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        (WESTERN, "cp1252", "windows-1252"),
        (JAPANESE, "shift_jis", "shift_jis"),
        (JAPANESE, "euc_jp", "euc_jp"),
        (KOREAN, "euc_kr", "euc_kr"),
        (SIMPLIFIED + TRADITIONAL[3:] + WESTERN + JAPANESE, "utf-16-le", "utf-16-le"),
        (SIMPLIFIED + TRADITIONAL[3:] + WESTERN + JAPANESE, "utf-16-be", "utf-16-be"),
        (SIMPLIFIED + WESTERN, "utf-8", "utf-8"),
    )
    for text in texts
]


@pytest.mark.parametrize(("text", "codec", "shown"), CASES)
def test_an_encoding_is_recognised_without_a_mark(text: str, codec: str, shown: str) -> None:
    decoded = decode(text.encode(codec))
    assert decoded.text == text
    assert decoded.encoding == shown or text.isascii()


def test_short_texts_are_recognised_better_than_by_the_general_guesser() -> None:
    def right_by_general_guess(text: str, codec: str) -> bool:
        best = from_bytes(text.encode(codec)).best()
        return best is not None and str(best) == text

    general = sum(right_by_general_guess(text, codec) for text, codec, _ in CASES)
    assert sum(decode(text.encode(codec)).text == text for text, codec, _ in CASES) == len(CASES) > general


@pytest.mark.parametrize("codec", ["gb18030", "big5", "utf-16-le", "utf-8"])
def test_a_long_text_is_recognised_though_the_sample_ends_inside_a_character(codec: str) -> None:
    text = "x" + "在我的後園，可以看見牆外有兩株樹。\n" * 9000
    assert decode(text.encode(codec)).text == text


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides_and_is_dropped(codec: str) -> None:
    assert decode("中文 text".encode(codec)).text == "中文 text"


def test_newlines_of_every_system_become_one() -> None:
    assert decode(b"a\r\nb\rc\nd").text == "a\nb\nc\nd"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"])))
def test_utf_8_always_survives(text: str) -> None:
    assert decode(text.encode()).text == text.removeprefix("\ufeff")


@pytest.mark.parametrize(
    ("raw", "english", "chinese"),
    [
        (b"\x89PNG\r\n\x1a\n" + b"x" * 9, "a PNG image", "PNG 图片"),
        (b"%PDF-1.7\n", "a PDF document", "PDF 文档"),
        (b"PK\x03\x04" + b"\0" * 9, "a ZIP archive", "ZIP 压缩包"),
        (b"RIFF\0\0\0\0WAVEfmt ", "a WAV", "WAV"),
        (b"\0\0\0\x20ftypM4A ", "an MP4 or M4A file", "M4A"),
        (bytes(range(256)) * 4, "zero bytes", "零字节"),
    ],
)
def test_a_binary_file_is_refused_by_its_name(raw: bytes, english: str, chinese: str) -> None:
    with pytest.raises(BadFile) as caught:
        decode(raw, "story.txt")
    assert "story.txt is not a text file" in caught.value.text()
    assert english in caught.value.text()
    assert chinese in caught.value.text("zh")


def test_a_wrong_encoding_is_refused_with_the_place() -> None:
    with pytest.raises(BadFile, match="is not in gb18030: byte 3") as caught:
        decode(b"ab\xff\xff", "a.txt", encoding="gb18030")
    assert "不是 gb18030 编码" in caught.value.text("zh")


def test_an_encoding_nobody_knows_is_refused() -> None:
    with pytest.raises(BadFile, match="encoding “klingon” is unknown: use utf-8"):
        decode(b"abc", encoding="klingon")


def test_an_encoding_given_is_taken_at_its_word() -> None:
    assert decode("é".encode("cp1252"), encoding="cp1252").text == "é"


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "故事.txt"
    path.write_bytes("很久以前，有一个国王。".encode("gb18030"))
    assert read_text(path).text == "很久以前，有一个国王。"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b" \n\xe3\x80\x80\n"), "is empty"),
        (lambda path: path.write_bytes(b"x" * 1001), "at most"),
    ],
    ids=["missing", "folder", "empty", "blank", "too large"],
)
def test_a_file_that_is_no_text_is_refused_with_the_reason(tmp_path: Path, make, message: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "a.txt"
    make(path)
    with pytest.raises(BadFile, match=message) as caught:
        read_text(path, limit_bytes=1000)
    assert caught.value.where == str(path)
    assert caught.value.text("zh") != caught.value.text("en")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")
    path.chmod(0)
    with pytest.raises(BadFile, match="check its permissions"):
        read_text(path)
