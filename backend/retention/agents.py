"""What an agent may offer to a customer who is not in a cancel flow, from a case or beside it."""

from typing import Any

from backend.billing import changes
from backend.core.errors import Conflict, Unprocessable
from backend.customers.models import Customer
from backend.events import log
from backend.incidences.service import incidence_of, require_staff
from backend.retention import events, flows, reading, runs, steps
from backend.retention.facts import facts_of, history_of, subscription_of
from backend.retention.flow_schemas import FlowDocument
from backend.retention.models import Flow
from backend.retention.offering import MOST_SHOWN, Offers, candidates, placed
from backend.retention.ordering import ranked
from backend.retention.schemas import OfferAsk
from backend.rules import service as rules
from backend.work import Work

State = dict[str, Any]


def offers_for(work: Work, subscription_id: str, *, reason: str | None = None) -> State:
    """What the customer may be offered now, by the flow that they would meet, and what limits forbid: OffersRead data."""
    row = subscription_of(work, subscription_id)
    customer = work.session.get_one(Customer, row.customer_id)
    compiled = rules.current(work, flows.KIND)
    facts = {**facts_of(work, row, customer), "reason": reason}
    group, *_ = runs.group_for(work, customer.id, compiled)
    flow, document = _flow(work, facts)
    offers = Offers([], [])
    if document is not None:
        history = history_of(work, row, group, compiled.settings)
        found = candidates(work, document, row, facts)
        offers = ranked(work, found, facts, history, compiled, row.currency, row.id)
    return {
        "subscriptionId": row.id,
        "customerId": customer.id,
        "flowId": flow.id if flow else None,
        "flowName": flow.name if flow else None,
        "group": group,
        "offers": offers.ranked,
        "refused": offers.refused,
        "why": _why_nothing(flow, document, offers),
        "facts": facts,
    }


def make_offer(work: Work, body: OfferAsk) -> State:
    """Put an offer before a customer: a run of an agent, in which the customer's answer is a decision. Started data.

    The same offer again is the same run; another one after a no is the one to fall back on. Conflict while the customer
    goes through a flow, Unprocessable when limits forbid the offer, with their words.
    """
    return put_offer(work, body, by=require_staff(work))


def put_offer(work: Work, body: OfferAsk, *, by: str | None) -> State:
    """The same for a member, or (None) for nobody in particular: a playbook that started by itself."""
    found = subscription_of(work, body.subscription_id)
    case = None if body.incidence_id is None else incidence_of(work, body.incidence_id)
    if case is not None and case.customer_id != found.customer_id:
        raise Unprocessable("This case is one of another customer.", code="OTHER_CUSTOMER", field="incidenceId")
    subscription = changes.locked(work, found.id)
    customer = work.session.get_one(Customer, found.customer_id)
    run = runs.open_run_of(work, subscription.id)
    log.head(work.session, work.business_id)
    if run is not None and run.flow_rule != steps.BY_AGENT:
        words = "The customer goes through a cancel flow now. What they are offered there is theirs to decide."
        raise Conflict(words, code="RUN_OPEN", runId=run.id)
    entry, offers = _wanted(work, body)
    if run is not None:
        return _fall_back(work, run, subscription, entry)
    run = runs.begin(work, subscription, customer, "AGENT")
    flow, _ = _flow(work, run.facts)
    if flow is not None:
        flow = flows.kept(work, flow)
        run.flow_id, run.flow_version = flow.id, flow.active_number
    run.flow_rule, run.started_by, run.incidence_id = steps.BY_AGENT, by, case.id if case else None
    run.reason = body.reason
    history = history_of(work, subscription, run.group, rules.current(work, flows.KIND).settings)
    run.limits, run.refused, run.ranking = history.as_json(), offers["refused"], placed([entry], [None])
    runs.advance(work, run, subscription)
    runs.record(work, run, events.RunStarted, runs.told_of(work, run) | {"offer": entry["offer"]})
    return reading.started(work, run)


def _wanted(work: Work, body: OfferAsk) -> tuple[State, State]:
    """The offer that is asked for among those that the customer may have; Unprocessable with the limit otherwise."""
    offers = offers_for(work, body.subscription_id, reason=body.reason)

    def fits(one: State) -> bool:
        return one["offerType"] == body.offer_type and body.step_id in (None, one["stepId"])

    entry = next(filter(fits, offers["offers"]), None)
    if entry is not None:
        return entry, offers
    refused = next(filter(fits, offers["refused"]), None)
    if refused is not None:
        words = f"{refused['words']} cannot be offered: {refused['why']}."
        raise Unprocessable(words[:1].upper() + words[1:], code="OFFER_REFUSED", limit=refused["limit"])
    why = offers["why"] or f"the flow {offers['flowName']!r} has no such offer for this customer"
    raise Unprocessable(f"This cannot be offered: {why}.", code="NO_SUCH_OFFER", field="offerType")


def _fall_back(work: Work, run: Any, subscription: Any, entry: State) -> State:
    known = [one["offer"] for one in run.ranking]
    if known[-1] == entry["offer"] and run.step == len(known) - 1:
        return reading.started(work, run)  # asked for twice
    if reading.is_pending(run):
        raise Conflict("What was decided before is being carried out.", code="CHANGE_PENDING", runId=run.id)
    if run.step < len(known):
        words = "The customer has not said yet what they make of the offer before. Note their answer first."
        raise Conflict(words, code="OFFER_OPEN", runId=run.id, offer=known[-1])
    if len(known) >= MOST_SHOWN:
        words = "One offer and one to fall back on are enough: both were declined."
        raise Unprocessable(words, code="ENOUGH_OFFERS", runId=run.id)
    if entry["offerType"] in {one["offerType"] for one in run.ranking}:
        words = "An offer of this kind was declined: a deeper one would teach to say no."
        raise Unprocessable(words, code="SAME_KIND", runId=run.id)
    run.ranking = [*run.ranking, *({**one, "place": len(known) + 1} for one in placed([entry], [None]))]
    runs.advance(work, run, subscription)
    runs.record(work, run, events.RunMoved, {"step": entry["stepId"], "offer": entry["offer"]})
    return reading.started(work, run)


def _flow(work: Work, facts: State) -> tuple[Flow | None, FlowDocument | None]:
    flow, _ = runs.flow_for(work, rules.current(work, flows.KIND), facts)
    return (None, None) if flow is None else (flow, flows.active_document(work, flow))


def _why_nothing(flow: Flow | None, document: FlowDocument | None, offers: Offers) -> str:
    if offers.ranked:
        return ""
    if flow is None or document is None:
        return "no flow is active for customers like this one"
    limits = {one["why"] for one in offers.refused}
    if len(limits) == 1:
        return str(limits.pop())
    return "limits forbid every offer of the flow" if offers.refused else "the flow has no offer that fits"
