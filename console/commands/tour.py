"""`holdfast tour`."""

from pathlib import Path
from typing import Annotated

import typer

from console.commands.demo import SEED


def tour(
    out: Annotated[Path | None, typer.Option(help="Where a picture (SVG) of each screen is put.")] = None,
    seed: Annotated[int, typer.Option(help="Another number is another world.")] = SEED,
) -> None:
    """See the product work: three cases through the real console and backend, told in sentences. No terminal needed."""
    from console.tour.guide import guide

    raise SystemExit(guide(out, seed=seed))


def register(app: typer.Typer) -> None:
    app.command()(tour)
