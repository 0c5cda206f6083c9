"""Service levels of a case: its clocks follow whatever happens to it, and its timer tells what they come to.

`follow` is all that others need: it brings a case's clocks up to the present, whatever was done to its row.
"""

from datetime import datetime

from backend.customers.models import Customer
from backend.events.event import Event
from backend.identity.service import currency_of, time_zone_of
from backend.incidences import events
from backend.incidences.clocks import bring_up, is_untouched, timer_at
from backend.incidences.models import Incidence
from backend.incidences.sla_policy import facts_of, policy_in, policy_of
from backend.rules.engine import Compiled
from backend.work import Work


def begin(work: Work, row: Incidence, tier: str, compiled: Compiled) -> None:
    """Start the clocks of a case that is being opened."""
    policy = policy_in(compiled, time_zone_of(work))
    bring_up(row, facts_of(row, tier, currency_of(work)), policy, work.now, events.IncidenceOpened)


def follow(work: Work, row: Incidence, event: type[Event] | None = None, occurred_at: datetime | None = None) -> None:
    """Bring a case's clocks up to the present, after `event` or whatever else was done to it, and set its timer.

    Cheap when nothing that they hang on has changed. With no `event` they are worked out whatever has changed.
    """
    if event is events.IncidenceOpened:  # they have begun, see `begin`
        return
    tier = work.session.get_one(Customer, row.customer_id).tier
    facts = facts_of(row, tier, currency_of(work))
    if event is not None and is_untouched(row, facts, event):
        return
    before = timer_at(row)
    bring_up(row, facts, policy_of(work), work.now, event, occurred_at)
    if timer_at(row) != before:
        set_timer(work, row)


def set_timer(work: Work, row: Incidence) -> None:
    """Set the timer of a case to its next instant, or stop it."""
    key, at = f"sla:{row.id}", timer_at(row)
    if at is not None:
        work.enqueue("incidences.watch_sla", at=at, key=key, incidence_id=row.id)
    else:
        work.cancel(key)
