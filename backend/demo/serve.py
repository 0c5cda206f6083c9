"""The demo's backend: the real one, on the demo's world, with the driver beside it in the same process."""

import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import SecretStr

from backend.core.clock import RealClock
from backend.demo.pace import Pace
from backend.demo.place import FIRST_ROWS, Place, settle

STRIPE_AFTER = 1.5
"""Seconds from the first rows to Stripe: nobody looks at subscriptions sooner."""
SLACK_PATH = "/services/T0DEMO/B0DEMO/X0DEMO"
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
    (shop, page), (stripe, api), (slack, chat), (post, mail) = (_find_port() for _ in range(4))
    place, pace = replace(settle(folder, seed=seed, clock=RealClock()), page=f"{page}/account"), Pace(speed)
    place.settings.stripe_api_base = api
    place.settings.slack_url = SecretStr(chat + SLACK_PATH)
    place.settings.smtp_url = SecretStr(f"{mail.replace('http', 'smtp')}?from=desk@feast.example")
    tasks: set[asyncio.Task[None]] = set()

    def ready(url: str) -> None:
        tasks.add(
            asyncio.get_running_loop().create_task(
                _live(place, url, (shop, stripe, slack, post), pace if is_lively else None)
            )
        )
        if follows_stdin:
            _follow_stdin(pace)
        if on_ready:
            on_ready(place, url)

    from backend import server

    server.serve(place.settings, port=port, on_ready=ready)


def _find_port() -> tuple[socket.socket, str]:
    """A socket on a free loopback port, and its address. Who comes before it is answered waits."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return listening, f"http://127.0.0.1:{listening.getsockname()[1]}"


async def _live(place: Place, url: str, ports: Sequence[socket.socket], pace: Pace | None) -> None:
    """The world around the backend: the customers' app, the chat platform, Stripe, the team's Slack and mail, and with a
    pace the customers."""
    shop, stripe, slack, post = ports
    await asyncio.sleep(FIRST_ROWS)
    from backend.demo.chat import Chat
    from backend.demo.driver import Driver
    from backend.demo.outside.mailbox import Mailbox
    from backend.demo.outside.pigeonhole import Pigeonhole
    from backend.demo.outside.serve import served
    from backend.demo.storefront import Storefront

    clock = RealClock()
    chat, storefront = Chat(place.freshchat, clock), Storefront(url)
    async with (
        served(chat.double) as address,
        served(storefront, shop),
        served(Pigeonhole(), slack),
        Mailbox().served(post),
    ):
        await storefront.open(place.page)
        await chat.connect(url, address)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_trade(place, url, stripe, pace))
            tasks.create_task(_deal(place, url))
            if pace is not None:
                driver = Driver(url, api_key=place.api_key, chat=chat, seed=place.seed, pace=pace, clock=clock)
                tasks.create_task(driver.run())


async def _trade(place: Place, url: str, stripe: socket.socket, pace: Pace | None) -> None:
    """Stripe, which is asked after the first rows are on the screen: what it has is made of them."""
    await asyncio.sleep(STRIPE_AFTER)
    from backend.demo.outside.serve import served
    from backend.demo.till import Till

    till = Till(RealClock(), secret=place.settings.stripe_webhook_secret.get_secret_value(), url=url)
    await till.fill()
    async with served(till.double, stripe) as address, till.double.sending(every=1.0):
        if pace is None:
            await asyncio.Event().wait()
        else:
            await till.live(address, pace, place.seed)


async def _deal(place: Place, url: str) -> None:
    """CRM, payments and who gets webhooks: nobody looks at those first."""
    await asyncio.sleep(2 * STRIPE_AFTER)
    from backend.demo import partners

    await partners.live(partners.Partners(RealClock(), place.seed), url)


def _follow_stdin(pace: Pace) -> None:
    loop = asyncio.get_running_loop()

    def listen() -> None:
        for line in sys.stdin:
            loop.call_soon_threadsafe(pace.obey, line)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=listen, name="commands", daemon=True).start()
