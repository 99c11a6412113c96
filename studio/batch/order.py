"""An order: which files become which files, and how each is read. Everything here is settled before any work."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studio.errors import StudioError
from studio.production.converting import ConvertRequest
from studio.words import Words

MOST_FILES = 100_000  # of one batch
OF_THE_VOICE = ("voice", "style", "controls")  # what belongs to an engine, and is nothing to another one


@dataclass(frozen=True)
class Trouble:
    """Why a file is not made: an error that can be kept and told again in either language."""

    code: str
    words: Words

    @classmethod
    def of(cls, error: StudioError) -> "Trouble":
        return cls(error.code, error.words)

    def to_json(self) -> dict[str, str]:
        return {"code": self.code, "en": self.words.en, "zh": self.words.zh}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any] | None) -> "Trouble | None":
        return cls(str(plain["code"]), Words(str(plain["en"]), str(plain["zh"]))) if plain else None


@dataclass(frozen=True, slots=True)
class Item:
    """One file that shall be made."""

    number: int  # in the batch, from 1
    input: str  # where it lies; empty where it is not known
    name: str  # as people know it
    output: str  # below the folder of the batch, with /
    own: Mapping[str, Any] = field(default_factory=dict)  # fields of the request in which it differs from the others
    subtitles: tuple[str, ...] | None = None  # None: as the others
    trouble: Trouble | None = None  # known before the file was opened

    def to_json(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"n": self.number, "input": self.input, "name": self.name, "output": self.output}
        if self.own:
            plain["own"] = dict(self.own)
        if self.subtitles is not None:
            plain["subtitles"] = list(self.subtitles)
        if self.trouble:
            plain["trouble"] = self.trouble.to_json()
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> "Item":
        """The inverse of `to_json`."""
        subtitles = plain.get("subtitles")
        return cls(
            plain["n"],
            plain["input"],
            plain["name"],
            plain["output"],
            plain.get("own", {}),
            None if subtitles is None else tuple(subtitles),
            Trouble.from_json(plain.get("trouble")),
        )


@dataclass(frozen=True)
class Order:
    """A batch before it begins."""

    title: str
    items: tuple[Item, ...]
    out: Path
    common: ConvertRequest  # for every file that does not say otherwise
    subtitles: tuple[str, ...] = ()  # formats that are written beside each file
    replace: bool = False  # write over files that were not made by this very order
    hands: int = 0  # files at the same time; 0 leaves it to the studio
    notes: tuple[Words, ...] = ()  # what was left out, and why
    unattended: bool = False  # goes on by itself when a server starts on the data folder

    def request(self, item: Item) -> ConvertRequest:
        """How this file is read."""
        return request_of(self.common, item.own)

    def subtitles_of(self, item: Item) -> tuple[str, ...]:
        return self.subtitles if item.subtitles is None else item.subtitles

    def path(self, item: Item) -> Path:
        """Where the file will stand."""
        return self.out / item.output

    def to_json(self) -> dict[str, Any]:
        """All but the items."""
        return {
            "title": self.title,
            "out": str(self.out),
            "common": self.common.to_json(),
            "subtitles": list(self.subtitles),
            "replace": self.replace,
            "hands": self.hands,
            "notes": [note._asdict() for note in self.notes],
            "unattended": self.unattended,
            "files": len(self.items),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any], items: tuple[Item, ...]) -> "Order":
        """The inverse of `to_json`."""
        return cls(
            plain["title"],
            items,
            Path(plain["out"]),
            ConvertRequest.from_json(plain["common"]),
            tuple(plain["subtitles"]),
            plain["replace"],
            plain["hands"],
            tuple(Words(**note) for note in plain["notes"]),
            plain["unattended"],
        )


def request_of(common: ConvertRequest, own: Mapping[str, Any]) -> ConvertRequest:
    """`common` with what a file has of its own; another engine begins without the voice of this one."""
    if own.get("engine", common.engine) != common.engine:
        common = replace(common, voice="", style="", controls={})
    if "format" in own and own["format"] != common.format:
        common = replace(common, bitrate=None)
    return replace(common, **own)
