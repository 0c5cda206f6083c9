"""/mail/stop/{token}: the page behind the link in a mail. Looking asks; only the button, or one click of a mail program
(RFC 8058), says no. Nothing is told but whose mail it is, and the same to everybody who has the link."""

from fastapi import Request, Response
from fastapi.responses import HTMLResponse

from backend.core.errors import Failure, NotFound
from backend.core.pages import failed, page
from backend.customers import opting_out
from backend.delivery.way_out import PATH, customer_of
from backend.events.event import Actor
from backend.runtime import Runtime
from backend.unit import Router, RuntimeOf, Units

router = Router(tags=["customers"])
_UNKNOWN = (
    "This link is not one of ours, or not whole. Copy all of it, or answer the mail and say that you want no more."
)


@router.get(PATH + "/{token}", response_class=HTMLResponse)
async def ask_to_stop_mail(token: str, request: Request, runtime: RuntimeOf) -> Response:
    """Asks whether they want no more mail. Nothing is changed by looking: mail programs follow links by themselves."""
    try:
        units, _ = await _whose(token, request, runtime)
    except Failure as failure:
        return failed(request, failure, "Nothing was changed")
    business = await units.read(opting_out.name_of_business)
    words = f"{business} will write to you only by hand then, as when you asked something."
    return page(f"No more mail from {business}?", words, form="<form method=post><button>No more mail</button></form>")


@router.post(PATH + "/{token}", response_class=HTMLResponse)
async def stop_mail(token: str, request: Request, runtime: RuntimeOf) -> Response:
    """No more mail. However often it is said, the answer is the same."""
    try:
        units, customer_id = await _whose(token, request, runtime)
    except Failure as failure:
        return failed(request, failure, "Nothing was changed")
    await units.write(opting_out.opt_out, customer_id)
    business = await units.read(opting_out.name_of_business)
    return page("Done", f"You get no more such mail from {business}. If that was a mistake, tell them.")


async def _whose(token: str, request: Request, runtime: Runtime) -> tuple[Units, str]:
    customer_id = customer_of(token, runtime.settings.resolved_secret())
    business_id = None
    if customer_id is not None:
        business_id = await runtime.database.read(lambda session: opting_out.business_with(session, customer_id))
    if customer_id is None or business_id is None:
        raise NotFound(_UNKNOWN, code="LINK_UNKNOWN")
    who = Actor("customer", customer_id, "The customer, by a link in a mail")
    return Units(runtime, business_id, who, request.state.request_id), customer_id
