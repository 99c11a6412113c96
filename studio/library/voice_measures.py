"""How voices were measured to speak, and where they lie among each other: kept, asked for, and read as one array."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from studio.digest import digest_of
from studio.errors import NotFound
from studio.library import listing, voice_facets
from studio.library.database import Database
from studio.library.listing import Wanted, parts
from studio.library.ranges import Ranges, hinted
from studio.library.tables import VoiceMeasureRow, VoiceRow, VoiceVectorRow
from studio.library.voice import MEASURES, Measured, VoiceQuery

Vectors = NDArray[np.float32]
Numbers = NDArray[np.int64]


class State(NamedTuple):
    """How things stand with the vectors of an encoder; another state means that something changed."""

    total: int
    last: datetime | None


class Stored(NamedTuple):
    """Vectors of voices, those of deleted ones among them."""

    numbers: Numbers  # (n,) of the voices
    values: Vectors  # (n, dimension)


class VoiceMeasures:
    """The measures and vectors of a library's voices."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.version = 0  # grows with everything that this process writes

    def put(self, id: str, found: Measured, vectors: Mapping[str, Vectors]) -> None:
        """Keep what was measured of a voice, in place of what was before. `NotFound`: the voice is gone."""
        now = datetime.now(UTC)
        with self._database.write() as session:
            number = _number(session, id)
            for row in (VoiceMeasureRow, VoiceVectorRow):
                session.execute(delete(row).where(row.voice == number))
            values = {name: getattr(found, name) for name in MEASURES}
            session.add(VoiceMeasureRow(voice=number, measured=now, details=dict(found.details), **values))
            session.add_all(
                VoiceVectorRow(voice=number, encoder=encoder, made=now, values=vector.astype("<f4").tobytes())
                for encoder, vector in vectors.items()
            )
        self.version += 1

    def put_vectors(self, encoder: str, vectors: Iterable[tuple[str, Vectors]]) -> int:
        """Keep vectors that were made elsewhere, for voices that have none of this encoder; how many."""
        now, given = datetime.now(UTC), dict(vectors)
        with self._database.write() as session:
            rows = [
                {"voice": number, "encoder": encoder, "made": now, "values": given[id].astype("<f4").tobytes()}
                for part in parts(list(given))
                for id, number in session.execute(select(VoiceRow.id, VoiceRow.number).where(VoiceRow.id.in_(part)))
            ]
            if rows:
                session.execute(insert(VoiceVectorRow), rows)
        self.version += 1
        return len(rows)

    def of(self, ids: Sequence[str]) -> dict[str, Measured]:
        """What is known of these voices; those that nobody measured are left out."""
        found: dict[str, Measured] = {}
        with self._database.read() as session:
            for part in parts(ids):
                rows = select(VoiceRow.id, VoiceMeasureRow).join(VoiceMeasureRow).where(VoiceRow.id.in_(part))
                found |= {id: _measured(row) for id, row in session.execute(rows)}
        return found

    def vector(self, id: str, encoder: str) -> Vectors | None:
        """The vector of one voice; None where there is none."""
        where = VoiceRow.id == id, VoiceVectorRow.encoder == encoder
        with self._database.read() as session:
            values = session.scalar(select(VoiceVectorRow.values).join(VoiceRow).where(*where))
        return None if values is None else np.frombuffer(values, "<f4")

    def limits(self) -> dict[str, tuple[float, float]]:
        """The lowest and highest value of each measure that is known, for the ends of a slider."""
        columns = [f(getattr(VoiceMeasureRow, name)) for name in MEASURES for f in (func.min, func.max)]
        with self._database.read() as session:
            found = session.execute(hinted(select(*columns))).one()
        pairs = zip(MEASURES, zip(found[::2], found[1::2], strict=True), strict=True)
        return {name: (low, high) for name, (low, high) in pairs if low is not None}

    def unmeasured(self, most: int | None = None) -> tuple[str, ...]:
        """Ids of the voices that nobody measured yet, the newest first."""
        known = select(VoiceMeasureRow.voice)
        query = select(VoiceRow.id).where(VoiceRow.deleted.is_(None), VoiceRow.number.not_in(known))
        with self._database.read() as session:
            return tuple(session.scalars(query.order_by(VoiceRow.created.desc(), VoiceRow.number.desc()).limit(most)))

    def counts(self) -> tuple[int, int]:
        """How many voices are measured, and how many there are."""
        with self._database.read() as session:
            return Ranges({}).count(session), listing.count(session, Wanted(VoiceRow))

    # --- all vectors at once

    def state(self, encoder: str) -> State:
        """Read before `vectors`, so that what changes in between is noticed the next time."""
        query = select(func.count(), func.max(VoiceVectorRow.made)).where(VoiceVectorRow.encoder == encoder)
        with self._database.read() as session:
            count, last = session.execute(query).one()
        return State(count, last)

    def vectors(self, encoder: str, dimension: int, since: datetime | None = None) -> Stored:
        """All vectors of an encoder, or those made at `since` or later. A vector of another size is left out."""
        query = select(VoiceVectorRow.voice, VoiceVectorRow.values).where(VoiceVectorRow.encoder == encoder)
        if since is not None:
            query = query.where(VoiceVectorRow.made >= since)
        with self._database.read() as session:
            found = session.execute(query.order_by(VoiceVectorRow.voice))
            rows = [row for row in found if len(row[1]) == 4 * dimension]
        values = np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), dimension)
        return Stored(np.array([row[0] for row in rows], np.int64), values)

    def ids(self, numbers: Sequence[int]) -> dict[int, str]:
        """The ids of those of these voices that are not deleted."""
        found: dict[int, str] = {}
        with self._database.read() as session:
            for part in parts([int(number) for number in numbers]):
                where = VoiceRow.number.in_(part), VoiceRow.deleted.is_(None)
                found |= {
                    row.number: row.id for row in session.execute(select(VoiceRow.number, VoiceRow.id).where(*where))
                }
        return found

    def numbers(self, query: VoiceQuery) -> Numbers:
        """The numbers of all voices that fit; sort and page do not matter."""
        with self._database.read() as session:
            wanted = voice_facets.wanted(query)
            return np.fromiter(session.scalars(select(VoiceRow.number).where(*wanted.where(session))), np.int64)

    def number(self, id: str) -> int:
        """The number of a voice. `NotFound`."""
        with self._database.read() as session:
            return _number(session, id)

    def same_content(self) -> list[tuple[str, ...]]:
        """Groups of ids whose voices are exactly the same: engine and content agree."""
        live = VoiceRow.deleted.is_(None)
        twice = select(VoiceRow.engine, VoiceRow.digest).where(live).group_by(VoiceRow.engine, VoiceRow.digest)
        repeated = twice.having(func.count() > 1).subquery()
        same = (VoiceRow.engine == repeated.c.engine) & (VoiceRow.digest == repeated.c.digest)
        query = select(VoiceRow.id, VoiceRow.engine, VoiceRow.digest).join(repeated, same).where(live)
        groups: dict[str, list[str]] = {}
        with self._database.read() as session:
            for id, engine, digest in session.execute(query.order_by(VoiceRow.number)):
                groups.setdefault(digest_of({"engine": engine, "digest": digest}), []).append(id)
        return [tuple(group) for group in groups.values()]


def _number(session: Session, id: str) -> int:
    number = session.scalar(select(VoiceRow.number).where(VoiceRow.id == id))
    if number is None:
        raise NotFound(f"voice “{id}” is no longer in the library", f"音色“{id}”已不在音色库中", where="voice")
    return number


def _measured(row: VoiceMeasureRow) -> Measured:
    return Measured(**{name: getattr(row, name) for name in MEASURES}, details=row.details, measured=row.measured)
