"""Risk: how likely a customer is to leave, as a score that anybody can add up, and what to do about it.

Source of every number: the risk algorithm of the architecture document, as settled by the contract. What is not known
fires nothing: who never signed in has no days since then.
"""

from typing import Any, Literal

from pydantic import Field, model_validator

from backend.rules.documents import Rule, RuleSetDocument, Wire
from backend.rules.engine import Compiled, Verdict
from backend.rules.facts import Catalogue, Fact
from backend.rules.kinds import Group, Kind

Level = Literal["low", "medium", "high"]
_DAY = 86_400

CATALOGUE = Catalogue(
    "risk",
    Fact("since_login_seconds", "duration_seconds", "time since login", "Exactly, for conditions.", minimum=0),
    Fact("days_since_login", "integer", "days since login", "Whole days that have passed.", minimum=0),
    Fact("usage", "integer", "uses in 14 days", "What the customer did today and on the 13 days before.", minimum=0),
    Fact("usage_before", "integer", "uses in the 14 days before", "On the 14 days before those.", minimum=0),
    Fact("usage_drop_percent", "number", "drop of usage", "Of 100; negative when it grew. Unknown without use before."),
    Fact("since_billing_view_seconds", "duration_seconds", "time since the billing page was viewed", minimum=0),
    Fact("since_negative_contact_seconds", "duration_seconds", "time since a bad contact with support", minimum=0),
    Fact("since_payment_failure_seconds", "duration_seconds", "time since a payment failed", minimum=0),
    Fact("known_days", "integer", "days known", "Since the customer was first seen.", minimum=0),
    Fact("tier", "choice", "tier", "The customer's tier.", choices=("GOLD", "SILVER", "BRONZE")),
    Fact("past_order_count", "integer", "past orders", "Orders the customer placed.", minimum=0),
)


class RiskPoints(Wire):
    """The `then` of a factor: its points, and what to do when it weighs most of those that hold."""

    points: int | float
    action: str = Field(min_length=1, max_length=200)


class RiskSettings(Wire):
    """`cap`: the highest score. From `high` on the level is high, from `medium` on medium, else low.

    `no_action` is suggested when no factor holds. A learned probability to leave within a month is high from
    `churn_high` on and medium from `churn_medium` on.
    """

    cap: int = Field(ge=1, le=1000)
    high: int = Field(ge=1, le=1000)
    medium: int = Field(ge=1, le=1000)
    no_action: str = Field(min_length=1, max_length=200)
    churn_high: float = Field(gt=0, le=1)
    churn_medium: float = Field(gt=0, le=1)

    @model_validator(mode="after")
    def _in_order(self) -> "RiskSettings":
        if not self.medium < self.high <= self.cap:
            raise ValueError("medium must be below high, and high at most cap")
        if not self.churn_medium < self.churn_high:
            raise ValueError("churnMedium must be below churnHigh")
        return self


def level_of(compiled: Compiled, score: float) -> Level:
    """The level that a score is at."""
    settings = compiled.settings
    return "high" if score >= settings["high"] else "medium" if score >= settings["medium"] else "low"


def decide(compiled: Compiled, verdict: Verdict) -> Any:
    """For a dry run: the score and its level."""
    return {"score": verdict.result, "level": level_of(compiled, verdict.result)}


def say(decision: Any) -> str:
    """The points of a factor with its action, or the level of a score, in words."""
    if "level" in decision:
        return f"{decision['level']} risk"
    return f"{decision['points']:+} points, {decision['action']}"


def _factor(rule_id: str, label: str, points: int, when: tuple[str, str, int], text: str, action: str) -> Rule:
    fact, op, value = when
    then = {"points": points, "action": action}
    return Rule(
        id=rule_id, label=label, group="score", when={"fact": fact, "op": op, "value": value}, then=then, text=text
    )


SHIPPED = RuleSetDocument(
    kind="risk",
    groups={"score": "sum"},
    settings={"cap": 100, "high": 70, "medium": 40, "noAction": "Nothing to do", "churnHigh": 0.3, "churnMedium": 0.1},
    rules=[
        _factor(
            "no_login",
            "No login",
            30,
            ("since_login_seconds", "gt", 14 * _DAY),
            "No login for {days_since_login} days",
            "Send re-engagement email",
        ),
        _factor(
            "usage_down",
            "Usage down",
            25,
            ("usage_drop_percent", "gt", 50),
            "Usage dropped {usage_drop_percent}%",
            "Ask what changed, and show what they are missing",
        ),
        _factor(
            "billing_viewed",
            "Billing page viewed",
            20,
            ("since_billing_view_seconds", "le", 7 * _DAY),
            "Viewed billing page recently",
            "Talk about their plan before they do",
        ),
        _factor(
            "negative_support",
            "Negative support contact",
            15,
            ("since_negative_contact_seconds", "le", 30 * _DAY),
            "Negative support interaction",
            "Call, and settle what went wrong",
        ),
        _factor(
            "payment_failed",
            "Payment failed",
            40,
            ("since_payment_failure_seconds", "le", 30 * _DAY),
            "Recent payment failure",
            "Ask for another way to pay",
        ),
    ],
)

RISK = Kind(
    name="risk",
    label="Risk",
    catalogue=CATALOGUE,
    groups={"score": Group("sum", RiskPoints, "Factors whose points add up to the risk score.")},
    settings=RiskSettings,
    shipped=SHIPPED,
    decide=decide,
    say=say,
)
