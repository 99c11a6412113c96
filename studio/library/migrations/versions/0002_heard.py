"""What a recogniser heard in takes and in the references of voices: emotion, and errors against what was to be said."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
PLAIN = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    for table in ("voices", "takes"):
        op.add_column(table, sa.Column("emotion", NAME, nullable=False, server_default=""))
        op.add_column(table, sa.Column("heard", PLAIN, nullable=False, server_default="{}"))
    op.add_column("takes", sa.Column("error_rate", sa.Double()))
