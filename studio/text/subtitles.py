"""Cues as the files that players and editors read: SRT, WebVTT, ASS, LRC, TSV."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta

from studio.text.cues import Cue
from studio.words import Words

ASS_HEAD = """[Script Info]
ScriptType: v4.00+
PlayResX: 1920
PlayResY: 1080
WrapStyle: 2

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BackColour, Bold, Italic, BorderStyle, Outline, \
Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Sans,64,&H00FFFFFF,&H00000000,&H80000000,0,0,1,3,0,2,60,60,60,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def srt(cues: Sequence[Cue]) -> str:
    """SubRip. A speaker stands before the text in square brackets, as is usual there."""
    from srt import Subtitle, compose

    rows = [
        Subtitle(None, timedelta(seconds=cue.start), timedelta(seconds=cue.end), _named(cue, "[{}] "))
        for cue in cues
        if cue.text.strip()
    ]
    return str(compose(rows))


def vtt(cues: Sequence[Cue]) -> str:
    """WebVTT with voice tags."""
    rows = ["WEBVTT\n"]
    for cue in cues:
        text = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n\n", "\n")
        voice = re.sub(r"[<>&\n]", " ", cue.speaker)
        rows.append(f"{_clock(cue.start)} --> {_clock(cue.end)}\n{f'<v {voice}>' if voice else ''}{text}\n")
    return "\n".join(rows)


def ass(cues: Sequence[Cue]) -> str:
    """Advanced SubStation Alpha; the speaker is the name of a line."""
    rows = []
    for cue in cues:
        text = cue.text.replace("\\", "＼").replace("{", "｛").replace("}", "｝").replace("\n", "\\N")
        name = cue.speaker.replace(",", " ").replace("\n", " ")
        rows.append(f"Dialogue: 0,{_ass_clock(cue.start)},{_ass_clock(cue.end)},Default,{name},0,0,0,,{text}")
    return ASS_HEAD + "".join(f"{row}\n" for row in rows)


def lrc(cues: Sequence[Cue]) -> str:
    """Lyrics: where each line begins; an empty line ends one that is followed by a pause."""
    rows = []
    for at, cue in enumerate(cues):
        rows.append(f"[{_lrc_clock(cue.start)}]{_named(cue, '{}: ').replace(chr(10), ' ')}")
        if at + 1 == len(cues) or cues[at + 1].start - cue.end > 1:
            rows.append(f"[{_lrc_clock(cue.end)}]")
    return "".join(f"{row}\n" for row in rows)


def tsv(cues: Sequence[Cue]) -> str:
    """A table: start and end in milliseconds, speaker, text."""
    rows = ["start\tend\tspeaker\ttext"]
    for cue in cues:
        cells = (re.sub(r"\s+", " ", cell) for cell in (cue.speaker, cue.text))
        rows.append("\t".join((str(round(cue.start * 1000)), str(round(cue.end * 1000)), *cells)))
    return "".join(f"{row}\n" for row in rows)


FORMATS: dict[str, tuple[Words, Callable[[Sequence[Cue]], str]]] = {
    "srt": (Words("SRT subtitles", "SRT 字幕"), srt),
    "vtt": (Words("WebVTT subtitles", "WebVTT 字幕"), vtt),
    "ass": (Words("ASS subtitles", "ASS 字幕"), ass),
    "lrc": (Words("LRC lyrics", "LRC 歌词"), lrc),
    "tsv": (Words("TSV table", "TSV 表格"), tsv),
}


def _named(cue: Cue, form: str) -> str:
    return (form.format(cue.speaker) if cue.speaker else "") + cue.text


def _parts(seconds: float, per_second: int) -> tuple[int, int, int, int]:
    """Hours, minutes, seconds and the rest, rounded as a whole so that nothing reaches 60."""
    whole, rest = divmod(round(max(0.0, seconds) * per_second), per_second)
    return whole // 3600, whole // 60 % 60, whole % 60, rest


def _clock(seconds: float) -> str:
    hours, minutes, whole, rest = _parts(seconds, 1000)
    return f"{hours:02}:{minutes:02}:{whole:02}.{rest:03}"


def _ass_clock(seconds: float) -> str:
    hours, minutes, whole, rest = _parts(seconds, 100)
    return f"{hours}:{minutes:02}:{whole:02}.{rest:02}"


def _lrc_clock(seconds: float) -> str:
    hours, minutes, whole, rest = _parts(seconds, 100)
    return f"{hours * 60 + minutes:02}:{whole:02}.{rest:02}"
