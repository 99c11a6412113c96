"""What a voice card looks like: the voice's glyph, its name, and its facts in Chinese and English.

The same voice gives the same picture. Where no font of the machine has a character (Chinese on many an English system),
what can be drawn is drawn, and whoever asked is told.
"""

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from studio.library import Voice
from studio.voices.glyph import SIDE, glyph_of
from studio.words import Words

if TYPE_CHECKING:
    from PIL import ImageDraw, ImageFont

    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

WIDTH, HEIGHT, EDGE = 1200, 630, 56
GLYPH = 360  # its side on the card
FINE = 3  # times larger while lines are drawn, for smooth edges
PAPER, INK, SOFT, RULE, ACCENT = "#FAFAF7", "#1E2328", "#5A6067", "#E3E2DC", "#0F766E"
FONTS = (  # with Chinese characters, as systems name them
    "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf", "SourceHanSansSC-Regular.otf",
    "PingFang.ttc", "Hiragino Sans GB.ttc", "STHeiti Light.ttc", "msyh.ttc", "simhei.ttf", "simsun.ttc",
    "wqy-microhei.ttc", "wqy-zenhei.ttc", "DroidSansFallbackFull.ttf", "NotoSerifCJK-Regular.ttc",
)  # fmt: skip
FACES = {"NotoSansCJK-Regular.ttc": 2, "NotoSerifCJK-Regular.ttc": 2}  # of several in one file: the Chinese one
GENDERS = {"female": Words("female", "女"), "male": Words("male", "男"), "neutral": Words("neutral", "中性")}
KINDS = {
    "builtin": Words("builtin", "自带"), "seed": Words("seed", "种子"), "embedding": Words("embedding", "向量"),
    "clip": Words("cloned from a clip", "由音频克隆"), "blend": Words("blend", "混合"),
}  # fmt: skip
MISSING = Words(
    "no font here has all of its characters: some of the text is missing on the picture (the voice itself is whole). "
    "Install one, such as Noto Sans CJK",
    "本机字体缺少部分字符：图片上有些文字没有画出（音色数据是完整的）。可安装 Noto Sans CJK 等字体",
)


def draw(voice: Voice) -> tuple[bytes, tuple[Words, ...]]:
    """A PNG of the voice, and what should be known about it."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    picture.paste(_glyph(voice), (EDGE - 20, (HEIGHT - GLYPH) // 2 - 20))
    pen = Pen(ImageDraw.Draw(picture))
    left, room = EDGE + GLYPH + 24, WIDTH - EDGE - (EDGE + GLYPH + 24)
    pen.text((left, 70), voice.name, 54, INK, room)
    pen.text((left, 146), voice.description or _kind(voice), 24, SOFT, room)
    pen.draw.line((left, 200, WIDTH - EDGE, 200), RULE, 2)
    for row, (label, value) in enumerate(facts(voice)):
        pen.text((left, 222 + row * 46), label, 20, SOFT, 210)
        pen.text((left + 220, 218 + row * 46), value, 24, INK, room - 220)
    pen.draw.line((EDGE, HEIGHT - 82, WIDTH - EDGE, HEIGHT - 82), RULE, 2)
    pen.text((EDGE, HEIGHT - 62), "Timbre Studio 音色工坊", 22, ACCENT, 400)
    pen.text((left, HEIGHT - 62), "Drop me on the page Voices 拖到“音色”页即可导入", 20, SOFT, room - 150)
    pen.text((WIDTH - EDGE - 130, HEIGHT - 62), voice.digest[:10], 20, SOFT, 200)
    out = io.BytesIO()
    picture.quantize(64).save(out, "PNG", optimize=True)  # it is paper, ink and one colour
    return out.getvalue(), (MISSING,) if pen.missing else ()


def facts(voice: Voice) -> list[tuple[str, str]]:
    """Label and value of each line of the card, both in both languages."""
    gender = GENDERS.get(voice.gender, Words("", ""))
    rights = voice.origin.get("rights")
    speaker = rights.get("speaker") if isinstance(rights, dict) else None
    uses = ", ".join(map(str, rights.get("uses", []))) if isinstance(rights, dict) else ""
    found = [
        ("引擎 Engine", voice.engine),
        ("来源 Kind", _kind(voice)),
        ("语言 Languages", ", ".join(voice.languages)),
        ("声音 Sounds", "  ".join(part for part in (gender.zh, gender.en, voice.age) if part)),
        ("标签 Tags", " · ".join(voice.tags)),
        ("评分 Rating", "★" * voice.rating),
        ("授权 Rights", " · ".join(part for part in (str(speaker or ""), uses) if part)),
    ]
    return [(label, value) for label, value in found if value]


def _kind(voice: Voice) -> str:
    kind = KINDS[voice.kind]
    seed = f" {voice.content['seed']}" if voice.kind == "seed" else ""
    return f"{kind.zh} {kind.en}{seed}"


def _glyph(voice: Voice) -> Any:
    from PIL import Image, ImageDraw

    side = GLYPH * FINE
    picture = Image.new("RGB", (side, side), PAPER)
    pen = ImageDraw.Draw(picture)
    for line in glyph_of(voice.engine, voice.content):
        points = [(across * side / SIDE, down * side / SIDE) for across, down in (*line, line[0], line[1])]
        pen.line(points, ACCENT, 7 * FINE, joint="curve")
    return picture.resize((GLYPH, GLYPH), Image.Resampling.LANCZOS)


class Pen:
    """Writes text of any script with the fonts of this machine."""

    def __init__(self, draw: "ImageDraw.ImageDraw") -> None:
        self.draw = draw
        self.missing = False  # some character could not be drawn

    def text(self, at: tuple[float, float], text: str, size: int, colour: str, room: float) -> None:
        """One line that begins at its upper left corner `at`, cut off with … where it is longer than `room`."""
        across = at[0]
        for character in " ".join(text.split()):
            font = next((font for font in fonts(size) if has(font, character)), None)
            if font is None:
                self.missing = True
                continue
            width = font.getlength(character)
            if across + width > at[0] + room - size * 0.8:
                self.draw.text((across, at[1]), "…", colour, fonts(size)[0])
                return
            self.draw.text((across, at[1] + size), character, colour, font, anchor="ls")
            across += width


@lru_cache(maxsize=16)
def fonts(size: int) -> "tuple[Font, ...]":
    """The fonts that are tried in turn: one of this machine's with Chinese characters, if any, and Pillow's own."""
    from PIL import ImageFont

    found: list[Font] = []
    for name in FONTS:
        try:
            found.append(ImageFont.truetype(name, size, FACES.get(name, 0)))
            break
        except OSError:
            continue
    return (*found, ImageFont.load_default(size))


@lru_cache(maxsize=8192)
def has(font: "Font", character: str) -> bool:
    """Whether a font can draw a character: it looks different from one that no font has."""
    if character.isspace():
        return True
    return bytes(font.getmask(character)) != bytes(font.getmask("\U0010ffff"))
