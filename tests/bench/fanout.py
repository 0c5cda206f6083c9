"""How fast what happens reaches every console: a burst and a steady pace, against a bare Starlette broadcast."""

import asyncio
import base64
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import orjson
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.bench.load import Process, free_port, holdfast_server, request, row, running
from tests.bench.sends import sends

CONSOLES = (100, 500)
BURST = 400
"""Events of one commit: fewer than may wait for a client before it is cut off."""
PACED, EACH_SECONDS = 150, 0.03
TARGET = 0.8
"""The least share of what a bare broadcast delivers."""
PACED_MS = 5.0
"""p99 from when what happened is on disk, and answered, to its arrival at a console."""
_QUICK = {"HOLDFAST_BCRYPT_COST": "4", "HOLDFAST_SIGN_IN_PER_MINUTE": "1000", "HOLDFAST_LIVE_PER_MEMBER": "100"}
MEMBERS = 10
"""Half of the consoles are agents', who may not see every event; the rest are their owner's."""

_sockets: set[WebSocket] = set()


async def _listen(socket: WebSocket) -> None:
    await socket.accept()
    _sockets.add(socket)
    with suppress(WebSocketDisconnect):
        while True:
            await socket.receive_text()
    _sockets.discard(socket)


async def _say(asked: Request) -> Response:
    text, times = (await asked.body()).decode(), int(asked.query_params.get("times", "1"))
    for _ in range(times):
        for socket in _sockets:
            await socket.send_text(text)
    return Response(status_code=201)


broadcast = Starlette(routes=[WebSocketRoute("/live", _listen), Route("/say", _say, methods=["GET", "POST"])])
"""The floor: what is posted goes to every socket, with nothing looked up, filtered or kept."""


class Console(asyncio.Protocol):
    """A WebSocket client that only counts frames and notes when each came: reading them is not what is measured."""

    def __init__(self, path: str, headers: dict[str, str]) -> None:
        told = {"host": "bench", "upgrade": "websocket", "connection": "Upgrade", "sec-websocket-version": "13"}
        told |= {"sec-websocket-key": base64.b64encode(os.urandom(16)).decode(), **headers}
        self._hello = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in told.items())
        self._buffer = b""
        self._is_open = False
        self.opened = asyncio.get_running_loop().create_future()
        self.arrivals: list[float] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.WriteTransport = transport  # type: ignore[assignment]
        self.transport.write(self._hello.encode() + b"\r\n")

    def data_received(self, data: bytes) -> None:
        now, buffer = time.perf_counter(), self._buffer + data
        if not self._is_open:
            head, found, buffer = buffer.partition(b"\r\n\r\n")
            if not found:
                self._buffer = head
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                self.opened.set_exception(RuntimeError(head[:300]))
                return
            self._is_open = True
            self.opened.set_result(None)
        at, end = 0, len(buffer)
        while end - at >= 2:
            size, head_size = buffer[at + 1], 2
            if size == 126:
                size, head_size = int.from_bytes(buffer[at + 2 : at + 4], "big"), 4
            elif size == 127:
                size, head_size = int.from_bytes(buffer[at + 2 : at + 10], "big"), 10
            if end - at < head_size + size:
                break
            self.arrivals.append(now)
            at += head_size + size
        self._buffer = buffer[at:]


@asynccontextmanager
async def _watching(url: str, tokens: list[dict[str, str]], number: int) -> AsyncIterator[list[Console]]:
    loop, address = asyncio.get_running_loop(), urlsplit(url)
    consoles = []
    for turn in range(number):
        made = partial(Console, "/live", tokens[turn % len(tokens)])
        _, console = await loop.create_connection(made, address.hostname, address.port)
        await console.opened
        consoles.append(console)
    await asyncio.sleep(1.0)  # greetings, and who else is there
    try:
        yield consoles
    finally:
        for console in consoles:
            console.transport.close()


async def _burst(consoles: list[Console], begin: Callable[[], Any]) -> float:
    """Deliveries a second, from the first frame that anybody gets to the last."""
    for console in consoles:
        console.arrivals.clear()
    await begin()
    async with asyncio.timeout(60):
        while any(len(console.arrivals) < BURST for console in consoles):  # noqa: ASYNC110 - sockets have no event
            await asyncio.sleep(0.05)
    first = min(console.arrivals[0] for console in consoles)
    last = max(console.arrivals[BURST - 1] for console in consoles)
    return len(consoles) * BURST / (last - first)


class Asker(asyncio.Protocol):
    """Sends a request and notes when the answer comes, as early as the consoles note what comes to them."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.WriteTransport = transport  # type: ignore[assignment]

    def ask(self, whole: bytes) -> None:
        self.answered = asyncio.get_running_loop().create_future()
        self.transport.write(whole)

    def data_received(self, data: bytes) -> None:
        if not self.answered.done():
            if b" 201 " not in data[:20]:
                raise RuntimeError(f"the server refused: {data[:300]!r}")
            self.answered.set_result(time.perf_counter())


async def _paced(consoles: list[Console], url: str, whole: bytes) -> "Paced":
    """What the request `whole` takes to each console, again and again."""
    address = urlsplit(url)
    _, asker = await asyncio.get_running_loop().create_connection(Asker, address.hostname, address.port)
    await asyncio.sleep(1.5)
    asked, known = [], []
    for _ in range(PACED):
        for console in consoles:
            console.arrivals.clear()
        began = time.perf_counter()
        asker.ask(whole)
        answered = await asker.answered
        async with asyncio.timeout(10):
            while not all(console.arrivals for console in consoles):  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        await asyncio.sleep(EACH_SECONDS)
        asked += [(console.arrivals[0] - began) * 1000 for console in consoles]
        known += [max(0.0, console.arrivals[0] - answered) * 1000 for console in consoles]
    asker.transport.close()
    return Paced(sorted(asked), sorted(known))


class Paced(NamedTuple):
    """Milliseconds, sorted: from the request to a console, and from its answer, when what is told is on disk."""

    asked: list[float]
    answered: list[float]


def nth(times: list[float], share: float) -> float:
    """A percentile of sorted times."""
    return round(times[min(int(len(times) * share), len(times) - 1)], 1)


async def _floor(number: int, text: str) -> tuple[float, Paced]:
    url = f"http://127.0.0.1:{(port := free_port())}"
    command = [sys.executable, "-m", "uvicorn", "tests.bench.fanout:broadcast", "--port", str(port), "--no-access-log"]
    command += ["--loop", "uvloop", "--http", "httptools", "--ws", "websockets-sansio", "--lifespan", "off"]
    with running([*command, "--ws-per-message-deflate", "false", "--log-level", "critical"], url, "/say?times=0"):
        async with (
            _watching(url, [{}], number) as consoles,
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as http,
        ):

            async def say(times: int = 1) -> None:
                await http.post("/say", params={"times": times}, content=text)

            whole = request("/say", {}, text)
            return await _burst(consoles, lambda: say(BURST)), await _paced(consoles, url, whole)


async def _ours(number: int, process: Process, owner: dict[str, str], database_url: str) -> tuple[float, Paced, str]:
    from backend.core.clock import RealClock
    from backend.events.log import after
    from backend.incidences import events
    from backend.runtime import Runtime
    from backend.settings import Settings
    from backend.unit import Units

    async with httpx.AsyncClient(base_url=process.url, headers=owner, trust_env=False, timeout=30) as http:
        business = (await http.get("/api/auth/me")).json()["business"]["id"]
        body = {
            "userId": f"guest-{number}",
            "stage": "PRE_ORDER",
            "channel": "IN_APP_CHAT",
            "trigger": "USER_INITIATED",
        }
        case = (await http.post("/incidences", json=body)).json()
        tokens = [owner, *[await _agent(http, business, f"{number}-{turn}") for turn in range(MEMBERS)]]

        def happen(work: Any) -> None:
            for _ in range(BURST):
                work.emit(events.IncidenceChanged(subject_id=case["incidenceId"], state=case, data={"changed": {}}))

        runtime = Runtime.build(Settings(database_url=database_url, secret="s" * 40), RealClock())  # type: ignore[arg-type]
        await runtime.database.start()
        units = Units(runtime, business)
        async with _watching(process.url, tokens, number) as consoles:
            delivered = await _burst(consoles, lambda: units.write(happen))
            note = request(f"/agent/notes/{case['incidenceId']}", owner, {"text": "a note of some words " * 3})
            took = await _paced(consoles, process.url, note)
        rows = await units.read(lambda work: after(work.session, business, 1, 500))
        text = max((orjson.dumps(row.state).decode() for row in rows if row.state), key=len)
        await runtime.close()
    return delivered, took, text


async def _agent(http: httpx.AsyncClient, business: str, name: str) -> dict[str, str]:
    account = {"email": f"agent{name}@example.com", "password": "a long password"}
    told = {**account, "name": f"Agent {name}", "role": "agent"}
    (await http.post(f"/api/businesses/{business}/members", json=told)).raise_for_status()
    token = (await http.post("/api/auth/login", json=account)).json()["accessToken"]
    return {"authorization": f"Bearer {token}"}


def bench_fanout(database_url: str | None = None) -> list[dict[str, Any]]:
    """Rows {name, value, unit, floor, ratio, target, ok}."""
    import tempfile

    rows = []
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        url = database_url or f"sqlite:///{folder}/fanout.db"
        with holdfast_server(url, "--no-jobs", **_QUICK) as (process, owner, _):
            for number in CONSOLES:
                delivered, took, text = runner.run(_ours(number, process, owner, url))
                bare, bare_took = runner.run(_floor(number, text))
                name = f"{number} consoles: events of a burst"
                rows.append(row(name, delivered, "deliveries/s", floor=bare, target=TARGET))
                alone = sends(number, len(text))
                name, p99 = f"{number} consoles: on disk to console, p99", nth(took.answered, 0.99)
                rows.append(
                    {
                        **row(name, p99, "ms", target=PACED_MS, at_least=False),
                        "p50_ms": nth(took.answered, 0.5),
                        "bare_p99_ms": nth(bare_took.answered, 0.99),
                        "sends_alone_p50_p99_ms": [nth(alone, 0.5), nth(alone, 0.99)],
                        "from_request_p50_p99_ms": [nth(took.asked, 0.5), nth(took.asked, 0.99)],
                        "bare_from_request_p50_p99_ms": [nth(bare_took.asked, 0.5), nth(bare_took.asked, 0.99)],
                    }
                )
    return rows
