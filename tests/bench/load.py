"""A load generator small enough not to be what is measured, and the floors that results are held against."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

ROOT = Path(__file__).parents[2]
WARM_SECONDS, SECONDS = 1.0, 2.5
ROUNDS = 3
"""How often each is measured, in turn with its floor: the least disturbed round counts, for both."""
Requests = Callable[[int], Iterator[bytes]]
"""What the connection of a number sends, one after another."""


class _Connection(asyncio.Protocol):
    """One keep-alive connection that sends the next request as soon as the last is answered."""

    def __init__(self, requests: Iterator[bytes], until: float) -> None:
        self.requests, self.until = requests, until
        self.answers: list[tuple[float, float]] = []
        """(when, seconds) of each answer."""
        self.failed = b""
        self.buffer = b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.WriteTransport = transport  # type: ignore[assignment]
        self._send()

    def _send(self) -> None:
        self.sent = time.perf_counter()
        self.transport.write(next(self.requests))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        at = self.buffer.lower().find(b"content-length:", 0, head) + 15
        if len(self.buffer) < head + 4 + int(self.buffer[at : self.buffer.find(b"\r", at)]):
            return
        now = time.perf_counter()
        self.answers.append((now, now - self.sent))
        if self.buffer[9:10] != b"2":
            self.failed = self.buffer
        self.buffer = b""
        if now >= self.until or self.failed:
            self.transport.close()
        else:
            self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def _load(url: str, requests_of: Requests, connections: int) -> "Load":
    address = urlsplit(url)
    loop, begin = asyncio.get_running_loop(), time.perf_counter() + WARM_SECONDS
    made = [
        await loop.create_connection(
            lambda number=number: _Connection(requests_of(number), begin + SECONDS),  # type: ignore[misc]
            address.hostname,
            address.port,
        )
        for number in range(connections)
    ]
    opened = [connection for _, connection in made]
    await asyncio.gather(*(connection.done for connection in opened))
    for connection in opened:
        if connection.failed:
            raise RuntimeError(f"the server refused: {connection.failed[:500]!r}")
    return Load(sorted(took for connection in opened for when, took in connection.answers if when >= begin))


class Load:
    """What a run measured: answers a second, and percentiles in seconds."""

    def __init__(self, times: list[float]) -> None:
        self.times = times
        self.per_second = len(times) / SECONDS

    def nth(self, share: float) -> float:
        return self.times[min(int(len(self.times) * share), len(self.times) - 1)]


def load(url: str, requests_of: Requests, connections: int = 64) -> Load:
    """Keep `connections` busy for some seconds, each sending what `requests_of` it yields."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_load(url, requests_of, connections))


def least_disturbed(*loads: Callable[[], Load]) -> list[Load]:
    """Run each of `loads` in turn, some rounds; of each the round with the most answers."""
    rounds = [[load() for load in loads] for _ in range(ROUNDS)]
    return [max(measured, key=lambda one: one.per_second) for measured in zip(*rounds, strict=True)]


def request(path: str, headers: dict[str, str], body: Any = None, method: str = "POST") -> bytes:
    """A request as it goes over the wire."""
    content = b"" if body is None else json.dumps(body).encode()
    told = {"host": "bench", "content-type": "application/json", "content-length": str(len(content)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + content


async def _answer(request: Request) -> JSONResponse:
    if request.method == "POST":
        await request.json()
    return JSONResponse({"frictionScore": 35, "triggered": False, "prompt": None}, 202)


echo = Starlette(routes=[Route("/{path:path}", _answer, methods=["GET", "POST"])])
"""A bare Starlette route: the same requests, read and answered, with nothing done."""


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Process:
    """A process that is measured from outside."""

    def __init__(self, process: "subprocess.Popen[bytes]", url: str, seconds: float) -> None:
        self.process, self.url, self.seconds_to_ready = process, url, seconds

    @property
    def megabytes(self) -> float:
        """Resident memory now (Linux)."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    @property
    def cpu_seconds(self) -> float:
        """Processor time used so far (Linux)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def running(command: list[str], url: str, path: str, **environment: str) -> Iterator[Process]:
    """The process of `command`, once `url``path` answers with success; ended afterwards."""
    began = time.perf_counter()
    whole = {**os.environ, **environment}
    whole.pop("PYTHONDONTWRITEBYTECODE", None)  # what compiling anew at each start costs is no property of the product
    process = subprocess.Popen(command, cwd=ROOT, env=whole, stdout=subprocess.DEVNULL)
    try:
        while not _answers(url + path):
            if process.poll() is not None or time.perf_counter() - began > 60:
                raise RuntimeError(f"{command} did not start")
            time.sleep(0.01)
        yield Process(process, url, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False, timeout=5).is_success
    except httpx.HTTPError:
        return False


@contextmanager
def bare_echo() -> Iterator[str]:
    """The URL of the bare echo, in a uvicorn process of its own: the floor of everything over HTTP."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "uvicorn", "tests.bench.load:echo", "--port", str(port), "--no-access-log"]
    command += ["--loop", "uvloop", "--http", "httptools", "--lifespan", "off", "--log-level", "warning"]
    with running(command, url, "/") as process:
        yield process.url


@contextmanager
def holdfast_server(
    database_url: str | None = None, *options: str, **environment: str
) -> Iterator[tuple[Process, dict[str, str], dict[str, str]]]:
    """`holdfast serve` on a fresh database: the process, and the headers of its owner and of an API key."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"http://127.0.0.1:{(port := free_port())}"
        command = [sys.executable, "-m", "console", "serve", "--port", str(port), "--data-dir", folder]
        command += ["--database-url", database_url or f"sqlite:///{folder}/bench.db", *options]
        environment |= {"HOLDFAST_TRACK_PER_MINUTE": "100000000"}
        with running(command, url, "/ready", **environment) as process:
            account = {"email": "bench@example.com", "password": "a long password", "name": "Bench"}
            with httpx.Client(base_url=url, trust_env=False) as http:
                token = http.post("/api/auth/signup", json=account).json()["accessToken"]
                owner = {"authorization": f"Bearer {token}"}
                key = http.post("/api/keys", json={"name": "bench"}, headers=owner).json()["key"]
            yield process, owner, {"x-api-key": key}


def row(
    name: str, value: float, unit: str, *, floor: float | None = None, target: float, at_least: bool = True
) -> dict[str, Any]:
    """One line of the table. `target` is for the ratio to the floor when there is one, else for the value."""
    ratio = None if floor is None else value / floor
    held = value if ratio is None else ratio
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "floor": floor and round(floor, 3),
        "ratio": ratio and round(ratio, 3),
        "target": target,
        "ok": held >= target if at_least else held <= target,
    }
