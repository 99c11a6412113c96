"""`voices measure`, `find`, `duplicates`: how voices speak, and which sound alike."""

from pathlib import Path
from typing import Any

import click

from studio.cli.main import Session
from studio.cli.options import footer, machine, paged
from studio.cli.reader import LANGUAGE, say
from studio.cli.show import as_json, plain, table, watch

COLUMNS = {  # measure -> header, decimals
    "pitch_hz": (say("Pitch Hz", "音高 Hz"), 0),
    "pitch_span": (say("Span semitones", "起伏 半音"), 1),
    "pace": (say("Syllables/s", "音节/秒"), 1),
    "level_db": ("LUFS", 1),
    "stability": (say("Stability", "稳定度"), 2),
}
RANGES = {"pitch": "pitch_hz", "span": "pitch_span", "pace": "pace", "level": "level_db", "stability": "stability"}


class Range(click.ParamType):
    """`90..160`, `90..`, `..160`."""

    name = "FROM..TO"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[float | None, float | None]:
        low, dots, high = str(value).partition("..")
        try:
            ends = tuple(float(end) if end.strip() else None for end in (low, high))
        except ValueError:
            dots = ""
        if not dots:
            self.fail(
                say(
                    f"“{value}”: write a range such as 90..160, 90.. or ..160",
                    f"“{value}”：应写成 90..160、90.. 或 ..160 这样的范围",
                )
            )
        return ends  # type: ignore[return-value]


def numbers(measured: Any) -> list[str]:
    """The measures of a voice as cells; empty where there is none."""
    values = (getattr(measured, name, None) for name in COLUMNS)
    return ["" if v is None else f"{v:.{decimals}f}" for v, (_, decimals) in zip(values, COLUMNS.values(), strict=True)]


@click.command("measure", help=say("Measure how voices speak.", "测量音色的音高、语速、稳定度。"))
@click.argument("names", nargs=-1, metavar="VOICES…")
@click.option("--all", "rest", is_flag=True, help=say("Every voice that is not measured yet.", "所有未测量的音色。"))
@click.option(
    "--quick", is_flag=True, help=say("Three sentences instead of eighteen takes.", "只读三句话，而非十八段。")
)
@click.option(
    "--text-language", "language", default="", help=say("Language of the texts: zh, en.", "测试文本的语言：zh、en。")
)
@machine
@click.pass_obj
def measure_voices(
    session: Session, names: tuple[str, ...], rest: bool, quick: bool, language: str, machine: bool
) -> None:
    with session.open() as studio:
        survey = studio.survey
        job = survey.measure_rest(quick=quick) if rest else survey.measure(names, language=language, quick=quick)
        outcomes = watch(job, say("Measuring", "正在测量"), machine or session.quiet)
    if machine:
        as_json(
            [{"voice": plain(one.voice), "measured": plain(one.measured), "error": error_of(one)} for one in outcomes]
        )
    else:
        rows = [(one.voice.name, *numbers(one.measured), error_of(one) or "") for one in outcomes]
        table([say("Voice", "音色"), *(header for header, _ in COLUMNS.values()), say("Problem", "问题")], rows)
    if any(one.error for one in outcomes):
        raise SystemExit(1)


def error_of(outcome: Any) -> str | None:
    return outcome.error.text(LANGUAGE) if outcome.error else None


def ranged(command: Any) -> Any:
    """An option for a range of each measure."""
    helps = {
        "pitch": say("Median pitch in Hz.", "音高中位数（Hz）。"),
        "span": say("Pitch range in semitones.", "音高起伏（半音）。"),
        "pace": say("Syllables a second.", "每秒音节数。"),
        "level": say("Loudness in LUFS.", "响度（LUFS）。"),
        "stability": say("0 to 1.", "0 到 1。"),
    }
    for name, text in reversed(helps.items()):
        command = click.option(f"--{name}", type=Range(), default=None, help=text)(command)
    return command


@click.command("find", help=say("Find voices by how they sound.", "按声音查找音色。"))
@click.argument("search", default="")
@click.option(
    "--like",
    default="",
    metavar="VOICE|FILE",
    help=say("Nearest to a voice, or a recording.", "与此音色或录音最相近的。"),
)
@click.option(
    "--like-engine",
    default="",
    help=say("VOICE is one of this engine, such as seed:7.", "VOICE 属于此引擎，如 seed:7。"),
)
@click.option("--engine", default="", help=say("Only of this engine.", "只列此引擎的音色。"))
@click.option("--tag", "tags", multiple=True, help=say("Only with this tag.", "只列带此标签的音色。"))
@ranged
@paged
@click.pass_obj
def find_voices(
    session: Session, search: str, like: str, like_engine: str, engine: str, tags: tuple[str, ...],
    page: int, size: int, machine: bool, **spans: Any,
) -> None:  # fmt: skip
    from studio.studio import VoiceQuery

    measures = {RANGES[name]: span for name, span in spans.items() if span is not None}
    query = VoiceQuery(search, engine, tags=tags, measures=measures, page=page, size=size)
    with session.open() as studio:
        if like:
            near = alike(studio, like, like_engine, query, machine or session.quiet)
            voices, similarity, found = (
                [one.voice for one in near],
                {one.voice.id: one.similarity for one in near},
                None,
            )
        else:
            found = studio.voices.find(query)
            voices, similarity = list(found), {}
        known = studio.survey.measures([voice.id for voice in voices])
    if machine:
        rows = [plain(v) | {"similarity": similarity.get(v.id), "measured": plain(known.get(v.id))} for v in voices]
        return as_json({"total": found.total if found else len(rows), "voices": rows})
    headers = [say("Voice", "音色"), say("Engine", "引擎"), say("Similarity", "相似度")]
    cells = [
        (v.name, v.engine, f"{similarity[v.id]:.2f}" if v.id in similarity else "", *numbers(known.get(v.id)), v.id)
        for v in voices
    ]
    table([*headers, *(header for header, _ in COLUMNS.values()), "id"], cells)
    if found:
        footer(found)
    return None


def alike(studio: Any, like: str, engine: str, query: Any, quiet: bool) -> Any:
    """The nearest of a recording, where there is a file of that name, else of a voice."""
    if not engine and Path(like).is_file():
        return studio.survey.like_clip(Path(like), query=query, count=query.size)
    job = studio.survey.like(like, engine=engine, query=query, count=query.size)
    return watch(job, say("Listening", "正在试听"), quiet)


@click.command("duplicates", help=say("Voices that can hardly be told apart.", "列出几乎无法区分的音色。"))
@click.option("--similarity", type=float, default=None, help=say("0.5 to 1; default 0.97.", "0.5 到 1，默认 0.97。"))
@machine
@click.pass_obj
def duplicates(session: Session, similarity: float | None, machine: bool) -> None:
    with session.open() as studio:
        asked = {} if similarity is None else {"least": similarity}
        found = watch(studio.survey.duplicates(**asked), say("Comparing", "正在比较"), machine or session.quiet)
    if machine:
        return as_json([plain(one) for one in found])
    rows = [
        (n, voice.name, voice.engine, "=" if twins.same else f"{twins.similarity:.3f}", voice.id)
        for n, twins in enumerate(found, 1)
        for voice in twins.voices
    ]
    table(["#", say("Voice", "音色"), say("Engine", "引擎"), say("Similarity", "相似度"), "id"], rows)
    return None
