"""`holdfast console`."""

from typing import Annotated

import typer

from console.splash import splash


def console(
    url: Annotated[str, typer.Argument(help="Where the backend answers.")] = "http://127.0.0.1:8000",
    email: Annotated[str, typer.Option(help="Who signs in; the password is asked for.")] = "",
    wall: Annotated[
        bool, typer.Option("--wall", help="Begin at the floor and never lock: a screen to look at.")
    ] = False,
) -> None:
    """Open the console on a running backend."""
    with splash("starting …"):
        from console.app import run
        from console.connection import Target

    run(Target(url if "://" in url else f"http://{url}", email=email, wall=wall))


def register(app: typer.Typer) -> None:
    app.command()(console)
