"""A newcomer's first ten minutes: a fresh clone, and the commands of the README as they are printed there.

Tests may not use the network, so pip finds the packages in a folder of wheels that is packed from the environment these
tests run in; everything else is what a newcomer's machine does: the clone, the new environment, pip, the server, the
page, the commands.
"""

import base64
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PYTHON = sys._base_executable  # type: ignore[attr-defined]  # the one below this environment
# Three gigabytes that torch brings on Linux for a GPU; nobody in these tests loads torch, so their wheels are hollow.
FOR_A_GPU = ("nvidia-", "triton", "cuda-")
COMPILED = "*.nb[ic]"  # what numba made of librosa in a quarter of a minute and keeps beside it; see `test_cepstra`
LEFT_OUT = {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json"}  # written by whoever installs
READMES = ["README.md", "README.zh.md"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def closure(names: list[str]) -> dict[str, Distribution]:
    """The installed distributions that a list of requirements pulls in, by name."""
    found: dict[str, Distribution] = {}
    waiting = [(Requirement(name), "") for name in names]
    while waiting:
        wish, extra = waiting.pop()
        if wish.marker and not wish.marker.evaluate({"extra": extra}):
            continue
        known = found.setdefault(wish.name.lower(), distribution(wish.name))
        here = [Requirement(text) for text in known.requires or []]
        for more in ("", *wish.extras):
            waiting += [(need, more) for need in here if need.name.lower() not in found]
    return found


def members(installed: Distribution) -> Iterator[tuple[str, Path]]:
    """The files of an installed distribution, with their names in a wheel. Start scripts are made by pip."""
    scripts = {entry.name for entry in installed.entry_points}
    for file in installed.files or []:
        where = Path(str(file.locate())).resolve()
        about = ".dist-info" in file.parts[0]
        if where.suffix == ".pyc" or not where.is_file() or (about and where.name in LEFT_OUT):
            continue
        if not about and installed.name.startswith(FOR_A_GPU):
            continue
        if ".." not in file.parts:
            yield file.as_posix(), where
        elif where.name not in scripts:
            name = f"{installed.name.replace('-', '_')}-{installed.version}.data"
            kind = "scripts" if where.parent.name == "bin" else "data"
            inside = where.name if kind == "scripts" else where.relative_to(Path(sys.prefix).resolve()).as_posix()
            yield f"{name}/{kind}/{inside}", where
    if installed.name == "librosa":
        root = Path(str(installed.locate_file("")))
        yield from ((path.relative_to(root).as_posix(), path) for path in root.glob(f"librosa/**/{COMPILED}"))


def pack(installed: Distribution, folder: Path) -> None:
    """The wheel that this distribution was installed from, without compression."""
    tags = [line.split("-") for line in re.findall(r"^Tag: (.+)$", installed.read_text("WHEEL") or "", re.MULTILINE)]
    tag = "-".join(".".join(dict.fromkeys(part)) for part in zip(*tags, strict=True))
    home = next(name for name, _ in members(installed) if name.endswith(".dist-info/METADATA")).split("/")[0]
    record = []
    with zipfile.ZipFile(folder / f"{home.removesuffix('.dist-info')}-{tag}.whl", "w") as wheel:
        for name, where in members(installed):
            content = where.read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f'"{name}",sha256={digest},{len(content)}')
            wheel.writestr(name, content)
        wheel.writestr(f"{home}/RECORD", "\n".join([*record, f"{home}/RECORD,,", ""]))


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment variables of someone who has just come: a home of their own, no network, a folder of wheels."""
    home = tmp_path_factory.mktemp("home")
    wheels = home / "wheels"
    wheels.mkdir()
    lines = [line.split("#")[0].strip() for line in (ROOT / "requirements.txt").read_text("utf-8").splitlines()]
    for installed in closure([line for line in lines if line]).values():
        pack(installed, wheels)
    keep = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    yield {
        **keep,
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHON": PYTHON,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "TIMBRE_HOME": str(home / "studio"),
        "TIMBRE_OPEN_BROWSER": "false",
    }
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, newcomer: dict[str, str]) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("fresh") / "timbre-studio"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(place)], check=True)
    yield place
    shutil.rmtree(place, ignore_errors=True)


def commands(readme: str) -> list[str]:
    """The lines of every shell block of a README, in order."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / readme).read_text("utf-8"), re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def open_studio(clone: Path, newcomer: dict[str, str], limit: float) -> tuple[float, str]:
    """`make run` until the page answers, then Ctrl-C: the seconds it took and all that it said."""
    port, began, said = free_port(), time.monotonic(), clone.parent / "said"
    with said.open("w") as out:
        shop = subprocess.Popen(
            ["make", "run", f"ARGS=--port {port}"],
            cwd=clone, env=newcomer, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
    try:
        while not page(port):
            assert shop.poll() is None, said.read_text("utf-8")
            assert time.monotonic() - began < limit, said.read_text("utf-8")
            time.sleep(0.2)
        took = time.monotonic() - began
        os.killpg(shop.pid, signal.SIGINT)
        shop.wait(timeout=30)
    finally:
        if shop.poll() is None:
            os.killpg(shop.pid, signal.SIGKILL)
            shop.wait()
    return took, said.read_text("utf-8")


def page(port: int) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def test_make_run_opens_the_studio(clone: Path, newcomer: dict[str, str]) -> None:
    assert "make run" in commands("README.md")
    first, said = open_studio(clone, newcomer, limit=400)
    assert "Successfully installed" in said
    assert "Traceback" not in said
    again, said = open_studio(clone, newcomer, limit=60)
    assert "install" not in said.lower(), "the second start installs nothing"
    assert again < 30, f"the second start took {again:.0f} s"
    assert again < first


@pytest.mark.parametrize("readme", READMES)
def test_commands_of_the_readme_work(clone: Path, newcomer: dict[str, str], readme: str) -> None:
    """Every `python -m studio …` line, in order, in one shell, as a reader would paste them."""
    subprocess.run([PYTHON, "tools/prepare.py", "run"], cwd=clone, env=newcomer, check=True, capture_output=True)
    lines = [line for line in commands(readme) if line.startswith(("source ", "python -m studio"))]
    assert sum("speak" in line for line in lines) >= 1
    assert sum("convert" in line for line in lines) >= 1
    script = "\n".join(["set -e", *lines])
    done = subprocess.run(["bash", "-c", script], cwd=clone, env=newcomer, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in re.findall(r"(?:-o|inspect) (\S+)", script):
        assert (clone / name).stat().st_size > 10_000, f"{name} is too small to hold speech"


def test_both_readmes_give_the_same_commands() -> None:
    english, chinese = (
        [re.sub(r'"[^"]*"', "…", line.split("#")[0].strip()) for line in commands(name)] for name in READMES
    )
    assert english == chinese


def test_build_server_runs_the_command_of_the_readme() -> None:
    assert "make test" in commands("README.md")
    assert (ROOT / ".ci/run").read_text("utf-8").rstrip().endswith("exec make test")
    assert os.access(ROOT / ".ci/run", os.X_OK)
