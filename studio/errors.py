"""What can go wrong, for whoever calls the studio.

StudioError
├── NotInstalled      an engine's weights or a package are missing; the text says how to get them
├── BadRequest        the caller's doing; `.where` is the path of the field or file
│   ├── BadControl    a control out of range, or one that the engine does not have
│   ├── BadText       nothing to say, too much to say, marks that do not close
│   ├── BadFile       a file that is not what it should be, or cannot be read
│   ├── NotPermitted  a cloned voice without the consent that this needs
│   └── NotFound      no engine, voice, style, take or production of that name
├── StorageError      the data folder or the output folder does not play along
│   ├── DiskFull      no space left; nothing half-written was kept
│   ├── NotWritable   a folder or file may not be written
│   ├── InUse         the data folder, database or port belongs to another process
│   └── NewerData     the database was made by a later version of the studio
├── Cancelled         someone pressed stop
└── EngineFailed      the engine broke; the cause is chained

A message has three parts: what was given, what would be right, what to do. It is written in both languages where it is
raised, and the face that shows it picks one. Nothing here is ever shown with a stack trace or a path of the source.
"""

from collections.abc import Iterable
from typing import Any

from studio.words import Words


class StudioError(Exception):
    """The base of everything the studio raises on purpose."""

    code = "error"  # stable name for programs
    exit_code = 1  # of the command line

    def __init__(self, en: str, zh: str, *, where: str = "", **fields: Any) -> None:
        super().__init__(en)
        self.words = Words(en, zh)
        self.where = where
        self.fields = fields

    def text(self, language: str = "en") -> str:
        """The message in the reader's language."""
        return self.words.text(language)


class NotInstalled(StudioError):
    code, exit_code = "not_installed", 3


class BadRequest(StudioError):
    code, exit_code = "bad_request", 2


class BadControl(BadRequest):
    code = "bad_control"


class BadText(BadRequest):
    code = "bad_text"


class BadFile(BadRequest):
    code = "bad_file"


class NotPermitted(BadRequest):
    code = "not_permitted"


class NotFound(BadRequest):
    code = "not_found"

    @classmethod
    def among(cls, kind: Words, name: str, known: Iterable[str], *, where: str = "") -> "NotFound":
        """`kind` called `name` does not exist; the nearest of `known` is suggested."""
        from difflib import get_close_matches  # 20 ms, and most runs end well

        known = [one for one in known if one.strip()]
        near = get_close_matches(name, known, n=1, cutoff=0.5)
        if near:
            hint = Words(f"; did you mean “{near[0]}”?", f"；是不是“{near[0]}”？")
        elif 0 < len(known) <= 12:
            hint = Words(f"; there is: {', '.join(known)}", f"；现有：{'、'.join(known)}")
        else:
            hint = Words("", "")
        return cls(
            f"{kind.en} “{name}”: no such {kind.en}{hint.en}",
            f"{kind.zh}“{name}”：没有这个{kind.zh}{hint.zh}",
            where=where,
            name=name,
            suggestion=near[0] if near else None,
        )


class StorageError(StudioError):
    code, exit_code = "storage", 5


class DiskFull(StorageError):
    code = "disk_full"


class NotWritable(StorageError):
    code = "not_writable"


class InUse(StorageError):
    code = "in_use"


class NewerData(StorageError):
    code = "newer_data"


class Cancelled(StudioError):
    code, exit_code = "cancelled", 130

    def __init__(self) -> None:
        super().__init__("stopped", "已停止")


class EngineFailed(StudioError):
    code, exit_code = "engine_failed", 4
