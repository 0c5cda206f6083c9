"""`holdfast migrate`."""

from typing import Annotated

import typer

from console.options import DatabaseUrl, DataDir, settings
from console.output import fail, show


def migrate(
    database_url: DatabaseUrl = "",
    data_dir: DataDir = None,
    json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Bring the database to this release's schema; `serve` and `worker` do so too when they start."""
    from backend import server
    from backend.migrations.run import Unusable

    given = settings(database_url, data_dir)
    try:
        applied = server.prepare(given)()
    except Unusable as error:
        fail(str(error))
    told = f"applied {', '.join(applied)}" if applied else "was up to date"
    show(f"{server.shown_url(given)} {told}", {"applied": applied}, as_json=json)


def register(app: typer.Typer) -> None:
    app.command()(migrate)
