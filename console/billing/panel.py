"""What the panel says of a customer's subscription: as Stripe last showed it, and what is being done to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from backend.core.clock import instant
from console.billing import words
from console.desk import ages, wording
from console.incidences.panels import Content
from widgets.paint import Cell

if TYPE_CHECKING:
    from backend.billing.change_schemas import ChangeRead
    from backend.billing.schemas import SubscriptionRead

CHANGES = 3
"""The last changes that are shown."""


@dataclass(frozen=True, slots=True)
class Held:
    """The subscriptions of a customer, the one that matters first, and the changes of that one, newest first."""

    subscriptions: Sequence[SubscriptionRead] = ()
    changes: Sequence[ChangeRead] = ()

    @property
    def main(self) -> SubscriptionRead | None:
        """The one that is running, of several the one that brings most; an ended one when there is no other."""
        return self.subscriptions[0] if self.subscriptions else None

    @property
    def open_change(self) -> ChangeRead | None:
        """The change that is under way."""
        return next((change for change in self.changes if change.state in words.UNDER_WAY), None)


def ordered(subscriptions: Sequence[SubscriptionRead]) -> list[SubscriptionRead]:
    """Running ones first, then by what they bring, then the newest."""
    newest = sorted(subscriptions, key=lambda one: one.started_at, reverse=True)
    return sorted(newest, key=lambda one: (one.ended_at is not None, -one.mrr))


def subscription(what: Held | None, trouble: str, now: datetime) -> Content:
    """The panel; `what` is None until it was read, `trouble` says why it could not be."""
    if what is None:
        return Content(lines=[[(trouble or "Reading …", "danger" if trouble else "muted")]])
    one = what.main
    if one is None:
        return Content(lines=[[("None known. ", ""), ("This customer pays for nothing at Stripe.", "muted")]])
    lines: list[Cell] = [change_line(change, now) for change in what.changes[:CHANGES]]
    if more := len(what.subscriptions) - 1:
        lines.append([(f"and {more} more of this customer's", "muted")])
    if trouble:
        lines.append([(trouble, "danger")])
    return Content(pairs(one, now), lines, freshness=words.freshness(one, now))


def pairs(one: SubscriptionRead, now: datetime) -> list[tuple[str, Cell]]:
    """A subscription, line by line; what is not so is not said."""
    plan = one.plan.name if one.plan else "several things"
    count = f" ×{one.quantity}" if one.quantity > 1 else ""
    told: list[tuple[str, Cell]] = [
        ("Plan", [(f"{plan}{count}", "bold"), (f"  {words.price(one)}", "money")]),
        ("State", words.state(one, now)),
        (words.NEXT_DATE[words.next_kind(one)], words.next_date(one, now)),
        ("A month", [(wording.money(one.mrr, one.currency), "money"), (words.why_nothing(one), "muted")]),
    ]
    told += [("Discount", [(words.discount(each, one.currency, now), "info")]) for each in one.discounts]
    if one.scheduled is not None:
        told.append(("Then", [(f"{one.scheduled.plan.name} from {words.day(one.scheduled.at, now)}", "info")]))
    told += [("Trouble", [(trouble, "danger")]) for trouble in words.troubles(one)]
    told.append(("Id", [(one.stripe_subscription_id, "muted"), ("" if one.is_live else "  test mode", "warning")]))
    return told


def change_line(change: ChangeRead, now: datetime) -> Cell:
    """`✓ pause billing until 1 June 2027  done 2m ago`."""
    sign, role, said = words.CHANGE_SIGNS[change.state]
    at = ages.since(instant(change.settled_at or change.asked_at), now)
    line: list[tuple[str, str]] = [(f"{sign} ", role), (change.words, ""), (f"  {said} {at} ago", role)]
    return [*line, (f": {change.error}", "muted")] if change.error else line


def under_way(what: Held) -> str:
    """Why nothing else can be done to the subscription now; nothing when it can."""
    change = what.open_change
    return f"under way: {change.words}" if change else ""
