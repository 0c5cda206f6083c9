"""From a change to what Stripe is sent, one call after the other, and to how the subscription must stand afterwards.

Pure. The next call follows from how the subscription stands now, so whoever goes on after a kill does what is left.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.billing.standing import Shown, Standing, coupons_of, unix

_OF_PHASE = ("collection_method", "default_payment_method", "description", "metadata", "trial_end")
"""What of the phase that runs is sent back as it is: a phase that is sent replaces the one that is there."""


@dataclass(frozen=True)
class Asked:
    """A change, as it is kept. `redeem_by` is the Unix second until which its coupon can be used."""

    id: str
    kind: str
    params: Mapping[str, Any]
    stripe_subscription_id: str
    key: str
    run_id: str | None = None
    redeem_by: int = 0

    @property
    def coupon(self) -> str:
        """The id of the coupon that is made for it: making it twice is refused by Stripe."""
        return f"holdfast_{self.id.replace('-', '')}"


@dataclass(frozen=True)
class Call:
    """One call of the gateway. `step` is its part of the idempotency key."""

    step: str
    verb: str
    id: str | None
    params: dict[str, Any] = field(default_factory=dict)


def wanted_of(asked: Asked, before: Standing) -> Standing:
    """The fields that must stand so when it is done, from how the subscription stood before."""
    params = asked.params
    match asked.kind:
        case "PAUSE":
            return {"pausedBehavior": "void", "resumesAt": params["resumesAt"]}
        case "RESUME":
            return {"pausedBehavior": None, "resumesAt": None}
        case "DOWNGRADE" if params["when"] == "now":
            wanted = {"priceId": params["stripePriceId"], "quantity": before["quantity"]}
            return {**wanted, "scheduleId": None}
        case "DOWNGRADE":
            then = {"priceId": params["stripePriceId"], "quantity": before["quantity"], "at": before["periodEnd"]}
            now = {"priceId": before["priceId"], "quantity": before["quantity"]}
            return {**now, "scheduled": {**then, "endBehavior": "release"}}
        case "DISCOUNT":
            return {"coupons": [*coupons_of(before["discounts"]), asked.coupon]}
        case "TRIAL_EXTENSION":
            return {"status": "trialing", "trialEnd": params["trialEnd"]}
        case "CANCEL" if params["when"] == "now":
            return {"status": "canceled"}
        case "CANCEL":
            said = {"feedback": params["feedback"]} if params.get("feedback") else {}
            return {"cancelAtPeriodEnd": True, "scheduleId": None, **said}
        case "KEEP":
            return {"cancelAtPeriodEnd": False, "cancelAt": None, "scheduled": None}
    raise ValueError(f"no change is called {asked.kind}")


def next_call(asked: Asked, before: Standing, shown: Shown, now: Standing, done: Collection[str]) -> Call | None:
    """What to send next, to a subscription that is not yet as it is wanted; None when nothing is left that could help.

    `shown` is what Stripe shows and `now` how that stands; `done` are the steps that went well just now.
    """
    for call in _calls(asked, before, shown, now):
        if call.step not in done:
            return call
    return None


def _calls(asked: Asked, before: Standing, shown: Shown, now: Standing) -> list[Call]:
    params, id = asked.params, asked.stripe_subscription_id
    match asked.kind:
        case "PAUSE":
            pause = {"behavior": "void", "resumes_at": unix(params["resumesAt"])}
            return [Call("pause", "update_subscription", id, {"pause_collection": pause})]
        case "RESUME":
            return [Call("resume", "update_subscription", id, {"pause_collection": ""})]
        case "DOWNGRADE" if params["when"] == "now":
            items = [{"id": now["itemId"], "price": params["stripePriceId"], "quantity": before["quantity"]}]
            when = {"proration_behavior": "create_prorations", "proration_date": unix(params["prorationDate"])}
            return [*_released(now), Call("downgrade", "update_subscription", id, {"items": items, **when})]
        case "DOWNGRADE":
            return _scheduled(asked, before, shown, now)
        case "DISCOUNT":
            kept = [{"discount": one["id"]} for one in now["discounts"]]
            discounts = [*kept, {"coupon": asked.coupon}]
            apply = Call("apply", "update_subscription", id, {"discounts": discounts})
            return [Call("coupon", "create_coupon", None, coupon_of(asked)), apply]
        case "TRIAL_EXTENSION":
            trial = {"trial_end": unix(params["trialEnd"]), "proration_behavior": "none"}
            return [Call("trial", "update_subscription", id, trial)]
        case "CANCEL" if params["when"] == "now":
            return [Call("cancel", "cancel_subscription", id, _reasons(params))]
        case "CANCEL":
            ends = {"cancel_at_period_end": True, **_reasons(params)}
            return [*_released(now), Call("cancel", "update_subscription", id, ends)]
        case "KEEP":
            return [*_released(now), *_kept(id, shown, now)]
    raise ValueError(f"no change is called {asked.kind}")


def _released(now: Standing) -> list[Call]:
    """What a schedule does would overrule what is done beside it: the subscription goes on without it."""
    return [Call("release", "release_schedule", now["scheduleId"])] if now["scheduleId"] else []


def _kept(id: str, shown: Shown, now: Standing) -> list[Call]:
    """Stripe takes one of the two at a time."""
    if shown.get("cancel_at_period_end"):
        return [Call("keep", "update_subscription", id, {"cancel_at_period_end": False})]
    return [Call("keep", "update_subscription", id, {"cancel_at": ""})] if now["cancelAt"] else []


def _reasons(params: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: params[name] for name in ("feedback", "comment") if params.get(name)}
    return {"cancellation_details": told} if told else {}


def coupon_of(asked: Asked) -> dict[str, Any]:
    """A coupon for one use within the hour: of ours, never a code that a customer could pass on."""
    off = {
        "percent_off": asked.params["percent"],
        "duration": "repeating",
        "duration_in_months": asked.params["months"],
    }
    limits = {"max_redemptions": 1, "redeem_by": asked.redeem_by}
    metadata = {"holdfast_change": asked.id} | ({"holdfast_run": asked.run_id} if asked.run_id else {})
    name = f"{asked.params['percent']} % off"
    return {"id": asked.coupon, "name": name, **off, **limits, "metadata": metadata}


def is_our_coupon(asked: Asked, coupon: Shown) -> bool:
    """Whether a coupon that is there already is the one that we wanted to make."""
    metadata = coupon.get("metadata") or {}
    same = float(coupon.get("percent_off") or 0) == float(asked.params["percent"])
    same &= coupon.get("duration_in_months") == asked.params["months"]
    return bool(same and metadata.get("holdfast_change") == asked.id)


def _scheduled(asked: Asked, before: Standing, shown: Shown, now: Standing) -> list[Call]:
    """A schedule of before is released, a new one is made of the subscription, and gets its second phase."""
    schedule = shown.get("schedule")
    if now["scheduleId"] is None or not isinstance(schedule, Mapping):
        return [Call("schedule", "create_schedule", None, {"from_subscription": asked.stripe_subscription_id})]
    if now["scheduleId"] == before["scheduleId"]:
        return _released(now)
    if len(schedule["phases"]) != 1:
        return []  # somebody else's: it was made since, and has a plan of its own
    return [Call("phases", "update_schedule", now["scheduleId"], _phases(asked, before, schedule))]


def _phases(asked: Asked, before: Standing, schedule: Shown) -> dict[str, Any]:
    (runs,) = schedule["phases"]
    kept = {name: runs[name] for name in _OF_PHASE if runs.get(name)}
    discounts = [{"discount": _id(one["discount"])} for one in runs.get("discounts") or [] if one.get("discount")]
    kept |= {"discounts": discounts} if discounts else {}
    until = unix(before["periodEnd"]) if before["periodEnd"] else runs["end_date"]
    first = {**kept, "items": [_item(one) for one in runs["items"]], "start_date": runs["start_date"]}
    kept.pop("trial_end", None)
    every = {"interval": asked.params["interval"], "interval_count": asked.params["intervalCount"]}
    items = [{"price": asked.params["stripePriceId"], "quantity": before["quantity"]}]
    second = {**kept, "items": items, "duration": every, "proration_behavior": "none"}
    phases = [{**first, "end_date": until, "proration_behavior": "none"}, second]
    return {"phases": phases, "end_behavior": "release", "metadata": {"holdfast_change": asked.id}}


def _item(one: Shown) -> dict[str, Any]:
    item = {"price": _id(one["price"]), "quantity": one.get("quantity")}
    rates = [_id(rate) for rate in one.get("tax_rates") or []]
    return {**item, "tax_rates": rates} if rates else item


def _id(thing: Any) -> str:
    return str(thing["id"] if isinstance(thing, Mapping) else thing)
