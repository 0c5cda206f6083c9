"""Whether it matters how much there is: signals with ten thousand and ten million behind them, a day's rating of a million."""

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from tests.bench.load import Load, Requests, bare_echo, holdfast_server, least_disturbed, load, request, row

FEW, MANY = 10_000, 10_000_000
OTHERS = 1_000
"""Half of the signals are one customer's, the rest are shared out among so many others."""
CONNECTIONS, BATCH = 16, 100
SLOWER_AT_MOST = 1.2
"""How much longer a median may be with many than with few."""
CUSTOMERS = 1_000_000
GROWTH_MB = 40.0
"""By how much memory may grow between the first tenth of a day's rating and its end."""
_HEAVY = "heavy"
_AT_ONCE = 50_000
_SERIES = {
    "sqlite": "WITH RECURSIVE series(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM series WHERE n < {last}) ",
    "postgresql": "WITH series(n) AS (SELECT generate_series({first}, {last})) ",
}
_NUMBERED = {"sqlite": "printf('%s-%09d', '{name}', n)", "postgresql": "'{name}-' || lpad(n::text, 9, '0')"}


def _singles(key: dict[str, str]) -> Requests:
    def requests(number: int) -> Iterator[bytes]:
        users = [_HEAVY, f"other-{number}", _HEAVY, f"other-{number + CONNECTIONS}"]
        bodies = [{"userId": user, "signalType": "item_view", "flow": "order", "screen": "menu"} for user in users]
        return cycle([request("/friction/signals", key, body) for body in bodies])

    return requests


def _batches(key: dict[str, str]) -> Requests:
    def requests(number: int) -> Iterator[bytes]:
        users = [_HEAVY if item % 2 else f"other-{(number * BATCH + item) % OTHERS}" for item in range(BATCH)]
        events = [{"customerId": user, "event": "item_view", "properties": {"feature": "menu"}} for user in users]
        return cycle([request("/api/track", key, {"events": events})])

    return requests


def _fill(url: str, number: int) -> None:
    """Copy a signal of each customer until there are `number`, as old ones that were counted long ago."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        theirs = connection.execute(text("SELECT id, external_id, business_id FROM customers")).all()
    for id, name, business in theirs:
        first, last = 1, number // 2 if name == _HEAVY else number // 2 // OTHERS
        kind = engine.dialect.name
        while first <= last:  # some at a time: the server writes too
            until = min(first + _AT_ONCE - 1, last)
            series = _SERIES[kind].format(first=first, last=until)
            numbered = _NUMBERED[kind].format(name=f"old-{number}")
            kept = "type, value, flow, screen, properties, occurred_at, received_at, is_told"
            copied = f"SELECT business_id, customer_id, {numbered}, {kept} FROM series, (SELECT * FROM signals WHERE business_id = :business AND customer_id = :id LIMIT 1) AS one"
            # SQLite wants what the series is made of behind the INSERT, PostgreSQL takes it there too.
            with engine.begin() as connection:
                insert = f"INSERT INTO signals (business_id, customer_id, id, {kept}) {series}{copied}"
                connection.execute(text(insert), {"id": id, "business": business})
            first = until + 1
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE signals" if engine.dialect.name == "postgresql" else "PRAGMA wal_checkpoint"))
    engine.dispose()


def _begin(url: str, key: dict[str, str]) -> None:
    """Let everybody have done something."""
    import httpx

    users = [_HEAVY, *(f"other-{number}" for number in range(OTHERS))]
    with httpx.Client(base_url=url, headers=key, trust_env=False, timeout=30) as http:
        for some in (users[:500], users[500:]):
            events = [{"customerId": user, "event": "item_view"} for user in some]
            http.post("/api/track", json={"events": events}).raise_for_status()


def _signals(url: str) -> list[dict[str, Any]]:
    def measure(address: str, key: dict[str, str]) -> tuple[Load, ...]:
        return tuple(
            least_disturbed(
                lambda: load(bare, _singles({}), CONNECTIONS),
                lambda: load(address, _singles(key), CONNECTIONS),
                lambda: load(address, _batches(key), CONNECTIONS),
            )
        )

    with bare_echo() as bare, holdfast_server(url) as (process, _, key):
        _begin(process.url, key)
        _fill(url, FEW)
        _, *few = measure(process.url, key)
        _fill(url, MANY)
        echoed, *many = measure(process.url, key)
    rows = [
        row(f"single signals, {MANY:,} behind them", many[0].per_second, "a second", floor=echoed.per_second, target=0)
    ]
    for name, one, other in zip(("single signals", f"batches of {BATCH}"), few, many, strict=True):
        told = row(
            f"{name}: median with {MANY:,}, of that with {FEW:,}",
            other.nth(0.5) * 1000,
            "ms",
            floor=one.nth(0.5) * 1000,
            target=SLOWER_AT_MOST,
            at_least=False,
        )
        rows.append({**told, "p99_ms": round(other.nth(0.99) * 1000, 1)})
    return rows


async def _rating(url: str, folder: Path) -> tuple[float, float]:
    """(customers a second, megabytes by which memory grew) of a day's rating of everybody."""
    import httpx

    from backend.app import create_app
    from backend.jobs.attempt import Context
    from backend.migrations.run import migrate
    from backend.risk import service
    from backend.runtime import Runtime
    from backend.settings import Settings

    migrate(url)
    runtime = Runtime.build(Settings(data_dir=folder, database_url=url, log_level="WARNING"))
    app = create_app(runtime, run_jobs=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bench") as http,
    ):
        account = {"email": "bench@example.com", "password": "a long password", "name": "Bench"}
        signed = (await http.post("/api/auth/signup", json=account)).json()
        owner = {"authorization": f"Bearer {signed['accessToken']}"}
        key = (await http.post("/api/keys", json={"name": "bench"}, headers=owner)).json()["key"]
        events = [{"customerId": "one", "event": event} for event in ("login", "billing_page_view")]
        (await http.post("/api/track", json={"events": events}, headers={"x-api-key": key})).raise_for_status()
        await asyncio.to_thread(_multiply, url)
        ctx = Context(runtime.database, runtime.clock, runtime, "bench", signed["business"]["id"], "", 1)
        began, early, rated, after = time.perf_counter(), 0.0, 0, ""
        while after := await ctx.write(service.rate_page, after):
            rated += 1
            if not early and after > f"{CUSTOMERS // 10:09}":
                early = _megabytes()
        return CUSTOMERS / (time.perf_counter() - began), _megabytes() - early


def _multiply(url: str) -> None:
    """Make a million customers of the one that is there, with what it did."""
    engine = create_engine(url)
    series = _SERIES["sqlite"].format(first=1, last=CUSTOMERS - 1)
    with engine.begin() as connection:
        for table, own in (("customers", "id"), ("contexts", "customer_id")):
            columns = [found[1] for found in connection.execute(text(f"PRAGMA table_info({table})"))]
            made = {own: "printf('%09d', n)", "external_id": "printf('many-%d', n)"}
            values = ", ".join(made.get(name, f"one.{name}") for name in columns)
            one = f"(SELECT * FROM {table} LIMIT 1) AS one"
            connection.execute(text(f"INSERT INTO {table} {series} SELECT {values} FROM series, {one}"))
    engine.dispose()


def _megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def bench_crowd(database_url: str | None = None) -> list[dict[str, Any]]:
    """Rows {name, value, unit, floor, ratio, target, ok}."""
    with tempfile.TemporaryDirectory() as folder:
        rows = _signals(database_url or f"sqlite:///{folder}/crowd.db")
        if database_url is None:
            each, grown = asyncio.run(_rating(f"sqlite:///{folder}/many.db", Path(folder)))
            rows.append(row(f"rating {CUSTOMERS:,} customers", each, "a second", target=5_000))
            rows.append(row("memory that it grows by", grown, "MB", target=GROWTH_MB, at_least=False))
    return rows
