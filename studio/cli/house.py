"""`engines`, `models`, `doctor`, `bench`, `serve`: the house itself."""

import sys
from typing import Any

import click

from studio.cli.main import Session
from studio.cli.reader import LANGUAGE, say
from studio.cli.shelves import machine
from studio.cli.show import as_json, duration, table, watch
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


@click.command(help=say("Models: state, size, licence.", "模型：状态、大小、许可证。"))
@machine
@click.pass_obj
def models(session: Session, machine: bool) -> None:
    with session.open() as studio:
        found = studio.models()
    if machine:
        return as_json([model.to_json() for model in found])
    rows = [
        (m.id, m.title.text(LANGUAGE), m.word.text(LANGUAGE), f"{m.megabytes:.0f} MB", m.licence.text(LANGUAGE))
        for m in found
    ]
    table(
        [
            say(*w)
            for w in (("Model", "模型"), ("For", "用途"), ("State", "状态"), ("Size", "大小"), ("Licence", "许可证"))
        ],
        rows,
    )
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
        as_json([check.to_json() for check in checks])
    else:
        for check in checks:
            sign = say("ok  ", "正常") if check.good else say("FIX ", "待修")
            click.echo(f"{sign}  {check.name.text(LANGUAGE)}: {check.found.text(LANGUAGE)}")
            if not check.good:
                click.echo(f"      → {check.fix.text(LANGUAGE)}")
    if not all(check.good for check in checks):
        sys.exit(1)


@click.command(help=say("Measure how fast this machine speaks.", "测量本机的合成速度。"))
@click.option("--engine", default="espeak")
@click.option("--seconds", type=click.IntRange(1, 600), default=5, help=say("How long to measure.", "测量时长（秒）。"))
@machine
@click.pass_obj
def bench(session: Session, engine: str, seconds: int, machine: bool) -> None:
    with session.open() as studio:
        result = watch(studio.bench(engine, seconds), say("Measuring", "正在测量"), session.quiet or machine)
    if machine:
        return as_json(result.to_json())
    rows = [
        (r.language, f"{r.real_time_factor:.4f}", f"{r.first_sound_ms:.0f} ms", duration(r.audio_s))
        for r in result.rows
    ]
    headers = (("Text", "文本"), ("Real-time factor", "实时率"), ("First sound", "首次出声"), ("Audio", "音频时长"))
    table([say(*w) for w in headers], rows)
    return None


@click.command(
    help=say("Open the studio in the browser (as app.py does).", "在浏览器中打开工作室（同 app.py）。"),
    context_settings={"ignore_unknown_options": True},
    add_help_option=False,
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def serve(session: Session, options: tuple[str, ...]) -> Any:
    import subprocess
    from pathlib import Path

    app = Path(__file__).parents[2] / "app.py"
    try:
        sys.exit(subprocess.call([sys.executable, str(app), *session.serve_options(), *options]))
    except OSError as error:
        raise StudioError(f"{app.name}: {error.strerror}", f"{app.name}：{error.strerror}") from error
