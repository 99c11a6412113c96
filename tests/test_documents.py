"""The documents say what the code does."""

import re
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from studio import errors

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md"), *ROOT.glob("assets/*/*.md")]
)


def load(path: Path) -> ModuleType:
    """A script, as a module."""
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    return load(ROOT / "tools" / "reference.py")


@pytest.fixture(scope="module")
def made(reference: ModuleType) -> dict[str, dict[str, str]]:
    return {language: reference.blocks(language) for language in ("en", "zh")}


def test_tables_are_those_of_the_code(reference: ModuleType, made: dict[str, dict[str, str]]) -> None:
    stale = [name for name in reference.DOCUMENTS if (ROOT / name).read_text("utf-8") != reference.filled(name, made)]
    assert not stale, f"run `python tools/reference.py`: {stale}"


def test_both_guides_have_every_table(reference: ModuleType, made: dict[str, dict[str, str]]) -> None:
    for language in ("en", "zh"):
        found = reference.BLOCK.findall((ROOT / f"docs/guide.{language}.md").read_text("utf-8"))
        assert {(name, at) for _, name, at, _ in found} == {(name, language) for name in reference.BLOCKS}
    for name in reference.BLOCKS:
        assert made["en"][name].count("\n| `") == made["zh"][name].count("\n| `"), name
        assert made["en"][name].count("\n") > 3, f"{name} is empty"


def test_exit_codes_are_those_of_the_errors(made: dict[str, dict[str, str]]) -> None:
    told = set(map(int, re.findall(r"^\| (\d+) ", made["en"]["exits"], re.MULTILINE)))
    assert told == {0} | {kind.exit_code for kind in family(errors.StudioError)}


def family(kind: type[errors.StudioError]) -> Iterator[type[errors.StudioError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from family(child)


def anchors(path: Path) -> set[str]:
    """The names under which the headings of a document can be linked."""
    heads = re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).strip().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        there = (path.parent / name) if name else path
        assert there.exists(), f"{target}: no such file"
        assert not anchor or anchor in anchors(there), f"{target}: no such heading"


def test_table_of_the_benchmarks_is_that_of_the_numbers() -> None:
    said = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    assert said == load(ROOT / "benchmarks" / "report.py").filled(said), "run `python benchmarks/report.py`"


def test_every_source_file_named_exists() -> None:
    """Paths of the code and of the data in the documents are real."""
    for path in DOCUMENTS:
        for name in re.findall(r"`((?:studio|tests|tools|assets|presets|docs)/[\w./-]+)`", path.read_text("utf-8")):
            if "screenshots" not in name:
                assert (ROOT / name).exists() or (ROOT / name).with_suffix(".py").exists(), f"{path.name}: {name}"
