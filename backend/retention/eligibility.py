"""What a customer may be offered: hard limits, asked before an offer is shown and again when it is accepted.

Pure, on a history that the caller reads. What was given counts for everybody who pays with the same card. Every
refusal is told in words, and its limit by a code.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from backend.core.clock import instant
from backend.retention.holdout import HOLDOUT

DISCOUNT, PAUSE, DOWNGRADE, TRIAL_EXTENSION = "DISCOUNT", "PAUSE", "DOWNGRADE", "TRIAL_EXTENSION"
GIFTS = (DISCOUNT, TRIAL_EXTENSION)
"""What gives something away: after a discount, none of these for a while. A pause or a smaller plan gives nothing."""


class Given(NamedTuple):
    """An offer that was taken, or is being carried out."""

    offer_type: str
    at: datetime


@dataclass(frozen=True, slots=True)
class History:
    """What is known of a customer and a subscription when an offer is thought of. Amounts are minor units."""

    now: datetime
    group: str
    status: str
    interval: str
    interval_count: int = 1
    is_disputed: bool = False
    has_unpaid_invoice: bool = False
    is_ending: bool = False
    is_paused: bool = False
    is_scheduled: bool = False
    running_discount: bool = False
    given: tuple[Given, ...] = ()
    """By this customer, or by anybody who pays with the same card."""
    given_away: int = 0
    """In discounts this month, by the whole business; not looked at without a budget."""
    is_foreign: bool = False
    """Billed in another currency than the business's, in which the budget is written."""

    @property
    def billed_months(self) -> int:
        """How many months an invoice is for; none when it is for less than one."""
        return {"month": 1, "year": 12}.get(self.interval, 0) * self.interval_count

    def as_json(self) -> dict[str, Any]:
        """To be kept with the run."""
        taken = [[one.offer_type, instant(one.at)] for one in self.given]
        return asdict(self) | {"now": instant(self.now), "given": taken}

    @classmethod
    def of_json(cls, raw: Mapping[str, Any]) -> "History":
        """The inverse of `as_json`."""
        taken = tuple(Given(kind, datetime.fromisoformat(at)) for kind, at in raw["given"])
        return cls(**{**raw, "now": datetime.fromisoformat(raw["now"]), "given": taken})


@dataclass(frozen=True, slots=True)
class Wish:
    """An offer that is thought of. `cost` is what it gives away in all, in minor units; `is_possible` is false when
    there is nothing it could be: no cheaper plan, no invoice to take something off."""

    offer_type: str
    percent: float = 0.0
    months: int = 0
    cost: int = 0
    is_possible: bool = True


class Refusal(NamedTuple):
    """Which limit forbids an offer, and why in words."""

    limit: str
    why: str


def refusal(wish: Wish, history: History, settings: Mapping[str, Any], budget: int | None) -> Refusal | None:
    """Why the customer may not have this offer; None when they may.

    `settings` are those of the flow rules, `budget` their discount budget in minor units.
    """
    return (
        _of_customer(history, settings)
        or _of_subscription(wish, history, settings)
        or _of_terms(wish, history, settings, budget)
        or _of_past(wish, history, settings)
    )


def _of_customer(history: History, settings: Mapping[str, Any]) -> Refusal | None:
    """What forbids every offer."""
    if history.group == HOLDOUT:
        return Refusal("HOLDOUT", "is in the group that is offered nothing, by which we know what offers are worth")
    if history.is_disputed:
        return Refusal("DISPUTED", "a payment is disputed")
    if history.has_unpaid_invoice:
        return Refusal("UNPAID", "an invoice is unpaid")
    if history.status in settings["blockedStatuses"]:
        return Refusal("STATUS", f"the subscription is {history.status.replace('_', ' ')}")
    if history.status == "canceled" or history.is_ending:
        return Refusal("ENDING", "the subscription ends, or has ended")
    return None


def _of_subscription(wish: Wish, history: History, settings: Mapping[str, Any]) -> Refusal | None:
    """What Stripe or the state of the subscription leaves no room for."""
    if not wish.is_possible and wish.offer_type == DISCOUNT:
        return Refusal("NO_INVOICE", "no invoice is due while it would last")
    if not wish.is_possible:
        return Refusal("NO_CHEAPER_PLAN", "there is no cheaper plan that is billed alike")
    if wish.offer_type == PAUSE and history.is_paused:
        return Refusal("ALREADY_PAUSED", "billing is paused already")
    is_long = history.interval == "year" or history.billed_months > wish.months
    if wish.offer_type == PAUSE and is_long and not settings["pauseOnAnnual"]:
        return Refusal("ANNUAL_PAUSE", f"a pause would take away an invoice for {history.billed_months} months")
    if wish.offer_type == TRIAL_EXTENSION and history.status != "trialing":
        return Refusal("NOT_IN_TRIAL", "the trial is over")
    if wish.offer_type in GIFTS and history.is_scheduled:
        return Refusal("SCHEDULED", "a move to another plan is scheduled, which would undo it")
    if wish.offer_type == DISCOUNT and history.running_discount:
        return Refusal("RUNNING_DISCOUNT", "has a discount now; two are not added up")
    return None


def _of_terms(wish: Wish, history: History, settings: Mapping[str, Any], budget: int | None) -> Refusal | None:
    """How deep, how long, and what it costs."""
    if wish.offer_type == PAUSE and wish.months > settings["maxPauseMonths"]:
        return Refusal("TOO_LONG", f"a pause is {settings['maxPauseMonths']} months at most")
    if wish.offer_type != DISCOUNT:
        return None
    most, floor, cost = settings["maxDiscountPercent"], settings["marginFloor"], settings["costShare"]
    if wish.percent > most:
        return Refusal("TOO_DEEP", f"{wish.percent:g} % is more than the {most:g} % that may be given")
    if wish.months > settings["maxDiscountMonths"]:
        return Refusal("TOO_LONG", f"a discount lasts {settings['maxDiscountMonths']} months at most")
    if margin(wish, cost) < floor:
        return Refusal("MARGIN", f"less than {floor:.0%} of what is paid would be left over what serving them costs")
    if budget is not None and history.is_foreign:
        return Refusal("BUDGET", "the budget for discounts is in another currency than this is billed in")
    if budget is not None and history.given_away + wish.cost > budget:
        return Refusal("BUDGET", "this month's budget for discounts is used up")
    return None


def margin(wish: Wish, cost_share: float) -> float:
    """What is left of each payment over what serving the customer costs, as a share of it: 1 is all, below 0 a loss."""
    paid = 1 - wish.percent / 100
    return (paid - cost_share) / paid if paid > 0 else -1.0


def _of_past(wish: Wish, history: History, settings: Mapping[str, Any]) -> Refusal | None:
    """What was given before, to the customer or to whoever pays with the same card."""
    if wish.offer_type in GIFTS:
        days, last = settings["cooldownDays"], _last(history, DISCOUNT)
        if last is not None and history.now < last + timedelta(days=days):
            return Refusal("COOL_DOWN", f"had a discount {(history.now - last).days} days ago; the next after {days}")
    for kind, setting in _AT_MOST:
        if wish.offer_type == kind:
            had, most, days = _count(history, kind, settings["limitDays"]), settings[setting], settings["limitDays"]
            if had >= most:
                return Refusal(
                    f"MAX_{kind}S", f"had {had} in {days} days, with this card or as this customer; {most} at most"
                )
    return None


_AT_MOST = ((DISCOUNT, "maxDiscounts"), (PAUSE, "maxPauses"), (TRIAL_EXTENSION, "maxTrialExtensions"))


def _last(history: History, offer_type: str) -> datetime | None:
    return max((one.at for one in history.given if one.offer_type == offer_type), default=None)


def _count(history: History, offer_type: str, days: int) -> int:
    since = history.now - timedelta(days=days)
    return sum(one.offer_type == offer_type and one.at > since for one in history.given)
