"""/api/businesses/{id}/stripe/connect, /api/stripe/…: connecting a Stripe account by OAuth, in a browser."""

from html import escape
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from backend.billing import connecting, replacing, service
from backend.billing.connecting import Connector
from backend.billing.schemas import AccountNamed, AccountRead, ConnectUrl, Replaced
from backend.core.errors import Failure, Forbidden, Invalid, NotFound, Unavailable
from backend.core.outside import Refused, Trouble
from backend.core.pages import failed, is_browser, page
from backend.core.security import new_token, same
from backend.identity.service import own_business
from backend.runtime import Runtime
from backend.unit import Router, RuntimeOf, Unit, Units

router = Router(prefix="/api", tags=["billing"])
_COOKIE = "holdfast_stripe"
_PATH = "/api/stripe"
Told = Annotated[str, Query(max_length=1_000)]


@router.post("/businesses/{business_id}/stripe/connect", status_code=201)
async def begin_connect(business_id: str, request: Request, unit: Unit, runtime: RuntimeOf) -> ConnectUrl:
    """A URL to open in a browser, from where an owner of the Stripe account goes on to Stripe and agrees. 409 when an
    account is connected; 422 when this server is no Connect platform."""
    await unit.read(own_business, business_id)
    connecting.check_ready(runtime.settings)
    state, until = await unit.unkept.write(connecting.begin, runtime.settings, unit.caller.sign_in_id)
    return ConnectUrl(url=connecting.url(runtime.settings, state, str(request.base_url)), expires_at=until)


@router.post("/businesses/{business_id}/stripe/connect/agree", status_code=201)
async def agree_connect(business_id: str, body: Replaced, unit: Unit, runtime: RuntimeOf) -> AccountRead:
    """Agree that the account whose owner agreed at Stripe replaces the last one, which is named. 404 when none waits."""
    await unit.read(own_business, business_id)
    waiting = await unit.read(connecting.agreed_to)
    if waiting is None:
        raise NotFound("No account waits for anybody to agree. Begin again.", code="STRIPE_NONE_WAITS")
    door = connecting.platform(runtime.settings, unit.business_id, waiting[0])
    try:
        shown = await runtime.stripe.open(door, tries=2).account()
    except Refused as refused:
        raise connecting.refused(refused) from refused
    except Trouble as trouble:
        raise Unavailable(f"{trouble}. Nothing was changed; agree again.", code="STRIPE_UNREACHABLE") from trouble
    await unit.unkept.write(connecting.agree, door, shown, runtime.vault, body.replaces, runtime.settings)
    runtime.trust.forget()
    return await unit.read(service.read_account, runtime.settings, runtime.vault)


@router.get("/stripe/connect", response_class=HTMLResponse)
async def open_connect(request: Request, runtime: RuntimeOf, state: Told = "") -> Response:
    """The page that says who asks to connect an account to which business. Nothing is tied to a browser by looking."""
    try:
        found = await _connector(runtime, state)
        connecting.check_ready(runtime.settings)
    except Failure as failure:
        return _failed(request, failure)
    cookie = request.cookies.get(_COOKIE) or new_token("hfb")
    who = f"{found.actor.name} ({found.email}) asks you to connect a Stripe account to {found.business}."
    words = f"{who} Charges, payouts and subscriptions are read there, and subscriptions are changed from there."
    answer = page(
        f"Connect Stripe to {found.business}",
        f"{words} Go on only if that is what you want.",
        200,
        f"<form method=post><input type=hidden name=browser value='{escape(cookie)}'><button>Go on to Stripe</button></form>",
    )
    seconds, is_secure = int(connecting.HOLDS.total_seconds()), _server(request, runtime).startswith("https:")
    answer.set_cookie(_COOKIE, cookie, seconds, path=_PATH, secure=is_secure, httponly=True, samesite="lax")
    return answer


@router.post("/stripe/connect", response_class=RedirectResponse, status_code=303)
async def go_on_to_stripe(request: Request, runtime: RuntimeOf, state: Told = "") -> Response:
    """The page's button: ties the state to this browser, and sends it to Stripe. Another page cannot press it, as it
    does not know the cookie."""
    try:
        found = await _connector(runtime, state)
        cookie = request.cookies.get(_COOKIE, "")
        given = parse_qs((await request.body()).decode("latin-1")).get("browser", [""])[0]
        if not cookie or not same(cookie, given):
            words = "This browser keeps no cookies, or came from another page. Open the address once more."
            raise Forbidden(words, code="STATE_OF_ANOTHER")
        units = Units(runtime, found.business_id, found.actor, request.state.request_id)
        await units.write(connecting.go_on, state, cookie)
    except Failure as failure:
        return _failed(request, failure)
    url = connecting.stripe_url(runtime.settings, state, str(request.base_url))
    return RedirectResponse(url, 303, {"cache-control": "no-store", "referrer-policy": "no-referrer"})


@router.get("/stripe/callback", response_model=AccountRead)
async def finish_connect(
    request: Request,
    runtime: RuntimeOf,
    state: Told = "",
    code: Told = "",
    error: Told = "",
    error_description: Told = "",
) -> Response:
    """Where Stripe sends the browser back, which has to be the one that went there; who sends a token instead must be
    the member who began. A browser gets a page, programs JSON.
    """
    try:
        account = await _finished(request, runtime, state, code, (error, error_description))
    except Failure as failure:
        return _failed(request, failure)
    if is_browser(request):
        return page("Connected", f"{account.account_id} is connected, and is read now. You can close this window.", 200)
    return JSONResponse(account.model_dump(mode="json", by_alias=True))


async def _connector(runtime: Runtime, state: str) -> Connector:
    return await runtime.database.read(lambda session: connecting.connector_of(session, state))


async def _finished(request: Request, runtime: Runtime, state: str, code: str, told: tuple[str, str]) -> AccountRead:
    found = await _connector(runtime, state)
    if request.headers.get("authorization"):
        caller = await runtime.gate.resolve(request.headers, {})
        if (caller.business_id, caller.actor.id) != (found.business_id, found.actor.id):
            raise Forbidden("Somebody else began this; only they may end it.", code="STATE_OF_ANOTHER")
    else:
        found.expect(request.cookies.get(_COOKIE, ""))
    if not code and not told[0]:
        raise Invalid("code: missing. Stripe sends it back with the browser, or an error.", code="CODE_MISSING")
    units = Units(runtime, found.business_id, found.actor, request.state.request_id)
    await units.write(connecting.use, state, runtime.settings)
    try:
        if told[0]:
            raise connecting.declined(*told)
        another = await _exchange(runtime, units, code, state)
    except Failure as failure:
        await units.write(connecting.note, state, failure.message)
        raise
    if another is not None:
        raise replacing.refusal(*another)  # and whoever waits in the console is asked
    runtime.trust.forget()
    return await units.read(service.read_account, runtime.settings, runtime.vault)


async def _exchange(runtime: Runtime, units: Units, code: str, state: str) -> tuple[AccountNamed, AccountNamed] | None:
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
    return await units.write(connecting.finish, door, shown, runtime.vault, state)


def _failed(request: Request, failure: Failure) -> HTMLResponse:
    return failed(request, failure, "Not connected")


def _server(request: Request, runtime: Runtime) -> str:
    return runtime.settings.public_url or str(request.base_url)
