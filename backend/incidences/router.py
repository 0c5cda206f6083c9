"""/incidences, /channel."""

from typing import Annotated, Any

from fastapi import Query, Response

from backend.core.cursor import seq_of
from backend.core.http import JsonResponse
from backend.core.wire import Page
from backend.customers import service as customers
from backend.incidences import channels, notes, queue, routing, service, timeline
from backend.incidences import why as reasons
from backend.incidences.escalation_router import router as escalation_router
from backend.incidences.link_router import router as link_router
from backend.incidences.macro_router import router as macro_router
from backend.incidences.schemas import (
    ChannelEscalate,
    IncidenceChange,
    IncidenceOpen,
    IncidenceRead,
    MessageSend,
    NoteAdd,
    Posted,
    RouteRequest,
    RouteVerdict,
    Sort,
    Status,
    Take,
    TimelineEntry,
    View,
)
from backend.incidences.teamwork_router import router as teamwork_router
from backend.incidences.view_router import router as view_router
from backend.rules import service as rules
from backend.unit import Router, Unit
from backend.work import Work

router = Router(tags=["incidences"])
router.take_in(escalation_router)
router.take_in(link_router)
router.take_in(macro_router)
router.take_in(view_router)
router.take_in(teamwork_router)  # before the routes by id, which would take its words for ids
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=500)]
Before = Annotated[int | None, Query(ge=1, le=2**62, description="only entries with a smaller seq")]
Filter = Annotated[str | None, Query(max_length=200)]
Incidences = Page[IncidenceRead]
Entries = Page[TimelineEntry]

# The services answer plain data in the shape of the response models, so it is sent as it is: checking a page of
# fifty against the model again would cost more than reading it. A test holds the two together.


@router.post("/incidences", status_code=201, response_model=IncidenceRead)
async def open_incidence(body: IncidenceOpen, unit: Unit) -> Response:
    """Open a case; the rules decide by which channels the customer may reach a person."""
    return JsonResponse(await unit.write(service.open_incidence, body), 201)


@router.get("/incidences", response_model=Incidences)
async def list_incidences(
    unit: Unit,
    view: View | None = None,
    status: Status | None = None,
    assignee: Annotated[str | None, Query(max_length=64)] = None,
    q: Filter = None,
    sort: Sort = "queue",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """One page of the queue, and the seq to follow the feed from. `assignee` is `me`, `none` or a member's id."""
    page = await unit.read(
        queue.list_incidences,
        view=view,
        status=status,
        assignee=assignee,
        q=q,
        sort=sort,
        limit=limit,
        cursor=cursor,
    )
    return JsonResponse(page)


@router.get("/incidences/counts")
async def count_incidences(unit: Unit) -> dict[str, int]:
    """How many cases each view holds."""
    return await unit.read(queue.counts)


@router.get("/incidences/user/{user_id}", response_model=Incidences)
async def incidences_of_user(user_id: str, unit: Unit) -> Response:
    """A customer's cases, newest first; by our id or the external one."""

    def find(work: Work) -> service.State:
        return queue.of_customer(work, customers.find_customer(work, user_id).id)

    return JsonResponse(await unit.read(find))


@router.get("/incidences/order/{order_id}", response_model=Incidences)
async def incidences_of_order(order_id: str, unit: Unit) -> Response:
    """The cases tied to an order, newest first."""
    return JsonResponse(await unit.read(queue.of_order, order_id))


@router.get("/incidences/{incidence_id}", response_model=IncidenceRead)
async def read_incidence(incidence_id: str, unit: Unit) -> Response:
    """One case, by id or ref."""
    return JsonResponse(await unit.read(service.read_incidence, incidence_id))


@router.get("/incidences/{incidence_id}/why")
async def why(incidence_id: str, unit: Unit) -> dict[str, Any]:
    """Why it is where it is in the queue: rules with their versions and what they saw, friction, escalation, owner."""
    return await unit.read(reasons.why, incidence_id)


@router.patch("/incidences/{incidence_id}", response_model=IncidenceRead)
async def change_incidence(incidence_id: str, body: IncidenceChange, unit: Unit) -> Response:
    """Assign, set status, snooze, close with an outcome, reopen, or edit."""
    return JsonResponse(await unit.write(service.change_incidence, incidence_id, body))


@router.post("/incidences/{incidence_id}/take", response_model=IncidenceRead)
async def take(incidence_id: str, unit: Unit, body: Take | None = None) -> Response:
    """Claim a case that nobody has; 409 says who has it."""
    return JsonResponse(await unit.write(service.take, incidence_id, body or Take()))


@router.get("/incidences/{incidence_id}/timeline", response_model=Entries)
async def read_timeline(
    incidence_id: str, unit: Unit, limit: Limit = 100, cursor: Cursor = None, before: Before = None
) -> Response:
    """What happened, the newest page first, each page oldest entry first."""
    return JsonResponse(await unit.read(timeline.page, incidence_id, before=seq_of(cursor) or before, limit=limit))


@router.get("/incidences/{incidence_id}/messages", response_model=Entries)
async def read_messages(
    incidence_id: str, unit: Unit, limit: Limit = 100, cursor: Cursor = None, before: Before = None
) -> Response:
    """What was said with the customer, in pages like the timeline's."""
    before = seq_of(cursor) or before
    return JsonResponse(await unit.read(timeline.page, incidence_id, before=before, limit=limit, messages_only=True))


@router.post("/incidences/{incidence_id}/messages", status_code=201, response_model=Posted)
async def send_message(incidence_id: str, body: MessageSend, unit: Unit) -> Response:
    """Answer the customer. 409 with what arrived, when something did since `lastSeenSeq`."""
    return JsonResponse(await unit.write(service.send_message, incidence_id, body), 201)


@router.post("/incidences/{incidence_id}/timeline", status_code=201, response_model=Posted)
async def add_note(incidence_id: str, body: NoteAdd, unit: Unit) -> Response:
    """A note among ourselves."""
    return JsonResponse(await unit.write(notes.add_note, incidence_id, body), 201)


@router.post("/channel/route")
async def route(body: RouteRequest, unit: Unit) -> RouteVerdict:
    """By which channels an order of that value and kind may reach a person."""
    return await unit.read(routing.judge, body)


@router.post("/channel/escalate", response_model=IncidenceRead)
async def escalate_channel(body: ChannelEscalate, unit: Unit) -> Response:
    """Hand a case up to the next channel."""
    return JsonResponse(await unit.write(channels.escalate, body))


@router.get("/channel/rules")
async def read_rules(unit: Unit) -> dict[str, Any]:
    """The routing rules in force."""
    return await unit.read(rules.read, "routing")


@router.put("/channel/rules")
async def replace_rules(body: dict[str, Any], unit: Unit) -> dict[str, Any]:
    """Put other routing rules in force: `{version, rules?, settings?, reason?}`."""
    return await unit.write(rules.replace, "routing", body)
