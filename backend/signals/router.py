"""/context, /friction and /track.js; the posting of signals is in `doors`."""

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import Query, Request, Response

from backend.core.errors import Invalid
from backend.core.scripts import Script
from backend.core.text import clean_line
from backend.signals import service, visits
from backend.signals.schemas import CartPut, ContextRead, FrictionJudge, FrictionVerdict, ScreenPut, VisitPage
from backend.signals.visit import SECOND
from backend.unit import Router, RuntimeOf, Unit

router = Router(tags=["signals"])


@cache
def _track() -> Script:
    return Script(Path(__file__).with_name("track.js"))


def _user(user_id: str) -> str:
    cleaned = clean_line(user_id)
    if not cleaned or len(user_id) > 128:
        raise Invalid("userId: must have 1 to 128 characters", field="userId")
    return cleaned


@router.get("/context/{user_id}")
async def show_context(user_id: str, unit: Unit) -> ContextRead:
    """What the customer is doing in the app right now."""
    return await unit.read(service.show_context, user_id)


@router.put("/context/{user_id}/screen")
async def put_screen(user_id: str, body: ScreenPut, unit: Unit, runtime: RuntimeOf) -> ContextRead:
    """The customer is on another screen. A customer we do not know is made."""
    timeout = runtime.settings.visit_timeout_seconds * SECOND
    return await unit.write(service.put_screen, _user(user_id), body, timeout)


@router.put("/context/{user_id}/cart")
async def put_cart(user_id: str, body: CartPut, unit: Unit, runtime: RuntimeOf) -> ContextRead:
    """The cart as it is now, as a whole. A customer we do not know is made."""
    timeout = runtime.settings.visit_timeout_seconds * SECOND
    return await unit.write(service.put_cart, _user(user_id), body, timeout)


@router.get("/api/customers/{customer_id}/sessions")
async def list_sessions(
    customer_id: str,
    unit: Unit,
    runtime: RuntimeOf,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> VisitPage:
    """The customer's visits, the latest first: when, how long, which pages, what was done. Of somebody who did very much
    a page may hold fewer than asked for: `nextCursor` says whether there are more."""
    timeout = timedelta(seconds=runtime.settings.visit_timeout_seconds)
    return await unit.read(visits.list_visits, customer_id, timeout=timeout, cursor=cursor, limit=limit)


@router.post("/friction/detect")
async def detect(body: FrictionJudge, unit: Unit) -> FrictionVerdict:
    """The friction of a customer, or of a context that is given; nothing is stored."""
    return await unit.read(service.detect, body)


@router.get("/friction/thresholds")
async def read_thresholds(unit: Unit) -> dict[str, Any]:
    """The friction rules in force."""
    return await unit.read(service.read_thresholds)


@router.put("/friction/thresholds")
async def replace_thresholds(body: dict[str, Any], unit: Unit) -> dict[str, Any]:
    """Publish other friction rules: version seen, settings, rules, reason."""
    return await unit.write(service.replace_thresholds, body)


@router.get("/track.js", response_class=Response)
async def track_script(request: Request) -> Response:
    """What a page loads to tell signals: `Holdfast.init(key)`, `identify(customerId)`, `track(event, properties)`."""
    return _track().answer(request.headers)
