"""`holdfast openapi`."""

import json

import typer


def openapi() -> None:
    """Print the OpenAPI document of the API."""
    from backend import document

    print(json.dumps(document.openapi(), indent=2))


def register(app: typer.Typer) -> None:
    app.command()(openapi)
