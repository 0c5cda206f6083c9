"""A backend of one's own: started, waited for, ended with the console however that ends."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from console.connection import Connection, Target, Unreachable, free_port
from tests.console.place import Desk, until
from tests.widgets.stage import said

OWNER = """
import asyncio, sys
from console.connection import Connection, Target

async def main():
    connection = Connection(Target(sys.argv[1], command=sys.argv[2:]))
    await connection.open()
    print(connection._child.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def serve(tmp_path: Path) -> tuple[str, list[str]]:
    port = free_port()
    command = [sys.executable, "-m", "console", "serve", "--port", str(port), "--data-dir", str(tmp_path / "data")]
    return f"http://127.0.0.1:{port}", [*command, "--no-jobs"]


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_it_starts_and_ends_with_the_connection(tmp_path: Path) -> None:
    url, command = serve(tmp_path)
    connection = Connection(Target(url, command=command))
    api = await connection.open()
    assert (await api.system.ready())["status"] == "ready"
    assert connection._child is not None
    pid = connection._child.pid
    await connection.close()
    assert not is_alive(pid)


async def test_a_child_that_is_gone_is_told_as_gone_for_good(tmp_path: Path) -> None:
    url, command = serve(tmp_path)
    connection = Connection(Target(url, command=command), tmp_path / "backend.log")
    await connection.open()
    assert connection.ended() == ""
    assert connection._child is not None
    connection._child.kill()
    connection._child.wait()
    assert "has ended" in connection.ended()
    await connection.close()
    assert connection.ended() == ""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the child watches its standard input")
def test_it_ends_when_the_console_is_killed(tmp_path: Path) -> None:
    url, command = serve(tmp_path)
    owner = subprocess.Popen([sys.executable, "-c", OWNER, url, *command], stdout=subprocess.PIPE, text=True)
    try:
        assert owner.stdout is not None
        child = int(owner.stdout.readline())
        assert is_alive(child)
    finally:
        os.kill(owner.pid, signal.SIGKILL)
        owner.communicate()
    deadline = time.monotonic() + 15
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_alive(child)


async def test_a_child_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path) -> None:
    says = [sys.executable, "-c", "import sys; sys.exit('the port is taken')"]
    connection = Connection(Target(f"http://127.0.0.1:{free_port()}", command=says))
    with pytest.raises(Unreachable, match="the port is taken"):
        await connection.open()
    await connection.close()


async def test_a_command_that_is_not_there_is_told(tmp_path: Path) -> None:
    connection = Connection(Target("http://127.0.0.1:9", command=[str(tmp_path / "nothing")]))
    with pytest.raises(Unreachable, match="could not be started"):
        await connection.open()
    await asyncio.wait_for(connection.close(), 5)


async def test_a_console_whose_own_backend_ends_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with desk.console() as (app, _):
        monkeypatch.setattr(app.connection, "ended", lambda: "The console's own backend has ended.")
        desk.server.kill()
        await until(lambda: "The console's own backend has ended." in said(app))
