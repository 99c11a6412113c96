"""A voice's picture as SVG: drawn from its data alone, so the same voice always has the same one."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from studio.studio import GLYPH_SIDE as SIDE
from studio.studio import GlyphLine, glyph_lines, glyph_lines_of


def glyph_of(engine: str, content: Mapping[str, Any]) -> str:
    """SVG for a voice's content. Drawn in the colour of the text around it; the card carries its name."""
    return _svg(glyph_lines_of(engine, content))


@lru_cache(maxsize=4096)
def glyph(digest: str) -> str:
    """SVG for 64 hex digits."""
    return _svg(glyph_lines(digest))


def _svg(lines: tuple[GlyphLine, ...]) -> str:
    paths = "".join("M" + "L".join(f"{across:.1f} {down:.1f}" for across, down in line) + "Z" for line in lines)
    return (
        f'<svg viewBox="0 0 {SIDE} {SIDE}" aria-hidden="true"><path d="{paths}" fill="none" '
        f'stroke="currentColor" stroke-width="1.4" stroke-linejoin="round"/></svg>'
    )
