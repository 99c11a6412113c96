"""`voices draw` and the commands like it: candidates as files in a folder, with a contact sheet beside them."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from studio.cli.main import Session
from studio.cli.options import machine, weights_of
from studio.cli.reader import say
from studio.cli.show import as_json, duration, table, watch
from studio.errors import BadRequest, NotWritable

if TYPE_CHECKING:
    from studio.studio import Audition, Sentence, Studio

SHEET = "sheet.json"
LARGEST = 1 << 20  # characters of a recipe that are read
SAID = "count", "seeds", "sweep", "voice", "engine", "text", "language", "style", "control"
SENTENCE = say("Good evening. This is how I sound.", "晚上好，我的声音是这样的。")
Begin = Callable[["Studio", "Sentence"], "Audition"]


def heard(command: Any) -> Any:
    """The options of every command that makes candidates."""
    options = [
        click.option("--engine", "-e", default="espeak", help=say("Engine; default espeak.", "引擎，默认 espeak。")),
        click.option("--text", default=SENTENCE, help=say("What every one says.", "每个候选朗读的句子。")),
        click.option("--text-language", "language", default="auto", help=say("Language of the text.", "文本语言。")),
        click.option("--style", "-s", default="", help=say("A named style.", "风格名称。")),
        click.option("--control", "-c", multiple=True, metavar="NAME=VALUE", help=say("A control.", "控制项。")),
        click.option(
            "--output",
            "-o",
            required=True,
            type=click.Path(path_type=Path, file_okay=False),
            help=say("Folder for the files and the contact sheet.", "存放音频和清单的文件夹。"),
        ),
        click.option("--format", default="wav", help=say("Of the files; default wav.", "文件格式，默认 wav。")),
        click.option(
            "--keep",
            multiple=True,
            metavar="NUMBER=NAME",
            help=say("Keep a candidate under a name; repeat for several.", "把某个候选存入音色库，可重复。"),
        ),
    ]
    for option in reversed(options):
        command = option(command)
    return machine(command)


strength_option = click.option(
    "--strength",
    type=float,
    default=None,
    help=say("How far from the parents: 1 is as far as voices are apart.", "变化强度：1 相当于音色之间的差异。"),
)
count_option = click.option("--count", type=int, default=12, help=say("How many, up to 24.", "个数，最多 24。"))
chance_option = click.option("--seed", type=int, default=0, help=say("Of the chance in it.", "随机种子。"))


@click.command(
    help=say(
        "Draw voices from seeds and hear them on one sentence; `--sweep` also runs a control through some values.",
        "用种子抽卡：同一句话试听多个音色；--sweep 可同时扫描一个控制项。",
    )
)
@count_option
@click.option("--seeds", default="", metavar="1,2,5-9", help=say("These instead of random ones.", "指定种子。"))
@click.option(
    "--sweep",
    default="",
    metavar="NAME=LOW..HIGHxN",
    help=say("A control in N values from LOW to HIGH, or NAME=V,V.", "控制项从 LOW 到 HIGH 取 N 个值，或 NAME=V,V。"),
)
@click.option("--voice", default="", help=say("Sweep this voice instead of seeds.", "扫描这个音色，而不是种子。"))
@click.option(
    "--recipe",
    type=click.File("r", encoding="utf-8"),
    help=say(
        "A draw that was copied, or its sheet.json; - reads standard input. Only output options go with it.",
        "复制的抽卡配方或 sheet.json；- 表示标准输入。只能与输出选项同用。",
    ),
)
@heard
@click.pass_context
def draw(context: click.Context, count: int, seeds: str, sweep: str, voice: str, recipe: Any, **options: Any) -> None:
    from studio.studio import DrawRequest, Sweep, read_draw, seeds_in

    session: Session = context.obj
    if recipe is not None:
        asked = read_draw(_whole(context, recipe))
        return _run(session, {**options, "engine": asked.engine}, lambda studio, _: studio.drawing.draw(asked))
    known, columns = seeds_in(seeds), Sweep.read(sweep) if sweep else None
    engine = options["engine"]
    return _run(
        session, options, lambda s, said: s.drawing.draw(DrawRequest(said, engine, known, count, columns, voice))
    )


def _whole(context: click.Context, recipe: Any) -> str:
    """The text of a recipe. `BadRequest` for options that it would silently overrule, or a file that is no text."""
    given = [name for name in SAID if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT]
    if given:
        names = ", ".join("--" + name.replace("language", "text-language") for name in given)
        raise BadRequest(
            f"--recipe says all of it; leave out {names}", f"--recipe 已包含全部设置；请去掉 {names}", where="recipe"
        )
    try:
        return str(recipe.read(LARGEST))
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"{recipe.name}: no text in UTF-8", f"{recipe.name}：不是 UTF-8 文本", where="recipe"
        ) from error


@click.command(help=say("Voices on the way from one to another.", "从一个音色渐变到另一个。"))
@click.argument("first")
@click.argument("second")
@click.option("--steps", type=int, default=7, help=say("How many, both ends included.", "个数，含首尾。"))
@heard
@click.pass_obj
def interpolate(session: Session, first: str, second: str, steps: int, **options: Any) -> None:
    from studio.studio import Between

    _evolve(session, options, Between(first, second, steps))


@click.command(help=say("Voices around one.", "在一个音色附近变异。"))
@click.argument("voice")
@strength_option
@count_option
@chance_option
@heard
@click.pass_obj
def mutate(session: Session, voice: str, strength: float | None, count: int, seed: int, **options: Any) -> None:
    from studio.studio import Mutation

    _evolve(session, options, Mutation(voice, count=count, seed=seed, **_given(strength)))


@click.command(help=say("Children of voices, by rating.", "按评分繁育新音色。"))
@click.argument("rated", nargs=-1, required=True, metavar="VOICE=RATING…")
@strength_option
@count_option
@chance_option
@heard
@click.pass_obj
def breed(
    session: Session, rated: tuple[str, ...], strength: float | None, count: int, seed: int, **options: Any
) -> None:
    from studio.cli.speaking import controls_of
    from studio.studio import Brood

    parents = weights_of(controls_of(rated))
    _evolve(session, options, Brood(parents, count=count, seed=seed, **_given(strength)))


def _given(strength: float | None) -> dict[str, float]:
    return {} if strength is None else {"strength": strength}


def _evolve(session: Session, options: dict[str, Any], family: Any) -> None:
    _run(session, options, lambda studio, said: studio.drawing.evolve(options["engine"], family, said))


def _run(session: Session, options: dict[str, Any], begin: Begin) -> None:
    """Hear the candidates, write their files and the contact sheet, keep those that were named."""
    from studio.cli.speaking import controls_of
    from studio.studio import Sentence

    controls = controls_of(options["control"])
    said = Sentence(options["text"], options["style"], controls, options["language"])
    folder, chosen = options["output"], _chosen(options["keep"])
    with session.open(warm=options["engine"]) as studio:
        audition = begin(studio, said)
        sheet = rendered(session, studio, audition, folder, options["machine"], options["format"], chosen)
    if options["machine"]:
        return as_json(sheet)
    rows = [
        (
            place["number"],
            place["name"],
            place["setting"],
            duration(place["seconds"] or 0),
            place["file"],
            place["kept"],
        )
        for place in sheet["candidates"]
    ]
    table(["", say("Voice", "音色"), "", "", say("File", "文件"), "id"], rows)
    return None


def rendered(
    session: Session,
    studio: "Studio",
    audition: "Audition",
    folder: Path,
    machine: bool,
    format: str = "wav",
    chosen: Mapping[int, str] | None = None,
) -> dict[str, Any]:
    """Wait for the candidates, keep the chosen ones, write files and contact sheet."""
    for number in chosen or ():
        audition.candidate(number)  # refuses one that is not there before anything is kept
    _made(folder)
    studio.check_output(folder / f"01.{format}")
    watch(audition, say("Drawing", "正在抽卡"), session.quiet or machine)
    for number, name in (chosen or {}).items():
        studio.drawing.keep(audition.id, number, name)
    return _written(studio, audition, folder, format)


def _made(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotWritable(
            f"{folder}: cannot be made a folder ({error.strerror}); choose another",
            f"{folder}：无法创建文件夹（{error.strerror}）；请换一个位置",
            where=str(folder),
        ) from error


def _lasts(place: dict[str, Any]) -> str:
    return str(place["error"] or duration(place["seconds"]))


def _chosen(pairs: tuple[str, ...]) -> dict[int, str]:
    """`3=Evening` as a number and a name."""
    found = {}
    for pair in pairs:
        number, equals, name = pair.partition("=")
        if not equals or not (number.isascii() and number.strip().isdigit()) or not name.strip():
            raise BadRequest(
                f"--keep {pair}: write it as number=name, for example 3=Evening",
                f"--keep {pair}：应写成 编号=名称，例如 3=晚风",
                where="keep",
            )
        found[int(number)] = name.strip()
    return found


def _written(studio: "Studio", audition: "Audition", folder: Path, format: str) -> dict[str, Any]:
    """The files, then the sheet, which names them."""
    sheet = audition.to_json()
    for one, place in zip(audition.candidates, sheet["candidates"], strict=True):
        place["kept"], place["file"] = one.kept, None
        if one.take is not None:
            path = folder / f"{one.number:02}.{format}"
            studio.export_take(one.take.digest, path)
            place["file"] = path.name
    unfinished = folder / f".{SHEET}.part"
    unfinished.write_text(json.dumps(sheet, ensure_ascii=False, indent=2), encoding="utf-8")
    unfinished.replace(folder / SHEET)
    return sheet
