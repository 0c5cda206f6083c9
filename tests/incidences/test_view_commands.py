"""`holdfast views` against a real server: kept, replaced, listed, dropped, and refusals."""

from pathlib import Path

import pytest

from tests.rules.test_commands import Shell
from tests.support.server import Server


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_views_by_command(server: Server, tmp_path: Path) -> None:
    shell = Shell(server, tmp_path)
    assert "There are none." in shell.text("views", "list")
    assert "Big is kept." in shell.text("views", "keep", "Big", "value>90k")
    assert shell.json("views", "keep", "Big", "value>25k")["filter"] == "value>25k"
    assert [(one["name"], one["filter"]) for one in shell.json("views", "list")["items"]] == [("Big", "value>25k")]
    assert "there is no view 'Small'; there are Big" in shell.refused("views", "drop", "Small")
    assert shell.refused("views", "keep", "Big", " ")
    assert "big is gone." in shell.text("views", "drop", "big")
    assert shell.json("views", "list")["items"] == []
