"""The tables of the library, typed. What a face may see are the frozen records of `voices`, `takes`, …, never these.

Every table has a small integer key (`number`) for joins, links and the search index, which stays the same when SQLite
packs the file, and a public text key (`id`, `digest`). Wide columns (JSON, bytes, long texts) come last and are only
read when asked for. The indices named `…_by_…` start with what a list is sorted by and carry what it is filtered by, so
that a page and its total are counted on the index alone.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeEngine

NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # of `last_used`: sorts after every real moment on both databases


class Moment(TypeDecorator[datetime]):
    """A point in time, always UTC and aware, also on SQLite, which knows no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Plain(TypeDecorator[Any]):
    """Plain data: JSON, on PostgreSQL in its binary form."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name != "postgresql":
            return dialect.type_descriptor(JSON())
        from sqlalchemy.dialects.postgresql import JSONB  # 40 ms that SQLite does without

        return dialect.type_descriptor(JSONB())


Name = Text().with_variant(Text(collation="C"), "postgresql")  # sorted and compared by code point on both databases


class Table(DeclarativeBase):
    """The base of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (read by SQLAlchemy as a class attribute)
        str: Text(),
        datetime: Moment(),
        dict[str, Any]: Plain(),
        list[Any]: Plain(),
        bytes: LargeBinary(),
    }


def _live(table: str, by: str, *columns: str) -> Index:
    """An index over the rows that are not deleted: sorted by the first column and the number, filtered by the others.

    `deleted` is in it although it is always NULL: SQLite reads the row otherwise, to see that for itself. PostgreSQL
    gets the whole index: to say `postgresql_where` imports that dialect, 50 ms at every start.
    """
    live = text("deleted IS NULL")
    return Index(f"{table}_by_{by}", columns[0], "number", *columns[1:], "deleted", sqlite_where=live)


def _gone(table: str) -> Index:
    """An index over the deleted rows, which are few."""
    gone = text("deleted IS NOT NULL")
    return Index(f"{table}_deleted", "deleted", sqlite_where=gone)


_VOICE_FILTERS = ("engine", "kind", "gender", "favourite", "rating")
_TAKE_FILTERS = ("engine", "kind", "starred", "language", "voice_id")


class VoiceRow(Table):
    """Who speaks, pinned by content."""

    __tablename__ = "voices"
    __table_args__ = (
        CheckConstraint("rating BETWEEN 0 AND 5", "rating"),
        Index("voices_content", "engine", "digest"),
        _gone("voices"),
        _live("voices", "created", "created", *_VOICE_FILTERS),
        _live("voices", "last_used", "last_used", *_VOICE_FILTERS),
        _live("voices", "name", "name_key", *_VOICE_FILTERS),
        _live("voices", "rating", "rating", "engine", "kind", "gender", "favourite"),
        _live("voices", "uses", "uses", *_VOICE_FILTERS),
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(Name, unique=True)  # 16 hex digits
    engine: Mapped[str] = mapped_column(Name)
    kind: Mapped[str] = mapped_column(Name)  # builtin, seed, embedding, clip, blend
    digest: Mapped[str] = mapped_column(Name)  # SHA-256 of the content
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Name)  # the name folded: for looking up and sorting
    gender: Mapped[str]  # female, male, neutral or unknown ("")
    age: Mapped[str]  # free words: child, young, 中年 …
    rating: Mapped[int]  # 1-5; 0 is unrated
    favourite: Mapped[bool]
    uses: Mapped[int]
    created: Mapped[datetime]
    last_used: Mapped[datetime]
    deleted: Mapped[datetime | None]
    weights: Mapped[str]  # digest of the weights it was made with; "" where the engine has none
    description: Mapped[str]
    notes: Mapped[str]
    search: Mapped[str] = mapped_column(Text, deferred=True)  # what the search index holds of it (see `search.fold`)
    labels: Mapped[str] = mapped_column(Text, deferred=True)  # and its labels
    controls: Mapped[dict[str, Any]]  # recommended control values
    origin: Mapped[dict[str, Any]]  # where it came from and what it may be used for
    parents: Mapped[list[Any]]  # of a blend: [{"id": …, "weight": …}]
    content: Mapped[dict[str, Any]]  # what determines the voice
    media: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)  # the clip, as it was given
    emotion: Mapped[str] = mapped_column(Name, server_default="")  # heard in its reference or preview; "" is unknown
    heard: Mapped[dict[str, Any]] = mapped_column(Plain, server_default="{}", deferred=True)  # what a recogniser says

    languages: Mapped[list["VoiceLanguageRow"]] = relationship(
        order_by="VoiceLanguageRow.position", cascade="all, delete-orphan", passive_deletes=True
    )
    tags: Mapped[list["TagRow"]] = relationship(secondary="voice_tags", order_by="TagRow.name", passive_deletes=True)


class VoiceLanguageRow(Table):
    """A language (BCP 47) that a voice speaks; position 0 is its first."""

    __tablename__ = "voice_languages"
    __table_args__ = (Index("voice_languages_by_language", "language", "voice"),)

    voice: Mapped[int] = mapped_column(ForeignKey("voices.number", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(Name, primary_key=True)
    position: Mapped[int]


class TagRow(Table):
    """A word that people put on voices."""

    __tablename__ = "tags"

    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Name, unique=True)


class VoiceTagRow(Table):
    __tablename__ = "voice_tags"
    __table_args__ = (Index("voice_tags_by_tag", "tag", "voice"),)

    voice: Mapped[int] = mapped_column(ForeignKey("voices.number", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[int] = mapped_column(ForeignKey("tags.number", ondelete="CASCADE"), primary_key=True)


class VoiceReferenceRow(Table):
    """A clip that a voice can be cloned from besides its own: the same person in another mood."""

    __tablename__ = "voice_references"
    __table_args__ = (Index("voice_references_by_voice", "voice", "emotion"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(Name, unique=True)
    voice: Mapped[int] = mapped_column(ForeignKey("voices.number", ondelete="CASCADE"))
    emotion: Mapped[str] = mapped_column(Name)  # as in `[emotion …]`
    language: Mapped[str] = mapped_column(Name)  # "" is unknown
    seconds: Mapped[float]
    transcript: Mapped[str]
    media: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class VoicePreviewRow(Table):
    """A take in which a voice was heard, kept to hear it again at once."""

    __tablename__ = "voice_previews"

    voice: Mapped[int] = mapped_column(ForeignKey("voices.number", ondelete="CASCADE"), primary_key=True)
    take: Mapped[str] = mapped_column(Name, primary_key=True)  # digest
    created: Mapped[datetime]


class VoiceVectorRow(Table):
    """Where a voice lies among others, for a speaker encoder: near ones sound alike."""

    __tablename__ = "voice_vectors"
    __table_args__ = (Index("voice_vectors_by_made", "encoder", "made"),)

    voice: Mapped[int] = mapped_column(ForeignKey("voices.number", ondelete="CASCADE"), primary_key=True)
    encoder: Mapped[str] = mapped_column(Name, primary_key=True)
    made: Mapped[datetime]  # so that who keeps all in memory reads only what is new
    values: Mapped[bytes]  # float32, little-endian, of length 1


class VoiceMeasureRow(Table):
    """How a voice was measured to speak."""

    __tablename__ = "voice_measures"
    __table_args__ = (
        # all that voices are narrowed by, without the wide rows
        Index("voice_measures_by_voice", "voice", "pitch_hz", "pitch_span", "pace", "level_db", "stability"),
    )

    voice: Mapped[int] = mapped_column(ForeignKey("voices.number", ondelete="CASCADE"), primary_key=True)
    pitch_hz: Mapped[float | None]  # median
    pitch_span: Mapped[float | None]  # semitones from its 10th to its 90th percentile
    pace: Mapped[float | None]  # syllables a second
    level_db: Mapped[float | None]
    stability: Mapped[float | None]  # mean similarity of its takes to each other, 0..1
    measured: Mapped[datetime]
    details: Mapped[dict[str, Any]]  # of each test: mean and deviation of each measure


class StyleRow(Table):
    """A named set of control values."""

    __tablename__ = "styles"
    __table_args__ = (Index("styles_by_name", "name_key", "engine", unique=True),)

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(Name, unique=True)
    name: Mapped[str]
    name_key: Mapped[str] = mapped_column(Name)
    engine: Mapped[str] = mapped_column(Name)  # "" is any
    shipped: Mapped[bool]  # came with the studio: kept in step with `presets/`
    created: Mapped[datetime]
    updated: Mapped[datetime]
    description: Mapped[str]
    languages: Mapped[list[Any]]  # BCP 47 it is meant for; empty is all
    controls: Mapped[dict[str, Any]]
    translations: Mapped[dict[str, Any]]  # language -> {"name": …, "description": …}


class TakeRow(Table):
    """The audio rendered from a recipe; the sound itself is `takes/<digest>.flac`."""

    __tablename__ = "takes"
    __table_args__ = (
        _gone("takes"),
        _live("takes", "created", "created", *_TAKE_FILTERS),
        _live("takes", "last_used", "last_used", *_TAKE_FILTERS),
        _live("takes", "seconds", "seconds", *_TAKE_FILTERS),
        Index("takes_space", "last_used", "starred", "bytes"),  # deleted ones take space as well
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(Name, unique=True)  # of the recipe
    kind: Mapped[str] = mapped_column(Name)  # line: one utterance; reading: several joined
    engine: Mapped[str] = mapped_column(Name)
    voice_id: Mapped[str] = mapped_column(Name)  # of the library; "" where it was not from there (or is unknown)
    voice_label: Mapped[str]
    language: Mapped[str] = mapped_column(Name)
    excerpt: Mapped[str]  # how the text begins
    rate: Mapped[int]  # samples per second
    frames: Mapped[int] = mapped_column(BigInteger)
    seconds: Mapped[float]
    bytes: Mapped[int] = mapped_column(BigInteger)  # of the file
    checksum: Mapped[int] = mapped_column(BigInteger)  # CRC-32 of the file
    lufs: Mapped[float | None]  # None: too short or silent
    true_peak_db: Mapped[float | None]
    rms_db: Mapped[float | None]
    noise_floor_db: Mapped[float | None]
    starred: Mapped[bool]
    created: Mapped[datetime]
    last_used: Mapped[datetime]
    deleted: Mapped[datetime | None]
    note: Mapped[str]
    search: Mapped[str] = mapped_column(Text, deferred=True)
    labels: Mapped[str] = mapped_column(Text, deferred=True)
    text: Mapped[str] = mapped_column(Text, deferred=True)
    recipe: Mapped[dict[str, Any]] = mapped_column(Plain, deferred=True)
    words: Mapped[list[Any]] = mapped_column(Plain, deferred=True)  # [[word, start, end], …] in seconds
    emotion: Mapped[str] = mapped_column(Name, server_default="")  # heard in it; "" is unknown
    heard: Mapped[dict[str, Any]] = mapped_column(Plain, server_default="{}", deferred=True)  # what a recogniser says
    error_rate: Mapped[float | None]  # of what was heard against what was to be said; None is unknown


class ProductionRow(Table):
    """A long thing being made: manuscript, settings, how far it is."""

    __tablename__ = "productions"
    __table_args__ = (_gone("productions"), _live("productions", "updated", "updated", "state"))

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(Name, unique=True)
    title: Mapped[str]
    author: Mapped[str]
    language: Mapped[str]
    manuscript: Mapped[str]  # name of the file in `productions/<id>/`
    state: Mapped[str] = mapped_column(Name)
    output: Mapped[str]  # path of what was made; "" until then
    created: Mapped[datetime]
    updated: Mapped[datetime]
    deleted: Mapped[datetime | None]
    settings: Mapped[dict[str, Any]]
    progress: Mapped[dict[str, Any]]
    error: Mapped[dict[str, Any]]  # {"code", "en", "zh"}; empty when all is well
    kind: Mapped[str] = mapped_column(Name, server_default="conversion")  # or script: chapters and lines follow
    priority: Mapped[int] = mapped_column(server_default="0")  # the higher is rendered first


class ProductionTakeRow(Table):
    """A take that a production uses; the clean-up leaves it alone."""

    __tablename__ = "production_takes"
    __table_args__ = (Index("production_takes_by_take", "take"),)

    production: Mapped[int] = mapped_column(ForeignKey("productions.number", ondelete="CASCADE"), primary_key=True)
    take: Mapped[int] = mapped_column(ForeignKey("takes.number", ondelete="RESTRICT"), primary_key=True)


class ChapterRow(Table):
    """A chapter of a script."""

    __tablename__ = "chapters"
    __table_args__ = (Index("chapters_by_place", "production", "position"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(Name, unique=True)
    production: Mapped[int] = mapped_column(ForeignKey("productions.number", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(BigInteger)
    gone: Mapped[bool]  # taken out, and kept for undoing
    title: Mapped[str]


class LineRow(Table):
    """A line of a script: what is said, by whom, how, and which take of it was chosen."""

    __tablename__ = "script_lines"
    __table_args__ = (
        Index("script_lines_by_place", "chapter", "gone", "position", "state", "seconds"),
        Index("script_lines_by_state", "production", "gone", "state", "chapter", "seconds"),
        Index("script_lines_by_speaker", "production", "gone", "speaker"),
        Index("script_lines_by_basis", "production", "basis"),
    )

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(Name, unique=True)
    production: Mapped[int] = mapped_column(ForeignKey("productions.number", ondelete="CASCADE"))
    chapter: Mapped[int] = mapped_column(ForeignKey("chapters.number", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column(BigInteger)  # in its chapter
    gone: Mapped[bool]
    state: Mapped[str] = mapped_column(Name)  # planned, done, stale, failed; how far it is
    locked: Mapped[bool]  # its take stays, whatever changes
    speaker: Mapped[str] = mapped_column(Name)  # "" is the narrator
    sure: Mapped[float]  # of the speaker, 0..1
    emotion: Mapped[str] = mapped_column(Name)
    style: Mapped[str] = mapped_column(Name)
    ends: Mapped[str] = mapped_column(Name)  # what it ends: "", paragraph or scene
    pause_ms: Mapped[int | None]  # demanded after it; None is what its end asks for
    kind: Mapped[str] = mapped_column(Name)  # text or heading
    language: Mapped[str] = mapped_column(Name)  # "" is the production's
    source: Mapped[str] = mapped_column(Name)  # digest of the sentence in the manuscript; "" was written here
    seed: Mapped[int]  # how many times it was asked anew; goes on top of the production's seed
    basis: Mapped[str] = mapped_column(Name)  # digest of all that determines it but the seed; "" is to be planned
    take: Mapped[str] = mapped_column(Name)  # digest of the chosen take; "" is none
    take_basis: Mapped[str] = mapped_column(Name)  # what that one was made for
    seconds: Mapped[float | None]  # of that one
    problem: Mapped[str] = mapped_column(Name)  # code of the worst that its gates found; "" is none
    start: Mapped[float | None]  # of the cue that it came from, in seconds
    finish: Mapped[float | None]
    text: Mapped[str]
    speed: Mapped[float] = mapped_column(server_default="1.0")  # times as fast as its voice usually speaks
    error: Mapped[dict[str, Any]]  # {"code", "en", "zh"} of what kept it from being rendered


class LineTakeRow(Table):
    """A take of a line: kept to be compared with the others."""

    __tablename__ = "line_takes"
    __table_args__ = (Index("line_takes_by_take", "take"),)

    line: Mapped[int] = mapped_column(ForeignKey("script_lines.number", ondelete="CASCADE"), primary_key=True)
    take: Mapped[str] = mapped_column(Name, primary_key=True)
    basis: Mapped[str] = mapped_column(Name)
    seed: Mapped[int]
    score: Mapped[float]  # of its gates: 0 is faultless
    seconds: Mapped[float]
    created: Mapped[datetime]
    problems: Mapped[list[Any]]  # [{"code", "en", "zh", "at"}, …]


class CastRow(Table):
    """Who speaks a part."""

    __tablename__ = "cast_members"

    production: Mapped[int] = mapped_column(ForeignKey("productions.number", ondelete="CASCADE"), primary_key=True)
    speaker: Mapped[str] = mapped_column(Name, primary_key=True)  # "" is the narrator
    engine: Mapped[str] = mapped_column(Name)  # "" is the narrator's
    voice: Mapped[str]
    style: Mapped[str] = mapped_column(Name)
    gender: Mapped[str] = mapped_column(Name)
    age: Mapped[str]
    gain_db: Mapped[float]
    pan: Mapped[float]  # -1 left … 1 right
    controls: Mapped[dict[str, Any]]
    into: Mapped[str] = mapped_column(server_default="")  # the voice in whose timbre it is said again
    converter: Mapped[str] = mapped_column(Name, server_default="")  # the engine that does so; "" is the first that can


class LexiconRow(Table):
    """How a word is read."""

    __tablename__ = "lexicon"
    __table_args__ = (Index("lexicon_by_word", "scope", "word", unique=True),)

    number: Mapped[int] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(Name)  # id of a production; "" is everywhere
    word: Mapped[str] = mapped_column(Name)
    reading: Mapped[str]
    note: Mapped[str]


class EditRow(Table):
    """A change of a script, so that it can be taken back."""

    __tablename__ = "script_edits"
    __table_args__ = (Index("script_edits_by_production", "production", "number"),)

    number: Mapped[int] = mapped_column(primary_key=True)
    production: Mapped[int] = mapped_column(ForeignKey("productions.number", ondelete="CASCADE"))
    undone: Mapped[bool]
    what: Mapped[dict[str, Any]]  # {"en", "zh"}
    changes: Mapped[list[Any]]  # [[table, number, {column: before}, {column: after}], …]


class KeyRow(Table):
    """Who may ask the API."""

    __tablename__ = "api_keys"

    number: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(Name, unique=True)
    name: Mapped[str]
    digest: Mapped[str] = mapped_column(Name, unique=True)  # SHA-256 of the secret
    created: Mapped[datetime]
    last_used: Mapped[datetime]
    revoked: Mapped[datetime | None]
