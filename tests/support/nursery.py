"""Processes of `holdfast` that start in a third of the time: one process has imported everything, each is a fork of it.

What a test gets is a process of its own in every way that matters to it: its own memory, files, sockets and signals,
and a pid that `kill -9` ends. On systems where a fork is not safe it is started as usual.
"""

import atexit
import gc
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import threading
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_LATE = (
    "anyio._backends._asyncio",
    "console.cli",
    "dbos._schemas.system_database",
    "dbos._sys_db_sqlite",
    "psycopg",
    "sqlalchemy.dialects.postgresql.asyncpg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.auto",
    "uvicorn.protocols.websockets.websockets_sansio_impl",
    "yaml",
)
"""What a server imports as it starts, beside its own modules."""
_ELSEWHERE = ("backend.demo", "backend.migrations")


class Child:
    """A process that the nursery has made; as much of `subprocess.Popen` as a test needs."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self._nursery, self.pid = nursery, pid
        self.returncode: int | None = None
        self._ending = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        if self.returncode is None and select.select([self._ending], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, when it has ended. TimeoutExpired when it does not within `timeout` seconds."""
        if self.returncode is None:
            if not select.select([self._ending], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
            os.close(self._ending)
            self.returncode = int(self._nursery.ask({"ended": self.pid})["code"])
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The process that forks. It ends, and all that it made, with the process that asked for it."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        atexit.register(self._end)

    def _end(self) -> None:
        with self._process:  # which closes what leads to it, and waits
            pass

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """One order, and its answer."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        with self._turn:
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            return dict(json.loads(stdout.readline()))

    def start(self, arguments: list[str], environment: dict[str, str], log: Path) -> Child:
        """`holdfast ARGUMENTS`, whose both streams are added to `log`."""
        order = {"arguments": arguments, "environment": environment, "log": str(log)}
        return Child(self, int(self.ask(order)["pid"]))


@cache
def _nursery() -> Nursery:
    return Nursery()


def start(arguments: list[str], environment: dict[str, str], log: Path) -> Child | subprocess.Popen[bytes]:
    """A process of `holdfast ARGUMENTS`, in the project's root, whose both streams are added to `log`."""
    if sys.platform == "linux":
        return _nursery().start(arguments, environment, log)
    command = [sys.executable, "-m", "console", *arguments]
    with log.open("ab") as out:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL)


def _become(order: dict[str, Any]) -> None:
    """In the fork: the command, with its own streams and environment."""
    os.environ.clear()
    os.environ.update(order["environment"])
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(source, stream)
    sys.argv = ["holdfast", *order["arguments"]]
    from console.__main__ import main

    main()


def _tend() -> None:
    """Fork for each order, tell how those ended that are asked for; when nobody asks any more, end them all."""
    import backend

    ours = (found.name for found in pkgutil.walk_packages(backend.__path__, "backend."))
    for name in (*(name for name in ours if not name.startswith(_ELSEWHERE)), *_LATE):
        import_module(name)
    gc.collect()
    gc.freeze()
    running: set[int] = set()
    while line := sys.stdin.readline():
        order = json.loads(line)
        if "ended" in order:
            code = os.waitstatus_to_exitcode(os.waitpid(order["ended"], 0)[1])
            running.discard(order["ended"])
            answer = {"code": code}
        else:
            pid = os.fork()
            if pid == 0:
                return _become(order)
            running.add(pid)
            answer = {"pid": pid}
        print(json.dumps(answer), flush=True)
    for pid in running:
        os.kill(pid, signal.SIGKILL)
    return None


if __name__ == "__main__":
    _tend()
