"""The offers of a flow for one customer: which of them fit, in which order, and what limits forbid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from backend.billing.change_kinds import months_later
from backend.billing.models import Plan, Subscription
from backend.core.money import to_minor
from backend.retention.eligibility import DISCOUNT, History, Wish, margin, refusal
from backend.retention.facts import Facts, discount_cost
from backend.retention.flow_schemas import FlowDocument
from backend.retention.flow_words import offer_name, offer_words
from backend.rules.closures import compile_node
from backend.rules.conditions import parse
from backend.rules.engine import Compiled
from backend.rules.shipped.flow import CATALOGUE
from backend.work import Work

MOST_SHOWN = 2
"""The best one, and one to fall back on."""
Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer of the flow whose condition holds. `params` say it in full: which plan a downgrade leads to."""

    step_id: str
    offer_type: str
    params: dict[str, Any]
    wish: Wish

    @property
    def told(self) -> Entry:
        """What every entry about it holds."""
        name, words = offer_name(self.offer_type, self.params), offer_words(self.offer_type, self.params)
        about = {"stepId": self.step_id, "offerType": self.offer_type, "offer": name}
        return about | {"params": self.params, "words": words}


@dataclass(frozen=True, slots=True)
class Offers:
    """RankedOffer and RefusedOffer data, each in order."""

    ranked: list[Entry]
    refused: list[Entry]


def candidates(work: Work, document: FlowDocument, row: Subscription, facts: Facts) -> list[Candidate]:
    """The offers of the document whose conditions hold, each kind and depth once, in its order."""
    found: dict[str, Candidate] = {}
    for step in document.offers:
        if step.when is not None and not compile_node(parse(step.when, CATALOGUE))(facts):
            continue
        params = step.params.model_dump(mode="json", by_alias=True)
        is_possible = step.offer_type != DISCOUNT or _meets_invoice(row, work.now, params["months"])
        if step.offer_type == "DOWNGRADE":
            plan = cheaper_plan(work, row, params["plan"])
            is_possible = plan is not None
            params = _told_plan(plan, row) if plan else params
        wish = _wish(step.offer_type, params, row, is_possible)
        found.setdefault(offer_name(step.offer_type, params), Candidate(step.id, step.offer_type, params, wish))
    return list(found.values())


def consider(offers: Sequence[Candidate], facts: Facts, history: History, compiled: Compiled, currency: str) -> Offers:
    """The offers that the customer may have, by the points of the operator's rules, and those that limits forbid."""
    settings, ranked, refused = compiled.settings, [], []
    budget = settings["discountBudget"]
    cap = None if budget is None else to_minor(budget, currency)
    for place, offer in enumerate(offers):
        why_not = refusal(offer.wish, history, settings, cap)
        if why_not is not None:
            refused.append(offer.told | {"limit": why_not.limit, "why": why_not.why})
            continue
        asked = {**facts, "offer": offer.offer_type, "percent": offer.wish.percent or None}
        verdict = compiled.evaluate(asked | {"months": offer.wish.months or None}, group="offers", trace=False)
        why = [f"{firing.text} ({firing.points:+g})" for firing in verdict.fired]
        left = margin(offer.wish, settings["costShare"]) if offer.offer_type == DISCOUNT else None
        ranked.append((-verdict.result, place, offer.told | {"points": verdict.result, "margin": left, "why": why}))
    ordered = [entry for *_, entry in sorted(ranked, key=lambda one: one[:2])]
    return Offers(placed(ordered), refused)


def placed(ordered: Sequence[Entry], propensities: Sequence[float | None] | None = None) -> list[Entry]:
    """Entries with their places. Without propensities the first one was sure to come first."""
    sure: Sequence[float | None] = [1.0 if number == 0 else 0.0 for number in range(len(ordered))]
    chances = sure if propensities is None else propensities
    return [
        entry | {"place": place, "propensity": chance}
        for place, (entry, chance) in enumerate(zip(ordered, chances, strict=True), 1)
    ]


def shown_of(ranking: Sequence[Entry]) -> list[Entry]:
    """Those that are shown: the first, and the next one of another type, so that saying no brings no deeper discount."""
    shown: list[Entry] = []
    for entry in ranking:
        if len(shown) < MOST_SHOWN and entry["offerType"] not in {one["offerType"] for one in shown}:
            shown.append(entry)
    return shown


def change_params(offer_type: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """What an offer's parameters are to the change that carries it out."""
    if offer_type == "DOWNGRADE":
        return {"planId": params["planId"], "when": "period_end"}
    return dict(params)


def cheaper_plan(work: Work, row: Subscription, wanted: str | None) -> Plan | None:
    """The plan called `wanted` (a name, our id or Stripe's price), or the next cheaper one; None when there is none.

    Billed alike, in the same currency, and for less than now.
    """
    alike = (Plan.currency == row.currency) & (Plan.interval == row.interval)
    query = (
        select(Plan)
        .where(Plan.business_id == work.business_id, Plan.is_active, alike)
        .where(Plan.interval_count == row.interval_count, Plan.amount * row.quantity < row.amount, Plan.amount > 0)
        .order_by(Plan.amount.desc(), Plan.id)
    )
    plans = work.session.scalars(query).all()
    now = work.session.get(Plan, row.plan_id) if row.plan_id else None
    if row.stripe_item_id is None or now is None or now.amount * row.quantity != row.amount:
        return None  # it bills several things at once, or by use
    named = (plan for plan in plans if wanted in (None, plan.name, plan.id, plan.stripe_price_id))
    return next((plan for plan in named if plan.id != row.plan_id), None)


def _meets_invoice(row: Subscription, now: datetime, months: int) -> bool:
    billed = max(filter(None, (row.current_period_end, row.resumes_at)), default=None)
    return billed is None or billed <= months_later(now, months)


def _told_plan(plan: Plan, row: Subscription) -> dict[str, Any]:
    amount = plan.amount * row.quantity
    return {"plan": plan.name, "planId": plan.id, "amount": amount, "currency": row.currency}


def _wish(offer_type: str, params: Mapping[str, Any], row: Subscription, is_possible: bool) -> Wish:
    percent, months = float(params.get("percent", 0)), int(params.get("months", 0))
    cost = discount_cost(row, percent, months) if offer_type == DISCOUNT else 0
    return Wish(offer_type, percent, months, cost, is_possible)
