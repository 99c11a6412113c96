"""`speak`, `convert` and `inspect`: text in, sound files out, and what such a file says about itself."""

import sys
from pathlib import Path
from typing import Any

import click

from studio.cli.main import Session
from studio.cli.options import into_options, subtitles_option
from studio.cli.reader import LANGUAGE, say
from studio.cli.show import as_json, duration, notes, plain, table, watch
from studio.errors import BadControl, BadFile
from studio.words import counted


def controls_of(pairs: tuple[str, ...]) -> dict[str, Any]:
    """`("speed=1.2", "capitals=off")` as values; the engine's declaration checks them."""
    from studio.studio import literal

    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise BadControl(
                f"--control {pair}: write it as name=value, for example speed=1.2",
                f"--control {pair}：应写成 名称=数值，例如 speed=1.2",
                where="controls",
            )
        values[name.strip()] = literal(value.strip())
    return values


def direction(command: Any) -> Any:
    """The options that say how to read, shared by `speak` and `convert`."""
    options = [
        click.option("--engine", "-e", default="espeak", help=say("Engine; default espeak.", "引擎，默认 espeak。")),
        click.option(
            "--voice",
            "-v",
            default="",
            help=say(
                "Library voice (name or id), seed:2222, or an engine's voice.",
                "音色库中的名称或 id、seed:2222、或引擎自带音色。",
            ),
        ),
        *into_options,
        click.option("--style", "-s", default="", help=say("A named style.", "风格名称。")),
        click.option(
            "--control",
            "-c",
            multiple=True,
            metavar="NAME=VALUE",
            help=say("A control of the engine; see `engines --json`.", "引擎的控制项，见 `engines --json`。"),
        ),
        click.option(
            "--seed",
            type=int,
            default=0,
            help=say("Text seed: chance in the reading.", "文本种子，决定读法中的随机部分。"),
        ),
        click.option("--text-language", "language", default="auto", help=say("Language of the text.", "文本语言。")),
        click.option("--polish", default="off", help=say("Polish preset.", "润色预设。")),
        click.option(
            "--plain", is_flag=True, help=say("Read the text as it is, not normalised.", "按原文朗读，不做文本规整。")
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def asked(studio: Any, options: dict[str, Any]) -> dict[str, Any]:
    """The fields of a request from the options of `direction`."""
    controls, as_written = controls_of(options.pop("control")), options.pop("plain")
    steps = {step.id: False for step in studio.steps()} if as_written else None
    return {**options, "controls": controls, "steps": steps}


@click.command(
    help=say(
        "Speak TEXT into a file; “-” reads the text from standard input.",
        "把文字读成音频文件；“-”表示从标准输入读取文字。",
    )
)
@click.argument("text")
@click.option(
    "--output",
    "-o",
    required=True,
    help=say("File; “-” writes WAV to standard output.", "输出文件；“-”表示向标准输出写 WAV。"),
)
@direction
@click.option("--mode", default="speak", help=say("Mode of the engine.", "引擎的模式。"))
@click.option("--json", "machine", is_flag=True, help=say("Facts of the take as JSON.", "以 JSON 输出结果信息。"))
@click.pass_obj
def speak(session: Session, text: str, output: str, machine: bool, **options: Any) -> None:
    from studio.studio import SpeakRequest

    words = click.get_text_stream("stdin").read() if text == "-" else text
    with session.open(warm=options["engine"]) as studio:
        request = SpeakRequest(words, **asked(studio, options))
        studio.check_output(None if output == "-" else Path(output))
        studio.permit(request)
        performance = studio.speak(request)
        take = watch(performance, say("Speaking", "正在合成"), session.quiet or machine)
        notes(performance.plan.notes, performance.plan.request.text)
        if output == "-":
            sys.stdout.buffer.write(studio.take_bytes(take.digest, "wav"))
        else:
            studio.export_take(take.digest, Path(output))
        if machine and output != "-":
            as_json({"file": output, **plain(take)})
        elif output != "-":
            click.echo(f"{output}  {duration(take.seconds)}", err=True)


@click.command(
    help=say(
        "Read a text file aloud into one file with chapters (.m4b, .m4a, .mp3, .flac, .wav, .opus).",
        "把文本文件读成一个带章节的音频文件（.m4b、.m4a、.mp3、.flac、.wav、.opus）。",
    )
)
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help=say("File to write.", "输出文件。")
)
@direction
@click.option("--title", default="", help=say("Title; default: found in the text.", "书名，默认从文本中识别。"))
@click.option("--author", default="", help=say("Author; default: found in the text.", "作者，默认从文本中识别。"))
@click.option(
    "--cover", type=click.Path(path_type=Path), help=say("Cover picture (JPEG or PNG).", "封面图片（JPEG 或 PNG）。")
)
@click.option("--bitrate", type=int, help=say("Kilobits a second.", "码率（kbit/s）。"))
@click.option(
    "--sentence-pause",
    type=click.IntRange(0, 10_000),
    default=300,
    help=say("Silence between sentences in ms.", "句间停顿（毫秒）。"),
)
@click.option(
    "--paragraph-pause",
    type=click.IntRange(0, 10_000),
    default=700,
    help=say("Silence between paragraphs in ms.", "段间停顿（毫秒）。"),
)
@click.option(
    "--chapter-pause",
    type=click.IntRange(0, 60_000),
    default=1500,
    help=say("Silence between chapters in ms.", "章间停顿（毫秒）。"),
)
@subtitles_option
@click.option("--dry-run", is_flag=True, help=say("Show what would be read, and stop.", "只显示将要朗读的内容。"))
@click.option("--json", "machine", is_flag=True, help=say("The result as JSON.", "以 JSON 输出结果。"))
@click.pass_obj
def convert(
    session: Session,
    source: Path,
    output: Path,
    cover: Path | None,
    bitrate: int | None,
    sentence_pause: int,
    paragraph_pause: int,
    chapter_pause: int,
    subtitles: str,
    dry_run: bool,
    machine: bool,
    **options: Any,
) -> None:
    from studio.studio import ConvertRequest, Gaps

    book = {"title": options.pop("title"), "author": options.pop("author")}
    with session.open() as studio:
        formats = studio.subtitles.asked(subtitles)
        request = ConvertRequest(
            **asked(studio, options),
            **book,
            gaps=Gaps(sentence_pause, paragraph_pause, chapter_pause),
            format=output.suffix.lstrip(".").lower(),
            bitrate=bitrate and bitrate * 1000,
        )
        job = studio.convert(source, request, output, cover, start=not dry_run)
        for note in job.book.manuscript.notes:
            click.echo(f"  {note.text(LANGUAGE)}", err=True)
        if dry_run:
            return _preview(job.book, machine)
        result = watch(job, source.name, session.quiet or machine)
        for path in studio.subtitles.beside(job.id, formats) if formats else ():
            click.echo(path, err=True)
        notes(result.notes)
        if machine:
            return as_json(plain(result))
        cached = say(f", {result.cached} from the cache", f"，其中 {result.cached} 句来自缓存") if result.cached else ""
        chapters, lines = counted(len(result.chapters), "chapter"), counted(result.lines, "line")
        summary = say(
            f"{output}  {duration(result.seconds)}, {chapters}, {lines}{cached}",
            f"{output}  {duration(result.seconds)}，{len(result.chapters)} 章，{result.lines} 句{cached}",
        )
        click.echo(summary, err=True)


def _preview(book: Any, machine: bool) -> None:
    manuscript = book.manuscript
    if machine:
        return as_json(plain(manuscript))
    click.echo(f"{manuscript.title} · {manuscript.author} · {manuscript.language} · {manuscript.encoding}")
    rows = [(n, c.title, len(c.text)) for n, c in enumerate(manuscript.chapters, 1)]
    table([say("No.", "序号"), say("Chapter", "章节"), say("Characters", "字符数")], rows)


@click.command(help=say("Show what an exported file says about itself.", "查看导出的音频文件自带的来源信息。"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "machine", is_flag=True, help=say("As JSON.", "以 JSON 输出。"))
@click.pass_obj
def inspect(session: Session, file: Path, machine: bool) -> None:
    with session.open() as studio:
        found = studio.inspect(file)
    if machine:
        return as_json(plain(found))
    if not found.synthetic:
        raise BadFile(
            f"{file}: carries no statement of Timbre Studio; it was not exported here, or its tags were removed",
            f"{file}：没有音色工坊的来源信息；它不是由本工坊导出，或标签已被清除",
            where=str(file),
        )
    rows = [
        (say("Synthetic speech", "合成语音"), say("yes", "是")),
        (say("Engine", "引擎"), found.engine),
        (say("Voice", "音色"), found.voice),
        (say("Recipe", "配方"), found.digest),
    ]
    for name, value in rows:
        click.echo(f"{name}: {value}")
    if found.recipe is not None:
        as_json(found.recipe)
    else:
        click.echo(say("The recipe is not known in this data folder.", "这个数据文件夹里没有该配方的记录。"), err=True)
