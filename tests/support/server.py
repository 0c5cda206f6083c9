"""The real thing: `holdfast serve` in a process of its own, over sockets."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx

from tests.support import nursery
from tests.support.nursery import Child

_READY_SECONDS = 60.0


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server process. `url` answers once `start` has returned."""

    def __init__(self, database_url: str, folder: Path, *, port: int | None = None, **settings: str) -> None:
        self.database_url, self.folder = database_url, folder
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._settings = {f"HOLDFAST_{name.upper()}": value for name, value in settings.items()}
        self.process: Child | subprocess.Popen[bytes] | None = None

    def start(self) -> "Server":
        """Start the process and wait until /ready answers. RuntimeError with its log when it does not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = {"HOLDFAST_SIGN_IN_PER_MINUTE": "10000", "HOLDFAST_BCRYPT_COST": "4"}
        environment |= {"HOLDFAST_PRIVATE_ADDRESSES": "true"}  # the doubles of platforms
        # Nobody is online unless a test wants it: members who come would be events between those that tests count.
        environment |= {"HOLDFAST_ATTENDANCE_SECONDS": "3600", **self._settings}
        arguments = ["serve", "--database-url", self.database_url, "--port", str(self.port)]
        arguments += ["--data-dir", str(self.folder)]
        self.process = nursery.start(arguments, {**os.environ, **environment}, self.log)
        deadline = time.monotonic() + _READY_SECONDS
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the server did not become ready:\n{self.log.read_text()}")
            time.sleep(0.05)
        return self

    @property
    def log(self) -> Path:
        """What the process wrote to stdout and stderr."""
        return self.folder / "server.log"

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/ready", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def kill(self) -> None:
        """SIGKILL: no goodbye, nothing flushed."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self, seconds: float = 15) -> int:
        """SIGTERM; the exit code. TimeoutExpired when it does not stop in time."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(seconds)
        self.process = None
        return code
