"""Voices whose measures lie between limits: a condition of searches that no label can say.

All measures stand in one narrow index behind the number of the voice, so that looking one voice up costs as little as
reading through all of them. SQLite's planner would rather take the rows themselves, which are wide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from studio.library.tables import VoiceMeasureRow, VoiceRow
from studio.library.voice import Span

Number = ColumnElement[int] | InstrumentedAttribute[int]
HINT = "INDEXED BY voice_measures_by_voice"


@dataclass(frozen=True)
class Ranges:
    """Limits of measures, all of which must hold."""

    measures: Mapping[str, Span]  # none: all that were measured

    def holds(self, number: Number) -> ColumnElement[bool]:
        """That the voice of this number lies within: quick to ask of a few, or of many in the order of a list."""
        of_it = select(VoiceMeasureRow.voice).where(VoiceMeasureRow.voice == number, *self._ends())
        return exists(hinted(of_it))

    def among(self, number: Number) -> ColumnElement[bool]:
        """The same, quick where few lie within."""
        return number.in_(hinted(select(VoiceMeasureRow.voice).where(*self._ends())))

    def count(self, session: Session) -> int:
        """How many voices lie within: all of them less those that are deleted, which are few."""
        within = hinted(select(func.count()).select_from(VoiceMeasureRow).where(*self._ends()))
        gone = select(func.count()).select_from(VoiceRow)
        deleted = gone.where(VoiceRow.deleted.is_not(None), self.holds(VoiceRow.number))
        return (session.scalar(within) or 0) - (session.scalar(deleted) or 0)

    def _ends(self) -> list[ColumnElement[bool]]:
        ends: list[ColumnElement[bool]] = []
        for name, (low, high) in self.measures.items():
            column = getattr(VoiceMeasureRow, name)
            ends += [column >= low] if low is not None else []
            ends += [column <= high] if high is not None else []
        return ends


def hinted(query: Select[Any]) -> Select[Any]:
    """The query told to read the narrow index."""
    return query.with_hint(VoiceMeasureRow, HINT, "sqlite")
