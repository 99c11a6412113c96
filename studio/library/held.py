"""What was deleted and is still used by something that is kept: it stays until that is gone as well.

What lies deleted beside it counts as kept, as long as it can be brought back: productions before all.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, or_, select, union
from sqlalchemy.orm import Session, aliased

from studio.library.listing import parts
from studio.library.tables import CastRow, LineRow, LineTakeRow, ProductionRow, TakeRow, VoiceRow
from studio.library.takes import is_used
from studio.library.voice import KEPT, name_key


def held_take() -> ColumnElement[bool]:
    """The condition that a take is used by a production, kept for a line, starred, or was said again in another voice:
    who spoke it first has a say in where that goes."""
    again = aliased(TakeRow)
    source = again.recipe["take"].as_string()
    said_again = select(source).where(again.kind == "reading", source.is_not(None))
    return or_(is_used(), TakeRow.starred, kept_for_lines(), TakeRow.digest.in_(said_again))


def kept_for_lines() -> ColumnElement[bool]:
    """The condition that a take is the one of a line, or kept to be compared with it."""
    chosen = select(LineRow.take).where(LineRow.take != "")
    return or_(TakeRow.digest.in_(select(LineTakeRow.take)), TakeRow.digest.in_(chosen))


def held_voices(session: Session, others: Callable[[], Collection[str]] = tuple) -> set[str]:
    """The ids of the deleted voices that somebody still needs: who is in a cast, whose consent a line or a starred take
    goes by, who is among the ancestors of a voice that stays; and whom `others` name."""
    columns = VoiceRow.id, VoiceRow.name_key, VoiceRow.kind
    gone = session.execute(select(*columns).where(VoiceRow.deleted.is_not(None))).all()
    if not gone:
        return set()
    refs = _named(session) | set(others())
    ids = {ref.removeprefix(KEPT) for ref in refs}
    meant = _without_owner(session, {name_key(ref) for ref in refs})
    held = {row.id for row in gone if row.id in ids or row.name_key in meant}
    held |= {row.id for row in gone if row.kind == "clip"} & _spoken(session)
    return held | ({row.id for row in gone} & _ancestors(session, held))


def _named(session: Session) -> set[str]:
    """What the casts of scripts and the requests of conversions call their voices."""
    refs = {ref for ref in session.scalars(union(select(CastRow.voice), select(CastRow.into))) if ref}
    conversions = select(ProductionRow.settings).where(ProductionRow.kind == "conversion")
    for settings in session.scalars(conversions):
        request: Mapping[str, Any] = settings.get("request") or {}
        refs |= {str(ref) for name in ("voice", "into") if (ref := request.get(name))}
    return refs


def _without_owner(session: Session, keys: set[str]) -> set[str]:
    """Those of the names (folded) that no voice has which is there."""
    for part in parts(sorted(keys)):
        live = select(VoiceRow.name_key).where(VoiceRow.name_key.in_(part), VoiceRow.deleted.is_(None))
        keys = keys - set(session.scalars(live))
    return keys


def _spoken(session: Session) -> set[str]:
    """The voices (ids) of the takes that lines have chosen, and of starred ones."""
    chosen = TakeRow.digest.in_(select(LineRow.take).where(LineRow.take != ""))
    return set(session.scalars(select(TakeRow.voice_id).where(or_(chosen, TakeRow.starred)).distinct()))


def _ancestors(session: Session, held: set[str]) -> set[str]:
    """Everyone whom a voice that stays comes from, in any generation."""
    columns = VoiceRow.id, VoiceRow.parents, VoiceRow.deleted
    parents: dict[str, set[str]] = {}
    waiting: set[str] = set()
    for id, told, deleted in session.execute(select(*columns).where(cast(VoiceRow.parents, Text) != "[]")):
        parents[id] = {str(parent.get("voice") or parent.get("id") or "") for parent in told}
        waiting |= {id} if deleted is None or id in held else set()
    found: set[str] = set()
    while waiting:
        fresh = parents.get(waiting.pop(), set()) - found
        found |= fresh
        waiting |= fresh
    return found
