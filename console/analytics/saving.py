"""Exports: what is asked for and written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.files import save

if TYPE_CHECKING:
    from backend.analytics.schemas import Format, What
    from console.analytics.days import Days
    from console.app import ConsoleApp


def export(app: ConsoleApp, what: What, days: Days, format: str, *, metric: str | None, by: str = "day") -> None:
    """Ask for an export, write it, and say where it is."""
    kind: Format = "parquet" if format == "parquet" else "csv"
    api = app.api.analytics

    async def written() -> str:
        name, content = await api.export(what, days.first, days.last, format=kind, metric=metric, by=by)
        return str(save(name, content))

    app.calls.start("export", written, done=lambda path: app.say(f"Written to {path}."), group="export")
