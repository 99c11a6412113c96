"""Voices, styles, takes, productions."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# A migration is history: it repeats the types instead of importing the tables, which go on changing.
TEXT = sa.Text()
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
PLAIN = sa.JSON().with_variant(JSONB(), "postgresql")
MOMENT = sa.DateTime(timezone=True)
WHOLE, LONG, SWITCH, BYTES = sa.Integer(), sa.BigInteger(), sa.Boolean(), sa.LargeBinary()
REAL: sa.Double[float] = sa.Double()
VOICE_FILTERS = ("engine", "kind", "gender", "favourite", "rating")
TAKE_FILTERS = ("engine", "kind", "starred", "language", "voice_id")


def upgrade() -> None:
    _voices()
    _tags()
    _styles()
    _takes()
    _productions()
    _search()


def _voices() -> None:
    op.create_table(
        "voices",
        *_columns(WHOLE, "number"),
        *_columns(NAME, "id", "engine", "kind", "digest"),
        *_columns(TEXT, "name"),
        *_columns(NAME, "name_key"),
        *_columns(TEXT, "gender", "age"),
        *_columns(WHOLE, "rating"),
        *_columns(SWITCH, "favourite"),
        *_columns(WHOLE, "uses"),
        *_columns(MOMENT, "created", "last_used"),
        sa.Column("deleted", MOMENT),
        *_columns(TEXT, "weights", "description", "notes", "search", "labels"),
        *_columns(PLAIN, "controls", "origin", "parents", "content"),
        sa.Column("media", BYTES),
        sa.PrimaryKeyConstraint("number", name="pk_voices"),
        sa.UniqueConstraint("id", name="uq_voices_id"),
        sa.CheckConstraint("rating BETWEEN 0 AND 5", name=op.f("ck_voices_rating")),
    )
    op.create_index("voices_content", "voices", ["engine", "digest"])
    _sorted("voices", "created", "created", *VOICE_FILTERS)
    _sorted("voices", "last_used", "last_used", *VOICE_FILTERS)
    _sorted("voices", "name", "name_key", *VOICE_FILTERS)
    _sorted("voices", "rating", "rating", *VOICE_FILTERS[:-1])
    _sorted("voices", "uses", "uses", *VOICE_FILTERS)
    _undo("voices")
    op.create_table(
        "voice_languages",
        *_columns(WHOLE, "voice"),
        *_columns(NAME, "language"),
        *_columns(WHOLE, "position"),
        sa.PrimaryKeyConstraint("voice", "language", name="pk_voice_languages"),
        _refers("voice_languages", "voice", "voices", "CASCADE"),
    )
    op.create_index("voice_languages_by_language", "voice_languages", ["language", "voice"])


def _tags() -> None:
    op.create_table(
        "tags",
        *_columns(WHOLE, "number"),
        *_columns(NAME, "name"),
        sa.PrimaryKeyConstraint("number", name="pk_tags"),
        sa.UniqueConstraint("name", name="uq_tags_name"),
    )
    op.create_table(
        "voice_tags",
        *_columns(WHOLE, "voice", "tag"),
        sa.PrimaryKeyConstraint("voice", "tag", name="pk_voice_tags"),
        _refers("voice_tags", "voice", "voices", "CASCADE"),
        _refers("voice_tags", "tag", "tags", "CASCADE"),
    )
    op.create_index("voice_tags_by_tag", "voice_tags", ["tag", "voice"])


def _styles() -> None:
    op.create_table(
        "styles",
        *_columns(WHOLE, "number"),
        *_columns(NAME, "id"),
        *_columns(TEXT, "name"),
        *_columns(NAME, "name_key", "engine"),
        *_columns(SWITCH, "shipped"),
        *_columns(MOMENT, "created", "updated"),
        *_columns(TEXT, "description"),
        *_columns(PLAIN, "languages", "controls", "translations"),
        sa.PrimaryKeyConstraint("number", name="pk_styles"),
        sa.UniqueConstraint("id", name="uq_styles_id"),
    )
    op.create_index("styles_by_name", "styles", ["name_key", "engine"], unique=True)


def _takes() -> None:
    op.create_table(
        "takes",
        *_columns(WHOLE, "number"),
        *_columns(NAME, "digest", "kind", "engine", "voice_id"),
        *_columns(TEXT, "voice_label"),
        *_columns(NAME, "language"),
        *_columns(TEXT, "excerpt"),
        *_columns(WHOLE, "rate"),
        *_columns(LONG, "frames"),
        *_columns(REAL, "seconds"),
        *_columns(LONG, "bytes", "checksum"),
        *(sa.Column(name, REAL) for name in ("lufs", "true_peak_db", "rms_db", "noise_floor_db")),
        *_columns(SWITCH, "starred"),
        *_columns(MOMENT, "created", "last_used"),
        sa.Column("deleted", MOMENT),
        *_columns(TEXT, "note", "search", "labels", "text"),
        *_columns(PLAIN, "recipe", "words"),
        sa.PrimaryKeyConstraint("number", name="pk_takes"),
        sa.UniqueConstraint("digest", name="uq_takes_digest"),
    )
    for by in ("created", "last_used", "seconds"):
        _sorted("takes", by, by, *TAKE_FILTERS)
    op.create_index("takes_space", "takes", ["last_used", "starred", "bytes"])
    _undo("takes")


def _productions() -> None:
    op.create_table(
        "productions",
        *_columns(WHOLE, "number"),
        *_columns(NAME, "id"),
        *_columns(TEXT, "title", "author", "language", "manuscript"),
        *_columns(NAME, "state"),
        *_columns(TEXT, "output"),
        *_columns(MOMENT, "created", "updated"),
        sa.Column("deleted", MOMENT),
        *_columns(PLAIN, "settings", "progress", "error"),
        sa.PrimaryKeyConstraint("number", name="pk_productions"),
        sa.UniqueConstraint("id", name="uq_productions_id"),
    )
    _sorted("productions", "updated", "updated", "state")
    _undo("productions")
    op.create_table(
        "production_takes",
        *_columns(WHOLE, "production", "take"),
        sa.PrimaryKeyConstraint("production", "take", name="pk_production_takes"),
        _refers("production_takes", "production", "productions", "CASCADE"),
        _refers("production_takes", "take", "takes", "RESTRICT"),
    )
    op.create_index("production_takes_by_take", "production_takes", ["take"])


def _search() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name in ("voices", "takes"):
        if sqlite:
            op.execute(
                f"CREATE VIRTUAL TABLE {name}_index USING fts5("
                "windows, content='', columnsize=0, prefix='1 2', "
                "tokenize=\"unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co'\")"
            )
            op.execute(f"CREATE VIRTUAL TABLE {name}_index_terms USING fts5vocab('{name}_index', 'row')")
        else:
            op.execute(
                f"CREATE TABLE {name}_index (number INTEGER PRIMARY KEY REFERENCES {name} (number) ON DELETE CASCADE,"
                " windows TSVECTOR NOT NULL)"
            )
            op.execute(f"CREATE INDEX {name}_index_windows ON {name}_index USING gin (windows) WITH (fastupdate = off)")


def _columns(kind: sa.types.TypeEngine[Any], *names: str) -> Iterable[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _refers(table: str, column: str, to: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.number"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def _sorted(table: str, by: str, *columns: str) -> None:
    live = sa.text("deleted IS NULL")
    indexed = [columns[0], "number", *columns[1:], "deleted"]
    op.create_index(f"{table}_by_{by}", table, indexed, sqlite_where=live)


def _undo(table: str) -> None:
    gone = sa.text("deleted IS NOT NULL")
    op.create_index(f"{table}_deleted", table, ["deleted"], sqlite_where=gone)
