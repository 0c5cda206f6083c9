"""Runs as they are shown: to the customer who goes through one, in the list, and one with its log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from backend.billing.models import Plan, Subscription
from backend.core import cursor as cursors
from backend.core.clock import instant
from backend.core.errors import Invalid
from backend.core.money import to_major
from backend.core.text import clean_line
from backend.customers.models import Customer
from backend.events import log
from backend.retention import flows, steps
from backend.retention.facts import list_monthly
from backend.retention.flow_schemas import FlowDocument
from backend.retention.models import Flow, OfferEvent, RetentionRun
from backend.rules import service as rules
from backend.work import Work

State = dict[str, Any]


def document_of(work: Work, run: RetentionRun) -> FlowDocument:
    """The document that the run goes by; looked up once a unit for each flow and number."""
    if run.flow_id is None or run.flow_version is None:
        return steps.NO_FLOW
    key = ("flow_document", run.flow_id, run.flow_version)
    known: FlowDocument | None = work.session.info.get(key)
    if known is None:
        known = flows.version_of(work, work.session.get_one(Flow, run.flow_id), run.flow_version)
        work.session.info[key] = known
    return known


def ids_of_customer(work: Work, id: str) -> tuple[str, str]:
    """What the customer of a run is called: by us and by the business. NotFound when there is no such run."""
    customer = work.session.get_one(Customer, work.get(RetentionRun, id, "run").customer_id)
    return customer.id, customer.external_id


def is_pending(run: RetentionRun) -> bool:
    """Whether what was decided is being carried out at Stripe."""
    return run.outcome is None and run.change_id is not None


def cancel_url(work: Work, run: RetentionRun) -> str:
    """Where the customer can cancel at once: the business's own page, or else the path that takes the decision."""
    own: str = rules.current(work, flows.KIND).settings["cancelUrl"]
    if not own:
        return f"/api/retention/{run.id}/decision"
    filled = {"{runId}": run.id, "{subscriptionId}": run.subscription_id, "{customerId}": run.customer_id}
    for name, value in filled.items():
        own = own.replace(name, value)
    return own


def started(work: Work, run: RetentionRun) -> State:
    """Started data."""
    subscription = work.session.get_one(Subscription, run.subscription_id)
    document = document_of(work, run)
    plan = None if subscription.plan_id is None else work.session.get(Plan, subscription.plan_id)
    until = subscription.current_period_end
    return {
        "runId": run.id,
        "flowId": run.flow_id,
        "flowVersion": run.flow_version,
        "step": steps.shown(run, document),
        "reasons": steps.reasons_of(document),
        "cancelUrl": cancel_url(work, run),
        "outcome": run.outcome,
        "pending": is_pending(run),
        "expiresAt": instant(run.expires_at),
        "currency": run.currency,
        "plan": plan.name if plan else None,
        "monthlyValue": to_major(list_monthly(subscription), run.currency),
        "periodEnd": instant(until) if until else None,
    }


def decided(work: Work, run: RetentionRun) -> State:
    """Decided data: where the run stands."""
    return {
        "runId": run.id,
        "nextStep": None if is_pending(run) else steps.shown(run, document_of(work, run)),
        "outcome": run.outcome,
        "pending": is_pending(run),
        "revenueSaved": to_major(run.revenue_saved, run.currency),
        "currency": run.currency,
        "acceptedOffer": run.accepted_offer,
        "message": run.message,
        "cancelUrl": cancel_url(work, run),
    }


def read_of(work: Work, run: RetentionRun) -> State:
    """RunRead data."""
    document = document_of(work, run)
    labels = {one["code"]: one["label"] for one in steps.reasons_of(document)}
    flow = None if run.flow_id is None else work.session.get_one(Flow, run.flow_id)
    return {
        "runId": run.id,
        "version": run.version,
        "customerId": run.customer_id,
        "subscriptionId": run.subscription_id,
        "incidenceId": run.incidence_id,
        "flowId": run.flow_id,
        "flowName": flow.name if flow else None,
        "flowVersion": run.flow_version,
        "flowRule": run.flow_rule,
        "ruleVersion": run.rule_version,
        "channel": run.channel,
        "group": run.group,
        "holdoutShare": run.holdout_share,
        "facts": run.facts,
        "segment": run.segment,
        "ranking": run.ranking,
        "refused": run.refused,
        "step": None if is_pending(run) else steps.shown(run, document),
        "reason": run.reason,
        "reasonLabel": labels.get(run.reason or ""),
        "followUp": run.follow_up,
        "comment": run.comment,
        "currency": run.currency,
        "mrr": to_major(run.mrr, run.currency),
        "outcome": run.outcome,
        "pending": is_pending(run),
        "acceptedOffer": run.accepted_offer,
        "changeId": run.change_id,
        "message": run.message,
        "revenueSaved": to_major(run.revenue_saved, run.currency),
        "startedBy": run.started_by,
        "startedAt": instant(run.started_at),
        "expiresAt": instant(run.expires_at),
        "decidedAt": run.decided_at and instant(run.decided_at),
        "supersededBy": run.superseded_by,
    }


def list_runs(work: Work, *, limit: int, cursor: str | None, filters: Mapping[str, Any]) -> State:
    """A page of runs, the newest first: RunPage data. `filters` are columns; `open`, `since` and `until` beside them."""
    as_of = log.head_of(work.session, work.business_id)
    own = RetentionRun.business_id == work.business_id
    query = select(RetentionRun, Customer).join(Customer, Customer.id == RetentionRun.customer_id)
    query = query.where(own, *_conditions(filters))
    match cursors.decode(cursor):
        case None:
            pass
        case [datetime() as at, str(id)]:
            earlier = and_(RetentionRun.started_at == at, RetentionRun.id < id)
            query = query.where(or_(RetentionRun.started_at < at, earlier))
        case _:
            raise Invalid("This cursor is not one of this list. Start from the first page.", field="cursor")
    order = (RetentionRun.started_at.desc(), RetentionRun.id.desc())
    rows = work.session.execute(query.order_by(*order).limit(limit + 1)).all()
    last = rows[limit - 1][0] if len(rows) > limit else None
    is_open = RetentionRun.outcome.is_(None)
    return {
        "items": [read_of(work, run) | _whose(customer) for run, customer in rows[:limit]],
        "nextCursor": cursors.encode([last.started_at, last.id]) if last else None,
        "asOf": as_of,
        "open": work.session.scalar(select(func.count()).select_from(RetentionRun).where(own, is_open)) or 0,
    }


def show(work: Work, id: str) -> State:
    """A run with its log: RunShown data. NotFound otherwise."""
    run = work.get(RetentionRun, id, "run")
    mine = (OfferEvent.business_id == work.business_id) & (OfferEvent.run_id == run.id)
    rows = work.session.scalars(select(OfferEvent).where(mine).order_by(OfferEvent.at, OfferEvent.id))
    entries = [
        {
            "kind": row.kind,
            "step": row.step,
            "offerType": row.offer_type,
            "params": row.params,
            "place": row.place,
            "propensity": row.propensity,
            "at": instant(row.at),
        }
        for row in rows
    ]
    return read_of(work, run) | _whose(work.session.get_one(Customer, run.customer_id)) | {"log": entries}


def _whose(customer: Customer) -> State:
    return {"customerName": customer.name, "userId": customer.external_id}


def _conditions(filters: Mapping[str, Any]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name, value in filters.items():
        match name, value:
            case _, None:
                pass
            case "open", bool():
                is_open = RetentionRun.outcome.is_(None)
                found.append(is_open if value else ~is_open)
            case "since", _:
                found.append(RetentionRun.started_at >= value)
            case "until", _:
                found.append(RetentionRun.started_at < value)
            case _:
                found.append(getattr(RetentionRun, name) == clean_line(value))
    return found
