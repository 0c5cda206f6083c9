"""The console as a person has it: a process in a terminal of its own, beside a real server with 10,000 cases."""

import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.bench.desk import CASES, fill
from tests.bench.load import ROOT, Process, holdfast_server, row

ROWS, COLUMNS = 45, 140
SETTLE_SECONDS, WATCH_SECONDS = 3.0, 5.0
CHANGES_A_SECOND = 50
PAINTS = 20
STARTS = 5
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]")


def _as_people_have_it() -> dict[str, str]:
    """The environment; but Python keeps what it compiles, as it does everywhere but in some containers."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Terminal:
    """A console process on a pseudo-terminal; `seen` is what it painted, without the escapes."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        settings = {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "HOLDFAST_HOME": str(folder),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        }
        self.began = time.perf_counter()
        self.child = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**_as_people_have_it(), **settings},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.process = Process(self.child, "", 0)
        self.bytes = 0
        self.seen = b""

    def read(self, seconds: float) -> bool:
        """Take in what comes within `seconds`; whether anything did."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        data = os.read(self.master, 1 << 16)
        self.bytes += len(data)
        self.seen = (self.seen + _ESCAPES.sub(b"", data))[-400_000:]
        return True

    def until(self, text: bytes, seconds: float = 60) -> float:
        """Seconds since the start of the process when `text` had been painted."""
        deadline = time.perf_counter() + seconds
        while text not in self.seen:
            if time.perf_counter() > deadline or self.child.poll() is not None:
                raise RuntimeError(f"{text!r} was not painted; last was {self.seen[-800:]!r}")
            self.read(0.05)
        return time.perf_counter() - self.began

    def watch(self, seconds: float) -> tuple[float, int]:
        """(share of a core, bytes painted) over `seconds`."""
        before, painted, until = self.process.cpu_seconds, self.bytes, time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self.read(left)
        return (self.process.cpu_seconds - before) / seconds, self.bytes - painted

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def close(self) -> None:
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.child.kill()
        os.close(self.master)


@contextmanager
def signed_in(process: Process) -> Iterator[tuple[Terminal, float]]:
    """The console on a server: the terminal, and the seconds to the queue's rows."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        signing = [sys.executable, "-m", "console", "sign-in", process.url, "bench@example.com"]
        settings = {"HOLDFAST_HOME": folder, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
        environment = {**os.environ, **settings, "HOLDFAST_PASSWORD": "a long password"}
        subprocess.run(
            signing, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        terminal = Terminal([sys.executable, "-m", "console", "console", process.url], home)
        try:
            yield terminal, terminal.until(b"INC-")
        finally:
            terminal.close()


def _paint_times(terminal: Terminal, http: httpx.Client, case: str) -> list[float]:
    """Seconds from the request that changes the first row to its being on the screen."""
    times = []
    for turn in range(PAINTS):
        version = http.get(f"/incidences/{case}").json()["version"]
        mark = f"paint-{turn:04}x"
        began = time.perf_counter()
        http.patch(f"/incidences/{case}", json={"version": version, "summary": mark}).raise_for_status()
        terminal.until(mark.encode(), 10)
        times.append(time.perf_counter() - began)
        terminal.watch(0.31)  # out of step with the flushes
    return sorted(times)


def _stir(process: Process, owner: dict[str, str], seconds: float) -> "subprocess.Popen[bytes]":
    """A process that changes cases at a steady rate."""
    command = [sys.executable, "-m", "tests.bench.stir", process.url, owner["authorization"], str(CHANGES_A_SECOND)]
    return subprocess.Popen([*command, str(seconds)], cwd=ROOT)


def _demo_start() -> tuple[float, float]:
    """Seconds until `holdfast demo` has painted, and until the queue has rows."""
    with tempfile.TemporaryDirectory() as folder:
        terminal = Terminal([sys.executable, "-m", "console", "demo"], Path(folder))
        try:
            return terminal.until(b"Holdfast"), terminal.until(b"INC-")
        finally:
            terminal.close()


def _help_seconds() -> float:
    command, began = [sys.executable, "-m", "console", "--help"], _spent()
    for _ in range(3):
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd=ROOT)
    return (_spent() - began) / 3


def _spent() -> float:
    """Seconds of processor time of the processes that ended so far."""
    return os.times().children_user + os.times().children_system


def bench_console(database_url: str | None = None) -> list[dict[str, Any]]:
    """Rows {name, value, unit, floor, ratio, target, ok}."""
    with holdfast_server(database_url) as (process, owner, key):
        case = fill(process, owner, key)
        with httpx.Client(base_url=process.url, headers=owner, trust_env=False) as http:
            first = http.get(f"/incidences/{case}").json()
            http.patch(f"/incidences/{case}", json={"version": first["version"], "priority": 1}).raise_for_status()
            http.post(f"/incidences/{case}/take").raise_for_status()  # so that Mine, where the console opens, has a row
            with signed_in(process) as (terminal, usable):
                terminal.press("3")
                terminal.watch(SETTLE_SECONDS * 2)  # the rest of the ten thousand comes in behind
                idle, quiet = terminal.watch(WATCH_SECONDS)
                paints = _paint_times(terminal, http, case)
                stirring = _stir(process, owner, SETTLE_SECONDS + 2 * WATCH_SECONDS)
                terminal.watch(SETTLE_SECONDS)
                live, _ = terminal.watch(WATCH_SECONDS)
                keys = _key_times(terminal)
                stirring.wait(30)
                megabytes = terminal.process.megabytes
    most = {"at_least": False}
    _demo_start()  # the first start seeds the world
    began = [_demo_start() for _ in range(STARTS)]
    return [
        row("holdfast --help: processor time", _help_seconds(), "s", target=0.3, **most),
        row("demo, second start: first paint", statistics.median(one[0] for one in began), "s", target=0.4, **most),
        row(
            "demo, second start: rows on the screen",
            statistics.median(one[1] for one in began),
            "s",
            target=1.5,
            **most,
        ),
        row("console: rows on the screen", usable, "s", target=1.5, **most),
        row(f"console: memory with {CASES:,} cases", megabytes, "MB", target=150, **most),
        row("console: idle, share of a core", idle, "", target=0.1, **most),
        row("console: idle, bytes painted", quiet / WATCH_SECONDS, "a second", target=1024, **most),
        row(f"console: {CHANGES_A_SECOND} changes a second, share of a core", live, "", target=0.1, **most),
        row("console: request to painted row", paints[int(PAINTS * 0.95)] * 1000, "ms p95", target=300, **most),
        row("console: key to paint while it changes", keys * 1000, "ms p95", target=50, **most),
    ]


def _key_times(terminal: Terminal) -> float:
    """The 95th percentile of the seconds from a key press to the paint that follows, in a quiet moment of the screen."""
    times = []
    for turn in range(40):
        while terminal.read(0.02):  # let what is being painted come to its end
            pass
        began = time.perf_counter()
        terminal.press("j" if turn % 2 == 0 else "k")
        terminal.read(1)
        times.append(time.perf_counter() - began)
    return statistics.quantiles(times, n=20)[-1]
