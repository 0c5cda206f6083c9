"""Exports: what is written, and where to: the folder for downloads, and a file that never replaces another."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_downloads_path

from console.files import data_dir

if TYPE_CHECKING:
    from backend.analytics.schemas import Format, What
    from console.analytics.days import Days
    from console.app import ConsoleApp


def folder() -> Path:
    """The folder for downloads, or one of our own where there is none."""
    downloads = user_downloads_path()
    return downloads if downloads.is_dir() and "HOLDFAST_HOME" not in os.environ else data_dir() / "exports"


def save(name: str, content: bytes) -> Path:
    """Write an export and answer where it is: beside one of the same name, with a number. OSError when it cannot be."""
    place, wanted = folder(), Path(name)
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    for number in count():
        path = place / (wanted.name if number == 0 else f"{wanted.stem}-{number}{wanted.suffix}")
        try:
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            continue
        return path
    raise AssertionError("there is always another number")


def export(app: ConsoleApp, what: What, days: Days, format: str, *, metric: str | None, by: str = "day") -> None:
    """Ask for an export, write it, and say where it is."""
    kind: Format = "parquet" if format == "parquet" else "csv"
    api = app.api.analytics

    async def written() -> str:
        name, content = await api.export(what, days.first, days.last, format=kind, metric=metric, by=by)
        return str(save(name, content))

    app.calls.start("export", written, done=lambda path: app.say(f"Written to {path}."), group="export")
