"""`holdfast rules` against a real server: what is in force, a draft tried, published and taken back, and refusals."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from backend.client import Client
from backend.identity.schemas import SignUp
from console.cli import command_line
from tests.support.incidences import open_case
from tests.support.server import Server

EMAIL, PASSWORD = "owner@example.com", "correct horse battery"


class Shell:
    """The owner of a business with three cases, signed in, in a shell."""

    def __init__(self, server: Server, folder: Path) -> None:
        asyncio.run(self._open(server.url))
        self.folder = folder
        self.env: dict[str, str | None] = {
            "HOLDFAST_HOME": str(folder / "home"),
            "HOLDFAST_URL": None,
            "HOLDFAST_PASSWORD": PASSWORD,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }
        assert self.run("sign-in", server.url, EMAIL).exit_code == 0

    async def _open(self, url: str) -> None:
        async with Client(url) as owner:
            await owner.identity.sign_up(SignUp(email=EMAIL, password=PASSWORD, name="Olga"))
            for value in (4_000, 6_000, 30_000):
                await open_case(owner, orderValue=value)

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(command_line(words[0]), list(words), env=self.env)

    def text(self, *words: str) -> str:
        done = self.run(*words)
        assert done.exit_code == 0, done.output
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.text(*words, "--json"))

    def refused(self, *words: str, code: int = 1) -> str:
        done = self.run(*words)
        assert (done.exit_code, done.stdout) == (code, "")
        return done.stderr

    def file(self, document: Any) -> str:
        path = self.folder / "draft.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return str(path)


@pytest.fixture
def shell(server: Server, tmp_path: Path) -> Shell:
    return Shell(server, tmp_path)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_from_reading_to_taking_back(shell: Shell) -> None:
    assert "routing" in shell.text("rules")
    assert {one["kind"] for one in shell.json("rules")["items"]} >= {"friction", "routing"}
    assert shell.json("rules", "routing") == shell.json("rules", "show", "routing")
    assert json.loads(shell.text("rules", "--json", "routing")) == shell.json("rules", "routing")
    assert "Medium order: when order value < 25,000 → chat" in shell.text("rules", "routing")

    draft = shell.json("rules", "routing")
    draft["rules"][1]["when"]["any"][1]["value"] = 8_000
    del draft["rules"][3]
    file = shell.file(draft)
    answer = shell.json("rules", "dry-run", "routing", "--file", file, "--days", "3")
    assert (answer["days"], answer["cases"], answer["changed"]) == (3, 3, 2)
    text = shell.text("rules", "dry-run", "routing", "--file", file)
    assert "3 cases in 7 days: 2 would have changed." in text
    assert "INC-2  chat → self_serve" in text
    assert "INC-3  chat_and_call → no rule" in text
    assert "Gap: no rule holds for certain when order value >= 25,000." in text
    assert shell.json("rules", "routing")["version"] == 1

    told = shell.text("rules", "publish", "routing", "--file", file, "--reason", "fewer small orders")
    assert told.startswith("Channel routing is at version 2 now.\n\nGap: ")
    assert "version 2" in shell.refused("rules", "publish", "routing", "--file", file, "--reason", "again")
    bare = shell.file({"settings": draft["settings"]})  # names no version: that in force is meant
    assert shell.json("rules", "publish", "routing", "--file", bare, "--reason", "again")["version"] == 3
    assert "version 3" in shell.refused("rules", "rollback", "routing", "1", "--reason", "back", "--version", "2")
    assert shell.json("rules", "rollback", "routing", "1", "--reason", "back")["version"] == 4
    reasons = [one["reason"] for one in shell.json("rules", "versions", "routing")["items"]]
    assert reasons == ["back to version 1: back", "again", "fewer small orders", "as shipped"]
    lines = shell.text("rules", "versions", "routing").splitlines()
    assert [line.split()[0] for line in lines] == ["4", "3", "2", "1"]

    changed = shell.text("rules", "diff", "routing", "1", "2")
    assert "changed  -  Small order: when order value is unknown or order value < 5,000" in changed
    assert "+  Small order: when order value is unknown or order value < 8,000" in changed
    assert "removed  -  Large order" in changed
    assert shell.text("rules", "diff", "routing", "1", "4") == "Nothing is different.\n"
    assert shell.text("rules", "version", "routing", "2").startswith("Channel routing, version 2: fewer small orders")
    assert "order_value " in shell.text("rules", "vocabulary", "routing")
    assert "changed" in shell.text("rules", "check", "routing", "--file", shell.file(draft))
    draft["rules"][1]["when"]["any"][1]["op"] = "under"
    done = shell.run("rules", "check", "routing", "--file", shell.file(draft))
    assert (done.exit_code, "rules[1].when.any[1].op" in done.stdout) == (1, True)
    assert shell.text("incidence", "why", "INC-2").startswith("INC-2\nChannels are chat: rule “Medium order”")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_refusals_in_words(shell: Shell) -> None:
    def tried(document: Any) -> str:
        return shell.refused("rules", "dry-run", "routing", "--file", shell.file(document))

    assert "There is no rule set" in shell.refused("rules", "astrology")
    assert "is not JSON" in tried("{")
    assert "neither" in tried({"groups": {}})
    assert "neither" in tried([])
    rules = shell.json("rules", "routing")["rules"]
    rules[2]["when"]["fact"], rules[3]["then"]["priority"] = "order_valu\x1b[31m", 9
    problems = tried({"rules": rules})
    assert "rules[2].when.fact" in problems
    assert "rules[3].then.priority" in problems
    assert "\x1b" not in problems
    assert "cannot be read" in shell.refused("rules", "dry-run", "routing", "--file", str(shell.folder / "none.json"))
    shell.refused("rules", "publish", "routing", "--file", shell.file({"rules": rules}), code=2)  # no reason
    shell.refused("rules", "dry-run", "routing", "--file", shell.file({}), "--days", "91", code=2)
    shell.refused("rules", "rollback", "routing", "first", "--reason", "x", code=2)
    assert "Usage" in shell.text("rules", "--help")
