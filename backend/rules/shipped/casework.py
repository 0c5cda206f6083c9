"""Casework: whether a customer who writes after the end gets the case back, and how long what people do can be undone.

Source: what other desks teach about reopening: without a window, "thanks!" a month later makes an old case new again and
every figure about resolutions wrong; with none reopened, half of a story lies in another case.
"""

from typing import Literal

from pydantic import Field

from backend.rules.documents import Rule, RuleSetDocument, Wire
from backend.rules.facts import Catalogue, Fact
from backend.rules.kinds import Group, Kind

CATALOGUE = Catalogue(
    "casework",
    Fact("hours_closed", "number", "hours since it was closed", "When the customer wrote.", minimum=0),
    Fact("outcome", "choice", "outcome", "How it ended.", choices=("RESOLVED", "DROPPED", "CONVERTED")),
    Fact("stage", "choice", "stage", "Before or after the order.", choices=("PRE_ORDER", "POST_ORDER")),
    Fact("tier", "choice", "tier", "The customer's.", choices=("GOLD", "SILVER", "BRONZE")),
)


class AfterTheEnd(Wire):
    """The `then` of a rule: the closed case is opened again, or a new one that continues it."""

    case: Literal["SAME", "NEW"]


class CaseworkSettings(Wire):
    """How long a merge and a verb on many can be undone, how many cases one such verb may touch, and how many of them
    are done in one transaction."""

    unmerge_within_seconds: int = Field(ge=0, le=365 * 86_400)
    undo_bulk_within_seconds: int = Field(ge=0, le=365 * 86_400)
    bulk_at_most: int = Field(ge=1, le=200_000)
    bulk_at_once: int = Field(ge=1, le=500)


SHIPPED = RuleSetDocument(
    kind="casework",
    groups={"reopen": "first"},
    settings={
        "unmergeWithinSeconds": 86_400,
        "undoBulkWithinSeconds": 3_600,
        "bulkAtMost": 20_000,
        "bulkAtOnce": 50,
    },
    rules=[
        Rule(
            id="recent",
            label="Closed in the last seven days",
            group="reopen",
            when={"fact": "hours_closed", "op": "le", "value": 168},
            then={"case": "SAME"},
            text="closed {hours_closed} hours ago: the same case",
        ),
        Rule(
            id="long_ago",
            label="Closed before that",
            group="reopen",
            when={"all": []},
            then={"case": "NEW"},
            text="closed {hours_closed} hours ago: a new case",
        ),
    ],
)


def say(then: dict[str, str]) -> str:
    """A `then` in words."""
    return "the same case again" if then["case"] == "SAME" else "a new case that continues it"


CASEWORK = Kind(
    name="casework",
    label="Casework",
    catalogue=CATALOGUE,
    groups={"reopen": Group("first", AfterTheEnd, "What a customer's message after the end comes to.")},
    settings=CaseworkSettings,
    shipped=SHIPPED,
    say=say,
)
