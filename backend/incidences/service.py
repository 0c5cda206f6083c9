"""Incidences: opened, taken, answered, changed, closed. Every verb ends in one event whose state is the incidence."""

from datetime import datetime
from typing import Any

from backend.core.clock import instant
from backend.core.errors import Conflict, Forbidden, Invalid, NotFound, StaleVersion, Unprocessable
from backend.core.money import to_major, to_minor
from backend.customers import service as customers
from backend.customers.models import Customer
from backend.events import log
from backend.events.event import Event
from backend.events.feed import frame_of
from backend.identity.models import Member, User
from backend.identity.service import currency_of
from backend.incidences import carrying, churn, events, guards, ladder, owners, repository, sla, sla_policy, timers
from backend.incidences.models import Incidence
from backend.incidences.numbering import next_number
from backend.incidences.queue_rank import rank
from backend.incidences.routing import judged, route
from backend.incidences.schemas import IncidenceChange, IncidenceOpen, MessageSend, Take
from backend.incidences.state import state_of
from backend.rules import service as rules
from backend.work import Work

State = dict[str, Any]
_SNIPPET = 140


def incidence_of(work: Work, id_or_ref: str, *, to_change: bool = False) -> Incidence:
    """The incidence by id or ref; NotFound otherwise. `to_change` keeps others from changing it until the end."""
    row = repository.find(work.session, work.business_id, id_or_ref, lock=to_change)
    if row is None:
        raise NotFound(f"There is no incidence {id_or_ref!r} here.", id=id_or_ref)
    return row


def read_incidence(work: Work, id_or_ref: str) -> State:
    """The incidence as IncidenceRead data."""
    return shown(work, incidence_of(work, id_or_ref))


def shown(work: Work, row: Incidence) -> State:
    """`row` as IncidenceRead data, with its customer and agent looked up."""
    customer = customers.brief(work.session.get_one(Customer, row.customer_id)).model_dump(mode="json", by_alias=True)
    agent = work.session.get(Member, row.agent_id) if row.agent_id else None
    name = work.session.get_one(User, agent.user_id).name if agent else None
    score = churn.score_of(work, row.customer_id)
    return state_of(row, customer, name, currency_of(work), ladder.told(work, row), score)


def record(
    work: Work, row: Incidence, event: type[Event], data: State, *, occurred_at: datetime | None = None
) -> State:
    """Finish a verb: the row gets its next version and seq, and the event carries the state after it."""
    row.version = (row.version or 0) + 1
    row.updated_at, row.last_seq = work.now, work.next_seq()
    if event in (events.MessageReceived, events.MessageSent):
        row.last_message_seq = row.last_seq
    row.queue_rank = rank(row.status, row.priority, row.waiting_since, row.created_at)
    sla.follow(work, row, event, occurred_at)
    if row not in work.session:
        work.add(row)
    work.session.flush()
    state = shown(work, row)
    work.emit(
        event(
            subject_id=row.id,
            incidence_id=row.id,
            customer_id=row.customer_id,
            state=state,
            data=data,
            occurred_at=occurred_at,
        )
    )
    carrying.carry(work, row, event)
    owners.follow(work, row, event)
    return state


def open_incidence(
    work: Work,
    body: IncidenceOpen,
    *,
    platform: str | None = None,
    is_answered_anyway: bool = False,
    friction: int | None = None,
) -> State:
    """Open a case for a customer (made if new), routed by the rules in force.

    `is_answered_anyway`: the customer already writes to us, so chat is allowed whatever the order is worth.
    """
    customer = customers.ensure_customer(work, body.user_id)
    number, currency = next_number(work)
    kinds = "routing", "escalation", sla_policy.KIND, owners.KIND
    routing, escalation, promised, assignment = rules.current_of(work, *kinds)
    verdict = judged(routing, work.now, body.order_value, body.event_type)
    channels = verdict.channels or (["CHAT"] if is_answered_anyway else [])
    escalate_at = verdict.escalate_at if channels else None
    row = Incidence(
        number=number,
        customer_id=customer.id,
        status="OPEN",
        version=0,
        priority=verdict.priority if verdict.channels or not is_answered_anyway else 3,
        summary=body.summary or _summary(body),
        allowed_channels=channels,
        routing=verdict.why,
        is_self_serve=not channels,
        auto_escalate_at=escalate_at,
        climb_at=timers.unresolved_at(work, escalation) if channels else None,
        friction_score=friction,
        platform=platform,
        order_value=None if body.order_value is None else to_minor(body.order_value, currency),
        waiting_since=work.now if channels else None,
        created_at=work.now,
        reopen_count=0,
        last_message_seq=0,
        **body.model_dump(exclude={"user_id", "order_value", "summary"}),
    )
    sla.begin(work, row, customer.tier, promised)
    state = record(work, row, events.IncidenceOpened, {"routing": verdict.why, "channels": channels})
    timers.set_first(work, row)
    owners.look_for_one(work, row, assignment)
    return state


def _summary(body: IncidenceOpen) -> str:
    words = [body.issue_category, body.event_type, f"on {body.app_screen}" if body.app_screen else None]
    said = " ".join(word.replace("_", " ").lower() for word in words if word)
    return (said[:1].upper() + said[1:]) or (
        "Needs help" if body.trigger == "USER_INITIATED" else "Struggling in the app"
    )


_CHANGES = log.EVENTS.type.like("incidence.%") & (log.EVENTS.type != "incidence.action_denied")


def expect(work: Work, row: Incidence, version: int | None) -> None:
    """StaleVersion, with the current row and what happened since, unless `version` is the row's."""
    if version is None or version == row.version:
        return
    newer = max(1, min(row.version - version, 20))  # each version is one event
    entries = log.of_incidence(work.session, work.business_id, row.id, None, newer, _CHANGES)
    since = [frame_of(entry) for entry in entries]
    last = since[-1]["actor"]["name"] if since else "Somebody"
    raise StaleVersion(
        f"{last} changed INC-{row.number} meanwhile. Look at it as it is now and try again.",
        current=shown(work, row),
        since=[{key: entry[key] for key in ("seq", "type", "actor", "at", "data")} for entry in since],
    )


def take(work: Work, id: str, body: Take) -> State:
    """Claim a case that nobody has. Conflict, with who has it, otherwise; taking one's own again changes nothing."""
    row = incidence_of(work, id, to_change=True)
    me = work.actor.id
    if row.agent_id == me:
        return shown(work, row)
    if row.agent_id is not None:
        state = shown(work, row)
        raise Conflict(
            f"{state['agentName']} has taken {state['ref']}.",
            code="ALREADY_TAKEN",
            agentId=row.agent_id,
            agentName=state["agentName"],
            current=state,
        )
    if row.status == "CLOSED":
        raise Unprocessable(f"INC-{row.number} is closed. Reopen it first.", code="INCIDENCE_CLOSED")
    expect(work, row, body.version)
    over = owners.over_capacity(work, require_staff(work))
    row.agent_id = me
    return record(work, row, events.IncidenceTaken, {"agentId": [None, me]} | over)


def send_message(work: Work, /, id: str, body: MessageSend, **more: Any) -> State:
    """Answer the customer, and tell `more`. Stopped once, with what arrived, when the writer had not seen the newest."""
    row = incidence_of(work, id, to_change=True)
    if row.merged_into is not None:
        raise merged(row)
    if row.status == "CLOSED":
        raise Unprocessable(f"INC-{row.number} is closed. Reopen it to write.", code="INCIDENCE_CLOSED")
    if body.last_seen_seq < row.last_message_seq:
        entries = [
            frame_of(entry)
            for entry in log.of_incidence(
                work.session, work.business_id, row.id, None, 50, merged=[one["incidenceId"] for one in row.merged_from]
            )
            if entry.seq > body.last_seen_seq and entry.type in MESSAGE_TYPES
        ]
        raise Conflict(
            "Something arrived while you wrote. Read it, then send again.",
            code="STALE_CONVERSATION",
            current=shown(work, row),
            since=entries,
        )
    if row.first_response_at is None:
        row.first_response_at = work.now
    row.waiting_since = None
    if row.status in ("OPEN", "SNOOZED"):
        _wake(work, row)
        row.status = "WAITING"
    row.last_message = {"text": body.text[:_SNIPPET], "by": "agent", "at": instant(work.now)}
    via = {"via": row.platform} if carrying.ties_of(work, row) else {}
    return posted(work, record(work, row, events.MessageSent, {"text": body.text} | via | more))


MESSAGE_TYPES = (events.MessageReceived.type, events.MessageSent.type)


def receive_message(
    work: Work,
    row: Incidence,
    text: str,
    data: State,
    occurred_at: datetime | None = None,
    *,
    is_newest: bool = True,
    may_reopen: bool = True,
) -> State:
    """The customer wrote: the case waits for us again, whether it waited for them, slept or was closed.

    A message that comes late is told all the same: `is_newest` is False when a newer one was told before it, and
    `may_reopen` is False when the conversation was closed after it was written.
    """
    if row.status == "CLOSED":
        if may_reopen:
            _reopen(work, row)
            row.status = "OPEN" if is_newest else "WAITING"
            row.waiting_since = work.now if is_newest else None
    elif is_newest:
        _wake(work, row)
        row.status = "OPEN"
        row.waiting_since = row.waiting_since or work.now
    if is_newest:
        row.last_message = {"text": text[:_SNIPPET], "by": "customer", "at": instant(occurred_at or work.now)}
    return record(work, row, events.MessageReceived, {"text": text, **data}, occurred_at=occurred_at)


def posted(work: Work, state: State) -> State:
    """What a message or note answers."""
    return {"incidence": state, "seq": work.emitted[-1].seq, "id": work.emitted[-1].id}


def change_incidence(work: Work, id: str, body: IncidenceChange) -> State:
    """Change what `body` names. The verb follows from it: close, reopen, snooze, assign, set status, or edit."""
    row = incidence_of(work, id, to_change=True)
    expect(work, row, body.version)
    wanted = {name: getattr(body, name) for name in body.model_fields_set - {"version", "reason"}}
    if not wanted:
        raise Invalid("Nothing to change: name at least one field beside `version`.", field="body")
    guards.ask(work, row, wanted)
    return apply(work, row, wanted, reason=body.reason)


_NEVER_EMPTY = ("status", "priority", "summary", "user_inputs", "selected_items", "labels")


def apply(work: Work, row: Incidence, wanted: State, **said: Any) -> State:
    """Apply `wanted` (fields of IncidenceChange) to `row`; record it, with what is `said` of it, as what it amounts to."""
    if empty := [name for name in _NEVER_EMPTY if name in wanted and wanted[name] is None]:
        raise Invalid(f"{empty[0]}: cannot be empty", field=empty[0])
    if wanted.get("order_value") is not None:
        wanted["order_value"] = to_minor(wanted["order_value"], currency_of(work))
    if "labels" in wanted:
        wanted["labels"] = sorted(set(wanted["labels"]))
    over = owners.check(work, row, wanted["agent_id"]) if "agent_id" in wanted else {}
    before, level = {name: getattr(row, name) for name in wanted}, row.escalation_level
    event = _change_status(work, row, wanted)
    for name, value in wanted.items():
        if name not in ("status", "outcome", "snoozed_until"):
            setattr(row, name, value)
    if event is None:
        event = events.IncidenceAssigned if "agent_id" in wanted else events.IncidenceChanged
    if {"order_value", "event_type"} & wanted.keys():
        _route_again(work, row)
    changes = {name: [_plain(work, name, one) for one in (before[name], getattr(row, name))] for name in wanted}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if not changes:
        return shown(work, row)
    if row.escalation_level != level:
        changes["escalation_level"] = [level, row.escalation_level]
    return record(
        work, row, event, {"changes": changes} | {name: value for name, value in said.items() if value} | over
    )


def _change_status(work: Work, row: Incidence, wanted: State) -> type[Event] | None:
    status, outcome = wanted.get("status"), wanted.get("outcome")
    if row.merged_into is not None and {"status", "outcome", "snoozed_until"} & wanted.keys():
        raise merged(row)
    if outcome is not None or status == "CLOSED":
        if status not in (None, "CLOSED"):
            raise Unprocessable("An outcome closes the case, so its status cannot be another.", code="STATUS_CONFLICT")
        return _close(work, row, outcome or "RESOLVED")
    if "outcome" in wanted and row.outcome is not None and status is None:
        raise Unprocessable("To take the outcome back, reopen: set status to OPEN.", code="STATUS_CONFLICT")
    if status == "SNOOZED" or wanted.get("snoozed_until"):
        return _snooze(work, row, status, wanted.get("snoozed_until"))
    if status is None:
        return None
    if row.status == "CLOSED":
        if status != "OPEN":
            raise Unprocessable(
                f"INC-{row.number} is closed. Reopen it first: set status to OPEN.", code="INCIDENCE_CLOSED"
            )
        _reopen(work, row)
        row.status, row.waiting_since = "OPEN", work.now
        return events.IncidenceReopened
    if status == row.status:
        return None
    _wake(work, row)
    row.status = status
    row.waiting_since = (row.waiting_since or work.now) if status == "OPEN" else None
    return events.StatusChanged


def _close(work: Work, row: Incidence, outcome: str) -> type[Event] | None:
    if row.status == "CLOSED":
        if row.outcome == outcome:
            return None
        row.outcome = outcome
        return events.IncidenceChanged
    _wake(work, row)
    row.status, row.outcome, row.resolved_at = "CLOSED", outcome, work.now
    row.time_to_resolve = round((work.now - row.created_at).total_seconds())
    row.waiting_since = None
    timers.cancel(work, row)
    ladder.end(work, row, "RESOLVED")
    return events.IncidenceClosed


def _reopen(work: Work, row: Incidence) -> None:
    row.outcome = row.resolved_at = row.time_to_resolve = None
    row.reopen_count += 1
    timers.climb_when_unresolved(work, row)


def _snooze(work: Work, row: Incidence, status: str | None, until: datetime | None) -> type[Event]:
    if status not in (None, "SNOOZED"):
        raise Unprocessable("A snoozed case has the status SNOOZED.", code="STATUS_CONFLICT")
    if row.status == "CLOSED":
        raise Unprocessable(f"INC-{row.number} is closed. Reopen it first.", code="INCIDENCE_CLOSED")
    if until is None or until.tzinfo is None:
        raise Invalid("snoozedUntil: say until when, with a time zone", field="snoozedUntil")
    if until <= work.now:
        raise Unprocessable("snoozedUntil lies in the past.", code="SNOOZE_IN_PAST", field="snoozedUntil")
    row.status, row.snoozed_until = "SNOOZED", until
    timers.wake_later(work, row, until)
    return events.IncidenceSnoozed


def _wake(work: Work, row: Incidence) -> None:
    """Whatever happens to a snoozed case ends its sleep."""
    if row.snoozed_until is not None:
        row.snoozed_until = None
        work.cancel(f"snooze:{row.id}")


def end_snooze(work: Work, incidence_id: str) -> None:
    """The snooze is over: back into the queue, if it still sleeps and its time has come."""
    row = incidence_of(work, incidence_id, to_change=True)
    if row.status == "SNOOZED" and row.snoozed_until is not None and row.snoozed_until <= work.now:
        row.snoozed_until, row.status = None, "OPEN"
        row.waiting_since = row.waiting_since or work.now
        record(work, row, events.SnoozeEnded, {})


def _route_again(work: Work, row: Incidence) -> None:
    currency = currency_of(work)
    verdict = route(work, None if row.order_value is None else to_major(row.order_value, currency), row.event_type)
    # A change of the order may open channels; it never takes away one that the customer was told of.
    row.allowed_channels = sorted({*row.allowed_channels, *verdict.channels}, key=("CHAT", "CALL").index)
    row.routing, was_self_serve, row.is_self_serve = verdict.why, row.is_self_serve, not row.allowed_channels
    if was_self_serve and not row.is_self_serve and row.status == "OPEN":  # from now on somebody waits for us
        row.waiting_since, row.auto_escalate_at = work.now, verdict.escalate_at
        timers.escalate_channel_later(work, row)
        timers.climb_when_unresolved(work, row)


def merged(row: Incidence) -> Unprocessable:
    """A merged case is worked on in the one that it is part of."""
    into = row.merged_into or {}
    said = f"INC-{row.number} is part of {into.get('ref')} now. Work on that one, or undo the merge."
    return Unprocessable(said, code="INCIDENCE_MERGED", mergedInto=into)


def _plain(work: Work, name: str, value: Any) -> Any:
    if name == "order_value" and value is not None:
        return to_major(value, currency_of(work))
    return instant(value) if isinstance(value, datetime) else value


def require_staff(work: Work) -> str:
    """The acting member's id; Forbidden for anybody else."""
    if work.actor.kind != "member" or work.actor.id is None:
        raise Forbidden("This is for signed-in members.", code="STAFF_ONLY")
    return work.actor.id
