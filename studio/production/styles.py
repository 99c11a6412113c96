"""The shipped styles: TOML files in `presets/`, read as data and checked against the engines' declarations."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import BadFile
from studio.words import Words

SHIPPED = Path(__file__).parents[2] / "presets"
KEYS = {"name", "label", "about", "controls"}


@dataclass(frozen=True)
class StyleSheet:
    """One file of `presets/`: a style for every engine it has a section for."""

    name: str
    label: Words
    about: Words
    controls: dict[str, dict[str, Any]]  # engine -> control values, as written


def sheets(folder: Path = SHIPPED) -> Iterator[StyleSheet]:
    """Every style of the folder, by file name. `BadFile` names the file and what is wrong in it."""
    for path in sorted(folder.glob("*.toml")):
        yield _sheet(path)


def _sheet(path: Path) -> StyleSheet:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        if unknown := set(found) - KEYS:
            raise KeyError(f"unknown: {', '.join(sorted(unknown))}")
        label, about = found["label"], found["about"]
        return StyleSheet(
            found["name"], Words(label["en"], label["zh"]), Words(about["en"], about["zh"]), found["controls"]
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise BadFile(
            f"{path.name}: not a style ({error}); docs/formats.md shows one",
            f"{path.name}：不是有效的风格文件（{error}）；格式见 docs/formats.md",
            where=path.name,
        ) from error
