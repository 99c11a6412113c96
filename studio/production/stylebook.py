"""The user's own styles as files: written and read in the format of `presets/`, changed, compared side by side.

A file is checked against the declarations before anything is kept: a control that an engine does not have, a value out
of its range or of another type is refused with what would be right, and nothing of the file is kept.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.audio.drafts import Draft
from studio.engines.contract import EngineSpec
from studio.engines.registry import Registry
from studio.errors import BadControl, BadFile, NotFound
from studio.library import NewStyle, Style
from studio.library.voice import name_key
from studio.production.styles import LARGEST, StyleSheet, sheet_of
from studio.words import Words

if TYPE_CHECKING:  # SQLAlchemy comes with the library, when one is opened
    from studio.library.styles import Styles


@dataclass(frozen=True)
class Difference:
    """One control in several styles."""

    name: str
    label: Words
    values: tuple[Any, ...]  # one for each style; None: the engine's default
    default: Any
    unit: str

    @property
    def differs(self) -> bool:
        settled = [self.default if value is None else value for value in self.values]
        return any(value != settled[0] for value in settled)


class Stylebook:
    """Styles of a library over the engines. Every method may be called from any thread."""

    def __init__(self, styles: "Styles", engines: Registry) -> None:
        self._styles, self._engines = styles, engines

    def read(self, data: bytes, where: str, name: str = "", *, replace_own: bool = False) -> tuple[Style, ...]:
        """Keep the styles of a file, one for each engine in it, all or none; `name` goes over the file's own.

        `BadFile` for what is no style, `BadControl` for a control or value that does not exist, `BadRequest` where a
        style of that name is there already and `replace_own` does not allow it.
        """
        if len(data) > LARGEST:
            raise BadFile(
                f"{where}: too large; a style has at most {LARGEST >> 10} KiB",
                f"{where}：文件过大；风格文件不超过 {LARGEST >> 10} KiB",
                where=where,
            )
        sheet = sheet_of(data, where)
        sheet = replace(sheet, name=name or sheet.name)
        checked = {engine: self._checked(where, engine, values) for engine, values in sheet.controls.items()}
        return self._styles.save_all(styles_of(replace(sheet, controls=checked)), replace_own=replace_own)

    def read_file(self, path: Path, name: str = "", *, replace_own: bool = False) -> tuple[Style, ...]:
        """`read` of a file on this machine."""
        try:
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except OSError as error:
            raise BadFile(
                f"{path}: cannot be read ({error.strerror})", f"{path}：无法读取（{error.strerror}）", where=str(path)
            ) from error
        return self.read(data, path.name, name, replace_own=replace_own)

    def write(self, reference: str) -> bytes:
        """A style as a file, with a section for each engine that has one of its name. `NotFound`."""
        names = self._named(reference)
        first = next((one for one in names if one.translations), names[0])
        about = first.description or first.name
        told = {code: first.translations.get(code, {}) for code in ("en", "zh")}
        label = Words(*(told[code].get("name") or first.name for code in ("en", "zh")))
        words = Words(*(told[code].get("description") or about for code in ("en", "zh")))
        return written(StyleSheet(first.name, label, words, {one.engine: one.controls for one in names})).encode()

    def write_file(self, reference: str, path: Path) -> None:
        """`write` into a file, whole or not at all. `NotWritable`."""
        data = self.write(reference)
        with Draft(path) as draft:
            draft.write(data)

    def _named(self, reference: str) -> Sequence[Style]:
        """The styles of one name, of every engine; by id that one alone."""
        every = self._styles.list()
        found = [one for one in every if one.id == reference]
        found = found or [one for one in every if _fits(one, reference)]
        if not found:
            names = dict.fromkeys(one.name for one in every)
            raise NotFound.among(Words("style", "风格"), reference, names, where="style")
        return [one for one in found if one.name == found[0].name]

    def edit(
        self,
        reference: str,
        engine: str,
        controls: Mapping[str, Any] | None = None,
        without: Sequence[str] = (),
        name: str = "",
        description: str | None = None,
    ) -> Style:
        """Change a style of the user's: set controls, take some out, rename it. `BadRequest` for a shipped one."""
        old = self._styles.get(reference, engine)
        spec = self._engines.get(old.engine or engine).spec
        absent = [one for one in without if one not in old.controls]
        if absent:
            raise BadControl(
                f"style “{old.name}” does not set {', '.join(absent)}; it sets {', '.join(old.controls) or 'nothing'}",
                f"风格“{old.name}”没有设置 {'、'.join(absent)}；它设置了 {'、'.join(old.controls) or '空'}",
                where="without",
            )
        kept = {key: value for key, value in old.controls.items() if key not in without}
        checked = kept | {key: spec.control(key).check(value) for key, value in (controls or {}).items()}
        words = {} if name or description is not None else old.translations
        told = old.description if description is None else description
        return self._styles.change(old.id, NewStyle(name or old.name, checked, old.engine, told, old.languages, words))

    def compare(self, engine: str, references: Sequence[str]) -> tuple[Difference, ...]:
        """Every control that one of the styles sets, in the order of the engine's declaration."""
        spec = self._engines.get(engine).spec
        styles = [self._styles.get(reference, engine).controls for reference in references]
        return tuple(
            Difference(one.name, one.label, tuple(style.get(one.name) for style in styles), one.default, one.unit)
            for one in spec.controls
            if any(one.name in style for style in styles)
        )

    def _checked(self, where: str, engine: str, values: Mapping[str, Any]) -> dict[str, Any]:
        try:
            spec = self._engines.get(engine).spec
            return checked(spec, values)
        except (BadControl, NotFound) as error:
            en, zh = error.text("en"), error.text("zh")
            place = f"{where} [controls.{engine}]"
            raise BadControl(f"{place}: {en}", f"{place}：{zh}", where=error.fields.get("where", "controls")) from error


def checked(spec: EngineSpec, values: Mapping[str, Any]) -> dict[str, Any]:
    """Control values as the declaration takes them. `BadControl`."""
    return {name: spec.control(name).check(value) for name, value in values.items()}


def styles_of(sheet: StyleSheet) -> tuple[NewStyle, ...]:
    """The styles of one file, one for each engine in it."""
    labels, abouts = ({"en": words.en, "zh": words.zh} for words in (sheet.label, sheet.about))
    translations = {code: {"name": labels[code], "description": abouts[code]} for code in ("en", "zh")}
    return tuple(
        NewStyle(sheet.name, controls, engine, sheet.about.en, translations=translations)
        for engine, controls in sheet.controls.items()
    )


def written(sheet: StyleSheet) -> str:
    """A style as the text of its file."""
    lines = [f"name = {_value(sheet.name)}"]
    for key, words in (("label", sheet.label), ("about", sheet.about)):
        lines.append(f"{key} = {{ en = {_value(words.en)}, zh = {_value(words.zh)} }}")
    for engine, controls in sheet.controls.items():
        lines += ["", f"[controls.{engine}]", *(f"{name} = {_value(value)}" for name, value in controls.items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    """A value of TOML: texts and switches are written as in JSON, where DEL alone has to be escaped besides."""
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _fits(style: Style, reference: str) -> bool:
    names = {style.name, *(words.get("name", "") for words in style.translations.values())}
    return name_key(reference) in {name_key(name) for name in names if name}
