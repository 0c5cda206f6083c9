"""Playbooks that start by themselves: after an event for its customer, and each day for whoever their trigger fits.

What an event brought is looked at as it is now: one that is heard of late starts nobody for what is over. Nobody is
started for twice within the cool-down, and of more than a day can have, those whose loss is expected to be greatest.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import select

from backend.billing.events import PaymentFailed
from backend.core.errors import Conflict, NotFound
from backend.customers import service as customers
from backend.customers.models import Customer
from backend.events import log
from backend.events.event import Event
from backend.events.log import EVENTS
from backend.identity.service import currency_of
from backend.playbooks import executions, repository, service
from backend.playbooks.conditions import answer
from backend.playbooks.documents import Occasion, Trigger
from backend.playbooks.facts import Facts, facts_of
from backend.playbooks.models import Playbook, TriggerPlace
from backend.risk.events import ChurnChanged, RiskChanged
from backend.signals.events import HelpOffered
from backend.work import Work

OCCASIONS: dict[type[Event], Occasion] = {
    RiskChanged: "risk_changed",
    ChurnChanged: "churn_changed",
    PaymentFailed: "payment_failed",
    HelpOffered: "help_offered",
}
DAY = timedelta(days=1)
CONSIDER = "playbooks.consider"
AT_ONCE = 200
"""Events in one transaction."""
PAGE = 500
"""Customers that are looked at in one unit."""
STARTS = 50
"""Executions that are begun in one unit."""
_BY_TYPE = {event.type: occasion for event, occasion in OCCASIONS.items()}
State = dict[str, Any]


class Found(NamedTuple):
    """A customer whom a trigger fits now."""

    customer_id: str
    loss: float
    why: str


class Looked(NamedTuple):
    """What one unit found: by playbook, how many were left out, and where the next one goes on ("" after the last)."""

    customers: int
    found: dict[str, list[Found]]
    left_out: dict[str, int]
    after: str


def consider(work: Work, seq: int) -> bool:
    """Start what the next events in the log are occasions for; whether there are more. `seq` is of the first one ever.

    The timer is cancelled under the lock of the log before it is read: whoever adds an event later sets it again.
    """
    head, _ = log.head(work.session, work.business_id)
    work.cancel(CONSIDER)
    place = work.session.get(TriggerPlace, work.business_id)
    if place is None:
        place = work.add(TriggerPlace(seq=seq - 1))
    automatic = repository.automatic(work.session, work.business_id)
    rows = _next(work, place.seq) if automatic else ()
    place.seq = rows[-1].seq if len(rows) == AT_ONCE else head
    _consider(work, automatic, rows)
    return len(rows) == AT_ONCE


def _next(work: Work, after: int) -> Sequence[Any]:
    query = (
        select(EVENTS.seq, EVENTS.type, EVENTS.customer_id)
        .where(EVENTS.business_id == work.business_id, EVENTS.seq > after, EVENTS.type.in_(_BY_TYPE))
        .order_by(EVENTS.seq)
    )
    return work.session.execute(query.limit(AT_ONCE)).all()


def _consider(work: Work, automatic: Sequence[Playbook], rows: Sequence[Any]) -> None:
    """Start what events are occasions for, where the trigger fits the customer as things are now. Of these events, those
    first whose loss is expected to be the greatest: ten thousand may come at once, and a day has a number."""
    triggers = [(one, _trigger(one)) for one in automatic]
    wanted = [
        (row, playbook, trigger)
        for row in rows
        for playbook, trigger in triggers
        if row.customer_id is not None and _BY_TYPE[row.type] in trigger.after
    ]
    facts = facts_of(work, {row.customer_id for row, *_ in wanted})
    found = [
        (fitting, playbook, f"event:{row.seq}")
        for row, playbook, trigger in wanted
        if row.customer_id in facts and (fitting := _fits(trigger, row.customer_id, facts[row.customer_id])) is not None
    ]
    for fitting, playbook, cause in sorted(found, key=lambda one: -one[0].loss):
        _start(work, playbook, fitting, cause)


def start_found(work: Work, playbook_id: str, found: Sequence[Found], day: str) -> int:
    """Start a playbook for customers found earlier, as far as its trigger still fits; how many were."""
    playbook = service.playbook_of(work, playbook_id)
    if not playbook.is_automatic or playbook.status != "ACTIVE" or "daily" not in _after(playbook):
        return 0
    facts, count = facts_of(work, [one.customer_id for one in found]), 0
    for one in found:
        still = _fits(_trigger(playbook), one.customer_id, facts.get(one.customer_id, {}))
        count += still is not None and _start(work, playbook, still, f"day:{day}")
    return count


def look(work: Work, triggers: Mapping[str, Trigger], after: str) -> Looked:
    """Whom of the next customers after an id the triggers fit, by playbook; whoever has it now or had it lately aside."""
    query = select(Customer.id).where(Customer.business_id == work.business_id, Customer.id > after)
    ids = work.session.scalars(query.where(Customer.erased_at.is_(None)).order_by(Customer.id).limit(PAGE)).all()
    facts = facts_of(work, ids)
    found: dict[str, list[Found]] = {id: [] for id in triggers}
    left_out = dict.fromkeys(triggers, 0)
    for id, trigger in triggers.items():
        fitting = [one for customer, known in facts.items() if (one := _fits(trigger, customer, known)) is not None]
        latest = repository.latest_of(work.session, work.business_id, id, [one.customer_id for one in fitting])
        for one in fitting:
            if _is_cooling(work, trigger, latest.get(one.customer_id)):
                left_out[id] += 1
            else:
                found[id].append(one)
    return Looked(len(ids), found, left_out, ids[-1] if len(ids) == PAGE else "")


def daily(work: Work) -> dict[str, Trigger]:
    """The triggers of the playbooks that look at everybody each day, by playbook."""
    rows = repository.automatic(work.session, work.business_id)
    return {one.id: _trigger(one) for one in rows if "daily" in _after(one)}


async def everybody(units: Any, triggers: Mapping[str, Trigger]) -> Looked:
    """`look` over all customers, some hundreds a unit; those whose loss is expected to be the greatest first."""
    count, after = 0, ""
    found: dict[str, list[Found]] = {id: [] for id in triggers}
    left_out = dict.fromkeys(triggers, 0)
    while triggers:
        page: Looked = await units.read(look, triggers, after)
        count, after = count + page.customers, page.after
        for id in triggers:
            found[id] += page.found[id]
            left_out[id] += page.left_out[id]
        if not after:
            break
    for one in found.values():
        one.sort(key=lambda each: (-each.loss, each.customer_id))
    return Looked(count, found, left_out, "")


def told(work: Work, looked: Looked, id: str, limit: int) -> State:
    """CandidatesRead data of one of the triggers."""
    found = looked.found.get(id, [])
    people = {row.id: row for row in work.session.scalars(_people([one.customer_id for one in found[:limit]]))}
    items = [
        {
            "customerId": one.customer_id,
            "userId": people[one.customer_id].external_id,
            "customerName": people[one.customer_id].name or people[one.customer_id].external_id,
            "expectedLoss": one.loss,
            "why": one.why,
        }
        for one in found[:limit]
        if one.customer_id in people
    ]
    why = "" if found else f"It fits nobody of the {looked.customers} customers now."
    if id not in looked.found:
        why = "It has no trigger: it is started by hand only."
    return {
        "lookedAt": looked.customers,
        "count": len(found),
        "leftOut": looked.left_out.get(id, 0),
        "currency": currency_of(work),
        "items": items,
        "why": why,
    }


def _people(ids: Sequence[str]) -> Any:
    return select(Customer).where(Customer.id.in_(ids))


def _fits(trigger: Trigger, customer_id: str, facts: Facts) -> Found | None:
    found = answer(trigger.when, facts)
    return Found(customer_id, float(facts.get("expected_loss") or 0), found.because) if found.holds else None


def _start(work: Work, playbook: Playbook, found: Found, cause: str) -> bool:
    """Begin an execution unless the cool-down or the day's number forbid it; the log is held for that."""
    trigger = _trigger(playbook)
    log.head(work.session, work.business_id)  # of two causes at once, the second sees what the first has begun
    latest = repository.latest_of(work.session, work.business_id, playbook.id, [found.customer_id])
    if _is_cooling(work, trigger, latest.get(found.customer_id)):
        return False
    if repository.is_known(work.session, work.business_id, playbook.id, found.customer_id, cause):
        return False
    if repository.started_since(work.session, work.business_id, playbook.id, work.now - DAY) >= trigger.at_most:
        return False
    try:
        customer = customers.find_customer(work, found.customer_id)
        executions.start(work, playbook, customer, None, cause=cause, why=found.why, by=None)
    except (Conflict, NotFound):  # they have it now; erased meanwhile
        return False
    return True


def _is_cooling(work: Work, trigger: Trigger, latest: Any) -> bool:
    return latest is not None and (bool(latest[2]) or latest[1] > work.now - timedelta(days=trigger.cooldown_days))


def _trigger(playbook: Playbook) -> Trigger:
    trigger = service.document_of(playbook).trigger
    assert trigger is not None, "none starts by itself without one"
    return trigger


def _after(playbook: Playbook) -> Sequence[str]:
    trigger = service.document_of(playbook).trigger
    return () if trigger is None else trigger.after
