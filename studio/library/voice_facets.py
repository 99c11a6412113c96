"""What voices are narrowed by: as labels of the search index, as conditions of SQL, and how many each leaves."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from studio.library import listing, search
from studio.library.listing import Wanted
from studio.library.ranges import Ranges
from studio.library.search import label
from studio.library.tables import TagRow, VoiceLanguageRow, VoiceRow, VoiceTagRow
from studio.library.voice import Facets, VoiceQuery, check_measures, check_rating

MOST = 50  # values of one facet that are counted out
_KINDS = "ekgatm"  # labels of the facets: engine, kind, gender, language as given, tag, emotion


def labels(
    engine: str,
    kind: str,
    gender: str,
    favourite: bool,
    rating: int,
    languages: Iterable[str],
    tags: Iterable[str],
    emotion: str = "",
) -> str:
    """All labels of a voice; one for each rating that it reaches."""
    plain = [label("e", engine), label("k", kind), label("g", gender), label("f", favourite)]
    reached = [label("r", least) for least in range(1, rating + 1)]
    tagged = [label("t", tag) for tag in tags] + ([label("m", emotion)] if emotion else [])
    return " ".join([*plain, *reached, *search.language_labels(languages), *tagged])


def wanted(asked: VoiceQuery) -> Wanted:
    """The voices that a query is about. `BadRequest` for a rating, a text or a range it cannot take."""
    check_rating(asked.min_rating)
    equal = {
        "e": (VoiceRow.engine, asked.engine),
        "k": (VoiceRow.kind, asked.kind),
        "g": (VoiceRow.gender, asked.gender),
    }
    columns: list[ColumnElement[bool]] = [column == value for column, value in equal.values() if value]
    marks = [label(kind, value) for kind, (_, value) in equal.items() if value]
    if asked.favourite is not None:
        columns.append(VoiceRow.favourite.is_(asked.favourite))
        marks.append(label("f", asked.favourite))
    if asked.min_rating:
        columns.append(VoiceRow.rating >= asked.min_rating)
        marks.append(label("r", asked.min_rating))
    if asked.language:
        marks.append(label("l", asked.language))
    if asked.emotion:
        marks.append(label("m", asked.emotion))
    marks += [label("t", tag) for tag in asked.tags]
    measures = check_measures(asked.measures)
    ranges = Ranges(measures) if measures else None
    return Wanted(VoiceRow, search.terms(asked.text), columns, _links(asked), marks, ranges)


def _links(asked: VoiceQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.language:
        spoken = listing.within(VoiceLanguageRow.language, asked.language)
        conditions.append(VoiceRow.number.in_(select(VoiceLanguageRow.voice).where(spoken)))
    if asked.emotion:
        conditions.append(VoiceRow.emotion == asked.emotion)
    for tag in dict.fromkeys(asked.tags):
        tagged = select(VoiceTagRow.voice).join(TagRow, TagRow.number == VoiceTagRow.tag).where(TagRow.name == tag)
        conditions.append(VoiceRow.number.in_(tagged))
    return conditions


def facets(session: Session, which: Wanted) -> Facets:
    """The most frequent values among the voices, and how many have each."""
    if search.on_sqlite(session) and not which.ranges:
        return Facets(*(_label_counts(session, kind, which) for kind in _KINDS))
    engines, kinds, genders = (_counts(session, c, which) for c in (VoiceRow.engine, VoiceRow.kind, VoiceRow.gender))
    languages = _link_counts(session, VoiceLanguageRow.language, VoiceLanguageRow.voice, which)
    emotions = _counts(session, VoiceRow.emotion, which)
    emotions.pop("", None)
    return Facets(engines, kinds, genders, languages, _tag_counts(session, which), emotions)


def _label_counts(session: Session, kind: str, which: Wanted) -> dict[str, int]:
    """From the index alone: the values of the whole library, each counted again among the voices that are wanted."""
    all_of = search.label_counts(session, "voices", kind, MOST)
    if which.everything:
        return all_of
    counts = {
        value: search.count(session, "voices", which.words, [*which.labels, label(kind, value)]) for value in all_of
    }
    return dict(sorted(((value, n) for value, n in counts.items() if n), key=lambda pair: (-pair[1], pair[0])))


def _counts(session: Session, column: Any, which: Wanted) -> dict[str, int]:
    number = func.count()
    query = select(column, number).where(*which.where(session)).group_by(column)
    return _pairs(session, query.order_by(number.desc(), column).limit(MOST))


def _link_counts(session: Session, value: Any, voice: Any, which: Wanted) -> dict[Any, int]:
    number = func.count()
    query = select(value, number).group_by(value).order_by(number.desc(), value).limit(MOST)
    voices = select(VoiceRow.number).where(*which.where(session))
    return _pairs(session, query.where(voice.in_(voices)))


def _tag_counts(session: Session, which: Wanted) -> dict[str, int]:
    counts = _link_counts(session, VoiceTagRow.tag, VoiceTagRow.voice, which)
    names = _pairs(session, select(TagRow.number, TagRow.name).where(TagRow.number.in_(counts)))
    return dict(sorted(((names[tag], n) for tag, n in counts.items()), key=lambda pair: (-pair[1], pair[0])))


def _pairs(session: Session, query: Any) -> dict[Any, Any]:
    return dict(session.execute(query).all())
