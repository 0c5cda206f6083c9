"""`python -m tests.bench [signals desk console table rules analytics risk billing retention decisions scale fanout crowd] [--postgresql]`: measure, print the table, exit 1 on a miss.

Everything is a ratio to a floor measured in the same run, or a budget of the console. Run it on a quiet machine.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Rows = list[dict[str, Any]]
NAMES = (
    *("signals", "desk", "console", "table", "rules", "analytics"),
    *("risk", "billing", "retention", "decisions", "scale", "fanout", "crowd"),
)
OF_A_DATABASE = ("signals", "desk", "console", "billing", "fanout", "crowd")


def bench_of(name: str, database_url: str | None) -> Rows:
    """The rows of one benchmark."""
    from importlib import import_module

    bench: Callable[..., Rows] = getattr(import_module(f"tests.bench.{name}"), f"bench_{name}")
    return bench(database_url) if name in OF_A_DATABASE else bench()


def line(row: dict[str, Any]) -> str:
    """A row for people."""
    verdict = "ok  " if row["ok"] else "MISS"
    against = f"  {row['ratio']} of {row['floor']}" if row.get("ratio") is not None else ""
    slow = f"  p99 {row['p99_ms']} ms" if "p99_ms" in row else ""
    return (
        f"{verdict}  {row['name']:<52} {row['value']:>12,} {row['unit']:<11}{against}  (target {row['target']}){slow}"
    )


@contextmanager
def databases(is_postgresql: bool) -> Iterator[Callable[[], str | None]]:
    """What makes the URL of a fresh database for each benchmark; None is an SQLite file of its own."""
    if not is_postgresql:
        yield lambda: None
        return
    from tests.support.databases import Postgres

    server = Postgres(is_quick=False)
    try:
        yield lambda: server.url(server.make_empty())
    finally:
        server.stop()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", default=[], help=f"which: {', '.join(NAMES)} (all)")
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own, instead of SQLite")
    parser.add_argument("--json", action="store_true", help="a JSON line for each row")
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    names = given.names or (OF_A_DATABASE if given.postgresql else NAMES)
    missed = 0
    with databases(given.postgresql) as fresh:
        for name in names:
            for row in bench_of(name, fresh()):
                print(json.dumps(row) if given.json else line(row), flush=True)
                missed += not row["ok"]
    print(f"{missed} missed" if missed else "all within their targets", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
