"""Cues as the files that players and editors read: SRT, WebVTT, ASS, LRC, TSV, and the studio's own JSON.

Every writer takes cues, or a whole file's worth of them as `Subtitles`. Cues without words are left out. What a format
cannot say is left out too; `studio.manuscripts.keeping` lists it.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from studio.text.ass_styles import head, style_of, styles_for
from studio.text.cues import Cue, Span, Subtitles
from studio.text.looks import COLOURS, SHIELD, tagged, tidied, word_places
from studio.words import Words

Captions = Subtitles | Sequence[Cue]
JSON_FORMAT, JSON_VERSION = "timbre-subtitles", 1
NAMED = re.compile(r"\[([^\[\]\n]{1,40})\]\s*(?=\S)")  # `[Name] words`
LRC_NAMED = re.compile(rf"([^\n:{SHIELD}]{{1,20}}): (?=\s*\S)")  # `Name: words`
LRC_INFO = ("al", "au", "by")  # tags: album, author of the text, of the file
LRC_PAUSE_S = 1.0  # a longer one is written
_SRT_SHIELDED = re.compile(r"<(?=/?[A-Za-z])|&(?=[#\w])|\{(?=\\)|^(?=[^\n]*-->)", re.MULTILINE)
_LRC_SHIELDED = re.compile(r"(?:^\[|<)(?=[\d:.]+[\]>]|\w+:)")
_VTT_CLASSES = {value: name for name, value in list(COLOURS.items())[:8]}  # that players know without a style sheet


def whole(cues: Captions) -> Subtitles:
    """The same as a record, without empty cues, texts and names on their lines."""
    found = cues if isinstance(cues, Subtitles) else Subtitles(tuple(cues))
    return replace(found, cues=tuple(cue for cue in map(_tidy, found.cues) if cue.text))


def srt(cues: Captions) -> str:
    """SubRip. A speaker stands before the text in square brackets, as is usual there."""
    from srt import Subtitle, compose

    rows = []
    for number, cue in enumerate(whole(cues).cues, 1):
        text = tagged(cue, lambda part: _SRT_SHIELDED.sub(lambda m: m[0] + SHIELD, part), _html, _html_end)
        name = re.sub(r"[\[\]]", lambda m: "(" if m[0] == "[" else ")", cue.speaker)
        named = f"[{name}] " if name else SHIELD if NAMED.match(cue.text) else ""
        place = f"{{\\an{cue.align}}}" if cue.align else ""
        rows.append(Subtitle(number, _whole_ms(cue.start), _whole_ms(cue.end), f"{place}{named}{text}"))
    return str(compose(rows, reindex=False))


def vtt(cues: Captions) -> str:
    """WebVTT with voice tags; comments before cues become NOTEs."""
    found = whole(cues)
    rows = [f"WEBVTT - {_line(found.title)}\n" if found.title else "WEBVTT\n"]
    rows += [f"{block.strip()}\n" for block in found.blocks if block.strip()]
    if sheet := _vtt_sheet(found.cues):
        rows.append(f"STYLE\n{sheet}\n")
    for cue in found.cues:
        if cue.note:
            rows.append(f"NOTE\n{_lines(cue.note.replace('-->', '->'))}\n")
        text = tagged(cue, _entities, _vtt_tag, _vtt_end)
        unnamed = SHIELD if NAMED.match(cue.text) else ""
        voice = f"<v {_entities(cue.speaker)}>" if cue.speaker else unnamed
        id = f"{_line(cue.id).replace('-->', '->')}\n" if cue.id else ""
        settings = f" {_line(cue.settings)}" if cue.settings else vtt_place(cue.align)
        rows.append(f"{id}{_clock(cue.start)} --> {_clock(cue.end)}{settings}\n{voice}{text}\n")
    return "\n".join(rows)


def ass(cues: Captions) -> str:
    """Advanced SubStation Alpha. The speaker is the name of a line; speakers have styles of their own."""
    found = whole(cues)
    styles = styles_for(found)
    rows = [head(found, styles)]
    for cue in found.cues:
        name, style = _ass_field(cue.speaker), style_of(cue, styles)
        margins = ",".join(map(str, cue.margins))
        times = f"{_ass_clock(cue.start)},{_ass_clock(cue.end)}"
        if cue.note:
            rows.append(f"Comment: {cue.layer},{times},{style},,0,0,0,,{_ass_text(cue.note)}\n")
        start = (f"{{\\an{cue.align}}}" if cue.align else "") + (f"{{{cue.codes}}}" if cue.codes else "")
        text = tagged(cue, _ass_text, _ass_tag, _ass_end, _karaoke(cue))
        rows.append(f"Dialogue: {cue.layer},{times},{style},{name},{margins},{_ass_field(cue.effect)},{start}{text}\n")
    return "".join(rows)


def lrc(cues: Captions) -> str:
    """Lyrics: where each line begins, and each word where that is known; an empty line before a pause."""
    found = whole(cues)
    said = {"ti": found.title, "ar": found.author, **{tag: found.info.get(tag, "") for tag in LRC_INFO}}
    rows = [f"[{tag}:{_line(value)}]\n" for tag, value in said.items() if value]
    row = [replace(cue, text=cue.text.replace("\n", " "), spans=()) for cue in found.cues]
    for at, cue in enumerate(row):
        places = dict(zip(word_places(cue), (f"<{_lrc_clock(w.start)}>" for w in cue.words), strict=False))
        text = tagged(cue, lambda part: _LRC_SHIELDED.sub(lambda m: m[0] + SHIELD, part), _none, _none, places)
        if not cue.speaker and LRC_NAMED.match(cue.text):
            text = text.replace(": ", f"{SHIELD}: ", 1)
        named = f"{cue.speaker}: " if cue.speaker else ""
        rows.append(f"[{_lrc_clock(cue.start)}]{named}{text}\n")
        if at + 1 == len(row) or row[at + 1].start - cue.end > LRC_PAUSE_S:
            rows.append(f"[{_lrc_clock(cue.end)}]\n")
    return "".join(rows)


def tsv(cues: Captions) -> str:
    """A table: start and end in milliseconds, speaker, text."""
    rows = ["start\tend\tspeaker\ttext\n"]
    for cue in whole(cues).cues:
        cells = (_line(cue.speaker), _line(cue.text))
        rows.append("\t".join((str(round(cue.start * 1000)), str(round(cue.end * 1000)), *cells)) + "\n")
    return "".join(rows)


def json_file(cues: Captions) -> str:
    """Everything that is known, for programs; see `docs/formats.md`."""
    found = whole(cues)
    start = {"format": JSON_FORMAT, "version": JSON_VERSION, **json_head(found)}
    rows = ",\n".join(json.dumps(cue_json(cue), ensure_ascii=False) for cue in found.cues)
    return f'{json.dumps(start, ensure_ascii=False)[:-1]}, "cues": [\n{rows}\n]}}\n'


def json_head(found: Subtitles) -> dict[str, Any]:
    """What is said of all cues, without what is empty."""
    plain = {
        "title": found.title, "author": found.author, "info": dict(found.info), "blocks": list(found.blocks),
        "styles": {name: dict(style) for name, style in found.styles.items()},
    }  # fmt: skip
    return {name: value for name, value in plain.items() if value}


def cue_json(cue: Cue) -> dict[str, Any]:
    """A cue as plain data, without what is empty; times in seconds, to the microsecond."""
    plain: dict[str, Any] = {
        "start": round(cue.start, 6), "end": round(cue.end, 6), "text": cue.text, "speaker": cue.speaker,
        "spans": [[s.start, s.end, s.look, *([s.value] if s.value else [])] for s in cue.spans],
        "words": [
            {"text": w.text, "start": round(w.start, 6), "end": round(w.end, 6), **({"glued": True} if w.glued else {})}
            for w in cue.words
        ],
        "style": cue.style, "align": cue.align, "layer": cue.layer,
        "margins": list(cue.margins) if any(cue.margins) else [], "effect": cue.effect, "codes": cue.codes,
        "settings": cue.settings, "id": cue.id, "note": cue.note,
    }  # fmt: skip
    return {name: value for name, value in plain.items() if value or name in ("start", "end", "text")}


FORMATS: dict[str, tuple[Words, Callable[[Captions], str]]] = {
    "srt": (Words("SRT subtitles", "SRT 字幕"), srt),
    "vtt": (Words("WebVTT subtitles", "WebVTT 字幕"), vtt),
    "ass": (Words("ASS subtitles", "ASS 字幕"), ass),
    "lrc": (Words("LRC lyrics", "LRC 歌词"), lrc),
    "tsv": (Words("TSV table", "TSV 表格"), tsv),
    "json": (Words("JSON with everything", "JSON（完整信息）"), json_file),
}


def _tidy(cue: Cue) -> Cue:
    text, spans = tidied(cue.text, cue.spans)
    return replace(cue, text=text, spans=spans, speaker=_line(cue.speaker))


def _line(text: str) -> str:
    return " ".join(text.split())


def _lines(text: str) -> str:
    return "\n".join(line for line in map(str.strip, text.split("\n")) if line)


def _none(span: Span) -> str:
    return ""


def _html(span: Span) -> str:
    return f'<font color="{span.value}">' if span.look == "color" else f"<{span.look}>"


def _html_end(span: Span) -> str:
    return "</font>" if span.look == "color" else f"</{span.look}>"


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _vtt_class(span: Span) -> str:
    return "s" if span.look == "s" else _VTT_CLASSES.get(span.value, f"c-{span.value[1:]}")


def _vtt_tag(span: Span) -> str:
    return f"<c.{_vtt_class(span)}>" if span.look in ("color", "s") else f"<{span.look}>"


def _vtt_end(span: Span) -> str:
    return "</c>" if span.look in ("color", "s") else f"</{span.look}>"


def _vtt_sheet(cues: Iterable[Cue]) -> str:
    """The style sheet of the looks that WebVTT has no tag for."""
    classes = {_vtt_class(s): s for cue in cues for s in cue.spans if s.look in ("color", "s")}
    return "\n".join(
        f"::cue(.{name}) {{ {'text-decoration: line-through' if span.look == 's' else f'color: {span.value}'} }}"
        for name, span in classes.items()
        if name not in _VTT_CLASSES.values()
    )


def vtt_place(align: int) -> str:
    """Settings that put a cue where a keypad has the number."""
    if not align:
        return ""
    line = {2: " line:0", 1: " line:50%"}.get((align - 1) // 3, "")
    side = {1: " position:0% align:start", 0: " position:100% align:end"}.get(align % 3, "")
    return line + side or " line:-1"


def _ass_field(text: str) -> str:
    return text.replace(",", "，")


def _ass_text(text: str) -> str:
    text = text.replace("\\", f"\\{SHIELD}").replace("{", "\\{").replace("}", "\\}")
    return text.replace("\n", "\\N").replace("\xa0", "\\h")


def _ass_tag(span: Span) -> str:
    if span.look != "color":
        return f"{{\\{span.look}1}}"
    red, green, blue = span.value[1:3], span.value[3:5], span.value[5:7]
    return f"{{\\c&H{blue}{green}{red}&}}".upper().replace("\\C", "\\c")


def _ass_end(span: Span) -> str:
    return "{\\c}" if span.look == "color" else f"{{\\{span.look}0}}"


def _karaoke(cue: Cue) -> dict[int, str]:
    """How long each word is sung, for cues that are meant so."""
    if cue.effect.lower() != "karaoke" or not cue.words:
        return {}
    found, at = {}, cue.start
    for place, word, after in zip(word_places(cue), cue.words, [*cue.words[1:], None], strict=False):
        wait = f"{{\\k{round((word.start - at) * 100)}}}" if word.start - at >= 0.005 else ""
        at = after.start if after and not wait else word.end
        at = min(at, after.start) if after else at
        found[place] = f"{wait}{{\\k{max(0, round((at - word.start) * 100))}}}"
    return found


def _whole_ms(seconds: float) -> timedelta:
    """Rounded here, for `srt` would cut off."""
    return timedelta(milliseconds=round(max(0.0, seconds) * 1000))


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
