"""Casts: who speaks which part of a script."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import func, or_, select, union

from studio.library.database import Database
from studio.library.plain import check_text
from studio.library.script import LONGEST_NAME, Member, Part
from studio.library.script_edits import CASTING, Changes, checked_name, edit
from studio.library.script_rows import production_number
from studio.library.tables import CastRow, LineRow, ProductionRow
from studio.library.voice import KEPT, name_key
from studio.words import Words


@dataclass(frozen=True)
class CastUse:
    """A production that has a voice in its cast."""

    production: str  # id
    title: str
    speakers: tuple[str, ...]  # "" is the narrator


class Casts:
    """The casts of the productions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, production: str) -> dict[str, Member]:
        """Speaker -> who speaks it; "" is the narrator."""
        with self._database.read() as session:
            rows = session.scalars(select(CastRow).where(CastRow.production == production_number(session, production)))
            return {row.speaker: _member(row) for row in rows}

    def put(self, production: str, members: Sequence[Member]) -> None:
        """Cast these parts; others stay as they are."""
        with self._database.write() as session:
            owner = production_number(session, production)
            for member in members:
                check_text(member.speaker, "speaker", LONGEST_NAME)
                session.merge(CastRow(production=owner, **{**asdict(member), "controls": dict(member.controls)}))

    def change(self, production: str, members: Sequence[Member]) -> None:
        """The same as an edit of the script, which is taken back like any other."""
        cast = {one.speaker: {**asdict(one), "controls": dict(one.controls)} for one in members}
        self._edit(production, Words("a change of the cast", "修改配音"), cast)

    def place(self, production: str, pans: Mapping[str, float]) -> None:
        """Put speakers left or right (-1 to 1): an edit, too."""
        cast = {speaker: {"pan": pan} for speaker, pan in pans.items()}
        self._edit(production, Words("a place in the cast", "调整说话人的左右位置"), cast)

    def rename(self, production: str, old: str, new: str) -> int:
        """All lines of one speaker are another's ("" is the narrator's), in one edit; how many.

        Who speaks goes with them, unless the other is cast already.
        """
        with self._database.write() as session:
            owner, new = production_number(session, production), checked_name(new)
            mine = LineRow.production == owner, LineRow.speaker == old, LineRow.gone.is_(False)
            numbers = session.scalars(select(LineRow.number).where(*mine))
            lines: Changes = {number: {"speaker": new, "sure": 1.0} for number in numbers}
            wanted = select(CastRow).where(CastRow.production == owner, CastRow.speaker.in_([old, new]))
            rows = {row.speaker: asdict(_member(row)) for row in session.scalars(wanted)}
            cast: dict[str, Any] = {old: None} if old else {}
            if old in rows and new not in rows:
                cast[new] = {name: rows[old][name] for name in CASTING}
            if old != new:
                edit(session, owner, Words("a speaker renamed", "说话人改名"), lines, cast=cast)
            return len(lines)

    def _edit(self, production: str, what: Words, cast: Mapping[str, dict[str, Any]]) -> None:
        for speaker, values in cast.items():
            check_text(speaker, "speaker", LONGEST_NAME)
            values.pop("speaker", None)
        with self._database.write() as session:
            edit(session, production_number(session, production), what, {}, cast=cast)

    def using(self, voice: str, name: str) -> tuple[CastUse, ...]:
        """The productions whose cast has this voice (id), to read or to be said again in, by its id or its name;
        deleted ones are left out."""
        with self._database.read() as session:
            named = union(select(CastRow.voice), select(CastRow.into))
            refs = [ref for ref in session.scalars(named) if names(ref, voice, name)]
            live = select(ProductionRow.id, ProductionRow.title, CastRow.speaker).join(
                CastRow, CastRow.production == ProductionRow.number
            )
            which = or_(CastRow.voice.in_(refs), CastRow.into.in_(refs)), ProductionRow.deleted.is_(None)
            found: dict[tuple[str, str], list[str]] = {}
            for id, title, speaker in session.execute(live.where(*which).order_by(ProductionRow.number)):
                found.setdefault((id, title), []).append(speaker)
        return tuple(CastUse(id, title, tuple(sorted(speakers))) for (id, title), speakers in found.items())

    def parts(self, production: str) -> tuple[Part, ...]:
        """Every speaker of the script, the narrator first, then by how much they say; cast ones without lines last."""
        cast = self.get(production)
        with self._database.read() as session:
            where = LineRow.production == production_number(session, production), LineRow.gone.is_(False)
            counted = select(LineRow.speaker, func.count(), func.sum(LineRow.seconds)).where(*where)
            rows = session.execute(counted.group_by(LineRow.speaker)).all()
        found = [Part(cast.get(name) or Member(name), count, seconds or 0.0) for name, count, seconds in rows]
        named = {part.member.speaker for part in found}
        found += [Part(member, 0, 0.0) for name, member in cast.items() if name not in named]
        return tuple(sorted(found, key=lambda part: (part.member.speaker != "", -part.lines, part.member.speaker)))


def names(ref: str, voice: str, name: str) -> bool:
    """Whether a cast means this voice (id) by what it says."""
    return ref.removeprefix(KEPT) == voice or (bool(ref) and name_key(ref) == name_key(name))


def _member(row: CastRow) -> Member:
    return Member(
        row.speaker, row.engine, row.voice, row.style, row.controls, row.gender, row.age, row.gain_db, row.pan,
        row.into, row.converter,
    )  # fmt: skip
