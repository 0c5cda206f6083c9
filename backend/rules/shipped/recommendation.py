"""Recommendations: what a business could do about its numbers. How urgent each is follows from the readiness score.

Source of every number: the recommendations service of the backend services document, as settled by the contract.
"""

from typing import Any

from pydantic import Field, model_validator

from backend.rules.documents import Rule, RuleSetDocument, Wire
from backend.rules.facts import Catalogue, Fact
from backend.rules.kinds import Group, Kind
from backend.rules.shipped.readiness import FACTS

READINESS_SCORE = "readiness_score"
CATALOGUE = Catalogue(
    "recommendation", *FACTS, Fact(READINESS_SCORE, "integer", "readiness score", "By the readiness rules.", minimum=0)
)


class Advice(Wire):
    """The `then` of a rule: what is recommended, in a title and a sentence or two."""

    title: str = Field(min_length=1, max_length=120)
    action: str = Field(min_length=1, max_length=500)


class RecommendationSettings(Wire):
    """A recommendation is of high priority when following it would bring more than `high` points of readiness, of medium
    from `medium` points on, else low. One that was dismissed does not come back for `dismissed_days`, one that was
    accepted for `accepted_days`."""

    high: int = Field(ge=0, le=1000)
    medium: int = Field(ge=0, le=1000)
    dismissed_days: int = Field(ge=0, le=3650)
    accepted_days: int = Field(ge=0, le=3650)

    @model_validator(mode="after")
    def _in_order(self) -> "RecommendationSettings":
        if self.medium > self.high:
            raise ValueError("medium must not be above high")
        return self


def say(decision: Any) -> str:
    """What is recommended, in words."""
    several = decision if isinstance(decision, list) else [decision]
    return ", ".join(f"“{one['title']}”" for one in several) or "nothing"


def _advice(rule_id: str, label: str, when: tuple[str, str, float], text: str, title: str, action: str) -> Rule:
    fact, op, value = when
    then = {"title": title, "action": action}
    return Rule(
        id=rule_id, label=label, group="advice", when={"fact": fact, "op": op, "value": value}, then=then, text=text
    )


SHIPPED = RuleSetDocument(
    kind="recommendation",
    groups={"advice": "all"},
    settings={"high": 10, "medium": 5, "dismissedDays": 30, "acceptedDays": 30},
    rules=[
        _advice(
            "reduce_chargebacks",
            "Many chargebacks",
            ("chargeback_percent", "gt", 2),
            "{chargeback_percent} of charges are charged back.",
            "Reduce chargebacks",
            "Say on the card statement who you are, answer disputes within their time, and refund before somebody asks"
            " their bank. Look for what the disputed orders have in common.",
        ),
        _advice(
            "stabilise_revenue",
            "Volatile revenue",
            ("revenue_volatility", "gt", 0.5),
            "Revenue varies by {revenue_volatility} of its mean.",
            "Stabilise revenue streams",
            "Move what is bought again and again to subscriptions or standing orders, and take deposits for large"
            " single orders, so that one week does not stand out.",
        ),
        _advice(
            "improve_payouts",
            "Payouts fail or are late",
            ("payout_on_time_percent", "lt", 80),
            "Only {payout_on_time_percent} of payouts are on time.",
            "Improve payout timing",
            "Check the bank account at Stripe, keep enough balance for refunds and disputes, and settle what Stripe asks"
            " to verify.",
        ),
        _advice(
            "focus_on_core",
            "Low readiness",
            (READINESS_SCORE, "lt", 50),
            "Readiness is {readiness_score}.",
            "Focus on core metrics",
            "Take the factor that hurts most first: each is listed with the points that it costs and what would lift it.",
        ),
    ],
)

RECOMMENDATION = Kind(
    name="recommendation",
    label="Recommendations",
    catalogue=CATALOGUE,
    groups={"advice": Group("all", Advice, "Everything that holds is recommended.")},
    settings=RecommendationSettings,
    shipped=SHIPPED,
    say=say,
)
