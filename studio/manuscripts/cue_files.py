"""SRT and WebVTT as they are found: numbers missing, times of every spelling, blocks run together, tags of any kind."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from html import unescape
from typing import Any

from studio.manuscripts.oddities import Oddities, shown
from studio.text.cues import Cue, CueWord, Span, Subtitles
from studio.text.looks import LOOKS, Scribe, colour, from_srt, tidied
from studio.text.subtitles import NAMED, vtt_place
from studio.words import counted

_TIME = r"(-?)[ \t]*(?:(\d{1,4})[ \t]*:[ \t]*)?(\d{1,3})[ \t]*:[ \t]*(\d{1,2})(?:[ \t]*[,.:;，][ \t]*(\d{1,9}))?"
_START = re.compile(rf"\s*{_TIME}\s*(?:-{{1,3}}|[–—])>")
_END = re.compile(rf"\s*{_TIME}(?=\s|$)[ \t]*(.*)")
_ARROW = re.compile(r"^\s*-?[\d\s:.,，;x#?a-zA-Z]{0,30}-->")  # times, whatever is wrong with them
LONGEST = 400  # characters of a line with times
_COUNT = re.compile(r"\s*\d{1,9}\s*")
_TAG = re.compile(
    r"<(/?)([A-Za-z]{1,20})((?:\.[^<>\s.]{0,80}){0,9})[ \t]{0,9}([^<>]{0,300})>|<((?:\d{1,4}:)?\d{1,2}:\d{1,2}\.\d{3})>"
)
_MARK_NAME = re.compile(r"/?(?:pause|break|laugh|breath|emotion|strong|speed|say)\b", re.IGNORECASE)
_OWN_SHEET = re.compile(r"STYLE\n(?:::cue\(\.(?:c-[0-9a-f]{6}|s)\) \{ [^{}\n]* \}\n?)+")
_HEAD = re.compile(r"WEBVTT(?:[ \t]*-?[ \t]+([^\n]*))?")
_PLACES = {vtt_place(number).strip(): number for number in range(1, 10)}


@dataclass(frozen=True)
class Block:
    """A cue as it stands in the file."""

    line: int  # of its times, counted from 1
    start: float | None  # None: cannot be read
    end: float | None
    times: str
    settings: str  # whatever follows the times
    name: str  # the line before the times: a number or an identifier
    body: str
    before: tuple[str, ...]  # lines that belong to no cue


def read_srt(text: str, odd: Oddities) -> Subtitles:
    """The cues of an SRT file. One that cannot be read is told, the others are kept."""
    cues: list[Cue] = []
    counts: list[int] = []
    for block in _blocks(text.split("\n"), numbered=True):
        _tell_lost(block, odd)
        if block.name:
            counts.append(int(block.name))
        plain, spans, align = from_srt(block.body)
        if (times := _times(block, plain, odd)) is not None:
            speaker, plain, spans = named(plain, spans)
            plain, spans = tidied(plain, spans)
            cues.append(Cue(*times, plain, speaker, spans, align=align))
    _tell_counts(counts, len(cues), odd)
    return Subtitles(tuple(cues))


def read_vtt(text: str, odd: Oddities) -> Subtitles:
    """The cues of a WebVTT file, with its notes, identifiers, settings and style sheets."""
    found: list[Cue] = []
    blocks: list[str] = []
    title, lines = _vtt_head(text.split("\n"), odd)
    for block in _blocks(lines, numbered=False):
        notes = _vtt_between(block.before, blocks, block.line, odd)
        times = _times(block, block.body, odd)
        if times is None:
            continue
        voices = _voices(block.body, *times)
        for number, cue in enumerate(voices):
            note, id = (notes, block.name) if not number else ("", "")
            found.append(replace(cue, note=note, id=id, **_settled_place(block.settings)))
        if notes and not voices:
            odd.tell("note", f"a note without a cue is left out: {shown(notes)}", f"略去没有字幕的注释：{shown(notes)}")
    return Subtitles(tuple(found), title=title, blocks=tuple(blocks))


def named(text: str, spans: Sequence[Span]) -> tuple[str, str, tuple[Span, ...]]:
    """The speaker in brackets before the words, the words, and their looks. A mark of the studio is no name."""
    start = len(text) - len(text.lstrip())
    match = NAMED.match(text, start)
    if not match or _MARK_NAME.match(match[1]):
        return "", text, tuple(spans)
    cut = match.end()
    moved = (replace(s, start=max(0, s.start - cut), end=max(0, s.end - cut)) for s in spans)
    return " ".join(match[1].split()), text[cut:], tuple(moved)


def seconds_of(sign: str, hours: str | None, minutes: str, seconds: str, part: str | None) -> float:
    """A time from its parts; minutes and seconds may exceed 59."""
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    exact = whole + (int(part) / 10 ** len(part) if part else 0.0)
    return -exact if sign else exact


def pieces_as_words(pieces: Sequence[tuple[float, str]], end: float) -> tuple[CueWord, ...]:
    """Text between times as words, each of which ends where the next one begins."""
    words: list[CueWord] = []
    glued = False
    for at, (start, text) in enumerate(pieces):
        after = pieces[at + 1][0] if at + 1 < len(pieces) else end
        if text.strip():
            words.append(CueWord(" ".join(text.split()), start, max(start, after), glued and not text[0].isspace()))
        glued = bool(text) and not text[-1].isspace()
    return tuple(words)


def _blocks(lines: Sequence[str], numbered: bool) -> Iterator[Block]:
    places = [at for at, line in enumerate(lines) if ">" in line and len(line) < LONGEST and _is_times(line.strip())]
    before: tuple[str, ...] = tuple(lines[: places[0]] if places else lines)
    for at, place in enumerate(places):
        after = places[at + 1] if at + 1 < len(places) else len(lines)
        name = ""
        if before and _is_name(before, numbered):
            name, before = before[-1].strip(), before[:-1]
        body, rest = _body(lines[place + 1 : after], numbered, last=after == len(lines))
        yield _block(lines[place], place + 1, name, body, before)
        before = rest
    if before and any(line.strip() for line in before):
        yield Block(len(lines), None, None, "", "", "", "", before)


def _is_times(line: str) -> bool:
    return bool(_START.match(line) or _ARROW.match(line))


def _is_name(before: Sequence[str], numbered: bool) -> bool:
    last = before[-1]
    if numbered:
        return _COUNT.fullmatch(last) is not None
    return bool(last.strip()) and (len(before) == 1 or not before[-2].strip()) and not last.startswith("NOTE")


def _body(lines: Sequence[str], numbered: bool, last: bool) -> tuple[str, tuple[str, ...]]:
    """The text of a cue, and the lines after it that belong to what follows.

    In SRT an empty line does not end the text: what stands there is nothing else. In WebVTT it does.
    """
    if numbered:
        number = not last and lines and _COUNT.fullmatch(lines[-1])
        return "\n".join(lines[:-1] if number else lines), tuple(lines[-1:] if number else ())
    for at, line in enumerate(lines):
        if not line.strip():
            return "\n".join(lines[:at]), tuple(lines[at + 1 :])
    return "\n".join(lines), ()


def _block(line: str, number: int, name: str, body: str, before: tuple[str, ...]) -> Block:
    start, end, settings = None, None, ""
    line = line.strip()
    if match := _START.match(line):
        start = seconds_of(*match.groups()[:5])
        if close := _END.match(line, match.end()):
            end, settings = seconds_of(*close.groups()[:5]), close[6].strip()
    return Block(number, start, end, line.strip(), settings, name, body, before)


def _times(block: Block, words: str, odd: Oddities) -> tuple[float, float] | None:
    """When a cue is shown. None, and told, where its beginning cannot be read."""
    if not block.times:
        return None
    if block.start is None:
        if words.strip():
            odd.tell(
                "times",
                f"line {block.line}: the times “{shown(block.times)}” cannot be read; left out: “{shown(words)}”",
                f"第 {block.line} 行：无法读取时间“{shown(block.times)}”；略去“{shown(words)}”",
            )
        return None
    if block.end is None:
        odd.tell(
            "end",
            f"line {block.line}: the end “{shown(block.times)}” cannot be read; the cue is kept without one",
            f"第 {block.line} 行：无法读取结束时间“{shown(block.times)}”；保留字幕，但没有结束时间",
        )
    return block.start, block.start if block.end is None else block.end


def _tell_lost(block: Block, odd: Oddities) -> None:
    lost = " ".join(line.strip() for line in block.before if line.strip())
    if lost:
        odd.tell(
            "lost",
            f"text that belongs to no cue is left out: “{shown(lost)}”",
            f"略去不属于任何字幕的文字：“{shown(lost)}”",
        )


def _tell_counts(counts: Sequence[int], cues: int, odd: Oddities) -> None:
    """Numbers mean nothing to the studio, but who made the file may want to know."""
    if cues and len(counts) < cues:
        missing = cues - len(counts)
        odd.tell("index", f"{counted(missing, 'cue has', 'cues have')} no number", f"{missing:,} 条字幕没有序号")
    repeated = len(counts) - len(set(counts))
    if repeated:
        odd.tell("index", f"{counted(repeated, 'number is', 'numbers are')} repeated", f"{repeated:,} 个序号重复")
    elif counts and counts != list(range(counts[0], counts[0] + len(counts))):
        odd.tell("index", "the numbers do not count up one by one", "序号不连续")


def _vtt_head(lines: list[str], odd: Oddities) -> tuple[str, list[str]]:
    """The title, and the lines with the head left empty, so that lines keep their numbers."""
    match = _HEAD.match(lines[0]) if lines else None
    if not match:
        odd.tell("head", "WEBVTT is missing at the beginning", "开头缺少 WEBVTT")
        return "", lines
    for at, line in enumerate(lines[1:], 1):
        if not line.strip() or "-->" in line:
            return (match[1] or "").strip(), [*[""] * at, *lines[at:]]
        odd.tell(
            "head", f"line {at + 1} of the head is left out: {shown(line)}", f"略去文件头第 {at + 1} 行：{shown(line)}"
        )
    return (match[1] or "").strip(), [""] * len(lines)


def _vtt_between(lines: Sequence[str], blocks: list[str], number: int, odd: Oddities) -> str:
    """The notes between two cues, as one text; style sheets go to `blocks`."""
    notes: list[str] = []
    for part in re.split(r"\n[ \t]*(?:\n[ \t]*)+", "\n".join(lines).strip("\n")):
        part = part.strip()
        if part.startswith("NOTE"):
            notes.append(part[4:].strip())
        elif part.startswith(("STYLE", "REGION")):
            if not _OWN_SHEET.fullmatch(part):
                blocks.append(part)
        elif part:
            odd.tell(
                "lost",
                f"before line {number}: text that belongs to no cue is left out: “{shown(part)}”",
                f"第 {number} 行之前：略去不属于任何字幕的文字“{shown(part)}”",
            )
    return "\n".join(note for note in notes if note)


def _settled_place(settings: str) -> dict[str, Any]:
    """Settings that only name a place are that place; others stay as they are."""
    settings = " ".join(settings.split())
    return {"align": _PLACES[settings]} if settings in _PLACES else {"settings": settings}


def _voices(body: str, start: float, end: float) -> list[Cue]:
    """The cue, or one for each voice in it."""
    found: list[Cue] = []
    speaker, scribe, timed = "", Scribe(), [(start, "")]

    def close() -> None:
        text, spans = scribe.text, scribe.spans()
        who, text, spans = (speaker, text, spans) if speaker else named(text, spans)
        text, spans = tidied(text, spans)
        words = pieces_as_words(timed, end) if len(timed) > 1 else ()
        if text or not found:
            found.append(Cue(start, end, text, who, spans, words))

    at, open_classes = 0, list[list[str]]()
    for match in _TAG.finditer(body):
        _write(scribe, timed, unescape(body[at : match.start()]))
        at = match.end()
        closing, tag, classes, rest, time = match.groups()
        if time:
            hours, minutes, seconds = ("0:" + time).split(":")[-3:]
            timed.append((int(hours) * 3600 + int(minutes) * 60 + float(seconds), ""))
        elif tag.lower() == "v" and not closing:
            if scribe.text.strip():
                close()
                scribe, timed = Scribe(), [(start, "")]
            speaker = " ".join(unescape(rest).split())
        elif tag.lower() in LOOKS:
            scribe.end(LOOKS[tag.lower()]) if closing else scribe.begin(LOOKS[tag.lower()])
        elif tag.lower() == "c":
            _class(scribe, classes, bool(closing), open_classes)
    _write(scribe, timed, unescape(body[at:]))
    close()
    return [cue for cue in found if cue.text] or found[:1]


def _write(scribe: Scribe, timed: list[tuple[float, str]], text: str) -> None:
    scribe.write(text)
    timed[-1] = timed[-1][0], timed[-1][1] + text


def _class(scribe: Scribe, classes: str, closing: bool, opened: list[list[str]]) -> None:
    """Colours and strokes that are classes."""
    if closing:
        for look in opened.pop() if opened else ():
            scribe.end("s" if look == "s" else "color")
        return
    looks: list[str] = []
    for name in filter(None, classes.split(".")):
        value = colour(name.removeprefix("c-"))
        if name == "s":
            scribe.begin("s")
            looks.append("s")
        elif value:
            scribe.begin("color", value)
            looks.append("color")
    opened.append(looks)
