"""The mirror of subscriptions: what Stripe showed is written down, and what is new of it is told.

What was asked for later counts. Each look at Stripe draws a number before it asks, and a row takes nothing from a look
with a lower number than its own: so it does not matter in which order answers and events arrive.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, select, update

from backend.billing import events, normal, repository
from backend.billing.models import Invoice, Plan, StripeAccount, Subscription
from backend.billing.payers import payers
from backend.billing.plans import keep_prices, plans_by_id, plans_by_price
from backend.billing.state import ENDED, as_json, changes_between, subscription_read
from backend.core.money import to_major
from backend.customers.models import Customer
from backend.events.event import Actor
from backend.work import Work

Outcome = Literal["applied", "unchanged"]
STRIPE = Actor("webhook", None, "Stripe")


def draw_look(work: Work) -> int:
    """The number of a look at Stripe that begins now."""
    mine = StripeAccount.business_id == work.business_id
    statement = update(StripeAccount).where(mine).values(looks=StripeAccount.looks + 1).returning(StripeAccount.looks)
    look = work.session.execute(statement.execution_options(synchronize_session=False)).scalar()
    return int(look or 0)


def keep_subscription(work: Work, raw: normal.Raw, look: int, *, event_id: str | None = None) -> Outcome:
    """Keep one that Stripe showed to the look `look`, and tell what is new."""
    counted = Keeping(work, look, event_id=event_id).keep([normal.subscription(raw, work.now)])
    return "applied" if counted["applied"] else "unchanged"


class Keeping:
    """Keeps what one look showed. `is_news`: changes are told; they are not while an account is read for the first time."""

    def __init__(self, work: Work, look: int, *, is_news: bool = True, event_id: str | None = None) -> None:
        self.work, self.look, self.is_news, self.event_id = work, look, is_news, event_id

    def keep(self, shown: Sequence[normal.Subscription]) -> Counter[str]:
        """Keep subscriptions; how many were `applied` and `unchanged`."""
        ids = [one.id for one in shown]
        rows = self._rows(ids)
        self.plans = self._plans(shown)
        if new := [id for id in ids if id not in rows]:
            repository.lock_new(self.work.session, self.work.business_id, "subscriptions")
            rows |= self._rows(new)
        unpaid = self._unpaid([row.id for row in rows.values()])
        counted, untouched, begun = Counter[str](), [], dict[str, normal.Subscription]()
        for one in shown:
            row = rows.get(one.id)
            if row is None:
                begun[one.id] = one
            elif row.look > self.look:  # somebody asked later than we, and was first to write it down
                counted["unchanged"] += 1
                continue
            elif not self._change(row, self._values(one, row, row.id in unpaid)):
                untouched.append(row.id)
                continue
            counted["applied"] += 1
        counted["unchanged"] += len(untouched)
        if begun:
            self._begin(list(begun.values()))
        self._touch(untouched)
        return counted

    def lose(self, id: str) -> Outcome:
        """Stripe has no such subscription any more."""
        row = find(self.work, id)
        if row is None or row.gone_at is not None or row.look > self.look:
            return "unchanged"
        ended = {"mrr": 0, "gone_at": self.work.now}
        if row.status not in ENDED:
            ended |= {"status": "canceled", "ended_at": self.work.now}
        self._change(row, ended)
        return "applied"

    def change(self, row: Subscription, **values: Any) -> bool:
        """Change what does not come from the subscription itself, and tell it. Whether anything was different."""
        return self._change(row, values, is_look=False)

    def _rows(self, ids: Sequence[str]) -> dict[str, Subscription]:
        mine = (Subscription.business_id == self.work.business_id) & Subscription.stripe_subscription_id.in_(ids)
        query = select(Subscription).where(mine).order_by(Subscription.id).with_for_update(key_share=True)
        found = self.work.session.scalars(query.execution_options(populate_existing=True))
        return {row.stripe_subscription_id: row for row in found}

    def _plans(self, shown: Sequence[normal.Subscription]) -> dict[str, Plan]:
        """By price. Prices that nobody told us of before are kept as they stand in the items."""
        wanted = {one.price.id: one.price for one in shown if one.price}
        scheduled = {one.scheduled_price_id for one in shown if one.scheduled_price_id}
        known = plans_by_price(self.work, wanted.keys() | scheduled)
        if missing := [price for id, price in wanted.items() if id not in known]:
            keep_prices(self.work, missing)
            known = plans_by_price(self.work, wanted.keys() | scheduled)
        return known

    def _unpaid(self, ids: Sequence[str]) -> set[str]:
        """Those with an invoice that is open although its payment was tried."""
        mine = (Invoice.business_id == self.work.business_id) & Invoice.subscription_id.in_(ids)
        open_ones = select(Invoice.subscription_id).where(mine, Invoice.status == "open", Invoice.attempts > 0)
        return {id for id in self.work.session.scalars(open_ones) if id}

    def _values(self, one: normal.Subscription, row: Subscription | None, is_unpaid: bool) -> dict[str, Any]:
        plan = self.plans.get(one.price.id) if one.price else None
        values = one.columns | {
            "plan_id": plan.id if plan else None,
            "has_unpaid_invoice": is_unpaid or one.has_open_invoice,
            "gone_at": None,
        }
        scheduled = self.plans.get(one.scheduled_price_id or "")
        if one.shows_schedule or row is None or row.stripe_schedule_id != values["stripe_schedule_id"]:
            values["scheduled_plan_id"] = scheduled.id if scheduled else None
        else:
            del values["scheduled_at"]
        return values

    def _begin(self, new: Sequence[normal.Subscription]) -> None:
        """Rows of subscriptions that are seen for the first time."""
        owners, rows = payers(self.work, {one.customer_id: one.customer for one in new}), []
        for one in new:
            row = Subscription(
                business_id=self.work.business_id,
                customer_id=owners[one.customer_id],
                stripe_subscription_id=one.id,
                stripe_customer_id=one.customer_id,
                read_at=self.work.now,
                look=self.look,
                **self._values(one, None, False),
            )
            rows.append(row)
        self.work.session.add_all(rows)
        self.work.session.flush()
        for row in rows if self.is_news else ():
            state = state_of(self.work, row)
            told = {"plan": (state["plan"] or {}).get("name"), "status": row.status}
            self._tell(events.SubscriptionStarted, row, state, told)

    def _change(self, row: Subscription, values: dict[str, Any], *, is_look: bool = True) -> bool:
        different = {name: value for name, value in values.items() if getattr(row, name) != value}
        if not different:
            return False
        before, mrr, was_ended = state_of(self.work, row), row.mrr, row.status in ENDED
        for name, value in different.items():
            setattr(row, name, value)
        row.version += 1
        if is_look:
            row.read_at, row.look = self.work.now, self.look
        self.work.session.flush()
        if self.is_news:
            state = state_of(self.work, row)
            told: dict[str, Any] = {"changes": changes_between(before, state)}
            if row.status in ENDED and not was_ended:
                told |= {"reason": _reason(row), "mrr": to_major(mrr, row.currency)}
                if row.cancellation_feedback:
                    told["feedback"] = row.cancellation_feedback
                self._tell(events.SubscriptionEnded, row, state, told)
            else:
                self._tell(events.SubscriptionChanged, row, state, told)
        return True

    def _tell(self, kind: type[Any], row: Subscription, state: dict[str, Any], data: dict[str, Any]) -> None:
        if self.event_id:
            data["stripeEvent"] = self.event_id
        tell(self.work, kind, row, data, state)

    def _touch(self, ids: Sequence[str]) -> None:
        """They were looked at, and are as they were."""
        if ids:
            mine = (Subscription.business_id == self.work.business_id) & Subscription.id.in_(ids)
            values = {"read_at": self.work.now, "look": self.look}
            statement = update(Subscription).where(mine).values(**values)
            self.work.session.execute(statement.execution_options(synchronize_session=False))


def find(work: Work, stripe_subscription_id: str) -> Subscription | None:
    """The row of a subscription, to be changed."""
    return _first(work, Subscription.stripe_subscription_id == stripe_subscription_id)


def locked(work: Work, id: str) -> Subscription | None:
    """The row by our id, to be changed."""
    return _first(work, Subscription.id == id)


def _first(work: Work, condition: ColumnElement[bool]) -> Subscription | None:
    mine = (Subscription.business_id == work.business_id) & condition
    query = select(Subscription).where(mine).with_for_update(key_share=True)
    return work.session.scalar(query.execution_options(populate_existing=True))


def state_of(work: Work, row: Subscription) -> dict[str, Any]:
    """The state of events about a subscription."""
    customer = work.get(Customer, row.customer_id, "customer")
    plans = plans_by_id(work, (row.plan_id, row.scheduled_plan_id))
    return as_json(subscription_read(row, customer, plans, work.now))


def tell(
    work: Work, kind: type[Any], row: Subscription, data: dict[str, Any], state: dict[str, Any] | None = None
) -> None:
    """An event of a subscription, told by Stripe."""
    if work.actor.kind == "system":
        work.actor = STRIPE
    work.emit(kind(subject_id=row.id, customer_id=row.customer_id, state=state or state_of(work, row), data=data))


def _reason(row: Subscription) -> str:
    involuntary = ("payment_failed", "payment_disputed")
    return row.cancellation_reason if row.cancellation_reason in involuntary else "voluntary"


def is_read_whole(work: Work) -> bool:
    """Whether everything was listed once: what is new from then on is news."""
    account = repository.account(work.session, work.business_id)
    return account is not None and account.relisted_at is not None
