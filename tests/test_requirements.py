"""The requirement files hold what the code imports, and nothing else."""

import ast
import re
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"
PROGRAMS = {"pytest-timeout", "ruff", "mypy"}  # run by name or by pytest, not imported
FOR_OTHERS = {"audioop-lts", "python-multipart"}  # what pydub imports on later Pythons; what FastAPI reads forms with
ASKED_BY_NAME = {"import_module", "find_spec", "importorskip"}  # functions that take the name of a module
DRIVERS = {"psycopg"}  # imported by SQLAlchemy, from the address of the database


def key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(name: str) -> set[str]:
    """The distributions that a requirement file names."""
    lines = (line.split("#")[0].strip() for line in (ROOT / name).read_text("utf-8").splitlines())
    return {key(re.split(r"[\[=~<>!; ]", line)[0]) for line in lines if line and not line.startswith("-")}


def imported(files: list[Path]) -> dict[str, Path]:
    """The top-level modules that the files import and that are neither Python's nor ours, with one place each."""
    found: dict[str, Path] = {}
    for path in files:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            if isinstance(node, ast.Call) and node.args and called(node) in ASKED_BY_NAME:
                first = node.args[0]
                names = [first.value] if isinstance(first, ast.Constant) and isinstance(first.value, str) else []
            found |= {name.split(".")[0]: path for name in names}
    ours = {"studio", "tests", "tools", "benchmarks", "app"} | {
        path.stem for path in files if path.parent == BENCHMARKS
    }
    return {name: path for name, path in found.items() if name not in sys.stdlib_module_names | ours}


def called(node: ast.Call) -> str:
    """The last part of the name of the function that is called."""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


@cache
def distributions() -> dict[str, set[str]]:
    return {module: {key(name) for name in names} for module, names in packages_distributions().items()}


def sources(*places: str) -> list[Path]:
    return [path for place in places for path in sorted((ROOT / place).rglob("*.py"))]


STUDIO = [*sources("studio"), ROOT / "app.py"]
TESTS = sources("tests", "benchmarks", "tools")


@pytest.mark.parametrize(
    ("files", "lists"),
    [(STUDIO, ["requirements.txt", "requirements-cluster.txt"]), (TESTS, ["requirements.txt", "requirements-dev.txt"])],
    ids=["studio", "tests"],
)
def test_every_import_is_required(files: list[Path], lists: list[str]) -> None:
    there = set().union(*map(required, lists))
    missing = {
        f"{module} in {path.relative_to(ROOT)}"
        for module, path in imported(files).items()
        if not distributions().get(module, {key(module)}) & there
    }
    assert not missing, f"not in {' or '.join(lists)}: {sorted(missing)}"


def test_everything_required_is_imported() -> None:
    used = set().union(*(distributions().get(module, set()) for module in imported(STUDIO)))
    assert not required("requirements.txt") - used - FOR_OTHERS, "required, but the studio does not import it"


def test_everything_required_for_the_tests_is_used() -> None:
    used = set().union(*(distributions().get(module, set()) for module in imported(TESTS)))
    assert not required("requirements-dev.txt") - used - PROGRAMS - DRIVERS, "required, but no test imports it"


def test_every_dependency_has_its_reason() -> None:
    """docs/dependencies.md explains each requirement by its name."""
    explained = {
        key(name) for name in re.findall(r"`([A-Za-z0-9_.\[\]-]+)`", (ROOT / "docs/dependencies.md").read_text("utf-8"))
    }
    explained |= {name.split("[")[0] for name in explained}
    missing = (required("requirements.txt") | required("requirements-dev.txt")) - explained
    assert not missing, f"docs/dependencies.md says nothing about {sorted(missing)}"


def test_the_readers_see_what_they_should(tmp_path: Path) -> None:
    """The checker itself."""
    code = tmp_path / "code.py"
    code.write_text(
        "import os, numpy.fft\nfrom . import near\n\ndef f():\n    from av.filter import Graph\n    find_spec('soxr')\n"
    )
    assert set(imported([code])) == {"numpy", "av", "soxr"}
    assert "sqlalchemy" in required("requirements.txt")
    assert "psycopg" in required("requirements-dev.txt")


def test_only_the_cluster_needs_what_it_needs() -> None:
    """Nothing but the executor for many machines imports Ray."""
    mine = ROOT / "studio" / "production" / "cluster.py"
    assert "ray" not in imported([path for path in STUDIO if path != mine])
    assert "ray" in imported([mine])
