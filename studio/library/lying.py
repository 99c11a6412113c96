"""What the bin tells: records and words, without SQLAlchemy."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from studio.words import Words

Kind = Literal["productions", "voices", "takes", "lines", "strays"]
BIN_KINDS: dict[Kind, Words] = {
    "productions": Words("Productions", "作品"),
    "voices": Words("Voices", "音色"),
    "takes": Words("Takes", "版本"),
    "lines": Words("Script lines beyond undo", "无法再撤销的台词"),
    "strays": Words("Files that belong to nothing", "无主文件"),
}


@dataclass(frozen=True)
class Lying:
    """Deleted things of one kind."""

    kind: Kind
    count: int
    bytes: int  # of files, clips and texts; what is small in the database counts as nothing
    since: datetime | None = None  # when the first of them was deleted; None where nobody noted it
    held: int = 0  # how many of them stay: something that is kept still uses them


@dataclass(frozen=True)
class Emptied:
    """What went for good."""

    removed: tuple[Lying, ...]  # `held`: how many of the kind were old enough and stay, being used or at work
    failed: tuple[str, ...]  # names of files and folders that could not be removed; the next time tries again

    @property
    def count(self) -> int:
        return sum(one.count for one in self.removed)

    @property
    def bytes(self) -> int:
        return sum(one.bytes for one in self.removed)

    @property
    def held(self) -> int:
        return sum(one.held for one in self.removed)
