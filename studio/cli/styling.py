"""`styles import`, `export`, `edit`, `compare`: one's own styles as files, changed, side by side."""

from pathlib import Path
from typing import Any

import click

from studio.cli import drawing
from studio.cli.main import Session
from studio.cli.options import engine_option, machine
from studio.cli.reader import LANGUAGE, say
from studio.cli.show import as_json, plain, table


@click.command("export", help=say("Write a style as a TOML file; “-” prints it.", "把风格导出为 TOML；“-”直接输出。"))
@click.argument("name")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), default="-", help=say("File; default: print.", "输出文件。")
)
@click.pass_obj
def export_style(session: Session, name: str, output: Path) -> None:
    with session.open() as studio:
        text = studio.stylebook.write(name)
        if str(output) == "-":
            return click.echo(text.decode(), nl=False)
        studio.stylebook.write_file(name, output)
    return None


@click.command("import", help=say("Keep the styles of TOML files.", "导入 TOML 风格文件。"))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--name", default="", help=say("Another name than the file's.", "改用这个名称。"))
@click.option("--replace", is_flag=True, help=say("Over styles of yours of that name.", "覆盖自己的同名风格。"))
@machine
@click.pass_obj
def import_styles(session: Session, files: tuple[Path, ...], name: str, replace: bool, machine: bool) -> None:
    with session.open() as studio:
        made = [one for file in files for one in studio.stylebook.read_file(file, name, replace_own=replace)]
    if machine:
        return as_json([plain(style) for style in made])
    for style in made:
        click.echo(f"{style.name}  {style.engine}")
    return None


@click.command("edit", help=say("Change a style of yours.", "修改自己的风格。"))
@click.argument("name")
@engine_option
@click.option("--control", "-c", multiple=True, metavar="NAME=VALUE", help=say("Set a control.", "设置控制项。"))
@click.option("--without", multiple=True, metavar="NAME", help=say("Take a control out.", "去掉控制项。"))
@click.option("--rename", default="", help=say("Another name.", "新名称。"))
@click.option("--description", default=None, help=say("What it is good for.", "风格说明。"))
@machine
@click.pass_obj
def edit_style(
    session: Session,
    name: str,
    engine: str,
    control: tuple[str, ...],
    without: tuple[str, ...],
    rename: str,
    description: str | None,
    machine: bool,
) -> None:
    from studio.cli.speaking import controls_of

    with session.open() as studio:
        style = studio.stylebook.edit(name, engine, controls_of(control), without, rename, description)
    as_json(plain(style)) if machine else click.echo(f"{style.name}  {style.controls}")


@click.command(
    "compare",
    help=say(
        "Two or more styles side by side; with -o the same sentence in each as files.",
        "并排对比两个以上风格；用 -o 可导出同一句话在各风格下的音频。",
    ),
)
@click.argument("names", nargs=-1, required=True)
@engine_option
@click.option("--voice", "-v", default="", help=say("Who speaks.", "朗读的音色。"))
@click.option("--text", default=drawing.SENTENCE, help=say("What is said.", "朗读的句子。"))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help=say("Folder for the files.", "输出文件夹。"),
)
@machine
@click.pass_obj
def compare_styles(
    session: Session, names: tuple[str, ...], engine: str, voice: str, text: str, output: Path | None, machine: bool
) -> None:
    from studio.studio import Sentence

    with session.open() as studio:
        rows = studio.stylebook.compare(engine, names)
        sheet: dict[str, Any] = {}
        if output is not None:
            sheet = drawing.rendered(
                session, studio, studio.drawing.compare_styles(engine, names, Sentence(text), voice), output, machine
            )
    if machine:
        return as_json({"styles": names, "controls": [plain(row) | {"differs": row.differs} for row in rows], **sheet})
    shown = [(row.label.text(LANGUAGE), *map(_value, row.values), "≠" if row.differs else "") for row in rows]
    table([say("Control", "控制项"), *names, ""], shown)
    return None


def _value(value: Any) -> str:
    return "·" if value is None else str(value)
