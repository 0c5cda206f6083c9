"""How fast Stripe's webhooks are taken in over real HTTP, and a re-list of a hundred thousand subscriptions in flat memory."""

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.bench.load import Requests, bare_echo, holdfast_server, least_disturbed, load, row

SECRET = "whsec_bench"
TARGET = 0.2
"""The least share of a bare route's answers: each webhook is verified, kept on disk and has its job wanted."""
SUBSCRIPTIONS = 100_000
GROWTH_MB = 20.0
"""By how much memory may grow between the first tenth of a re-list and its end."""


def _events(is_signed: bool) -> Requests:
    """Requests with events of 2 KB, no two alike; their signatures hold for five minutes."""
    from backend.demo.outside.stripe.mail import signature

    filling = {f"field_{number}": "a value of some length" for number in range(45)}

    def requests(connection: int) -> Iterator[bytes]:
        for number in count():
            told = {"id": f"sub_{connection}_{number % 50}", "object": "subscription", "metadata": filling}
            event = {"id": f"evt_{connection}_{number}", "type": "customer.subscription.updated", "created": 1}
            body = json.dumps(event | {"livemode": False, "data": {"object": told}}).encode()
            head = f"POST /webhooks/stripe HTTP/1.1\r\nhost: bench\r\ncontent-length: {len(body)}\r\n"
            if is_signed:
                head += f"stripe-signature: {signature(body, int(time.time()), [SECRET])}\r\n"
            yield head.encode() + b"content-type: application/json\r\n\r\n" + body

    return requests


def _webhooks(database_url: str | None) -> list[dict[str, Any]]:
    settings = {"HOLDFAST_STRIPE_WEBHOOK_SECRET": SECRET}
    with bare_echo() as bare, holdfast_server(database_url, "--no-jobs", **settings) as (process, _, _):
        echoed, taken = least_disturbed(
            lambda: load(bare, _events(is_signed=True)), lambda: load(process.url, _events(is_signed=True))
        )
    times = {"p50_ms": round(taken.nth(0.5) * 1000, 1), "p99_ms": round(taken.nth(0.99) * 1000, 1)}
    return [{**row("stripe webhooks", taken.per_second, "a second", floor=echoed.per_second, target=TARGET), **times}]


def _play_stripe(line: Connection) -> None:
    """In a process of its own, whose memory is not ours: tell address and key, and answer until nobody listens."""
    from backend.core.clock import RealClock
    from backend.demo.outside.serve import served
    from backend.demo.outside.stripe import StripeDouble

    async def play() -> None:
        double = StripeDouble(RealClock())
        double.subscribe_many(SUBSCRIPTIONS)
        async with served(double) as base:
            line.send((base, double.key))
            with suppress(EOFError):
                await asyncio.to_thread(line.recv)

    asyncio.run(play())


@contextmanager
def _stripe() -> Iterator[tuple[str, str]]:
    """(address, key) of a double with many subscriptions, meanwhile."""
    spawning = get_context("spawn")
    ours, its = spawning.Pipe()
    process = spawning.Process(target=_play_stripe, args=(its,), daemon=True)
    process.start()
    its.close()
    try:
        yield ours.recv()
    finally:
        ours.close()
        process.join(30)


async def _relist(folder: Path, base: str, key: str) -> tuple[float, float]:
    """(seconds, megabytes by which memory grew) of a first re-list."""
    import httpx

    from backend.app import create_app
    from backend.billing import jobs, syncing
    from backend.billing.gateway import Gateways
    from backend.billing.pace import Time
    from backend.jobs.attempt import Context
    from backend.migrations.run import migrate
    from backend.runtime import Runtime
    from backend.settings import Settings

    url = f"sqlite:///{folder / 'bench.db'}"
    migrate(url)
    settings = Settings(data_dir=folder, database_url=url, stripe_secret_key=key, log_level="WARNING")  # type: ignore[arg-type]
    runtime = Runtime.build(settings)
    app = create_app(runtime, run_jobs=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(trust_env=False) as outside,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench") as http,
    ):
        account = {"email": "bench@example.com", "password": "a long password", "name": "Bench"}
        business = (await http.post("/api/auth/signup", json=account)).json()["business"]["id"]
        runtime.stripe = Gateways(runtime.outside, base, http=outside)
        runtime.stripe.time = Time(lambda: 0.0, _at_once)
        ctx = Context(runtime.database, runtime.clock, runtime, "bench", business, "", 1)
        began, early = time.perf_counter(), 0.0
        await syncing.sync(ctx, is_full=True)
        while True:
            account_row = await ctx.read(_place)
            if account_row is None:
                break
            if not early and account_row.done >= SUBSCRIPTIONS // 10:
                early = _megabytes()
            await jobs.relist_account.run(ctx)
        return time.perf_counter() - began, _megabytes() - early


def _place(work: Any) -> Any:
    from backend.billing import relist

    return relist.place_of(work)


async def _at_once(_seconds: float) -> None:
    pass


def _megabytes() -> float:
    """Resident memory now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def bench_billing(database_url: str | None = None) -> list[dict[str, Any]]:
    """Rows {name, value, unit, floor, ratio, target, ok}."""
    rows = _webhooks(database_url)
    with tempfile.TemporaryDirectory() as folder, _stripe() as (base, key):
        seconds, grown = asyncio.run(_relist(Path(folder), base, key))
    each = SUBSCRIPTIONS / seconds
    rows.append(row("re-list of 100,000 subscriptions", each, "a second", target=300))
    rows.append(row("memory that it grows by", grown, "MB", target=GROWTH_MB, at_least=False))
    return rows
