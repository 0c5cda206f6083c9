"""Which events concern whom: each cause answers the alerts it raises and the kinds that it settles.

What comes by the thousand is in `following`. Readings of an event and its case; who has muted what, and who works here, is the service's affair.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from backend.agent import events as agent
from backend.agent.models import Approval
from backend.alerts.schemas import Kind, Severity
from backend.billing import events as billing
from backend.billing.models import SubscriptionChange
from backend.events.event import REGISTRY, Event
from backend.identity.permissions import ROLES, TABLE
from backend.incidences import events, ladder, watching
from backend.incidences.bulk_schemas import BulkRead
from backend.incidences.models import Escalation, Incidence
from backend.incidences.sla_policy import policy_of
from backend.rules import service as rules
from backend.work import Work


@dataclass(frozen=True, slots=True)
class Notice:
    """What an event is to some: a kind, in words, to members by id or to everybody of some roles."""

    kind: Kind
    message: str
    members: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    severity: Severity = "info"
    who: str = ""
    """The customer, by the id that the business gave them: only for words that leave the house."""
    level: str = ""
    """Of risk: the level now."""
    has_risen: bool = False
    value: int | None = None
    """What the customer pays a month, in minor units."""


@dataclass(frozen=True, slots=True)
class Cause:
    """All that comes of an event. Of several notices to one member only the first counts."""

    notices: tuple[Notice, ...] = ()
    settles: tuple[Kind, ...] = ()
    """Kinds about this case that nobody needs to look at any more."""
    at: datetime | None = None
    """Not before then: a warning waits for the business to open."""


Read = Callable[[Work, Any, dict[str, Any], str], Cause]
"""(work, the event's row, its data, who did it) -> what comes of it."""


def _words(level: Any) -> str:
    return str(level).replace("_", " ").lower()


def _members(ids: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(id for id in ids if id)


def roles_from(least: str) -> tuple[str, ...]:
    """The roles from one on."""
    return ROLES[ROLES.index(least) :]


def _watched(work: Work, row: Any, message: str) -> Notice:
    return Notice("WATCHED", message, tuple(watching.watchers_of(work, row.incidence_id)))


def _escalated(work: Work, row: Any, data: dict[str, Any], by: str) -> Cause:
    level = data["level"][1]
    roles = ladder.takers(rules.current(work, "escalation"), level)
    message = f"handed up to {_words(level)}: {data['why']}"
    notice = Notice("ESCALATED", message, roles=roles, severity="warning")
    return Cause((notice, _watched(work, row, message)))


def _answered(did: str) -> Read:
    def read(work: Work, row: Any, data: dict[str, Any], by: str) -> Cause:
        escalation = work.session.get_one(Escalation, data["escalationId"])
        message = f"{by} {did} at {_words(data['level'])}"
        notice = Notice("ESCALATION_ANSWERED", message, _members([escalation.raised_by]))
        return Cause((notice, _watched(work, row, message)), settles=("ESCALATED",))

    return read


def _assigned(work: Work, row: Any, data: dict[str, Any], by: str) -> Cause:
    _, now = data["changes"].get("agent_id", (None, None))
    return Cause((Notice("ASSIGNED", f"{by} gave it to you", _members([now])),))


def _many(work: Work, row: Any, data: dict[str, Any], by: str) -> Cause:
    """A verb on many cases went on; who got them hears of it once it is through."""
    bulk = BulkRead.model_validate(row.state)
    if bulk.state != "DONE" or bulk.verb != "assign" or not bulk.done:
        return Cause()
    message = f"{by} gave you {bulk.done} cases" if bulk.done > 1 else f"{by} gave you a case"
    return Cause((Notice("ASSIGNED", message, _members([bulk.args.get("agentId")])),))


def _noted(work: Work, row: Any, data: dict[str, Any], by: str) -> Cause:
    named = Notice("MENTIONED", f"{by} named you in a note", _members(data.get("mentions", ())), severity="warning")
    return Cause((named, _watched(work, row, f"{by} wrote a note")))


def _warned(work: Work, row: Any, data: dict[str, Any], by: str) -> Cause:
    """The owner of the case, once the business is open; nobody when it is over by then."""
    if work.session.get_one(Incidence, row.incidence_id).status == "CLOSED":
        return Cause()
    opens = policy_of(work).hours.calendar.opening(work.now)
    return replace(_warned_then(work, row, data, by), at=opens)


def _warned_then(work: Work, row: Any, data: dict[str, Any], by: str) -> Cause:
    case = work.session.get_one(Incidence, row.incidence_id)
    message = f"{_words(data['target'])} is due soon"
    return Cause((Notice("SLA_WARNED", message, _members([case.agent_id]), severity="warning"),))


def _breached(work: Work, row: Any, data: dict[str, Any], by: str) -> Cause:
    case = work.session.get_one(Incidence, row.incidence_id)
    message = f"{_words(data['target'])} was missed"
    roles = roles_from("supervisor")
    notice = Notice("SLA_BREACHED", message, _members([case.agent_id]), roles, severity="danger")
    return Cause((notice,), settles=("SLA_WARNED",))


def _asked(work: Work, row: Any, data: dict[str, Any], by: str) -> Cause:
    message = f"{by} asks for {_words(data['action'])}"
    roles = roles_from(TABLE["POST", "/approvals/{approval_id}/approve"].role or "owner")
    return Cause((Notice("APPROVAL_REQUESTED", message, roles=roles, severity="warning"),))


def _decided(did: str) -> Read:
    def read(work: Work, row: Any, data: dict[str, Any], by: str) -> Cause:
        approval = work.session.get_one(Approval, row.subject_id)
        why = f", but {data['failure']}" if data.get("failure") else ""
        message = f"{by} {did} {_words(data['action'])}{why}"
        notice = Notice("APPROVAL_DECIDED", message, _members([approval.requested_by]), severity="warning")
        return Cause((notice,), settles=() if _is_pending(work, row.incidence_id) else ("APPROVAL_REQUESTED",))

    return read


def _is_pending(work: Work, incidence_id: str) -> bool:
    """Whether something else is asked for in the case."""
    of_case = (Approval.business_id == work.business_id) & (Approval.incidence_id == incidence_id)
    return bool(work.session.scalar(select(Approval.id).where(of_case, Approval.status == "PENDING").limit(1)))


def _closed(work: Work, row: Any, data: dict[str, Any], by: str) -> Cause:
    return Cause((_watched(work, row, f"{by} closed it"),), settles=("ESCALATED", "SLA_WARNED", "SLA_BREACHED"))


def _reopened(work: Work, row: Any, data: dict[str, Any], by: str) -> Cause:
    return Cause((_watched(work, row, f"{by} opened it again"),))


def _unchanged(work: Work, row: Any, data: dict[str, Any], by: str) -> Cause:
    """Stripe said no: whoever asked for it hears of it."""
    change = work.session.get_one(SubscriptionChange, row.subject_id)
    message = f"not done: {data['words']}. {data['error']}"
    return Cause((Notice("SUBSCRIPTION_CHANGE", message, _members([change.asked_by]), severity="warning"),))


def _mismatched(work: Work, row: Any, data: dict[str, Any], by: str) -> Cause:
    """Nobody knows what the customer pays now: who asked for it and all supervisors must look."""
    change = work.session.get_one(SubscriptionChange, row.subject_id)
    message = f"look at Stripe: {data['words']}. {data['error']}"
    roles = roles_from("supervisor")
    return Cause((Notice("SUBSCRIPTION_CHANGE", message, _members([change.asked_by]), roles, severity="danger"),))


READS: dict[type[Event], Read] = {
    events.Escalated: _escalated,
    events.EscalationAcknowledged: _answered("took it on"),
    events.EscalationReturned: _answered("handed it back"),
    events.EscalationResolved: _answered("settled it"),
    events.IncidenceAssigned: _assigned,
    events.BulkAdvanced: _many,
    events.NoteAdded: _noted,
    events.IncidenceClosed: _closed,
    events.IncidenceReopened: _reopened,
    events.SlaWarned: _warned,
    events.SlaBreached: _breached,
    agent.ApprovalRequested: _asked,
    agent.ApprovalApproved: _decided("approved"),
    agent.ApprovalDenied: _decided("denied"),
    agent.ApprovalExpired: _decided("let go of"),
    agent.ApprovalWithdrawn: _decided("withdrew"),
    billing.ChangeFailed: _unchanged,
    billing.ChangeMismatched: _mismatched,
}
"""The events that somebody is told of. Messages are not among them: a busy case would be nothing but alerts.
A slice above adds its own by `jobs.tells_of`."""


def of(work: Work, row: Any, *, is_past: bool = False) -> Cause:
    """What comes of an event; nothing of one whose words were erased meanwhile. `is_past`: what came of it then, as far as
    that can be told, whatever became of its case since.

    A case that is one of many raises nothing by itself: what was done to them all is told once, when it is through.
    """
    body = row.body or {}
    if row.body is None:
        return Cause()
    data = body.get("data") or {}
    read = _warned_then if is_past and row.type == events.SlaWarned.type else READS[REGISTRY[row.type]]
    cause = read(work, row, data, body.get("actorName") or "Somebody")
    return Cause(settles=cause.settles) if data.get("bulk") else cause
