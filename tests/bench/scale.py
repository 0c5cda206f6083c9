"""How a large desk answers: a hundred thousand open cases, a million timeline rows, and how late timers are.

Rows are cloned inside SQLite from cases that were opened through the API, so that each is as the product writes it.
"""

import sqlite3
import tempfile
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from tests.bench.desk import asking, milliseconds, opening
from tests.bench.load import Load, holdfast_server, least_disturbed, load, row

OPEN_CASES = 100_000
FEW, MANY = 10_000, 1_000_000
"""Timeline rows."""
HANDED_UP = 200
UNRESOLVED_SECONDS = 2
APART = 0.05
"""Seconds between timers that are looked at one by one; closer, and it is how fast jobs are that shows."""
QUESTIONS = {
    "page of 50": "/incidences?limit=50&view=unassigned",
    "filtered": "/incidences?limit=50&view=unassigned&q=value%3E25k",
    "sorted by value": "/incidences?limit=50&view=unassigned&sort=value",
    "sorted by service level": "/incidences?limit=50&view=unassigned&sort=sla",
    "counts of all tabs": "/incidences/counts",
}
MOST = {"page of 50": 5.0, "filtered": 10.0}
"""Milliseconds at the median; the others walk all open cases, and are held to what a person takes for at once."""
AT_ONCE = 150.0


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [str(column[1]) for column in connection.execute(f"PRAGMA table_info({table})")]


def clone_cases(path: Path) -> None:
    """Make as many open cases of those that are there as are wanted, each with its own id, number and place in the queue."""
    with closing(sqlite3.connect(path, timeout=60)) as connection:
        (there, last) = connection.execute("SELECT count(*), max(number) FROM incidences").fetchone()
        new = {
            "id": "substr(lower(hex(randomblob(18))), 1, 36)",
            "number": f"{last} + row_number() OVER ()",
            "queue_rank": "queue_rank + turn",
            "waiting_since": "waiting_since + turn",
            "updated_at": "updated_at + turn",
            "order_value": "abs(random()) % 6000000",
            **dict.fromkeys(("escalation_id", "escalation_level", "climb_at"), "NULL"),
        }
        columns = _columns(connection, "incidences")
        chosen = ", ".join(new.get(name, f'"{name}"') for name in columns)
        names = ", ".join(f'"{name}"' for name in columns)
        connection.execute(
            f"INSERT INTO incidences ({names}) WITH RECURSIVE turns(turn) AS (SELECT 1 UNION ALL SELECT turn + 1 FROM turns"
            f" LIMIT {OPEN_CASES // there}) SELECT {chosen} FROM incidences, turns WHERE status = 'OPEN'"
        )
        connection.execute("UPDATE businesses SET next_number = (SELECT max(number) + 1 FROM incidences)")
        connection.commit()


def lengthen(path: Path, rows: int) -> None:
    """Append clones of the newest note to the log until it has so many rows, spread over the cases."""
    with closing(sqlite3.connect(path, timeout=60)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("BEGIN IMMEDIATE")  # the server writes meanwhile: who has read may not write after it
        (head,) = connection.execute("SELECT max(seq) FROM events").fetchone()
        cases = [id for (id,) in connection.execute("SELECT id FROM incidences LIMIT 5000")]
        connection.execute("CREATE TEMP TABLE chosen (place INTEGER PRIMARY KEY, id TEXT)")
        connection.executemany("INSERT INTO chosen VALUES (?, ?)", enumerate(cases))
        for table, new in (
            (
                "events",
                {
                    "seq": "turn",
                    "id": "'clone-' || turn",
                    "incidence_id": f"(SELECT id FROM chosen WHERE place = turn % {len(cases)})",
                },
            ),
            ("event_bodies", {"seq": "turn"}),
        ):
            columns = _columns(connection, table)
            connection.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) WITH RECURSIVE turns(turn) AS (SELECT {head} + 1 UNION ALL"
                f" SELECT turn + 1 FROM turns WHERE turn < {rows}) SELECT {', '.join(new.get(name, name) for name in columns)}"
                f" FROM {table}, turns WHERE seq = {head}"
            )
        connection.commit()


def _lateness(http: httpx.Client, key: dict[str, str], pause: float) -> list[float]:
    """Seconds by which cases were handed up later than their timers said, which fall due `pause` seconds apart (and as
    long as it takes to open one)."""
    rules = http.get("/escalation/rules").json()
    settings = {**rules["settings"], "unresolvedAfterSeconds": UNRESOLVED_SECONDS}
    http.put("/escalation/rules", json={"version": rules["version"], "settings": settings}).raise_for_status()
    bodies = opening(key)(0)
    opened = []
    for _ in range(HANDED_UP):
        answer = http.post(
            "/incidences", content=next(bodies).partition(b"\r\n\r\n")[2], headers={"content-type": "application/json"}
        )
        opened.append(answer.json())
        time.sleep(pause)
    time.sleep(UNRESOLVED_SECONDS + 3)
    late = []
    for case in opened:
        if case["isSelfServe"]:  # nobody waits for us, so nothing climbs
            continue
        now = http.get(f"/incidences/{case['incidenceId']}").json()["escalation"]
        due = datetime.fromisoformat(case["createdAt"]).timestamp() + UNRESOLVED_SECONDS
        late.append(datetime.fromisoformat(now["raisedAt"]).timestamp() - due if now else float("inf"))
    return sorted(late)


def _handing_up(http: httpx.Client) -> Load:
    """The times of handing cases up, one after another."""
    page = http.get("/incidences", params={"limit": HANDED_UP, "view": "unassigned", "sort": "queue"}).json()
    times = []
    for case in (case for case in page["items"] if case["escalation"] is None):
        body = {"incidenceId": case["incidenceId"], "reason": "SYSTEM_BUG"}
        started = time.perf_counter()
        http.post("/escalation/trigger", json=body).raise_for_status()
        times.append(time.perf_counter() - started)
    return Load(sorted(times))


def bench_scale() -> list[dict[str, Any]]:
    """Rows {name, value, unit, floor, ratio, target, ok}; the floor of a million timeline rows is ten thousand."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.db"
        with (
            holdfast_server(f"sqlite:///{path}") as (process, owner, key),
            httpx.Client(base_url=process.url, headers=owner, trust_env=False, timeout=60) as http,
        ):
            storm = _lateness(http, key, 0)
            late = _lateness(http, key, APART)
            clone_cases(path)
            case = http.get("/incidences", params={"limit": 1, "view": "unassigned"}).json()["items"][0]["incidenceId"]
            for turn in range(60):
                http.post(f"/agent/notes/{case}", json={"text": f"note {turn} " * 8}).raise_for_status()
            asked = {name: load(process.url, asking(path_, owner), 1) for name, path_ in QUESTIONS.items()}
            handed = _handing_up(http)
            lengthen(path, FEW)
            (few,) = least_disturbed(lambda: load(process.url, asking(f"/agent/dashboard/{case}", owner), 1))
            lengthen(path, MANY)
            (many,) = least_disturbed(lambda: load(process.url, asking(f"/agent/dashboard/{case}", owner), 1))
    rows = [
        milliseconds(f"{name}, {OPEN_CASES:,} open", measured, MOST.get(name, AT_ONCE))
        for name, measured in asked.items()
    ]
    return [
        *rows,
        milliseconds("from trigger to escalation", handed, 10),
        row(
            "timers: handed up later than due",
            late[int(len(late) * 0.95)],
            "s p95",
            target=0.3,
            at_least=False,
        ),
        row(
            f"timers: {HANDED_UP} of one second, handed up later than due",
            storm[int(len(storm) * 0.95)],
            "s p95",
            target=2,
            at_least=False,
        ),
        milliseconds(f"dashboard with {FEW:,} timeline rows", few, 5),
        {
            **row(
                f"dashboard with {MANY:,} timeline rows",
                many.nth(0.5),
                "s",
                floor=few.nth(0.5),
                target=1.2,
                at_least=False,
            ),
            "p99_ms": round(many.nth(0.99) * 1000, 1),
        },
    ]
