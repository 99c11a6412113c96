"""`voices`: what the library keeps of voices, listed, searched, made and changed."""

from pathlib import Path
from typing import Any

import click

from studio.cli import cloning, drawing, exchanging, survey
from studio.cli.main import Session
from studio.cli.options import engine_option, footer, heard, machine, paged, recogniser_option, weights_of
from studio.cli.reader import LANGUAGE, say
from studio.cli.show import as_json, plain, table, watch


@click.group(help=say("The voice library.", "音色库。"))
def voices() -> None: ...


@voices.command("list", help=say("List and search voices.", "列出和搜索音色。"))
@click.argument("search", default="")
@click.option("--emotion", default="", help=say("Only with this emotion heard.", "只列听出此情感的音色。"))
@click.option("--engine", default="", help=say("Only of this engine.", "只列此引擎的音色。"))
@click.option("--tag", "tags", multiple=True, help=say("Only with this tag.", "只列带此标签的音色。"))
@click.option("--text-language", "language", default="", help=say("Only of this language.", "只列此语言的音色。"))
@click.option("--favourite", is_flag=True, help=say("Only favourites.", "只列收藏。"))
@click.option(
    "--sort",
    type=click.Choice(["created", "name", "rating", "uses", "last_used"]),
    default="created",
    help=say("Order.", "排序。"),
)
@paged
@click.pass_obj
def list_voices(session: Session, search: str, favourite: bool, machine: bool, **query: Any) -> None:
    from studio.studio import VoiceQuery

    with session.open() as studio:
        found = studio.voices.find(VoiceQuery(search, favourite=favourite or None, **query))
    if machine:
        return as_json({"total": found.total, "voices": [plain(voice) for voice in found]})
    headers = [say(*pair) for pair in (("Name", "名称"), ("Engine", "引擎"), ("Kind", "类型"), ("Languages", "语言"))]
    rows = [(v.name, v.engine, v.kind, " ".join(v.languages), v.rating or "", " ".join(v.tags), v.id) for v in found]
    table([*headers, say("Rating", "评分"), say("Tags", "标签"), "id"], rows)
    footer(found)
    return None


@voices.command("builtin", help=say("List the voices an engine brings along.", "列出引擎自带的音色。"))
@click.argument("engine", default="espeak")
@machine
@click.pass_obj
def builtin_voices(session: Session, engine: str, machine: bool) -> None:
    with session.open() as studio:
        found = studio.builtin_voices(engine)
    if machine:
        return as_json([plain(voice) for voice in found])
    rows = [(v.name, v.label.text(LANGUAGE), " ".join(v.languages[:6]), v.gender) for v in found]
    table([say("Name", "名称"), say("Label", "说明"), say("Languages", "语言"), say("Gender", "性别")], rows)
    return None


@voices.command("code", help=say("A voice as the string that people exchange.", "输出音色的交换编码。"))
@click.argument("voice")
@click.option("--engine", default="chattts", help=say("Engine; default chattts.", "引擎，默认 chattts。"))
@click.pass_obj
def voice_code(session: Session, voice: str, engine: str) -> None:
    with session.open() as studio:
        click.echo(studio.keeping.code(engine, voice))


@voices.command("add", help=say("Keep the voice of a seed under a name.", "把一个种子的音色存入音色库。"))
@click.argument("name")
@click.option("--seed", type=int, required=True, help=say("Seed of the voice.", "音色种子。"))
@engine_option
@click.option("--tag", "tags", multiple=True, help=say("A tag; repeat for several.", "标签，可重复。"))
@click.option("--description", default="", help=say("What it is good for.", "音色说明。"))
@machine
@click.pass_obj
def add_voice(session: Session, name: str, seed: int, engine: str, machine: bool, **facts: Any) -> None:
    with session.open() as studio:
        voice = studio.keeping.seed(engine, seed, name, **facts)
    as_json(plain(voice)) if machine else click.echo(f"{voice.name}  {voice.id}")


@voices.command("blend", help=say("Mix voices by weight into a new one.", "按权重混合几个音色，存为新音色。"))
@click.argument("name")
@click.argument("weights", nargs=-1, required=True, metavar="VOICE=WEIGHT…")
@click.option("--engine", default="espeak", help=say("Engine of the voices.", "音色所属的引擎。"))
@machine
@click.pass_obj
def blend_voices(session: Session, name: str, weights: tuple[str, ...], engine: str, machine: bool) -> None:
    from studio.cli.speaking import controls_of

    with session.open() as studio:
        voice = studio.keeping.blend(engine, weights_of(controls_of(weights)), name)
    as_json(plain(voice)) if machine else click.echo(f"{voice.name}  {voice.id}")


@voices.command("convert", help=say("Say a recording again in another voice.", "用另一个音色重说一段录音。"))
@click.argument("recording")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help=say("File to write.", "输出文件。")
)
@click.option(
    "-e",
    "--engine",
    default="",
    help=say("Engine; default: the first installed that converts.", "引擎；默认为第一个已安装的转换引擎。"),
)
@click.option("-v", "--voice", default="", help=say("Voice to say it in.", "目标音色。"))
@click.option("-c", "--control", "controls", multiple=True, metavar="NAME=VALUE", help=say("A control.", "控制项。"))
@machine
@click.pass_obj
def convert_voice(
    session: Session, recording: str, output: Path, engine: str, voice: str, controls: tuple[str, ...], machine: bool
) -> None:
    """RECORDING is a file, or take:DIGEST."""
    from studio.cli.speaking import controls_of

    with session.open() as studio:
        engine = studio.changing.engine(engine)
        job = studio.revoice(recording, output, engine, voice, controls_of(controls))
        made = watch(job, say("Converting", "正在转换"), session.quiet or machine)
    as_json(plain(made)) if machine else click.echo(f"{output}  {made.seconds:.1f} s  {made.voice}")


@voices.command("listen", help=say("Hear the clips of voices: words and emotion.", "识别音色的参考音频：文字与情感。"))
@click.argument("names", nargs=-1, required=True)
@click.option("--preview", default="", help=say("Spoken by voices without a clip.", "没有参考音频的音色朗读这句话。"))
@recogniser_option
@machine
@click.pass_obj
def listen_voices(session: Session, names: tuple[str, ...], preview: str, recogniser: str, machine: bool) -> None:
    with session.open() as studio:
        found = [(name, studio.listening.hear_voice(name, recogniser, preview)) for name in names]
        heard(say("Voice", "音色"), found, machine)


@voices.command("show", help=say("Everything about one voice.", "查看一个音色的全部信息。"))
@click.argument("voice")
@click.pass_obj
def show_voice(session: Session, voice: str) -> None:
    with session.open() as studio:
        as_json(plain(studio.voices.get(voice)))


@voices.command("edit", help=say("Rename, tag, rate a voice.", "修改音色的名称、标签、评分。"))
@click.argument("voice")
@click.option("--name", default=None, help=say("Another name.", "新名称。"))
@click.option(
    "--tag", "tags", multiple=True, help=say("Replaces all tags; repeat for several.", "替换全部标签，可重复。")
)
@click.option(
    "--rating", type=click.IntRange(0, 5), default=None, help=say("1 to 5; 0: none.", "评分 1 到 5，0 为不评。")
)
@click.option("--favourite/--no-favourite", default=None, help=say("Among the favourites or not.", "收藏或取消收藏。"))
@click.option("--description", default=None, help=say("What it is good for.", "音色说明。"))
@machine
@click.pass_obj
def edit_voice(session: Session, voice: str, tags: tuple[str, ...], machine: bool, **changes: Any) -> None:
    changed = {name: value for name, value in changes.items() if value is not None}
    if tags:
        changed["tags"] = tags
    from studio.studio import VoiceChange

    with session.open() as studio:
        edited = studio.voices.update(studio.voices.get(voice).id, VoiceChange(**changed))
    as_json(plain(edited)) if machine else click.echo(f"{edited.name}  {edited.id}")


@voices.command(
    "delete", help=say("Delete voices; `voices restore` brings them back.", "删除音色，可用 voices restore 恢复。")
)
@click.argument("names", nargs=-1, required=True, metavar="VOICES…")
@cloning.used
@cloning.by
@click.pass_obj
def delete_voices(session: Session, names: tuple[str, ...], then: str, by: str) -> None:
    with session.open() as studio:
        found = [studio.voices.get(name).id for name in names]
        cloning.delete_under(studio, found, then, by)
    click.echo(f"python -m studio voices restore {' '.join(found)}")


@voices.command("restore", help=say("Bring deleted voices back.", "恢复已删除的音色。"))
@click.argument("ids", nargs=-1, required=True, metavar="IDS…")
@click.pass_obj
def restore_voices(session: Session, ids: tuple[str, ...]) -> None:
    with session.open() as studio:
        found = [studio.voices.get(id) for id in ids]
        studio.voices.restore(ids)
    for voice in found:
        click.echo(voice.name)


_drawn = drawing.draw, drawing.interpolate, drawing.mutate, drawing.breed
for command in (*_drawn, *cloning.commands, survey.measure_voices, survey.find_voices, survey.duplicates):
    voices.add_command(command)
for command in (
    exchanging.import_voices,
    exchanging.export_voices,
    exchanging.voice_formats,
    exchanging.voice_packs,
    exchanging.tag_voices,
):
    voices.add_command(command)
