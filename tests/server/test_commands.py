"""The server's commands: migrate, init, openapi, worker; and that asking for help is cheap."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from backend.migrations.run import revisions
from console.cli import COMMANDS, command_line
from tests.server.test_serve import run
from tests.support.nursery import ROOT


def test_migrate_tells_what_it_did(empty_database_url: str, tmp_path: Path) -> None:
    arguments = ("migrate", "--database-url", empty_database_url, "--data-dir", str(tmp_path), "--json")
    assert json.loads(run(*arguments).stdout) == {"applied": revisions()}
    assert json.loads(run(*arguments).stdout) == {"applied": []}
    assert "was up to date" in run(*arguments[:-1]).stdout


def init(url: str, folder: Path, *more: str, **environment: str) -> subprocess.CompletedProcess[str]:
    person = ("--email", "Asha@example.com", "--name", "Asha", "--business", "Asha's Kitchen")
    return run("init", "--database-url", url, "--data-dir", str(folder), *person, *more, **environment)


@pytest.mark.alike
def test_init_makes_the_first_owner_once(empty_database_url: str, tmp_path: Path) -> None:
    password = {"HOLDFAST_PASSWORD": "correct horse", "HOLDFAST_BCRYPT_COST": "4"}
    first = init(empty_database_url, tmp_path, "--json", **password)
    assert first.returncode == 0, first.stderr[-1500:]
    made = json.loads(first.stdout)
    assert (made["email"], made["business"]) == ("asha@example.com", "Asha's Kitchen")
    again = init(empty_database_url, tmp_path, **password)
    assert (again.returncode, again.stdout) == (1, "")
    assert "has users already" in again.stderr


@pytest.mark.parametrize(("password", "told"), [("short", "password: "), ("", "set HOLDFAST_PASSWORD")])
def test_init_without_a_good_password_makes_nothing(tmp_path: Path, password: str, told: str) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    done = init(url, tmp_path, HOLDFAST_PASSWORD=password)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert told in done.stderr
    assert not (tmp_path / "a.db").exists()


def test_openapi_prints_the_document(tmp_path: Path) -> None:
    done = run("openapi", HOLDFAST_DATA_DIR=str(tmp_path))
    document = json.loads(done.stdout)
    assert document["openapi"].startswith("3.")
    assert "/incidences/{incidence_id}" in document["paths"]
    assert list(tmp_path.iterdir()) == []


def test_a_worker_runs_until_told_to_stop(database_url: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "console", "worker", "--database-url", database_url, "--data-dir", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "Holdfast runs jobs\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, process.stderr.read()


def test_no_more_of_the_command_line_is_made_than_is_asked_for() -> None:
    names = {name for names in COMMANDS.values() for name in names.split()}
    whole = get_command(command_line()).commands  # type: ignore[attr-defined]
    assert set(whole) == names
    for name in names:
        alone = get_command(command_line(name)).commands  # type: ignore[attr-defined]
        assert len(alone) <= 4
        assert set(getattr(alone[name], "commands", ())) == set(getattr(whole[name], "commands", ())), name


def test_help_is_cheap() -> None:
    code = (
        "import sys; from console.cli import command_line; command_line()\n"
        "heavy = {'fastapi', 'sqlalchemy', 'pydantic', 'httpx', 'textual', 'uvicorn'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    assert "serve" in run("--help").stdout
