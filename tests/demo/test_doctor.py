"""The doctor: what it finds, what it advises, and when it fails."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backend.core.clock import RealClock
from console.doctor import machine, terminal
from tests.demo.demo_process import ROOT, Demo, environment


def doctor(tmp_path: Path, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "console", "doctor", *options]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment(tmp_path)
        | {"HOLDFAST_DATA_DIR": str(tmp_path / "data"), "COLUMNS": "140", "LINES": "45"}
        | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def found(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def test_a_machine_that_is_well(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--json")
    checks = found(done)
    assert done.returncode == 0, done.stdout + done.stderr
    assert checks["python"]["state"] == "ok"
    assert checks["data folder"]["state"] == "ok"
    assert checks["keyring"]["state"] == "warn"
    assert (checks["database"]["state"], "not there yet" in checks["database"]["said"]) == ("warn", True)
    assert all(check["advice"] for check in checks.values() if check["state"] != "ok")


def test_secrets_are_not_told(tmp_path: Path) -> None:
    told = doctor(tmp_path, HOLDFAST_SECRET="tell-nobody", HOLDFAST_DATABASE_URL="postgresql://me:hush@127.0.0.1:9/no")
    assert "tell-nobody" not in told.stdout
    assert "hush" not in told.stdout
    assert "secret" in told.stdout
    assert told.returncode == 1
    assert "does not answer" in told.stdout


def test_a_database_is_looked_into(tmp_path: Path) -> None:
    from backend.migrations.run import migrate

    migrate(f"sqlite:///{tmp_path / 'data' / 'holdfast.db'}")
    assert found(doctor(tmp_path, "--json"))["database"]["state"] == "ok"
    (tmp_path / "data" / "holdfast.db").write_bytes(b"this is no database, only a file of that name" * 20)
    done = doctor(tmp_path, "--json")
    assert found(done)["database"]["state"] == "fail"
    assert done.returncode == 1


def test_a_folder_that_cannot_be_written_fails(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    done = doctor(tmp_path, "--json")
    assert found(done)["data folder"]["state"] == "fail"
    assert done.returncode == 1


def test_the_server_and_its_clock(demo: Demo, tmp_path: Path) -> None:
    checks = found(doctor(tmp_path, "--json", "--url", demo.url))
    assert checks["server"]["state"] == "ok"
    assert checks["clock"]["state"] == "ok"
    behind = machine.server(demo.url, RealClock().now() - timedelta(minutes=3))
    assert [(check.name, check.state) for check in behind] == [("server", "ok"), ("clock", "warn")]
    assert "ahead of ours" in behind[1].said


def test_no_server_fails(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--url", "http://127.0.0.1:9")
    assert done.returncode == 1
    assert "does not answer" in done.stdout


def looked(
    env: dict[str, str], *, columns: int = 140, lines: int = 45, answers: dict[str, str] | None = None
) -> dict[str, Any]:
    told = terminal.checks(
        env, is_terminal=True, columns=columns, lines=lines, ask=lambda *words: (answers or {}).get(words[-1], "")
    )
    return {check.name: check for check in told}


@pytest.mark.parametrize(
    ("env", "name", "state", "words"),
    [
        ({"TERM": "dumb"}, "terminal", "fail", "dumb"),
        ({}, "terminal", "fail", "not set"),
        ({"TERM": "xterm-256color"}, "colours", "warn", "256"),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "colours", "ok", "16 million"),
        ({"TERM": "xterm", "NO_COLOR": "1"}, "colours", "ok", "NO_COLOR"),
        ({"TERM": "xterm", "WT_SESSION": "1"}, "keys", "warn", "alt+enter"),
        ({"TERM": "xterm", "TERM_PROGRAM": "vscode"}, "keys", "warn", "ctrl+p"),
        ({"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}, "keys", "ok", "not known"),
        ({"TERM": "xterm-kitty", "KITTY_WINDOW_ID": "1"}, "clipboard", "ok", "kitty"),
        ({"TERM": "xterm", "TERM_PROGRAM": "Apple_Terminal"}, "clipboard", "warn", "does not take"),
        ({"TERM": "screen", "STY": "1.x"}, "clipboard", "warn", "screen"),
    ],
)
def test_terminals_by_what_they_say_of_themselves(env: dict[str, str], name: str, state: str, words: str) -> None:
    check = looked(env)[name]
    assert (check.state, words in check.said) == (state, True)


def test_tmux_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    env = {"TERM": "tmux-256color", "TMUX": "/tmp/tmux"}
    checks = looked(env, answers={"prefix": "C-a", "set-clipboard": "off"})
    assert "ctrl+a" in checks["keys"].said
    assert (checks["clipboard"].state, "set-clipboard on" in checks["clipboard"].advice) == ("warn", True)


@pytest.mark.parametrize(
    ("columns", "lines", "state"), [(79, 45, "fail"), (80, 23, "fail"), (80, 24, "warn"), (120, 24, "ok")]
)
def test_sizes(columns: int, lines: int, state: str) -> None:
    assert looked({"TERM": "xterm"}, columns=columns, lines=lines)["size"].state == state
