"""What a change of a subscription makes of it and of its bill: for `update` and for `create_preview` alike."""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from backend.demo.outside.stripe.book import Book
from backend.demo.outside.stripe.form import Params, is_yes
from backend.demo.outside.stripe.invoices import drawn, keep, settle
from backend.demo.outside.stripe.lines import period_lines, proration_lines
from backend.demo.outside.stripe.pending import pend, pending_lines
from backend.demo.outside.stripe.refusal import invalid
from backend.demo.outside.stripe.rows import Body
from backend.demo.outside.stripe.subscribing import cycle, period_of, priced_items, same_interval, set_period
from backend.demo.outside.stripe.time import DAY

_LONGEST_TRIAL = 730 * DAY
_CHANGED = ("items", "status", "trial_start", "trial_end", "billing_cycle_anchor")


@dataclass
class Change:
    """The subscription as it will be, what its prorations are, and whether a new period begins that is billed now."""

    after: Body
    lines: list[Body]
    is_reset: bool

    def apply(self, subscription: Body) -> None:
        """Have the subscription be so. A cancellation at the period's end goes with that end."""
        subscription |= {key: self.after[key] for key in _CHANGED}
        if subscription["cancel_at_period_end"]:
            subscription["cancel_at"] = period_of(subscription)[1]


def planned(book: Book, subscription: Body, params: Params) -> Change:
    """The change that `items`, `trial_end`, `billing_cycle_anchor`, `proration_behavior` and `proration_date` ask for.

    Nothing is kept. Refusal (400) for what cannot be.
    """
    after, now = deepcopy(subscription), book.now()
    behavior = params.get("proration_behavior") or "create_prorations"
    if behavior not in ("create_prorations", "always_invoice", "none"):
        raise invalid(f"Invalid proration_behavior: {behavior}", "proration_behavior")
    at = _moment(subscription, params.get("proration_date"), now)
    if "items" in params:
        _change_items(book, after, params["items"])
    is_reset = _interval(after) != _interval(subscription) and after["status"] in ("active", "past_due")
    anchor = params.get("billing_cycle_anchor")
    if (anchor.get("type") if isinstance(anchor, dict) else anchor) == "now":
        is_reset = True
    trial_end = params.get("trial_end")
    if trial_end is not None:
        is_reset = _set_trial(after, trial_end, now)
    if is_reset:
        after["billing_cycle_anchor"] = now
        set_period(after, *cycle(after, now))
    lines = []
    if behavior != "none":
        ends_period = is_reset or trial_end is not None
        lines = proration_lines(book, subscription, after, at, is_reset=ends_period)
    return Change(after, lines, is_reset)


def _moment(subscription: Body, given: Any, now: int) -> int:
    if given is None:
        return now
    start, end = period_of(subscription)
    if not str(given).isdigit() or not start <= int(given) <= end:
        raise invalid("Invalid proration_date: it must be within the current billing period.", "proration_date")
    return int(given)


def _interval(subscription: Body) -> tuple[str, int]:
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]


def _change_items(book: Book, after: Body, given: list[Params]) -> None:
    items: list[Body] = after["items"]["data"]
    start, end = period_of(after)
    for place, one in enumerate(given):
        found = next((item for item in items if item["id"] == one.get("id")), None)
        if found is None:
            if one.get("id"):
                raise invalid(f"No such subscription item: '{one['id']}'", f"items[{place}][id]", "resource_missing")
            number = 1 + max(_number(item["id"]) for item in after["items"]["data"])
            items = items + priced_items(book, after["id"], [one], number)
        elif is_yes(one.get("deleted")):
            items = [item for item in items if item is not found]
        else:
            if "price" in one or "plan" in one:
                [other] = priced_items(book, after["id"], [{"price": one.get("price", one.get("plan"))}])
                found |= {"price": other["price"], "plan": other["plan"]}
            if "quantity" in one:
                found["quantity"] = int(one["quantity"])
            if "metadata" in one:
                found["metadata"] = dict(one["metadata"] or {})
    if not items:
        raise invalid("A subscription must have at least one active plan.", "items")
    same_interval(items)
    after["items"] |= {"data": items, "total_count": len(items)}
    set_period(after, start, end)


def _number(item: str) -> int:
    tail = item.rpartition("n")[2]
    return int(tail) if "n" in item and tail.isdigit() else 0


def _set_trial(after: Body, given: str, now: int) -> bool:
    """Set the end of the trial; whether a new paid period begins now."""
    if given == "now":
        was_on_trial: bool = after["status"] == "trialing"
        after["trial_end"] = now if was_on_trial else after["trial_end"]
        after["status"] = "active" if was_on_trial else after["status"]
        return was_on_trial
    if not str(given).isdigit() or int(given) <= now:
        raise invalid("Invalid timestamp: `trial_end` must be an integer Unix timestamp in the future.", "trial_end")
    ends = int(given)
    if ends > now + _LONGEST_TRIAL:
        raise invalid("Invalid timestamp: `trial_end` can be at most two years in the future.", "trial_end")
    started = after["trial_start"] if after["status"] == "trialing" else now
    start = period_of(after)[0] if after["status"] == "trialing" else now
    after |= {"status": "trialing", "trial_start": started, "trial_end": ends, "billing_cycle_anchor": ends}
    set_period(after, start, ends)
    return False


def commit(book: Book, subscription: Body, change: Change, params: Params) -> None:
    """Make a planned change, and bill what is to be billed now."""
    change.apply(subscription)
    is_now = change.is_reset or params.get("proration_behavior") == "always_invoice"
    if not is_now:
        for line in change.lines:
            pend(book, subscription["customer"], line)
        return
    fresh = period_lines(book, subscription) if change.is_reset else []
    waiting = pending_lines(book, subscription)
    if not [*waiting, *change.lines, *fresh]:
        return
    customer = book.find("customer", subscription["customer"])
    lines = [*waiting, *change.lines, *fresh]
    invoice = keep(book, drawn(book, customer, subscription, lines, reason="subscription_update"))
    settle(book, invoice)
