"""A flow's document tried on the past: which flow and which offers the customers of these days would have met."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from backend.billing.models import Subscription
from backend.core.clock import instant
from backend.customers.models import Customer
from backend.retention import flows, reading, runs, steps
from backend.retention.eligibility import History
from backend.retention.facts import Facts, history_of
from backend.retention.flow_schemas import FlowDocument, FlowTrial
from backend.retention.flow_text import check_document, read_yaml
from backend.retention.models import Flow, RetentionRun
from backend.retention.offering import candidates, consider, shown_of
from backend.rules import service as rules
from backend.rules.engine import Compiled
from backend.work import Work

MOST_RUNS = 5_000
_SOURCE = (
    "The runs through flows in these days that were not in the group without offers, with the facts of their beginning, the reason that "
    "was told, and what the limits looked at then. Offers are ordered by the rules in force, on both sides; which plans "
    "there are, and what a subscription costs, is as it is now."
)
State = dict[str, Any]


def try_on_past(work: Work, id: str, body: FlowTrial) -> State:
    """What would have been shown with this document as the active one of the flow: FlowTried data. Changes nothing."""
    flow = flows.flow_of(work, id)
    document = _document(flow, body)
    compiled = rules.current(work, flows.KIND)
    since = work.now - timedelta(days=body.days)
    query = (
        select(RetentionRun, Customer, Subscription)
        .join(Customer, Customer.id == RetentionRun.customer_id)
        .join(Subscription, Subscription.id == RetentionRun.subscription_id)
        .where(RetentionRun.business_id == work.business_id, RetentionRun.started_at >= since)
        .where(RetentionRun.group == "TREATED", func.coalesce(RetentionRun.flow_rule, "") != steps.BY_AGENT)
        .order_by(RetentionRun.started_at.desc())
        .limit(MOST_RUNS + 1)
    )
    rows = work.session.execute(query).all()
    counted: Counter[tuple[str, str]] = Counter()
    shown: list[State] = []
    for run, customer, subscription in rows[:MOST_RUNS]:
        before = _met(work, compiled, run, subscription, run.flow_id, reading.document_of(work, run))
        after = _met(work, compiled, run, subscription, *_after(work, compiled, run, flow, document))
        if before == after:
            continue
        counted[before, after] += 1
        if len(shown) < body.limit:
            about = {"runId": run.id, "customerId": customer.id, "customerName": customer.name}
            shown.append(about | {"startedAt": instant(run.started_at), "before": before, "after": after})
    counts = [{"before": old, "after": new, "count": many} for (old, new), many in counted.most_common(50)]
    return {
        "days": body.days,
        "runs": min(len(rows), MOST_RUNS),
        "changed": counted.total(),
        "isComplete": len(rows) <= MOST_RUNS,
        "source": _SOURCE,
        "byOutcome": counts,
        "changes": shown,
    }


def _document(flow: Flow, body: FlowTrial) -> FlowDocument:
    if body.yaml is not None:
        return read_yaml(body.yaml)[1]
    if body.document is not None:
        check_document(body.document)
        return body.document
    return flows.document_of(flow)


def _after(
    work: Work, compiled: Compiled, run: RetentionRun, flow: Flow, document: FlowDocument
) -> tuple[str | None, FlowDocument | None]:
    """The flow that the run would meet by the rules in force, were the tried document the flow's active one."""
    fired = compiled.evaluate(run.facts, group="segments", trace=False).fired
    if fired and fired[0].then["flow"] in (flow.id, flow.name):
        return flow.id, document
    other, _ = runs.flow_for(work, compiled, run.facts)
    return (None, None) if other is None else (other.id, flows.active_document(work, other))


def _met(
    work: Work,
    compiled: Compiled,
    run: RetentionRun,
    subscription: Subscription,
    flow_id: str | None,
    document: FlowDocument | None,
) -> str:
    """The flow and the offers, the first one and that to fall back on, in words."""
    if flow_id is None or document is None:
        return "no flow"
    facts: Facts = {**run.facts, "reason": run.reason, "follow_up": run.follow_up}
    history = _history(work, compiled.settings, run, subscription)
    found = consider(candidates(work, document, subscription, facts), facts, history, compiled, run.currency)
    offers = ", then ".join(entry["offer"] for entry in shown_of(found.ranked)) or "no offer"
    return f"{flows.flow_of(work, flow_id).name}: {offers}"


def _history(work: Work, settings: Mapping[str, Any], run: RetentionRun, subscription: Subscription) -> History:
    if run.limits:
        return History.of_json(run.limits)
    return history_of(work, subscription, run.group, settings)
