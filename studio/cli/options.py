"""Options and endings that several commands share."""

from collections.abc import Iterable
from typing import Any

import click

from studio.cli.reader import LANGUAGE, say
from studio.cli.show import as_json, table
from studio.errors import BadRequest

machine = click.option("--json", "machine", is_flag=True, help=say("As JSON.", "以 JSON 输出。"))
engine_option = click.option("--engine", default="espeak", help=say("Engine; default espeak.", "引擎，默认 espeak。"))
subtitles_option = click.option(
    "--subtitles",
    default="",
    help=say("Subtitles beside it: srt,vtt,ass,lrc,json,tsv.", "同时写出字幕：srt,vtt,ass,lrc,json,tsv。"),
)
pan_option = click.option(
    "--pan",
    "pans",
    multiple=True,
    metavar="SPEAKER=PLACE",
    help=say(
        "Put a speaker left or right, from -1 to 1; repeat for several.", "说话人的左右位置，-1 到 1，可重复使用。"
    ),
)
into_options = [
    click.option(
        "--into",
        default="",
        metavar="VOICE",
        help=say(
            "Say it again in the timbre of this voice (name or id), by an engine that converts.",
            "再换成这个音色（名称或 id），由可转换音色的引擎完成。",
        ),
    ),
    click.option(
        "--converter",
        default="",
        metavar="ENGINE",
        help=say("Engine for --into; default: the first that can.", "--into 所用的引擎，默认取第一个可用的。"),
    ),
]
recogniser_option = click.option("--recogniser", default="", help=say("What listens.", "识别器。"))
paging = [
    click.option("--page", type=click.IntRange(1), default=1, help=say("Page.", "页码。")),
    click.option("--size", type=click.IntRange(1, 1000), default=50, help=say("Rows of a page.", "每页条数。")),
]


def with_into(command: Any) -> Any:
    """The options that say in whose timbre it is said again."""
    for option in reversed(into_options):
        command = option(command)
    return command


def places(pans: Iterable[str]) -> dict[str, float]:
    """What was written after `--pan`: where each speaker stands. `BadRequest` for what is no `SPEAKER=PLACE`."""
    return dict(_place(one) for one in pans)


def _place(part: str) -> tuple[str, float]:
    speaker, equals, place = part.rpartition("=")
    try:
        return speaker if equals else "", float(place)
    except ValueError:
        raise BadRequest(
            f"--pan “{part}”: write SPEAKER=PLACE, as in Ann=-0.5", f"--pan “{part}”：请写成 说话人=位置，如 小满=-0.5",
            where="pan",
        ) from None  # fmt: skip


def paged(command: Any) -> Any:
    for option in reversed(paging):
        command = option(command)
    return machine(command)


def footer(found: Any) -> None:
    if found.total > len(found.items):
        text = say(
            f"{len(found.items)} of {found.total}; page {found.page} of {found.pages}",
            f"共 {found.total} 条，显示 {len(found.items)} 条；第 {found.page}/{found.pages} 页",
        )
        click.echo(text, err=True)


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


def weights_of(values: dict[str, Any]) -> dict[str, float]:
    """What was written after each voice, as a number; `nan` for what is none, which the studio refuses."""
    return {name: float(value) if isinstance(value, (int, float)) else float("nan") for name, value in values.items()}
