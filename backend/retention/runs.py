"""Runs: begun when a customer wants to cancel, moved from step to step, ended with exactly one outcome.

Whoever changes one holds its subscription first, then the run, then the log of the business: so that of two who give
something at once the second one sees what the first one gave, also to somebody else who pays with the same card.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from backend.billing import changes
from backend.billing.models import Subscription
from backend.core.clock import instant
from backend.core.errors import Conflict, NotFound, Unprocessable
from backend.core.ids import new_id
from backend.core.money import to_major
from backend.customers import service as customers
from backend.customers.models import Customer
from backend.events import log
from backend.events.event import Event
from backend.retention import events, flows, holdout, reading, steps
from backend.retention.facts import facts_of, history_of, subscription_of
from backend.retention.flow_schemas import FlowDocument
from backend.retention.models import Flow, OfferEvent, RetentionRun
from backend.retention.offering import Entry, candidates
from backend.retention.ordering import ranked, segment_for
from backend.retention.schemas import StartAsked
from backend.rules import service as rules
from backend.rules.engine import Compiled
from backend.work import Work

EXPIRE = "retention.expire_run"
_ENDED = ("canceled", "incomplete_expired")
State = dict[str, Any]


def start(work: Work, body: StartAsked) -> State:
    """A customer wants to cancel: Started data. An open run of the subscription is answered again.

    NotFound for a customer or a subscription that is not theirs; Unprocessable when it has ended or is cancelled.
    """
    customer = customers.find_customer(work, body.customer_id)
    found = subscription_of(work, body.subscription_id)
    if found.customer_id != customer.id:
        raise NotFound(f"This customer has no subscription {body.subscription_id!r}.", id=body.subscription_id)
    subscription = changes.locked(work, found.id)
    running = open_run_of(work, subscription.id)
    if running is not None:
        return reading.started(work, running)
    log.head(work.session, work.business_id)
    run = begin(work, subscription, customer, "AGENT" if work.actor.kind == "member" else "APP")
    document = reading.document_of(work, run)
    if body.reason is not None and body.reason in {one["code"] for one in steps.reasons_of(document)}:
        tell_reason(run, body.reason)
    advance(work, run, subscription)
    record(work, run, events.RunStarted, told_of(work, run))
    return reading.started(work, run)


def begin(work: Work, subscription: Subscription, customer: Customer, channel: str) -> RetentionRun:
    """A new run with its group and its flow, before its first step. Unprocessable when there is nothing to cancel."""
    if subscription.status in _ENDED or subscription.ended_at is not None:
        raise Unprocessable("This subscription has ended: there is nothing to cancel.", code="SUBSCRIPTION_ENDED")
    if subscription.cancel_at_period_end or subscription.cancel_at is not None:
        raise Unprocessable("This subscription is cancelled already, at the end of its period.", code="ALREADY_ENDING")
    compiled = rules.current(work, flows.KIND)
    settings, facts = compiled.settings, facts_of(work, subscription, customer)
    group, share, assigned_at = group_for(work, customer.id, compiled)
    flow, rule = (None, None) if group == holdout.HOLDOUT else flow_for(work, compiled, facts)
    flow = flow and flows.kept(work, flow)
    run = RetentionRun(
        id=new_id(),
        customer_id=customer.id,
        subscription_id=subscription.id,
        flow_id=flow.id if flow else None,
        flow_version=flow.active_number if flow else None,
        channel=channel,
        started_by=work.actor.id if work.actor.kind == "member" else None,
        group=group,
        holdout_share=share,
        assigned_at=assigned_at,
        facts=facts,
        limits={},
        flow_rule=rule,
        rule_version=compiled.version,
        ranking=[],
        refused=[],
        step=0,
        currency=subscription.currency,
        mrr=subscription.mrr,
        started_at=work.now,
        expires_at=work.now + timedelta(seconds=settings["runExpiresAfterSeconds"]),
        ranking_seed=new_id(),
        version=0,
    )
    work.add(run)
    note(work, run, "ATTEMPT")
    return run


def group_for(work: Work, customer_id: str, compiled: Compiled) -> tuple[str, float, Any]:
    """(group, share, since when): that of the customer's last run while it is not old, or else drawn anew."""
    settings = compiled.settings
    mine = (RetentionRun.business_id == work.business_id) & (RetentionRun.customer_id == customer_id)
    last = work.session.scalars(select(RetentionRun).where(mine).order_by(RetentionRun.started_at.desc())).first()
    if last is not None and work.now < last.assigned_at + timedelta(days=settings["holdoutDays"]):
        return last.group, last.holdout_share, last.assigned_at
    own = RetentionRun.business_id == work.business_id
    many = work.session.scalar(select(func.count()).select_from(RetentionRun).where(own)) or 0
    share = holdout.share_at(settings["holdout"], many)
    return holdout.group_of(work.business_id, customer_id, settings["holdoutSalt"], share), share, work.now


def flow_for(work: Work, compiled: Compiled, facts: State) -> tuple[Flow | None, str | None]:
    """The flow that customers of the segment meet, and the rule that says so; no flow when nobody meets it now.

    It may be no row yet: see `flows.kept`.
    """
    fired = compiled.evaluate(facts, group="segments", trace=False).fired
    if not fired:
        return None, None
    try:
        flow = flows.flow_of(work, fired[0].then["flow"])
    except NotFound:
        return None, fired[0].rule_id
    if flow.active_number is None:
        return None, fired[0].rule_id
    return flow, fired[0].rule_id


def open_run_of(work: Work, subscription_id: str) -> RetentionRun | None:
    """The run of the subscription that has no outcome; one whose time is up is ended first."""
    mine = (RetentionRun.business_id == work.business_id) & (RetentionRun.subscription_id == subscription_id)
    run = work.session.scalars(select(RetentionRun).where(mine, RetentionRun.outcome.is_(None))).first()
    if run is not None and not reading.is_pending(run) and run.expires_at <= work.now:
        end(work, run, "ABANDONED")
        return None
    return run


def held(work: Work, id: str) -> tuple[RetentionRun, Subscription]:
    """The run and its subscription, which nobody else changes until the end, nor the log. NotFound otherwise."""
    run = work.get(RetentionRun, id, "run")
    subscription = changes.locked(work, run.subscription_id)
    work.session.refresh(run, with_for_update={"key_share": True})
    log.head(work.session, work.business_id)
    return run, subscription


def advance(work: Work, run: RetentionRun, subscription: Subscription) -> None:
    """Come to the step that is shown now: a survey that is answered already is left out, offers get their order."""
    document = reading.document_of(work, run)
    while True:
        if steps.is_due_for_offers(run, document):
            order_offers(work, run, subscription, document)
        step, entry = steps.current(run, document)
        if step.kind != "survey" or run.reason is None:
            break
        run.step += 1
    run.expires_at = work.now + timedelta(seconds=_settings(work)["runExpiresAfterSeconds"])
    note(work, run, "SHOWN", entry=entry)
    work.enqueue(EXPIRE, at=run.expires_at, key=f"run:{run.id}", run_id=run.id)


def order_offers(work: Work, run: RetentionRun, subscription: Subscription, document: FlowDocument) -> None:
    """Put the offers in order, once, with what the limits looked at; it stays for the whole run."""
    compiled = rules.current(work, flows.KIND)
    facts = {**run.facts, "reason": run.reason, "follow_up": run.follow_up}
    history = history_of(work, subscription, run.group, compiled.settings)
    found = candidates(work, document, subscription, facts)
    offers = ranked(work, found, facts, history, compiled, run.currency, run.ranking_seed)
    run.ranking, run.refused, run.limits = offers.ranked, offers.refused, history.as_json()
    run.segment = segment_for(facts)


def tell_reason(run: RetentionRun, reason: str, follow_up: str | None = None) -> None:
    """Why they leave."""
    run.reason, run.follow_up = reason, follow_up


def note(
    work: Work, run: RetentionRun, kind: str, *, entry: Entry | None = None, about: str = "", **params: Any
) -> None:
    """Write a line of the log, once: of the offer `entry`, or of `about`, at the step that is shown now."""
    offer_type = entry["offerType"] if entry else about
    same = (OfferEvent.run_id == run.id) & (OfferEvent.kind == kind) & (OfferEvent.step == run.step)
    if work.session.scalar(select(OfferEvent.id).where(same, OfferEvent.offer_type == offer_type)) is not None:
        return
    subscription = work.session.get_one(Subscription, run.subscription_id)
    work.add(
        OfferEvent(
            run_id=run.id,
            customer_id=run.customer_id,
            subscription_id=run.subscription_id,
            payment_fingerprint=subscription.payment_fingerprint,
            kind=kind,
            step=run.step,
            offer_type=offer_type,
            params=(entry["params"] if entry else {}) | params,
            place=entry["place"] if entry else None,
            propensity=entry["propensity"] if entry else None,
            at=work.now,
        )
    )


def end(work: Work, run: RetentionRun, outcome: str) -> None:
    """The one outcome. It counts instead of that of the runs of the same subscription shortly before."""
    if run.outcome is not None:
        raise Conflict(f"This run is over: {run.outcome.lower()}.", code="RUN_ENDED", outcome=run.outcome)
    run.outcome, run.decided_at = outcome, work.now
    since = run.started_at - timedelta(days=_settings(work)["dedupDays"])
    earlier = select(RetentionRun).where(
        RetentionRun.business_id == work.business_id,
        RetentionRun.subscription_id == run.subscription_id,
        RetentionRun.superseded_by.is_(None),
        RetentionRun.started_at >= since,
        RetentionRun.id != run.id,
    )
    for before in work.session.scalars(earlier).all():
        before.superseded_by = run.id
    work.cancel(f"run:{run.id}")
    told = {"outcome": outcome, "offer": run.accepted_offer, "currency": run.currency}
    record(work, run, events.RunEnded, told | {"revenueSaved": to_major(run.revenue_saved, run.currency)})


def record(work: Work, run: RetentionRun, event: type[Event], data: State) -> None:
    """Finish a verb: the run gets its next version, and the event carries the state after it."""
    run.version += 1
    work.session.flush()
    work.emit(
        event(
            subject_id=run.id,
            customer_id=run.customer_id,
            incidence_id=run.incidence_id,
            state=reading.read_of(work, run),
            data=data,
        )
    )


def told_of(work: Work, run: RetentionRun) -> State:
    """What a timeline says of a run that begins."""
    flow = None if run.flow_id is None else work.session.get_one(Flow, run.flow_id)
    told = {"flow": flow.name if flow else None, "plan": run.facts["plan"], "channel": run.channel}
    return told | {"group": run.group, "expiresAt": instant(run.expires_at)}


def _settings(work: Work) -> Any:
    return rules.current(work, flows.KIND).settings
