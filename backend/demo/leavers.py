"""Who wanted to leave in the weeks before the demo: runs through the shipped flows, as rows, fitting what became of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from backend.billing.models import Plan, Subscription, SubscriptionChange
from backend.billing.revenue import monthly, whole
from backend.core.money import to_major
from backend.customers.models import Customer
from backend.demo.ledger import Ledger
from backend.jobs.models import PendingJob
from backend.retention import holdout
from backend.retention.eligibility import History
from backend.retention.flow_words import offer_name, offer_words
from backend.retention.models import Flow, FlowVersion, OfferEvent, RetentionRun
from backend.retention.ranking.segments import segment_of
from backend.retention.shipped_flows import SHIPPED, id_of
from backend.rules.shipped.flow import FLOW, LEAVING

WEEKS = 6
_SHARE = 0.45
"""How many of those who stayed wanted to leave once."""
_OPEN = 3
"""How many are deciding now."""
_REASONS = ("too_expensive", "unused", "missing_features", "switched_service", "low_quality", "other")
_WEIGHTS = (38, 24, 12, 11, 8, 7)
_COMMENTS = ("", "", "", "We cook at home now.", "Too much rice, too little dal.", "I will be back after the holidays.")
_PAUSE = {"months": 2}
_SETTINGS = FLOW.shipped.settings
Row = dict[str, Any]


def keep(ledger: Ledger, rng: Random, now: datetime) -> None:
    """Runs of the last weeks for the subscriptions in the ledger. With a chance of its own: all else stays as it is."""
    subscriptions = ledger.rows[Subscription.__table__]  # type: ignore[index]
    if not subscriptions:
        return
    chance, ledger.rng = ledger.rng, rng
    try:
        people = {row["id"]: row for row in ledger.rows[Customer.__table__]}  # type: ignore[index]
        plans = {row["id"]: row for row in ledger.rows[Plan.__table__]}  # type: ignore[index]
        _flows(ledger, now - timedelta(weeks=WEEKS + 1))
        stay, is_open = [], 0
        for one in subscriptions:
            story = _story(rng, one, now)
            if story is None:
                continue
            if story["outcome"] is None:
                stay.append(one)
                continue
            _run(ledger, rng, one, people[one["customer_id"]], plans, story)
        for one in stay:
            if is_open < _OPEN and _group(ledger, one) == holdout.TREATED:
                is_open += 1
                _run(ledger, rng, one, people[one["customer_id"]], plans, _deciding(rng, now))
            elif rng.random() < _SHARE:
                at = max(one["started_at"] + timedelta(hours=1), now - timedelta(days=rng.uniform(1, 7 * WEEKS)))
                if at < now - timedelta(hours=2):
                    _run(ledger, rng, one, people[one["customer_id"]], plans, {"outcome": "ABANDONED", "at": at})
    finally:
        ledger.rng = chance


def _story(rng: Random, one: Mapping[str, Any], now: datetime) -> Row | None:
    """What a subscription's standing tells of a run: None when nobody leaves there by a flow, no outcome for who stays."""
    earliest = max(one["started_at"] + timedelta(hours=1), now - timedelta(weeks=WEEKS))
    if one["cancellation_reason"] == "cancellation_requested":
        at = one["canceled_at"]
        return {"outcome": "CANCELLED", "at": at} if at > earliest else None
    if one["status"] != "active" or earliest > now - timedelta(days=1):
        return None
    at = earliest + (now - timedelta(hours=3) - earliest) * rng.random()
    if one["discounts"]:
        params = {"percent": int(one["discount_percent"]), "months": 3}
        return {"outcome": "SAVED", "at": at, "offer": "DISCOUNT", "params": params}
    if one["paused_behavior"]:
        return {"outcome": "SAVED", "at": at, "offer": "PAUSE", "params": _PAUSE}
    return {"outcome": None}


def _deciding(rng: Random, now: datetime) -> Row:
    return {"outcome": None, "at": now - timedelta(minutes=rng.uniform(1, 12))}


def _group(ledger: Ledger, one: Mapping[str, Any]) -> str:
    share = holdout.share_at(_SETTINGS["holdout"], 0)
    return holdout.group_of(ledger.business_id, one["customer_id"], _SETTINGS["holdoutSalt"], share)


def _flows(ledger: Ledger, at: datetime) -> None:
    """The shipped flows as rows, since customers have met them."""
    for name, document in SHIPPED.items():
        raw, id = document.model_dump(mode="json", by_alias=True), id_of(ledger.business_id, name)
        about = {"document": raw, "number": 1}
        flow = {"id": id, "name": name, "status": "ACTIVE", "active_number": 1, "version": 1, "created_at": at}
        ledger.add(Flow, **flow, **about, created_by=None, activated_at=None)
        ledger.add(FlowVersion, id=ledger.new_id(at), flow_id=id, **about, reason="as shipped", by=None, at=at)


def _run(
    ledger: Ledger,
    rng: Random,
    one: Mapping[str, Any],
    person: Mapping[str, Any],
    plans: Mapping[str, Mapping[str, Any]],
    story: Mapping[str, Any],
) -> None:
    """A run with its log, and the change that ended it."""
    group, at, outcome = _group(ledger, one), story["at"], story["outcome"]
    if group == holdout.HOLDOUT and outcome == "SAVED":
        return  # they are offered nothing: whoever has something got it elsewhere
    is_treated, offer = group == holdout.TREATED, story.get("offer")
    told = "unused" if offer == "PAUSE" else one["cancellation_feedback"]
    reason = told or rng.choices(_REASONS, _WEIGHTS)[0]
    value = whole(monthly(one["amount"], one["interval"], one["interval_count"]))
    months = round((at - one["started_at"]).days / 30.4, 1)
    ranking = _ranking(reason, offer, story.get("params")) if is_treated else []
    run: Row = {
        "id": ledger.new_id(at),
        "customer_id": one["customer_id"],
        "subscription_id": one["id"],
        "incidence_id": None,
        "flow_id": id_of(ledger.business_id, LEAVING) if is_treated else None,
        "flow_version": 1 if is_treated else None,
        "channel": "APP",
        "started_by": None,
        "assigned_group": group,
        "assigned_at": at,
        "holdout_share": holdout.share_at(_SETTINGS["holdout"], 0),
        "facts": {
            "plan": plans[one["plan_id"]]["name"],
            "monthly_value": to_major(value, one["currency"]),
            "region": None,
            "usage": None,
            "interval": one["interval"],
            "tenure_months": max(months, 0.0),
            "status": "active",
            "tier": person["tier"],
        },
        "limits": _looked_at(one, group, at) if is_treated else {},
        "flow_rule": "everybody_else" if is_treated else None,
        "rule_version": 1,
        "segment": segment_of(reason, one["interval"], max(months, 0)) if is_treated else "",
        "ranking": ranking,
        "refused": [],
        "step": 1 if is_treated else 0,
        "reason": reason if is_treated else None,
        "follow_up": None,
        "comment": (rng.choice(_COMMENTS) or None) if is_treated else None,
        "currency": one["currency"],
        "mrr": value,
        "outcome": outcome,
        "accepted_offer": ranking[0]["offer"] if outcome == "SAVED" else None,
        "change_id": None,
        "wants_cancel": False,
        "revenue_saved": _kept(value, story) if outcome == "SAVED" else 0,
        "message": "",
        "started_at": at,
        "expires_at": at + timedelta(hours=1),
        "decided_at": None if outcome is None else at + timedelta(minutes=60 if outcome == "ABANDONED" else 2),
        "superseded_by": None,
        "ranking_seed": ledger.new_id(at),
        "version": 4,
    }
    _log(ledger, run, one["payment_fingerprint"], ranking)
    if outcome in ("SAVED", "CANCELLED"):
        run["change_id"] = _change(ledger, run, story)["id"]
    ledger.add(RetentionRun, **run)
    if outcome is None:
        due = {"job": "retention.expire_run", "args": {"run_id": run["id"]}, "due_at": run["expires_at"]}
        ledger.add(PendingJob, id=ledger.new_id(at), key=f"run:{run['id']}", **due)


def _looked_at(one: Mapping[str, Any], group: str, at: datetime) -> Row:
    return History(at, group, "active", one["interval"]).as_json()


def _kept(value: int, story: Mapping[str, Any]) -> int:
    return round(value * (1 - float(story["params"].get("percent", 0)) / 100))


def _ranking(reason: str, offer: str | None, params: Mapping[str, Any] | None) -> list[Row]:
    """The offers as rules would have it, what was accepted first."""
    wanted = [] if offer is None else [(offer, dict(params or {}))]
    if reason in ("too_expensive", "switched_service"):
        wanted.append(("DISCOUNT", {"percent": 20, "months": 3}))
    wanted.append(("PAUSE", _PAUSE))
    first_of = dict(reversed(wanted))
    kinds = list(dict.fromkeys(kind for kind, _ in wanted))
    names = {"DISCOUNT": "discount", "PAUSE": "pause"}
    return [
        {
            "stepId": names[kind],
            "offerType": kind,
            "offer": offer_name(kind, first_of[kind]),
            "params": first_of[kind],
            "words": offer_words(kind, first_of[kind]),
            "points": {"DISCOUNT": 50, "PAUSE": 30}[kind],
            "why": ["so the flow has it"],
            "place": place,
            "propensity": 1.0 if place == 1 else 0.0,
        }
        for place, kind in enumerate(kinds, 1)
    ]


def _log(ledger: Ledger, run: Row, card: str | None, ranking: list[Row]) -> None:
    """The lines that such a run leaves."""
    told: list[tuple[str, int, Row | None, str]] = [("ATTEMPT", 0, None, ""), ("SHOWN", 0, None, "")]
    if ranking:
        told += [("ACCEPTED", 0, None, "SURVEY"), ("SHOWN", 1, ranking[0], "")]
    if run["outcome"] == "SAVED":
        told.append(("ACCEPTED", 1, ranking[0], ""))
    if run["outcome"] == "CANCELLED":
        told.append(("ACCEPTED", run["step"], None, "CANCEL"))
    for number, (kind, step, entry, about) in enumerate(told):
        at = run["started_at"] + timedelta(seconds=12 * number)
        ledger.add(
            OfferEvent,
            id=ledger.new_id(at),
            run_id=run["id"],
            customer_id=run["customer_id"],
            subscription_id=run["subscription_id"],
            payment_fingerprint=card,
            kind=kind,
            step=step,
            offer_type=entry["offerType"] if entry else about,
            params=entry["params"] if entry else {},
            place=entry["place"] if entry else None,
            propensity=entry["propensity"] if entry else None,
            at=at,
        )


def _change(ledger: Ledger, run: Row, story: Mapping[str, Any]) -> Row:
    """What was done at Stripe."""
    at, kind = run["decided_at"], story.get("offer") or "CANCEL"
    resumes = (at + timedelta(days=61)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    params = {
        "DISCOUNT": story.get("params"),
        "PAUSE": {**_PAUSE, "resumesAt": resumes},
        "CANCEL": {"when": "period_end", "feedback": run["reason"], "comment": run["comment"]},
    }[kind]
    return ledger.add(
        SubscriptionChange,
        id=ledger.new_id(at),
        subscription_id=run["subscription_id"],
        customer_id=run["customer_id"],
        kind=kind,
        params=params,
        preview=None,
        idempotency_key=ledger.new_id(at).replace("-", ""),
        state="DONE",
        before={},
        wanted={},
        after={},
        error=None,
        tries=1,
        asked_by=None,
        asked_at=at,
        called_at=at,
        settled_at=at,
        run_id=run["id"],
        incidence_id=None,
    )
