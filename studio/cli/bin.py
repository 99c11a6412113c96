"""`library`: what lies deleted, and its removal for good."""

import sys

import click

from studio.cli.main import Session
from studio.cli.options import machine
from studio.cli.reader import LANGUAGE, say
from studio.cli.show import as_json, plain, table
from studio.errors import BadRequest

HEADERS = (("Deleted", "已删除"), ("Count", "数量"), ("MB", "MB"), ("Since", "最早"), ("Still used", "仍在使用"))


@click.group(help=say("What was deleted: how much there is, and its removal.", "已删除的内容：占用多少，彻底删除。"))
def library() -> None: ...


@library.command(help=say("Show what lies deleted and how much room it takes.", "列出已删除的内容及其占用的空间。"))
@machine
@click.pass_obj
def deleted(session: Session, machine: bool) -> None:
    from studio.studio import BIN_KINDS

    with session.open() as studio:
        found = studio.bin.look()
    if machine:
        return as_json([plain(one) for one in found])
    if not found:
        click.echo(say("Nothing lies deleted.", "没有已删除的内容。"))
        return None
    rows = [
        (
            BIN_KINDS[one.kind].text(LANGUAGE),
            one.count,
            f"{one.bytes / 1e6:.1f}",
            f"{one.since:%Y-%m-%d}" if one.since else "",
            one.held or "",
        )
        for one in found
    ]
    table([say(*pair) for pair in HEADERS], rows)
    return None


@library.command(
    help=say(
        "Remove for good what was deleted and nothing uses any more.", "彻底删除已删除且不再使用的内容，无法恢复。"
    )
)
@click.option(
    "--older-than",
    type=click.IntRange(0, 36_500),
    default=0,
    metavar="DAYS",
    help=say("Only what was deleted more than DAYS ago.", "只删除早于 DAYS 天前删除的。"),
)
@click.option(
    "--strays",
    is_flag=True,
    help=say(
        "Also files that belong to nothing in this library.",
        "同时删除不属于此资料库的旧文件。",
    ),
)
@click.option("--yes", is_flag=True, help=say("Do not ask.", "不再询问。"))
@machine
@click.pass_obj
def empty(session: Session, older_than: int, strays: bool, yes: bool, machine: bool) -> None:
    if not yes and not sys.stdin.isatty():
        raise BadRequest(
            "library empty: what is removed cannot be brought back; say --yes",
            "library empty：彻底删除后无法恢复；请加上 --yes",
            where="yes",
        )
    question = say("Remove it for good? It cannot be brought back.", "彻底删除？之后无法恢复。")
    if not yes and not click.confirm(question, err=True):
        return None
    with session.open() as studio:
        done = studio.bin.empty(older_than, stray_files=strays)
    if machine:
        return as_json({"count": done.count, "bytes": done.bytes, "held": done.held, **plain(done)})
    click.echo(
        say(
            f"{done.count} removed, {done.bytes / 1e6:.1f} MB freed; {done.held} still used and kept",
            f"彻底删除 {done.count} 项，释放 {done.bytes / 1e6:.1f} MB；{done.held} 项仍在使用而保留",
        )
    )
    for name in done.failed:
        click.echo(say(f"could not be removed: {name}", f"无法删除：{name}"), err=True)
    return None
