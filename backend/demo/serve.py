"""The demo's backend: the real one, on the demo's world, with the driver beside it in the same process."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
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
    place, pace = settle(folder, seed=seed, clock=RealClock()), Pace(speed)
    tasks: set[asyncio.Task[None]] = set()

    def ready(url: str) -> None:
        tasks.add(asyncio.get_running_loop().create_task(_live(place, url, pace if is_lively else None)))
        if follows_stdin:
            _follow_stdin(pace)
        if on_ready:
            on_ready(place, url)

    from backend import server

    server.serve(place.settings, port=port, on_ready=ready)


async def _live(place: Place, url: str, pace: Pace | None) -> None:
    """The world around the backend: the chat platform, and with a pace the customers."""
    await asyncio.sleep(FIRST_ROWS)
    from backend.demo.chat import Chat
    from backend.demo.driver import Driver
    from backend.demo.outside.serve import served

    clock = RealClock()
    chat = Chat(place.freshchat, clock)
    async with served(chat.double) as address:
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
