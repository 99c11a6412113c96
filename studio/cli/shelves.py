"""`voices`, `takes`, `styles`: what the library keeps, listed, searched and changed."""

from pathlib import Path
from typing import Any

import click

from studio.cli.main import Session
from studio.cli.reader import LANGUAGE, say
from studio.cli.show import as_json, duration, plain, table

machine = click.option("--json", "machine", is_flag=True, help=say("As JSON.", "以 JSON 输出。"))
engine_option = click.option("--engine", default="espeak", help=say("Engine; default espeak.", "引擎，默认 espeak。"))
recogniser_option = click.option("--recogniser", default="", help=say("What listens.", "识别器。"))
paging = [
    click.option("--page", type=click.IntRange(1), default=1, help=say("Page.", "页码。")),
    click.option("--size", type=click.IntRange(1, 1000), default=50, help=say("Rows of a page.", "每页条数。")),
]


def paged(command: Any) -> Any:
    for option in reversed(paging):
        command = option(command)
    return machine(command)


def _footer(found: Any) -> None:
    if found.total > len(found.items):
        text = say(
            f"{len(found.items)} of {found.total}; page {found.page} of {found.pages}",
            f"共 {found.total} 条，显示 {len(found.items)} 条；第 {found.page}/{found.pages} 页",
        )
        click.echo(text, err=True)


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
    _footer(found)
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
        click.echo(studio.voice_code(engine, voice))


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
        voice = studio.keep_seed(engine, seed, name, **facts)
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
        voice = studio.keep_blend(engine, weights_of(controls_of(weights)), name)
    as_json(plain(voice)) if machine else click.echo(f"{voice.name}  {voice.id}")


def weights_of(values: dict[str, Any]) -> dict[str, float]:
    """What was written after each voice, as a number; `nan` for what is none, which the studio refuses."""
    return {name: float(value) if isinstance(value, (int, float)) else float("nan") for name, value in values.items()}


@voices.command("convert", help=say("Say a recording again in another voice.", "用另一个音色重说一段录音。"))
@click.argument("recording")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), required=True, help=say("File to write.", "输出文件。")
)
@click.option(
    "-e", "--engine", default="cosyvoice2", help=say("Engine; default cosyvoice2.", "引擎，默认 cosyvoice2。")
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
        made = studio.revoice(recording, output, engine, voice, controls_of(controls))
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
    "delete", help=say("Delete a voice; `voices restore` brings it back.", "删除音色，可用 voices restore 恢复。")
)
@click.argument("voice")
@click.pass_obj
def delete_voice(session: Session, voice: str) -> None:
    with session.open() as studio:
        found = studio.voices.get(voice)
        studio.voices.delete([found.id])
    click.echo(f"python -m studio voices restore {found.id}")


@voices.command("restore", help=say("Bring a deleted voice back.", "恢复已删除的音色。"))
@click.argument("id")
@click.pass_obj
def restore_voice(session: Session, id: str) -> None:
    with session.open() as studio:
        studio.voices.restore([id])
        click.echo(studio.voices.get(id).name)


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
    _footer(found)
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
@click.pass_obj
def export_take(session: Session, digest: str, output: Path, polish: str) -> None:
    with session.open() as studio:
        studio.export_take(studio.takes.get(digest).digest, output, polish)


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


def heard(name: str, found: list[tuple[str, Any]], machine: bool) -> None:
    """What was heard in takes or voices, for people or programs."""
    if machine:
        return as_json([one.to_json() for _, one in found])
    rows = []
    for called, one in found:
        suspicion = one.suspicion()
        rate = "" if one.error_rate is None else f"{one.error_rate:.0%}"
        why = suspicion.text(LANGUAGE) if suspicion else ""
        rows.append((called[:24], rate, one.emotion, one.transcript.text, why))
    table([name, say("Errors", "错误率"), say("Emotion", "情感"), say("Heard", "听到的内容"), say("Why", "疑点")], rows)
    return None


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
            f"{freed.takes} takes, {freed.bytes / 1e6:.1f} MB freed",
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
