"""How fast signals are taken in over real HTTP, against a bare Starlette route and a bare sqlite3 insert."""

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from itertools import count, cycle, islice
from pathlib import Path
from typing import Any

from tests.bench.load import ROUNDS, Requests, bare_echo, holdfast_server, least_disturbed, load, request, row

USERS_EACH = 100
BATCH = 100
TARGET = 0.4
"""The least share of its floor that each must reach."""
TYPES = ("page_view", "item_view", "search", "menu_comparison", "inactivity", "scroll")
"""What most customers do most of the time, and as often as they like: nothing of it calls for help, which costs events and
jobs."""


def _single(key: dict[str, str]) -> Requests:
    def requests(number: int) -> Iterator[bytes]:
        bodies = [
            {"userId": f"bench-{number}-{user}", "signalType": type, "value": 12.5, "flow": "order", "screen": "menu"}
            for user in range(USERS_EACH)
            for type in TYPES
        ]
        return cycle([request("/friction/signals", key, body) for body in bodies])

    return requests


def _batches(key: dict[str, str]) -> Requests:
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


def rows_inserted(path: Path, seconds: float = 2.0) -> float:
    """Rows a second that the bare driver inserts in batches of a hundred, synchronous=FULL: the floor of batches."""
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


def _shares(name: str, value: float, floor: float) -> dict[str, Any]:
    return row(name, value, "a second", floor=floor, target=TARGET)


def bench_signals(database_url: str | None = None) -> list[dict[str, Any]]:
    """Rows {name, value, unit, floor, ratio, target, ok}, with floors measured in the same run."""
    with bare_echo() as bare, holdfast_server(database_url) as (process, _, key):
        echoed, singles, batches = least_disturbed(
            lambda: load(bare, _single({})),
            lambda: load(process.url, _single(key)),
            lambda: load(process.url, _batches(key)),
        )
    rows = [
        {
            **_shares("single signals", singles.per_second, echoed.per_second),
            "p99_ms": round(singles.nth(0.99) * 1000, 1),
        }
    ]
    if database_url is None:
        with tempfile.TemporaryDirectory() as folder:
            inserted = max(rows_inserted(Path(folder) / f"{turn}.db") for turn in range(ROUNDS))
        return [*rows, _shares("signals in batches of 100", batches.per_second * BATCH, inserted)]
    return [*rows, row("signals in batches of 100", batches.per_second * BATCH, "a second", target=0)]
