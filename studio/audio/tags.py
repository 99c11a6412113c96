"""What a file says about itself: tags, chapters and a cover, independent of how each format writes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from studio.errors import BadFile

COVER_LIMIT = 15 << 20  # bytes; a FLAC block holds 16 MiB
TITLE_LIMIT = 250  # characters of a chapter's title; longer ones end in an ellipsis
KEY = re.compile(r"[a-z][a-z0-9_]{0,60}")

# BCP 47 language -> ISO 639-2/T, as MP4 tracks and ID3 want it; three-letter codes stand as they are
_CODES = """
    af:afr am:amh ar:ara az:aze be:bel bg:bul bn:ben bo:bod bs:bos ca:cat cs:ces cy:cym da:dan de:deu el:ell
    en:eng eo:epo es:spa et:est eu:eus fa:fas fi:fin fr:fra ga:gle gl:glg gu:guj he:heb hi:hin hr:hrv hu:hun
    hy:hye id:ind is:isl it:ita ja:jpn ka:kat kk:kaz km:khm kn:kan ko:kor la:lat lt:lit lv:lav mk:mkd ml:mal
    mn:mon mr:mar ms:msa my:mya nb:nob ne:nep nl:nld no:nor pa:pan pl:pol pt:por ro:ron ru:rus si:sin sk:slk
    sl:slv sq:sqi sr:srp sv:swe sw:swa ta:tam te:tel th:tha tl:tgl tr:tur ug:uig uk:ukr ur:urd uz:uzb vi:vie
    zh:zho cmn:zho
"""
ISO_639_2 = dict(pair.split(":") for pair in _CODES.split())


def language_code(language: str) -> str:
    """ISO 639-2 of a BCP 47 language: `zh-CN` is `zho`. `und` where it is unknown."""
    base = re.split(r"[-_]", language.strip().lower())[0]
    return ISO_639_2.get(base) or (base if re.fullmatch(r"[a-z]{3}", base) else "und")


def cover_mime(cover: bytes) -> str:
    """`image/jpeg` or `image/png` by content; `BadFile` for anything else, or too much of it."""
    if len(cover) > COVER_LIMIT:
        raise BadFile(
            f"cover of {len(cover) / 1e6:.1f} MB: at most {COVER_LIMIT >> 20} MB; save it smaller",
            f"封面有 {len(cover) / 1e6:.1f} MB：最大 {COVER_LIMIT >> 20} MB；请压缩后再用",
            where="cover",
        )
    if cover.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if cover.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    raise BadFile(
        "the cover is neither JPEG nor PNG; save it as one of these",
        "封面既不是 JPEG 也不是 PNG；请另存为其中一种格式",
        where="cover",
    )


def read_cover(path: str | Path) -> bytes:
    """The picture in that file, checked; `BadFile` says what is wrong with it."""
    try:
        with Path(path).open("rb") as file:
            cover = file.read(COVER_LIMIT + 1)
        cover_mime(cover)
    except OSError as error:
        raise BadFile(
            f"{path}: the cover cannot be read ({error.strerror}); give a JPEG or PNG file",
            f"{path}：无法读取封面（{error.strerror}）；请给出 JPEG 或 PNG 文件",
            where=str(path),
        ) from error
    except BadFile as error:
        raise BadFile(f"{path}: {error.words.en}", f"{path}：{error.words.zh}", where=str(path)) from error
    return cover


def clean(text: str) -> str:
    """`text` without what breaks a tag: control characters (lines and tabs stay) and halves of surrogate pairs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in text if c in "\n\t" or (c >= " " and c != "\x7f"))
    return kept.encode("utf-8", "ignore").decode()


@dataclass(frozen=True)
class Tags:
    """Words about the whole file. Empty ones are left out."""

    title: str = ""
    artist: str = ""  # of a book: its author
    album: str = ""
    album_artist: str = ""
    composer: str = ""  # of a book: its narrator
    language: str = ""  # BCP 47; stands in the file as ISO 639-2
    date: str = ""  # ISO 8601, as precise as it is known
    genre: str = ""
    comment: str = ""
    cover: bytes | None = field(default=None, repr=False)  # a JPEG or PNG file
    extra: Mapping[str, str] = field(default_factory=dict)  # our own keys: small letters, digits, underscores

    def __post_init__(self) -> None:
        for key in self.extra:
            if not KEY.fullmatch(key) or key in PLAIN or key.startswith("chapter"):
                raise ValueError(f"tag {key!r}: small letters, digits and underscores, and none of the plain tags")
        if self.cover is not None:
            cover_mime(self.cover)
        object.__setattr__(self, "extra", MappingProxyType(dict(self.extra)))

    def plain(self) -> dict[str, str]:
        """The common tags that say something, cleaned; the language as its ISO 639-2 code."""
        found = {key: clean(getattr(self, key)) for key in PLAIN}
        if found["language"]:
            found["language"] = language_code(found["language"])
        return {key: text for key, text in found.items() if text}

    def extras(self) -> dict[str, str]:
        """Our own tags, cleaned."""
        return {key: clean(text) for key, text in self.extra.items() if text}


PLAIN = ("title", "artist", "album", "album_artist", "composer", "language", "date", "genre", "comment")


@dataclass(frozen=True)
class Chapter:
    """A named place in a file; it lasts until the next one."""

    title: str
    start_s: float


@dataclass(frozen=True)
class Span:
    """A chapter with its end, in frames of the file's sample rate, as the writers need it."""

    title: str
    start: int
    end: int


def chapter_title(text: str, number: int) -> str:
    """One line of at most `TITLE_LIMIT` characters; an empty title becomes its number."""
    title = " ".join(clean(text).split()) or str(number)
    return title if len(title) <= TITLE_LIMIT else title[: TITLE_LIMIT - 1] + "…"


def file_name(title: str) -> str:
    """A file name made from a title: no separators, no control characters, not too long, never empty."""
    kept = "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else " " for c in title)
    return " ".join(kept.split())[:80].strip(" .") or "audiobook"
