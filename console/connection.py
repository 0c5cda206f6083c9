"""The server that the console speaks to: one at a URL, or one of its own as a child process on a free loopback port."""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from console.files import data_dir

if TYPE_CHECKING:
    from backend.client import Client

READY_WITHIN = 60.0
"""Seconds a local backend may take to start, its first migration included."""

_ASKED_EVERY = 0.05
"""Seconds: to ask a port where nobody listens yet takes no millisecond, and somebody waits for the first rows."""

ENDED_IS_KNOWN = 0.5
"""Seconds after a lost connection until it is known whether a child has ended; its socket goes before it."""

_PATIENCE = 5.0
"""Seconds a child has to end by itself."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect. With `command`, a backend is started as a child that answers on `url`; with `email` and
    `password`, the console signs in by itself. A passing one is gone after this run, as a demo is: no sign-in at it is
    kept or remembered, and its sign-in screen tells the password, which is nobody's secret."""

    url: str
    command: Sequence[str] = ()
    email: str = ""
    password: str = ""
    is_passing: bool = False
    child: "subprocess.Popen[bytes] | None" = None
    """The process of `command`, where it was begun before there was a console."""
    wall: bool = False
    """Begin at the wall, which nobody touches: it is not locked when idle."""

    @property
    def hint(self) -> str:
        """What a passing target's password is, so that nobody is locked out of it; empty elsewhere."""
        return f"This demo's password: {self.password}" if self.is_passing else ""


class Unreachable(Exception):
    """No server to speak to; the message says why, in words."""


def free_port() -> int:
    """A free loopback port, as far as one can know."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_with_parent() -> Callable[[], None] | None:
    """On Linux, have the kernel end the child when the console is gone, even if it was killed. Elsewhere the child
    reads the end of its standard input."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def before_exec() -> None:
        prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:  # it died while we were born
            os._exit(1)

    return before_exec


def log_file() -> Path:
    """What a child says."""
    return data_dir() / "backend.log"


def begin(command: Sequence[str], log: Path) -> "subprocess.Popen[bytes]":
    """Start a backend as a child that says what it has to say in `log`. Unreachable when it cannot be started."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as file:
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=file,
                stderr=file,
                start_new_session=True,  # ctrl+c in the terminal is for the console
                preexec_fn=_end_with_parent(),
            )
        except OSError as error:
            raise Unreachable(f"The backend could not be started: {error.strerror or error}.") from error


class Connection:
    """A server, and the client that speaks to it. `open` waits until it is ready; `close` ends a child."""

    def __init__(self, target: Target, log: Path | None = None) -> None:
        self.target = target
        self.log = log or log_file()
        self._child = target.child
        self._api: Client | None = None

    @property
    def api(self) -> "Client":
        """The client, once it is open."""
        assert self._api is not None, "open() first"
        return self._api

    async def open(self) -> "Client":
        """Start the child if there is one, make the client, and wait for /ready. Unreachable when that fails."""
        if self.target.command and self._child is None:
            self._child = begin(self.target.command, self.log)
        if self._api is None:
            client_class = await asyncio.to_thread(_import_client)
            self._api = client_class(self.target.url)
        if self.target.command:
            await self._wait_until_ready()
        return self._api

    async def _wait_until_ready(self) -> None:
        from backend.client import ApiError, Offline

        try:
            async with asyncio.timeout(READY_WITHIN):
                while True:
                    if self._child is not None and self._child.poll() is not None:
                        raise Unreachable(f"The backend ended at once: {self._last_words()}")
                    with contextlib.suppress(ApiError, Offline):
                        await self.api.system.ready()
                        return
                    await asyncio.sleep(_ASKED_EVERY)
        except TimeoutError as error:
            raise Unreachable(f"The backend was not ready in {READY_WITHIN:.0f} s: {self._last_words()}") from error

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = [line for line in self.log.read_text("utf-8", "replace").splitlines() if line.strip()]
            if lines:
                return f"{lines[-1][:200]} (all of it is in {self.log})"
        return f"see {self.log}"

    @property
    def is_demo(self) -> bool:
        """Whether the child is a demo, which listens to commands."""
        return "backend.demo" in self.target.command

    def ended(self) -> str:
        """In words, that the backend of our own is gone for good; empty while it may answer, and for a server elsewhere."""
        child = self._child
        if child is None or child.poll() is None:
            return ""
        return f"The console's own backend has ended ({self._last_words()}). Leave with ctrl+q and start again."

    async def tell(self, line: str) -> None:
        """Give the child a command, as `backend.demo.pace.Pace.obey` reads it. Unreachable when nobody listens."""
        if not self.is_demo or self._child is None or self._child.stdin is None:
            raise Unreachable("This is no demo: customers here are people.")
        try:
            self._child.stdin.write(f"{' '.join(line.split())}\n".encode())
            self._child.stdin.flush()
        except ConnectionError as error:
            raise Unreachable("The demo has ended.") from error

    async def close(self) -> None:
        """End what was opened. A child that does not listen is killed."""
        if self._api is not None:
            await self._api.transport.close()
            self._api = None
        child, self._child = self._child, None
        if child is not None:
            await asyncio.to_thread(_end, child)


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Ask it to end; kill it when it does not listen."""
    child.terminate()
    try:
        child.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdin is not None:
        with contextlib.suppress(OSError):
            child.stdin.close()


def _import_client() -> "type[Client]":
    """What the client is made of takes a quarter of a second to import: off the loop, after the first paint."""
    from backend.client import Client

    return Client
