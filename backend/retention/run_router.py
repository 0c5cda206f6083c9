"""/api/retention: customers who want to cancel, what they decide, and what agents offer."""

from typing import Annotated

from fastapi import Query, Response

from backend.billing import changes
from backend.core.http import JsonResponse
from backend.core.wire import UtcInstant
from backend.identity.vouching import expect_vouched
from backend.retention import agents, concluding, deciding, reading, runs
from backend.retention.schemas import (
    Channel,
    Decided,
    DecisionAsked,
    Group,
    OfferAsk,
    OffersRead,
    Outcome,
    RunPage,
    RunShown,
    StartAsked,
    Started,
)
from backend.unit import Router, RuntimeOf, Unit

router = Router(prefix="/api/retention", tags=["retention"])
Id = Annotated[str | None, Query(max_length=128)]


@router.post("/start", status_code=201, response_model=Started)
async def start_run(body: StartAsked, unit: Unit, runtime: RuntimeOf) -> Response:
    """A customer wants to cancel. An open run of the subscription is answered again. 403 for a page of somebody else."""
    expect_vouched(runtime, unit.caller, body.customer_token, body.customer_id)
    return JsonResponse(await unit.write(runs.start, body), 201)


@router.post("/{run_id}/decision", response_model=Decided)
async def decide(run_id: str, body: DecisionAsked, unit: Unit, runtime: RuntimeOf) -> Response:
    """What the customer makes of a step. Waits a while for what has to be done at Stripe, then says that it is pending."""
    if unit.caller.origins:
        ids = await unit.read(reading.ids_of_customer, run_id)
        expect_vouched(runtime, unit.caller, body.customer_token, *ids)
    answer = await unit.write(deciding.decide, run_id, body)
    waiting = await unit.read(concluding.waits_for, run_id) if answer["pending"] else None
    if waiting is not None:
        await changes.settled(unit, *waiting)
        answer = await unit.write(concluding.conclude, run_id)
    return JsonResponse(answer)


@router.get("/runs", response_model=RunPage)
async def list_runs(
    unit: Unit,
    open: bool | None = None,
    outcome: Outcome | None = None,
    group: Group | None = None,
    channel: Channel | None = None,
    reason: Annotated[str | None, Query(pattern="^[a-z][a-z0-9_]{0,39}$")] = None,
    flow_id: Annotated[Id, Query(alias="flowId")] = None,
    customer_id: Annotated[Id, Query(alias="customerId")] = None,
    subscription_id: Annotated[Id, Query(alias="subscriptionId")] = None,
    incidence_id: Annotated[Id, Query(alias="incidenceId")] = None,
    since: UtcInstant | None = None,
    until: UtcInstant | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Runs, the newest first; with `open=true` those of customers who are deciding now."""
    filters = {
        "open": open,
        "outcome": outcome,
        "group": group,
        "channel": channel,
        "reason": reason,
        "flow_id": flow_id,
        "customer_id": customer_id,
        "subscription_id": subscription_id,
        "incidence_id": incidence_id,
        "since": since,
        "until": until,
    }
    return JsonResponse(await unit.read(reading.list_runs, limit=limit, cursor=cursor, filters=filters))


@router.get("/runs/{run_id}", response_model=RunShown)
async def show_run(run_id: str, unit: Unit) -> Response:
    """A run with its log, the order of its offers and why, and what limits forbade."""
    return JsonResponse(await unit.read(reading.show, run_id))


@router.get("/offers", response_model=OffersRead)
async def list_offers(
    unit: Unit,
    subscription_id: Annotated[str, Query(alias="subscriptionId", min_length=1, max_length=255)],
    reason: Annotated[str | None, Query(pattern="^[a-z][a-z0-9_]{0,39}$")] = None,
) -> Response:
    """What the customer may be offered now, the best first, and what limits forbid."""
    return JsonResponse(await unit.read(agents.offers_for, subscription_id, reason=reason))


@router.post("/offer", status_code=201, response_model=Started)
async def make_offer(body: OfferAsk, unit: Unit) -> Response:
    """Put an offer before a customer; what they make of it is a decision of the run."""
    return JsonResponse(await unit.write(agents.make_offer, body), 201)
