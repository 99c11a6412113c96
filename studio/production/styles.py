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
LARGEST = 64 * 1024  # bytes of a file


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
    return sheet_of(path.read_bytes(), path.name)


def sheet_of(data: bytes, where: str) -> StyleSheet:
    """A style from the bytes of its file; its control values are as written. `BadFile` says what is wrong in it."""
    try:
        found = tomllib.loads(data.decode("utf-8-sig"))
        if unknown := set(found) - KEYS:
            raise KeyError(f"unknown: {', '.join(sorted(unknown))}")
        if missing := KEYS - set(found):
            raise KeyError(f"missing: {', '.join(sorted(missing))}")
        controls = found["controls"]
        if not isinstance(controls, dict) or not controls or not all(isinstance(c, dict) for c in controls.values()):
            raise TypeError("controls has to be a section for each engine, as in [controls.espeak]")
        return StyleSheet(_text(found, "name"), _words(found, "label"), _words(found, "about"), controls)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, RecursionError) as error:
        said = str(error.args[0] if isinstance(error, KeyError) else error or type(error).__name__)
        raise BadFile(
            f"{where}: not a style ({said}); docs/formats.md shows one",
            f"{where}：不是有效的风格文件（{said}）；格式见 docs/formats.md",
            where=where,
        ) from error


def _text(found: dict[str, Any], key: str) -> str:
    if not isinstance(found[key], str):
        raise TypeError(f"{key} has to be a text")
    return str(found[key])


def _words(found: dict[str, Any], key: str) -> Words:
    """A text in both languages; written once it stands for both."""
    told = found[key]
    if isinstance(told, str):
        return Words(told, told)
    if not isinstance(told, dict) or set(told) != {"en", "zh"}:
        raise TypeError(f"{key} has to be {{ en = …, zh = … }} or one text")
    return Words(_text(told, "en"), _text(told, "zh"))
