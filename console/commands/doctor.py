"""`holdfast doctor`."""

import os
import shutil
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from console.options import settings
from console.output import show


def doctor(
    url: Annotated[str, typer.Option(envvar="HOLDFAST_URL", help="The server to look at.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Look at terminal, machine and server: what is well, and what to do about the rest. Exit code 1 when something fails."""
    from backend.core.clock import RealClock
    from console import twin
    from console.doctor import machine, meanings, stripe, terminal
    from console.files import config_dir, data_dir

    given = settings("", None)
    size = shutil.get_terminal_size()
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    checks = [
        machine.python(),
        *terminal.checks(os.environ, is_terminal=is_terminal, columns=size.columns, lines=size.lines),
        machine.keyring(),
        machine.folder("settings folder", config_dir()),
        machine.folder("console folder", data_dir()),
        machine.folder("data folder", given.data_dir),
        machine.database(given),
        *meanings.checks(given),
        *stripe.key(given),
        *machine.server(twin.address(url) if url else twin.last_url(), RealClock().now()),
    ]
    in_force = machine.settings_in_force(given)
    failed = sum(check.state == "fail" for check in checks)
    lines = [(check.state, check.name, check.said) for check in checks]
    told = twin.table(lines).splitlines()
    for place, check in reversed(list(enumerate(checks))):
        if check.advice:
            told.insert(place + 1, f"      -> {check.advice}")
    told += [
        "",
        "Settings in force for a server here:",
        twin.table([(f"  {name}", value) for name, value in in_force.items()]),
    ]
    data = {"isWell": not failed, "checks": [asdict(check) for check in checks], "settings": in_force}
    show("\n".join(told), data, as_json=json)
    if failed:
        raise SystemExit(1)


def register(app: typer.Typer) -> None:
    app.command()(doctor)
