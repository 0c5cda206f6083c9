"""How fast the numbers are: a quarter of a year and a million timeline rows, counted once and asked for again and again."""

import asyncio
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from sqlalchemy import create_engine, insert
from sqlalchemy.pool import NullPool

from backend.analytics import counting, service
from backend.analytics.asked import Asked
from backend.analytics.metrics import PARTS
from backend.analytics.query import gather
from backend.core.clock import FrozenClock
from backend.core.rows import table_of
from backend.events.models import EventBody, EventRow
from backend.identity.models import Business
from backend.migrations.run import migrate
from backend.runtime import Runtime
from backend.settings import Settings
from backend.unit import Units
from backend.work import Work
from tests.bench.load import row

DAYS = 90
EVENTS = 1_000_000
OF_A_CASE = 16
BUSINESS = "bench"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
_AT_ONCE = 20_000
_CATEGORIES = ("payment", "portions", "menu", "delivery", "invoice", "venue", "quality", "dietary")


def history() -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Cases of sixteen events each, in the order of time: opened, taken, answered back and forth, most of them closed."""
    rng, cases = Random(7), EVENTS // OF_A_CASE
    span = timedelta(days=DAYS) / cases
    for number in range(cases):
        at, id = NOW - timedelta(days=DAYS) + span * number, f"case-{number}"
        state: dict[str, Any] = {"status": "OPEN", "agentId": None, "channel": rng.choice(("IN_APP_CHAT", "CALL"))}
        state |= {"issueCategory": rng.choice(_CATEGORIES), "appScreen": "checkout", "isSelfServe": False}
        state |= {"slaState": "MET", "slaPolicy": {"rule": "chat"}, "outcome": None}
        for turn in range(OF_A_CASE):
            kind, by = ("message_sent", "member") if turn % 2 else ("message_received", "webhook")
            if turn == 0:
                kind = "opened"
            elif turn == 1:
                kind, state = "taken", {**state, "agentId": "asha"}
            elif turn == OF_A_CASE - 1 and rng.random() < 0.98:
                kind, by, state = "closed", "member", {**state, "status": "CLOSED", "outcome": "RESOLVED"}
            at += timedelta(seconds=rng.expovariate(1 / 60))
            seq = number * OF_A_CASE + turn + 1
            event = {"business_id": BUSINESS, "seq": seq, "id": f"event-{seq}", "type": f"incidence.{kind}"}
            event |= {"subject_id": id, "incidence_id": id, "customer_id": f"customer-{number % 5_000}"}
            event |= {"actor_kind": by, "actor_id": None, "request_id": None, "occurred_at": at, "recorded_at": at}
            event |= dict.fromkeys(("body_digest", "prev_hash", "hash"), "0" * 64)
            yield event, {"business_id": BUSINESS, "seq": seq, "body": {"data": {}}, "state": state}


def build(path: Path) -> None:
    """A database with the history in it."""
    migrate(f"sqlite:///{path}")
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA synchronous=OFF")
        business = {"id": BUSINESS, "name": "Bench", "currency": "INR", "time_zone": "Asia/Kolkata", "version": 1}
        connection.execute(insert(table_of(Business)), business | {"next_number": 1, "created_at": NOW})
        waiting: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for pair in history():
            waiting.append(pair)
            if len(waiting) == _AT_ONCE:
                connection.execute(insert(table_of(EventRow)), [event for event, _ in waiting])
                connection.execute(insert(table_of(EventBody)), [body for _, body in waiting])
                waiting.clear()
    engine.dispose()


def _from_rows(work: Work, asked: Asked) -> None:
    gather(work, asked.edges, list(PARTS), from_rows=True)


def _from_days(work: Work, asked: Asked) -> None:
    gather(work, asked.edges, list(PARTS))


async def measure(path: Path) -> list[dict[str, Any]]:
    """Count it all, then ask."""
    from zoneinfo import ZoneInfo

    settings = Settings(database_url=f"sqlite:///{path}", data_dir=path.parent)
    runtime = Runtime.build(settings, FrozenClock(NOW))
    await runtime.start(run_jobs=False)
    units, today = Units(runtime, BUSINESS), NOW.date()
    asked = Asked(today - timedelta(days=DAYS - 1), today, ZoneInfo("Asia/Kolkata"))
    started = perf_counter()
    await counting.catch_up(units)
    counted = EVENTS / (perf_counter() - started)
    times: dict[str, float] = {}
    for name, ask in (("kpis", service.kpis), ("days", _from_days), ("rows", _from_rows)):
        taken = []
        for _ in range(9 if name != "rows" else 3):
            started = perf_counter()
            await counting.catch_up(units)
            await units.read(ask, asked)
            taken.append((perf_counter() - started) * 1_000)
        times[name] = sorted(taken)[len(taken) // 2]
    await runtime.close()
    return [
        row("timeline rows counted for the first time", round(counted), "a second", target=5_000),
        row(f"all KPIs of {DAYS} days and {DAYS} before", times["kpis"], "ms p50", target=250, at_least=False),
        {
            **row("the sums of these days, from roll-ups", times["days"], "ms p50", target=100, at_least=False),
            "floor": round(times["rows"]),
            "ratio": round(times["days"] / times["rows"], 3),
        },
    ]


def bench_analytics() -> list[dict[str, Any]]:
    """Rows {name, value, unit, floor, ratio, target, ok}: the floor is the same question put to the rows themselves."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        build(path)
        return asyncio.run(measure(path))
