"""SRT, WebVTT, ASS/SSA and LRC as cues, whatever state the file is in.

Files of the field are seldom clean: indexes are missing or repeated, times run backwards, encodings are old. Every cue
that has words and a beginning is kept; what was odd about it is told.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from studio.errors import BadFile
from studio.manuscripts.document import Document, Passage, Section
from studio.text.cues import Cue
from studio.text.language import detect
from studio.words import Words

MOST_CUES = 200_000
LRC_LONGEST = 8.0  # seconds of the last line, which nothing ends
TOLD = 20  # oddities that are told one by one
_VOICE = re.compile(r"<v(?:\.[\w.-]{0,80})?[ \t]+([^<>\n]{1,200})>")
_MARKED = re.compile("\ue000([^\ue001]*)\ue001")
_NAMED = re.compile(r"\[([^\[\]\n]{1,40})\]\s*(?=\S)")  # `[Name] words`; a mark of the studio is no name
_LRC_TIME = re.compile(r"\[(\d{1,4}):(\d{1,2})(?:[.:](\d{1,3}))?\]")
_LRC_TAG = re.compile(r"\[(ti|ar|al|by|offset|length|re|ve|la|au):([^\]\n]{0,200})\]\s*$", re.IGNORECASE)
_LRC_WORD = re.compile(r"<\d{1,4}:\d{1,2}(?:[.:]\d{1,3})?>")
_MARK_NAME = re.compile(r"/?(?:pause|break|laugh|breath|emotion|strong|speed|say)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Subtitles:
    """What is in a subtitle file."""

    cues: tuple[Cue, ...]  # in the order of their beginnings
    notes: tuple[Words, ...] = ()
    title: str = ""
    author: str = ""


def read_subtitles(text: str, format: str, name: str) -> Subtitles:
    """The cues of a file of `format` (srt, vtt, ass, lrc). `BadFile` when there is not one."""
    found = _lrc(text) if format == "lrc" else _by_library(text, format, name)
    cues, notes = _settled(found.cues)
    if not cues:
        raise BadFile(
            f"{name}: no cue with words and times was found in it; is it really {format.upper()}?",
            f"{name}：没有找到带时间和文字的字幕；它真的是 {format.upper()} 吗？",
            where=name,
        )
    if len(cues) > MOST_CUES:
        raise BadFile(
            f"{name} has {len(cues):,} cues, at most {MOST_CUES:,} are read; split it",
            f"{name} 有 {len(cues):,} 条字幕，最多 {MOST_CUES:,} 条，请拆分",
            where=name,
        )
    return replace(found, cues=tuple(cues), notes=(*found.notes, *notes))


def subtitles_document(text: str, format: str, name: str) -> Document:
    """Subtitles as a manuscript of one section; each cue is a line."""
    found = read_subtitles(text, format, name)
    passages = tuple(
        Passage(cue.text.replace("\n", " "), speaker=cue.speaker, start=cue.start, end=cue.end) for cue in found.cues
    )
    title = found.title or name.rpartition(".")[0]
    language = detect(" ".join(cue.text for cue in found.cues[:400]))
    section = Section(title, passages)
    return Document(name, format, title, found.author, language, (section,), found.notes, scripted=True)


def _by_library(text: str, format: str, name: str) -> Subtitles:
    import pysubs2

    if format == "vtt":
        text = _VOICE.sub("\ue000\\1\ue001", text)
    try:
        # the format is named, so nothing is guessed from what stands in the file
        found = pysubs2.SSAFile.from_string(text, format_=format)
    except (pysubs2.Pysubs2Error, ValueError, IndexError, KeyError, OverflowError) as error:
        raise BadFile(
            f"{name} cannot be read as {format.upper()} ({str(error)[:80]})",
            f"{name} 无法按 {format.upper()} 读取（{str(error)[:80]}）",
            where=name,
        ) from error
    cues: list[Cue] = []
    for event in found:
        if event.is_comment or event.is_drawing:
            continue
        style = event.style if event.style.lower() not in ("default", "") else ""
        cues += _voiced(event.start / 1000, event.end / 1000, event.plaintext, event.name.strip() or style)
    return Subtitles(tuple(cues), title=str(found.info.get("Title", "")) if format == "ass" else "")


def _voiced(start: float, end: float, words: str, speaker: str) -> Iterator[Cue]:
    """The cue, or one for each voice in it; a voice stands in a tag, or in brackets before the words."""
    from html import unescape

    words = unescape(words) if "&" in words else words
    pieces = _MARKED.split(words)
    if len(pieces) > 1:
        for who, said in zip(["", *pieces[1::2]], pieces[::2], strict=True):
            if said.strip():
                yield Cue(start, end, _tidy(said), who.strip() or speaker)
        return
    named = _NAMED.match(words.strip())
    if named and not _MARK_NAME.match(named[1]):
        yield Cue(start, end, _tidy(words.strip()[named.end() :]), named[1].strip())
    else:
        yield Cue(start, end, _tidy(words), speaker)


def _tidy(words: str) -> str:
    lines = (" ".join(line.replace("\u200b", "").split()) for line in words.split("\n"))
    return "\n".join(line for line in lines if line)


def _lrc(text: str) -> Subtitles:
    """Lyrics: a line may have several times; an empty line ends the one before."""
    facts: dict[str, str] = {}
    rows: list[tuple[float, str]] = []
    for line in text.split("\n"):
        if tag := _LRC_TAG.match(line.strip()):
            facts[tag[1].lower()] = tag[2].strip()
            continue
        times, rest = [], line.strip()
        while match := _LRC_TIME.match(rest):
            fraction = float(f"0.{match[3]}") if match[3] else 0.0
            times.append(int(match[1]) * 60 + int(match[2]) + fraction)
            rest = rest[match.end() :].lstrip()
        words = " ".join(_LRC_WORD.sub(" ", rest).split())
        rows += [(time, words) for time in times]
    offset = facts.get("offset", "0")
    shift = int(offset) / 1000 if offset.lstrip("+-").isdigit() else 0.0
    rows.sort(key=lambda row: row[0])
    cues: list[Cue] = []
    for at, (start, words) in enumerate(rows):
        end = rows[at + 1][0] if at + 1 < len(rows) else start + LRC_LONGEST
        if words:
            who, said = _lrc_speaker(words)
            cues.append(Cue(start - shift, end - shift, said, who))
    return Subtitles(tuple(cues), title=facts.get("ti", ""), author=facts.get("ar", ""))


def _lrc_speaker(words: str) -> tuple[str, str]:
    who, colon, said = words.partition(": ")
    return (who, said.strip()) if colon and len(who) <= 20 and said.strip() and not who.isdigit() else ("", words)


def _settled(cues: tuple[Cue, ...]) -> tuple[list[Cue], list[Words]]:
    """Cues with words, in order of time, and what was odd."""
    kept, notes, empty = [], [], 0
    for number, cue in enumerate(cues, 1):
        if not cue.text:
            empty += 1
            continue
        start = max(0.0, cue.start)
        if cue.start < 0 or cue.end <= cue.start:
            notes.append(
                Words(
                    f"cue {number} ends before it begins ({cue.start:.3f} to {cue.end:.3f} s); its end is not kept",
                    f"第 {number} 条的结束早于开始（{cue.start:.3f} 到 {cue.end:.3f} 秒），保留但没有结束时间",
                )
            )
        kept.append(replace(cue, start=start, end=max(cue.end, start)))
    if len(notes) > TOLD:
        more = len(notes) - TOLD
        notes = [*notes[:TOLD], Words(f"and {more} more like these", f"另有 {more} 条类似情况")]
    if empty:
        notes.append(Words(f"{empty} empty cues are left out", f"略去 {empty} 条空字幕"))
    ordered = sorted(kept, key=lambda cue: cue.start)  # stable: what begins together stays in order
    if ordered != kept:
        notes.append(
            Words("the cues are not in order of time; they are read in order", "字幕未按时间排列，已按时间读取")
        )
    return ordered, notes
