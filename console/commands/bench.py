"""`holdfast bench`."""

import runpy
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from console.output import fail


def bench(
    names: Annotated[
        list[str] | None, typer.Argument(help="signals, desk, console, table, rules; all by default.")
    ] = None,
    postgresql: Annotated[bool, typer.Option(help="On a PostgreSQL of its own, instead of SQLite.")] = False,
    json: Annotated[bool, typer.Option("--json", help="A JSON line for each row.")] = False,
) -> None:
    """Measure this machine: each part against a floor of the same run. Needs a checkout with the developers' tools."""
    if find_spec("tests") is None or find_spec("tests.bench") is None:
        fail("the benchmarks are in the checkout, not in the installed package: clone it and run `make bench` there")
    sys.argv = ["tests.bench", *(names or []), *(["--postgresql"] if postgresql else []), *(["--json"] if json else [])]
    runpy.run_module("tests.bench", run_name="__main__")


def register(app: typer.Typer) -> None:
    app.command()(bench)
