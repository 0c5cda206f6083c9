"""What customers paid after they wanted to leave: counted from paid invoices once the days are over, each night anew.

A refund or a dispute that comes later changes what was counted; the draw that rounds a reward stays the same. Days that
go on after their Stripe account was disconnected, or replaced by another one, are not counted: nobody knows what was
paid in them. They are once that account is back.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from backend.billing.models import Invoice, Subscription
from backend.billing.replacing import read_until
from backend.core.money import to_minor
from backend.retention.models import RetentionRun, RunReward
from backend.retention.ranking import reward
from backend.work import Work

DAYS = (7, 30, 90, 180)
CHANGES_FOR = timedelta(days=180 + 120)
"""After its start a run is counted again each night for so long: a payment can be disputed for 120 days."""
PAGE = 200
_DAYS_IN_A_MONTH = 365 / 12


@dataclass(frozen=True, slots=True)
class Paid:
    """Of one subscription in some days after a run. Minor units."""

    net: int
    discount: int
    paused: int


def paid_in(invoices: Iterable[Any], start: datetime, end: datetime) -> Paid:
    """Of what was paid after `start` and by `end`: less what was refunded, is disputed or lost, and tax in proportion.

    `discount` is what those invoices were lowered by, `paused` what invoices of these days would have been that were
    voided.
    """
    net = discount = paused = 0
    for one in invoices:
        if one.status == "paid" and one.paid_at is not None and start < one.paid_at <= end:
            kept = one.amount_paid - one.refunded - one.disputed
            net += kept - (round(kept * one.tax / one.total) if one.total else 0)
            discount += one.discount
        elif one.status == "void" and start < one.created_at <= end:
            paused += one.subtotal
    return Paid(net, discount, paused)


def list_price(mrr: int, days: int) -> int:
    """Of so many days, at what a month came to when the run began."""
    return round(mrr * days / _DAYS_IN_A_MONTH)


def mature(work: Work, after: str = "") -> str | None:
    """Count what is due for the next runs after that id; the id to go on from, None when these were the last."""
    begun = work.now - CHANGES_FOR
    mine = (RetentionRun.business_id == work.business_id) & (RetentionRun.id > after)
    query = select(RetentionRun).where(mine, RetentionRun.started_at > begun).order_by(RetentionRun.id).limit(PAGE)
    runs = work.session.scalars(query).all()
    if runs:
        _count(work, runs)
    return runs[-1].id if len(runs) == PAGE else None


def is_cancelled(run: Any, canceled_at: datetime | None, days: int) -> bool:
    """Whether it was given up within so many days after the start: in the run or elsewhere."""
    by = run.started_at + timedelta(days=days)
    return run.outcome == "CANCELLED" or (canceled_at is not None and run.started_at <= canceled_at <= by)


def _count(work: Work, runs: Sequence[RetentionRun]) -> None:
    ids, subscriptions = [run.id for run in runs], {run.subscription_id for run in runs}
    paid = (Invoice.business_id == work.business_id) & Invoice.subscription_id.in_(subscriptions)
    invoices = defaultdict(list)
    for row in work.session.execute(
        select(*(getattr(Invoice, name) for name in _COLUMNS)).where(paid, Invoice.status.in_(("paid", "void")))
    ):
        invoices[row.subscription_id].append(row)
    known = (RunReward.business_id == work.business_id) & RunReward.run_id.in_(ids)
    rows = {(row.run_id, row.days): row for row in work.session.scalars(select(RunReward).where(known))}
    theirs = (Subscription.business_id == work.business_id) & Subscription.id.in_(subscriptions)
    columns = Subscription.id, Subscription.canceled_at, Subscription.former_account
    left, seen, until = dict[str, datetime | None](), dict[str, datetime](), read_until(work)
    for id, canceled_at, account in work.session.execute(select(*columns).where(theirs)):
        left[id] = canceled_at
        end = until.get(account, work.now)
        seen[id] = work.now if canceled_at is not None and canceled_at <= end else end  # nothing was to come any more
    for run in runs:
        for days in DAYS:
            over, kept = run.started_at + timedelta(days=days), rows.get((run.id, days))
            if over <= seen.get(run.subscription_id, work.now):
                _keep(work, run, days, invoices[run.subscription_id], left.get(run.subscription_id), kept)
            elif kept is not None:
                work.session.delete(kept)


_COLUMNS = (
    *("subscription_id", "currency", "status", "amount_paid", "refunded", "disputed", "tax", "total"),
    *("subtotal", "discount", "paid_at", "created_at"),
)


def _keep(
    work: Work,
    run: RetentionRun,
    days: int,
    invoices: Sequence[Any],
    canceled_at: datetime | None,
    row: RunReward | None,
) -> None:
    end = run.started_at + timedelta(days=days)
    own = [one for one in invoices if one.currency == run.currency]
    paid = paid_in(own, run.started_at, end)
    values = {
        "net_paid": paid.net,
        "list_price": list_price(_monthly(run), days),
        "discount": paid.discount,
        "pause_cost": paid.paused if (run.accepted_offer or "").startswith("PAUSE") else 0,
    }
    values["is_win"] = reward.is_win(worth(run, days, paid.net, values["list_price"], canceled_at), run.id)
    if row is None:
        work.add(RunReward(run_id=run.id, days=days, counted_at=work.now, **values))
    elif any(getattr(row, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(row, name, value)
        row.counted_at = work.now


def _monthly(run: RetentionRun) -> int:
    """What a month came to at the start; in a trial or a pause, what it is to come to."""
    return run.mrr or to_minor(run.facts.get("monthly_value") or 0, run.currency)


def worth(run: Any, days: int, net_paid: int, price: int, canceled_at: datetime | None) -> float:
    """The reward of 90 days, or what is expected of it after 7 or 30."""
    is_over = is_cancelled(run, canceled_at, days)
    if days == 7:
        return reward.estimate_at_7_days(is_over)
    share = reward.reward_of(net_paid, price)
    return reward.estimate_at_30_days(share, is_over) if days == 30 else share
