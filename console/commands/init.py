"""`holdfast init`."""

import os
import sys
from typing import Annotated

import typer

from console.options import DatabaseUrl, DataDir, settings
from console.output import fail, show


def init(
    email: Annotated[str, typer.Option(help="The owner's e-mail, to sign in with.", prompt="E-mail")],
    name: Annotated[str, typer.Option(help="The owner's name.", prompt="Your name")],
    business: Annotated[str, typer.Option(help="The name of the business.", prompt="Business")],
    database_url: DatabaseUrl = "",
    data_dir: DataDir = None,
    json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Make the first business and its owner on a new server. The password is asked for, or HOLDFAST_PASSWORD."""
    from pydantic import ValidationError

    from backend.core.errors import Conflict
    from backend.identity.schemas import SignUp
    from backend.migrations.run import Unusable
    from backend.setup import initialise

    given = settings(database_url, data_dir)
    try:
        body = SignUp(email=email, password=_password(), name=name, business_name=business)
        made = initialise(given, body)
    except ValidationError as error:
        first = error.errors()[0]
        fail(f"{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}")
    except (Conflict, Unusable) as error:
        fail(str(error))
    show(f"{made['business']} is ready; sign in as {made['email']}", made, as_json=json)


def _password() -> str:
    if given := os.environ.get("HOLDFAST_PASSWORD"):
        return given
    if not sys.stdin.isatty():
        fail("there is nobody to ask for the password; set HOLDFAST_PASSWORD")
    return str(typer.prompt("Password (8 characters or more)", hide_input=True, confirmation_prompt=True))


def register(app: typer.Typer) -> None:
    app.command()(init)
