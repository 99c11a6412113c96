"""MicroDVD and MPL2, the subtitles of older films: read by pysubs2, and understood as ASS from there on."""

import re

from studio.errors import BadFile
from studio.manuscripts.ass import read_ass
from studio.manuscripts.oddities import Oddities, shown
from studio.text.cues import Subtitles

USUAL_FPS = 25.0  # where a MicroDVD file does not say it
_RATE = re.compile(r"\s*\{[01]\}\{[01]\}\s*\d")
_CUES = {"sub": re.compile(r"\{\d{1,9}\}\{\d{0,9}\}"), "mpl": re.compile(r"\[\d{1,9}\]\[\d{0,9}\]")}
_NAMES = {"sub": "microdvd", "mpl": "mpl2"}


def read_frames(text: str, format: str, name: str, odd: Oddities) -> Subtitles:
    """The cues of a file of `format` (sub, mpl); lines that are none are told."""
    import pysubs2

    kept = []
    for number, line in enumerate(text.split("\n"), 1):
        if _CUES[format].match(line.strip()):
            kept.append(line.strip())
        elif line.strip():
            odd.tell(
                "times", f"line {number} has no times: “{shown(line)}”", f"第 {number} 行没有时间：“{shown(line)}”"
            )
    fps = None
    if format == "sub" and kept and not _RATE.match(kept[0]):
        fps = USUAL_FPS
        odd.tell(
            "fps",
            f"{name} does not say its frame rate; {fps:g} a second is taken",
            f"{name} 未注明帧率，按每秒 {fps:g} 帧",
        )
    try:
        found = pysubs2.SSAFile.from_string("\n".join(kept), format_=_NAMES[format], fps=fps)
    except (pysubs2.Pysubs2Error, ValueError, IndexError, OverflowError) as error:
        raise BadFile(
            f"{name} cannot be read as {format.upper()} ({shown(str(error), 80)})",
            f"{name} 无法按 {format.upper()} 读取（{shown(str(error), 80)}）",
            where=name,
        ) from error
    read = read_ass(found.to_string("ass"), odd)
    return Subtitles(read.cues)
