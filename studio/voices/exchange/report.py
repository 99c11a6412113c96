"""What became of every voice of every file, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from studio.words import Words

Outcome = Literal["added", "merged", "known", "refused"]
OUTCOMES: dict[Outcome, Words] = {
    "added": Words("added", "已导入"),
    "merged": Words("known, its facts were joined", "已存在，信息已合并"),
    "known": Words("known, left as it is", "已存在，未改动"),
    "refused": Words("refused", "未导入"),
}


@dataclass(frozen=True)
class Entry:
    """One voice, or a file of which nothing was taken."""

    file: str
    outcome: Outcome
    name: str = ""  # as it is called here; "" for a file
    id: str = ""  # here
    engine: str = ""
    format: str = ""
    notes: tuple[Words, ...] = ()  # why, and what should be known

    @property
    def outcome_words(self) -> Words:
        return OUTCOMES[self.outcome]

    def to_json(self) -> dict[str, Any]:
        return {
            "file": self.file, "outcome": self.outcome, "name": self.name, "id": self.id, "engine": self.engine,
            "format": self.format, "notes": [{"en": note.en, "zh": note.zh} for note in self.notes],
        }  # fmt: skip


@dataclass(frozen=True)
class Report:
    """Everything that one import did."""

    entries: Sequence[Entry]
    undo: str = ""  # by which it can be taken back for a while (`Exchange.undo`); "" where it changed nothing

    def count(self, outcome: Outcome) -> int:
        return sum(entry.outcome == outcome for entry in self.entries)

    @property
    def added(self) -> list[str]:
        """The ids of the voices that are new."""
        return [entry.id for entry in self.entries if entry.outcome == "added"]

    @property
    def summary(self) -> Words:
        """`3 added, 1 known, left as it is`."""
        counts = [(outcome, self.count(outcome)) for outcome in OUTCOMES if self.count(outcome)]
        return Words(
            "; ".join(f"{count} {OUTCOMES[outcome].en}" for outcome, count in counts) or "nothing",
            "；".join(f"{OUTCOMES[outcome].zh} {count} 个" for outcome, count in counts) or "没有内容",
        )

    def to_json(self) -> dict[str, Any]:
        counts = {outcome: self.count(outcome) for outcome in OUTCOMES}
        return {"counts": counts, "undo": self.undo, "entries": [entry.to_json() for entry in self.entries]}
