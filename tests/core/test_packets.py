"""Answers go out whole, in order, and not a byte of them is lost, over a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from backend.core.packets import Protocol

LONG = b"x" * 300_000


async def say(request: Request) -> Response:
    return PlainTextResponse(request.path_params["word"])


async def long(_: Request) -> Response:
    return Response(LONG)


async def stream(_: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for number in range(100):
            yield bytes([48 + number % 10]) * 10_000

    return StreamingResponse(parts())


async def count(request: Request) -> Response:
    """How many pieces the body came in, until it ended or a third was empty."""
    pieces = []
    while True:
        message = await request.receive()
        pieces.append(message["body"])
        if not message["more_body"] or pieces.count(b"") == 3:
            return PlainTextResponse(repr(pieces))


async def refuse(_: Request) -> Response:
    """Answers before the body is there."""
    return PlainTextResponse("no", 401)


APP = Starlette(
    routes=[
        Route("/say/{word}", say),
        Route("/long", long),
        Route("/stream", stream),
        Route("/count", count, methods=["POST"]),
        Route("/refuse", refuse, methods=["POST"]),
    ]
)


@asynccontextmanager
async def served() -> AsyncIterator[int]:
    """The port of a server that speaks `Protocol`."""
    config = uvicorn.Config(
        APP, port=0, http=Protocol, lifespan="off", log_config=None, access_log=False, timeout_keep_alive=1
    )
    answers = asyncio.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            answers.set()

    server = Server(config)
    task = asyncio.create_task(server.serve())
    await answers.wait()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def asked(port: int, text: str) -> bytes:
    """Everything that is answered to `text` until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode())
    answer = await reader.read(-1)
    writer.close()
    return answer


def get(path: str, *, close: bool = False) -> str:
    lines = [f"GET {path} HTTP/1.1", "host: test", *(["connection: close"] if close else []), "", ""]
    return "\r\n".join(lines)


async def test_a_short_answer_is_one_piece() -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for word in ("one", "two"):
            writer.write(get(f"/say/{word}").encode())
            piece = await reader.read(65_536)
            assert piece.startswith(b"HTTP/1.1 200 OK\r\n")
            assert piece.endswith(b"\r\n\r\n" + word.encode())
        writer.close()


async def test_answers_to_requests_sent_at_once_come_in_order_before_the_end() -> None:
    async with served() as port:
        whole = await asked(port, get("/say/one") + get("/say/two") + get("/say/three", close=True))
    assert [part.rpartition(b"\r\n\r\n")[2] for part in whole.split(b"HTTP/1.1 200 OK")[1:]] == [
        b"one",
        b"two",
        b"three",
    ]


async def test_long_answers_are_whole() -> None:
    async with served() as port:
        assert (await asked(port, get("/long", close=True))).endswith(b"\r\n\r\n" + LONG)
        streamed = await asked(port, get("/stream", close=True))
    assert sum(streamed.count(digit * 10_000) for digit in (b"%d" % number for number in range(10))) == 100


async def test_who_leaves_early_hurts_nobody() -> None:
    async with served() as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get("/stream").encode())
        writer.transport.abort()
        assert (await asked(port, get("/say/still", close=True))).endswith(b"still")


@pytest.mark.parametrize(
    "sent", ["", "GET /say/one HTT", "GET /say/one HTTP/1.1\r\nhost: te", get("/say/one") + "GET /say"]
)
async def test_a_head_that_does_not_end_is_not_waited_for(sent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.core.packets.HEAD_SECONDS", 0.3)
    async with served() as port:
        async with asyncio.timeout(10):  # a connection that nobody closes is open for ever
            answer = await asked(port, sent)
        assert answer.endswith(b"one") if sent.startswith(get("/say/one")) else answer == b""
        assert (await asked(port, get("/say/still", close=True))).endswith(b"still")


async def test_who_reads_a_body_that_has_stopped_hears_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.core.packets.NUDGE_SECONDS", 0.05)
    head = "POST /count HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-length: 10\r\n\r\n"
    async with served() as port:
        async with asyncio.timeout(10):
            assert (await asked(port, head + "abc")).endswith(b"[b'abc', b'', b'', b'']")
        assert (await asked(port, head + "abcdefghij")).endswith(b"[b'abcdefghij']")


@pytest.mark.parametrize(
    "first", ["\r\n", get("/say/one") + "\r\n", "POST /refuse HTTP/1.1\r\nhost: t\r\ncontent-length: 9\r\n\r\nab"]
)
async def test_a_line_on_which_no_request_follows_is_closed(first: str) -> None:
    """An empty line, or the rest of a body that was answered already, is no request."""
    async with served() as port, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(first.encode())
        if first.startswith("POST"):
            await reader.readuntil(b"no")
            writer.write(b"cdefghi")
        await reader.read(-1)
        writer.close()


async def test_a_body_that_was_answered_early_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.core.packets.NUDGE_SECONDS", 0.02)
    nudged: list[Protocol] = []
    nudge = Protocol._nudge
    monkeypatch.setattr(Protocol, "_nudge", lambda self: (nudged.append(self), nudge(self)))
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /refuse HTTP/1.1\r\nhost: t\r\ncontent-length: 9\r\n\r\nab")
        await reader.readuntil(b"no")
        await asyncio.sleep(0.2)
        assert len(nudged) <= 1, "and then no more"
        writer.close()


async def test_a_head_that_comes_in_pieces_is_taken_and_one_without_end_is_refused() -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for letter in get("/say/pieces", close=True):
            writer.write(letter.encode())
            await asyncio.sleep(0.001)
        assert (await reader.read(-1)).endswith(b"pieces")
        writer.close()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /say/one HTTP/1.1\r\nx: ")
        with pytest.raises(ConnectionError):  # noqa: PT012 - one of the many fails, nobody knows which
            for _ in range(1_000):
                writer.write(b"-" * 10_000)
                await writer.drain()
        writer.close()
        assert (await asked(port, get("/say/still", close=True))).endswith(b"still")
