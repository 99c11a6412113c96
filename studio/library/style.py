"""What a style of the library is: the records that go in and come out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class NewStyle:
    """A style to be kept. `engine` "" is for any engine; no languages are all languages."""

    name: str
    controls: Mapping[str, Any]
    engine: str = ""
    description: str = ""
    languages: tuple[str, ...] = ()
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # "zh" -> {"name", "description"}


@dataclass(frozen=True)
class Style:
    """A style of the library."""

    id: str
    name: str
    engine: str  # "" is any
    controls: dict[str, Any]
    description: str
    languages: tuple[str, ...]
    translations: dict[str, dict[str, str]]
    shipped: bool  # came with the studio; cannot be changed, only copied
    created: datetime
    updated: datetime

    def label(self, language: str) -> str:
        """The name in the reader's language."""
        code = "zh" if language.lower().startswith("zh") else "en"
        return self.translations.get(code, {}).get("name", self.name)
