"""Colours: readable in light and dark."""

import re
from pathlib import Path

import pytest

from studio.ui import theme

PALETTES = {"light": theme.LIGHT, "dark": theme.DARK}
ASSETS = Path(__file__).parents[2] / "assets"
STATIC = Path(__file__).parents[2] / "studio" / "ui" / "static"


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize(("text", "ground"), theme.TEXT_PAIRS)
def test_text_has_contrast(palette: str, text: str, ground: str) -> None:
    assert theme.contrast(PALETTES[palette][text], PALETTES[palette][ground]) >= 4.5


@pytest.mark.parametrize("palette", PALETTES)
@pytest.mark.parametrize(("line", "ground"), theme.LINE_PAIRS)
def test_lines_that_carry_meaning_have_contrast(palette: str, line: str, ground: str) -> None:
    assert theme.contrast(PALETTES[palette][line], PALETTES[palette][ground]) >= 3.0


def test_contrast_of_black_and_white_is_21() -> None:
    assert theme.contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert theme.contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


def test_both_palettes_have_the_same_names() -> None:
    assert set(theme.LIGHT) == set(theme.DARK)


def placed_by_scripts() -> set[str]:
    """Variables that hold where something is: a script sets them on one element."""
    text = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.js"))
    return set(re.findall(r"setProperty\(\"--([\w-]+)\"", text)) | set(re.findall(r"style=\"--([\w-]+):", text))


def test_styles_use_only_colours_of_the_palette() -> None:
    others = {"sans", "bar", "top", "foot", "low"} | placed_by_scripts()
    for path in ASSETS.glob("*.css"):
        css = path.read_text(encoding="utf-8")
        assert re.findall(r"#[0-9A-Fa-f]{3,8}\b(?![^{]*\{)", css) == [], path.name
        unknown = set(re.findall(r"var\(--([\w-]+)\)", css)) - set(theme.LIGHT) - others
        assert unknown == set(), path.name


def test_styles_load_nothing() -> None:
    for path in ASSETS.glob("*.css"):
        css = path.read_text(encoding="utf-8")
        assert "url(" not in css
        assert "@import" not in css
        assert "@font-face" not in css
