"""`dub`: subtitles in, speech at their times out, with a report of what was done to make each cue fit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from studio.cli.main import Session
from studio.cli.options import pan_option, places, with_into
from studio.cli.reader import LANGUAGE, say
from studio.cli.show import as_json, duration, table, warn, watch
from studio.cli.speaking import controls_of
from studio.errors import BadRequest, NotFound
from studio.words import Words, counted

SHOWN = 10  # of the worst cues


@click.command(help=say("Speak subtitles at the times of their cues.", "按字幕时间配音。"))
@click.argument("subtitles", type=click.Path(path_type=Path))
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    required=True,
    help=say("Sound file, or with --video a film (.mp4, .mkv).", "音频文件；配合 --video 时为视频（.mp4、.mkv）。"),
)
@click.option("--engine", "-e", default="espeak", help=say("Engine; default espeak.", "引擎，默认 espeak。"))
@click.option("--voice", "-v", default="", help=say("Voice of who has no name.", "未署名字幕的音色。"))
@with_into
@click.option("--style", "-s", default="", help=say("A named style.", "风格名称。"))
@click.option("--language", default="auto", help=say("Language.", "语言。"))
@click.option("--seed", type=int, default=0, help=say("Text seed.", "文本种子。"))
@click.option(
    "--cast",
    "parts",
    multiple=True,
    metavar="SPEAKER=VOICE",
    help=say("Who speaks a speaker's cues; repeat for several.", "指定某个说话人的音色，可重复。"),
)
@pan_option
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    help=say(
        "How cues are made to fit and sound: stretch=1.5, overrun=cut, channels=mono …",
        "如何放进时间、如何发声：stretch=1.5、overrun=cut、channels=mono 等。",
    ),
)
@click.option(
    "--background",
    type=click.Path(path_type=Path),
    help=say("Sound that goes on under the speech.", "人声之下的背景音轨。"),
)
@click.option(
    "--video", type=click.Path(path_type=Path), help=say("Film that gets this sound.", "要配上此音频的视频。")
)
@click.option(
    "--keep-sound", is_flag=True, help=say("Keep the film's sound as a second track.", "保留原声为第二音轨。")
)
@click.option(
    "--subtitles",
    "beside",
    multiple=True,
    metavar="FORMAT",
    help=say("Also write subtitles: srt, vtt, ass, lrc.", "同时写出字幕：srt、vtt、ass、lrc。"),
)
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help=say("Report of the cues, .csv or .json.", "逐条报告：.csv 或 .json。"),
)
@click.option("--json", "machine", is_flag=True, help=say("As JSON.", "以 JSON 输出。"))
@click.pass_obj
def dub(
    session: Session,
    subtitles: Path,
    output: Path,
    parts: Sequence[str],
    pans: Sequence[str],
    values: tuple[str, ...],
    background: Path | None,
    video: Path | None,
    keep_sound: bool,
    beside: Sequence[str],
    report: Path | None,
    machine: bool,
    **begun: Any,
) -> None:
    """Run again with the same file, it goes on where it was."""
    from studio.studio import Begun

    if report is not None and report.suffix.lower() not in (".csv", ".json"):
        raise BadRequest(
            f"--report {report.name}: write .csv or .json",
            f"--report {report.name}：请写 .csv 或 .json",
            where="report",
        )
    quiet = session.quiet or machine
    with session.open(begun["engine"]) as studio:
        dubbing = studio.dubbing
        dubbing.check_targets(output, background, video, beside)
        made = dubbing.begin(subtitles, Begun(**begun))
        for note in dubbing.notes(made.id):
            click.echo(f"  {note.text(LANGUAGE)}", err=True)
        dubbing.change_settings(made.id, controls_of(values))
        if parts:
            studio.scripts.cast(made.id, _members(studio, made.id, parts, begun["engine"]))
        if pans:
            studio.scripts.pan(made.id, places(pans))
        warn(studio.scripts.cautions(made.id).values())
        watch(dubbing.render(made.id), say("Rendering", "正在渲染"), quiet)
        export = dubbing.export(
            made.id, output, background=background, video=video, keep_sound=keep_sound, subtitles=beside
        )
        done = watch(export, say("Writing", "正在写入"), quiet)
        told = dubbing.report(made.id)
        if report is not None:
            dubbing.write_report(made.id, report)
    if machine:
        files = {
            "path": str(done.path),
            "beside": [str(path) for path in done.beside],
            "seconds": done.seconds,
            "channels": done.channels,
        }
        return as_json({"id": made.id, **files, **told})
    return _shown(told, done)


def _members(studio: Any, id: str, parts: Sequence[str], engine: str) -> list[Any]:
    """Who speaks whom, as written. `NotFound` for somebody who has no cue."""
    from studio.studio import Member

    known = {part.member.speaker: part.member for part in studio.scripts.parts(id) if part.lines}
    members = []
    for part in parts:
        speaker, equals, voice = part.partition("=")
        if not equals:
            raise BadRequest(f"“{part}”: write SPEAKER=VOICE", f"“{part}”：请写成 说话人=音色", where="cast")
        if speaker.strip() not in known:
            raise NotFound.among(Words("speaker", "说话人"), speaker.strip(), known, where="cast")
        members.append(Member(speaker.strip(), engine, voice.strip(), pan=known[speaker.strip()].pan))
    return members


def _shown(told: dict[str, Any], done: Any) -> None:
    """The file, and the cues that were hardest to fit."""
    from studio.studio import FIT_FLAGS

    for path in (done.path, *done.beside):
        click.echo(str(path))
    cues = {cue["number"]: cue for cue in told["cues"]}
    worst = [cues[number] for number in told["worst"]]
    head = say("No.", "序号"), say("From", "开始"), say("Speed", "语速"), say("Late by", "超时"), say("What", "问题")
    rows = [
        (
            cue["number"],
            duration(cue["start"]),
            f"{cue['rate']:.2f}×",
            f"{cue['over'] + cue['cut']:.2f} s",
            ", ".join(FIT_FLAGS[flag].text(LANGUAGE) for flag in cue["flags"]) + f": {cue['text'][:40]}",
        )
        for cue in worst[:SHOWN]
    ]
    if rows:
        table([*head], rows)
    sides = say("stereo", "立体声") if done.channels == 2 else say("mono", "单声道")
    spoken = counted(len(cues), "cue")
    click.echo(
        say(
            f"{spoken}, {duration(done.seconds)}, {sides}; {told['comfortable']} at no more than 1.2×",
            f"共 {len(cues)} 条字幕，{duration(done.seconds)}，{sides}；{told['comfortable']} 条不超过 1.2 倍速",
        ),
        err=True,
    )
