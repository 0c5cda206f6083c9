"""The columns of the table of customers."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from console.customers.churn import LEVEL_ROLES
from console.desk import ages, wording
from widgets.queue_columns import Column
from widgets.sparkline import sparkline

Row = Mapping[str, Any]
Spans = list[tuple[str, str]]
TREND = 10


def risk(row: Row) -> Spans:
    """The score and its level in words."""
    one = row["risk"]
    return (
        [(ages.NOTHING, "muted")] if one is None else [(f"{one['score']:>3} {one['level']}", LEVEL_ROLES[one["level"]])]
    )


def leaves(row: Row) -> Spans:
    """How likely they are to leave, if a model says so."""
    one = row["churn"]
    if one is None or not one["isModel"]:
        return [("rules" if one else ages.NOTHING, "muted")]
    return [(f"{one['probability'] * 100:.0f} %", LEVEL_ROLES[one["level"]])]


def reasons(row: Row) -> Spans:
    """Why, what weighs most first."""
    return [("; ".join(row["risk"]["reasons"]), "")] if row["risk"] else [("nothing is known yet", "muted")]


def paid(row: Row) -> Spans:
    """What they bring in a month."""
    one = row["paid"]
    return [(wording.money(one["mrr"], one["currency"]), "money")] if one else [("", "")]


def of_customers(now: Callable[[], datetime], trend: Callable[[str], list[float]]) -> list[Column]:
    """The most needed columns with the lowest priority; `trend` answers the scores of before, as far as they are known."""

    def trended(row: Row) -> Spans:
        role = LEVEL_ROLES[row["risk"]["level"]] if row["risk"] else "muted"
        return [(sparkline(trend(row["id"]), TREND, 0, 100), role)]

    return [
        Column("risk", "Risk", 10, priority=0, render=lambda _, row: risk(row)),
        Column("name", "Customer", least=14, priority=0, render=lambda _, row: [(named(row), "customer")]),
        Column("reasons", "Why", least=24, weight=3, priority=1, render=lambda _, row: reasons(row)),
        Column("trend", "Trend", TREND, priority=6, render=lambda _, row: trended(row)),
        Column("churn", "Leaves", 6, priority=4, align="right", render=lambda _, row: leaves(row)),
        Column("paid", "A month", 10, priority=2, align="right", render=lambda _, row: paid(row)),
        Column(
            "lastActivity",
            "Seen",
            5,
            priority=3,
            align="right",
            render=lambda at, _: [(ages.since(at, now()), "muted")],
        ),
        Column(
            "tier",
            "Tier",
            7,
            priority=5,
            render=lambda tier, _: [(tier.lower(), wording.TIER_ROLES.get(tier, ""))],
        ),
    ]


def named(row: Row) -> str:
    """The customer's name, or the id they are known by."""
    return str(row["name"] or row["userId"])
