"""/api/businesses/{id}/stripe/connect, /api/stripe/callback: connecting a Stripe account by OAuth."""

from html import escape
from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from backend.billing import connecting, service
from backend.billing.schemas import AccountRead, ConnectUrl
from backend.core.errors import Failure, Forbidden, Invalid, Unavailable
from backend.core.outside import Refused, Trouble
from backend.identity.service import own_business
from backend.runtime import Runtime
from backend.unit import Router, RuntimeOf, Unit, Units

router = Router(prefix="/api", tags=["billing"])


@router.post("/businesses/{business_id}/stripe/connect", status_code=201)
async def begin_connect(business_id: str, request: Request, unit: Unit, runtime: RuntimeOf) -> ConnectUrl:
    """A URL to open in a browser, where an owner of the Stripe account agrees. 409 when an account is connected; 422
    when this server is no Connect platform."""
    await unit.read(own_business, business_id)
    connecting.check_ready(runtime.settings)
    state, until = await unit.unkept.write(connecting.begin, runtime.settings)
    return ConnectUrl(url=connecting.url(runtime.settings, state, str(request.base_url)), expires_at=until)


Told = Annotated[str, Query(max_length=1_000)]


@router.get("/stripe/callback", response_model=AccountRead)
async def finish_connect(
    request: Request,
    runtime: RuntimeOf,
    state: Told = "",
    code: Told = "",
    error: Told = "",
    error_description: Told = "",
) -> Response:
    """Where Stripe sends the browser back. The state is who asks; who sends a token as well must be that member.

    A browser gets a page, programs JSON.
    """
    is_browser = "text/html" in request.headers.get("accept", "")
    try:
        account = await _finished(request, runtime, state, code, (error, error_description))
    except Failure as failure:
        if not is_browser:
            raise
        return _page("Not connected", failure.message, failure.status)
    if is_browser:
        return _page(
            "Connected", f"{account.account_id} is connected, and is read now. You can close this window.", 200
        )
    return JSONResponse(account.model_dump(mode="json", by_alias=True))


async def _finished(request: Request, runtime: Runtime, state: str, code: str, told: tuple[str, str]) -> AccountRead:
    found = await runtime.database.read(lambda session: connecting.connector_of(session, state))
    if request.headers.get("authorization"):
        caller = await runtime.gate.resolve(request.headers, {})
        if (caller.business_id, caller.actor.id) != (found.business_id, found.actor.id):
            raise Forbidden("Somebody else began this; only they may end it.", code="STATE_OF_ANOTHER")
    if not code and not told[0]:
        raise Invalid("code: missing. Stripe sends it back with the browser, or an error.", code="CODE_MISSING")
    units = Units(runtime, found.business_id, found.actor, request.state.request_id)
    await units.write(connecting.use, state, runtime.settings)
    try:
        if told[0]:
            raise connecting.declined(*told)
        await _exchange(runtime, units, code)
    except Failure as failure:
        await units.write(connecting.note, state, failure.message)
        raise
    runtime.trust.forget()
    return await units.read(service.read_account, runtime.settings, runtime.vault)


async def _exchange(runtime: Runtime, units: Units, code: str) -> None:
    platform = runtime.stripe.open(connecting.platform(runtime.settings, units.business_id), tries=1)
    try:
        account = str((await platform.exchange(code))["stripe_user_id"])
        door = connecting.platform(runtime.settings, units.business_id, account)
        shown = await runtime.stripe.open(door, tries=2).account()
    except Refused as refused:
        raise connecting.refused(refused) from refused
    except Trouble as trouble:
        words = f"{trouble}. Nothing was connected; begin again."
        raise Unavailable(words, code="STRIPE_UNREACHABLE") from trouble
    await units.write(connecting.finish, door, shown, runtime.vault)


def _page(title: str, words: str, status: int) -> HTMLResponse:
    body = f"<!doctype html><meta charset=utf-8><title>{escape(title)}</title>"
    body += f"<body style='font:16px system-ui;margin:4em auto;max-width:34em'><h1>{escape(title)}</h1>"
    headers = {"referrer-policy": "no-referrer", "cache-control": "no-store"}
    return HTMLResponse(f"{body}<p>{escape(words)}</p>", status, headers)
