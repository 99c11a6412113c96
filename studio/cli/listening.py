"""`transcribe`: recordings in, what was said in them out, with emotion and sounds."""

from pathlib import Path
from typing import Any

import click

from studio.cli.main import Session
from studio.cli.options import recogniser_option
from studio.cli.reader import LANGUAGE, say
from studio.cli.show import duration, table, watch
from studio.errors import BadFile, StudioError
from studio.words import counted

FORMATS = ("txt", "rich", "json", "srt", "vtt", "ass", "lrc", "tsv")
SOUND = {
    *(".wav", ".flac", ".mp3", ".m4a", ".m4b", ".aac", ".ogg", ".opus", ".wma", ".aiff", ".aif", ".amr", ".caf"),
    *(".mp4", ".mkv", ".mov", ".webm", ".avi", ".flv", ".ts", ".3gp"),
}


@click.command(
    help=say(
        "Write down what is said in sound or video FILES or folders, with emotion and sounds.",
        "转写音频、视频文件或文件夹中的语音，并标注情感与声音事件。",
    )
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "-f",
    "formats",
    multiple=True,
    type=click.Choice(FORMATS),
    help=say("What to write; repeat for several; default txt.", "输出格式，可重复；默认 txt。"),
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help=say(
        "File to write, or a folder for several; without it, the terminal.",
        "输出文件；多个文件时为文件夹；不给则显示。",
    ),
)
@click.option(
    "--text-language",
    "language",
    default="auto",
    help=say("Language that is spoken; default auto.", "语音的语言，默认自动判断。"),
)
@click.option("--spoken", is_flag=True, help=say("Numbers in words, no punctuation.", "数字写成读法，不加标点。"))
@click.option("--certain", is_flag=True, help=say("Always name an emotion.", "总是给出一种情感。"))
@click.option(
    "--table",
    "tabular",
    is_flag=True,
    help=say("One row per file, with its emotion; a file is CSV.", "每个文件一行，给出情感；写入文件时为 CSV。"),
)
@recogniser_option
@click.pass_obj
def transcribe(session: Session, files: tuple[Path, ...], formats: tuple[str, ...], **options: Any) -> None:
    output, tabular = options.pop("output"), options.pop("tabular")
    found = list(recordings(files))
    many = len(found) > 1 or len(formats) > 1
    if output and many and not tabular and output.suffix and not output.is_dir():
        raise click.UsageError(say("--output must be a folder for several files", "多个结果时 --output 应为文件夹"))
    transcripts, failed = [], 0
    with session.open() as studio:
        for path in found:
            try:
                transcript = _listened(studio, path, session.quiet or not output, **options)
            except BadFile as error:
                if len(found) == 1:
                    raise
                failed += 1
                click.echo(error.text(LANGUAGE), err=True)
                continue
            transcripts.append(transcript)
            if not tabular:
                for format in formats or ("txt",):
                    _give(studio, transcript, path, format, output, many)
        if tabular:
            _table(studio, transcripts, output)
    if failed:
        raise StudioError(
            f"{failed} of {counted(len(found), 'file')} could not be read",
            f"{len(found)} 个文件中有 {failed} 个无法读取",
        )


def recordings(files: tuple[Path, ...]) -> list[Path]:
    """The files, and those that look like sound in the folders, each once, sorted within a folder."""
    found: dict[Path, None] = {}
    for path in files:
        inside = sorted(one for one in path.rglob("*") if one.suffix.lower() in SOUND) if path.is_dir() else [path]
        if not inside:
            raise BadFile(f"{path}: no sound files in it", f"{path}：文件夹里没有音频文件", where=str(path))
        found.update(dict.fromkeys(inside))
    return list(found)


def _listened(studio: Any, path: Path, quiet: bool, language: str, spoken: bool, certain: bool, recogniser: str) -> Any:
    from studio.studio import Listening

    job = studio.listening.transcribe(path, Listening(language, not spoken, certain), recogniser)
    return watch(job, path.name, quiet)


def _give(studio: Any, transcript: Any, path: Path, format: str, output: Path | None, many: bool) -> None:
    if output is None:
        text = studio.listening.text(transcript, format)
        click.echo(f"# {path}\n{text}" if many else text, nl=many)
        return
    target = output
    if many or output.is_dir():
        output.mkdir(parents=True, exist_ok=True)
        target = output / f"{path.stem}{'.rich.txt' if format == 'rich' else '.' + format}"
    studio.listening.write(transcript, target, format)
    click.echo(str(target))


def _table(studio: Any, transcripts: list[Any], output: Path | None) -> None:
    """Language and emotion of each file; into a file with every probability."""
    if output is not None:
        studio.listening.write_emotions(transcripts, output)
        click.echo(str(output))
        return
    headers = (("File", "文件"), ("Length", "时长"), ("Language", "语言"), ("Emotion", "情感"), ("Text", "文本"))
    rows = [(one.source, duration(one.seconds), one.language, _emotion(one), one.text[:60]) for one in transcripts]
    table([say(*words) for words in headers], rows)


def _emotion(transcript: Any) -> str:
    return f"{transcript.emotions[0][0]} {transcript.emotions[0][1]:.0%}" if transcript.emotions else ""
