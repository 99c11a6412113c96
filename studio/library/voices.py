"""Voices: added, found, changed, deleted and brought back. One SQL statement per question, also for 100,000 voices."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.orm import Session, selectinload

from studio.digest import digest_of
from studio.errors import BadRequest, NotFound
from studio.library import listing, search, voice_facets
from studio.library.database import Database, insert_new
from studio.library.listing import Order, Wanted, parts
from studio.library.paging import Page, check_page
from studio.library.plain import check_text
from studio.library.tables import NEVER, TagRow, VoiceLanguageRow, VoiceRow, VoiceTagRow
from studio.library.voice import (
    LONGEST_TAG,
    LONGEST_TEXT,
    Facets,
    Gender,
    NewVoice,
    Voice,
    VoiceChange,
    VoiceKind,
    VoiceQuery,
    VoiceSort,
    check_choice,
    check_languages,
    check_media,
    check_name,
    check_rating,
    check_tags,
    name_key,
    new_id,
)
from studio.words import Words

KIND = Words("voice", "音色")
_ORDERS = {
    "created": Order("voices_by_created", VoiceRow.created, True),
    "last_used": Order("voices_by_last_used", VoiceRow.last_used, True),
    "name": Order("voices_by_name", VoiceRow.name_key, False),
    "rating": Order("voices_by_rating", VoiceRow.rating, True),
    "uses": Order("voices_by_uses", VoiceRow.uses, True),
}
_LINKS = (selectinload(VoiceRow.languages), selectinload(VoiceRow.tags))
_SUGGESTIONS = 200  # names looked through for one that was meant
_BULK = 1000  # voices of one statement
_BULK_BYTES = 32 << 20  # and their clips
_EVERY = 1 << 30  # more than there are


class Voices:
    """The voices of a library."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, voice: NewVoice) -> Voice:
        """Add a voice. `BadRequest` names the field that is wrong. Another of the same name is allowed."""
        (number,) = self._add([voice])
        with self._database.read() as session:
            return _voice(session.get_one(VoiceRow, number, options=_LINKS))

    def add_many(self, voices: Iterable[NewVoice]) -> int:
        """Add many at once; all or none of them. How many."""
        return len(self._add(voices))

    def take_in(self, voices: Iterable[NewVoice], changes: Mapping[str, VoiceChange] | None = None) -> None:
        """Add voices and change others (by id), all of it or nothing."""
        with self._database.write() as session:
            for part in _portions(voices):
                _insert(session, part)
            for id, change in (changes or {}).items():
                _change(session, [_row(session, id)], change)

    def ids(self, query: VoiceQuery | None = None) -> tuple[str, ...]:
        """The ids of all voices that fit, the oldest first (sort and page do not matter)."""
        wanted, oldest = voice_facets.wanted(query or VoiceQuery()), _ORDERS["created"].reversed()
        with self._database.read() as session:
            numbers, _ = listing.numbers(session, wanted, oldest, 1, _EVERY)
            named = select(VoiceRow.number, VoiceRow.id)
            rows = [session.execute(named.where(VoiceRow.number.in_(part))).all() for part in parts(numbers)]
        ids = {number: id for part in rows for number, id in part}
        return tuple(ids[number] for number in numbers)

    def many(self, ids: Sequence[str]) -> tuple[Voice, ...]:
        """The voices with these ids, in this order; unknown and deleted ones are left out."""
        with self._database.read() as session:
            rows = {row.id: _voice(row) for part in parts(ids) for row in _rows(session, part) if row.deleted is None}
        return tuple(rows[id] for id in dict.fromkeys(ids) if id in rows)

    def alike(self, contents: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Voice]:
        """The oldest voice with each of these contents (engine and digest), where there is one."""
        digests: dict[str, list[str]] = {}
        for engine, digest in contents:
            digests.setdefault(engine, []).append(digest)
        found: dict[tuple[str, str], Voice] = {}
        with self._database.read() as session:
            for engine, part in ((engine, part) for engine, named in digests.items() for part in parts(named)):
                same = VoiceRow.engine == engine, VoiceRow.digest.in_(part), VoiceRow.deleted.is_(None)
                for row in session.scalars(select(VoiceRow).where(*same).order_by(VoiceRow.number).options(*_LINKS)):
                    found.setdefault((engine, row.digest), _voice(row))
        return found

    def taken(self, ids: Sequence[str], names: Sequence[str]) -> tuple[set[str], set[str]]:
        """Which of these ids somebody has or had, and which of these names (folded, see `name_key`)."""
        with self._database.read() as session:
            had = [session.scalars(select(VoiceRow.id).where(VoiceRow.id.in_(part))).all() for part in parts(ids)]
            live = VoiceRow.deleted.is_(None)
            named = [
                session.scalars(select(VoiceRow.name_key).where(VoiceRow.name_key.in_(part), live)).all()
                for part in parts(names)
            ]
        return {id for part in had for id in part}, {name for part in named for name in part}

    def get(self, reference: str) -> Voice:
        """The voice with this id or, failing that, this name (case and width do not matter).

        `NotFound` suggests a near name; `BadRequest` if several have it. A deleted voice is found by its id alone.
        """
        with self._database.read() as session:
            return _voice(_row(session, reference))

    def several(self, ids: Sequence[str]) -> tuple[Voice, ...]:
        """The voices with these ids, in this order; unknown ones are left out."""
        with self._database.read() as session:
            found = {row.id: _voice(row) for part in parts(ids) for row in _rows(session, part)}
        return tuple(found[id] for id in dict.fromkeys(ids) if id in found)

    def known(self, id: str) -> Voice | None:
        """The voice with this id, deleted or not; None where there is none."""
        with self._database.read() as session:
            row = session.scalar(select(VoiceRow).where(VoiceRow.id == id).options(*_LINKS))
            return _voice(row) if row is not None else None

    def media(self, id: str) -> bytes | None:
        """The clip of a voice, as it was given; None if it has none. `NotFound`."""
        with self._database.read() as session:
            return _row(session, id).media

    def same_content(self, engine: str, content: dict[str, Any]) -> tuple[Voice, ...]:
        """The voices that sound exactly so already."""
        same = VoiceRow.engine == engine, VoiceRow.digest == digest_of(content), VoiceRow.deleted.is_(None)
        with self._database.read() as session:
            return tuple(map(_voice, session.scalars(select(VoiceRow).where(*same).options(*_LINKS))))

    def find(self, query: VoiceQuery | None = None) -> Page[Voice]:
        """One page of the voices that fit, and how many there are. `BadRequest` for a bad page or sort."""
        asked = query or VoiceQuery()
        check_page(asked.page, asked.size)
        check_choice(asked.sort, VoiceSort, "sort")
        order = _ORDERS[asked.sort].reversed() if asked.reverse else _ORDERS[asked.sort]
        with self._database.read() as session:
            numbers, total = listing.numbers(session, voice_facets.wanted(asked), order, asked.page, asked.size)
            query_rows = select(VoiceRow).where(VoiceRow.number.in_(numbers)).options(*_LINKS)
            rows = {row.number: row for row in session.scalars(query_rows)}
            voices = tuple(_voice(rows[number]) for number in numbers)
        return Page(voices, total, asked.page, asked.size)

    def facets(self, query: VoiceQuery | None = None) -> Facets:
        """What the voices that fit can be narrowed by (sort and page do not matter), at most 50 values each."""
        with self._database.read() as session:
            return voice_facets.facets(session, voice_facets.wanted(query or VoiceQuery()))

    def update(self, id: str, change: VoiceChange) -> Voice:
        """Change a voice. `NotFound`, `BadRequest`."""
        with self._database.write() as session:
            row = _row(session, id)
            _change(session, [row], change)
            return _voice(row)

    def update_many(self, ids: Sequence[str], change: VoiceChange) -> int:
        """Change many alike, all or none of them; how many there were."""
        with self._database.write() as session:
            return sum(_change(session, _rows(session, part), change) for part in parts(ids))

    def heard(self, id: str, emotion: str, heard: Mapping[str, Any]) -> Voice:
        """Keep what a recogniser says of a voice's reference or preview, in place of what was heard before."""
        with self._database.write() as session:
            row = _row(session, id)
            row.emotion, row.heard = emotion, dict(heard)
            _change(session, [row], VoiceChange())
            return _voice(row)

    def heard_of(self, id: str) -> dict[str, Any]:
        """What a recogniser said of a voice; empty where nobody listened. `NotFound`."""
        with self._database.read() as session:
            return _row(session, id).heard

    def used(self, id: str) -> None:
        """Count one use, now. Unknown ids are ignored: the voice may be gone since."""
        now = {VoiceRow.uses: VoiceRow.uses + 1, VoiceRow.last_used: datetime.now(UTC)}
        with self._database.write() as session:
            session.execute(update(VoiceRow).where(VoiceRow.id == id).values(now))

    def delete(self, ids: Sequence[str]) -> int:
        """Take voices out of the library; `restore` brings them back, until the `Bin` is emptied. How many."""
        with self._database.write() as session:
            return sum(_hide(session, part, True) for part in parts(ids))

    def restore(self, ids: Sequence[str]) -> int:
        """Undo `delete`; how many came back."""
        with self._database.write() as session:
            return sum(_hide(session, part, False) for part in parts(ids))

    def reindex(self) -> int:
        """Build the search index anew; how many voices are in it."""
        with self._database.write() as session:
            search.clear(session, "voices")
            entries = _entries(session, VoiceRow.deleted.is_(None))
            search.add(session, "voices", entries)
            return len(entries)

    def _add(self, voices: Iterable[NewVoice]) -> list[int]:
        with self._database.write() as session:
            return [number for part in _portions(voices) for number in _insert(session, part)]


def remove_voices(session: Session, ids: Sequence[str]) -> int:
    """Remove these for good, with all that hangs on them and the tags that nobody has then; how many there were."""
    found = 0
    for part in parts(ids):
        gone = session.execute(delete(VoiceRow).where(VoiceRow.id.in_(part), VoiceRow.deleted.is_not(None)))
        found += gone.rowcount  # type: ignore[attr-defined]
    if found:
        session.execute(delete(TagRow).where(~TagRow.number.in_(select(VoiceTagRow.tag))))
    return found


def _portions(voices: Iterable[NewVoice]) -> Iterator[list[NewVoice]]:
    """As many as one statement takes, or as their clips leave room for in memory."""
    part: list[NewVoice] = []
    size = 0
    for voice in voices:
        part.append(voice)
        size += len(voice.media or b"")
        if len(part) == _BULK or size > _BULK_BYTES:
            yield part
            part, size = [], 0
    if part:
        yield part


def _insert(session: Session, voices: list[NewVoice]) -> list[int]:
    """Insert with plain statements: the unit of work of the ORM takes four times as long on 100,000."""
    values = [_values(voice) for voice in voices]
    # sorted by parameter: the numbers come in the order of the values
    made = list(session.scalars(insert(VoiceRow).returning(VoiceRow.number, sort_by_parameter_order=True), values))
    entries = [search.Entry(n, v["search"], v["labels"]) for n, v in zip(made, values, strict=True)]
    search.add(session, "voices", entries)
    languages = [
        {"voice": number, "language": language, "position": position}
        for number, voice in zip(made, voices, strict=True)
        for position, language in enumerate(dict.fromkeys(voice.languages))
    ]
    if languages:
        session.execute(insert(VoiceLanguageRow), languages)
    _link_tags(session, [(number, check_tags(voice.tags)) for number, voice in zip(made, voices, strict=True)])
    return made


def _values(voice: NewVoice) -> dict[str, Any]:
    name, tags = check_name(voice.name), check_tags(voice.tags)
    check_languages(voice.languages)
    description = check_text(voice.description, "description", LONGEST_TEXT)
    notes = check_text(voice.notes, "notes", LONGEST_TEXT)
    age = check_text(voice.age, "age", LONGEST_TAG)
    marks = voice.engine, voice.kind, voice.gender, voice.favourite, voice.rating, voice.languages, tags
    return {
        "id": voice.id or new_id(),
        "engine": voice.engine,
        "kind": check_choice(voice.kind, VoiceKind, "kind"),
        "digest": digest_of(voice.content),
        "name": name,
        "name_key": name_key(name),
        "gender": check_choice(voice.gender, Gender, "gender"),
        "age": age,
        "rating": check_rating(voice.rating),
        "favourite": voice.favourite,
        "uses": 0,
        "created": datetime.now(UTC),
        "last_used": NEVER,
        "deleted": None,
        "weights": voice.weights,
        "description": description,
        "notes": notes,
        "search": _searchable(name, tags, age, description, notes),
        "labels": voice_facets.labels(*marks),
        "controls": dict(voice.controls),
        "origin": dict(voice.origin),
        "parents": [dict(parent) for parent in voice.parents],
        "content": dict(voice.content),
        "media": check_media(voice.media),
    }


def _searchable(name: str, tags: Iterable[str], age: str, description: str, notes: str) -> str:
    return search.fold(name, *tags, age, description, notes)


def _link_tags(session: Session, tags: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Give tags to voices (numbers); one that a voice has already is left."""
    names = sorted({name for _, given in tags for name in given})
    if not names:
        return
    session.execute(insert_new(session, TagRow), [{"name": name} for name in names])
    known = {
        name: number
        for part in parts(names)
        for number, name in session.execute(select(TagRow.number, TagRow.name).where(TagRow.name.in_(part)))
    }
    links = [{"voice": number, "tag": known[name]} for number, given in tags for name in given]
    session.execute(insert_new(session, VoiceTagRow), links)


def _row(session: Session, reference: str) -> VoiceRow:
    row = session.scalar(select(VoiceRow).where(VoiceRow.id == reference).options(*_LINKS))
    if row is not None:
        return row
    same = VoiceRow.name_key == name_key(reference), VoiceRow.deleted.is_(None)
    rows = list(session.scalars(select(VoiceRow).where(*same).order_by(VoiceRow.created).limit(20).options(*_LINKS)))
    exact = [row for row in rows if row.name == reference]
    if len(exact or rows) == 1:
        return (exact or rows)[0]
    if rows:
        raise _ambiguous(reference, exact or rows)
    raise NotFound.among(KIND, reference, _near_names(session, reference), where="voice")


def _ambiguous(reference: str, rows: Sequence[VoiceRow]) -> BadRequest:
    listed = [f"{row.id} ({row.engine}, {row.kind})" for row in rows[:5]]
    return BadRequest(
        f"voice “{reference}”: {len(rows)} voices have this name; use the id: {', '.join(listed)}",
        f"音色“{reference}”：有 {len(rows)} 个音色叫这个名字，请用编号：{'、'.join(listed)}",
        where="voice",
        ids=[row.id for row in rows],
    )


def _near_names(session: Session, name: str) -> list[str]:
    """Some names to suggest from: those that share a piece with it, else the first of the library."""
    folded = search.fold(name[: search.LONGEST_QUERY])
    pieces = [folded[:2], folded[-2:], folded[:1]]
    names: dict[str, None] = {}
    for piece in dict.fromkeys(p.strip() for p in pieces if p.strip()):
        near = select(VoiceRow.name).where(*Wanted(VoiceRow, [piece]).where(session)).order_by(VoiceRow.number.desc())
        names.update(dict.fromkeys(session.scalars(near.limit(_SUGGESTIONS))))
    if not names:
        some = select(VoiceRow.name).where(VoiceRow.deleted.is_(None)).order_by(VoiceRow.number).limit(13)
        names.update(dict.fromkeys(session.scalars(some)))
    return list(names)


def _rows(session: Session, ids: Sequence[str]) -> list[VoiceRow]:
    return list(session.scalars(select(VoiceRow).where(VoiceRow.id.in_(ids)).options(*_LINKS)))


def _change(session: Session, rows: Sequence[VoiceRow], change: VoiceChange) -> int:
    live = [row.number for row in rows if row.deleted is None]
    old = _entries(session, VoiceRow.number.in_(live))
    for row in rows:
        _change_row(row, change)
    session.flush()
    _change_tags(session, rows, change)
    for row in rows:
        session.refresh(row, ["languages", "tags"])
        tags, languages = [tag.name for tag in row.tags], [link.language for link in row.languages]
        row.search = _searchable(row.name, tags, row.age, row.description, row.notes)
        marks = row.engine, row.kind, row.gender, row.favourite, row.rating, languages, tags
        row.labels = voice_facets.labels(*marks, row.emotion)
    session.flush()
    search.remove(session, "voices", old)
    search.add(session, "voices", _entries(session, VoiceRow.number.in_(live)))
    return len(rows)


def _change_row(row: VoiceRow, change: VoiceChange) -> None:
    if change.name is not None:
        row.name = check_name(change.name)
        row.name_key = name_key(row.name)
    if change.gender is not None:
        row.gender = check_choice(change.gender, Gender, "gender")
    if change.age is not None:
        row.age = check_text(change.age, "age", LONGEST_TAG)
    if change.description is not None:
        row.description = check_text(change.description, "description", LONGEST_TEXT)
    if change.notes is not None:
        row.notes = check_text(change.notes, "notes", LONGEST_TEXT)
    if change.rating is not None:
        row.rating = check_rating(change.rating)
    if change.favourite is not None:
        row.favourite = change.favourite
    if change.controls is not None:
        row.controls = dict(change.controls)
    if change.origin is not None:
        row.origin = dict(change.origin)
    if change.languages is not None:
        given = check_languages(change.languages)
        kept = {link.language: link for link in row.languages}
        row.languages = [kept.get(name) or VoiceLanguageRow(language=name) for name in given]
        for position, link in enumerate(row.languages):
            link.position = position


def _change_tags(session: Session, rows: Sequence[VoiceRow], change: VoiceChange) -> None:
    numbers = [row.number for row in rows]
    if change.tags is not None:
        session.execute(delete(VoiceTagRow).where(VoiceTagRow.voice.in_(numbers)))
    if gone := check_tags(change.remove_tags):
        named = select(TagRow.number).where(TagRow.name.in_(gone))
        session.execute(delete(VoiceTagRow).where(VoiceTagRow.voice.in_(numbers), VoiceTagRow.tag.in_(named)))
    given = check_tags((*(change.tags or ()), *change.add_tags))
    for row in rows:
        check_tags((*given, *(tag.name for tag in row.tags if change.tags is None and tag.name not in gone)))
    _link_tags(session, [(number, given) for number in numbers])


def _hide(session: Session, ids: Sequence[str], hide: bool) -> int:
    shown = VoiceRow.deleted.is_(None) if hide else VoiceRow.deleted.is_not(None)
    entries = _entries(session, VoiceRow.id.in_(ids), shown)
    moment = datetime.now(UTC) if hide else None
    session.execute(update(VoiceRow).where(VoiceRow.number.in_([e.number for e in entries])).values(deleted=moment))
    (search.remove if hide else search.add)(session, "voices", entries)
    return len(entries)


def _entries(session: Session, *which: ColumnElement[bool]) -> list[search.Entry]:
    """What the search index holds of these voices."""
    columns = VoiceRow.number, VoiceRow.search, VoiceRow.labels
    return [search.Entry(*row) for row in session.execute(select(*columns).where(*which))]


def _voice(row: VoiceRow) -> Voice:
    return Voice(
        id=row.id,
        engine=row.engine,
        kind=row.kind,  # type: ignore[arg-type]
        content=row.content,
        digest=row.digest,
        name=row.name,
        languages=tuple(link.language for link in row.languages),
        gender=row.gender,  # type: ignore[arg-type]
        age=row.age,
        tags=tuple(tag.name for tag in row.tags),
        description=row.description,
        rating=row.rating,
        favourite=row.favourite,
        uses=row.uses,
        last_used=None if row.last_used == NEVER else row.last_used,
        created=row.created,
        deleted=row.deleted,
        notes=row.notes,
        controls=row.controls,
        origin=row.origin,
        parents=tuple(row.parents),
        weights=row.weights,
        emotion=row.emotion,
    )
