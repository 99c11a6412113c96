"""References: more clips of a voice, the same person in other moods, found by the emotion that a text asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from studio.digest import digest_of
from studio.errors import BadRequest, NotFound
from studio.library.database import Database
from studio.library.plain import check_text
from studio.library.tables import VoiceReferenceRow, VoiceRow
from studio.library.voice import LONGEST_TEXT, check_languages, check_media, new_id
from studio.text.declarations import EMOTIONS
from studio.words import Words

KIND = Words("reference", "参考音频")
MOST = 24  # of a voice


@dataclass(frozen=True)
class Reference:
    """A further clip of a voice."""

    id: str
    emotion: str  # a name of `EMOTIONS`
    language: str  # "" is unknown
    seconds: float
    transcript: str


class References:
    """The references of the voices of a library; a voice's own clip is not among them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, voice: str) -> tuple[Reference, ...]:
        """Those of one voice, by emotion, the oldest first. `NotFound`."""
        with self._database.read() as session:
            return tuple(_reference(row) for row in session.scalars(_of(_number(session, voice))))

    def get(self, id: str) -> Reference:
        with self._database.read() as session:
            return _reference(_row(session, id))

    def media(self, id: str) -> bytes:
        """The clip as it was given. `NotFound`."""
        with self._database.read() as session:
            return _row(session, id).media

    def by_emotion(self, voice: str) -> dict[str, tuple[bytes, str]]:
        """Emotion -> clip and transcript, for every emotion that the voice has one for: the oldest."""
        with self._database.read() as session:
            found: dict[str, tuple[bytes, str]] = {}
            for row in session.scalars(_of(_number(session, voice))):
                if row.emotion not in found:
                    found[row.emotion] = row.media, row.transcript
            return found

    def add(
        self, voice: str, emotion: str, media: bytes, seconds: float, transcript: str = "", language: str = ""
    ) -> Reference:
        """Give a clip voice another clip. `BadRequest` for another kind of voice or an unknown emotion."""
        check_media(media)
        check_languages([language] if language else [])
        with self._database.write() as session:
            number = _number(session, voice)
            owner = session.get_one(VoiceRow, number)
            if owner.kind != "clip":
                raise BadRequest(
                    f"voice “{owner.name}” is not made from a clip ({owner.kind}); only such voices have references",
                    f"音色“{owner.name}”不是由音频克隆的（{owner.kind}）；只有克隆音色可以有参考音频",
                    where="voice",
                )
            if len(list(session.scalars(_of(number)))) >= MOST:
                raise BadRequest(
                    f"voice “{owner.name}” has {MOST} references already; delete one first",
                    f"音色“{owner.name}”已有 {MOST} 段参考音频；请先删除一段",
                    where="voice",
                )
            row = VoiceReferenceRow(
                id=new_id(), voice=number, emotion=_emotion(emotion), language=language, seconds=seconds,
                transcript=check_text(transcript, "transcript", LONGEST_TEXT).strip(), media=media,
            )  # fmt: skip
            session.add(row)
            session.flush()
            return _reference(row)

    def change(self, id: str, emotion: str | None = None, transcript: str | None = None) -> Reference:
        """Label a reference anew, or correct what is said in it."""
        with self._database.write() as session:
            row = _row(session, id)
            if emotion is not None:
                row.emotion = _emotion(emotion)
            if transcript is not None:
                row.transcript = check_text(transcript, "transcript", LONGEST_TEXT).strip()
            return _reference(row)

    def delete(self, id: str) -> None:
        """For good. `NotFound`."""
        with self._database.write() as session:
            session.execute(delete(VoiceReferenceRow).where(VoiceReferenceRow.number == _row(session, id).number))

    def clip(self, voice: str, content: Mapping[str, Any]) -> bytes | None:
        """The clip that the content of a recipe names (by its SHA-256): a voice's own, or one of its references."""
        from hashlib import sha256

        with self._database.read() as session:
            owner = session.scalar(select(VoiceRow).where(VoiceRow.id == voice))
            if owner is None:
                return None
            if owner.digest == digest_of(dict(content)):
                return owner.media
            clips = (row.media for row in session.scalars(_of(owner.number)))
            return next((clip for clip in clips if sha256(clip).hexdigest() == content.get("sha256")), None)


def _of(number: int) -> Any:
    order = VoiceReferenceRow.emotion, VoiceReferenceRow.number
    return select(VoiceReferenceRow).where(VoiceReferenceRow.voice == number).order_by(*order)


def _number(session: Session, voice: str) -> int:
    number = session.scalar(select(VoiceRow.number).where(VoiceRow.id == voice))
    if number is None:
        raise NotFound(f"voice “{voice[:40]}”: no such voice", f"没有音色“{voice[:40]}”", where="voice")
    return number


def _row(session: Session, id: str) -> VoiceReferenceRow:
    row = session.scalar(select(VoiceReferenceRow).where(VoiceReferenceRow.id == id))
    if row is None:
        raise NotFound(
            f"reference “{id[:40]}”: there is none; list them with: voices references list VOICE",
            f"没有参考音频“{id[:40]}”；可用 voices references list 音色 查看",
            where="reference",
        )
    return row


def _emotion(name: str) -> str:
    if name not in EMOTIONS:
        raise NotFound.among(Words("emotion", "情感"), name[:40], EMOTIONS, where="emotion")
    return name


def _reference(row: VoiceReferenceRow) -> Reference:
    return Reference(row.id, row.emotion, row.language, row.seconds, row.transcript)
