"""/api/subscriptions/{id}/…: what can be done to a subscription. 202 while it is being done, 200 once it is settled."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Query, Request, Response

from backend.billing import change_preview, changes
from backend.billing import change_schemas as s
from backend.core.http import JsonResponse
from backend.core.wire import Page
from backend.unit import RequestUnits, Router, Unit

router = Router(prefix="/api/subscriptions", tags=["billing"])
Wait = Annotated[float, Query(ge=0, le=10, description="seconds to wait for the outcome")]


async def _ask(unit: RequestUnits, request: Request, id: str, kind: s.Kind, body: Any, wait: float) -> Response:
    key = request.headers.get("idempotency-key") or request.state.request_id
    asked = await unit.write(changes.ask_as_member, id, kind, body, key)
    found = await changes.settled(unit, asked["id"], wait)
    return JsonResponse(found, 202 if found["state"] in changes.OPEN else 200)


def _door(kind: s.Kind, model: type[Any]) -> Callable[..., Awaitable[Response]]:
    async def ask(subscription_id: str, body: Any, request: Request, unit: Unit, wait: Wait = 0) -> Response:
        return await _ask(unit, request, subscription_id, kind, body, wait)

    ask.__annotations__["body"] = model
    return ask


_DOORS: tuple[tuple[str, s.Kind, type[Any], str], ...] = (
    ("pause", "PAUSE", s.PauseAsk, "Bill nothing for some months; the service goes on"),
    ("resume", "RESUME", s.ResumeAsk, "Bill again"),
    ("downgrade", "DOWNGRADE", s.DowngradeAsk, "Move it to a cheaper plan, at the end of the period or now"),
    ("discount", "DISCOUNT", s.DiscountAsk, "A percentage off for some months; 403 over what the cx rules allow"),
    ("trial", "TRIAL_EXTENSION", s.TrialAsk, "More free days"),
    ("cancel", "CANCEL", s.CancelAsk, "End it, at the end of the period or now"),
    ("keep", "KEEP", s.KeepAsk, "Undo what is to happen at the end of the period"),
)
for _name, _kind, _model, _summary in _DOORS:
    router.add_api_route(
        f"/{{subscription_id}}/{_name}",
        _door(_kind, _model),
        methods=["POST"],
        status_code=202,
        response_model=s.ChangeRead,
        responses={200: {"model": s.ChangeRead, "description": "It is settled: DONE, FAILED or MISMATCHED"}},
        summary=_summary,
        name=f"{_name}_subscription",
    )


@router.post("/{subscription_id}/preview")
async def preview(subscription_id: str, body: s.PreviewAsk, unit: Unit) -> s.PreviewRead:
    """What a change would come to: the next invoice, what is given back, and when."""
    return await change_preview.preview(unit, subscription_id, body)


@router.get("/{subscription_id}/changes", response_model=Page[s.ChangeRead])
async def list_changes(
    subscription_id: str,
    unit: Unit,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """What was asked for, and what came of it; the newest first."""
    return JsonResponse(await unit.read(changes.list_changes, subscription_id, limit=limit, cursor=cursor))
