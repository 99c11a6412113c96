"""Subtitle files as cues, whatever state the file is in: SRT, WebVTT, ASS/SSA, LRC, TSV, JSON, MicroDVD, MPL2.

Files of the field are seldom clean: indexes are missing or repeated, times run backwards, encodings are old. Every cue
that has words and a beginning is kept; what was odd about it is told.
"""

import re
from dataclasses import replace
from pathlib import Path

from studio.errors import BadFile
from studio.manuscripts.document import Document, Passage, Section
from studio.manuscripts.oddities import Oddities
from studio.text.cues import Cue, Subtitles
from studio.text.encoding import LIMIT_BYTES, read_text
from studio.text.language import detect
from studio.words import Words, counted

__all__ = ["READS", "Subtitles", "format_of", "read_subtitle_file", "read_subtitles", "subtitles_document"]

READS = {
    "srt": "srt",
    "vtt": "vtt",
    "ass": "ass",
    "ssa": "ass",
    "lrc": "lrc",
    "tsv": "tsv",
    "json": "json",
    "sub": "sub",
    "mpl": "mpl",
}
MOST_CUES = 200_000
SHORTEST_S = 0.1  # nothing can be said in less
_LRC_LINE = re.compile(r"^\s*\[\d{1,4}:\d{1,2}(?:[.:]\d{1,3})?\]", re.MULTILINE)


def read_subtitle_file(path: Path, format: str = "", name: str = "") -> Subtitles:
    """The cues of a file of any encoding; its format by its name or its content. `BadFile` says what is wrong."""
    name = name or path.name
    found = read_text(path, LIMIT_BYTES)
    read = read_subtitles(found.text, format or format_of(name, found.text), name)
    if found.encoding in ("utf-8", "ascii"):
        return read
    told = Words(f"{name} was read as {found.encoding}", f"{name} 按 {found.encoding} 编码读取")
    return replace(read, notes=(told, *read.notes))


def format_of(name: str, text: str) -> str:
    """The format of a file: what it says at its beginning, else what its name says, else what it looks like."""
    head = text[:2000].lstrip("\ufeff \t\n")
    suffix = READS.get(Path(name).suffix.lower().lstrip("."), "")
    if head.startswith("WEBVTT"):
        return "vtt"
    if head.lower().startswith("[script info]"):
        return "ass"
    if suffix:
        return suffix
    if re.match(r"\{\d+\}\{\d*\}", head):
        return "sub"
    if "-->" in text[:20_000]:
        return "srt"
    if head.startswith(("{", "[{")):
        return "json"
    if _LRC_LINE.search(head):
        return "lrc"
    if head.lower().startswith("start\t"):
        return "tsv"
    known = ", ".join(sorted(set(READS)))
    raise BadFile(
        f"{name} is no subtitle file that is known; known are {known}",
        f"{name} 不是已知的字幕文件；支持 {known}",
        where=name,
    )


def read_subtitles(text: str, format: str, name: str) -> Subtitles:
    """The cues of a file of `format` (a value of READS). `BadFile` when there is not one."""
    odd = Oddities()
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    found = _read(text, format, name, odd)
    cues = _settled(found.cues, format, odd)
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
    return replace(found, cues=tuple(cues), notes=(*found.notes, *odd.notes()))


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


def _read(text: str, format: str, name: str, odd: Oddities) -> Subtitles:
    if format == "srt":
        from studio.manuscripts.cue_files import read_srt

        return read_srt(text, odd)
    if format == "vtt":
        from studio.manuscripts.cue_files import read_vtt

        return read_vtt(text, odd)
    if format == "ass":
        from studio.manuscripts.ass import read_ass

        return read_ass(text, odd)
    if format == "lrc":
        from studio.manuscripts.lyrics import read_lrc

        return read_lrc(text, odd)
    if format in ("sub", "mpl"):
        from studio.manuscripts.frame_files import read_frames

        return read_frames(text, format, name, odd)
    from studio.manuscripts.cue_data import read_json, read_tsv

    return read_json(text, name, odd) if format == "json" else read_tsv(text, name, odd)


def _settled(cues: tuple[Cue, ...], format: str, odd: Oddities) -> list[Cue]:
    """Cues with words, in order of time, and what was odd."""
    kept, empty, overlapping = [], 0, 0
    for number, cue in enumerate(cues, 1):
        if not cue.text:
            empty += 1
            continue
        _tell_times(number, cue, odd)
        start = max(0.0, cue.start)
        fine = start == cue.start and cue.end >= start
        kept.append(cue if fine else replace(cue, start=start, end=max(cue.end, start)))
    if empty:
        odd.tell("empty", f"left out: {counted(empty, 'empty cue')}", f"略去 {empty:,} 条空字幕")
    ordered = sorted(kept, key=lambda cue: cue.start)  # stable: what begins together stays in order
    if ordered != kept:
        odd.tell("order", "the cues are not in order of time; they are read in order", "字幕未按时间排列，已按时间读取")
    latest = 0.0
    for cue in ordered:
        overlapping += cue.start < latest - 0.0005
        latest = max(latest, cue.end)
    if overlapping and format in ("srt", "lrc"):
        odd.tell(
            "overlap",
            f"{counted(overlapping, 'cue begins', 'cues begin')} before others end",
            f"{overlapping:,} 条字幕在其他字幕结束前开始",
        )
    return ordered


def _tell_times(number: int, cue: Cue, odd: Oddities) -> None:
    if cue.start < 0:
        odd.tell(
            "negative",
            f"cue {number} begins before the beginning ({cue.start:.3f} s); it is put at 0",
            f"第 {number} 条的开始时间为负（{cue.start:.3f} 秒），改为从 0 开始",
        )
    if cue.end <= cue.start:
        odd.tell(
            "backwards",
            f"cue {number} ends before it begins ({cue.start:.3f} to {cue.end:.3f} s); its end is not kept",
            f"第 {number} 条的结束早于开始（{cue.start:.3f} 到 {cue.end:.3f} 秒），保留但没有结束时间",
        )
    elif cue.end - cue.start < SHORTEST_S:
        odd.tell(
            "short",
            f"cue {number} lasts {round((cue.end - cue.start) * 1000)} ms, too short for any speech",
            f"第 {number} 条只有 {round((cue.end - cue.start) * 1000)} 毫秒，来不及说任何话",
        )
