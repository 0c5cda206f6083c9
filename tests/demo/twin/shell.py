"""Somebody in a shell: the commands of the headless twin, on a real server over sockets."""

import json
from pathlib import Path
from typing import Any

from click.testing import Result
from typer.testing import CliRunner

from console.cli import command_line
from tests.demo.demo_process import Demo, environment


class Shell:
    """Somebody signed in at a server, in a shell. The server is another process; the commands run in this one."""

    def __init__(self, demo: Demo, folder: Path, role: str) -> None:
        self.demo = demo
        self.env: dict[str, str | None] = {**environment(folder), "HOLDFAST_PASSWORD": None, "HOLDFAST_URL": None}
        self.home = Path(self.env["HOLDFAST_HOME"] or "")
        if role:
            self.env["HOLDFAST_PASSWORD"] = demo.password
            self.text("sign-in", demo.url, demo.email(role))
            self.env["HOLDFAST_PASSWORD"] = None

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(command_line(words[0]), list(words), env=self.env)

    def text(self, *words: str) -> str:
        done = self.run(*words)
        assert done.exit_code == 0, done.output
        assert done.stderr == ""
        return done.stdout

    def json(self, *words: str) -> Any:
        return json.loads(self.text(*words, "--json"))

    def refused(self, *words: str, code: int = 1) -> str:
        done = self.run(*words)
        assert done.exit_code == code, done.output
        assert isinstance(done.exception, SystemExit), done.exception
        assert done.stdout == ""
        return done.stderr
