"""How fast signals are taken in over real HTTP, against a bare ASGI echo and a bare sqlite3 insert.

`bench_signals(url, key)` measures a running server. Run by itself, this file starts one: `python -m tests.bench.signals`.
"""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import uvloop

ROOT = Path(__file__).parents[2]
CONNECTIONS = 64
USERS_EACH = 100
WARM_SECONDS, SECONDS = 1.0, 4.0
BATCH = 100
TARGET = 0.4
"""The least share of its floor that each must reach."""
TYPES = ("platter_view", "quantity_change", "price_check", "back_navigation", "customization", "inactivity")


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
        if self.buffer[9:12] != b"202":
            self.failed = self.buffer
        self.buffer = b""
        if now >= self.until or self.failed:
            self.transport.close()
        else:
            self._send()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def _load(url: str, requests_of: Callable[[int], Iterator[bytes]]) -> tuple[float, float]:
    address = urlsplit(url)
    assert address.hostname is not None
    assert address.port is not None
    loop, begin = asyncio.get_running_loop(), time.perf_counter() + WARM_SECONDS
    made = [
        await loop.create_connection(
            lambda number=number: _Connection(requests_of(number), begin + SECONDS),  # type: ignore[misc]
            address.hostname,
            address.port,
        )
        for number in range(CONNECTIONS)
    ]
    connections = [connection for _, connection in made]
    await asyncio.gather(*(connection.done for connection in connections))
    for connection in connections:
        if connection.failed:
            raise RuntimeError(f"the server refused: {connection.failed[:500]!r}")
    times = sorted(took for connection in connections for when, took in connection.answers if when >= begin)
    return len(times) / SECONDS, times[int(len(times) * 0.99)]


def load(url: str, requests_of: Callable[[int], Iterator[bytes]]) -> tuple[float, float]:
    """(answers a second, 99th percentile in seconds) of 64 connections, each sending what `requests_of` it yields."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_load(url, requests_of))


def request(path: str, key: str, body: Any) -> bytes:
    """A POST as it goes over the wire."""
    content = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: bench\r\nx-api-key: {key}\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(content)}\r\n\r\n".encode() + content


def _single(key: str) -> Callable[[int], Iterator[bytes]]:
    def requests(number: int) -> Iterator[bytes]:
        bodies = [
            {"userId": f"bench-{number}-{user}", "signalType": type, "value": 12.5, "flow": "order", "screen": "menu"}
            for user in range(USERS_EACH)
            for type in TYPES
        ]
        return cycle([request("/friction/signals", key, body) for body in bodies])

    return requests


def _batches(key: str) -> Callable[[int], Iterator[bytes]]:
    def requests(number: int) -> Iterator[bytes]:
        types = cycle(TYPES)
        for turn in range(8):
            events = [
                {
                    "customerId": f"bench-{number}-{(turn + item) % USERS_EACH}",
                    "event": next(types),
                    "properties": {"feature": "export", "count": item},
                }
                for item in range(BATCH)
            ]
            batches.append(request("/api/track", key, {"events": events}))
        return cycle(batches)

    batches: list[bytes] = []
    return requests


def rows_inserted(folder: Path, seconds: float = 2.0) -> float:
    """Rows a second that the bare driver inserts in batches of a hundred, synchronous=FULL: the floor of batches."""
    path = folder / "floor.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE signals (business_id TEXT, customer_id TEXT, id TEXT, type TEXT, value REAL, flow TEXT, screen TEXT,"
        " properties TEXT, occurred_at INTEGER, received_at INTEGER, PRIMARY KEY (business_id, customer_id, id))"
        " WITHOUT ROWID"
    )
    business, statement = "0" * 36, f"INSERT INTO signals VALUES ({','.join('?' * 10)})"
    ids, inserted, started = count(), 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        rows = [
            (business, f"{id % 1000:036}", f"{id:036}", "platter_view", 1.0, "order", "menu", '{"count":1}', id, id)
            for id in islice(ids, BATCH)
        ]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, rows)
        connection.execute("COMMIT")
        inserted += BATCH
    took = time.perf_counter() - started
    connection.close()
    return inserted / took


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """The bare ASGI application: read the body, answer as much as a signal is answered."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    body = b'{"frictionScore":35,"triggered":false,"prompt":null}'
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def uvicorn_of(app: str, **environment: str) -> Iterator[str]:
    """The URL of `app` (module:attribute) in a uvicorn process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", app, "--port", str(port), "--log-level", "warning", "--no-access-log"]
    command += ["--loop", "uvloop", "--http", "httptools", "--lifespan", "off" if app.endswith(":echo") else "on"]
    command += ["--factory"] if not app.endswith(":echo") else []
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})
    try:
        deadline = time.monotonic() + 30
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{app} did not start")
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def _row(name: str, value: float, unit: str, floor: float) -> dict[str, Any]:
    ratio = value / floor
    return {
        "name": name,
        "value": round(value),
        "unit": unit,
        "floor": round(floor),
        "ratio": round(ratio, 2),
        "target": TARGET,
        "ok": ratio >= TARGET,
    }


def bench_signals(url: str, key: str) -> list[dict[str, Any]]:
    """Rows {name, value, unit, floor, ratio, target, ok}, with floors measured in the same run.

    `url` is a running server whose HOLDFAST_TRACK_PER_MINUTE is high enough; `key` may track and post friction.
    """
    with uvicorn_of("tests.bench.signals:echo") as bare:
        echoed, _ = load(bare, _single(key))
    with tempfile.TemporaryDirectory() as folder:
        inserted = rows_inserted(Path(folder))
    singles, slow = load(url, _single(key))
    batches, _ = load(url, _batches(key))
    return [
        {**_row("single signals", singles, "a second", echoed), "p99_ms": round(slow * 1000, 1)},
        _row("signals in batches of 100", batches * BATCH, "a second", inserted),
    ]


def application() -> Any:
    """The backend on the database in HOLDFAST_DATABASE_URL, for a run by itself."""
    from backend.app import create_app
    from backend.core import log
    from backend.runtime import Runtime
    from backend.settings import Settings

    log.configure()
    return create_app(Runtime.build(Settings()), run_jobs=False)


def main() -> None:
    """Measure a server of our own on SQLite, and print the rows."""
    from backend.migrations.run import migrate

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/bench.db"
        migrate(url)
        settings = {"HOLDFAST_DATABASE_URL": url, "HOLDFAST_DATA_DIR": folder}
        with uvicorn_of("tests.bench.signals:application", **settings, HOLDFAST_TRACK_PER_MINUTE="100000000") as server:
            account = {"email": "bench@example.com", "password": "a long password", "name": "Bench"}
            with httpx.Client(base_url=server, trust_env=False) as http:
                token = http.post("/api/auth/signup", json=account).json()["accessToken"]
                made = http.post("/api/keys", json={"name": "bench"}, headers={"authorization": f"Bearer {token}"})
            for row in bench_signals(server, made.json()["key"]):
                print(json.dumps(row))


if __name__ == "__main__":
    main()
