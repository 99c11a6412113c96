"""Keys of the API. A secret is shown once, when it is made; the library holds its digest.

A secret has 256 random bits, so a plain SHA-256 of it can neither be guessed nor reversed.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from studio.errors import NotFound
from studio.library.database import Database
from studio.library.tables import NEVER, KeyRow
from studio.library.voice import check_name
from studio.words import Words

PREFIX = "ts-"
KIND = Words("key", "密钥")


@dataclass(frozen=True)
class Key:
    """One key; not its secret."""

    id: str
    name: str
    created: datetime
    last_used: datetime | None
    revoked: datetime | None


class Keys:
    """The keys of a library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str) -> tuple[Key, str]:
        """A new key and its secret, which nobody can be told again. `BadRequest` for an empty or long name."""
        secret = PREFIX + secrets.token_urlsafe(32)
        row = KeyRow(
            id=secrets.token_hex(4),
            name=check_name(name),
            digest=_digest(secret),
            created=datetime.now(UTC),
            last_used=NEVER,
            revoked=None,
        )
        with self._database.write() as session:
            session.add(row)
            session.flush()
            return _key(row), secret

    def list(self) -> tuple[Key, ...]:
        """Every key, revoked ones too, newest first."""
        with self._database.read() as session:
            return tuple(map(_key, session.scalars(select(KeyRow).order_by(KeyRow.number.desc()))))

    def revoke(self, id: str) -> Key:
        """It opens nothing from now on. `NotFound` names the nearest."""
        with self._database.write() as session:
            row = session.scalar(select(KeyRow).where(KeyRow.id == id))
            if row is None:
                raise NotFound.among(KIND, id, session.scalars(select(KeyRow.id)), where="key")
            row.revoked = row.revoked or datetime.now(UTC)
            return _key(row)

    def any(self) -> bool:
        """Whether there is one that opens something."""
        with self._database.read() as session:
            return bool(session.scalar(select(func.count()).select_from(KeyRow).where(KeyRow.revoked.is_(None))))

    def check(self, secret: str) -> Key | None:
        """The key of a secret, or None; its use is noted."""
        with self._database.write() as session:
            row = session.scalar(select(KeyRow).where(KeyRow.digest == _digest(secret), KeyRow.revoked.is_(None)))
            if row is None:
                return None
            row.last_used = datetime.now(UTC)
            return _key(row)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: KeyRow) -> Key:
    used = None if row.last_used == NEVER else row.last_used
    return Key(row.id, row.name, row.created, used, row.revoked)
