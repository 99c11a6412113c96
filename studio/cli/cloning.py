"""`voices clone` and what belongs to it: the doctor of recordings, consent, clips for moods, deletion under use."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from studio.cli.main import Session
from studio.cli.options import machine
from studio.cli.reader import LANGUAGE, say
from studio.cli.show import as_json, plain, table

if TYPE_CHECKING:
    from studio.studio import Rights, Studio, Voice

VERDICTS = {"good": say("good", "好"), "fair": say("fair", "一般"), "poor": say("poor", "差")}
SENTENCE = say(
    "By naming the speaker you confirm: I have the right to use this voice and the speaker's consent.",
    "填写说话人即表示确认：我有权使用该声音，并已征得说话人同意。",
)


def consent(command: Any) -> Any:
    """The options of a record."""
    options = [
        click.option("--speaker", default="", help=say(f"Whose voice it is. {SENTENCE}", f"这是谁的声音。{SENTENCE}")),
        click.option(
            "--uses",
            default="personal",
            metavar="USE,…",
            help=say(
                "What they agreed to: personal, commercial, research, training.",
                "同意的用途：personal 个人、commercial 商业、research 研究、training 训练。",
            ),
        ),
        click.option("--expires", default="", help=say("The last day, as 2027-12-31.", "到期日，如 2027-12-31。")),
        click.option("--proof", default="", help=say("Where the consent is written.", "授权凭证的存放位置。")),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def clipped(command: Any) -> Any:
    """The options of a clip that is taken out of a recording."""
    options = [
        click.option(
            "--trim",
            type=click.Choice(["best", "none"]),
            default="best",
            help=say("The best 3 to 10 s, or all of it as it is.", "截取最好的 3–10 秒，或原样使用。"),
        ),
        click.option("--start", type=float, default=None, help=say("Or from this second …", "或从第几秒开始…")),
        click.option("--end", type=float, default=None, help=say("… to this one.", "…到第几秒。")),
        click.option(
            "--transcript",
            default="auto",
            help=say(
                "What is said in it; default: what a recogniser hears, where one is installed.",
                "片段里说的话；默认由已安装的识别器填写。",
            ),
        ),
        click.option("--as-loud", is_flag=True, help=say("Leave its level as it is.", "不调整音量。")),
        click.option("--text-language", "language", default="", help=say("Language spoken.", "所说的语言。")),
    ]
    for option in reversed(options):
        command = option(command)
    return command


def _clip(start: float | None, end: float | None, as_loud: bool, **rest: Any) -> dict[str, Any]:
    """The options of `clipped` as the studio takes them."""
    stretch = None if start is None and end is None else (start or 0.0, end if end is not None else (start or 0.0) + 10)
    return {**rest, "stretch": stretch, "normalise": not as_loud}


def _record(studio: "Studio", speaker: str, uses: str, expires: str, proof: str) -> "Rights":
    listed = [use.strip() for use in uses.split(",") if use.strip()]
    return studio.cloning.record(speaker, listed, expires, proof, SENTENCE)


@click.command(
    "doctor", help=say("What a recording is worth as the clip of a voice.", "检查一段录音是否适合克隆音色。")
)
@click.argument("file", type=click.Path(path_type=Path))
@machine
@click.pass_obj
def doctor(session: Session, file: Path, machine: bool) -> None:
    with session.open() as studio:
        found = studio.cloning.doctor(file)
        best = found.best
        uses = studio.cloning.uses(best.seconds if best else found.seconds, found.rate)
    if machine:
        return as_json({**plain(found), "verdict": found.verdict, "engines": plain(uses)})
    heads = ("Looked at", "项目"), ("Verdict", "结论"), ("Found", "结果"), ("What to do", "建议")
    rows = [
        (one.label.text(LANGUAGE), VERDICTS[one.verdict], one.told.text(LANGUAGE), one.advice.text(LANGUAGE))
        for one in found.findings
    ]
    table([say(*head) for head in heads], rows)
    if best:
        told = say(
            f"best: {best.start:.2f} to {best.end:.2f} s ({best.seconds:.1f} s, {best.snr_db:.0f} dB above the noise)",
            f"推荐片段：{best.start:.2f}–{best.end:.2f} 秒（{best.seconds:.1f} 秒，信噪比 {best.snr_db:.0f} dB）",
        )
        click.echo(told)
    for use in uses:
        click.echo(f"{use.engine}: {use.told.text(LANGUAGE)}")
    return None


@click.command("clone", help=say("A voice from a recording.", "用一段录音克隆音色。"))
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("name")
@click.option(
    "--engine",
    "-e",
    default="",
    help=say("Engine; default: the first installed that takes clips.", "引擎；默认为第一个已安装的克隆引擎。"),
)
@consent
@clipped
@click.option("--tag", "tags", multiple=True, help=say("A tag; repeat for several.", "标签，可重复。"))
@machine
@click.pass_obj
def clone(
    session: Session,
    file: Path,
    name: str,
    engine: str,
    speaker: str,
    uses: str,
    expires: str,
    proof: str,
    tags: tuple[str, ...],
    machine: bool,
    **clip: Any,
) -> None:
    with session.open() as studio:
        rights = _record(studio, speaker, uses, expires, proof) if speaker else None
        voice = studio.cloning.clone(file, name, studio.cloning.engine(engine), rights, tags=tags, **_clip(**clip))
        standing = studio.cloning.standing(voice.id)
    if standing.missing:
        click.echo(standing.missing.text(LANGUAGE), err=True)
    _shown(voice, machine)


def _shown(voice: "Voice", machine: bool) -> None:
    as_json(plain(voice)) if machine else click.echo(f"{voice.name}  {voice.id}")


@click.command("consent", help=say("Whose voice it is and what it may be used for.", "查看或填写音色的授权记录。"))
@click.argument("voice")
@consent
@click.option("--withdraw", is_flag=True, help=say("Take the record away.", "删除授权记录。"))
@machine
@click.pass_obj
def consent_of(
    session: Session, voice: str, speaker: str, uses: str, expires: str, proof: str, withdraw: bool, machine: bool
) -> None:
    """Without a speaker, the record is shown."""
    with session.open() as studio:
        if speaker or withdraw:
            studio.cloning.allow(voice, None if withdraw else _record(studio, speaker, uses, expires, proof))
        found = studio.cloning.standing(voice)
    if machine:
        record = found.rights.to_json() if found.rights else None
        return as_json({"cloned": found.cloned, "permitted": found.permitted, "rights": record})
    if found.rights:
        ends = found.rights.expires or say("no end", "长期")
        click.echo(f"{found.rights.speaker} · {', '.join(found.rights.uses)} · {ends}")
    if found.missing:
        click.echo(found.missing.text(LANGUAGE))
    elif not found.cloned:
        click.echo(say("not cloned: it needs no consent", "不是克隆音色，无需授权"))
    return None


@click.group(
    "references", help=say("More clips of a voice, one for each mood.", "一个音色的多段参考音频，按情感区分。")
)
def references() -> None: ...


@references.command("list", help=say("The clips of a voice.", "列出一个音色的参考音频。"))
@click.argument("voice")
@machine
@click.pass_obj
def list_references(session: Session, voice: str, machine: bool) -> None:
    with session.open() as studio:
        found = studio.cloning.references(voice)
    if machine:
        return as_json([plain(one) for one in found])
    heads = ("Emotion", "情感"), ("Seconds", "秒"), ("Transcript", "文字稿")
    table([*(say(*head) for head in heads), "id"], [(o.emotion, f"{o.seconds:.1f}", o.transcript, o.id) for o in found])
    return None


@references.command("add", help=say("Another clip, for texts that ask for this emotion.", "为一种情感添加参考音频。"))
@click.argument("voice")
@click.argument("emotion")
@click.argument("file", type=click.Path(path_type=Path))
@clipped
@machine
@click.pass_obj
def add_reference(session: Session, voice: str, emotion: str, file: Path, machine: bool, **clip: Any) -> None:
    with session.open() as studio:
        made = studio.cloning.add_reference(voice, emotion, file, **_clip(**clip))
    as_json(plain(made)) if machine else click.echo(f"{made.emotion}  {made.seconds:.1f} s  {made.id}")


@references.command("edit", help=say("Another label or transcript.", "修改情感或文字稿。"))
@click.argument("voice")
@click.argument("id")
@click.option("--emotion", default=None, help=say("Another emotion.", "新的情感。"))
@click.option("--transcript", default=None, help=say("What is said in it.", "片段里说的话。"))
@click.pass_obj
def edit_reference(session: Session, voice: str, id: str, emotion: str | None, transcript: str | None) -> None:
    with session.open() as studio:
        studio.cloning.change_reference(voice, id, emotion, transcript)


@references.command("delete", help=say("Remove a clip for good.", "永久删除一段参考音频。"))
@click.argument("voice")
@click.argument("id")
@click.pass_obj
def delete_reference(session: Session, voice: str, id: str) -> None:
    with session.open() as studio:
        studio.cloning.delete_reference(voice, id)


@references.command(
    "save", help=say("A clip as a file: a voice's own, or one of its references.", "把参考音频存为文件。")
)
@click.argument("voice")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help=say("File.", "输出文件。"))
@click.option("--id", "reference", default="", help=say("Which one; default: its own.", "哪一段；默认是音色自己的。"))
@click.pass_obj
def save_reference(session: Session, voice: str, output: Path, reference: str) -> None:
    with session.open() as studio:
        studio.cloning.save_clip(voice, output, reference)
    click.echo(str(output))


used = click.option(
    "--in-productions",
    "then",
    type=click.Choice(["leave", "keep", "replace"]),
    default="leave",
    help=say(
        "Productions that use it: ask for another voice, keep it for themselves, or take --by.",
        "使用它的作品：leave 以后再选，keep 在作品中保留，replace 换成 --by。",
    ),
)
by = click.option("--by", default="", metavar="VOICE", help=say("The voice that takes over.", "接替的音色。"))


def delete_under(studio: "Studio", ids: list[str], then: Any, by: str) -> None:
    """Take voices out of the library, and say which productions that touches."""
    for id in ids:
        uses = studio.cloning.delete(id, then, by)
        if uses and then == "leave":
            titles = ", ".join(use.title for use in uses)
            told = say(
                f"in use: {titles}; restore it, or give these productions another voice",
                f"以下作品在使用：{titles}；请恢复它，或为这些作品换一个音色",
            )
            click.echo(told, err=True)


commands = clone, doctor, consent_of, references
