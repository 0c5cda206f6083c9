"""`holdfast import` and `holdfast integrations` in a shell, against a real server."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from backend.client import Client
from backend.identity.schemas import SignUp
from console.cli import command_line
from tests.support.server import Server

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PASSWORD = "correct horse battery"
Run = Callable[..., str]


@pytest.fixture
def run(server: Server, tmp_path: Path) -> Run:
    """A command of somebody who is signed in; what it says."""
    env: dict[str, str | None] = {
        "HOLDFAST_HOME": str(tmp_path / "home"),
        "HOLDFAST_URL": None,
        "HOLDFAST_PASSWORD": PASSWORD,
        "HOLDFAST_PLATFORM_TOKEN": "tok-123",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(command_line(words[0]), list(words), env=env)
        assert done.exit_code == code, done.output
        return done.stdout or done.stderr

    async def sign_up() -> None:
        async with Client(server.url) as owner:
            await owner.identity.sign_up(SignUp(email="o@example.com", password=PASSWORD, name="Olga"))

    asyncio.run(sign_up())
    run("sign-in", server.url, "o@example.com")
    return run


def test_a_file_is_tried_then_brought_in(run: Run, tmp_path: Path) -> None:
    file, report = tmp_path / "people.csv", tmp_path / "refused.csv"
    file.write_text("Ref no;Full name;E-mail\nc-1;Asha Rao;asha@example.com\nc-2;Ravi;wrong\n", "latin-1")
    assert "one must be externalId" in run("import", str(file), "--dry-run", "--map", "Ref no=", code=1)
    assert "is no column" in run("import", str(file), "--map", "Nothing=externalId", code=1)
    assert "is no field" in run("import", str(file), "--map", "Ref no=salary", code=1)
    tried = run("import", str(file), "--dry-run", "--map", "Ref no=externalId")
    assert "2 rows: 1 would be brought in, 1 refused. Nothing was done." in tried
    assert "line 3  email: is not an e-mail address" in tried
    told = json.loads(run("import", str(file), "--dry-run", "--map", "Ref no=externalId", "--json"))
    assert told["columns"] == {"Ref no": "externalId", "Full name": "name", "E-mail": "email"}
    assert json.loads(run("customer", "list", "--json"))["items"] == []
    done = run("import", str(file), "--map", "Ref no=externalId", "--report", str(report))
    assert done == "people.csv: done. 2 of 2 rows were read, 1 customers made, 0 changed, 1 rows refused.\n"
    assert report.read_text().splitlines()[1].startswith("3,email: is not an e-mail address,c-2")
    (one,) = json.loads(run("customer", "list", "--json"))["items"]
    assert (one["userId"], one["name"]) == ("c-1", "Asha Rao")


def test_systems_are_connected_tried_and_stopped(run: Run, tmp_path: Path) -> None:
    kinds = json.loads(run("integrations", "kinds", "--json"))["items"]
    assert {"freshchat", "hubspot", "zendesk", "razorpay", "webhook", "inbox"} <= {one["name"] for one in kinds}
    assert "there is no kind" in run("integrations", "add", "salesforce", code=1)
    added = run("integrations", "add", "webhook", "--name", "erp", "--address", "http://127.0.0.1:9", "--event", "*")
    assert "Its secret, shown this once: whsec_" in added
    assert "whsec_" not in run("integrations", "list", "--json")
    assert "cannot be reached" in run("integrations", "test", "erp", code=1)
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("externalId: a | shout\n")
    run("integrations", "add", "hubspot", "--address", "http://127.0.0.1:9")
    assert "shout" in run("integrations", "change", "hubspot", "--mapping", str(mapping), code=1)
    mapping.write_text("externalId: properties.ref\nfields: {name: properties.firstname}\n")
    changed = json.loads(run("integrations", "change", "hubspot", "--mapping", str(mapping), "--json"))
    assert changed["mapping"]["externalId"] == "properties.ref"
    assert "is stopped" in run("integrations", "stop", "erp")
    assert "stopped" in run("integrations", "test", "erp", code=1)
    assert "goes on" in run("integrations", "resume", "erp")
    assert "webhook.ping" not in run("integrations", "log", "erp")
    assert run("integrations", "replay", "erp") == "0 are sent again.\n"
    assert "nothing is read" in run("integrations", "sync", "erp", code=1).lower()
    run("integrations", "remove", "erp")
    assert [one["platform"] for one in json.loads(run("integrations", "list", "--json"))["items"]] == ["hubspot"]
