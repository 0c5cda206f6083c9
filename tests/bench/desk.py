"""How fast the desk is over real HTTP: cases opened, pages of the queue, the full view of a case, memory, start-up."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import psycopg

from tests.bench.load import Load, Process, Requests, bare_echo, holdfast_server, least_disturbed, load, request, row

CONNECTIONS = 16
CASES = 10_000
TIMELINE = 60
MOST_MEGABYTES = 150
OPENED = 600 / 22_000
"""600 a second where the bare echo answers 22,000: a share of it, for machines differ."""


def opening(headers: dict[str, str]) -> Requests:
    """Cases of three hundred customers, over all bands of the router."""

    def requests(number: int) -> Iterator[bytes]:
        for turn in count():
            body = {
                "userId": f"bench-{(number * 31 + turn) % 300}",
                "stage": "PRE_ORDER",
                "channel": "IN_APP_CHAT",
                "trigger": "USER_INITIATED",
                "orderId": f"order-{number}-{turn}",
                "orderValue": (turn * 977) % 60_000,
                "appScreen": "checkout",
            }
            yield request("/incidences", headers, body)

    return requests


def asking(path: str, headers: dict[str, str]) -> Requests:
    """The same question again and again."""

    def requests(_: int) -> Iterator[bytes]:
        asked = request(path, headers, method="GET")
        while True:
            yield asked

    return requests


def fill(process: Process, owner: dict[str, str], key: dict[str, str]) -> str:
    """Open cases until there are enough, and write a long timeline on one; its id."""
    with httpx.Client(base_url=process.url, headers=owner, trust_env=False, timeout=30) as http:
        while http.get("/incidences/counts").json()["all"] < CASES:
            load(process.url, opening(key), CONNECTIONS)
        case: dict[str, Any] = http.get("/incidences", params={"limit": 1}).json()["items"][0]
        for turn in range(TIMELINE):
            http.post(f"/agent/notes/{case['incidenceId']}", json={"text": f"note {turn} " * 8}).raise_for_status()
    return str(case["incidenceId"])


def _analyse(database_url: str | None) -> None:
    """What a PostgreSQL does by itself within a minute of so many new rows; until then it takes wrong indexes."""
    if database_url is not None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute("ANALYZE")


def milliseconds(name: str, measured: Load, target: float) -> dict[str, Any]:
    """The median as a row, with the slowest hundredth beside it."""
    told = row(name, measured.nth(0.5) * 1000, "ms p50", target=target, at_least=False)
    return {**told, "p99_ms": round(measured.nth(0.99) * 1000, 1)}


def bench_desk(database_url: str | None = None) -> list[dict[str, Any]]:
    """Rows {name, value, unit, floor, ratio, target, ok} for a server of our own (SQLite unless a URL is given)."""
    with bare_echo() as bare, holdfast_server(database_url) as (process, owner, key):
        idle = process.megabytes
        echoed, created = least_disturbed(
            lambda: load(bare, opening({}), CONNECTIONS), lambda: load(process.url, opening(key), CONNECTIONS)
        )
        case = fill(process, owner, key)
        _analyse(database_url)
        page, view = least_disturbed(
            lambda: load(process.url, asking("/incidences?limit=50&view=unassigned", owner), 1),
            lambda: load(process.url, asking(f"/agent/dashboard/{case}", owner), 1),
        )
        return [
            row("start to ready on a new database", process.seconds_to_ready, "s", target=2.5, at_least=False),
            row("backend memory, idle", idle, "MB", target=MOST_MEGABYTES, at_least=False),
            {
                **row(
                    "cases opened (route, event, audit)",
                    created.per_second,
                    "a second",
                    floor=echoed.per_second,
                    target=OPENED,
                ),
                "p99_ms": round(created.nth(0.99) * 1000, 1),
            },
            milliseconds(f"page of 50 of {CASES:,}", page, 5),
            milliseconds("full view of a case", view, 3),
            row("backend memory, after all that", process.megabytes, "MB", target=MOST_MEGABYTES, at_least=False),
        ]
