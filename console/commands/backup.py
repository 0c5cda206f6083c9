"""`holdfast backup`, `backups` and `restore`: copies of everything, and the way back."""

from pathlib import Path
from typing import Annotated, Any

import typer

from console.options import DatabaseUrl, DataDir, settings
from console.output import fail, show

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Folder = Annotated[Path | None, typer.Option(help="Where backups are kept; in the data folder when left out.")]


def backup(database_url: DatabaseUrl = "", data_dir: DataDir = None, to: Folder = None, json: Json = False) -> None:
    """Copy everything while the server goes on, open the copy and check it. Keep the file `secret` of the data folder
    elsewhere: without it, credentials of other systems cannot be opened again."""
    from dataclasses import asdict

    given = settings(database_url, data_dir)
    copying = _ready(given)
    try:
        made = copying.make(given, to or copying.folder_of(given), _clock())
    except (copying.Spoiled, copying.postgres.Missing, OSError) as error:
        fail(f"there is no backup: {error}")
    place = (to or copying.folder_of(given)) / made.name
    told = f"{place}\n{sum(made.rows.values()):,} rows, {made.events:,} events verified, {_size(made.bytes)}"
    show(told, asdict(made) | {"path": str(place)}, as_json=json)


def backups(database_url: DatabaseUrl = "", data_dir: DataDir = None, at: Folder = None, json: Json = False) -> None:
    """The backups there are, the newest first."""
    from dataclasses import asdict

    given = settings(database_url, data_dir)
    copying = _ready(given)
    found = copying.list_backups(at or copying.folder_of(given))
    lines = [f"{one.name}  {sum(one.rows.values()):>10,} rows  {_size(one.bytes):>9}  {one.database}" for one in found]
    show("\n".join(lines) or "There is no backup.", [asdict(one) for one in found], as_json=json)


def restore(
    path: Annotated[Path, typer.Argument(help="The backup's folder.")],
    database_url: DatabaseUrl = "",
    data_dir: DataDir = None,
    replace: Annotated[bool, typer.Option("--replace", help="Put the database that is there aside.")] = False,
    json: Json = False,
) -> None:
    """Put a backup in the place of the database. One that is there is never overwritten: with --replace it is kept under
    another name."""
    from backend.backup import restoring

    given = settings(database_url, data_dir)
    copying = _ready(given)
    try:
        made, said = restoring.restore(given, path, _clock(), replaces=replace)
    except (restoring.Refused, copying.Spoiled, copying.postgres.Missing, OSError) as error:
        fail(f"nothing was restored: {error}")
    told = [f"Restored {made.name}: {sum(made.rows.values()):,} rows, {made.events:,} events.", *said]
    show("\n".join(told), {"restored": made.name, "said": said}, as_json=json)


def _ready(given: Any) -> Any:
    from backend import slices
    from backend.backup import copying

    slices.load("models")
    slices.load("events")
    return copying


def _clock() -> Any:
    from backend.core.clock import RealClock

    return RealClock()


def _size(bytes: int) -> str:
    return f"{bytes / 1_000_000:,.1f} MB"


def register(app: typer.Typer) -> None:
    for command in (backup, backups, restore):
        app.command()(command)
