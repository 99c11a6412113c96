"""`takes`, `styles`: what the library keeps, listed, searched and changed."""

from pathlib import Path
from typing import Any

import click

from studio.cli import styling
from studio.cli.main import Session
from studio.cli.options import engine_option, footer, heard, machine, paged, recogniser_option, subtitles_option
from studio.cli.reader import say
from studio.cli.show import as_json, duration, plain, table
from studio.words import counted


@click.group(help=say("What was spoken.", "合成过的版本。"))
def takes() -> None: ...


@takes.command("list", help=say("List and search takes, newest first.", "列出和搜索版本，最新的在前。"))
@click.argument("search", default="")
@click.option("--emotion", default="", help=say("Only with this emotion heard.", "只列听出此情感的版本。"))
@click.option("--starred", is_flag=True, help=say("Only starred ones.", "只列加星的。"))
@click.option("--lines", is_flag=True, help=say("Single lines as well.", "也列出单句。"))
@paged
@click.pass_obj
def list_takes(session: Session, search: str, starred: bool, lines: bool, machine: bool, **query: Any) -> None:
    from studio.studio import TakeQuery

    with session.open() as studio:
        kind = "" if lines else "reading"
        found = studio.takes.find(TakeQuery(search, starred=starred or None, kind=kind, **query))
    if machine:
        return as_json({"total": found.total, "takes": [plain(take) for take in found]})
    headers = [say(*pair) for pair in (("Take", "版本"), ("Length", "时长"), ("Voice", "音色"), ("Text", "文本"))]
    table(headers, [(t.digest[:12], duration(t.seconds), t.voice_label, t.excerpt) for t in found])
    footer(found)
    return None


@takes.command("show", help=say("Everything about one take.", "查看一个版本的全部信息。"))
@click.argument("digest")
@click.pass_obj
def show_take(session: Session, digest: str) -> None:
    with session.open() as studio:
        as_json(plain(studio.takes.details(studio.takes.get(digest).digest)))


@takes.command("export", help=say("Write a take into a file.", "把一个版本导出为文件。"))
@click.argument("digest")
@click.option(
    "--output", "-o", required=True, type=click.Path(path_type=Path), help=say("File to write.", "输出文件。")
)
@click.option("--polish", default="off", help=say("Polish preset.", "润色预设。"))
@subtitles_option
@click.pass_obj
def export_take(session: Session, digest: str, output: Path, polish: str, subtitles: str) -> None:
    with session.open() as studio:
        formats = studio.subtitles.asked(subtitles)
        take = studio.takes.get(digest).digest
        studio.export_take(take, output, polish)
        for path in studio.subtitles.take_beside(take, output, formats):
            click.echo(path, err=True)


@takes.command("star", help=say("Star a take: it is never cleaned up.", "给版本加星，加星的不会被清理。"))
@click.argument("digest")
@click.option("--off", is_flag=True, help=say("Take the star away.", "取消加星。"))
@click.pass_obj
def star_take(session: Session, digest: str, off: bool) -> None:
    with session.open() as studio:
        studio.takes.star([studio.takes.get(digest).digest], not off)


@takes.command("listen", help=say("Hear takes again: are the words right?", "回听版本：读得对不对？"))
@click.argument("digests", nargs=-1, required=True)
@recogniser_option
@machine
@click.pass_obj
def listen_takes(session: Session, digests: tuple[str, ...], recogniser: str, machine: bool) -> None:
    with session.open() as studio:
        heard(
            say("Take", "版本"),
            [(digest, studio.listening.read_back(digest, recogniser)) for digest in digests],
            machine,
        )


@takes.command(
    "clean", help=say("Remove the least recently used takes above the limit.", "清理超出上限、最久未用的版本。")
)
@click.option(
    "--limit-mb",
    type=click.IntRange(0),
    required=True,
    help=say("Megabytes of takes that may stay.", "版本最多保留多少 MB。"),
)
@click.pass_obj
def clean_takes(session: Session, limit_mb: int) -> None:
    with session.open() as studio:
        freed = studio.clean_takes(limit_mb)
    click.echo(
        say(
            f"{counted(freed.takes, 'take')}, {freed.bytes / 1e6:.1f} MB freed",
            f"清理 {freed.takes} 个版本，释放 {freed.bytes / 1e6:.1f} MB",
        )
    )


@click.group(help=say("Named sets of control values.", "风格：一组命名的控制值。"))
def styles() -> None: ...


@styles.command("list", help=say("List the styles.", "列出风格。"))
@click.option("--engine", default="", help=say("Only those for this engine.", "只列此引擎可用的风格。"))
@machine
@click.pass_obj
def list_styles(session: Session, engine: str, machine: bool) -> None:
    with session.open() as studio:
        found = studio.styles.list(engine or None)
    if machine:
        return as_json([plain(style) for style in found])
    rows = [(s.name, s.engine, say("shipped", "内置") if s.shipped else "", s.controls) for s in found]
    table([say("Name", "名称"), say("Engine", "引擎"), "", say("Controls", "控制项")], rows)
    return None


@styles.command("save", help=say("Keep control values under a name.", "把一组控制值存为风格。"))
@click.argument("name")
@engine_option
@click.option(
    "--control",
    "-c",
    multiple=True,
    metavar="NAME=VALUE",
    required=True,
    help=say("A control and its value; repeat for several.", "控制项及其数值，可重复。"),
)
@click.pass_obj
def save_style(session: Session, name: str, engine: str, control: tuple[str, ...]) -> None:
    from studio.cli.speaking import controls_of

    with session.open() as studio:
        studio.keep_style(name, engine, controls_of(control))


@styles.command("delete", help=say("Delete a style of yours.", "删除自己的风格。"))
@click.argument("name")
@engine_option
@click.pass_obj
def delete_style(session: Session, name: str, engine: str) -> None:
    with session.open() as studio:
        studio.styles.delete(studio.styles.get(name, engine).id)


for command in (styling.export_style, styling.import_styles, styling.edit_style, styling.compare_styles):
    styles.add_command(command)
