"""Notifications: kept when help is offered, triggered, shown, dismissed, accepted. Each verb ends in one event.

Whoever changes one holds its customer first, as those do who take signals, so that two devices never both decide.
"""

from collections.abc import Collection
from typing import Any

from backend.core.clock import instant
from backend.core.errors import Conflict, NotFound
from backend.core.rows import from_micros
from backend.customers import service as customers
from backend.customers.models import Customer
from backend.events import log
from backend.events.event import Event
from backend.notifications import events, repository
from backend.notifications.cases import open_case_of
from backend.notifications.models import STANDING, UNDECIDED, Notification
from backend.notifications.schemas import (
    NotificationPage,
    NotificationRead,
    NotificationTrigger,
    Suppress,
    Suppressed,
    TriggerAnswer,
)
from backend.signals import prompting
from backend.signals.help import Offer, also_tells
from backend.signals.schemas import Prompt
from backend.work import Work


@also_tells
def keep(work: Work, offer: Offer) -> None:
    """Help is offered: a row of it, under the id that the app was told."""
    prompt, due, started_at = offer.prompt, offer.due, offer.live.visit.started_at
    row = Notification(
        id=prompt.id,
        customer_id=offer.live.person.customer_id,
        cause=prompt.cause,
        action=prompt.action,
        text=prompt.text,
        rule_kind=due.kind,
        rule=due.rule,
        rule_version=due.version,
        why=due.why[:400],
        visit_started_at=None if started_at is None else from_micros(started_at),
        state="OFFERED",
        offered_at=work.now,
    )
    _record(work, row, events.NotificationOffered)


def offer_standing(
    work: Work, customer_id: str, text: str, *, cause: str, rule: str, version: int, why: str
) -> Notification:
    """Something to tell a customer as soon as they are in the app, whenever that is: it belongs to no visit.

    `rule` is what said so, of the kind STANDING. It is shown once, and never to a customer who wants to be left alone.
    """
    live = prompting.hold(work, customer_id)
    row = Notification(
        customer_id=live.person.customer_id,
        cause=cause,
        action="NOTICE",
        text=text,
        rule_kind=STANDING,
        rule=rule,
        rule_version=version,
        why=why[:400],
        visit_started_at=None,
        state="OFFERED",
        offered_at=work.now,
    )
    _record(work, row, events.NotificationOffered)
    return row


def trigger(work: Work, body: NotificationTrigger) -> TriggerAnswer:
    """Offer what the rules have for the customer right now, or say why there is nothing."""
    live = prompting.hold(work, body.user_id)
    made = prompting.trigger(work, live, body.cause)
    if isinstance(made, str):
        return TriggerAnswer.model_validate({"reason": made})
    return TriggerAnswer(notification=_of(work, made.prompt))


def _of(work: Work, prompt: Prompt) -> NotificationRead:
    row = work.get(Notification, prompt.id)
    return shown(row, work.session.get_one(Customer, row.customer_id))


def list_of(work: Work, user_id: str, *, after: int | None, limit: int) -> NotificationPage:
    """What is to be shown now, and what became of others lately; NotFound for a customer we do not know."""
    customer = customers.find_customer(work, user_id)
    return changes(work, customer, after, limit)


def changes(work: Work, customer: Customer, after: int | None, limit: int) -> NotificationPage:
    """What happened to the customer's notifications after a seq."""
    prompts, is_left_alone = prompting.prompts_now(work, customer)
    rows = repository.changed(work.session, work.business_id, customer.id, after, limit)
    standing = repository.standing(work.session, work.business_id, customer.id)
    to_show = [] if is_left_alone else [*standing, *repository.unshown(work.session, work.business_id, prompts)]
    return NotificationPage(
        items=[shown(row, customer, prompts) for row in rows],
        to_show=[row.id for row in to_show],
        after=rows[-1].seq if rows else after or 0,
    )


def see(work: Work, id: str) -> NotificationRead:
    """The app has shown it. Told again, or after the customer's answer, it changes nothing."""
    row, customer = _held(work, id)
    if row.state == "OFFERED":
        row.state, row.seen_at = "SEEN", work.now
        _record(work, row, events.NotificationSeen)
    return shown(row, customer)


def accept(work: Work, id: str) -> NotificationRead:
    """The customer wants the help, in their visit or after it. Conflict when they dismissed it."""
    row, customer = _held(work, id)
    if row.state == "DISMISSED":
        raise Conflict("The customer dismissed this offer.", code="NOTIFICATION_DISMISSED", id=id)
    if row.state != "ACCEPTED":
        _decide(work, row, "ACCEPTED", events.NotificationAccepted)
    return shown(row, customer)


def suppress(work: Work, user_id: str, body: Suppress) -> Suppressed:
    """The customer wants no help: what they have not decided about is dismissed, and nothing is offered for a while."""
    live = prompting.hold(work, user_id)
    customer = work.session.get_one(Customer, live.person.customer_id)
    rows = repository.undecided(work.session, work.business_id, customer.id)
    if body.notification_id is not None:
        told = work.get(Notification, body.notification_id)
        if told.customer_id != customer.id:
            raise NotFound(f"There is no notification {told.id!r} of this customer.", id=told.id)
        rows = [row for row in rows if row.id == told.id]
    prompting.mark_shown(work, live, {row.id for row in rows})
    until = prompting.leave_alone(work, live, body.seconds)
    for row in rows:
        _decide(work, row, "DISMISSED", events.NotificationDismissed)
    return Suppressed(user_id=customer.external_id, suppressed_until=until, dismissed=[row.id for row in rows])


def accepted_at(work: Work, seq: int) -> tuple[Notification, Customer] | None:
    """The notification whose acceptance is the event at `seq`, held to be settled; None when it is erased or settled."""
    (event,) = log.after(work.session, work.business_id, seq - 1, 1)
    if work.session.get(Notification, event.subject_id) is None:
        return None
    row, customer = _held(work, event.subject_id)
    return None if row.incidence_id is not None else (row, customer)


def _held(work: Work, id: str) -> tuple[Notification, Customer]:
    """A notification and its customer, whom nobody else changes until the end. By then it has been shown somewhere."""
    row = work.get(Notification, id)
    live = prompting.hold(work, row.customer_id)
    work.session.refresh(row)  # it may have been decided while we waited
    prompting.mark_shown(work, live, {row.id})
    return row, work.session.get_one(Customer, row.customer_id)


def _decide(work: Work, row: Notification, state: str, event: type[Event]) -> None:
    row.state, row.decided_at, row.seen_at = state, work.now, row.seen_at or work.now
    _record(work, row, event)


def _record(work: Work, row: Notification, event: type[Event]) -> None:
    """Finish a verb: the event tells the state after it, in the story of the customer's open case if there is one."""
    row.seq = work.next_seq()
    work.add(row)
    state = shown(row, work.session.get_one(Customer, row.customer_id)).model_dump(mode="json", by_alias=True)
    data: dict[str, Any] = {"cause": row.cause, "text": row.text, "why": row.why}
    if event is not events.NotificationOffered:
        data["offeredAt"] = instant(row.offered_at)
    case_id = row.incidence_id or open_case_of(work, row.customer_id)
    work.emit(event(subject_id=row.id, customer_id=row.customer_id, incidence_id=case_id, state=state, data=data))


def shown(row: Notification, customer: Customer, prompts: Collection[str] | None = None) -> NotificationRead:
    """`row` as it goes over the wire. `prompts` are those of the visit: an offer of none of them has expired."""
    fields = {name: getattr(row, name) for name in NotificationRead.model_fields if name != "user_id"}
    if prompts is not None and row.state in UNDECIDED and row.id not in prompts and row.rule_kind != STANDING:
        fields["state"] = "EXPIRED"
    return NotificationRead(user_id=customer.external_id, **fields)
