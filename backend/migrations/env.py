"""What Alembic runs, on the connection and in the transaction of `backend.migrations.run`."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from backend import slices
from backend.core import rows
from backend.migrations.foreign import is_described

slices.load("models")


def _render(kind: str, item: Any, autogenerate: AutogenContext) -> str | Literal[False]:
    """Our column types by name; everything else as Alembic does."""
    if kind == "type" and isinstance(item, rows.Instant | rows.Json | rows.JsonText):
        autogenerate.imports.add("from backend.core import rows")
        return f"rows.{type(item).__name__}()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=rows.Base.metadata,
    render_as_batch=True,
    render_item=_render,
    include_name=is_described,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
