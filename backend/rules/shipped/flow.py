"""Flow: which flow a customer who wants to cancel meets, in which order offers come, and what nobody is offered.

Source: the retention document, service 6 (segments by plan, monthly value, region and usage; offers by base rules), and
Stripe's own words for why somebody leaves. Points order offers until enough outcomes say otherwise; every number of
the limits, the group without offers, and the learning is a setting.
"""

from typing import Any, Self

from pydantic import Field, model_validator

from backend.rules.documents import Rule, RuleSetDocument, Wire
from backend.rules.facts import Catalogue, Fact
from backend.rules.kinds import Group, Kind, Points

OFFERS = ("PAUSE", "DOWNGRADE", "DISCOUNT", "TRIAL_EXTENSION")
REASONS = (
    "too_expensive",
    "unused",
    "missing_features",
    "switched_service",
    "low_quality",
    "too_complex",
    "customer_service",
    "other",
)
"""Stripe's feedback words, in the order in which customers are asked."""
STATUSES = ("trialing", "active", "past_due", "unpaid", "incomplete", "incomplete_expired", "paused", "canceled")
LEAVING = "Leaving"
TRYING = "Trying it out"

CATALOGUE = Catalogue(
    "flow",
    Fact("plan", "text", "plan", "The name of the plan, as at Stripe."),
    Fact("monthly_value", "money_major", "monthly value", "What it bills a month once it bills.", minimum=0),
    Fact("region", "text", "region", "The customer's, such as IN or IN-KA; unknown unless their profile says."),
    Fact("usage", "integer", "usage", "Signals in the last 30 days; unknown when there never was one.", minimum=0),
    Fact("interval", "choice", "interval", "How often it is billed.", choices=("day", "week", "month", "year")),
    Fact("tenure_months", "number", "tenure in months", "Since the subscription began.", minimum=0),
    Fact("status", "choice", "status", "Of the subscription.", choices=STATUSES),
    Fact("tier", "choice", "tier", "The customer's tier.", choices=("GOLD", "SILVER", "BRONZE")),
    Fact("reason", "text", "reason", "Why they leave, once they said so.", choices=REASONS),
    Fact("follow_up", "text", "follow-up", "Their answer to the closer question."),
    Fact("offer", "choice", "offer", "Which offer gets points.", choices=OFFERS),
    Fact("percent", "number", "discount", "How deep the discount is.", unit="%", minimum=0),
    Fact("months", "integer", "months", "How long the discount or the pause lasts.", minimum=1),
)


class Segment(Wire):
    """The `then` of a segment: the flow that its customers meet, by name or id."""

    flow: str = Field(min_length=1, max_length=60)


class Share(Wire):
    """From so many runs on, this share of the customers is offered nothing."""

    from_runs: int = Field(ge=0, le=10**9)
    share: float = Field(ge=0, le=0.9)


class FlowSettings(Wire):
    """The group without offers, the limits of offers, and the learning.

    `holdout`: the share that gets no offers, by how many runs there have been; `holdout_salt` makes another draw.
    `dedup_days`: of the runs of one subscription within so many days the last one counts. `cost_share`: what serving a
    customer costs, as a share of the list price; of what is left to pay, `margin_floor` has to be above that cost.
    `pause_on_annual`: pause also what is billed for longer than the pause lasts. `discount_budget`: given away a month at
    most, in major units of the business's currency, and nothing in another one; None is no cap. `cancel_url`: the business's own page
    to cancel, with {runId}, {subscriptionId} and {customerId} filled in. `wait_seconds`: for Stripe, before a decision is
    answered as pending.
    """

    holdout: list[Share] = Field(min_length=1, max_length=10)
    holdout_salt: str = Field(min_length=1, max_length=60)
    holdout_days: int = Field(ge=1, le=3650)
    dedup_days: int = Field(ge=0, le=365)
    run_expires_after_seconds: int = Field(ge=60, le=30 * 86_400)
    cooldown_days: int = Field(ge=0, le=3650)
    limit_days: int = Field(ge=1, le=3650)
    max_discounts: int = Field(ge=0, le=100)
    max_pauses: int = Field(ge=0, le=100)
    max_trial_extensions: int = Field(ge=0, le=100)
    max_discount_percent: float = Field(ge=0, le=100)
    max_discount_months: int = Field(ge=1, le=24)
    max_pause_months: int = Field(ge=1, le=12)
    pause_on_annual: bool
    blocked_statuses: list[str] = Field(max_length=10)
    cost_share: float = Field(ge=0, le=1)
    margin_floor: float = Field(ge=0, le=1)
    discount_budget: float | None = Field(ge=0, le=1e12)
    learning: bool
    gate: float = Field(ge=0.5, le=1)
    explore: float = Field(ge=0, le=1)
    prior_strength: float = Field(ge=1, le=1000)
    prior_rule: float = Field(gt=0, lt=1)
    prior_other: float = Field(gt=0, lt=1)
    backoff_below: int = Field(ge=0, le=10_000)
    backoff_strength: float = Field(ge=0, le=1000)
    cancel_url: str = Field(max_length=500)
    wait_seconds: float = Field(ge=0, le=25)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        begins = [one.from_runs for one in self.holdout]
        if begins[0] != 0 or begins != sorted(set(begins)):
            raise ValueError("holdout must begin at 0 runs, each share later than the one before")
        if self.cancel_url and not self.cancel_url.startswith(("https://", "http://", "/")):
            raise ValueError("cancelUrl must begin with https://, http:// or /")
        if unknown := set(self.blocked_statuses) - set(STATUSES):
            raise ValueError(f"blockedStatuses: {sorted(unknown)[0]} is none of {', '.join(STATUSES)}")
        return self


def say(result: Any) -> str:
    """A flow, or points, in words."""
    if result is None:
        return "no flow, as no rule holds"
    if isinstance(result, int | float):
        return f"{result:g} points"
    return f"{result['points']:g} points" if "points" in result else f"flow {result['flow']}"


def _is(fact: str, *values: str) -> dict[str, Any]:
    if len(values) == 1:
        return {"fact": fact, "op": "eq", "value": values[0]}
    return {"fact": fact, "op": "in", "value": list(values)}


def _segment(rule_id: str, label: str, when: dict[str, Any], flow: str, text: str) -> Rule:
    return Rule(id=rule_id, label=label, group="segments", when=when, then={"flow": flow}, text=text)


def _points(rule_id: str, label: str, points: int, text: str, *when: dict[str, Any]) -> Rule:
    return Rule(id=rule_id, label=label, group="offers", when={"all": list(when)}, then={"points": points}, text=text)


_PRICE = _is("reason", "too_expensive")
_QUALITY = _is("reason", "missing_features", "low_quality", "too_complex", "customer_service")

SHIPPED = RuleSetDocument(
    kind="flow",
    groups={"segments": "first", "offers": "sum"},
    settings={
        "holdout": [
            {"fromRuns": 0, "share": 0.2},
            {"fromRuns": 700, "share": 0.1},
            {"fromRuns": 5_000, "share": 0.05},
        ],
        "holdoutSalt": "first",
        "holdoutDays": 180,
        "dedupDays": 14,
        "runExpiresAfterSeconds": 3_600,
        "cooldownDays": 180,
        "limitDays": 365,
        "maxDiscounts": 1,
        "maxPauses": 2,
        "maxTrialExtensions": 1,
        "maxDiscountPercent": 30,
        "maxDiscountMonths": 6,
        "maxPauseMonths": 3,
        "pauseOnAnnual": False,
        "blockedStatuses": ["past_due", "unpaid", "incomplete", "incomplete_expired"],
        "costShare": 0.3,
        "marginFloor": 0.25,
        "discountBudget": None,
        "learning": True,
        "gate": 0.6,
        "explore": 0.15,
        "priorStrength": 10,
        "priorRule": 0.3,
        "priorOther": 0.18,
        "backoffBelow": 30,
        "backoffStrength": 8,
        "cancelUrl": "",
        "waitSeconds": 8,
    },
    rules=[
        _segment("in_trial", "Still in the trial", _is("status", "trialing"), TRYING, "is still in the trial"),
        _segment("everybody_else", "Everybody else", {"all": []}, LEAVING, "everybody else"),
        _points("pause", "A pause", 30, "costs little, and most come back", _is("offer", "PAUSE")),
        _points("downgrade", "A smaller plan", 25, "keeps a paying customer", _is("offer", "DOWNGRADE")),
        _points("discount", "A discount", 20, "costs what it gives", _is("offer", "DISCOUNT")),
        _points("trial", "More days to try", 15, "for who has not decided yet", _is("offer", "TRIAL_EXTENSION")),
        _points("price_discount", "Price: discount", 30, "the price is the reason", _is("offer", "DISCOUNT"), _PRICE),
        _points("price_plan", "Price: smaller plan", 20, "the price is the reason", _is("offer", "DOWNGRADE"), _PRICE),
        _points(
            "unused_pause", "Unused: pause", 25, "it is not needed now", _is("offer", "PAUSE"), _is("reason", "unused")
        ),
        _points(
            "switched_discount",
            "Switched: discount",
            25,
            "another one is cheaper or better",
            _is("offer", "DISCOUNT"),
            _is("reason", "switched_service"),
        ),
        _points(
            "quality_discount", "Quality: no discount", -15, "money mends nothing", _is("offer", "DISCOUNT"), _QUALITY
        ),
        _points(
            "trial_first",
            "In the trial: more days",
            40,
            "is still in the trial",
            _is("offer", "TRIAL_EXTENSION"),
            _is("status", "trialing"),
        ),
        _points(
            "deep_discount",
            "A deep discount",
            -10,
            "{percent} off is a lot",
            _is("offer", "DISCOUNT"),
            {"fact": "percent", "op": "gt", "value": 25},
        ),
    ],
)

FLOW = Kind(
    name="flow",
    label="Cancel flows",
    catalogue=CATALOGUE,
    groups={
        "segments": Group("first", Segment, "Which flow a customer meets; the first rule that holds decides."),
        "offers": Group("sum", Points, "Points of one offer; the one with the most comes first."),
    },
    settings=FlowSettings,
    shipped=SHIPPED,
    say=say,
)
