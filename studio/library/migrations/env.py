"""Run by Alembic: applies the migrations on the connection that `prepare` opened."""

from alembic import context

from studio.library import search
from studio.library.migrations import VERSION_TABLE
from studio.library.tables import Table


def _ours(_object: object, name: str | None, kind: str, _reflected: bool, _compared: object) -> bool:
    """The search indices are made by SQL of their own and are no tables to compare."""
    return not (kind == "table" and name is not None and search.is_index(name))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    version_table=VERSION_TABLE,
    include_object=_ours,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
