"""What is known of voices: more references, previews, where they lie among others, how they were measured. And how fast
a line of a script is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text()
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
PLAIN = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("script_lines", sa.Column("speed", sa.Double(), server_default="1.0", nullable=False))
    op.create_table(
        "voice_references",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", NAME, nullable=False),
        sa.Column("voice", sa.Integer(), nullable=False),
        sa.Column("emotion", NAME, nullable=False),
        sa.Column("language", NAME, nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("transcript", TEXT, nullable=False),
        sa.Column("media", sa.LargeBinary(), nullable=False),
        _voice("voice_references"),
        sa.PrimaryKeyConstraint("number", name="pk_voice_references"),
        sa.UniqueConstraint("id", name="uq_voice_references_id"),
    )
    op.create_index("voice_references_by_voice", "voice_references", ["voice", "emotion"])
    op.create_table(
        "voice_previews",
        sa.Column("voice", sa.Integer(), nullable=False),
        sa.Column("take", NAME, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        _voice("voice_previews"),
        sa.PrimaryKeyConstraint("voice", "take", name="pk_voice_previews"),
    )
    op.create_table(
        "voice_vectors",
        sa.Column("voice", sa.Integer(), nullable=False),
        sa.Column("encoder", NAME, nullable=False),
        sa.Column("made", MOMENT, nullable=False),
        sa.Column("values", sa.LargeBinary(), nullable=False),
        _voice("voice_vectors"),
        sa.PrimaryKeyConstraint("voice", "encoder", name="pk_voice_vectors"),
    )
    op.create_index("voice_vectors_by_made", "voice_vectors", ["encoder", "made"])
    op.create_table(
        "voice_measures",
        sa.Column("voice", sa.Integer(), nullable=False),
        *[sa.Column(name, sa.Double()) for name in ("pitch_hz", "pitch_span", "pace", "level_db", "stability")],
        sa.Column("measured", MOMENT, nullable=False),
        sa.Column("details", PLAIN, nullable=False),
        _voice("voice_measures"),
        sa.PrimaryKeyConstraint("voice", name="pk_voice_measures"),
    )
    measures = ["pitch_hz", "pitch_span", "pace", "level_db", "stability"]
    op.create_index("voice_measures_by_voice", "voice_measures", ["voice", *measures])


def _voice(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["voice"], ["voices.number"], name=f"fk_{table}_voice", ondelete="CASCADE")
