"""The YAML of a CosyVoice checkpoint, read as data.

It was written for a loader that imports classes and calls them (`!new:`, `!name:`, `!apply:`). Here a tag is only a
name: nothing is imported and nothing is called. References (`!ref <name>`, also products of them) are looked up.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from studio.errors import BadFile

LARGEST = 1 << 20  # bytes of a configuration; the published ones have a few thousand
CLASS = "class"  # under which the name of a tag is found
REFERENCE = re.compile(r"<(\w+)>")

Plain = dict[str, Any]


class _Reader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Plain YAML, and tags as names."""


class _Reference(str):
    """`!ref`: looked up when everything was read."""


def _named(reader: _Reader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {CLASS: suffix, **reader.construct_mapping(node, deep=True)}
    return {CLASS: suffix}


def _reference(reader: _Reader, node: yaml.Node) -> Any:
    return _Reference(reader.construct_scalar(node))


for _tag in ("!new:", "!name:", "!apply:"):
    _Reader.add_multi_constructor(_tag, _named)
_Reader.add_constructor("!ref", _reference)


def read(path: Path) -> Plain:
    """The configuration with its references resolved. `BadFile` says what is wrong with it."""
    try:
        if path.stat().st_size > LARGEST:
            raise bad(path, "it is too large", "文件过大")
        found = yaml.load(path.read_text("utf-8"), Loader=_Reader)  # a SafeLoader with four tags
        if not isinstance(found, dict):
            raise bad(path, "it holds no settings", "其中没有设置")
        resolved = _resolved(found, found, 0)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise bad(path, "it cannot be read", "无法读取") from error
    except (KeyError, ValueError) as error:
        raise bad(path, f"{error} leads nowhere", f"{error} 没有定义") from error
    assert isinstance(resolved, dict)
    return resolved


def _resolved(value: Any, names: Plain, depth: int) -> Any:
    if depth > 20:
        raise ValueError("a reference to itself")
    match value:
        case _Reference():
            return _looked_up(value, names, depth)
        case dict():
            return {key: _resolved(one, names, depth + 1) for key, one in value.items()}
        case list():
            return [_resolved(one, names, depth + 1) for one in value]
    return value


def _looked_up(reference: str, names: Plain, depth: int) -> Any:
    """`<name>`, or a product of names and whole numbers."""
    parts = [part.strip() for part in reference.split("*")]
    values = []
    for part in parts:
        match = REFERENCE.fullmatch(part)
        values.append(_resolved(names[match[1]], names, depth + 1) if match else int(part))
    product = values[0]
    for value in values[1:]:
        product = product * value
    return product


def bad(path: Path, en: str, zh: str) -> BadFile:
    """A configuration that is not one of CosyVoice's."""
    return BadFile(
        f"{path.name}: not the configuration of a CosyVoice model ({en}); install the model again, or check the folder",
        f"{path.name}：不是 CosyVoice 模型的配置（{zh}）；请重新安装模型，或检查所给的文件夹",
        where=str(path),
    )
