"""/notifications: help that is offered to customers, for their app (API key) and for staff."""

from typing import Annotated, Any

from fastapi import Query, Response

from backend.notifications import live, service
from backend.notifications.schemas import (
    NotificationPage,
    NotificationRead,
    NotificationTrigger,
    Suppress,
    Suppressed,
    TriggerAnswer,
)
from backend.rules import service as rules
from backend.unit import Router, Unit

router = Router(prefix="/notifications", tags=["notifications"])
Seq = Annotated[int, Query(ge=0, le=2**53)]


@router.post("/trigger", status_code=201, responses={200: {"model": TriggerAnswer}})
async def trigger(body: NotificationTrigger, unit: Unit, response: Response) -> TriggerAnswer:
    """Offer help now if a rule says so; 200 with the reason when nothing is offered."""
    answer = TriggerAnswer.model_validate(await unit.write(service.trigger, body))
    if answer.notification is None:
        response.status_code = 200
    return answer


@router.post("/suppress/{user_id}")
async def suppress(user_id: str, unit: Unit, body: Suppress | None = None) -> Suppressed:
    """The customer said no: dismiss what is offered, and offer nothing for a while."""
    return await unit.write(service.suppress, user_id, body or Suppress())


@router.get("/rules")
async def read_rules(unit: Unit) -> dict[str, Any]:
    """The notification rules in force."""
    return await unit.read(rules.read, "notification")


@router.put("/rules")
async def replace_rules(body: dict[str, Any], unit: Unit) -> dict[str, Any]:
    """Put other notification rules in force: `{version, rules?, settings?, reason?}`."""
    return await unit.write(rules.replace, "notification", body)


@router.get("/{user_id}")
async def list_notifications(
    user_id: str, unit: Unit, after: Seq | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> NotificationPage:
    """What is to be shown to the customer now, and what became of other offers: the newest, or all after a seq."""
    return await unit.read(service.list_of, user_id, after=after, limit=limit)


@router.post("/{notification_id}/seen")
async def see(notification_id: str, unit: Unit) -> NotificationRead:
    """The app has shown it; telling it again changes nothing."""
    return await unit.write(service.see, notification_id)


@router.post("/{notification_id}/accepted")
async def accept(notification_id: str, unit: Unit) -> NotificationRead:
    """The customer wants the help: a case is opened, or it is noted on the one that is open."""
    return await unit.write(service.accept, notification_id)


# Not by decorator: see /live.
router.add_websocket_route("/notifications/{user_id}/live", live.live)
