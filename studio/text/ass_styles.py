"""The head of an ASS file: what it says about itself, and a style for each speaker, in a colour of its own."""

from collections.abc import Mapping

from studio.text.cues import Cue, Subtitles

USUAL = "Default"
FIELDS = (
    "Name", "Fontname", "Fontsize", "PrimaryColour", "SecondaryColour", "OutlineColour", "BackColour", "Bold",
    "Italic", "Underline", "StrikeOut", "ScaleX", "ScaleY", "Spacing", "Angle", "BorderStyle", "Outline", "Shadow",
    "Alignment", "MarginL", "MarginR", "MarginV", "Encoding",
)  # fmt: skip
DEFAULTS = {
    "Fontname": "Sans", "Fontsize": "64", "PrimaryColour": "&H00FFFFFF", "SecondaryColour": "&H000000FF",
    "OutlineColour": "&H00000000", "BackColour": "&H80000000", "Bold": "0", "Italic": "0", "Underline": "0",
    "StrikeOut": "0", "ScaleX": "100", "ScaleY": "100", "Spacing": "0", "Angle": "0", "BorderStyle": "1",
    "Outline": "3", "Shadow": "0", "Alignment": "2", "MarginL": "60", "MarginR": "60", "MarginV": "60", "Encoding": "1",
}  # fmt: skip
# light colours that are told apart on a picture, blue-green-red as ASS has them
PALETTE = (
    "&H0080D8FF", "&H00FFC880", "&H0090F0A0", "&H00C8A0FF", "&H00FFFF99", "&H0099B3FF", "&H00F0B0E0", "&H0070E8E8",
)  # fmt: skip
SIZE = {"ScriptType": "v4.00+", "PlayResX": "1920", "PlayResY": "1080", "WrapStyle": "2"}

Styles = Mapping[str, Mapping[str, str]]


def styles_for(found: Subtitles) -> Styles:
    """The styles that the cues need: those of the file, else one for each speaker, and the usual one."""
    styles: dict[str, Mapping[str, str]] = {name: {**DEFAULTS, **style} for name, style in found.styles.items()}
    own = bool(styles)
    styles.setdefault(USUAL, DEFAULTS)
    for cue in found.cues:
        name = style_name(cue.style or ("" if own else cue.speaker))
        if name and name not in styles:
            styles[name] = {**DEFAULTS, "PrimaryColour": PALETTE[(len(styles) - 1) % len(PALETTE)]}
    return styles


def style_of(cue: Cue, styles: Styles) -> str:
    """The style of a cue: its own, its speaker's where there is one, or the usual one."""
    wanted = style_name(cue.style or cue.speaker)
    return wanted if wanted in styles else USUAL


def style_name(name: str) -> str:
    """A name as a style may have it."""
    return " ".join(name.replace(",", "，").lstrip("*").split())


def head(found: Subtitles, styles: Styles) -> str:
    """Everything before the first event."""
    info = {"Title": found.title, "Original Script": found.author, **SIZE, **found.info}
    rows = ["[Script Info]", *(f"{key}: {' '.join(value.split())}" for key, value in info.items() if value)]
    rows += ["", "[V4+ Styles]", f"Format: {', '.join(FIELDS)}"]
    for name, style in styles.items():
        values = [style.get(field, DEFAULTS[field]).replace(",", " ").strip() for field in FIELDS[1:]]
        rows.append(f"Style: {','.join([style_name(name), *values])}")
    rows += ["", "[Events]"]
    rows.append("Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text")
    return "".join(f"{row}\n" for row in rows)
