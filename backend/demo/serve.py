"""The demo's backend: the real one, on the demo's world, with the driver beside it in the same process."""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from backend.core.clock import RealClock
from backend.demo.pace import Pace
from backend.demo.place import FIRST_ROWS, Place, settle

Ready = Callable[[Place, str], None]


def serve(
    folder: Path,
    *,
    seed: int,
    speed: float,
    port: int,
    on_ready: Ready | None = None,
    is_lively: bool = True,
    follows_stdin: bool = False,
) -> None:
    """Serve the demo in `folder` on loopback until a signal. OSError when folder or port cannot be used.

    `follows_stdin`: each line is a command for the driver's pace, and the end of it ends the demo: whoever started
    it is gone.
    """
    shop, page = _find_shop()
    place, pace = replace(settle(folder, seed=seed, clock=RealClock()), page=page), Pace(speed)
    tasks: set[asyncio.Task[None]] = set()

    def ready(url: str) -> None:
        tasks.add(asyncio.get_running_loop().create_task(_live(place, url, shop, pace if is_lively else None)))
        if follows_stdin:
            _follow_stdin(pace)
        if on_ready:
            on_ready(place, url)

    from backend import server

    server.serve(place.settings, port=port, on_ready=ready)


def _find_shop() -> tuple[socket.socket, str]:
    """A socket on a free loopback port, and the address of the customers' account page there. Who comes early waits."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return listening, f"http://127.0.0.1:{listening.getsockname()[1]}/account"


async def _live(place: Place, url: str, shop: socket.socket, pace: Pace | None) -> None:
    """The world around the backend: the customers' app, the chat platform, and with a pace the customers."""
    await asyncio.sleep(FIRST_ROWS)
    from backend.demo.chat import Chat
    from backend.demo.driver import Driver
    from backend.demo.outside.serve import served
    from backend.demo.storefront import Storefront

    clock = RealClock()
    chat, storefront = Chat(place.freshchat, clock), Storefront(url)
    async with served(chat.double) as address, served(storefront, shop):
        await storefront.open(place.page)
        await chat.connect(url, address)
        if pace is None:
            await asyncio.Event().wait()
        else:
            await Driver(url, api_key=place.api_key, chat=chat, seed=place.seed, pace=pace, clock=clock).run()


def _follow_stdin(pace: Pace) -> None:
    loop = asyncio.get_running_loop()

    def listen() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(pace.obey, line)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=listen, name="commands", daemon=True).start()
