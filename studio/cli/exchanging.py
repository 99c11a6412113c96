"""`voices import`, `export`, `packs` and `tag`: voices as files, and many of them at once."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from studio.cli.main import Session
from studio.cli.options import machine
from studio.cli.reader import LANGUAGE, say
from studio.cli.show import as_json, table
from studio.errors import BadRequest
from studio.words import counted

if TYPE_CHECKING:
    from studio.studio import Studio

PREFER = "here", "file", "skip"


@click.command(
    "import", help=say("Take voices from files of this and other tools.", "从本工坊或其他工具的文件导入音色。")
)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="FILES…")
@click.option("--pack", "packs", multiple=True, help=say("A pack that comes with the studio.", "随工坊附带的音色包。"))
@click.option(
    "--prefer",
    type=click.Choice(PREFER),
    default="here",
    help=say("Whose facts stand where a voice is here already.", "音色已存在时以哪边的信息为准。"),
)
@click.option(
    "--transcript",
    default="",
    help=say("What is said in an audio sample that comes as a code.", "音频样本码中说的话。"),
)
@machine
@click.pass_obj
def import_voices(
    session: Session, files: Sequence[Path], packs: Sequence[str], prefer: Any, transcript: str, machine: bool
) -> None:
    if not files and not packs:
        raise BadRequest("import: name a file, or --pack", "导入：请给出文件，或使用 --pack", where="files")
    with session.open() as studio:
        reports = [studio.exchange.take_pack(pack) for pack in packs]
        if files:
            reports.append(studio.exchange.take_in(files, transcript, prefer))
    entries = [entry for report in reports for entry in report.entries]
    if machine:
        as_json([entry.to_json() for entry in entries])
    else:
        for entry in entries:
            click.echo(f"{entry.outcome_words.text(LANGUAGE)}  {entry.name or entry.file}  {entry.id}".rstrip())
            for note in entry.notes:
                click.echo(f"  {note.text(LANGUAGE)}", err=entry.outcome == "refused")
        for report in reports:
            click.echo(report.summary.text(LANGUAGE), err=True)
    if any(entry.outcome == "refused" for entry in entries):
        sys.exit(BadRequest.exit_code)


def chosen(command: Callable[..., None]) -> Callable[..., None]:
    """The options that choose many voices."""
    options = [
        click.argument("voices", nargs=-1, metavar="VOICES…"),
        click.option("--all", "everything", is_flag=True, help=say("Every voice.", "全部音色。")),
        click.option("--with-tag", "having", multiple=True, help=say("Those with this tag.", "带此标签的音色。")),
        click.option("--of-engine", default="", help=say("Those of this engine.", "此引擎的音色。")),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def ids_of(
    studio: "Studio", voices: Sequence[str], everything: bool, having: Sequence[str], of_engine: str
) -> list[str]:
    """The voices that were named, or those that fit. `BadRequest` where nothing was chosen."""
    from studio.studio import VoiceQuery

    if voices:
        return [studio.voices.get(voice).id for voice in voices]
    if not (everything or having or of_engine):
        raise BadRequest(
            "name voices, or choose them with --all, --with-tag or --of-engine",
            "请写出音色名称，或用 --all、--with-tag、--of-engine 选择",
            where="voices",
        )
    return list(studio.exchange.every(VoiceQuery(tags=tuple(having), engine=of_engine)))


@click.command("export", help=say("Write voices as files.", "把音色导出为文件。"))
@chosen
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), required=True,
    help=say("File or folder; its name tells the format.", "文件或文件夹；格式由名称决定。"),
)  # fmt: skip
@click.option("--format", default="", help=say("See voices formats.", "见 voices formats。"))
@machine
@click.pass_obj
def export_voices(session: Session, output: Path, format: str, machine: bool, **which: Any) -> None:
    with session.open() as studio:
        ids = ids_of(studio, **which)
        count, notes = studio.exchange.write(ids, output, format)
    if machine:
        return as_json({"path": str(output), "voices": count, "notes": [note._asdict() for note in notes]})
    for note in notes:
        click.echo(note.text(LANGUAGE), err=True)
    click.echo(str(output))
    click.echo(say(counted(count, "voice"), f"{count} 个音色"), err=True)
    return None


@click.command("formats", help=say("Files that voices are exchanged in.", "可用于交换音色的文件格式。"))
@machine
@click.pass_obj
def voice_formats(session: Session, machine: bool) -> None:
    with session.open() as studio:
        found = studio.exchange.formats()
    if machine:
        return as_json(
            [{"id": one.id, "ending": one.ending, "many": one.many, "written": bool(one.ending)} for one in found]
        )
    rows = [(one.id, one.ending, one.label.text(LANGUAGE), one.about.text(LANGUAGE)) for one in found]
    table(["id", say("Ending", "结尾"), say("Name", "名称"), say("What it is", "说明")], rows)
    return None


@click.command("packs", help=say("Packs that come with the studio.", "随工坊附带的音色包。"))
@machine
@click.pass_obj
def voice_packs(session: Session, machine: bool) -> None:
    with session.open() as studio:
        found = studio.exchange.packs()
    if machine:
        return as_json([{"id": one.id, "title": one.title._asdict(), "voices": one.count} for one in found])
    rows = [(one.id, one.title.text(LANGUAGE), one.count, one.about.text(LANGUAGE)) for one in found]
    table(["id", say("Title", "名称"), say("Voices", "音色数"), say("What it is", "说明")], rows)
    return None


@click.command("tag", help=say("Tag and rate many voices at once.", "批量添加标签和评分。"))
@chosen
@click.option("--add", "add_tags", multiple=True, help=say("A tag to add.", "要添加的标签。"))
@click.option("--remove", "remove_tags", multiple=True, help=say("A tag to remove.", "要移除的标签。"))
@click.option(
    "--rating", type=click.IntRange(0, 5), default=None, help=say("1 to 5; 0: none.", "评分 1 到 5，0 为不评。")
)
@click.option("--favourite/--no-favourite", default=None, help=say("Among the favourites or not.", "收藏或取消收藏。"))
@click.pass_obj
def tag_voices(
    session: Session, add_tags: tuple[str, ...], remove_tags: tuple[str, ...], rating: int | None,
    favourite: bool | None, **which: Any,
) -> None:  # fmt: skip
    from studio.studio import VoiceChange

    change = VoiceChange(add_tags=add_tags, remove_tags=remove_tags, rating=rating, favourite=favourite)
    with session.open() as studio:
        count = studio.voices.update_many(ids_of(studio, **which), change)
    click.echo(say(f"{counted(count, 'voice')} changed", f"已修改 {count} 个音色"))
