"""`holdfast playbook …` against a real server."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from backend.client import Client
from backend.identity.schemas import SignUp
from console.cli import command_line
from tests.playbooks.trips import NOTES
from tests.support.incidences import open_case
from tests.support.server import Server

EMAIL, PASSWORD = "owner@example.com", "correct horse battery"
WAITS = "name: Waits\ntrigger: {after: [daily], when: {fact: tier, op: eq, value: BRONZE}}\nsteps:\n- {kind: wait, id: rest, for: 3d}\n"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_everything_a_screen_does_is_a_command(server: Server, tmp_path: Path) -> None:
    async def opened() -> None:
        async with Client(server.url) as owner:
            await owner.identity.sign_up(SignUp(email=EMAIL, password=PASSWORD, name="Olga"))
            await open_case(owner)

    asyncio.run(opened())
    env = {"HOLDFAST_HOME": str(tmp_path / "home"), "HOLDFAST_URL": None, "HOLDFAST_PASSWORD": PASSWORD}
    env["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

    def run(*args: str, given: str = "") -> Any:
        return CliRunner().invoke(command_line(args[0]), list(args), env=env, input=given)

    def answered(*args: str, given: str = "") -> Any:
        done = run("playbook", *args, "--json", given=given)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    assert run("sign-in", server.url, EMAIL).exit_code == 0
    assert [one["name"] for one in answered("list")["items"]][1] == "Payment failed"
    wrong = run("playbook", "add", "--file", "-", given="name: X\nsteps:\n- {kind: wait, id: a, for: soon}\n")
    assert (wrong.exit_code, "line 3" in wrong.stderr) == (1, True)
    made = answered("add", "--file", "-", given=WAITS)
    assert (made["name"], made["isAutomatic"]) == ("Waits", False)
    shown = run("playbook", "show", "Waits").stdout
    assert shown.startswith("name: Waits\ntrigger:")
    assert (
        answered("edit", "Waits", "--file", "-", "--reason", "longer", given=shown.replace("3d", "4d"))["number"] == 2
    )
    assert [one["userId"] for one in answered("who", "Waits")["items"]] == ["u-1"]
    assert answered("automatic", "Waits")["isAutomatic"] is True
    assert answered("automatic", "Waits", "--off")["isAutomatic"] is False

    begun = answered("run", "Waits", "u-1")["executionId"]
    again = run("playbook", "run", "Waits", "u-1")
    assert (again.exit_code, "already" in again.stderr) == (1, True)
    several = run("playbook", "run", "Waits", "u-1", "nobody").stdout
    assert several.count("left out") == 2

    async def waits() -> None:
        async with asyncio.timeout(30), Client(server.url) as owner:
            await owner.identity.sign_in(EMAIL, PASSWORD)
            while (await owner.executions.show(begun)).status != "WAITING":  # noqa: ASYNC110 - another process works
                await asyncio.sleep(0.05)

    asyncio.run(waits())
    assert answered("wait", begun, "2099-01-01T00:00:00Z")["nextAt"].startswith("2099")
    assert answered("pause", begun)["status"] == "PAUSED"
    assert answered("resume", begun)["status"] == "WAITING"
    assert "wait 4 d" in run("playbook", "executions", "--status", "waiting").stdout
    assert answered("cancel", begun, "--reason", "enough")["endedHow"] == "cancelled by Olga: enough"
    assert run("playbook", "retry", begun).exit_code == 1
    assert [one["state"] for one in answered("execution", begun)["log"]] == ["WAITING"]
    assert "1 cancelled" in run("playbook", "figures", "Waits").stdout
    assert answered("archive", "Waits")["status"] == "ARCHIVED"
    assert answered("archive", "Waits", "--back")["status"] == "ACTIVE"
    assert run("playbook", "add", "--file", "-", given=NOTES.format(name="Notes")).exit_code == 0
