"""The colours of the studio, written once: for the page's CSS, for Gradio's theme and for the contrast test."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradio.themes.base import Base

LIGHT = {
    "paper": "#FAFAF7",  # behind everything
    "card": "#FFFFFF",
    "sunk": "#F2F1EB",  # a field that is not edited, a hovered row
    "ink": "#1E2328",
    "soft": "#5A6169",  # labels and helps
    "line": "#E3E2DC",
    "edge": "#8C9087",  # lines that carry meaning: borders of fields
    "accent": "#0F766E",
    "accent-hover": "#0B5E58",
    "tint": "#E3F1EF",
    "on-accent": "#FFFFFF",
    "problem": "#B45309",
    "failure": "#B42318",
    "done": "#2F7D4F",
}
DARK = {
    "paper": "#14171A",
    "card": "#1B1F23",
    "sunk": "#22272C",
    "ink": "#E8E6E1",
    "soft": "#A3A9AE",
    "line": "#2A2F34",
    "edge": "#6B7379",
    "accent": "#5EC5B8",
    "accent-hover": "#7FD6CB",
    "tint": "#1D3431",
    "on-accent": "#0E1513",
    "problem": "#E8A25C",
    "failure": "#F08A80",
    "done": "#79C596",
}
TEXT_PAIRS = [  # text on ground, at least 4.5:1
    *[(text, ground) for text in ("ink", "soft", "accent") for ground in ("paper", "card", "sunk", "tint")],
    *[(text, ground) for text in ("problem", "failure", "done") for ground in ("paper", "card")],
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
]
LINE_PAIRS = [("edge", "paper"), ("edge", "card"), ("accent", "paper"), ("accent", "card")]  # at least 3:1

SANS = (
    'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "PingFang SC", "Noto Sans CJK SC", '
    '"Microsoft YaHei", sans-serif'
)


def luminance(colour: str) -> float:
    """Relative luminance of `#RRGGBB` (WCAG 2.2), 0..1."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2), 1..21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def css_variables() -> str:
    """Both palettes as CSS; `html[data-theme]` chooses."""

    def block(palette: dict[str, str]) -> str:
        return "".join(f"--{name}:{colour};" for name, colour in palette.items())

    return (
        f":root{{{block(LIGHT)}--sans:{SANS};color-scheme:light}}\n"
        f":root[data-theme=dark]{{{block(DARK)}color-scheme:dark}}\n"
    )


def gradio_theme() -> "Base":
    """Gradio's own components in our colours. All values are our variables, so light and dark follow the page."""
    from gradio.themes.base import Base

    look = {
        "body_background_fill": "var(--paper)",
        "body_text_color": "var(--ink)",
        "body_text_color_subdued": "var(--soft)",
        "background_fill_primary": "var(--card)",
        "background_fill_secondary": "var(--sunk)",
        "block_background_fill": "transparent",
        "block_border_color": "var(--line)",
        "block_label_text_color": "var(--soft)",
        "block_title_text_color": "var(--soft)",
        "block_info_text_color": "var(--soft)",
        "border_color_primary": "var(--line)",
        "border_color_accent": "var(--accent)",
        "color_accent_soft": "var(--tint)",
        "input_background_fill": "var(--card)",
        "input_background_fill_focus": "var(--card)",
        "input_border_color": "var(--edge)",
        "input_border_color_focus": "var(--accent)",
        "input_placeholder_color": "var(--soft)",
        "button_primary_background_fill": "var(--accent)",
        "button_primary_background_fill_hover": "var(--accent-hover)",
        "button_primary_text_color": "var(--on-accent)",
        "button_primary_border_color": "var(--accent)",
        "button_secondary_background_fill": "var(--card)",
        "button_secondary_background_fill_hover": "var(--sunk)",
        "button_secondary_text_color": "var(--ink)",
        "button_secondary_border_color": "var(--edge)",
        "error_background_fill": "var(--card)",
        "error_text_color": "var(--failure)",
        "error_border_color": "var(--failure)",
        "link_text_color": "var(--accent)",
    }
    dark = {f"{name}_dark": value for name, value in look.items()}
    flat = {
        "block_border_width": "0px",
        "block_shadow": "none",
        "block_shadow_dark": "none",
        "block_padding": "0px",
        "input_shadow": "none",
        "input_shadow_focus": "none",
        "button_primary_shadow": "none",
        "button_secondary_shadow": "none",
        "color_accent": "var(--accent)",
        "layout_gap": "12px",
    }
    plain = ["system-ui", "sans-serif"]  # given as names, so that no font is fetched; the real stack is in the CSS
    return Base(font=plain, font_mono=["ui-monospace", "monospace"]).set(**look, **dark, **flat)
