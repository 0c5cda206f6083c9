"""Serving a double on a real port of this machine, in the running event loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from starlette.types import ASGIApp


@asynccontextmanager
async def served(app: ASGIApp, listening: socket.socket | None = None) -> AsyncIterator[str]:
    """Answer on a free loopback port, or the one of a bound socket, meanwhile; the address."""
    import uvicorn

    began = asyncio.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            began.set()

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield  # they are for who runs the process

    if listening is None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
    # Without a date: a double's clock is not this machine's.
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, log_level="critical", access_log=False, date_header=False
    )
    server = Server(config)
    task = asyncio.create_task(server.serve([listening]))
    await began.wait()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await task
