"""Options: the command line goes before the environment, mistakes are named in both languages."""

import subprocess
import sys
from pathlib import Path

import pytest

from studio.errors import BadRequest
from studio.ui.options import read_options, terminal_language

APP = Path(__file__).parents[2] / "app.py"


def test_defaults() -> None:
    options = read_options([], {})
    assert (options.host, options.port, options.language, options.root_path, options.login) == (
        "127.0.0.1",
        7860,
        "auto",
        "",
        None,
    )
    assert options.address == "http://127.0.0.1:7860/"


ENVIRONMENT = {
    "TIMBRE_HOST": "0.0.0.0",
    "TIMBRE_PORT": "8000",
    "TIMBRE_HOME": "/somewhere",
    "TIMBRE_LANGUAGE": "zh",
    "TIMBRE_ROOT_PATH": "timbre/",
    "TIMBRE_LOGIN": "me:a:b",
    "TIMBRE_ALLOW_HOST": "studio.example, other.example",
    "TIMBRE_OPEN_BROWSER": "false",
}


def test_every_option_by_environment() -> None:
    options = read_options([], ENVIRONMENT)
    assert (options.host, options.port, options.folder) == ("0.0.0.0", 8000, Path("/somewhere"))
    assert (options.language, options.root_path, options.login) == ("zh", "/timbre", ("me", "a:b"))
    assert options.allow_hosts == ("studio.example", "other.example")
    assert options.open_browser is False
    assert options.address == "http://127.0.0.1:8000/timbre/"


def test_the_command_line_wins() -> None:
    line = [
        "--host",
        "127.0.0.2",
        "--port",
        "9000",
        "--home",
        "/else",
        "--language",
        "en",
        "--root-path",
        "/r",
        "--login",
        "u:p",
        "--allow-host",
        "a",
        "--open-browser",
    ]
    options = read_options(line, ENVIRONMENT)
    assert (options.host, options.port, options.folder, options.language) == ("127.0.0.2", 9000, Path("/else"), "en")
    assert (options.root_path, options.login, options.allow_hosts, options.open_browser) == (
        "/r",
        ("u", "p"),
        ("a",),
        True,
    )


@pytest.mark.parametrize(
    ("line", "where", "right"),
    [
        (["--port", "0"], "port", "1 to 65535"),
        (["--port", "80x"], "port", "1 to 65535"),
        (["--language", "fr"], "language", "auto, zh or en"),
        (["--root-path", "/a?b"], "root_path", "/timbre"),
        (["--login", "nobody"], "login", "user:password"),
        (["--login", ":x"], "login", "user:password"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_right(line: list[str], where: str, right: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_options(line, {})
    assert caught.value.where == where
    assert right in caught.value.text("en")
    assert caught.value.text("zh") != caught.value.text("en")


def test_a_login_is_not_repeated_in_its_message() -> None:
    with pytest.raises(BadRequest) as caught:
        read_options(["--login", "secretwithoutcolon"], {})
    assert "secret" not in caught.value.text("en") + caught.value.text("zh")


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB"}, "en"),
        ({}, "en"),
        ({"LANG": "en", "TIMBRE_LANGUAGE": "zh"}, "zh"),
        ({"LANG": "zh", "TIMBRE_LANGUAGE": "auto"}, "zh"),
    ],
)
def test_language_of_the_terminal(environment: dict[str, str], language: str) -> None:
    assert terminal_language(environment) == language


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys, runpy\nsys.argv = ['app.py', '--help']\n"
        f"try:\n    runpy.run_path({str(APP)!r}, run_name='__main__')\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        "assert not {'gradio', 'torch', 'sqlalchemy', 'numpy', 'fastapi'} & set(sys.modules), sorted(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=APP.parent, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "TIMBRE_PORT" in done.stdout
