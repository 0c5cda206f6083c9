"""What would come of a change: Stripe's own preview of the next invoice where it has one, and our reckoning from it.

Stripe's prorations are to the second: the `prorationDate` of a preview is what makes the downgrade come to the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from backend.billing import accounts, change_kinds, changes, service
from backend.billing import change_schemas as s
from backend.billing.change_limits import Fixed
from backend.billing.change_words import day
from backend.billing.gateway import Gateway
from backend.billing.standing import unix
from backend.core.clock import instant
from backend.core.errors import Unavailable, Unprocessable
from backend.core.money import to_major
from backend.core.outside import Refused, Trouble
from backend.core.text import clean_line
from backend.work import Work

_TRIES = 2
"""Somebody waits for the answer."""
_NOTHING_TO_COME = ("invoice_upcoming_none",)
_INVOICES_AT_MOST = 800
Shown = Mapping[str, Any]


@dataclass(frozen=True)
class About:
    """A subscription, and the change of it that is asked about."""

    kind: s.Kind
    given: Fixed
    stripe_id: str
    item_id: str | None
    quantity: int
    currency: str
    interval: str
    interval_count: int
    bills_at: datetime | None
    is_ending: bool
    now: datetime


async def preview(caller: accounts.Caller, subscription_id: str, body: s.PreviewAsk) -> s.PreviewRead:
    """What the change would come to. Refusals are those of asking for it; Unavailable when Stripe cannot be asked."""
    about: About = await caller.read(_about, subscription_id, body.kind, body.params)
    gateway = await accounts.reach(caller, tries=_TRIES)
    try:
        unchanged = await _invoice(gateway, about, {})
        changed = await _invoice(gateway, about, details) if (details := _details(about)) else unchanged
    except Refused as refused:
        raise Unprocessable(str(refused), code="STRIPE_REFUSED") from refused
    except Trouble as trouble:
        raise Unavailable(f"{trouble}. Nothing was changed; try again in a moment.") from trouble
    return told(about, unchanged, changed)


def _about(work: Work, id: str, kind: s.Kind, raw: Mapping[str, Any]) -> About:
    row = service.find_subscription(work, id)
    at = work.now.replace(microsecond=0)
    if kind == "DOWNGRADE" and raw.get("when") == "now":
        raw = {**raw, "prorationDate": instant(at)}
    given = change_kinds.fixed(work, row, kind, changes.read_params(kind, raw))
    is_ending = bool(row.cancel_at_period_end or row.cancel_at)
    return About(
        kind,
        given,
        row.stripe_subscription_id,
        row.stripe_item_id,
        row.quantity,
        row.currency,
        row.interval,
        row.interval_count,
        row.current_period_end,
        is_ending,
        at,
    )


def _details(about: About) -> dict[str, Any]:
    """`subscription_details` of the preview; empty for what Stripe cannot preview."""
    given = about.given
    match about.kind:
        case "DOWNGRADE":
            items = [{"id": about.item_id, "price": given["stripePriceId"], "quantity": about.quantity}]
            if given["when"] == "now":
                when = {"proration_behavior": "create_prorations", "proration_date": unix(given["prorationDate"])}
                return {"items": items, **when}
            return {"items": items, "proration_behavior": "none"}
        case "TRIAL_EXTENSION":
            return {"trial_end": unix(given["trialEnd"]), "proration_behavior": "none"}
        case "KEEP" if about.is_ending:
            return {"cancel_at_period_end": False}
    return {}


async def _invoice(gateway: Gateway, about: About, details: dict[str, Any]) -> Shown | None:
    """The next invoice as Stripe previews it; None when none is to come."""
    more = {"subscription_details": details} if details else {}
    try:
        return await gateway.create_preview(subscription=about.stripe_id, **more)
    except Refused as refused:
        if refused.code in _NOTHING_TO_COME or (not details and about.is_ending):
            return None
        raise


def told(about: About, unchanged: Shown | None, changed: Shown | None) -> s.PreviewRead:
    """The answer, from the next invoice without the change and with it (the same where Stripe cannot preview it)."""
    bill, after = _bill(about, unchanged, about.bills_at), _bill(about, changed, about.bills_at)
    credit = saved = 0
    ends, effect, is_exact = None, about.now, True
    match about.kind:
        case "PAUSE":
            ends = datetime.fromisoformat(about.given["resumesAt"])
            *missed, first = [*_missed(about, ends), _first(about, ends)]
            saved, is_exact = len(missed) * _due(changed), False
            after = _bill(about, changed, first)
        case "DISCOUNT":
            ends = change_kinds.months_later(about.now, about.given["months"])
            off = _off(about, changed)
            saved, is_exact = off * len(list(_missed(about, ends))), False
            after = _bill(about, changed, about.bills_at, off, f"{about.given['percent']:g} % off")
        case "DOWNGRADE" if about.given["when"] == "now":
            credit = max(0, -_prorated(changed))
        case "DOWNGRADE":
            effect = about.bills_at or about.now
        case "TRIAL_EXTENSION":
            ends = datetime.fromisoformat(about.given["trialEnd"])
            after = _bill(about, changed, ends)
        case "CANCEL":
            after = None
            effect = about.now if about.given["when"] == "now" else about.bills_at or about.now
    read = s.PreviewRead(
        kind=about.kind,
        currency=about.currency.upper(),
        unchanged=bill,
        next=after,
        credit=to_major(credit, about.currency),
        saved=to_major(saved, about.currency),
        takes_effect_at=effect,
        ends_at=ends,
        proration_date=about.given.get("prorationDate"),
        is_exact=is_exact,
        words=[],
    )
    return read.model_copy(update={"words": list(_words(about, read))})


def _missed(about: About, until: datetime) -> Iterator[datetime]:
    """When invoices are due until then."""
    at, number = about.bills_at, 0
    while at is not None and at < until and number < _INVOICES_AT_MOST:
        yield at
        number += 1
        at = _after(about, number)


def _first(about: About, until: datetime) -> datetime | None:
    """When the first invoice is due from then on."""
    return _after(about, sum(1 for _ in _missed(about, until)))


def _after(about: About, number: int) -> datetime | None:
    """When the next invoice but so many is due: counted from the next, so that 31 January, February, March holds."""
    if about.bills_at is None:
        return None
    count = number * about.interval_count
    if about.interval in ("day", "week"):
        return about.bills_at + timedelta(days=count * (7 if about.interval == "week" else 1))
    return change_kinds.months_later(about.bills_at, count * (12 if about.interval == "year" else 1))


def _bill(about: About, invoice: Shown | None, at: datetime | None, off: int = 0, off_text: str = "") -> s.Bill | None:
    if invoice is None or at is None:
        return None
    lines = [(clean_line(str(line.get("description") or "")), int(line["amount"])) for line in _lines(invoice)]
    taken = sum(int(one["amount"]) for one in invoice.get("total_discount_amounts") or [])
    lines += [("discounts", -taken)] if taken else []
    lines += [(off_text, -off)] if off else []
    major = [s.PreviewLine(text=text, amount=to_major(amount, about.currency)) for text, amount in lines]
    return s.Bill(at=at, amount=to_major(max(0, _due(invoice) - off), about.currency), lines=major)


def _lines(invoice: Shown) -> list[Shown]:
    return (invoice.get("lines") or {}).get("data") or []


def _due(invoice: Shown | None) -> int:
    return int(invoice["amount_due"]) if invoice else 0


def _prorated(invoice: Shown | None) -> int:
    """What all prorations come to: below nothing when more is given back than charged."""
    total = 0
    for line in _lines(invoice) if invoice else []:
        parent = line.get("parent") or {}
        details = parent.get("subscription_item_details") or parent.get("invoice_item_details") or {}
        total += int(line["amount"]) if details.get("proration") else 0
    return total


def _off(about: About, invoice: Shown | None) -> int:
    """What the percent takes off the next invoice, before tax and after the discounts that are there; half away from 0."""
    if invoice is None:
        return 0
    net = invoice.get("total_excluding_tax")
    base = max(0, int(net if net is not None else invoice["total"]))
    part = Decimal(base) * Decimal(str(about.given["percent"])) / 100
    return int(part.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _words(about: About, read: s.PreviewRead) -> Iterator[str]:
    match about.kind:
        case "PAUSE" if read.ends_at:
            yield f"Nothing is billed until {day(read.ends_at)}. What is owed already stays owed."
        case "RESUME":
            yield "It is billed again from now on."
        case "DISCOUNT":
            yield f"{about.given['percent']:g} % off each invoice until {day(read.ends_at or about.now)}."
        case "DOWNGRADE" if about.given["when"] == "now":
            yield f"It moves to {about.given['planName']} now."
            if read.credit:
                yield f"{_money(read, read.credit)} for the unused time is taken off the next invoices; none is paid out."
        case "DOWNGRADE":
            yield f"It moves to {about.given['planName']} on {day(read.takes_effect_at)}; nothing changes before."
        case "TRIAL_EXTENSION" if read.ends_at:
            yield f"It is free until {day(read.ends_at)}."
        case "CANCEL":
            yield f"It ends on {day(read.takes_effect_at)}. Nothing is given back."
        case "KEEP":
            yield "It goes on as it is."
    if read.saved:
        yield f"The customer saves {_money(read, read.saved)} in all."
    if read.next is None:
        yield "No invoice is to come."
        return
    was = f" instead of {_money(read, read.unchanged.amount)}" if _is_other(read) and read.unchanged else ""
    yield f"The next invoice is {_money(read, read.next.amount)}{was}, on {day(read.next.at)}."


def _is_other(read: s.PreviewRead) -> bool:
    return read.unchanged is not None and read.next is not None and read.unchanged.amount != read.next.amount


def _money(read: s.PreviewRead, amount: int | float) -> str:
    return f"{read.currency} {amount:,}"
