"""`engines`, `models`, `doctor`, `bench`, `serve`: the house itself."""

import sys
from typing import Any

import click

from studio.cli.main import Session
from studio.cli.reader import LANGUAGE, say
from studio.cli.shelves import engine_option, machine
from studio.cli.show import as_json, duration, plain, table, watch
from studio.errors import StudioError


@click.command(help=say("What can speak, with every control.", "能发声的引擎及其全部控制项。"))
@machine
@click.pass_obj
def engines(session: Session, machine: bool) -> None:
    with session.open() as studio:
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


CONTROL_HEADERS = (("Control", "控制项"), ("Label", "名称"), ("Takes", "范围"), ("Default", "默认"), ("Help", "说明"))


@click.command(help=say("Models: what each engine needs, its state and licence.", "模型：各引擎所需、状态与许可证。"))
@machine
@click.pass_obj
def models(session: Session, machine: bool) -> None:
    with session.open() as studio:
        found = studio.engines()
    if machine:
        keys = ("id", "title", "state", "note", "command", "weights", "code_licence", "weights_licence")
        return as_json([{key: value for key, value in state.to_json().items() if key in keys} for state in found])
    for state in found:
        click.echo(f"{state.title.text(LANGUAGE)}  [{state.word.text(LANGUAGE)}]")
        if state.spec:
            weights = state.spec.weights_licence or say("none needed", "不需要")
            click.echo(say(f"  code: {state.spec.code_licence}", f"  代码：{state.spec.code_licence}"))
            click.echo(say(f"  weights: {weights}", f"  权重：{weights}"))
        if state.note:
            click.echo(f"  → {state.note.text(LANGUAGE)}")
    return None


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


@click.command(help=say("Measure how fast this machine speaks.", "测量本机的合成速度。"))
@engine_option
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
