"""Commands over productions with a script: begin, look, cast, render, export, pack."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from studio.cli.main import Session
from studio.cli.options import pan_option, places, subtitles_option, with_into
from studio.cli.reader import LANGUAGE, say
from studio.cli.show import as_json, duration, plain, table, warn, watch
from studio.errors import BadRequest
from studio.words import counted

OPENING = 90  # characters of a paragraph that are shown


@click.group(help=say("Books, podcasts and plays, worked on line by line.", "有声书、播客与广播剧，逐条制作。"))
def productions() -> None: ...


MACHINE = click.option("--json", "machine", is_flag=True, help=say("As JSON.", "以 JSON 输出。"))


@productions.command("list", help=say("What is on the shelf.", "列出作品。"))
@MACHINE
@click.pass_obj
def shown(session: Session, machine: bool) -> None:
    with session.open() as studio:
        found = studio.scripts.find(size=200)
        rows = [(one, studio.scripts.progress(one.id)) for one in found.items]
        if machine:
            return as_json([plain(one) | {"lines": plain(progress)} for one, progress in rows])
        table(
            ["id", say("Title", "标题"), say("State", "状态"), say("Lines", "台词"), say("Length", "时长")],
            [
                (one.id, one.title, one.state, f"{_done(progress)}/{progress.lines}", duration(progress.seconds))
                for one, progress in rows
            ],
        )


@productions.command("look", help=say("What is in a manuscript.", "查看书稿里有什么。"))
@click.argument("manuscript", type=click.Path(path_type=Path))
@click.option(
    "--section", type=int, help=say("The paragraphs of this section, to split it.", "列出这一部分的段落，以便拆分。")
)
@MACHINE
@click.pass_obj
def look(session: Session, manuscript: Path, section: int | None, machine: bool) -> None:
    from studio.studio import Choices

    with session.open() as studio:
        document = studio.scripts.look(manuscript)
        if section is not None:
            studio.scripts.script_of(document, Choices(sections=frozenset({section})))  # that there is one
            passages = document.sections[section].passages
            places = [(n, passages[n].kind, passages[n].text) for n in document.sections[section].places()]
            if machine:
                return as_json([dict(zip(("paragraph", "kind", "text"), one, strict=True)) for one in places])
            return table(
                [say("No.", "序号"), say("Kind", "类型"), say("A chapter can begin with", "新的一章可由此开始")],
                [(n, kind, text if len(text) <= OPENING else text[: OPENING - 1] + "…") for n, kind, text in places],
            )
        script = studio.scripts.script_of(document)
        if machine:
            return as_json(document.to_json() | {"lines": script.lines, "speakers": [plain(f) for f in script.figures]})
        click.echo(f"{document.title} · {document.author} · {document.language} · {document.format}")
        for note in document.notes:
            click.echo(f"  {note.text(LANGUAGE)}", err=True)
        table(
            [say("No.", "序号"), say("Kind", "类型"), say("Chapter", "章节"), say("Characters", "字符数")],
            [(n, one.kind, one.title, one.characters) for n, one in enumerate(document.sections)],
        )
        named = ", ".join(f"{one.name} ({one.quotes})" for one in script.figures[:20])
        about = duration(script.seconds)
        click.echo(
            say(
                f"{counted(script.lines, 'line')}, about {about}; speakers: {named or 'none'}",
                f"共 {script.lines} 条台词，约 {about}；说话人：{named or '无'}",
            )
        )


@productions.command("begin", help=say("Make a production from a manuscript.", "用书稿创建作品。"))
@click.argument("manuscript", type=click.Path(path_type=Path))
@click.option("--title", default="", help=say("Title; default: as found.", "标题，默认自动识别。"))
@click.option("--author", default="", help=say("Author; default: as found.", "作者，默认自动识别。"))
@click.option("--kind", default="audiobook", help=say("audiobook, podcast or drama.", "audiobook、podcast 或 drama。"))
@click.option("--engine", default="espeak", help=say("Engine.", "引擎。"))
@click.option("--voice", default="", help=say("Voice of the narrator.", "旁白的音色。"))
@click.option("--style", default="", help=say("Style of the narrator.", "旁白的风格。"))
@click.option("--language", default="auto", help=say("Language.", "语言。"))
@click.option("--seed", type=int, default=0, help=say("Text seed.", "文本种子。"))
@click.option(
    "--section",
    "sections",
    type=int,
    multiple=True,
    help=say("Only these sections (see `look`).", "只读这些部分（见 look）。"),
)
@click.option(
    "--with",
    "parts",
    multiple=True,
    help=say("Read as well: footnote, page, front, notes …", "同时朗读：footnote、page、front、notes 等。"),
)
@click.option(
    "--title-of",
    "titles",
    multiple=True,
    metavar="NUMBER=TITLE",
    help=say("Call a section so (see `look`); repeat for several.", "给某部分改标题（见 look），可重复使用。"),
)
@click.option(
    "--join",
    "joined",
    type=int,
    multiple=True,
    metavar="NUMBER",
    help=say("This section goes on with the one before it.", "把这一部分并入前一部分。"),
)
@click.option(
    "--split",
    "cuts",
    multiple=True,
    metavar="NUMBER:PARAGRAPH[=TITLE]",
    help=say(
        "Another chapter begins in this section at this paragraph (see `look --section`).",
        "从这一部分的这一段起另成一章（见 look --section）。",
    ),
)
@click.option("--no-dialogue", is_flag=True, help=say("Do not look for speakers.", "不识别说话人。"))
@MACHINE
@click.pass_obj
def begin(
    session: Session,
    manuscript: Path,
    sections: Sequence[int],
    parts: Sequence[str],
    titles: Sequence[str],
    joined: Sequence[int],
    cuts: Sequence[str],
    no_dialogue: bool,
    machine: bool,
    **begun: Any,
) -> None:
    from studio.studio import Begun, Choices

    with session.open() as studio:
        known = studio.scripts.parts_of_manuscripts()
        if unknown := set(parts) - set(known):
            raise BadRequest(
                f"--with {sorted(unknown)[0]}: takes {', '.join(known)}",
                f"--with {sorted(unknown)[0]}：可选 {'、'.join(known)}",
                where="with",
            )
        chosen = Choices(
            frozenset({"heading", *parts}),  # type: ignore[arg-type]
            frozenset(sections) if sections else None,
            dialogue=not no_dialogue,
            titles=dict(_title(one) for one in titles),
            joined=frozenset(joined),
            cuts=_cuts(cuts),
        )
        made = studio.scripts.begin(manuscript, Begun(**begun), chosen)
        if machine:
            return as_json(plain(made))
        click.echo(made.id)


@productions.command(
    "cast", help=say("Who speaks; with SPEAKER=VOICE, cast them.", "查看配音表；用 说话人=音色 指定。")
)
@click.argument("id")
@click.argument("parts", nargs=-1)
@click.option("--engine", default="", help=say("Engine of these voices.", "这些音色的引擎。"))
@pan_option
@with_into
@MACHINE
@click.pass_obj
def cast(
    session: Session,
    id: str,
    parts: Sequence[str],
    engine: str,
    pans: Sequence[str],
    into: str,
    converter: str,
    machine: bool,
) -> None:
    from studio.studio import Member

    with session.open() as studio:
        members = []
        for part in parts:
            speaker, equals, voice = part.partition("=")
            if not equals:
                raise BadRequest(f"“{part}”: write SPEAKER=VOICE", f"“{part}”：请写成 说话人=音色", where="cast")
            members.append(Member(speaker, engine, voice, into=into, converter=converter))
        if members:
            kept = {part.member.speaker: part.member.pan for part in studio.scripts.parts(id)}
            studio.scripts.cast(id, [replace(one, pan=kept.get(one.speaker, 0.0)) for one in members])
        if pans:
            studio.scripts.pan(id, places(pans))
        found = studio.scripts.parts(id)
        if machine:
            return as_json([plain(one) for one in found])
        table(
            [
                say("Speaker", "说话人"),
                say("Lines", "台词"),
                say("Engine", "引擎"),
                say("Voice", "音色"),
                say("Into", "换成"),
                say("Place", "位置"),
            ],
            [
                (
                    one.member.speaker or say("narrator", "旁白"),
                    one.lines,
                    whole.engine,
                    whole.voice,
                    whole.into,
                    f"{one.member.pan:g}",
                )
                for one in found
                for whole in [studio.scripts.member(id, one.member.speaker)]
            ],
        )


@productions.command(
    "render",
    help=say(
        "Render what is missing; Ctrl-C stops, and it goes on next time.", "渲染缺少的部分；Ctrl-C 停止，下次继续。"
    ),
)
@click.argument("id")
@click.option("--chapter", default="", help=say("Only this chapter (id).", "只渲染这一章（id）。"))
@MACHINE
@click.pass_obj
def render(session: Session, id: str, chapter: str, machine: bool) -> None:
    from studio.studio import LineQuery, Scope

    with session.open() as studio:
        warn(studio.scripts.cautions(id).values())
        job = studio.scripts.render(id, Scope(chapter=chapter))
        progress = watch(job, say("Rendering", "正在渲染"), session.quiet or machine)
        problems = studio.scripts.lines(id, LineQuery(problem="any"), 0, 200).items
        if machine:
            return as_json(plain(progress) | {"rendered": job.rendered, "problems": [plain(line) for line in problems]})
        for line in problems:
            click.echo(f"  {line.problem or line.state}: {line.text[:70]}", err=True)
        click.echo(say(f"{counted(job.rendered, 'line')} rendered, {duration(progress.seconds)} in all",
                       f"渲染了 {job.rendered} 条，共 {duration(progress.seconds)}"), err=True)  # fmt: skip


@productions.command("export", help=say("Write finished files, each measured.", "导出成品并逐个检测。"))
@click.argument("id")
@click.option(
    "--as",
    "kind",
    default="m4b",
    help=say("m4b, acx, podcast, mp3, flac, wav, opus.", "m4b、acx、podcast、mp3、flac、wav、opus。"),
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help=say("File, or folder where every chapter is one.", "文件；每章一个文件时为文件夹。"),
)
@click.option(
    "--stems",
    type=click.Path(path_type=Path),
    help=say("Also a track for each speaker, with labels for Audacity.", "另外导出每个说话人的音轨和 Audacity 标签。"),
)
@click.option(
    "--stereo-stems",
    is_flag=True,
    help=say("These tracks in stereo, each in its place.", "音轨用立体声，各在其位。"),
)
@click.option(
    "--channels",
    type=click.Choice(["auto", "mono", "stereo"]),
    help=say(
        "Kept with the production; auto is stereo where somebody stands left or right.",
        "随作品保存；auto 表示有人偏左或偏右时用立体声。",
    ),
)
@subtitles_option
@MACHINE
@click.pass_obj
def export(
    session: Session,
    id: str,
    kind: str,
    output: Path | None,
    stems: Path | None,
    stereo_stems: bool,
    channels: str | None,
    subtitles: str,
    machine: bool,
) -> None:
    with session.open() as studio:
        formats = studio.subtitles.asked(subtitles)
        if channels:
            studio.scripts.change_settings(id, "sound", {"channels": channels})
        done = watch(studio.scripts.export(id, kind, output), say("Exporting", "正在导出"), session.quiet or machine)
        if stems:
            studio.scripts.stems(id, stems, stereo=stereo_stems)
        for path in studio.subtitles.beside(id, formats) if formats else ():
            click.echo(path, err=True)
        if machine:
            return as_json([file.to_json() | {"path": str(file.path)} for file in done.files])
        for file in done.files:
            sides = say("stereo", "立体声") if file.channels == 2 else say("mono", "单声道")
            click.echo(f"{file.path}  {duration(file.levels.seconds)}  {sides}")
            for check in file.checks:
                sign = "✓" if check.passed else "✗"
                value = "−∞" if check.value is None else f"{check.value:.1f}"
                click.echo(f"  {sign} {check.limit.label.text(LANGUAGE)} {value} {check.limit.unit}", err=True)
        for note in done.notes:
            click.echo(f"  {note.text(LANGUAGE)}", err=True)
        if done.left_out:
            click.echo(
                say(
                    f"  not in it, because without a take: {counted(done.left_out, 'line')}",
                    f"  有 {done.left_out} 条台词没有版本，未包含在内",
                ),
                err=True,
            )


@productions.command("pack", help=say("Everything as one zip or folder.", "打包成 ZIP 或文件夹。"))
@click.argument("id")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--no-takes", is_flag=True, help=say("Without sound.", "不含音频。"))
@click.pass_obj
def pack(session: Session, id: str, target: Path, no_takes: bool) -> None:
    with session.open() as studio:
        count = studio.scripts.pack(id, target, takes=not no_takes)
        click.echo(say(f"{target}  {counted(count, 'take')}", f"{target}  {count} 个版本"), err=True)


@productions.command("unpack", help=say("A production from a pack.", "从打包文件恢复作品。"))
@click.argument("source", type=click.Path(path_type=Path))
@click.pass_obj
def unpack(session: Session, source: Path) -> None:
    with session.open() as studio:
        click.echo(studio.scripts.unpack(source).id)


@productions.command("revise", help=say("Lay a new version of the manuscript over the script.", "用新版文稿更新剧本。"))
@click.argument("id")
@click.argument("manuscript", type=click.Path(path_type=Path))
@click.pass_obj
def revise(session: Session, id: str, manuscript: Path) -> None:
    with session.open() as studio:
        found = studio.scripts.revise(id, manuscript)
        click.echo(say(f"{counted(found['kept'], 'line')} kept, {found['added']} new, {found['removed']} gone",
                       f"保留 {found['kept']} 条，新增 {found['added']} 条，移除 {found['removed']} 条"))  # fmt: skip


def _title(part: str) -> tuple[int, str]:
    """`NUMBER=TITLE` taken apart."""
    number, equals, title = part.partition("=")
    if not (equals and number.isascii() and number.isdigit()):
        raise BadRequest(
            f"--title-of “{part}”: write NUMBER=TITLE, as in 2=The Storm",
            f"--title-of “{part}”：请写成 序号=标题，如 2=风雨夜",
            where="title-of",
        )
    return int(number), title.strip()


def _cuts(parts: Sequence[str]) -> dict[int, dict[int, str | None]]:
    """`NUMBER:PARAGRAPH[=TITLE]`, each taken apart."""
    found: dict[int, dict[int, str | None]] = {}
    for part in parts:
        place, equals, title = part.partition("=")
        if not (numbers := re.fullmatch(r"(\d+):(\d+)", place, re.ASCII)):
            raise BadRequest(
                f"--split “{part}”: write NUMBER:PARAGRAPH=TITLE, as in 2:14=The Storm",
                f"--split “{part}”：请写成 序号:段落=标题，如 2:14=风雨夜",
                where="split",
            )
        found.setdefault(int(numbers[1]), {})[int(numbers[2])] = title.strip() if equals else None
    return found


def _done(progress: Any) -> int:
    return int(sum(progress.states.get(state, 0) for state in ("done", "locked")))
