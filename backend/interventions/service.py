"""Interventions: begun from a risk, by a playbook or by hand, changed, finished, and told of when they are late."""

from datetime import datetime
from typing import Any

from pydantic.alias_generators import to_camel
from sqlalchemy import ColumnElement, Row

from backend.core import cursor as cursors
from backend.core.clock import instant
from backend.core.errors import Invalid, NotFound, StaleVersion, Unprocessable
from backend.customers import service as customers
from backend.customers.models import Customer
from backend.events import log
from backend.events.event import Event
from backend.events.feed import frame_of
from backend.identity.models import Member
from backend.interventions import events, repository
from backend.interventions.models import Intervention
from backend.interventions.repository import UNFINISHED
from backend.interventions.schemas import InterventionChange, InterventionCreate, Order
from backend.risk import service as risk
from backend.work import Work

State = dict[str, Any]
_FIELDS = {"due_date": "due_at"}
"""Fields that are called otherwise in the table."""
_CHANGES = [
    events.InterventionChanged.type,
    events.InterventionCompleted.type,
    events.InterventionCancelled.type,
]


def list_interventions(
    work: Work,
    *,
    status: str | None = None,
    assignee: str | None = None,
    customer: str | None = None,
    overdue: bool = False,
    sort: Order = "due",
    cursor: str | None = None,
    limit: int = 50,
) -> State:
    """InterventionPage data. `assignee` is me, none or a member's id; `overdue` those that are late and not done."""
    after = cursors.decode(cursor)
    if after is not None and not repository.is_cursor(sort, after):
        raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
    where: list[ColumnElement[bool]] = []
    if status is not None:
        where.append(Intervention.status.in_(UNFINISHED if status == "unfinished" else (status,)))
    if assignee is not None:
        wanted = {"me": work.actor.id, "none": None}.get(assignee, assignee)
        where.append(Intervention.assignee_id == wanted)
    if customer is not None:
        where.append(Intervention.customer_id == customers.find_customer(work, customer).id)
    if overdue:
        where += [Intervention.status.in_(UNFINISHED), Intervention.due_at < work.now]
    as_of = log.head_of(work.session, work.business_id)
    rows = repository.page(work.session, work.business_id, where=where, sort=sort, after=after, limit=limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    place = None if last is None else [last.due, last.Intervention.id] if sort == "due" else [last.Intervention.id]
    unfinished, late = repository.counts(work.session, work.business_id, work.now)
    return {
        "items": [_state(row) for row in rows[:limit]],
        "nextCursor": cursors.encode(place),
        "asOf": as_of,
        "unfinished": unfinished,
        "overdue": late,
    }


def show_intervention(work: Work, id: str) -> State:
    """InterventionRead data; NotFound otherwise."""
    row = repository.one(work.session, work.business_id, id)
    if row is None:
        raise NotFound(f"There is no intervention {id!r} here.", id=id)
    return _state(row)


def create(work: Work, body: InterventionCreate, *, execution_id: str | None = None, playbook: str = "") -> State:
    """Begin one: InterventionRead data. A playbook gives its execution's id and its own name.

    NotFound without such a customer, Unprocessable for an assignee who does not work here. Without a type it is a call.
    """
    customer = _held(work, body.customer_id)
    assignee_id = _assignee(work, body.assignee_id)
    given: State = {"description": body.description, "next_action": body.next_action, "priority": body.priority}
    origin, cause_id = ("HAND", None) if execution_id is None else ("PLAYBOOK", execution_id)
    cause: State = {} if execution_id is None else {"playbook": playbook}
    if body.from_risk:
        known = risk.refresh_risk(work, customer.id)
        chance = repository.probability(work.session, work.business_id, customer.id)
        given["description"] = body.description or "; ".join(known.factors)
        given["next_action"] = body.next_action or known.suggested_action
        given["priority"] = body.priority or known.level
        cause |= {
            "score": known.score,
            "level": known.level,
            "factors": known.factors,
            "suggestedAction": known.suggested_action,
            "ruleVersion": known.rule_version,
            "churnProbability": chance,
        }
        if execution_id is None:
            origin, cause_id = "RISK", repository.latest_score(work.session, work.business_id, customer.id)
    row = work.add(
        Intervention(
            customer_id=customer.id,
            type=body.type or "call",
            status=body.status,
            priority=given["priority"] or "medium",
            assignee_id=assignee_id,
            description=given["description"],
            next_action=given["next_action"],
            notes=body.notes,
            due_at=body.due_date,
            origin=origin,
            cause_id=cause_id,
            cause=cause,
            created_by=work.actor.id if work.actor.kind == "member" else None,
            created_at=work.now,
            updated_at=work.now,
        )
    )
    _remind_when_due(work, row)
    return _tell(
        work, row, events.InterventionOpened, {"origin": row.origin, "type": row.type, "priority": row.priority}
    )


def change(work: Work, id: str, body: InterventionChange) -> State:
    """Change the fields given: InterventionRead data. StaleVersion, with the current one, when another was seen.

    Unprocessable for an outcome of what is not completed. Opened again, it has no outcome any more.
    """
    row = _locked(work, id)
    if body.version != row.version:
        raise StaleVersion(
            f"This intervention is at version {row.version}; you saw {body.version}. Look at it and try again.",
            current=show_intervention(work, id),
            since=_changes_since(work, row, body.version),
        )
    given = body.model_dump(exclude_unset=True, exclude={"version"})
    for name in ("type", "status", "priority", "description", "next_action", "notes"):
        if given.get(name, "") is None:
            raise Invalid(f"{name}: cannot be null", field=name)
    if "assignee_id" in given:
        given["assignee_id"] = _assignee(work, given["assignee_id"])
    status = given.get("status", row.status)
    if given.get("outcome") is not None and status != "completed":
        raise Unprocessable(
            "Only a completed intervention has an outcome. Complete it with the same change.", code="NOT_COMPLETED"
        )
    if status != row.status:
        is_over = status not in UNFINISHED
        given["completed_at"] = work.now if is_over else None
        if status != "completed":
            given["outcome"] = None
    given = {_FIELDS.get(name, name): value for name, value in given.items()}
    before = {name: getattr(row, name) for name in given}
    changes = {name: [before[name], value] for name, value in given.items() if before[name] != value}
    if not changes:
        return show_intervention(work, id)
    for name, (_, value) in changes.items():
        setattr(row, name, value)
    row.version, row.updated_at = row.version + 1, work.now
    work.session.flush()
    if {"due_at", "status"} & changes.keys():
        _remind_when_due(work, row)
    kind: type[Event] = events.InterventionChanged
    if "status" in changes:
        ends = {"completed": events.InterventionCompleted, "cancelled": events.InterventionCancelled}
        kind = ends.get(row.status, kind)
    data: State = {
        "version": row.version,
        "changes": {_wire(name): [_plain(one) for one in pair] for name, pair in changes.items()},
    }
    if kind is events.InterventionCompleted:
        data["outcome"] = row.outcome
    return _tell(work, row, kind, data)


def remind(work: Work, id: str) -> None:
    """Tell that it is overdue, once for each due instant, when it is late and not done."""
    row = work.session.get(Intervention, id, with_for_update=True)
    if row is None or row.status not in UNFINISHED or row.due_at is None or row.reminded_for == row.due_at:
        return
    if row.due_at > work.now:
        _remind_when_due(work, row)
        return
    row.reminded_for = row.due_at
    work.session.flush()
    _tell(work, row, events.InterventionOverdue, {"dueDate": instant(row.due_at), "type": row.type})


def end_with_customer(work: Work, row: Intervention) -> None:
    """The customer was erased: nothing is left of the words, and nothing to do."""
    row.description = row.next_action = row.notes = ""
    row.cause = {name: value for name, value in row.cause.items() if name not in ("factors", "suggestedAction")}
    was, row.version, row.updated_at = row.status, row.version + 1, work.now
    if was in UNFINISHED:
        row.status, row.completed_at = "cancelled", work.now
        work.cancel(_key(row))
    work.session.flush()
    kind = events.InterventionCancelled if was in UNFINISHED else events.InterventionChanged
    _tell(work, row, kind, {"changes": {}, "reason": "the customer was erased"})


def _held(work: Work, id: str) -> Customer:
    """The customer, whom nobody erases until this unit ends."""
    customer = customers.find_customer(work, id)
    work.session.refresh(customer, with_for_update={"read": True, "key_share": True})
    if customer.erased_at is not None:
        raise NotFound(f"There is no customer {id!r} here.", id=id)
    return customer


def _locked(work: Work, id: str) -> Intervention:
    row = work.session.get(Intervention, id, with_for_update=True, populate_existing=True)
    if row is None or row.business_id != work.business_id:
        raise NotFound(f"There is no intervention {id!r} here.", id=id)
    return row


def _assignee(work: Work, id: str | None) -> str | None:
    """The member's id; Unprocessable for somebody who does not work here."""
    if id is None:
        return None
    wanted = work.actor.id if id == "me" and work.actor.kind == "member" else id
    member = work.session.get(Member, wanted)
    if member is None or member.business_id != work.business_id or member.removed_at is not None:
        raise Unprocessable("There is no such member here to give it to.", code="UNKNOWN_MEMBER", field="assigneeId")
    return member.id


def _key(row: Intervention) -> str:
    return f"intervention:{row.id}"


def _remind_when_due(work: Work, row: Intervention) -> None:
    if row.due_at is None or row.status not in UNFINISHED or row.reminded_for == row.due_at:
        work.cancel(_key(row))
    else:
        work.enqueue("interventions.remind", at=row.due_at, key=_key(row), intervention_id=row.id)


def _tell(work: Work, row: Intervention, kind: type[Event], data: State) -> State:
    state = show_intervention(work, row.id)
    work.emit(kind(subject_id=row.id, customer_id=row.customer_id, state=state, data=data))
    return state


def _changes_since(work: Work, row: Intervention, version: int) -> list[State]:
    """What happened to it after the version that the caller saw, the newest first."""
    about = {"customer_id": row.customer_id, "subject_id": row.id}
    rows = log.latest(work.session, work.business_id, seen=_CHANGES, before=None, limit=20, **about)
    frames = map(frame_of, rows)
    return [
        {key: frame[key] for key in ("seq", "type", "actor", "at", "data")}
        for frame in frames
        if (frame["data"] or {}).get("version", 0) > version
    ]


def _wire(name: str) -> str:
    return "dueDate" if name == "due_at" else to_camel(name)


def _plain(value: Any) -> Any:
    return instant(value) if isinstance(value, datetime) else value


def _state(found: Row[Any]) -> State:
    """InterventionRead data."""
    row: Intervention = found.Intervention
    return {
        "id": row.id,
        "version": row.version,
        "customerId": row.customer_id,
        "userId": found.external_id,
        "customerName": found.name,
        "type": row.type,
        "status": row.status,
        "priority": row.priority,
        "assigneeId": row.assignee_id,
        "assigneeName": found.assignee,
        "description": row.description,
        "nextAction": row.next_action,
        "notes": row.notes,
        "dueDate": row.due_at and instant(row.due_at),
        "outcome": row.outcome,
        "origin": row.origin,
        "causeId": row.cause_id,
        "cause": row.cause,
        "createdBy": row.created_by,
        "createdAt": instant(row.created_at),
        "updatedAt": instant(row.updated_at),
        "completedAt": row.completed_at and instant(row.completed_at),
    }
