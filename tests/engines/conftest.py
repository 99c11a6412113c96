"""Every engine there is: the shipped ones, and the example of `docs/engines.md`, installed as a package of its own."""

import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from studio.engines.contract import AudioChunk, Engine, Recipe, Stop, VoiceContent, VoiceKind, WordTime
from studio.engines.registry import GROUP, Registry

DOCUMENT = Path(__file__).parents[2] / "docs" / "engines.md"
_FILE = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)\n```", re.DOTALL)


@dataclass(frozen=True)
class Heard:
    """One utterance as it arrived."""

    chunks: tuple[AudioChunk, ...]

    @property
    def samples(self) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.concatenate([chunk.samples for chunk in self.chunks])

    @property
    def words(self) -> list[WordTime]:
        return [word for chunk in self.chunks for word in chunk.words]

    @property
    def text(self) -> list[str]:
        return [word.text for word in self.words]


def listen(engine: Engine, *recipes: Recipe, stop: Stop | None = None) -> list[Heard]:
    """What an engine says, utterance by utterance."""
    found: list[list[AudioChunk]] = [[] for _ in recipes]
    for chunk in engine.speak(recipes, Stop() if stop is None else stop):
        found[chunk.index].append(chunk)
    return [Heard(tuple(chunks)) for chunks in found]


def make_recipe(engine: Engine, text: str, voice: VoiceContent | str | int = "", **others: Any) -> Recipe:
    """A recipe in an engine's default voice (a name, a seed or a whole voice says another); `controls` as keywords."""
    spec = engine.spec
    language, seed = others.pop("language", spec.languages[0]), others.pop("seed", 0)
    if isinstance(voice, int):
        voice = VoiceContent(VoiceKind.SEED, seed=voice)
    if isinstance(voice, str):
        voice = VoiceContent(VoiceKind.BUILTIN, name=voice or engine.voices()[0].name)
    return Recipe(spec.id, spec.version, text, voice, language, tuple(sorted(spec.settle(others).items())), seed)


@pytest.fixture(scope="session")
def hear() -> Callable[..., list[Heard]]:
    return listen


@pytest.fixture(scope="session")
def recipe_for() -> Callable[..., Recipe]:
    return make_recipe


def install_package(folder: Path, name: str, entry_points: dict[str, str], modules: dict[str, str]) -> None:
    """A package as pip leaves it: its modules, and the metadata that announce its engines."""
    metadata = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{key} = {value}" for key, value in entry_points.items()]
    (metadata / "entry_points.txt").write_text("\n".join([f"[{GROUP}]", *lines, ""]))
    for module, source in modules.items():
        (folder / module).write_text(source, encoding="utf-8")


@pytest.fixture(scope="session")
def install() -> Callable[..., None]:
    return install_package


@pytest.fixture(scope="session")
def example() -> dict[str, str]:
    """The files of the example in the document."""
    return dict(_FILE.findall(DOCUMENT.read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def installed(example: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder on `sys.path` in which the example is installed."""
    folder = tmp_path_factory.mktemp("site-packages")
    project = tomllib.loads(example["pyproject.toml"])["project"]
    modules = {name: source for name, source in example.items() if name.endswith(".py")}
    install_package(folder, project["name"], project["entry-points"][GROUP], modules)
    sys.path.insert(0, str(folder))
    yield folder
    sys.path.remove(str(folder))


@pytest.fixture(scope="session")
def registry(installed: Path) -> Iterator[Registry]:
    """One registry for all tests of this folder."""
    engines = Registry()
    yield engines
    engines.unload_all()


def engine_ids() -> Sequence[str]:
    return ("espeak", "beeper")


@pytest.fixture(scope="session", params=engine_ids())
def engine(request: pytest.FixtureRequest, registry: Registry) -> Engine:
    """Each engine in turn, loaded."""
    found = registry.get(request.param)
    found.load()
    return found
