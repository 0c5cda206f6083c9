"""`holdfast sign-in`."""

from typing import Annotated

import typer

from console import twin
from console.output import show


def sign_in(
    url: Annotated[str, typer.Argument(help="Where the backend answers.")],
    email: Annotated[str, typer.Argument(help="Who signs in.")],
    json: twin.Json = False,
) -> None:
    """Sign in for the commands below. The password is asked for, or HOLDFAST_PASSWORD."""
    who = twin.sign_in(url, email)
    text = f"Signed in at {who['url']} as {who['name']}, {who['role']} at {who['business']}; kept in {who['kept']}."
    show(text, who, as_json=json)


def register(app: typer.Typer) -> None:
    app.command("sign-in")(sign_in)
