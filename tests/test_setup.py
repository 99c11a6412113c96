"""`make` prepares the ground: once, completely, and with a sentence to act on where it cannot."""

import os
import shutil
import subprocess
import sys
import threading
import time
import types
import zipfile
from collections.abc import Mapping
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PYTHON = sys._base_executable  # type: ignore[attr-defined]  # the one below this environment


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the Makefile and its helper, whose only requirement is a package called `pebble`, version 1.0."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    (tmp_path / "wheels").mkdir()
    pebble(tmp_path, "1.0")
    (tmp_path / "requirements.txt").write_text("pebble==1.0\n")
    (tmp_path / "app.py").write_text("import sys, pebble\nprint('opened', pebble.version, *sys.argv[1:])\n")
    return tmp_path


def pebble(place: Path, version: str) -> None:
    """A real wheel of a package with one line of code."""
    home = f"pebble-{version}.dist-info"
    members = {
        "pebble.py": f"version = {version!r}\n",
        f"{home}/METADATA": f"Metadata-Version: 2.1\nName: pebble\nVersion: {version}\n",
        f"{home}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*members, f"{home}/RECORD"])
    with zipfile.ZipFile(place / "wheels" / f"pebble-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in {**members, f"{home}/RECORD": record}.items():
            wheel.writestr(name, text)


def make(place: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """`make` without network: pip only knows the folder `wheels`."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))},
        "PYTHON": PYTHON,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(place / "wheels"),
        "PIP_CONFIG_FILE": os.devnull,
        "LC_ALL": "C.UTF-8",
        **more,
    }
    return subprocess.run(["make", *words], cwd=place, env=environment, capture_output=True, text=True, check=False)


def test_first_run_installs_and_the_second_starts_at_once(place: Path) -> None:
    first = make(place, "run", "ARGS=--port 7861")
    assert first.returncode == 0, first.stderr
    assert "opened 1.0 --port 7861" in first.stdout
    assert "Installing what the studio needs" in first.stderr
    began = time.monotonic()
    second = make(place, "run")
    took = time.monotonic() - began
    assert second.stdout.strip() == "opened 1.0"
    assert second.stderr == "", "the second start installs nothing and says nothing"
    assert took < 3


def test_changed_requirements_are_installed(place: Path) -> None:
    make(place, "run")
    pebble(place, "2.0")
    (place / "requirements.txt").write_text("pebble==2.0\n")
    assert "opened 2.0" in make(place, "run").stdout


def test_failed_installation_is_explained_and_tried_again_next_time(place: Path) -> None:
    (place / "tools" / "prepare.py").write_text(
        (place / "tools" / "prepare.py").read_text("utf-8").replace("PATIENCE = 5.0", "PATIENCE = 0.1"), "utf-8"
    )
    (place / "requirements.txt").write_text("pebble==3.0\n")
    failed = make(place, "run")
    assert failed.returncode != 0
    assert "opened" not in failed.stdout
    assert "PIP_INDEX_URL" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "就近的镜像" in make(place, "run", LC_ALL="zh_CN.UTF-8").stderr
    assert not list((place / ".venv").glob(".ready*")), "no stamp of something that is not there"
    pebble(place, "3.0")
    assert "opened 3.0" in make(place, "run").stdout


def test_half_made_environment_is_made_anew(place: Path) -> None:
    """As an interruption in the middle of making it leaves it: an interpreter without pip."""
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", place / ".venv"], check=True)
    assert "opened 1.0" in make(place, "run").stdout


def test_two_at_once_do_not_disturb_each_other(place: Path) -> None:
    command = [PYTHON, "tools/prepare.py", "run"]
    environment = {**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(place / "wheels")}
    both = [
        subprocess.Popen(
            command, cwd=place, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=120)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("Making .venv" in text or "创建" in text for text in said) == 1, "the second waits and finds it ready"


@pytest.mark.parametrize("python", ["false", "/no/such/python"])
def test_python_too_old_or_missing_is_explained_in_both_languages(place: Path, python: str) -> None:
    refused = make(place, "run", PYTHON=python)
    assert refused.returncode != 0
    assert "needs Python 3.11 or newer" in refused.stderr
    assert "需要 Python 3.11" in refused.stderr
    assert not (place / ".venv").exists()


def test_make_alone_lists_the_commands(place: Path) -> None:
    listed = make(place).stdout
    assert all(f"make {name}" in listed for name in ("run", "test", "bench", "lint", "help"))


# The programs for the tests. `apt-get` is the only thing replaced: the tests may not change the machine they run on.


@pytest.fixture
def prepare() -> types.ModuleType:
    spec = spec_from_file_location("prepare", ROOT / "tools" / "prepare.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.PATIENCE = 0.0  # type: ignore[attr-defined]
    return module


def test_numba_compiles_during_the_set_up(
    prepare: types.ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Here it is compiled already; where it cannot be, the studio works all the same and that is told."""
    assert prepare.compile_ahead()
    assert "later" not in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(prepare, "ROOT", tmp_path)  # where no studio is
    assert not prepare.compile_ahead()
    assert "looked at a little later" in capsys.readouterr().err


APT = """#!/bin/sh
[ -z "$SUDO_COMMAND" ] || exit 9
for word in "$@"; do case $word in update|install) verb=$word;; esac; done
echo "$verb" >> {log}
[ $verb = update ] && touch {lists} && exit {update}
[ -e {lists} ] && [ "$(grep -c install {log})" -gt {failures} ] && touch {done}
"""


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepare: types.ModuleType) -> Mapping[str, Path]:
    """Makes an `apt-get` (and a `sudo` that just runs things) that writes down what it is asked to do."""
    paths = {name: tmp_path / name for name in ("log", "lists", "done")}
    folder = tmp_path / "bin"
    folder.mkdir()
    paths["program"] = folder / "apt-get"
    (folder / "sudo").write_text('#!/bin/sh\n[ "$1" = -n ] && shift\nexec "$@"\n')
    (folder / "sudo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(prepare, "NEEDS", [prepare.Need("chromium", paths["done"].exists, "browser tests")])
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.delenv("CI", raising=False)
    return paths


def behave(apt: Mapping[str, Path], *, update: int = 0, failures: int = 0) -> None:
    names = {name: apt[name] for name in ("log", "lists", "done")}
    apt["program"].write_text(APT.format(update=update, failures=failures, **names))
    apt["program"].chmod(0o755)


@pytest.mark.parametrize(
    ("update", "failures", "asked"),
    [
        pytest.param(0, 0, ["update", "install"], id="new machine: the lists first"),
        pytest.param(100, 0, ["update", "install"], id="one broken source does not stop it"),
        pytest.param(0, 1, ["update", "install", "update", "install"], id="tried once more"),
    ],
)
def test_missing_programs_are_installed(
    prepare: types.ModuleType, apt: Mapping[str, Path], update: int, failures: int, asked: list[str]
) -> None:
    behave(apt, update=update, failures=failures)
    prepare.programs()
    assert apt["log"].read_text().split() == asked
    prepare.programs()
    assert apt["log"].read_text().split() == asked, "nothing more to do the second time"


def test_without_apt_the_tests_still_run_and_say_what_is_missing(
    prepare: types.ModuleType,
    apt: Mapping[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    prepare.programs()
    said = capsys.readouterr().err
    assert "chromium (for browser tests)" in said
    assert "are skipped" in said
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    prepare.programs()
    assert "会被跳过" in capsys.readouterr().err


def test_on_a_build_server_a_missing_program_is_a_failure(
    prepare: types.ModuleType, apt: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    behave(apt, failures=9)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SystemExit) as stopped:
        prepare.programs()
    assert stopped.value.code == 1


@pytest.fixture
def bare(prepare: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """The helper on a Linux without an NVIDIA GPU, where pip may ask an index."""
    monkeypatch.setattr(prepare, "has_nvidia", lambda: False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("PIP_NO_INDEX", raising=False)
    return prepare


@pytest.mark.parametrize("there", [True, False])
def test_the_small_torch_is_taken_where_its_index_answers(
    bare: types.ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, there: bool
) -> None:
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    if there:
        (tmp_path / "torch").mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=tmp_path)) as index:
        threading.Thread(target=index.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{index.server_port}"
        monkeypatch.setenv("TIMBRE_TORCH_INDEX", address)
        assert bare.torch_build() == (["--extra-index-url", address] if there else [])
        index.shutdown()


def test_with_a_gpu_or_another_system_pip_decides(bare: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMBRE_TORCH_INDEX", "http://127.0.0.1:9")
    monkeypatch.setattr(bare, "has_nvidia", lambda: True)
    assert bare.torch_build() == []
    monkeypatch.setattr(bare, "has_nvidia", lambda: False)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert bare.torch_build() == []
