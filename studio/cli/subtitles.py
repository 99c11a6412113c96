"""`subtitles`: files of cues converted, cut anew, moved and checked. What was odd or lost goes to stderr."""

from pathlib import Path
from typing import Any

import click

from studio.cli.main import Session
from studio.cli.options import machine as machine_option
from studio.cli.reader import LANGUAGE, say
from studio.cli.show import as_json, duration, table
from studio.words import counted

SOURCE = click.argument("source", type=click.Path(path_type=Path))
OUTPUT = click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help=say("File to write.", "输出文件。")
)
AS = click.option("--as", "kind", default="", help=say("Format; default: by the name.", "格式，默认按文件名。"))
FROM = click.option("--from", "read_as", default="", help=say("Format of the source.", "来源的格式。"))
NORMS = click.option(
    "--norms",
    default="auto",
    help=say("Norms of reading: auto, en, zh, yue, ja, ko.", "阅读规范：auto、en、zh、yue、ja、ko。"),
)


@click.group(help=say("Subtitle files: convert, cut anew, shift, check.", "字幕文件：转换、重新切分、平移、检查。"))
def subtitles() -> None: ...


@subtitles.command("convert", help=say("Write subtitles in another format.", "转换为另一种字幕格式。"))
@SOURCE
@OUTPUT
@AS
@FROM
@machine_option
@click.pass_obj
def convert(session: Session, source: Path, output: Path, kind: str, read_as: str, machine: bool) -> None:
    with session.open() as studio:
        _save(studio, studio.subtitles.read(source, read_as), output, kind, machine)


@subtitles.command("split", help=say("Cut cues anew by the norms of reading.", "按阅读规范重新切分。"))
@SOURCE
@OUTPUT
@NORMS
@AS
@FROM
@machine_option
@click.pass_obj
def split(session: Session, source: Path, output: Path, norms: str, kind: str, read_as: str, machine: bool) -> None:
    with session.open() as studio:
        found = studio.subtitles.read(source, read_as)
        _save(studio, studio.subtitles.resplit(found, norms), output, kind, machine)


@subtitles.command(
    "shift", help=say("Move everything by seconds (negative: earlier).", "整体平移若干秒（负数为提前）。")
)
@SOURCE
@OUTPUT
@click.option("--by", type=float, required=True, help=say("Seconds.", "秒。"))
@AS
@FROM
@machine_option
@click.pass_obj
def shift(session: Session, source: Path, output: Path, by: float, kind: str, read_as: str, machine: bool) -> None:
    with session.open() as studio:
        found = studio.subtitles.read(source, read_as)
        moved = studio.subtitles.shifted(found, by)
        if gone := len(found.cues) - len(moved.cues):
            told = say(f"left out: {counted(gone, 'cue')} before 0", f"有 {gone} 条会落在 0 之前，已略去")
            click.echo(f"  {told}", err=True)
        _save(studio, moved, output, kind, machine)


@subtitles.command("check", help=say("List what readers or voices would stumble over.", "列出不利于阅读或配音的地方。"))
@SOURCE
@NORMS
@FROM
@machine_option
@click.pass_obj
def check(session: Session, source: Path, norms: str, read_as: str, machine: bool) -> None:
    with session.open() as studio:
        found = studio.subtitles.read(source, read_as)
        problems = studio.subtitles.problems(found, norms)
    if machine:
        notes = [note._asdict() for note in found.notes]
        return as_json({"cues": len(found.cues), "notes": notes, "problems": [one.to_json() for one in problems]})
    for note in found.notes:
        click.echo(f"  {note.text(LANGUAGE)}", err=True)
    headers = [say("Cue", "序号"), say("At", "时间"), say("Problem", "问题"), say("Text", "文字")]
    rows = [(p.cue, duration(p.start), p.words.text(LANGUAGE), _short(found.cues[p.cue - 1].text)) for p in problems]
    table(headers, rows)
    count, bad = len(found.cues), len(problems)
    click.echo(say(f"{counted(count, 'cue')}, {counted(bad, 'problem')}", f"共 {count} 条，{bad} 处问题"), err=True)
    return None


def _save(studio: Any, found: Any, output: Path, kind: str, machine: bool) -> None:
    """Write, and tell what was odd and what the format cannot keep."""
    format = studio.subtitles.check_format(kind or output.suffix.lstrip(".").lower())
    lost = studio.subtitles.losses(found, format)
    studio.subtitles.save(found, output, format)
    if machine:
        return as_json(
            {
                "path": str(output),
                "format": format,
                "cues": len(found.cues),
                "notes": [note._asdict() for note in found.notes],
                "losses": [loss.to_json() for loss in lost],
            }
        )
    for words in (*found.notes, *(loss.words for loss in lost)):
        click.echo(f"  {words.text(LANGUAGE)}", err=True)
    click.echo(say(f"{output}  {counted(len(found.cues), 'cue')}", f"{output}  {len(found.cues)} 条"), err=True)
    return None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"
