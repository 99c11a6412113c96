"""The `timbre` command (`python -m studio`): options that every command shares, and how errors end the process.

Exit codes: 0 done · 1 failed · 2 bad input or usage · 3 something is not installed · 4 the engine failed ·
5 storage (disk, database, port) · 130 stopped by Ctrl-C.
"""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from studio.cli.reader import LANGUAGE, OPTION, say
from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.studio import Studio

HOMES = {
    "speak": "studio.cli.speaking",
    "convert": "studio.cli.speaking",
    "productions": "studio.cli.productions",
    "dub": "studio.cli.dubbing",
    "batch": "studio.cli.batching",
    "subtitles": "studio.cli.subtitles",
    "transcribe": "studio.cli.listening",
    "inspect": "studio.cli.speaking",
    "voices": "studio.cli.voices",
    "takes": "studio.cli.shelves",
    "styles": "studio.cli.shelves",
    "library": "studio.cli.bin",
    "engines": "studio.cli.house",
    "models": "studio.cli.house",
    "keys": "studio.cli.house",
    "doctor": "studio.cli.house",
    "bench": "studio.cli.house",
    "serve": "studio.cli.house",
}


class Commands(click.Group):
    """Commands whose modules are imported when they are called: `--help` and `speak` stay quick."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(HOMES)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in HOMES:
            return None
        from importlib import import_module

        command = getattr(import_module(HOMES[name]), name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(self, context: click.Context, args: list[str]) -> Any:
        if args and args[0] not in HOMES:
            from difflib import get_close_matches

            near = get_close_matches(args[0], HOMES, n=1)
            hint = say(f"; did you mean {near[0]}?", f"；是不是 {near[0]}？") if near else ""
            context.fail(say(f"no command “{args[0]}”{hint}", f"没有命令“{args[0]}”{hint}"))
        return super().resolve_command(context, args)


class Session:
    """What the global options say, and the studio once a command asks for it."""

    def __init__(self, folder: Path | None, database: str | None, models: Path | None, quiet: bool) -> None:
        self._folder, self._database, self._models, self.quiet = folder, database, models, quiet

    def serve_options(self) -> list[str]:
        """The global options as `app.py` takes them."""
        folder = ["--data-dir", str(self._folder)] if self._folder else []
        return [*folder, *(["--models", str(self._models)] if self._models else [])]

    def serve_environment(self) -> dict[str, str]:
        """Those that it takes from the environment."""
        return {"TIMBRE_DATABASE_URL": self._database} if self._database else {}

    def open(self, warm: str = "") -> "Studio":
        from studio.studio import Studio

        return Studio(self._folder, self._database, warm=warm, models=self._models)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    help=say("Timbre Studio: control synthetic speech.", "音色工坊：语音合成的控制台。"),
    epilog=say(
        "Exit codes: 0 done, 1 failed, 2 bad input, 3 not installed, 4 engine failed, 5 storage, 130 stopped.",
        "退出码：0 完成，1 失败，2 输入有误，3 未安装，4 引擎出错，5 存储问题，130 被中止。",
    ),
)
@click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="TIMBRE_HOME",
    help=say("Where voices, takes and productions are kept.", "数据文件夹：音色、版本和作品都存放在这里。"),
)
@click.option(
    "--database-url",
    envvar="TIMBRE_DATABASE_URL",
    help=say("Another database than studio.db in the data folder.", "使用其他数据库，而不是数据文件夹里的 studio.db。"),
)
@click.option(
    "--models",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="TIMBRE_MODELS",
    help=say(
        "A folder with models in their published layout, beside the installed ones.",
        "模型文件夹（发布时的目录结构），与已安装的模型一起使用。",
    ),
)
@click.option(
    OPTION,
    type=click.Choice(["auto", "en", "zh"]),
    default="auto",
    help=say("Language of messages (TIMBRE_LANGUAGE).", "提示信息的语言（TIMBRE_LANGUAGE）。"),
)
@click.option("--quiet", "-q", is_flag=True, help=say("No progress.", "不显示进度。"))
@click.version_option(
    package_name=None,
    version=__import__("studio").__version__,
    prog_name="Timbre Studio",
    help=say("Show the version.", "显示版本号。"),
)
@click.pass_context
def timbre(
    context: click.Context,
    data_dir: Path | None,
    database_url: str | None,
    models: Path | None,
    interface: str,
    quiet: bool,
) -> None:
    context.obj = Session(data_dir, database_url, models, quiet)


def main() -> None:
    """Run; every `StudioError` becomes one sentence on the error stream and its exit code."""
    try:
        timbre(standalone_mode=False, prog_name="python -m studio")
    except StudioError as error:
        fail(error.text(LANGUAGE), error.exit_code)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        fail(say("stopped", "已停止"), 130)
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def fail(message: str, code: int) -> None:
    click.echo(f"{say('Error', '错误')}: {message}", err=True)
    sys.exit(code)
