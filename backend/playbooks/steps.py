"""What each kind of step does to its customer, inside the transaction that moves the execution on.

Nothing here calls the network, and each verb is the one that the rest of the house uses, with all its rules.
"""

from collections.abc import Collection

from sqlalchemy import func, select

from backend.agent import fair
from backend.billing.models import Subscription
from backend.core.clock import instant
from backend.core.errors import Conflict, Unprocessable
from backend.customers.models import Customer
from backend.delivery.address import Kind
from backend.identity.models import Member
from backend.identity.service import business_of
from backend.incidences.models import Incidence
from backend.incidences.schemas import MessageSend
from backend.incidences.service import apply, incidence_of, send_message, shown
from backend.incidences.wanted_help import newest_open
from backend.integrations import webhooks
from backend.interventions import service as interventions
from backend.interventions.models import Intervention
from backend.interventions.repository import UNFINISHED
from backend.interventions.schemas import InterventionChange, InterventionCreate
from backend.notifications import service as notifications
from backend.playbooks import documents as d
from backend.playbooks import events, mailing, words
from backend.playbooks.conditions import answer
from backend.playbooks.facts import facts_of
from backend.playbooks.models import Playbook, PlaybookExecution
from backend.playbooks.outcome import Outcome
from backend.playbooks.outcome import skipped as _skipped
from backend.retention import agents
from backend.retention.schemas import OfferAsk
from backend.work import Work

_NO_CASE = "the customer has no open incidence"
_ENDED = ("canceled", "incomplete_expired")


def do(work: Work, execution: PlaybookExecution, step: d.Step, installed: Collection[Kind] = ()) -> Outcome:
    """Do a step for the customer of an execution, who is held. Raises the Failures of the verbs: nothing was done then."""
    match step:
        case d.NotifyStep(to="customer"):
            return _notify_customer(work, execution, step)
        case d.NotifyStep():
            return _notify_staff(work, execution, step)
        case d.MessageStep():
            return _message(work, execution, step, installed)
        case d.OfferStep():
            return _offer(work, execution, step)
        case d.WaitStep():
            until = work.now + d.length_of(step.length) if step.length else step.until
            assert until is not None, "one of the two"
            return Outcome(f"waits until {instant(until)[:16].replace('T', ' ')} UTC", state="WAITING", until=until)
        case d.AssignStep(what="intervention"):
            return _assign_intervention(work, execution, step)
        case d.AssignStep():
            return _assign(work, execution, step)
        case d.InterventionStep():
            return _intervene(work, execution, step)
        case d.WebhookStep():
            return _post(work, execution, step)
        case d.ConditionStep():
            return _ask(work, execution, step)
    raise AssertionError(step)  # pragma: no cover - the document knows the kinds


def _notify_customer(work: Work, execution: PlaybookExecution, step: d.NotifyStep) -> Outcome:
    row = notifications.offer_standing(
        work,
        execution.customer_id,
        step.text,
        cause=step.id,
        rule=execution.id,
        version=execution.number,
        why=f"playbook {_name(work, execution)}",
    )
    return Outcome("told the customer, as soon as they are in the app", {"notificationId": row.id})


def _notify_staff(work: Work, execution: PlaybookExecution, step: d.NotifyStep) -> Outcome:
    case = _case(work, execution)
    roles: list[str] = []
    members: list[str] = []
    if step.to in ("agents", "supervisors", "admins"):
        roles = [step.to.removesuffix("s")]
    elif step.to != "owner":
        members = [step.to]
    elif case is not None and case.agent_id is not None:
        members = [case.agent_id]
    else:
        roles = ["supervisor"]
    data = {"playbook": _name(work, execution), "step": step.id, "text": step.text, "roles": roles, "members": members}
    row = work.emit(
        events.StaffNotified(
            subject_id=execution.id,
            customer_id=execution.customer_id,
            incidence_id=case.id if case else None,
            data=data,
        )
    )
    return Outcome(f"told {', '.join(f'{role}s' for role in roles) or 'a colleague'}", {"seq": row.seq})


def _message(work: Work, execution: PlaybookExecution, step: d.MessageStep, installed: Collection[Kind]) -> Outcome:
    case = _case(work, execution, to_change=step.by != "email")
    if step.by == "email" or (step.by == "either" and case is None):
        return mailing.write(work, execution, step, case, installed)
    if case is None:
        return _skipped(_NO_CASE)
    state = shown(work, case)
    about = state | {"writer": state["agentName"] or business_of(work).name, "business": business_of(work).name}
    by = {"executionId": execution.id, "name": _name(work, execution)}
    body = MessageSend(text=mailing.filled(step.text, about), last_seen_seq=case.last_message_seq)
    sent = send_message(work, case.id, body, playbook=by)
    return Outcome(f"wrote in INC-{case.number}", {"incidenceId": case.id, "seq": sent["seq"]})


def _offer(work: Work, execution: PlaybookExecution, step: d.OfferStep) -> Outcome:
    """What limits, the holdout or an open run forbid is left out: that is an answer, and no failure."""
    query = (
        select(Subscription)
        .where(Subscription.business_id == work.business_id, Subscription.customer_id == execution.customer_id)
        .where(Subscription.gone_at.is_(None), Subscription.ended_at.is_(None), Subscription.status.not_in(_ENDED))
    )
    row = work.session.scalars(query.order_by(Subscription.mrr.desc(), Subscription.id).limit(1)).first()
    if row is None:
        return _skipped("the customer has no subscription")
    found = agents.offers_for(work, row.id)
    best = next((one for one in found["offers"] if step.offer_type in (None, one["offerType"])), None)
    if best is None:
        return _skipped(found["why"] or f"nothing of the kind {step.offer_type} can be offered")
    case = _case(work, execution)
    ask = OfferAsk(
        subscription_id=row.id,
        offer_type=best["offerType"],
        step_id=best["stepId"],
        incidence_id=case.id if case else None,
    )
    try:
        run = agents.put_offer(work, ask, by=execution.started_by)
    except (Conflict, Unprocessable) as refused:  # each refuses before it writes anything
        return _skipped(refused.message)
    return Outcome(f"offered {best['words']}", {"runId": run["runId"], "offer": best["offer"]})


def _assign(work: Work, execution: PlaybookExecution, step: d.AssignStep) -> Outcome:
    case = _case(work, execution, to_change=True)
    if case is None:
        return _skipped(_NO_CASE)
    to: str | None = None if step.to == "none" else step.to
    if to == "fair":
        if case.agent_id is not None:
            return _skipped("somebody has it already")
        to = fair.fairest(work, case)
        if to is None:
            return _skipped("nobody is online who has room, so it waits in Unassigned")
    if to == case.agent_id:
        return _skipped("it is so already")
    apply(work, case, {"agent_id": to}, reason=f"playbook {_name(work, execution)}")
    result = {"incidenceId": case.id, "agentId": to}
    return Outcome(f"gave INC-{case.number} to {shown(work, case)['agentName'] or 'nobody'}", result)


def _intervene(work: Work, execution: PlaybookExecution, step: d.InterventionStep) -> Outcome:
    body = InterventionCreate(
        customer_id=execution.customer_id,
        from_risk=True,
        type=step.type,
        priority=step.priority,
        assignee_id=None if step.to == "none" else step.to,
        description=step.description,
        next_action=step.next_action,
        due_date=work.now + d.length_of(step.due),
    )
    made = interventions.create(work, body, execution_id=execution.id, playbook=_name(work, execution))
    whose = f" for {made['assigneeName']}" if made["assigneeName"] else ""
    return Outcome(f"began an intervention{whose}: {made['type']}", {"interventionId": made["id"]})


def _assign_intervention(work: Work, execution: PlaybookExecution, step: d.AssignStep) -> Outcome:
    """Of what the execution began, the newest that is not over; `fair` is who has fewest to do."""
    mine = (Intervention.business_id == work.business_id) & (Intervention.cause_id == execution.id)
    query = select(Intervention).where(mine, Intervention.status.in_(UNFINISHED)).order_by(Intervention.id.desc())
    row = work.session.scalars(query.limit(1)).first()
    if row is None:
        return _skipped("no intervention of this execution is open")
    to = {"none": None, "fair": _idlest(work)}.get(step.to, step.to)
    if to == row.assignee_id:
        return _skipped("it is so already")
    made = interventions.change(work, row.id, InterventionChange(version=row.version, assignee_id=to))
    return Outcome(f"gave the intervention to {made['assigneeName'] or 'nobody'}", {"interventionId": row.id})


def _idlest(work: Work) -> str | None:
    """The member with the fewest open interventions; of several who was here first."""
    own = (Intervention.assignee_id == Member.id) & Intervention.status.in_(UNFINISHED)
    query = (
        select(Member.id)
        .outerjoin(Intervention, own)
        .where(Member.business_id == work.business_id, Member.removed_at.is_(None))
        .group_by(Member.id)
        .order_by(func.count(Intervention.id), Member.id)
    )
    return work.session.scalar(query.limit(1))


def _post(work: Work, execution: PlaybookExecution, step: d.WebhookStep) -> Outcome:
    """Written down with the step, sent by a job, and tried for days: what becomes of it stands with the integration."""
    customer = work.session.get_one(Customer, execution.customer_id)
    data = {
        "executionId": execution.id,
        "playbook": _name(work, execution),
        "step": step.id,
        "customerId": customer.id,
        "userId": customer.external_id,
        "incidenceId": execution.incidence_id,
        "data": step.data,
    }
    cause = f"playbook:{execution.id}:{step.id}"
    id = webhooks.post(work, step.to, "playbook.step", data, cause=cause, customer_id=customer.id)
    return Outcome(f"told the webhook endpoint {step.to}", {"postId": id})


def _ask(work: Work, execution: PlaybookExecution, step: d.ConditionStep) -> Outcome:
    facts = facts_of(work, [execution.customer_id], execution).get(execution.customer_id, {})
    found = answer(step.when, facts)
    said = "holds" if found.holds else "does not hold"
    because = f": {found.because}" if found.because else ""
    result = {"holds": found.holds, "facts": found.facts, "condition": words.condition_words(step.when)}
    return Outcome(f"{said}{because}"[:400], result, holds=found.holds)


def _case(work: Work, execution: PlaybookExecution, *, to_change: bool = False) -> Incidence | None:
    """The case that the execution is about, or else the customer's newest open one; None when none is open."""
    own = None if execution.incidence_id is None else incidence_of(work, execution.incidence_id, to_change=to_change)
    if own is not None and own.status != "CLOSED":
        return own
    newest = newest_open(work, execution.customer_id)
    case = None if newest is None else incidence_of(work, newest, to_change=to_change)
    return None if case is None or case.status == "CLOSED" else case


def _name(work: Work, execution: PlaybookExecution) -> str:
    return work.session.get_one(Playbook, execution.playbook_id).name
