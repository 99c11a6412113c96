"""Previews: the takes that a voice was heard in, kept so that it is heard again at once."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.orm import Session

from studio.errors import NotFound
from studio.library.database import Database, insert_new
from studio.library.tables import TakeRow, VoicePreviewRow, VoiceRow
from studio.library.take import Take
from studio.library.takes import take_of, used_among
from studio.words import Words

KIND = Words("voice", "音色")
KEPT = 8  # previews of a voice; the oldest go first


class Previews:
    """The previews of a library's voices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, voice: str, take: str) -> None:
        """Keep a take (its digest) as a preview of a voice (its id). `NotFound` for an unknown voice."""
        with self._database.write() as session:
            number = _number(session, voice)
            same = VoicePreviewRow.voice == number, VoicePreviewRow.take == take
            session.execute(delete(VoicePreviewRow).where(*same))  # heard again: it is the newest now
            values = {"voice": number, "take": take, "created": datetime.now(UTC)}
            session.execute(insert_new(session, VoicePreviewRow), [values])
            old = select(VoicePreviewRow.take).where(VoicePreviewRow.voice == number)
            gone = list(session.scalars(old.order_by(VoicePreviewRow.created.desc()).offset(KEPT)))
            session.execute(
                delete(VoicePreviewRow).where(VoicePreviewRow.voice == number, VoicePreviewRow.take.in_(gone))
            )

    def of(self, voice: str) -> tuple[Take, ...]:
        """The previews of a voice, newest first; a take that is gone or deleted is left out. `NotFound`."""
        with self._database.read() as session:
            rows = _rows(session, _number(session, voice))
            used = used_among(session, [row.number for row in rows])
            return tuple(take_of(row, row.number in used) for row in rows)

    def remove(self, voice: str, take: str) -> None:
        """Take a preview away; the take itself stays in the history. `NotFound` for an unknown voice."""
        with self._database.write() as session:
            same = VoicePreviewRow.voice == _number(session, voice), VoicePreviewRow.take == take
            session.execute(delete(VoicePreviewRow).where(*same))


def is_preview() -> ColumnElement[bool]:
    """The condition that a voice is heard in the take."""
    return exists().where(VoicePreviewRow.take == TakeRow.digest)


def _number(session: Session, voice: str) -> int:
    number = session.scalar(select(VoiceRow.number).where(VoiceRow.id == voice))
    if number is None:
        raise NotFound.among(KIND, voice, (), where="voice")
    return number


def _rows(session: Session, number: int) -> Sequence[TakeRow]:
    same = VoicePreviewRow.voice == number, TakeRow.deleted.is_(None)
    joined = select(TakeRow).join(VoicePreviewRow, VoicePreviewRow.take == TakeRow.digest)
    return session.scalars(joined.where(*same).order_by(VoicePreviewRow.created.desc())).all()
