"""`engines show`, `engines set`, `engines reset`: how models are loaded, and what their weights hold."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from studio.cli.main import Session
from studio.cli.options import machine
from studio.cli.reader import LANGUAGE, say
from studio.cli.show import as_json, table

if TYPE_CHECKING:
    from studio.studio import Studio

SOURCES = {"default": ("default", "默认"), "chosen": ("chosen", "已选定"), "environment": ("environment", "环境变量")}
HEADERS = (("Setting", "设置"), ("Value", "现值"), ("From", "来源"), ("Takes", "范围"), ("Help", "说明"))


@click.command(
    "show",
    help=say(
        "How an engine or recogniser is loaded, and what its weights hold (ChatTTS: the DVAE coefficient).",
        "查看引擎或识别器的加载设置，以及权重自带的内容（ChatTTS：DVAE 系数）。",
    ),
)
@click.argument("id")
@click.option(
    "-c",
    "--control",
    "controls",
    multiple=True,
    metavar="NAME=VALUE",
    help=say("A control beside, e.g. decoder=dvae.", "相关的控制项，例如 decoder=dvae。"),
)
@machine
@click.pass_obj
def show(session: Session, id: str, controls: tuple[str, ...], machine: bool) -> None:
    from studio.cli.speaking import controls_of

    with session.open() as studio:
        settings, held = studio.tuning.of(id), held_by(studio, id, controls_of(controls))
    if machine:
        return as_json({"settings": [one.to_json() for one in settings], "held": held})
    tell(settings)
    for name, text in held.items():
        click.echo(f"{name}  {text}")
    return None


def held_by(studio: "Studio", id: str, controls: dict[str, Any]) -> dict[str, str]:
    """What the weights of an engine hold, by control; nothing while they are not here."""
    state = next((one for one in studio.engines() if one.id == id), None)
    if state is None or state.spec is None or state.state != "ready":
        return {}
    return {one.name: studio.tuning.held(id, one.name, controls) for one in state.spec.controls if one.held}


@click.command(
    "set",
    help=say(
        "Choose how it is loaded: engines set chattts precision=fp32 rows=4. Kept in the data folder.",
        "选定加载设置：engines set chattts precision=fp32 rows=4。保存在数据文件夹中。",
    ),
)
@click.argument("id")
@click.argument("values", nargs=-1, required=True, metavar="NAME=VALUE…")
@click.pass_obj
def choose(session: Session, id: str, values: tuple[str, ...]) -> None:
    from studio.cli.speaking import controls_of

    change(session, id, controls_of(values))


@click.command(
    "reset", help=say("Back to the defaults: all settings, or those named.", "恢复默认：全部设置或指定的设置。")
)
@click.argument("id")
@click.argument("names", nargs=-1)
@click.pass_obj
def reset(session: Session, id: str, names: tuple[str, ...]) -> None:
    change(session, id, dict.fromkeys(names) if names else None)


def change(session: Session, id: str, changes: dict[str, Any] | None) -> None:
    """Change settings (None: all that were chosen go back), then show them. A server that runs is told about."""
    with session.open() as studio:
        if changes is None:
            changes = {one.control.name: None for one in studio.tuning.of(id) if one.source == "chosen"}
        settings = studio.tuning.change(id, changes)
        running = studio.folder.holder()
    tell(settings)
    if running:
        click.echo(
            say(
                "The studio that is running takes them when it is started again; on its page they hold at once.",
                "正在运行的音色工坊重新启动后才会采用；在其页面上修改则立即生效。",
            ),
            err=True,
        )


def tell(settings: Sequence[Any]) -> None:
    if not settings:
        return click.echo(say("There is nothing to set.", "没有可选的设置。"))
    rows = [
        (
            one.control.name,
            one.value,
            say(*SOURCES[one.source]) + (f" ({one.variable})" if one.source == "environment" else ""),
            one.control.span(LANGUAGE).strip(),
            one.control.help.text(LANGUAGE),
        )
        for one in settings
    ]
    table([say(*words) for words in HEADERS], rows)
    return None
