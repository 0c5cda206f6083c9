"""The settings that server commands share, from options, environment and file."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.output import fail

if TYPE_CHECKING:
    from backend.settings import Settings

DatabaseUrl = Annotated[
    str, typer.Option(help="sqlite:///file.db or postgresql://user@host/name; a file in the data folder when left out.")
]
DataDir = Annotated[Path | None, typer.Option(help="Where files are kept.", show_default=False)]


def settings(database_url: str, data_dir: Path | None, **more: Any) -> "Settings":
    """The settings in force, with these options over them. Exits with what is wrong when one does not hold."""
    from pydantic import ValidationError

    from backend.settings import Settings

    given: dict[str, Any] = {"database_url": database_url, "data_dir": data_dir, **more}
    try:
        return Settings(**{name: value for name, value in given.items() if value})
    except ValidationError as error:
        first = error.errors()[0]
        fail(f"HOLDFAST_{'_'.join(str(part) for part in first['loc']).upper()}: {first['msg']}")
