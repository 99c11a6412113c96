"""In whose timbre a part is said again, and by which engine."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("cast_members", sa.Column("into", sa.Text(), server_default="", nullable=False))
    op.add_column("cast_members", sa.Column("converter", NAME, server_default="", nullable=False))
