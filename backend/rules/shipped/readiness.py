"""Readiness: how ready a business is to be funded, as a score from 0 to 100 that anybody can add up.

Source of every number: the readiness score of the backend services document, as settled by the contract. What is not
known moves nothing: a business without payouts is neither punctual nor late.
"""

from typing import Any, Literal

from pydantic import Field, model_validator

from backend.rules.documents import Rule, RuleSetDocument, Wire
from backend.rules.engine import Compiled, Verdict
from backend.rules.facts import Catalogue, Fact
from backend.rules.kinds import Group, Kind, Points

Tier = Literal["not_ready", "improving", "funding_ready", "highly_attractive"]
TIERS: tuple[Tier, ...] = ("not_ready", "improving", "funding_ready", "highly_attractive")
LABELS: dict[Tier, str] = {
    "not_ready": "Not ready",
    "improving": "Improving",
    "funding_ready": "Funding-ready",
    "highly_attractive": "Highly attractive",
}

FACTS = (
    Fact("revenue_change", "money_major", "change of revenue", "Of the period against the one before it."),
    Fact("revenue_change_percent", "number", "growth of revenue", "Unknown without revenue before.", unit="%"),
    Fact("revenue_volatility", "number", "volatility of revenue", "Standard deviation over mean.", minimum=0),
    Fact("chargeback_percent", "number", "chargebacks", "Of 100 charges.", unit="%", minimum=0),
    Fact("payout_on_time_percent", "number", "payouts on time", "Of 100 that were due.", unit="%", minimum=0),
    Fact("revenue_total", "money_major", "revenue", "In the period.", minimum=0),
    Fact("average_transaction_size", "money_major", "average transaction", "In the period.", minimum=0),
    Fact("transaction_count", "integer", "transactions", "In the period.", minimum=0),
)
"""The metrics as rules see them: ratios of 100, money in major units of the business's currency."""
CATALOGUE = Catalogue("readiness", *FACTS)


class ReadinessSettings(Wire):
    """The score begins at `base` and stays between `floor` and `cap`. A tier begins at the score that is named for it.

    Metrics are of the last `period_days`. Volatility is that of spans of `volatility_days`.
    """

    base: int = Field(ge=0, le=1000)
    floor: int = Field(ge=0, le=1000)
    cap: int = Field(ge=1, le=1000)
    improving: int = Field(ge=0, le=1000)
    funding_ready: int = Field(ge=0, le=1000)
    highly_attractive: int = Field(ge=0, le=1000)
    period_days: int = Field(ge=1, le=366)
    volatility_days: int = Field(ge=1, le=183)

    @model_validator(mode="after")
    def _in_order(self) -> "ReadinessSettings":
        if not self.improving < self.funding_ready < self.highly_attractive:
            raise ValueError("improving, fundingReady and highlyAttractive must rise in this order")
        if not self.floor < self.cap:
            raise ValueError("floor must be below cap")
        if self.volatility_days * 2 > self.period_days:
            raise ValueError("volatilityDays must fit at least twice into periodDays, or nothing can be compared")
        return self


def tier_of(compiled: Compiled, score: float) -> Tier:
    """The tier that a score is in."""
    settings = compiled.settings
    if score >= settings["highlyAttractive"]:
        return "highly_attractive"
    if score >= settings["fundingReady"]:
        return "funding_ready"
    return "improving" if score >= settings["improving"] else "not_ready"


def next_tier(compiled: Compiled, tier: Tier) -> tuple[Tier, int] | None:
    """The tier above and the score at which it begins; None above the highest."""
    names = {"improving": "improving", "funding_ready": "fundingReady", "highly_attractive": "highlyAttractive"}
    place = TIERS.index(tier) + 1
    return (TIERS[place], int(compiled.settings[names[TIERS[place]]])) if place < len(TIERS) else None


def decide(compiled: Compiled, verdict: Verdict) -> Any:
    """For a dry run: the score and its tier."""
    return {"score": verdict.result, "tier": tier_of(compiled, verdict.result)}


def say(decision: Any) -> str:
    """The points of a factor, or the tier of a score, in words."""
    return LABELS[decision["tier"]].lower() if "tier" in decision else f"{decision['points']:+} points"


def _factor(rule_id: str, label: str, points: int, when: tuple[str, str, float], text: str) -> Rule:
    fact, op, value = when
    then = {"points": points}
    return Rule(
        id=rule_id, label=label, group="score", when={"fact": fact, "op": op, "value": value}, then=then, text=text
    )


SHIPPED = RuleSetDocument(
    kind="readiness",
    groups={"score": "sum"},
    settings={
        "base": 50,
        "floor": 0,
        "cap": 100,
        "improving": 41,
        "fundingReady": 71,
        "highlyAttractive": 86,
        "periodDays": 30,
        "volatilityDays": 7,
    },
    rules=[
        _factor("revenue_up", "Revenue grows", 10, ("revenue_change", "gt", 0), "Revenue grows"),
        _factor("revenue_down", "Revenue falls", -5, ("revenue_change", "lt", 0), "Revenue falls"),
        _factor(
            "volatile", "Revenue is volatile", -10, ("revenue_volatility", "gt", 0.5), "Volatility {revenue_volatility}"
        ),
        _factor(
            "steady", "Revenue is steady", 5, ("revenue_volatility", "lt", 0.2), "Volatility only {revenue_volatility}"
        ),
        _factor(
            "chargebacks_high",
            "Many chargebacks",
            -15,
            ("chargeback_percent", "gt", 2),
            "{chargeback_percent} of charges are charged back",
        ),
        _factor(
            "chargebacks_low",
            "Few chargebacks",
            5,
            ("chargeback_percent", "lt", 0.5),
            "Only {chargeback_percent} of charges are charged back",
        ),
        _factor(
            "payouts_reliable",
            "Payouts arrive",
            10,
            ("payout_on_time_percent", "gt", 95),
            "{payout_on_time_percent} of payouts are on time",
        ),
        _factor(
            "payouts_late",
            "Payouts fail or are late",
            -10,
            ("payout_on_time_percent", "lt", 80),
            "Only {payout_on_time_percent} of payouts are on time",
        ),
    ],
)

READINESS = Kind(
    name="readiness",
    label="Readiness",
    catalogue=CATALOGUE,
    groups={"score": Group("sum", Points, "Factors whose points are added to the base.")},
    settings=ReadinessSettings,
    shipped=SHIPPED,
    decide=decide,
    say=say,
)
