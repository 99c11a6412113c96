"""Scripts: chapters, lines and their takes, casts, lexicons, edits that can be taken back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text()
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
PLAIN = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("productions", sa.Column("kind", NAME, server_default="conversion", nullable=False))
    op.add_column("productions", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "chapters",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("production", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("title", TEXT, nullable=False),
        _production("chapters"),
        sa.PrimaryKeyConstraint("number", name="pk_chapters"),
        sa.UniqueConstraint("id", name="uq_chapters_id"),
    )
    op.create_index("chapters_by_place", "chapters", ["production", "position"])
    op.create_table(
        "script_lines",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("production", sa.Integer(), nullable=False),
        sa.Column("chapter", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("speaker", NAME, nullable=False),
        sa.Column("sure", sa.Double(), nullable=False),
        sa.Column("emotion", NAME, nullable=False),
        sa.Column("style", NAME, nullable=False),
        sa.Column("ends", NAME, nullable=False),
        sa.Column("pause_ms", sa.Integer()),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("language", NAME, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("basis", NAME, nullable=False),
        sa.Column("take", NAME, nullable=False),
        sa.Column("take_basis", NAME, nullable=False),
        sa.Column("seconds", sa.Double()),
        sa.Column("problem", NAME, nullable=False),
        sa.Column("start", sa.Double()),
        sa.Column("finish", sa.Double()),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("error", PLAIN, nullable=False),
        _production("script_lines"),
        sa.ForeignKeyConstraint(["chapter"], ["chapters.number"], name="fk_script_lines_chapter", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name="pk_script_lines"),
        sa.UniqueConstraint("id", name="uq_script_lines_id"),
    )
    op.create_index("script_lines_by_place", "script_lines", ["chapter", "gone", "position", "state", "seconds"])
    op.create_index("script_lines_by_state", "script_lines", ["production", "gone", "state", "chapter", "seconds"])
    op.create_index("script_lines_by_speaker", "script_lines", ["production", "gone", "speaker"])
    op.create_index("script_lines_by_basis", "script_lines", ["production", "basis"])
    op.create_table(
        "line_takes",
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("take", NAME, nullable=False),
        sa.Column("basis", NAME, nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("problems", PLAIN, nullable=False),
        sa.ForeignKeyConstraint(["line"], ["script_lines.number"], name="fk_line_takes_line", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("line", "take", name="pk_line_takes"),
    )
    op.create_index("line_takes_by_take", "line_takes", ["take"])
    op.create_table(
        "cast_members",
        sa.Column("production", sa.Integer(), nullable=False),
        sa.Column("speaker", NAME, nullable=False),
        sa.Column("engine", NAME, nullable=False),
        sa.Column("voice", TEXT, nullable=False),
        sa.Column("style", NAME, nullable=False),
        sa.Column("gender", NAME, nullable=False),
        sa.Column("age", TEXT, nullable=False),
        sa.Column("gain_db", sa.Double(), nullable=False),
        sa.Column("pan", sa.Double(), nullable=False),
        sa.Column("controls", PLAIN, nullable=False),
        _production("cast_members"),
        sa.PrimaryKeyConstraint("production", "speaker", name="pk_cast_members"),
    )
    op.create_table(
        "lexicon",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("scope", NAME, nullable=False),
        sa.Column("word", NAME, nullable=False),
        sa.Column("reading", TEXT, nullable=False),
        sa.Column("note", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_lexicon"),
    )
    op.create_index("lexicon_by_word", "lexicon", ["scope", "word"], unique=True)
    op.create_table(
        "script_edits",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("production", sa.Integer(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.Column("what", PLAIN, nullable=False),
        sa.Column("changes", PLAIN, nullable=False),
        _production("script_edits"),
        sa.PrimaryKeyConstraint("number", name="pk_script_edits"),
    )
    op.create_index("script_edits_by_production", "script_edits", ["production", "number"])


def _production(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["production"], ["productions.number"], name=f"fk_{table}_production", ondelete="CASCADE"
    )
