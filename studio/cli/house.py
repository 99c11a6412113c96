"""`engines`, `models`, `doctor`, `bench`, `serve`: the house itself."""

import sys
from typing import Any

import click

from studio.cli import tuning
from studio.cli.main import Session
from studio.cli.options import machine
from studio.cli.reader import LANGUAGE, say
from studio.cli.show import as_json, duration, plain, table, watch
from studio.errors import NotInstalled, StudioError


@click.group(
    invoke_without_command=True, help=say("What can speak, with every control.", "能发声的引擎及其全部控制项。")
)
@machine
@click.pass_context
def engines(context: click.Context, machine: bool) -> None:
    if context.invoked_subcommand:
        return None
    with context.obj.open() as studio:
        found = studio.engines()
    if machine:
        return as_json([state.to_json() for state in found])
    for state in found:
        click.echo(f"{state.id}  {state.title.text(LANGUAGE)}  [{state.word.text(LANGUAGE)}]")
        if state.spec:
            rows = [
                (c.name, c.label.text(LANGUAGE), c.span(LANGUAGE), c.default, c.help.text(LANGUAGE))
                for c in state.spec.controls
            ]
            table([say(*w) for w in CONTROL_HEADERS], rows)
    return None


for command in (tuning.show, tuning.choose, tuning.reset):
    engines.add_command(command)


CONTROL_HEADERS = (("Control", "控制项"), ("Label", "名称"), ("Takes", "范围"), ("Default", "默认"), ("Help", "说明"))


@click.group(
    invoke_without_command=True,
    help=say("Models: which there are, their state and licence.", "模型：有哪些、状态与许可证。"),
)
@machine
@click.pass_context
def models(context: click.Context, machine: bool) -> None:
    if context.invoked_subcommand:
        return None
    with context.obj.open() as studio:
        found = studio.models.list()
    if machine:
        return as_json([model.to_json() for model in found])
    for model in found:
        weights = model.weights
        click.echo(f"{weights.id}  {weights.title.text(LANGUAGE)}  [{model.state.text(LANGUAGE)}]")
        click.echo(say(f"  about {weights.about_bytes / 1e9:.1f} GB", f"  约 {weights.about_bytes / 1e9:.1f} GB"))
        click.echo(f"  {weights.licence}: {weights.licence_words.text(LANGUAGE)}")
        if model.found:
            click.echo(f"  {model.found.root}")
        elif model.missing:
            click.echo(f"  → {model.missing.text(LANGUAGE)}")
    return None


@models.command(help=say("Fetch a model, after its licence was shown.", "显示许可证后下载模型。"))
@click.argument("id")
@click.option("--yes", is_flag=True, help=say("Accept the licence.", "同意许可证。"))
@click.option("--endpoint", help=say("Address of a mirror of the hub (HF_ENDPOINT).", "镜像站地址（HF_ENDPOINT）。"))
@click.pass_obj
def install(session: Session, id: str, yes: bool, endpoint: str | None) -> None:
    with session.open() as studio:
        model = studio.models.get(id)
        weights = model.weights
        if model.found is None and not yes and sys.stdin.isatty():
            click.echo(f"{weights.licence}: {weights.licence_words.text(LANGUAGE)}", err=True)
            yes = click.confirm(say("Do you accept this?", "是否同意？"), err=True)
        found = watch(studio.models.install(id, yes, endpoint), weights.title.text(LANGUAGE), session.quiet)
    click.echo(str(found.root))


@models.command(help=say("Read a model's files again and compare their digests.", "重新读取并核对模型文件。"))
@click.argument("id")
@click.pass_obj
def verify(session: Session, id: str) -> None:
    with session.open() as studio:
        title = studio.models.get(id).weights.title.text(LANGUAGE)
        found = watch(studio.models.verify(id), title, session.quiet)
    if found.source == "local":
        text = say(
            "every file can be read; a folder of yours may hold other weights", "文件均可读取；自备文件夹可能是其他权重"
        )
    else:
        text = say("as published", "与发布的一致")
    click.echo(f"{found.root}: {text}")


@models.command(help=say("Delete an installed model.", "删除已安装的模型。"))
@click.argument("id")
@click.pass_obj
def remove(session: Session, id: str) -> None:
    with session.open() as studio:
        studio.models.remove(id)


@models.command(help=say("Where a model's files are.", "显示模型文件的位置。"))
@click.argument("id")
@click.pass_obj
def where(session: Session, id: str) -> None:
    with session.open() as studio:
        model = studio.models.get(id)
    if model.found is None:
        words = model.missing
        assert words is not None
        raise NotInstalled(words.en, words.zh)
    click.echo(str(model.found.root))


@click.group(invoke_without_command=True, help=say("Keys of the API.", "API 密钥。"))
@machine
@click.pass_context
def keys(context: click.Context, machine: bool) -> None:
    if context.invoked_subcommand:
        return None
    with context.obj.open() as studio:
        found = studio.keys.list()
    if machine:
        return as_json([plain(key) for key in found])
    rows = [
        (k.id, k.name, f"{k.created:%Y-%m-%d}", "" if k.revoked is None else say("revoked", "已吊销")) for k in found
    ]
    table(["id", say("Name", "名称"), say("Made", "创建"), ""], rows)
    return None


@keys.command("add", help=say("Make a key; it is shown once.", "创建密钥，只显示一次。"))
@click.argument("name")
@click.pass_obj
def add_key(session: Session, name: str) -> None:
    with session.open() as studio:
        click.echo(studio.keys.add(name)[1])


@keys.command("revoke", help=say("Make a key useless.", "吊销密钥。"))
@click.argument("id")
@click.pass_obj
def revoke_key(session: Session, id: str) -> None:
    with session.open() as studio:
        click.echo(studio.keys.revoke(id).name)


@click.command(
    help=say("Check the installation; each problem comes with its fix.", "检查安装，并给出每个问题的解决办法。")
)
@machine
@click.pass_obj
def doctor(session: Session, machine: bool) -> None:
    from studio.doctor import examine

    checks = list(examine(session.open))
    if machine:
        as_json([plain(check) for check in checks])
    else:
        for check in checks:
            sign = say("ok  ", "正常") if check.good else say("FIX ", "待修")
            click.echo(f"{sign}  {check.name.text(LANGUAGE)}: {check.found.text(LANGUAGE)}")
            if not check.good:
                click.echo(f"      → {check.fix.text(LANGUAGE)}")
    if not all(check.good for check in checks):
        sys.exit(1)


@click.command(help=say("Measure how fast this machine speaks with ENGINE.", "测量本机用 ENGINE 合成的速度。"))
@click.argument("engine", default="espeak")
@click.option("--seconds", type=click.IntRange(1, 600), default=5, help=say("How long to measure.", "测量时长（秒）。"))
@machine
@click.pass_obj
def bench(session: Session, engine: str, seconds: int, machine: bool) -> None:
    with session.open() as studio:
        result = watch(studio.bench(engine, seconds), say("Measuring", "正在测量"), session.quiet or machine)
    if machine:
        return as_json([plain(row) | {"real_time_factor": row.real_time_factor} for row in result])
    rows = [
        (r.language, f"{r.real_time_factor:.4f}", f"{r.first_sound_ms:.0f} ms", duration(r.audio_s)) for r in result
    ]
    headers = (("Text", "文本"), ("Real-time factor", "实时率"), ("First sound", "首次出声"), ("Audio", "音频时长"))
    table([say(*w) for w in headers], rows)
    return None


@click.command(
    help=say("Open the studio in the browser (as app.py does).", "在浏览器中打开音色工坊（同 app.py）。"),
    context_settings={"ignore_unknown_options": True},
    add_help_option=False,
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def serve(session: Session, options: tuple[str, ...]) -> Any:
    import os
    import subprocess
    from pathlib import Path

    app = Path(__file__).parents[2] / "app.py"
    try:
        command = [sys.executable, str(app), *session.serve_options(), *options]
        sys.exit(subprocess.call(command, env={**os.environ, **session.serve_environment()}))
    except OSError as error:
        raise StudioError(f"{app.name}: {error.strerror}", f"{app.name}：{error.strerror}") from error
