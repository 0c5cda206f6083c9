"""How the business stands, in words and lines: its numbers, and churn and revenue by month or week."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from console.analytics import telling
from widgets.paint import Cell
from widgets.sparkline import sparkline

if TYPE_CHECKING:
    from backend.client import Client

Row = Mapping[str, Any]
_WIDTH = 24
_NAMES = {"mrr": "monthly revenue", "churned": "ended", "involuntary": "unpaid", "churnRate": "churn"}
"""What the columns are called."""


async def read(api: Client, by: str) -> tuple[Any, Any]:
    """The numbers of now, and the chart by weeks when the trends are, else by months."""
    return await api.analytics.dashboard(), await api.analytics.chart(by=span_of(by))


def span_of(by: str) -> str:
    """How long each span of the chart is."""
    return "week" if by == "week" else "month"


def rows(chart: Row) -> list[tuple[str, ...]]:
    """The chart as a table: its headings, then the oldest span first."""
    told: list[tuple[str, ...]] = [(chart["by"], "monthly revenue", "paid", "subscriptions", "began", "ended", "churn")]
    for point in chart["points"]:
        churn = telling.NOTHING if point["churnRate"] is None else f"{point['churnRate']:.1f} %"
        money = (telling.amount(point[name], "money", chart["currency"]) for name in ("mrr", "paid"))
        counts = (f"{point[name]:,}" for name in ("subscriptions", "started"))
        ended = f"{point['churned']:,}" + (f" ({point['involuntary']:,} unpaid)" if point["involuntary"] else "")
        told.append((point["label"], *money, *counts, ended, churn))
    return told


def lines(dashboard: Row, chart: Row) -> list[Cell]:
    """The numbers with what each means, then the chart."""
    told: list[Cell] = [telling.heading("Now")]
    wide = max(len(one["label"]) for one in dashboard["metrics"])
    for one in dashboard["metrics"]:
        said = telling.value(one["value"], one["unit"], dashboard["currency"])
        told.append([(f"{one['label']:<{wide}}  ", "muted"), (f"{said:>16}  ", "bold"), (one["definition"], "muted")])
    told += ["", telling.heading(f"By {chart['by']}"), *telling.table(rows(chart), "<>>>><>")]
    for name, label in (("mrr", "monthly revenue"), ("churnRate", "churn")):
        values = [float(point[name] or 0) for point in chart["points"]]
        told.append([(f"{label:<16}", "muted"), (sparkline(values, _WIDTH, 0, max(*values, 1)), "accent")])
    named = chart["definitions"].items()
    told += ["", *([(f"{_NAMES.get(name, name)}: ", "bold"), (words, "muted")] for name, words in named)]
    return told
