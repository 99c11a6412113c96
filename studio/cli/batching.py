"""`batch`: folders, patterns and manifests into files, with a dry run before and a report after."""

import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from studio.cli.main import Session
from studio.cli.reader import LANGUAGE, say
from studio.cli.show import as_json, duration, table, watch
from studio.cli.speaking import asked, direction
from studio.errors import BadRequest
from studio.words import counted


@click.command(
    help=say(
        "Read many files aloud: INPUTS are files, folders, patterns in quotes, or one manifest (CSV, TSV or JSON with"
        " the columns input, output, voice, style, format, engine, language, seed, polish, title …).",
        "批量朗读：INPUTS 是文件、文件夹、带引号的通配符，或一个清单（CSV、TSV 或 JSON，列名为"
        " input、output、voice、style、format、engine、language、seed、polish、title 等）。",
    )
)
@click.argument("inputs", nargs=-1, metavar="INPUTS…")
@click.option(
    "--out", "-o", required=True, type=click.Path(path_type=Path), help=say("Folder to write into.", "输出文件夹。")
)
@click.option("--format", "-f", default="mp3", help=say("mp3, m4b, m4a, opus, flac or wav.", "音频格式。"))
@direction
@click.option("--bitrate", type=int, help=say("Kilobits a second.", "码率（kbit/s）。"))
@click.option(
    "--subtitles",
    multiple=True,
    help=say("Beside each file: srt, vtt, ass, lrc, tsv (repeatable).", "同时写出字幕，可重复使用。"),
)
@click.option(
    "--base",
    type=click.Path(path_type=Path),
    help=say("Folder of a manifest's files; default: where it lies.", "清单中文件所在的文件夹，默认与清单同处。"),
)
@click.option("--jobs", "-j", type=click.IntRange(1, 16), help=say("Files at the same time.", "同时处理的文件数。"))
@click.option("--replace", "over", is_flag=True, help=say("Write over other files of that name.", "覆盖同名文件。"))
@click.option("--dry-run", is_flag=True, help=say("Show what it would come to, and stop.", "只预演，不生成。"))
@click.option(
    "--resume",
    is_flag=True,
    help=say("Go on with the last batch into this folder.", "继续写入该文件夹的上一批任务。"),
)
@click.option("--retry", is_flag=True, help=say("The same, and try what failed again.", "继续，并重试失败的文件。"))
@click.option(
    "--report",
    "target",
    type=click.Path(path_type=Path),
    help=say("Write the report here (.csv or .json).", "把报告写到这里（.csv 或 .json）。"),
)
@click.option("--json", "machine", is_flag=True, help=say("As JSON.", "以 JSON 输出。"))
@click.pass_obj
def batch(session: Session, inputs: Sequence[str], **options: Any) -> None:
    target, machine = options.pop("target"), options.pop("machine")
    resume, retry, dry = options.pop("resume"), options.pop("retry"), options.pop("dry_run")
    _check(inputs, target, resume or retry)
    with session.open(warm="" if dry else options["engine"]) as studio:
        if dry:
            return _preview(studio, _order(studio, inputs, options), session.quiet or machine, machine)
        job = _again(studio, options["out"], retry) if resume or retry else _begun(studio, inputs, options)
        try:
            watch(_Shown(job), job.title, session.quiet or machine)
        finally:
            _tell(studio, job, target, machine)
        failed = job.record.tally.failed
    if failed:
        sys.exit(1)


def _check(inputs: Sequence[str], target: Path | None, goes_on: bool) -> None:
    if goes_on and inputs:
        raise BadRequest(
            "--resume and --retry go on with a kept batch: leave out INPUTS",
            "--resume 和 --retry 会继续已保存的批次：请不要再写 INPUTS",
            where="inputs",
        )
    if not goes_on and not inputs:
        raise BadRequest("name files, folders or a manifest", "请给出文件、文件夹或清单", where="inputs")
    if target and target.suffix.lower() not in (".csv", ".json"):
        raise BadRequest(
            f"--report {target.name}: end it with .csv or .json",
            f"--report {target.name}：请以 .csv 或 .json 结尾",
            where="report",
        )


def _begun(studio: Any, inputs: Sequence[str], options: dict[str, Any]) -> Any:
    order = _order(studio, inputs, options)
    for note in order.notes:
        click.echo(f"  {note.text(LANGUAGE)}", err=True)
    return studio.batches.begin(order)


def _again(studio: Any, out: Path, retry: bool) -> Any:
    record = studio.batches.last_into(out)
    return studio.batches.retry(record.id) if retry else studio.batches.resume(record.id)


def _order(studio: Any, inputs: Sequence[str], options: dict[str, Any]) -> Any:
    from studio.studio import ConvertRequest

    how = dict(options)
    about = {name: how.pop(name) for name in ("out", "base", "over")}
    subtitles = [one for given in how.pop("subtitles") for one in given.replace(",", " ").split()]
    hands, bitrate = how.pop("jobs") or 0, how.pop("bitrate")
    common = ConvertRequest(**asked(studio, how))
    common = replace(common, bitrate=bitrate and bitrate * 1000)
    return studio.batches.order(inputs, common=common, subtitles=subtitles, hands=hands, **about)


class _Shown:
    """A batch as the line of progress shows it: Ctrl-C pauses it."""

    def __init__(self, job: Any) -> None:
        self._job = job

    def __getattr__(self, name: str) -> Any:
        return getattr(self._job, name)

    def stop(self) -> None:
        self._job.end("paused")


def _tell(studio: Any, job: Any, target: Path | None, machine: bool) -> None:
    """What came of it, also when it was stopped."""
    while not job.over:  # an error of the face itself: the work ends first
        job.end("paused")
        time.sleep(0.02)
    if target:
        studio.batches.write_report(job.id, target, LANGUAGE)
    if machine:
        return click.echo(studio.batches.report(job.id, "json", LANGUAGE), nl=False)
    tally = job.record.tally
    for item, outcome in job.record.rows("failed", size=20)[0]:
        click.echo(f"  {item.name}: {outcome.trouble.words.text(LANGUAGE)}", err=True)
    if tally.failed > 20:
        click.echo(say(f"  and {tally.failed - 20} more", f"  以及另外 {tally.failed - 20} 个"), err=True)
    waits = say(f", {tally.waiting} waiting", f"，等待 {tally.waiting}") if tally.waiting else ""
    click.echo(
        say(
            f"{tally.done} of {counted(tally.files, 'file')}, {duration(tally.seconds)}, {tally.failed} failed{waits}",
            f"完成 {tally.done}/{tally.files} 个文件，时长 {duration(tally.seconds)}，失败 {tally.failed}{waits}",
        ),
        err=True,
    )
    if tally.waiting:
        click.echo(
            say(
                f"go on: python -m studio batch --out {job.record.out} --resume",
                f"继续：python -m studio batch --out {job.record.out} --resume",
            ),
            err=True,
        )
    return None


def _preview(studio: Any, order: Any, quiet: bool, machine: bool) -> None:
    preview = watch(studio.batches.look(order), say("Looking", "正在检查"), quiet)
    if machine:
        as_json(preview.to_json())
    else:
        _show(preview)
    if not preview.good:
        sys.exit(1)


def _show(preview: Any) -> None:
    words = {
        "new": say("new", "新建"),
        "made": say("there already", "已存在"),
        "replaced": say("replaces a file", "将覆盖"),
        "bad": say("cannot be made", "无法生成"),
    }
    heads = [
        say("File", "文件"),
        say("Output", "输出"),
        say("Voice", "音色"),
        say("Length", "时长"),
        say("State", "状态"),
    ]
    table(
        heads,
        [
            (
                one.name,
                one.output,
                one.voice,
                duration(one.seconds) if one.seconds else "",
                one.trouble.words.text(LANGUAGE) if one.trouble else words[one.sight],
            )
            for one in preview.files
        ],
    )
    for note in preview.order.notes:
        click.echo(f"  {note.text(LANGUAGE)}", err=True)
    took = "?" if preview.wall_s is None else duration(max(1.0, preview.wall_s))
    bad = preview.counts["bad"]
    click.echo(
        say(
            f"about {duration(preview.seconds)} of audio in {took}; {bad} of {len(preview.files)} cannot be made",
            f"约 {duration(preview.seconds)} 音频，需时 {took}；{len(preview.files)} 个文件中有 {bad} 个无法生成",
        ),
        err=True,
    )
    for room in preview.rooms:
        sign = "✓" if room.enough else "✗"
        needs, free = f"{room.needed / 1e6:.1f} MB", f"{room.free / 1e6:,.0f} MB"
        click.echo(
            say(
                f"  {sign} {room.path}: needs {needs}, {free} free", f"  {sign} {room.path}：需要 {needs}，可用 {free}"
            ),
            err=True,
        )
