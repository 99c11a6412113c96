"""LRC: lyrics with the times of lines, and of words where somebody has set them."""

import re

from studio.manuscripts.cue_files import pieces_as_words
from studio.manuscripts.oddities import Oddities, shown
from studio.text.cues import Cue, Subtitles
from studio.text.looks import tidied
from studio.text.subtitles import LRC_INFO, LRC_NAMED

LRC_LONGEST = 8.0  # seconds of the last line, which nothing ends
_TIME = re.compile(r"\[(\d{1,4}):(\d{1,2})(?:[.:](\d{1,3}))?\]")
_WORD = re.compile(r"<(\d{1,4}):(\d{1,2})(?:[.:](\d{1,3}))?>")
_TAG = re.compile(r"\[(ti|ar|al|au|by|offset|length|re|ve|la|tool|#):?([^\]\n]{0,200})\]\s*", re.IGNORECASE)


def read_lrc(text: str, odd: Oddities) -> Subtitles:
    """The lines; one may have several times, and an empty one ends the one before."""
    facts: dict[str, str] = {}
    rows: list[tuple[float, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if tag := _TAG.fullmatch(line.strip()):
            facts[tag[1].lower()] = tag[2].strip()
            continue
        times, rest = _times(line)
        rows += [(time, rest) for time in times]
        if rest and not times:
            odd.tell("times", f"line {number} has no time: “{shown(rest)}”", f"第 {number} 行没有时间：“{shown(rest)}”")
    offset = facts.get("offset", "0")
    shift = int(offset) / 1000 if re.fullmatch(r"[+-]?\d{1,7}", offset) else 0.0
    rows.sort(key=lambda row: row[0])
    info = {tag: facts[tag] for tag in LRC_INFO if facts.get(tag)}
    return Subtitles(tuple(_cues(rows, shift)), title=facts.get("ti", ""), author=facts.get("ar", ""), info=info)


def _times(line: str) -> tuple[list[float], str]:
    """The times before a line, and the line."""
    times, at = [], len(line) - len(line.lstrip())
    while match := _TIME.match(line, at):
        times.append(_seconds(match))
        at = match.end()
        while at < len(line) and line[at].isspace():
            at += 1
    return times, line[at:].strip()


def _cues(rows: list[tuple[float, str]], shift: float) -> list[Cue]:
    """A cue for each row; it ends where the next later one begins."""
    cues: list[Cue] = []
    ends = [start + LRC_LONGEST for start, _ in rows]
    for at in range(len(rows) - 2, -1, -1):
        ends[at] = rows[at + 1][0] if rows[at + 1][0] > rows[at][0] else ends[at + 1]
    for (start, words), end in zip(rows, ends, strict=True):
        if words:
            cues.append(_cue(start, end, words, rows, shift))
    return cues


def _cue(start: float, end: float, words: str, rows: list[tuple[float, str]], shift: float) -> Cue:
    match = LRC_NAMED.match(_WORD.sub("", words))
    speaker = match[1].strip() if match and not match[1].strip().isdigit() else ""
    if speaker:
        words = words.partition(": ")[2]
    timed, at = [(start, "")], 0
    for mark in _WORD.finditer(words):
        timed[-1] = timed[-1][0], words[at : mark.start()]
        timed.append((_seconds(mark), ""))
        at = mark.end()
    timed[-1] = timed[-1][0], words[at:]
    text, _ = tidied("".join(piece for _, piece in timed), ())
    moved = [(time - shift, piece) for time, piece in timed]
    repeated = (
        len(moved) > 1 and abs(timed[1][0] - start) > abs(end - start) + 1
    )  # a refrain has the times of its first
    found = pieces_as_words(moved, end - shift) if len(moved) > 1 and not repeated else ()
    return Cue(start - shift, end - shift, text, speaker, words=found)


def _seconds(match: re.Match[str]) -> float:
    part = int(match[3]) / 10 ** len(match[3]) if match[3] else 0.0
    return int(match[1]) * 60 + int(match[2]) + part
